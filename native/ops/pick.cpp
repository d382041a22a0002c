// Copies of elements by position: padding, nearest neighbours, classes as rows of one.
#include <memory>
#include <optional>
#include <string>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

using Shared = std::shared_ptr<const cpu::Runs>;
Tensor pick_back(const Tensor& g, const Dims& from, const Shared& runs, const std::string& name);

Tensor picked(const Tensor& a, const Shared& runs, Scalar fill, const std::string& name) {
  Dims sizes = a.sizes();
  for (size_t d = 0; d < sizes.size(); ++d) {
    const auto& list = (*runs)[d];
    if (list.empty()) continue;
    sizes[d] = 0;
    for (const cpu::Run& r : list) {
      const int64_t last = r.from + (r.n - 1) * r.step;
      if (r.n < 0 || r.step < -1 || r.step > 1 || (r.from >= 0 && r.n > 0 && (r.from >= a.size(int64_t(d)) || last < 0 || last >= a.size(int64_t(d))))) fail_index("index out of range in self");
      sizes[d] += r.n;
    }
  }
  checked_numel(sizes);
  Tensor out = empty(sizes, a.dtype(), a.device());
  cpu::pick(out, a, *runs, fill);
  if (any_requires_grad({a})) record(out, name.c_str(), {a}, {}, [from = a.sizes(), runs, name](Context&, const TensorList& g) { return TensorList{pick_back(g[0], from, runs, name)}; });
  return out;
}

// The runs that put what was picked back where it came from; none where a position was picked twice, or not in order.
std::optional<cpu::Runs> inverse(const Dims& from, const cpu::Runs& runs) {
  cpu::Runs back(runs.size());
  for (size_t d = 0; d < runs.size(); ++d) {
    int64_t at = 0, to = 0;
    for (const cpu::Run& r : runs[d]) {
      if (r.from >= 0 && r.n > 0) {
        if (r.from < at || (r.step != 1 && r.n > 1)) return std::nullopt;
        if (r.from > at) back[d].push_back({-1, r.from - at, 0});
        back[d].push_back({to, r.n, 1});
        at = r.from + r.n;
      }
      to += r.n;
    }
    if (!runs[d].empty() && at < from[d]) back[d].push_back({-1, from[d] - at, 0});
  }
  return back;
}

Tensor pick_back(const Tensor& g, const Dims& from, const Shared& runs, const std::string& name) {
  Tensor out;
  if (const auto back = inverse(from, *runs)) {
    out = empty(from, g.dtype());
    cpu::pick(out, g, *back, Scalar(0));
  } else {
    out = zeros(from, g.dtype());
    cpu::pick_add(out, contiguous(g), *runs);
  }
  if (any_requires_grad({g})) record(out, name.c_str(), {g}, {}, [runs, name](Context&, const TensorList& h) { return TensorList{picked(h[0], runs, Scalar(0), name)}; });
  return out;
}

}  // namespace

Tensor pick(const Tensor& a, cpu::Runs runs, Scalar fill, const std::string& name) { return picked(a, std::make_shared<const cpu::Runs>(std::move(runs)), fill, name); }

Tensor one_hot(const Tensor& classes, int64_t n) {
  Dims sizes = classes.sizes();
  sizes.push_back(n);
  Tensor out = empty(sizes, DType::int64);
  if (out.numel()) cpu::one_hot(out, contiguous(classes));
  return out;
}

}  // namespace weightroom::ops

// Interpolation by weighted neighbours, dim by dim, and windows as columns.
#include "ops/layers.h"

namespace weightroom::ops {
namespace {

struct Taps { TensorList at, weights; Dims from; };
using Shared = std::shared_ptr<const Taps>;

Tensor spread_back(const Tensor& g, const Shared& taps, const std::string& name);

Tensor spread(const Tensor& x, const Shared& taps, const std::string& name) {
  Tensor y = contiguous(detach(x));
  for (size_t d = 0; d < taps->at.size(); ++d) {
    Dims sizes = y.sizes();
    sizes[d + 2] = taps->at[d].size(0);
    Tensor out = empty(sizes, y.dtype());
    if (out.numel()) cpu::resize(out, y, int64_t(d) + 2, taps->at[d], taps->weights[d]);
    y = out;
  }
  if (any_requires_grad({x})) record(y, name.c_str(), {x}, {}, [taps, name](Context&, const TensorList& g) { return TensorList{spread_back(g[0], taps, name)}; });
  return y;
}

Tensor spread_back(const Tensor& g, const Shared& taps, const std::string& name) {
  Tensor y = contiguous(detach(g));
  for (size_t d = taps->at.size(); d-- > 0;) {
    Dims sizes = y.sizes();
    sizes[d + 2] = taps->from[d + 2];
    Tensor out = zeros(sizes, y.dtype());
    if (out.numel()) cpu::resize_add(out, y, int64_t(d) + 2, taps->at[d], taps->weights[d]);
    y = out;
  }
  if (any_requires_grad({g})) record(y, name.c_str(), {g}, {}, [taps, name](Context&, const TensorList& h) { return TensorList{spread(h[0], taps, name)}; });
  return y;
}

}  // namespace

Tensor resize(const Tensor& x, const TensorList& at, const TensorList& weights, const std::string& name) {
  check(x.dim() == int64_t(at.size()) + 2 && weights.size() == at.size(), "resize: ", at.size(), " lists of positions for ", x.dim(), " dims");
  for (size_t d = 0; d < at.size(); ++d) {
    check(at[d].dim() == 2 && at[d].dtype() == DType::int64 && at[d].is_contiguous() && weights[d].sizes() == at[d].sizes() && weights[d].dtype() == DType::float64 && weights[d].is_contiguous(), "resize: positions must be int64 and weights float64, [size, taps]");
    for (int64_t i = 0; i < at[d].numel(); ++i) check(at[d].data<int64_t>()[i] >= 0 && at[d].data<int64_t>()[i] < x.size(int64_t(d) + 2), "resize: position out of range");
  }
  return spread(x, std::make_shared<const Taps>(Taps{at, weights, x.sizes()}), name);
}

Tensor im2col(const Tensor& x, const cpu::Windows& w) {
  Tensor out = empty({x.size(0), x.size(1) * w.kernel[0] * w.kernel[1], w.count[0] * w.count[1]}, x.dtype());
  if (out.numel()) cpu::im2col(out, contiguous(detach(x)), w);
  if (any_requires_grad({x})) record(out, "Im2ColBackward0", {x}, {}, [w](Context&, const TensorList& g) { return TensorList{col2im(g[0], w)}; });
  return out;
}

Tensor col2im(const Tensor& x, const cpu::Windows& w) {
  Tensor out = zeros({x.size(0), x.size(1) / (w.kernel[0] * w.kernel[1]), w.size[0], w.size[1]}, x.dtype());
  if (out.numel() && x.numel()) cpu::col2im(out, contiguous(detach(x)), w);
  if (any_requires_grad({x})) record(out, "Col2ImBackward0", {x}, {}, [w](Context&, const TensorList& g) { return TensorList{im2col(g[0], w)}; });
  return out;
}

}  // namespace weightroom::ops

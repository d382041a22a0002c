// Rearranging elements: more views, and copies in another order.
#include <algorithm>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

Tensor zeros_of(const Dims& sizes, const Tensor& g) { return zeros(sizes, g.dtype(), g.device()); }
// A new tensor on the CPU, of `a` as the runs say.
Tensor arranged(const Tensor& a, const Dims& sizes, const cpu::Runs& runs) {
  Tensor out = empty(sizes, a.dtype(), a.device());
  cpu::pick(out, a, runs, Scalar(0));
  return out;
}

}  // namespace

Tensor movedim(const Tensor& a, const Dims& from, const Dims& to) {
  check(from.size() == to.size(), "movedim: Invalid source or destination dims: source (", shape_str(from), " dims) should contain the same number of dims as destination (", shape_str(to), " dims)");
  size_t n = size_t(a.dim());
  Dims order(n, -1);
  std::vector<bool> taken(n, false);
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t s = wrap_dim(from[i], a.dim()), d = wrap_dim(to[i], a.dim());
    if (n == 0) return a;
    check(!taken[size_t(s)], "movedim: repeated dim in `source` (", shape_str(from), ")");
    check(order[size_t(d)] < 0, "movedim: repeated dim in `destination` (", shape_str(to), ")");
    taken[size_t(s)] = true;
    order[size_t(d)] = s;
  }
  int64_t next = 0;
  for (int64_t& o : order) {
    if (o >= 0) continue;
    while (taken[size_t(next)]) ++next;
    o = next++;
  }
  return permute(a, order);
}

Tensor flip(const Tensor& a, const Dims& dims) {
  std::vector<bool> seen(size_t(std::max<int64_t>(a.dim(), 1)), false);
  Dims ds;
  for (int64_t d0 : dims) {
    int64_t d = wrap_dim(d0, a.dim());
    check(!seen[size_t(d)], "dim ", d, " appears multiple times in the list of dims");
    seen[size_t(d)] = true;
    if (a.dim() && a.size(d) > 1) ds.push_back(d);
  }
  Tensor out;
  {
    NoGrad guard;
    out = a;
    if (a.device().is_cpu() && !ds.empty()) {
      cpu::Runs runs(static_cast<size_t>(a.dim()));
      for (int64_t d : ds) runs[size_t(d)] = {{a.size(d) - 1, a.size(d), -1}};
      out = arranged(a, a.sizes(), runs);
      ds.clear();
    }
    for (int64_t d : ds) {
      Tensor back = arange(Scalar(a.size(d) - 1), Scalar(-1), Scalar(-1), DType::int64, a.device());
      out = contiguous(index_select(out, d, back));
    }
    if (out.same(a)) out = clone(a);
  }
  if (any_requires_grad({a})) record(out, "FlipBackward0", {a}, {}, [dims](Context&, const TensorList& g) { return TensorList{flip(g[0], dims)}; });
  return out;
}

Tensor roll(const Tensor& a, const Dims& shifts, const Dims& dims) {
  check(!shifts.empty(), "`shifts` required");
  if (dims.empty() && shifts.size() == 1) return view(roll(reshape(a, {-1}), shifts, {0}), a.sizes());
  check(shifts.size() == dims.size(), "shifts and dimensions must align. shifts: ", shifts.size(), ", dims:", dims.size());
  if (a.dim() == 0 && !dims.empty()) fail_index("Dimension specified as ", dims[0], " but tensor has no dimensions");
  Tensor out;
  {
    NoGrad guard;
    out = a;
    cpu::Runs runs(static_cast<size_t>(a.dim()));
    Dims total(static_cast<size_t>(a.dim()), 0);
    for (size_t i = 0; i < dims.size(); ++i) {
      if (a.numel() == 0) continue;  // as in PyTorch, whatever the dim
      int64_t d = wrap_dim(dims[i], a.dim());
      int64_t n = a.dim() ? a.size(d) : 1;
      if (a.dim() == 0) continue;
      int64_t s = (shifts[i] % n + n) % n;
      if (!s) continue;
      if (a.device().is_cpu()) {
        // A dim given twice is rolled twice.
        int64_t& all = total[size_t(d)];
        all = (all + s) % n;
        runs[size_t(d)].clear();
        if (all) runs[size_t(d)] = {{n - all, all, 1}, {0, n - all, 1}};
      } else {
        out = cat({slice(out, d, n - s, n, 1), slice(out, d, 0, n - s, 1)}, d);
      }
    }
    if (std::any_of(total.begin(), total.end(), [](int64_t s) { return s != 0; })) out = arranged(a, a.sizes(), runs);
    if (out.same(a)) out = clone(a);
  }
  if (any_requires_grad({a}))
    record(out, "RollBackward0", {a}, {}, [shifts, dims](Context&, const TensorList& g) {
      Dims back;
      for (int64_t s : shifts) back.push_back(-s);
      return TensorList{roll(g[0], back, dims)};
    });
  return out;
}

Tensor repeat(const Tensor& a, const Dims& times) {
  check(int64_t(times.size()) >= a.dim(), "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor");
  size_t lead = times.size() - size_t(a.dim());
  // Every dim becomes a pair [times, size]; the copies are a broadcast.
  Dims sizes, narrow, pairs;
  for (size_t i = 0; i < times.size(); ++i) {
    int64_t s = i < lead ? 1 : a.size(int64_t(i - lead)), n = 0;
    if (__builtin_mul_overflow(times[i], s, &n)) fail("Storage size calculation overflowed with sizes=", shape_str(times));
    sizes.push_back(n);
    narrow.insert(narrow.end(), {1, s});
    pairs.insert(pairs.end(), {times[i], s});
  }
  checked_numel(sizes);
  Tensor out = empty(sizes, a.dtype(), a.device());
  // A list of very many runs would cost more than it saves.
  const bool few = std::all_of(times.begin(), times.end(), [](int64_t t) { return t <= 4096; });
  if (out.numel() && few && !times.empty() && a.device().is_cpu()) {
    NoGrad guard;
    cpu::Runs runs(times.size());
    for (size_t i = 0; i < times.size(); ++i) {
      const int64_t n = pairs[2 * i + 1];
      if (n == 1 && times[i] != 1) runs[i] = {{0, times[i], 0}};
      else if (times[i] != 1) runs[i].assign(size_t(times[i]), {0, n, 1});
    }
    Dims from(lead, 1);
    from.insert(from.end(), a.sizes().begin(), a.sizes().end());
    cpu::pick(out, reshape(a, from), runs, Scalar(0));
  } else if (out.numel()) {
    NoGrad guard;
    backend(out).copy(make_view(out.impl()->storage, pairs, contiguous_strides(pairs), 0, out.dtype()), expand(reshape(a, narrow), pairs));
  }
  if (any_requires_grad({a}))
    record(out, "RepeatBackward0", {a}, {}, [from = a.sizes(), pairs](Context&, const TensorList& g) {
      if (g[0].numel() == 0) return TensorList{zeros_of(from, g[0])};
      Dims over;
      for (size_t i = 0; i < pairs.size(); i += 2) over.push_back(int64_t(i));
      Tensor s = over.empty() ? g[0] : sum(reshape(g[0], pairs), over, false);
      return TensorList{reshape(s, from)};
    });
  return out;
}

Tensor unfold(const Tensor& a, int64_t dim, int64_t size, int64_t step) {
  dim = wrap_dim(dim, a.dim());
  int64_t n = a.dim() ? a.size(dim) : 1;
  check(size >= 0, "size is ", size, " but must be >= 0");
  check(size <= n, "maximum size for tensor at dimension ", dim, " is ", n, " but size is ", size);
  check(step > 0, "step is ", step, " but must be > 0");
  Dims sizes = a.sizes(), strides = a.strides();
  int64_t st = a.dim() ? strides[size_t(dim)] : 1;
  if (a.dim()) {
    sizes[size_t(dim)] = (n - size) / step + 1;
    strides[size_t(dim)] = st * step;
  }
  sizes.push_back(size);
  strides.push_back(st);
  return view_of(a, sizes, strides, a.offset(), "UnfoldBackward0", [from = a.sizes(), dim, size, step](Context&, const TensorList& g) {
    // Windows overlap: every element adds up what came from each of them.
    int64_t n = checked_numel(from);
    Tensor index = reshape(unfold(view(arange(Scalar(0), Scalar(n), Scalar(1), DType::int64, g[0].device()), from), dim, size, step), {-1});
    return TensorList{view(scatter(zeros_of({n}, g[0]), 0, index, reshape(g[0], {-1}), true), from)};
  });
}

Tensor diagonal(const Tensor& a, int64_t offset, int64_t d1, int64_t d2) {
  d1 = wrap_dim(d1, a.dim());
  d2 = wrap_dim(d2, a.dim());
  check(d1 != d2, "diagonal dimensions cannot be identical ", d1, ", ", d2);
  int64_t rows = a.size(d1), cols = a.size(d2);
  int64_t n = offset >= 0 ? std::max<int64_t>(std::min(rows, cols - std::min(offset, cols)), 0) : std::max<int64_t>(std::min(rows + std::max(offset, -rows), cols), 0);
  int64_t at = n == 0 ? a.offset() : a.offset() + (offset >= 0 ? offset * a.stride(d2) : -offset * a.stride(d1));
  Dims sizes, strides;
  for (int64_t d = 0; d < a.dim(); ++d)
    if (d != d1 && d != d2) { sizes.push_back(a.size(d)); strides.push_back(a.stride(d)); }
  sizes.push_back(n);
  strides.push_back(a.stride(d1) + a.stride(d2));
  return view_of(a, sizes, strides, at, "DiagonalBackward0", [from = a.sizes(), offset, d1, d2](Context&, const TensorList& g) {
    Tensor full = zeros_of(from, g[0]);
    copy_(diagonal(full, offset, d1, d2), g[0]);
    return TensorList{full};
  });
}

Tensor diag_embed(const Tensor& a, int64_t offset, int64_t dim1, int64_t dim2) {
  int64_t rank = a.dim() + 1;
  int64_t d1 = wrap_dim(dim1, rank), d2 = wrap_dim(dim2, rank);
  check(a.dim() > 0, "Dimension out of range (expected to be in range of [-1, 0], but got 0)");
  check(d1 != d2, "diagonal dimensions cannot be identical ", dim1, ", ", dim2);
  int64_t n = a.size(-1) + std::abs(offset);
  Dims sizes(a.sizes().begin(), a.sizes().end() - 1);
  sizes.insert(sizes.begin() + std::min(d1, d2), n);
  sizes.insert(sizes.begin() + std::max(d1, d2), n);
  Tensor out = zeros(sizes, a.dtype(), a.device());
  {
    NoGrad guard;
    backend(out).copy(diagonal(out, offset, d1, d2), a);
  }
  if (any_requires_grad({a}))
    record(out, "DiagEmbedBackward0", {a}, {}, [offset, d1, d2](Context&, const TensorList& g) { return TensorList{diagonal(g[0], offset, d1, d2)}; });
  return out;
}

Tensor squeeze_dims(const Tensor& a, const Dims& dims) {
  std::vector<bool> drop(size_t(a.dim()), false);
  for (int64_t d0 : dims) {
    int64_t d = wrap_dim(d0, a.dim());
    if (a.dim() == 0) continue;
    check(!drop[size_t(d)], "dim ", d, " appears multiple times in the list of dims");
    drop[size_t(d)] = true;
  }
  Dims sizes, strides;
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (drop[size_t(d)] && a.size(d) == 1) continue;
    sizes.push_back(a.size(d));
    strides.push_back(a.stride(d));
  }
  return view_of(a, sizes, strides, a.offset(), "SqueezeBackward2", [from = a.sizes()](Context&, const TensorList& g) { return TensorList{reshape(g[0], from)}; });
}

TensorList split(const Tensor& a, const Dims& parts, int64_t dim, bool even) {
  check(a.dim() > 0, "split expects at least a 1-dimensional tensor");
  dim = wrap_dim(dim, a.dim());
  Dims starts{0};
  for (int64_t p : parts) starts.push_back(starts.back() + p);
  std::vector<Geometry> views;
  for (size_t i = 0; i < parts.size(); ++i) {
    Dims sizes = a.sizes();
    sizes[size_t(dim)] = parts[i];
    views.push_back({sizes, a.strides(), a.numel() ? a.offset() + starts[i] * a.stride(dim) : a.offset()});
  }
  return views_of(a, views, even ? "SplitBackward0" : "SplitWithSizesBackward0", [from = a.sizes(), dim, parts](Context&, const TensorList& g) {
    TensorList full;
    Tensor any;
    for (const Tensor& t : g) if (t) any = t;
    for (size_t i = 0; i < parts.size(); ++i) {
      Dims sizes = from;
      sizes[size_t(dim)] = parts[i];
      full.push_back(g[i] ? g[i] : zeros_of(sizes, any));
    }
    return TensorList{cat(full, dim)};
  });
}

TensorList unbind(const Tensor& a, int64_t dim) {
  dim = wrap_dim(dim, a.dim());
  if (a.dim() == 0) fail_index("Dimension specified as 0 but tensor has no dimensions");
  check(a.size(dim) <= 10'000'000, "[enforce fail at alloc_cpu] DefaultCPUAllocator: can't allocate memory: ", a.size(dim), " tensors");
  std::vector<Geometry> views;
  for (int64_t i = 0; i < a.size(dim); ++i) {
    Geometry v{a.sizes(), a.strides(), a.offset() + (a.numel() ? i * a.stride(dim) : 0)};
    v.sizes.erase(v.sizes.begin() + dim);
    v.strides.erase(v.strides.begin() + dim);
    views.push_back(std::move(v));
  }
  return views_of(a, views, "UnbindBackward0", [from = a.sizes(), dim](Context&, const TensorList& g) {
    Dims sizes = from;
    sizes.erase(sizes.begin() + dim);
    TensorList full;
    Tensor any;
    for (const Tensor& t : g) if (t) any = t;
    for (const Tensor& t : g) full.push_back(t ? t : zeros_of(sizes, any));
    return TensorList{stack(full, dim)};
  });
}

Tensor tril(const Tensor& a, int64_t diagonal, bool upper) {
  check(a.dim() >= 2, upper ? "triu" : "tril", ": input tensor must have at least 2 dimensions");
  Tensor out;
  {
    NoGrad guard;
    if (a.device().is_cpu()) {
      out = empty(a.sizes(), a.dtype(), a.device());
      cpu::triangle(out, contiguous(a), diagonal, upper);
    } else {
      Tensor mask = empty({a.size(-2), a.size(-1)}, DType::boolean);
      bool* m = mask.data<bool>();
      // No columns: there may be 2^62 rows.
      for (int64_t i = 0; mask.numel() > 0 && i < mask.size(0); ++i)
        for (int64_t j = 0; j < mask.size(1); ++j) *m++ = upper ? j - i >= diagonal : j - i <= diagonal;
      out = where(to_device(mask, a.device()), a, zeros({}, a.dtype(), a.device()));
    }
  }
  if (any_requires_grad({a}))
    record(out, upper ? "TriuBackward0" : "TrilBackward0", {a}, {}, [diagonal, upper](Context&, const TensorList& g) { return TensorList{tril(g[0], diagonal, upper)}; });
  return out;
}

}  // namespace weightroom::ops

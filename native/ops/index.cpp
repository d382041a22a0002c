#include "ops/ops.h"

namespace weightroom::ops {

Tensor gather(const Tensor& a, int64_t dim, const Tensor& index) {
  check(index.dtype() == DType::int64, "gather(): Expected dtype int64 for index");
  check_same_device(a, index);
  dim = wrap_dim(dim, a.dim());
  check(index.dim() == a.dim(), "Index tensor must have the same number of dimensions as input tensor");
  for (int64_t d = 0; d < a.dim(); ++d)
    if (d != dim && index.size(d) > a.size(d)) fail("Size does not match at dimension ", d, " expected index ", shape_str(index.sizes()), " to be no larger than self ", shape_str(a.sizes()), " apart from dimension ", dim);
  Tensor out = empty(index.sizes(), a.dtype(), a.device());
  if (out.numel()) backend(a).gather(out, a, dim, index);
  if (any_requires_grad({a}))
    record(out, "GatherBackward0", {a}, {SavedTensor(index)}, [dim, from = a.sizes()](Context& c, const TensorList& g) {
      return TensorList{scatter(zeros(from, g[0].dtype(), g[0].device()), dim, c.saved(0), g[0], true)};
    });
  return out;
}

Tensor scatter(const Tensor& a, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate) {
  check(index.dtype() == DType::int64, "scatter(): Expected dtype int64 for index");
  check(src.dtype() == a.dtype(), "scatter(): Expected self.dtype to be equal to src.dtype");
  check_same_device(a, index);
  check_same_device(a, src);
  dim = wrap_dim(dim, a.dim());
  check(index.dim() == a.dim() && src.dim() == a.dim(), "Index tensor must have the same number of dimensions as self tensor");
  for (int64_t d = 0; d < a.dim(); ++d)
    if (index.size(d) > src.size(d) || (d != dim && index.size(d) > a.size(d)))
      fail("Expected index ", shape_str(index.sizes()), " to be no larger than self ", shape_str(a.sizes()), " apart from dimension ", dim, " and to be no larger size than src ", shape_str(src.sizes()));
  Tensor out;
  {
    NoGrad guard;
    out = clone(a);
  }
  if (index.numel()) backend(a).scatter(out, dim, index, src, accumulate);
  if (any_requires_grad({a, src}))
    record(out, accumulate ? "ScatterAddBackward0" : "ScatterBackward0", {a, src}, {SavedTensor(index)}, [dim, accumulate, ss = src.sizes(), is = index.sizes()](Context& c, const TensorList& g) {
      Tensor ga = !c.needs(0) ? Tensor() : accumulate ? g[0] : scatter(g[0], dim, c.saved(0), zeros(is, g[0].dtype(), g[0].device()), false);
      return TensorList{ga, c.needs(1) ? gather(g[0], dim, c.saved(0)) : Tensor()};
    });
  return out;
}

Tensor index_select(const Tensor& a, int64_t dim, const Tensor& index0) {
  check(index0.dim() <= 1, "index_select(): Index is supposed to be a vector, but got dim: ", index0.dim(), " with type: ", scalar_type_name(index0.dtype()), " and size: ", shape_str(index0.sizes()));
  check(!is_floating(index0.dtype()) && index0.dtype() != DType::boolean, "index_select(): Expected dtype int32 or int64 for index");
  check_same_device(a, index0);
  dim = wrap_dim(dim, a.dim());
  Tensor index = contiguous(to_dtype(index0, DType::int64));
  if (dim != 0) return transpose(index_select(transpose(a, 0, dim), 0, index), 0, dim);
  Tensor in = contiguous(a);
  Dims sizes = in.dim() ? in.sizes() : Dims{1};
  sizes[0] = index.numel();
  Tensor out = empty(sizes, in.dtype(), in.device());
  {
    NoGrad guard;
    backend(in).index_rows(out, in.dim() ? in : reshape(in, {1}), index);
  }
  if (any_requires_grad({in}))
    record(out, "IndexSelectBackward0", {in}, {SavedTensor(index)}, [from = in.dim() ? in.sizes() : Dims{1}, orig = in.sizes()](Context& c, const TensorList& g) {
      Tensor full = zeros(from, g[0].dtype(), g[0].device());
      backend(full).index_rows_add(full, contiguous(g[0]), c.saved(0));
      if (grad_enabled() && requires_grad(g[0]))
        record(full, "IndexAddBackward0", {g[0]}, {SavedTensor(c.saved(0))}, [](Context& c2, const TensorList& h) { return TensorList{index_select(h[0], 0, c2.saved(0))}; });
      return TensorList{full.sizes() == orig ? full : reshape(full, orig)};
    });
  return out;
}

Tensor embedding(const Tensor& weight, const Tensor& index, int64_t padding_idx) {
  check(weight.dim() == 2, "'weight' must be 2-D");
  if (index.dtype() != DType::int64 && index.dtype() != DType::int32)
    fail("Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.", scalar_type_name(index.dtype()), "Tensor instead (while checking arguments for embedding)");
  check_same_device(weight, index);
  Tensor ix = contiguous(to_dtype(index, DType::int64)), w = contiguous(weight);
  Dims sizes = index.sizes();
  sizes.push_back(weight.size(1));
  Tensor out = empty(sizes, w.dtype(), w.device());
  backend(w).index_rows(out, w, ix);
  if (any_requires_grad({w}))
    record(out, "EmbeddingBackward0", {w}, {SavedTensor(ix)}, [from = w.sizes(), padding_idx](Context& c, const TensorList& g) {
      Tensor full = zeros(from, g[0].dtype(), g[0].device());
      backend(full).index_rows_add(full, contiguous(g[0]), c.saved(0));
      if (padding_idx >= 0) { NoGrad guard; fill_(select(full, 0, padding_idx), Scalar(0)); }
      if (grad_enabled() && requires_grad(g[0]))
        record(full, "EmbeddingDenseBackwardBackward0", {g[0]}, {SavedTensor(c.saved(0))}, [padding_idx](Context& c2, const TensorList& h) { return TensorList{embedding(h[0], c2.saved(0), padding_idx)}; });
      return TensorList{full};
    });
  return out;
}

Tensor cat(const TensorList& in, int64_t dim) {
  check(!in.empty(), "torch.cat(): expected a non-empty list of Tensors");
  TensorList ts;
  for (const Tensor& t : in) {
    check(t.dim() > 0, "zero-dimensional tensor (at position ", &t - in.data(), ") cannot be concatenated");
    check_same_device(in[0], t);
    if (!(t.dim() == 1 && t.numel() == 0)) ts.push_back(t);
  }
  if (ts.empty()) return in[0];
  dim = wrap_dim(dim, ts[0].dim());
  DType dtype = ts[0].dtype();
  Dims sizes = ts[0].sizes();
  sizes[size_t(dim)] = 0;
  for (size_t k = 0; k < ts.size(); ++k) {
    const Tensor& t = ts[k];
    dtype = promote_types(dtype, t.dtype());
    check(t.dim() == ts[0].dim(), "Tensors must have same number of dimensions: got ", ts[0].dim(), " and ", t.dim());
    for (int64_t d = 0; d < t.dim(); ++d)
      if (d != dim && t.size(d) != ts[0].size(d))
        fail("Sizes of tensors must match except in dimension ", dim, ". Expected size ", ts[0].size(d), " but got size ", t.size(d), " for tensor number ", k, " in the list.");
    sizes[size_t(dim)] += t.size(dim);
  }
  Tensor out = empty(sizes, dtype, ts[0].device());
  Dims starts;
  {
    NoGrad guard;
    int64_t at = 0;
    for (const Tensor& t : ts) {
      starts.push_back(at);
      if (t.numel()) backend(out).copy(slice(out, dim, at, at + t.size(dim), 1), t);
      at += t.size(dim);
    }
    starts.push_back(at);
  }
  if (any_requires_grad(ts)) {
    std::vector<DType> types;
    for (const Tensor& t : ts) types.push_back(t.dtype());
    record(out, "CatBackward0", ts, {}, [dim, starts, types](Context& c, const TensorList& g) {
      TensorList r;
      for (size_t i = 0; i + 1 < starts.size(); ++i) r.push_back(c.needs(i) ? to_dtype(slice(g[0], dim, starts[i], starts[i + 1], 1), types[i]) : Tensor());
      return r;
    });
  }
  return out;
}

Tensor stack(const TensorList& ts, int64_t dim) {
  check(!ts.empty(), "stack expects a non-empty TensorList");
  dim = wrap_dim(dim, ts[0].dim() + 1);
  TensorList wide;
  for (size_t i = 0; i < ts.size(); ++i) {
    if (ts[i].sizes() != ts[0].sizes()) fail("stack expects each tensor to be equal size, but got ", shape_str(ts[0].sizes()), " at entry 0 and ", shape_str(ts[i].sizes()), " at entry ", i);
    wide.push_back(unsqueeze(ts[i], dim));
  }
  return cat(wide, dim);
}

Tensor masked_fill(const Tensor& a, const Tensor& mask, Scalar value) {
  if (mask.dtype() != DType::boolean) fail("masked_fill only supports boolean masks, but got mask with dtype ", scalar_type_name(mask.dtype()));
  return where(mask, scalar_tensor(value, a.dtype(), a.device()), a);
}

}  // namespace weightroom::ops

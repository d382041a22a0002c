// Slices along a dim at the places of an index vector: added to, replaced, filled.
#include "ops/ops.h"

namespace weightroom::ops {
namespace {

Tensor index_vector(const char* name, const Tensor& self, const Tensor& index, const Tensor& source) {
  if (index.dim() > 1) fail_index(name, ": Index is supposed to be a vector, but got dim: ", index.dim());
  if (index.dtype() != DType::int64 && index.dtype() != DType::int32) fail(name, ": Expected dtype int32/int64 for index but got: ", scalar_type_name(index.dtype()));
  check_same_device(self, {index, source});
  return contiguous(reshape(to_dtype(index, DType::int64), {-1}));
}

}  // namespace

Tensor index_add(const Tensor& a, int64_t dim, const Tensor& index0, const Tensor& source, double alpha) {
  dim = wrap_dim(dim, a.dim());
  Tensor index = index_vector("index_add_()", a, index0, source);
  check(a.dtype() == source.dtype(), "index_add_(): self (", scalar_type_name(a.dtype()), ") and source (", scalar_type_name(source.dtype()), ") must have the same scalar type");
  int64_t n = source.dim() ? source.size(dim) : 1;
  check(index.numel() == n, "index_add_(): Number of indices (", index.numel(), ") should be equal to source.size(dim): (", n, "), for dim: ", dim);
  Dims as = a.sizes(), ss = source.sizes();
  if (!as.empty()) as[size_t(dim)] = 0;
  if (!ss.empty()) ss[size_t(dim)] = 0;
  check(as == ss, "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = ", shape_str(a.sizes()), " source.shape = ", shape_str(source.sizes()));
  if (a.numel() == 0 && a.dim() > 1) return clone(a);
  if (index.device().is_cpu()) for (int64_t i = 0; i < index.numel(); ++i) {
    int64_t v = index.data<int64_t>()[i], size = a.dim() ? a.size(dim) : 1;
    if (a.dim() <= 1 && (v < 0 || v >= size)) fail_index("index out of range in self");
    check(v >= 0 && v < size, "index ", v, " is out of bounds for dimension ", dim, " with size ", size);
  }
  Tensor out;
  {
    NoGrad guard;
    TensorList ix(size_t(a.dim() ? dim + 1 : 1));
    ix.back() = index;
    Tensor src = alpha == 1 ? source : to_dtype(mul(source, alpha), source.dtype());
    if (a.dim() == 0) out = reshape(index_put(reshape(a, {1}), ix, reshape(src, {-1}), true), {});
    else out = index_put(a, ix, src, true);
  }
  if (any_requires_grad({a, source}))
    record(out, "IndexAddBackward0", {a, source}, {SavedTensor(index)}, [dim, alpha, ss = source.sizes()](Context& c, const TensorList& g) {
      TensorList r(2);
      if (c.needs(0)) r[0] = g[0];
      if (c.needs(1)) {
        Tensor t = g[0].dim() ? index_select(g[0], dim, c.saved(0)) : expand(g[0], {c.saved(0).numel()});
        r[1] = reshape(alpha == 1 ? t : mul(t, alpha), ss);
      }
      return r;
    });
  return out;
}

Tensor index_copy(const Tensor& a, int64_t dim, const Tensor& index0, const Tensor& source) {
  dim = wrap_dim(dim, a.dim());
  Tensor index = index_vector("index_copy_()", a, index0, source);
  check(a.dtype() == source.dtype(), "index_copy_(): self and source expected to have the same dtype, but got (self) ", scalar_type_name(a.dtype()), " and (source) ", scalar_type_name(source.dtype()));
  int64_t n = source.dim() ? source.size(dim) : 1, size = a.dim() ? a.size(dim) : 1;
  if (index.numel() != n) fail_index("index_copy_(): Number of indices (", index.numel(), ") should be equal to source.size(dim) (", n, ")");
  Dims as = a.sizes(), ss = source.sizes();
  if (!as.empty()) as.erase(as.begin() + dim);
  if (!ss.empty()) ss.erase(ss.begin() + dim);
  if (as != ss) fail("index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: ", shape_str(as), " at dimension ", dim, " and source slice shape: ", shape_str(ss), " at dimension 0.");
  if (index.device().is_cpu()) for (int64_t i = 0; i < index.numel(); ++i)
    if (int64_t v = index.data<int64_t>()[i]; v < 0 || v >= size) fail_index("index_copy_(): index ", v, " is out of bounds for dimension ", dim, " with size ", size);
  Tensor out;
  {
    NoGrad guard;
    TensorList ix(size_t(a.dim() ? dim + 1 : 1));
    ix.back() = index;
    out = a.dim() ? index_put(a, ix, source, false) : reshape(index_put(reshape(a, {1}), ix, reshape(source, {-1}), false), {});
  }
  if (any_requires_grad({a, source}))
    record(out, "IndexCopyBackward0", {a, source}, {SavedTensor(index)}, [dim, ss = source.sizes()](Context& c, const TensorList& g) {
      TensorList r(2);
      if (c.needs(0)) r[0] = index_fill(g[0], dim, c.saved(0), zeros({}, g[0].dtype(), g[0].device()));
      if (c.needs(1)) r[1] = reshape(g[0].dim() ? index_select(g[0], dim, c.saved(0)) : expand(g[0], {c.saved(0).numel()}), ss);
      return r;
    });
  return out;
}

Tensor index_fill(const Tensor& a, int64_t dim, const Tensor& index0, const Tensor& value) {
  dim = wrap_dim(dim, a.dim());
  check(value.dim() == 0, "index_fill_ only supports a 0-dimensional value tensor, but got tensor with ", value.dim(), " dimension(s).");
  if (index0.dtype() != DType::int64 && index0.dtype() != DType::int32) fail_index("index_fill_(): Expected dtype int64 for index.");
  if (index0.dim() > 1) fail_index("Index has to be a vector/scalar");
  Tensor index = contiguous(reshape(to_dtype(index0, DType::int64), {-1}));
  Tensor out;
  {
    NoGrad guard;
    TensorList ix(size_t(a.dim() ? dim + 1 : 1));
    ix.back() = index;
    if (value.impl()->wrapped_number) check_fits(number_of(value), a.dtype());
    Tensor v = to_dtype(value, a.dtype());
    out = a.dim() ? index_put(a, ix, v, false) : reshape(index_put(reshape(a, {1}), ix, v, false), {});
  }
  if (any_requires_grad({a, value}))
    record(out, value.impl()->wrapped_number ? "IndexFillBackward0" : "IndexFillBackward1", {a, value}, {SavedTensor(index)}, [dim, vt = value.dtype()](Context& c, const TensorList& g) {
      TensorList r(2);
      if (c.needs(0)) r[0] = index_fill(g[0], dim, c.saved(0), zeros({}, g[0].dtype(), g[0].device()));
      if (c.needs(1)) r[1] = to_dtype(sum(g[0].dim() ? index_select(g[0], dim, c.saved(0)) : g[0], {}, false), vt);
      return r;
    });
  return out;
}

}  // namespace weightroom::ops

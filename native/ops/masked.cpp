// Elements where a mask is true: picked, filled, replaced in order.
#include "ops/ops.h"

namespace weightroom::ops {
Tensor masked_select(const Tensor& a, const Tensor& mask) {
  check(mask.dtype() == DType::boolean, "masked_select: expected BoolTensor for mask");
  check_same_device(a, mask);
  Dims sizes = broadcast_shapes(mask.sizes(), a.sizes());
  Tensor out;
  {
    NoGrad guard;
    out = a.device().is_cpu() ? cpu::masked_select(expand(a, sizes), expand(mask, sizes)) : weightroom::ops::index(expand(a, sizes), {expand(mask, sizes)});
  }
  if (any_requires_grad({a}))
    record(out, "MaskedSelectBackward0", {a}, {SavedTensor(mask)}, [from = a.sizes(), sizes](Context& c, const TensorList& g) {
      return TensorList{sum_to(masked_scatter(zeros(sizes, g[0].dtype(), g[0].device()), c.saved(0), g[0]), from)};
    });
  return out;
}

Tensor masked_scatter(const Tensor& a, const Tensor& mask, const Tensor& source) {
  check(mask.dtype() == DType::boolean, "masked_scatter_ only supports boolean masks, but got mask with dtype ", c_type_name(mask.dtype()));
  if (source.dtype() != a.dtype()) fail("masked_scatter: expected self and source to have same dtypes but got ", scalar_type_name(a.dtype()), " and ", scalar_type_name(source.dtype()));
  check_same_device(a, mask);
  check_same_device(a, source);
  Dims sizes = broadcast_shapes(a.sizes(), mask.sizes());
  Tensor out;
  {
    NoGrad guard;
    out = contiguous(clone(expand(a, sizes)));
    Tensor at = expand(mask, sizes);
    if (out.device().is_cpu()) {
      cpu::masked_scatter(out, at, contiguous(source));
    } else {
      Tensor where_true = sizes.empty() ? nonzero(reshape(at, {1})) : nonzero(at);
      int64_t n = where_true.size(0);
      check(source.numel() >= n, "Number of elements of source < number of ones in mask");
      TensorList columns;
      for (int64_t d = 0; d < where_true.size(1); ++d) columns.push_back(select(where_true, 1, d));
      if (n) index_put_(sizes.empty() ? view(out, {1}) : out, columns, slice(reshape(source, {-1}), 0, 0, n, 1), false);
    }
  }
  if (any_requires_grad({a, source}))
    record(out, "MaskedScatterBackward0", {a, source}, {SavedTensor(mask)}, [from = a.sizes(), ss = source.sizes()](Context& c, const TensorList& g) {
      TensorList r(2);
      Tensor m = c.saved(0);
      if (c.needs(0)) r[0] = sum_to(masked_fill(g[0], m, zeros({}, g[0].dtype(), g[0].device())), from);
      if (c.needs(1)) {
        Tensor taken = masked_select(g[0], m);
        int64_t n = checked_numel(ss), missing = n - taken.numel();
        if (missing > 0) taken = cat({taken, zeros({missing}, g[0].dtype(), g[0].device())}, 0);
        r[1] = reshape(taken, ss);
      }
      return r;
    });
  return out;
}

Tensor masked_fill(const Tensor& a, const Tensor& mask, const Tensor& value) {
  if (mask.dtype() != DType::boolean) fail("masked_fill_ only supports boolean masks, but got mask with dtype ", c_type_name(mask.dtype()));
  check(value.dim() == 0, "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ", value.dim(), " dimension(s).");
  check_same_device(a, mask);
  DType type = a.dtype();
  if (value.impl()->wrapped_number) check_fits(number_of(value), type);
  Tensor out;
  {
    NoGrad guard;
    Tensor v = to_device(to_dtype(value, type), a.device());
    out = where(mask, v, to_dtype(a, type));
  }
  if (any_requires_grad({a, value}))
    record(out, value.impl()->wrapped_number ? "MaskedFillBackward0" : "MaskedFillBackward1", {a, value}, {SavedTensor(mask)}, [from = a.sizes(), at = a.dtype(), vt = value.dtype()](Context& c, const TensorList& g) {
      TensorList r(2);
      Tensor m = c.saved(0), zero = zeros({}, g[0].dtype(), g[0].device());
      if (c.needs(0)) r[0] = to_dtype(sum_to(masked_fill(g[0], m, zero), from), at);
      if (c.needs(1)) r[1] = to_dtype(sum(where(m, g[0], zero), {}, false), vt);
      return r;
    });
  return out;
}

}  // namespace weightroom::ops

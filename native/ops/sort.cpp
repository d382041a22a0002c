// Order statistics: sort, topk, kthvalue, median, mode; unique values, search, counts.
#include <cmath>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

// The dim moved last, contiguous.
Tensor lined_up(const Tensor& a, int64_t dim) { NoGrad guard; return contiguous(a.dim() ? transpose(a, dim, -1) : a); }
Tensor back_in_place(const Tensor& t, int64_t dim) { NoGrad guard; return t.dim() ? contiguous(transpose(t, dim, -1)) : t; }

Dims without(Dims sizes, int64_t dim, bool keepdim) {
  if (sizes.empty()) return sizes;
  if (keepdim) sizes[size_t(dim)] = 1;
  else sizes.erase(sizes.begin() + dim);
  return sizes;
}

// Takes the elements at `position` (int64, dim kept as 1) of a sorted along dim, as PyTorch's selecting reductions do.
std::pair<Tensor, Tensor> pick_sorted(const Tensor& a, int64_t dim, bool keepdim, const Tensor& values, const Tensor& indices, const Tensor& position, const char* name) {
  Tensor v, i, kept;
  {
    NoGrad guard;
    v = a.dim() ? gather(values, dim, position) : values;
    kept = a.dim() ? gather(indices, dim, position) : indices;
    Dims shape = without(a.sizes(), dim, keepdim);
    v = reshape(v, shape);
    i = reshape(kept, shape);
    v = alias(v, false);
  }
  if (any_requires_grad({a})) record(v, name, {a}, {SavedTensor(kept)}, picked_back(a.sizes(), dim));
  return {v, i};
}

}  // namespace

std::pair<Tensor, Tensor> sort(const Tensor& a, int64_t dim, bool descending) {
  dim = wrap_dim(dim, a.dim());
  Tensor in = lined_up(a, dim);
  Tensor values = empty(in.sizes(), in.dtype(), in.device()), indices = empty(in.sizes(), DType::int64, in.device());
  if (in.numel()) backend(in).sort(values, indices, in, descending);
  values = back_in_place(values, dim);
  indices = back_in_place(indices, dim);
  values = alias(values, false);
  if (any_requires_grad({a})) record(values, "SortBackward0", {a}, {SavedTensor(indices)}, picked_back(a.sizes(), dim));
  return {values, indices};
}

std::pair<Tensor, Tensor> topk(const Tensor& a, int64_t k, int64_t dim, bool largest, bool sorted) {
  dim = wrap_dim(dim, a.dim());
  check(a.dtype() != DType::boolean, "topk does not support bool dtypes on CPU");
  check(k >= 0 && k <= (a.dim() ? a.size(dim) : 1), "selected index k out of range");
  Tensor in = lined_up(a, dim);
  Dims sizes = in.sizes();
  if (!sizes.empty()) sizes.back() = k;
  Tensor values = empty(sizes, in.dtype(), in.device()), indices = empty(sizes, DType::int64, in.device());
  if (values.numel()) backend(in).topk(values, indices, in, largest, sorted);
  values = alias(back_in_place(values, dim), false);
  indices = back_in_place(indices, dim);
  if (any_requires_grad({a})) record(values, "TopkBackward0", {a}, {SavedTensor(indices)}, picked_back(a.sizes(), dim));
  return {values, indices};
}

std::pair<Tensor, Tensor> kthvalue(const Tensor& a, int64_t k, int64_t dim, bool keepdim) {
  dim = wrap_dim(dim, a.dim());
  if (a.dim() && a.size(dim) == 0) fail_index("kthvalue(): Expected reduction dim ", dim, " to have non-zero size.");
  check(k > 0 && k <= (a.dim() ? a.size(dim) : 1), "kthvalue(): selected number k out of range for dimension ", dim);
  NoGrad off;
  auto [values, indices] = sort(a, dim, false);
  Dims at = a.sizes();
  if (!at.empty()) at[size_t(dim)] = 1;
  Tensor position = full(at, Scalar(k - 1), DType::int64, a.device());
  NoGrad on(off.before);
  return pick_sorted(a, dim, keepdim, values, indices, position, "KthvalueBackward0");
}

std::pair<Tensor, Tensor> median_dim(const Tensor& a, int64_t dim, bool keepdim, bool ignore_nan) {
  dim = wrap_dim(dim, a.dim());
  const char* name = ignore_nan ? "nanmedian" : "median";
  if (a.dtype() == DType::boolean) fail_not_implemented("\"median_out\" not implemented for 'Bool'");
  if (a.dim() && a.size(dim) == 0) fail_index(name, "(): Expected reduction dim ", dim, " to have non-zero size.");
  Tensor values, indices, position;
  {
    NoGrad guard;
    std::tie(values, indices) = sort(a, dim, false);
    int64_t n = a.dim() ? a.size(dim) : 1;
    Tensor nans = a.dim() ? sum(unary(UnaryOp::isnan, a), {dim}, true) : zeros({}, DType::int64, a.device());
    Tensor good = binary(BinaryOp::sub, full({}, Scalar(n), DType::int64, a.device()), nans);
    // NaNs stand last: the first of them, or the middle of the others.
    Tensor middle = unary(UnaryOp::clamp, binary(BinaryOp::floor_divide, binary(BinaryOp::sub, good, wrapped(1)), wrapped(2)), 0, INFINITY);
    position = ignore_nan ? middle : where(binary(BinaryOp::gt, nans, wrapped(0)), good, middle);
  }
  return pick_sorted(a, dim, keepdim, values, indices, position, ignore_nan ? "NanmedianBackward1" : "MedianBackward1");
}

Tensor median(const Tensor& a, bool ignore_nan) {
  Tensor out;
  {
    NoGrad guard;
    if (a.numel() == 0) out = is_floating(a.dtype()) ? full({}, NAN, a.dtype(), a.device()) : full({}, Scalar(INT64_MIN), a.dtype(), a.device());
    else out = alias(median_dim(reshape(a, {-1}), 0, false, ignore_nan).first, false);
  }
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, ignore_nan ? "NanmedianBackward0" : "MedianBackward0", {a}, {SavedTensor(a)}, [](Context& c, const TensorList& g) {
      Tensor x = detach(c.saved(0)), v = detach(c.saved(1));
      Tensor mask = to_dtype(binary(BinaryOp::logical_or, binary(BinaryOp::eq, x, v), binary(BinaryOp::logical_and, unary(UnaryOp::isnan, x), unary(UnaryOp::isnan, v))), g[0].dtype());
      return TensorList{mul(mask, div(g[0], sum(mask, {}, false)))};
    });
    save_output(node, out);
  }
  return out;
}

std::pair<Tensor, Tensor> mode(const Tensor& a, int64_t dim, bool keepdim) {
  dim = wrap_dim(dim, a.dim());
  if (a.dim() && a.size(dim) == 0) fail_index("mode(): Expected reduction dim ", dim, " to have non-zero size.");
  Tensor position, values, indices;
  {
    NoGrad guard;
    Tensor in = lined_up(a, dim);
    values = empty(in.sizes(), in.dtype(), in.device());
    indices = empty(in.sizes(), DType::int64, in.device());
    if (in.numel()) backend(in).sort_by_less(values, indices, in);
    Dims at = in.sizes();
    if (!at.empty()) at.back() = 1;
    Tensor p = empty(at, DType::int64, a.device());
    backend(a).longest_run(p, values);
    position = back_in_place(p, dim);
    values = back_in_place(values, dim);
    indices = back_in_place(indices, dim);
  }
  return pick_sorted(a, dim, keepdim, values, indices, position, "ModeBackward0");
}

TensorList unique(const Tensor& a, bool sorted) {
  NoGrad guard;
  auto [values, inverse, counts] = backend(a).unique(reshape(contiguous(a), {-1}), sorted);
  return {values, reshape(inverse, a.sizes()), counts};
}

Tensor searchsorted(const Tensor& sorted, const Tensor& searched, bool right) {
  NoGrad guard;
  const DType common = result_type(sorted, searched);
  Tensor values = to_dtype(searched, common);
  if (searched.impl()->wrapped_number) values = to_device(values, sorted.device());
  check_same_device(sorted, values);
  check(sorted.dim() > 0, "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension");
  bool rows = sorted.dim() > 1;
  bool fits = !rows || values.dim() == sorted.dim();
  for (int64_t d = 0; fits && rows && d + 1 < sorted.dim(); ++d) fits = sorted.size(d) == values.size(d);
  if (!fits)
    fail("torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, but we got boundaries tensor ", shape_str(sorted.sizes()), " and input value tensor ", shape_str(values.sizes()));
  Tensor out = empty(values.sizes(), DType::int64, values.device());
  if (out.numel()) backend(sorted).searchsorted(out, contiguous(to_dtype(sorted, common)), contiguous(values), right);
  return out;
}

Tensor bincount(const Tensor& a, const Tensor& weights, int64_t min_length) {
  NoGrad guard;
  check(min_length >= 0, "minlength should be >= 0");
  if (is_floating(a.dtype()) || a.dtype() == DType::boolean) fail_not_implemented("\"bincount_cpu\" not implemented for '", scalar_type_name(a.dtype()), "'");
  Tensor in = contiguous(to_dtype(to_device(a, {}), DType::int64));
  int64_t top = min_length - 1;
  bool good = a.dim() == 1 || a.numel() == 0;
  for (int64_t i = 0; good && i < in.numel(); ++i) {
    good = in.data<int64_t>()[i] >= 0;
    top = std::max(top, in.data<int64_t>()[i]);
  }
  check(good, "bincount only supports 1-d non-negative integral inputs.");
  if (weights) check(weights.sizes() == a.sizes(), "weights should be 1-d and have the same length as input");
  check(top < (int64_t(1) << 40), "bincount: the largest value, ", top, ", would need too many bins");
  if (weights) check_same_device(a, weights);
  if (weights && !a.device().is_cpu() && weights.dtype() == DType::float32) {
    // Other weights count in float64, which only the CPU has.
    Tensor sums = zeros({top + 1}, DType::float32, a.device());
    if (in.numel()) backend(a).scatter(sums, 0, to_device(in, a.device()), contiguous(weights), true);
    return sums;
  }
  if (in.numel() == 0) return zeros({top + 1}, DType::int64, a.device());
  Tensor out = empty({top + 1}, weights ? DType::float64 : DType::int64, a.device());
  backend(a).bincount(out, a.device().is_cpu() ? in : to_device(in, a.device()), weights ? contiguous(to_dtype(weights, DType::float64)) : weights);
  return weights && weights.dtype() == DType::float32 ? to_dtype(out, DType::float32) : out;
}

Tensor histc(const Tensor& a, int64_t bins, double low, double high) {
  NoGrad guard;
  check(bins > 0, "torch.histogram(): bins must be > 0, but got ", bins, " for dimension 0");
  if (!is_floating(a.dtype())) fail_not_implemented("\"histogram_cpu\" not implemented for '", scalar_type_name(a.dtype()), "'");
  if (low == high && a.numel()) {
    auto value = [](const Tensor& t) { return *to_dtype(to_device(t, {}), DType::float64).data<double>(); };
    low = value(max_min(a, false));
    high = value(max_min(a, true));
  }
  if (low == high) { low -= 1; high += 1; }
  check(std::isfinite(low) && std::isfinite(high), "torch.histogram(): range of [", low, ", ", high, "] is not finite");
  check(low < high, "torch.histogram(): max must be larger than min");
  Tensor out = empty({bins}, a.dtype(), a.device());
  backend(a).histc(out, contiguous(a), low, high);
  return out;
}

}  // namespace weightroom::ops

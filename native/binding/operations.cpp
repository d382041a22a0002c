// Differentiable operations, one entry each.
#include "binding/call.h"

namespace weightroom::binding {
namespace {

std::optional<int64_t> maybe_int(Call& c, size_t i) { return c.missing(i) ? std::nullopt : std::optional(c.integer(i)); }

napi_value unary(Call& c) { return c.wrap(ops::unary(UnaryOp(c.integer(0)), c.tensor(1), c.missing(2) ? 0 : c.number(2), c.missing(3) ? 0 : c.number(3))); }
napi_value unary_(Call& c) { ops::unary_(UnaryOp(c.integer(0)), c.tensor(1), c.missing(2) ? 0 : c.number(2), c.missing(3) ? 0 : c.number(3)); return c.argv[1]; }
napi_value binary(Call& c) { return c.wrap(ops::binary(BinaryOp(c.integer(0)), c.operand(1), c.operand(2), c.missing(3) ? 1 : c.number(3))); }
napi_value binary_(Call& c) { ops::binary_(BinaryOp(c.integer(0)), c.tensor(1), c.operand(2), c.missing(3) ? 1 : c.number(3)); return c.argv[1]; }
// clamp(t, min, max): both tensors or both numbers, null for no bound.
std::optional<Scalar> maybe_scalar(Call& c, size_t i) { return c.missing(i) ? std::nullopt : std::optional(c.scalar(i)); }
bool tensor_bounds(Call& c) {
  bool a = !c.missing(1) && c.is_tensor(c.argv[1]), b = !c.missing(2) && c.is_tensor(c.argv[2]);
  if ((a && !b && !c.missing(2)) || (b && !a && !c.missing(1))) fail_type("clamp(): min and max must both be Tensors or both be numbers");
  return a || b;
}
napi_value clamp(Call& c) {
  if (tensor_bounds(c)) return c.wrap(ops::clamp(c.tensor(0), c.maybe_tensor(1), c.maybe_tensor(2)));
  return c.wrap(ops::clamp(c.tensor(0), maybe_scalar(c, 1), maybe_scalar(c, 2)));
}
napi_value clamp_(Call& c) {
  if (tensor_bounds(c)) { Tensor self = c.tensor(0); check_inplace(self); ops::copy_(self, ops::clamp(self, c.maybe_tensor(1), c.maybe_tensor(2))); return c.argv[0]; }
  ops::clamp_(c.tensor(0), maybe_scalar(c, 1), maybe_scalar(c, 2));
  return c.argv[0];
}
napi_value where(Call& c) { return c.wrap(ops::where(c.tensor(0), c.operand(1), c.operand(2))); }
napi_value sum(Call& c) { return c.wrap(ops::sum(c.tensor(0), c.dims(1), c.boolean(2), c.missing(3) ? std::nullopt : std::optional(c.dtype(3)))); }
napi_value mean(Call& c) { return c.wrap(ops::mean(c.tensor(0), c.dims(1), c.boolean(2))); }
napi_value prod(Call& c) { return c.wrap(ops::prod(c.tensor(0), c.dims(1), c.boolean(2))); }
napi_value norm(Call& c) { return c.wrap(ops::norm(c.tensor(0), c.number(1), c.dims(2), c.boolean(3))); }
napi_value variance(Call& c) { return c.wrap(ops::var(c.tensor(0), c.dims(1), c.number(2), c.boolean(3), c.boolean(4))); }
napi_value any_all(Call& c) { return c.wrap(ops::any_all(c.tensor(0), c.dims(1), c.boolean(2), c.boolean(3))); }
napi_value max_min(Call& c) { return c.wrap(ops::max_min(c.tensor(0), c.boolean(1))); }
napi_value max_min_dim(Call& c) {
  auto [v, i] = ops::max_min_dim(c.tensor(0), c.boolean(1), c.integer(2), c.boolean(3));
  return c.list({v, i});
}
napi_value arg_max_min(Call& c) { return c.wrap(ops::arg_max_min(c.tensor(0), c.boolean(1), maybe_int(c, 2), c.boolean(3))); }
napi_value logsumexp(Call& c) { return c.wrap(ops::logsumexp(c.tensor(0), c.dims(1), c.boolean(2))); }
napi_value cumsum(Call& c) { return c.wrap(ops::cumsum(c.tensor(0), c.integer(1))); }
napi_value expand(Call& c) { return c.wrap(ops::expand(c.tensor(0), c.dims(1))); }
napi_value view(Call& c) { return c.wrap(ops::view(c.tensor(0), c.dims(1))); }
napi_value reshape(Call& c) { return c.wrap(ops::reshape(c.tensor(0), c.dims(1))); }
napi_value flatten(Call& c) { return c.wrap(ops::flatten(c.tensor(0), c.integer(1), c.integer(2))); }
napi_value permute(Call& c) { return c.wrap(ops::permute(c.tensor(0), c.dims(1))); }
napi_value transpose(Call& c) { return c.wrap(ops::transpose(c.tensor(0), c.integer(1), c.integer(2))); }
napi_value t(Call& c) { return c.wrap(ops::t(c.tensor(0))); }
napi_value select(Call& c) { return c.wrap(ops::select(c.tensor(0), c.integer(1), c.integer(2))); }
napi_value slice(Call& c) { return c.wrap(ops::slice(c.tensor(0), c.integer(1), c.integer(2), c.integer(3), c.integer(4))); }
napi_value squeeze(Call& c) { return c.wrap(ops::squeeze(c.tensor(0), maybe_int(c, 1))); }
napi_value unsqueeze(Call& c) { return c.wrap(ops::unsqueeze(c.tensor(0), c.integer(1))); }
napi_value as_strided(Call& c) { return c.wrap(ops::as_strided(c.tensor(0), c.dims(1), c.dims(2), c.integer(3))); }
napi_value mm(Call& c) { return c.wrap(ops::mm(c.tensor(0), c.tensor(1))); }
napi_value bmm(Call& c) { return c.wrap(ops::bmm(c.tensor(0), c.tensor(1))); }
napi_value matmul(Call& c) { return c.wrap(ops::matmul(c.tensor(0), c.tensor(1))); }
napi_value addmm(Call& c) { return c.wrap(ops::addmm(c.tensor(0), c.tensor(1), c.tensor(2), c.number(3), c.number(4))); }
napi_value gather(Call& c) { return c.wrap(ops::gather(c.tensor(0), c.integer(1), c.tensor(2))); }
napi_value scatter(Call& c) { return c.wrap(ops::scatter(c.tensor(0), c.integer(1), c.tensor(2), c.tensor(3), c.boolean(4))); }
napi_value index_select(Call& c) { return c.wrap(ops::index_select(c.tensor(0), c.integer(1), c.tensor(2))); }
napi_value cat(Call& c) { return c.wrap(ops::cat(c.tensors(0), c.integer(1))); }
napi_value stack(Call& c) { return c.wrap(ops::stack(c.tensors(0), c.integer(1))); }
napi_value masked_fill(Call& c) { return c.wrap(ops::masked_fill(c.tensor(0), c.tensor(1), c.scalar(2))); }
napi_value tril(Call& c) { return c.wrap(ops::tril(c.tensor(0), c.integer(1), c.boolean(2))); }
napi_value clone(Call& c) { return c.wrap(ops::clone(c.tensor(0))); }
napi_value contiguous(Call& c) { return c.tensor(0).is_contiguous() ? c.argv[0] : c.wrap(ops::contiguous(c.tensor(0))); }
napi_value to_dtype(Call& c) { return c.tensor(0).dtype() == c.dtype(1) ? c.argv[0] : c.wrap(ops::to_dtype(c.tensor(0), c.dtype(1))); }
napi_value to_device(Call& c) { return c.tensor(0).device() == c.device(1) ? c.argv[0] : c.wrap(ops::to_device(c.tensor(0), c.device(1))); }
napi_value copy_(Call& c) { ops::copy_(c.tensor(0), c.tensor(1)); return c.argv[0]; }
napi_value fill_(Call& c) { ops::fill_(c.tensor(0), c.scalar(1)); return c.argv[0]; }

}  // namespace

const std::vector<Entry> op_entries = {
    {"unary", unary}, {"unary_", unary_}, {"binary", binary}, {"binary_", binary_}, {"clamp", clamp}, {"clamp_", clamp_}, {"where", where}, {"sum", sum}, {"mean", mean}, {"prod", prod},
    {"norm", norm}, {"variance", variance}, {"anyAll", any_all}, {"maxMin", max_min}, {"maxMinDim", max_min_dim}, {"argMaxMin", arg_max_min},
    {"logsumexp", logsumexp}, {"cumsum", cumsum}, {"expand", expand}, {"view", view}, {"reshape", reshape}, {"flatten", flatten}, {"permute", permute},
    {"transpose", transpose}, {"t", t}, {"select", select}, {"slice", slice}, {"squeeze", squeeze}, {"unsqueeze", unsqueeze}, {"asStrided", as_strided},
    {"mm", mm}, {"bmm", bmm}, {"matmul", matmul}, {"addmm", addmm}, {"gather", gather}, {"scatter", scatter}, {"indexSelect", index_select}, {"cat", cat},
    {"stack", stack}, {"maskedFill", masked_fill}, {"tril", tril}, {"clone", clone}, {"contiguous", contiguous}, {"toDtype", to_dtype}, {"toDevice", to_device},
    {"copy_", copy_}, {"fill_", fill_},
};

}  // namespace weightroom::binding

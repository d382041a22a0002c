// Differentiable operations, one entry each.
#include <cmath>

#include "binding/call.h"

namespace weightroom::binding {
namespace {

std::optional<DType> maybe_dtype(Call& c, size_t i) { return c.missing(i) ? std::nullopt : std::optional(c.dtype(i)); }
std::optional<double> maybe_number(Call& c, size_t i) { return c.missing(i) ? std::nullopt : std::optional(c.number(i)); }
napi_value pair(Call& c, const std::pair<Tensor, Tensor>& p) { return c.list({p.first, p.second}); }
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
  if (tensor_bounds(c)) { weightroom::become(c.tensor(0), ops::clamp(c.tensor(0), c.maybe_tensor(1), c.maybe_tensor(2))); return c.argv[0]; }
  ops::clamp_(c.tensor(0), maybe_scalar(c, 1), maybe_scalar(c, 2));
  return c.argv[0];
}
napi_value where(Call& c) { return c.wrap(ops::where(c.tensor(0), c.operand(1), c.operand(2))); }
napi_value sum(Call& c) { return c.wrap(ops::sum(c.tensor(0), c.dims(1), c.boolean(2), maybe_dtype(c, 3))); }
napi_value mean(Call& c) { return c.wrap(ops::mean(c.tensor(0), c.dims(1), c.boolean(2), maybe_dtype(c, 3))); }
napi_value prod(Call& c) { return c.wrap(ops::prod(c.tensor(0), c.dims(1), c.boolean(2), maybe_dtype(c, 3))); }
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
napi_value cumsum(Call& c) { return c.wrap(ops::cumsum(c.tensor(0), c.integer(1), maybe_dtype(c, 2))); }
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
napi_value resize_(Call& c) { ops::resize_(c.tensor(0), c.dims(1)); return c.argv[0]; }
napi_value as_strided(Call& c) { return c.wrap(ops::as_strided(c.tensor(0), c.dims(1), c.dims(2), c.integer(3))); }
napi_value mm(Call& c) { return c.wrap(ops::mm(c.tensor(0), c.tensor(1))); }
napi_value bmm(Call& c) { return c.wrap(ops::bmm(c.tensor(0), c.tensor(1))); }
napi_value matmul(Call& c) { return c.wrap(ops::matmul(c.tensor(0), c.tensor(1))); }
napi_value addmm(Call& c) { return c.wrap(ops::addmm(c.tensor(0), c.tensor(1), c.tensor(2), c.number(3), c.number(4))); }
napi_value gather(Call& c) { return c.wrap(ops::gather(c.tensor(0), c.integer(1), c.tensor(2))); }
// scatter(t, dim, index, source or number, accumulate)
napi_value scatter(Call& c) {
  Tensor t = c.tensor(0), index = c.tensor(2);
  if (c.is_tensor(c.argv[3])) return c.wrap(ops::scatter(t, c.integer(1), index, c.tensor(3), c.boolean(4)));
  if (index.numel()) ops::check_fits(c.scalar(3), t.dtype());
  Tensor v = ops::full(index.sizes(), c.scalar(3), t.dtype(), t.device());
  v.impl()->wrapped_number = true;
  return c.wrap(ops::scatter(t, c.integer(1), index, v, c.boolean(4)));
}
napi_value scatter_reduce(Call& c) { return c.wrap(ops::scatter_reduce(c.tensor(0), c.integer(1), c.tensor(2), c.tensor(3), c.string(4), c.boolean(5))); }
// pickRuns(t, name, fill, runs): of every dim the number of runs, then from, n and step of each.
napi_value pick_runs(Call& c) {
  const Dims flat = c.dims(3);
  cpu::Runs runs;
  for (size_t i = 0; i < flat.size();) {
    runs.emplace_back();
    for (int64_t k = flat[i++]; k > 0 && i + 3 <= flat.size(); --k, i += 3) runs.back().push_back({flat[i], flat[i + 1], flat[i + 2]});
  }
  if (int64_t(runs.size()) != c.tensor(0).dim()) fail_value("pickRuns: ", runs.size(), " lists of runs for ", c.tensor(0).dim(), " dims");
  return c.wrap(ops::pick(c.tensor(0), std::move(runs), c.scalar(2), c.string(1)));
}
napi_value one_hot(Call& c) { return c.wrap(ops::one_hot(c.tensor(0), c.integer(1))); }
napi_value nonzero(Call& c) { return c.wrap(ops::nonzero(c.tensor(0))); }
napi_value index(Call& c) { return c.wrap(ops::index(c.tensor(0), c.tensors(1))); }
napi_value index_put(Call& c) { return c.wrap(ops::index_put(c.tensor(0), c.tensors(1), c.operand(2), c.boolean(3))); }
napi_value index_put_(Call& c) { ops::index_put_(c.tensor(0), c.tensors(1), c.operand(2), c.boolean(3)); return c.argv[0]; }
napi_value take(Call& c) { return c.wrap(ops::take(c.tensor(0), c.tensor(1))); }
napi_value masked_select(Call& c) { return c.wrap(ops::masked_select(c.tensor(0), c.tensor(1))); }
napi_value masked_scatter(Call& c) { return c.wrap(ops::masked_scatter(c.tensor(0), c.tensor(1), c.tensor(2))); }
napi_value index_add(Call& c) { return c.wrap(ops::index_add(c.tensor(0), c.integer(1), c.tensor(2), c.tensor(3), c.number(4))); }
napi_value index_copy(Call& c) { return c.wrap(ops::index_copy(c.tensor(0), c.integer(1), c.tensor(2), c.tensor(3))); }
napi_value index_fill(Call& c) { return c.wrap(ops::index_fill(c.tensor(0), c.integer(1), c.tensor(2), c.operand(3))); }
napi_value nansum(Call& c) { return c.wrap(ops::nansum(c.tensor(0), c.dims(1), c.boolean(2), maybe_dtype(c, 3))); }
napi_value var_mean(Call& c) { return c.list(ops::var_mean(c.tensor(0), c.dims(1), c.number(2), c.boolean(3), c.boolean(4))); }
napi_value amax_amin(Call& c) { return c.wrap(ops::amax_amin(c.tensor(0), c.boolean(1), c.dims(2), c.boolean(3))); }
napi_value cumprod(Call& c) { return c.wrap(ops::cumprod(c.tensor(0), c.integer(1), maybe_dtype(c, 2))); }
napi_value logcumsumexp(Call& c) { return c.wrap(ops::logcumsumexp(c.tensor(0), c.integer(1))); }
napi_value cummax_cummin(Call& c) { return pair(c, ops::cummax_cummin(c.tensor(0), c.boolean(1), c.integer(2))); }
napi_value sort(Call& c) { return pair(c, ops::sort(c.tensor(0), c.integer(1), c.boolean(2))); }
napi_value topk(Call& c) { return pair(c, ops::topk(c.tensor(0), c.integer(1), c.integer(2), c.boolean(3), c.boolean(4))); }
napi_value kthvalue(Call& c) { return pair(c, ops::kthvalue(c.tensor(0), c.integer(1), c.integer(2), c.boolean(3))); }
napi_value median(Call& c) { return c.wrap(ops::median(c.tensor(0), c.boolean(1))); }
napi_value median_dim(Call& c) { return pair(c, ops::median_dim(c.tensor(0), c.integer(1), c.boolean(2), c.boolean(3))); }
napi_value mode(Call& c) { return pair(c, ops::mode(c.tensor(0), c.integer(1), c.boolean(2))); }
napi_value unique(Call& c) { return c.list(ops::unique(c.tensor(0), c.boolean(1))); }
napi_value searchsorted(Call& c) { return c.wrap(ops::searchsorted(c.tensor(0), c.operand(1), c.boolean(2))); }
napi_value bincount(Call& c) { return c.wrap(ops::bincount(c.tensor(0), c.maybe_tensor(1), c.integer(2))); }
napi_value histc(Call& c) { return c.wrap(ops::histc(c.tensor(0), c.integer(1), c.number(2), c.number(3))); }
napi_value movedim(Call& c) { return c.wrap(ops::movedim(c.tensor(0), c.dims(1), c.dims(2))); }
napi_value flip(Call& c) { return c.wrap(ops::flip(c.tensor(0), c.dims(1))); }
napi_value roll(Call& c) { return c.wrap(ops::roll(c.tensor(0), c.dims(1), c.dims(2))); }
napi_value repeat(Call& c) { return c.wrap(ops::repeat(c.tensor(0), c.dims(1))); }
napi_value unfold(Call& c) { return c.wrap(ops::unfold(c.tensor(0), c.integer(1), c.integer(2), c.integer(3))); }
napi_value diagonal(Call& c) { return c.wrap(ops::diagonal(c.tensor(0), c.integer(1), c.integer(2), c.integer(3))); }
napi_value diag_embed(Call& c) { return c.wrap(ops::diag_embed(c.tensor(0), c.integer(1), c.integer(2), c.integer(3))); }
napi_value squeeze_dims(Call& c) { return c.wrap(ops::squeeze_dims(c.tensor(0), c.dims(1))); }
napi_value split(Call& c) { return c.list(ops::split(c.tensor(0), c.dims(1), c.integer(2), c.boolean(3))); }
napi_value unbind(Call& c) { return c.list(ops::unbind(c.tensor(0), c.integer(1))); }
napi_value addmv(Call& c) { return c.wrap(ops::addmv(c.tensor(0), c.tensor(1), c.tensor(2), c.number(3), c.number(4))); }
napi_value baddbmm(Call& c) { return c.wrap(ops::baddbmm(c.tensor(0), c.tensor(1), c.tensor(2), c.number(3), c.number(4))); }
napi_value mv(Call& c) { return c.wrap(ops::mv(c.tensor(0), c.tensor(1))); }
napi_value dot(Call& c) { return c.wrap(ops::dot(c.tensor(0), c.tensor(1))); }
napi_value einsum(Call& c) { return c.wrap(ops::einsum(c.string(0), c.tensors(1))); }
napi_value lerp(Call& c) { return c.wrap(ops::lerp(c.tensor(0), c.tensor(1), c.operand(2))); }
napi_value addcmul(Call& c) { return c.wrap(ops::addcmul(c.tensor(0), c.tensor(1), c.tensor(2), c.number(3))); }
napi_value addcdiv(Call& c) { return c.wrap(ops::addcdiv(c.tensor(0), c.tensor(1), c.tensor(2), c.number(3))); }
napi_value logit(Call& c) { return c.wrap(ops::logit(c.tensor(0), maybe_number(c, 1))); }
napi_value nan_to_num(Call& c) { return c.wrap(ops::nan_to_num(c.tensor(0), c.number(1), maybe_number(c, 2), maybe_number(c, 3))); }
napi_value deg2rad(Call& c) { return c.wrap(ops::scaled("Deg2RadBackward0", c.tensor(0), M_PI / 180)); }
napi_value rad2deg(Call& c) { return c.wrap(ops::scaled("Rad2DegBackward0", c.tensor(0), 180 / M_PI)); }
napi_value cross(Call& c) { return c.wrap(ops::cross(c.tensor(0), c.tensor(1), c.integer(2))); }
napi_value trace(Call& c) { return c.wrap(ops::trace(c.tensor(0))); }
napi_value rot90(Call& c) { return c.wrap(ops::rot90(c.tensor(0), c.integer(1), c.dims(2))); }
napi_value renorm(Call& c) { return c.wrap(ops::renorm(c.tensor(0), c.number(1), c.integer(2), c.number(3))); }
napi_value dist(Call& c) { return c.wrap(ops::dist(c.tensor(0), c.tensor(1), c.number(2))); }
napi_value cdist(Call& c) { return c.wrap(ops::cdist(c.tensor(0), c.tensor(1), c.number(2))); }
napi_value clamp_min(Call& c) { return c.wrap(ops::clamp(c.tensor(0), c.scalar(1), std::nullopt, "ClampMinBackward0")); }
napi_value clamp_max(Call& c) { return c.wrap(ops::clamp(c.tensor(0), std::nullopt, c.scalar(1), "ClampMaxBackward0")); }
napi_value round_to(Call& c) { return c.wrap(ops::round_to(c.tensor(0), c.integer(1))); }
napi_value zero_(Call& c) { ops::fill_(c.tensor(0), Scalar(0), "ZeroBackward0"); return c.argv[0]; }
// become(t, result): the op that gave `result`, done in place on t.
napi_value become(Call& c) { weightroom::become(c.tensor(0), c.tensor(1)); return c.argv[0]; }
napi_value become_view(Call& c) { weightroom::become_view(c.tensor(0), c.tensor(1)); return c.argv[0]; }
napi_value result_type(Call& c) { return c.value(double(ops::result_type(c.operand(0), c.operand(1)))); }
napi_value promote_types(Call& c) { return c.value(double(weightroom::promote_types(c.dtype(0), c.dtype(1)))); }
napi_value index_select(Call& c) { return c.wrap(ops::index_select(c.tensor(0), c.integer(1), c.tensor(2))); }
napi_value cat(Call& c) { return c.wrap(ops::cat(c.tensors(0), c.integer(1))); }
napi_value stack(Call& c) { return c.wrap(ops::stack(c.tensors(0), c.integer(1))); }
napi_value masked_fill(Call& c) { return c.wrap(ops::masked_fill(c.tensor(0), c.tensor(1), c.operand(2))); }
napi_value tril(Call& c) { return c.wrap(ops::tril(c.tensor(0), c.integer(1), c.boolean(2))); }
napi_value clone(Call& c) { return c.wrap(ops::clone(c.tensor(0))); }
napi_value contiguous(Call& c) { return c.tensor(0).is_contiguous() ? c.argv[0] : c.wrap(ops::contiguous(c.tensor(0))); }
napi_value to_dtype(Call& c) { return c.tensor(0).dtype() == c.dtype(1) ? c.argv[0] : c.wrap(ops::to_dtype(c.tensor(0), c.dtype(1))); }
napi_value to_device(Call& c) { return c.tensor(0).device() == c.device(1) ? c.argv[0] : c.wrap(ops::to_device(c.tensor(0), c.device(1))); }
napi_value copy_(Call& c) { ops::copy_(c.tensor(0), c.tensor(1)); return c.argv[0]; }
napi_value fill_(Call& c) { ops::fill_(c.tensor(0), c.scalar(1)); return c.argv[0]; }

napi_value fill_tensor_(Call& c) { ops::fill_(c.tensor(0), c.tensor(1)); return c.argv[0]; }

}  // namespace

const std::vector<Entry> op_entries = {
    {"unary", unary}, {"unary_", unary_}, {"binary", binary}, {"binary_", binary_}, {"clamp", clamp}, {"clamp_", clamp_}, {"where", where}, {"sum", sum}, {"mean", mean}, {"prod", prod},
    {"norm", norm}, {"variance", variance}, {"anyAll", any_all}, {"maxMin", max_min}, {"maxMinDim", max_min_dim}, {"argMaxMin", arg_max_min},
    {"logsumexp", logsumexp}, {"cumsum", cumsum}, {"expand", expand}, {"view", view}, {"reshape", reshape}, {"flatten", flatten}, {"permute", permute},
    {"transpose", transpose}, {"t", t}, {"select", select}, {"slice", slice}, {"squeeze", squeeze}, {"unsqueeze", unsqueeze}, {"asStrided", as_strided}, {"resize_", resize_},
    {"mm", mm}, {"bmm", bmm}, {"matmul", matmul}, {"addmm", addmm}, {"gather", gather}, {"scatter", scatter}, {"indexSelect", index_select}, {"cat", cat},
    {"stack", stack}, {"maskedFill", masked_fill}, {"tril", tril}, {"clone", clone}, {"contiguous", contiguous}, {"toDtype", to_dtype}, {"toDevice", to_device},
    {"copy_", copy_}, {"fill_", fill_}, {"scatterReduce", scatter_reduce}, {"nonzero", nonzero}, {"index", index}, {"indexPut", index_put}, {"indexPut_", index_put_},
    {"take", take}, {"pickRuns", pick_runs}, {"oneHot", one_hot}, {"maskedSelect", masked_select}, {"maskedScatter", masked_scatter}, {"indexAdd", index_add}, {"indexCopy", index_copy}, {"indexFill", index_fill},
    {"nansum", nansum}, {"varMean", var_mean}, {"amaxAmin", amax_amin}, {"cumprod", cumprod}, {"logcumsumexp", logcumsumexp}, {"cummaxCummin", cummax_cummin},
    {"sort", sort}, {"topk", topk}, {"kthvalue", kthvalue}, {"median", median}, {"medianDim", median_dim}, {"mode", mode}, {"unique", unique},
    {"searchsorted", searchsorted}, {"bincount", bincount}, {"histc", histc}, {"movedim", movedim}, {"flip", flip}, {"roll", roll}, {"repeat", repeat},
    {"unfold", unfold}, {"diagonal", diagonal}, {"diagEmbed", diag_embed}, {"squeezeDims", squeeze_dims}, {"split", split}, {"unbind", unbind}, {"addmv", addmv},
    {"baddbmm", baddbmm}, {"mv", mv}, {"dot", dot}, {"einsum", einsum}, {"lerp", lerp}, {"addcmul", addcmul}, {"addcdiv", addcdiv}, {"logit", logit},
    {"nanToNum", nan_to_num}, {"deg2rad", deg2rad}, {"rad2deg", rad2deg}, {"cross", cross}, {"trace", trace}, {"rot90", rot90}, {"renorm", renorm}, {"dist", dist},
    {"cdist", cdist}, {"become", become}, {"becomeView", become_view}, {"resultType", result_type}, {"promoteTypes", promote_types}, {"fillTensor_", fill_tensor_}, {"clampMin", clamp_min}, {"clampMax", clamp_max}, {"roundTo", round_to}, {"zero_", zero_},
};

}  // namespace weightroom::binding

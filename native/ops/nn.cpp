#include <cmath>

#include "kernels/softmax.h"
#include "ops/ops.h"

namespace weightroom::ops {
namespace {

Tensor raw_softmax(const Tensor& last, bool log) {
  NoGrad guard;
  Tensor in = contiguous(last);
  Tensor out = empty(in.sizes(), in.dtype(), in.device());
  if (out.numel()) backend(in).softmax(out, in, log);
  return out;
}

void refuse_softmax(const Tensor& a, bool log, bool last) {
  if (!is_floating(a.dtype())) fail_not_implemented("\"", log ? "log_" : "", last ? "softmax_lastdim_kernel_impl" : "softmax_kernel_impl", "\" not implemented for '", scalar_type_name(a.dtype()), "'");
}

Tensor target_rows(const Tensor& target) { return contiguous(to_dtype(target, DType::int64)); }

void check_loss(const Tensor& x, const Tensor& target) {
  check_same_device(x, target);
  if (x.dim() != 1 && x.dim() != 2) fail_value("Expected 1 or more dimensions (got ", x.dim(), ")");
  if (x.dim() == 2 && (target.dim() == 0 || x.size(0) != target.size(0)))
    fail_value("Expected input batch_size (", x.size(0), ") to match target batch_size (", target.dim() ? target.size(0) : 0, ").");
  check(target.dim() <= 1, "0D or 1D target tensor expected, multi-target not supported");
  if (target.dtype() != DType::int64 && target.dtype() != DType::uint8) fail("expected target dtype to be Long or Byte, but got ", scalar_type_name(target.dtype()));
  if (x.dim() == 1 && target.dim() == 1 && target.size(0) != 1) fail_value("For 1D input, 1D target must have size 1, but got target size: ", target.size(0));
}

}  // namespace

Tensor softmax(const Tensor& a0, int64_t dim, bool log) {
  const Tensor& a = a0;
  dim = wrap_dim(dim, a.dim());
  bool last = a.dim() == 0 || dim == a.dim() - 1;
  refuse_softmax(a, log, last);
  // On the CPU columns are taken where they lie.
  const bool columns = !last && a.device().is_cpu();
  Dims lines{1, 1, 1};
  if (columns) for (int64_t d = 0; d < a.dim(); ++d) lines[d < dim ? 0 : d == dim ? 1 : 2] *= a.size(d);
  auto turned = [dim, last](const Tensor& t) { return last ? contiguous(t) : contiguous(transpose(t, dim, -1)); };
  Tensor out;
  {
    NoGrad guard;
    if (columns) {
      out = empty(a.sizes(), a.dtype());
      if (out.numel()) cpu::softmax_columns(view(out, lines), view(contiguous(a), lines), log);
    } else {
      out = last ? raw_softmax(a, log) : turned(raw_softmax(transpose(a, dim, -1), log));
    }
  }
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, log ? "LogSoftmaxBackward0" : "SoftmaxBackward0", {a}, {}, [log, dim, columns, lines, turned](Context& c, const TensorList& g) {
      Tensor y = c.saved(0);
      if (grad_enabled()) {
        if (log) return TensorList{sub(g[0], mul(unary(UnaryOp::exp, y), sum(g[0], {dim}, true)))};
        return TensorList{mul(y, sub(g[0], sum(mul(g[0], y), {dim}, true)))};
      }
      if (columns) {
        Tensor gin = empty(y.sizes(), y.dtype());
        if (y.numel()) cpu::softmax_columns_backward(view(gin, lines), view(contiguous(g[0]), lines), view(contiguous(y), lines), log);
        return TensorList{gin};
      }
      Tensor yt = turned(y), gin = empty(yt.sizes(), y.dtype(), y.device());
      if (y.numel()) backend(y).softmax_backward(gin, turned(g[0]), yt, log);
      return TensorList{turned(gin)};
    });
    save_output(node, out);
  }
  return out;
}

Tensor nll_loss(const Tensor& logp, const Tensor& target, const Tensor& weight0, int64_t ignore, int reduction) {
  check_loss(logp, target);
  check_same_device(logp, {weight0});
  Tensor weight = weight0 ? contiguous(weight0) : weight0;
  if (weight && (weight.dim() != 1 || weight.numel() != logp.size(-1))) fail("weight tensor should be defined either for all ", logp.size(-1), " classes or no classes but got weight tensor of shape: ", shape_str(weight.sizes()));
  if (weight && weight.dtype() != logp.dtype()) fail("expected scalar type ", scalar_type_name(logp.dtype()), " but found ", scalar_type_name(weight.dtype()));
  if (!is_floating(logp.dtype())) fail_not_implemented("\"nll_loss_out_frame\" not implemented for '", scalar_type_name(logp.dtype()), "'");
  Tensor t = target_rows(target), p = contiguous(logp);
  Tensor loss = empty(reduction == 0 ? t.sizes() : Dims{}, logp.dtype(), logp.device());
  Tensor total = empty({}, logp.dtype(), logp.device());
  backend(p).nll(loss, total, p, t, weight, ignore, reduction);
  if (any_requires_grad({logp}))
    record(loss, "NllLossBackward0", {logp}, {SavedTensor(t), weight ? SavedTensor(weight) : SavedTensor(), SavedTensor(total)}, [ignore, reduction, from = logp.sizes()](Context& c, const TensorList& g) {
      Tensor gin = empty(from, g[0].dtype(), g[0].device());
      Tensor one = grad_enabled() ? full(g[0].sizes(), 1.0, g[0].dtype(), g[0].device()) : contiguous(g[0]);
      backend(gin).nll_backward(gin, one, c.saved(0), c.saved(1), c.saved(2), ignore, reduction);
      if (!grad_enabled()) return TensorList{gin};
      return TensorList{mul(reduction == 0 && g[0].dim() ? unsqueeze(g[0], -1) : g[0], gin)};
    });
  return loss;
}

Tensor cross_entropy(const Tensor& logits, const Tensor& target, int64_t ignore, int reduction) {
  check_loss(logits, target);
  refuse_softmax(logits, true, true);
  Tensor t = target_rows(target);
  Tensor logp = raw_softmax(logits, true);
  Tensor loss = empty(reduction == 0 ? t.sizes() : Dims{}, logits.dtype(), logits.device());
  Tensor total = empty({}, logits.dtype(), logits.device());
  backend(logp).nll(loss, total, logp, t, Tensor(), ignore, reduction);
  if (any_requires_grad({logits}))
    record(loss, "NllLossBackward0", {logits}, {SavedTensor(logits), SavedTensor(logp), SavedTensor(t), SavedTensor(total)}, [ignore, reduction](Context& c, const TensorList& g) {
      if (grad_enabled()) {
        // Through the two-step loss, whose every part can be differentiated again.
        Tensor x = c.saved(0), y = softmax(x, -1, true);
        Tensor d = empty(y.sizes(), y.dtype(), y.device());
        backend(d).nll_backward(d, full(g[0].sizes(), 1.0, d.dtype(), d.device()), c.saved(2), Tensor(), c.saved(3), ignore, reduction);
        Tensor gy = mul(reduction == 0 && g[0].dim() ? unsqueeze(g[0], -1) : g[0], d);
        return TensorList{sub(gy, mul(unary(UnaryOp::exp, y), sum(gy, {-1}, true)))};
      }
      Tensor y = c.saved(1);
      Tensor gin = empty(y.sizes(), y.dtype(), y.device());
      backend(gin).cross_entropy_backward(gin, contiguous(g[0]), y, c.saved(2), c.saved(3), ignore, reduction);
      return TensorList{gin};
    });
  return loss;
}

void check_mixed(const Tensor& x, std::initializer_list<Tensor> parameters) {
  bool half = x.dtype() == DType::float16 || x.dtype() == DType::bfloat16;
  for (const Tensor& p : parameters) {
    if (!p || p.dtype() == x.dtype() || (half && p.dtype() == DType::float32)) continue;
    check(x.dtype() == DType::float32 || half, "mixed dtype (CPU): all inputs must share same datatype.");
    fail("mixed dtype (CPU): expect parameter to have scalar type of Float");
  }
}

Tensor layer_norm(const Tensor& a, const Dims& normalized, const Tensor& weight, const Tensor& bias, double eps) {
  int64_t k = int64_t(normalized.size());
  check_same_device(a, {weight, bias});
  check(k > 0, "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []");
  for (const Tensor* t : {&weight, &bias})
    if (*t && t->sizes() != normalized) fail("Expected ", t == &weight ? "weight" : "bias", " to be of same shape as normalized_shape, but got ", t == &weight ? "weight" : "bias", " of shape ", shape_str(t->sizes()), " and normalized_shape = ", shape_str(normalized));
  bool ok = a.dim() >= k;
  for (int64_t i = 0; ok && i < k; ++i) ok = a.size(a.dim() - k + i) == normalized[size_t(i)];
  if (!ok) {
    std::string want = "[*";
    for (int64_t s : normalized) want += ", " + std::to_string(s);
    fail("Given normalized_shape=", shape_str(normalized), ", expected input with shape ", want, "], but got input of size", shape_str(a.sizes()));
  }
  check_mixed(a, {weight, bias});
  auto same = [&](const Tensor& t) { return !t || t.dtype() == a.dtype(); };
  if (!same(weight) || !same(bias)) return layer_norm(a, normalized, weight ? to_dtype(weight, a.dtype()) : weight, bias ? to_dtype(bias, a.dtype()) : bias, eps);
  if (!is_floating(a.dtype())) fail_not_implemented("\"LayerNormKernelImpl\" not implemented for '", scalar_type_name(a.dtype()), "'");
  Tensor in = contiguous(a);
  Dims lead(a.sizes().begin(), a.sizes().end() - k);
  Dims stat = lead;
  stat.insert(stat.end(), size_t(k), 1);
  Tensor out = empty(in.sizes(), in.dtype(), in.device()), mean_ = empty(stat, in.dtype(), in.device()), rstd = empty(stat, in.dtype(), in.device());
  {
    NoGrad guard;
    backend(in).layer_norm(out, mean_, rstd, in, weight ? contiguous(weight) : weight, bias ? contiguous(bias) : bias, eps);
  }
  if (any_requires_grad({in, weight, bias}))
    record(out, "NativeLayerNormBackward0", {in, weight, bias}, {SavedTensor(in), SavedTensor(mean_), SavedTensor(rstd), weight ? SavedTensor(weight) : SavedTensor()}, [k, eps, normalized](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), w = c.saved(3);
      Dims dims, leads;
      for (int64_t d = 0; d < x.dim(); ++d) (d < x.dim() - k ? leads : dims).push_back(d);
      if (grad_enabled()) {
        Tensor m = mean(x, dims, true), xc = sub(x, m);
        Tensor r = unary(UnaryOp::rsqrt, add(mean(mul(xc, xc), dims, true), eps)), xhat = mul(xc, r);
        Tensor gw = w ? mul(g[0], w) : g[0];
        Tensor gin = mul(r, sub(sub(gw, mean(gw, dims, true)), mul(xhat, mean(mul(gw, xhat), dims, true))));
        return TensorList{gin, c.needs(1) ? sum_to(mul(g[0], xhat), normalized) : Tensor(), c.needs(2) ? sum_to(g[0], normalized) : Tensor()};
      }
      auto make = [&](bool want, const Dims& s) { return want ? empty(s, x.dtype(), x.device()) : Tensor(); };
      Tensor gin = make(c.needs(0), x.sizes()), gw = make(c.needs(1), normalized), gb = make(c.needs(2), normalized);
      if (x.numel()) backend(x).layer_norm_backward(gin, gw, gb, contiguous(g[0]), x, c.saved(1), c.saved(2), w ? contiguous(w) : w);
      else for (Tensor t : {gw, gb}) if (t) fill_(t, 0);
      return TensorList{gin, gw, gb};
    });
  return out;
}

}  // namespace weightroom::ops

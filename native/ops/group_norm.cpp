// Group and root-mean-square normalization.
#include "kernels/norms.h"
#include "ops/layers.h"

namespace weightroom::ops {

Tensor group_norm(const Tensor& x0, int64_t groups, const Tensor& weight, const Tensor& bias, double eps) {
  Tensor x = contiguous(x0);
  const int64_t n = x.size(0), channels = x.size(1), inner = x.numel() ? x.numel() / n / channels : 0;
  Tensor out = empty(x.sizes(), x.dtype()), mean_ = empty({n, groups}, x.dtype()), rstd = empty({n, groups}, x.dtype());
  if (x.numel()) {
    NoGrad guard;
    cpu::group_norm(out, mean_, rstd, view(x, {n, channels, inner}), weight ? contiguous(weight) : weight, bias ? contiguous(bias) : bias, eps);
  }
  if (any_requires_grad({x, weight, bias}))
    record(out, "NativeGroupNormBackward0", {x, weight, bias}, {SavedTensor(x), SavedTensor(mean_), SavedTensor(rstd), weight ? SavedTensor(weight) : SavedTensor()}, [groups, n, channels, inner, eps](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), w = c.saved(3);
      auto make = [&](bool want, const Dims& s) { return want ? (x.numel() ? empty(s, x.dtype()) : zeros(s, x.dtype())) : Tensor(); };
      if (grad_enabled() && x.numel()) {
        // In ops that can be differentiated again.
        const Dims rows{n, groups, channels / groups * inner}, lines{n, channels, inner}, column{channels, 1};
        Tensor x3 = reshape(x, rows), xc = sub(x3, mean(x3, {2}, true)), r = unary(UnaryOp::rsqrt, add(mean(mul(xc, xc), {2}, true), eps)), xhat = mul(xc, r);
        Tensor gl = reshape(g[0], lines), gy = reshape(w ? mul(gl, reshape(w, column)) : gl, rows);
        Tensor gin = mul(r, sub(sub(gy, mean(gy, {2}, true)), mul(xhat, mean(mul(gy, xhat), {2}, true))));
        return TensorList{reshape(gin, x.sizes()), c.needs(1) ? sum(mul(gl, reshape(xhat, lines)), {0, 2}, false) : Tensor(), c.needs(2) ? sum(gl, {0, 2}, false) : Tensor()};
      }
      Tensor gin = make(c.needs(0), x.sizes()), gw = make(c.needs(1), {channels}), gb = make(c.needs(2), {channels});
      const Dims lines{n, channels, inner};
      if (x.numel()) cpu::group_norm_backward(gin, gw, gb, reshape(contiguous(g[0]), lines), view(x, lines), c.saved(1), c.saved(2), w ? contiguous(w) : w);
      return TensorList{gin, gw, gb};
    });
  return out;
}

Tensor rms_norm(const Tensor& x0, int64_t k, const Tensor& weight, double eps) {
  Tensor x = contiguous(x0);
  Dims stat = x.sizes(), dims;
  for (int64_t d = x.dim() - k; d < x.dim(); ++d) { stat[size_t(d)] = 1; dims.push_back(d); }
  Tensor out = empty(x.sizes(), x.dtype()), rstd = empty(stat, x.dtype());
  if (x.numel()) {
    NoGrad guard;
    cpu::rms_norm(out, rstd, x, weight ? contiguous(weight) : weight, eps);
  }
  if (any_requires_grad({x, weight}))
    record(out, "MulBackward0", {x, weight}, {SavedTensor(x), SavedTensor(rstd), weight ? SavedTensor(weight) : SavedTensor()}, [dims, eps](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), w = c.saved(2);
      if (grad_enabled() && x.numel()) {
        Tensor r = unary(UnaryOp::rsqrt, add(mean(mul(x, x), dims, true), eps)), gy = w ? mul(g[0], w) : g[0], xhat = mul(x, r);
        Tensor gin = mul(r, sub(gy, mul(xhat, mean(mul(gy, xhat), dims, true))));
        return TensorList{gin, c.needs(1) ? sum_to(mul(g[0], xhat), w.sizes()) : Tensor()};
      }
      auto make = [&](bool want, const Dims& s) { return want ? (x.numel() ? empty(s, x.dtype()) : zeros(s, x.dtype())) : Tensor(); };
      Tensor gin = make(c.needs(0), x.sizes()), gw = c.needs(1) ? make(true, w.sizes()) : Tensor();
      if (x.numel()) cpu::rms_norm_backward(gin, gw, contiguous(g[0]), x, c.saved(1), w ? contiguous(w) : w);
      return TensorList{gin, gw};
    });
  return out;
}

}  // namespace weightroom::ops

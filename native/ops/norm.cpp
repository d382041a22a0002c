// Batch normalization over every dim but the second.
#include "ops/ops.h"

namespace weightroom::ops {

Tensor batch_norm(const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& running_mean, const Tensor& running_var, bool train, double momentum, double eps) {
  check(input.dim() >= 2, "Expected at least 2 dimensions for input tensor but received ", input.dim());
  check_same_device(input, {weight, bias, running_mean, running_var});
  int64_t channels = input.size(1), inner = input.numel() && input.size(0) && channels ? input.numel() / input.size(0) / channels : 0;
  for (const Tensor* t : {&running_mean, &running_var})
    check(train || *t, t == &running_mean ? "running_mean" : "running_var", " must be defined in evaluation mode");
  for (const Tensor* t : {&running_mean, &running_var, &weight, &bias})
    if (*t && t->numel() != channels) fail(t == &weight ? "weight" : t == &bias ? "bias" : t == &running_mean ? "running_mean" : "running_var", " should contain ", channels, " elements not ", t->numel());
  if (!is_floating(input.dtype())) fail_not_implemented("\"batch_norm\" not implemented for '", scalar_type_name(input.dtype()), "'");
  check_mixed(input, {weight, bias, running_mean, running_var});
  auto same = [&](const Tensor& t) { return !t || t.dtype() == input.dtype(); };
  if (!same(weight) || !same(bias)) return batch_norm(input, weight ? to_dtype(weight, input.dtype()) : weight, bias ? to_dtype(bias, input.dtype()) : bias, running_mean, running_var, train, momentum, eps);
  Tensor x = contiguous(input);
  Tensor x3 = view(x, {x.size(0), channels, inner});
  Tensor mean_, rstd;
  Tensor out = empty(x.sizes(), x.dtype(), x.device());
  {
    NoGrad guard;
    Tensor var_;
    if (train) {
      mean_ = empty({channels}, x.dtype(), x.device());
      var_ = empty({channels}, x.dtype(), x.device());
      backend(x).batch_stats(mean_, var_, x3);
      double n = double(x.size(0) * inner);
      if (running_mean) copy_(running_mean, add(mul(running_mean, 1 - momentum), mul(mean_, momentum)));
      if (running_var) copy_(running_var, add(mul(running_var, 1 - momentum), mul(var_, momentum * n / (n - 1))));
    } else {
      mean_ = contiguous(to_dtype(running_mean, x.dtype()));
      var_ = to_dtype(running_var, x.dtype());
    }
    rstd = contiguous(unary(UnaryOp::rsqrt, add(var_, eps)));
    backend(x).batch_norm(view(out, x3.sizes()), x3, mean_, rstd, weight ? contiguous(weight) : weight, bias ? contiguous(bias) : bias);
  }
  if (any_requires_grad({x, weight, bias}))
    record(out, "NativeBatchNormBackward0", {x, weight, bias}, {SavedTensor(x), SavedTensor(mean_), SavedTensor(rstd), weight ? SavedTensor(weight) : SavedTensor()}, [train, eps, channels, inner](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), w = c.saved(3);
      if (grad_enabled()) {
        // In ops that can be differentiated again.
        Dims dims{0}, shape(size_t(x.dim()), 1);
        shape[1] = channels;
        for (int64_t d = 2; d < x.dim(); ++d) dims.push_back(d);
        Tensor m = train ? mean(x, dims, true) : reshape(c.saved(1), shape), xc = sub(x, m);
        Tensor r = train ? unary(UnaryOp::rsqrt, add(mean(mul(xc, xc), dims, true), eps)) : reshape(c.saved(2), shape), xhat = mul(xc, r);
        Tensor gy = w ? mul(g[0], reshape(w, shape)) : g[0];
        Tensor gin = train ? mul(r, sub(sub(gy, mean(gy, dims, true)), mul(xhat, mean(mul(gy, xhat), dims, true)))) : mul(gy, r);
        return TensorList{gin, c.needs(1) ? sum(mul(g[0], xhat), dims, false) : Tensor(), c.needs(2) ? sum(g[0], dims, false) : Tensor()};
      }
      Dims s3{x.size(0), channels, inner};
      auto make = [&](bool want, const Dims& s) { return want ? empty(s, x.dtype(), x.device()) : Tensor(); };
      Tensor gin = make(c.needs(0), x.sizes()), gw = make(c.needs(1), {channels}), gb = make(c.needs(2), {channels});
      backend(x).batch_norm_backward(gin ? view(gin, s3) : gin, gw, gb, view(contiguous(g[0]), s3), view(x, s3), c.saved(1), c.saved(2), w ? contiguous(w) : w, train);
      return TensorList{gin, gw, gb};
    });
  return out;
}

}  // namespace weightroom::ops

// Losses of a difference, in one pass each way.
#include <limits>

#include "ops/layers.h"

namespace weightroom::ops {

Tensor difference_loss(cpu::Loss kind, const Tensor& x0, const Tensor& target0, double p, bool mean) {
  static const char* const names[] = {"MseLossBackward0", "SmoothL1LossBackward0", "HuberLossBackward0", "BinaryCrossEntropyWithLogitsBackward0"};
  Tensor x = contiguous(x0), target = contiguous(target0);
  const double scale = mean ? 1 / double(x.numel()) : 1;
  Tensor out = scalar_tensor(Scalar(x.numel() || !mean ? cpu::loss_sum(kind, x, target, p, scale) : std::numeric_limits<double>::quiet_NaN()), x.dtype());
  if (any_requires_grad({x, target}))
    record(out, names[size_t(kind)], {x, target}, {SavedTensor(x), SavedTensor(target)}, [kind, p, scale](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), target = c.saved(1), gx;
      const bool logits = kind == cpu::Loss::logits;
      if (grad_enabled()) {
        // In ops that can be differentiated again.
        Tensor d = sub(x, target), size = unary(UnaryOp::abs, detach(d)), bound = wrapped(p);
        if (logits) d = sub(unary(UnaryOp::sigmoid, x), target);
        else if (kind == cpu::Loss::square) d = mul(d, 2.0);
        else if (kind == cpu::Loss::smooth_l1) d = where(binary(BinaryOp::lt, size, bound), mul(d, 1 / p), unary(UnaryOp::sign, d));
        else d = where(binary(BinaryOp::lt, size, bound), d, mul(unary(UnaryOp::sign, d), p));
        gx = mul(mul(d, scale), g[0]);
      } else {
        gx = empty(x.sizes(), x.dtype());
        if (x.numel()) cpu::loss_backward(kind, gx, g[0], x, target, p, scale);
      }
      Tensor gt;
      if (c.needs(1)) gt = logits ? mul(mul(x, -scale), g[0]) : neg(gx);
      return TensorList{c.needs(0) ? gx : Tensor(), gt};
    });
  return out;
}

}  // namespace weightroom::ops

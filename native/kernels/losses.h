// Losses of two tensors, element by element, reduced at once, on the CPU; contiguous float32 or float64 of one shape. Others compose them.
#pragma once
#include "core/tensor.h"

namespace weightroom::cpu {

// Of d = x - target: d², quadratic to `p` and linear beyond as in smooth_l1_loss (divided by p) and huber_loss. Last, the cross entropy of a logit x and a probability.
enum class Loss : uint8_t { square, smooth_l1, huber, logits };
// The sum over all elements, times `scale`.
double loss_sum(Loss kind, const Tensor& x, const Tensor& target, double p, double scale);
// Of it by x, times g (one number).
void loss_backward(Loss kind, const Tensor& gx, const Tensor& g, const Tensor& x, const Tensor& target, double p, double scale);

}  // namespace weightroom::cpu

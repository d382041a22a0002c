// Softmax over a dim that is not the last, on the CPU; [outer, n, inner] contiguous, one floating dtype. Other devices turn the tensor.
#pragma once
#include "core/tensor.h"

namespace weightroom::cpu {

// Softmax, or its logarithm, over n.
void softmax_columns(const Tensor& out, const Tensor& in, bool log);
// y: the result.
void softmax_columns_backward(const Tensor& gin, const Tensor& gout, const Tensor& y, bool log);

}  // namespace weightroom::cpu

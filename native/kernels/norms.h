// Normalization by groups of channels and by the root mean square, on the CPU; everything contiguous, one dtype. Others compose them.
#pragma once
#include "core/tensor.h"

namespace weightroom::cpu {

// x [N, C, inner]; mean and rstd [N, groups]; weight and bias [C] or undefined.
void group_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);
// Those of gin, gw [C], gb [C] that are defined.
void group_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight);
// Rows of x; rstd one a row, weight as long as a row or undefined.
void rms_norm(const Tensor& out, const Tensor& rstd, const Tensor& x, const Tensor& weight, double eps);
void rms_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gout, const Tensor& x, const Tensor& rstd, const Tensor& weight);

}  // namespace weightroom::cpu

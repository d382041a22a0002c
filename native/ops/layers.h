// Ops of single layers, which nothing else is made of.
#pragma once
#include "kernels/losses.h"
#include "kernels/resample.h"
#include "ops/ops.h"

namespace weightroom::ops {

// --- group_norm.cpp, on the CPU
// x [N, C, ...]; weight and bias [C] or undefined, of x's dtype. The caller has checked shapes.
Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps);
// Over the last `dims` dims; weight of their shape or undefined, of x's dtype.
Tensor rms_norm(const Tensor& x, int64_t dims, const Tensor& weight, double eps);

// --- resample.cpp, on the CPU
// The dims from 2 on made of weighted elements; at (int64) and weights (float64) [size, taps] for each. An op of PyTorch's name.
Tensor resize(const Tensor& x, const TensorList& at, const TensorList& weights, const std::string& name);
// x [N, C, H, W] to [N, C·kH·kW, windows], and the sum back.
Tensor im2col(const Tensor& x, const cpu::Windows& w);
Tensor col2im(const Tensor& x, const cpu::Windows& w);

// --- losses.cpp, on the CPU: mean or sum; float32 or float64, of one shape and dtype
Tensor difference_loss(cpu::Loss kind, const Tensor& x, const Tensor& target, double p, bool mean);

}  // namespace weightroom::ops

// Resizing and windows of images, on the CPU; contiguous. Others compose them.
#pragma once
#include <array>

#include "core/tensor.h"

namespace weightroom::cpu {

// Along dim, out[i] is the sum over k of weights[i, k] * in[at[i, k]]; a single tap is copied. at: int64, weights: float64, both [size, taps].
void resize(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& at, const Tensor& weights);
// The transpose: adds to gin, which is zero.
void resize_add(const Tensor& gin, const Tensor& gout, int64_t dim, const Tensor& at, const Tensor& weights);

// Height first. count: how many windows there are.
struct Windows { std::array<int64_t, 2> size, kernel, stride, padding, dilation, count; };
// x [N, C, H, W] to out [N, C·kH·kW, windows]; zero outside.
void im2col(const Tensor& out, const Tensor& x, const Windows& w);
// The transpose: adds to `image`, which is zero.
void col2im(const Tensor& image, const Tensor& columns, const Windows& w);

}  // namespace weightroom::cpu

// Rearranging elements on the CPU, whole rows at a time. Other devices compose the same from what backend.h has.
#pragma once
#include <vector>

#include "core/tensor.h"

namespace weightroom::cpu {

// Of one shape, any strides: the elements where `mask` (bool or uint8) is not zero, in C order, 1-D.
Tensor masked_select(const Tensor& in, const Tensor& mask);
// Puts contiguous `source`, which has enough, into contiguous `out` where `mask` is not zero.
void masked_scatter(const Tensor& out, const Tensor& mask, const Tensor& source);
// Everything contiguous, one dtype, none empty.
void cat(const Tensor& out, const std::vector<Tensor>& in, int64_t dim);
// out[.., i, ..] = in[.., index[i], ..] along dim; contiguous, rank 1 and more. Throws IndexError.
void index_select(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& index);
// out[.., index[i], ..] += g[.., i, ..]
void index_add(const Tensor& out, const Tensor& g, int64_t dim, const Tensor& index);

// n neighbours along a dim of the output come from positions from, from + step, ..; step is 1, 0 or -1. From below zero: they are filled.
struct Run { int64_t from, n, step; };
// One list a dim; an empty list takes the dim as it is.
using Runs = std::vector<std::vector<Run>>;
// Contiguous out is made of in (any strides) as the runs say; where a dim says so, of `fill`.
void pick(const Tensor& out, const Tensor& in, const Runs& runs, Scalar fill);
// The transpose: gin, contiguous and zero, gets contiguous gout added where it was picked from.
void pick_add(const Tensor& gin, const Tensor& gout, const Runs& runs);

// The last two dims' lower or upper triangle, zero elsewhere; contiguous.
void triangle(const Tensor& out, const Tensor& in, int64_t diagonal, bool upper);
// out [numel, classes] int64: 1 at the class.
void one_hot(const Tensor& out, const Tensor& classes);

}  // namespace weightroom::cpu

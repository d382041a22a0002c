// Running sums from the end, on the CPU; others flip.
#pragma once
#include "core/tensor.h"

namespace weightroom::cpu {

// out[i] = the sum of in[i], in[i + 1], .. along dim.
void cumsum_back(const Tensor& out, const Tensor& in, int64_t dim);

}  // namespace weightroom::cpu

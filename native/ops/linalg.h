// Linear algebra of square and other matrices, batched, float32 and float64 on the CPU. What can fail comes with an int32 `info` a matrix
// (kernels/linalg.h); the library turns it into LinAlgError.
#pragma once
#include "ops/ops.h"

namespace weightroom::ops {

TensorList inv_ex(const Tensor& a);                     // inverse, info
TensorList solve_ex(const Tensor& a, const Tensor& b);  // x of a @ x = b, info; equal batch dims
TensorList cholesky_ex(const Tensor& a);                // lower factor, info
Tensor det(const Tensor& a);
TensorList slogdet(const Tensor& a);                    // sign, log |det|
Tensor permutation_of(const Tensor& pivots, int64_t m);  // bool [..., m, m]: the P of A = P @ L @ U
TensorList lu_ex(const Tensor& a);                      // both factors in one matrix, pivots (int32, from 1), info
// q, r; `mode`: reduced, complete, or r (q is empty).
TensorList qr(const Tensor& a, const std::string& mode);
TensorList eigh(const Tensor& a, bool vectors);         // values, vectors (empty when not asked for), info
TensorList svd(const Tensor& a, bool full, bool vectors);  // u, s, vh (u and vh empty when not asked for), info
// Singular values of at most `rtol` times the largest, or `atol`, count as zero.
TensorList pinv(const Tensor& a, double atol, double rtol);  // result, info
TensorList lstsq(const Tensor& a, const Tensor& b, double rcond);  // x, rank
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool unit);

}  // namespace weightroom::ops

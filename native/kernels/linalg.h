// Decompositions of matrices, on the CPU only. Tensors are contiguous float32 or float64, the last two dims are the matrices, all others the batch.
#pragma once
#include "core/tensor.h"

namespace weightroom::linalg {

// `info` (int32, one a matrix): 0, or the number of the diagonal element or leading minor that stopped it, counted from 1.
void inverse(const Tensor& out, const Tensor& info, const Tensor& a);
void solve(const Tensor& out, const Tensor& info, const Tensor& a, const Tensor& b);
// The lower factor; reads the lower triangle.
void cholesky(const Tensor& out, const Tensor& info, const Tensor& a);
void determinant(const Tensor& det, const Tensor& sign, const Tensor& logabs, const Tensor& a);
// Partial pivoting: the unit lower factor below the diagonal, the upper one on and above it. pivots (int32): the row that each was swapped with, from 1.
void lu(const Tensor& out, const Tensor& pivots, const Tensor& info, const Tensor& a);
// a = q @ r; q [m, k], or undefined.
void qr(const Tensor& q, const Tensor& r, const Tensor& a);
// Eigenvalues ascending, vectors in columns or undefined; reads the lower triangle. `info`: 1 where it did not converge.
void eigh(const Tensor& values, const Tensor& vectors, const Tensor& info, const Tensor& a);
// a = u @ diag(s) @ vh; u and vh both thin, both whole or both undefined. `info`: 1 where the matrix is not finite, 2 where it did not converge.
void svd(const Tensor& u, const Tensor& s, const Tensor& vh, const Tensor& info, const Tensor& a);
// The shortest of the vectors nearest to a solution; pivots below `rcond` of the largest count as zero. rank: int64.
void lstsq(const Tensor& out, const Tensor& rank, const Tensor& a, const Tensor& b, double rcond);
void triangular(const Tensor& out, const Tensor& a, const Tensor& b, bool upper, bool unit);

}  // namespace weightroom::linalg

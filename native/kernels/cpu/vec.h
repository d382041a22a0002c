// float32 loops over contiguous memory, compiled by Google Highway for each instruction set and chosen at run time.
#pragma once
#include <cstdint>

#include "kernels/backend.h"
#include "kernels/cpu/loops.h"

namespace weightroom::vec {

// `stream`: writes past the caches (tiles.h).
// True when `op` has a vector loop; then out[i] = op(a[i]).
bool unary(UnaryOp op, float* out, const float* a, int64_t n, bool stream = false);
// a or b may be one repeated number (step 0).
bool binary(BinaryOp op, float* out, const float* a, const float* b, int64_t n, int a_step, int b_step, float alpha, bool stream = false);
// Loops over functions like those of libm, in vectors of SLEEF, for float32 and float64; null where there is none.
UnaryLoop special(UnaryOp op, DType t);
BinaryLoop special(BinaryOp op, DType t);
float sum(const float* a, int64_t n);
float sum_squares(const float* a, int64_t n);
float max(const float* a, int64_t n);
// out[i] = exp(a[i] - shift); returns their sum.
float exp_shifted(float* out, const float* a, float shift, int64_t n);
// out[j] = dot(x, w[j]) + bias[j] for rows w[j] of length k.
void gemv(float* out, const float* x, const float* w, int64_t ldw, const float* bias, int64_t rows, int64_t k);
// c = alpha * a @ b + beta * c, all contiguous: [m, n], [m, k], [k, n]. Runs in parallel.
void gemm(double* c, const double* a, const double* b, int64_t m, int64_t n, int64_t k, double alpha, double beta);
// y[i] += a * x[i].
void axpy(float* y, float a, const float* x, int64_t n);
// out[j] = sum over i of a[i * lda + j].
void column_sums(float* out, const float* a, int64_t lda, int64_t rows, int64_t cols);
// One row of n. scale and shift may be null.
void layer_norm(float* out, float* mean, float* rstd, const float* a, const float* scale, const float* shift, int64_t n, double eps);
// Its gradient; gin may be null, gw and gb get the row's part added.
void layer_norm_backward(float* gin, double* gw, double* gb, const float* g, const float* a, const float* scale, float mean, float rstd, int64_t n);
// One row: y = softmax or, where `log`, log softmax.
void softmax_backward(float* gin, const float* g, const float* y, int64_t n, bool log);
// The gradient is factor * g.
void sgd(float* p, const float* g, float factor, float* buf, bool first, int64_t n, const SgdOptions& o);
void adam(float* p, const float* g, float factor, float* m, float* v, int64_t n, const AdamOptions& o);
// The instruction set in use: "AVX3", "AVX2" ...
const char* target();

}  // namespace weightroom::vec

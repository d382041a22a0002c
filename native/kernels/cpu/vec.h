// float32 loops over contiguous memory, compiled by Google Highway for each instruction set and chosen at run time.
#pragma once
#include <cstdint>

#include "kernels/backend.h"

namespace weightroom::vec {

// Results of this size leave the caches before anybody reads them: `stream` writes past the caches instead of fetching each line first.
// Measured: without it faster up to 2 MiB, with it from 4 MiB. Not where out is also read.
constexpr int64_t kStream = (3 << 20) / sizeof(float);
// True when `op` has a vector loop; then out[i] = op(a[i]).
bool unary(UnaryOp op, float* out, const float* a, int64_t n, bool stream = false);
// a or b may be one repeated number (step 0).
bool binary(BinaryOp op, float* out, const float* a, const float* b, int64_t n, int a_step, int b_step, float alpha, bool stream = false);
float sum(const float* a, int64_t n);
float sum_squares(const float* a, int64_t n);
float max(const float* a, int64_t n);
// out[i] = exp(a[i] - shift); returns their sum.
float exp_shifted(float* out, const float* a, float shift, int64_t n);
// out[j] = dot(x, w[j]) + bias[j] for rows w[j] of length k.
void gemv(float* out, const float* x, const float* w, int64_t ldw, const float* bias, int64_t rows, int64_t k);
// y[i] += a * x[i].
void axpy(float* y, float a, const float* x, int64_t n);
// out[j] = sum over i of a[i * lda + j].
void column_sums(float* out, const float* a, int64_t lda, int64_t rows, int64_t cols);
// The gradient is factor * g.
void sgd(float* p, const float* g, float factor, float* buf, bool first, int64_t n, const SgdOptions& o);
void adam(float* p, const float* g, float factor, float* m, float* v, int64_t n, const AdamOptions& o);
// The instruction set in use: "AVX3", "AVX2" ...
const char* target();

}  // namespace weightroom::vec

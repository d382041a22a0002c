// Fills of contiguous memory with PyTorch's CPU numbers. Units: elements.
#pragma once
#include <cstdint>

#include "random/generator.h"

namespace weightroom {

void fill_uniform(Generator& g, float* out, int64_t n, double from, double to);
void fill_uniform(Generator& g, double* out, int64_t n, double from, double to);
// 16 elements and more: vectorised Box-Muller over chunks of 16; fewer: one by one through Generator::normal.
void fill_normal(Generator& g, float* out, int64_t n, double mean, double std);
void fill_normal(Generator& g, double* out, int64_t n, double mean, double std);
// For half types: uniforms are rounded to the type first.
void fill_normal(Generator& g, float* out, int64_t n, double mean, double std, float (*rounded)(float));
// Integers in [low, high).
void fill_randint(Generator& g, int64_t* out, int64_t n, int64_t low, int64_t high);
void fill_randperm(Generator& g, int64_t* out, int64_t n);
// A whole number from the Poisson distribution of mean lambda >= 0.
int64_t sample_poisson(Generator& g, double lambda);

// Q of the QR decomposition of a rows×cols row-major matrix (rows >= cols), columns signed so that R's diagonal is
// positive: what torch.nn.init.orthogonal_ keeps. Householder, in double.
void orthogonalize(const double* a, int64_t rows, int64_t cols, double* q);

}  // namespace weightroom

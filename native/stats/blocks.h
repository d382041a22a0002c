// Loops over short blocks of finite numbers, compiled by Google Highway for each instruction set and chosen at run time.
#pragma once
#include <cstdint>

namespace weightroom::stats {

constexpr int64_t kBlock = 2048;

struct Moments {
  double min, max, sum, squares, abs, shifted, shifted_squares;
  int64_t zeros;
};
// Of block[0..n), n > 0, with `shift` taken off before `shifted`. Returns false, and nothing else, when a value is not finite.
bool moments(const float* block, int64_t n, double shift, Moments& out);
bool moments(const double* block, int64_t n, double shift, Moments& out);

// index[i] = clamp(floor((block[i] - low) * scale), 0, last). Returns false when a value does not lie in [low, high] (or is a NaN).
bool bins(const float* block, int64_t n, double low, double high, double scale, int32_t last, int32_t* index);
bool bins(const double* block, int64_t n, double low, double high, double scale, int32_t last, int32_t* index);
// key[i]: the upper 16 bits of the value as float32, so turned that keys order as values do; that of -0 is 0's.
void keys(const float* block, int64_t n, int32_t* key);
void keys(const double* block, int64_t n, int32_t* key);

struct Distance { double difference2, a2, b2, ab, max_difference; int64_t differing; };
// Returns false when a value is not finite.
bool distance(const float* a, const float* b, int64_t n, Distance& out);
bool distance(const double* a, const double* b, int64_t n, Distance& out);

// Half types to float32.
void widen_half(const uint16_t* from, int64_t n, float* to);
void widen_bfloat(const uint16_t* from, int64_t n, float* to);

}  // namespace weightroom::stats

// Numbers of a tensor for people: one streamed pass over raw typed bytes, for live tensors and for files alike.
// Accumulators are fed in pieces, may be merged, and take bytes at any alignment.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "core/dtype.h"

namespace weightroom {

// NaN and infinities are counted and left out of everything else.
struct Summary {
  int64_t count = 0, zeros = 0, nan = 0, inf = 0;
  double min = 0, max = 0, mean = 0, std = 0, abs_mean = 0, abs_max = 0, norm = 0;
  // Exact for integers beyond 2^53; only set for int64.
  int64_t int_min = 0, int_max = 0;
};

class SummaryAccumulator {
 public:
  explicit SummaryAccumulator(DType dtype) : dtype_(dtype) {}
  void add(const void* values, int64_t n);
  void merge(const SummaryAccumulator& other);
  Summary finish() const;

 private:
  template <typename T> void add_block(const T* block, int64_t n);
  void merge_moments(double n, double mean, double m2);

  DType dtype_;
  int64_t n_ = 0, zeros_ = 0, nan_ = 0, inf_ = 0;
  double min_ = 0, max_ = 0, squares_ = 0, abs_ = 0;
  // Of the finite values: how many, their mean, and the sum of squared distances from it (Chan, Golub and LeVeque).
  double finite_ = 0, mean_ = 0, m2_ = 0;
  int64_t int_min_ = INT64_MAX, int_max_ = INT64_MIN;
};

struct Histogram {
  std::vector<int64_t> counts;
  std::vector<double> percentiles;
};

// Equal-width bins over [low, high], the last one closed; and, for percentiles, counts by the upper 16 bits of each value as float32, its key.
// NaN and infinities are left out.
class HistogramAccumulator {
 public:
  HistogramAccumulator(DType dtype, int64_t bins, double low, double high, bool percentiles = false);
  void add(const void* values, int64_t n);
  // Takes the counts of `other`, which gives its memory back.
  void merge(HistogramAccumulator& other);
  void release() { slots_ = {}; released_ = true; }
  bool released() const { return released_; }
  // For each of `ps` the value below which so many percent lie, within 1/256 of it, clamped to [low, high]; needs `percentiles`.
  Histogram finish(const std::vector<double>& ps = {}) const;

 private:
  int64_t bin_of(double value) const;
  double value_of(int64_t key) const;

  DType dtype_;
  double low_, high_, scale_, half_scale_ = 0;
  int64_t bins_;
  // Keys rise with the value, and so do bins: the sum of the two, a slot, tells both apart, and every value is counted once.
  bool keyed_, released_ = false;
  int64_t first_ = 0, highest_ = 0;  // keys of low and high, without `percentiles` both 0
  std::vector<uint64_t> slots_;      // made when the first values come
};

// How far two tensors of equal shape lie apart. Pairs with a NaN or an infinity count as differing (unless their bits are equal) and in nothing else.
struct Comparison {
  int64_t count = 0, differing = 0, non_finite = 0;
  double difference2 = 0, a2 = 0, b2 = 0, ab = 0, max_difference = 0;
};
class CompareAccumulator {
 public:
  CompareAccumulator(DType a, DType b) : a_(a), b_(b) {}
  void add(const void* a, const void* b, int64_t n);
  void merge(const CompareAccumulator& other);
  const Comparison& finish() const { return c_; }

 private:
  DType a_, b_;
  Comparison c_;
};

}  // namespace weightroom

// Numbers of a tensor for people: one streamed pass over raw typed bytes, for live tensors and for files alike.
#pragma once
#include <cstdint>
#include <vector>

#include "core/dtype.h"

namespace weightroom {

// NaN and infinities are counted and left out of everything else.
struct Summary {
  int64_t count = 0, zeros = 0, nan = 0, inf = 0;
  double min = 0, max = 0, mean = 0, std = 0, abs_mean = 0, abs_max = 0, norm = 0;
};

class SummaryAccumulator {
 public:
  explicit SummaryAccumulator(DType dtype) : dtype_(dtype) {}
  void add(const void* values, int64_t n);
  Summary finish() const;

 private:
  DType dtype_;
  int64_t n_ = 0, zeros_ = 0, nan_ = 0, inf_ = 0;
  double min_ = 0, max_ = 0, sum_ = 0, squares_ = 0, abs_ = 0;
  double shift_ = 0;  // first finite value: keeps the variance exact for offset data
  double shifted_ = 0, shifted_squares_ = 0;
  bool any_ = false;
};

// Equal-width bins over [low, high], the last one closed. NaN and infinities are left out.
class HistogramAccumulator {
 public:
  HistogramAccumulator(DType dtype, int64_t bins, double low, double high) : dtype_(dtype), low_(low), high_(high), counts_(size_t(bins)) {}
  void add(const void* values, int64_t n);
  const std::vector<int64_t>& counts() const { return counts_; }

 private:
  DType dtype_;
  double low_, high_;
  std::vector<int64_t> counts_;
};

}  // namespace weightroom

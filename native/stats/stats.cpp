#include "stats/stats.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace weightroom {
namespace {
// Bytes of files need not be aligned.
template <typename T> double value_at(const void* p, int64_t i) {
  T v;
  std::memcpy(&v, static_cast<const char*>(p) + i * int64_t(sizeof(T)), sizeof(T));
  return double(compute_t<T>(v));
}
}  // namespace

void SummaryAccumulator::add(const void* values, int64_t n) {
  dispatch_all(dtype_, [&]<typename T>() {
    for (int64_t i = 0; i < n; ++i) {
      double v = value_at<T>(values, i);
      if (!std::isfinite(v)) { ++(std::isnan(v) ? nan_ : inf_); continue; }
      if (!any_) { any_ = true; min_ = max_ = shift_ = v; }
      min_ = std::min(min_, v);
      max_ = std::max(max_, v);
      zeros_ += v == 0;
      sum_ += v;
      abs_ += std::abs(v);
      squares_ += v * v;
      double d = v - shift_;
      shifted_ += d;
      shifted_squares_ += d * d;
    }
  });
  n_ += n;
}

Summary SummaryAccumulator::finish() const {
  Summary s;
  s.count = n_;
  s.zeros = zeros_;
  s.nan = nan_;
  s.inf = inf_;
  double n = double(n_ - nan_ - inf_);
  if (n == 0) return s;
  s.min = min_;
  s.max = max_;
  s.mean = sum_ / n;
  s.abs_mean = abs_ / n;
  s.abs_max = std::max(std::abs(min_), std::abs(max_));
  s.norm = std::sqrt(squares_);
  s.std = n > 1 ? std::sqrt(std::max(0.0, (shifted_squares_ - shifted_ * shifted_ / n) / (n - 1))) : 0;
  return s;
}

void HistogramAccumulator::add(const void* values, int64_t n) {
  int64_t bins = int64_t(counts_.size());
  double scale = high_ > low_ ? double(bins) / (high_ - low_) : 0;
  dispatch_all(dtype_, [&]<typename T>() {
    for (int64_t i = 0; i < n; ++i) {
      double v = value_at<T>(values, i);
      if (!(v >= low_ && v <= high_)) continue;
      ++counts_[size_t(std::min(bins - 1, int64_t((v - low_) * scale)))];
    }
  });
}

}  // namespace weightroom

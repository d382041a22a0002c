#include "stats/stats.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "stats/blocks.h"

namespace weightroom {
namespace {

using stats::kBlock;

// Calls f(block, n) over the values as float or double, whichever holds them exactly (int64 is rounded to double).
// Bytes of files need not be aligned: such blocks are copied out first.
template <typename F> void for_blocks(DType dtype, const void* values, int64_t n, F&& f) {
  const char* from = static_cast<const char*>(values);
  dispatch_all(dtype, [&]<typename T>() {
    using Wide = std::conditional_t<std::is_same_v<T, double> || std::is_same_v<T, int64_t> || std::is_same_v<T, int32_t>, double, float>;
    alignas(64) Wide block[kBlock];
    alignas(64) T raw[kBlock];
    for (int64_t i = 0; i < n; i += kBlock) {
      const int64_t k = std::min(kBlock, n - i);
      if constexpr (std::is_same_v<T, Wide>) {
        const char* at = from + i * int64_t(sizeof(T));
        if (reinterpret_cast<uintptr_t>(at) % alignof(T) == 0) {
          f(reinterpret_cast<const Wide*>(at), k, i);
          continue;
        }
        std::memcpy(block, at, size_t(k) * sizeof(T));
      }
      else if constexpr (std::is_same_v<T, bool>) {
        for (int64_t j = 0; j < k; ++j) block[j] = from[i + j] != 0;  // any byte may stand in a file
      } else {
        std::memcpy(raw, from + i * int64_t(sizeof(T)), size_t(k) * sizeof(T));
        if constexpr (std::is_same_v<T, half_t>) stats::widen_half(reinterpret_cast<const uint16_t*>(raw), k, block);
        else if constexpr (std::is_same_v<T, bfloat16_t>) stats::widen_bfloat(reinterpret_cast<const uint16_t*>(raw), k, block);
        else for (int64_t j = 0; j < k; ++j) block[j] = Wide(raw[j]);
      }
      f(static_cast<const Wide*>(block), k, i);
    }
  });
}

}  // namespace

void SummaryAccumulator::merge_moments(double n, double mean, double m2) {
  if (n == 0) return;
  const double all = finite_ + n, delta = mean - mean_;
  m2_ += m2 + delta * delta * finite_ * n / all;
  mean_ = std::isfinite(delta) ? mean_ + delta * (n / all) : mean_ * (finite_ / all) + mean * (n / all);
  finite_ = all;
}

template <typename T> void SummaryAccumulator::add_block(const T* block, int64_t n) {
  stats::Moments m;
  const double shift = double(block[0]);
  if (std::isfinite(shift) && stats::moments(block, n, shift, m)) {
    if (finite_ == 0) { min_ = m.min; max_ = m.max; }
    min_ = std::min(min_, m.min);
    max_ = std::max(max_, m.max);
    zeros_ += m.zeros;
    squares_ += m.squares;
    abs_ += m.abs;
    merge_moments(double(n), shift + m.shifted / double(n), std::max(0.0, m.shifted_squares - m.shifted * m.shifted / double(n)));
    return;
  }
  // Something is not finite: set aside, the rest as before.
  T kept[kBlock];
  int64_t k = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (std::isfinite(block[i])) kept[k++] = block[i];
    else ++(std::isnan(block[i]) ? nan_ : inf_);
  }
  if (k == 0) return;
  if (k < n) return add_block(kept, k);
  // All finite, but a square is not.
  for (int64_t i = 0; i < n; ++i) {
    const double v = double(block[i]);
    if (finite_ == 0) min_ = max_ = v;
    min_ = std::min(min_, v);
    max_ = std::max(max_, v);
    zeros_ += v == 0;
    squares_ += v * v;
    abs_ += std::abs(v);
    merge_moments(1, v, 0);
  }
}

void SummaryAccumulator::add(const void* values, int64_t n) {
  for_blocks(dtype_, values, n, [&](auto* block, int64_t k, int64_t) { add_block(block, k); });
  if (dtype_ == DType::int64) {
    const char* from = static_cast<const char*>(values);
    for (int64_t i = 0; i < n; ++i) {
      int64_t v;
      std::memcpy(&v, from + 8 * i, 8);
      int_min_ = std::min(int_min_, v);
      int_max_ = std::max(int_max_, v);
    }
  }
  n_ += n;
}

void SummaryAccumulator::merge(const SummaryAccumulator& o) {
  if (o.finite_ > 0) {
    if (finite_ == 0) { min_ = o.min_; max_ = o.max_; }
    min_ = std::min(min_, o.min_);
    max_ = std::max(max_, o.max_);
  }
  merge_moments(o.finite_, o.mean_, o.m2_);
  n_ += o.n_;
  zeros_ += o.zeros_;
  nan_ += o.nan_;
  inf_ += o.inf_;
  squares_ += o.squares_;
  abs_ += o.abs_;
  int_min_ = std::min(int_min_, o.int_min_);
  int_max_ = std::max(int_max_, o.int_max_);
}

Summary SummaryAccumulator::finish() const {
  Summary s;
  s.count = n_;
  s.zeros = zeros_;
  s.nan = nan_;
  s.inf = inf_;
  if (finite_ == 0) return s;
  s.min = min_;
  s.max = max_;
  s.mean = mean_;
  // Sums of squares near a double's end have no end: what they are part of is then said to be the largest double, never NaN.
  auto bounded = [](double v) { return v <= std::numeric_limits<double>::max() ? v : std::numeric_limits<double>::max(); };
  s.abs_mean = bounded(abs_ / finite_);
  s.abs_max = std::max(std::abs(min_), std::abs(max_));
  s.norm = bounded(std::sqrt(squares_));
  s.std = finite_ > 1 ? bounded(std::sqrt(m2_ / (finite_ - 1))) : 0;
  if (dtype_ == DType::int64) { s.int_min = int_min_; s.int_max = int_max_; }
  return s;
}

namespace {
// The upper 16 bits of a value as float32, so turned that keys order as values do; both zeros have one.
int64_t key_of(double value) {
  const float f = float(value);
  int32_t key;
  stats::keys(&f, 1, &key);
  return key;
}
// Doubles as integers in the same order, and back.
int64_t rank(double v) {
  int64_t u;
  std::memcpy(&u, &v, 8);
  return u < 0 ? u ^ INT64_MAX : u;
}
double of_rank(int64_t r) {
  if (r < 0) r ^= INT64_MAX;
  double v;
  std::memcpy(&v, &r, 8);
  return v;
}
}  // namespace

HistogramAccumulator::HistogramAccumulator(DType dtype, int64_t bins, double low, double high, bool percentiles)
    : dtype_(dtype), low_(low), high_(high), scale_(high > low ? double(bins) / (high - low) : 0), bins_(bins), keyed_(percentiles) {
  // A range too small for a double: everything falls into the first bin.
  if (!std::isfinite(scale_)) scale_ = 0;
  // high - low is infinite: half of everything is not.
  if (high / 2 - low / 2 > std::numeric_limits<double>::max() / 2) half_scale_ = double(bins) / (high / 2 - low / 2);
  if (keyed_) {
    first_ = key_of(low);
    highest_ = std::max(first_, key_of(high));
  }
}

// As stats::bins does it.
int64_t HistogramAccumulator::bin_of(double v) const {
  const double at = half_scale_ > 0 ? (v / 2 - low_ / 2) * half_scale_ : (v - low_) * scale_;
  return int64_t(std::min(std::max(at, 0.0), double(bins_ - 1)));
}

void HistogramAccumulator::add(const void* values, int64_t n) {
  if (slots_.empty()) slots_.resize(size_t(highest_ - first_ + bins_));
  const int32_t last = int32_t(bins_ - 1);
  alignas(64) int32_t slot[kBlock], key[kBlock];
  for_blocks(dtype_, values, n, [&](auto* block, int64_t k, int64_t) {
    using Wide = std::remove_const_t<std::remove_pointer_t<decltype(block)>>;
    Wide kept[kBlock];
    const Wide* use = block;
    if (!stats::bins(use, k, low_, high_, scale_, last, slot)) {
      int64_t m = 0;
      for (int64_t i = 0; i < k; ++i)
        if (double(block[i]) >= low_ && double(block[i]) <= high_) kept[m++] = block[i];
      use = kept;
      k = m;
      stats::bins(use, k, low_, high_, scale_, last, slot);
    }
    if (half_scale_ > 0)
      for (int64_t i = 0; i < k; ++i) slot[i] = int32_t(bin_of(double(use[i])));
    if (keyed_) {
      stats::keys(use, k, key);
      for (int64_t i = 0; i < k; ++i) slot[i] += key[i] - int32_t(first_);
    }
    uint64_t* counts = slots_.data();
    for (int64_t i = 0; i < k; ++i) ++counts[size_t(slot[i])];
  });
}

void HistogramAccumulator::merge(HistogramAccumulator& o) {
  if (slots_.empty()) slots_ = std::move(o.slots_);
  else for (size_t i = 0; i < slots_.size() && i < o.slots_.size(); ++i) slots_[i] += o.slots_[i];
  o.release();
}

double HistogramAccumulator::value_of(int64_t k) const {
  const uint32_t key = uint32_t(k) << 16;
  const uint32_t low = key & 0x80000000u ? key & 0x7fffffffu : ~key;  // the bits back; of a negative value, all lower bits set
  // Types that the key holds whole (or that are whole numbers) stand at the edge nearer to zero, others in the middle.
  const uint32_t middle = is_floating(dtype_) && dtype_ != DType::bfloat16 ? (low & 0xffff0000u) | 0x8000u : low & 0xffff0000u;
  float v;
  std::memcpy(&v, &middle, 4);
  if ((low & 0x7fff0000u) == 0) v = 0;  // zero and what is nearly so
  if (!std::isfinite(v)) return low & 0x80000000u ? low_ : high_;  // a double beyond float32
  return std::min(std::max(double(v), low_), high_);
}

Histogram HistogramAccumulator::finish(const std::vector<double>& ps) const {
  Histogram h{std::vector<int64_t>(size_t(bins_)), std::vector<double>(ps.size())};
  if (slots_.empty()) return h;
  std::vector<std::pair<int64_t, int64_t>> keys;  // those that occur, by rising values, and how often
  int64_t slot = 0, total = 0, least = rank(low_);
  for (int64_t bin = 0; bin < bins_; ++bin) {
    // The least value of the next bin: its key is the last that values of this bin may have.
    int64_t last = highest_ - first_;
    if (keyed_ && bin + 1 < bins_ && bin_of(high_) > bin) {
      int64_t most = rank(high_);
      while (least < most) {
        const int64_t middle = least + int64_t((uint64_t(most) - uint64_t(least)) / 2);
        if (bin_of(of_rank(middle)) > bin) most = middle;
        else least = middle + 1;
      }
      last = key_of(of_rank(least)) - first_;
    }
    for (; slot <= last + bin; ++slot) {
      const int64_t count = int64_t(slots_[size_t(slot)]);
      if (count == 0) continue;
      h.counts[size_t(bin)] += count;
      total += count;
      keys.emplace_back(first_ + slot - bin, count);
    }
  }
  for (size_t i = 0; i < ps.size() && total > 0; ++i) {
    // Where NumPy's linear interpolation would look, without interpolating.
    const double want = ps[i] / 100 * double(total - 1);
    int64_t below = 0;
    size_t k = 0;
    while (k + 1 < keys.size() && double(below + keys[k].second) <= want) below += keys[k++].second;
    h.percentiles[i] = value_of(keys[k].first);
  }
  return h;
}

void CompareAccumulator::add(const void* a, const void* b, int64_t n) {
  const size_t sa = itemsize(a_), sb = itemsize(b_);
  const char* pb = static_cast<const char*>(b);
  for_blocks(a_, a, n, [&](auto* block, int64_t k, int64_t at) {
    for_blocks(b_, pb + size_t(at) * sb, k, [&](auto* other, int64_t, int64_t) {
      using A = std::remove_const_t<std::remove_pointer_t<decltype(block)>>;
      using B = std::remove_const_t<std::remove_pointer_t<decltype(other)>>;
      stats::Distance d;
      bool finite;
      if constexpr (std::is_same_v<A, B>) finite = stats::distance(block, other, k, d);
      else {
        double wa[kBlock], wb[kBlock];
        for (int64_t i = 0; i < k; ++i) { wa[i] = double(block[i]); wb[i] = double(other[i]); }
        finite = stats::distance(wa, wb, k, d);
      }
      if (!finite) {
        d = {};
        for (int64_t i = 0; i < k; ++i) {
          const double x = double(block[i]), y = double(other[i]), e = x - y;
          const bool same = a_ == b_ ? std::memcmp(static_cast<const char*>(a) + size_t(at + i) * sa, pb + size_t(at + i) * sb, sa) == 0 : x == y;
          d.differing += !same && !(x == y);
          if (!std::isfinite(x) || !std::isfinite(y)) { ++c_.non_finite; continue; }
          d.difference2 += e * e;
          d.a2 += x * x;
          d.b2 += y * y;
          d.ab += x * y;
          d.max_difference = std::max(d.max_difference, std::abs(e));
        }
      }
      // int64 rounds to double: neighbours beyond 2^53 must still differ.
      if (a_ == DType::int64 && b_ == DType::int64) {
        d.differing = 0;
        for (int64_t i = 0; i < k; ++i) d.differing += std::memcmp(static_cast<const char*>(a) + size_t(at + i) * 8, pb + size_t(at + i) * 8, 8) != 0;
      }
      c_.difference2 += d.difference2;
      c_.a2 += d.a2;
      c_.b2 += d.b2;
      c_.ab += d.ab;
      c_.max_difference = std::max(c_.max_difference, d.max_difference);
      c_.differing += d.differing;
    });
  });
  c_.count += n;
}

void CompareAccumulator::merge(const CompareAccumulator& o) {
  c_.count += o.c_.count;
  c_.differing += o.c_.differing;
  c_.non_finite += o.c_.non_finite;
  c_.difference2 += o.c_.difference2;
  c_.a2 += o.c_.a2;
  c_.b2 += o.c_.b2;
  c_.ab += o.c_.ab;
  c_.max_difference = std::max(c_.max_difference, o.c_.max_difference);
}

}  // namespace weightroom

// Statistics over raw bytes against the plainest loop in long double: every type, misaligned, in odd pieces, merged.
#include "stats/stats.h"

#include <cstring>

#include "tools.h"

using namespace weightroom;

TEST_SUITE_BEGIN("stats");

namespace {

constexpr DType kAll[] = {DType::float32, DType::float64, DType::float16, DType::bfloat16, DType::int64, DType::int32, DType::int16, DType::int8, DType::uint8, DType::boolean};

// Bytes at an odd address.
struct Odd {
  std::vector<char> bytes;
  int64_t n;
  const char* data() const { return bytes.data() + 1; }
  template <typename T> explicit Odd(const std::vector<T>& v) : bytes(v.size() * sizeof(T) + 1), n(int64_t(v.size())) { if (!v.empty()) std::memcpy(bytes.data() + 1, v.data(), v.size() * sizeof(T)); }
};
template <typename T> std::vector<T> random_values(int64_t n, uint32_t seed, double scale, double shift) {
  std::mt19937 gen(seed);
  std::vector<T> out(static_cast<size_t>(n));
  for (auto& x : out) x = T(compute_t<T>(shift + scale * (double(gen()) / 2147483648.0 - 1.0)));
  return out;
}
struct Plain { long double mean = 0, m2 = 0, squares = 0, abs = 0; double min = 0, max = 0; int64_t n = 0, zeros = 0; };
template <typename T> Plain plain(const std::vector<T>& v) {
  Plain p;
  for (T x : v) {
    double d = double(compute_t<T>(x));
    if (!std::isfinite(d)) continue;
    if (p.n++ == 0) p.min = p.max = d;
    p.min = std::min(p.min, d);
    p.max = std::max(p.max, d);
    p.mean += d;
    p.squares += (long double)d * d;
    p.abs += std::abs(d);
    p.zeros += d == 0;
  }
  if (p.n) p.mean /= p.n;
  for (T x : v) {
    double d = double(compute_t<T>(x));
    if (std::isfinite(d)) p.m2 += ((long double)d - p.mean) * ((long double)d - p.mean);
  }
  return p;
}
void check(const Summary& s, const Plain& p, int64_t all, double tolerance = 1e-12) {
  auto near = [=](double a, long double b) { CHECK(a == doctest::Approx(double(b)).epsilon(tolerance)); };
  CHECK(s.count == all);
  CHECK(s.zeros == p.zeros);
  CHECK(s.min == p.min);
  CHECK(s.max == p.max);
  near(s.mean, p.mean);
  near(s.std, p.n > 1 ? std::sqrt(p.m2 / (p.n - 1)) : 0);
  near(s.norm, std::sqrt(p.squares));
  near(s.abs_mean, p.n ? p.abs / p.n : 0);
  CHECK(s.abs_max == std::max(std::abs(p.min), std::abs(p.max)));
}

}  // namespace

TEST_CASE("a summary equals the plain loop: every type, odd pieces, misaligned, merged") {
  for (DType t : kAll) {
    CAPTURE(dtype_name(t));
    dispatch_all(t, [&]<typename T>() {
      for (int64_t n : {0, 1, 2, 7, 2047, 2048, 2049, 10000}) {
        CAPTURE(n);
        if constexpr (std::is_same_v<T, bool>) {
          std::vector<uint8_t> raw = random_values<uint8_t>(n, 3, 100, 100);
          for (auto& x : raw) x = x > 120 ? x : 0;  // any byte but zero is true
          Odd bytes(raw);
          SummaryAccumulator a(t);
          a.add(bytes.data(), n);
          for (auto& x : raw) x = x != 0;
          check(a.finish(), plain(raw), n);
        } else {
          const bool small = sizeof(T) == 1;
          auto v = random_values<T>(n, 7, small ? 60 : 900, small ? 60 : 5);
          Odd bytes(v);
          SummaryAccumulator a(t), b(t);
          for (int64_t at = 0, k = 0; at < n; ++k) {
            int64_t m = std::min<int64_t>(1 + 333 * k, n - at);
            (k % 2 ? a : b).add(bytes.data() + at * int64_t(sizeof(T)), m);
            at += m;
          }
          a.merge(b);
          check(a.finish(), plain(v), n);
        }
      }
    });
  }
}
TEST_CASE("NaN and infinities are counted and left out, wherever they stand") {
  auto v = random_values<float>(9000, 1, 1, 0);
  v[0] = NAN;
  v[100] = INFINITY;
  v[5000] = -INFINITY;
  v[8999] = NAN;
  for (int64_t i = 2048; i < 4096; ++i) v[size_t(i)] = NAN;
  SummaryAccumulator a(DType::float32);
  a.add(v.data(), int64_t(v.size()));
  Summary s = a.finish();
  CHECK(s.nan == 2050);
  CHECK(s.inf == 2);
  check(s, plain(v), 9000);
  SummaryAccumulator none(DType::float32);
  none.add(v.data() + 2048, 100);
  CHECK(none.finish().min == 0);
  CHECK(none.finish().nan == 100);
}
TEST_CASE("the spread of values far from zero, and of values whose squares overflow") {
  auto far = random_values<double>(5000, 2, 1e-3, 1e9);
  SummaryAccumulator a(DType::float64);
  a.add(far.data(), 5000);
  check(a.finish(), plain(far), 5000, 1e-7);
  std::vector<double> huge = {1e300, -1e300, 5e299};
  SummaryAccumulator b(DType::float64);
  b.add(huge.data(), 3);
  CHECK(b.finish().min == -1e300);
  CHECK(b.finish().max == 1e300);
  CHECK(b.finish().nan + b.finish().inf == 0);
  // Found by fuzzing: near a double's end nothing becomes NaN, and percentiles stay between the extremes.
  std::vector<double> end = {1.7e308, -1.7e308, 1.7e308};
  SummaryAccumulator c(DType::float64), d(DType::float64);
  c.add(end.data(), 1);
  d.add(end.data() + 1, 2);
  c.merge(d);
  Summary s = c.finish();
  CHECK(s.std >= 0);
  CHECK(s.norm > 1e308);
  CHECK(std::abs(s.mean) <= 1.7e308);
  HistogramAccumulator h(DType::float64, 8, s.min, s.max, true);
  h.add(end.data(), 3);
  for (double p : {0.0, 50.0, 100.0}) {
    CHECK(h.finish({p}).percentiles[0] >= s.min);
    CHECK(h.finish({p}).percentiles[0] <= s.max);
  }
}
TEST_CASE("int64 extremes are exact") {
  std::vector<int64_t> v = {INT64_MAX, INT64_MIN, (int64_t(1) << 53) + 1};
  SummaryAccumulator a(DType::int64);
  a.add(v.data(), 3);
  CHECK(a.finish().int_min == INT64_MIN);
  CHECK(a.finish().int_max == INT64_MAX);
}

TEST_CASE("a histogram counts every finite value once, the last bin closed, merged or not") {
  auto v = random_values<float>(70000, 5, 3, 0.5);
  v[3] = NAN;
  v[4] = INFINITY;
  SummaryAccumulator s(DType::float32);
  s.add(v.data(), 70000);
  double low = s.finish().min, high = s.finish().max;
  HistogramAccumulator a(DType::float32, 13, low, high, true), b(DType::float32, 13, low, high, true);
  a.add(v.data(), 1001);
  b.add(v.data() + 1001, 70000 - 1001);
  a.merge(b);
  CHECK(b.released());
  std::vector<int64_t> want(13);
  std::vector<double> finite;
  for (float x : v)
    if (std::isfinite(x)) {
      finite.push_back(x);
      ++want[size_t(std::min(12.0, (double(x) - low) * (13 / (high - low))))];
    }
  CHECK(a.finish().counts == want);
  std::sort(finite.begin(), finite.end());
  for (double p : {0.0, 1.0, 25.0, 50.0, 75.0, 99.0, 100.0}) {
    CAPTURE(p);
    double exact = finite[size_t(p / 100 * double(finite.size() - 1))];
    CHECK(std::abs(a.finish({p}).percentiles[0] - exact) <= std::abs(exact) / 256 + 1e-12);
  }
}
template <typename T> void check_bins(DType dtype, const std::vector<T>& v, int64_t bins) {
  SummaryAccumulator s(dtype);
  s.add(v.data(), int64_t(v.size()));
  const double low = s.finish().min, high = s.finish().max, scale = double(bins) / (high - low);
  std::vector<int64_t> want(size_t(bins), 0);
  for (T x : v) ++want[size_t(std::min(double(bins - 1), (double(x) - low) * scale))];
  for (bool percentiles : {false, true}) {
    HistogramAccumulator h(dtype, bins, low, high, percentiles);
    h.add(v.data(), int64_t(v.size()));
    CHECK(h.finish().counts == want);
  }
}
TEST_CASE("values at and beside the edges of bins fall where doubles say") {
  for (int64_t bins : {1, 3, 10, 64, 4096}) {
    CAPTURE(bins);
    for (float spread : {1e-38f, 1e-3f, 1.0f, 7.3f, 1e30f}) {
      CAPTURE(spread);
      std::vector<float> v = random_values<float>(20000, 11, spread, spread / 3);
      // Edges as near as float32 comes to them, and the values on both sides; a third is the lowest value, as after a ReLU.
      const float low = *std::min_element(v.begin(), v.end()), high = *std::max_element(v.begin(), v.end());
      for (int64_t i = 0; i <= bins; ++i) {
        const float edge = float(low + double(i) * (double(high) - low) / double(bins));
        for (float x : {edge, std::nextafter(edge, low), std::nextafter(edge, high)}) v.push_back(std::min(std::max(x, low), high));
      }
      v.insert(v.end(), 10000, low);
      check_bins(DType::float32, v, bins);
      check_bins(DType::float64, std::vector<double>(v.begin(), v.end()), bins);
    }
    std::vector<float> zeros = {0.0f, -0.0f, 3, 0.0f, -0.0f, 1, 2};
    check_bins(DType::float32, zeros, bins);
    std::vector<int32_t> whole;
    for (int32_t i = -1000; i <= 1000; ++i) whole.push_back(i * 7);
    check_bins(DType::int32, whole, bins);
  }
}
TEST_CASE("percentiles of whole numbers and of bfloat16 are exact, of one value that value") {
  std::vector<int8_t> v;
  for (int i = -100; i <= 100; ++i) v.push_back(int8_t(i));
  HistogramAccumulator a(DType::int8, 4, -100, 100, true);
  a.add(v.data(), int64_t(v.size()));
  CHECK(a.finish({50}).percentiles[0] == 0);
  CHECK(a.finish({25}).percentiles[0] == -50);
  CHECK(a.finish({100}).percentiles[0] == 100);
  std::vector<float> one(5, 0.1f);
  HistogramAccumulator b(DType::float32, 4, 0.1f, 0.1f, true);
  b.add(one.data(), 5);
  CHECK(b.finish({50}).percentiles[0] == double(0.1f));
  CHECK(b.finish().counts == std::vector<int64_t>{5, 0, 0, 0});
}

TEST_CASE("a comparison: distances, dot product, what differs in a bit") {
  auto x = random_values<float>(5000, 1, 1, 0), y = x;
  y[17] += 0.5f;
  y[4999] = NAN;
  x[4998] = y[4998] = NAN;  // the same bits: not a difference
  CompareAccumulator c(DType::float32, DType::float32), rest(DType::float32, DType::float32);
  Odd a(x), b(y);
  c.add(a.data(), b.data(), 3000);
  rest.add(a.data() + 12000, b.data() + 12000, 2000);
  c.merge(rest);
  const Comparison& r = c.finish();
  CHECK(r.count == 5000);
  CHECK(r.differing == 2);
  CHECK(r.non_finite == 2);
  CHECK(r.max_difference == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(r.difference2 == doctest::Approx(0.25).epsilon(1e-6));
  std::vector<int64_t> i = {(int64_t(1) << 53) + 1}, j = {int64_t(1) << 53};
  CompareAccumulator k(DType::int64, DType::int64);
  k.add(i.data(), j.data(), 1);
  CHECK(k.finish().differing == 1);
  std::vector<double> wide(x.begin(), x.end());
  CompareAccumulator mixed(DType::float32, DType::float64);
  mixed.add(x.data(), wide.data(), 4000);
  CHECK(mixed.finish().differing == 0);
}

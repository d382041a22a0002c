// Fuzzes the native statistics: the first bytes choose type, split and alignment, the rest are the values. libFuzzer calls it; without clang
// a small driver of its own (STANDALONE) feeds it random bytes under the sanitizers.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "stats/stats.h"

using namespace weightroom;

#define require(ok) do { if (!(ok)) { std::fprintf(stderr, "not so: %s\n", #ok); std::abort(); } } while (0)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const DType a = DType(data[0] % 10), b = DType(data[1] % 16 % 10);
  const size_t shift = data[2] % 8;
  const uint8_t* values = data + 4;
  const int64_t n = int64_t((size - 4) / itemsize(a)), m = n > 0 ? int64_t(data[3]) % n : 0;

  // A copy that ends where its allocation ends, at the chosen misalignment: one byte too many is seen.
  std::vector<uint8_t> copy(shift + size_t(n) * itemsize(a));
  for (size_t i = 0; i < size_t(n) * itemsize(a); ++i) copy[shift + i] = values[i];
  const uint8_t* p = copy.data() + shift;

  SummaryAccumulator whole(a), left(a), right(a);
  whole.add(p, n);
  left.add(p, m);
  right.add(p + size_t(m) * itemsize(a), n - m);
  left.merge(right);
  const Summary s = whole.finish(), t = left.finish();
  require(s.count == n && t.count == n && s.nan == t.nan && s.inf == t.inf && s.zeros == t.zeros && s.min == t.min && s.max == t.max);
  require(s.nan + s.inf + s.zeros <= n && s.min <= s.max && s.std >= 0);
  require(n == s.nan + s.inf || std::isnan(s.mean) || !std::isfinite(s.mean) || (s.mean >= s.min - 1e-6 * s.abs_max && s.mean <= s.max + 1e-6 * s.abs_max));

  const int64_t bins = 1 + data[3] % 65;
  HistogramAccumulator h(a, bins, s.min, s.max, data[1] & 16);
  h.add(p, n);
  int64_t counted = 0;
  const Histogram made = h.finish(data[1] & 16 ? std::vector<double>{0, 50, 100} : std::vector<double>{});
  for (int64_t c : made.counts) counted += c;
  require(counted == n - s.nan - s.inf);
  if (counted > 0) for (double v : made.percentiles) require(v >= s.min && v <= s.max);

  const int64_t pairs = std::min(n, int64_t(size - 4) / int64_t(itemsize(b)));
  CompareAccumulator c(a, b);
  c.add(p, values, pairs);
  require(c.finish().count == pairs && c.finish().differing <= pairs);
  if (a == b) {
    CompareAccumulator same(a, a);
    same.add(p, p, n);
    require(same.finish().differing == 0 && same.finish().difference2 == 0);
  }
  return 0;
}

#ifdef STANDALONE
#include <chrono>
#include <cstdio>
#include <random>

int main(int, char** argv) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  std::mt19937 gen(1);
  int64_t runs = 0;
  std::vector<uint8_t> data;
  for (; std::chrono::steady_clock::now() < end; ++runs) {
    data.resize(4 + gen() % (runs % 100 == 0 ? 40000 : 300));
    // Now and then only exponents and signs: NaN, infinities, zeros, huge and tiny.
    const bool extreme = gen() % 2;
    for (auto& x : data) x = extreme ? uint8_t((gen() % 3) * 0x7f + gen() % 2 * 0x80) : uint8_t(gen());
    LLVMFuzzerTestOneInput(data.data(), data.size());
  }
  std::printf("%lld inputs, no finding\n", static_cast<long long>(runs));
}
#endif

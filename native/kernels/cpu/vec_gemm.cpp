// Products of float64 matrices, which oneDNN does not have.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/vec_gemm.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include <algorithm>
#include <vector>

#include "kernels/cpu/iterate.h"
#include "kernels/cpu/vec.h"

HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// R rows of a times a strip of b, three vectors wide and packed, its rows one after the other.
template <int R> void tile(double* c, int64_t ldc, int64_t width, const double* a, int64_t lda, const double* strip, int64_t k, double alpha, double beta) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t L = int64_t(hn::Lanes(d));
  V acc[R][3];
  for (int r = 0; r < R; ++r) for (int w = 0; w < 3; ++w) acc[r][w] = hn::Zero(d);
  for (int64_t i = 0; i < k; ++i, strip += 3 * L) {
    const V b0 = hn::LoadU(d, strip), b1 = hn::LoadU(d, strip + L), b2 = hn::LoadU(d, strip + 2 * L);
    for (int r = 0; r < R; ++r) {
      const V x = hn::Set(d, a[r * lda + i]);
      acc[r][0] = hn::MulAdd(x, b0, acc[r][0]);
      acc[r][1] = hn::MulAdd(x, b1, acc[r][1]);
      acc[r][2] = hn::MulAdd(x, b2, acc[r][2]);
    }
  }
  double row[3 * hn::MaxLanes(hn::ScalableTag<double>())];
  for (int r = 0; r < R; ++r) {
    for (int w = 0; w < 3; ++w) hn::StoreU(acc[r][w], d, row + w * L);
    double* o = c + r * ldc;
    for (int64_t j = 0; j < width; ++j) o[j] = beta == 0 ? alpha * row[j] : alpha * row[j] + beta * o[j];
  }
}

void GemmStrips(double* c, const double* a, const double* b, int64_t m, int64_t n, int64_t k, double alpha, double beta, int64_t first, int64_t last) {
  const int64_t W = 3 * int64_t(hn::Lanes(hn::ScalableTag<double>()));
  std::vector<double> strip(size_t(k * W));
  for (int64_t s = first; s < last; ++s) {
    const int64_t j = s * W, width = std::min(W, n - j);
    for (int64_t i = 0; i < k; ++i) {
      std::copy_n(b + i * n + j, width, strip.data() + i * W);
      std::fill_n(strip.data() + i * W + width, W - width, 0.0);
    }
    int64_t r = 0;
    for (; r + 4 <= m; r += 4) tile<4>(c + r * n + j, n, width, a + r * k, k, strip.data(), k, alpha, beta);
    for (; r < m; ++r) tile<1>(c + r * n + j, n, width, a + r * k, k, strip.data(), k, alpha, beta);
  }
}
int64_t StripWidth() { return 3 * int64_t(hn::Lanes(hn::ScalableTag<double>())); }

}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace weightroom::vec {
HWY_EXPORT(GemmStrips);
HWY_EXPORT(StripWidth);
void gemm(double* c, const double* a, const double* b, int64_t m, int64_t n, int64_t k, double alpha, double beta) {
  const int64_t width = HWY_DYNAMIC_DISPATCH(StripWidth)(), strips = (n + width - 1) / width;
  parallel_for(strips, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, m * k * width / 8)), [&](int64_t s, int64_t e) { HWY_DYNAMIC_DISPATCH(GemmStrips)(c, a, b, m, n, k, alpha, beta, s, e); });
}
}  // namespace weightroom::vec
#endif

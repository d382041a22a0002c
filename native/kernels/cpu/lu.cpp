// LU decomposition: plain row operations in float64, without Eigen's templates, which take long to compile and want square matrices.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/dtype.h"
#include "kernels/linalg.h"

namespace weightroom::linalg {

void lu(const Tensor& out, const Tensor& pivots, const Tensor& info, const Tensor& a) {
  const int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n), matrices = info.numel();
  std::vector<double> w(size_t(m * n));
  for (int64_t b = 0; b < matrices; ++b) {
    dispatch_floating(a.dtype(), [&]<typename T>() { for (int64_t i = 0; i < m * n; ++i) w[size_t(i)] = double(a.data<T>()[b * m * n + i]); });
    int32_t &code = info.data<int32_t>()[b], *pivot = pivots.data<int32_t>() + b * k;
    code = 0;
    for (int64_t j = 0; j < k; ++j) {
      int64_t best = j;
      for (int64_t i = j + 1; i < m; ++i) if (std::abs(w[size_t(i * n + j)]) > std::abs(w[size_t(best * n + j)])) best = i;
      pivot[j] = int32_t(best + 1);
      double* top = &w[size_t(j * n)];
      if (best != j) std::swap_ranges(top, top + n, &w[size_t(best * n)]);
      if (top[j] == 0) {
        if (code == 0) code = int32_t(j + 1);
        continue;
      }
      for (int64_t i = j + 1; i < m; ++i) {
        double* row = &w[size_t(i * n)];
        const double factor = row[j] /= top[j];
        for (int64_t c = j + 1; c < n; ++c) row[c] -= factor * top[c];
      }
    }
    dispatch_floating(out.dtype(), [&]<typename T>() { for (int64_t i = 0; i < m * n; ++i) out.data<T>()[b * m * n + i] = T(w[size_t(i)]); });
  }
}

}  // namespace weightroom::linalg

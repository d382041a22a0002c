// Matrix products on raw memory, for kernels.
#pragma once
#include <algorithm>
#include <cstdint>

namespace weightroom::cpu {

// A matrix in memory: element (i, j) at p[i * rs + j * cs].
template <typename T> struct Matrix {
  const T* p;
  int64_t rs, cs;
  Matrix t() const { return {p, cs, rs}; }
};

// c = alpha * a @ b + beta * c; a: [m, k], b: [k, n], c: [m, n] with rows ldc apart. In float, a and b have a stride of 1.
void product(int64_t m, int64_t n, int64_t k, float alpha, Matrix<float> a, Matrix<float> b, float beta, float* c, int64_t ldc);

template <typename T> void product(int64_t m, int64_t n, int64_t k, T alpha, Matrix<T> a, Matrix<T> b, T beta, T* c, int64_t ldc) {
  for (int64_t i = 0; i < m; ++i) {
    T* row = c + i * ldc;
    if (beta == T(0)) std::fill_n(row, n, T(0));
    else if (beta != T(1)) for (int64_t j = 0; j < n; ++j) row[j] *= beta;
    if (b.cs == 1) {
      for (int64_t l = 0; l < k; ++l) {
        const T x = alpha * a.p[i * a.rs + l * a.cs], *br = b.p + l * b.rs;
        for (int64_t j = 0; j < n; ++j) row[j] += x * br[j];
      }
    } else {
      for (int64_t j = 0; j < n; ++j) {
        T s = 0;
        for (int64_t l = 0; l < k; ++l) s += a.p[i * a.rs + l * a.cs] * b.p[l * b.rs + j * b.cs];
        row[j] += alpha * s;
      }
    }
  }
}

}  // namespace weightroom::cpu

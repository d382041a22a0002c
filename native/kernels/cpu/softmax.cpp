#include "kernels/softmax.h"

#include <cmath>
#include <limits>

#include "kernels/cpu/halves.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/loops.h"
#include "kernels/cpu/vec.h"

namespace weightroom {

using cpu::is_half, cpu::Rounded, cpu::wide;

namespace {

// f(offset of the first element, columns) for blocks of neighbouring columns of t [outer, n, inner], small enough to stay in the second cache.
template <typename F> void column_blocks(const Tensor& t, F&& f) {
  const int64_t n = t.size(1), inner = t.size(2), width = std::min(inner, std::clamp<int64_t>(kGrain / n, 64, 1024)), blocks = (inner + width - 1) / width;
  parallel_for(t.size(0) * blocks, std::max<int64_t>(1, kGrain / (4 * n * width)), [&](int64_t b, int64_t e) {
    for (int64_t k = b; k < e; ++k) f(k / blocks * n * inner + k % blocks * width, std::min(width, inner - k % blocks * width));
  });
}

}  // namespace

void CpuBackend::softmax(const Tensor& out, const Tensor& in, bool log) {
  if (is_half(in)) return softmax(Rounded(out), wide(in), log);
  const UnaryLoop exp = loops::of(UnaryOp::exp, in.dtype());
  cpu::dispatch_wide(in.dtype(), [&]<typename T>() {
    for_rows(in, [&](int64_t r, int64_t n) {
      const T* a = in.data<T>() + r * n;
      T* o = out.data<T>() + r * n;
      if constexpr (std::is_same_v<T, float>) {
        float m = vec::max(a, n);
        if (std::isfinite(m)) {
          if (!log) {
            float inv = 1.f / vec::exp_shifted(o, a, m, n);
            vec::binary(BinaryOp::mul, o, o, &inv, n, 1, 0, 1.f);
            return;
          }
          // One after the other: added up, a large maximum would swallow the logarithm.
          float rest = std::log(vec::exp_shifted(o, a, m, n));
          vec::binary(BinaryOp::sub, o, a, &m, n, 1, 0, 1.f);
          vec::binary(BinaryOp::sub, o, o, &rest, n, 1, 0, 1.f);
          return;
        }
      }
      T m = -std::numeric_limits<T>::infinity();
      for (int64_t i = 0; i < n; ++i) m = a[i] > m ? a[i] : m;
      for (int64_t i = 0; i < n; ++i) o[i] = a[i] - m;
      exp(n, o, o, 0, 0);
      T total = 0;
      for (int64_t i = 0; i < n; ++i) total += o[i];
      const T rest = std::log(total);
      for (int64_t i = 0; i < n; ++i) o[i] = log ? a[i] - m - rest : o[i] / total;
    });
  });
}

void CpuBackend::softmax_backward(const Tensor& gin, const Tensor& gout, const Tensor& y, bool log) {
  if (is_half(y)) return softmax_backward(Rounded(gin), wide(gout), wide(y), log);
  cpu::dispatch_wide(y.dtype(), [&]<typename T>() {
    for_rows(y, [&](int64_t r, int64_t n) {
      const T *g = gout.data<T>() + r * n, *v = y.data<T>() + r * n;
      T* o = gin.data<T>() + r * n;
      if constexpr (std::is_same_v<T, float>) return vec::softmax_backward(o, g, v, n, log);
      T dot = 0;
      for (int64_t i = 0; i < n; ++i) dot += log ? g[i] : g[i] * v[i];
      for (int64_t i = 0; i < n; ++i) o[i] = T(log ? g[i] - std::exp(v[i]) * dot : v[i] * (g[i] - dot));
    });
  });
}

namespace cpu {

void softmax_columns(const Tensor& out, const Tensor& in, bool log) {
  if (is_half(in)) return softmax_columns(Rounded(out), wide(in), log);
  const UnaryLoop exp = loops::of(UnaryOp::exp, in.dtype());
  const int64_t n = in.size(1), inner = in.size(2);
  dispatch_wide(in.dtype(), [&]<typename T>() {
    column_blocks(in, [&](int64_t at, int64_t width) {
      const T* a = in.data<T>() + at;
      T* o = out.data<T>() + at;
      std::vector<T> top(size_t(width), -std::numeric_limits<T>::infinity()), total(size_t(width), T(0));
      T *m = top.data(), *s = total.data();
      for (int64_t i = 0; i < n; ++i) for (int64_t c = 0; c < width; ++c) m[c] = a[i * inner + c] > m[c] ? a[i * inner + c] : m[c];
      for (int64_t i = 0; i < n; ++i) {
        T* row = o + i * inner;
        for (int64_t c = 0; c < width; ++c) row[c] = a[i * inner + c] - m[c];
        exp(width, row, row, 0, 0);
        for (int64_t c = 0; c < width; ++c) s[c] += row[c];
      }
      for (int64_t c = 0; c < width; ++c) s[c] = log ? std::log(s[c]) : 1 / s[c];
      for (int64_t i = 0; i < n; ++i) {
        T* row = o + i * inner;
        if (log) for (int64_t c = 0; c < width; ++c) row[c] = a[i * inner + c] - m[c] - s[c];
        else for (int64_t c = 0; c < width; ++c) row[c] *= s[c];
      }
    });
  });
}

void softmax_columns_backward(const Tensor& gin, const Tensor& gout, const Tensor& y, bool log) {
  if (is_half(y)) return softmax_columns_backward(Rounded(gin), wide(gout), wide(y), log);
  const UnaryLoop exp = loops::of(UnaryOp::exp, y.dtype());
  const int64_t n = y.size(1), inner = y.size(2);
  dispatch_wide(y.dtype(), [&]<typename T>() {
    column_blocks(y, [&](int64_t at, int64_t width) {
      const T *g = gout.data<T>() + at, *v = y.data<T>() + at;
      T* o = gin.data<T>() + at;
      std::vector<T> total(size_t(width), T(0));
      T* dot = total.data();
      for (int64_t i = 0; i < n * inner; i += inner) {
        if (log) for (int64_t c = 0; c < width; ++c) dot[c] += g[i + c];
        else for (int64_t c = 0; c < width; ++c) dot[c] += g[i + c] * v[i + c];
      }
      for (int64_t i = 0; i < n * inner; i += inner) {
        if (log) exp(width, o + i, v + i, 0, 0);
        if (log) for (int64_t c = 0; c < width; ++c) o[i + c] = g[i + c] - o[i + c] * dot[c];
        else for (int64_t c = 0; c < width; ++c) o[i + c] = v[i + c] * (g[i + c] - dot[c]);
      }
    });
  });
}

}  // namespace cpu
}  // namespace weightroom

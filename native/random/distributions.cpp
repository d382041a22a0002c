#include "random/distributions.h"

#include <cmath>
#include <cstring>
#include <vector>

namespace weightroom {
namespace {

// Cephes single-precision log, sine and cosine with the fused multiply-adds of PyTorch's AVX2 build (avx_mathfun):
// written for one lane, so that the compiler vectorises over eight without changing a bit. Inlined, into whatever instruction set the caller has.
#define WEIGHTROOM_INLINE __attribute__((always_inline)) inline
inline float bits_float(uint32_t u) { float f; std::memcpy(&f, &u, 4); return f; }
inline uint32_t float_bits(float f) { uint32_t u; std::memcpy(&u, &f, 4); return u; }

WEIGHTROOM_INLINE float log256(float x) {
  bool invalid = x <= 0;
  x = x > 1.17549435e-38f ? x : 1.17549435e-38f;
  uint32_t u = float_bits(x);
  float e = float(int32_t(u >> 23) - 0x7f) + 1.f;
  x = bits_float((u & ~0x7f800000u) | 0x3f000000u);
  bool small = x < 0.707106781186547524f;
  float tmp = small ? x : 0.f;
  x -= 1.f;
  e -= small ? 1.f : 0.f;
  x += tmp;
  float z = x * x;
  float y = 7.0376836292E-2f;
  y = std::fma(y, x, -1.1514610310E-1f);
  y = std::fma(y, x, 1.1676998740E-1f);
  y = std::fma(y, x, -1.2420140846E-1f);
  y = std::fma(y, x, 1.4249322787E-1f);
  y = std::fma(y, x, -1.6668057665E-1f);
  y = std::fma(y, x, 2.0000714765E-1f);
  y = std::fma(y, x, -2.4999993993E-1f);
  y = std::fma(y, x, 3.3333331174E-1f);
  y = y * x;
  y = std::fma(y, z, e * -2.12194440e-4f);
  y = std::fma(-z, 0.5f, y);
  x = x + y;
  x = std::fma(e, 0.693359375f, x);
  return invalid ? NAN : x;
}

WEIGHTROOM_INLINE void sincos256(float x, float& s, float& c) {
  uint32_t sign_sin = float_bits(x) & 0x80000000u;
  x = bits_float(float_bits(x) & 0x7fffffffu);
  float y = x * 1.27323954473516f;
  int32_t j = int32_t(y);
  j = (j + 1) & ~1;
  y = float(j);
  uint32_t swap = uint32_t(j & 4) << 29;
  uint32_t sign_cos = uint32_t(~(j - 2) & 4) << 29;
  bool poly = (j & 2) == 0;
  sign_sin ^= swap;
  x = std::fma(y, -0.78515625f, x);
  x = std::fma(y, -2.4187564849853515625e-4f, x);
  x = std::fma(y, -3.77489497744594108e-8f, x);
  float z = x * x;
  float yc = 2.443315711809948E-005f;
  yc = std::fma(yc, z, -1.388731625493765E-003f);
  yc = std::fma(yc, z, 4.166664568298827E-002f);
  yc = yc * z;
  yc = std::fma(yc, z, -(z * 0.5f));
  yc = yc + 1.f;
  float ys = -1.9515295891E-4f;
  ys = std::fma(ys, z, 8.3321608736E-3f);
  ys = std::fma(ys, z, -1.6666654611E-1f);
  ys = ys * z;
  ys = std::fma(ys, x, x);
  s = bits_float(float_bits(poly ? ys : yc) ^ sign_sin);
  c = bits_float(float_bits(poly ? yc : ys) ^ sign_cos);
}

// Sixteen uniforms become sixteen normals, in place.
WEIGHTROOM_INLINE void box_muller(float* d, float mean, float std) {
  for (int j = 0; j < 8; ++j) {
    float u1 = 1.f - d[j], theta = float(2.0f * 3.14159265358979323846f) * d[j + 8];
    float r = std::sqrt(-2.f * log256(u1));
    float s, c;
    sincos256(theta, s, c);
    d[j] = std::fma(r * c, std, mean);
    d[j + 8] = std::fma(r * s, std, mean);
  }
}
// Not target_clones: GCC 12 does not vectorise the loop in those. fma is one instruction here, and a call elsewhere.
__attribute__((target("avx2,fma"))) void box_muller_avx2(float* d, int64_t n, float mean, float std) { for (int64_t i = 0; i < n; i += 16) box_muller(d + i, mean, std); }
void box_muller16(float* d, int64_t n, float mean, float std) {
  static const bool wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (wide) return box_muller_avx2(d, n, mean, std);
  for (int64_t i = 0; i < n; i += 16) box_muller(d + i, mean, std);
}

void box_muller16(double* d, int64_t n, double mean, double std) {
  for (; n > 0; n -= 16, d += 16) for (int j = 0; j < 8; ++j) {
    double u1 = 1 - d[j], u2 = d[j + 8];
    double r = std::sqrt(-2 * std::log(u1)), theta = 2.0 * M_PI * u2;
    d[j] = r * std::cos(theta) * std + mean;
    d[j + 8] = r * std::sin(theta) * std + mean;
  }
}

// One rounding, as PyTorch's builds for CPUs with fused multiply-add (2.13; an unfused build differs in the last bit).
__attribute__((target_clones("avx512f", "avx2,fma", "default"))) void scale_shift(float* out, int64_t n, float scale, float shift) {
  for (int64_t i = 0; i < n; ++i) out[i] = std::fma(out[i], scale, shift);
}
__attribute__((target_clones("avx512f", "avx2,fma", "default"))) void scale_shift(double* out, int64_t n, double scale, double shift) {
  for (int64_t i = 0; i < n; ++i) out[i] = std::fma(out[i], scale, shift);
}

template <typename T, typename F> void normal_chunks(Generator& g, T* out, int64_t n, double mean, double std, F uniform, bool whole = false) {
  if (n < 16) {
    for (int64_t i = 0; i < n; ++i) out[i] = T(g.normal() * std + mean);
    return;
  }
  // The numbers of the incomplete chunk are drawn, then drawn afresh; not for half types (`whole`).
  for (int64_t i = 0; i < (whole ? n - n % 16 : n); ++i) out[i] = uniform();
  box_muller16(out, n - n % 16, T(mean), T(std));
  if (n % 16) {
    T* tail = out + n - 16;
    for (int i = 0; i < 16; ++i) tail[i] = uniform();
    box_muller16(tail, 16, T(mean), T(std));
  }
}

}  // namespace

void fill_uniform(Generator& g, float* out, int64_t n, double from, double to) {
  for (int64_t i = 0; i < n; ++i) out[i] = g.uniform24();
  scale_shift(out, n, float(to) - float(from), float(from));
}
void fill_uniform(Generator& g, double* out, int64_t n, double from, double to) {
  for (int64_t i = 0; i < n; ++i) out[i] = g.uniform53();
  scale_shift(out, n, to - from, from);
}

void fill_normal(Generator& g, float* out, int64_t n, double mean, double std) { normal_chunks(g, out, n, mean, std, [&] { return g.uniform24(); }); }
void fill_normal(Generator& g, double* out, int64_t n, double mean, double std) { normal_chunks(g, out, n, mean, std, [&] { return g.uniform53(); }); }
void fill_normal(Generator& g, float* out, int64_t n, double mean, double std, float (*rounded)(float)) {
  normal_chunks(g, out, n, mean, std, [&] { float u = rounded(g.uniform24()); return u == 1 ? 0.f : u; }, true);
}

void fill_randint(Generator& g, int64_t* out, int64_t n, int64_t low, int64_t high) {
  uint64_t range = uint64_t(high) - uint64_t(low);
  bool wide = range >= (1ull << 28);
  for (int64_t i = 0; i < n; ++i) out[i] = int64_t((wide ? g.random64() : uint64_t(g.random32())) % range + uint64_t(low));
}

void fill_randperm(Generator& g, int64_t* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = i;
  for (int64_t i = 0; i < n - 1; ++i) {
    int64_t z = int64_t(g.random32() % uint64_t(n - i));
    std::swap(out[i], out[i + z]);
  }
}

int64_t sample_poisson(Generator& g, double lambda) {
  if (lambda == 0) return 0;
  if (lambda < 10) {
    // Multiply uniforms until they fall below e^-lambda (Knuth).
    double floor = std::exp(-lambda), product = 1;
    for (int64_t k = 0;; ++k) {
      product *= g.uniform53();
      if (product <= floor) return k;
    }
  }
  // Transformed rejection (Hörmann 1993).
  double root = std::sqrt(lambda), log_lambda = std::log(lambda);
  double b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b, inverse = 1.1239 + 1.1328 / (b - 3.4), quick = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    double u = g.uniform53() - 0.5, v = g.uniform53(), us = 0.5 - std::abs(u);
    double k = std::floor((2 * a / us + b) * u + lambda + 0.43);
    if (us >= 0.07 && v <= quick) return int64_t(k);
    if (k < 0 || (us < 0.013 && v > us)) continue;
    int sign;
    if (std::log(v) + std::log(inverse) - std::log(a / (us * us) + b) <= -lambda + k * log_lambda - lgamma_r(k + 1, &sign)) return int64_t(k);
  }
}

void orthogonalize(const double* a, int64_t rows, int64_t cols, double* q) {
  std::vector<double> r(a, a + rows * cols), tau(static_cast<size_t>(cols));
  auto at = [&](int64_t i, int64_t j) -> double& { return r[size_t(i * cols + j)]; };
  for (int64_t k = 0; k < cols; ++k) {
    double norm = 0;
    for (int64_t i = k + 1; i < rows; ++i) norm += at(i, k) * at(i, k);
    double alpha = at(k, k);
    if (norm == 0) { tau[size_t(k)] = 0; continue; }
    double beta = -std::copysign(std::sqrt(alpha * alpha + norm), alpha);
    tau[size_t(k)] = (beta - alpha) / beta;
    for (int64_t i = k + 1; i < rows; ++i) at(i, k) /= alpha - beta;
    at(k, k) = beta;
    for (int64_t j = k + 1; j < cols; ++j) {
      double dot = at(k, j);
      for (int64_t i = k + 1; i < rows; ++i) dot += at(i, k) * at(i, j);
      dot *= tau[size_t(k)];
      at(k, j) -= dot;
      for (int64_t i = k + 1; i < rows; ++i) at(i, j) -= dot * at(i, k);
    }
  }
  std::vector<double> out(size_t(rows * cols), 0.0);
  for (int64_t k = 0; k < cols; ++k) out[size_t(k * cols + k)] = 1;
  for (int64_t k = cols; k-- > 0;)
    for (int64_t j = 0; j < cols; ++j) {
      double dot = out[size_t(k * cols + j)];
      for (int64_t i = k + 1; i < rows; ++i) dot += at(i, k) * out[size_t(i * cols + j)];
      dot *= tau[size_t(k)];
      out[size_t(k * cols + j)] -= dot;
      for (int64_t i = k + 1; i < rows; ++i) out[size_t(i * cols + j)] -= dot * at(i, k);
    }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j) q[i * cols + j] = out[size_t(i * cols + j)] * (at(j, j) < 0 ? -1 : at(j, j) > 0 ? 1 : 0);
}

}  // namespace weightroom

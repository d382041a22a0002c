// Special functions that <cmath> lacks, in the argument's own precision where that is what PyTorch does.
#pragma once
#include <cmath>
#include <limits>

namespace weightroom {

// Hurwitz zeta(s, q) for s > 1: a sum of ten terms, then Euler-Maclaurin.
inline double hurwitz_zeta(double s, double q) {
  if (s == 1) return std::numeric_limits<double>::infinity();
  if (s < 1) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q <= 0) {
    if (q == std::floor(q)) return std::numeric_limits<double>::infinity();
    if (s != std::floor(s)) return std::numeric_limits<double>::quiet_NaN();
  }
  double sum = std::pow(q, -s);
  double a = q;
  for (int i = 0; i < 10 || a <= 9; ++i) {
    a += 1;
    double term = std::pow(a, -s);
    sum += term;
    if (i >= 10 && std::abs(term) < 1e-17 * std::abs(sum)) return sum;
  }
  double term = std::pow(a, -s);
  sum += term * a / (s - 1) - 0.5 * term;
  // B2k / (2k)! · s (s+1) … (s+2k-2) · a^(-s-2k+1)
  constexpr double bernoulli[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510, 43867.0 / 798, -174611.0 / 330};
  double factor = s * term / a, factorial = 2;
  for (int k = 1; k <= 10; ++k) {
    double t = bernoulli[k - 1] / factorial * factor;
    sum += t;
    if (std::abs(t) < 1e-17 * std::abs(sum)) break;
    factor *= (s + 2 * k - 1) * (s + 2 * k) / (a * a);
    factorial *= double(2 * k + 1) * double(2 * k + 2);
  }
  return sum;
}

inline double digamma(double x) {
  if (x == 0) return std::copysign(std::numeric_limits<double>::infinity(), -x);
  double result = 0;
  if (x < 0) {
    if (x == std::trunc(x)) return std::numeric_limits<double>::quiet_NaN();
    // Reflection: ψ(1-x) - ψ(x) = π cot(πx)
    double whole, part = std::modf(x, &whole);
    result = -M_PI / std::tan(M_PI * part);
    x = 1 - x;
  }
  for (; x < 10; x += 1) result -= 1 / x;
  if (x == 10) return result + 2.25175258906672110764;
  double y = 0;
  if (x < 1e17) {
    double z = 1 / (x * x);
    constexpr double c[] = {8.33333333333333333333E-2, -2.10927960927960927961E-2, 7.57575757575757575758E-3, -4.16666666666666666667E-3, 3.96825396825396825397E-3, -8.33333333333333333333E-3, 8.33333333333333333333E-2};
    double p = 0;
    for (double k : c) p = p * z + k;
    y = z * p;
  }
  return result + std::log(x) - 0.5 / x - y;
}

// The derivative of digamma, to the digits of PyTorch's series (4e-10 in float64).
template <typename T> T trigamma(T x) {
  T sign = 1, result = 0;
  if (x < T(0.5)) {
    T s = std::sin(T(M_PI) * x);
    sign = -1;
    result -= T(M_PI) * T(M_PI) / (s * s);
    x = 1 - x;
  }
  for (int i = 0; i < 6; ++i, x += 1) result += 1 / (x * x);
  T ixx = 1 / (x * x);
  result += (1 + 1 / (2 * x) + ixx * (T(1) / 6 - ixx * (T(1) / 30 - ixx * (T(1) / 42)))) / x;
  return sign * result;
}

inline double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  return (std::fmod(n, 2) == 0 ? -1 : 1) * std::tgamma(n + 1) * hurwitz_zeta(n + 1, x);
}

// Inverse error function: a rational start, then two Newton steps.
inline double erfinv(double y) {
  double a = std::abs(y);
  if (a > 1) return std::numeric_limits<double>::quiet_NaN();
  if (a == 1) return std::copysign(std::numeric_limits<double>::infinity(), y);
  double x;
  if (a <= 0.7) {
    double z = y * y;
    double num = ((-0.140543331 * z + 0.914624893) * z - 1.645349621) * z + 0.886226899;
    double dem = (((0.012229801 * z - 0.329097515) * z + 1.442710462) * z - 2.118377725) * z + 1;
    x = y * num / dem;
  } else {
    double z = std::sqrt(-std::log((1 - a) / 2));
    double num = ((1.641345311 * z + 3.429567803) * z - 1.624906493) * z - 1.970840454;
    double dem = (1.637067800 * z + 3.543889200) * z + 1;
    x = std::copysign(num / dem, y);
  }
  for (int i = 0; i < 2; ++i) x -= (std::erf(x) - y) / (M_2_SQRTPI * std::exp(-x * x));
  return x;
}

template <typename T> T log_gamma(T x) {
  int sign;  // the reentrant form: lgamma() writes a global
  if constexpr (sizeof(T) == 4) return lgammaf_r(x, &sign);
  else return lgamma_r(x, &sign);
}

// log(1 + u) - u, without cancellation near 0.
inline double log1p_less(double u) {
  if (std::abs(u) > 0.01) return std::log1p(u) - u;
  double sum = 0;
  for (int k = 10; k >= 2; --k) sum = (k % 2 ? 1.0 : -1.0) / k + u * sum;
  return u * u * sum;
}
// log Γ(1 + a), in relative precision also near 0.
inline double log_gamma_1p(double a) {
  if (a > 1e-3) return log_gamma(1 + a);
  return a * (-0.57721566490153286061 + a * (0.82246703342411321824 + a * (-0.40068563438653142847 + a * (0.27058080842778454788 + a * -0.20738555102867398527))));
}
// xᵃ e⁻ˣ / Γ(a + 1); by Stirling's series where a is large.
inline double gamma_density(double a, double x) {
  if (a < 20) return std::exp(a * std::log(x) - x - log_gamma_1p(a));
  const double i = 1 / (a * a), rest = (1.0 / 12 - i * (1.0 / 360 - i * (1.0 / 1260 - i / 1680))) / a;
  return std::exp(a * log1p_less((x - a) / a) - rest) / std::sqrt(2 * M_PI * a);
}
// The regularized incomplete gamma function of a up to x, or from x on (`above`). Source: DLMF 8.7.3, 8.9.2, 8.12.
inline double gamma_share(double a, double x, bool above) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), eps = 1e-17;
  if (x < 0 || a < 0 || (a == 0 && !(x > 0)) || (std::isinf(a) && std::isinf(x))) return nan;
  if (a == 0) return above ? 0 : 1;
  if (x == 0 || std::isinf(a)) return above ? 1 : 0;
  if (std::isinf(x)) return above ? 0 : 1;
  if (std::isnan(a) || std::isnan(x)) return nan;
  if (a > 1e8) {
    // Both series would need √a terms; what is left out of this one is below 1e-14.
    const double half = -log1p_less((x - a) / a);
    if (a * half > 750) return above == (x > a) ? 0 : 1;
    const double eta = std::copysign(std::sqrt(2 * half), x - a), side = above ? 1 : -1;
    const double rest = std::exp(-a * half) / std::sqrt(2 * M_PI * a) * (-1.0 / 3 + eta * (1.0 / 12 - eta * (2.0 / 135)));
    return 0.5 * std::erfc(side * eta * std::sqrt(a / 2)) + side * rest;
  }
  if (x > 1.1 && x > a) {
    // The continued fraction of Γ(a, x), by Lentz.
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (double i = 1; i < 1e6; ++i) {
      const double k = -i * (i - a);
      b += 2;
      d = 1 / (k * d + b);
      c = b + k / c;
      h *= d * c;
      if (std::abs(d * c - 1) < 1e-16) break;
    }
    const double from = gamma_density(a, x) * a * h;
    return above ? from : 1 - from;
  }
  if (above && x <= 1.1 && a < 1) {
    // 1 - P would cancel.
    double sum = 0, term = 1;
    for (double n = 1; n < 100; ++n) {
      term *= -x / n;
      sum += term / (a + n);
      if (std::abs(term) < eps) break;
    }
    const double log = a * std::log(x) - log_gamma_1p(a);
    return -std::expm1(log) - a * std::exp(log) * sum;
  }
  double sum = 1, term = 1;
  for (double n = 1; n < 1e6 && term > eps * sum; ++n) sum += term *= x / (a + n);
  const double upTo = gamma_density(a, x) * sum;
  return above ? 1 - upTo : upTo;
}

}  // namespace weightroom

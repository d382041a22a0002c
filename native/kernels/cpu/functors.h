// Scalar functors of element-wise ops; T is the compute type (float for half types).
#pragma once
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include "kernels/backend.h"
#include "kernels/cpu/special.h"

namespace weightroom {

template <typename T> T gelu_exact(T x) { return x * T(0.5) * (T(1) + std::erf(x * T(0.70710678118654752440))); }
template <typename T> T gelu_exact_grad(T x) {
  return T(0.5) * (T(1) + std::erf(x * T(0.70710678118654752440))) + x * std::exp(T(-0.5) * x * x) * T(0.39894228040143267794);
}
template <typename T> T gelu_tanh_inner(T x) { return T(0.79788456080286535588) * (x + T(0.044715) * x * x * x); }
template <typename T> T relu6(T x) { T low = x < T(0) ? T(0) : x; return low > T(6) ? T(6) : low; }
template <typename T> T logistic(T x) { return T(1) / (T(1) + std::exp(-x)); }

// Unary ops on floating types. `p`, `q`: the op's parameters.
template <UnaryOp op, typename T> T unary_float(T x, T p, T q) {
  (void)p; (void)q;
  switch (op) {
    case UnaryOp::neg: return -x;
    case UnaryOp::abs: return std::abs(x);
    case UnaryOp::sign: return T((x > 0) - (x < 0));
    case UnaryOp::square: return x * x;
    case UnaryOp::sqrt: return std::sqrt(x);
    case UnaryOp::rsqrt: return T(1) / std::sqrt(x);
    case UnaryOp::reciprocal: return T(1) / x;
    case UnaryOp::exp: return std::exp(x);
    case UnaryOp::exp2: return std::exp2(x);
    case UnaryOp::expm1: return std::expm1(x);
    case UnaryOp::log: return std::log(x);
    case UnaryOp::log2: return std::log2(x);
    case UnaryOp::log10: return std::log10(x);
    case UnaryOp::log1p: return std::log1p(x);
    case UnaryOp::sin: return std::sin(x);
    case UnaryOp::cos: return std::cos(x);
    case UnaryOp::tan: return std::tan(x);
    case UnaryOp::asin: return std::asin(x);
    case UnaryOp::acos: return std::acos(x);
    case UnaryOp::atan: return std::atan(x);
    case UnaryOp::sinh: return std::sinh(x);
    case UnaryOp::cosh: return std::cosh(x);
    case UnaryOp::tanh: return std::tanh(x);
    case UnaryOp::asinh: return std::asinh(x);
    case UnaryOp::acosh: return std::acosh(x);
    case UnaryOp::atanh: return std::atanh(x);
    case UnaryOp::sigmoid: return logistic(x);
    case UnaryOp::relu: return x < T(0) ? T(0) : x;
    case UnaryOp::gelu: return gelu_exact(x);
    case UnaryOp::gelu_tanh: return T(0.5) * x * (T(1) + std::tanh(gelu_tanh_inner(x)));
    case UnaryOp::silu: return x / (T(1) + std::exp(-x));
    case UnaryOp::softplus: return x * p > q ? x : std::log1p(std::exp(x * p)) / p;
    case UnaryOp::elu: return x > 0 ? x : p * std::expm1(x);
    case UnaryOp::leaky_relu: return x > 0 ? x : p * x;
    case UnaryOp::hardtanh: { T low = x < p ? p : x; return low > q ? q : low; }
    case UnaryOp::hardsigmoid: return relu6(x + T(3)) / T(6);
    case UnaryOp::hardswish: return x * relu6(x + T(3)) / T(6);
    case UnaryOp::erf: return std::erf(x);
    case UnaryOp::erfc: return std::erfc(x);
    case UnaryOp::erfinv: return T(erfinv(double(x)));
    case UnaryOp::lgamma: return log_gamma(x);
    case UnaryOp::digamma: return T(digamma(double(x)));
    case UnaryOp::polygamma: return p == T(1) ? trigamma(x) : T(polygamma(double(p), double(x)));
    case UnaryOp::sinc: return x == 0 ? T(1) : std::sin(T(M_PI) * x) / (T(M_PI) * x);
    case UnaryOp::floor: return std::floor(x);
    case UnaryOp::ceil: return std::ceil(x);
    case UnaryOp::round: return std::nearbyint(x);
    case UnaryOp::trunc: return std::trunc(x);
    case UnaryOp::frac: return x - std::trunc(x);
    // A NaN bound makes everything NaN; where the bounds cross, the upper one wins.
    case UnaryOp::clamp: { T low = x < p || std::isnan(p) ? p : x; return low > q || std::isnan(q) ? q : low; }
    default: return x;
  }
}

// Unary ops that keep an integer type; everything else was promoted to float by the op.
template <UnaryOp op, typename T> T unary_int(T x, T p, T q) {
  (void)p; (void)q;
  // Unsigned arithmetic wraps where signed overflow would be undefined.
  using U = std::make_unsigned_t<std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>;
  switch (op) {
    case UnaryOp::neg: return T(U(0) - U(x));
    case UnaryOp::abs: return std::is_signed_v<T> && x < T(0) ? T(U(0) - U(x)) : x;
    case UnaryOp::sign: return T((x > T(0)) - (x < T(0)));
    case UnaryOp::square: return T(U(uint64_t(U(x)) * uint64_t(U(x))));
    case UnaryOp::relu: return x > T(0) ? x : T(0);
    case UnaryOp::clamp: { T low = x < p ? p : x; return low > q ? q : low; }
    case UnaryOp::bitwise_not: if constexpr (std::is_same_v<T, bool>) return !x; else return T(~x);
    case UnaryOp::frac: return T(0);
    default: return x;
  }
}

template <UnaryOp op, typename T> bool predicate(T x) {
  if (op == UnaryOp::logical_not) return x == T(0);
  if constexpr (std::is_floating_point_v<T>) {
    switch (op) {
      case UnaryOp::isnan: return std::isnan(x);
      case UnaryOp::isinf: return std::isinf(x);
      case UnaryOp::signbit: return std::signbit(x);
      default: return std::isfinite(x);
    }
  }
  return op == UnaryOp::isfinite || (op == UnaryOp::signbit && std::is_signed_v<T> && x < T(0));
}

// Python's modulo: the sign of the divisor.
template <typename T> T py_remainder(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    T r = std::fmod(a, b);
    return r != 0 && ((b < 0) != (r < 0)) ? r + b : r;
  } else {
    if (b == T(0)) fail("ZeroDivisionError");
    if (std::is_signed_v<T> && b == T(-1)) return T(0);
    T r = T(a % b);
    return r != T(0) && ((b < T(0)) != (r < T(0))) ? T(r + b) : r;
  }
}

template <typename T> T floor_quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (b == 0) return a / b;
    T mod = std::fmod(a, b), q = (a - mod) / b;
    if (mod != 0 && (b < 0) != (mod < 0)) q -= 1;
    if (q == 0) return std::copysign(T(0), a / b);
    T whole = std::floor(q);
    return q - whole > T(0.5) ? whole + 1 : whole;
  } else {
    if (b == T(0)) fail("ZeroDivisionError");
    if (std::is_signed_v<T> && b == T(-1)) return unary_int<UnaryOp::neg>(a, T(0), T(0));
    T q = T(a / b);
    return std::is_signed_v<T> && T(a % b) != T(0) && ((a < T(0)) != (b < T(0))) ? T(q - 1) : q;
  }
}

template <typename T> T int_pow(T base, T exponent) {
  using U = std::make_unsigned_t<T>;
  if (exponent < T(0)) return base == T(1) ? T(1) : base == T(-1) ? (exponent % T(2) == T(0) ? T(1) : T(-1)) : T(0);
  U r = 1, b = U(base);
  for (; exponent > T(0); exponent = T(exponent / 2)) {
    if (exponent & 1) r = U(uint64_t(r) * b);
    b = U(uint64_t(b) * b);
  }
  return T(r);
}

// a^b; for a number b (`number`) shortened as PyTorch does.
template <typename T> T float_pow(T a, T b, bool number) {
  if (number) {
    if (b == T(2)) return a * a;
    if (b == T(3)) return a * a * a;
    if (b == T(0.5)) return std::sqrt(a);
    if (b == T(-0.5)) return T(1) / std::sqrt(a);
    if (b == T(-1)) return T(1) / a;
    if (b == T(-2)) return T(1) / (a * a);
  }
  return std::pow(a, b);
}


template <BinaryOp op, typename T> T binary_float(T a, T b, T alpha) {
  (void)alpha;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  switch (op) {
    case BinaryOp::add: return alpha == T(1) ? a + b : std::fma(alpha, b, a);
    case BinaryOp::sub: return alpha == T(1) ? a - b : std::fma(-alpha, b, a);
    case BinaryOp::mul: return a * b;
    case BinaryOp::div: return a / b;
    case BinaryOp::floor_divide: return floor_quotient(a, b);
    case BinaryOp::trunc_divide: return std::trunc(a / b);
    case BinaryOp::remainder: return py_remainder(a, b);
    case BinaryOp::fmod: return std::fmod(a, b);
    case BinaryOp::pow: return float_pow(a, b, alpha == T(0));
    case BinaryOp::maximum: return std::isnan(a) || std::isnan(b) ? nan : (a > b ? a : b);
    case BinaryOp::minimum: return std::isnan(a) || std::isnan(b) ? nan : (a < b ? a : b);
    case BinaryOp::fmax: return std::fmax(a, b);
    case BinaryOp::fmin: return std::fmin(a, b);
    case BinaryOp::atan2: return std::atan2(a, b);
    case BinaryOp::hypot: return std::hypot(a, b);
    case BinaryOp::copysign: return std::copysign(a, b);
    case BinaryOp::nextafter: return std::nextafter(a, b);
    case BinaryOp::logaddexp: {
      if (std::isinf(a) && a == b) return a;
      return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
    }
    case BinaryOp::logaddexp2: {
      if (std::isinf(a) && a == b) return a;
      return std::fma(std::log1p(std::exp2(-std::abs(a - b))), T(M_LOG2E), std::max(a, b));
    }
    case BinaryOp::xlogy: return std::isnan(b) ? nan : a == 0 ? T(0) : a * std::log(b);
    case BinaryOp::igamma: return T(gamma_share(double(a), double(b), false));
    case BinaryOp::igammac: return T(gamma_share(double(a), double(b), true));
    case BinaryOp::heaviside: return a == 0 ? b : T(a > 0);
    case BinaryOp::relu_backward: return b <= T(0) ? T(0) : a;
    case BinaryOp::sigmoid_backward: return a * b * (T(1) - b);
    case BinaryOp::tanh_backward: return a * (T(1) - b * b);
    case BinaryOp::gelu_backward: return a * gelu_exact_grad(b);
    case BinaryOp::gelu_tanh_backward: {
      T t = std::tanh(gelu_tanh_inner(b));
      T du = T(0.79788456080286535588) * (T(1) + T(3 * 0.044715) * b * b);
      return a * (T(0.5) * (T(1) + t) + T(0.5) * b * (T(1) - t * t) * du);
    }
    case BinaryOp::silu_backward: { T s = logistic(b); return a * s * (T(1) + b * (T(1) - s)); }
    case BinaryOp::leaky_relu_backward: return b > 0 ? a : a * alpha;
    case BinaryOp::elu_backward: return b <= 0 ? a * alpha * std::exp(b) : a;
    case BinaryOp::softplus_backward: { T z = b * alpha; return z > T(20) ? a : a * logistic(z); }
    case BinaryOp::hardsigmoid_backward: { T inner = a * T(1.0 / 6); inner = b < T(3) ? inner : T(0); return b > T(-3) ? inner : T(0); }
    case BinaryOp::hardswish_backward: { T inner = a * (b / T(3) + T(0.5)); inner = b < T(3) ? inner : a; return b <= T(-3) ? T(0) : inner; }
    default: return a;
  }
}

// C's quotient and remainder, also of the lowest number by -1.
template <typename T> T c_quotient(T a, T b) { return std::is_signed_v<T> && b == T(-1) ? unary_int<UnaryOp::neg>(a, T(0), T(0)) : T(a / b); }
template <typename T> T rest(T a, T b) { return std::is_signed_v<T> && b == T(-1) ? T(0) : T(a % b); }
// Signed all the way as PyTorch's, so that the lowest number, which has no absolute value, gives the same.
template <typename T> T euclid(T a0, T b0) {
  T a = unary_int<UnaryOp::abs>(a0, T(0), T(0)), b = unary_int<UnaryOp::abs>(b0, T(0), T(0));
  while (a != T(0)) {
    T c = a;
    a = rest(b, a);
    b = c;
  }
  return b;
}

template <BinaryOp op, typename T> T binary_int(T a, T b, T alpha) {
  if constexpr (std::is_same_v<T, bool>) {
    switch (op) {
      case BinaryOp::add: case BinaryOp::bitwise_or: case BinaryOp::maximum: case BinaryOp::fmax: return a || (b && alpha);
      case BinaryOp::mul: case BinaryOp::bitwise_and: case BinaryOp::minimum: case BinaryOp::fmin: return a && b;
      case BinaryOp::bitwise_xor: return a != b;
      case BinaryOp::heaviside: return a ? true : b;
      default: return a;
    }
  } else {
    using U = std::make_unsigned_t<T>;
    // Products of short types would be promoted to int and overflow there: multiply in 64 bits without a sign.
    auto times = [](T x, T y) { return U(uint64_t(U(x)) * uint64_t(U(y))); };
    constexpr T bits = T(8 * sizeof(T));
    switch (op) {
      case BinaryOp::add: return T(U(U(a) + times(alpha, b)));
      case BinaryOp::sub: return T(U(U(a) - times(alpha, b)));
      case BinaryOp::mul: return T(times(a, b));
      case BinaryOp::floor_divide: return floor_quotient(a, b);
      case BinaryOp::trunc_divide:
        if (b == T(0)) fail("ZeroDivisionError");
        return c_quotient(a, b);
      case BinaryOp::remainder: return py_remainder(a, b);
      case BinaryOp::fmod:
        if (b == T(0)) fail("ZeroDivisionError");
        return rest(a, b);
      case BinaryOp::pow: return int_pow(a, b);
      case BinaryOp::maximum: case BinaryOp::fmax: return a > b ? a : b;
      case BinaryOp::minimum: case BinaryOp::fmin: return a < b ? a : b;
      case BinaryOp::heaviside: return a == T(0) ? b : T(a > T(0));
      case BinaryOp::gcd: return euclid(a, b);
      case BinaryOp::lcm: {
        T g = euclid(a, b);
        if (g == T(0)) return T(0);
        // In int, as C computes with short types, where the product of two fits; wider ones wrap.
        if constexpr (sizeof(T) < 4) return T(std::abs(int(c_quotient(a, g)) * int(b)));
        else return unary_int<UnaryOp::abs>(T(times(c_quotient(a, g), b)), T(0), T(0));
      }
      case BinaryOp::bitwise_and: return T(a & b);
      case BinaryOp::bitwise_or: return T(a | b);
      case BinaryOp::bitwise_xor: return T(a ^ b);
      case BinaryOp::bitwise_left_shift: return b < T(0) || b >= bits ? T(0) : T(U(uint64_t(U(a)) << b));
      case BinaryOp::bitwise_right_shift: return b < T(0) || b >= bits ? T(std::is_signed_v<T> && a < T(0) ? -1 : 0) : T(a >> b);
      default: return a;
    }
  }
}

template <BinaryOp op, typename T> bool compare_value(T a, T b) {
  switch (op) {
    case BinaryOp::eq: return a == b;
    case BinaryOp::ne: return a != b;
    case BinaryOp::lt: return a < b;
    case BinaryOp::le: return a <= b;
    case BinaryOp::gt: return a > b;
    case BinaryOp::ge: return a >= b;
    case BinaryOp::logical_and: return bool((a != T(0)) & (b != T(0)));  // without a branch
    case BinaryOp::logical_or: return bool((a != T(0)) | (b != T(0)));
    default: return (a != T(0)) != (b != T(0));
  }
}

}  // namespace weightroom

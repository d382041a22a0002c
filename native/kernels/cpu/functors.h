// Scalar functors of element-wise ops; T is the compute type (float for half types).
#pragma once
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/backend.h"

namespace weightroom {

template <typename T> T gelu_exact(T x) { return x * T(0.5) * (T(1) + std::erf(x * T(0.70710678118654752440))); }
template <typename T> T gelu_exact_grad(T x) {
  return T(0.5) * (T(1) + std::erf(x * T(0.70710678118654752440))) + x * std::exp(T(-0.5) * x * x) * T(0.39894228040143267794);
}
template <typename T> T gelu_tanh_inner(T x) { return T(0.79788456080286535588) * (x + T(0.044715) * x * x * x); }
template <typename T> T logistic(T x) { return T(1) / (T(1) + std::exp(-x)); }

// Unary ops on floating types. `p`, `q`: the op's parameters.
template <typename T> T unary_float(UnaryOp op, T x, T p, T q) {
  switch (op) {
    case UnaryOp::neg: return -x;
    case UnaryOp::abs: return std::abs(x);
    case UnaryOp::sign: return T((x > 0) - (x < 0));
    case UnaryOp::square: return x * x;
    case UnaryOp::sqrt: return std::sqrt(x);
    case UnaryOp::rsqrt: return T(1) / std::sqrt(x);
    case UnaryOp::reciprocal: return T(1) / x;
    case UnaryOp::exp: return std::exp(x);
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
    case UnaryOp::sigmoid: return logistic(x);
    case UnaryOp::relu: return x <= T(0) ? T(0) : x;
    case UnaryOp::gelu: return gelu_exact(x);
    case UnaryOp::gelu_tanh: return T(0.5) * x * (T(1) + std::tanh(gelu_tanh_inner(x)));
    case UnaryOp::silu: return x / (T(1) + std::exp(-x));
    case UnaryOp::softplus: return x * p > q ? x : std::log1p(std::exp(x * p)) / p;
    case UnaryOp::elu: return x > 0 ? x : p * std::expm1(x);
    case UnaryOp::leaky_relu: return x > 0 ? x : p * x;
    case UnaryOp::erf: return std::erf(x);
    case UnaryOp::floor: return std::floor(x);
    case UnaryOp::ceil: return std::ceil(x);
    case UnaryOp::round: return std::nearbyint(x);
    case UnaryOp::trunc: return std::trunc(x);
    case UnaryOp::frac: return x - std::trunc(x);
    case UnaryOp::clamp: return std::isnan(x) ? x : (x < p ? p : (x > q ? q : x));
    default: return x;
  }
}

// Unary ops that keep an integer type; everything else was promoted to float by the op.
template <typename T> T unary_int(UnaryOp op, T x, double p, double q) {
  switch (op) {
    case UnaryOp::neg: return T(-x);
    case UnaryOp::abs: return T(std::is_signed_v<T> && x < T(0) ? T(-x) : x);
    case UnaryOp::sign: return T((x > T(0)) - (x < T(0)));
    case UnaryOp::square: return T(x * x);
    case UnaryOp::relu: return x > T(0) ? x : T(0);
    case UnaryOp::clamp: return double(x) < p ? T(p) : (double(x) > q ? T(q) : x);
    default: return x;
  }
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

template <typename T> T int_pow(T base, T exponent) {
  if (exponent < T(0)) return base == T(1) ? T(1) : base == T(-1) ? (exponent % T(2) == T(0) ? T(1) : T(-1)) : T(0);
  T r = 1;
  for (; exponent > T(0); exponent = T(exponent / 2)) {
    if (exponent & 1) r = T(r * base);
    base = T(base * base);
  }
  return r;
}

template <typename T> T binary_value(BinaryOp op, T a, T b, T alpha) {
  switch (op) {
    case BinaryOp::add: return T(a + T(alpha * b));
    case BinaryOp::sub: return T(a - T(alpha * b));
    case BinaryOp::mul: return T(a * b);
    case BinaryOp::remainder: return py_remainder(a, b);
    default: break;
  }
  if constexpr (std::is_floating_point_v<T>) {
    switch (op) {
      case BinaryOp::div: return a / b;
      case BinaryOp::pow: return b == T(2) ? a * a : std::pow(a, b);
      case BinaryOp::maximum: return std::isnan(a) || std::isnan(b) ? std::numeric_limits<T>::quiet_NaN() : (a > b ? a : b);
      case BinaryOp::minimum: return std::isnan(a) || std::isnan(b) ? std::numeric_limits<T>::quiet_NaN() : (a < b ? a : b);
      case BinaryOp::fmod: return std::fmod(a, b);
      case BinaryOp::atan2: return std::atan2(a, b);
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
      case BinaryOp::elu_backward: return b > 0 ? a : a * alpha * std::exp(b);
      case BinaryOp::softplus_backward: { T z = b * alpha; return z > T(20) ? a : a * logistic(z); }
      default: return a;
    }
  } else {
    switch (op) {
      case BinaryOp::maximum: return a > b ? a : b;
      case BinaryOp::minimum: return a < b ? a : b;
      case BinaryOp::pow: return int_pow(a, b);
      case BinaryOp::fmod:
        if (b == T(0)) fail("ZeroDivisionError");
        return std::is_signed_v<T> && b == T(-1) ? T(0) : T(a % b);
      default: return a;
    }
  }
}

template <typename T> bool compare_value(BinaryOp op, T a, T b) {
  switch (op) {
    case BinaryOp::eq: return a == b;
    case BinaryOp::ne: return a != b;
    case BinaryOp::lt: return a < b;
    case BinaryOp::le: return a <= b;
    case BinaryOp::gt: return a > b;
    case BinaryOp::ge: return a >= b;
    case BinaryOp::logical_and: return (a != T(0)) && (b != T(0));
    case BinaryOp::logical_or: return (a != T(0)) || (b != T(0));
    default: return (a != T(0)) != (b != T(0));
  }
}
inline bool is_comparison(BinaryOp op) { return op >= BinaryOp::eq && op <= BinaryOp::logical_xor; }

}  // namespace weightroom

#include "kernels/webgpu/wgsl.h"

namespace weightroom::gpu {

std::string buffer_type(DType t) {
  if (is_floating(t)) return "f32";
  if (t == DType::int64) return "vec2<i32>";
  return t == DType::boolean ? "u32" : "i32";
}

std::string load(const std::string& name, DType t, const std::string& at, Compute c) {
  std::string e = name + "[" + at + "]";
  if (t == DType::int64) e += ".x";
  if (c == Compute::f32) return is_floating(t) ? e : "f32(" + e + ")";
  return t == DType::float32 ? "i32(" + e + ")" : t == DType::boolean ? "i32(" + e + ")" : e;
}

std::string store(const std::string& name, DType t, const std::string& at, const std::string& value, Compute c) {
  std::string to = name + "[" + at + "] = ";
  std::string integer = c == Compute::i32 ? "(" + value + ")" : "i32(" + value + ")";
  switch (t) {
    case DType::float32: return to + (c == Compute::f32 ? value : "f32(" + value + ")") + ";";
    case DType::boolean: return to + "select(0u, 1u, (" + value + ") != " + (c == Compute::f32 ? "0.0" : "0") + ");";
    case DType::int64: return "{ let s_ = " + integer + "; " + to + "vec2<i32>(s_, s_ >> 31u); }";
    case DType::uint8: return to + integer + " & 255;";
    case DType::int8: return to + "(" + integer + " << 24u) >> 24u;";
    case DType::int16: return to + "(" + integer + " << 16u) >> 16u;";
    default: return to + integer + ";";
  }
}

// NaN and infinity are told by their bits: WGSL compilers may assume that neither occurs.
const char* const kPrelude = R"(
fn bits(x: f32) -> u32 { return bitcast<u32>(x); }
fn is_nan(x: f32) -> bool { return (bits(x) & 0x7fffffffu) > 0x7f800000u; }
fn is_inf(x: f32) -> bool { return (bits(x) & 0x7fffffffu) == 0x7f800000u; }
var<private> one_: u32 = 1u;
fn nan_() -> f32 { return bitcast<f32>(0x7fc00000u * one_); }
fn inf_() -> f32 { return bitcast<f32>(0x7f800000u * one_); }
fn expm1_(x: f32) -> f32 { if (abs(x) < 0.05) { return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666667 + x * 0.0083333333)))); } return exp(x) - 1.0; }
fn log1p_(x: f32) -> f32 { if (abs(x) < 0.02) { return x * (1.0 - x * (0.5 - x * (0.33333333 - x * (0.25 - x * 0.2)))); } return log(1.0 + x); }
fn tanh_(x: f32) -> f32 { let y = clamp(x, -15.0, 15.0); if (is_nan(x)) { return x; } if (abs(y) < 0.05) { let z = y * y; return y * (1.0 - z * (0.33333333 - z * 0.13333333)); } return 1.0 - 2.0 / (exp(2.0 * y) + 1.0); }
fn logaddexp_(a: f32, b: f32) -> f32 { if (is_inf(a) && a == b) { return a; } return max_(a, b) + log1p_(exp(-abs(a - b))); }
fn sigmoid_(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }
fn erfc_(x: f32) -> f32 {
  let z = abs(x); let t = 1.0 / (1.0 + 0.5 * z);
  let r = t * exp(-z * z - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
  return select(r, 2.0 - r, x < 0.0);
}
fn erf_(x: f32) -> f32 { if (is_nan(x)) { return x; } if (abs(x) < 0.5) { let z = x * x; return 1.1283791671 * x * (1.0 - z * (0.33333333 - z * (0.1 - z * (0.023809524 - z * (0.0046296296 - z * 0.00075757576))))); } return 1.0 - erfc_(x); }
fn gelu_(x: f32) -> f32 { return 0.5 * x * (1.0 + erf_(x * 0.70710678)); }
fn gelu_grad_(x: f32) -> f32 { return 0.5 * (1.0 + erf_(x * 0.70710678)) + x * exp(-0.5 * x * x) * 0.39894228; }
fn gelu_inner_(x: f32) -> f32 { return 0.79788456 * (x + 0.044715 * x * x * x); }
fn gelu_tanh_grad_(x: f32) -> f32 { let t = tanh_(gelu_inner_(x)); return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * 0.79788456 * (1.0 + 0.134145 * x * x); }
// WGSL's own sine and cosine may be off by 2^-11: Cephes' polynomials after a three-part reduction by pi/4.
fn sincos_(x0: f32, cosine: bool) -> f32 {
  let x = abs(x0);
  if (!(x < 8192.0)) { if (cosine) { return cos(x0); } return sin(x0); }
  var j = i32(x * 1.27323954); j = (j + 1) & ~1;
  let y = f32(j);
  let r = fma(y, -3.77489497744594108e-8, fma(y, -2.4187564849853515625e-4, fma(y, -0.78515625, x)));
  let z = r * r;
  let c = fma(fma(fma(fma(2.443315711809948e-5, z, -1.388731625493765e-3), z, 4.166664568298827e-2) * z, z, -0.5 * z), 1.0, 1.0);
  let s = fma(fma(fma(-1.9515295891e-4, z, 8.3321608736e-3), z, -1.6666654611e-1) * z, r, r);
  let q = (j >> 1u) & 3;
  if (cosine) { let v = select(c, s, (q & 1) == 1); return select(v, -v, q == 1 || q == 2); }
  let v = select(s, c, (q & 1) == 1);
  return select(v, -v, (q >= 2) != (x0 < 0.0));
}
fn sin_(x: f32) -> f32 { return sincos_(x, false); }
fn cos_(x: f32) -> f32 { return sincos_(x, true); }
fn fmod_(a: f32, b: f32) -> f32 { return a - b * trunc(a / b); }
fn remainder_(a: f32, b: f32) -> f32 { let r = fmod_(a, b); return select(r, r + b, r != 0.0 && ((b < 0.0) != (r < 0.0))); }
fn pow_(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (b == 1.0) { return a; }
  if (b == 2.0) { return a * a; }
  if (b == 0.5) { return sqrt(a); }
  if (a == 0.0) { return select(inf_(), 0.0, b > 0.0); }
  if (a > 0.0) { return pow(a, b); }
  if (b != floor(b)) { return nan_(); }
  let m = pow(-a, b);
  return select(m, -m, (i32(abs(b)) & 1) == 1);
}
fn ipow_(a: i32, b: i32) -> i32 { var r = 1; var x = a; var e = b; loop { if (e <= 0) { break; } if ((e & 1) == 1) { r = r * x; } x = x * x; e = e >> 1u; } return r; }
fn irem_(a: i32, b: i32) -> i32 { let r = a % b; return select(r, r + b, r != 0 && ((b < 0) != (r < 0))); }
fn ifloor_(a: i32, b: i32) -> i32 { let q = a / b; return select(q, q - 1, a % b != 0 && ((a < 0) != (b < 0))); }
fn max_(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return max(a, b); }
fn min_(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return min(a, b); }
fn clamp_(x: f32, p: f32, q: f32) -> f32 { if (is_nan(x)) { return x; } let low = select(x, p, x < p); return select(low, q, low > q); }
)";

std::string unary_expression(UnaryOp op, Compute c) {
  if (c == Compute::i32) {
    switch (op) {
      case UnaryOp::neg: return "-a";
      case UnaryOp::abs: return "abs(a)";
      case UnaryOp::sign: return "sign(a)";
      case UnaryOp::square: return "a * a";
      case UnaryOp::relu: return "max(a, 0)";
      case UnaryOp::bitwise_not: return "~a";
      case UnaryOp::floor: case UnaryOp::ceil: case UnaryOp::round: case UnaryOp::trunc: return "a";
      case UnaryOp::logical_not: return "i32(a == 0)";
      case UnaryOp::isnan: case UnaryOp::isinf: return "0";
      case UnaryOp::isfinite: return "1";
      case UnaryOp::signbit: return "i32(a < 0)";
      case UnaryOp::clamp: return "i32(clamp(f32(a), p, q))";
      default: return "";
    }
  }
  switch (op) {
    case UnaryOp::neg: return "-a";
    case UnaryOp::abs: return "abs(a)";
    case UnaryOp::sign: return "sign(a)";
    case UnaryOp::square: return "a * a";
    case UnaryOp::sqrt: return "sqrt(a)";
    case UnaryOp::rsqrt: return "1.0 / sqrt(a)";
    case UnaryOp::reciprocal: return "1.0 / a";
    case UnaryOp::exp: return "exp(a)";
    case UnaryOp::exp2: return "exp2(a)";
    case UnaryOp::expm1: return "expm1_(a)";
    case UnaryOp::log: return "log(a)";
    case UnaryOp::log2: return "log2(a)";
    case UnaryOp::log10: return "log(a) * 0.4342944819";
    case UnaryOp::log1p: return "log1p_(a)";
    case UnaryOp::sin: return "sin_(a)";
    case UnaryOp::cos: return "cos_(a)";
    case UnaryOp::tan: return "sin_(a) / cos_(a)";
    case UnaryOp::asin: return "asin(a)";
    case UnaryOp::acos: return "acos(a)";
    case UnaryOp::atan: return "atan(a)";
    case UnaryOp::sinh: return "sinh(a)";
    case UnaryOp::cosh: return "cosh(a)";
    case UnaryOp::tanh: return "tanh_(a)";
    case UnaryOp::asinh: return "asinh(a)";
    case UnaryOp::acosh: return "acosh(a)";
    case UnaryOp::atanh: return "atanh(a)";
    case UnaryOp::sigmoid: return "sigmoid_(a)";
    case UnaryOp::relu: return "select(a, 0.0, a < 0.0)";
    case UnaryOp::gelu: return "gelu_(a)";
    case UnaryOp::gelu_tanh: return "0.5 * a * (1.0 + tanh_(gelu_inner_(a)))";
    case UnaryOp::silu: return "a * sigmoid_(a)";
    case UnaryOp::softplus: return "select(log1p_(exp(a * p)) / p, a, a * p > q)";
    case UnaryOp::elu: return "select(p * expm1_(a), a, a > 0.0)";
    case UnaryOp::leaky_relu: return "select(p * a, a, a > 0.0)";
    case UnaryOp::erf: return "erf_(a)";
    case UnaryOp::erfc: return "erfc_(a)";
    case UnaryOp::sinc: return "select(sin_(3.14159265 * a) / (3.14159265 * a), 1.0, a == 0.0)";
    case UnaryOp::floor: return "floor(a)";
    case UnaryOp::ceil: return "ceil(a)";
    case UnaryOp::round: return "round(a)";
    case UnaryOp::trunc: return "trunc(a)";
    case UnaryOp::frac: return "a - trunc(a)";
    case UnaryOp::clamp: return "clamp_(a, p, q)";
    case UnaryOp::logical_not: return "f32(a == 0.0)";
    case UnaryOp::isnan: return "f32(is_nan(a))";
    case UnaryOp::isinf: return "f32(is_inf(a))";
    case UnaryOp::isfinite: return "f32(!is_nan(a) && !is_inf(a))";
    case UnaryOp::signbit: return "f32(bits(a) >> 31u)";
    default: return "";
  }
}

std::string binary_expression(BinaryOp op, Compute c) {
  bool f = c == Compute::f32;
  std::string t = f ? "f32" : "i32", zero = f ? "0.0" : "0";
  switch (op) {
    case BinaryOp::add: return f ? "a + p * b" : "a + i32(p) * b";
    case BinaryOp::sub: return f ? "a - p * b" : "a - i32(p) * b";
    case BinaryOp::mul: return "a * b";
    case BinaryOp::eq: return t + "(a == b)";
    case BinaryOp::ne: return t + "(a != b)";
    case BinaryOp::lt: return t + "(a < b)";
    case BinaryOp::le: return t + "(a <= b)";
    case BinaryOp::gt: return t + "(a > b)";
    case BinaryOp::ge: return t + "(a >= b)";
    case BinaryOp::logical_and: return t + "(a != " + zero + " && b != " + zero + ")";
    case BinaryOp::logical_or: return t + "(a != " + zero + " || b != " + zero + ")";
    case BinaryOp::logical_xor: return t + "((a != " + zero + ") != (b != " + zero + "))";
    case BinaryOp::maximum: return f ? "max_(a, b)" : "max(a, b)";
    case BinaryOp::minimum: return f ? "min_(a, b)" : "min(a, b)";
    case BinaryOp::fmax: return f ? "select(select(max(a, b), a, is_nan(b)), b, is_nan(a))" : "max(a, b)";
    case BinaryOp::fmin: return f ? "select(select(min(a, b), a, is_nan(b)), b, is_nan(a))" : "min(a, b)";
    case BinaryOp::remainder: return f ? "remainder_(a, b)" : "irem_(a, b)";
    case BinaryOp::fmod: return f ? "fmod_(a, b)" : "a % b";
    case BinaryOp::floor_divide: return f ? "floor(a / b)" : "ifloor_(a, b)";
    case BinaryOp::trunc_divide: return f ? "trunc(a / b)" : "a / b";
    case BinaryOp::pow: return f ? "pow_(a, b)" : "ipow_(a, b)";
    case BinaryOp::heaviside: return f ? "select(f32(a > 0.0), b, a == 0.0)" : "select(i32(a > 0), b, a == 0)";
    case BinaryOp::bitwise_and: return f ? "" : "a & b";
    case BinaryOp::bitwise_or: return f ? "" : "a | b";
    case BinaryOp::bitwise_xor: return f ? "" : "a ^ b";
    default: break;
  }
  if (!f) return "";
  switch (op) {
    case BinaryOp::div: return "a / b";
    case BinaryOp::atan2: return "atan2(a, b)";
    case BinaryOp::hypot: return "length(vec2<f32>(a, b))";
    case BinaryOp::copysign: return "bitcast<f32>((bits(a) & 0x7fffffffu) | (bits(b) & 0x80000000u))";
    case BinaryOp::logaddexp: return "logaddexp_(a, b)";
    case BinaryOp::xlogy: return "select(select(a * log(b), 0.0, a == 0.0), nan_(), is_nan(b))";
    case BinaryOp::relu_backward: return "select(a, 0.0, b <= 0.0)";
    case BinaryOp::sigmoid_backward: return "a * b * (1.0 - b)";
    case BinaryOp::tanh_backward: return "a * (1.0 - b * b)";
    case BinaryOp::gelu_backward: return "a * gelu_grad_(b)";
    case BinaryOp::gelu_tanh_backward: return "a * gelu_tanh_grad_(b)";
    case BinaryOp::silu_backward: return "a * sigmoid_(b) * (1.0 + b * (1.0 - sigmoid_(b)))";
    case BinaryOp::leaky_relu_backward: return "select(a * p, a, b > 0.0)";
    case BinaryOp::elu_backward: return "select(a * p * exp(b), a, b > 0.0)";
    case BinaryOp::softplus_backward: return "select(a * sigmoid_(b * p), a, b * p > 20.0)";
    default: return "";
  }
}

}  // namespace weightroom::gpu

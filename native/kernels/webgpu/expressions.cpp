// One WGSL expression an op and domain; the C++ functors of the same ops stand in kernels/cpu/functors.h.
#include "kernels/webgpu/wgsl.h"

namespace weightroom::gpu {
namespace {

const char* unary_f32(UnaryOp op) {
  switch (op) {
    case UnaryOp::neg: return "-a";
    case UnaryOp::abs: return "abs(a)";
    case UnaryOp::sign: return "f32(a > 0.0) - f32(a < 0.0)";
    case UnaryOp::square: return "a * a";
    case UnaryOp::sqrt: return "sqrt_(a)";
    case UnaryOp::rsqrt: return "1.0 / sqrt_(a)";
    case UnaryOp::reciprocal: return "1.0 / a";
    case UnaryOp::exp: return "exp_(a)";
    case UnaryOp::exp2: return "exp2_(a)";
    case UnaryOp::expm1: return "expm1_(a)";
    case UnaryOp::log: return "log_(a)";
    case UnaryOp::log2: return "log2_(a)";
    case UnaryOp::log10: return "log_(a) * 0.4342944819";
    case UnaryOp::log1p: return "log1p_(a)";
    case UnaryOp::sin: return "sincos_(a).x";
    case UnaryOp::cos: return "sincos_(a).y";
    case UnaryOp::tan: return "tan_(a)";
    case UnaryOp::asin: return "asin_(a)";
    case UnaryOp::acos: return "acos_(a)";
    case UnaryOp::atan: return "atan_(a)";
    case UnaryOp::sinh: return "sinh_(a)";
    case UnaryOp::cosh: return "cosh_(a)";
    case UnaryOp::tanh: return "tanh_(a)";
    case UnaryOp::asinh: return "asinh_(a)";
    case UnaryOp::acosh: return "acosh_(a)";
    case UnaryOp::atanh: return "atanh_(a)";
    case UnaryOp::sigmoid: return "sigmoid_(a)";
    case UnaryOp::relu: return "select(a, 0.0, a < 0.0)";
    case UnaryOp::gelu: return "gelu_(a)";
    case UnaryOp::gelu_tanh: return "0.5 * a * (1.0 + tanh_(gelu_inner_(a)))";
    case UnaryOp::silu: return "a / (1.0 + exp_(-a))";
    case UnaryOp::softplus: return "select(log1p_(exp_(a * p)) / p, a, a * p > q)";
    case UnaryOp::elu: return "select(p * expm1_(a), a, a > 0.0)";
    case UnaryOp::leaky_relu: return "select(p * a, a, a > 0.0)";
    case UnaryOp::hardtanh: return "clamp_(a, p, q)";
    case UnaryOp::hardsigmoid: return "clamp_(a + 3.0, 0.0, 6.0) / 6.0";
    case UnaryOp::hardswish: return "a * clamp_(a + 3.0, 0.0, 6.0) / 6.0";
    case UnaryOp::erf: return "erf_(a)";
    case UnaryOp::erfc: return "erfc_(a)";
    case UnaryOp::erfinv: return "erfinv_(a)";
    case UnaryOp::lgamma: return "lgamma_(a)";
    case UnaryOp::digamma: return "digamma_(a)";
    case UnaryOp::polygamma: return "q * zeta_(p + 1.0, a)";
    case UnaryOp::sinc: return "sinc_(a)";
    case UnaryOp::floor: return "floor(a)";
    case UnaryOp::ceil: return "ceil(a)";
    case UnaryOp::round: return "round(a)";
    case UnaryOp::trunc: return "trunc(a)";
    case UnaryOp::frac: return "a - trunc(a)";
    case UnaryOp::clamp: return "clamp_(a, p, q)";
    case UnaryOp::bitwise_not: return nullptr;
    case UnaryOp::logical_not: return "a == 0.0";
    case UnaryOp::isnan: return "is_nan(a)";
    case UnaryOp::isinf: return "is_inf(a)";
    case UnaryOp::isfinite: return "(bits(a) & 0x7fffffffu) < 0x7f800000u";
    case UnaryOp::signbit: return "(bits(a) >> 31u) == 1u";
  }
  return nullptr;
}

const char* unary_i32(UnaryOp op) {
  switch (op) {
    case UnaryOp::neg: return "-a";
    case UnaryOp::abs: return "abs(a)";
    case UnaryOp::sign: return "sign(a)";
    case UnaryOp::square: return "a * a";
    case UnaryOp::relu: return "max(a, 0)";
    case UnaryOp::bitwise_not: return "~a";
    case UnaryOp::floor: case UnaryOp::ceil: case UnaryOp::round: case UnaryOp::trunc: return "a";
    case UnaryOp::frac: return "0";
    case UnaryOp::clamp: return "min(max(a, p), q)";
    case UnaryOp::logical_not: return "a == 0";
    case UnaryOp::isnan: case UnaryOp::isinf: return "false";
    case UnaryOp::isfinite: return "true";
    case UnaryOp::signbit: return "a < 0";
    default: return nullptr;
  }
}

const char* unary_i64(UnaryOp op) {
  switch (op) {
    case UnaryOp::neg: return "neg64(a)";
    case UnaryOp::abs: return "abs64(a)";
    case UnaryOp::sign: return "sign64(a)";
    case UnaryOp::square: return "mul64(a, a)";
    case UnaryOp::relu: return "select(a, vec2<u32>(0u, 0u), is_neg64(a))";
    case UnaryOp::bitwise_not: return "~a";
    case UnaryOp::floor: case UnaryOp::ceil: case UnaryOp::round: case UnaryOp::trunc: return "a";
    case UnaryOp::frac: return "vec2<u32>(0u, 0u)";
    case UnaryOp::clamp: return "min64(max64(a, p), q)";
    case UnaryOp::logical_not: return "is_zero64(a)";
    case UnaryOp::isnan: case UnaryOp::isinf: return "false";
    case UnaryOp::isfinite: return "true";
    case UnaryOp::signbit: return "is_neg64(a)";
    default: return nullptr;
  }
}

const char* binary_f32(BinaryOp op) {
  switch (op) {
    case BinaryOp::add: return "fma(p, b, a)";
    case BinaryOp::sub: return "fma(-p, b, a)";
    case BinaryOp::mul: return "a * b";
    case BinaryOp::div: return "a / b";
    case BinaryOp::floor_divide: return "floordiv_(a, b)";
    case BinaryOp::trunc_divide: return "trunc(a / b)";
    case BinaryOp::remainder: return "remainder_(a, b)";
    case BinaryOp::fmod: return "fmod_(a, b)";
    case BinaryOp::pow: return "pow_(a, b)";
    case BinaryOp::maximum: return "max_(a, b)";
    case BinaryOp::minimum: return "min_(a, b)";
    case BinaryOp::fmax: return "select(select(max(a, b), a, is_nan(b)), b, is_nan(a))";
    case BinaryOp::fmin: return "select(select(min(a, b), a, is_nan(b)), b, is_nan(a))";
    case BinaryOp::atan2: return "atan2_(a, b)";
    case BinaryOp::hypot: return "hypot_(a, b)";
    case BinaryOp::copysign: return "copysign_(a, b)";
    case BinaryOp::nextafter: return "nextafter_(a, b)";
    case BinaryOp::logaddexp: return "logaddexp_(a, b)";
    case BinaryOp::logaddexp2: return "logaddexp2_(a, b)";
    case BinaryOp::xlogy: return "xlogy_(a, b)";
    case BinaryOp::heaviside: return "select(f32(a > 0.0), b, a == 0.0)";
    case BinaryOp::eq: return "a == b";
    case BinaryOp::ne: return "a != b";
    case BinaryOp::lt: return "a < b";
    case BinaryOp::le: return "a <= b";
    case BinaryOp::gt: return "a > b";
    case BinaryOp::ge: return "a >= b";
    case BinaryOp::logical_and: return "a != 0.0 && b != 0.0";
    case BinaryOp::logical_or: return "a != 0.0 || b != 0.0";
    case BinaryOp::logical_xor: return "(a != 0.0) != (b != 0.0)";
    case BinaryOp::relu_backward: return "select(a, 0.0, b <= 0.0)";
    case BinaryOp::sigmoid_backward: return "a * b * (1.0 - b)";
    case BinaryOp::tanh_backward: return "a * (1.0 - b * b)";
    case BinaryOp::gelu_backward: return "a * gelu_grad_(b)";
    case BinaryOp::gelu_tanh_backward: return "a * gelu_tanh_grad_(b)";
    case BinaryOp::silu_backward: return "a * silu_grad_(b)";
    case BinaryOp::leaky_relu_backward: return "select(a * p, a, b > 0.0)";
    case BinaryOp::elu_backward: return "select(a * p * exp_(b), a, b > 0.0)";
    case BinaryOp::softplus_backward: return "select(a * sigmoid_(b * p), a, b * p > 20.0)";
    case BinaryOp::hardsigmoid_backward: return "select(0.0, a / 6.0, b > -3.0 && b < 3.0)";
    case BinaryOp::hardswish_backward: return "select(select(a, a * (b / 3.0 + 0.5), b < 3.0), 0.0, b <= -3.0)";
    default: return nullptr;
  }
}

const char* binary_i32(BinaryOp op) {
  switch (op) {
    case BinaryOp::add: return "a + p * b";
    case BinaryOp::sub: return "a - p * b";
    case BinaryOp::mul: return "a * b";
    case BinaryOp::floor_divide: return "floordiv32(a, b)";
    case BinaryOp::trunc_divide: return "a / b";
    case BinaryOp::remainder: return "remainder32(a, b)";
    case BinaryOp::fmod: return "a % b";
    case BinaryOp::pow: return "pow32(a, b)";
    case BinaryOp::maximum: case BinaryOp::fmax: return "max(a, b)";
    case BinaryOp::minimum: case BinaryOp::fmin: return "min(a, b)";
    case BinaryOp::heaviside: return "select(i32(a > 0), b, a == 0)";
    case BinaryOp::gcd: return "gcd32(a, b)";
    case BinaryOp::lcm: return "lcm32(a, b)";
    case BinaryOp::bitwise_and: return "a & b";
    case BinaryOp::bitwise_or: return "a | b";
    case BinaryOp::bitwise_xor: return "a ^ b";
    case BinaryOp::bitwise_left_shift: return "shl32(a, b, q)";
    case BinaryOp::bitwise_right_shift: return "shr32(a, b, q)";
    case BinaryOp::eq: return "a == b";
    case BinaryOp::ne: return "a != b";
    case BinaryOp::lt: return "a < b";
    case BinaryOp::le: return "a <= b";
    case BinaryOp::gt: return "a > b";
    case BinaryOp::ge: return "a >= b";
    case BinaryOp::logical_and: return "a != 0 && b != 0";
    case BinaryOp::logical_or: return "a != 0 || b != 0";
    case BinaryOp::logical_xor: return "(a != 0) != (b != 0)";
    default: return nullptr;
  }
}

const char* binary_i64(BinaryOp op) {
  switch (op) {
    case BinaryOp::add: return "add64(a, mul64(p, b))";
    case BinaryOp::sub: return "sub64(a, mul64(p, b))";
    case BinaryOp::mul: return "mul64(a, b)";
    case BinaryOp::floor_divide: return "floordiv64(a, b)";
    case BinaryOp::trunc_divide: return "div64(a, b)";
    case BinaryOp::remainder: return "remainder64(a, b)";
    case BinaryOp::fmod: return "rem64(a, b)";
    case BinaryOp::pow: return "pow64(a, b)";
    case BinaryOp::maximum: case BinaryOp::fmax: return "max64(a, b)";
    case BinaryOp::minimum: case BinaryOp::fmin: return "min64(a, b)";
    case BinaryOp::heaviside: return "select(vec2<u32>(u32(!is_neg64(a)), 0u), b, is_zero64(a))";
    case BinaryOp::gcd: return "gcd64(a, b)";
    case BinaryOp::lcm: return "lcm64(a, b)";
    case BinaryOp::bitwise_and: return "a & b";
    case BinaryOp::bitwise_or: return "a | b";
    case BinaryOp::bitwise_xor: return "a ^ b";
    case BinaryOp::bitwise_left_shift: return "checked_shl64(a, b)";
    case BinaryOp::bitwise_right_shift: return "checked_shr64(a, b)";
    case BinaryOp::eq: return "all(a == b)";
    case BinaryOp::ne: return "any(a != b)";
    case BinaryOp::lt: return "lt64(a, b)";
    case BinaryOp::le: return "!lt64(b, a)";
    case BinaryOp::gt: return "lt64(b, a)";
    case BinaryOp::ge: return "!lt64(a, b)";
    case BinaryOp::logical_and: return "!is_zero64(a) && !is_zero64(b)";
    case BinaryOp::logical_or: return "!is_zero64(a) || !is_zero64(b)";
    case BinaryOp::logical_xor: return "is_zero64(a) != is_zero64(b)";
    default: return nullptr;
  }
}

}  // namespace

const char* unary_expression(UnaryOp op, Compute c) { return c == Compute::f32 ? unary_f32(op) : c == Compute::i32 ? unary_i32(op) : unary_i64(op); }
const char* binary_expression(BinaryOp op, Compute c) { return c == Compute::f32 ? binary_f32(op) : c == Compute::i32 ? binary_i32(op) : binary_i64(op); }

}  // namespace weightroom::gpu

#include <cmath>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

bool keeps_integers(UnaryOp op) {
  switch (op) {
    case UnaryOp::neg: case UnaryOp::abs: case UnaryOp::sign: case UnaryOp::square: case UnaryOp::relu: case UnaryOp::clamp:
    case UnaryOp::floor: case UnaryOp::ceil: case UnaryOp::round: case UnaryOp::trunc: return true;
    default: return false;
  }
}
bool is_predicate(UnaryOp op) { return op >= UnaryOp::logical_not && op <= UnaryOp::isfinite; }

std::string backward_name(UnaryOp op) {
  switch (op) {
    case UnaryOp::square: return "PowBackward0";
    case UnaryOp::gelu_tanh: return "GeluBackward0";
    case UnaryOp::clamp: return "ClampBackward1";
    case UnaryOp::sign: return "SignBackward0";
    default: break;
  }
  std::string n = unary_name(op), out;
  bool up = true;
  for (char c : n) {
    if (c == '_') { up = true; continue; }
    out += up ? char(std::toupper(c)) : c;
    up = false;
  }
  return out + "Backward0";
}

// Ops whose gradient is simplest from their result.
bool saves_output(UnaryOp op) {
  switch (op) {
    case UnaryOp::exp: case UnaryOp::sqrt: case UnaryOp::rsqrt: case UnaryOp::reciprocal: case UnaryOp::tanh: case UnaryOp::sigmoid: case UnaryOp::relu: case UnaryOp::expm1: case UnaryOp::tan: return true;
    default: return false;
  }
}

// The gradient by the input, from g and the saved input or output `s`. Fused kernels where no second derivative is asked for.
Tensor gradient(UnaryOp op, const Tensor& g, const Tensor& s, double p, double q) {
  auto fused = [&](BinaryOp k, double alpha) {
    Tensor out = empty(s.sizes(), s.dtype(), s.device());
    backend(s).binary(k, out, g.sizes() == s.sizes() ? g : expand(g, s.sizes()), s, alpha);
    return out;
  };
  bool twice = grad_enabled();
  switch (op) {
    case UnaryOp::neg: return neg(g);
    case UnaryOp::abs: return mul(g, unary(UnaryOp::sign, s));
    case UnaryOp::square: return mul(g, mul(s, 2.0));
    case UnaryOp::sqrt: return div(g, mul(s, 2.0));
    case UnaryOp::rsqrt: return mul(mul(g, -0.5), mul(s, mul(s, s)));
    case UnaryOp::reciprocal: return neg(mul(g, mul(s, s)));
    case UnaryOp::exp: return mul(g, s);
    case UnaryOp::expm1: return mul(g, add(s, 1.0));
    case UnaryOp::log: return div(g, s);
    case UnaryOp::log2: return div(g, mul(s, std::log(2.0)));
    case UnaryOp::log10: return div(g, mul(s, std::log(10.0)));
    case UnaryOp::log1p: return div(g, add(s, 1.0));
    case UnaryOp::sin: return mul(g, unary(UnaryOp::cos, s));
    case UnaryOp::cos: return neg(mul(g, unary(UnaryOp::sin, s)));
    case UnaryOp::tan: return mul(g, add(mul(s, s), 1.0));
    case UnaryOp::asin: return mul(g, unary(UnaryOp::rsqrt, add(neg(mul(s, s)), 1.0)));
    case UnaryOp::acos: return neg(mul(g, unary(UnaryOp::rsqrt, add(neg(mul(s, s)), 1.0))));
    case UnaryOp::atan: return div(g, add(mul(s, s), 1.0));
    case UnaryOp::sinh: return mul(g, unary(UnaryOp::cosh, s));
    case UnaryOp::cosh: return mul(g, unary(UnaryOp::sinh, s));
    case UnaryOp::erf: return mul(g, mul(unary(UnaryOp::exp, neg(mul(s, s))), 1.1283791670955126));
    case UnaryOp::tanh: return twice ? mul(g, add(neg(mul(s, s)), 1.0)) : fused(BinaryOp::tanh_backward, 1);
    case UnaryOp::sigmoid: return twice ? mul(g, mul(s, add(neg(s), 1.0))) : fused(BinaryOp::sigmoid_backward, 1);
    case UnaryOp::relu:
      return twice ? mul(g, to_dtype(binary(BinaryOp::gt, detach(s), wrapped(0.0)), g.dtype())) : fused(BinaryOp::relu_backward, 1);
    case UnaryOp::gelu: {
      if (!twice) return fused(BinaryOp::gelu_backward, 1);
      Tensor cdf = mul(add(unary(UnaryOp::erf, mul(s, M_SQRT1_2)), 1.0), 0.5);
      Tensor pdf = mul(unary(UnaryOp::exp, mul(mul(s, s), -0.5)), 0.3989422804014327);
      return mul(g, add(cdf, mul(s, pdf)));
    }
    case UnaryOp::gelu_tanh: {
      if (!twice) return fused(BinaryOp::gelu_tanh_backward, 1);
      constexpr double k = 0.7978845608028654, c = 0.044715;
      Tensor s2 = mul(s, s);
      Tensor th = unary(UnaryOp::tanh, mul(mul(s, add(mul(s2, c), 1.0)), k));
      Tensor du = mul(add(mul(s2, 3 * c), 1.0), k);
      return mul(g, add(mul(add(th, 1.0), 0.5), mul(mul(mul(s, 0.5), add(neg(mul(th, th)), 1.0)), du)));
    }
    case UnaryOp::silu: {
      if (!twice) return fused(BinaryOp::silu_backward, 1);
      Tensor sig = unary(UnaryOp::sigmoid, s);
      return mul(g, mul(sig, add(mul(s, add(neg(sig), 1.0)), 1.0)));
    }
    case UnaryOp::softplus: {
      if (!twice && q == 20) return fused(BinaryOp::softplus_backward, p);
      Tensor z = mul(s, p);
      return where(binary(BinaryOp::gt, detach(z), wrapped(q)), g, mul(g, unary(UnaryOp::sigmoid, z)));
    }
    case UnaryOp::leaky_relu:
      return twice ? where(binary(BinaryOp::gt, detach(s), wrapped(0.0)), g, mul(g, p)) : fused(BinaryOp::leaky_relu_backward, p);
    case UnaryOp::elu:
      return twice ? where(binary(BinaryOp::gt, detach(s), wrapped(0.0)), g, mul(g, mul(unary(UnaryOp::exp, s), p))) : fused(BinaryOp::elu_backward, p);
    case UnaryOp::clamp: {
      Tensor in = binary(BinaryOp::logical_and, binary(BinaryOp::ge, detach(s), wrapped(p)), binary(BinaryOp::le, detach(s), wrapped(q)));
      return mul(g, to_dtype(in, g.dtype()));
    }
    case UnaryOp::frac: return g;
    default: return zeros(g.sizes(), g.dtype(), g.device());  // floor, ceil, round, trunc, sign
  }
}

void compute(UnaryOp op, const Tensor& out, const Tensor& a, double p, double q) { backend(out).unary(op, out, a, p, q); }

}  // namespace

Tensor unary(UnaryOp op, const Tensor& a, double p, double q) {
  if (is_predicate(op)) {
    Tensor out = empty(a.sizes(), DType::boolean, a.device());
    compute(op, out, a, p, q);
    return out;
  }
  if (a.dtype() == DType::boolean && op == UnaryOp::neg)
    fail("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.");
  Tensor in = is_floating(a.dtype()) || keeps_integers(op) ? a : to_dtype(a, DType::float32);
  Tensor out = empty(in.sizes(), in.dtype(), in.device());
  compute(op, out, in, p, q);
  if (any_requires_grad({in})) {
    static thread_local std::string names[size_t(UnaryOp::clamp) + 1];
    std::string& name = names[size_t(op)];
    if (name.empty()) name = backward_name(op);
    bool of_output = saves_output(op);
    std::vector<SavedTensor> saved;
    if (!of_output) saved.emplace_back(in);
    auto node = record(TensorList{out}, name.c_str(), {in}, std::move(saved), [op, p, q](Context& c, const TensorList& g) { return TensorList{gradient(op, g[0], c.saved(0), p, q)}; });
    if (of_output) save_output(node, out);
  }
  return out;
}

void unary_(UnaryOp op, const Tensor& self, double p, double q) {
  check_inplace(self);
  if (!is_floating(self.dtype()) && !keeps_integers(op)) fail("result type Float can't be cast to the desired output type ", scalar_type_name(self.dtype()));
  bool grad = any_requires_grad({self});
  std::vector<SavedTensor> saved;
  bool of_output = saves_output(op);
  if (grad && !of_output) { NoGrad guard; saved.emplace_back(clone(self)); }
  compute(op, self, self, p, q);
  if (!grad) return record_inplace(self, "", {self}, {}, nullptr);
  if (of_output) {
    // Saved after the bump, as the output of the new node.
    Tensor value = alias(self, true);
    value.bump_version();
    SavedTensor out(value, true);
    --value.impl()->version->value;
    saved.push_back(out);
  }
  record_inplace(self, backward_name(op).c_str(), {self}, std::move(saved), [op, p, q](Context& c, const TensorList& g) { return TensorList{gradient(op, g[0], c.saved(0), p, q)}; });
}

}  // namespace weightroom::ops

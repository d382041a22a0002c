#include <cmath>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

bool keeps_integers(UnaryOp op) {
  switch (op) {
    case UnaryOp::neg: case UnaryOp::abs: case UnaryOp::sign: case UnaryOp::square: case UnaryOp::relu: case UnaryOp::clamp: case UnaryOp::bitwise_not:
    case UnaryOp::floor: case UnaryOp::ceil: case UnaryOp::round: case UnaryOp::trunc: return true;
    default: return false;
  }
}

// What PyTorch refuses, with its texts.
void check_dtype(UnaryOp op, const Tensor& a) {
  if (is_floating(a.dtype())) {
    if (op == UnaryOp::bitwise_not) fail_not_implemented("\"bitwise_not_cpu\" not implemented for '", scalar_type_name(a.dtype()), "'");
    return;
  }
  if (op == UnaryOp::frac) fail_not_implemented("\"frac_cpu\" not implemented for '", scalar_type_name(a.dtype()), "'");
  if (a.dtype() != DType::boolean) return;
  switch (op) {
    case UnaryOp::neg: fail("Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.");
    case UnaryOp::relu: fail("Boolean inputs not supported for relu");
    case UnaryOp::abs: case UnaryOp::floor: case UnaryOp::ceil: case UnaryOp::round: case UnaryOp::trunc:
      fail_not_implemented("\"", unary_name(op), op == UnaryOp::abs ? "_cpu" : "_vml_cpu", "\" not implemented for 'Bool'");
    default: break;
  }
}

std::string backward_name(UnaryOp op) {
  switch (op) {
    case UnaryOp::square: return "PowBackward0";
    case UnaryOp::gelu_tanh: return "GeluBackward0";
    case UnaryOp::clamp: return "ClampBackward1";
    case UnaryOp::log1p: return "Log1PBackward0";
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
    case UnaryOp::exp: case UnaryOp::exp2: case UnaryOp::erfinv: case UnaryOp::sqrt: case UnaryOp::rsqrt: case UnaryOp::reciprocal: case UnaryOp::tanh: case UnaryOp::sigmoid: case UnaryOp::relu: case UnaryOp::expm1: case UnaryOp::tan: return true;
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
    case UnaryOp::erfc: return mul(g, mul(unary(UnaryOp::exp, neg(mul(s, s))), -1.1283791670955126));
    case UnaryOp::erfinv: return mul(g, mul(unary(UnaryOp::exp, mul(s, s)), 0.886226925452758));
    case UnaryOp::exp2: return mul(g, mul(s, M_LN2));
    case UnaryOp::asinh: return mul(g, unary(UnaryOp::rsqrt, add(mul(s, s), 1.0)));
    case UnaryOp::acosh: return mul(g, unary(UnaryOp::rsqrt, add(mul(s, s), -1.0)));
    case UnaryOp::atanh: return div(g, add(neg(mul(s, s)), 1.0));
    case UnaryOp::lgamma: return mul(g, unary(UnaryOp::digamma, s));
    case UnaryOp::digamma: return mul(g, unary(UnaryOp::polygamma, s, 1));
    case UnaryOp::polygamma: return mul(g, unary(UnaryOp::polygamma, s, p + 1));
    case UnaryOp::sinc: {
      Tensor t = mul(s, M_PI), below = mul(mul(s, s), M_PI);
      Tensor d = mul(g, div(sub(mul(t, unary(UnaryOp::cos, t)), unary(UnaryOp::sin, t)), below));
      return where(binary(BinaryOp::eq, detach(below), wrapped(0)), zeros({}, d.dtype(), d.device()), d);
    }
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
    case UnaryOp::hardtanh: {
      // Nothing flows at the bounds themselves.
      Tensor in = binary(BinaryOp::logical_and, binary(BinaryOp::gt, detach(s), wrapped(p)), binary(BinaryOp::lt, detach(s), wrapped(q)));
      return where(in, g, zeros({}, g.dtype(), g.device()));
    }
    case UnaryOp::hardsigmoid: {
      if (!twice) return fused(BinaryOp::hardsigmoid_backward, 1);
      Tensor in = binary(BinaryOp::lt, unary(UnaryOp::abs, detach(s)), wrapped(3.0));
      return where(in, div(g, wrapped(6.0)), zeros({}, g.dtype(), g.device()));
    }
    case UnaryOp::hardswish: {
      if (!twice) return fused(BinaryOp::hardswish_backward, 1);
      Tensor inner = where(binary(BinaryOp::lt, detach(s), wrapped(3.0)), mul(g, add(div(s, wrapped(3.0)), 0.5)), g);
      return where(binary(BinaryOp::le, detach(s), wrapped(-3.0)), zeros({}, g.dtype(), g.device()), inner);
    }
    case UnaryOp::elu:
      return twice ? where(binary(BinaryOp::le, detach(s), wrapped(0.0)), mul(g, mul(unary(UnaryOp::exp, s), p)), g) : fused(BinaryOp::elu_backward, p);
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
  check_dtype(op, a);
  if (op == UnaryOp::square && a.dtype() == DType::boolean) return to_dtype(a, DType::int64);
  Tensor in = is_floating(a.dtype()) || keeps_integers(op) ? a : to_dtype(a, DType::float32);
  Tensor out = empty(in.sizes(), in.dtype(), in.device());
  compute(op, out, in, p, q);
  if (any_requires_grad({in})) {
    static thread_local std::string names[kUnaryOps];
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
  if (is_predicate(op)) {
    // As other logic in place: the history stays as it was, and a leaf may be changed.
    NoGrad guard;
    return copy_(self, unary(op, self));
  }
  check_inplace(self);
  check_dtype(op, self);
  if (op == UnaryOp::square && self.dtype() == DType::boolean) fail("result type Long can't be cast to the desired output type Bool");
  if (!is_floating(self.dtype()) && !keeps_integers(op)) fail("result type Float can't be cast to the desired output type ", scalar_type_name(self.dtype()));
  bool grad = any_requires_grad({self});
  std::vector<SavedTensor> saved;
  bool of_output = saves_output(op);
  if (grad && !of_output) {
    saved.emplace_back(self);
    saved.back().secede(self.impl()->storage);
  }
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

namespace {
// The bounds as the kernel wants them, and the type of the result.
struct Bounds { DType type; double low = -INFINITY, high = INFINITY; };
Bounds bounds(const Tensor& a, std::optional<Scalar> min, std::optional<Scalar> max) {
  check(min || max, "torch.clamp: At least one of 'min' or 'max' must not be None");
  Bounds b{a.dtype()};
  for (auto& s : {min, max}) if (s) b.type = promote_types(b.type, result_type(a, wrapped(*s)));
  auto value = [&](const Scalar& s) {
    // An unsigned type wraps a negative bound, as PyTorch's cast does.
    return is_floating(b.type) ? s.d : dispatch_all(b.type, [&]<typename T>() { return double(s.to<T>()); });
  };
  if (min) b.low = value(*min);
  if (max) b.high = value(*max);
  return b;
}
}  // namespace

Tensor clamp(const Tensor& a, std::optional<Scalar> min, std::optional<Scalar> max, const char* name) {
  if (name) return composite(name, {a}, [=](const TensorList& in) { return clamp(in[0], min, max); });
  Bounds b = bounds(a, min, max);
  return unary(UnaryOp::clamp, to_dtype(a, b.type), b.low, b.high);
}

void clamp_(const Tensor& self, std::optional<Scalar> min, std::optional<Scalar> max) {
  Bounds b = bounds(self, min, max);
  if (b.type != self.dtype()) fail("result type ", scalar_type_name(b.type), " can't be cast to the desired output type ", scalar_type_name(self.dtype()));
  unary_(UnaryOp::clamp, self, b.low, b.high);
}

Tensor clamp(const Tensor& a, const Tensor& min, const Tensor& max) {
  check(min || max, "torch.clamp: At least one of 'min' or 'max' must not be None");
  Tensor out;
  {
    NoGrad guard;
    out = min ? binary(BinaryOp::maximum, a, min) : a;
    if (max) out = binary(BinaryOp::minimum, out, max);
  }
  if (out.same(a)) out = clone(a);
  if (any_requires_grad({a, min, max}))
    record(out, "ClampBackward0", {a, min, max}, {SavedTensor(a), min ? SavedTensor(min) : SavedTensor(), max ? SavedTensor(max) : SavedTensor()},
           [as = a.sizes(), at = a.dtype()](Context& c, const TensorList& g) {
             Tensor x = detach(c.saved(0)), lo = c.saved(1), hi = c.saved(2);
             if (lo) lo = detach(lo);
             if (hi) hi = detach(hi);
             auto compare = [](BinaryOp op, const Tensor& p, const Tensor& q) { return binary(op, p, q); };
             auto both = [](const Tensor& p, const Tensor& q) { return !p ? q : !q ? p : binary(BinaryOp::logical_and, p, q); };
             auto masked = [&](const Tensor& m, const Dims& sizes, DType t) { return to_dtype(sum_to(where(m, g[0], zeros({}, g[0].dtype(), g[0].device())), sizes), t); };
             TensorList r(3);
             if (c.needs(0)) r[0] = masked(both(lo ? compare(BinaryOp::ge, x, lo) : Tensor(), hi ? compare(BinaryOp::le, x, hi) : Tensor()), as, at);
             if (c.needs(1)) r[1] = masked(both(compare(BinaryOp::lt, x, lo), hi ? compare(BinaryOp::lt, lo, hi) : Tensor()), lo.sizes(), lo.dtype());
             if (c.needs(2)) {
               Tensor m = compare(BinaryOp::gt, x, hi);
               if (lo) m = binary(BinaryOp::logical_or, m, compare(BinaryOp::gt, lo, hi));
               r[2] = masked(m, hi.sizes(), hi.dtype());
             }
             return r;
           });
  return out;
}

}  // namespace weightroom::ops

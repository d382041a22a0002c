#include <cmath>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

// PyTorch numbers the overloads of an op; `number`: the second operand is a number, `reversed`: the first one is.
std::string backward_name(BinaryOp op, bool number, bool reversed) {
  switch (op) {
    case BinaryOp::sub: return reversed ? "RsubBackward1" : "SubBackward0";
    case BinaryOp::pow: return number ? "PowBackward0" : reversed ? "PowBackward2" : "PowBackward1";
    case BinaryOp::remainder: return number ? "RemainderBackward0" : "RemainderBackward1";
    case BinaryOp::fmod: return number ? "FmodBackward0" : "FmodBackward1";
    case BinaryOp::floor_divide: case BinaryOp::trunc_divide: return "DivBackward1";
    case BinaryOp::copysign: return number ? "CopysignBackward1" : "CopysignBackward0";
    case BinaryOp::xlogy: return number ? "XlogyBackward2" : reversed ? "XlogyBackward1" : "XlogyBackward0";
    default: break;
  }
  std::string n = binary_name(op);
  n[0] = char(std::toupper(n[0]));
  return n + "Backward0";
}

DType default_of(const Tensor& t) {
  if (t.impl()->wrapped_number && is_floating(t.dtype())) return DType::float32;
  return t.dtype();
}

// Same device, or a CPU scalar beside a tensor elsewhere.
void bring_together(Tensor& a, Tensor& b) {
  if (a.device() == b.device()) return;
  auto move = [](Tensor& s, const Tensor& to, bool& done) {
    if (s.dim() || !s.device().is_cpu()) return;
    bool weak = s.impl()->wrapped_number;
    // float64 does not exist on every device: a scalar travels in the other's type.
    DType dt = weak || !is_floating(s.dtype()) ? (is_floating(s.dtype()) ? (is_floating(to.dtype()) ? to.dtype() : DType::float32) : s.dtype()) : s.dtype();
    if (weak) {
      // Numbers are made there, not sent.
      s = alias(backend(to).scalar(number_of(s), dt), false);
      s.impl()->wrapped_number = true;
    } else {
      s = to_device(to_dtype(s, dt), to.device());
    }
    done = true;
  };
  bool done = false;
  move(a, b, done);
  if (!done) move(b, a, done);
  if (!done) check_same_device(a, b);
}

// Whether half types go through float32, in which the number is not rounded first.
bool divides_wide(BinaryOp op, DType common, const Tensor& b) {
  return (op == BinaryOp::floor_divide || op == BinaryOp::trunc_divide) && b.impl()->wrapped_number && (common == DType::float16 || common == DType::bfloat16);
}

Tensor raw(BinaryOp op, const Tensor& a, const Tensor& b, DType common, double alpha) {
  if (divides_wide(op, common, b)) {
    NoGrad guard;
    return to_dtype(raw(op, to_dtype(a, DType::float32), b, DType::float32, alpha), common);
  }
  Dims sizes = a.sizes() == b.sizes() ? a.sizes() : broadcast_shapes(a.sizes(), b.sizes());
  Tensor out = empty(sizes, is_comparison(op) ? DType::boolean : common, a.device());
  NoGrad guard;
  Tensor x = to_dtype(a, common), y = to_dtype(b, common);
  backend(out).binary(op, out, x.sizes() == sizes ? x : expand(x, sizes), y.sizes() == sizes ? y : expand(y, sizes), alpha);
  return out;
}

// What PyTorch refuses, with its texts.
void check_dtype(BinaryOp op, DType t, const Tensor& b) {
  auto refuse = [&](const char* name) { fail_not_implemented("\"", name, "\" not implemented for '", scalar_type_name(t), "'"); };
  switch (op) {
    case BinaryOp::sub:
      if (t == DType::boolean) fail("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.");
      break;
    case BinaryOp::bitwise_and: if (is_floating(t)) refuse("bitwise_and_cpu"); break;
    case BinaryOp::bitwise_or: if (is_floating(t)) refuse("bitwise_or_cpu"); break;
    case BinaryOp::bitwise_xor: if (is_floating(t)) refuse("bitwise_xor_cpu"); break;
    case BinaryOp::bitwise_left_shift: if (is_floating(t) || t == DType::boolean) refuse("lshift_cpu"); break;
    case BinaryOp::bitwise_right_shift: if (is_floating(t) || t == DType::boolean) refuse("rshift_cpu"); break;
    case BinaryOp::gcd: if (is_floating(t) || t == DType::boolean) refuse("gcd_cpu"); break;
    case BinaryOp::lcm: if (is_floating(t) || t == DType::boolean) refuse("lcm_cpu"); break;
    case BinaryOp::hypot: if (!is_floating(t)) refuse("hypot_cpu"); break;
    case BinaryOp::igamma: if (!is_floating(t)) refuse("igamma_cpu"); break;
    case BinaryOp::igammac: if (!is_floating(t)) refuse("igammac_cpu"); break;
    case BinaryOp::nextafter: if (!is_floating(t)) refuse("nextafter_cpu"); break;
    case BinaryOp::logaddexp: if (!is_floating(t)) refuse("logaddexp_cpu"); break;
    case BinaryOp::logaddexp2: if (!is_floating(t)) refuse("logaddexp2_cpu"); break;
    case BinaryOp::remainder: if (t == DType::boolean) refuse("remainder_cpu"); break;
    case BinaryOp::fmod: if (t == DType::boolean) refuse("fmod_cpu"); break;
    case BinaryOp::floor_divide: if (t == DType::boolean) refuse("div_floor_cpu"); break;
    case BinaryOp::trunc_divide: if (t == DType::boolean) refuse("div_trunc_cpu"); break;
    case BinaryOp::pow:
      if (t == DType::boolean) refuse("pow");
      if (!is_floating(t) && b.impl()->wrapped_number && b.device().is_cpu() && b.dtype() == DType::int64 && *b.data<int64_t>() < 0) fail("Integers to negative integer powers are not allowed.");
      break;
    default: break;
  }
}

DType common_type(BinaryOp op, const Tensor& a, const Tensor& b) {
  DType t = result_type(a, b);
  bool to_float = op == BinaryOp::div || op == BinaryOp::atan2 || op == BinaryOp::copysign || op == BinaryOp::xlogy;
  if (to_float && !is_floating(t)) t = DType::float32;
  // A bool to the power of a whole number is an int64, as between Python's numbers.
  if (op == BinaryOp::pow && t == DType::boolean && b.impl()->wrapped_number) t = DType::int64;
  if (op == BinaryOp::heaviside && a.dtype() != b.dtype()) fail("heaviside is not yet implemented for tensors with different dtypes.");
  check_dtype(op, t, b);
  return t;
}

void check_alpha(DType t, double alpha) {
  if (alpha == 1) return;
  check(is_floating(t) || alpha == std::floor(alpha), "For integral input tensors, argument alpha must not be a floating point number.");
}

struct Like { Dims sizes; DType dtype; };
Tensor back(const Tensor& g, const Like& l) { return to_dtype(sum_to(g, l.sizes), l.dtype); }

// x with zeros where `mask` is true.
Tensor masked(const Tensor& x, const Tensor& mask) { return where(mask, zeros({}, x.dtype(), x.device()), x); }

TensorList gradients(BinaryOp op, Context& c, const Tensor& g, double alpha, const Like& la, const Like& lb) {
  Tensor ga, gb;
  bool na = c.needs(0), nb = c.needs(1);
  auto A = [&] { return c.saved(0); };
  auto B = [&] { return c.saved(1); };
  switch (op) {
    case BinaryOp::add:
      if (na) ga = g;
      if (nb) gb = alpha == 1 ? g : mul(g, alpha);
      break;
    case BinaryOp::sub:
      if (na) ga = g;
      if (nb) gb = mul(g, -alpha);
      break;
    case BinaryOp::mul:
      if (na) ga = mul(g, B());
      if (nb) gb = mul(g, A());
      break;
    case BinaryOp::div:
      if (na) ga = div(g, B());
      if (nb) gb = mul(neg(g), div(div(A(), B()), B()));
      break;
    case BinaryOp::pow: {
      Tensor a = A(), b = B();
      if (na) {
        // Of a number stays a float64: as ops, two numbers would give the default type.
        bool number = b.impl()->wrapped_number && b.device().is_cpu();
        Tensor e = number && b.dtype() == DType::float64 ? wrapped(*b.data<double>() - 1) : binary(BinaryOp::sub, b, wrapped(1));
        e.impl()->wrapped_number = b.impl()->wrapped_number;
        Tensor d = mul(b, binary(BinaryOp::pow, a, e));
        // d/da a^0 is 0 even where a is 0.
        ga = mul(g, where(binary(BinaryOp::eq, detach(b), wrapped(0)), zeros({}, d.dtype(), d.device()), d));
      }
      if (nb) {
        Tensor y = binary(BinaryOp::pow, a, b);
        // A whole number's logarithm as a tensor's would be a float32.
        bool number = a.impl()->wrapped_number && a.device().is_cpu();
        Tensor d = mul(y, number ? wrapped(std::log(number_of(a).d)) : unary(UnaryOp::log, a));
        Tensor zero = binary(BinaryOp::logical_and, binary(BinaryOp::eq, detach(a), wrapped(0)), binary(BinaryOp::ge, detach(b), wrapped(0)));
        gb = mul(g, where(zero, zeros({}, d.dtype(), d.device()), d));
      }
      break;
    }
    case BinaryOp::maximum:
    case BinaryOp::minimum: {
      // Ties share; beside NaN both get everything.
      Tensor a = detach(A()), b = detach(B());
      Tensor shared = where(binary(BinaryOp::eq, a, b), div(g, wrapped(2)), g);
      auto side = [&](BinaryOp loses) { return masked(shared, binary(loses, a, b)); };
      if (na) ga = side(op == BinaryOp::maximum ? BinaryOp::lt : BinaryOp::gt);
      if (nb) gb = side(op == BinaryOp::maximum ? BinaryOp::gt : BinaryOp::lt);
      break;
    }
    case BinaryOp::fmax:
    case BinaryOp::fmin: {
      Tensor a = detach(A()), b = detach(B());
      Tensor first = binary(BinaryOp::logical_or, binary(op == BinaryOp::fmax ? BinaryOp::ge : BinaryOp::le, a, b), unary(UnaryOp::isnan, b));
      if (na) ga = masked(g, unary(UnaryOp::logical_not, first));
      if (nb) gb = masked(g, first);
      break;
    }
    case BinaryOp::remainder:
    case BinaryOp::fmod:
      if (na) ga = g;
      if (nb) gb = mul(neg(g), binary(op == BinaryOp::fmod ? BinaryOp::trunc_divide : BinaryOp::floor_divide, A(), B()));
      break;
    case BinaryOp::hypot: {
      Tensor r = binary(BinaryOp::hypot, A(), B());
      if (na) ga = div(mul(g, A()), r);
      if (nb) gb = div(mul(g, B()), r);
      break;
    }
    case BinaryOp::copysign: {
      Tensor a = A();
      if (na) ga = mul(g, masked(div(binary(BinaryOp::copysign, detach(a), detach(B())), detach(a)), binary(BinaryOp::eq, detach(a), wrapped(0))));
      if (nb) gb = zeros(g.sizes(), g.dtype(), g.device());
      break;
    }
    case BinaryOp::logaddexp:
    case BinaryOp::logaddexp2: {
      auto share = [&](const Tensor& x, const Tensor& y) { return div(g, add(unary(op == BinaryOp::logaddexp ? UnaryOp::exp : UnaryOp::exp2, sub(y, x)), 1.0)); };
      if (na) ga = share(A(), B());
      if (nb) gb = share(B(), A());
      break;
    }
    case BinaryOp::xlogy:
      if (na) ga = masked(binary(BinaryOp::xlogy, g, B()), binary(BinaryOp::logical_and, binary(BinaryOp::eq, detach(A()), wrapped(0)), binary(BinaryOp::le, detach(B()), wrapped(0))));
      if (nb) gb = div(mul(g, A()), B());
      break;
    case BinaryOp::igamma:
    case BinaryOp::igammac: {
      if (na) fail_not_implemented("the derivative for '", binary_name(op), ": input' is not implemented.");
      Tensor a = A(), x = B();
      Tensor density = unary(UnaryOp::exp, sub(sub(mul(sub(a, wrapped(1.0)), unary(UnaryOp::log, x)), x), unary(UnaryOp::lgamma, a)));
      gb = mul(op == BinaryOp::igamma ? g : neg(g), density);
      break;
    }
    case BinaryOp::floor_divide:
    case BinaryOp::trunc_divide:
      if (na) ga = zeros(g.sizes(), g.dtype(), g.device());
      if (nb) gb = zeros(g.sizes(), g.dtype(), g.device());
      break;
    case BinaryOp::atan2: {
      Tensor a = A(), b = B();
      Tensor square = add(mul(a, a), mul(b, b));
      Tensor r = masked(unary(UnaryOp::reciprocal, square), binary(BinaryOp::eq, detach(square), wrapped(0)));
      if (na) ga = mul(mul(g, b), r);
      if (nb) gb = mul(mul(g, neg(a)), r);
      break;
    }
    default:
      if (is_comparison(op)) {
        if (na) ga = zeros(g.sizes(), g.dtype(), g.device());
        if (nb) gb = zeros(g.sizes(), g.dtype(), g.device());
        break;
      }
      fail("the derivative for '", binary_name(op), "' is not implemented.");
  }
  return {na ? back(ga, la) : Tensor(), nb ? back(gb, lb) : Tensor()};
}

std::vector<SavedTensor> keep(BinaryOp op, const Tensor& a, const Tensor& b) {
  if (op == BinaryOp::add || op == BinaryOp::sub || op == BinaryOp::floor_divide || op == BinaryOp::trunc_divide) return {};
  bool ra = requires_grad(a), rb = requires_grad(b);
  if (op == BinaryOp::mul) return {rb ? SavedTensor(a) : SavedTensor(), ra ? SavedTensor(b) : SavedTensor()};
  if (op == BinaryOp::div) return {rb ? SavedTensor(a) : SavedTensor(), SavedTensor(b)};
  return {SavedTensor(a), SavedTensor(b)};
}

}  // namespace

DType result_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype() && !a.impl()->wrapped_number && !b.impl()->wrapped_number) return a.dtype();
  return result_type({a, b});
}
DType result_type(const TensorList& list) {
  // Categories in order of strength: tensors with dims, zero-dim tensors, numbers.
  std::optional<DType> cat[3];
  for (const Tensor& each : list) {
    const Tensor* t = &each;
    auto& slot = cat[t->impl()->wrapped_number ? 2 : t->dim() == 0 ? 1 : 0];
    DType d = default_of(*t);
    slot = slot ? promote_types(*slot, d) : d;
  }
  auto combine = [](std::optional<DType> high, std::optional<DType> low) -> std::optional<DType> {
    if (!high) return low;
    if (!low || is_floating(*high)) return high;
    if (*high == DType::boolean || is_floating(*low)) return promote_types(*high, *low);
    return high;
  };
  return *combine(combine(cat[0], cat[1]), cat[2]);
}

Tensor binary(BinaryOp op, const Tensor& a0, const Tensor& b0, double alpha) {
  Tensor a = a0, b = b0;
  bring_together(a, b);
  DType common = common_type(op, a, b);
  check_alpha(common, alpha);
  // The kernel shortens powers by numbers, not by tensors.
  if (op == BinaryOp::pow && b.impl()->wrapped_number) alpha = 0;
  Tensor out = raw(op, a, b, common, alpha);
  if (op == BinaryOp::heaviside && any_requires_grad({a, b}))
    record(out, "NotImplemented", {a, b}, {}, [](Context&, const TensorList&) -> TensorList { fail("derivative for aten::heaviside is not implemented"); });
  else if (!is_comparison(op) && any_requires_grad({a, b}))
    record(out, backward_name(op, b.impl()->wrapped_number, a.impl()->wrapped_number).c_str(), {a, b}, keep(op, a, b),
           [op, alpha, la = Like{a.sizes(), a.dtype()}, lb = Like{b.sizes(), b.dtype()}](Context& c, const TensorList& g) { return gradients(op, c, g[0], alpha, la, lb); });
  return out;
}

void binary_(BinaryOp op, const Tensor& self, const Tensor& b0, double alpha) {
  // Logic in place leaves the history as it was, and may change a leaf.
  bool logic = op == BinaryOp::logical_and || op == BinaryOp::logical_or || op == BinaryOp::logical_xor;
  if (logic) { NoGrad guard; check_inplace(self); }
  else check_inplace(self, {b0});
  Tensor b = b0, s = self;
  bring_together(s, b);
  if (!s.same(self)) check_same_device(self, b0);
  DType common = common_type(op, self, b);
  check_alpha(common, alpha);
  if (op == BinaryOp::pow && b.impl()->wrapped_number) alpha = 0;
  bool narrows = (is_floating(common) && !is_floating(self.dtype())) || (common != DType::boolean && self.dtype() == DType::boolean);
  if (!is_comparison(op) && narrows) fail("result type ", scalar_type_name(common), " can't be cast to the desired output type ", scalar_type_name(self.dtype()));
  check_overlap(self, b);
  Dims sizes = broadcast_shapes(self.sizes(), b.sizes());
  if (sizes != self.sizes()) fail("output with shape ", shape_str(self.sizes()), " doesn't match the broadcast shape ", shape_str(sizes));
  bool grad = any_requires_grad({self, b});
  std::vector<SavedTensor> saved;
  if (grad && op != BinaryOp::add && op != BinaryOp::sub) {
    // The value before the change, where a gradient needs it.
    SavedTensor before;
    if (requires_grad(b) || (op != BinaryOp::mul && op != BinaryOp::div)) {
      before = SavedTensor(self);
      before.secede(self.impl()->storage);
    }
    saved = {before, SavedTensor(b)};
  }
  {
    NoGrad guard;
    Tensor y = to_dtype(b, common);
    if (y.impl()->storage == self.impl()->storage && !y.same(self)) y = clone(y);
    Tensor ye = y.sizes() == sizes ? y : expand(y, sizes);
    if (is_comparison(op)) {
      Tensor r = raw(op, self, b, common, alpha);
      backend(self).copy(self, r);
    } else if (self.dtype() == common && !divides_wide(op, common, b)) {
      backend(self).binary(op, self, self, ye, alpha);
    } else {
      Tensor r = raw(op, self, b, common, alpha);
      backend(self).copy(self, r);
    }
  }
  if (logic) {
    NoGrad guard;
    return record_inplace(self, "", {self}, {}, nullptr);
  }
  record_inplace(self, backward_name(op, b.impl()->wrapped_number, false).c_str(), {self, b}, std::move(saved),
                 [op, alpha, la = Like{self.sizes(), self.dtype()}, lb = Like{b.sizes(), b.dtype()}](Context& c, const TensorList& g) { return gradients(op, c, g[0], alpha, la, lb); });
}

Tensor where(const Tensor& cond, const Tensor& a0, const Tensor& b0) {
  if (cond.dtype() != DType::boolean) fail("where expected condition to be a boolean tensor, but got a tensor with dtype ", scalar_type_name(cond.dtype()));
  Tensor a = a0, b = b0;
  bring_together(a, b);
  check_same_device(cond, a);
  DType common = result_type(a, b);
  Dims sizes = broadcast_shapes(cond.sizes(), broadcast_shapes(a.sizes(), b.sizes()));
  Tensor out = empty(sizes, common, a.device());
  {
    NoGrad guard;
    backend(out).where(out, expand(cond, sizes), expand(to_dtype(a, common), sizes), expand(to_dtype(b, common), sizes));
  }
  if (any_requires_grad({a, b}))
    record(out, "WhereBackward0", {a, b}, {SavedTensor(cond)}, [la = Like{a.sizes(), a.dtype()}, lb = Like{b.sizes(), b.dtype()}](Context& c, const TensorList& g) {
      Tensor zero = zeros({}, g[0].dtype(), g[0].device());
      return TensorList{c.needs(0) ? back(where(c.saved(0), g[0], zero), la) : Tensor(), c.needs(1) ? back(where(c.saved(0), zero, g[0]), lb) : Tensor()};
    });
  return out;
}

}  // namespace weightroom::ops

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

bool is_comparison(BinaryOp op) { return op >= BinaryOp::eq && op <= BinaryOp::logical_xor; }

const char* backward_name(BinaryOp op) {
  switch (op) {
    case BinaryOp::add: return "AddBackward0";
    case BinaryOp::sub: return "SubBackward0";
    case BinaryOp::mul: return "MulBackward0";
    case BinaryOp::div: return "DivBackward0";
    case BinaryOp::pow: return "PowBackward1";
    case BinaryOp::maximum: return "MaximumBackward0";
    case BinaryOp::minimum: return "MinimumBackward0";
    case BinaryOp::remainder: return "RemainderBackward1";
    case BinaryOp::fmod: return "FmodBackward1";
    default: return "Atan2Backward0";
  }
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
    s = to_device(to_dtype(s, dt), to.device());
    if (weak) s.impl()->wrapped_number = true;
    done = true;
  };
  bool done = false;
  move(a, b, done);
  if (!done) move(b, a, done);
  if (!done) check_same_device(a, b);
}

Tensor raw(BinaryOp op, const Tensor& a, const Tensor& b, DType common, double alpha) {
  Dims sizes = a.sizes() == b.sizes() ? a.sizes() : broadcast_shapes(a.sizes(), b.sizes());
  Tensor out = empty(sizes, is_comparison(op) ? DType::boolean : common, a.device());
  NoGrad guard;
  Tensor x = to_dtype(a, common), y = to_dtype(b, common);
  backend(out).binary(op, out, x.sizes() == sizes ? x : expand(x, sizes), y.sizes() == sizes ? y : expand(y, sizes), alpha);
  return out;
}

DType common_type(BinaryOp op, const Tensor& a, const Tensor& b) {
  DType t = result_type(a, b);
  if ((op == BinaryOp::div || op == BinaryOp::atan2) && !is_floating(t)) t = DType::float32;
  return t;
}

struct Like { Dims sizes; DType dtype; };
Tensor back(const Tensor& g, const Like& l) { return to_dtype(sum_to(g, l.sizes), l.dtype); }

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
      if (nb) gb = neg(div(mul(g, div(A(), B())), B()));
      break;
    case BinaryOp::pow: {
      Tensor a = A(), b = B();
      if (na) {
        Tensor e = binary(BinaryOp::sub, b, wrapped(1));
        Tensor d = mul(b, binary(BinaryOp::pow, a, e));
        // d/da a^0 is 0 even where a is 0.
        ga = mul(g, where(binary(BinaryOp::eq, detach(b), wrapped(0)), zeros({}, d.dtype(), d.device()), d));
      }
      if (nb) {
        Tensor y = binary(BinaryOp::pow, a, b);
        Tensor d = mul(y, unary(UnaryOp::log, a));
        Tensor zero = binary(BinaryOp::logical_and, binary(BinaryOp::eq, detach(a), wrapped(0)), binary(BinaryOp::ge, detach(b), wrapped(0)));
        gb = mul(g, where(zero, zeros({}, d.dtype(), d.device()), d));
      }
      break;
    }
    case BinaryOp::maximum:
    case BinaryOp::minimum: {
      Tensor a = detach(A()), b = detach(B());
      Tensor equal = mul(to_dtype(binary(BinaryOp::eq, a, b), g.dtype()), 0.5);
      auto side = [&](BinaryOp k) { return mul(g, add(to_dtype(binary(k, a, b), g.dtype()), equal)); };
      if (na) ga = side(op == BinaryOp::maximum ? BinaryOp::gt : BinaryOp::lt);
      if (nb) gb = side(op == BinaryOp::maximum ? BinaryOp::lt : BinaryOp::gt);
      break;
    }
    case BinaryOp::remainder:
    case BinaryOp::fmod: {
      if (na) ga = g;
      if (nb) gb = neg(mul(g, unary(op == BinaryOp::fmod ? UnaryOp::trunc : UnaryOp::floor, div(A(), B()))));
      break;
    }
    default: {  // atan2
      Tensor a = A(), b = B();
      Tensor r = div(g, add(mul(a, a), mul(b, b)));
      if (na) ga = mul(r, b);
      if (nb) gb = neg(mul(r, a));
    }
  }
  return {na ? back(ga, la) : Tensor(), nb ? back(gb, lb) : Tensor()};
}

std::vector<SavedTensor> keep(BinaryOp op, const Tensor& a, const Tensor& b) {
  if (op == BinaryOp::add || op == BinaryOp::sub) return {};
  bool ra = requires_grad(a), rb = requires_grad(b);
  if (op == BinaryOp::mul) return {rb ? SavedTensor(a) : SavedTensor(), ra ? SavedTensor(b) : SavedTensor()};
  if (op == BinaryOp::div) return {rb ? SavedTensor(a) : SavedTensor(), SavedTensor(b)};
  return {SavedTensor(a), SavedTensor(b)};
}

}  // namespace

DType result_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype() && !a.impl()->wrapped_number && !b.impl()->wrapped_number) return a.dtype();
  // Categories in order of strength: tensors with dims, zero-dim tensors, numbers.
  std::optional<DType> cat[3];
  for (const Tensor* t : {&a, &b}) {
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
  if (op == BinaryOp::sub && a.dtype() == DType::boolean && b.dtype() == DType::boolean)
    fail("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.");
  Tensor out = raw(op, a, b, common_type(op, a, b), alpha);
  if (!is_comparison(op) && any_requires_grad({a, b}))
    record(out, op == BinaryOp::pow && b.impl()->wrapped_number ? "PowBackward0" : backward_name(op), {a, b}, keep(op, a, b),
           [op, alpha, la = Like{a.sizes(), a.dtype()}, lb = Like{b.sizes(), b.dtype()}](Context& c, const TensorList& g) { return gradients(op, c, g[0], alpha, la, lb); });
  return out;
}

void binary_(BinaryOp op, const Tensor& self, const Tensor& b0, double alpha) {
  check_inplace(self);
  Tensor b = b0, s = self;
  bring_together(s, b);
  if (!s.same(self)) check_same_device(self, b0);
  DType common = common_type(op, self, b);
  if (is_floating(common) && !is_floating(self.dtype())) fail("result type ", scalar_type_name(common), " can't be cast to the desired output type ", scalar_type_name(self.dtype()));
  Dims sizes = broadcast_shapes(self.sizes(), b.sizes());
  if (sizes != self.sizes()) fail("output with shape ", shape_str(self.sizes()), " doesn't match the broadcast shape ", shape_str(sizes));
  bool grad = any_requires_grad({self, b});
  std::vector<SavedTensor> saved;
  if (grad && op != BinaryOp::add && op != BinaryOp::sub) {
    // The value before the change is needed only for b's gradient.
    NoGrad guard;
    Tensor before = requires_grad(b) || (op != BinaryOp::mul && op != BinaryOp::div) ? clone(self) : Tensor();
    saved = {before ? SavedTensor(before) : SavedTensor(), SavedTensor(b)};
  }
  {
    NoGrad guard;
    Tensor y = to_dtype(b, common);
    if (y.impl()->storage == self.impl()->storage && !y.same(self)) y = clone(y);
    Tensor ye = y.sizes() == sizes ? y : expand(y, sizes);
    if (is_comparison(op)) {
      Tensor r = raw(op, self, b, common, alpha);
      backend(self).copy(self, r);
    } else if (self.dtype() == common) {
      backend(self).binary(op, self, self, ye, alpha);
    } else {
      Tensor r = raw(op, self, b, common, alpha);
      backend(self).copy(self, r);
    }
  }
  record_inplace(self, backward_name(op), {self, b}, std::move(saved),
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

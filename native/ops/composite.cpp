// Ops made of other ops that show PyTorch's one name in grad_fn.
#include <cmath>
#include <limits>

#include "ops/ops.h"

namespace weightroom::ops {

Tensor composite(const char* name, const TensorList& inputs, const std::function<Tensor(const TensorList&)>& f) {
  Tensor out;
  {
    NoGrad guard;
    out = f(inputs);
    // A result that is an input, or a view of one, gets memory of its own: it is an op's output.
    for (const Tensor& t : inputs) if (t && t.impl()->storage == out.impl()->storage) { out = clone(out); break; }
    out = alias(out, false);
  }
  if (!any_requires_grad(inputs)) return out;
  std::vector<SavedTensor> saved;
  for (const Tensor& t : inputs) saved.push_back(t ? SavedTensor(t) : SavedTensor());
  record(out, name, inputs, std::move(saved), [f, n = inputs.size()](Context& c, const TensorList& g) {
    bool again = grad_enabled();
    TensorList in, wanted;
    std::vector<size_t> at;
    {
      NoGrad on(true);
      for (size_t i = 0; i < n; ++i) {
        Tensor t = c.saved(i);
        if (t && c.needs(i)) {
          // A fresh leaf, or, for second derivatives, a link in the history that can be stopped at.
          if (again) t = mul(t, 1.0);
          else { t = detach(t); set_requires_grad(t, true); }
          wanted.push_back(t);
          at.push_back(i);
        }
        in.push_back(t);
      }
    }
    TensorList r(n);
    Tensor y;
    {
      NoGrad on(true);
      y = f(in);
    }
    TensorList gs = run_backward({y}, {g[0]}, again, again, wanted, true);
    for (size_t i = 0; i < at.size(); ++i) r[at[i]] = gs[i];
    return r;
  });
  return out;
}

Tensor lerp(const Tensor& a, const Tensor& end, const Tensor& weight) {
  bool number = weight.impl()->wrapped_number;
  double w = number ? *to_dtype(weight, DType::float64).data<double>() : 0;
  if (a.dtype() != end.dtype()) fail("expected dtype ", c_type_name(a.dtype()), " for `end` but got dtype ", c_type_name(end.dtype()));
  if (!number && a.dtype() != weight.dtype()) fail("expected dtype ", c_type_name(a.dtype()), " for `weight` but got dtype ", c_type_name(weight.dtype()));
  if (!is_floating(a.dtype())) fail_not_implemented("\"lerp_kernel_scalar\" not implemented for '", scalar_type_name(a.dtype()), "'");
  // From the nearer end, so that weight 1 gives `end` exactly.
  if (number)
    return composite("LerpBackward0", {a, end}, [w](const TensorList& in) {
      Tensor span = sub(in[1], in[0]);
      return std::abs(w) < 0.5 ? binary(BinaryOp::add, in[0], span, w) : binary(BinaryOp::sub, in[1], span, 1 - w);
    });
  return composite("LerpBackward1", {a, end, weight}, [](const TensorList& in) {
    Tensor span = sub(in[1], in[0]), w = in[2];
    Tensor near = binary(BinaryOp::lt, unary(UnaryOp::abs, detach(w)), wrapped(0.5));
    return where(near, add(in[0], mul(w, span)), sub(in[1], mul(span, add(neg(w), 1.0))));
  });
}

Tensor addcmul(const Tensor& a0, const Tensor& x0, const Tensor& y0, double value) {
  // The product is taken in the type that all three have in common.
  DType common = result_type({a0, x0, y0});
  Tensor a = to_dtype(a0, common), x = to_dtype(x0, common), y = to_dtype(y0, common);
  return composite("AddcmulBackward0", {a, x, y}, [value](const TensorList& in) {
    Tensor p = mul(in[1], in[2]);
    if (value == 1) return add(in[0], p);
    return add(in[0], binary(BinaryOp::mul, p, wrapped(is_floating(p.dtype()) ? Scalar(value) : Scalar(int64_t(value)))));
  });
}

Tensor addcdiv(const Tensor& a, const Tensor& x, const Tensor& y, double value) {
  if (!is_floating(x.dtype()) && !is_floating(y.dtype()))
    fail("Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all dtypes.");
  return composite("AddcdivBackward0", {a, x, y}, [value](const TensorList& in) { return add(in[0], div(mul(in[1], value), in[2])); });
}

Tensor logit(const Tensor& a0, std::optional<double> eps) {
  Tensor a = is_floating(a0.dtype()) ? a0 : to_dtype(a0, DType::float32);
  Tensor out;
  {
    NoGrad guard;
    Tensor x = eps ? unary(UnaryOp::clamp, a, *eps, 1 - *eps) : a;
    out = unary(UnaryOp::log, div(x, add(neg(x), 1.0)));
  }
  if (any_requires_grad({a}))
    record(out, "LogitBackward0", {a}, {SavedTensor(a)}, [eps](Context& c, const TensorList& g) {
      // Outside the domain: NaN, or zero where x was clamped.
      Tensor x = c.saved(0), d = div(g[0], mul(x, add(neg(x), 1.0)));
      double low = eps.value_or(0), high = 1 - low;
      Tensor outside = binary(BinaryOp::logical_or, binary(BinaryOp::lt, detach(x), wrapped(low)), binary(BinaryOp::gt, detach(x), wrapped(high)));
      if (!eps && !grad_enabled()) d = where(binary(BinaryOp::eq, detach(x), wrapped(0)), mul(g[0], double(INFINITY)), d);
      return TensorList{where(outside, full({}, eps ? 0.0 : NAN, d.dtype(), d.device()), d)};
    });
  return out;
}

Tensor nan_to_num(const Tensor& a, double nan, std::optional<double> posinf, std::optional<double> neginf) {
  if (!is_floating(a.dtype())) return clone(a);
  double top = dispatch_floating(a.dtype(), []<typename T>() {
    if constexpr (std::is_same_v<T, half_t>) return 65504.0;
    else if constexpr (std::is_same_v<T, bfloat16_t>) return 3.3895313892515355e38;
    else return double(std::numeric_limits<T>::max());
  });
  return composite("NanToNumBackward0", {a}, [=](const TensorList& in) {
    Tensor x = in[0];
    auto number = [&](double v) { return full({}, v, x.dtype(), x.device()); };
    Tensor y = where(unary(UnaryOp::isnan, detach(x)), number(nan), x);
    y = where(binary(BinaryOp::eq, detach(x), wrapped(double(INFINITY))), number(posinf.value_or(top)), y);
    return where(binary(BinaryOp::eq, detach(x), wrapped(-double(INFINITY))), number(neginf.value_or(-top)), y);
  });
}

Tensor round_to(const Tensor& a, int64_t decimals) {
  if (decimals == 0) return unary(UnaryOp::round, a);
  double scale = std::pow(10.0, double(std::abs(decimals)));
  auto times = [](const Tensor& t, double s) { return is_floating(t.dtype()) ? mul(t, s) : t; };
  return composite("RoundBackward1", {a}, [=](const TensorList& in) {
    if (!is_floating(in[0].dtype())) return unary(UnaryOp::round, in[0]);
    Tensor t = unary(UnaryOp::round, decimals > 0 ? times(in[0], scale) : div(in[0], wrapped(scale)));
    return decimals > 0 ? div(t, wrapped(scale)) : times(t, scale);
  });
}

Tensor scaled(const char* name, const Tensor& a, double factor) {
  return composite(name, {is_floating(a.dtype()) ? a : to_dtype(a, DType::float32)}, [factor](const TensorList& in) { return mul(in[0], factor); });
}

Tensor cross(const Tensor& a, const Tensor& b, int64_t dim0) {
  check(a.dim() == b.dim(), "linalg.cross: inputs must have the same number of dimensions.");
  int64_t dim = wrap_dim(dim0, a.dim());
  check(a.size(dim) == 3 && b.size(dim) == 3, "linalg.cross: inputs dimension ", dim0, " must have length 3. Got ", a.size(dim), " and ", b.size(dim));
  return composite("LinalgCrossBackward0", {a, b}, [dim](const TensorList& in) {
    auto x = [&](int64_t i) { return select(in[0], dim, i); };
    auto y = [&](int64_t i) { return select(in[1], dim, i); };
    auto part = [&](int64_t i, int64_t j) { return sub(mul(x(i), y(j)), mul(x(j), y(i))); };
    return stack({part(1, 2), part(2, 0), part(0, 1)}, dim);
  });
}

Tensor trace(const Tensor& a) {
  check(a.dim() == 2, "trace: expected a matrix, but got tensor with dim ", a.dim());
  return composite("TraceBackward0", {a}, [](const TensorList& in) { return sum(diagonal(in[0], 0, 0, 1), {}, false); });
}

Tensor rot90(const Tensor& a, int64_t k, const Dims& dims) {
  check(dims.size() == 2, "expected total rotation dims == 2, but got dims = ", dims.size());
  check(a.dim() >= 2, "expected total dims >= 2, but got total dims = ", a.dim());
  check(dims[0] != dims[1] && std::abs(dims[0] - dims[1]) != a.dim(), "expected rotation dims to be different, but got dim0 = ", dims[0], " and dim1 = ", dims[1]);
  int64_t d0 = wrap_dim(dims[0], a.dim()), d1 = wrap_dim(dims[1], a.dim());
  return composite("Rot90Backward0", {a}, [k = (k % 4 + 4) % 4, d0, d1](const TensorList& in) {
    switch (k) {
      case 1: return transpose(flip(in[0], {d1}), d0, d1);
      case 2: return flip(in[0], {d0, d1});
      case 3: return transpose(flip(in[0], {d0}), d0, d1);
      default: return clone(in[0]);
    }
  });
}

Tensor renorm(const Tensor& a, double p, int64_t dim, double max_norm) {
  check(p > 0, "renorm: non-positive-norm not supported");
  check(max_norm >= 0, "renorm: expected maxnorm to be >= 0 but got ", max_norm);
  check(a.dim() > 1, "renorm: input needs at least 2 dimensions, got ", a.dim(), " dimensions");
  dim = wrap_dim(dim, a.dim());
  return composite("RenormBackward0", {a}, [=](const TensorList& in) {
    Dims others;
    for (int64_t d = 0; d < in[0].dim(); ++d) if (d != dim) others.push_back(d);
    Tensor n = norm(in[0], p, others, true);
    Tensor factor = where(binary(BinaryOp::gt, detach(n), wrapped(max_norm)), div(full({}, max_norm, n.dtype(), n.device()), add(n, 1e-7)), full({}, 1.0, n.dtype(), n.device()));
    return mul(in[0], factor);
  });
}

Tensor dist(const Tensor& a, const Tensor& b, double p) {
  return composite("DistBackward0", {a, b}, [p](const TensorList& in) { return norm(sub(in[0], in[1]), p, {}, false); });
}

Tensor cdist(const Tensor& a, const Tensor& b, double p) {
  check(a.dim() >= 2, "cdist only supports at least 2D tensors, X1 got: ", a.dim(), "D");
  check(b.dim() >= 2, "cdist only supports at least 2D tensors, X2 got: ", b.dim(), "D");
  check(a.size(-1) == b.size(-1), "X1 and X2 must have the same number of columns. X1: ", a.size(-1), " X2: ", b.size(-1));
  check(p >= 0, "cdist only supports non-negative p values");
  return composite("CdistBackward0", {a, b}, [p](const TensorList& in) { return norm(sub(unsqueeze(in[0], -2), unsqueeze(in[1], -3)), p, {-1}, false); });
}

}  // namespace weightroom::ops

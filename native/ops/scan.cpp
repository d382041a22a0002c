// Running results along a dim.
#include <cmath>

#include "kernels/scan.h"
#include "ops/ops.h"

namespace weightroom::ops {
namespace {

Tensor run(ScanOp op, const Tensor& a, int64_t dim) {
  Tensor out = empty(a.sizes(), a.dtype(), a.device());
  backend(a).scan(op, out, a, dim);
  return out;
}
Tensor cast(const Tensor& a, std::optional<DType> dtype) {
  if (dtype) return to_dtype(a, *dtype);
  return is_floating(a.dtype()) ? a : to_dtype(a, DType::int64);
}
// Sums from the end.
Tensor from_end(const Tensor& t, int64_t dim) {
  if (!t.device().is_cpu()) return flip(cumsum(flip(t, {dim}), dim), {dim});
  Tensor out = empty(t.sizes(), t.dtype());
  cpu::cumsum_back(out, t, dim);
  if (any_requires_grad({t})) record(out, "CumsumBackward0", {t}, {}, [dim](Context&, const TensorList& g) { return TensorList{cumsum(g[0], dim)}; });
  return out;
}

// Of what lies before the first zero of a row by division, of that zero by the products without it, of what follows none: nothing there may overflow
// into 0 times infinity. Source: torch's cumprod_backward.
Tensor cumprod_back_over_zeros(const Tensor& g, const Tensor& x, const Tensor& y, int64_t dim) {
  auto number = [&](double v) { return full({}, v, x.dtype(), x.device()); };
  auto both = [](const Tensor& a, const Tensor& b) { return binary(BinaryOp::logical_and, a, b); };
  Tensor zero = binary(BinaryOp::eq, x, wrapped(0)), seen = cumsum(zero, dim);
  Tensor before = binary(BinaryOp::eq, seen, wrapped(0)), since = binary(BinaryOp::eq, seen, wrapped(1)), first = both(since, zero);
  Tensor lead = div(from_end(where(before, mul(g, y), number(0)), dim), x);
  Tensor after = cumprod(where(both(since, unary(UnaryOp::logical_not, zero)), x, number(1)), dim);
  Tensor upTo = cumprod(where(before, x, number(1)), dim);
  Tensor at = mul(sum(mul(after, where(since, g, number(0))), {dim}, true), slice(upTo, dim, x.size(dim) - 1, x.size(dim), 1));
  return where(before, lead, where(first, at, number(0)));
}

}  // namespace

Tensor cumsum(const Tensor& a0, int64_t dim, std::optional<DType> dtype) {
  Tensor a = cast(a0, dtype);
  dim = wrap_dim(dim, a.dim());
  Tensor out = run(ScanOp::cumsum, a, dim);
  if (any_requires_grad({a})) record(out, "CumsumBackward0", {a}, {}, [dim](Context&, const TensorList& g) { return TensorList{from_end(g[0], dim)}; });
  return out;
}

Tensor cumprod(const Tensor& a0, int64_t dim, std::optional<DType> dtype) {
  Tensor a = cast(a0, dtype);
  dim = wrap_dim(dim, a.dim());
  Tensor out = run(ScanOp::cumprod, a, dim);
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "CumprodBackward0", {a}, {SavedTensor(a)}, [dim](Context& c, const TensorList& g) {
      Tensor x = c.saved(0);
      if (x.dim() == 0) return TensorList{g[0]};
      if (x.numel() == 0) return TensorList{zeros(x.sizes(), x.dtype(), x.device())};
      bool has_zero = [&] {
        NoGrad guard;
        Tensor any = to_device(any_all(binary(BinaryOp::eq, detach(x), wrapped(0)), {}, false, false), {});
        return *any.data<bool>();
      }();
      if (!has_zero) return TensorList{div(from_end(mul(g[0], c.saved(1)), dim), x)};
      if (!grad_enabled()) return TensorList{cumprod_back_over_zeros(g[0], x, c.saved(1), dim)};
      // Without division: s[k] = g[k] + x[k+1] s[k+1], times the product of what comes before k.
      int64_t n = x.size(dim);
      TensorList parts(static_cast<size_t>(n));
      Tensor s;
      for (int64_t k = n; k-- > 0;) {
        Tensor gk = select(g[0], dim, k);
        s = s ? add(gk, mul(select(x, dim, k + 1), s)) : gk;
        parts[size_t(k)] = s;
      }
      Dims edge = x.sizes();
      edge[size_t(dim)] = 1;
      Tensor before = cumprod(cat({full(edge, 1.0, x.dtype(), x.device()), slice(x, dim, 0, n - 1, 1)}, dim), dim);
      return TensorList{mul(before, stack(parts, dim))};
    });
    save_output(node, out);
  }
  return out;
}

Tensor logcumsumexp(const Tensor& a, int64_t dim) {
  wrap_dim(dim, a.dim());
  if (!is_floating(a.dtype())) fail_not_implemented("\"logcumsumexp_out_cpu\" not implemented for '", scalar_type_name(a.dtype()), "'");
  dim = wrap_dim(dim, a.dim());
  Tensor out = run(ScanOp::logcumsumexp, a, dim);
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LogcumsumexpBackward0", {a}, {SavedTensor(a)}, [dim](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), y = c.saved(1);
      if (x.dim() == 0) return TensorList{g[0]};
      if (grad_enabled()) {
        // The plain formula, which can be differentiated again.
        Tensor top = detach(max_min_dim(detach(x), true, dim, true).first);
        return TensorList{mul(unary(UnaryOp::exp, sub(x, top)), from_end(mul(g[0], unary(UnaryOp::exp, sub(top, y))), dim))};
      }
      // Positive and negative gradients apart, in logarithms.
      Tensor size = unary(UnaryOp::log, unary(UnaryOp::abs, g[0]));
      Tensor none = full({}, -INFINITY, x.dtype(), x.device());
      auto part = [&](BinaryOp side) {
        Tensor l = where(binary(side, detach(g[0]), wrapped(0)), size, none);
        return unary(UnaryOp::exp, add(flip(logcumsumexp(flip(sub(l, y), {dim}), dim), {dim}), x));
      };
      return TensorList{sub(part(BinaryOp::gt), part(BinaryOp::lt))};
    });
    save_output(node, out);
  }
  return out;
}

std::pair<Tensor, Tensor> cummax_cummin(const Tensor& a, bool max, int64_t dim) {
  dim = wrap_dim(dim, a.dim());
  Tensor values = empty(a.sizes(), a.dtype(), a.device()), indices = empty(a.sizes(), DType::int64, a.device());
  backend(a).scan_extreme(max, values, indices, a, dim);
  if (any_requires_grad({a})) record(values, max ? "CummaxBackward0" : "CumminBackward0", {a}, {SavedTensor(indices)}, picked_back(a.sizes(), dim));
  return {values, indices};
}

}  // namespace weightroom::ops

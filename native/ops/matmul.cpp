#include "ops/ops.h"

namespace weightroom::ops {
namespace {

void same_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype()) fail("expected m1 and m2 to have the same dtype, but got: ", c_type_name(a.dtype()), " != ", c_type_name(b.dtype()));
}

Tensor product(const Tensor& a, const Tensor& b) {
  NoGrad guard;
  Tensor out = empty({a.size(0), b.size(1)}, a.dtype(), a.device());
  auto batch = [](const Tensor& t) { return make_view(t.impl()->storage, {1, t.size(0), t.size(1)}, {0, t.stride(0), t.stride(1)}, t.offset(), t.dtype()); };
  backend(out).gemm(batch(out), batch(a), batch(b), 1, 0);
  return out;
}

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  check_same_device(a, b);
  check(a.dim() == 2, "self must be a matrix");
  check(b.dim() == 2, "mat2 must be a matrix");
  if (a.size(1) != b.size(0)) fail("mat1 and mat2 shapes cannot be multiplied (", shape_x(a.sizes()), " and ", shape_x(b.sizes()), ")");
  same_type(a, b);
  Tensor out = product(a, b);
  if (any_requires_grad({a, b}))
    record(out, "MmBackward0", {a, b}, {requires_grad(b) ? SavedTensor(a) : SavedTensor(), requires_grad(a) ? SavedTensor(b) : SavedTensor()}, [](Context& c, const TensorList& g) {
      return TensorList{c.needs(0) ? mm(g[0], t(c.saved(1))) : Tensor(), c.needs(1) ? mm(t(c.saved(0)), g[0]) : Tensor()};
    });
  return out;
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  check_same_device(a, b);
  check(a.dim() == 3, "batch1 must be a 3D tensor");
  check(b.dim() == 3, "batch2 must be a 3D tensor");
  if (a.size(0) != b.size(0) || a.size(2) != b.size(1))
    fail("Expected size for first two dimensions of batch2 tensor to be: [", a.size(0), ", ", a.size(2), "] but got: [", b.size(0), ", ", b.size(1), "].");
  same_type(a, b);
  Tensor out = empty({a.size(0), a.size(1), b.size(2)}, a.dtype(), a.device());
  backend(out).gemm(out, a, b, 1, 0);
  if (any_requires_grad({a, b}))
    record(out, "BmmBackward0", {a, b}, {SavedTensor(a), SavedTensor(b)}, [](Context& c, const TensorList& g) {
      return TensorList{c.needs(0) ? bmm(g[0], transpose(c.saved(1), 1, 2)) : Tensor(), c.needs(1) ? bmm(transpose(c.saved(0), 1, 2), g[0]) : Tensor()};
    });
  return out;
}

Tensor mv(const Tensor& a, const Tensor& v) {
  check_same_device(a, v);
  check(a.dim() == 2 && v.dim() == 1, "vector + matrix @ vector expected, got ", 1, ", ", a.dim(), ", ", v.dim());
  if (a.size(1) != v.size(0)) fail("size mismatch, got input (", a.size(0), "), mat (", shape_x(a.sizes()), "), vec (", v.size(0), ")");
  same_type(a, v);
  Tensor out;
  {
    NoGrad guard;
    out = alias(reshape(product(a, unsqueeze(v, 1)), {a.size(0)}), false);
  }
  if (any_requires_grad({a, v}))
    record(out, "MvBackward0", {a, v}, {SavedTensor(a), SavedTensor(v)}, [](Context& c, const TensorList& g) {
      return TensorList{c.needs(0) ? mul(unsqueeze(g[0], 1), unsqueeze(c.saved(1), 0)) : Tensor(), c.needs(1) ? mv(t(c.saved(0)), g[0]) : Tensor()};
    });
  return out;
}

Tensor dot(const Tensor& a, const Tensor& b) {
  check_same_device(a, b);
  check(a.dim() == 1 && b.dim() == 1, "1D tensors expected, but got ", a.dim(), "D and ", b.dim(), "D tensors");
  if (a.dtype() != b.dtype()) fail("dot : expected both vectors to have same dtype, but found ", scalar_type_name(a.dtype()), " and ", scalar_type_name(b.dtype()));
  if (a.numel() != b.numel())
    fail("inconsistent tensor size, expected tensor [", a.numel(), "] and src [", b.numel(), "] to have the same number of elements, but got ", a.numel(), " and ", b.numel(), " elements respectively");
  if (a.dtype() == DType::boolean) fail_not_implemented("\"dot\" not implemented for 'Bool'");
  Tensor out;
  {
    NoGrad guard;
    out = alias(reshape(product(unsqueeze(a, 0), unsqueeze(b, 1)), {}), false);
  }
  if (any_requires_grad({a, b}))
    record(out, "DotBackward0", {a, b}, {SavedTensor(a), SavedTensor(b)}, [](Context& c, const TensorList& g) {
      return TensorList{c.needs(0) ? mul(g[0], c.saved(1)) : Tensor(), c.needs(1) ? mul(g[0], c.saved(0)) : Tensor()};
    });
  return out;
}

// A product's result in its final shape.
static Tensor unfold_rows(const Tensor& a, const Dims& sizes) {
  return view_of(a, sizes, contiguous_strides(sizes), a.offset(), "UnsafeViewBackward0", [from = a.sizes()](Context&, const TensorList& g) { return TensorList{reshape(g[0], from)}; });
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  check(a.dim() > 0 && b.dim() > 0, "both arguments to matmul need to be at least 1D, but they are ", a.dim(), "D and ", b.dim(), "D");
  if (a.dim() == 1 && b.dim() == 1) return dot(a, b);
  if (a.dim() == 2 && b.dim() == 2) return mm(a, b);
  if (a.dim() == 2 && b.dim() == 1) return mv(a, b);
  if (a.dim() == 1 && b.dim() == 2) return squeeze_dims(mm(unsqueeze(a, 0), b), {0});
  if (b.dim() <= 2) {
    // Fold the batch into the rows: one product.
    Dims sizes(a.sizes().begin(), a.sizes().end() - 1);
    Tensor rows = reshape(a, {checked_numel(sizes), a.size(-1)});
    if (b.dim() == 1) return unfold_rows(mv(rows, b), sizes);
    if (a.size(-1) != b.size(0)) fail("mat1 and mat2 shapes cannot be multiplied (", rows.size(0), "x", a.size(-1), " and ", shape_x(b.sizes()), ")");
    sizes.push_back(b.size(1));
    return unfold_rows(mm(rows, b), sizes);
  }
  if (a.dim() == 1) return squeeze_dims(matmul(unsqueeze(a, 0), b), {-2});
  Dims ba(a.sizes().begin(), a.sizes().end() - 2), bb(b.sizes().begin(), b.sizes().end() - 2);
  Dims batch = broadcast_shapes(ba, bb);
  int64_t n = checked_numel(batch);
  auto fold = [&](const Tensor& t) {
    Dims full = batch;
    full.push_back(t.size(-2));
    full.push_back(t.size(-1));
    return reshape(t.sizes() == full ? t : expand(t, full), {n, t.size(-2), t.size(-1)});
  };
  Tensor out = bmm(fold(a), fold(b));
  Dims sizes = batch;
  sizes.push_back(a.size(-2));
  sizes.push_back(b.size(-1));
  return unfold_rows(out, sizes);
}

Tensor linear(const Tensor& x, const Tensor& w, const Tensor& bias) {
  check_same_device(x, {w, bias});
  check(x.dim() > 0 && w.dim() > 0, "both arguments to linear need to be at least 1D, but they are ", x.dim(), "D and ", w.dim(), "D");
  check(w.dim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", w.dim(), "D");
  if (w.dim() == 1) return bias ? add(matmul(x, w), bias) : matmul(x, w);
  int64_t k = w.size(1), n = w.size(0), rows = k ? x.numel() / std::max<int64_t>(1, x.size(-1)) : 0;
  if (x.size(-1) != k) fail("mat1 and mat2 shapes cannot be multiplied (", rows, "x", x.size(-1), " and ", k, "x", n, ")");
  if (x.dtype() != w.dtype()) fail("mat1 and mat2 must have the same dtype, but got ", scalar_type_name(x.dtype()), " and ", scalar_type_name(w.dtype()));
  if (bias && (bias.dim() != 1 || bias.size(0) != n)) fail("The expanded size of the tensor (", n, ") must match the existing size (", bias.numel(), ") at non-singleton dimension 1.  Target sizes: [", rows, ", ", n, "].  Tensor sizes: ", shape_str(bias.sizes()));
  bool flat = x.dim() == 2;
  if (!flat) {
    Dims sizes = x.sizes();
    sizes.back() = n;
    rows = 1;
    for (int64_t d = 0; d + 1 < x.dim(); ++d) rows *= x.size(d);
    return reshape(linear(reshape(x, {rows, k}), w, bias), sizes);
  }
  Tensor out = empty({x.size(0), n}, x.dtype(), x.device());
  {
    NoGrad guard;
    backend(out).linear(out, x, w, bias);
  }
  if (any_requires_grad({x, w, bias}))
    record(out, bias ? "AddmmBackward0" : "MmBackward0", {x, w, bias}, {requires_grad(w) ? SavedTensor(x) : SavedTensor(), requires_grad(x) ? SavedTensor(w) : SavedTensor()}, [m = x.size(0), n, k](Context& c, const TensorList& g) {
      if (grad_enabled()) return TensorList{c.needs(0) ? mm(g[0], c.saved(1)) : Tensor(), c.needs(1) ? mm(t(g[0]), c.saved(0)) : Tensor(), c.needs(2) ? sum(g[0], {0}, false) : Tensor()};
      if (!c.needs(0) && !c.needs(1)) return TensorList{Tensor(), Tensor(), sum(g[0], {0}, false)};
      // One call for all three. What is not saved is not needed: any tensor of its shape stands in.
      Tensor g0 = g[0], x = c.saved(0), w = c.saved(1);
      auto make = [&](bool want, const Dims& sizes) { return want ? empty(sizes, g0.dtype(), g0.device()) : Tensor(); };
      Tensor gx = make(c.needs(0), {m, k}), gw = make(c.needs(1), {n, k}), gb = make(c.needs(2), {n});
      backend(g0).linear_backward(gx, gw, gb, g0, x ? x : gx, w ? w : gw);
      return TensorList{gx, gw, gb};
    });
  return out;
}

namespace {

// beta * input + alpha * a @ b over [batch, m, k] and [batch, k, n].
Tensor add_product(const Tensor& input, const Tensor& a, const Tensor& b, double beta, double alpha, const Dims& sizes) {
  NoGrad guard;
  Tensor out = empty(sizes, a.dtype(), a.device());
  Tensor broadcast = expand(input, sizes);
  if (beta != 0) backend(out).copy(out, broadcast);
  auto batched = [](const Tensor& t) { return t.dim() == 3 ? t : make_view(t.impl()->storage, {1, t.size(0), t.size(1)}, {0, t.stride(0), t.stride(1)}, t.offset(), t.dtype()); };
  backend(out).gemm(batched(out), batched(a), batched(b), alpha, beta);
  return out;
}
Tensor times(const Tensor& t, double s) { return s == 1 ? t : mul(t, s); }

void check_types(const char* op, const Tensor& input, const Tensor& a, const Tensor& b) {
  check_same_device(input, a);
  check_same_device(a, b);
  same_type(a, b);
  if (input.dtype() != a.dtype()) fail("self and mat2 must have the same dtype, but got ", scalar_type_name(input.dtype()), " and ", scalar_type_name(b.dtype()));
  if (a.dtype() == DType::boolean) fail_not_implemented("\"", op, "\" not implemented for 'Bool'");
}

}  // namespace

Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta, double alpha) {
  check(a.dim() == 2, "mat1 must be a matrix, got ", a.dim(), "-D tensor");
  check(b.dim() == 2, "mat2 must be a matrix, got ", b.dim(), "-D tensor");
  if (a.size(1) != b.size(0)) fail("mat1 and mat2 shapes cannot be multiplied (", shape_x(a.sizes()), " and ", shape_x(b.sizes()), ")");
  check_types("addmm_impl_cpu_", input, a, b);
  Tensor out = add_product(input, a, b, beta, alpha, {a.size(0), b.size(1)});
  if (any_requires_grad({input, a, b}))
    record(out, "AddmmBackward0", {input, a, b}, {SavedTensor(a), SavedTensor(b)}, [beta, alpha, from = input.sizes()](Context& c, const TensorList& g) {
      return TensorList{c.needs(0) ? sum_to(times(g[0], beta), from) : Tensor(), c.needs(1) ? times(mm(g[0], t(c.saved(1))), alpha) : Tensor(), c.needs(2) ? times(mm(t(c.saved(0)), g[0]), alpha) : Tensor()};
    });
  return out;
}

Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& v, double beta, double alpha) {
  check(a.dim() == 2 && v.dim() == 1 && input.dim() <= 1, "vector + matrix @ vector expected, got ", input.dim(), ", ", a.dim(), ", ", v.dim());
  if (a.size(1) != v.size(0) || (input.numel() != 1 && input.numel() != a.size(0)))
    fail("size mismatch, got input (", input.numel(), "), mat (", shape_x(a.sizes()), "), vec (", v.size(0), ")");
  check_types("addmv_impl_cpu", input, a, v);
  Tensor out;
  {
    NoGrad guard;
    out = alias(reshape(add_product(input.dim() ? unsqueeze(input, 1) : input, a, unsqueeze(v, 1), beta, alpha, {a.size(0), 1}), {a.size(0)}), false);
  }
  if (any_requires_grad({input, a, v}))
    record(out, "AddmvBackward0", {input, a, v}, {SavedTensor(a), SavedTensor(v)}, [beta, alpha, from = input.sizes()](Context& c, const TensorList& g) {
      return TensorList{c.needs(0) ? sum_to(times(g[0], beta), from) : Tensor(), c.needs(1) ? times(mul(unsqueeze(g[0], 1), unsqueeze(c.saved(1), 0)), alpha) : Tensor(), c.needs(2) ? times(mv(t(c.saved(0)), g[0]), alpha) : Tensor()};
    });
  return out;
}

Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta, double alpha) {
  check(a.dim() == 3, "batch1 must be a 3D tensor");
  check(b.dim() == 3, "batch2 must be a 3D tensor");
  if (a.size(0) != b.size(0) || a.size(2) != b.size(1))
    fail("Expected size for first two dimensions of batch2 tensor to be: [", a.size(0), ", ", a.size(2), "] but got: [", b.size(0), ", ", b.size(1), "].");
  check_types("baddbmm", input, a, b);
  Tensor out = add_product(input, a, b, beta, alpha, {a.size(0), a.size(1), b.size(2)});
  if (any_requires_grad({input, a, b}))
    record(out, "BaddbmmBackward0", {input, a, b}, {SavedTensor(a), SavedTensor(b)}, [beta, alpha, from = input.sizes()](Context& c, const TensorList& g) {
      return TensorList{c.needs(0) ? sum_to(times(g[0], beta), from) : Tensor(), c.needs(1) ? times(bmm(g[0], transpose(c.saved(1), 1, 2)), alpha) : Tensor(), c.needs(2) ? times(bmm(transpose(c.saved(0), 1, 2), g[0]), alpha) : Tensor()};
    });
  return out;
}

}  // namespace weightroom::ops

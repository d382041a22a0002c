#include <algorithm>
#include <cmath>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

// Wrapped, sorted, without repeats; empty = all.
Dims normalize(const Tensor& a, Dims dims) {
  if (dims.empty()) for (int64_t d = 0; d < a.dim(); ++d) dims.push_back(d);
  else {
    for (auto& d : dims) d = wrap_dim(d, a.dim());
    std::sort(dims.begin(), dims.end());
    for (size_t i = 1; i < dims.size(); ++i) check(dims[i] != dims[i - 1], "dim ", dims[i], " appears multiple times in the list of dims");
    if (a.dim() == 0) dims.clear();
  }
  return dims;
}

Dims kept_shape(const Tensor& a, const Dims& dims) {
  Dims s = a.sizes();
  for (int64_t d : dims) s[size_t(d)] = 1;
  return s;
}

Dims final_shape(const Tensor& a, const Dims& dims, bool keepdim) {
  Dims s;
  for (int64_t d = 0; d < a.dim(); ++d) {
    bool reduced = std::binary_search(dims.begin(), dims.end(), d);
    if (!reduced) s.push_back(a.size(d));
    else if (keepdim) s.push_back(1);
  }
  return s;
}

Tensor run(ReduceOp op, const Tensor& a, const Dims& dims, bool keepdim, DType dtype) {
  Tensor out = empty(kept_shape(a, dims), dtype, a.device());
  backend(a).reduce(op, out, a);
  return make_view(out.impl()->storage, final_shape(a, dims, keepdim), contiguous_strides(final_shape(a, dims, keepdim)), 0, dtype, out.impl()->version);
}

// The reduced gradient with its dims back, so that it broadcasts to the input.
Tensor restore(const Tensor& g, const Dims& kept) { return g.sizes() == kept ? g : reshape(g, kept); }

DType sum_type(DType t) { return is_floating(t) ? t : DType::int64; }

void no_empty(const Tensor& a, const char* name) {
  check(a.numel() > 0, name, "(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.");
}

}  // namespace

Tensor sum(const Tensor& a0, Dims dims, bool keepdim, std::optional<DType> dtype) {
  bool all = dims.empty();
  Tensor a = dtype && *dtype != a0.dtype() ? to_dtype(a0, *dtype) : a0;
  dims = normalize(a, dims);
  Tensor out = run(ReduceOp::sum, a, dims, keepdim, dtype ? *dtype : sum_type(a.dtype()));
  if (any_requires_grad({a}))
    record(out, all ? "SumBackward0" : "SumBackward1", {a}, {}, [from = a.sizes(), kept = kept_shape(a, dims)](Context&, const TensorList& g) { return TensorList{expand(restore(g[0], kept), from)}; });
  return out;
}

Tensor mean(const Tensor& a0, Dims dims, bool keepdim, std::optional<DType> dtype) {
  Tensor a = dtype ? to_dtype(a0, *dtype) : a0;
  if (!is_floating(a.dtype()))
    fail("mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ", scalar_type_name(a.dtype()));
  bool all = dims.empty();
  dims = normalize(a, dims);
  Tensor out = run(ReduceOp::mean, a, dims, keepdim, a.dtype());
  if (any_requires_grad({a}))
    record(out, all ? "MeanBackward0" : "MeanBackward1", {a}, {}, [from = a.sizes(), kept = kept_shape(a, dims), n = out.numel() ? double(a.numel()) / double(out.numel()) : 1](Context&, const TensorList& g) {
      return TensorList{expand(div(restore(g[0], kept), wrapped(n)), from)};
    });
  return out;
}

// Products of all others along dim, also where elements are zero: running products from both sides.
static Tensor products_of_others(const Tensor& x, int64_t dim) {
  Dims edge = x.sizes();
  edge[size_t(dim)] = 1;
  Tensor one = full(edge, 1.0, x.dtype(), x.device());
  int64_t n = x.size(dim);
  auto before = [&](const Tensor& t) { return cumprod(cat({one, slice(t, dim, 0, n - 1, 1)}, dim), dim); };
  return mul(before(x), flip(before(flip(x, {dim})), {dim}));
}

Tensor prod(const Tensor& a0, Dims dims, bool keepdim, std::optional<DType> dtype) {
  bool all = dims.empty();
  Tensor a = dtype && *dtype != a0.dtype() ? to_dtype(a0, *dtype) : a0;
  dims = normalize(a, dims);
  Tensor out = run(ReduceOp::prod, a, dims, keepdim, dtype ? *dtype : sum_type(a.dtype()));
  if (any_requires_grad({a}))
    record(out, all ? "ProdBackward0" : "ProdBackward1", {a}, {SavedTensor(a)}, [all, dims, kept = kept_shape(a, dims)](Context& c, const TensorList& g) {
      Tensor x = c.saved(0);
      if (x.numel() == 0 || x.dim() == 0) return TensorList{x.dim() ? zeros(x.sizes(), x.dtype(), x.device()) : g[0]};
      Tensor others = all ? reshape(products_of_others(reshape(x, {-1}), 0), x.sizes()) : products_of_others(x, dims[0]);
      return TensorList{mul(restore(g[0], kept), others)};
    });
  return out;
}

Tensor norm(const Tensor& a, double p, Dims dims, bool keepdim) {
  if (!is_floating(a.dtype())) fail("linalg.vector_norm: Expected a floating point or complex tensor as input. Got ", scalar_type_name(a.dtype()));
  dims = normalize(a, dims);
  if (std::isinf(p) && p > 0) for (int64_t d : dims)
    check(a.size(d) > 0, "linalg.vector_norm cannot compute the infinity norm on an empty ", "dimension because the operation does not have an identity");
  Tensor out;
  {
    NoGrad guard;
    auto over = [&](ReduceOp op, const Tensor& t, DType type) { return run(op, t, dims, keepdim, type); };
    if (p == 2) out = over(ReduceOp::norm2, a, a.dtype());
    else if (p == 1) out = over(ReduceOp::norm1, a, a.dtype());
    else if (p == 0) out = over(ReduceOp::sum, to_dtype(binary(BinaryOp::ne, a, wrapped(0)), a.dtype()), a.dtype());
    else if (std::isinf(p)) out = over(p > 0 ? ReduceOp::max : ReduceOp::min, unary(UnaryOp::abs, a), a.dtype());
    else {
      // Powers of half types are taken in float32.
      Tensor wide = a.dtype() == DType::float64 ? a : to_dtype(a, DType::float32);
      out = to_dtype(binary(BinaryOp::pow, over(ReduceOp::sum, binary(BinaryOp::pow, unary(UnaryOp::abs, wide), wrapped(p)), wide.dtype()), wrapped(1 / p)), a.dtype());
    }
  }
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LinalgVectorNormBackward0", {a}, {SavedTensor(a)}, [p, dims, kept = kept_shape(a, dims)](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), n = restore(c.saved(1), kept), gr = restore(g[0], kept);
      auto zero_where = [](const Tensor& t, const Tensor& mask) { return where(mask, zeros({}, t.dtype(), t.device()), t); };
      auto is_zero = [](const Tensor& t) { return binary(BinaryOp::eq, detach(t), wrapped(0)); };
      if (p == 0) return TensorList{Tensor()};
      Tensor sign = unary(UnaryOp::sign, x);
      if (p == 1) return TensorList{mul(gr, sign)};
      if (p == 2) return TensorList{mul(gr, zero_where(div(x, n), is_zero(n)))};
      Tensor size = unary(UnaryOp::abs, x);
      if (std::isinf(p)) {
        Tensor top = detach(to_dtype(binary(BinaryOp::eq, size, n), x.dtype()));
        return TensorList{mul(sign, mul(div(gr, sum(top, dims, true)), top))};
      }
      if (p < 1) return TensorList{mul(mul(mul(sign, zero_where(binary(BinaryOp::pow, size, wrapped(p - 1)), is_zero(x))), gr), binary(BinaryOp::pow, n, wrapped(1 - p)))};
      Tensor scale = zero_where(div(gr, binary(BinaryOp::pow, n, wrapped(p - 1))), is_zero(n));
      if (p < 2) return TensorList{mul(mul(sign, binary(BinaryOp::pow, size, wrapped(p - 1))), scale)};
      return TensorList{mul(mul(x, binary(BinaryOp::pow, size, wrapped(p - 2))), scale)};
    });
    save_output(node, out);
  }
  return out;
}

static Tensor var_gradient(const Tensor& g, const Tensor& x, const Dims& dims, double correction, const Dims& kept) {
  double n = 1;
  for (int64_t d : dims) n *= double(x.size(d));
  return mul(mul(restore(g, kept), 2 / (n - correction)), sub(x, mean(x, dims, true)));
}

Tensor var(const Tensor& a, Dims dims, double correction, bool keepdim, bool root) {
  if (!is_floating(a.dtype())) fail("std and var only support floating point and complex dtypes");
  Dims ds = normalize(a, dims), kept = kept_shape(a, ds);
  double n = 1;
  for (int64_t d : ds) n *= double(a.size(d));
  Tensor out;
  {
    NoGrad guard;
    // Squares of half types would overflow: they are taken in float32.
    Tensor wide = a.dtype() == DType::float64 ? a : to_dtype(a, DType::float32);
    Tensor centered = sub(wide, mean(wide, ds, true));
    Tensor v = div(run(ReduceOp::sum, mul(centered, centered), ds, keepdim, wide.dtype()), wrapped(std::max(0.0, n - correction)));
    out = to_dtype(root ? unary(UnaryOp::sqrt, v) : v, a.dtype());
  }
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, root ? "StdBackward0" : "VarBackward0", {a}, {SavedTensor(a)}, [ds, correction, kept, root](Context& c, const TensorList& g) {
      Tensor gr = g[0];
      if (root) {
        Tensor s = c.saved(1), d = div(gr, mul(s, 2.0));
        gr = where(binary(BinaryOp::eq, detach(s), wrapped(0)), zeros({}, d.dtype(), d.device()), d);
      }
      return TensorList{var_gradient(gr, c.saved(0), ds, correction, kept)};
    });
    if (root) save_output(node, out);
  }
  return out;
}

TensorList var_mean(const Tensor& a, Dims dims, double correction, bool keepdim, bool root) {
  Tensor v, m;
  {
    NoGrad guard;
    v = var(a, dims, correction, keepdim, root);
    m = mean(a, dims, keepdim);
  }
  Dims ds = normalize(a, dims), kept = kept_shape(a, ds);
  if (any_requires_grad({a})) {
    auto node = record(TensorList{v, m}, root ? "StdMeanBackward0" : "VarMeanBackward0", {a}, {SavedTensor(a)}, [ds, correction, kept, root](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), r;
      if (g[0]) {
        Tensor gr = g[0];
        if (root) {
          Tensor s = c.saved(1), d = div(gr, mul(s, 2.0));
          gr = where(binary(BinaryOp::eq, detach(s), wrapped(0)), zeros({}, d.dtype(), d.device()), d);
        }
        r = var_gradient(gr, x, ds, correction, kept);
      }
      if (g[1]) {
        double n = 1;
        for (int64_t d : ds) n *= double(x.size(d));
        Tensor part = expand(div(restore(g[1], kept), wrapped(n)), x.sizes());
        r = r ? add(r, part) : part;
      }
      return TensorList{r};
    });
    if (root) save_output(node, v);
  }
  return {v, m};
}

Tensor any_all(const Tensor& a, Dims dims, bool keepdim, bool all) {
  dims = normalize(a, dims);
  Tensor out = run(all ? ReduceOp::all : ReduceOp::any, a, dims, keepdim, DType::boolean);
  // PyTorch keeps bytes bytes here.
  return a.dtype() == DType::uint8 ? to_dtype(out, DType::uint8) : out;
}

// 1 where x equals the extreme value, NaN included.
static Tensor at_extreme(const Tensor& x, const Tensor& value, DType type) {
  Tensor a = detach(x), v = detach(value);
  return to_dtype(binary(BinaryOp::logical_or, binary(BinaryOp::eq, a, v), binary(BinaryOp::logical_and, unary(UnaryOp::isnan, a), unary(UnaryOp::isnan, v))), type);
}

Tensor max_min(const Tensor& a, bool max) {
  no_empty(a, max ? "max" : "min");
  Tensor out = run(max ? ReduceOp::max : ReduceOp::min, a, normalize(a, {}), false, a.dtype());
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, max ? "MaxBackward1" : "MinBackward1", {a}, {SavedTensor(a)}, [](Context& c, const TensorList& g) {
      // Ties share the gradient evenly.
      Tensor mask = at_extreme(c.saved(0), c.saved(1), g[0].dtype());
      return TensorList{mul(mask, div(g[0], sum(mask, {}, false)))};
    });
    save_output(node, out);
  }
  return out;
}

std::pair<Tensor, Tensor> max_min_dim(const Tensor& a, bool max, int64_t dim, bool keepdim, const char* name) {
  dim = wrap_dim(dim, a.dim());
  if (a.dim() && a.size(dim) == 0) fail_index(name ? name : max ? "max" : "min", "(): Expected reduction dim ", dim, " to have non-zero size.");
  Dims kept = a.dim() ? kept_shape(a, {dim}) : Dims{};
  Tensor values = empty(kept, a.dtype(), a.device()), indices = empty(kept, DType::int64, a.device());
  backend(a).arg_reduce(max, values, indices, a, dim);
  Dims shape = a.dim() ? final_shape(a, {dim}, keepdim) : Dims{};
  auto reshaped = [&](const Tensor& t) { return make_view(t.impl()->storage, shape, contiguous_strides(shape), 0, t.dtype(), t.impl()->version); };
  Tensor v = reshaped(values), i = reshaped(indices);
  if (any_requires_grad({a})) record(v, max ? "MaxBackward0" : "MinBackward0", {a}, {SavedTensor(indices)}, picked_back(a.sizes(), dim));
  return {v, i};
}

BackwardFn picked_back(const Dims& from, int64_t dim) {
  return [from, dim](Context& c, const TensorList& g) {
    Tensor index = c.saved(0);
    return TensorList{from.empty() ? g[0] : scatter(zeros(from, g[0].dtype(), g[0].device()), dim, index, restore(g[0], index.sizes()), true)};
  };
}

Tensor arg_max_min(const Tensor& a, bool max, std::optional<int64_t> dim, bool keepdim) {
  NoGrad guard;
  const char* name = max ? "argmax" : "argmin";
  check(a.dtype() != DType::boolean, name, "(): does not support bool input");
  if (dim) return max_min_dim(a, max, *dim, keepdim, name).second;
  if (a.numel() == 0) fail_index(name, "(): Expected reduction dim to be specified for input.numel() == 0.");
  Tensor flat = max_min_dim(reshape(a, {-1}), max, 0, false).second;
  return keepdim ? reshape(flat, Dims(size_t(a.dim()), 1)) : flat;
}

Tensor amax_amin(const Tensor& a, bool max, Dims dims, bool keepdim) {
  if (dims.empty() && a.numel() == 0) fail(max ? "amax" : "amin", "(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.");
  dims = normalize(a, dims);
  for (int64_t d : dims)
    if (a.size(d) == 0) fail_index(max ? "amax" : "amin", "(): Expected reduction dim ", d, " to have non-zero size.");
  Tensor out = run(max ? ReduceOp::max : ReduceOp::min, a, dims, keepdim, a.dtype());
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, max ? "AmaxBackward0" : "AminBackward0", {a}, {SavedTensor(a)}, [dims, kept = kept_shape(a, dims)](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), mask = detach(to_dtype(binary(BinaryOp::eq, x, restore(c.saved(1), kept)), g[0].dtype()));
      return TensorList{div(mul(restore(g[0], kept), mask), sum(mask, dims, true))};
    });
    save_output(node, out);
  }
  return out;
}

Tensor logsumexp(const Tensor& a0, Dims dims, bool keepdim) {
  Tensor a = is_floating(a0.dtype()) ? a0 : to_dtype(a0, DType::float32);
  Dims ds = normalize(a, dims);
  Tensor out;
  {
    NoGrad guard;
    if (a.numel() == 0) out = unary(UnaryOp::log, sum(unary(UnaryOp::exp, a), ds, keepdim));
    else {
      Tensor m = run(ReduceOp::max, a, ds, true, a.dtype());
      m = where(unary(UnaryOp::isinf, m), zeros({}, m.dtype(), m.device()), m);
      Tensor s = unary(UnaryOp::log, run(ReduceOp::sum, unary(UnaryOp::exp, sub(a, m)), ds, keepdim, a.dtype()));
      out = add(s, keepdim ? m : reshape(m, s.sizes()));
    }
  }
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LogsumexpBackward0", {a}, {SavedTensor(a)}, [kept = kept_shape(a, ds)](Context& c, const TensorList& g) {
      return TensorList{mul(restore(g[0], kept), unary(UnaryOp::exp, sub(c.saved(0), restore(c.saved(1), kept))))};
    });
    save_output(node, out);
  }
  return out;
}

Tensor nansum(const Tensor& a0, Dims dims, bool keepdim, std::optional<DType> dtype) {
  Tensor a = dtype && *dtype != a0.dtype() ? to_dtype(a0, *dtype) : a0;
  if (!is_floating(a.dtype())) return sum(a, dims, keepdim, dtype);
  Dims ds = normalize(a, dims);
  Tensor out;
  {
    NoGrad guard;
    out = sum(where(unary(UnaryOp::isnan, a), zeros({}, a.dtype(), a.device()), a), ds, keepdim, dtype);
  }
  if (any_requires_grad({a}))
    record(out, "NansumBackward0", {a}, {SavedTensor(a)}, [kept = kept_shape(a, ds)](Context& c, const TensorList& g) {
      Tensor x = c.saved(0);
      return TensorList{mul(expand(restore(g[0], kept), x.sizes()), to_dtype(unary(UnaryOp::logical_not, unary(UnaryOp::isnan, x)), g[0].dtype()))};
    });
  return out;
}

Tensor sum_to(const Tensor& g, const Dims& sizes) {
  if (g.sizes() == sizes) return g;
  Dims dims;
  int64_t lead = g.dim() - int64_t(sizes.size());
  for (int64_t d = 0; d < g.dim(); ++d)
    if (d < lead || (sizes[size_t(d - lead)] == 1 && g.size(d) != 1)) dims.push_back(d);
  Tensor s = dims.empty() ? g : sum(g, dims, true);
  return s.sizes() == sizes ? s : reshape(s, sizes);
}

}  // namespace weightroom::ops

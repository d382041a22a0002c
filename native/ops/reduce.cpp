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

Tensor mean(const Tensor& a, Dims dims, bool keepdim) {
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

Tensor prod(const Tensor& a, Dims dims, bool keepdim) {
  bool all = dims.empty();
  dims = normalize(a, dims);
  Tensor out = run(ReduceOp::prod, a, dims, keepdim, sum_type(a.dtype()));
  if (any_requires_grad({a}))
    record(out, all ? "ProdBackward0" : "ProdBackward1", {a}, {SavedTensor(a)}, [dims, kept = kept_shape(a, dims)](Context& c, const TensorList& g) {
      Tensor x = c.saved(0);
      // Product of the others, exact where elements are zero: exclusive products from both sides along one flattened dim.
      Dims order;
      for (int64_t d = 0; d < x.dim(); ++d) if (!std::binary_search(dims.begin(), dims.end(), d)) order.push_back(d);
      int64_t lead = int64_t(order.size());
      order.insert(order.end(), dims.begin(), dims.end());
      Tensor p = permute(x, order);
      Dims sizes(p.sizes().begin(), p.sizes().begin() + lead);
      Dims moved = p.sizes();
      sizes.push_back(-1);
      Tensor flat = p.numel() ? reshape(p, sizes) : p;
      int64_t n = p.numel() ? flat.size(-1) : 0;
      TensorList parts;
      for (int64_t i = 0; i < n; ++i) {
        Tensor acc;
        for (int64_t j = 0; j < n; ++j) if (j != i) { Tensor e = select(flat, -1, j); acc = acc ? mul(acc, e) : e; }
        parts.push_back(acc ? acc : full(select(flat, -1, i).sizes(), 1.0, x.dtype(), x.device()));
      }
      if (parts.empty()) return TensorList{zeros(x.sizes(), x.dtype(), x.device())};
      Tensor others = reshape(stack(parts, -1), moved);
      Dims inverse(order.size());
      for (size_t i = 0; i < order.size(); ++i) inverse[size_t(order[i])] = int64_t(i);
      return TensorList{mul(restore(g[0], kept), permute(others, inverse))};
    });
  return out;
}

Tensor norm(const Tensor& a, double p, Dims dims, bool keepdim) {
  if (!is_floating(a.dtype())) fail("linalg.vector_norm: Expected a floating point or complex tensor as input. Got ", scalar_type_name(a.dtype()));
  if (std::isinf(p)) {
    Tensor m = unary(UnaryOp::abs, a);
    if (dims.empty()) return max_min(m, p > 0);
    check(dims.size() == 1, "norm: infinite order takes one dim");
    return max_min_dim(m, p > 0, dims[0], keepdim).first;
  }
  if (p != 2 && p != 1) {
    Tensor s = sum(binary(BinaryOp::pow, unary(UnaryOp::abs, a), wrapped(p)), dims, keepdim);
    return p == 0 ? sum(to_dtype(binary(BinaryOp::ne, a, wrapped(0)), a.dtype()), dims, keepdim) : binary(BinaryOp::pow, s, wrapped(1 / p));
  }
  dims = normalize(a, dims);
  Tensor out = run(p == 2 ? ReduceOp::norm2 : ReduceOp::norm1, a, dims, keepdim, a.dtype());
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LinalgVectorNormBackward0", {a}, {SavedTensor(a)}, [p, kept = kept_shape(a, dims)](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), n = restore(c.saved(1), kept), gr = restore(g[0], kept);
      if (p == 1) return TensorList{mul(gr, unary(UnaryOp::sign, x))};
      Tensor d = mul(gr, div(x, n));
      return TensorList{where(binary(BinaryOp::eq, detach(n), wrapped(0)), zeros({}, d.dtype(), d.device()), d)};
    });
    save_output(node, out);
  }
  return out;
}

Tensor var(const Tensor& a, Dims dims, double correction, bool keepdim, bool root) {
  if (!is_floating(a.dtype())) fail(root ? "std" : "var", " and ", root ? "std" : "var", "_mean only support floating point and complex dtypes");
  Dims ds = normalize(a, dims);
  double n = 1;
  for (int64_t d : ds) n *= double(a.size(d));
  Tensor centered = sub(a, mean(a, ds, true));
  Tensor v = div(sum(mul(centered, centered), ds, keepdim), wrapped(std::max(0.0, n - correction)));
  return root ? unary(UnaryOp::sqrt, v) : v;
}

Tensor any_all(const Tensor& a, Dims dims, bool keepdim, bool all) {
  dims = normalize(a, dims);
  return run(all ? ReduceOp::all : ReduceOp::any, a, dims, keepdim, DType::boolean);
}

Tensor max_min(const Tensor& a, bool max) {
  no_empty(a, max ? "max" : "min");
  Tensor out = run(max ? ReduceOp::max : ReduceOp::min, a, normalize(a, {}), false, a.dtype());
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, max ? "MaxBackward1" : "MinBackward1", {a}, {SavedTensor(a)}, [](Context& c, const TensorList& g) {
      // Ties share the gradient evenly.
      Tensor mask = to_dtype(binary(BinaryOp::eq, detach(c.saved(0)), detach(c.saved(1))), g[0].dtype());
      return TensorList{mul(g[0], div(mask, sum(mask, {}, false)))};
    });
    save_output(node, out);
  }
  return out;
}

std::pair<Tensor, Tensor> max_min_dim(const Tensor& a, bool max, int64_t dim, bool keepdim) {
  dim = wrap_dim(dim, a.dim());
  if (a.dim() && a.size(dim) == 0) fail_index(max ? "max" : "min", "(): Expected reduction dim ", dim, " to have non-zero size.");
  Dims kept = a.dim() ? kept_shape(a, {dim}) : Dims{};
  Tensor values = empty(kept, a.dtype(), a.device()), indices = empty(kept, DType::int64, a.device());
  backend(a).arg_reduce(max, values, indices, a, dim);
  Dims shape = a.dim() ? final_shape(a, {dim}, keepdim) : Dims{};
  auto reshaped = [&](const Tensor& t) { return make_view(t.impl()->storage, shape, contiguous_strides(shape), 0, t.dtype(), t.impl()->version); };
  Tensor v = reshaped(values), i = reshaped(indices);
  if (any_requires_grad({a}))
    record(v, max ? "MaxBackward0" : "MinBackward0", {a}, {SavedTensor(indices)}, [from = a.sizes(), kept, dim](Context& c, const TensorList& g) {
      return TensorList{scatter(zeros(from, g[0].dtype(), g[0].device()), dim, c.saved(0), restore(g[0], kept), true)};
    });
  return {v, i};
}

Tensor arg_max_min(const Tensor& a, bool max, std::optional<int64_t> dim, bool keepdim) {
  NoGrad guard;
  if (dim) return max_min_dim(a, max, *dim, keepdim).second;
  check(a.numel() > 0, max ? "argmax" : "argmin", "(): Expected reduction dim to be specified for input.numel() == 0.");
  return max_min_dim(reshape(a, {-1}), max, 0, false).second;
}

Tensor logsumexp(const Tensor& a0, Dims dims, bool keepdim) {
  Tensor a = is_floating(a0.dtype()) ? a0 : to_dtype(a0, DType::float32);
  Dims ds = normalize(a, dims);
  Tensor m;
  {
    NoGrad guard;
    m = detach(a);
    for (int64_t d : ds) m = max_min_dim(m, true, d, true).first;
    m = where(unary(UnaryOp::isinf, m), zeros({}, m.dtype(), m.device()), m);
  }
  Tensor s = unary(UnaryOp::log, sum(unary(UnaryOp::exp, sub(a, m)), ds.empty() ? Dims{} : ds, keepdim));
  return add(s, keepdim ? m : reshape(m, s.sizes()));
}

Tensor cumsum(const Tensor& a0, int64_t dim) {
  Tensor a = is_floating(a0.dtype()) ? a0 : to_dtype(a0, DType::int64);
  dim = wrap_dim(dim, a.dim());
  Tensor out = empty(a.sizes(), a.dtype(), a.device());
  backend(a).cumsum(out, a, dim);
  if (any_requires_grad({a}))
    record(out, "CumsumBackward0", {a}, {}, [dim](Context&, const TensorList& g) {
      // Sums from the end: total - cumsum + self.
      Tensor c = cumsum(g[0], dim);
      if (g[0].dim() == 0) return TensorList{g[0]};
      return TensorList{add(sub(slice(c, dim, -1, INT64_MAX, 1), c), g[0])};
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

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/ops.h"

namespace weightroom::ops {

Tensor gather(const Tensor& a, int64_t dim, const Tensor& index0) {
  Tensor index = index0.dtype() == DType::int32 ? to_dtype(index0, DType::int64) : index0;
  check(index.dtype() == DType::int64, "gather(): Expected dtype int32/int64 for index");
  check_same_device(a, index);
  dim = wrap_dim(dim, a.dim());
  if (index.numel() == 0) {
    Tensor none = empty(index.sizes(), a.dtype(), a.device());
    if (any_requires_grad({a}))
      record(none, "GatherBackward0", {a}, {}, [from = a.sizes()](Context&, const TensorList& g) { return TensorList{zeros(from, g[0].dtype(), g[0].device())}; });
    return none;
  }
  if (a.dim() == 0 || index.dim() == 0) {
    // A number counts as a vector of one.
    check(a.dim() <= 1 && index.dim() <= 1, "Index tensor must have the same number of dimensions as input tensor");
    return reshape(gather(reshape(a, {-1}), 0, reshape(index, {-1})), index.sizes());
  }
  check(index.dim() == a.dim(), "Index tensor must have the same number of dimensions as input tensor");
  for (int64_t d = 0; d < a.dim(); ++d)
    if (d != dim && index.size(d) > a.size(d)) fail("Size does not match at dimension ", d, " expected index ", shape_str(index.sizes()), " to be no larger than self ", shape_str(a.sizes()), " apart from dimension ", dim);
  Tensor out = empty(index.sizes(), a.dtype(), a.device());
  if (out.numel()) backend(a).gather(out, a, dim, index);
  if (any_requires_grad({a}))
    record(out, "GatherBackward0", {a}, {SavedTensor(index)}, [dim, from = a.sizes()](Context& c, const TensorList& g) {
      return TensorList{scatter(zeros(from, g[0].dtype(), g[0].device()), dim, c.saved(0), g[0], true)};
    });
  return out;
}

namespace {

// Shapes and types of index and source, as every scatter wants them.
void check_scatter(const Tensor& a, int64_t dim, const Tensor& index, const Tensor& src) {
  check(index.dtype() == DType::int64, "scatter(): Expected dtype int32/int64 for index");
  check(src.dtype() == a.dtype(), "scatter(): Expected self.dtype to be equal to src.dtype");
  check_same_device(a, index);
  check_same_device(a, src);
  dim = wrap_dim(dim, a.dim());
  check(index.dim() == a.dim() && src.dim() == a.dim(), "Index tensor must have the same number of dimensions as self tensor");
  for (int64_t d = 0; d < a.dim(); ++d)
    if (index.size(d) > src.size(d) || (d != dim && index.size(d) > a.size(d)))
      fail("Expected index ", shape_str(index.sizes()), " to be no larger than self ", shape_str(a.sizes()), " apart from dimension ", dim, " and to be no larger size than src ", shape_str(src.sizes()));
}

}  // namespace

Tensor scatter(const Tensor& a, int64_t dim, const Tensor& index0, const Tensor& src, bool accumulate) {
  Tensor index = index0.dtype() == DType::int32 ? to_dtype(index0, DType::int64) : index0;
  if (a.dim() == 0) {
    check(index.dim() <= 1 && src.dim() <= 1, "Index tensor must have the same number of dimensions as self tensor");
    return reshape(scatter(reshape(a, {1}), 0, reshape(index, {-1}), reshape(src, {-1}), accumulate), {});
  }
  dim = wrap_dim(dim, a.dim());
  check_scatter(a, dim, index, src);
  Tensor out;
  {
    NoGrad guard;
    out = clone(a);
  }
  if (index.numel()) backend(a).scatter(out, dim, index, src, accumulate);
  if (any_requires_grad({a, src}))
    record(out, accumulate ? "ScatterAddBackward0" : src.impl()->wrapped_number ? "ScatterBackward1" : "ScatterBackward0", {a, src}, {SavedTensor(index)}, [dim, accumulate, ss = src.sizes(), is = index.sizes()](Context& c, const TensorList& g) {
      TensorList r(2);
      if (c.needs(0)) r[0] = accumulate ? g[0] : scatter(g[0], dim, c.saved(0), zeros(is, g[0].dtype(), g[0].device()), false);
      if (c.needs(1)) {
        r[1] = gather(g[0], dim, c.saved(0));
        // Source elements that no index points from get nothing.
        if (r[1].sizes() != ss) {
          Tensor full = zeros(ss, g[0].dtype(), g[0].device()), part = full;
          for (size_t d = 0; d < ss.size(); ++d) part = slice(part, int64_t(d), 0, is[d], 1);
          copy_(part, r[1]);
          r[1] = full;
        }
      }
      return r;
    });
  return out;
}

Tensor scatter_reduce(const Tensor& a, int64_t dim, const Tensor& index0, const Tensor& src, const std::string& reduce, bool include_self) {
  Tensor index = index0.dtype() == DType::int32 ? to_dtype(index0, DType::int64) : index0;
  check(reduce == "sum" || reduce == "prod" || reduce == "mean" || reduce == "amax" || reduce == "amin", "reduce argument must be either sum, prod, mean, amax or amin, got ", reduce);
  if (a.dim() == 0) {
    check(index.dim() <= 1 && src.dim() <= 1, "Index tensor must have the same number of dimensions as self tensor");
    return reshape(scatter_reduce(reshape(a, {1}), 0, reshape(index, {-1}), reshape(src, {-1}), reduce, include_self), {});
  }
  dim = wrap_dim(dim, a.dim());
  check_scatter(a, dim, index, src);
  ReduceOp op = reduce == "prod" ? ReduceOp::prod : reduce == "amax" ? ReduceOp::max : reduce == "amin" ? ReduceOp::min : ReduceOp::sum;
  auto ones = [&](const Dims& s) { return full(s, Scalar(1), a.dtype(), a.device()); };
  Tensor out;
  {
    NoGrad guard;
    out = clone(a);
    if (!include_self && index.numel()) {
      Scalar start = op == ReduceOp::prod ? Scalar(1) : op == ReduceOp::sum ? Scalar(0) : is_floating(a.dtype()) ? Scalar(op == ReduceOp::max ? -double(INFINITY) : double(INFINITY))
                     : dispatch_all(a.dtype(), [&]<typename T>() { return Scalar(int64_t(op == ReduceOp::max ? std::numeric_limits<compute_t<T>>::lowest() : std::numeric_limits<compute_t<T>>::max())); });
      out = scatter(out, dim, index, full(index.sizes(), start, a.dtype(), a.device()), false);
    }
    if (index.numel()) {
      if (op == ReduceOp::sum) backend(out).scatter(out, dim, index, src, true);
      else backend(out).scatter_reduce(op, out, dim, index, src);
    }
    if (reduce == "mean") {
      Tensor count = scatter(include_self ? ones(a.sizes()) : zeros(a.sizes(), a.dtype(), a.device()), dim, index, ones(index.sizes()), true);
      count = binary(BinaryOp::maximum, count, ones({}));
      out = is_floating(a.dtype()) ? div(out, count) : binary(BinaryOp::floor_divide, out, count);
    }
  }
  if (any_requires_grad({a, src})) {
    auto node = record(TensorList{out}, "ScatterReduceBackward0", {a, src}, {SavedTensor(a), SavedTensor(src), SavedTensor(index)}, [dim, op, mean = reduce == "mean", include_self](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), s = c.saved(1), ix = c.saved(2), y = c.saved(3), gs, gi;
      auto one = [&](const Dims& d) { return full(d, 1.0, x.dtype(), x.device()); };
      auto hide = [&](const Tensor& t) { return scatter(t, dim, ix, zeros(ix.sizes(), t.dtype(), t.device()), false); };
      // The part of src that index covers.
      Tensor part = s;
      for (int64_t d = 0; d < s.dim(); ++d) if (ix.size(d) != s.size(d)) part = slice(part, d, 0, ix.size(d), 1);
      if (op == ReduceOp::sum) {
        Tensor gr = g[0];
        if (mean) {
          Tensor n = scatter(include_self ? one(x.sizes()) : zeros(x.sizes(), x.dtype(), x.device()), dim, ix, one(ix.sizes()), true);
          gr = div(gr, binary(BinaryOp::maximum, n, one({})));
        }
        gs = gr;
        gi = gather(gr, dim, ix);
      } else if (op == ReduceOp::prod) {
        // Exact beside zeros: the product of all others, by dividing where that is safe.
        Tensor start = include_self ? x : scatter(x, dim, ix, one(ix.sizes()), false);
        Tensor zero_src = binary(BinaryOp::eq, detach(part), wrapped(0));
        Tensor zeros_in = scatter(zeros(x.sizes(), x.dtype(), x.device()), dim, ix, to_dtype(zero_src, x.dtype()), true);
        Tensor filled = where(zero_src, one({}), part);
        Tensor rest = scatter_reduce(start, dim, ix, filled, "prod", true);
        Tensor others = where(zero_src, gather(where(binary(BinaryOp::eq, zeros_in, wrapped(1)), rest, zeros({}, x.dtype(), x.device())), dim, ix), div(gather(y, dim, ix), filled));
        gi = mul(gather(g[0], dim, ix), others);
        gs = mul(g[0], scatter_reduce(one(x.sizes()), dim, ix, part, "prod", true));
      } else {
        // An element of its own that ties counts as one to share with in PyTorch, also where it is not included.
        Tensor own = detach(to_dtype(binary(BinaryOp::eq, x, y), x.dtype()));
        Tensor theirs = detach(to_dtype(binary(BinaryOp::eq, part, gather(y, dim, ix)), x.dtype()));
        Tensor share = div(g[0], scatter(own, dim, ix, theirs, true));
        gs = mul(own, share);
        gi = mul(theirs, gather(share, dim, ix));
      }
      TensorList r(2);
      if (c.needs(0)) r[0] = include_self ? gs : hide(gs);
      if (c.needs(1)) {
        if (gi.sizes() != s.sizes()) {
          Tensor full_src = zeros(s.sizes(), gi.dtype(), gi.device()), covered = full_src;
          for (int64_t d = 0; d < s.dim(); ++d) covered = slice(covered, d, 0, ix.size(d), 1);
          copy_(covered, gi);
          gi = full_src;
        }
        r[1] = gi;
      }
      return r;
    });
    save_output(node, out);
  }
  return out;
}

Tensor index_select(const Tensor& a, int64_t dim, const Tensor& index0) {
  if (index0.dim() > 1) fail_index("index_select(): Index is supposed to be a vector");
  check(!is_floating(index0.dtype()) && index0.dtype() != DType::boolean, "index_select(): Expected dtype int32 or int64 for index");
  check_same_device(a, index0);
  dim = wrap_dim(dim, a.dim());
  Tensor index = contiguous(to_dtype(index0, DType::int64));
  check(a.dim() <= 1 || a.size(dim) > 0 || index.numel() == 0, "index_select(): self indexing axis dim should be positive");
  if (dim == 1 && index.device().is_cpu())
    for (int64_t i = 0; i < index.numel(); ++i) check(index.data<int64_t>()[i] >= 0 && index.data<int64_t>()[i] < a.size(1), "INDICES element is out of DATA bounds, id=", index.data<int64_t>()[i], " axis_dim=", a.size(1));
  const bool on_cpu = a.device().is_cpu();
  if (dim != 0 && !on_cpu) return transpose(index_select(transpose(a, 0, dim), 0, index), 0, dim);
  Tensor in = contiguous(a);
  Dims sizes = in.dim() ? in.sizes() : Dims{1};
  sizes[size_t(dim)] = index.numel();
  Tensor out = empty(sizes, in.dtype(), in.device());
  {
    NoGrad guard;
    Tensor rows = in.dim() ? in : reshape(in, {1});
    if (on_cpu) cpu::index_select(out, rows, dim, index);
    else backend(in).index_rows(out, rows, index);
  }
  if (any_requires_grad({in}))
    record(out, "IndexSelectBackward0", {in}, {SavedTensor(index)}, [from = in.dim() ? in.sizes() : Dims{1}, orig = in.sizes(), dim](Context& c, const TensorList& g) {
      Tensor full = zeros(from, g[0].dtype(), g[0].device());
      if (full.device().is_cpu()) cpu::index_add(full, contiguous(g[0]), dim, c.saved(0));
      else backend(full).index_rows_add(full, contiguous(g[0]), c.saved(0));
      if (grad_enabled() && requires_grad(g[0]))
        record(full, "IndexAddBackward0", {g[0]}, {SavedTensor(c.saved(0))}, [dim](Context& c2, const TensorList& h) { return TensorList{index_select(h[0], dim, c2.saved(0))}; });
      return TensorList{full.sizes() == orig ? full : reshape(full, orig)};
    });
  return out;
}

Tensor embedding(const Tensor& weight, const Tensor& index, int64_t padding_idx) {
  check(weight.dim() == 2, "'weight' must be 2-D");
  if (index.dtype() != DType::int64 && index.dtype() != DType::int32)
    fail("Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got ", index.dtype() == DType::boolean ? "CPUBoolType" : "torch." + std::string(scalar_type_name(index.dtype())) + "Tensor", " instead (while checking arguments for embedding)");
  check_same_device(weight, index);
  Tensor ix = contiguous(to_dtype(index, DType::int64)), w = contiguous(weight);
  Dims sizes = index.sizes();
  sizes.push_back(weight.size(1));
  Tensor out = empty(sizes, w.dtype(), w.device());
  if (w.device().is_cpu()) cpu::index_select(out, w, 0, ix);
  else backend(w).index_rows(out, w, ix);
  if (any_requires_grad({w}))
    record(out, "EmbeddingBackward0", {w}, {SavedTensor(ix)}, [from = w.sizes(), padding_idx](Context& c, const TensorList& g) {
      Tensor full = zeros(from, g[0].dtype(), g[0].device());
      if (full.device().is_cpu()) cpu::index_add(full, contiguous(g[0]), 0, c.saved(0));
      else backend(full).index_rows_add(full, contiguous(g[0]), c.saved(0));
      if (padding_idx >= 0) { NoGrad guard; fill_(select(full, 0, padding_idx), Scalar(0)); }
      if (grad_enabled() && requires_grad(g[0]))
        record(full, "EmbeddingDenseBackwardBackward0", {g[0]}, {SavedTensor(c.saved(0))}, [padding_idx](Context& c2, const TensorList& h) { return TensorList{embedding(h[0], c2.saved(0), padding_idx)}; });
      return TensorList{full};
    });
  return out;
}

Tensor cat(const TensorList& in, int64_t dim) {
  if (in.empty()) fail_value("torch.cat(): expected a non-empty list of Tensors");
  TensorList ts;
  std::vector<size_t> place;  // of each of `ts` among the inputs: empty vectors are left out
  for (const Tensor& t : in) {
    check(t.dim() > 0, "zero-dimensional tensor (at position ", &t - in.data(), ") cannot be concatenated");
    check_same_device(in[0], t);
    if (t.dim() == 1 && t.numel() == 0) continue;
    place.push_back(size_t(&t - in.data()));
    ts.push_back(t);
  }
  DType every = in[0].dtype();
  for (const Tensor& t : in) every = promote_types(every, t.dtype());
  if (ts.empty())
    for (const Tensor& t : in) { place.push_back(ts.size()); ts.push_back(t); }
  dim = wrap_dim(dim, ts[0].dim());
  DType dtype = every;
  Dims sizes = ts[0].sizes();
  sizes[size_t(dim)] = 0;
  for (size_t k = 0; k < ts.size(); ++k) {
    const Tensor& t = ts[k];
    dtype = promote_types(dtype, t.dtype());
    check(t.dim() == ts[0].dim(), "Tensors must have same number of dimensions: got ", ts[0].dim(), " and ", t.dim());
    for (int64_t d = 0; d < t.dim(); ++d)
      if (d != dim && t.size(d) != ts[0].size(d))
        fail("Sizes of tensors must match except in dimension ", dim, ". Expected size ", ts[0].size(d), " but got size ", t.size(d), " for tensor number ", k, " in the list.");
    sizes[size_t(dim)] += t.size(dim);
  }
  Tensor out = empty(sizes, dtype, ts[0].device());
  Dims starts;
  {
    NoGrad guard;
    int64_t at = 0;
    const bool whole = out.device().is_cpu() && std::all_of(ts.begin(), ts.end(), [&](const Tensor& t) { return t.is_contiguous() && t.dtype() == dtype; });
    if (whole && out.numel()) cpu::cat(out, ts, dim);
    for (const Tensor& t : ts) {
      starts.push_back(at);
      if (!whole && t.numel()) backend(out).copy(slice(out, dim, at, at + t.size(dim), 1), t);
      at += t.size(dim);
    }
    starts.push_back(at);
  }
  if (any_requires_grad(in)) {
    std::vector<DType> types;
    for (const Tensor& t : in) types.push_back(t.dtype());
    record(out, "CatBackward0", in, {}, [dim, starts, types, place](Context& c, const TensorList& g) {
      TensorList r(types.size());
      for (size_t k = 0; k < place.size(); ++k)
        if (size_t i = place[k]; c.needs(i)) r[i] = to_dtype(slice(g[0], dim, starts[k], starts[k + 1], 1), types[i]);
      for (size_t i = 0; i < r.size(); ++i) if (!r[i] && c.needs(i)) r[i] = zeros({0}, types[i], g[0].device());
      return r;
    });
  }
  return out;
}

Tensor stack(const TensorList& ts, int64_t dim) {
  check(!ts.empty(), "stack expects a non-empty TensorList");
  dim = wrap_dim(dim, ts[0].dim() + 1);
  for (size_t i = 0; i < ts.size(); ++i)
    if (ts[i].sizes() != ts[0].sizes()) fail("stack expects each tensor to be equal size, but got ", shape_str(ts[0].sizes()), " at entry 0 and ", shape_str(ts[i].sizes()), " at entry ", i);
  Tensor out;
  {
    NoGrad guard;
    TensorList wide;
    for (const Tensor& t : ts) wide.push_back(unsqueeze(t, dim));
    out = cat(wide, dim);
  }
  if (any_requires_grad(ts)) {
    std::vector<DType> types;
    for (const Tensor& t : ts) types.push_back(t.dtype());
    record(out, "StackBackward0", ts, {}, [dim, types](Context& c, const TensorList& g) {
      TensorList r;
      for (size_t i = 0; i < types.size(); ++i) r.push_back(c.needs(i) ? to_dtype(select(g[0], dim, int64_t(i)), types[i]) : Tensor());
      return r;
    });
  }
  return out;
}

}  // namespace weightroom::ops

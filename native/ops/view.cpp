#include "ops/ops.h"

namespace weightroom::ops {
namespace {

// Strides of `sizes` over a's memory, if the view needs no copy.
std::optional<Dims> view_strides(const Tensor& a, const Dims& sizes) {
  if (a.numel() == 0 || a.is_contiguous()) return contiguous_strides(sizes);
  Dims out(sizes.size());
  int64_t vd = int64_t(sizes.size()) - 1, chunk = a.dim() ? a.stride(-1) : 1, tensor_n = 1, view_n = 1;
  for (int64_t td = a.dim() - 1; td >= 0; --td) {
    tensor_n *= a.size(td);
    if (td == 0 || (a.size(td - 1) != 1 && a.stride(td - 1) != tensor_n * chunk)) {
      while (vd >= 0 && (view_n < tensor_n || sizes[size_t(vd)] == 1)) {
        out[size_t(vd)] = view_n * chunk;
        view_n *= sizes[size_t(vd)];
        --vd;
      }
      if (view_n != tensor_n) return std::nullopt;
      if (td > 0) { chunk = a.stride(td - 1); tensor_n = 1; view_n = 1; }
    }
  }
  if (vd != -1) return std::nullopt;
  return out;
}

Dims infer(const Dims& sizes, int64_t numel) {
  Dims out = sizes;
  int64_t known = 1, hole = -1;
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == -1) {
      check(hole < 0, "only one dimension can be inferred");
      hole = int64_t(i);
    } else {
      if (out[i] < 0) fail("invalid shape dimension ", out[i], " at index ", i, " of shape ", shape_str(sizes));
      if (__builtin_mul_overflow(known, out[i], &known)) fail("shape '", shape_str(sizes), "' is invalid for input of size ", numel);
    }
  }
  if (hole >= 0) {
    if (known == 0) fail("cannot reshape tensor of 0 elements into shape ", shape_str(sizes), " because the unspecified dimension size -1 can be any value and is ambiguous");
    if (numel % known) fail("shape '", shape_str(sizes), "' is invalid for input of size ", numel);
    out[size_t(hole)] = numel / known;
  } else if (known != numel) fail("shape '", shape_str(sizes), "' is invalid for input of size ", numel);
  return out;
}

BackwardFn reshape_back(const Tensor& a) {
  return [sizes = a.sizes()](Context&, const TensorList& g) { return TensorList{reshape(g[0], sizes)}; };
}

}  // namespace

Tensor view_of(const Tensor& a, Dims sizes, Dims strides, int64_t offset, const char* name, BackwardFn fn) {
  Tensor out = make_view(a.impl()->storage, std::move(sizes), std::move(strides), offset, a.dtype(), a.impl()->version);
  bool grad = any_requires_grad({a});
  mark_view(out, a, grad_enabled() ? ViewKind::plain : ViewKind::no_grad);
  if (grad) record(out, name, {a}, {}, std::move(fn));
  return out;
}

TensorList views_of(const Tensor& a, const std::vector<Geometry>& views, const char* name, BackwardFn fn) {
  TensorList out;
  for (const Geometry& v : views) {
    out.push_back(make_view(a.impl()->storage, v.sizes, v.strides, v.offset, a.dtype(), a.impl()->version));
    mark_view(out.back(), a, grad_enabled() ? ViewKind::one_of_many : ViewKind::no_grad);
  }
  if (any_requires_grad({a}) && !out.empty()) record(out, name, {a}, {}, std::move(fn));
  return out;
}

Dims broadcast_shapes(const Dims& a, const Dims& b) {
  size_t n = std::max(a.size(), b.size());
  Dims out(n);
  for (size_t i = 0; i < n; ++i) {
    int64_t x = i < n - a.size() ? 1 : a[i - (n - a.size())], y = i < n - b.size() ? 1 : b[i - (n - b.size())];
    if (x != y && x != 1 && y != 1) fail("The size of tensor a (", x, ") must match the size of tensor b (", y, ") at non-singleton dimension ", i);
    out[i] = x == 1 ? y : x;
  }
  return out;
}

Tensor expand(const Tensor& a, const Dims& want) {
  Dims sizes = want, strides(want.size());
  int64_t lead = int64_t(want.size()) - a.dim();
  if (lead < 0) fail("expand(torch.", scalar_type_name(a.dtype()), "Tensor{", shape_str(a.sizes()), "}, size=", shape_str(want), "): the number of sizes provided (", want.size(), ") must be greater or equal to the number of dimensions in the tensor (", a.dim(), ")");
  for (int64_t i = 0; i < int64_t(want.size()); ++i) {
    int64_t d = i - lead;
    int64_t& s = sizes[size_t(i)];
    if (d < 0) {
      if (s < 0) fail("The expanded size of the tensor (", s, ") isn't allowed in a leading, non-existing dimension ", i);
      strides[size_t(i)] = 0;
      continue;
    }
    if (s == -1) s = a.size(d);
    if (s != a.size(d) && a.size(d) != 1)
      fail("The expanded size of the tensor (", s, ") must match the existing size (", a.size(d), ") at non-singleton dimension ", i, ".  Target sizes: ", shape_str(want), ".  Tensor sizes: ", shape_str(a.sizes()));
    strides[size_t(i)] = a.size(d) == 1 && s != 1 ? 0 : a.stride(d);
  }
  return view_of(a, sizes, strides, a.offset(), "ExpandBackward0", [from = a.sizes()](Context&, const TensorList& g) { return TensorList{sum_to(g[0], from)}; });
}

Tensor view(const Tensor& a, const Dims& want) {
  Dims sizes = infer(want, a.numel());
  auto strides = view_strides(a, sizes);
  check(strides.has_value(), "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.");
  return view_of(a, sizes, *strides, a.offset(), "ViewBackward0", reshape_back(a));
}

Tensor reshape(const Tensor& a, const Dims& want) {
  Dims sizes = infer(want, a.numel());
  if (auto strides = view_strides(a, sizes)) return view_of(a, sizes, *strides, a.offset(), "ViewBackward0", reshape_back(a));
  Tensor c = clone(a);
  return view_of(c, sizes, contiguous_strides(sizes), 0, "UnsafeViewBackward0", reshape_back(a));
}

Tensor flatten(const Tensor& a, int64_t start, int64_t end) {
  start = wrap_dim(start, a.dim());
  end = wrap_dim(end, a.dim());
  check(start <= end, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (a.dim() == 0) return reshape(a, {1});
  if (start == end) return a;
  Dims sizes(a.sizes().begin(), a.sizes().begin() + start);
  int64_t n = 1;
  for (int64_t d = start; d <= end; ++d) n *= a.size(d);
  sizes.push_back(n);
  sizes.insert(sizes.end(), a.sizes().begin() + end + 1, a.sizes().end());
  return reshape(a, sizes);
}

Tensor permute(const Tensor& a, const Dims& dims) {
  if (int64_t(dims.size()) != a.dim())
    fail("permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ", a.dim(), " is not equal to len(dims) = ", dims.size());
  Dims sizes, strides, inverse(dims.size(), -1);
  for (size_t i = 0; i < dims.size(); ++i) {
    int64_t d = wrap_dim(dims[i], a.dim());
    check(inverse[size_t(d)] < 0, "permute(): duplicate dims are not allowed.");
    inverse[size_t(d)] = int64_t(i);
    sizes.push_back(a.size(d));
    strides.push_back(a.stride(d));
  }
  return view_of(a, sizes, strides, a.offset(), "PermuteBackward0", [inverse](Context&, const TensorList& g) { return TensorList{permute(g[0], inverse)}; });
}

Tensor transpose(const Tensor& a, int64_t d0, int64_t d1) {
  d0 = wrap_dim(d0, a.dim());
  d1 = wrap_dim(d1, a.dim());
  Dims sizes = a.sizes(), strides = a.strides();
  if (a.dim()) { std::swap(sizes[size_t(d0)], sizes[size_t(d1)]); std::swap(strides[size_t(d0)], strides[size_t(d1)]); }
  return view_of(a, sizes, strides, a.offset(), "TransposeBackward0", [d0, d1](Context&, const TensorList& g) { return TensorList{transpose(g[0], d0, d1)}; });
}

Tensor t(const Tensor& a) {
  check(a.dim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", a.dim(), "D");
  Dims sizes(a.sizes().rbegin(), a.sizes().rend()), strides(a.strides().rbegin(), a.strides().rend());
  return view_of(a, sizes, strides, a.offset(), "TBackward0", [](Context&, const TensorList& g) { return TensorList{t(g[0])}; });
}

Tensor select(const Tensor& a, int64_t dim, int64_t index) {
  if (a.dim() == 0) fail_index("select() cannot be applied to a 0-dim tensor.");
  dim = wrap_dim(dim, a.dim());
  int64_t n = a.size(dim), i = index < 0 ? index + n : index;
  if (i < 0 || i >= n) fail_index("index ", index, " is out of bounds for dimension ", dim, " with size ", n);
  Dims sizes = a.sizes(), strides = a.strides();
  int64_t offset = a.offset() + i * strides[size_t(dim)];
  sizes.erase(sizes.begin() + dim);
  strides.erase(strides.begin() + dim);
  return view_of(a, sizes, strides, offset, "SelectBackward0", [from = a.sizes(), dim, i](Context&, const TensorList& g) {
    Tensor full = zeros(from, g[0].dtype(), g[0].device());
    copy_(select(full, dim, i), g[0]);
    return TensorList{full};
  });
}

Tensor slice(const Tensor& a, int64_t dim, int64_t start, int64_t end, int64_t step) {
  if (a.dim() == 0) fail_index("slice() cannot be applied to a 0-dim tensor.");
  check(step > 0, "slice step must be positive");
  dim = wrap_dim(dim, a.dim());
  int64_t n = a.size(dim);
  if (start < 0) start += n;
  if (end < 0) end += n;
  start = std::clamp<int64_t>(start, 0, n);
  end = std::clamp<int64_t>(end, start, n);
  Dims sizes = a.sizes(), strides = a.strides();
  sizes[size_t(dim)] = (end - start + step - 1) / step;
  int64_t offset = a.offset() + start * strides[size_t(dim)];
  strides[size_t(dim)] *= step;
  return view_of(a, sizes, strides, offset, "SliceBackward0", [from = a.sizes(), dim, start, end, step](Context&, const TensorList& g) {
    Tensor full = zeros(from, g[0].dtype(), g[0].device());
    copy_(slice(full, dim, start, end, step), g[0]);
    return TensorList{full};
  });
}

Tensor squeeze(const Tensor& a, std::optional<int64_t> only) {
  Dims sizes, strides;
  int64_t want = only ? wrap_dim(*only, a.dim()) : -1;
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (a.size(d) == 1 && (!only || d == want)) continue;
    sizes.push_back(a.size(d));
    strides.push_back(a.stride(d));
  }
  return view_of(a, sizes, strides, a.offset(), only ? "SqueezeBackward1" : "SqueezeBackward0", reshape_back(a));
}

Tensor unsqueeze(const Tensor& a, int64_t dim) {
  dim = wrap_dim(dim, a.dim() + 1);
  Dims sizes = a.sizes(), strides = a.strides();
  int64_t stride = dim < a.dim() ? sizes[size_t(dim)] * strides[size_t(dim)] : 1;
  sizes.insert(sizes.begin() + dim, 1);
  strides.insert(strides.begin() + dim, stride);
  return view_of(a, sizes, strides, a.offset(), "UnsqueezeBackward0", reshape_back(a));
}

Tensor as_strided(const Tensor& a, const Dims& sizes, const Dims& strides, int64_t offset) {
  return view_of(a, sizes, strides, offset, "AsStridedBackward0", [from = a.sizes(), fs = a.strides(), fo = a.offset(), sizes, strides, offset](Context&, const TensorList& g) {
    // Gather through the flat storage: overlapping views add up.
    int64_t last = 0, low = std::min(offset, fo);
    auto reach = [&](const Dims& n, const Dims& s, int64_t o) { int64_t e = o; for (size_t i = 0; i < n.size(); ++i) { if (n[i] == 0) return; e += (n[i] - 1) * s[i]; } last = std::max(last, e + 1 - low); };
    reach(from, fs, fo);
    reach(sizes, strides, offset);
    Tensor flat = zeros({last}, g[0].dtype());
    Tensor index = arange(0, last, 1, DType::int64);
    Tensor ix = contiguous(make_view(index.impl()->storage, sizes, strides, offset - low, DType::int64));
    Tensor sum = scatter(flat, 0, view(ix, {ix.numel()}), reshape(to_device(g[0], {}), {ix.numel()}), true);
    return TensorList{to_device(as_strided(sum, from, fs, fo - low), g[0].device())};
  });
}

void resize_(const Tensor& self, const Dims& sizes) {
  check(!requires_grad(self), "cannot resize variables that require grad");
  if (sizes == self.sizes()) return;
  for (int64_t s : sizes) check(s >= 0, "numel: integer multiplication overflow");
  const int64_t n = checked_numel(sizes);
  const size_t bytes = size_t(self.offset() + n) * itemsize(self.dtype());
  TensorImpl& t = *self.impl();
  if (n > 0 && bytes > t.storage->nbytes) {
    if (!self.device().is_cpu()) fail_not_implemented("The operator 'resize_' beyond a tensor's memory is not currently implemented for ", dtype_name(self.dtype()), " on the webgpu device. Make a new tensor for it.");
    t.storage->grow(bytes);
  }
  t.sizes = sizes;
  t.strides = contiguous_strides(sizes);
  t.numel = n;
  t.contiguous = true;
  self.bump_version();
}

Tensor detach(const Tensor& a) { return alias(a, true); }

}  // namespace weightroom::ops

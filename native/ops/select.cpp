// Indexing with tensors: x[index], x[index] = value, flat positions.
#include <algorithm>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

// x[indices] as rows: the indexed dims of `a` come first, and each position of the broadcast indices picks one row.
struct Rows {
  Tensor source;             // a view of `a`: indexed dims, then the rest
  Tensor row;                // int64, one number a picked row
  Dims indexed, rest, picked;
  int64_t at = 0;            // where the picked dims stand in the result
  Dims result() const {
    Dims s(rest.begin(), rest.begin() + at);
    s.insert(s.end(), picked.begin(), picked.end());
    s.insert(s.end(), rest.begin() + at, rest.end());
    return s;
  }
  int64_t rows() const { return checked_numel(indexed); }
  int64_t width() const { return checked_numel(rest); }
  // A tensor of the result's shape as [picked..., rest...], and back.
  Tensor to_front(const Tensor& t) const {
    Dims order;
    for (size_t i = 0; i < picked.size(); ++i) order.push_back(at + int64_t(i));
    for (int64_t d = 0; d < t.dim(); ++d) if (d < at || d >= at + int64_t(picked.size())) order.push_back(d);
    return permute(t, order);
  }
  Tensor to_place(const Tensor& t) const {
    Dims order;
    int64_t p = int64_t(picked.size());
    for (int64_t d = 0; d < at; ++d) order.push_back(p + d);
    for (int64_t d = 0; d < p; ++d) order.push_back(d);
    for (int64_t d = p + at; d < t.dim(); ++d) order.push_back(d);
    return permute(t, order);
  }
};

// Masks become the coordinates of their true elements.
TensorList expand_masks(const Tensor& a, const TensorList& indices) {
  TensorList out;
  for (const Tensor& ix : indices) {
    if (!ix) { out.emplace_back(); continue; }
    if (is_floating(ix.dtype())) fail_index("tensors used as indices must be long, int, byte or bool tensors");
    check(ix.device().is_cpu() || ix.device() == a.device(), "indices should be either on cpu or on the same device as the indexed tensor (", a.device().str(), ")");
    if (ix.dtype() != DType::boolean && ix.dtype() != DType::uint8) {
      if (ix.dtype() != DType::int64 && ix.dtype() != DType::int32) fail_index("tensors used as indices must be long, int, byte or bool tensors");
      out.push_back(ix);
      continue;
    }
    int64_t first = int64_t(out.size());
    for (int64_t d = 0; d < ix.dim(); ++d)
      if (first + d >= a.dim() || ix.size(d) != a.size(first + d))
        fail_index("The shape of the mask ", shape_str(ix.sizes()), " at index ", d, " does not match the shape of the indexed tensor ", shape_str(a.sizes()), " at index ", first + d);
    Tensor where_true = nonzero(ix);
    for (int64_t d = 0; d < ix.dim(); ++d) out.push_back(select(where_true, 1, d));
  }
  return out;
}

Rows rows_of(const Tensor& whole, const TensorList& listed) {
  NoGrad guard;
  Tensor a = whole;
  TensorList given = listed;
  // A mask of one element takes all or nothing: it indexes a dim of size 1 put in for it.
  int64_t place = 0;
  for (Tensor& ix : given) {
    bool is_mask = ix && (ix.dtype() == DType::boolean || ix.dtype() == DType::uint8);
    if (is_mask && ix.dim() == 0) {
      a = unsqueeze(a, std::min(place, a.dim()));
      ix = reshape(ix, {1});
    }
    place += is_mask ? ix.dim() : 1;
  }
  TensorList indices = expand_masks(a, given);
  if (int64_t(indices.size()) > a.dim()) fail_index("too many indices for tensor of dimension ", a.dim());
  indices.resize(size_t(a.dim()));
  Rows r;
  Dims order, strides_of;
  bool adjacent = true;
  int64_t last = -1;
  Dims shape;
  bool first = true;
  for (int64_t d = 0; d < a.dim(); ++d) {
    const Tensor& ix = indices[size_t(d)];
    if (!ix) { r.rest.push_back(a.size(d)); continue; }
    if (last >= 0 && d != last + 1) adjacent = false;
    if (last < 0) r.at = d;
    last = d;
    order.push_back(d);
    r.indexed.push_back(a.size(d));
    try {
      shape = first ? ix.sizes() : broadcast_shapes(shape, ix.sizes());
    } catch (const Error&) {
      std::string list;
      for (const Tensor& t : indices) if (t) list += (list.empty() ? "" : ", ") + shape_str(t.sizes());
      fail_index("shape mismatch: indexing tensors could not be broadcast together with shapes ", list);
    }
    first = false;
  }
  if (!adjacent) r.at = 0;
  for (int64_t d = 0; d < a.dim(); ++d) if (!indices[size_t(d)]) order.push_back(d);
  r.picked = shape;
  r.source = permute(a, order);
  int64_t n = checked_numel(shape);
  Tensor row;
  size_t k = 0;
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (!indices[size_t(d)]) continue;
    Tensor ix = contiguous(expand(to_dtype(indices[size_t(d)], DType::int64), shape));
    int64_t size = a.size(d);
    if (ix.device().is_cpu()) {
      Tensor wrapped_ix = empty({n}, DType::int64);
      const int64_t* p = ix.data<int64_t>();
      int64_t* w = wrapped_ix.data<int64_t>();
      for (int64_t i = 0; i < n; ++i) {
        if (p[i] < -size || p[i] >= size) fail_index("index ", p[i], " is out of bounds for dimension ", d, " with size ", size);
        w[i] = p[i] < 0 ? p[i] + size : p[i];
      }
      ix = to_device(wrapped_ix, a.device());
    } else {
      ix = reshape(ix, {n});
      ix = where(binary(BinaryOp::lt, ix, wrapped(0)), binary(BinaryOp::add, ix, wrapped(size)), ix);
    }
    row = row ? binary(BinaryOp::add, binary(BinaryOp::mul, row, wrapped(size)), ix) : ix;
    ++k;
  }
  r.row = row;
  return r;
}

// The picked rows, [picked..., rest...].
Tensor pick(const Rows& r) {
  Dims sizes = r.picked;
  sizes.insert(sizes.end(), r.rest.begin(), r.rest.end());
  Tensor out = empty(sizes, r.source.dtype(), r.source.device());
  if (out.numel() == 0) return out;
  Tensor rows = reshape(contiguous(r.source), {r.rows(), r.width()});
  if (out.device().is_cpu()) cpu::index_select(out, rows, 0, r.row);
  else backend(out).index_rows(out, rows, r.row);
  return out;
}

// Writes `values` (of the result's shape) into the picked rows of `target`, a tensor like the indexed one.
void put(const Rows& r, const Tensor& values, bool accumulate) {
  NoGrad guard;
  int64_t n = r.row.numel(), w = r.width();
  if (n == 0 || w == 0) return;
  Tensor flat = reshape(contiguous(r.source), {r.rows(), w});
  Tensor v = reshape(contiguous(r.to_front(values)), {n, w});
  if (accumulate && flat.device().is_cpu()) cpu::index_add(flat, v, 0, r.row);
  else if (accumulate) backend(flat).index_rows_add(flat, v, r.row);
  else backend(flat).scatter(flat, 0, expand(view(r.row, {n, 1}), {n, w}), v, false);
  if (flat.impl()->storage != r.source.impl()->storage) backend(flat).copy(r.source, view(flat, r.source.sizes()));
}

// The value with the result's shape, in self's dtype.
Tensor value_for(const Tensor& self, const Tensor& value, const Dims& shape) {
  if (value.dtype() != self.dtype() && !value.impl()->wrapped_number)
    fail("Index put requires the source and destination dtypes match, got ", scalar_type_name(self.dtype()), " for the destination and ", scalar_type_name(value.dtype()), " for the source.");
  Dims sizes = value.sizes();
  while (sizes.size() > shape.size() && sizes.front() == 1) sizes.erase(sizes.begin());
  bool fits = sizes.size() <= shape.size();
  for (size_t i = 0; fits && i < sizes.size(); ++i) fits = sizes[sizes.size() - 1 - i] == 1 || sizes[sizes.size() - 1 - i] == shape[shape.size() - 1 - i];
  if (!fits) fail("shape mismatch: value tensor of shape ", shape_str(value.sizes()), " cannot be broadcast to indexing result of shape ", shape_str(shape));
  return expand(reshape(to_dtype(value, self.dtype()), sizes), shape);
}

std::vector<SavedTensor> saved_indices(const TensorList& indices) {
  std::vector<SavedTensor> out;
  for (const Tensor& t : indices) out.push_back(t ? SavedTensor(t) : SavedTensor());
  return out;
}
TensorList unpack(Context& c, size_t n) {
  TensorList out;
  for (size_t i = 0; i < n; ++i) out.push_back(c.saved(i));
  return out;
}

// Of index_put, by self and by the value.
BackwardFn index_put_back(const TensorList& indices, bool accumulate, const Tensor& value) {
  return [n = indices.size(), accumulate, sizes = value.sizes(), dtype = value.dtype()](Context& c, const TensorList& g) {
    TensorList r(2), indices = unpack(c, n);
    if (c.needs(0)) r[0] = accumulate ? g[0] : index_put(g[0], indices, zeros({}, g[0].dtype(), g[0].device()), false);
    if (c.needs(1)) {
      Tensor picked = index(g[0], indices);
      Dims at = sizes;
      while (int64_t(at.size()) > picked.dim()) at.erase(at.begin());
      r[1] = to_dtype(reshape(sum_to(picked, at), sizes), dtype);
    }
    return r;
  };
}

// A mask over the whole of `a`.
bool one_mask(const Tensor& a, const TensorList& indices) {
  const Tensor m = indices.size() == 1 ? indices[0] : Tensor();
  return m && (m.dtype() == DType::boolean || m.dtype() == DType::uint8) && m.sizes() == a.sizes() && m.device().is_cpu() && a.device().is_cpu();
}

}  // namespace

Tensor nonzero(const Tensor& a) { return backend(a).nonzero(a); }

Tensor index(const Tensor& a, const TensorList& indices) {
  Tensor out;
  if (one_mask(a, indices)) {
    out = cpu::masked_select(a, indices[0]);
  } else {
    Rows r = rows_of(a, indices);
    NoGrad guard;
    out = contiguous(r.to_place(pick(r)));
  }
  if (any_requires_grad({a}))
    record(out, "IndexBackward0", {a}, saved_indices(indices), [from = a.sizes(), n = indices.size()](Context& c, const TensorList& g) {
      return TensorList{index_put(zeros(from, g[0].dtype(), g[0].device()), unpack(c, n), g[0], true)};
    });
  return out;
}

void index_put_(const Tensor& self, const TensorList& indices, const Tensor& value, bool accumulate) {
  if (value.impl()->wrapped_number) check_fits(number_of(value), self.dtype());
  check_inplace(self, {value});
  Tensor v = value;
  if (value.device() != self.device() && !value.dim()) {
    v = to_device(value, self.device());
    v.impl()->wrapped_number = value.impl()->wrapped_number;
  }
  check_same_device(self, v);
  Rows r = rows_of(self, indices);
  Tensor full = value_for(self, v, r.result());
  if (full.impl()->storage == self.impl()->storage) { NoGrad guard; full = clone(full); }
  put(r, full, accumulate);
  record_inplace(self, "IndexPutBackward0", {self, value}, saved_indices(indices), index_put_back(indices, accumulate, value));
}

Tensor index_put(const Tensor& a, const TensorList& indices, const Tensor& value, bool accumulate) {
  Tensor out;
  {
    NoGrad guard;
    out = clone(a);
    index_put_(out, indices, value, accumulate);
  }
  if (any_requires_grad({a, value}))
    record(out, "IndexPutBackward0", {a, value}, saved_indices(indices), index_put_back(indices, accumulate, value));
  return out;
}

Tensor take(const Tensor& a, const Tensor& index) {
  check(index.dtype() == DType::int64, "take(): Expected a long tensor for index, but got ", scalar_type_name(index.dtype()));
  check_same_device(a, index);
  if (a.numel() == 0 && index.numel() > 0) fail_index("take(): tried to take from an empty tensor");
  Tensor out;
  {
    NoGrad guard;
    if (index.device().is_cpu()) {
      Tensor ix = contiguous(index);
      for (int64_t i = 0; i < ix.numel(); ++i)
        if (int64_t v = ix.data<int64_t>()[i]; v < -a.numel() || v >= a.numel()) fail_index("out of range: tried to access index ", v, " on a tensor of ", a.numel(), " elements.");
    }
    out = weightroom::ops::index(reshape(a, {-1}), {index});
  }
  if (any_requires_grad({a}))
    record(out, "TakeBackward0", {a}, {SavedTensor(index)}, [from = a.sizes()](Context& c, const TensorList& g) {
      int64_t n = checked_numel(from);
      return TensorList{reshape(index_put(zeros({n}, g[0].dtype(), g[0].device()), {c.saved(0)}, g[0], true), from)};
    });
  return out;
}

}  // namespace weightroom::ops

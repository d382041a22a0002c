#include "core/tensor.h"

#include "core/error.h"

namespace weightroom {

int64_t checked_numel(const Dims& sizes) {
  int64_t n = 1;
  for (int64_t s : sizes) {
    if (s < 0) fail("Trying to create tensor with negative dimension ", s, ": ", shape_str(sizes));
  }
  for (int64_t s : sizes)
    if (s == 0) return 0;
  for (int64_t s : sizes)
    if (__builtin_mul_overflow(n, s, &n) || n > (int64_t(1) << 59)) fail("Storage size calculation overflowed with sizes=", shape_str(sizes));
  return n;
}

Dims contiguous_strides(const Dims& sizes) {
  Dims strides(sizes.size());
  int64_t s = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    strides[i] = s;
    s *= sizes[i] > 1 ? sizes[i] : 1;
  }
  return strides;
}

bool geometry_is_contiguous(const Dims& sizes, const Dims& strides) {
  int64_t expected = 1;
  for (int64_t s : sizes)
    if (s == 0) return true;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] == 1) continue;
    if (strides[i] != expected) return false;
    expected *= sizes[i];
  }
  return true;
}

Tensor empty_cpu(const Dims& sizes, DType dtype) {
  auto impl = make_ref<TensorImpl>();
  impl->numel = checked_numel(sizes);
  impl->storage = make_ref<Storage>(size_t(impl->numel) * itemsize(dtype));
  impl->version = make_ref<VersionCounter>();
  impl->sizes = sizes;
  impl->strides = contiguous_strides(sizes);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor make_view(const Ref<Storage>& storage, Dims sizes, Dims strides, int64_t offset, DType dtype, Ref<VersionCounter> version) {
  auto impl = make_ref<TensorImpl>();
  impl->numel = checked_numel(sizes);
  check(sizes.size() == strides.size(), "mismatch in length of strides and shape");
  check(offset >= 0, "Tensor: invalid storage offset ", offset);
  if (impl->numel > 0) {
    int64_t last = offset;
    for (size_t i = 0; i < sizes.size(); ++i) {
      int64_t span = 0;
      check(strides[i] >= 0, "as_strided: Negative strides are not supported at the moment, got strides: ", shape_str(strides));
      if (__builtin_mul_overflow(sizes[i] - 1, strides[i], &span) || __builtin_add_overflow(last, span, &last))
        fail("setStorage: sizes ", shape_str(sizes), ", strides ", shape_str(strides), " overflow");
    }
    check(uint64_t(last) < storage->nbytes / itemsize(dtype), "setStorage: sizes ", shape_str(sizes), ", strides ", shape_str(strides),
          ", storage offset ", offset, ", and itemsize ", itemsize(dtype), " requiring a storage size of ",
          (uint64_t(last) + 1) * itemsize(dtype), " are out of bounds for storage of size ", storage->nbytes);
  }
  impl->storage = storage;
  impl->version = version ? std::move(version) : make_ref<VersionCounter>();
  impl->contiguous = geometry_is_contiguous(sizes, strides);
  impl->sizes = std::move(sizes);
  impl->strides = std::move(strides);
  impl->offset = offset;
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

Tensor alias(const Tensor& t, bool share_version) {
  return make_view(t.impl()->storage, t.sizes(), t.strides(), t.offset(), t.dtype(), share_version ? t.impl()->version : nullptr);
}

int64_t wrap_dim(int64_t dim, int64_t rank) {
  int64_t r = rank == 0 ? 1 : rank;
  if (dim < -r || dim >= r) fail_index("Dimension out of range (expected to be in range of [", -r, ", ", r - 1, "], but got ", dim, ")");
  return dim < 0 ? dim + r : dim;
}

ShapeText::operator std::string() const {
  std::string s = open;
  for (size_t i = 0; i < dims.size(); ++i) s.append(i ? between : "").append(std::to_string(dims[i]));
  return s + close;
}

}  // namespace weightroom

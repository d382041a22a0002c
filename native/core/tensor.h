// Tensor: a strided view of a storage. Copying a Tensor copies the handle, as in PyTorch.
#pragma once
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "core/dims.h"
#include "core/dtype.h"
#include "core/ref.h"
#include "core/storage.h"

namespace weightroom {

// What autograd hangs on a tensor; core knows only that it exists.
struct AutogradMetaBase {
  virtual ~AutogradMetaBase() = default;
};

struct TensorImpl : RefCounted, Recycled<TensorImpl> {
  Ref<Storage> storage;
  Ref<VersionCounter> version;
  Dims sizes, strides;  // in elements
  int64_t offset = 0;   // in elements
  int64_t numel = 0;
  DType dtype = DType::float32;
  bool contiguous = true;
  bool wrapped_number = false;  // a Python-style number: weak in promotion
  std::unique_ptr<AutogradMetaBase> autograd;
};

class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Ref<TensorImpl> impl) : impl_(std::move(impl)) {}

  bool defined() const { return bool(impl_); }
  explicit operator bool() const { return defined(); }
  TensorImpl* impl() const { return impl_.get(); }
  const Ref<TensorImpl>& ref() const { return impl_; }
  bool same(const Tensor& o) const { return impl_.get() == o.impl_.get(); }

  const Dims& sizes() const { return impl_->sizes; }
  const Dims& strides() const { return impl_->strides; }
  int64_t size(int64_t d) const { return impl_->sizes[size_t(d < 0 ? d + dim() : d)]; }
  int64_t stride(int64_t d) const { return impl_->strides[size_t(d < 0 ? d + dim() : d)]; }
  int64_t dim() const { return int64_t(impl_->sizes.size()); }
  int64_t numel() const { return impl_->numel; }
  int64_t offset() const { return impl_->offset; }
  DType dtype() const { return impl_->dtype; }
  Device device() const { return impl_->storage->device; }
  bool is_contiguous() const { return impl_->contiguous; }
  uint32_t version() const { return impl_->version->value; }
  void bump_version() const { ++impl_->version->value; }

  template <typename T> T* data() const { return static_cast<T*>(impl_->storage->data()) + impl_->offset; }
  char* bytes() const { return static_cast<char*>(impl_->storage->data()) + size_t(impl_->offset) * itemsize(dtype()); }

 private:
  Ref<TensorImpl> impl_;
};

// Product of sizes; throws RuntimeError on negative sizes or overflow.
int64_t checked_numel(const Dims& sizes);
Dims contiguous_strides(const Dims& sizes);
bool geometry_is_contiguous(const Dims& sizes, const Dims& strides);

// Uninitialised contiguous CPU tensor.
Tensor empty_cpu(const Dims& sizes, DType dtype);
// A tensor of its own over `storage`; shares `version` when given. Checks that it stays inside the storage.
Tensor make_view(const Ref<Storage>& storage, Dims sizes, Dims strides, int64_t offset, DType dtype, Ref<VersionCounter> version = nullptr);
// Same storage and geometry, no autograd. `share_version`: detach(); otherwise .data.
Tensor alias(const Tensor& t, bool share_version);

int64_t wrap_dim(int64_t dim, int64_t rank);
// A shape in a message: becomes text only when the message is written, so that checks that hold cost nothing.
struct ShapeText {
  Dims dims;
  const char *open, *between, *close;
  operator std::string() const;
};
inline ShapeText shape_str(const Dims& sizes) { return {sizes, "[", ", ", "]"}; }  // [2, 3]
inline ShapeText shape_x(const Dims& sizes) { return {sizes, "", "x", ""}; }       // 2x3
inline std::ostream& operator<<(std::ostream& to, const ShapeText& t) { return to << std::string(t); }
inline std::string operator+(const std::string& a, const ShapeText& t) { return a + std::string(t); }
inline std::string operator+(const ShapeText& t, const std::string& b) { return std::string(t) + b; }

}  // namespace weightroom

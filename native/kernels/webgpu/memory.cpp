// Tensors on the device: making them, and their values in and out.
#include "kernels/webgpu/impl.h"

namespace weightroom {

Backend* webgpu_backend(std::shared_ptr<gpu::Queue> queue) {
  thread_local std::unique_ptr<WebgpuBackend> current;
  current = std::make_unique<WebgpuBackend>(std::move(queue));
  return current.get();
}

Tensor WebgpuBackend::empty(const Dims& sizes, DType dtype) {
  if (dtype == DType::float64) fail_type("Cannot convert a webgpu Tensor to float64 dtype as the WebGPU framework doesn't support float64. Please use float32 instead.");
  int64_t n = checked_numel(sizes);
  check(n < (int64_t(1) << 40), "webgpu out of memory. Tried to allocate ", n, " elements.");
  auto storage = queue_->allocate(size_t(n) * itemsize(dtype), std::max<uint64_t>(1, uint64_t(n)) * gpu::element_bytes(dtype));
  return make_view(storage, sizes, contiguous_strides(sizes), 0, dtype);
}

// Programs use few numbers again and again: each is filled once.
Tensor WebgpuBackend::scalar(Scalar value, DType dtype) {
  constexpr size_t kMost = 512;
  int64_t bits = value.i;
  double d = value.to<double>();
  if (is_floating(dtype)) std::memcpy(&bits, &d, sizeof bits);
  auto it = scalars_.find({dtype, bits});
  if (it != scalars_.end()) return it->second;
  if (scalars_.size() >= kMost) scalars_.clear();
  Tensor t = empty({}, dtype);
  fill(t, value);
  return scalars_[{dtype, bits}] = t;
}

namespace {

// Elements as PyTorch lays them out, and as words of the device.
template <typename T, typename W> void widen(std::vector<uint32_t>& to, const void* from) {
  const T* a = static_cast<const T*>(from);
  for (size_t i = 0; i < to.size(); ++i) { W w = W(a[i]); std::memcpy(&to[i], &w, 4); }
}
template <typename T, typename W> void narrow(void* to, const std::vector<uint32_t>& from) {
  T* a = static_cast<T*>(to);
  for (size_t i = 0; i < from.size(); ++i) { W w; std::memcpy(&w, &from[i], 4); a[i] = T(w); }
}

}  // namespace

void WebgpuBackend::read(void* to, const Tensor& from) {
  size_t n = size_t(from.numel());
  if (n == 0) return;
  uint32_t buffer = queue_->buffer_of(*from.impl()->storage);
  if (itemsize(from.dtype()) >= 4) return queue_->read(buffer, to, n * itemsize(from.dtype()));
  std::vector<uint32_t> wide(n);
  queue_->read(buffer, wide.data(), n * 4);
  switch (from.dtype()) {
    case DType::float16: return narrow<half_t, float>(to, wide);
    case DType::bfloat16: return narrow<bfloat16_t, float>(to, wide);
    case DType::int16: return narrow<int16_t, int32_t>(to, wide);
    case DType::int8: return narrow<int8_t, int32_t>(to, wide);
    default: return narrow<uint8_t, uint32_t>(to, wide);
  }
}

void WebgpuBackend::write(const Tensor& to, const void* from) {
  size_t n = size_t(to.numel());
  if (n == 0) return;
  uint32_t buffer = queue_->buffer_of(*to.impl()->storage);
  if (itemsize(to.dtype()) >= 4) return queue_->write(buffer, from, n * itemsize(to.dtype()));
  std::vector<uint32_t> wide(n);
  switch (to.dtype()) {
    case DType::float16: widen<half_t, float>(wide, from); break;
    case DType::bfloat16: widen<bfloat16_t, float>(wide, from); break;
    case DType::int16: widen<int16_t, int32_t>(wide, from); break;
    case DType::int8: widen<int8_t, int32_t>(wide, from); break;
    default: widen<uint8_t, uint32_t>(wide, from); break;
  }
  queue_->write(buffer, wide.data(), n * 4);
}

}  // namespace weightroom

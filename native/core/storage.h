// Storage: the bytes behind tensors. Reference counted, pooled, accounted to the thread (environment) that made it.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/recycle.h"
#include "core/ref.h"

namespace weightroom {

enum class DeviceType : uint8_t { cpu, webgpu };

struct Device {
  DeviceType type = DeviceType::cpu;
  bool operator==(const Device&) const = default;
  bool is_cpu() const { return type == DeviceType::cpu; }
  // As PyTorch prints a tensor's device: "cpu", "webgpu:0".
  std::string str() const { return is_cpu() ? "cpu" : "webgpu:0"; }
};

// Live bytes of one environment; the binding reports its movement to the garbage collector.
struct MemoryAccount {
  std::atomic<int64_t> live{0};
  // The same, large blocks counted a quarter: no cache holds them long, so that there is less hurry to have them back.
  std::atomic<int64_t> pressing{0};
  void add(int64_t bytes) {
    live += bytes;
    pressing += bytes < 3 << 20 && bytes > -(3 << 20) ? bytes : bytes / 4;
  }
};
MemoryAccount& current_account();

// What frees a device's memory; CPU memory goes back to the pool.
struct DeviceMemory {
  virtual ~DeviceMemory() = default;
  virtual void release(uint64_t buffer, size_t nbytes) = 0;
};

// Inference mode of this thread: what is allocated meanwhile stays out of autograd for good.
bool inference_mode();
void set_inference_mode(bool on);

// float32 values that are computed when somebody first asks for the bytes.
struct DeferredValues {
  virtual ~DeferredValues() = default;
  // Writes all of them to out.
  virtual void write(float* out) const = 0;
};

struct Storage : RefCounted, Recycled<Storage> {
  // CPU storage of n bytes, 64-byte aligned, not initialised. Throws RuntimeError when memory runs out.
  explicit Storage(size_t nbytes);
  // Storage on another device, freed through `owner`.
  Storage(size_t nbytes, Device device, uint64_t buffer, std::shared_ptr<DeviceMemory> owner);
  ~Storage() override;
  Storage(const Storage&) = delete;

  // The bytes; null on other devices. Whoever reads or writes them comes through here: deferred values are written now.
  void* data() {
    void* p = data_.load(std::memory_order_acquire);
    return p || !values_ ? p : settle();
  }
  // Puts the whole content off. Only for fresh storage, whose bytes nobody has asked for.
  void defer(std::unique_ptr<const DeferredValues> values);
  // The values while they are put off, else null: for who can use them without the memory in between.
  const DeferredValues* deferred() const { return data_.load(std::memory_order_acquire) ? nullptr : values_.get(); }

  // CPU storage alone: at least n bytes, those that were there first, the others not initialised. The bytes move.
  void grow(size_t n);

  size_t nbytes = 0;
  Device device;
  uint64_t buffer = 0;
  uint64_t id;
  bool inference = inference_mode();

 private:
  void* settle();

  void* block_ = nullptr;
  std::atomic<void*> data_{nullptr};  // block_, once its bytes are there
  std::unique_ptr<const DeferredValues> values_;
  size_t reserved_ = 0;
  MemoryAccount* account_;
  std::shared_ptr<DeviceMemory> owner_;
};

struct VersionCounter : RefCounted, Recycled<VersionCounter> {
  uint32_t value = 0;
};

// Bytes held by the pool for reuse, and the most ever live, for tests and the bench.
struct MemoryStats { int64_t live, peak, cached; };
MemoryStats memory_stats();
void empty_cache();

}  // namespace weightroom

#include "core/storage.h"

#include <cstdlib>
#include <cstring>
#ifdef __linux__
#include <sys/mman.h>
#endif
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/error.h"

namespace weightroom {
namespace {

constexpr int64_t kMaxCached = 512ll << 20;

// Size classes: multiples of 64 up to 4 KiB, then quarters of a power of two, so that at most a fifth is wasted.
size_t size_class(size_t n) {
  if (n <= 4096) return (n + 63) / 64 * 64;
  size_t step = 1;
  while (step * 8 < n) step *= 2;
  return (n + step - 1) / step * step;
}

constexpr size_t kHugePage = 2u << 20;

// Fresh memory costs a page fault for each page touched: 262,144 of them for 1 GiB, more than reading it from the page cache. Large pages make it 512.
void* allocate(size_t size) {
#ifdef __linux__
  if (size >= 2 * kHugePage) {
    void* p = std::aligned_alloc(kHugePage, (size + kHugePage - 1) / kHugePage * kHugePage);
    if (p) madvise(p, size, MADV_HUGEPAGE);  // a wish: the kernel may have none to give
    return p;
  }
#endif
  return std::aligned_alloc(64, size);
}

struct Pool {
  std::mutex lock;
  std::unordered_map<size_t, std::vector<void*>> free;
  int64_t cached = 0;
  std::atomic<int64_t> live{0}, peak{0};

  void* take(size_t size) {
    int64_t now = live.fetch_add(int64_t(size)) + int64_t(size);
    int64_t seen = peak.load();
    while (now > seen && !peak.compare_exchange_weak(seen, now)) {}
    {
      std::lock_guard<std::mutex> guard(lock);
      auto it = free.find(size);
      if (it != free.end() && !it->second.empty()) {
        void* p = it->second.back();
        it->second.pop_back();
        cached -= int64_t(size);
        return p;
      }
    }
    void* p = allocate(size);
    if (!p) {
      live -= int64_t(size);
      fail("[enforce fail at alloc_cpu] DefaultCPUAllocator: can't allocate memory: you tried to allocate ", size, " bytes.");
    }
    return p;
  }
  void give(void* p, size_t size) {
    live -= int64_t(size);
    {
      std::lock_guard<std::mutex> guard(lock);
      if (cached + int64_t(size) <= kMaxCached) {
        free[size].push_back(p);
        cached += int64_t(size);
        return;
      }
    }
    std::free(p);
  }
};

// Never destroyed: finalizers may run after static destructors.
Pool& pool() { static Pool* p = new Pool; return *p; }
std::atomic<uint64_t> next_id{1};

}  // namespace

MemoryAccount& current_account() {
  // Leaked on purpose: storages may outlive the thread that made them.
  thread_local MemoryAccount* account = new MemoryAccount;
  return *account;
}

namespace { thread_local bool inference = false; }
bool inference_mode() { return inference; }
void set_inference_mode(bool on) { inference = on; }

Storage::Storage(size_t n) : nbytes(n), id(next_id++), account_(&current_account()) {
  reserved_ = size_class(n ? n : 1);
  data_ = block_ = pool().take(reserved_);
  account_->add(int64_t(reserved_));
}

Storage::Storage(size_t n, Device d, uint64_t b, std::shared_ptr<DeviceMemory> owner)
    : nbytes(n), device(d), buffer(b), id(next_id++), reserved_(n), account_(&current_account()), owner_(std::move(owner)) {
  account_->add(int64_t(reserved_));
}

Storage::~Storage() {
  account_->add(-int64_t(reserved_));
  if (owner_) owner_->release(buffer, nbytes);
  else pool().give(block_, reserved_);
}

void Storage::grow(size_t n) {
  if (n <= nbytes) return;
  const void* from = data();
  const size_t size = size_class(n);
  if (size != reserved_) {
    void* to = pool().take(size);
    std::memcpy(to, from, nbytes);
    pool().give(block_, reserved_);
    account_->add(int64_t(size) - int64_t(reserved_));
    reserved_ = size;
    data_ = block_ = to;
  }
  nbytes = n;
}

// The memory is reserved all along, so that a storage counts the same before and after.
void Storage::defer(std::unique_ptr<const DeferredValues> values) {
  values_ = std::move(values);
  data_ = nullptr;
}

void* Storage::settle() {
  static std::mutex lock;  // a kernel's threads may all be the first
  std::lock_guard<std::mutex> guard(lock);
  // The values stay until the storage goes: another thread may be using them.
  if (!data_) {
    values_->write(static_cast<float*>(block_));
    data_.store(block_, std::memory_order_release);
  }
  return block_;
}

MemoryStats memory_stats() {
  Pool& p = pool();
  std::lock_guard<std::mutex> guard(p.lock);
  return {p.live, p.peak, p.cached};
}

void empty_cache() {
  Pool& p = pool();
  std::lock_guard<std::mutex> guard(p.lock);
  for (auto& [size, list] : p.free)
    for (void* q : list) std::free(q);
  p.free.clear();
  p.cached = 0;
}

}  // namespace weightroom

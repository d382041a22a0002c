// Intrusive reference counting: one word in the object, atomic because gradients and finalizers may run on any thread.
#pragma once
#include <atomic>
#include <utility>

namespace weightroom {

struct RefCounted {
  mutable std::atomic<int32_t> refs{0};
  virtual ~RefCounted() = default;
};

template <typename T> class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* p) : p_(p) { retain(); }
  Ref(const Ref& o) : p_(o.p_) { retain(); }
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  template <typename U> Ref(const Ref<U>& o) : p_(o.get()) { retain(); }
  Ref& operator=(Ref o) noexcept { std::swap(p_, o.p_); return *this; }
  ~Ref() { if (p_ && p_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) delete p_; }
  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }
  int32_t use_count() const { return p_ ? p_->refs.load(std::memory_order_relaxed) : 0; }

 private:
  void retain() { if (p_) p_->refs.fetch_add(1, std::memory_order_relaxed); }
  T* p_ = nullptr;
};

template <typename T, typename... Args> Ref<T> make_ref(Args&&... args) { return Ref<T>(new T(std::forward<Args>(args)...)); }

}  // namespace weightroom

// Halves as float32: kernels that add up compute in float32 anyway, and vector loops convert them quicker than those could one by one.
#pragma once
#include "kernels/cpu/cpu.h"

namespace weightroom::cpu {

inline bool is_half(const Tensor& t) { return t.dtype() == DType::float16 || t.dtype() == DType::bfloat16; }

// t itself, or of halves a copy in float32. What is undefined stays so.
inline Tensor wide(const Tensor& t) {
  if (!t || !is_half(t)) return t;
  Tensor out = empty_cpu(t.sizes(), DType::float32);
  cpu_backend().copy(out, t);
  return out;
}

// Where a kernel writes a result of halves: float32, rounded when the call is over.
class Rounded {
 public:
  explicit Rounded(const Tensor& to) : to_(to), wide_(to && is_half(to) ? empty_cpu(to.sizes(), DType::float32) : to) {}
  Rounded(const Rounded&) = delete;
  ~Rounded() { if (wide_ && is_half(to_)) cpu_backend().copy(to_, wide_); }
  operator const Tensor&() const { return wide_; }

 private:
  const Tensor& to_;
  const Tensor wide_;
};

// For kernels whose halves are float32 by then.
template <typename F> decltype(auto) dispatch_wide(DType t, F&& f) { return t == DType::float64 ? f.template operator()<double>() : f.template operator()<float>(); }

}  // namespace weightroom::cpu

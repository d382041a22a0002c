// Plain loops, which the compiler turns into vectors of each instruction set. What it cannot (functions of libm) is compiled for the lowest only,
// unless vec_special.cpp has it.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_DL)  // nothing in them helps such loops, which compilers keep to 256 bits
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/loops.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/cpu/functors.h"
#include "kernels/cpu/loops.h"
#include "kernels/cpu/vec.h"

// Elements of one index only are read and written: an output that is an input is no reason to go one by one.
#ifdef __clang__
#define WEIGHTROOM_VECTORIZE _Pragma("clang loop vectorize(assume_safety)")
#else
#define WEIGHTROOM_VECTORIZE _Pragma("GCC ivdep")
#endif

HWY_BEFORE_NAMESPACE();
namespace weightroom::loops {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr bool kLowest = HWY_TARGET == HWY_STATIC_TARGET;

constexpr bool vectorizes(UnaryOp op) {
  using enum UnaryOp;
  constexpr UnaryOp ops[] = {neg, abs, sign, square, sqrt, rsqrt, reciprocal, relu, leaky_relu, hardtanh, hardsigmoid, hardswish, floor, ceil, round, trunc, frac, clamp, bitwise_not, logical_not, isnan, isinf, isfinite, signbit};
  for (UnaryOp o : ops) if (o == op) return true;
  return false;
}
constexpr bool vectorizes(BinaryOp op) {
  using enum BinaryOp;
  constexpr BinaryOp ops[] = {add, sub, mul, div, maximum, minimum, copysign, heaviside, bitwise_and, bitwise_or, bitwise_xor, relu_backward, sigmoid_backward, tanh_backward, leaky_relu_backward, hardsigmoid_backward, hardswish_backward};
  for (BinaryOp o : ops) if (o == op) return true;
  return is_comparison(op);
}

// A bound of clamp in an integer type: what is missing is the type's own limit.
template <typename T> T bound(double v) {
  if (std::isinf(v)) return v > 0 ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
  return T(int64_t(v));
}

template <UnaryOp op, typename T> void unary_run(int64_t n, void* out, const void* in, double x, double y) {
  const T* a = static_cast<const T*>(in);
  if constexpr (is_predicate(op)) {
    bool* o = static_cast<bool*>(out);
    WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = predicate<op>(a[i]);
  } else if constexpr (std::is_floating_point_v<T>) {
    T *o = static_cast<T*>(out), p = T(x), q = T(y);
    WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = unary_float<op>(a[i], p, q);
  } else {
    T *o = static_cast<T*>(out), low = op == UnaryOp::clamp ? bound<T>(x) : T(0), high = op == UnaryOp::clamp ? bound<T>(y) : T(0);
    WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = unary_int<op>(a[i], low, high);
  }
}

template <BinaryOp op, typename T> void binary_run(int64_t n, void* out, const void* in, const void* other, double scale) {
  const T *a = static_cast<const T*>(in), *b = static_cast<const T*>(other);
  if constexpr (is_comparison(op)) {
    bool* o = static_cast<bool*>(out);
    WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = compare_value<op>(a[i], b[i]);
  } else if constexpr (std::is_floating_point_v<T>) {
    T *o = static_cast<T*>(out), alpha = T(scale);
    if ((op == BinaryOp::add || op == BinaryOp::sub) && scale == 1) {
      WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = binary_float<op>(a[i], b[i], T(1));
      return;
    }
    WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = binary_float<op>(a[i], b[i], alpha);
  } else {
    T *o = static_cast<T*>(out), alpha = bound<T>(scale);
    WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = binary_int<op>(a[i], b[i], alpha);
  }
}

template <typename O, typename T> void cast_run(int64_t n, void* out, const void* in) {
  O* o = static_cast<O*>(out);
  const T* a = static_cast<const T*>(in);
  WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) {
    if constexpr (std::is_same_v<O, bool>) o[i] = a[i] != T(0);
    else if constexpr (std::is_integral_v<O> && std::is_floating_point_v<T>) {
      // Out of range is what x86 gives PyTorch: the lowest number of the register it goes through.
      const double v = double(a[i]);
      if constexpr (sizeof(O) == 8) o[i] = O(v >= -9.2233720368547758e18 && v < 9.2233720368547758e18 ? int64_t(v) : INT64_MIN);
      else o[i] = O(v > -2147483649.0 && v < 2147483648.0 ? int32_t(v) : INT32_MIN);
    } else o[i] = O(a[i]);
  }
}

template <typename T> void where_run(int64_t n, void* out, const bool* cond, const void* in, const void* other) {
  T* o = static_cast<T*>(out);
  const T *a = static_cast<const T*>(in), *b = static_cast<const T*>(other);
  const uint8_t* flags = reinterpret_cast<const uint8_t*>(cond);
  // Without a branch, which a mixed condition makes mispredict.
  WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) o[i] = T(b[i] ^ ((a[i] ^ b[i]) & T(T(0) - T(flags[i]))));
}

template <typename T> using acc_t = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;

template <ReduceOp op, typename A, typename X> A step(A a, X x) {
  switch (op) {
    case ReduceOp::prod: return A(a * A(x));
    case ReduceOp::max: return x > a || x != x ? A(x) : a;  // a NaN stays
    case ReduceOp::min: return x < a || x != x ? A(x) : a;
    case ReduceOp::any: return A(a != A(0) || x != X(0));
    case ReduceOp::all: return A(a != A(0) && x != X(0));
    case ReduceOp::norm2: return A(a + A(x) * A(x));
    case ReduceOp::norm1: return A(a + (x < X(0) ? -A(x) : A(x)));
    default: return A(a + A(x));
  }
}

// Many partial results side by side: one would make every element wait for the one before.
template <ReduceOp op, typename T> void reduce_run(int64_t n, const void* in, void* acc) {
  using A = acc_t<T>;
  constexpr bool extreme = op == ReduceOp::max || op == ReduceOp::min, flag = op == ReduceOp::any || op == ReduceOp::all;
  using P = std::conditional_t<extreme, T, std::conditional_t<flag, uint8_t, A>>;  // extremes need no wider type
  const T* a = static_cast<const T*>(in);
  A& total = *static_cast<A*>(acc);
  if constexpr (extreme && std::is_floating_point_v<T>) {
    const hn::ScalableTag<T> d;
    const int64_t L = int64_t(hn::Lanes(d));
    auto best = hn::Set(d, T(op == ReduceOp::max ? -INFINITY : INFINITY)), other = best;
    auto ordered = hn::Eq(best, best);  // false where there was a NaN; Ne is false for two of them
    auto take = [&](auto m, auto v) {
      ordered = hn::And(ordered, hn::Eq(v, v));
      return op == ReduceOp::max ? hn::Max(m, v) : hn::Min(m, v);
    };
    int64_t i = 0;
    for (; i + 2 * L <= n; i += 2 * L) {
      best = take(best, hn::LoadU(d, a + i));
      other = take(other, hn::LoadU(d, a + i + L));
    }
    const bool seen = !hn::AllTrue(d, ordered);
    if (i > 0) total = step<op>(total, seen ? std::numeric_limits<T>::quiet_NaN() : hn::GetLane(op == ReduceOp::max ? hn::MaxOfLanes(d, hn::Max(best, other)) : hn::MinOfLanes(d, hn::Min(best, other))));
    for (; i < n; ++i) total = step<op>(total, a[i]);
    return;
  }
  constexpr int64_t kParts = extreme || flag ? 64 / int64_t(sizeof(P)) : 16;
  int64_t i = 0;
  if (n >= 2 * kParts) {
    P part[kParts];
    for (int64_t j = 0; j < kParts; ++j) part[j] = extreme ? P(a[j]) : P(op == ReduceOp::prod || op == ReduceOp::all);
    if (extreme) i = kParts;
    for (; i + kParts <= n; i += kParts) for (int64_t j = 0; j < kParts; ++j) part[j] = step<op>(part[j], a[i + j]);
    for (int64_t j = 0; j < kParts; ++j) {
      if constexpr (op == ReduceOp::norm2 || op == ReduceOp::norm1) total += part[j];
      else total = step<op>(total, part[j]);
    }
  }
  for (; i < n; ++i) total = step<op>(total, a[i]);
}

template <ReduceOp op, typename T> void columns_run(int64_t n, const void* in, void* acc) {
  const T* a = static_cast<const T*>(in);
  acc_t<T>* total = static_cast<acc_t<T>*>(acc);
  WEIGHTROOM_VECTORIZE for (int64_t i = 0; i < n; ++i) total[i] = step<op>(total[i], a[i]);
}

// At higher instruction sets only what gains by them.
template <typename T> constexpr bool gains = kLowest || !(std::is_same_v<T, int8_t> || std::is_same_v<T, int16_t>);
template <UnaryOp op, typename T> constexpr UnaryLoop unary_entry() {
  if constexpr (kLowest || (gains<T> && vectorizes(op))) return &unary_run<op, T>;
  else return nullptr;
}
template <BinaryOp op, typename T> constexpr BinaryLoop binary_entry() {
  if constexpr (kLowest || (gains<T> && vectorizes(op))) return &binary_run<op, T>;
  else return nullptr;
}
template <typename T, size_t... I> constexpr auto unary_table(std::index_sequence<I...>) { return std::array<UnaryLoop, sizeof...(I)>{unary_entry<UnaryOp(I), T>()...}; }
template <typename T, size_t... I> constexpr auto binary_table(std::index_sequence<I...>) { return std::array<BinaryLoop, sizeof...(I)>{binary_entry<BinaryOp(I), T>()...}; }

UnaryLoop Unary(UnaryOp op, DType t) {
  return dispatch_all(t, [op]<typename S>() { using T = compute_t<S>; static constexpr auto table = unary_table<T>(std::make_index_sequence<kUnaryOps>()); return table[size_t(op)]; });
}
BinaryLoop Binary(BinaryOp op, DType t) {
  return dispatch_all(t, [op]<typename S>() { using T = compute_t<S>; static constexpr auto table = binary_table<T>(std::make_index_sequence<kBinaryOps>()); return table[size_t(op)]; });
}
CastLoop Cast(DType to, DType from) {
  return dispatch_all(to, [from]<typename O>() { return dispatch_all(from, []<typename T>() -> CastLoop { return &cast_run<compute_t<O>, compute_t<T>>; }); });
}
WhereLoop Where(size_t itemsize) {
  return dispatch_width(itemsize, []<typename T>() -> WhereLoop { return &where_run<T>; });
}
template <ReduceOp op> ReduceLoop reduce_of(DType t, bool columns) {
  return dispatch_all(t, [columns]<typename S>() -> ReduceLoop {
    using T = compute_t<S>;
    if constexpr (gains<T>) return columns ? &columns_run<op, T> : &reduce_run<op, T>;
    else return nullptr;
  });
}
ReduceLoop Reduce(ReduceOp op, DType t, bool columns) {
  switch (op) {
    case ReduceOp::prod: return reduce_of<ReduceOp::prod>(t, columns);
    case ReduceOp::max: return reduce_of<ReduceOp::max>(t, columns);
    case ReduceOp::min: return reduce_of<ReduceOp::min>(t, columns);
    case ReduceOp::any: return reduce_of<ReduceOp::any>(t, columns);
    case ReduceOp::all: return reduce_of<ReduceOp::all>(t, columns);
    case ReduceOp::norm2: return reduce_of<ReduceOp::norm2>(t, columns);
    case ReduceOp::norm1: return reduce_of<ReduceOp::norm1>(t, columns);
    default: return reduce_of<ReduceOp::sum>(t, columns);
  }
}

template <typename H> void widen_run(int64_t n, void* out, const void* in) {
  float* o = static_cast<float*>(out);
  const H* a = static_cast<const H*>(in);
  int64_t i = 0;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2  // F16C; GCC converts one by one
  if constexpr (std::is_same_v<H, half_t>) {
    const hn::ScalableTag<float> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> dh;
    const int64_t L = int64_t(hn::Lanes(d));
    for (; i + L <= n; i += L) hn::StoreU(hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(a + i))), d, o + i);
  }
#endif
  for (; i < n; ++i) o[i] = float(a[i]);
}
template <typename H> void narrow_run(int64_t n, void* out, const void* in) {
  H* o = static_cast<H*>(out);
  const float* a = static_cast<const float*>(in);
  int64_t i = 0;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
  if constexpr (std::is_same_v<H, half_t>) {
    const hn::ScalableTag<float> d;
    const hn::Rebind<hwy::float16_t, decltype(d)> dh;
    const int64_t L = int64_t(hn::Lanes(d));
    for (; i + L <= n; i += L) hn::StoreU(hn::DemoteTo(dh, hn::LoadU(d, a + i)), dh, reinterpret_cast<hwy::float16_t*>(o + i));
  }
#endif
  WEIGHTROOM_VECTORIZE for (; i < n; ++i) o[i] = H(a[i]);
}
CastLoop Widen(DType half) { return half == DType::float16 ? &widen_run<half_t> : &widen_run<bfloat16_t>; }
CastLoop Narrow(DType half) { return half == DType::float16 ? &narrow_run<half_t> : &narrow_run<bfloat16_t>; }

void StreamCopy(void* out, const void* in, size_t bytes) {
  const hn::ScalableTag<uint8_t> d;
  const size_t L = hn::Lanes(d);
  uint8_t* o = static_cast<uint8_t*>(out);
  const uint8_t* a = static_cast<const uint8_t*>(in);
  size_t i = 0;
  for (; i + L <= bytes; i += L) hn::Stream(hn::LoadU(d, a + i), d, o + i);
  std::memcpy(o + i, a + i, bytes - i);
}

}  // namespace HWY_NAMESPACE
}  // namespace weightroom::loops
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace weightroom::loops {
HWY_EXPORT(Unary);
HWY_EXPORT(Binary);
HWY_EXPORT(Cast);
HWY_EXPORT(Where);
HWY_EXPORT(Reduce);
HWY_EXPORT(Widen);
HWY_EXPORT(Narrow);
HWY_EXPORT(StreamCopy);
UnaryLoop of(UnaryOp op, DType t) {
  if (UnaryLoop f = vec::special(op, t)) return f;
  UnaryLoop f = HWY_DYNAMIC_DISPATCH(Unary)(op, t);
  return f ? f : HWY_STATIC_DISPATCH(Unary)(op, t);
}
BinaryLoop of(BinaryOp op, DType t) {
  if (BinaryLoop f = vec::special(op, t)) return f;
  BinaryLoop f = HWY_DYNAMIC_DISPATCH(Binary)(op, t);
  return f ? f : HWY_STATIC_DISPATCH(Binary)(op, t);
}
static ReduceLoop reduce_loop(ReduceOp op, DType t, bool columns) {
  ReduceLoop f = HWY_DYNAMIC_DISPATCH(Reduce)(op, t, columns);
  return f ? f : HWY_STATIC_DISPATCH(Reduce)(op, t, columns);
}
ReduceLoop reduce(ReduceOp op, DType t) { return reduce_loop(op, t, false); }
ReduceLoop reduce_columns(ReduceOp op, DType t) { return reduce_loop(op, t, true); }
CastLoop cast(DType to, DType from) { return HWY_DYNAMIC_DISPATCH(Cast)(to, from); }
WhereLoop where(size_t itemsize) { return HWY_DYNAMIC_DISPATCH(Where)(itemsize); }
CastLoop widen(DType half) { return HWY_DYNAMIC_DISPATCH(Widen)(half); }
CastLoop narrow(DType half) { return HWY_DYNAMIC_DISPATCH(Narrow)(half); }
void stream_end() { hwy::FlushStream(); }
void stream_copy(void* out, const void* in, size_t bytes) { HWY_DYNAMIC_DISPATCH(StreamCopy)(out, in, bytes); }
}  // namespace weightroom::loops
#endif

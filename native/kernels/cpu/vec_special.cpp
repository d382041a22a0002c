// Element-wise functions like those of libm, by vectors.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3_DL)  // SLEEF chooses among the first by itself; minutes of compiling
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/vec_special.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "kernels/cpu/vec_map-inl.h"
#include "kernels/cpu/vec_math-inl.h"
#include "kernels/cpu/vec_sleef-inl.h"

#include "kernels/cpu/vec.h"

HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
#if WEIGHTROOM_HAS_SLEEF
namespace hn = hwy::HWY_NAMESPACE;

// A number in every lane.
template <class D> HWY_INLINE hn::Vec<D> k(D d, double x) { return hn::Set(d, hn::TFromD<D>(x)); }

template <class D, class V> HWY_INLINE V exp(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) return math::exp(d, x);
  else return sleef::exp(x);
}
template <class D, class V> HWY_INLINE V tanh(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) return math::tanh(d, x);
  else return sleef::tanh(x);
}
template <class D, class V> HWY_INLINE V erf(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) return math::erf(d, x);
  else return sleef::erf(x);
}
// SLEEF 3.5 calls these infinite long before they are; log is as good there.
template <class D, class V> HWY_INLINE V log1p(D d, V x) {
  const V r = sleef::log1p(x);
  const auto large = hn::Gt(x, k(d, 1e18));
  return HWY_LIKELY(hn::AllFalse(d, large)) ? r : hn::IfThenElse(large, sleef::log(x), r);
}
template <class D, class V> HWY_INLINE V log_twice(D d, V r, V x) {
  const auto large = hn::Gt(hn::Abs(x), k(d, 1e18));
  return HWY_LIKELY(hn::AllFalse(d, large)) ? r : hn::IfThenElse(large, hn::CopySign(hn::Add(sleef::log(hn::Abs(x)), k(d, 0.69314718055994530942)), x), r);
}
template <class D, class V> HWY_INLINE V logistic(D d, V x) { return hn::Div(k(d, 1), hn::Add(k(d, 1), exp(d, hn::Neg(x)))); }
// (1 + erf(x / √2)) / 2
template <class D, class V> HWY_INLINE V normal_cdf(D d, V x) { return hn::Mul(k(d, 0.5), hn::Add(k(d, 1), erf(d, hn::Mul(x, k(d, 0.70710678118654752440))))); }
template <class D, class V> HWY_INLINE V gelu_inner(D d, V x) {
  return hn::Mul(k(d, 0.79788456080286535588), hn::Add(x, hn::Mul(hn::Mul(hn::Mul(k(d, 0.044715), x), x), x)));
}

struct Gelu { template <class D, class V> V operator()(D d, V x, V, V) const { return hn::Mul(x, normal_cdf(d, x)); } };
struct GeluTanh { template <class D, class V> V operator()(D d, V x, V, V) const { return hn::Mul(hn::Mul(k(d, 0.5), x), hn::Add(k(d, 1), tanh(d, gelu_inner(d, x)))); } };
struct Silu { template <class D, class V> V operator()(D d, V x, V, V) const { return hn::Div(x, hn::Add(k(d, 1), exp(d, hn::Neg(x)))); } };
// p: beta, q: threshold.
struct Softplus {
  template <class D, class V> V operator()(D d, V x, V p, V q) const {
    const V z = hn::Mul(x, p);
    return hn::IfThenElse(hn::Gt(z, q), x, hn::Div(log1p(d, exp(d, z)), p));
  }
};
struct Elu { template <class D, class V> V operator()(D d, V x, V p, V) const { return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(p, sleef::expm1(x))); } };

// Gradients: g comes in, x is the saved input (elu's: its result).
struct GeluBackward {
  template <class D, class V> V operator()(D d, V g, V x, V) const {
    const V density = hn::Mul(exp(d, hn::Mul(hn::Mul(k(d, -0.5), x), x)), k(d, 0.39894228040143267794));
    return hn::Mul(g, hn::Add(normal_cdf(d, x), hn::Mul(x, density)));
  }
};
struct GeluTanhBackward {
  template <class D, class V> V operator()(D d, V g, V x, V) const {
    const V one = k(d, 1), half = k(d, 0.5), t = tanh(d, gelu_inner(d, x));
    const V du = hn::Mul(k(d, 0.79788456080286535588), hn::Add(one, hn::Mul(hn::Mul(k(d, 3 * 0.044715), x), x)));
    return hn::Mul(g, hn::Add(hn::Mul(half, hn::Add(one, t)), hn::Mul(hn::Mul(hn::Mul(half, x), hn::Sub(one, hn::Mul(t, t))), du)));
  }
};
struct SiluBackward {
  template <class D, class V> V operator()(D d, V g, V x, V) const {
    const V one = k(d, 1), s = logistic(d, x);
    return hn::Mul(hn::Mul(g, s), hn::Add(one, hn::Mul(x, hn::Sub(one, s))));
  }
};
struct EluBackward {
  template <class D, class V> V operator()(D d, V g, V y, V alpha) const { return hn::IfThenElse(hn::Le(y, hn::Zero(d)), hn::Mul(hn::Mul(g, alpha), exp(d, y)), g); }
};
struct SoftplusBackward {
  template <class D, class V> V operator()(D d, V g, V x, V beta) const {
    const V z = hn::Mul(x, beta);
    return hn::IfThenElse(hn::Gt(z, k(d, 20)), g, hn::Mul(g, logistic(d, z)));
  }
};

template <class T, class F> void run1(int64_t n, void* out, const void* in, double p, double q) {
  const hn::ScalableTag<T> d;
  const auto P = k(d, p), Q = k(d, q);
  map1(static_cast<T*>(out), static_cast<const T*>(in), n, false, [P, Q](auto tag, auto x) { return F()(tag, x, P, Q); });
}
template <class T, class F> void run2(int64_t n, void* out, const void* a, const void* b, double alpha) {
  const hn::ScalableTag<T> d;
  const auto A = k(d, alpha);
  map2(static_cast<T*>(out), static_cast<const T*>(a), static_cast<const T*>(b), n, 1, 1, false, [A](auto tag, auto x, auto y) { return F()(tag, x, y, A); });
}

// a^b; for a number b (alpha 0: all of b is that number) shortened as PyTorch does.
template <class T> void power(int64_t n, void* out, const void* a, const void* b, double alpha) {
  if (n == 0) return;
  T* o = static_cast<T*>(out);
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b);
  if (alpha == 0) {
    if (*y == T(2)) return map1(o, x, n, false, [](auto, auto v) { return hn::Mul(v, v); });
    if (*y == T(3)) return map1(o, x, n, false, [](auto, auto v) { return hn::Mul(hn::Mul(v, v), v); });
    if (*y == T(0.5)) return map1(o, x, n, false, [](auto, auto v) { return hn::Sqrt(v); });
    if (*y == T(-0.5)) return map1(o, x, n, false, [](auto d, auto v) { return hn::Div(k(d, 1), hn::Sqrt(v)); });
    if (*y == T(-1)) return map1(o, x, n, false, [](auto d, auto v) { return hn::Div(k(d, 1), v); });
    if (*y == T(-2)) return map1(o, x, n, false, [](auto d, auto v) { return hn::Div(k(d, 1), hn::Mul(v, v)); });
  }
  map2(o, x, y, n, 1, 1, false, [](auto, auto v, auto w) { return sleef::pow(v, w); });
}

struct Exp { template <class D, class V> V operator()(D d, V x, V, V) const { return exp(d, x); } };
struct Tanh { template <class D, class V> V operator()(D d, V x, V, V) const { return tanh(d, x); } };
struct Sigmoid { template <class D, class V> V operator()(D d, V x, V, V) const { return logistic(d, x); } };
struct Erf { template <class D, class V> V operator()(D d, V x, V, V) const { return erf(d, x); } };
struct Log1p { template <class D, class V> V operator()(D d, V x, V, V) const { return log1p(d, x); } };
struct Asinh { template <class D, class V> V operator()(D d, V x, V, V) const { return log_twice(d, sleef::asinh(x), x); } };
// Below 1 it has no value, not even the most negative.
struct Acosh { template <class D, class V> V operator()(D d, V x, V, V) const { return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), log_twice(d, sleef::acosh(x), x), sleef::acosh(hn::Min(x, hn::Zero(d)))); } };
#undef WEIGHTROOM_LIBM
#define WEIGHTROOM_LIBM(X) X(exp2) X(expm1) X(log) X(log2) X(log10) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(atanh) X(erfc) X(lgamma)
#undef WEIGHTROOM_STRUCT
#define WEIGHTROOM_STRUCT(name) struct S_##name { template <class D, class V> V operator()(D, V x, V, V) const { return sleef::name(x); } };
WEIGHTROOM_LIBM(WEIGHTROOM_STRUCT)
struct Atan2 { template <class D, class V> V operator()(D, V a, V b, V) const { return sleef::atan2(a, b); } };
struct Hypot { template <class D, class V> V operator()(D, V a, V b, V) const { return sleef::hypot(a, b); } };

template <class T> UnaryLoop unary(UnaryOp op) {
  switch (op) {
#undef WEIGHTROOM_CASE
#define WEIGHTROOM_CASE(name) case UnaryOp::name: return &run1<T, S_##name>;
    WEIGHTROOM_LIBM(WEIGHTROOM_CASE)
    case UnaryOp::exp: return &run1<T, Exp>;
    case UnaryOp::tanh: return &run1<T, Tanh>;
    case UnaryOp::erf: return &run1<T, Erf>;
    case UnaryOp::log1p: return &run1<T, Log1p>;
    case UnaryOp::asinh: return &run1<T, Asinh>;
    case UnaryOp::acosh: return &run1<T, Acosh>;
    case UnaryOp::sigmoid: return &run1<T, Sigmoid>;
    case UnaryOp::silu: return &run1<T, Silu>;
    case UnaryOp::gelu: return &run1<T, Gelu>;
    case UnaryOp::gelu_tanh: return &run1<T, GeluTanh>;
    case UnaryOp::softplus: return &run1<T, Softplus>;
    case UnaryOp::elu: return &run1<T, Elu>;
    default: return nullptr;
  }
}

template <class T> BinaryLoop binary(BinaryOp op) {
  switch (op) {
    case BinaryOp::pow: return &power<T>;
    case BinaryOp::atan2: return &run2<T, Atan2>;
    case BinaryOp::hypot: return &run2<T, Hypot>;
    case BinaryOp::gelu_backward: return &run2<T, GeluBackward>;
    case BinaryOp::gelu_tanh_backward: return &run2<T, GeluTanhBackward>;
    case BinaryOp::silu_backward: return &run2<T, SiluBackward>;
    case BinaryOp::elu_backward: return &run2<T, EluBackward>;
    case BinaryOp::softplus_backward: return &run2<T, SoftplusBackward>;
    default: return nullptr;
  }
}

UnaryLoop SpecialUnary(UnaryOp op, DType t) { return t == DType::float32 ? unary<float>(op) : t == DType::float64 ? unary<double>(op) : nullptr; }
BinaryLoop SpecialBinary(BinaryOp op, DType t) { return t == DType::float32 ? binary<float>(op) : t == DType::float64 ? binary<double>(op) : nullptr; }
#else
UnaryLoop SpecialUnary(UnaryOp, DType) { return nullptr; }
BinaryLoop SpecialBinary(BinaryOp, DType) { return nullptr; }
#endif
}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace weightroom::vec {
HWY_EXPORT(SpecialUnary);
HWY_EXPORT(SpecialBinary);
UnaryLoop special(UnaryOp op, DType t) { return HWY_DYNAMIC_DISPATCH(SpecialUnary)(op, t); }
BinaryLoop special(BinaryOp op, DType t) { return HWY_DYNAMIC_DISPATCH(SpecialBinary)(op, t); }
}  // namespace weightroom::vec
#endif

// Functions of vectors beyond Highway's: right for NaN and infinities, within 2 ulp. Included once an instruction set.
#if defined(WEIGHTROOM_VEC_MATH) == defined(HWY_TARGET_TOGGLE)
#ifdef WEIGHTROOM_VEC_MATH
#undef WEIGHTROOM_VEC_MATH
#else
#define WEIGHTROOM_VEC_MATH
#endif

#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
namespace math {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::Vec<D>> HWY_INLINE V exp(D d, V x) {
  // Highway's is good up to 104, where the result is infinite long since, and makes 0 of NaN.
  V r = hn::Exp(d, hn::Min(x, hn::Set(d, 104.f)));
  return hn::IfThenElse(hn::Eq(x, x), r, x);
}

template <class D, class V = hn::Vec<D>> HWY_INLINE V sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.f);
  return hn::Div(one, hn::Add(one, exp(d, hn::Neg(x))));
}

// A polynomial near 0 (Cephes' tanhf), 1 - 2 / (exp(2|x|) + 1) elsewhere.
template <class D, class V = hn::Vec<D>> HWY_INLINE V tanh(D d, V x) {
  const V a = hn::Abs(x), z = hn::Mul(x, x), one = hn::Set(d, 1.f), two = hn::Set(d, 2.f);
  V p = hn::MulAdd(z, hn::Set(d, -5.70498872745e-3f), hn::Set(d, 2.06390887954e-2f));
  p = hn::MulAdd(z, p, hn::Set(d, -5.37397155531e-2f));
  p = hn::MulAdd(z, p, hn::Set(d, 1.33314422036e-1f));
  p = hn::MulAdd(z, p, hn::Set(d, -3.33332819422e-1f));
  const V near = hn::CopySign(hn::MulAdd(hn::Mul(p, z), x, x), x);
  const V far = hn::CopySign(hn::Sub(one, hn::Div(two, hn::Add(exp(d, hn::Add(a, a)), one))), x);
  return hn::IfThenElse(hn::Lt(a, hn::Set(d, 0.625f)), near, far);
}

// Two fits of our own: erf(x) = x + x P(x²) below, erfc(x) = exp(-x (1 + Q(x))) above. Within 1 ulp of float32.
template <class D, class V = hn::Vec<D>> HWY_INLINE V erf(D d, V x) {
  const V a = hn::Abs(x), z = hn::Mul(x, x);
  V p = hn::Set(d, 8.267458906630054e-05f);
  p = hn::MulAdd(p, z, hn::Set(d, -0.0008118074620142579f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.005198829807341099f));
  p = hn::MulAdd(p, z, hn::Set(d, -0.02685849741101265f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.1128367930650711f));
  p = hn::MulAdd(p, z, hn::Set(d, -0.37612631916999817f));
  p = hn::MulAdd(p, z, hn::Set(d, 0.12837916612625122f));
  const V t = hn::Min(a, hn::Set(d, 4.f));  // 1 from there on
  V q = hn::Set(d, 4.636109224520624e-06f);
  q = hn::MulAdd(q, t, hn::Set(d, -4.1880266508087516e-05f));
  q = hn::MulAdd(q, t, hn::Set(d, -6.855992978671566e-05f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.0029829347040504217f));
  q = hn::MulAdd(q, t, hn::Set(d, -0.022760197520256042f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.1053449958562851f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.6355825066566467f));
  q = hn::MulAdd(q, t, hn::Set(d, 0.12856106460094452f));
  const V far = hn::CopySign(hn::Sub(hn::Set(d, 1.f), hn::Exp(d, hn::NegMulSub(q, t, t))), x);
  return hn::IfThenElse(hn::Gt(a, hn::Set(d, 0.9375f)), far, hn::MulAdd(p, x, x));
}

}  // namespace math
}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();
#endif

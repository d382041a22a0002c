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

}  // namespace math
}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();
#endif

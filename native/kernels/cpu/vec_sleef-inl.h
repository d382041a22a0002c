// SLEEF's functions on Highway's vectors, float32 and float64: the library, and with it the digits, that PyTorch has. Included once an instruction set.
#if defined(WEIGHTROOM_VEC_SLEEF) == defined(HWY_TARGET_TOGGLE)
#ifdef WEIGHTROOM_VEC_SLEEF
#undef WEIGHTROOM_VEC_SLEEF
#else
#define WEIGHTROOM_VEC_SLEEF
#endif

#include <hwy/highway.h>

// sleef.h declares by the instruction set of the whole file, so the names are declared here. 128 bits: SLEEF chooses at run time.
#undef WEIGHTROOM_SLEEF_F
#undef WEIGHTROOM_SLEEF_D
#undef WEIGHTROOM_HAS_SLEEF
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define WEIGHTROOM_SLEEF_F(name, ulp) Sleef_##name##f16_##ulp##avx512f
#define WEIGHTROOM_SLEEF_D(name, ulp) Sleef_##name##d8_##ulp##avx512f
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2
#define WEIGHTROOM_SLEEF_F(name, ulp) Sleef_##name##f8_##ulp##avx2
#define WEIGHTROOM_SLEEF_D(name, ulp) Sleef_##name##d4_##ulp##avx2
#elif HWY_ARCH_X86 || HWY_TARGET == HWY_NEON
#define WEIGHTROOM_SLEEF_F(name, ulp) Sleef_##name##f4_##ulp
#define WEIGHTROOM_SLEEF_D(name, ulp) Sleef_##name##d2_##ulp
#endif
#if defined(WEIGHTROOM_SLEEF_F) && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
#define WEIGHTROOM_HAS_SLEEF 1
#else
#define WEIGHTROOM_HAS_SLEEF 0
#endif

#if WEIGHTROOM_HAS_SLEEF
HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
namespace sleef {
namespace hn = hwy::HWY_NAMESPACE;
using VF = hn::Vec<hn::ScalableTag<float>>;
using VD = hn::Vec<hn::ScalableTag<double>>;
using RawF = decltype(VF::raw);
using RawD = decltype(VD::raw);

#undef WEIGHTROOM_SLEEF_1
#define WEIGHTROOM_SLEEF_1(name, ulp)                                                                   \
  extern "C" RawF WEIGHTROOM_SLEEF_F(name, ulp)(RawF);                                                  \
  extern "C" RawD WEIGHTROOM_SLEEF_D(name, ulp)(RawD);                                                  \
  HWY_INLINE VF name(VF x) { return VF{WEIGHTROOM_SLEEF_F(name, ulp)(x.raw)}; }                         \
  HWY_INLINE VD name(VD x) { return VD{WEIGHTROOM_SLEEF_D(name, ulp)(x.raw)}; }
#undef WEIGHTROOM_SLEEF_2
#define WEIGHTROOM_SLEEF_2(name, ulp)                                                                   \
  extern "C" RawF WEIGHTROOM_SLEEF_F(name, ulp)(RawF, RawF);                                            \
  extern "C" RawD WEIGHTROOM_SLEEF_D(name, ulp)(RawD, RawD);                                            \
  HWY_INLINE VF name(VF x, VF y) { return VF{WEIGHTROOM_SLEEF_F(name, ulp)(x.raw, y.raw)}; }            \
  HWY_INLINE VD name(VD x, VD y) { return VD{WEIGHTROOM_SLEEF_D(name, ulp)(x.raw, y.raw)}; }

WEIGHTROOM_SLEEF_1(exp, u10)
WEIGHTROOM_SLEEF_1(exp2, u10)
WEIGHTROOM_SLEEF_1(expm1, u10)
WEIGHTROOM_SLEEF_1(log, u10)
WEIGHTROOM_SLEEF_1(log2, u10)
WEIGHTROOM_SLEEF_1(log10, u10)
WEIGHTROOM_SLEEF_1(log1p, u10)
WEIGHTROOM_SLEEF_1(sin, u10)
WEIGHTROOM_SLEEF_1(cos, u10)
WEIGHTROOM_SLEEF_1(tan, u10)
WEIGHTROOM_SLEEF_1(asin, u10)
WEIGHTROOM_SLEEF_1(acos, u10)
WEIGHTROOM_SLEEF_1(atan, u10)
WEIGHTROOM_SLEEF_1(sinh, u10)
WEIGHTROOM_SLEEF_1(cosh, u10)
WEIGHTROOM_SLEEF_1(tanh, u10)
WEIGHTROOM_SLEEF_1(asinh, u10)
WEIGHTROOM_SLEEF_1(acosh, u10)
WEIGHTROOM_SLEEF_1(atanh, u10)
WEIGHTROOM_SLEEF_1(erf, u10)
WEIGHTROOM_SLEEF_1(erfc, u15)
WEIGHTROOM_SLEEF_1(lgamma, u10)
WEIGHTROOM_SLEEF_2(pow, u10)
WEIGHTROOM_SLEEF_2(atan2, u10)
WEIGHTROOM_SLEEF_2(hypot, u05)

}  // namespace sleef
}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();
#endif
#endif

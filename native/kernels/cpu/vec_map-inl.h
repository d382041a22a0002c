// out[i] = f(a[i]) and f(a[i], b[i]) by whole vectors. Included once an instruction set.
#if defined(WEIGHTROOM_VEC_MAP) == defined(HWY_TARGET_TOGGLE)
#ifdef WEIGHTROOM_VEC_MAP
#undef WEIGHTROOM_VEC_MAP
#else
#define WEIGHTROOM_VEC_MAP
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Elements before `out` is aligned to whole vectors, as streaming stores want it.
template <class T> int64_t misaligned(const T* out, int64_t n) {
  const int64_t L = int64_t(hn::Lanes(hn::ScalableTag<T>()));
  return std::min(n, (L - int64_t(reinterpret_cast<uintptr_t>(out) / sizeof(T)) % L) % L);
}

// The tail goes through a padded buffer so that f sees whole vectors only.
template <class T, class F> void map1(T* out, const T* a, int64_t n, bool stream, F f) {
  const hn::ScalableTag<T> d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  if (stream) {
    i = misaligned(out, n);
    if (i) map1(out, a, i, false, f);
    for (; i + L <= n; i += L) hn::Stream(f(d, hn::LoadU(d, a + i)), d, out + i);
    hwy::FlushStream();
  }
  for (; i + L <= n; i += L) hn::StoreU(f(d, hn::LoadU(d, a + i)), d, out + i);
  if (i < n) {
    HWY_ALIGN T t[hn::MaxLanes(hn::ScalableTag<T>())] = {};
    for (int64_t j = i; j < n; ++j) t[j - i] = a[j];
    hn::Store(f(d, hn::Load(d, t)), d, t);
    for (int64_t j = i; j < n; ++j) out[j] = t[j - i];
  }
}

// a or b may be one repeated number (step 0).
template <class T, class F> void map2(T* out, const T* a, const T* b, int64_t n, int as, int bs, bool stream, F f) {
  const hn::ScalableTag<T> d;
  const int64_t L = int64_t(hn::Lanes(d));
  if (n == 0) return;
  int64_t i = 0;
  const auto a0 = hn::Set(d, a[0]), b0 = hn::Set(d, b[0]);
  auto vectors = [&](auto store) {
    if (as && bs) for (; i + L <= n; i += L) store(f(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)), out + i);
    else if (as) for (; i + L <= n; i += L) store(f(d, hn::LoadU(d, a + i), b0), out + i);
    else for (; i + L <= n; i += L) store(f(d, a0, bs ? hn::LoadU(d, b + i) : b0), out + i);
  };
  if (stream) {
    i = misaligned(out, n);
    if (i) map2(out, a, b, i, as, bs, false, f);
    vectors([&](auto v, T* to) { hn::Stream(v, d, to); });
    hwy::FlushStream();
  } else vectors([&](auto v, T* to) { hn::StoreU(v, d, to); });
  if (i < n) {
    HWY_ALIGN T s[hn::MaxLanes(hn::ScalableTag<T>())] = {};
    HWY_ALIGN T t[hn::MaxLanes(hn::ScalableTag<T>())] = {};
    for (int64_t j = i; j < n; ++j) { s[j - i] = a[as ? j : 0]; t[j - i] = b[bs ? j : 0]; }
    hn::Store(f(d, hn::Load(d, s), hn::Load(d, t)), d, s);
    for (int64_t j = i; j < n; ++j) out[j] = s[j - i];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();
#endif

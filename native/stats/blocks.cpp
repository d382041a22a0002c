#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stats/blocks.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "stats/blocks.h"

HWY_BEFORE_NAMESPACE();
namespace weightroom::stats {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One element at a time: what no vector holds, or all of it where there are none.
template <typename T> void MomentsRest(const T* p, int64_t i, int64_t n, double shift, Moments& out) {
  for (; i < n; ++i) {
    const double v = double(p[i]), s = v - shift;
    out.min = std::min(out.min, v);
    out.max = std::max(out.max, v);
    out.squares += v * v;
    out.abs += std::abs(v);
    out.shifted += s;
    out.shifted_squares += s * s;
    out.zeros += v == 0;
  }
}
template <typename T> bool BinsRest(const T* p, int64_t i, int64_t n, double low, double high, double scale, int32_t last, int32_t* index) {
  bool all = true;
  for (; i < n; ++i) {
    const double v = double(p[i]);
    all &= v >= low && v <= high;
    index[i] = all ? int32_t(std::min(std::max((v - low) * scale, 0.0), double(last))) : 0;
  }
  return all;
}
inline void KeysRest(const float* p, int64_t i, int64_t n, int32_t* key) {
  for (; i < n; ++i) {
    uint32_t u;
    const float v = p[i] + 0.0f;
    std::memcpy(&u, &v, 4);
    key[i] = int32_t((u & 0x80000000u ? ~u : u | 0x80000000u) >> 16);
  }
}
template <typename T> void DistanceRest(const T* a, const T* b, int64_t i, int64_t n, Distance& out) {
  for (; i < n; ++i) {
    const double x = double(a[i]), y = double(b[i]), e = x - y;
    out.difference2 += e * e;
    out.a2 += x * x;
    out.b2 += y * y;
    out.ab += x * y;
    out.max_difference = std::max(out.max_difference, std::abs(e));
    out.differing += x != y;
  }
}
// A NaN or an infinity anywhere is in these sums. (So is a double beyond 1e154, which the careful path then counts.)
inline bool AllFinite(const Moments& m) { return std::isfinite(m.squares); }
inline bool AllFinite(const Distance& d) { return std::isfinite(d.a2) && std::isfinite(d.b2); }

#if HWY_TARGET != HWY_SCALAR
using DD = hn::ScalableTag<double>;
using DF = hn::Rebind<float, DD>;  // as many floats as doubles fit a vector
using VD = hn::Vec<DD>;

HWY_INLINE VD Doubles(DD d, const float* p) { return hn::PromoteTo(d, hn::LoadU(DF(), p)); }
HWY_INLINE VD Doubles(DD d, const double* p) { return hn::LoadU(d, p); }

struct Sums {
  VD min, max, squares, abs, shifted, shifted2, zeros;
  explicit Sums(DD d) : min(hn::Set(d, HUGE_VAL)), max(hn::Set(d, -HUGE_VAL)), squares(hn::Zero(d)), abs(squares), shifted(squares), shifted2(squares), zeros(squares) {}
  HWY_INLINE void Add(DD d, VD v, VD shift) {
    min = hn::Min(min, v);
    max = hn::Max(max, v);
    squares = hn::MulAdd(v, v, squares);
    abs = hn::Add(abs, hn::Abs(v));
    const VD s = hn::Sub(v, shift);
    shifted = hn::Add(shifted, s);
    shifted2 = hn::MulAdd(s, s, shifted2);
    zeros = hn::Add(zeros, hn::IfThenElseZero(hn::Eq(v, hn::Zero(d)), hn::Set(d, 1.0)));
  }
};

template <typename T> bool MomentsT(const T* p, int64_t n, double shift, Moments& out) {
  const DD d;
  const int64_t L = int64_t(hn::Lanes(d));
  const VD sh = hn::Set(d, shift);
  Sums a(d), b(d);
  int64_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    a.Add(d, Doubles(d, p + i), sh);
    b.Add(d, Doubles(d, p + i + L), sh);
  }
  out.squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(a.squares, b.squares)));
  out.abs = hn::GetLane(hn::SumOfLanes(d, hn::Add(a.abs, b.abs)));
  out.shifted = hn::GetLane(hn::SumOfLanes(d, hn::Add(a.shifted, b.shifted)));
  out.shifted_squares = hn::GetLane(hn::SumOfLanes(d, hn::Add(a.shifted2, b.shifted2)));
  out.min = hn::GetLane(hn::MinOfLanes(d, hn::Min(a.min, b.min)));
  out.max = hn::GetLane(hn::MaxOfLanes(d, hn::Max(a.max, b.max)));
  out.zeros = int64_t(hn::GetLane(hn::SumOfLanes(d, hn::Add(a.zeros, b.zeros))));
  MomentsRest(p, i, n, shift, out);
  return AllFinite(out);
}

template <typename T> bool BinsT(const T* p, int64_t n, double low, double high, double scale, int32_t last, int32_t* index) {
  const DD d;
  const hn::Rebind<int32_t, DD> di;
  const int64_t L = int64_t(hn::Lanes(d));
  const VD lo = hn::Set(d, low), hi = hn::Set(d, high), sc = hn::Set(d, scale), top = hn::Set(d, double(last)), zero = hn::Zero(d);
  auto in = hn::Eq(zero, zero);
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    const VD v = Doubles(d, p + i);
    in = hn::And(in, hn::And(hn::Ge(v, lo), hn::Le(v, hi)));
    hn::StoreU(hn::DemoteTo(di, hn::Min(hn::Max(hn::Mul(hn::Sub(v, lo), sc), zero), top)), di, index + i);
  }
  return BinsRest(p, i, n, low, high, scale, last, index) && hn::AllTrue(d, in);
}

// The same in float32, twice as many at a time, where that is as exact: an approximate bin tells the bin unless it lies close to an edge, and such
// vectors are computed as doubles. Only where low and high are float32 values themselves.
bool BinsNarrow(const float* p, int64_t n, double low, double high, double scale, int32_t last, int32_t* index) {
  const float flow = float(low), fhigh = float(high), fscale = float(scale);
  // Three roundings of 2^-24 of at most last + 1 each.
  const float margin = float(last + 1) * 0x1p-22f;
  if (double(flow) != low || double(fhigh) != high || !std::isfinite(fhigh - flow) || !std::isnormal(fscale) || margin > 0.01f) return BinsT(p, n, low, high, scale, last, index);
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const int64_t L = int64_t(hn::Lanes(d));
  const auto lo = hn::Set(d, flow), hi = hn::Set(d, fhigh), sc = hn::Set(d, fscale), near = hn::Set(d, margin);
  const auto top = hn::Set(di, last);
  auto in = hn::Eq(lo, lo);
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    const auto v = hn::LoadU(d, p + i);
    const auto t = hn::Mul(hn::Sub(v, lo), sc);
    in = hn::And(in, hn::And(hn::Ge(v, lo), hn::Le(v, hi)));
    hn::StoreU(hn::Min(hn::ConvertTo(di, t), top), di, index + i);
    // The lowest value is exactly 0, and there may be many of it (zeros after a ReLU).
    const auto edge = hn::AndNot(hn::Eq(v, lo), hn::Lt(hn::Abs(hn::Sub(t, hn::Round(t))), near));
    if (HWY_UNLIKELY(!hn::AllFalse(d, edge)) && !BinsT(p + i, L, low, high, scale, last, index + i)) return false;
  }
  return BinsRest(p, i, n, low, high, scale, last, index) && hn::AllTrue(d, in);
}

HWY_INLINE void KeysOf(const float* p, int64_t n, int32_t* key) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::RebindToSigned<decltype(d)> ds;
  const int64_t L = int64_t(hn::Lanes(d));
  const auto sign = hn::Set(du, 0x80000000u);
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    const auto u = hn::BitCast(du, hn::Add(hn::LoadU(d, p + i), hn::Zero(d)));
    const auto turn = hn::Or(hn::BitCast(du, hn::ShiftRight<31>(hn::BitCast(ds, u))), sign);
    hn::StoreU(hn::BitCast(ds, hn::ShiftRight<16>(hn::Xor(u, turn))), ds, key + i);
  }
  KeysRest(p, i, n, key);
}

template <typename T> bool DistanceT(const T* a, const T* b, int64_t n, Distance& out) {
  const DD d;
  const int64_t L = int64_t(hn::Lanes(d));
  VD d2 = hn::Zero(d), a2 = d2, b2 = d2, ab = d2, most = d2, differ = d2;
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    const VD x = Doubles(d, a + i), y = Doubles(d, b + i), e = hn::Sub(x, y);
    d2 = hn::MulAdd(e, e, d2);
    a2 = hn::MulAdd(x, x, a2);
    b2 = hn::MulAdd(y, y, b2);
    ab = hn::MulAdd(x, y, ab);
    most = hn::Max(most, hn::Abs(e));
    differ = hn::Add(differ, hn::IfThenElseZero(hn::Ne(x, y), hn::Set(d, 1.0)));
  }
  out = {hn::GetLane(hn::SumOfLanes(d, d2)), hn::GetLane(hn::SumOfLanes(d, a2)), hn::GetLane(hn::SumOfLanes(d, b2)), hn::GetLane(hn::SumOfLanes(d, ab)), hn::GetLane(hn::MaxOfLanes(d, most)),
         int64_t(hn::GetLane(hn::SumOfLanes(d, differ)))};
  DistanceRest(a, b, i, n, out);
  return AllFinite(out);
}

void WidenHalf(const uint16_t* from, int64_t n, float* to) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> dh;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  for (; i + L <= n; i += L) hn::StoreU(hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(from + i))), d, to + i);
  if (i == n) return;
  HWY_ALIGN uint16_t rest[hn::MaxLanes(d)] = {};
  HWY_ALIGN float wide[hn::MaxLanes(d)];
  std::copy(from + i, from + n, rest);
  hn::Store(hn::PromoteTo(d, hn::Load(dh, reinterpret_cast<const hwy::float16_t*>(rest))), d, wide);
  std::copy(wide, wide + (n - i), to + i);
}
#else
template <typename T> bool MomentsT(const T* p, int64_t n, double shift, Moments& out) {
  out = {HUGE_VAL, -HUGE_VAL, 0, 0, 0, 0, 0, 0};
  MomentsRest(p, 0, n, shift, out);
  return AllFinite(out);
}
template <typename T> bool BinsT(const T* p, int64_t n, double low, double high, double scale, int32_t last, int32_t* index) { return BinsRest(p, 0, n, low, high, scale, last, index); }
bool BinsNarrow(const float* p, int64_t n, double low, double high, double scale, int32_t last, int32_t* index) { return BinsT(p, n, low, high, scale, last, index); }
inline void KeysOf(const float* p, int64_t n, int32_t* key) { KeysRest(p, 0, n, key); }
template <typename T> bool DistanceT(const T* a, const T* b, int64_t n, Distance& out) {
  out = {};
  DistanceRest(a, b, 0, n, out);
  return AllFinite(out);
}
void WidenHalf(const uint16_t* from, int64_t n, float* to) {
  for (int64_t i = 0; i < n; ++i) {
    _Float16 h;
    std::memcpy(&h, from + i, 2);
    to[i] = float(h);
  }
}
#endif

void WidenBfloat(const uint16_t* from, int64_t n, float* to) {
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t u = uint32_t(from[i]) << 16;
    std::memcpy(to + i, &u, 4);
  }
}
bool MomentsF(const float* p, int64_t n, double s, Moments& o) { return MomentsT(p, n, s, o); }
bool MomentsD(const double* p, int64_t n, double s, Moments& o) { return MomentsT(p, n, s, o); }
bool BinsF(const float* p, int64_t n, double l, double h, double s, int32_t last, int32_t* i) { return BinsNarrow(p, n, l, h, s, last, i); }
bool BinsD(const double* p, int64_t n, double l, double h, double s, int32_t last, int32_t* i) { return BinsT(p, n, l, h, s, last, i); }
void KeysF(const float* p, int64_t n, int32_t* key) { KeysOf(p, n, key); }
void KeysD(const double* p, int64_t n, int32_t* key) {
  float f[kBlock];
  for (int64_t i = 0; i < n; ++i) f[i] = float(p[i]);
  KeysOf(f, n, key);
}
bool DistanceF(const float* a, const float* b, int64_t n, Distance& o) { return DistanceT(a, b, n, o); }
bool DistanceD(const double* a, const double* b, int64_t n, Distance& o) { return DistanceT(a, b, n, o); }

}  // namespace HWY_NAMESPACE
}  // namespace weightroom::stats
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace weightroom::stats {
HWY_EXPORT(MomentsF);
HWY_EXPORT(MomentsD);
HWY_EXPORT(BinsF);
HWY_EXPORT(BinsD);
HWY_EXPORT(KeysF);
HWY_EXPORT(KeysD);
HWY_EXPORT(DistanceF);
HWY_EXPORT(DistanceD);
HWY_EXPORT(WidenHalf);
HWY_EXPORT(WidenBfloat);

bool moments(const float* p, int64_t n, double shift, Moments& out) { return HWY_DYNAMIC_DISPATCH(MomentsF)(p, n, shift, out); }
bool moments(const double* p, int64_t n, double shift, Moments& out) { return HWY_DYNAMIC_DISPATCH(MomentsD)(p, n, shift, out); }
bool bins(const float* p, int64_t n, double low, double high, double scale, int32_t last, int32_t* index) { return HWY_DYNAMIC_DISPATCH(BinsF)(p, n, low, high, scale, last, index); }
bool bins(const double* p, int64_t n, double low, double high, double scale, int32_t last, int32_t* index) { return HWY_DYNAMIC_DISPATCH(BinsD)(p, n, low, high, scale, last, index); }
void keys(const float* p, int64_t n, int32_t* key) { HWY_DYNAMIC_DISPATCH(KeysF)(p, n, key); }
void keys(const double* p, int64_t n, int32_t* key) { HWY_DYNAMIC_DISPATCH(KeysD)(p, n, key); }
bool distance(const float* a, const float* b, int64_t n, Distance& out) { return HWY_DYNAMIC_DISPATCH(DistanceF)(a, b, n, out); }
bool distance(const double* a, const double* b, int64_t n, Distance& out) { return HWY_DYNAMIC_DISPATCH(DistanceD)(a, b, n, out); }
void widen_half(const uint16_t* from, int64_t n, float* to) { HWY_DYNAMIC_DISPATCH(WidenHalf)(from, n, to); }
void widen_bfloat(const uint16_t* from, int64_t n, float* to) { HWY_DYNAMIC_DISPATCH(WidenBfloat)(from, n, to); }
}  // namespace weightroom::stats
#endif

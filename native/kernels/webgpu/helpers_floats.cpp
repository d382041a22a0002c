// Elementary functions. WebGPU promises little of its own (atan within 4096 units of the last place, exp within 3 + 2|x|), and
// lets compilers assume that NaN and infinity do not occur: what PyTorch's values need is written out here. Polynomials are
// fits of our own, by relative error over the interval each is used on.
#include "kernels/webgpu/helpers.h"

namespace weightroom::gpu {
namespace {
const Helper kHelpers[] = {
    {"sqrt_", "fn sqrt_(x: f32) -> f32 { if (!(x > 0.0)) { return select(nan_(), x, x == 0.0 || is_nan(x)); } if (is_inf(x)) { return x; } return sqrt(x); }"},
    {"max_", "fn max_(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return max(a, b); }"},
    {"min_", "fn min_(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return min(a, b); }"},
    {"clamp_", "fn clamp_(x: f32, p: f32, q: f32) -> f32 { var low = x; if (x < p || is_nan(p)) { low = p; } if (low > q || is_nan(q)) { return q; } return low; }"},
    {"scale2_", "fn scale2_(v: f32, n: i32) -> f32 { let a = n / 2; return v * bitcast<f32>(u32(a + 127) << 23u) * bitcast<f32>(u32(n - a + 127) << 23u); }"},
    // e^r for |r| < 0.35
    {"exp_near_", "fn exp_near_(r: f32) -> f32 { return 1.0 + r * (1.0 + r * (0.499999916 + r * (0.1666641036 + r * (0.04166828808 + r * (0.008375635550 + r * 0.001383580954))))); }"},
    {"exp_", R"(fn exp_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x > 88.7228394) { return inf_(); }
  if (x < -103.972084) { return 0.0; }
  let n = round(x * 1.44269504);
  return scale2_(exp_near_(fma(n, -1.42860677e-6, fma(n, -0.693145752, x))), i32(n));
})"},
    {"exp2_", R"(fn exp2_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x >= 128.0) { return inf_(); }
  if (x < -150.0) { return 0.0; }
  let n = round(x);
  return scale2_(exp_near_((x - n) * 0.693147181), i32(n));
})"},
    {"expm1_", R"(fn expm1_(x: f32) -> f32 {
  if (abs(x) < 0.5) { return x * (1.0 + x * (0.5 + x * (0.1666666773 + x * (0.04166666018 + x * (0.008333119013 + x * (0.001388928062 + x * (1.997899653e-4 + x * 2.480039621e-5))))))); }
  return exp_(x) - 1.0;
})"},
    // A positive x as 2^e m with m around 1: (e, log m).
    {"logs_", R"(fn logs_(x: f32) -> vec2<f32> {
  var u = bits(x); var e = -127;
  if (u < 0x800000u) { u = bits(x * 8388608.0); e = -150; }
  u += 0x3f800000u - 0x3f3504f3u;
  let m = bitcast<f32>((u & 0x7fffffu) + 0x3f3504f3u);
  let s = (m - 1.0) / (m + 1.0); let z = s * s;
  return vec2<f32>(f32(e + i32(u >> 23u)), 2.0 * s + s * z * (0.666666667 + z * (0.4 + z * (0.285714286 + z * (0.222222222 + z * 0.181818182)))));
})"},
    {"log_", R"(fn log_(x: f32) -> f32 {
  if (x == 0.0) { return -inf_(); }
  if (!(x > 0.0) || is_inf(x)) { return select(nan_(), x, x > 0.0 || is_nan(x)); }
  let l = logs_(x);
  return fma(l.x, 0.693145752, fma(l.x, 1.42860677e-6, l.y));
})"},
    {"log2_", R"(fn log2_(x: f32) -> f32 {
  if (x == 0.0) { return -inf_(); }
  if (!(x > 0.0) || is_inf(x)) { return select(nan_(), x, x > 0.0 || is_nan(x)); }
  let l = logs_(x);
  return fma(l.y, 1.44269504, l.x);
})"},
    {"log1p_", R"(fn log1p_(x: f32) -> f32 {
  if (abs(x) < 0.3) { let s = x / (2.0 + x); let z = s * s; return 2.0 * s + s * z * (0.666666667 + z * (0.4 + z * (0.285714286 + z * 0.222222222))); }
  return log_(1.0 + x);
})"},
    {"sigmoid_", "fn sigmoid_(x: f32) -> f32 { return 1.0 / (1.0 + exp_(-x)); }"},
    {"tanh_", R"(fn tanh_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let e = expm1_(2.0 * min(abs(x), 10.0));
  return copysign_(select(e / (e + 2.0), 1.0, abs(x) >= 10.0), x);
})"},
    {"sinh_", R"(fn sinh_(x: f32) -> f32 {
  let a = abs(x);
  if (!(a < 88.0)) { let h = exp_(0.5 * a); return copysign_(0.5 * h * h, x); }
  let e = expm1_(a);
  return copysign_(0.5 * (e + e / (e + 1.0)), x);
})"},
    {"cosh_", "fn cosh_(x: f32) -> f32 { let a = abs(x); if (!(a < 88.0)) { let h = exp_(0.5 * a); return 0.5 * h * h; } let e = exp_(a); return 0.5 * e + 0.5 / e; }"},
    {"asinh_", R"(fn asinh_(x: f32) -> f32 {
  let a = abs(x);
  if (!(a < 1e9)) { return copysign_(log_(a) + 0.693147181, x); }
  return copysign_(log1p_(a + a * a / (1.0 + sqrt(1.0 + a * a))), x);
})"},
    {"acosh_", "fn acosh_(x: f32) -> f32 { if (!(x >= 1.0)) { return nan_(); } if (x > 1e9) { return log_(x) + 0.693147181; } let t = x - 1.0; return log1p_(t + sqrt(2.0 * t + t * t)); }"},
    {"atanh_", "fn atanh_(x: f32) -> f32 { let a = abs(x); if (!(a < 1.0)) { return select(nan_(), copysign_(inf_(), x), a == 1.0); } return copysign_(0.5 * log1p_(2.0 * a / (1.0 - a)), x); }"},
    // (sin, cos)
    {"sincos_", R"(fn sincos_(x: f32) -> vec2<f32> {
  if (is_nan(x) || is_inf(x)) { return vec2<f32>(nan_(), nan_()); }
  // Beyond this the reduction loses bits; the device's own is no worse.
  if (abs(x) > 1e5) { return vec2<f32>(sin(x), cos(x)); }
  let n = round(x * 0.636619772);
  let r = fma(n, -7.54978995e-8, fma(n, -4.83751297e-4, fma(n, -1.5703125, x))); let z = r * r;
  let s = r + r * z * (-0.1666665016 + z * (0.008332012915 + z * -1.950134961e-4));
  let c = 1.0 + z * (-0.4999999957 + z * (0.04166661301 + z * (-0.001388652234 + z * 2.437205363e-5)));
  switch (i32(n) & 3) {
    case 0: { return vec2<f32>(s, c); }
    case 1: { return vec2<f32>(c, -s); }
    case 2: { return vec2<f32>(-s, -c); }
    default: { return vec2<f32>(-c, s); }
  }
})"},
    {"tan_", "fn tan_(x: f32) -> f32 { let v = sincos_(x); return v.x / v.y; }"},
    {"atan_", R"(fn atan_(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  var t = abs(x); var base = 0.0;
  if (t > 2.41421356) { base = 1.57079633; t = select(-1.0 / t, 0.0, is_inf(t)); } else if (t > 0.414213562) { base = 0.785398163; t = (t - 1.0) / (t + 1.0); }
  let z = t * t;
  return copysign_(base + (t + t * z * (-0.3333279893 + z * (0.1997445336 + z * (-0.1385186721 + z * 0.07985933268)))), x);
})"},
    {"atan2_", R"(fn atan2_(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan_(); }
  let behind = (bits(x) >> 31u) == 1u;
  var r = 0.0;
  if (y == 0.0) { r = 0.0; } else if (is_inf(y)) { r = select(1.57079633, 0.785398163, is_inf(x)); } else if (x == 0.0) { r = 1.57079633; } else if (is_inf(x)) { r = 0.0; } else { r = atan_(abs(y) / abs(x)); }
  return copysign_(select(r, 3.14159265 - r, behind), y);
})"},
    // asin(s) / s in s^2, s up to 1/2
    {"asin_near_", "fn asin_near_(z: f32) -> f32 { return 1.0 + z * (0.1666679286 + z * (0.07494330874 + z * (0.04556349558 + z * (0.02378983532 + z * 0.04275680575)))); }"},
    {"asin_", R"(fn asin_(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan_(); }
  if (a <= 0.5) { return x * asin_near_(x * x); }
  let z = 0.5 * (1.0 - a); let s = sqrt(z);
  return copysign_(1.57079633 - 2.0 * s * asin_near_(z), x);
})"},
    {"acos_", R"(fn acos_(x: f32) -> f32 {
  let a = abs(x);
  if (!(a <= 1.0)) { return nan_(); }
  if (a <= 0.5) { return 1.57079633 - x * asin_near_(x * x); }
  let z = 0.5 * (1.0 - a); let r = 2.0 * sqrt(z) * asin_near_(z);
  return select(r, 3.14159265 - r, x < 0.0);
})"},
};
}  // namespace

std::span<const Helper> float_helpers() { return kHelpers; }

}  // namespace weightroom::gpu

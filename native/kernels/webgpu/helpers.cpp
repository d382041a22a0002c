// The WGSL library. WebGPU promises little of its built-in functions (atan within 4096 units of the last place, exp within
// 3 + 2|x|), and lets compilers assume that NaN and infinity do not occur: what PyTorch's values need is written out here.
// Polynomials are fits of our own, by relative error over the interval each is used on.
#include <vector>

#include "kernels/webgpu/wgsl.h"

namespace weightroom::gpu {
namespace {

struct Helper { const char* name; const char* code; };

// A function stands after those it calls.
const Helper kHelpers[] = {
    {"bits", "fn bits(x: f32) -> u32 { return bitcast<u32>(x); }"},
    {"is_nan", "fn is_nan(x: f32) -> bool { return (bits(x) & 0x7fffffffu) > 0x7f800000u; }"},
    {"is_inf", "fn is_inf(x: f32) -> bool { return (bits(x) & 0x7fffffffu) == 0x7f800000u; }"},
    {"constant_", "var<private> whole_: u32 = 1u;\nfn constant_(b: u32) -> f32 { return bitcast<f32>(b * whole_); }"},
    {"nan_", "fn nan_() -> f32 { return constant_(0x7fc00000u); }"},
    {"inf_", "fn inf_() -> f32 { return constant_(0x7f800000u); }"},
    {"copysign_", "fn copysign_(a: f32, b: f32) -> f32 { return bitcast<f32>((bits(a) & 0x7fffffffu) | (bits(b) & 0x80000000u)); }"},

    // --- storing half types: to the nearest, ties to even
    {"to_half", R"(fn to_half(x: f32) -> f32 {
  let a = abs(x);
  if (!(a < 65520.0)) { return select(copysign_(inf_(), x), x, is_nan(x)); }
  if (a < 6.103515625e-5) { return copysign_(round(a * 16777216.0) * 5.9604644775390625e-8, x); }
  let u = bits(x);
  return bitcast<f32>((u + 0xfffu + ((u >> 13u) & 1u)) & 0xffffe000u);
})"},
    {"to_bfloat", R"(fn to_bfloat(x: f32) -> f32 {
  let u = bits(x);
  if (is_nan(x)) { return x; }
  return bitcast<f32>((u + 0x7fffu + ((u >> 16u) & 1u)) & 0xffff0000u);
})"},

    // --- 64-bit integers: vec2<u32>(low, high), wrapping as C++'s
    {"is_zero64", "fn is_zero64(a: vec2<u32>) -> bool { return (a.x | a.y) == 0u; }"},
    {"is_neg64", "fn is_neg64(a: vec2<u32>) -> bool { return (a.y >> 31u) == 1u; }"},
    {"add64", "fn add64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let x = a.x + b.x; return vec2<u32>(x, a.y + b.y + u32(x < a.x)); }"},
    {"neg64", "fn neg64(a: vec2<u32>) -> vec2<u32> { return add64(~a, vec2<u32>(1u, 0u)); }"},
    {"sub64", "fn sub64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return add64(a, neg64(b)); }"},
    {"abs64", "fn abs64(a: vec2<u32>) -> vec2<u32> { return select(a, neg64(a), is_neg64(a)); }"},
    {"sign64", "fn sign64(a: vec2<u32>) -> vec2<u32> { if (is_neg64(a)) { return vec2<u32>(0xffffffffu, 0xffffffffu); } return vec2<u32>(u32(!is_zero64(a)), 0u); }"},
    {"lt64", "fn lt64(a: vec2<u32>, b: vec2<u32>) -> bool { return select(bitcast<i32>(a.y) < bitcast<i32>(b.y), a.x < b.x, a.y == b.y); }"},
    {"min64", "fn min64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return select(a, b, lt64(b, a)); }"},
    {"max64", "fn max64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { return select(a, b, lt64(a, b)); }"},
    {"mul64", R"(fn mul64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let al = a.x & 0xffffu; let ah = a.x >> 16u; let bl = b.x & 0xffffu; let bh = b.x >> 16u;
  let low = al * bl; let mid = ah * bl + (low >> 16u); let mid2 = al * bh + (mid & 0xffffu);
  return vec2<u32>((mid2 << 16u) | (low & 0xffffu), ah * bh + (mid >> 16u) + (mid2 >> 16u) + a.x * b.y + a.y * b.x);
})"},
    {"shl64", R"(fn shl64(a: vec2<u32>, n: u32) -> vec2<u32> {
  if (n == 0u) { return a; }
  if (n >= 32u) { return vec2<u32>(0u, a.x << (n - 32u)); }
  return vec2<u32>(a.x << n, (a.y << n) | (a.x >> (32u - n)));
})"},
    // without a sign
    {"shr64", R"(fn shr64(a: vec2<u32>, n: u32) -> vec2<u32> {
  if (n == 0u) { return a; }
  if (n >= 32u) { return vec2<u32>(a.y >> (n - 32u), 0u); }
  return vec2<u32>((a.x >> n) | (a.y << (32u - n)), a.y >> n);
})"},
    {"checked_shl64", "fn checked_shl64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { if (b.y != 0u || b.x >= 64u) { return vec2<u32>(0u, 0u); } return shl64(a, b.x); }"},
    {"checked_shr64", R"(fn checked_shr64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  if (b.y != 0u || b.x >= 64u) { return select(vec2<u32>(0u, 0u), vec2<u32>(0xffffffffu, 0xffffffffu), is_neg64(a)); }
  if (is_neg64(a)) { return ~shr64(~a, b.x); }
  return shr64(a, b.x);
})"},
    // quotient (x, y) and remainder (z, w), without signs
    {"divide64", R"(fn divide64(n: vec2<u32>, d: vec2<u32>) -> vec4<u32> {
  if ((n.y | d.y) == 0u) { return vec4<u32>(n.x / d.x, 0u, n.x % d.x, 0u); }
  var q = vec2<u32>(0u, 0u); var r = vec2<u32>(0u, 0u); var left = n;
  for (var i = 0u; i < 64u; i++) {
    let carry = r.y >> 31u;
    r = shl64(r, 1u); r.x |= left.y >> 31u; left = shl64(left, 1u); q = shl64(q, 1u);
    if (carry == 1u || r.y > d.y || (r.y == d.y && r.x >= d.x)) { r = sub64(r, d); q.x |= 1u; }
  }
  return vec4<u32>(q, r);
})"},
    {"div64", "fn div64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let q = divide64(abs64(a), abs64(b)).xy; return select(q, neg64(q), is_neg64(a) != is_neg64(b)); }"},
    {"rem64", "fn rem64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let r = divide64(abs64(a), abs64(b)).zw; return select(r, neg64(r), is_neg64(a)); }"},
    {"remainder64", "fn remainder64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let r = rem64(a, b); return select(r, add64(r, b), !is_zero64(r) && is_neg64(r) != is_neg64(b)); }"},
    {"floordiv64", R"(fn floordiv64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let q = div64(a, b);
  return select(q, add64(q, vec2<u32>(0xffffffffu, 0xffffffffu)), is_neg64(a) != is_neg64(b) && !is_zero64(rem64(a, b)));
})"},
    {"pow64", R"(fn pow64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let one = vec2<u32>(1u, 0u);
  if (is_neg64(b)) {
    if (all(a == one)) { return one; }
    if (all(a == vec2<u32>(0xffffffffu, 0xffffffffu))) { return select(one, a, (b.x & 1u) == 1u); }
    return vec2<u32>(0u, 0u);
  }
  var r = one; var x = a; var e = b;
  for (var i = 0u; i < 64u; i++) { if (is_zero64(e)) { break; } if ((e.x & 1u) == 1u) { r = mul64(r, x); } x = mul64(x, x); e = shr64(e, 1u); }
  return r;
})"},
    {"gcd64", R"(fn gcd64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  var x = abs64(a); var y = abs64(b);
  for (var i = 0u; i < 128u; i++) { if (is_zero64(y)) { break; } let r = divide64(x, y).zw; x = y; y = r; }
  return x;
})"},
    {"lcm64", "fn lcm64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> { let g = gcd64(a, b); if (is_zero64(g)) { return g; } return mul64(divide64(abs64(a), g).xy, abs64(b)); }"},
    {"i64_of_i32", "fn i64_of_i32(a: i32) -> vec2<u32> { return vec2<u32>(bitcast<u32>(a), bitcast<u32>(a >> 31u)); }"},
    {"i64_of_f32", R"(fn i64_of_f32(x: f32) -> vec2<u32> {
  let u = bits(x); let e = i32((u >> 23u) & 255u) - 150;
  if (e > 39) { return vec2<u32>(0u, 0x80000000u); }
  let m = (u & 0x7fffffu) | 0x800000u;
  var r = vec2<u32>(0u, 0u);
  if (e >= 0) { r = shl64(vec2<u32>(m, 0u), u32(e)); } else if (e > -24) { r.x = m >> u32(-e); }
  return select(r, neg64(r), (u >> 31u) == 1u);
})"},
    {"f32_of_i64", R"(fn f32_of_i64(a: vec2<u32>) -> f32 {
  let m = abs64(a);
  var r = f32(m.x);
  if (m.y != 0u) {
    // The top 32 bits, the last one set when anything below is: then rounding happens once.
    let s = 32u - countLeadingZeros(m.y);
    let top = shr64(m, s).x | u32(any(shl64(shr64(m, s), s) != m));
    r = f32(top) * f32(1u << (s / 2u)) * f32(1u << (s - s / 2u));
  }
  return select(r, -r, is_neg64(a));
})"},

    // --- 32-bit integers
    {"floordiv32", "fn floordiv32(a: i32, b: i32) -> i32 { let q = a / b; return select(q, q - 1, a % b != 0 && ((a < 0) != (b < 0))); }"},
    {"remainder32", "fn remainder32(a: i32, b: i32) -> i32 { let r = a % b; return select(r, r + b, r != 0 && ((b < 0) != (r < 0))); }"},
    {"pow32", R"(fn pow32(a: i32, b: i32) -> i32 {
  if (b < 0) { if (a == 1) { return 1; } if (a == -1) { return select(1, -1, (b & 1) == 1); } return 0; }
  var r = 1; var x = a; var e = b;
  for (var i = 0u; i < 32u; i++) { if (e == 0) { break; } if ((e & 1) == 1) { r = r * x; } x = x * x; e = e >> 1u; }
  return r;
})"},
    {"gcd32", "fn gcd32(a: i32, b: i32) -> i32 { var x = u32(abs(a)); var y = u32(abs(b)); for (var i = 0u; i < 64u; i++) { if (y == 0u) { break; } let r = x % y; x = y; y = r; } return i32(x); }"},
    {"lcm32", "fn lcm32(a: i32, b: i32) -> i32 { let g = gcd32(a, b); if (g == 0) { return 0; } return abs(a) / g * abs(b); }"},
    {"shl32", "fn shl32(a: i32, b: i32, n: i32) -> i32 { if (b < 0 || b >= n) { return 0; } return a << u32(b); }"},
    {"shr32", "fn shr32(a: i32, b: i32, n: i32) -> i32 { if (b < 0 || b >= n) { return select(0, -1, a < 0); } return a >> u32(b); }"},

    // --- floats
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
    {"sinc_", "fn sinc_(x: f32) -> f32 { if (x == 0.0) { return 1.0; } let t = 3.14159265 * x; return sincos_(t).x / t; }"},
    {"erf_near_", "fn erf_near_(x: f32) -> f32 { let z = x * x; return x * (1.128379166 + z * (-0.3761262584 + z * (0.1128358526 + z * (-0.02685381563 + z * (0.005188333773 + z * (-8.010241893e-4 + z * 7.854008748e-5)))))); }"},
    // for x from 1 on
    {"erfc_far_", R"(fn erfc_far_(x: f32) -> f32 {
  if (x > 10.1) { return 0.0; }
  let w = 1.0 / (x * x);
  var p = 0.0;
  if (x < 2.0) { p = 0.5638259442 + w * (-0.2741127253 + w * (0.3404881425 + w * (-0.4944520760 + w * (0.6210016627 + w * (-0.5824749461 + w * (0.3687438324 + w * (-0.1387045693 + w * 0.02326832391))))))); }
  else { p = 0.5641894239 + w * (-0.2820675620 + w * (0.4215011184 + w * (-1.009177464 + w * (2.864259729 + w * (-7.207553845 + w * (12.22611836 + w * -9.689368446)))))); }
  // x^2 in two parts: its rounding would show in the exponential.
  let h = bitcast<f32>(bits(x) & 0xfffff000u);
  return exp_(-h * h) * exp_(-(x - h) * (x + h)) * p / x;
})"},
    {"erf_", "fn erf_(x: f32) -> f32 { if (is_nan(x)) { return x; } let a = abs(x); if (a < 1.0) { return erf_near_(x); } return copysign_(1.0 - erfc_far_(a), x); }"},
    {"erfc_", "fn erfc_(x: f32) -> f32 { if (is_nan(x)) { return x; } if (abs(x) < 1.0) { return 1.0 - erf_near_(x); } let r = erfc_far_(abs(x)); return select(r, 2.0 - r, x < 0.0); }"},
    {"erfinv_", R"(fn erfinv_(y: f32) -> f32 {
  let a = abs(y);
  if (!(a < 1.0)) { return select(nan_(), copysign_(inf_(), y), a == 1.0); }
  let w = -log_((1.0 - a) * (1.0 + a));
  // A start good to a few thousandths, then Newton's steps on the side where nothing cancels.
  let k = 4.33075 + 0.5 * -w;
  var x = sqrt(max(sqrt(k * k + 6.8027 * w) - k, 0.0));
  for (var i = 0u; i < 3u; i++) {
    let off = select(erf_(x) - a, (1.0 - a) - erfc_(x), a > 0.5);
    x -= off * exp_(x * x) * 0.886226925;
  }
  return copysign_(x, y);
})"},
    {"gelu_", "fn gelu_(x: f32) -> f32 { return 0.5 * x * (1.0 + erf_(x * 0.707106781)); }"},
    {"gelu_grad_", "fn gelu_grad_(x: f32) -> f32 { return 0.5 * (1.0 + erf_(x * 0.707106781)) + x * exp_(-0.5 * x * x) * 0.398942280; }"},
    {"gelu_inner_", "fn gelu_inner_(x: f32) -> f32 { return 0.797884561 * (x + 0.044715 * x * x * x); }"},
    {"gelu_tanh_grad_", "fn gelu_tanh_grad_(x: f32) -> f32 { let t = tanh_(gelu_inner_(x)); return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * 0.797884561 * (1.0 + 0.134145 * x * x); }"},
    {"silu_grad_", "fn silu_grad_(x: f32) -> f32 { let s = sigmoid_(x); return s * (1.0 + x * (1.0 - s)); }"},
    // Exact: takes away b times powers of two.
    {"fmod_", R"(fn fmod_(a: f32, b: f32) -> f32 {
  if (is_nan(a) || is_nan(b) || is_inf(a) || b == 0.0) { return nan_(); }
  var r = abs(a); let y = abs(b);
  if (is_inf(b)) { return a; }
  for (var i = 0u; i < 300u; i++) {
    if (r < y) { break; }
    let e = i32(bits(r) >> 23u) - i32(max(bits(y) >> 23u, 1u));
    var t = scale2_(y, min(e, 250));
    if (t > r) { t = 0.5 * t; }
    r -= t;
  }
  return copysign_(r, a);
})"},
    {"remainder_", "fn remainder_(a: f32, b: f32) -> f32 { let r = fmod_(a, b); return select(r, r + b, r != 0.0 && ((b < 0.0) != (r < 0.0))); }"},
    {"floordiv_", R"(fn floordiv_(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return a / b; }
  let m = fmod_(a, b); var q = (a - m) / b;
  if (m != 0.0 && ((b < 0.0) != (m < 0.0))) { q -= 1.0; }
  if (q == 0.0) { return copysign_(0.0, a / b); }
  let w = floor(q);
  return select(w, w + 1.0, q - w > 0.5);
})"},
    {"pow_", R"(fn pow_(a: f32, b: f32) -> f32 {
  if (b == 0.0 || a == 1.0) { return 1.0; }
  if (is_nan(a) || is_nan(b)) { return nan_(); }
  if (b == 2.0) { return a * a; }
  let whole = floor(b) == b; let x = abs(a);
  let flip = whole && x > -1.0 && (bits(a) >> 31u) == 1u && abs(b) < 16777216.0 && (u32(abs(b)) & 1u) == 1u;
  var r = 0.0;
  if (x == 0.0 || is_inf(x)) { r = select(0.0, inf_(), (x == 0.0) == (b < 0.0)); }
  else if (is_inf(b)) { r = select(select(0.0, inf_(), (x > 1.0) == (b > 0.0)), 1.0, x == 1.0); }
  else if (a < 0.0 && !whole) { return nan_(); }
  else if (whole && abs(b) <= 32.0) {
    r = 1.0; var y = x; var e = u32(abs(b));
    for (var i = 0u; i < 6u; i++) { if ((e & 1u) == 1u) { r = r * y; } y = y * y; e = e >> 1u; }
    if (b < 0.0) { r = 1.0 / r; }
  } else {
    let l = logs_(x); let high = b * l.x; let low = b * l.y * 1.44269504; let n = round(high + low);
    if (n > 128.0) { r = inf_(); } else if (n >= -150.0) { r = scale2_(exp_near_((fma(b, l.x, -n) + low) * 0.693147181), i32(n)); }
  }
  return select(r, -r, flip);
})"},
    {"hypot_", R"(fn hypot_(a: f32, b: f32) -> f32 {
  let x = max(abs(a), abs(b)); let y = min(abs(a), abs(b));
  if (is_inf(a) || is_inf(b)) { return inf_(); }
  if (is_nan(a) || is_nan(b)) { return nan_(); }
  if (x == 0.0) { return 0.0; }
  let r = y / x;
  return x * sqrt(1.0 + r * r);
})"},
    {"nextafter_", R"(fn nextafter_(a: f32, b: f32) -> f32 {
  if (is_nan(a) || is_nan(b)) { return nan_(); }
  if (a == b) { return b; }
  if (a == 0.0) { return bitcast<f32>((bits(b) & 0x80000000u) | 1u); }
  return bitcast<f32>(select(bits(a) - 1u, bits(a) + 1u, (a < b) == (a > 0.0)));
})"},
    {"logaddexp_", "fn logaddexp_(a: f32, b: f32) -> f32 { if (is_inf(a) && a == b) { return a; } return max_(a, b) + log1p_(exp_(-abs(a - b))); }"},
    {"logaddexp2_", "fn logaddexp2_(a: f32, b: f32) -> f32 { if (is_inf(a) && a == b) { return a; } return max_(a, b) + log1p_(exp2_(-abs(a - b))) * 1.44269504; }"},
    {"xlogy_", "fn xlogy_(a: f32, b: f32) -> f32 { if (is_nan(b)) { return b; } if (a == 0.0) { return 0.0; } return a * log_(b); }"},
    // sin(pi x)
    {"sinpi_", "fn sinpi_(x: f32) -> f32 { let n = round(x); let s = sincos_(3.14159265 * (x - n)).x; return select(s, -s, (i32(n) & 1) == 1); }"},
    {"lgamma_", R"(fn lgamma_(x0: f32) -> f32 {
  if (is_nan(x0)) { return x0; }
  if (is_inf(x0) || (x0 <= 0.0 && floor(x0) == x0)) { return inf_(); }
  var x = x0; var base = 0.0; var turn = 1.0;
  if (x < 0.5) { base = log_(3.14159265 / abs(sinpi_(x))); turn = -1.0; x = 1.0 - x; }
  var w = 1.0;
  for (var i = 0u; i < 8u; i++) { if (x >= 8.0) { break; } w = w * x; x += 1.0; }
  let i = 1.0 / x; let z = i * i;
  let s = (x - 0.5) * log_(x) - x + 0.918938533 + i * (0.0833333333 + z * (-0.00277777778 + z * 7.93650794e-4)) - log_(w);
  return base + turn * s;
})"},
    {"digamma_", R"(fn digamma_(x0: f32) -> f32 {
  if (x0 == 0.0) { return copysign_(inf_(), -x0); }
  if (x0 < 0.0 && floor(x0) == x0) { return nan_(); }
  var x = x0; var r = 0.0;
  if (x < 0.0) { let p = sincos_(3.14159265 * (x - trunc(x))); r = -3.14159265 * p.y / p.x; x = 1.0 - x; }
  for (var i = 0u; i < 10u; i++) { if (x >= 10.0) { break; } r -= 1.0 / x; x += 1.0; }
  let z = 1.0 / (x * x);
  return r + log_(x) - 0.5 / x - z * (0.0833333333 - z * (0.00833333333 - z * 0.00396825397));
})"},
    // Hurwitz zeta(s, x) for whole s > 1
    {"zeta_", R"(fn zeta_(s: f32, x: f32) -> f32 {
  if (x <= 0.0 && floor(x) == x) { return inf_(); }
  var a = x; var sum = 0.0;
  for (var i = 0u; i < 200u; i++) { if (a >= 9.0) { break; } sum += pow_(a, -s); a += 1.0; }
  let t = pow_(a, -s); let z = 1.0 / (a * a);
  return sum + t * a / (s - 1.0) + 0.5 * t + s * t / a * (0.0833333333 - (s + 1.0) * (s + 2.0) * z * (0.00138888889 - (s + 3.0) * (s + 4.0) * z * 3.30687831e-5));
})"},

    // --- indices
    {"inside", "fn inside(j: vec2<u32>, n: u32) -> bool { return j.y == 0u && j.x < n; }"},
};

}  // namespace

std::string helpers_for(const std::string& text) {
  std::vector<const char*> chosen;
  std::string all = text;
  for (size_t k = std::size(kHelpers); k-- > 0;) {
    std::string call = std::string(kHelpers[k].name) + "(";
    bool used = false;
    // A whole word: exp_( is not in erfexp_(.
    for (size_t at = all.find(call); !used && at != std::string::npos; at = all.find(call, at + 1)) used = at == 0 || !(std::isalnum(static_cast<unsigned char>(all[at - 1])) || all[at - 1] == '_');
    if (!used) continue;
    chosen.push_back(kHelpers[k].code);
    all += kHelpers[k].code;
  }
  std::string out;
  for (size_t k = chosen.size(); k-- > 0;) out += std::string(chosen[k]) + "\n";
  return out;
}

}  // namespace weightroom::gpu

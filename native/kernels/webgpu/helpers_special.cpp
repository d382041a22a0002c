// Special functions, remainders and powers; the rules of helpers_floats.cpp hold here too.
#include "kernels/webgpu/helpers.h"

namespace weightroom::gpu {
namespace {
const Helper kHelpers[] = {
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
  if (x < 3.5) {
    // Around the zeros at 1 and 2 nothing may cancel: lgamma(2 + z) / z is a polynomial's.
    var l = 0.0; var z = x - 2.0;
    if (x >= 2.5) { z = x - 3.0; l = log_(x - 1.0); } else if (x < 1.5) { z = x - 1.0; l = -log1p_(z); }
    return base + turn * (l + z * (0.4227843351 + z * (0.3224670336 + z * (-0.06735230177 + z * (0.02058079209 + z * (-0.007385524617 + z * (0.002890897976 + z * (-0.001193128972 +
      z * (5.059866337e-4 + z * (-2.206230170e-4 + z * (1.143895164e-4 + z * -5.304985363e-5)))))))))));
  }
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
};
}  // namespace

std::span<const Helper> special_helpers() { return kHelpers; }

}  // namespace weightroom::gpu

// The WGSL library: what kernels call, and only that, is put before them. Here: bits, half types, integers, indices.
#include <vector>

#include "kernels/webgpu/helpers.h"

namespace weightroom::gpu {
namespace {

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
    // out of range, and of NaN, what x86 gives PyTorch
    {"i32_of_f32", "fn i32_of_f32(x: f32) -> i32 { if (is_nan(x) || x < -2147483648.0 || x >= 2147483648.0) { return i32(-2147483648); } return i32(x); }"},
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

    // --- indices
    {"inside", "fn inside(j: vec2<u32>, n: u32) -> bool { return j.y == 0u && j.x < n; }"},
};

}  // namespace

std::string helpers_for(const std::string& text) {
  std::vector<const char*> chosen;
  std::string all = text;
  // From those that call to those that are called.
  for (std::span<const Helper> table : {special_helpers(), float_helpers(), std::span<const Helper>(kHelpers)})
    for (size_t k = table.size(); k-- > 0;) {
      std::string call = std::string(table[k].name) + "(";
      bool used = false;
      // A whole word: exp_( is not in erfexp_(.
      for (size_t at = all.find(call); !used && at != std::string::npos; at = all.find(call, at + 1)) used = at == 0 || !(std::isalnum(static_cast<unsigned char>(all[at - 1])) || all[at - 1] == '_');
      if (!used) continue;
      chosen.push_back(table[k].code);
      all += table[k].code;
    }
  std::string out;
  for (size_t k = chosen.size(); k-- > 0;) out += std::string(chosen[k]) + "\n";
  return out;
}

}  // namespace weightroom::gpu

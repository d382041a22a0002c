#include "kernels/webgpu/wgsl.h"

namespace weightroom::gpu {

const char* type_of(Compute c) { return c == Compute::f32 ? "f32" : c == Compute::i32 ? "i32" : "vec2<u32>"; }
const char* zero_of(Compute c) { return c == Compute::f32 ? "0.0" : c == Compute::i32 ? "0" : "vec2<u32>(0u, 0u)"; }
const char* one_of(Compute c) { return c == Compute::f32 ? "1.0" : c == Compute::i32 ? "1" : "vec2<u32>(1u, 0u)"; }

const char* element_type(DType t) {
  if (is_floating(t)) return "f32";
  return t == DType::int64 ? "vec2<u32>" : t == DType::boolean ? "u32" : "i32";
}

std::string load_as(DType t, const std::string& e, Compute c) {
  switch (domain_of(t)) {
    case Compute::f32: return c == Compute::f32 ? e : c == Compute::i64 ? "i64_of_f32(" + e + ")" : "bitcast<i32>(i64_of_f32(" + e + ").x)";
    case Compute::i64: return c == Compute::i64 ? e : c == Compute::f32 ? "f32_of_i64(" + e + ")" : "bitcast<i32>((" + e + ").x)";
    default:
      if (t == DType::boolean && c == Compute::i64) return "vec2<u32>(" + e + ", 0u)";
      return c == Compute::i32 ? (t == DType::boolean ? "i32(" + e + ")" : e) : c == Compute::f32 ? "f32(" + e + ")" : "i64_of_i32(" + e + ")";
  }
}

std::string store_as(DType t, const std::string& v, Compute c) {
  std::string f = c == Compute::f32 ? v : c == Compute::i32 ? "f32(" + v + ")" : "f32_of_i64(" + v + ")";
  auto word = [&] { return c == Compute::i32 ? "(" + v + ")" : c == Compute::i64 ? "bitcast<i32>((" + v + ").x)" : "i32_of_f32(" + v + ")"; };
  switch (t) {
    case DType::float32: return f;
    case DType::float16: return "to_half(" + f + ")";
    case DType::bfloat16: return "to_bfloat(" + f + ")";
    case DType::int64: return c == Compute::i64 ? v : c == Compute::i32 ? "i64_of_i32(" + v + ")" : "i64_of_f32(" + v + ")";
    case DType::boolean: return c == Compute::f32 ? "u32((bits(" + v + ") & 0x7fffffffu) != 0u)" : c == Compute::i64 ? "u32(any((" + v + ") != vec2<u32>(0u, 0u)))" : "u32((" + v + ") != " + zero_of(c) + ")";
    case DType::uint8: return word() + " & 255";
    case DType::int8: return "(" + word() + " << 24u) >> 24u";
    case DType::int16: return "(" + word() + " << 16u) >> 16u";
    default: return word();
  }
}

}  // namespace weightroom::gpu

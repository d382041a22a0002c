// Element types, in the order of promotion's category and width.
#pragma once
#include <cstdint>
#include <cstring>

namespace weightroom {

enum class DType : uint8_t { float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, boolean };

using half_t = _Float16;

// bfloat16: the upper half of a float32, rounded to nearest even.
struct bfloat16_t {
  uint16_t bits = 0;
  bfloat16_t() = default;
  bfloat16_t(float f) {
    uint32_t u;
    std::memcpy(&u, &f, 4);
    if ((u & 0x7fffffffu) > 0x7f800000u) bits = uint16_t((u >> 16) | 0x40);
    else bits = uint16_t((u + 0x7fffu + ((u >> 16) & 1)) >> 16);
  }
  operator float() const {
    uint32_t u = uint32_t(bits) << 16;
    float f;
    std::memcpy(&f, &u, 4);
    return f;
  }
};

inline size_t itemsize(DType t) {
  constexpr uint8_t sizes[] = {4, 8, 2, 2, 8, 4, 2, 1, 1, 1};
  return sizes[size_t(t)];
}
inline bool is_floating(DType t) { return t <= DType::bfloat16; }
inline const char* dtype_name(DType t) {
  constexpr const char* names[] = {"float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"};
  return names[size_t(t)];
}
// PyTorch's name in sentences: "Float", "Long".
inline const char* scalar_type_name(DType t) {
  constexpr const char* names[] = {"Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"};
  return names[size_t(t)];
}
// PyTorch's C name in gemm sentences: "float", "double".
inline const char* c_type_name(DType t) {
  constexpr const char* names[] = {"float", "double", "c10::Half", "c10::BFloat16", "long int", "int", "short int", "signed char", "unsigned char", "bool"};
  return names[size_t(t)];
}

template <typename T> struct dtype_of;
template <> struct dtype_of<float> { static constexpr DType value = DType::float32; };
template <> struct dtype_of<double> { static constexpr DType value = DType::float64; };
template <> struct dtype_of<half_t> { static constexpr DType value = DType::float16; };
template <> struct dtype_of<bfloat16_t> { static constexpr DType value = DType::bfloat16; };
template <> struct dtype_of<int64_t> { static constexpr DType value = DType::int64; };
template <> struct dtype_of<int32_t> { static constexpr DType value = DType::int32; };
template <> struct dtype_of<int16_t> { static constexpr DType value = DType::int16; };
template <> struct dtype_of<int8_t> { static constexpr DType value = DType::int8; };
template <> struct dtype_of<uint8_t> { static constexpr DType value = DType::uint8; };
template <> struct dtype_of<bool> { static constexpr DType value = DType::boolean; };

// What an element type is computed in: half types in float.
template <typename T> struct compute_of { using type = T; };
template <> struct compute_of<half_t> { using type = float; };
template <> struct compute_of<bfloat16_t> { using type = float; };
template <typename T> using compute_t = typename compute_of<T>::type;

// Calls f.operator()<T>() with the C++ type of `t`.
template <typename F> decltype(auto) dispatch_all(DType t, F&& f) {
  switch (t) {
    case DType::float32: return f.template operator()<float>();
    case DType::float64: return f.template operator()<double>();
    case DType::float16: return f.template operator()<half_t>();
    case DType::bfloat16: return f.template operator()<bfloat16_t>();
    case DType::int64: return f.template operator()<int64_t>();
    case DType::int32: return f.template operator()<int32_t>();
    case DType::int16: return f.template operator()<int16_t>();
    case DType::int8: return f.template operator()<int8_t>();
    case DType::uint8: return f.template operator()<uint8_t>();
    default: return f.template operator()<bool>();
  }
}
template <typename F> decltype(auto) dispatch_floating(DType t, F&& f) {
  switch (t) {
    case DType::float64: return f.template operator()<double>();
    case DType::float16: return f.template operator()<half_t>();
    case DType::bfloat16: return f.template operator()<bfloat16_t>();
    default: return f.template operator()<float>();
  }
}

// A number as the user wrote it; its kind decides promotion.
struct Scalar {
  enum class Kind : uint8_t { boolean, integer, floating } kind = Kind::floating;
  double d = 0;
  int64_t i = 0;
  Scalar(double v) : kind(Kind::floating), d(v), i(int64_t(v)) {}
  Scalar(int64_t v) : kind(Kind::integer), d(double(v)), i(v) {}
  Scalar(int v) : Scalar(int64_t(v)) {}
  Scalar(bool v) : kind(Kind::boolean), d(v), i(v) {}
  template <typename T> T to() const {
    if (kind == Kind::floating) return T(compute_t<T>(d));
    return T(compute_t<T>(i));
  }
};

// PyTorch's torch.promote_types.
inline DType promote_types(DType a, DType b) {
  if (a == b) return a;
  auto rank = [](DType t) {
    switch (t) {
      case DType::boolean: return 0;
      case DType::uint8: return 1;
      case DType::int8: return 2;
      case DType::int16: return 3;
      case DType::int32: return 4;
      case DType::int64: return 5;
      case DType::float16: return 6;
      case DType::bfloat16: return 7;
      case DType::float32: return 8;
      default: return 9;
    }
  };
  if (rank(a) > rank(b)) { DType t = a; a = b; b = t; }
  if (a == DType::uint8 && b == DType::int8) return DType::int16;
  if (a == DType::float16 && b == DType::bfloat16) return DType::float32;
  return b;
}

}  // namespace weightroom

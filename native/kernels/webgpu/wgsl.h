// WGSL: how element types lie in buffers, and the expression of each element-wise op beside its C++ functor's name.
#pragma once
#include <string>

#include "kernels/backend.h"

namespace weightroom::gpu {

// Every element takes four bytes, int64 eight (low and high word). 64-bit integers are computed in 32 bits: exact within
// int32's range, which is what indices and counts need. Booleans are words of 0 and 1.
inline size_t element_bytes(DType t) { return t == DType::int64 ? 8 : 4; }

enum class Compute { f32, i32 };
inline Compute domain_of(DType t) { return is_floating(t) ? Compute::f32 : Compute::i32; }
inline const char* compute_name(Compute c) { return c == Compute::f32 ? "f32" : "i32"; }

std::string buffer_type(DType t);
// The element `at` of buffer `name`, as a value of type `c`.
std::string load(const std::string& name, DType t, const std::string& at, Compute c);
// Statement that stores `value` of type `c`.
std::string store(const std::string& name, DType t, const std::string& at, const std::string& value, Compute c);

// Expressions over `a` (and `b`), parameters p and q, alpha p. Empty: the op has no kernel for this type.
std::string unary_expression(UnaryOp op, Compute c);
std::string binary_expression(BinaryOp op, Compute c);
// Helper functions that expressions call.
extern const char* const kPrelude;

}  // namespace weightroom::gpu

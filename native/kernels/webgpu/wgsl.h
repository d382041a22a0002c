// WGSL: how element types lie in buffers and what they are computed in, the expression of each element-wise op beside its
// C++ functor's name, and the functions these expressions call.
#pragma once
#include <string>

#include "kernels/backend.h"

namespace weightroom::gpu {

// Every element is one word, int64 two (low, high). Half types are floats rounded to their precision when stored; small
// integers are wrapped when stored; booleans are 0 and 1.
inline size_t element_bytes(DType t) { return t == DType::int64 ? 8 : 4; }

// What values are computed in. i64: vec2<u32>(low, high), exact.
enum class Compute : uint8_t { f32, i32, i64 };
inline Compute domain_of(DType t) { return is_floating(t) ? Compute::f32 : t == DType::int64 ? Compute::i64 : Compute::i32; }
const char* type_of(Compute c);
const char* zero_of(Compute c);
const char* one_of(Compute c);
const char* element_type(DType t);
// The buffer element `e` of type `t` as a value of `c`, and a value `v` of `c` as an element to store.
std::string load_as(DType t, const std::string& e, Compute c);
std::string store_as(DType t, const std::string& v, Compute c);

// Expressions over a (and b) with parameters p and q, all of type `c`; predicates and comparisons are bool. nullptr: the op
// has no kernel in this domain. p is add's and sub's factor; q is the number of bits for integer shifts.
const char* unary_expression(UnaryOp op, Compute c);
const char* binary_expression(BinaryOp op, Compute c);

// Those library functions that `text` needs, in order.
std::string helpers_for(const std::string& text);

}  // namespace weightroom::gpu

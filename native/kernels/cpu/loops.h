// Element-wise and reducing loops over contiguous memory in a compute type (halves are computed in float32): compiled for each instruction set
// and chosen at run time. Strides, half types and threads are the caller's (tiles.h).
#pragma once
#include <cstdint>

#include "kernels/backend.h"

namespace weightroom {

using UnaryLoop = void (*)(int64_t n, void* out, const void* in, double p, double q);
using BinaryLoop = void (*)(int64_t n, void* out, const void* a, const void* b, double alpha);
using CastLoop = void (*)(int64_t n, void* out, const void* in);
using WhereLoop = void (*)(int64_t n, void* out, const bool* cond, const void* a, const void* b);
// Takes n more elements into acc: double where the type is floating, int64_t otherwise.
using ReduceLoop = void (*)(int64_t n, const void* in, void* acc);

// Calls f.operator()<T>() with an unsigned type of so many bytes, for code that only moves elements.
template <typename F> decltype(auto) dispatch_width(size_t itemsize, F&& f) {
  switch (itemsize) {
    case 1: return f.template operator()<uint8_t>();
    case 2: return f.template operator()<uint16_t>();
    case 4: return f.template operator()<uint32_t>();
    default: return f.template operator()<uint64_t>();
  }
}

// The type that elements of `t` are computed in.
constexpr DType compute_dtype(DType t) { return t == DType::float16 || t == DType::bfloat16 ? DType::float32 : t; }

namespace loops {
// `t`: a compute type. out may be an input (the very same elements), else they do not overlap. Predicates and comparisons write bool.
UnaryLoop of(UnaryOp op, DType t);
BinaryLoop of(BinaryOp op, DType t);
// Into one number, and element by element into n of them. The mean's is the sum.
ReduceLoop reduce(ReduceOp op, DType t);
ReduceLoop reduce_columns(ReduceOp op, DType t);
CastLoop cast(DType to, DType from);
WhereLoop where(size_t itemsize);
// float16 and bfloat16 to float32 and back, to the nearest even.
CastLoop widen(DType half);
CastLoop narrow(DType half);
// Copies past the caches, for results that leave them before anybody reads them. out at a multiple of 64 bytes.
// Other threads see it after stream_end().
void stream_copy(void* out, const void* in, size_t bytes);
void stream_end();
}  // namespace loops

}  // namespace weightroom

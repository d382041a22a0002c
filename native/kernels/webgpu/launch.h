// Kernels from text. A kernel's body names its operands: for an operand "x" it finds load_x(i) and, where it writes,
// store_x(i, value), which convert between the element type and what is computed in, and add the view's offset; so one text
// serves every dtype. A buffer is bound once however many operands lie in it.
#pragma once
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernels/webgpu/queue.h"
#include "kernels/webgpu/wgsl.h"

namespace weightroom::gpu {

// update: written by several invocations at once; the body finds update_x(i, value), which combines by the kernel's
// combine_x(old, value) (int64: adds).
enum class Access : uint8_t { read, write, update };
struct Operand { const char* name; Tensor tensor; Access access; Compute compute; };
inline Operand in(const char* name, const Tensor& t) { return {name, t, Access::read, domain_of(t.dtype())}; }
inline Operand in(const char* name, const Tensor& t, Compute c) { return {name, t, Access::read, c}; }
inline Operand out(const char* name, const Tensor& t) { return {name, t, Access::write, domain_of(t.dtype())}; }
inline Operand out(const char* name, const Tensor& t, Compute c) { return {name, t, Access::write, c}; }
inline Operand update(const char* name, const Tensor& t) { return {name, t, Access::update, domain_of(t.dtype())}; }

inline uint32_t word(double v) { float f = float(v); uint32_t u; std::memcpy(&u, &f, 4); return u; }
inline std::vector<uint32_t> words(std::initializer_list<int64_t> v) { return std::vector<uint32_t>(v.begin(), v.end()); }
inline void push64(std::vector<uint32_t>& to, int64_t v) { to.push_back(uint32_t(uint64_t(v))); to.push_back(uint32_t(uint64_t(v) >> 32)); }

struct Kernel {
  std::string name;                 // of the op, in errors
  std::string variant;              // what else the text depends on, beside operands
  std::vector<Operand> operands;
  std::vector<uint32_t> params;     // the body finds word(k), number(k) (a float) and whole(k) (an int64 of two words)
  std::function<std::string()> body;
  std::string declare;              // before main: shared memory, functions
  std::optional<Site> site;         // the body finds complain(value): the next read throws this
};

// `groups` workgroups of `width` invocations; the body finds `group` and `lane`.
void launch(Queue& queue, Kernel k, uint64_t groups, uint32_t width);

// One invocation an element of `shape`, over which every operand has strides (0 where it is broadcast); the body finds the
// element's number in `i` and operand x's place in `i_x`.
void map(Queue& queue, Kernel k, const Dims& shape);

// `t` seen as another shape over its memory.
inline Tensor seen(const Tensor& t, Dims sizes, Dims strides) { return make_view(t.impl()->storage, std::move(sizes), std::move(strides), t.offset(), t.dtype()); }

// Dimensions that every operand walks as one become one; those of size 1 vanish.
void coalesce(Dims& sizes, std::vector<Dims>& strides);

}  // namespace weightroom::gpu

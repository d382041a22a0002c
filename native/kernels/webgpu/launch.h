// Kernels from text: buffers are bound once each however many operands share one, sizes and strides travel as parameters.
#pragma once
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "kernels/webgpu/queue.h"
#include "kernels/webgpu/wgsl.h"

namespace weightroom::gpu {

struct Operand { Tensor tensor; bool write = false; };
inline Operand in(const Tensor& t) { return {t, false}; }
inline Operand out(const Tensor& t) { return {t, true}; }

inline uint32_t word(double v) { float f = float(v); uint32_t u; std::memcpy(&u, &f, 4); return u; }

// Writes the WGSL of main's body, given each operand's buffer name.
using Body = std::function<std::string(const std::vector<std::string>& buffers)>;

// One invocation an element of `shape`, over which every operand has strides (0 where it is broadcast). The body finds
// operand k's element at index `i<k>`, the element's number in `i`, and `extra` as word(0), word(1) … and number(0) ….
void map(const std::string& key, const Dims& shape, const std::vector<Operand>& operands, const std::vector<uint32_t>& extra, const Body& body);

// Full control: `groups` workgroups of `width` invocations; the body finds P (parameters), `group`, `lane` and `number(k)`;
// `declare` stands before main (shared memory).
void launch(const std::string& key, uint64_t groups, uint32_t width, const std::vector<Operand>& operands, const std::vector<uint32_t>& params, const std::string& declare, const Body& body,
            bool atomic_output = false);

}  // namespace weightroom::gpu

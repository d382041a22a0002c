// The tables of the WGSL library; helpers_for() (wgsl.h) takes from them what a kernel calls.
#pragma once
#include <span>

#include "kernels/webgpu/wgsl.h"

namespace weightroom::gpu {

struct Helper { const char* name; const char* code; };

// A function stands after those it calls, in one table or an earlier one.
std::span<const Helper> float_helpers();    // helpers_floats.cpp: elementary functions
std::span<const Helper> special_helpers();  // helpers_special.cpp: erf, gelu, powers, gamma and what is built of them

}  // namespace weightroom::gpu

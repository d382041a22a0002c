// Copies whose result runs along another dim than their source, by tiles that stay in the first cache.
#pragma once
#include "kernels/cpu/iterate.h"

namespace weightroom::cpu {

// Does the copy of walk.base[1] to walk.base[0], elements of `size` bytes, if it is one of those.
bool transposed_copy(const Walk<2>& walk, size_t size);

}  // namespace weightroom::cpu

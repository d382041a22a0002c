// The webgpu device as a Backend. Kernels are WGSL; Queue carries them to the worker.
#pragma once
#include "kernels/backend.h"

namespace weightroom {

Backend& webgpu_backend();

}  // namespace weightroom

// The webgpu device as a Backend. Kernels are WGSL; a Queue carries them to the worker.
#pragma once
#include <memory>

#include "kernels/backend.h"
#include "kernels/webgpu/queue.h"

namespace weightroom {

// The backend of this thread, over `queue`. Valid until the next call.
Backend* webgpu_backend(std::shared_ptr<gpu::Queue> queue);

}  // namespace weightroom

#include "kernels/transfer.h"

#include "core/error.h"
#include "kernels/backend.h"

namespace weightroom {

Tensor transfer(const Tensor& a, Device device) {
  Tensor from = a;
  if (!a.is_contiguous() || a.offset() != 0) {
    from = backend(a).empty(a.sizes(), a.dtype());
    backend(a).copy(from, a);
  }
  Tensor out = backend(device).empty(a.sizes(), a.dtype());
  // One side is the CPU: the other one knows how to read and write its own memory.
  if (device.is_cpu()) backend(from).read(out.impl()->storage->data(), from);
  else backend(out).write(out, from.impl()->storage->data());
  return out;
}

}  // namespace weightroom

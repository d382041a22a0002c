// Copies between devices. The result is a fresh contiguous tensor on `device`, without history.
#pragma once
#include "core/tensor.h"

namespace weightroom {
Tensor transfer(const Tensor& a, Device device);
}  // namespace weightroom

// Copying and zeroing runs of bytes, past the caches where the result is too large to stay in them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/tensor.h"
#include "kernels/cpu/loops.h"
#include "kernels/cpu/tiles.h"

namespace weightroom::cpu {

// After streamed runs, by each thread that wrote some.
inline void flush_runs(bool stream) { if (stream) loops::stream_end(); }

constexpr size_t kShortRun = 512;
inline size_t to_line(const char* p) { return size_t(-reinterpret_cast<uintptr_t>(p)) & 63; }
inline void copy_run(char* to, const char* from, size_t n, bool stream) {
  const size_t head = stream && n >= kShortRun ? to_line(to) : n;
  std::memcpy(to, from, head);
  if (head < n) loops::stream_copy(to + head, from + head, n - head);
}
inline void zero_run(char* to, size_t n, bool stream) {
  alignas(64) static constexpr char zeros[4096] = {};
  const size_t head = stream && n >= kShortRun ? to_line(to) : n;
  std::memset(to, 0, head);
  for (size_t i = head; i < n; i += sizeof zeros) loops::stream_copy(to + i, zeros, std::min(n - i, sizeof zeros));
}

}  // namespace weightroom::cpu

// Runs loops over contiguous memory on tensors of any strides and half types: a tile at a time, which stays in the first cache.
#pragma once
#include <cstring>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/loops.h"

namespace weightroom {

constexpr int64_t kTile = 1024;  // elements
// Results of this size leave the caches before anybody reads them: written past the caches instead of fetching each line first.
// Measured: no difference at 1 MiB, twice as fast at 2 MiB where results come and go until the collector runs. Not where out is also read.
constexpr int64_t kStreamBytes = 3 << 19;
// Whether a kernel that reads `in` writes `out` so.
inline bool streams(const Tensor& out, std::initializer_list<const Tensor*> in = {}) {
  if (out.numel() * int64_t(itemsize(out.dtype())) < kStreamBytes) return false;
  for (const Tensor* t : in)
    if (t->impl()->storage == out.impl()->storage) return false;
  return true;
}

struct alignas(64) Tile { char bytes[kTile * 8]; };

// n elements of `size` bytes, `from` and `to` apart by their strides in bytes.
inline void move_elements(char* out, int64_t to, const char* in, int64_t from, size_t size, int64_t n) {
  if (to == int64_t(size) && from == to) {
    std::memcpy(out, in, size_t(n) * size);
    return;
  }
  dispatch_width(size, [&]<typename U>() {
    if (to == int64_t(sizeof(U)) && from == 0) {
      U v;
      std::memcpy(&v, in, sizeof v);
      std::fill_n(reinterpret_cast<U*>(out), n, v);
      return;
    }
    for (int64_t i = 0; i < n; ++i, out += to, in += from) *reinterpret_cast<U*>(out) = *reinterpret_cast<const U*>(in);
  });
}

// An input's elements in the order of the output, as its compute type wants them: where they lie, or in a tile of its own.
class TileInput {
 public:
  // `t` has the output's shape.
  explicit TileInput(const Tensor& t) : TileInput(t.dtype()) {
    base_ = t.bytes();
    for (int64_t d = 0; d < t.dim(); ++d) {
      if (t.size(d) == 1) continue;
      const int64_t st = t.stride(d) * size_;
      if (!sizes_.empty() && strides_.back() == st * t.size(d)) {
        sizes_.back() *= t.size(d);
        strides_.back() = st;
      } else {
        sizes_.push_back(t.size(d));
        strides_.push_back(st);
      }
    }
    if (sizes_.empty()) {
      sizes_.push_back(1);
      strides_.push_back(0);
    }
    index_.assign(sizes_.size(), 0);
  }
  // A run: n elements `stride` bytes apart.
  explicit TileInput(DType t) : size_(int64_t(itemsize(t))), half_(compute_dtype(t) != t), widen_(half_ ? loops::widen(t) : nullptr) {}
  void start(const char* p, int64_t stride, int64_t n) {
    base_ = p;
    sizes_.assign(1, n);
    strides_.assign(1, stride);
    start(0);
  }

  // The elements from the i-th on come next.
  void start(int64_t i) {
    index_.assign(sizes_.size(), 0);
    for (size_t d = sizes_.size(); d-- > 0; i /= sizes_[d]) index_[d] = i % sizes_[d];
    filled_ = 0;
  }
  const void* next(int64_t n) {
    const int64_t stride = strides_.back();
    if (sizes_.size() == 1) {
      const char* p = base_ + index_[0] * stride;
      index_[0] += n;
      if (stride == size_ && !half_) return p;
      if (stride == 0 && filled_ >= n) return tile_.bytes;  // the same as in the tile before
      fetch(p, stride, n);
      filled_ = n;
      return tile_.bytes;
    }
    Tile& to = half_ ? raw_ : tile_;
    for (int64_t done = 0; done < n;) {
      const char* p = base_;
      for (size_t d = 0; d < sizes_.size(); ++d) p += index_[d] * strides_[d];
      const int64_t run = std::min(n - done, sizes_.back() - index_.back());
      if (run == n && stride == size_ && !half_) {
        advance(run);
        return p;
      }
      move_elements(to.bytes + done * size_, size_, p, stride, size_t(size_), run);
      advance(run);
      done += run;
    }
    if (half_) widen_(n, tile_.bytes, raw_.bytes);
    return tile_.bytes;
  }

 private:
  void advance(int64_t run) {
    index_.back() += run;
    for (size_t d = sizes_.size(); d-- > 1 && index_[d] == sizes_[d];) {
      index_[d] = 0;
      ++index_[d - 1];
    }
  }
  void fetch(const char* from, int64_t stride, int64_t n) {
    if (!half_) return move_elements(tile_.bytes, size_, from, stride, size_t(size_), n);
    if (stride != size_) {
      move_elements(raw_.bytes, size_, from, stride, size_t(size_), n);
      from = raw_.bytes;
    }
    widen_(n, tile_.bytes, from);
  }

  Dims sizes_, strides_, index_;
  const char* base_ = nullptr;
  int64_t size_, filled_ = 0;
  bool half_;
  CastLoop widen_;
  Tile tile_, raw_;
};

// Calls f(n, out, in...) over tiles of the tensors' elements, contiguous and in their compute types.
template <size_t N, typename F> void for_tiles(const Tensor& out, const std::array<const Tensor*, N>& in, F&& f) {
  if (out.numel() == 0) return;
  if (!out.is_contiguous()) {
    Tensor whole = empty_cpu(out.sizes(), out.dtype());
    for_tiles<N>(whole, in, f);
    cpu_backend().copy(out, whole);
    return;
  }
  const DType type = out.dtype();
  const int64_t size = int64_t(itemsize(type));
  const bool half = compute_dtype(type) != type;
  const bool stream = [&]<size_t... I>(std::index_sequence<I...>) { return streams(out, {in[I]...}); }(std::make_index_sequence<N>());
  // Threads meet between cache lines.
  parallel_for((out.numel() + kTile - 1) / kTile, kGrain / kTile, [&](int64_t first, int64_t last) {
    Tile result, narrowed;
    auto inputs = [&]<size_t... I>(std::index_sequence<I...>) { return std::array<TileInput, N>{TileInput(*in[I])...}; }(std::make_index_sequence<N>());
    const int64_t end = std::min(out.numel(), last * kTile);
    if (first > 0) for (TileInput& t : inputs) t.start(first * kTile);
    const bool aligned = reinterpret_cast<uintptr_t>(out.bytes()) % 64 == 0, past = stream && aligned, direct = !half && !past;
    for (int64_t i = first * kTile; i < end; i += kTile) {
      const int64_t m = std::min(end - i, kTile);
      char* to = out.bytes() + i * size;
      [&]<size_t... I>(std::index_sequence<I...>) { f(m, direct ? static_cast<void*>(to) : result.bytes, inputs[I].next(m)...); }(std::make_index_sequence<N>());
      if (half) loops::narrow(type)(m, past ? narrowed.bytes : to, result.bytes);
      if (past) loops::stream_copy(to, half ? narrowed.bytes : result.bytes, size_t(m * size));
    }
    if (past) loops::stream_end();
  });
}

}  // namespace weightroom

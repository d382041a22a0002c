#include <cmath>
#include <limits>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/runs.h"
#include "kernels/cpu/transpose.h"
#include "kernels/cpu/vec.h"

namespace weightroom {
namespace {

template <typename T> T& at(char* p) { return *reinterpret_cast<T*>(p); }

// The neighbour of a half type: one step of its bits.
template <typename T> T next_bits(T a, T b) {
  float x = float(a), y = float(b);
  if (std::isnan(x) || std::isnan(y)) return T(std::numeric_limits<float>::quiet_NaN());
  if (x == y) return b;
  uint16_t bits;
  std::memcpy(&bits, &a, 2);
  if (x == 0) bits = uint16_t((y < 0 ? 0x8000 : 0) | 1);
  else bits = uint16_t((x < y) == (x > 0) ? bits + 1 : bits - 1);
  T r;
  std::memcpy(static_cast<void*>(&r), &bits, 2);
  return r;
}

// What halves do with their own bits. True when done.
bool half_binary(BinaryOp op, const Tensor& out, const Tensor& a, const Tensor& b) {
  if (itemsize(a.dtype()) != 2 || !is_floating(a.dtype()) || (op != BinaryOp::nextafter && op != BinaryOp::trunc_divide)) return false;
  dispatch_floating(a.dtype(), [&]<typename T>() {
    if constexpr (sizeof(T) == 2) Walk<3>({&out, &a, &b}).run([&](int64_t n, std::array<char*, 3> p, std::array<int64_t, 3> s) {
      for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1], p[2] += s[2]) {
        const T x = at<T>(p[1]), y = at<T>(p[2]);
        // The quotient is rounded to the half type before it is cut, as PyTorch does.
        at<T>(p[0]) = op == BinaryOp::nextafter ? next_bits(x, y) : T(std::trunc(float(T(float(x) / float(y)))));
      }
    });
  });
  return true;
}

}  // namespace

void CpuBackend::fill(const Tensor& out, Scalar value) {
  dispatch_all(out.dtype(), [&]<typename T>() {
    const bool large = streams(out);
    Tile tile;
    std::fill_n(reinterpret_cast<T*>(tile.bytes), large ? kTile : 1, value.to<T>());
    Walk<1>({&out}).run([&](int64_t n, std::array<char*, 1> p, std::array<int64_t, 1> s) {
      if (large && s[0] == int64_t(sizeof(T)) && reinterpret_cast<uintptr_t>(p[0]) % 64 == 0) {
        for (int64_t i = 0; i < n; i += kTile) loops::stream_copy(p[0] + i * s[0], tile.bytes, size_t(std::min(n - i, kTile)) * sizeof(T));
        loops::stream_end();
      } else move_elements(p[0], s[0], tile.bytes, 0, sizeof(T), n);
    });
  });
}

void CpuBackend::copy(const Tensor& out, const Tensor& in) {
  if (out.dtype() == in.dtype()) {
    const size_t size = itemsize(in.dtype());
    const bool large = streams(out, {&in}), shared = out.impl()->storage == in.impl()->storage;
    if (!large && out.is_contiguous() && in.is_contiguous()) {
      std::memmove(out.bytes(), in.bytes(), size_t(in.numel()) * size);
      return;
    }
    const Walk<2> walk({&out, &in});
    if (!shared && cpu::transposed_copy(walk, size)) return;
    walk.run([&](int64_t n, std::array<char*, 2> p, std::array<int64_t, 2> s) {
      const bool whole = s[0] == int64_t(size) && s[1] == s[0];
      if (whole && shared) std::memmove(p[0], p[1], size_t(n) * size);
      else if (whole && large && n >= kTile) {
        cpu::copy_run(p[0], p[1], size_t(n) * size, true);
        loops::stream_end();
      } else move_elements(p[0], s[0], p[1], s[1], size, n);
    });
    return;
  }
  const DType to = compute_dtype(out.dtype()), from = compute_dtype(in.dtype());
  // Between a half type and float32 at once.
  if (to == from && (to == out.dtype() || from == in.dtype()) && out.is_contiguous() && in.is_contiguous()) {
    const CastLoop convert = to == out.dtype() ? loops::widen(in.dtype()) : loops::narrow(out.dtype());
    const size_t o = itemsize(out.dtype()), a = itemsize(in.dtype());
    return parallel_for(out.numel(), kGrain, [&](int64_t b, int64_t e) { convert(e - b, out.bytes() + size_t(b) * o, in.bytes() + size_t(b) * a); });
  }
  const CastLoop loop = loops::cast(to, from);
  for_tiles<1>(out, {&in}, [loop](int64_t n, void* o, const void* a) { loop(n, o, a); });
}

void CpuBackend::unary(UnaryOp op, const Tensor& out, const Tensor& in, double p, double q) {
  if (in.dtype() == DType::float32 && in.is_contiguous() && out.is_contiguous()) {
    float *o = out.data<float>(), *a = in.data<float>();
    if (vec::unary(op, o, a, 0)) {
      const bool stream = streams(out, {&in});
      parallel_for(in.numel(), kGrain, [&](int64_t b, int64_t e) { vec::unary(op, o + b, a + b, e - b, stream); });
      return;
    }
  }
  const UnaryLoop loop = loops::of(op, compute_dtype(in.dtype()));
  for_tiles<1>(out, {&in}, [&](int64_t n, void* o, const void* a) { loop(n, o, a, p, q); });
}

void CpuBackend::binary(BinaryOp op, const Tensor& out, const Tensor& a, const Tensor& b, double alpha) {
  if (half_binary(op, out, a, b)) return;
  if (out.dtype() == DType::float32 && out.is_contiguous() && a.is_contiguous() && b.is_contiguous() && out.numel() > 0) {
    const bool stream = streams(out, {&a, &b});
    float *o = out.data<float>(), *x = a.data<float>(), *y = b.data<float>();
    if (vec::binary(op, o, x, y, 0, 1, 1, float(alpha))) {
      parallel_for(out.numel(), kGrain, [&](int64_t s, int64_t e) { vec::binary(op, o + s, x + s, y + s, e - s, 1, 1, float(alpha), stream); });
      return;
    }
  }
  const BinaryLoop loop = loops::of(op, compute_dtype(a.dtype()));
  for_tiles<2>(out, {&a, &b}, [&](int64_t n, void* o, const void* x, const void* y) { loop(n, o, x, y, alpha); });
}

void CpuBackend::where(const Tensor& out, const Tensor& cond, const Tensor& a, const Tensor& b) {
  // Halves are chosen as bits.
  const size_t size = itemsize(out.dtype());
  auto bits = [size](const Tensor& t) {
    return size == 2 ? make_view(t.impl()->storage, t.sizes(), t.strides(), t.offset(), DType::int16) : t;
  };
  const Tensor o = bits(out), x = bits(a), y = bits(b);
  const WhereLoop loop = loops::where(size);
  for_tiles<3>(o, {&cond, &x, &y}, [loop](int64_t n, void* to, const void* c, const void* p, const void* q) { loop(n, to, static_cast<const bool*>(c), p, q); });
}

void CpuBackend::arange(const Tensor& out, double start, double step) {
  dispatch_all(out.dtype(), [&]<typename T>() {
    T* o = out.data<T>();
    for (int64_t i = 0; i < out.numel(); ++i) {
      if constexpr (std::is_integral_v<T>) o[i] = T(int64_t(start) + i * int64_t(step));
      else o[i] = T(compute_t<T>(std::fma(double(i), step, start)));
    }
  });
}

}  // namespace weightroom

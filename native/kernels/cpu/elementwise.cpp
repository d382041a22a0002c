#include <cmath>
#include <limits>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/functors.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/vec.h"

namespace weightroom {
namespace {

template <typename T> T& at(char* p) { return *reinterpret_cast<T*>(p); }

// One loop an op and element type, so that nothing branches inside; chosen through a table.
using UnaryLoop = void (*)(int64_t n, std::array<char*, 2> p, std::array<int64_t, 2> s, double x, double y);
using BinaryLoop = void (*)(int64_t n, std::array<char*, 3> p, std::array<int64_t, 3> s, double alpha);

// A bound of clamp in an integer type: what is missing is the type's own limit.
template <typename T> T bound(double v) {
  if (std::isinf(v)) return v > 0 ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
  return T(int64_t(v));
}

template <UnaryOp op, typename T> void unary_loop(int64_t n, std::array<char*, 2> p, std::array<int64_t, 2> s, double x, double y) {
  using C = compute_t<T>;
  if constexpr (is_predicate(op)) {
    for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1]) at<bool>(p[0]) = predicate<op>(C(at<T>(p[1])));
  } else if constexpr (std::is_floating_point_v<C>) {
    for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1]) at<T>(p[0]) = T(unary_float<op>(C(at<T>(p[1])), C(x), C(y)));
  } else {
    T low = op == UnaryOp::clamp ? bound<T>(x) : T(0), high = op == UnaryOp::clamp ? bound<T>(y) : T(0);
    for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1]) at<T>(p[0]) = unary_int<op>(at<T>(p[1]), low, high);
  }
}

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

template <BinaryOp op, typename T> void binary_loop(int64_t n, std::array<char*, 3> p, std::array<int64_t, 3> s, double alpha) {
  using C = compute_t<T>;
  for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1], p[2] += s[2]) {
    if constexpr (is_comparison(op)) at<bool>(p[0]) = compare_value<op>(C(at<T>(p[1])), C(at<T>(p[2])));
    else if constexpr (op == BinaryOp::nextafter && sizeof(T) == 2 && std::is_floating_point_v<C>) at<T>(p[0]) = next_bits(at<T>(p[1]), at<T>(p[2]));
    // The quotient is rounded to the half type before it is cut, as PyTorch does.
    else if constexpr (op == BinaryOp::trunc_divide && sizeof(T) == 2 && std::is_floating_point_v<C>) at<T>(p[0]) = T(std::trunc(C(T(C(at<T>(p[1])) / C(at<T>(p[2]))))));
    else if constexpr (std::is_floating_point_v<C>) at<T>(p[0]) = T(binary_float<op>(C(at<T>(p[1])), C(at<T>(p[2])), C(alpha)));
    else at<T>(p[0]) = binary_int<op>(at<T>(p[1]), at<T>(p[2]), bound<T>(alpha));
  }
}

template <typename T, size_t... I> std::array<UnaryLoop, kUnaryOps> unary_loops(std::index_sequence<I...>) { return {&unary_loop<UnaryOp(I), T>...}; }
template <typename T, size_t... I> std::array<BinaryLoop, kBinaryOps> binary_loops(std::index_sequence<I...>) { return {&binary_loop<BinaryOp(I), T>...}; }
UnaryLoop loop_of(UnaryOp op, DType t) {
  return dispatch_all(t, [op]<typename T>() { static const auto table = unary_loops<T>(std::make_index_sequence<kUnaryOps>()); return table[size_t(op)]; });
}
BinaryLoop loop_of(BinaryOp op, DType t) {
  return dispatch_all(t, [op]<typename T>() { static const auto table = binary_loops<T>(std::make_index_sequence<kBinaryOps>()); return table[size_t(op)]; });
}

// Whether a kernel writes contiguous float32 `out` past the caches.
bool streams(const Tensor& out, std::initializer_list<Tensor> in) {
  if (out.numel() < vec::kStream) return false;
  for (const Tensor& t : in)
    if (t.impl()->storage == out.impl()->storage) return false;
  return true;
}

}  // namespace

void CpuBackend::fill(const Tensor& out, Scalar value) {
  dispatch_all(out.dtype(), [&]<typename T>() {
    T v = value.to<T>();
    Walk<1>({&out}).run([&](int64_t n, std::array<char*, 1> p, std::array<int64_t, 1> s) {
      if (s[0] == int64_t(sizeof(T))) std::fill_n(&at<T>(p[0]), n, v);
      else for (int64_t i = 0; i < n; ++i, p[0] += s[0]) at<T>(p[0]) = v;
    });
  });
}

void CpuBackend::copy(const Tensor& out, const Tensor& in) {
  if (out.dtype() == in.dtype()) {
    if (out.is_contiguous() && in.is_contiguous()) {
      std::memmove(out.bytes(), in.bytes(), size_t(in.numel()) * itemsize(in.dtype()));
      return;
    }
    dispatch_all(out.dtype(), [&]<typename T>() {
      Walk<2>({&out, &in}).run([&](int64_t n, std::array<char*, 2> p, std::array<int64_t, 2> s) {
        for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1]) at<T>(p[0]) = at<T>(p[1]);
      });
    });
    return;
  }
  dispatch_all(out.dtype(), [&]<typename O>() {
    dispatch_all(in.dtype(), [&]<typename T>() {
      Walk<2>({&out, &in}).run([&](int64_t n, std::array<char*, 2> p, std::array<int64_t, 2> s) {
        for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1]) {
          if constexpr (std::is_same_v<O, bool>) at<O>(p[0]) = compute_t<T>(at<T>(p[1])) != compute_t<T>(0);
          else if constexpr (std::is_integral_v<O> && !std::is_integral_v<T>) {
            // Out of range is what x86 gives PyTorch: the lowest number of the register it goes through.
            double v = double(compute_t<T>(at<T>(p[1])));
            if constexpr (sizeof(O) == 8) at<O>(p[0]) = O(v >= -9.2233720368547758e18 && v < 9.2233720368547758e18 ? int64_t(v) : INT64_MIN);
            else at<O>(p[0]) = O(v > -2147483649.0 && v < 2147483648.0 ? int32_t(v) : INT32_MIN);
          } else at<O>(p[0]) = O(compute_t<O>(compute_t<T>(at<T>(p[1]))));
        }
      });
    });
  });
}

void CpuBackend::unary(UnaryOp op, const Tensor& out, const Tensor& in, double p, double q) {
  if (in.dtype() == DType::float32 && in.is_contiguous() && out.is_contiguous()) {
    float *o = out.data<float>(), *a = in.data<float>();
    if (vec::unary(op, o, a, 0)) {
      const bool stream = streams(out, {in});
      parallel_for(in.numel(), kGrain, [&](int64_t b, int64_t e) { vec::unary(op, o + b, a + b, e - b, stream); });
      return;
    }
  }
  UnaryLoop loop = loop_of(op, in.dtype());
  Walk<2>({&out, &in}).run([&](int64_t n, std::array<char*, 2> ptr, std::array<int64_t, 2> s) { loop(n, ptr, s, p, q); });
}

void CpuBackend::binary(BinaryOp op, const Tensor& out, const Tensor& a, const Tensor& b, double alpha) {
  BinaryLoop loop = loop_of(op, a.dtype());
  bool floats = out.dtype() == DType::float32, large = streams(out, {a, b});
  Walk<3>({&out, &a, &b}).run([&](int64_t n, std::array<char*, 3> p, std::array<int64_t, 3> s) {
    auto unit = [](int64_t st) { return st == 4 || st == 0; };
    if (floats && s[0] == 4 && unit(s[1]) && unit(s[2]) && vec::binary(op, &at<float>(p[0]), &at<float>(p[1]), &at<float>(p[2]), n, s[1] != 0, s[2] != 0, float(alpha), large && n >= kGrain)) return;
    loop(n, p, s, alpha);
  });
}

void CpuBackend::where(const Tensor& out, const Tensor& cond, const Tensor& a, const Tensor& b) {
  dispatch_all(out.dtype(), [&]<typename T>() {
    Walk<4>({&out, &cond, &a, &b}).run([&](int64_t n, std::array<char*, 4> p, std::array<int64_t, 4> s) {
      for (int64_t i = 0; i < n; ++i) {
        at<T>(p[0]) = at<bool>(p[1]) ? at<T>(p[2]) : at<T>(p[3]);
        for (size_t k = 0; k < 4; ++k) p[k] += s[k];
      }
    });
  });
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

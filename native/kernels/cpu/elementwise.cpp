#include "kernels/cpu/cpu.h"
#include "kernels/cpu/functors.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/vec.h"

namespace weightroom {
namespace {

template <typename T> T& at(char* p) { return *reinterpret_cast<T*>(p); }

// Ops whose loop must not branch on the op inside: one instantiation an op.
template <typename T, typename F> void map(const Tensor& out, const Tensor& in, F f) {
  Walk<2>({&out, &in}).run([&](int64_t n, std::array<char*, 2> p, std::array<int64_t, 2> s) {
    for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1]) at<T>(p[0]) = T(f(compute_t<T>(at<T>(p[1]))));
  });
}

template <UnaryOp op> void unary_float_loop(const Tensor& out, const Tensor& in, double p, double q) {
  dispatch_floating(in.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    map<T>(out, in, [p = C(p), q = C(q)](C x) { return unary_float<C>(op, x, p, q); });
  });
}

template <size_t... I> auto unary_table(std::index_sequence<I...>) {
  using Loop = void (*)(const Tensor&, const Tensor&, double, double);
  return std::array<Loop, sizeof...(I)>{&unary_float_loop<UnaryOp(I)>...};
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
            // Out of range is what x86 gives PyTorch: through int64.
            double v = double(compute_t<T>(at<T>(p[1])));
            at<O>(p[0]) = O(v >= -9.2233720368547758e18 && v < 9.2233720368547758e18 ? int64_t(v) : INT64_MIN);
          } else at<O>(p[0]) = O(compute_t<O>(compute_t<T>(at<T>(p[1]))));
        }
      });
    });
  });
}

void CpuBackend::unary(UnaryOp op, const Tensor& out, const Tensor& in, double p, double q) {
  if (op >= UnaryOp::logical_not && op <= UnaryOp::isfinite) {
    dispatch_all(in.dtype(), [&]<typename T>() {
      using C = compute_t<T>;
      Walk<2>({&out, &in}).run([&](int64_t n, std::array<char*, 2> ptr, std::array<int64_t, 2> s) {
        for (int64_t i = 0; i < n; ++i, ptr[0] += s[0], ptr[1] += s[1]) {
          C x = C(at<T>(ptr[1]));
          bool r = false;
          if (op == UnaryOp::logical_not) r = x == C(0);
          else if constexpr (std::is_floating_point_v<C>) r = op == UnaryOp::isnan ? std::isnan(x) : op == UnaryOp::isinf ? std::isinf(x) : std::isfinite(x);
          else r = op == UnaryOp::isfinite;
          at<bool>(ptr[0]) = r;
        }
      });
    });
    return;
  }
  if (!is_floating(in.dtype())) {
    dispatch_all(in.dtype(), [&]<typename T>() { map<T>(out, in, [=](compute_t<T> x) { return unary_int(op, x, p, q); }); });
    return;
  }
  if (in.dtype() == DType::float32 && in.is_contiguous() && out.is_contiguous()) {
    float *o = out.data<float>(), *a = in.data<float>();
    if (vec::unary(op, o, a, 0)) {
      parallel_for(in.numel(), kGrain, [&](int64_t b, int64_t e) { vec::unary(op, o + b, a + b, e - b); });
      return;
    }
  }
  static const auto table = unary_table(std::make_index_sequence<size_t(UnaryOp::clamp) + 1>());
  table[size_t(op)](out, in, p, q);
}

void CpuBackend::binary(BinaryOp op, const Tensor& out, const Tensor& a, const Tensor& b, double alpha) {
  Walk<3> walk({&out, &a, &b});
  if (is_comparison(op)) {
    dispatch_all(a.dtype(), [&]<typename T>() {
      using C = compute_t<T>;
      walk.run([&](int64_t n, std::array<char*, 3> p, std::array<int64_t, 3> s) {
        for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1], p[2] += s[2])
          at<bool>(p[0]) = compare_value<C>(op, C(at<T>(p[1])), C(at<T>(p[2])));
      });
    });
    return;
  }
  dispatch_all(out.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    walk.run([&](int64_t n, std::array<char*, 3> p, std::array<int64_t, 3> s) {
      if constexpr (std::is_same_v<T, float>) {
        auto unit = [](int64_t st) { return st == 4 || st == 0; };
        if (s[0] == 4 && unit(s[1]) && unit(s[2]) &&
            vec::binary(op, &at<float>(p[0]), &at<float>(p[1]), &at<float>(p[2]), n, s[1] != 0, s[2] != 0, float(alpha)))
          return;
      }
      for (int64_t i = 0; i < n; ++i, p[0] += s[0], p[1] += s[1], p[2] += s[2])
        at<T>(p[0]) = T(binary_value<C>(op, C(at<T>(p[1])), C(at<T>(p[2])), C(alpha)));
    });
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
      else o[i] = T(compute_t<T>(start + double(i) * step));
    }
  });
}

}  // namespace weightroom

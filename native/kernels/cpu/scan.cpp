// Running results along a dim: cumsum, cumprod, cummax, cummin, logcumsumexp.
#include <cmath>
#include <limits>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"

namespace weightroom {
namespace {

// f(out row, in row, n, strides in elements) for every line along `dim`.
template <typename T, typename F> void lines(const Tensor& out, const Tensor& in, int64_t dim, F&& f) {
  int64_t n = in.dim() ? in.size(dim) : 1, si = in.dim() ? in.stride(dim) : 0, so = out.dim() ? out.stride(dim) : 0;
  Dims sizes = in.sizes();
  if (in.dim()) sizes[size_t(dim)] = 1;
  Tensor a = make_view(in.impl()->storage, sizes, in.strides(), in.offset(), in.dtype());
  Tensor o = make_view(out.impl()->storage, sizes, out.strides(), out.offset(), out.dtype());
  Walk<2>({&o, &a}).run([&](int64_t m, std::array<char*, 2> p, std::array<int64_t, 2> s) {
    for (int64_t i = 0; i < m; ++i, p[0] += s[0], p[1] += s[1]) f(reinterpret_cast<T*>(p[0]), reinterpret_cast<const T*>(p[1]), n, so, si);
  });
}

template <typename T> using acc_t = std::conditional_t<std::is_floating_point_v<compute_t<T>>, double, int64_t>;

}  // namespace

void CpuBackend::scan(ScanOp op, const Tensor& out, const Tensor& in, int64_t dim) {
  if (in.numel() == 0) return;
  dispatch_all(in.dtype(), [&]<typename T>() {
    using A = acc_t<T>;
    auto run = [&](A start, auto step) {
      lines<T>(out, in, dim, [&](T* o, const T* a, int64_t n, int64_t so, int64_t si) {
        A acc = start;
        for (int64_t j = 0; j < n; ++j) {
          acc = step(acc, A(compute_t<T>(a[j * si])));
          o[j * so] = T(compute_t<T>(acc));
        }
      });
    };
    switch (op) {
      case ScanOp::cumsum: {
        if constexpr (std::is_integral_v<A>) return run(0, [](A s, A x) { return A(uint64_t(s) + uint64_t(x)); });
        else return run(0, [](A s, A x) { return s + x; });
      }
      case ScanOp::cumprod: {
        if constexpr (std::is_integral_v<A>) return run(1, [](A s, A x) { return A(uint64_t(s) * uint64_t(x)); });
        else return run(1, [](A s, A x) { return s * x; });
      }
      case ScanOp::logcumsumexp:
        if constexpr (std::is_floating_point_v<A>)
          return run(-std::numeric_limits<A>::infinity(), [](A s, A x) {
            A low = std::isnan(x) ? x : std::min(s, x), high = std::isnan(x) ? x : std::max(s, x);
            return low != high || std::isfinite(low) ? high + std::log1p(std::exp(low - high)) : x;
          });
    }
  });
}

void CpuBackend::scan_extreme(bool max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim) {
  if (in.numel() == 0) return;
  dispatch_all(in.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    int64_t* ix = indices.data<int64_t>();
    const T* first = values.data<T>();
    lines<T>(values, in, dim, [&](T* o, const T* a, int64_t n, int64_t so, int64_t si) {
      // values and indices are contiguous and alike: an element's place in one is its place in the other.
      int64_t* io = ix + (o - first);
      C best = C(a[0]);
      int64_t at = 0;
      for (int64_t j = 0; j < n; ++j) {
        C x = C(a[j * si]);
        if (x != x || (best == best && (max ? x >= best : x <= best))) { best = x; at = j; }
        o[j * so] = T(best);
        io[j * so] = at;
      }
    });
  });
}

}  // namespace weightroom

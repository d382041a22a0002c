// Running results along a dim: cumsum, cumprod, cummax, cummin, logcumsumexp.
#include <cmath>
#include <limits>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"
#include "kernels/scan.h"

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

// o[j] = the running result up to j of every line along dim, from the end when `back`.
template <typename T, typename A, typename F> void run_lines(const Tensor& out, const Tensor& in, int64_t dim, bool back, A start, F&& step) {
  using C = compute_t<T>;
  auto read = [](T x) { return A(C(x)); };
  if (in.dim() == 0 || !in.is_contiguous() || !out.is_contiguous())
    return lines<T>(out, in, dim, [&](T* o, const T* a, int64_t n, int64_t so, int64_t si) {
      A acc = start;
      for (int64_t j = 0; j < n; ++j) {
        const int64_t k = back ? n - 1 - j : j;
        acc = step(acc, read(a[k * si]));
        o[k * so] = T(C(acc));
      }
    });
  int64_t outer = 1, inner = 1;
  for (int64_t d = 0; d < in.dim(); ++d) if (d != dim) (d < dim ? outer : inner) *= in.size(d);
  // Lines side by side: one alone is a chain in which every step waits for the last.
  const int64_t n = in.size(dim), wide = inner == 1 ? 4 : 64, across = inner == 1 ? n : 1, along = inner == 1 ? 1 : inner;
  const int64_t count = inner == 1 ? outer : inner, blocks = (count + wide - 1) / wide, outermost = inner == 1 ? 1 : outer;
  parallel_for(outermost * blocks, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n * wide)), [&](int64_t b, int64_t e) {
    for (int64_t block = b; block < e; ++block) {
      const int64_t first = block % blocks * wide, m = std::min(wide, count - first), at = block / blocks * n * inner + first * across + (back ? (n - 1) * along : 0);
      const T* a = in.data<T>() + at;
      T* o = out.data<T>() + at;
      const int64_t next = back ? -along : along;
      auto line = [&](auto lanes, auto apart) {
        A acc[64];
        std::fill_n(acc, lanes, start);
        for (int64_t j = 0; j < n; ++j, a += next, o += next)
          for (int64_t k = 0; k < lanes; ++k) {
            acc[k] = step(acc[k], read(a[k * apart]));
            o[k * apart] = T(C(acc[k]));
          }
      };
      if (inner > 1) line(m, std::integral_constant<int64_t, 1>());
      else if (m == 4) {
        // In registers.
        A s0 = start, s1 = start, s2 = start, s3 = start;
        for (int64_t j = 0; j < n; ++j, a += next, o += next) {
          s0 = step(s0, read(a[0]));
          s1 = step(s1, read(a[n]));
          s2 = step(s2, read(a[2 * n]));
          s3 = step(s3, read(a[3 * n]));
          o[0] = T(C(s0));
          o[n] = T(C(s1));
          o[2 * n] = T(C(s2));
          o[3 * n] = T(C(s3));
        }
      }
      else line(m, n);
    }
  });
}

template <typename T> using acc_t = std::conditional_t<std::is_floating_point_v<compute_t<T>>, double, int64_t>;

}  // namespace

void CpuBackend::scan(ScanOp op, const Tensor& out, const Tensor& in, int64_t dim) {
  if (in.numel() == 0) return;
  dispatch_all(in.dtype(), [&]<typename T>() {
    using A = acc_t<T>;
    auto run = [&](A start, auto step) { run_lines<T>(out, in, dim, false, start, step); };
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

void cpu::cumsum_back(const Tensor& out, const Tensor& in, int64_t dim) {
  if (in.numel() == 0) return;
  dispatch_all(in.dtype(), [&]<typename T>() {
    using A = acc_t<T>;
    if constexpr (std::is_integral_v<A>) run_lines<T>(out, in, dim, true, A(0), [](A s, A x) { return A(uint64_t(s) + uint64_t(x)); });
    else run_lines<T>(out, in, dim, true, A(0), [](A s, A x) { return s + x; });
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

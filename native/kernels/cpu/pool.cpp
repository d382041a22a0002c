// Pooling over up to three spatial dims: one channel of one image a task.
#include <cmath>
#include <limits>

#include "kernels/cpu/halves.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/sums.h"

namespace weightroom {
namespace {

using cpu::is_half, cpu::Rounded, cpu::summed, cpu::wide;

// The window of output (a, b, e); `size` is what it covers before it is cut at the border of the padded input.
struct Pool {
  std::array<int64_t, 3> in, out;
  const PoolOptions& o;
  int64_t start(size_t d, int64_t i) const { return i * o.stride[d] - o.padding[d]; }
  // First and end of the window's elements that lie in the input, in steps of the dilation.
  std::pair<int64_t, int64_t> inside(size_t d, int64_t i) const {
    int64_t s = start(d, i), first = s >= 0 ? s : s + (-s + o.dilation[d] - 1) / o.dilation[d] * o.dilation[d];
    return {first, std::min(s + (o.kernel[d] - 1) * o.dilation[d] + 1, in[d])};
  }
  // End of the outputs whose windows do not reach past the input.
  int64_t whole(size_t d) const {
    int64_t room = in[d] + o.padding[d] - (o.kernel[d] - 1) * o.dilation[d] - 1;
    return room < 0 ? 0 : std::min(out[d], room / o.stride[d] + 1);
  }
};

std::array<int64_t, 3> spatial(const Tensor& t) { return {t.size(2), t.size(3), t.size(4)}; }
int64_t volume(const std::array<int64_t, 3>& s) { return s[0] * s[1] * s[2]; }

template <typename F> void channels(const Tensor& x, int64_t work, F&& f) {
  parallel_for(x.size(0) * x.size(1), std::max<int64_t>(1, kGrain / std::max<int64_t>(1, work)), [&](int64_t b, int64_t e) { for (int64_t i = b; i < e; ++i) f(i); });
}

// f(output index, divisor, begin and end of the clipped window) for the mean's windows.
template <typename F> void mean_windows(const Pool& p, F&& f) {
  int64_t at = 0;
  for (int64_t a = 0; a < p.out[0]; ++a) for (int64_t b = 0; b < p.out[1]; ++b) for (int64_t e = 0; e < p.out[2]; ++e) {
    std::array<int64_t, 3> i{a, b, e}, from, to;
    int64_t size = 1, inside = 1;
    for (size_t d = 0; d < 3; ++d) {
      int64_t s = p.start(d, i[d]), t = std::min(s + p.o.kernel[d], p.in[d] + p.o.padding[d]);
      size *= t - s;
      from[d] = std::max<int64_t>(s, 0);
      to[d] = std::min(t, p.in[d]);
      inside *= std::max<int64_t>(0, to[d] - from[d]);
    }
    f(at++, p.o.divisor ? p.o.divisor : p.o.count_padding ? size : inside, from, to);
  }
}

constexpr int64_t kSideBySide = 64;

// Maxima and where they are of n windows beside one another; `from` and `to` bound the first. NaN is the largest, the last one wins.
// Offset: holds any distance in a channel; the narrow one is as wide as a float.
template <typename T, typename Offset> void max_windows(const Pool& p, const T* a, T* y, int64_t* ix, int64_t n, std::array<int64_t, 3> from, std::array<int64_t, 3> to) {
  using C = compute_t<T>;
  if (from[0] >= to[0] || from[1] >= to[1] || from[2] >= to[2]) {
    std::fill(y, y + n, T(C(-std::numeric_limits<float>::infinity())));
    std::fill(ix, ix + n, 0);
    return;
  }
  auto at = [&](int64_t u, int64_t v, int64_t r) { return (u * p.in[1] + v) * p.in[2] + r; };
  int64_t first = at(from[0], from[1], from[2]), step = p.o.stride[2];
  C top[kSideBySide];
  Offset tap[kSideBySide];
  for (int64_t k = 0; k < n; ++k) {
    top[k] = C(a[first + k * step]);
    tap[k] = 0;
  }
  for (int64_t u = from[0]; u < to[0]; u += p.o.dilation[0]) for (int64_t v = from[1]; v < to[1]; v += p.o.dilation[1]) for (int64_t r = from[2]; r < to[2]; r += p.o.dilation[2]) {
    const T* e0 = a + at(u, v, r);
    Offset here = Offset(at(u, v, r) - first);
    for (int64_t k = 0; k < n; ++k) {
      C e = C(e0[k * step]);
      bool better = (e > top[k]) | (e != e);
      top[k] = better ? e : top[k];
      tap[k] = better ? here : tap[k];
    }
  }
  for (int64_t k = 0; k < n; ++k) {
    ix[k] = first + k * step + tap[k];
    y[k] = a[ix[k]];
  }
}

}  // namespace

void CpuBackend::max_pool(const Tensor& out, const Tensor& indices, const Tensor& x, const PoolOptions& o) {
  if (is_half(x)) return max_pool(Rounded(out), indices, wide(x), o);
  Pool p{spatial(x), spatial(out), o};
  int64_t ni = volume(p.in), no = volume(p.out);
  dispatch_all(x.dtype(), [&]<typename T>() {
    channels(x, ni * 2, [&](int64_t c) {
      const T* a = x.data<T>() + c * ni;
      T* y = out.data<T>() + c * no;
      int64_t* ix = indices.data<int64_t>() + c * no;
      int64_t at = 0;
      for (int64_t i = 0; i < p.out[0]; ++i) for (int64_t j = 0; j < p.out[1]; ++j, at += p.out[2]) {
        auto [u0, u1] = p.inside(0, i);
        auto [v0, v1] = p.inside(1, j);
        for (int64_t k = 0; k < p.out[2];) {
          auto [r0, r1] = p.inside(2, k);
          // Neighbouring windows that are not cut at a border take their maxima side by side.
          int64_t n = r0 == p.start(2, k) ? std::min<int64_t>(kSideBySide, p.whole(2) - k) : 1;
          n = std::max<int64_t>(1, n);
          if (ni <= std::numeric_limits<int32_t>::max()) max_windows<T, int32_t>(p, a, y + at + k, ix + at + k, n, {u0, v0, r0}, {u1, v1, r1});
          else max_windows<T, int64_t>(p, a, y + at + k, ix + at + k, n, {u0, v0, r0}, {u1, v1, r1});
          k += n;
        }
      }
    });
  });
}

void CpuBackend::avg_pool(const Tensor& out, const Tensor& x, const PoolOptions& o) {
  if (is_half(x)) return avg_pool(Rounded(out), wide(x), o);
  Pool p{spatial(x), spatial(out), o};
  int64_t ni = volume(p.in), no = volume(p.out);
  cpu::dispatch_wide(x.dtype(), [&]<typename T>() {
    channels(x, ni, [&](int64_t c) {
      const T* a = x.data<T>() + c * ni;
      T* y = out.data<T>() + c * no;
      mean_windows(p, [&](int64_t at, int64_t divisor, const auto& from, const auto& to) {
        T sum = 0;
        // Rows of a wide window in several sums side by side; windows over whole rows as one.
        if (const int64_t wide = to[2] - from[2], rows = to[1] - from[1]; wide >= 16 || (wide == p.in[2] && wide * rows >= 16)) {
          const bool joined = wide == p.in[2];
          for (int64_t z = from[0]; z < to[0]; ++z)
            for (int64_t w = from[1]; w < to[1]; w += joined ? rows : 1) sum += T(summed(a + (z * p.in[1] + w) * p.in[2] + from[2], joined ? wide * rows : wide, [](T e, int64_t) { return e; }));
        } else for (int64_t z = from[0]; z < to[0]; ++z) for (int64_t w = from[1]; w < to[1]; ++w) for (int64_t q = from[2]; q < to[2]; ++q) sum += a[(z * p.in[1] + w) * p.in[2] + q];
        y[at] = T(sum / T(divisor));
      });
    });
  });
}

void CpuBackend::avg_pool_backward(const Tensor& gin, const Tensor& gout, const PoolOptions& o) {
  if (is_half(gin)) return avg_pool_backward(Rounded(gin), wide(gout), o);
  Pool p{spatial(gin), spatial(gout), o};
  int64_t ni = volume(p.in), no = volume(p.out);
  fill(gin, Scalar(0));
  cpu::dispatch_wide(gin.dtype(), [&]<typename T>() {
    channels(gin, ni, [&](int64_t c) {
      T* a = gin.data<T>() + c * ni;
      const T* g = gout.data<T>() + c * no;
      mean_windows(p, [&](int64_t at, int64_t divisor, const auto& from, const auto& to) {
        T d = g[at] / T(divisor);
        for (int64_t z = from[0]; z < to[0]; ++z) for (int64_t w = from[1]; w < to[1]; ++w) for (int64_t q = from[2]; q < to[2]; ++q) {
          T& t = a[(z * p.in[1] + w) * p.in[2] + q];
          t += d;
        }
      });
    });
  });
}

}  // namespace weightroom

// Pooling over up to three spatial dims, and batch normalization: one channel of one image a task.
#include <cmath>
#include <limits>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"

namespace weightroom {
namespace {

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

}  // namespace

void CpuBackend::max_pool(const Tensor& out, const Tensor& indices, const Tensor& x, const PoolOptions& o) {
  Pool p{spatial(x), spatial(out), o};
  int64_t ni = volume(p.in), no = volume(p.out);
  dispatch_all(x.dtype(), [&]<typename T>() {
    channels(x, ni * 2, [&](int64_t c) {
      const T* a = x.data<T>() + c * ni;
      T* y = out.data<T>() + c * no;
      int64_t* ix = indices.data<int64_t>() + c * no;
      auto none = T(compute_t<T>(-std::numeric_limits<float>::infinity()));
      int64_t d0 = o.dilation[0], d1 = o.dilation[1], d2 = o.dilation[2], at = 0;
      for (int64_t i = 0; i < p.out[0]; ++i) for (int64_t j = 0; j < p.out[1]; ++j) {
        auto [u0, u1] = p.inside(0, i);
        auto [v0, v1] = p.inside(1, j);
        for (int64_t k = 0; k < p.out[2]; ++k, ++at) {
          auto [r0, r1] = p.inside(2, k);
          if (u0 >= u1 || v0 >= v1 || r0 >= r1) {
            y[at] = none;
            ix[at] = 0;
            continue;
          }
          int64_t best = (u0 * p.in[1] + v0) * p.in[2] + r0;
          compute_t<T> top = compute_t<T>(a[best]);
          for (int64_t u = u0; u < u1; u += d0) for (int64_t v = v0; v < v1; v += d1) {
            int64_t row = (u * p.in[1] + v) * p.in[2];
            for (int64_t r = r0; r < r1; r += d2) {
              compute_t<T> e = compute_t<T>(a[row + r]);
              bool better = (e > top) | (e != e);
              best = better ? row + r : best;
              top = better ? e : top;
            }
          }
          y[at] = a[best];
          ix[at] = best;
        }
      }
    });
  });
}

void CpuBackend::avg_pool(const Tensor& out, const Tensor& x, const PoolOptions& o) {
  Pool p{spatial(x), spatial(out), o};
  int64_t ni = volume(p.in), no = volume(p.out);
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    channels(x, ni, [&](int64_t c) {
      const T* a = x.data<T>() + c * ni;
      T* y = out.data<T>() + c * no;
      mean_windows(p, [&](int64_t at, int64_t divisor, const auto& from, const auto& to) {
        C sum = 0;
        for (int64_t z = from[0]; z < to[0]; ++z) for (int64_t w = from[1]; w < to[1]; ++w) for (int64_t q = from[2]; q < to[2]; ++q) sum += C(a[(z * p.in[1] + w) * p.in[2] + q]);
        y[at] = T(sum / C(divisor));
      });
    });
  });
}

void CpuBackend::avg_pool_backward(const Tensor& gin, const Tensor& gout, const PoolOptions& o) {
  Pool p{spatial(gin), spatial(gout), o};
  int64_t ni = volume(p.in), no = volume(p.out);
  fill(gin, Scalar(0));
  dispatch_floating(gin.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    channels(gin, ni, [&](int64_t c) {
      T* a = gin.data<T>() + c * ni;
      const T* g = gout.data<T>() + c * no;
      mean_windows(p, [&](int64_t at, int64_t divisor, const auto& from, const auto& to) {
        C d = C(g[at]) / C(divisor);
        for (int64_t z = from[0]; z < to[0]; ++z) for (int64_t w = from[1]; w < to[1]; ++w) for (int64_t q = from[2]; q < to[2]; ++q) {
          T& t = a[(z * p.in[1] + w) * p.in[2] + q];
          t = T(C(t) + d);
        }
      });
    });
  });
}

namespace {
// f(pointer offset) for each run of a channel: x is [N, C, inner].
template <typename F> void runs(const Tensor& x, int64_t c, F&& f) {
  int64_t n = x.size(0), ch = x.size(1), inner = x.size(2);
  for (int64_t i = 0; i < n; ++i) f((i * ch + c) * inner, inner);
}
template <typename F> void by_channel(const Tensor& x, F&& f) {
  int64_t ch = x.size(1);
  parallel_for(ch, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, x.numel() / std::max<int64_t>(1, ch))), [&](int64_t b, int64_t e) { for (int64_t c = b; c < e; ++c) f(c); });
}
// Eight running sums, so that the loop is not one chain of additions and rounding stays small.
template <typename T, typename F> double summed(const T* a, int64_t n, F&& f) {
  using C = compute_t<T>;
  double total = 0;
  for (int64_t at = 0; at < n; at += 512) {
    C s[8] = {};
    int64_t end = std::min(n, at + 512), i = at;
    for (; i + 8 <= end; i += 8) for (int k = 0; k < 8; ++k) s[k] += f(C(a[i + k]), i + k);
    for (; i < end; ++i) s[0] += f(C(a[i]), i);
    total += double(((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])));
  }
  return total;
}
}  // namespace

void CpuBackend::batch_stats(const Tensor& mean, const Tensor& var, const Tensor& x) {
  double count = double(x.size(0) * x.size(2));
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    by_channel(x, [&](int64_t c) {
      double s = 0, v = 0;
      runs(x, c, [&](int64_t at, int64_t n) { s += summed(x.data<T>() + at, n, [](C e, int64_t) { return e; }); });
      C m = C(s / count);
      runs(x, c, [&](int64_t at, int64_t n) { v += summed(x.data<T>() + at, n, [m](C e, int64_t) { return (e - m) * (e - m); }); });
      mean.data<T>()[c] = T(m);
      var.data<T>()[c] = T(C(v / count));
    });
  });
}

void CpuBackend::batch_norm(const Tensor& out, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, const Tensor& bias) {
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    by_channel(x, [&](int64_t c) {
      C scale = C(rstd.data<T>()[c]) * (weight ? C(weight.data<T>()[c]) : C(1)), m = C(mean.data<T>()[c]), b = bias ? C(bias.data<T>()[c]) : C(0);
      C shift = b - m * scale;
      runs(x, c, [&](int64_t at, int64_t n) {
        const T* a = x.data<T>() + at;
        T* y = out.data<T>() + at;
        for (int64_t i = 0; i < n; ++i) y[i] = T(C(a[i]) * scale + shift);
      });
    });
  });
}

void CpuBackend::batch_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, bool train) {
  double count = double(x.size(0) * x.size(2));
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    by_channel(x, [&](int64_t c) {
      C m = C(mean.data<T>()[c]), r = C(rstd.data<T>()[c]), w = weight ? C(weight.data<T>()[c]) : C(1);
      double sum = 0, dot = 0;
      runs(x, c, [&](int64_t at, int64_t n) {
        const T *g = gout.data<T>() + at, *a = x.data<T>() + at;
        sum += summed(g, n, [](C e, int64_t) { return e; });
        dot += summed(g, n, [&](C e, int64_t i) { return e * (C(a[i]) - m); });
      });
      if (gw) gw.data<T>()[c] = T(C(dot * double(r)));
      if (gb) gb.data<T>()[c] = T(C(sum));
      if (!gin) return;
      C scale = r * w, mean_g = train ? C(sum / count) : C(0), k = train ? C(dot / count) * r * r : C(0);
      runs(x, c, [&](int64_t at, int64_t n) {
        const T *g = gout.data<T>() + at, *a = x.data<T>() + at;
        T* o = gin.data<T>() + at;
        for (int64_t i = 0; i < n; ++i) o[i] = T((C(g[i]) - mean_g - (C(a[i]) - m) * k) * scale);
      });
    });
  });
}

}  // namespace weightroom

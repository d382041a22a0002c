// Batch normalization of [N, C, inner]: the places of a channel lie in runs of `inner`, or, where that is 1, channels lie side by side.
#include <cmath>

#include "kernels/cpu/halves.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/sums.h"

namespace weightroom {
namespace {

using cpu::dispatch_wide, cpu::is_half, cpu::Rounded, cpu::wide;

// f(first, last) on parts of the channels.
template <typename F> void by_channels(const Tensor& x, F&& f) {
  const int64_t channels = x.size(1), each = x.numel() / std::max<int64_t>(1, channels), together = x.size(2) == 1 ? 16 : 1;
  parallel_for(channels, std::max<int64_t>(together, kGrain / std::max<int64_t>(1, each)), f);
}

// Of every channel c in [first, last): the sum of term(c)(place).
template <typename T, typename F> std::vector<double> channel_sums(const Tensor& x, int64_t first, int64_t last, F&& term) {
  const int64_t n = x.size(0), channels = x.size(1), inner = x.size(2);
  std::vector<double> total(size_t(last - first), 0.0);
  if (inner == 1) {
    for (int64_t i = 0; i < n; ++i) for (int64_t c = first; c < last; ++c) total[size_t(c - first)] += double(term(c)(i * channels + c));
    return total;
  }
  for (int64_t c = first; c < last; ++c) {
    auto of = term(c);
    for (int64_t i = 0; i < n; ++i) {
      const int64_t at = (i * channels + c) * inner;
      total[size_t(c - first)] += cpu::summed(x.data<T>() + at, inner, [&](T, int64_t k) { return of(at + k); });
    }
  }
  return total;
}

// out[place] = value(c)(place) for every channel c in [first, last).
template <typename T, typename F> void channel_map(const Tensor& out, int64_t first, int64_t last, F&& value) {
  const int64_t n = out.size(0), channels = out.size(1), inner = out.size(2);
  T* o = out.data<T>();
  if (inner == 1) {
    for (int64_t i = 0; i < n; ++i) for (int64_t c = first; c < last; ++c) o[i * channels + c] = value(c)(i * channels + c);
    return;
  }
  for (int64_t c = first; c < last; ++c) {
    auto of = value(c);
    for (int64_t i = 0; i < n; ++i) for (int64_t at = (i * channels + c) * inner, k = 0; k < inner; ++k, ++at) o[at] = of(at);
  }
}

}  // namespace

void CpuBackend::batch_stats(const Tensor& mean, const Tensor& var, const Tensor& x) {
  if (is_half(x)) return batch_stats(Rounded(mean), Rounded(var), wide(x));
  const double count = double(x.size(0) * x.size(2));
  dispatch_wide(x.dtype(), [&]<typename T>() {
    const T* a = x.data<T>();
    T *m = mean.data<T>(), *v = var.data<T>();
    by_channels(x, [&](int64_t first, int64_t last) {
      auto sums = channel_sums<T>(x, first, last, [a](int64_t) { return [a](int64_t at) { return a[at]; }; });
      for (int64_t c = first; c < last; ++c) m[c] = T(sums[size_t(c - first)] / count);
      auto squares = channel_sums<T>(x, first, last, [a, m](int64_t c) { return [a, mu = m[c]](int64_t at) { return (a[at] - mu) * (a[at] - mu); }; });
      for (int64_t c = first; c < last; ++c) v[c] = T(squares[size_t(c - first)] / count);
    });
  });
}

void CpuBackend::batch_norm(const Tensor& out, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, const Tensor& bias) {
  if (is_half(x)) return batch_norm(Rounded(out), wide(x), wide(mean), wide(rstd), wide(weight), wide(bias));
  dispatch_wide(x.dtype(), [&]<typename T>() {
    const T *a = x.data<T>(), *m = mean.data<T>(), *r = rstd.data<T>(), *w = weight ? weight.data<T>() : nullptr, *b = bias ? bias.data<T>() : nullptr;
    std::vector<T> scales(size_t(x.size(1))), shifts(size_t(x.size(1)));
    for (size_t c = 0; c < scales.size(); ++c) {
      scales[c] = r[c] * (w ? w[c] : T(1));
      shifts[c] = (b ? b[c] : T(0)) - m[c] * scales[c];
    }
    by_channels(x, [&, s = scales.data(), t = shifts.data()](int64_t first, int64_t last) {
      channel_map<T>(out, first, last, [=](int64_t c) { return [a, scale = s[c], shift = t[c]](int64_t at) { return a[at] * scale + shift; }; });
    });
  });
}

void CpuBackend::batch_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, bool train) {
  if (is_half(x)) return batch_norm_backward(Rounded(gin), Rounded(gw), Rounded(gb), wide(gout), wide(x), wide(mean), wide(rstd), wide(weight), train);
  const double count = double(x.size(0) * x.size(2));
  dispatch_wide(x.dtype(), [&]<typename T>() {
    const T *a = x.data<T>(), *g = gout.data<T>(), *m = mean.data<T>(), *r = rstd.data<T>(), *w = weight ? weight.data<T>() : nullptr;
    by_channels(x, [&](int64_t first, int64_t last) {
      auto sums = channel_sums<T>(x, first, last, [g](int64_t) { return [g](int64_t at) { return g[at]; }; });
      auto dots = channel_sums<T>(x, first, last, [a, g, m](int64_t c) { return [a, g, mu = m[c]](int64_t at) { return g[at] * (a[at] - mu); }; });
      std::vector<T> means(size_t(last - first), T(0)), slopes(means), scales(means);
      for (int64_t c = first; c < last; ++c) {
        const size_t i = size_t(c - first);
        if (gw) gw.data<T>()[c] = T(dots[i] * double(r[c]));
        if (gb) gb.data<T>()[c] = T(sums[i]);
        scales[i] = r[c] * (w ? w[c] : T(1));
        if (!train) continue;
        means[i] = T(sums[i] / count);
        slopes[i] = T(dots[i] / count) * r[c] * r[c];
      }
      if (!gin) return;
      channel_map<T>(gin, first, last, [=, u = means.data() - first, k = slopes.data() - first, s = scales.data() - first](int64_t c) {
        return [a, g, mu = m[c], mean_g = u[c], slope = k[c], scale = s[c]](int64_t at) { return (g[at] - mean_g - (a[at] - mu) * slope) * scale; };
      });
    });
  });
}

}  // namespace weightroom

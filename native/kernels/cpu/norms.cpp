#include "kernels/norms.h"

#include <cmath>

#include "kernels/cpu/halves.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/sums.h"
#include "kernels/cpu/vec.h"

namespace weightroom::cpu {
namespace {

template <typename F> void rows(int64_t n, int64_t width, F&& f) {
  parallel_for(n, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, width)), [&](int64_t b, int64_t e) { for (int64_t r = b; r < e; ++r) f(r); });
}

}  // namespace

void group_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  if (is_half(x)) return group_norm(Rounded(out), Rounded(mean), Rounded(rstd), wide(x), wide(weight), wide(bias), eps);
  const int64_t groups = mean.size(1), channels = x.size(1), inner = x.size(2), per = channels / groups, width = per * inner;
  dispatch_wide(x.dtype(), [&]<typename T>() {
    rows(mean.numel(), width, [&](int64_t r) {
      const T* a = x.data<T>() + r * width;
      T* o = out.data<T>() + r * width;
      if constexpr (std::is_same_v<T, float>) {
        vec::layer_norm(o, mean.data<float>() + r, rstd.data<float>() + r, a, nullptr, nullptr, width, eps);
        if (!weight && !bias) return;
        for (int64_t k = 0; k < per; ++k, o += inner) {
          const int64_t c = r % groups * per + k;
          const float scale = weight ? weight.data<float>()[c] : 1.f, shift = bias ? bias.data<float>()[c] : 0.f;
          for (int64_t i = 0; i < inner; ++i) o[i] = o[i] * scale + shift;
        }
        return;
      }
      const T m = T(summed(a, width, [](T e, int64_t) { return e; }) / double(width));
      const T s = T(1 / std::sqrt(summed(a, width, [m](T e, int64_t) { return (e - m) * (e - m); }) / double(width) + eps));
      mean.data<T>()[r] = T(m);
      rstd.data<T>()[r] = T(s);
      for (int64_t k = 0; k < per; ++k, a += inner, o += inner) {
        const int64_t c = r % groups * per + k;
        const T scale = weight ? s * weight.data<T>()[c] : s, shift = bias ? bias.data<T>()[c] : T(0);
        for (int64_t i = 0; i < inner; ++i) o[i] = T((a[i] - m) * scale + shift);
      }
    });
  });
}

void group_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight) {
  if (is_half(x)) return group_norm_backward(Rounded(gin), Rounded(gw), Rounded(gb), wide(gout), wide(x), wide(mean), wide(rstd), wide(weight));
  const int64_t n = x.size(0), groups = mean.size(1), channels = x.size(1), inner = x.size(2), per = channels / groups, width = per * inner;
  dispatch_wide(x.dtype(), [&]<typename T>() {
    // Of each sample's channels: the sum of the gradient, and of its product with x - mean, times rstd.
    std::vector<double> sums(size_t(n * channels)), dots(size_t(n * channels));
    rows(n * groups, width, [&](int64_t r) {
      const T *a = x.data<T>() + r * width, *g = gout.data<T>() + r * width;
      const T m = mean.data<T>()[r], s = rstd.data<T>()[r];
      double sum = 0, dot = 0;
      for (int64_t k = 0; k < per; ++k) {
        const T *ak = a + k * inner, *gk = g + k * inner;
        const size_t at = size_t(r * per + k);
        const double w = weight ? double(weight.data<T>()[r % groups * per + k]) : 1;
        sums[at] = summed(gk, inner, [](T e, int64_t) { return e; });
        dots[at] = summed(gk, inner, [&](T e, int64_t i) { return e * (ak[i] - m); }) * double(s);
        sum += sums[at] * w;
        dot += dots[at] * w;
      }
      if (!gin) return;
      T* o = gin.data<T>() + r * width;
      const T mean_g = T(sum / double(width)), slope = T(dot / double(width) * double(s));
      for (int64_t k = 0; k < per; ++k) {
        const T *ak = a + k * inner, *gk = g + k * inner;
        T* ok = o + k * inner;
        const T w = weight ? weight.data<T>()[r % groups * per + k] : T(1);
        for (int64_t i = 0; i < inner; ++i) ok[i] = T((gk[i] * w - mean_g - (ak[i] - m) * slope) * s);
      }
    });
    for (const Tensor* t : {&gw, &gb}) {
      if (!*t) continue;
      const std::vector<double>& from = t == &gw ? dots : sums;
      for (int64_t c = 0; c < channels; ++c) {
        double total = 0;
        for (int64_t i = 0; i < n; ++i) total += from[size_t(i * channels + c)];
        t->data<T>()[c] = T(total);
      }
    }
  });
}

void rms_norm(const Tensor& out, const Tensor& rstd, const Tensor& x, const Tensor& weight, double eps) {
  if (is_half(x)) return rms_norm(Rounded(out), Rounded(rstd), wide(x), wide(weight), eps);
  const int64_t n = rstd.numel(), width = n ? x.numel() / n : 0;
  dispatch_wide(x.dtype(), [&]<typename T>() {
    const T* w = weight ? weight.data<T>() : nullptr;
    rows(n, width, [&](int64_t r) {
      const T* a = x.data<T>() + r * width;
      T* o = out.data<T>() + r * width;
      const T s = T(1 / std::sqrt(summed(a, width, [](T e, int64_t) { return e * e; }) / double(width) + eps));
      rstd.data<T>()[r] = T(s);
      if (w) for (int64_t i = 0; i < width; ++i) o[i] = T(a[i] * s * w[i]);
      else for (int64_t i = 0; i < width; ++i) o[i] = T(a[i] * s);
    });
  });
}

void rms_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gout, const Tensor& x, const Tensor& rstd, const Tensor& weight) {
  if (is_half(x)) return rms_norm_backward(Rounded(gin), Rounded(gw), wide(gout), wide(x), wide(rstd), wide(weight));
  const int64_t n = rstd.numel(), width = n ? x.numel() / n : 0;
  dispatch_wide(x.dtype(), [&]<typename T>() {
    const T* w = weight ? weight.data<T>() : nullptr;
    if (gin) rows(n, width, [&](int64_t r) {
      const T *a = x.data<T>() + r * width, *g = gout.data<T>() + r * width;
      T* o = gin.data<T>() + r * width;
      const T s = rstd.data<T>()[r];
      const double dot = w ? summed(g, width, [&](T e, int64_t i) { return e * w[i] * a[i]; }) : summed(g, width, [&](T e, int64_t i) { return e * a[i]; });
      const T slope = T(dot / double(width) * double(s) * double(s));
      if (w) for (int64_t i = 0; i < width; ++i) o[i] = T((g[i] * w[i] - a[i] * slope) * s);
      else for (int64_t i = 0; i < width; ++i) o[i] = T((g[i] - a[i] * slope) * s);
    });
    if (!gw) return;
    std::vector<double> total(static_cast<size_t>(width), 0);
    for (int64_t r = 0; r < n; ++r) {
      const T *a = x.data<T>() + r * width, *g = gout.data<T>() + r * width;
      const T s = rstd.data<T>()[r];
      for (int64_t i = 0; i < width; ++i) total[size_t(i)] += double(g[i] * a[i] * s);
    }
    for (int64_t i = 0; i < width; ++i) gw.data<T>()[i] = T(total[size_t(i)]);
  });
}

}  // namespace weightroom::cpu

#include "kernels/norms.h"

#include <cmath>

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
  const int64_t groups = mean.size(1), channels = x.size(1), inner = x.size(2), per = channels / groups, width = per * inner;
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
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
      const C m = C(summed(a, width, [](C e, int64_t) { return e; }) / double(width));
      const C s = C(1 / std::sqrt(summed(a, width, [m](C e, int64_t) { return (e - m) * (e - m); }) / double(width) + eps));
      mean.data<T>()[r] = T(m);
      rstd.data<T>()[r] = T(s);
      for (int64_t k = 0; k < per; ++k, a += inner, o += inner) {
        const int64_t c = r % groups * per + k;
        const C scale = weight ? s * C(weight.data<T>()[c]) : s, shift = bias ? C(bias.data<T>()[c]) : C(0);
        for (int64_t i = 0; i < inner; ++i) o[i] = T((C(a[i]) - m) * scale + shift);
      }
    });
  });
}

void group_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight) {
  const int64_t n = x.size(0), groups = mean.size(1), channels = x.size(1), inner = x.size(2), per = channels / groups, width = per * inner;
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    // Of each sample's channels: the sum of the gradient, and of its product with x - mean, times rstd.
    std::vector<double> sums(size_t(n * channels)), dots(size_t(n * channels));
    rows(n * groups, width, [&](int64_t r) {
      const T *a = x.data<T>() + r * width, *g = gout.data<T>() + r * width;
      const C m = C(mean.data<T>()[r]), s = C(rstd.data<T>()[r]);
      double sum = 0, dot = 0;
      for (int64_t k = 0; k < per; ++k) {
        const T *ak = a + k * inner, *gk = g + k * inner;
        const size_t at = size_t(r * per + k);
        const double w = weight ? double(C(weight.data<T>()[r % groups * per + k])) : 1;
        sums[at] = summed(gk, inner, [](C e, int64_t) { return e; });
        dots[at] = summed(gk, inner, [&](C e, int64_t i) { return e * (C(ak[i]) - m); }) * double(s);
        sum += sums[at] * w;
        dot += dots[at] * w;
      }
      if (!gin) return;
      T* o = gin.data<T>() + r * width;
      const C mean_g = C(sum / double(width)), slope = C(dot / double(width) * double(s));
      for (int64_t k = 0; k < per; ++k) {
        const T *ak = a + k * inner, *gk = g + k * inner;
        T* ok = o + k * inner;
        const C w = weight ? C(weight.data<T>()[r % groups * per + k]) : C(1);
        for (int64_t i = 0; i < inner; ++i) ok[i] = T((C(gk[i]) * w - mean_g - (C(ak[i]) - m) * slope) * s);
      }
    });
    for (const Tensor* t : {&gw, &gb}) {
      if (!*t) continue;
      const std::vector<double>& from = t == &gw ? dots : sums;
      for (int64_t c = 0; c < channels; ++c) {
        double total = 0;
        for (int64_t i = 0; i < n; ++i) total += from[size_t(i * channels + c)];
        t->data<T>()[c] = T(C(total));
      }
    }
  });
}

void rms_norm(const Tensor& out, const Tensor& rstd, const Tensor& x, const Tensor& weight, double eps) {
  const int64_t n = rstd.numel(), width = n ? x.numel() / n : 0;
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const T* w = weight ? weight.data<T>() : nullptr;
    rows(n, width, [&](int64_t r) {
      const T* a = x.data<T>() + r * width;
      T* o = out.data<T>() + r * width;
      const C s = C(1 / std::sqrt(summed(a, width, [](C e, int64_t) { return e * e; }) / double(width) + eps));
      rstd.data<T>()[r] = T(s);
      if (w) for (int64_t i = 0; i < width; ++i) o[i] = T(C(a[i]) * s * C(w[i]));
      else for (int64_t i = 0; i < width; ++i) o[i] = T(C(a[i]) * s);
    });
  });
}

void rms_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gout, const Tensor& x, const Tensor& rstd, const Tensor& weight) {
  const int64_t n = rstd.numel(), width = n ? x.numel() / n : 0;
  dispatch_floating(x.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const T* w = weight ? weight.data<T>() : nullptr;
    if (gin) rows(n, width, [&](int64_t r) {
      const T *a = x.data<T>() + r * width, *g = gout.data<T>() + r * width;
      T* o = gin.data<T>() + r * width;
      const C s = C(rstd.data<T>()[r]);
      const double dot = w ? summed(g, width, [&](C e, int64_t i) { return e * C(w[i]) * C(a[i]); }) : summed(g, width, [&](C e, int64_t i) { return e * C(a[i]); });
      const C slope = C(dot / double(width) * double(s) * double(s));
      if (w) for (int64_t i = 0; i < width; ++i) o[i] = T((C(g[i]) * C(w[i]) - C(a[i]) * slope) * s);
      else for (int64_t i = 0; i < width; ++i) o[i] = T((C(g[i]) - C(a[i]) * slope) * s);
    });
    if (!gw) return;
    std::vector<double> total(static_cast<size_t>(width), 0);
    for (int64_t r = 0; r < n; ++r) {
      const T *a = x.data<T>() + r * width, *g = gout.data<T>() + r * width;
      const C s = C(rstd.data<T>()[r]);
      for (int64_t i = 0; i < width; ++i) total[size_t(i)] += double(C(g[i]) * C(a[i]) * s);
    }
    for (int64_t i = 0; i < width; ++i) gw.data<T>()[i] = T(C(total[size_t(i)]));
  });
}

}  // namespace weightroom::cpu

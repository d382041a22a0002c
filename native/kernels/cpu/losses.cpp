#include "kernels/losses.h"

#include <cmath>
#include <vector>

#include "kernels/cpu/iterate.h"
#include "kernels/cpu/sums.h"
#include "kernels/cpu/tiles.h"

namespace weightroom::cpu {
namespace {

// f with the loss and its slope as functions of d.
template <typename T, typename F> void with_loss(Loss kind, T p, F&& f) {
  switch (kind) {
    case Loss::square: return f([](T d) { return d * d; }, [](T d) { return 2 * d; });
    case Loss::smooth_l1:
      return f([p](T d) { const T z = std::abs(d); return z < p ? T(0.5) * z * z / p : z - T(0.5) * p; }, [p](T d) { return d <= -p ? T(-1) : d >= p ? T(1) : d / p; });
    case Loss::logits:
    case Loss::huber:
      return f([p](T d) { const T z = std::abs(d); return z <= p ? T(0.5) * z * z : p * (z - T(0.5) * p); }, [p](T d) { return d <= -p ? -p : d >= p ? p : d; });
  }
}
// The sum of (1 - t) x - log sigmoid(x) in PyTorch's order, over tiles that the vector loops of exp and log1p take.
template <typename T> double logits_sum(const T* x, const T* t, int64_t n, DType type) {
  const UnaryLoop exp = loops::of(UnaryOp::exp, type), log1p = loops::of(UnaryOp::log1p, type);
  T tail[kTile];
  double total = 0;
  for (int64_t at = 0; at < n; at += kTile) {
    const int64_t m = std::min(kTile, n - at);
    const T *a = x + at, *y = t + at;
    for (int64_t i = 0; i < m; ++i) tail[i] = -std::abs(a[i]);
    exp(m, tail, tail, 0, 0);
    log1p(m, tail, tail, 0, 0);
    total += summed(a, m, [&](T v, int64_t i) { return (T(1) - y[i]) * v - ((v < 0 ? v : T(0)) - tail[i]); });
  }
  return total;
}
template <typename F> void floats(DType t, F&& f) {
  if (t == DType::float64) f.template operator()<double>();
  else f.template operator()<float>();
}

}  // namespace

double loss_sum(Loss kind, const Tensor& x, const Tensor& target, double p, double scale) {
  // Parts of one length, so that the number of threads changes nothing.
  const int64_t n = x.numel(), parts = (n + kGrain - 1) / kGrain;
  std::vector<double> sums(static_cast<size_t>(parts));
  floats(x.dtype(), [&]<typename T>() {
    with_loss<T>(kind, T(p), [&](auto loss, auto) {
      parallel_for(parts, 1, [&](int64_t b, int64_t e) {
        for (int64_t k = b; k < e; ++k) {
          const T *a = x.data<T>() + k * kGrain, *t = target.data<T>() + k * kGrain;
          sums[size_t(k)] = kind == Loss::logits ? logits_sum(a, t, std::min(kGrain, n - k * kGrain), x.dtype()) : summed(a, std::min(kGrain, n - k * kGrain), [&](T v, int64_t i) { return loss(v - t[i]); });
        }
      });
    });
  });
  double total = 0;
  for (double s : sums) total += s;
  return total * scale;
}

void loss_backward(Loss kind, const Tensor& gx, const Tensor& g, const Tensor& x, const Tensor& target, double p, double scale) {
  floats(x.dtype(), [&]<typename T>() {
    with_loss<T>(kind, T(p), [&](auto, auto slope) {
      const T k = T(double(*g.data<T>()) * scale);
      parallel_for(x.numel(), kGrain, [&](int64_t b, int64_t e) {
        const T *a = x.data<T>(), *t = target.data<T>();
        T* o = gx.data<T>();
        if (kind == Loss::logits) {
          loops::of(UnaryOp::sigmoid, x.dtype())(e - b, o + b, a + b, 0, 0);
          for (int64_t i = b; i < e; ++i) o[i] = (o[i] - t[i]) * k;
          return;
        }
        for (int64_t i = b; i < e; ++i) o[i] = slope(a[i] - t[i]) * k;
      });
    });
  });
}

}  // namespace weightroom::cpu

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/vec.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "kernels/cpu/vec_map-inl.h"
#include "kernels/cpu/vec_math-inl.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/cpu/vec.h"

HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Keeps NaN and -0, as PyTorch does.
struct Relu { V operator()(D d, V x) const { return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x); } };

bool Unary(UnaryOp op, float* out, const float* a, int64_t n, bool stream) {
  switch (op) {
    case UnaryOp::neg: map1(out, a, n, stream, [](D, V x) { return hn::Neg(x); }); return true;
    case UnaryOp::abs: map1(out, a, n, stream, [](D, V x) { return hn::Abs(x); }); return true;
    case UnaryOp::square: map1(out, a, n, stream, [](D, V x) { return hn::Mul(x, x); }); return true;
    case UnaryOp::sqrt: map1(out, a, n, stream, [](D, V x) { return hn::Sqrt(x); }); return true;
    case UnaryOp::reciprocal: map1(out, a, n, stream, [](D d, V x) { return hn::Div(hn::Set(d, 1.f), x); }); return true;
    case UnaryOp::relu: map1(out, a, n, stream, Relu()); return true;
    default: return false;
  }
}

bool Binary(BinaryOp op, float* out, const float* a, const float* b, int64_t n, int as, int bs, float alpha, bool stream) {
  switch (op) {
    case BinaryOp::add:
      if (alpha == 1.f) map2(out, a, b, n, as, bs, stream, [](D, V x, V y) { return hn::Add(x, y); });
      else map2(out, a, b, n, as, bs, stream, [alpha](D d, V x, V y) { return hn::MulAdd(hn::Set(d, alpha), y, x); });
      return true;
    case BinaryOp::sub:
      if (alpha == 1.f) map2(out, a, b, n, as, bs, stream, [](D, V x, V y) { return hn::Sub(x, y); });
      else map2(out, a, b, n, as, bs, stream, [alpha](D d, V x, V y) { return hn::NegMulAdd(hn::Set(d, alpha), y, x); });
      return true;
    case BinaryOp::mul: map2(out, a, b, n, as, bs, stream, [](D, V x, V y) { return hn::Mul(x, y); }); return true;
    case BinaryOp::div: map2(out, a, b, n, as, bs, stream, [](D, V x, V y) { return hn::Div(x, y); }); return true;
    case BinaryOp::relu_backward: map2(out, a, b, n, as, bs, stream, [](D d, V g, V y) { return hn::IfThenElse(hn::Le(y, hn::Zero(d)), hn::Zero(d), g); }); return true;
    case BinaryOp::sigmoid_backward: map2(out, a, b, n, as, bs, stream, [](D d, V g, V y) { return hn::Mul(hn::Mul(g, y), hn::Sub(hn::Set(d, 1.f), y)); }); return true;
    case BinaryOp::tanh_backward: map2(out, a, b, n, as, bs, stream, [](D d, V g, V y) { return hn::Mul(g, hn::Sub(hn::Set(d, 1.f), hn::Mul(y, y))); }); return true;
    default: return false;
  }
}

template <typename F> float Fold(const float* a, int64_t n, F f) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  double total = 0;
  // Blocks keep float partial sums short; their totals are added in double.
  constexpr int64_t kBlock = 4096;
  for (int64_t s = 0; s < n; s += kBlock) {
    int64_t e = s + kBlock < n ? s + kBlock : n, i = s;
    V v0 = hn::Zero(d), v1 = v0, v2 = v0, v3 = v0;
    for (; i + 4 * L <= e; i += 4 * L) {
      v0 = f(v0, hn::LoadU(d, a + i));
      v1 = f(v1, hn::LoadU(d, a + i + L));
      v2 = f(v2, hn::LoadU(d, a + i + 2 * L));
      v3 = f(v3, hn::LoadU(d, a + i + 3 * L));
    }
    for (; i + L <= e; i += L) v0 = f(v0, hn::LoadU(d, a + i));
    if (i < e) {
      HWY_ALIGN float t[hn::MaxLanes(D())] = {};
      for (int64_t j = i; j < e; ++j) t[j - i] = a[j];
      v1 = f(v1, hn::Load(d, t));
    }
    total += double(hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(v0, v1), hn::Add(v2, v3)))));
  }
  return float(total);
}
float Sum(const float* a, int64_t n) { return Fold(a, n, [](V acc, V x) { return hn::Add(acc, x); }); }
float SumSquares(const float* a, int64_t n) { return Fold(a, n, [](V acc, V x) { return hn::MulAdd(x, x, acc); }); }

float Max(const float* a, int64_t n) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  V m = hn::Set(d, -std::numeric_limits<float>::infinity());
  int64_t i = 0;
  for (; i + L <= n; i += L) m = hn::Max(m, hn::LoadU(d, a + i));
  float r = hn::GetLane(hn::MaxOfLanes(d, m));
  for (; i < n; ++i) r = a[i] > r ? a[i] : r;
  return r;
}

float ExpShifted(float* out, const float* a, float shift, int64_t n) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  const V s = hn::Set(d, shift);
  V acc = hn::Zero(d);
  int64_t i = 0;
  for (; i + L <= n; i += L) {
    V e = math::exp(d, hn::Sub(hn::LoadU(d, a + i), s));
    hn::StoreU(e, d, out + i);
    acc = hn::Add(acc, e);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, acc));
  for (; i < n; ++i) total += out[i] = std::exp(a[i] - shift);
  return total;
}

void Gemv(float* out, const float* x, const float* w, int64_t ldw, const float* bias, int64_t rows, int64_t k) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const float *w0 = w + r * ldw, *w1 = w0 + ldw, *w2 = w1 + ldw, *w3 = w2 + ldw;
    V a0 = hn::Zero(d), a1 = a0, a2 = a0, a3 = a0;
    int64_t i = 0;
    for (; i + L <= k; i += L) {
      V v = hn::LoadU(d, x + i);
      a0 = hn::MulAdd(v, hn::LoadU(d, w0 + i), a0);
      a1 = hn::MulAdd(v, hn::LoadU(d, w1 + i), a1);
      a2 = hn::MulAdd(v, hn::LoadU(d, w2 + i), a2);
      a3 = hn::MulAdd(v, hn::LoadU(d, w3 + i), a3);
    }
    float s0 = hn::GetLane(hn::SumOfLanes(d, a0)), s1 = hn::GetLane(hn::SumOfLanes(d, a1));
    float s2 = hn::GetLane(hn::SumOfLanes(d, a2)), s3 = hn::GetLane(hn::SumOfLanes(d, a3));
    for (; i < k; ++i) { s0 += x[i] * w0[i]; s1 += x[i] * w1[i]; s2 += x[i] * w2[i]; s3 += x[i] * w3[i]; }
    out[r] = s0 + (bias ? bias[r] : 0);
    out[r + 1] = s1 + (bias ? bias[r + 1] : 0);
    out[r + 2] = s2 + (bias ? bias[r + 2] : 0);
    out[r + 3] = s3 + (bias ? bias[r + 3] : 0);
  }
  for (; r < rows; ++r) {
    V a = hn::Zero(d);
    int64_t i = 0;
    for (; i + L <= k; i += L) a = hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, w + r * ldw + i), a);
    float s = hn::GetLane(hn::SumOfLanes(d, a));
    for (; i < k; ++i) s += x[i] * w[r * ldw + i];
    out[r] = s + (bias ? bias[r] : 0);
  }
}

void Axpy(float* y, float a, const float* x, int64_t n) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  const V av = hn::Set(d, a);
  int64_t i = 0;
  for (; i + L <= n; i += L) hn::StoreU(hn::MulAdd(av, hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, y + i);
  for (; i < n; ++i) y[i] += a * x[i];
}

// Rows are added in blocks, so that long columns lose no more than short ones.
void ColumnSums(float* out, const float* a, int64_t lda, int64_t rows, int64_t cols) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d)), kBlock = 128;
  auto sums = [&]<size_t W>(int64_t j, std::integral_constant<size_t, W>) {
    V total[W], part[W];
    for (size_t w = 0; w < W; ++w) total[w] = hn::Zero(d);
    for (int64_t s = 0; s < rows; s += kBlock) {
      const int64_t e = s + kBlock < rows ? s + kBlock : rows;
      for (size_t w = 0; w < W; ++w) part[w] = hn::Zero(d);
      for (int64_t i = s; i < e; ++i)
        for (size_t w = 0; w < W; ++w) part[w] = hn::Add(part[w], hn::LoadU(d, a + i * lda + j + int64_t(w) * L));
      for (size_t w = 0; w < W; ++w) total[w] = hn::Add(total[w], part[w]);
    }
    for (size_t w = 0; w < W; ++w) hn::StoreU(total[w], d, out + j + int64_t(w) * L);
  };
  int64_t j = 0;
  for (; j + 4 * L <= cols; j += 4 * L) sums(j, std::integral_constant<size_t, 4>());
  for (; j + L <= cols; j += L) sums(j, std::integral_constant<size_t, 1>());
  for (; j < cols; ++j) {
    double total = 0;
    for (int64_t i = 0; i < rows; ++i) total += double(a[i * lda + j]);
    out[j] = float(total);
  }
}

// f(i, lanes...) over [0, n): with whole vectors of doubles, then one by one.
template <class F> HWY_INLINE void doubles(int64_t n, F f) {
  const hn::ScalableTag<double> d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  for (; i + L <= n; i += L) f(d, i);
  const hn::CappedTag<double, 1> d1;
  for (; i < n; ++i) f(d1, i);
}
template <class DD> HWY_INLINE hn::Vec<DD> wide(DD d, const float* p) { return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, DD>(), p)); }

void LayerNorm(float* out, float* mean, float* rstd, const float* a, const float* scale, const float* shift, int64_t n, double eps) {
  // Four sums side by side: each addition waits for the one before.
  auto total = [&](auto f) {
    const hn::ScalableTag<double> d;
    const hn::CappedTag<double, 1> one;
    const int64_t L = int64_t(hn::Lanes(d));
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
    int64_t i = 0;
    for (; i + 4 * L <= n; i += 4 * L) {
      s0 = hn::Add(s0, f(d, i));
      s1 = hn::Add(s1, f(d, i + L));
      s2 = hn::Add(s2, f(d, i + 2 * L));
      s3 = hn::Add(s3, f(d, i + 3 * L));
    }
    for (; i + L <= n; i += L) s0 = hn::Add(s0, f(d, i));
    double rest = 0;
    for (; i < n; ++i) rest += hn::GetLane(f(one, i));
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)))) + rest;
  };
  const double m = total([&](auto d, int64_t i) { return wide(d, a + i); }) / double(n);
  const double v = total([&](auto d, int64_t i) { const auto x = hn::Sub(wide(d, a + i), hn::Set(d, m)); return hn::Mul(x, x); }) / double(n);
  *mean = float(m);
  *rstd = float(1 / std::sqrt(v + eps));
  const float centre = *mean, factor = *rstd;
  auto write = [&](auto d, int64_t i) {
    auto y = hn::Mul(hn::Sub(hn::LoadU(d, a + i), hn::Set(d, centre)), hn::Set(d, factor));
    if (scale) y = hn::Mul(y, hn::LoadU(d, scale + i));
    if (shift) y = hn::Add(y, hn::LoadU(d, shift + i));
    hn::StoreU(y, d, out + i);
  };
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  for (; i + L <= n; i += L) write(d, i);
  for (; i < n; ++i) write(hn::CappedTag<float, 1>(), i);
}

void LayerNormBackward(float* gin, double* gw, double* gb, const float* g, const float* a, const float* scale, float mean, float rstd, int64_t n) {
  const double mu = double(mean), s = double(rstd);
  auto xhat = [&](auto d, int64_t i) { return hn::Mul(hn::Sub(wide(d, a + i), hn::Set(d, mu)), hn::Set(d, s)); };
  auto scaled = [&](auto d, int64_t i) { const auto x = wide(d, g + i); return scale ? hn::Mul(x, wide(d, scale + i)) : x; };
  const hn::ScalableTag<double> dd;
  auto acc1 = hn::Zero(dd), acc2 = hn::Zero(dd);
  double s1 = 0, s2 = 0;
  doubles(n, [&](auto d, int64_t i) {
    const auto x = xhat(d, i), raw = wide(d, g + i), gi = scaled(d, i);
    if (gw) hn::StoreU(hn::Add(hn::LoadU(d, gw + i), hn::Mul(raw, x)), d, gw + i);
    if (gb) hn::StoreU(hn::Add(hn::LoadU(d, gb + i), raw), d, gb + i);
    if constexpr (std::is_same_v<decltype(d), hn::ScalableTag<double>>) {
      acc1 = hn::Add(acc1, gi);
      acc2 = hn::Add(acc2, hn::Mul(gi, x));
    } else {
      s1 += hn::GetLane(gi);
      s2 += hn::GetLane(hn::Mul(gi, x));
    }
  });
  if (!gin) return;
  s1 = (s1 + hn::GetLane(hn::SumOfLanes(dd, acc1))) / double(n);
  s2 = (s2 + hn::GetLane(hn::SumOfLanes(dd, acc2))) / double(n);
  doubles(n, [&](auto d, int64_t i) {
    const auto y = hn::Mul(hn::Set(d, s), hn::Sub(hn::Sub(scaled(d, i), hn::Set(d, s1)), hn::Mul(xhat(d, i), hn::Set(d, s2))));
    hn::StoreU(hn::DemoteTo(hn::Rebind<float, decltype(d)>(), y), hn::Rebind<float, decltype(d)>(), gin + i);
  });
}

void SoftmaxBackward(float* gin, const float* g, const float* y, int64_t n, bool log) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  V acc = hn::Zero(d);
  int64_t i = 0;
  for (; i + L <= n; i += L) acc = log ? hn::Add(acc, hn::LoadU(d, g + i)) : hn::MulAdd(hn::LoadU(d, g + i), hn::LoadU(d, y + i), acc);
  float dot = hn::GetLane(hn::SumOfLanes(d, acc));
  for (; i < n; ++i) dot += log ? g[i] : g[i] * y[i];
  map2(gin, g, y, n, 1, 1, false, [dot, log](D t, V a, V b) {
    if (log) return hn::Sub(a, hn::Mul(math::exp(t, b), hn::Set(t, dot)));
    return hn::Mul(b, hn::Sub(a, hn::Set(t, dot)));
  });
}

void Sgd(float* p, const float* g, float factor, float* buf, bool first, int64_t n, const SgdOptions& o) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  const float lr = float(o.lr), mu = float(o.momentum), damp = float(1 - o.dampening), wd = float(o.weight_decay), sign = o.maximize ? -1.f : 1.f;
  auto step = [&](int64_t i, auto load, auto store, auto set) {
    auto w = load(p + i);
    auto grad = hn::Mul(set(factor), load(g + i));  // exact when factor is 1
    if (o.maximize) grad = hn::Mul(grad, set(sign));
    if (wd != 0) grad = hn::Add(grad, hn::Mul(set(wd), w));
    if (buf) {
      auto b = first ? grad : hn::Add(hn::Mul(set(mu), load(buf + i)), hn::Mul(set(damp), grad));
      store(b, buf + i);
      grad = o.nesterov ? hn::Add(grad, hn::Mul(set(mu), b)) : b;
    }
    store(hn::Sub(w, hn::Mul(set(lr), grad)), p + i);
  };
  int64_t i = 0;
  for (; i + L <= n; i += L)
    step(i, [&](const float* q) { return hn::LoadU(d, q); }, [&](V v, float* q) { hn::StoreU(v, d, q); }, [&](float x) { return hn::Set(d, x); });
  const hn::CappedTag<float, 1> d1;
  for (; i < n; ++i)
    step(i, [&](const float* q) { return hn::LoadU(d1, q); }, [&](auto v, float* q) { hn::StoreU(v, d1, q); }, [&](float x) { return hn::Set(d1, x); });
}

void Adam(float* p, const float* g, float factor, float* m, float* v, int64_t n, const AdamOptions& o) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  const double c1 = 1 - std::pow(o.beta1, double(o.step)), c2 = 1 - std::pow(o.beta2, double(o.step));
  const float b1 = float(o.beta1), b2 = float(o.beta2), eps = float(o.eps), wd = float(o.weight_decay);
  const float step_size = float(o.lr / c1), root = float(std::sqrt(c2)), decay = float(1 - o.lr * o.weight_decay);
  auto step = [&](int64_t i, auto load, auto store, auto set) {
    auto w = load(p + i);
    auto grad = hn::Mul(set(factor), load(g + i));  // exact when factor is 1
    if (o.maximize) grad = hn::Neg(grad);
    if (wd != 0) {
      if (o.decoupled) w = hn::Mul(w, set(decay));
      else grad = hn::Add(grad, hn::Mul(set(wd), w));
    }
    auto mi = load(m + i);
    mi = hn::Add(mi, hn::Mul(hn::Sub(grad, mi), set(1 - b1)));
    auto vi = hn::Add(hn::Mul(load(v + i), set(b2)), hn::Mul(hn::Mul(grad, grad), set(float(1 - o.beta2))));
    store(mi, m + i);
    store(vi, v + i);
    auto denom = hn::Add(hn::Div(hn::Sqrt(vi), set(root)), set(eps));
    store(hn::Sub(w, hn::Div(hn::Mul(set(step_size), mi), denom)), p + i);
  };
  int64_t i = 0;
  for (; i + L <= n; i += L)
    step(i, [&](const float* q) { return hn::LoadU(d, q); }, [&](V x, float* q) { hn::StoreU(x, d, q); }, [&](float x) { return hn::Set(d, x); });
  const hn::CappedTag<float, 1> d1;
  for (; i < n; ++i)
    step(i, [&](const float* q) { return hn::LoadU(d1, q); }, [&](auto x, float* q) { hn::StoreU(x, d1, q); }, [&](float x) { return hn::Set(d1, x); });
}

const char* Target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace weightroom::vec {
HWY_EXPORT(Unary);
HWY_EXPORT(Binary);
HWY_EXPORT(Sum);
HWY_EXPORT(SumSquares);
HWY_EXPORT(Max);
HWY_EXPORT(ExpShifted);
HWY_EXPORT(Gemv);
HWY_EXPORT(Axpy);
HWY_EXPORT(ColumnSums);
HWY_EXPORT(LayerNorm);
HWY_EXPORT(LayerNormBackward);
HWY_EXPORT(SoftmaxBackward);
HWY_EXPORT(Sgd);
HWY_EXPORT(Adam);
HWY_EXPORT(Target);
bool unary(UnaryOp op, float* out, const float* a, int64_t n, bool stream) { return HWY_DYNAMIC_DISPATCH(Unary)(op, out, a, n, stream); }
bool binary(BinaryOp op, float* out, const float* a, const float* b, int64_t n, int as, int bs, float alpha, bool stream) {
  return HWY_DYNAMIC_DISPATCH(Binary)(op, out, a, b, n, as, bs, alpha, stream);
}
float sum(const float* a, int64_t n) { return HWY_DYNAMIC_DISPATCH(Sum)(a, n); }
float sum_squares(const float* a, int64_t n) { return HWY_DYNAMIC_DISPATCH(SumSquares)(a, n); }
float max(const float* a, int64_t n) { return HWY_DYNAMIC_DISPATCH(Max)(a, n); }
float exp_shifted(float* out, const float* a, float shift, int64_t n) { return HWY_DYNAMIC_DISPATCH(ExpShifted)(out, a, shift, n); }
void gemv(float* out, const float* x, const float* w, int64_t ldw, const float* bias, int64_t rows, int64_t k) {
  HWY_DYNAMIC_DISPATCH(Gemv)(out, x, w, ldw, bias, rows, k);
}
void axpy(float* y, float a, const float* x, int64_t n) { HWY_DYNAMIC_DISPATCH(Axpy)(y, a, x, n); }
void column_sums(float* out, const float* a, int64_t lda, int64_t rows, int64_t cols) { HWY_DYNAMIC_DISPATCH(ColumnSums)(out, a, lda, rows, cols); }
void layer_norm(float* out, float* mean, float* rstd, const float* a, const float* scale, const float* shift, int64_t n, double eps) {
  HWY_DYNAMIC_DISPATCH(LayerNorm)(out, mean, rstd, a, scale, shift, n, eps);
}
void layer_norm_backward(float* gin, double* gw, double* gb, const float* g, const float* a, const float* scale, float mean, float rstd, int64_t n) {
  HWY_DYNAMIC_DISPATCH(LayerNormBackward)(gin, gw, gb, g, a, scale, mean, rstd, n);
}
void softmax_backward(float* gin, const float* g, const float* y, int64_t n, bool log) { HWY_DYNAMIC_DISPATCH(SoftmaxBackward)(gin, g, y, n, log); }
void sgd(float* p, const float* g, float factor, float* buf, bool first, int64_t n, const SgdOptions& o) { HWY_DYNAMIC_DISPATCH(Sgd)(p, g, factor, buf, first, n, o); }
void adam(float* p, const float* g, float factor, float* m, float* v, int64_t n, const AdamOptions& o) { HWY_DYNAMIC_DISPATCH(Adam)(p, g, factor, m, v, n, o); }
const char* target() { return HWY_DYNAMIC_DISPATCH(Target)(); }
}  // namespace weightroom::vec
#endif

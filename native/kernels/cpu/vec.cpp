#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/vec.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "kernels/cpu/vec_math-inl.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/cpu/vec.h"

HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Elements before `out` is aligned to whole vectors, as streaming stores want it.
int64_t misaligned(const float* out, int64_t n) {
  const int64_t L = int64_t(hn::Lanes(D()));
  return std::min(n, (L - int64_t(reinterpret_cast<uintptr_t>(out) / sizeof(float)) % L) % L);
}

// out[i] = f(a[i]); the tail goes through a padded buffer so that f sees whole vectors only.
template <typename F> void map1(float* out, const float* a, int64_t n, bool stream, F f) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  if (stream) {
    i = misaligned(out, n);
    if (i) map1(out, a, i, false, f);
    for (; i + L <= n; i += L) hn::Stream(f(d, hn::LoadU(d, a + i)), d, out + i);
    hwy::FlushStream();
  }
  for (; i + L <= n; i += L) hn::StoreU(f(d, hn::LoadU(d, a + i)), d, out + i);
  if (i < n) {
    HWY_ALIGN float t[hn::MaxLanes(D())] = {};
    for (int64_t j = i; j < n; ++j) t[j - i] = a[j];
    hn::Store(f(d, hn::Load(d, t)), d, t);
    for (int64_t j = i; j < n; ++j) out[j] = t[j - i];
  }
}

template <typename F> void map2(float* out, const float* a, const float* b, int64_t n, int as, int bs, bool stream, F f) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  const V a0 = hn::Set(d, a[0]), b0 = hn::Set(d, b[0]);
  auto vectors = [&](auto store) {
    if (as && bs) for (; i + L <= n; i += L) store(f(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)), out + i);
    else if (as) for (; i + L <= n; i += L) store(f(d, hn::LoadU(d, a + i), b0), out + i);
    else for (; i + L <= n; i += L) store(f(d, a0, bs ? hn::LoadU(d, b + i) : b0), out + i);
  };
  if (stream) {
    i = misaligned(out, n);
    if (i) map2(out, a, b, i, as, bs, false, f);
    vectors([&](V v, float* to) { hn::Stream(v, d, to); });
    hwy::FlushStream();
  } else vectors([&](V v, float* to) { hn::StoreU(v, d, to); });
  if (i < n) {
    HWY_ALIGN float s[hn::MaxLanes(D())] = {};
    HWY_ALIGN float t[hn::MaxLanes(D())] = {};
    for (int64_t j = i; j < n; ++j) { s[j - i] = a[as ? j : 0]; t[j - i] = b[bs ? j : 0]; }
    hn::Store(f(d, hn::Load(d, s), hn::Load(d, t)), d, s);
    for (int64_t j = i; j < n; ++j) out[j] = s[j - i];
  }
}

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
    case UnaryOp::exp: map1(out, a, n, stream, [](D d, V x) { return math::exp(d, x); }); return true;
    case UnaryOp::tanh: map1(out, a, n, stream, [](D d, V x) { return math::tanh(d, x); }); return true;
    case UnaryOp::sigmoid: map1(out, a, n, stream, [](D d, V x) { return math::sigmoid(d, x); }); return true;
    case UnaryOp::silu: map1(out, a, n, stream, [](D d, V x) { return hn::Div(x, hn::Add(hn::Set(d, 1.f), math::exp(d, hn::Neg(x)))); }); return true;
    default: return false;
  }
}

bool Binary(BinaryOp op, float* out, const float* a, const float* b, int64_t n, int as, int bs, float alpha, bool stream) {
  if (n == 0) return true;
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
  int64_t j = 0;
  for (; j + L <= cols; j += L) {
    V total = hn::Zero(d);
    for (int64_t s = 0; s < rows; s += kBlock) {
      const int64_t e = s + kBlock < rows ? s + kBlock : rows;
      V part = hn::Zero(d);
      for (int64_t i = s; i < e; ++i) part = hn::Add(part, hn::LoadU(d, a + i * lda + j));
      total = hn::Add(total, part);
    }
    hn::StoreU(total, d, out + j);
  }
  for (; j < cols; ++j) {
    double total = 0;
    for (int64_t i = 0; i < rows; ++i) total += double(a[i * lda + j]);
    out[j] = float(total);
  }
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
void sgd(float* p, const float* g, float factor, float* buf, bool first, int64_t n, const SgdOptions& o) { HWY_DYNAMIC_DISPATCH(Sgd)(p, g, factor, buf, first, n, o); }
void adam(float* p, const float* g, float factor, float* m, float* v, int64_t n, const AdamOptions& o) { HWY_DYNAMIC_DISPATCH(Adam)(p, g, factor, m, v, n, o); }
const char* target() { return HWY_DYNAMIC_DISPATCH(Target)(); }
}  // namespace weightroom::vec
#endif

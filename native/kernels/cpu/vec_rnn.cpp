#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/vec_rnn.cpp"
#include <hwy/foreach_target.h>
// after foreach_target
#include <hwy/highway.h>

#include "kernels/cpu/vec_math-inl.h"

#include "kernels/cpu/vec_rnn.h"

HWY_BEFORE_NAMESPACE();
namespace weightroom::vec {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;

// body(d, i) for whole vectors, then once for each element that is left, with one-lane vectors.
template <typename F> void each(int64_t n, F&& body) {
  const D d;
  const int64_t L = int64_t(hn::Lanes(d));
  int64_t i = 0;
  for (; i + L <= n; i += L) body(d, i);
  const hn::CappedTag<float, 1> one;
  for (; i < n; ++i) body(one, i);
}

void LstmCell(float* gates, const float* c, float* c_out, float* h_out, int64_t h) {
  each(h, [&](auto d, int64_t k) {
    auto i = math::sigmoid(d, hn::LoadU(d, gates + k)), f = math::sigmoid(d, hn::LoadU(d, gates + h + k));
    auto g = math::tanh(d, hn::LoadU(d, gates + 2 * h + k)), o = math::sigmoid(d, hn::LoadU(d, gates + 3 * h + k));
    hn::StoreU(i, d, gates + k);
    hn::StoreU(f, d, gates + h + k);
    hn::StoreU(g, d, gates + 2 * h + k);
    hn::StoreU(o, d, gates + 3 * h + k);
    auto next = hn::MulAdd(f, hn::LoadU(d, c + k), hn::Mul(i, g));
    hn::StoreU(next, d, c_out + k);
    hn::StoreU(hn::Mul(o, math::tanh(d, next)), d, h_out + k);
  });
}

void LstmCellBackward(float* gg, const float* gates, const float* c_before, const float* c, const float* gh, float* gc, int64_t h) {
  each(h, [&](auto d, int64_t k) {
    const auto one = hn::Set(d, 1.f);
    auto i = hn::LoadU(d, gates + k), f = hn::LoadU(d, gates + h + k), g = hn::LoadU(d, gates + 2 * h + k), o = hn::LoadU(d, gates + 3 * h + k);
    auto t = math::tanh(d, hn::LoadU(d, c + k)), dh = hn::LoadU(d, gh + k);
    auto dc = hn::MulAdd(hn::Mul(dh, o), hn::NegMulAdd(t, t, one), hn::LoadU(d, gc + k));
    auto sig = [&](auto s) { return hn::Mul(s, hn::Sub(one, s)); };
    hn::StoreU(hn::Mul(hn::Mul(dc, g), sig(i)), d, gg + k);
    hn::StoreU(hn::Mul(hn::Mul(dc, hn::LoadU(d, c_before + k)), sig(f)), d, gg + h + k);
    hn::StoreU(hn::Mul(hn::Mul(dc, i), hn::NegMulAdd(g, g, one)), d, gg + 2 * h + k);
    hn::StoreU(hn::Mul(hn::Mul(dh, t), sig(o)), d, gg + 3 * h + k);
    hn::StoreU(hn::Mul(dc, f), d, gc + k);
  });
}

void GruCell(float* saved, const float* gx, const float* gh, const float* before, float* out, int64_t h) {
  each(h, [&](auto d, int64_t k) {
    auto r = math::sigmoid(d, hn::Add(hn::LoadU(d, gx + k), hn::LoadU(d, gh + k)));
    auto z = math::sigmoid(d, hn::Add(hn::LoadU(d, gx + h + k), hn::LoadU(d, gh + h + k)));
    auto hn_part = hn::LoadU(d, gh + 2 * h + k);
    auto n = math::tanh(d, hn::MulAdd(r, hn_part, hn::LoadU(d, gx + 2 * h + k)));
    hn::StoreU(r, d, saved + k);
    hn::StoreU(z, d, saved + h + k);
    hn::StoreU(n, d, saved + 2 * h + k);
    hn::StoreU(hn_part, d, saved + 3 * h + k);
    hn::StoreU(hn::MulAdd(z, hn::Sub(hn::LoadU(d, before + k), n), n), d, out + k);
  });
}

void GruCellBackward(float* ggx, float* ggh, const float* saved, const float* before, const float* g, float* g_before, int64_t h) {
  each(h, [&](auto d, int64_t k) {
    const auto one = hn::Set(d, 1.f);
    auto r = hn::LoadU(d, saved + k), z = hn::LoadU(d, saved + h + k), n = hn::LoadU(d, saved + 2 * h + k), part = hn::LoadU(d, saved + 3 * h + k);
    auto go = hn::LoadU(d, g + k);
    auto dn = hn::Mul(hn::Mul(go, hn::Sub(one, z)), hn::NegMulAdd(n, n, one));
    auto dz = hn::Mul(hn::Mul(go, hn::Sub(hn::LoadU(d, before + k), n)), hn::Mul(z, hn::Sub(one, z)));
    auto dr = hn::Mul(hn::Mul(dn, part), hn::Mul(r, hn::Sub(one, r)));
    hn::StoreU(dr, d, ggx + k);
    hn::StoreU(dr, d, ggh + k);
    hn::StoreU(dz, d, ggx + h + k);
    hn::StoreU(dz, d, ggh + h + k);
    hn::StoreU(dn, d, ggx + 2 * h + k);
    hn::StoreU(hn::Mul(dn, r), d, ggh + 2 * h + k);
    hn::StoreU(hn::Mul(go, z), d, g_before + k);
  });
}

void TanhRow(float* out, const float* a, int64_t n) {
  each(n, [&](auto d, int64_t i) { hn::StoreU(math::tanh(d, hn::LoadU(d, a + i)), d, out + i); });
}

}  // namespace HWY_NAMESPACE
}  // namespace weightroom::vec
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace weightroom::vec {
HWY_EXPORT(LstmCell);
HWY_EXPORT(LstmCellBackward);
HWY_EXPORT(GruCell);
HWY_EXPORT(GruCellBackward);
HWY_EXPORT(TanhRow);
void lstm_cell(float* gates, const float* c, float* c_out, float* h_out, int64_t h) { HWY_DYNAMIC_DISPATCH(LstmCell)(gates, c, c_out, h_out, h); }
void lstm_cell_backward(float* gates_grad, const float* gates, const float* c_before, const float* c, const float* gh, float* gc, int64_t h) {
  HWY_DYNAMIC_DISPATCH(LstmCellBackward)(gates_grad, gates, c_before, c, gh, gc, h);
}
void gru_cell(float* saved, const float* gx, const float* gh, const float* before, float* out, int64_t h) { HWY_DYNAMIC_DISPATCH(GruCell)(saved, gx, gh, before, out, h); }
void gru_cell_backward(float* ggx, float* ggh, const float* saved, const float* before, const float* g, float* g_before, int64_t h) {
  HWY_DYNAMIC_DISPATCH(GruCellBackward)(ggx, ggh, saved, before, g, g_before, h);
}
void tanh(float* out, const float* a, int64_t n) { HWY_DYNAMIC_DISPATCH(TanhRow)(out, a, n); }
}  // namespace weightroom::vec
#endif

// Recurrent layers, one direction of one layer at a time: all input products in one matrix product, then the steps.
#include "ops/ops.h"

namespace weightroom::ops {
namespace {

Tensor sigmoid(const Tensor& t) { return unary(UnaryOp::sigmoid, t); }
Tensor tanh(const Tensor& t) { return unary(UnaryOp::tanh, t); }
Tensor part(const Tensor& t, int64_t i, int64_t h) { return slice(t, 1, i * h, (i + 1) * h, 1); }

}  // namespace

std::pair<Tensor, Tensor> lstm_cell(const Tensor& gates, const Tensor& c, int64_t hidden) {
  Tensor i = sigmoid(part(gates, 0, hidden)), f = sigmoid(part(gates, 1, hidden)), g = tanh(part(gates, 2, hidden)), o = sigmoid(part(gates, 3, hidden));
  Tensor next = add(mul(f, c), mul(i, g));
  return {mul(o, tanh(next)), next};
}

Tensor gru_cell(const Tensor& gi, const Tensor& gh, const Tensor& h) {
  int64_t n = h.size(1);
  Tensor r = sigmoid(add(part(gi, 0, n), part(gh, 0, n))), z = sigmoid(add(part(gi, 1, n), part(gh, 1, n)));
  Tensor c = tanh(add(part(gi, 2, n), mul(r, part(gh, 2, n))));
  return add(mul(sub(h, c), z), c);
}

namespace {

// Step by step in other ops: every device and type, and derivatives of any order.
TensorList stepwise(RnnMode mode, const RnnTensors& in, const Tensor& w_hr, bool reverse) {
  const auto& [x, h0, c0, w_ih, w_hh, b_ih, b_hh] = in;
  int64_t steps = x.size(0), hidden = w_hh.size(0) / (mode == RnnMode::lstm ? 4 : mode == RnnMode::gru ? 3 : 1);
  // The two biases join where nothing stands between them.
  bool join = mode != RnnMode::gru && b_ih;
  Tensor inputs = linear(x, w_ih, join ? add(b_ih, b_hh) : b_ih);
  Tensor h = h0, c = c0;
  TensorList ys(static_cast<size_t>(steps));
  for (int64_t k = 0; k < steps; ++k) {
    int64_t t = reverse ? steps - 1 - k : k;
    Tensor gi = select(inputs, 0, t), gh = linear(h, w_hh, join ? Tensor() : b_hh);
    if (mode == RnnMode::lstm) {
      std::tie(h, c) = lstm_cell(add(gi, gh), c, hidden);
      if (w_hr) h = linear(h, w_hr, Tensor());
    } else if (mode == RnnMode::gru) {
      h = gru_cell(gi, gh, h);
    } else {
      h = unary(mode == RnnMode::tanh ? UnaryOp::tanh : UnaryOp::relu, add(gi, gh));
    }
    ys[size_t(t)] = h;
  }
  Tensor y = steps ? stack(ys, 0) : empty({0, x.size(1), h0.size(1)}, x.dtype(), x.device());
  return mode == RnnMode::lstm ? TensorList{y, h, c} : TensorList{y, h};
}

// Whether the kernel can take it all as it is; what does not fit is told by the ops above.
bool fits(RnnMode mode, const RnnTensors& in) {
  const Tensor &x = in.x, &h = in.h0;
  if (x.dim() != 3 || h.dim() != 2 || in.w_hh.dim() != 2 || !x.numel() || !h.numel() || bool(in.b_ih) != bool(in.b_hh)) return false;
  int64_t hidden = h.size(1), gates = hidden * (mode == RnnMode::lstm ? 4 : mode == RnnMode::gru ? 3 : 1);
  auto is = [&](const Tensor& t, const Dims& sizes) { return !t || (t.sizes() == sizes && t.dtype() == x.dtype() && t.device() == x.device()); };
  return is(h, {x.size(1), hidden}) && is(in.c0, h.sizes()) && is(in.w_ih, {gates, x.size(2)}) && is(in.w_hh, {gates, hidden}) && is(in.b_ih, {gates}) && is(in.b_hh, {gates});
}

TensorList as_list(const RnnTensors& t) { return {t.x, t.h0, t.c0, t.w_ih, t.w_hh, t.b_ih, t.b_hh}; }
RnnTensors as_rnn(const TensorList& l) { return {l[0], l[1], l[2], l[3], l[4], l[5], l[6]}; }

// Gradients that can be differentiated again: the steps are taken once more, with their history.
TensorList again(RnnMode mode, bool reverse, const TensorList& saved, const TensorList& g) {
  TensorList in, wanted, roots, grads, out(saved.size());
  std::vector<size_t> at;
  for (size_t i = 0; i < saved.size(); ++i) {
    in.push_back(saved[i] && requires_grad(saved[i]) ? mul(saved[i], 1.0) : saved[i]);
    if (in[i].defined() && requires_grad(in[i])) { wanted.push_back(in[i]); at.push_back(i); }
  }
  TensorList ys = stepwise(mode, as_rnn(in), Tensor(), reverse);
  for (size_t i = 0; i < ys.size(); ++i) if (g[i]) { roots.push_back(ys[i]); grads.push_back(g[i]); }
  TensorList gs = run_backward(roots, grads, true, true, wanted, true);
  for (size_t i = 0; i < at.size(); ++i) out[at[i]] = gs[i];
  return out;
}

TensorList fused(RnnMode mode, const RnnTensors& given, bool reverse) {
  RnnTensors in = given;
  for (Tensor* t : {&in.x, &in.h0, &in.c0, &in.w_ih, &in.w_hh, &in.b_ih, &in.b_hh}) if (*t) *t = contiguous(*t);
  const bool lstm = mode == RnnMode::lstm;
  const int64_t steps = in.x.size(0), n = in.x.size(1), hidden = in.h0.size(1), last = reverse ? 0 : steps - 1;
  TensorList outputs;
  Tensor cells, gates;
  {
    NoGrad guard;
    auto make = [&](const Dims& sizes) { return empty(sizes, in.x.dtype(), in.x.device()); };
    Tensor y = make({steps, n, hidden});
    if (lstm) cells = make({steps, n, hidden});
    if (lstm || mode == RnnMode::gru) gates = make({steps, n, 4 * hidden});
    backend(y).rnn(mode, y, cells, gates, in, reverse);
    outputs = {y, clone(select(y, 0, last))};
    if (lstm) outputs.push_back(clone(select(cells, 0, last)));
  }
  TensorList inputs = as_list(in);
  if (!any_requires_grad(inputs)) return outputs;
  std::vector<SavedTensor> saved;
  for (const Tensor& t : inputs) saved.push_back(t ? SavedTensor(t) : SavedTensor());
  saved.push_back(cells ? SavedTensor(cells) : SavedTensor());
  saved.push_back(gates ? SavedTensor(gates) : SavedTensor());
  auto node = record(outputs, "MkldnnRnnLayerBackward0", inputs, std::move(saved), [mode, reverse](Context& c, const TensorList& g) {
    TensorList in, grads;
    for (size_t i = 0; i < 7; ++i) in.push_back(c.saved(i));
    if (grad_enabled()) return again(mode, reverse, in, g);
    for (size_t i = 0; i < 7; ++i) grads.push_back(c.needs(i) ? empty(in[i].sizes(), in[i].dtype(), in[i].device()) : Tensor());
    auto flat = [&](size_t i) { return i < g.size() && g[i] ? contiguous(g[i]) : Tensor(); };
    backend(in[0]).rnn_backward(mode, as_rnn(grads), flat(0), flat(1), flat(2), c.saved(9), c.saved(7), c.saved(8), as_rnn(in), reverse);
    return grads;
  });
  save_output(node, outputs[0]);
  return outputs;
}

}  // namespace

TensorList rnn_layer(RnnMode mode, const Tensor& x, const Tensor& h0, const Tensor& c0, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh, const Tensor& w_hr, bool reverse) {
  RnnTensors in{x, h0, c0, w_ih, w_hh, b_ih, b_hh};
  if (!w_hr && fits(mode, in) && backend(x).rnn(mode, Tensor(), Tensor(), Tensor(), in, reverse)) return fused(mode, in, reverse);
  return stepwise(mode, in, w_hr, reverse);
}

}  // namespace weightroom::ops

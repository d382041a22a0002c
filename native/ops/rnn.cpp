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

TensorList rnn_layer(RnnMode mode, const Tensor& x, const Tensor& h0, const Tensor& c0, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh, const Tensor& w_hr, bool reverse) {
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

}  // namespace weightroom::ops

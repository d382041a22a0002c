// Fused calls of the nn library and the optimizers: one native call for one thing the user says.
#include "binding/call.h"
#include "ops/layers.h"
#include "ops/optimizers.h"
#include "random/distributions.h"

namespace weightroom::binding {
namespace {

napi_value linear(Call& c) { return c.wrap(ops::linear(c.tensor(0), c.tensor(1), c.maybe_tensor(2))); }
napi_value softmax(Call& c) { return c.wrap(ops::softmax(c.tensor(0), c.integer(1), c.boolean(2))); }
napi_value nll_loss(Call& c) { return c.wrap(ops::nll_loss(c.tensor(0), c.tensor(1), c.maybe_tensor(2), c.integer(3), int(c.integer(4)))); }
napi_value cross_entropy(Call& c) { return c.wrap(ops::cross_entropy(c.tensor(0), c.tensor(1), c.integer(2), int(c.integer(3)))); }
napi_value layer_norm(Call& c) { return c.wrap(ops::layer_norm(c.tensor(0), c.dims(1), c.maybe_tensor(2), c.maybe_tensor(3), c.number(4))); }
// groupNorm(x, groups, weight, bias, eps); rmsNorm(x, dims, weight, eps)
napi_value group_norm(Call& c) { return c.wrap(ops::group_norm(c.tensor(0), c.integer(1), c.maybe_tensor(2), c.maybe_tensor(3), c.number(4))); }
napi_value rms_norm(Call& c) { return c.wrap(ops::rms_norm(c.tensor(0), c.integer(1), c.maybe_tensor(2), c.number(3))); }
// resize(x, name, positions, weights)
napi_value resize(Call& c) { return c.wrap(ops::resize(c.tensor(0), c.tensors(2), c.tensors(3), c.string(1))); }
// im2col(x, windows), col2im(x, windows): size, kernel, stride, padding, dilation, count, two numbers each
cpu::Windows windows(Call& c) {
  const Dims d = c.dims(1);
  if (d.size() != 12) fail_value("im2col: 12 numbers, not ", d.size());
  auto two = [&](size_t i) { return std::array<int64_t, 2>{d[2 * i], d[2 * i + 1]}; };
  return {two(0), two(1), two(2), two(3), two(4), two(5)};
}
napi_value im2col(Call& c) { return c.wrap(ops::im2col(c.tensor(0), windows(c))); }
napi_value col2im(Call& c) { return c.wrap(ops::col2im(c.tensor(0), windows(c))); }
// differenceLoss(kind, x, target, p, mean)
napi_value difference_loss(Call& c) { return c.wrap(ops::difference_loss(cpu::Loss(c.integer(0)), c.tensor(1), c.tensor(2), c.number(3), c.boolean(4))); }
napi_value embedding(Call& c) { return c.wrap(ops::embedding(c.tensor(0), c.tensor(1), c.integer(2))); }
napi_value dropout(Call& c) { return c.wrap(ops::dropout(c.tensor(0), c.number(1), c.data->generator)); }

// conv(x, w, bias, stride, padding, dilation, groups)
napi_value conv(Call& c) { return c.wrap(ops::convolution(c.tensor(0), c.tensor(1), c.maybe_tensor(2), {c.dims(3), c.dims(4), c.dims(5), c.integer(6)})); }
// convTranspose(x, w, bias, stride, padding, dilation, groups, outputPadding)
napi_value conv_transpose(Call& c) { return c.wrap(ops::convolution_transpose(c.tensor(0), c.tensor(1), c.maybe_tensor(2), {c.dims(3), c.dims(4), c.dims(5), c.integer(6)}, c.dims(7))); }
napi_value max_pool(Call& c) {
  auto [values, indices] = ops::max_pool(c.tensor(0), c.dims(1), c.dims(2), c.dims(3), c.dims(4), c.boolean(5));
  return c.list({values, indices});
}
// avgPool(x, kernel, stride, padding, ceil, countIncludePad, divisor)
napi_value avg_pool(Call& c) { return c.wrap(ops::avg_pool(c.tensor(0), c.dims(1), c.dims(2), c.dims(3), c.boolean(4), c.boolean(5), c.missing(6) ? std::nullopt : std::optional<int64_t>(c.integer(6)))); }
// batchNorm(x, weight, bias, runningMean, runningVar, train, momentum, eps)
napi_value batch_norm(Call& c) { return c.wrap(ops::batch_norm(c.tensor(0), c.maybe_tensor(1), c.maybe_tensor(2), c.maybe_tensor(3), c.maybe_tensor(4), c.boolean(5), c.number(6), c.number(7))); }
// rnnLayer(mode, x, h0, c0, wIh, wHh, bIh, bHh, wHr, reverse)
napi_value rnn_layer(Call& c) {
  return c.list(ops::rnn_layer(RnnMode(c.integer(0)), c.tensor(1), c.tensor(2), c.maybe_tensor(3), c.tensor(4), c.tensor(5), c.maybe_tensor(6), c.maybe_tensor(7), c.maybe_tensor(8), c.boolean(9)));
}

// sgdStep(params, buffers, lr, momentum, dampening, weightDecay, nesterov, maximize): the buffers, made where needed.
napi_value sgd_step(Call& c) {
  TensorList params = c.tensors(0), buffers = c.missing(1) ? TensorList(params.size()) : c.tensors(1);
  if (buffers.size() != params.size()) fail_value("sgdStep: ", params.size(), " parameters but ", buffers.size(), " momentum buffers");
  TensorList before = buffers;
  ops::sgd_step(params, buffers, {c.number(2), c.number(3), c.number(4), c.number(5), c.boolean(6), c.boolean(7)});
  // Only fresh buffers are handed out: the others keep their JavaScript object.
  napi_value out = c.missing(1) ? c.undefined() : c.argv[1];
  for (size_t i = 0; i < buffers.size() && !c.missing(1); ++i)
    if (buffers[i] && !before[i]) c.ok(napi_set_element(c.env, out, uint32_t(i), c.wrap(buffers[i])));
  return out;
}

// adamStep(params, expAvgs, expAvgSqs, step, lr, beta1, beta2, eps, weightDecay, decoupled, maximize)
napi_value adam_step(Call& c) {
  TensorList params = c.tensors(0), m = c.tensors(1), v = c.tensors(2);
  if (m.size() != params.size() || v.size() != params.size()) fail_value("adamStep: ", params.size(), " parameters but ", m.size(), " and ", v.size(), " moments");
  AdamOptions o{c.number(4), c.number(5), c.number(6), c.number(7), c.number(8), c.boolean(9), c.boolean(10), c.integer(3)};
  ops::adam_step(params, m, v, o);
  return c.undefined();
}

// optimizerStep(rule, params, states, settings): states one list a kind.
napi_value optimizer_step(Call& c) {
  TensorList params = c.tensors(1);
  // Its states are a row and a column; the ops they go through check them.
  const bool factored = c.string(0) == "adafactor";
  auto length = [&](size_t i) { uint32_t n = 0; c.ok(napi_get_array_length(c.env, c.argv[i], &n)); return n; };
  std::vector<TensorList> states;
  for (uint32_t k = 0, n = length(2); k < n; ++k) {
    c.ok(napi_get_element(c.env, c.argv[2], k, &c.argv[4]));
    states.push_back(c.tensors(4));
    if (states.back().size() != params.size()) fail_value("optimizerStep: ", params.size(), " parameters but ", states.back().size(), " states");
    for (size_t i = 0; i < params.size(); ++i)
      check(states.back()[i] && (factored || states.back()[i].sizes() == params[i].sizes()), "the optimizer's state does not have its parameter's shape, ", shape_str(params[i].sizes()));
  }
  std::vector<double> settings;
  for (uint32_t k = 0, n = length(3); k < n; ++k) {
    c.ok(napi_get_element(c.env, c.argv[3], k, &c.argv[4]));
    c.count = 5;
    settings.push_back(c.number(4));
  }
  ops::optimizer_step(c.string(0), params, states, settings);
  return c.undefined();
}

napi_value clip_grad_norm(Call& c) { return c.wrap(ops::clip_grad_norm(c.tensors(0), c.number(1), c.number(2))); }

// orthogonalize(a): Q of a rows×cols matrix, rows >= cols, in a's dtype; computed in float64.
napi_value orthogonalize(Call& c) {
  Tensor a = on_cpu(c.tensor(0));
  if (a.dim() != 2 || !is_floating(a.dtype()) || a.size(0) < a.size(1)) fail("orthogonalize expects a floating matrix with at least as many rows as columns, got ", shape_str(a.sizes()));
  NoGrad guard;
  Tensor wide = ops::to_dtype(a, DType::float64), q = ops::empty(a.sizes(), DType::float64);
  weightroom::orthogonalize(wide.data<double>(), a.size(0), a.size(1), q.data<double>());
  return c.wrap(ops::to_dtype(q, a.dtype()));
}

}  // namespace

const std::vector<Entry> nn_entries = {
    {"linear", linear}, {"softmax", softmax}, {"nllLoss", nll_loss}, {"crossEntropy", cross_entropy}, {"layerNorm", layer_norm}, {"groupNorm", group_norm}, {"rmsNorm", rms_norm}, {"resize", resize}, {"im2col", im2col}, {"differenceLoss", difference_loss}, {"col2im", col2im}, {"embedding", embedding},
    {"dropout", dropout}, {"conv", conv}, {"convTranspose", conv_transpose}, {"maxPool", max_pool}, {"avgPool", avg_pool}, {"batchNorm", batch_norm}, {"rnnLayer", rnn_layer},
    {"sgdStep", sgd_step}, {"adamStep", adam_step}, {"clipGradNorm", clip_grad_norm}, {"optimizerStep", optimizer_step}, {"orthogonalize", orthogonalize},
};

}  // namespace weightroom::binding

/** torch.nn.functional: layers and losses as functions. */
import { RuntimeError } from './errors';
import { floating } from './functionalActivations';
import { native } from './native';
import type { Tensor } from './tensor';

export * from './functionalActivations';
export * from './functionalEmbedding';
export * from './functionalFractional';
export * from './functionalGrid';
export * from './functionalLayers';
export * from './functionalLosses';
export * from './functionalPooling';
export * from './functionalResizing';

const U = native.unaryCodes;

/** x @ weightᵀ + bias. x: [..., in], weight: [out, in], bias: [out]. Source: torch.nn.functional.linear. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor { return native['linear'](x, weight, bias); }
/** max(0, x), element by element. The gradient at 0 is 0. */
export function relu(x: Tensor): Tensor { return x.relu(); }
/** x above zero, slope·x below. */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor { floating(x, 'leaky_relu_cpu'); return native['unary'](U['leaky_relu'], x, negativeSlope); }
/** x above zero, alpha·(eˣ - 1) below. */
export function elu(x: Tensor, alpha = 1): Tensor { floating(x, 'elu_cpu'); return native['unary'](U['elu'], x, alpha); }
/** Gaussian error linear unit x·Φ(x), exact or with the tanh approximation. Source: Hendrycks, Gimpel 2016. */
export function gelu(x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor {
  if (approximate !== 'none' && approximate !== 'tanh') throw new RuntimeError('approximate argument must be either none or tanh.');
  floating(x, 'GeluKernelImpl');
  return native['unary'](U[approximate === 'tanh' ? 'gelu_tanh' : 'gelu'], x);
}
/** x·sigmoid(x). */
export function silu(x: Tensor): Tensor { floating(x, 'silu_cpu'); return native['unary'](U['silu'], x); }
/** log(1 + exp(beta·x))/beta, and x itself where beta·x is above the threshold. */
export function softplus(x: Tensor, beta = 1, threshold = 20): Tensor { floating(x, 'softplus_cpu'); return native['unary'](U['softplus'], x, beta, threshold); }
/** leakyRelu, in place; returns x. */
export function leakyRelu_(x: Tensor, negativeSlope = 0.01): Tensor { floating(x, 'leaky_relu_cpu'); return native['unary_'](U['leaky_relu'], x, negativeSlope); }
/** elu, in place; returns x. */
export function elu_(x: Tensor, alpha = 1): Tensor { floating(x, 'elu_cpu'); return native['unary_'](U['elu'], x, alpha); }
/** 1/(1 + e⁻ˣ), elementwise. */
export function sigmoid(x: Tensor): Tensor { return x.sigmoid(); }
/** The hyperbolic tangent, elementwise. */
export function tanh(x: Tensor): Tensor { return x.tanh(); }
/** exp(x) over its sum along `dim`: shares that add up to 1. */
export function softmax(x: Tensor, dim: number): Tensor { return x.softmax(dim); }
/** The logarithm of softmax along `dim`, stable: what nllLoss takes. */
export function logSoftmax(x: Tensor, dim: number): Tensor { return x.logSoftmax(dim); }

/** (x - mean)/√(variance + eps) · weight + bias over the last dims, whose sizes are normalizedShape. Source: Ba, Kiros, Hinton 2016. */
export function layerNorm(x: Tensor, normalizedShape: readonly number[], weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor {
  return native['layerNorm'](x, normalizedShape, weight, bias, eps);
}

/** torch.nn.functional: layers and losses as functions. */
import { ValueError } from './errors';
import { native } from './native';
import { RuntimeError } from './errors';
import type { Tensor } from './tensor';

export * from './functionalActivations';
export * from './functionalLayers';
export * from './functionalPooling';
export * from './functionalResizing';

export type Reduction = 'none' | 'mean' | 'sum';
const reductionCode = { none: 0, mean: 1, sum: 2 } as const;
const U = native.unaryCodes;

function reduce(t: Tensor, reduction: Reduction): Tensor {
  if (!(reduction in reductionCode)) throw new ValueError(`${String(reduction)} is not a valid value for reduction`);
  return reduction === 'none' ? t : reduction === 'mean' ? t.mean() : t.sum();
}

/** x @ weightᵀ + bias. x: [..., in], weight: [out, in], bias: [out]. Source: torch.nn.functional.linear. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor { return native['linear'](x, weight, bias); }
export function relu(x: Tensor): Tensor { return x.relu(); }
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor { return native['unary'](U['leaky_relu'], x, negativeSlope); }
export function elu(x: Tensor, alpha = 1): Tensor { return native['unary'](U['elu'], x, alpha); }
/** Gaussian error linear unit, exact or with the tanh approximation. */
export function gelu(x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor { return native['unary'](U[approximate === 'tanh' ? 'gelu_tanh' : 'gelu'], x); }
export function silu(x: Tensor): Tensor { return native['unary'](U['silu'], x); }
export function softplus(x: Tensor, beta = 1, threshold = 20): Tensor { return native['unary'](U['softplus'], x, beta, threshold); }
export function sigmoid(x: Tensor): Tensor { return x.sigmoid(); }
export function tanh(x: Tensor): Tensor { return x.tanh(); }
export function softmax(x: Tensor, dim: number): Tensor { return x.softmax(dim); }
export function logSoftmax(x: Tensor, dim: number): Tensor { return x.logSoftmax(dim); }

/** Rows of `weight` [num, dim] picked by int64 `input` [...]: [..., dim]. */
export function embedding(input: Tensor, weight: Tensor, paddingIdx: number | null = null): Tensor { return native['embedding'](weight, input, paddingIdx ?? -1); }
/** Normalizes over the last dimensions. Source: Ba, Kiros, Hinton 2016. */
export function layerNorm(x: Tensor, normalizedShape: readonly number[], weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor {
  return native['layerNorm'](x, normalizedShape, weight, bias, eps);
}

// --- losses

/** Softmax and negative log likelihood in one. logits: [N, C], target: int64 [N]. Throws IndexError for a class out of bounds. */
export function crossEntropy(logits: Tensor, target: Tensor, options: { weight?: Tensor | null; ignoreIndex?: number; reduction?: Reduction } = {}): Tensor {
  const { weight = null, ignoreIndex = -100, reduction = 'mean' } = options;
  if (!(reduction in reductionCode)) throw new ValueError(`${String(reduction)} is not a valid value for reduction`);
  if (weight !== null) return nllLoss(logits.logSoftmax(-1), target, options);
  return native['crossEntropy'](logits, target, ignoreIndex, reductionCode[reduction]);
}
export function nllLoss(logp: Tensor, target: Tensor, options: { weight?: Tensor | null; ignoreIndex?: number; reduction?: Reduction } = {}): Tensor {
  const reduction = options.reduction ?? 'mean';
  if (!(reduction in reductionCode)) throw new ValueError(`${String(reduction)} is not a valid value for reduction`);
  return native['nllLoss'](logp, target, options.weight ?? null, options.ignoreIndex ?? -100, reductionCode[reduction]);
}
export function mseLoss(input: Tensor, target: Tensor, reduction: Reduction = 'mean'): Tensor { const d = input.sub(target); return reduce(d.mul(d), reduction); }
export function l1Loss(input: Tensor, target: Tensor, reduction: Reduction = 'mean'): Tensor { return reduce(input.sub(target).abs(), reduction); }
function sameSize(input: Tensor, target: Tensor): void {
  if (String(input.shape) !== String(target.shape))
    throw new ValueError(`Using a target size (${target.shape}) that is different to the input size (${input.shape}) is deprecated. Please ensure they have the same size.`);
}
/** Binary cross entropy of probabilities; logs are held above -100 as PyTorch holds them. */
export function binaryCrossEntropy(input: Tensor, target: Tensor, reduction: Reduction = 'mean'): Tensor {
  sameSize(input, target);
  const values = input.detach();
  if (values.numel() > 0 && !values.ge(0).logicalAnd(values.le(1)).all().item<boolean>()) throw new RuntimeError('all elements of input should be between 0 and 1');
  const loss = target.mul(input.log().clamp(-100)).add(target.neg().add(1).mul(input.neg().add(1).log().clamp(-100))).neg();
  return reduce(loss, reduction);
}
/** Binary cross entropy of logits, stable for large ones: max(x, 0) - x·t + log(1 + exp(-|x|)). */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, reduction: Reduction = 'mean'): Tensor {
  if (String(input.shape) !== String(target.shape)) throw new ValueError(`Target size (${target.shape}) must be the same as input size (${input.shape})`);
  return reduce(input.relu().sub(input.mul(target)).add(input.abs().neg().exp().log1p()), reduction);
}
/** Quadratic within beta of the target, linear beyond. */
export function smoothL1Loss(input: Tensor, target: Tensor, reduction: Reduction = 'mean', beta = 1): Tensor {
  const d = input.sub(target).abs();
  return reduce(d.mul(d).mul(0.5 / beta).where(d.lt(beta), d.sub(0.5 * beta)), reduction);
}

/** torch.nn.utils: gradients clipped, parameters as one vector; `rnn`: sequences of different lengths. */
import { noGrad } from '../autograd';
import { RuntimeError } from '../errors';
import { native } from '../native';
import { cat, zeros } from '../ops';
import { Tensor } from '../tensor';

const listOf = (parameters: Iterable<Tensor> | Tensor): Tensor[] => (parameters instanceof Tensor ? [parameters] : [...parameters]);

/**
 * Scales gradients in place so that their joint norm is at most maxNorm; returns the norm before. Throws RuntimeError
 * for a norm that is NaN or infinite, when asked to. Source: torch.nn.utils.clip_grad_norm_.
 */
export function clipGradNorm_(parameters: Iterable<Tensor> | Tensor, maxNorm: number, normType = 2, options: { errorIfNonfinite?: boolean } = {}): Tensor {
  const list = listOf(parameters);
  if (options.errorIfNonfinite === true) getTotalNorm(list.flatMap((p) => p.grad ?? []), normType, options);
  return native['clipGradNorm'](list, maxNorm, normType);
}
/** The joint norm of tensors. Throws RuntimeError when it is NaN or infinite, when asked to. Source: torch.nn.utils.get_total_norm. */
export function getTotalNorm(tensors: Iterable<Tensor> | Tensor, normType = 2, options: { errorIfNonfinite?: boolean } = {}): Tensor {
  const list = listOf(tensors);
  if (list.length === 0) return zeros([]);
  const total = cat(list.map((t) => t.detach().norm(normType).reshape(1))).norm(normType);
  if (options.errorIfNonfinite === true && !Number.isFinite(total.item())) throw new RuntimeError(`The total norm of order ${Number.isInteger(normType) ? `${normType}.0` : normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set \`error_if_nonfinite=False\``);
  return total;
}
/** Scales gradients in place by min(1, maxNorm / (totalNorm + 1e-6)). Source: torch.nn.utils.clip_grads_with_norm_. */
export function clipGradsWithNorm_(parameters: Iterable<Tensor> | Tensor, maxNorm: number, totalNorm: Tensor): void {
  noGrad(() => {
    const by = totalNorm.add(1e-6).reciprocal().mul(maxNorm).clamp(null, 1);
    for (const p of listOf(parameters)) p.grad?.mul_(by.to(p.grad.dtype));
  });
}
/** Clamps every gradient element to ±clipValue, in place. */
export function clipGradValue_(parameters: Iterable<Tensor> | Tensor, clipValue: number): void {
  noGrad(() => { for (const p of listOf(parameters)) p.grad?.clamp_(-clipValue, clipValue); });
}
/** All parameters flattened, one after the other: a vector. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor { return cat([...parameters].map((p) => p.reshape(-1))); }
/** Gives the parameters, in order, the values of a vector. Throws RuntimeError where it is too short or too long. */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  if (!(vec instanceof Tensor)) throw new TypeError(`expected torch.Tensor, but got: ${typeof vec}`);
  const list = [...parameters];
  const total = list.reduce((n, p) => n + p.numel(), 0);
  if (vec.numel() !== total) throw new RuntimeError(`vectorToParameters: the vector has ${vec.numel()} elements, the parameters ${total}`);
  let at = 0;
  noGrad(() => { for (const p of list) { p.data.copy_(vec.slice(0, at, at + p.numel()).reshape(p.shape)); at += p.numel(); } });
}
export { fuseConvBnEval, fuseLinearBnEval, skipInit } from './fusion';
export * as rnn from './packed';
export * as parametrize from './parametrize';
export * as parametrizations from './parametrizations';
export { removeSpectralNorm, removeWeightNorm, spectralNormByHook as spectralNorm, weightNormByHook as weightNorm } from './weightNorms';

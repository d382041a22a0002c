/** torch.nn.utils. */
import { cat } from '../ops';
import { native } from '../native';
import type { Tensor } from '../tensor';

/** Scales gradients in place so that their joint norm is at most maxNorm; returns the norm before. Source: torch.nn.utils.clip_grad_norm_. */
export function clipGradNorm_(parameters: Iterable<Tensor> | Tensor, maxNorm: number, normType = 2): Tensor {
  return native['clipGradNorm']([...(Symbol.iterator in parameters && !('dtype' in parameters) ? parameters : [parameters as Tensor])], maxNorm, normType);
}
/** Clamps every gradient element to ±clipValue, in place. */
export function clipGradValue_(parameters: Iterable<Tensor>, clipValue: number): void {
  for (const p of parameters) p.grad?.clamp_(-clipValue, clipValue);
}
export function parametersToVector(parameters: Iterable<Tensor>): Tensor { return cat([...parameters].map((p) => p.reshape(-1))); }

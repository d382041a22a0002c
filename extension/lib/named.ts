/** Compositions of ops that PyTorch knows as one: shown under its name in grad_fn, half types computed in float32 and rounded once. */
import { bfloat16, float16, float32 } from './dtype';
import { native } from './native';
import type { Tensor } from './tensor';

/** y under the name that PyTorch gives the op that made it. */
export function called(y: Tensor, name: string): Tensor { return y.requiresGrad ? native['nameGradFn'](y, name) as Tensor : y; }

/** f(x) as the op `name`; `f` must not return its input. */
export function named(name: string, x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const half = x.dtype === float16 || x.dtype === bfloat16;
  const y = f(half ? x.to(float32) : x);
  return called(half ? y.to(x.dtype) : y, name);
}

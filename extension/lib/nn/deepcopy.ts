/** Copies of whole models: Python's copy.deepcopy. */
import { noGrad } from '../autograd';
import { Device } from '../device';
import { DType } from '../dtype';
import { RuntimeError } from '../errors';
import { Generator } from '../random';
import { Size } from '../size';
import { Parameter, Tensor, unsized } from '../tensor';
import { Module } from './module';
import { stateOf } from './moduleCall';

function tensorCopy(t: Tensor): Tensor {
  if (unsized.has(t)) throw new RuntimeError('deepcopy: a lazy module has no sizes yet; call it once first');
  if (!t.isLeaf) throw new RuntimeError('Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001');
  const data = noGrad(() => t.detach().clone());
  if (t instanceof Parameter) return new Parameter(data, t.requiresGrad);
  const copy = t.requiresGrad ? data.requiresGrad_() : data;
  if (t.grad !== null) copy.grad = noGrad(() => t.grad!.detach().clone());
  return copy;
}

/**
 * A copy that shares nothing with the original: modules with parameters (without their gradients), buffers and hooks, tensors (leaves only),
 * arrays, Maps, Sets and objects inside. What is shared within stays shared. Functions are the same ones: an arrow function in
 * a field keeps the `this` it was made with. Throws RuntimeError for a tensor with a history.
 */
export function deepcopy<T>(value: T, memo = new Map<unknown, unknown>()): T {
  const copied = (x: unknown): unknown => {
    if (x === null || (typeof x !== 'object' && !(x instanceof Module)) || x instanceof DType || x instanceof Device || x instanceof Size || x instanceof Generator) return x;
    if (memo.has(x)) return memo.get(x);
    const kept = <C>(copy: C): C => { memo.set(x, copy); return copy; };
    if (x instanceof Tensor) return kept(tensorCopy(x));
    if (Array.isArray(x)) { const to: unknown[] = kept([]); for (const v of x as unknown[]) to.push(copied(v)); return to; }
    if (ArrayBuffer.isView(x)) return kept(structuredClone(x));
    if (x instanceof Map) { const to = kept(new (x.constructor as MapConstructor)<unknown, unknown>()); for (const [k, v] of x as Map<unknown, unknown>) to.set(copied(k), copied(v)); return to; }
    if (x instanceof Set) { const to = kept(new Set<unknown>()); for (const v of x as Set<unknown>) to.add(copied(v)); return to; }
    const to = kept(x instanceof Module ? new Module() : {}) as object;
    Object.setPrototypeOf(to, Object.getPrototypeOf(x) as object);
    if (x instanceof Module) copyState(x, to, copied);
    for (const [key, d] of Object.entries(Object.getOwnPropertyDescriptors(x))) Object.defineProperty(to, key, 'value' in d ? { ...d, value: copied(d.value) } : d);
    return to;
  };
  return copied(value) as T;
}

function copyState(from: Module, to: object, copied: (x: unknown) => unknown): void {
  const a = stateOf(from), b = stateOf(to);
  for (const kind of ['parameters', 'buffers', 'modules'] as const) for (const [name, v] of a[kind]) (b[kind] as Map<string, unknown>).set(name, copied(v));
  for (const kind of ['nonPersistent', 'preHooks', 'hooks', 'backwardHooks'] as const) for (const v of a[kind]) (b[kind] as Set<unknown>).add(v);
}

/** Switching gradients on and off, and gradients as values. */
import { native } from './native';
import type { Tensor } from './tensor';

function withGrad<T>(on: boolean, fn: () => T): T {
  const before = native['setGradEnabled'](on) as boolean;
  try {
    return fn();
  } finally {
    native['setGradEnabled'](before);
  }
}
/** Runs `fn` without recording; results do not require gradients. */
export function noGrad<T>(fn: () => T): T { return withGrad(false, fn); }
export function enableGrad<T>(fn: () => T): T { return withGrad(true, fn); }
export function isGradEnabled(): boolean { return native['gradEnabled'](); }
export function setGradEnabled(on: boolean): void { native['setGradEnabled'](on); }

export interface GradOptions { gradOutputs?: (Tensor | null)[]; retainGraph?: boolean; createGraph?: boolean; allowUnused?: boolean }
/** Gradients of the sum of `outputs` by each of `inputs`; nothing is added to `.grad`. */
export function grad(outputs: Tensor | Tensor[], inputs: Tensor | Tensor[], options: GradOptions = {}): (Tensor | null)[] {
  const list = (x: Tensor | Tensor[]): Tensor[] => (Array.isArray(x) ? x : [x]);
  const create = options.createGraph ?? false;
  return native['autogradGrad'](list(outputs), list(inputs), options.gradOutputs, options.retainGraph ?? create, create, options.allowUnused ?? false);
}

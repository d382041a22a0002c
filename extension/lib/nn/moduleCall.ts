/** What stands behind a Module: the state beside its fields, and what a call does around forward: hooks before, after and in the backward pass. */
import { safePoint } from '../safePoint';
import { Tensor, type Parameter } from '../tensor';
import type { Module } from './module';

/** What a module keeps beside its fields. */
export interface State {
  parameters: Map<string, Parameter | null>;
  buffers: Map<string, Tensor | null>;
  modules: Map<string, Module | null>;
  nonPersistent: Set<string>;
  preHooks: Set<PreHook>;
  hooks: Set<ForwardHook>;
  backwardHooks: Set<BackwardHook>;
}
/** Before forward: sees the arguments; what it returns replaces them. */
export type PreHook = (module: Module, args: unknown[]) => unknown;
/** After forward: sees arguments and result; what it returns replaces the result. */
export type ForwardHook = (module: Module, args: unknown[], output: unknown) => unknown;
/** In the backward pass: sees the gradients by the module's arguments and results; what it returns replaces the former. */
export type BackwardHook = (module: Module, gradInput: (Tensor | null)[], gradOutput: (Tensor | null)[]) => (Tensor | null)[] | void;

/** By the module and by the function behind it. */
export const states = new WeakMap<object, State>();
export const stateOf = (m: object): State => states.get(m)!;

function tensorsIn(x: unknown): Tensor[] {
  if (x instanceof Tensor) return [x];
  if (Array.isArray(x)) return x.flatMap(tensorsIn);
  return [];
}

export function callModule(m: Module, args: unknown[]): unknown {
  const s = stateOf(m);
  safePoint('module', m);
  for (const hook of s.preHooks) {
    const r = hook(m, args);
    if (r !== undefined && r !== null) args = Array.isArray(r) ? r : [r];
  }
  const watch = s.backwardHooks.size > 0 ? watchBackward(m, args) : null;
  let out: unknown = (m.forward as (...a: unknown[]) => unknown)(...(watch === null ? args : watch.args));
  for (const hook of s.hooks) {
    const r = hook(m, args, out);
    if (r !== undefined && r !== null) out = r;
  }
  watch?.outputs(out);
  return out;
}

/** Full backward hooks fire when the gradients by all tracked inputs, or else by all outputs, have arrived. */
function watchBackward(m: Module, args: unknown[]): { args: unknown[]; outputs(out: unknown): void } {
  let gradInput: (Tensor | null)[] = args.map(() => null);
  let gradOutput: (Tensor | null)[] = [];
  const fire = (): void => {
    for (const hook of stateOf(m).backwardHooks) {
      const r = hook(m, gradInput, gradOutput);
      if (Array.isArray(r)) gradInput = r;
    }
  };
  let waiting = 0;
  const watched = args.map((a, i) => {
    if (!(a instanceof Tensor) || !a.requiresGrad) return a;
    waiting++;
    const seen = a.mul(1);
    seen.registerHook((g) => {
      gradInput[i] = g;
      if (--waiting > 0) return undefined;
      fire();
      return gradInput[i];
    });
    return seen;
  });
  const firesAtInputs = waiting > 0;
  return {
    args: watched,
    outputs(out) {
      const outs = tensorsIn(out).filter((t) => t.requiresGrad);
      gradOutput = outs.map(() => null);
      let left = outs.length;
      outs.forEach((t, i) => t.registerHook((g) => {
        gradOutput[i] = g;
        if (--left === 0 && !firesAtInputs) fire();
      }));
    },
  };
}

/** Automatic differentiation: switching it on and off, gradients as values, functions with a gradient of your own. */
import { RuntimeError } from './errors';
import { native } from './native';
import { Tensor } from './tensor';

export { gradcheck, gradgradcheck, GradcheckError, type GradcheckOptions } from './gradcheck';

/** Runs a synchronous function in a mode of this thread and puts the mode back. */
function inMode<T>(name: string, fn: () => T, enter: () => () => void): T {
  const leave = enter();
  try {
    const result = fn();
    if (result instanceof Promise) throw new TypeError(`${name}() takes a function that is done when it returns: what an async function does later would run outside`);
    return result;
  } finally {
    leave();
  }
}
type Mode = {
  /** Runs `fn` in this mode. */
  <T>(fn: () => T): T;
  /** A function that always runs in this mode: PyTorch's decorator. */
  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R;
};
function mode(name: string, enter: () => () => void): Mode {
  const run = <T>(fn: () => T): T => inMode(name, fn, enter);
  return Object.assign(run, { wrap: <A extends unknown[], R>(fn: (...args: A) => R) => (...args: A): R => run(() => fn(...args)) });
}
const gradMode = (on: boolean) => () => {
  const before = native['setGradEnabled'](on) as boolean;
  return () => { native['setGradEnabled'](before); };
};

/** Without recording: results do not require gradients. `noGrad(() => …)`, or `noGrad.wrap(fn)`. */
export const noGrad = mode('noGrad', gradMode(false));
/** With recording, inside noGrad(). */
export const enableGrad = mode('enableGrad', gradMode(true));
/** Faster still than noGrad: what is made inside stays out of autograd for good. Source: torch.inference_mode. */
export const inferenceMode = mode('inferenceMode', () => {
  const grad = native['setGradEnabled'](false) as boolean;
  const before = native['setInferenceMode'](true) as boolean;
  return () => { native['setInferenceMode'](before); native['setGradEnabled'](grad); };
});
/** Whether operations are recorded now: false inside noGrad(). */
export function isGradEnabled(): boolean { return native['gradEnabled'](); }
/** Turns recording on or off from here on; noGrad() and enableGrad() put it back by themselves. */
export function setGradEnabled(on: boolean): void { native['setGradEnabled'](on); }

const list = (x: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(x) ? (x as readonly Tensor[]) : [x as Tensor]);

/** Of grad(). */
export interface GradOptions {
  /** The gradients by the outputs; may be left out for outputs of one element. */
  gradOutputs?: Tensor | readonly (Tensor | null)[];
  /** Whether the graph stays for another pass; createGraph by default. */
  retainGraph?: boolean;
  /** Whether the gradients have a history themselves, for second derivatives. */
  createGraph?: boolean;
  /** Whether an input that the outputs do not depend on gives null instead of a RuntimeError. */
  allowUnused?: boolean;
  /** Whether such an input gives zeros instead of null. */
  materializeGrads?: boolean;
}
/**
 * Gradients of the sum of `outputs` by each of `inputs`; nothing is added to `.grad`. null for an input that was not
 * used, with `allowUnused`; RuntimeError otherwise.
 */
export function grad(outputs: Tensor | readonly Tensor[], inputs: Tensor | readonly Tensor[], options: GradOptions = {}): (Tensor | null)[] {
  const create = options.createGraph ?? false;
  const given = options.gradOutputs;
  const outs = list(outputs);
  const ins = list(inputs);
  const gs = given === undefined ? undefined : given instanceof Tensor ? [given] : given;
  if (gs !== undefined && gs.length !== outs.length) throw new RuntimeError(`got ${outs.length} tensors and ${gs.length} gradients`);
  // Before the inputs are looked at, as in PyTorch.
  if (outs.some((t, i) => t.requiresGrad && (gs?.[i] ?? null) === null && t.numel() !== 1)) throw new RuntimeError('grad can be implicitly created only for scalar outputs');
  const result: (Tensor | null)[] = native['autogradGrad'](outs, ins, gs, options.retainGraph ?? create, create, options.allowUnused ?? options.materializeGrads ?? false);
  return options.materializeGrads === true ? result.map((g, i) => g ?? native['full'](ins[i]!.shape, 0, ins[i]!.dtype.code, ins[i]!.device.code)) : result;
}
/** Gradients of the sum of several tensors (times `gradTensors`), added to the leaves' `.grad`. */
export function backward(tensors: Tensor | readonly Tensor[], gradTensors?: Tensor | readonly (Tensor | null)[], options: { retainGraph?: boolean; createGraph?: boolean } = {}): void {
  const ts = list(tensors);
  const gs = gradTensors === undefined ? ts.map(() => null) : gradTensors instanceof Tensor ? [gradTensors] : gradTensors;
  if (gs.length !== ts.length) throw new RuntimeError(`got ${ts.length} tensors and ${gs.length} gradients`);
  native['backward'](ts, gs, options.retainGraph ?? options.createGraph ?? false, options.createGraph ?? false);
}

// --- finding what went wrong

/** Where the user's code is now: the stack without the library's own lines. */
function usersPlace(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 64;
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const own = lines.filter((l) => !l.includes(`${__dirname}/`) && !l.includes(`${__dirname}\\`) && !l.includes('(node:'));
  return (own.length > 0 ? own : lines).join('\n');
}
const anomalyMode = (on: boolean, checkNan: boolean): (() => void) => {
  const before = native['setAnomaly'](on, checkNan, usersPlace) as number;
  return () => { native['setAnomaly'](before > 0, before === 3, usersPlace); };
};
/**
 * Runs `fn` so that a failing backward() names the line of the op it belongs to, and NaN gradients are errors.
 * Slow: for debugging. Source: torch.autograd.detect_anomaly.
 */
export function detectAnomaly<T>(fn: () => T, options: { checkNan?: boolean } = {}): T { return inMode('detectAnomaly', fn, () => anomalyMode(true, options.checkNan ?? true)); }
/** Turns anomaly detection on or off from here on: see detectAnomaly. */
export function setDetectAnomaly(on: boolean, options: { checkNan?: boolean } = {}): void { anomalyMode(on, options.checkNan ?? true); }

// --- functions of your own

/** What forward() and backward() of a Function share. Anything may be kept on it; tensors in saveForBackward. */
export class FunctionCtx {
  [key: string]: unknown;
  /** Which arguments of apply() need a gradient. */
  readonly needsInputGrad: readonly boolean[];
  /** @internal */
  readonly kept: Tensor[] = [];
  /** @internal */
  readonly dirty: Tensor[] = [];
  /** @internal */
  readonly constant: Tensor[] = [];
  /** @internal */
  materialize = true;
  /** @internal */
  constructor(needs: readonly boolean[]) { this.needsInputGrad = needs; }
  /** Keeps inputs or outputs for backward(), where in-place changes of them are noticed. Once, in forward(). */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    tensors.forEach((t, i) => { if (t !== null && !(t instanceof Tensor)) throw new TypeError(`save_for_backward can only save variables, but argument ${i} is of type ${typeof t}`); });
    this.kept.splice(0, this.kept.length, ...(tensors as Tensor[]));
  }
  /** What saveForBackward() kept; in backward(). */
  get savedTensors(): Tensor[] { return [...this.kept]; }
  /** Says that forward() changed these inputs in place; they must be among its results. */
  markDirty(...tensors: Tensor[]): void { this.dirty.push(...tensors); }
  /** Says that these results have no gradient. */
  markNonDifferentiable(...tensors: Tensor[]): void { this.constant.push(...tensors); }
  /** With false, backward() gets null for results without a gradient instead of zeros. */
  setMaterializeGrads(value: boolean): void { this.materialize = value; }
}

type Result = Tensor | readonly Tensor[];
interface Definition<A extends unknown[], R extends Result> {
  name: string;
  forward(ctx: FunctionCtx, ...args: A): R;
  backward(ctx: FunctionCtx, ...grads: Tensor[]): Tensor | null | undefined | readonly (Tensor | null | undefined)[];
}

/**
 * What the graph calls. The graph holds it, so it must hold no result of apply(): such a ring through native memory would
 * never be freed. That is why it is made here, where none is in scope.
 */
function backwardOf(definition: Definition<never[], Result>, name: string, ctx: FunctionCtx, at: readonly number[], count: number, shapes: readonly { shape: number[]; dtype: number; device: number }[]): (grads: (Tensor | null)[], saved: Tensor[]) => (Tensor | null)[] {
  return (grads, saved) => {
    ctx.kept.splice(0, ctx.kept.length, ...saved);
    try {
      const filled = grads.map((g, i) => g ?? (ctx.materialize ? (native['full'](shapes[i]!.shape, 0, shapes[i]!.dtype, shapes[i]!.device) as Tensor) : null));
      const r = definition.backward(ctx, ...(filled as Tensor[]));
      let gs: (Tensor | null | undefined)[] = r === null || r === undefined || r instanceof Tensor ? [r] : [...r];
      // More than there are arguments is an error, unless they are nothing.
      while (gs.length > count && (gs[gs.length - 1] ?? null) === null) gs = gs.slice(0, -1);
      if (gs.length !== count) throw new RuntimeError(`function ${name} returned an incorrect number of gradients (expected ${count}, got ${gs.length})`);
      return at.map((i) => {
        const g = gs[i] ?? null;
        if (g !== null && !(g instanceof Tensor)) throw new RuntimeError(`expected Variable or None (got ${typeof g})`);
        return g;
      });
    } finally {
      ctx.kept.length = 0;
    }
  };
}

/**
 * A function with a gradient of your own. Source: torch.autograd.Function.
 *
 *   class Cube extends autograd.Function {
 *     static forward(ctx: autograd.FunctionCtx, x: Tensor): Tensor { ctx.saveForBackward(x); return x.mul(x).mul(x); }
 *     static backward(ctx: autograd.FunctionCtx, g: Tensor): Tensor { const [x] = ctx.savedTensors; return g.mul(x!.square()).mul(3); }
 *   }
 *   const y = Cube.apply(x);
 *
 * backward() gives one gradient an argument of forward(), null where there is none.
 */
export class Function {
  /** Calls forward() and records what backward() needs: the function to use. */
  static apply<A extends unknown[], R extends Result>(this: Definition<A, R>, ...args: A): R {
    const recording = isGradEnabled();
    const needs = args.map((a) => a instanceof Tensor && recording && a.requiresGrad);
    const ctx = new FunctionCtx(needs);
    const result = noGrad(() => this.forward(ctx, ...args));
    const outputs = result instanceof Tensor ? [result] : [...result];
    outputs.forEach((t) => { if (!(t instanceof Tensor)) throw new TypeError(`${this.name}.forward: expected a Tensor or an array of Tensors, got ${t === null ? 'null' : typeof t}`); });
    for (const t of ctx.dirty) if (!outputs.includes(t)) throw new RuntimeError('Some elements marked as dirty during the forward method were not returned as output. The inputs that are modified inplace must all be outputs of the Function.');
    if (!needs.includes(true)) return result;

    const at = args.flatMap((a, i) => (a instanceof Tensor ? [i] : []));
    const name = `${this.name}Backward`;
    const shapes = outputs.map((t) => ({ shape: [...t.shape], dtype: t.dtype.code, device: t.device.code }));
    const back = backwardOf(this as unknown as Definition<never[], Result>, name, ctx, at, args.length, shapes);
    const flags = outputs.map((t) => (ctx.dirty.includes(t) ? 1 : 0) | (ctx.constant.includes(t) || !t.isFloatingPoint() ? 2 : 0));
    const outs: Tensor[] = native['customFunction'](name, at.map((i) => args[i]), outputs, ctx.kept, flags, back);
    ctx.kept.length = ctx.dirty.length = ctx.constant.length = 0;
    // Results changed in place or untouched keep their object.
    const same = outs.map((t, i) => (t.implId === outputs[i]!.implId ? outputs[i]! : t));
    return (result instanceof Tensor ? same[0]! : same) as R;
  }
}

// --- derivatives of functions. Source: torch.autograd.functional

/** The Jacobian of `fn` at x: [...output, ...x]. */
export function jacobian(fn: (x: Tensor) => Tensor, x: Tensor, options: { createGraph?: boolean } = {}): Tensor {
  const create = options.createGraph ?? false;
  return enableGrad(() => {
    const at = create ? x.viewAs(x) : x.detach().requiresGrad_();
    const y = fn(at);
    const flat = y.reshape(-1);
    const rows = Array.from({ length: flat.numel() }, (_, i) => grad(flat.select(0, i), at, { retainGraph: true, createGraph: create, allowUnused: true, materializeGrads: true })[0]!);
    const shape = [...y.shape, ...x.shape];
    return rows.length === 0 ? (native['full'](shape, 0, x.dtype.code, x.device.code) as Tensor) : (native['stack'](rows, 0) as Tensor).reshape(shape);
  });
}
/** The Hessian of a function with one result at x: [...x, ...x]. */
export function hessian(fn: (x: Tensor) => Tensor, x: Tensor): Tensor {
  const at = x.detach().requiresGrad_();
  return jacobian((z) => grad(fn(z), z, { createGraph: true, materializeGrads: true })[0]!, at);
}

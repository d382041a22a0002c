/** Gradients against finite differences, to test ops and functions of one's own. Source: torch.autograd.gradcheck. */
import { RuntimeError, ValueError } from './errors';
import { native } from './native';
import { Tensor } from './tensor';

/** Of gradcheck() and gradgradcheck(). */
export interface GradcheckOptions {
  /** How far the inputs move for the difference quotient; 1e-6 by default. */
  eps?: number;
  /** Allowed absolute difference; 1e-5 by default. */
  atol?: number;
  /** Allowed difference relative to the numeric gradient; 1e-3 by default. */
  rtol?: number;
  /** Whether a difference throws (the default) or gives false. */
  raiseException?: boolean;
}
/** Thrown by gradcheck(): which input, where, and both values. */
export class GradcheckError extends RuntimeError {}
type Fn = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const outputsOf = (r: Tensor | readonly Tensor[]): Tensor[] => (r instanceof Tensor ? [r] : [...r]).filter((t) => t.isFloatingPoint());
/** Without recording; by hand, to keep this file below autograd.ts. */
function quietly<T>(fn: () => T): T {
  const before = native['setGradEnabled'](false) as boolean;
  try { return fn(); } finally { native['setGradEnabled'](before); }
}
const gradients = (outs: Tensor[], ins: Tensor[], gs: Tensor[], create: boolean): (Tensor | null)[] => native['autogradGrad'](outs, ins, gs, true, create, true);
const like = (t: Tensor, value: number): Tensor => native['full'](t.shape, value, t.dtype.code, t.device.code);

/**
 * Compares the gradients of `fn` at `inputs` with central differences; inputs that require a gradient should be float64.
 * True when all agree within atol + rtol · |numeric|; throws GradcheckError otherwise (or, asked so, returns false).
 */
export function gradcheck(fn: Fn, inputs: Tensor | readonly Tensor[], options: GradcheckOptions = {}): boolean {
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3, raiseException = true } = options;
  const all = inputs instanceof Tensor ? [inputs] : [...inputs];
  const checked = all.map((t, i) => [t, i] as const).filter(([t]) => t.requiresGrad);
  if (checked.length === 0) throw new ValueError('gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True.');
  const outs = outputsOf(fn(...all));
  for (const [t, k] of checked) {
    const n = t.numel();
    // One column of the numeric Jacobian an element of the input.
    const columns = Array.from({ length: n }, (_, j) => quietly(() => {
      const moved = (by: number): Tensor[] => {
        const values = t.detach().clone().contiguous();
        const flat = values.reshape(-1);
        flat.select(0, j).add_(by);
        return outputsOf(fn(...all.map((u, i) => (i === k ? values : u)))).map((o) => o.detach().clone());
      };
      const up = moved(eps);
      const down = moved(-eps);
      return up.map((u, o) => u.sub(down[o]!).div(2 * eps).reshape(-1));
    }));
    for (const [o, out] of outs.entries()) {
      const m = out.numel();
      if (n === 0 || m === 0) continue;
      const numeric = native['stack'](columns.map((c) => c[o]!), 0) as Tensor;
      const rows = Array.from({ length: m }, (_, i) => {
        const one = like(out, 0);
        one.reshape(-1).select(0, i).fill_(1);
        const g = out.requiresGrad ? gradients([out], [t], [one], false)[0] ?? null : null;
        return quietly(() => (g === null ? like(t, 0) : g).reshape(-1));
      });
      const analytic = (native['stack'](rows, 1) as Tensor).to(numeric.dtype);
      if (quietly(() => analytic.allclose(numeric, { atol, rtol }))) continue;
      if (!raiseException) return false;
      throw new GradcheckError(`Jacobian mismatch for output ${o} with respect to input ${checked.findIndex(([, i]) => i === k)},\nnumerical:${String(numeric)}\nanalytical:${String(analytic)}\n`);
    }
  }
  return true;
}

/** The same for the gradient's own gradient. `gradOutputs`: where to check; random when left out. */
export function gradgradcheck(fn: Fn, inputs: Tensor | readonly Tensor[], gradOutputs?: readonly Tensor[], options: GradcheckOptions = {}): boolean {
  const all = inputs instanceof Tensor ? [inputs] : [...inputs];
  const outs = outputsOf(fn(...all));
  const gs = (gradOutputs ?? outs.map((o) => quietly(() => like(o, 0).normal_()))).map((g) => g.detach().requiresGrad_());
  const differentiable = (...args: Tensor[]): Tensor[] => {
    const xs = args.slice(0, all.length);
    const ys = outputsOf(fn(...xs)).filter((o) => o.requiresGrad);
    const wanted = xs.filter((t) => t.requiresGrad);
    return gradients(ys, wanted, args.slice(all.length), true).filter((g) => g !== null) as Tensor[];
  };
  // Finite differences run without recording: the inner gradient needs it all the same.
  const recording = (...args: Tensor[]): Tensor[] => {
    const before = native['setGradEnabled'](true) as boolean;
    try { return differentiable(...args.map((t, i) => ([...all, ...gs][i]!.requiresGrad && !t.requiresGrad ? t.detach().requiresGrad_() : t))); } finally { native['setGradEnabled'](before); }
  };
  return gradcheck(recording, [...all, ...gs], options);
}

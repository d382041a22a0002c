/** Gradients by finite differences in float64, of a function and of its gradient. */
import { autograd, noGrad, fromTypedArray, float64, zerosLike, type Tensor } from '../../extension/lib/index';
import { tensorsIn } from './compare';
import type { Run } from './table';

/** What an output is multiplied with before it is summed; never zero. The same in cases.py. */
export function weights(t: Tensor): Tensor {
  const n = t.numel();
  return fromTypedArray(Float64Array.from({ length: n }, (_, i) => (((i * 7) % 11) - 5.5) / 4), [...t.shape], { dtype: t.dtype, device: t.device });
}
const floating = (ts: readonly Tensor[]): Tensor[] => ts.filter((t) => t.isFloatingPoint());
const dot = (a: readonly Tensor[], b: readonly Tensor[]): number => a.reduce((s, t, i) => s + (t.numel() === 0 ? 0 : t.mul(b[i]!).sum().item()), 0);

/** d value / d inputs[k] by central differences. */
function numeric(value: (inputs: Tensor[]) => number, inputs: readonly Tensor[], k: number): Float64Array {
  const at = inputs[k]!.toTypedArray() as Float64Array;
  const h = 1e-5;
  return Float64Array.from(at, (v, i) => {
    const moved = (d: number): number => value(inputs.map((t, j) => (j === k ? fromTypedArray(Float64Array.from(at, (u, m) => (m === i ? v + d : u)), [...t.shape]) : t)));
    return (moved(h) - moved(-h)) / (2 * h);
  });
}
function compare(analytic: Tensor | null, expected: Float64Array, what: string, problems: string[]): void {
  const got = analytic === null ? new Float64Array(expected.length) : (analytic.detach().toTypedArray() as Float64Array);
  const size = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  for (let i = 0; i < expected.length; i++) {
    if (Math.abs(got[i]! - expected[i]!) <= 2e-6 * size) continue;
    problems.push(`${what}: element ${i} is ${got[i]}, finite differences give ${expected[i]}`);
    return;
  }
}

/** Compares gradients (and with `double` the gradients of gradients) of `run` with finite differences. Inputs: float64 where floating. */
export function checkGradients(run: Run, inputs: readonly Tensor[], double: boolean): string[] {
  const problems: string[] = [];
  const outputs = (ts: readonly Tensor[]): Tensor[] => tensorsIn(run(...ts)).filter((t) => t.isFloatingPoint());
  const leaves = (): Tensor[] => inputs.map((t) => (t.isFloatingPoint() ? t.detach().clone().requiresGrad_() : t));
  const values = (ts: readonly Tensor[], gs?: readonly Tensor[]): number => noGrad(() => { const o = outputs(ts); return dot(o, gs ?? o.map(weights)); });

  const xs = leaves();
  const outs = outputs(xs).filter((t) => t.requiresGrad);
  if (outs.length === 0) return ['no output requires a gradient'];
  if (outs.some((t) => t.dtype !== float64)) return [];
  const first = autograd.grad(outs, floating(xs), { gradOutputs: outs.map(weights), allowUnused: true });
  let at = 0;
  inputs.forEach((t, k) => { if (t.isFloatingPoint()) compare(first[at++]!, numeric((ts) => values(ts), inputs, k), `gradient of input ${k}`, problems); });
  if (!double || problems.length > 0) return problems;

  // S = Σ v · gradient, by the inputs and by the incoming gradients.
  const slopes = (ts: readonly Tensor[], create: boolean): { s: Tensor[]; xs: Tensor[]; gs: Tensor[] } => {
    const n = inputs.length;
    const x = ts.slice(0, n).map((t) => (t.isFloatingPoint() ? t.detach().clone().requiresGrad_() : t));
    const g = ts.slice(n).map((t) => t.detach().clone().requiresGrad_());
    const o = outputs(x).filter((t) => t.requiresGrad);
    const s = autograd.grad(o, floating(x), { gradOutputs: g, createGraph: create, allowUnused: true });
    return { s: s.map((t, i) => t ?? zerosLike(floating(x)[i]!)), xs: floating(x), gs: g };
  };
  const all = [...inputs, ...outs.map(weights)];
  const r = slopes(all, true);
  const live = r.s.map((t, i) => [t, weights(r.xs[i]!)] as const).filter(([t]) => t.requiresGrad);
  const second = live.length === 0 ? [] : autograd.grad(live.map(([t]) => t), [...r.xs, ...r.gs], { gradOutputs: live.map(([, v]) => v), allowUnused: true });
  const value = (ts: Tensor[]): number => { const q = slopes(ts, false); return dot(q.s, q.xs.map(weights)); };
  at = 0;
  all.forEach((t, k) => { if (t.isFloatingPoint()) compare(second[at++] ?? null, numeric(value, all, k), k < inputs.length ? `second derivative by input ${k}` : `second derivative by gradient ${k - inputs.length}`, problems); });
  return problems;
}

/** Numbers for the gradient inspector, by the native reductions. */
import { toNum, type GradientReport, type GradientRow, type Histogram, type Summary, type TensorHistograms } from '../protocol/model';
import { internal, noGrad, type Tensor } from '../lib/index';
import type { LiveModel } from './liveModel';
import { fail } from './userError';

const { native } = internal;
const summary = (t: Tensor): Summary => native['summary'](t) as Summary;

export function gradientReport(m: LiveModel, histograms?: { names: string[] | null; bins: number }): GradientReport {
  const rows = [...m.net.namedParameters()].map(([name, p]): GradientRow => {
    const grad = p.grad === null ? null : summary(p.grad);
    return {
      name, shape: [...p.shape], numel: p.numel(), device: String(p.device), requiresGrad: p.requiresGrad, value: summary(p), grad,
      state: grad === null ? 'none' : grad.nan + grad.inf > 0 ? 'nonfinite' : grad.absMax === 0 ? 'zero' : 'ok',
      update: m.updates.of(p),
    };
  });
  return {
    model: m.id, rows, globalNorm: toNum(globalNorm(rows)), loss: m.loss === null ? null : toNum(m.loss),
    firstNonFinite: rows.find((r) => r.state === 'nonfinite')?.name ?? null, step: m.step,
    ...(histograms === undefined ? {} : { histograms: Object.fromEntries([...m.net.namedParameters()].filter(([n]) => histograms.names?.includes(n) ?? true).map(([n, p]) => [n, both(p, histograms.bins)])) }),
  };
}
/** The summaries leave out what is not finite; the norm that PyTorch would give does not. */
function globalNorm(rows: GradientRow[]): number {
  if (rows.some((r) => (r.grad?.nan ?? 0) > 0)) return NaN;
  return rows.some((r) => (r.grad?.inf ?? 0) > 0) ? Infinity : Math.sqrt(rows.reduce((s, r) => s + (r.grad?.norm ?? 0) ** 2, 0));
}
const both = (t: Tensor, bins: number): TensorHistograms => noGrad(() => ({ value: native['histogram'](t, bins) as Histogram, grad: t.grad === null ? null : (native['histogram'](t.grad, bins) as Histogram) }));

export function tensorHistogram(m: LiveModel, name: string, bins: number): { value: Histogram; grad: Histogram | null; text: string } {
  const t = [...m.net.namedParameters({ removeDuplicate: false }), ...m.net.namedBuffers({ removeDuplicate: false })].find(([n]) => n === name)?.[1];
  if (t === undefined) return fail('user', 'KeyError', `${m.name} has no parameter or buffer '${name}'`);
  return { ...both(t, bins), text: noGrad(() => String(t)) };
}

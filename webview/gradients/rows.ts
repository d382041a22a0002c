/** Which rows the gradient flow shows, in which order, and what a gradient's state is called. Pure. */
import type { GradientReport, GradientRow, Summary } from '../../extension/protocol/model';

export type SortKey = 'depth' | 'mean' | 'max' | 'norm' | 'update' | 'zeros' | 'change';
export interface Sort { key: SortKey; down: boolean }

/** How a row looks: its gradient's state, or frozen when it has none because it takes none. */
export type Look = GradientRow['state'] | 'frozen';
export const lookOf = (r: GradientRow): Look => (r.state === 'none' && !r.requiresGrad ? 'frozen' : r.state);

/** A norm as PyTorch would give it: the summary leaves out what is not finite. */
export const normOf = (s: Summary): number => (s.nan > 0 ? NaN : s.inf > 0 ? Infinity : s.norm);

export const anyGradient = (report: GradientReport): boolean => report.rows.some((r) => r.grad !== null);

/** Mean |g| of B over that of A; null when either is unknown or zero. */
export function change(a: GradientRow | undefined, b: GradientRow): number | null {
  const [x, y] = [a?.grad?.absMean ?? 0, b.grad?.absMean ?? 0];
  return x > 0 && y > 0 ? y / x : null;
}

/** A number to sort by; NaN and infinite gradients are the largest, absent ones come last either way. */
function value(r: GradientRow, key: SortKey, a: GradientRow | undefined): number | null {
  const g = r.grad;
  switch (key) {
    case 'depth': return null;
    case 'update': return r.update;
    case 'change': return change(a, r);
    case 'zeros': return g === null ? null : g.zeros / Math.max(1, g.count);
    case 'mean': case 'max': case 'norm':
      if (g === null) return null;
      return r.state === 'nonfinite' ? Infinity : key === 'mean' ? g.absMean : key === 'max' ? g.absMax : g.norm;
    default: return key satisfies never;
  }
}

export function shownRows(report: GradientReport, filter: string, sort: Sort, a: GradientReport | null): GradientRow[] {
  const wanted = filter.trim().toLowerCase();
  const rows = wanted === '' ? report.rows : report.rows.filter((r) => r.name.toLowerCase().includes(wanted));
  if (sort.key === 'depth') return sort.down ? [...rows].reverse() : rows;
  const before = new Map(a?.rows.map((r) => [r.name, r]));
  const keyed = rows.map((r) => ({ r, v: value(r, sort.key, before.get(r.name)) }));
  keyed.sort((x, y) => {
    if (x.v === null || y.v === null) return Number(x.v === null) - Number(y.v === null);
    return x.v === y.v ? 0 : (x.v < y.v ? -1 : 1) * (sort.down ? -1 : 1);
  });
  return keyed.map(({ r }) => r);
}

/** Largest first for numbers, depth order for names; a second click turns round, a third goes back to depth order. */
export function nextSort(now: Sort, key: SortKey): Sort {
  if (key === 'depth') return { key, down: now.key === 'depth' && !now.down };
  if (now.key !== key) return { key, down: true };
  return now.down ? { key, down: false } : { key: 'depth', down: false };
}

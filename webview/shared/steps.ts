/** Histograms as step curves that share one axis, and the ticks of a logarithmic scale. Pure. */
import type { Histogram } from '../../extension/protocol/model';

export interface Steps { x: number[]; /** One curve a histogram: height from x[i] to x[i + 1]; the last entry closes the last step. */ y: number[][] }

/**
 * One histogram keeps its counts. Several may have different ranges and widths: then heights are the share of the elements per
 * unit of x, so that areas compare.
 */
export function toSteps(histograms: readonly Histogram[]): Steps {
  const several = histograms.length > 1;
  const edges = new Set<number>();
  for (const h of histograms) for (const e of edgesOf(h)) edges.add(e);
  const x = [...edges].sort((a, b) => a - b);
  const y = histograms.map((h) => {
    const own = edgesOf(h);
    const total = h.counts.reduce((a, b) => a + b, 0);
    let k = 0;
    return x.map((at) => {
      while (k < h.counts.length && own[k + 1]! <= at) k++;
      if (k >= h.counts.length || at < own[0]!) return 0;
      const count = h.counts[k]!;
      return several ? (total === 0 ? 0 : count / total / (own[k + 1]! - own[k]!)) : count;
    });
  });
  // A step is drawn to the next x: the end repeats the last height so that uPlot closes it.
  for (const curve of y) if (curve.length > 1) curve[curve.length - 1] = curve.at(-2)!;
  return { x, y };
}

/** Bin borders; a histogram of equal values gets a width, so that it can be seen. */
export function edgesOf({ min, max, counts }: Histogram): number[] {
  const width = max > min ? (max - min) / counts.length : Math.max(Math.abs(min) * 1e-6, Number.MIN_VALUE * 1e16, 1e-12);
  return Array.from({ length: counts.length + 1 }, (_, i) => (i === counts.length && max > min ? max : min + i * width));
}

/** Where zero heights stand on a logarithmic axis: half of the least height. */
export function logFloor(curves: readonly (readonly number[])[]): number {
  let least = Infinity;
  for (const c of curves) for (const v of c) if (v > 0 && v < least) least = v;
  return least === Infinity ? 0.5 : least / 2;
}

/** The decades that hold all of the values: [-7, -2] for 2.5e-7 … 0.004. At least one decade; at most `most` below the top. */
export function decades(values: Iterable<number>, most = 12): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const v of values) {
    if (!(v > 0) || !Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  if (low === Infinity) return [-6, 0];
  const top = Math.ceil(Math.log10(high) - 1e-9) + 0; // never -0
  return [Math.max(top - most, Math.min(top - 1, Math.floor(Math.log10(low) + 1e-9))), top];
}

/** 0 … 1 along the decades; below them 0. */
export function logShare(value: number, [low, high]: [number, number]): number {
  return value > 0 ? Math.max(0, Math.min(1, (Math.log10(value) - low) / (high - low))) : 0;
}

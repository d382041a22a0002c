/** Reductions, running results and order statistics. `dim`: one, several, or none for all; `{ dim, keepdim }` works too. */
import type { DType } from '../dtype';
import { NotImplementedError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { TensorBinary } from './binary';
import { dimArgs, wrapDim, type DimOptions } from './core';
import { distinct, type Distinct, type DistinctOptions, type RunOptions } from './distinct';
import { Picked } from './picked';

type Dim = number | readonly number[];
/** DimOptions, and the dtype to add up or multiply in. */
export interface TypedDim extends DimOptions { dtype?: DType }
/** DimOptions, and `correction`: what is taken from the number of values before dividing; 1 for a sample, 0 for the population. */
export interface Spread extends DimOptions { correction?: number }

const typeOf = (dim: Dim | TypedDim | undefined): number | undefined => (typeof dim === 'object' && !Array.isArray(dim) ? (dim as TypedDim).dtype?.code : undefined);
const correctionOf = (dim: Dim | Spread | undefined): number => (typeof dim === 'object' && !Array.isArray(dim) ? (dim as Spread).correction ?? 1 : 1);
/** One dim to go over (none: all elements), and whether it stays with size 1. */
export interface OneDim { dim?: number; keepdim?: boolean }
const oneDim = (dim: number | OneDim | undefined, keepdim: boolean | undefined): [number | undefined, boolean] => (typeof dim === 'object' ? [dim.dim, dim.keepdim ?? false] : [dim, keepdim ?? false]);

export class TensorReduce extends TensorBinary {
  /** The sum of all elements, or over `dim` (one or several), which goes unless keepdim. Integers and bool add up in int64; `{ dtype }` chooses. */
  sum(dim?: Dim | TypedDim, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['sum'](this, d, k, typeOf(dim)); }
  /** The sum with NaN as 0, of all elements or over `dim`, which goes unless keepdim. */
  nansum(dim?: Dim | TypedDim, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['nansum'](this, d, k, typeOf(dim)); }
  /** The mean of all elements, or over `dim` (one or several), which goes unless keepdim. Throws RuntimeError for integers: `.float()` first. */
  mean(dim?: Dim | TypedDim, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['mean'](this, d, k, typeOf(dim)); }
  /** The mean of what is not NaN, of all elements or over `dim`; NaN where nothing is left. */
  nanmean(dim?: Dim | DimOptions, keepdim?: boolean): Tensor { return this.nansum(dim, keepdim).div(this.isnan().logicalNot().sum(dim, keepdim)); }
  /** The product of all elements, or over one dim, which goes unless keepdim. Integers and bool multiply in int64. */
  prod(dim?: number | (TypedDim & { dim?: number }), keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['prod'](this, d, k, typeOf(dim)); }
  /** Standard deviation of a sample (n - 1), over all elements or `dim`; `{ correction: 0 }` for the population's. Throws RuntimeError for integers. */
  std(dim?: Dim | Spread, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['variance'](this, d, correctionOf(dim), k, true); }
  /** Variance of a sample (n - 1), over all elements or `dim`; `{ correction: 0 }` for the population's. Throws RuntimeError for integers. */
  var(dim?: Dim | Spread, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['variance'](this, d, correctionOf(dim), k, false); }
  /** Vector norm of order p (also Infinity, -Infinity, 0) over everything, or over `dim`. */
  norm(p: number = 2, dim?: Dim | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['norm'](this, p, d, k); }
  /** Whether any element is not zero, of all or over `dim`, as bool (uint8 stays). */
  any(dim?: Dim | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['anyAll'](this, d, k, false); }
  /** Whether no element is zero, of all or over `dim`, as bool (uint8 stays). */
  all(dim?: Dim | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['anyAll'](this, d, k, true); }
  /** How many elements are not zero, of all or over `dim`: int64. */
  countNonzero(dim?: Dim): Tensor { return this.ne(0).sum(dim); }
  /** ln Σ eˣ over `dim`, which goes unless keepdim; without overflow. */
  logsumexp(dim: Dim, keepdim = false): Tensor { return native['logsumexp'](this, typeof dim === 'number' ? [dim] : dim, keepdim); }

  /** The largest value; with a dim `{ values, indices }`; with a tensor the larger of both, element by element. */
  max(): Tensor;
  max(other: Tensor): Tensor;
  max(dim: number | OneDim, keepdim?: boolean): Picked;
  max(dim?: number | OneDim | Tensor, keepdim?: boolean): Tensor | Picked { return this.extreme(true, dim, keepdim); }
  /** The smallest value; with a dim `{ values, indices }`; with a tensor the smaller of both, element by element. */
  min(): Tensor;
  min(other: Tensor): Tensor;
  min(dim: number | OneDim, keepdim?: boolean): Picked;
  min(dim?: number | OneDim | Tensor, keepdim?: boolean): Tensor | Picked { return this.extreme(false, dim, keepdim); }
  private extreme(max: boolean, dim: number | OneDim | Tensor | undefined, keepdim: boolean | undefined): Tensor | Picked {
    if (dim instanceof TensorReduce) return max ? this.maximum(dim as Tensor) : this.minimum(dim as Tensor);
    const [d, k] = oneDim(dim as number | OneDim | undefined, keepdim);
    return d === undefined ? native['maxMin'](this, max) : new Picked(max ? 'max' : 'min', native['maxMinDim'](this, max, d, k));
  }
  /** The largest values over one or several dims (none: all), without places; equal ones share the gradient. */
  amax(dim?: Dim | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['amaxAmin'](this, true, d, k); }
  /** The smallest values over one or several dims (none: all), without places; equal ones share the gradient. */
  amin(dim?: Dim | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['amaxAmin'](this, false, d, k); }
  /** The smallest and largest values, of everything or along `dim`: `{ min, max }`. */
  aminmax(options: OneDim = {}): { min: Tensor; max: Tensor } { return { min: this.amin(options), max: this.amax(options) }; }
  /** The place of the largest value, in the flattened tensor or along dim: int64. */
  argmax(dim?: number | OneDim, keepdim?: boolean): Tensor { const [d, k] = oneDim(dim, keepdim); return native['argMaxMin'](this, true, d, k); }
  /** The place of the smallest value, in the flattened tensor or along dim: int64. */
  argmin(dim?: number | OneDim, keepdim?: boolean): Tensor { const [d, k] = oneDim(dim, keepdim); return native['argMaxMin'](this, false, d, k); }

  // --- running results along a dim

  /** Running sums along a dim. */
  cumsum(dim: number, options: { dtype?: DType } = {}): Tensor { return native['cumsum'](this, dim, options.dtype?.code); }
  /** Running products along a dim. */
  cumprod(dim: number, options: { dtype?: DType } = {}): Tensor { return native['cumprod'](this, dim, options.dtype?.code); }
  /** Running ln Σ eˣ along a dim, without overflow. */
  logcumsumexp(dim: number): Tensor { return native['logcumsumexp'](this, dim); }
  /** The largest value so far along a dim, and its place: `{ values, indices }`. */
  cummax(dim: number): Picked { return new Picked('cummax', native['cummaxCummin'](this, true, dim)); }
  /** The smallest value so far along a dim, and its place: `{ values, indices }`. */
  cummin(dim: number): Picked { return new Picked('cummin', native['cummaxCummin'](this, false, dim)); }
  /** Differences of neighbours, n times. */
  diff(n = 1, dim = -1): Tensor {
    let t = this as unknown as Tensor;
    for (let i = 0; i < n; i++) { const size = t.size(dim); if (size === 0) break; t = t.dtype.name === 'bool' ? t.slice(dim, 1).logicalXor(t.slice(dim, 0, Math.max(size - 1, 0))) : t.slice(dim, 1).sub(t.slice(dim, 0, Math.max(size - 1, 0))); }
    return t;
  }

  // --- order; NaN counts as the largest

  /** Sorted along dim, equal elements in their old order: `{ values, indices }`. */
  sort(dim: number | { dim?: number; descending?: boolean; stable?: boolean } = -1, descending = false): Picked {
    return typeof dim === 'object' ? this.sort(dim.dim ?? -1, dim.descending ?? false) : new Picked('sort', native['sort'](this, dim, descending));
  }
  /** Indices that sort along a dim. */
  argsort(dim: number | { dim?: number; descending?: boolean; stable?: boolean } = -1, descending = false): Tensor { return this.sort(dim, descending).indices; }
  /** Sorted along the first dim. */
  msort(): Tensor { return this.sort(0).values; }
  /** The k largest (or smallest) along dim: `{ values, indices }`. */
  topk(k: number, dim: number | { dim?: number; largest?: boolean; sorted?: boolean } = -1, largest = true, sorted = true): Picked {
    return typeof dim === 'object' ? this.topk(k, dim.dim ?? -1, dim.largest ?? true, dim.sorted ?? true) : new Picked('topk', native['topk'](this, k, dim, largest, sorted));
  }
  /** The kth smallest along dim, counted from 1: `{ values, indices }`. */
  kthvalue(k: number, dim = -1, keepdim = false): Picked { return new Picked('kthvalue', native['kthvalue'](this, k, dim, keepdim)); }
  /** The lower median of everything; with a dim `{ values, indices }`. NaN where there is one. */
  median(): Tensor;
  median(dim: number | OneDim, keepdim?: boolean): Picked;
  median(dim?: number | OneDim, keepdim?: boolean): Tensor | Picked { return this.middle(false, dim, keepdim); }
  /** The lower median of what is not NaN. */
  nanmedian(): Tensor;
  nanmedian(dim: number | OneDim, keepdim?: boolean): Picked;
  nanmedian(dim?: number | OneDim, keepdim?: boolean): Tensor | Picked { return this.middle(true, dim, keepdim); }
  private middle(ignoreNan: boolean, dim: number | OneDim | undefined, keepdim: boolean | undefined): Tensor | Picked {
    const [d, k] = oneDim(dim, keepdim);
    return d === undefined ? native['median'](this, ignoreNan) : new Picked(ignoreNan ? 'nanmedian' : 'median', native['medianDim'](this, d, k, ignoreNan));
  }
  /** The most frequent value along dim, the smallest of several: `{ values, indices }`. */
  mode(dim = -1, keepdim = false): Picked { return new Picked('mode', native['mode'](this, dim, keepdim)); }
  /** The values without repeats, sorted; with `dim` its slices. With more asked for `[output, inverse, counts]`. */
  unique<const O extends DistinctOptions = Record<never, never>>(options?: O): Distinct<O> { return distinct(this as unknown as Tensor, false, options ?? {} as O); }
  /** The first of every run of equal elements, or of equal slices along `dim`. */
  uniqueConsecutive<const O extends RunOptions = Record<never, never>>(options?: O): Distinct<O> { return distinct(this as unknown as Tensor, true, options ?? {} as O); }
  /** How often each number 0, 1, … occurs in a vector of integers, or the sum of its weights. */
  bincount(weights: Tensor | null | { weights?: Tensor | null; minlength?: number } = null, minlength = 0): Tensor {
    const named = weights === null || 'numel' in weights ? { weights, minlength } : weights;
    return native['bincount'](this, named.weights ?? null, named.minlength ?? 0);
  }
  /** Counts in `bins` equal intervals of [min, max]; both 0: of the values' own range. */
  histc(bins = 100, min = 0, max = 0): Tensor { return native['histc'](this, bins, min, max); }

  /** exp(x) over its sum along a dim: shares that add up to 1. */
  softmax(dim: number): Tensor { return native['softmax'](this, dim, false); }
  /** The logarithm of softmax along a dim, stable. */
  logSoftmax(dim: number): Tensor { return native['softmax'](this, dim, true); }
  /** Running sums along a dim, in place: the dtype stays. */
  cumsum_(dim: number): this { return this.scannable('cumsum', dim) ? this.become(this.cumsum(dim)) : this; }
  /** Running products along a dim, in place: the dtype stays. */
  cumprod_(dim: number): this { return this.scannable('cumprod', dim) ? this.become(this.cumprod(dim)) : this; }
  /** Whether there is something to run over; bool has no sums of its own. */
  private scannable(name: string, dim: number): boolean {
    if (this.dtype.name !== 'bool') return true;
    wrapDim(dim, this.dim());
    if (this.dim() > 0 && this.numel() > 0) throw new NotImplementedError(`"${name}_out_cpu" not implemented for 'Bool'`);
    return false;
  }
}

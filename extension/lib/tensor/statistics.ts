/** Order statistics and covariance. Source: torch.<name>. */
import { RuntimeError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { TensorLinalg } from './linalg';

export interface QuantileOptions { dim?: number; keepdim?: boolean; interpolation?: 'linear' | 'lower' | 'higher' | 'nearest' | 'midpoint' }

export class TensorStatistics extends TensorLinalg {
  /** Quantiles q of everything or along dim, with linear interpolation unless told otherwise. NaN where there is one. */
  quantile(q: number | Tensor, options: QuantileOptions = {}): Tensor { return quantiles(this as unknown as Tensor, q, options, false); }
  /** Quantiles of what is not NaN. */
  nanquantile(q: number | Tensor, options: QuantileOptions = {}): Tensor { return quantiles(this as unknown as Tensor, q, options, true); }
  /** Covariance of variables in rows, observations in columns. */
  cov(options: { correction?: number } = {}): Tensor {
    const x = this.dim() < 2 ? this.reshape(1, -1) : (this as unknown as Tensor);
    const centred = x.sub(x.mean(1, true));
    return centred.mm(centred.t()).div(Math.max(0, x.size(1) - (options.correction ?? 1))).squeeze();
  }
  /** Correlation coefficients of variables in rows. */
  corrcoef(): Tensor {
    const c = this.cov();
    if (c.dim() === 0) return c.div(c);
    const d = c.diagonal().sqrt();
    return c.div(d.unsqueeze(1)).div(d.unsqueeze(0)).clamp(-1, 1);
  }
}

function quantiles(input: Tensor, q: number | Tensor, options: QuantileOptions, ignoreNan: boolean): Tensor {
  const qs = typeof q === 'number' ? input.newFull([], q) : q;
  if (!input.isFloatingPoint()) throw new RuntimeError('quantile() input tensor must be either float or double dtype');
  if (qs.dim() > 1) throw new RuntimeError('quantile() q must be a scalar or 1D tensor');
  const probabilities = Array.from(qs.toTypedArray() as ArrayLike<number>, Number);
  for (const v of probabilities) if (!(v >= 0 && v <= 1)) throw new RuntimeError(typeof q === 'number' ? `quantile() q must be in the range [0, 1] but got ${q}` : `quantile() q values must be in the range [0, 1]`);
  if (input.numel() === 0) throw new RuntimeError('quantile() input tensor must be non-empty');
  const dim = options.dim ?? 0, kind = options.interpolation ?? 'linear';
  const sorted = (options.dim === undefined ? input.reshape(-1) : input).movedim(dim, -1).sort(-1).values, n = sorted.size(-1);
  const missing = sorted.isnan();
  const results = probabilities.map((v) => {
    // NaN comes last: among what is not NaN the place differs from row to row.
    if (ignoreNan) return placed(sorted, missing.logicalNot().sum(-1, true).sub(1).clampMin(0).to(sorted.dtype).mul(v), kind);
    return exactly(sorted, v * (n - 1), kind).maskedFill(missing.any(-1), NaN);
  });
  const keep = (t: Tensor): Tensor => (options.keepdim === true ? (options.dim === undefined ? t.reshape(Array.from({ length: input.dim() }, () => 1)) : t.unsqueeze(dim)) : t);
  return qs.dim() === 0 ? keep(results[0]!) : native['stack'](results.map(keep), 0);
}
/** The value at a place between the elements of the last dim. */
function exactly(sorted: Tensor, rank: number, kind: string): Tensor {
  const at = kind === 'nearest' ? roundHalfEven(rank) : kind === 'lower' ? Math.floor(rank) : kind === 'higher' ? Math.ceil(rank) : rank, low = Math.floor(at), high = Math.ceil(at), a = sorted.select(-1, low);
  return low === high ? a : a.lerp(sorted.select(-1, high), kind === 'midpoint' ? 0.5 : at - low);
}
/** The same, each row at its own place. */
function placed(sorted: Tensor, rank: Tensor, kind: string): Tensor {
  const at = kind === 'nearest' ? rank.round() : kind === 'lower' ? rank.floor() : kind === 'higher' ? rank.ceil() : rank, low = at.floor(), pick = (t: Tensor): Tensor => sorted.gather(-1, t.long()).squeeze(-1);
  const weight = kind === 'midpoint' ? at.ne(low).to(sorted.dtype).mul(0.5) : at.sub(low);
  return pick(low).lerp(pick(at.ceil()), weight.squeeze(-1));
}
function roundHalfEven(x: number): number { const r = Math.round(x); return Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r; }

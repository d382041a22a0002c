/** torch.nn.functional, continued: fractional max pooling. x [N, C, ...] or [C, ...]. Source: Graham, Fractional MaxPooling, 2015. */
import { int64 } from './dtype';
import { IndexError, NotImplementedError, RuntimeError, ValueError } from './errors';
import { called } from './named';
import { arange, fromTypedArray, rand } from './ops';
import type { Size1 } from './spatial';
import type { Tensor } from './tensor';

/** Of fractionalMaxPool: either outputSize or outputRatio. */
export interface FractionalPoolOptions {
  /** The size of the output; this or outputRatio. */
  outputSize?: Size1 | null;
  /** The output's size as a part of the input's, between 0 and 1. */
  outputRatio?: Size1 | null;
  /** [N, C, dims] numbers in [0, 1), drawn when missing: where each channel's windows begin. */
  randomSamples?: Tensor | null;
}

const each = (v: Size1, n: number): number[] => (typeof v === 'number' ? Array.from({ length: n }, () => v) : [...v]);

/** Where the windows of one dim begin, in the arithmetic of the tensor's type. */
function starts(sample: number, size: number, out: number, pool: number, round: (v: number) => number): number[] {
  const step = round((size - pool) / (out - 1)), from = Math.trunc(round(sample * step));
  return Array.from({ length: out }, (_, i) => (i === out - 1 ? size - pool : Math.trunc(round(round(i + sample) * step)) - from));
}

function fractional(n: number, x: Tensor, kernel: Size1, o: FractionalPoolOptions): [Tensor, Tensor] {
  const name = `fractional_max_pool${n}d`;
  if (o.outputSize == null && o.outputRatio == null) throw new ValueError(`${name} requires specifying either an output_size or an output_ratio`);
  let size = o.outputSize == null ? null : each(o.outputSize, n);
  if (size === null) {
    if (o.outputRatio != null && typeof o.outputRatio !== 'number' && o.outputRatio.length > n) throw new ValueError(`${name} requires output_ratio to either be a single Int or tuple of Ints.`);
    size = each(o.outputRatio!, n).map((r, d) => Math.trunc(x.size(d - n) * r));
  }
  const pool = each(kernel, n), batched = x.dim() === n + 2, most = Math.max(1, x.dim()), op = n === 2 ? `${name}()` : `${name}_out()`;
  if (x.dim() < n + 1) throw new IndexError(`Dimension out of range (expected to be in range of [${-most}, ${most - 1}], but got ${-n - 1})`);
  if (!x.isFloatingPoint() && o.randomSamples == null) throw new NotImplementedError(`"check_uniform_bounds" not implemented for '${x.dtype.scalarName}'`);
  const samples = o.randomSamples ?? rand([batched ? x.size(0) : 1, x.size(-n - 1), n], { dtype: x.dtype });
  const tuple = `must either be a single Int or tuple of${n === 3 ? ' three' : ''} Ints`;
  if (pool.length !== n) throw new RuntimeError(`${name}: kernel_size ${tuple}`);
  if (size.length !== n) throw new RuntimeError(`${name}: output_size ${tuple}`);
  const hollow = x.shape.findIndex((s, d) => s === 0 && d >= (batched ? 1 : 0));
  if (hollow >= 0) throw new RuntimeError(`${op}: Expected input to have non-zero size for non-batch dimensions, but got[${x.shape.join(', ')}] with dimension ${hollow} being empty.`);
  const lead = x.shape.slice(0, x.dim() - n), spots = x.shape.slice(-n), sides = ['time', 'height', 'width'].slice(3 - n);
  sides.forEach((side, d) => { if (size[d]! + pool[d]! - 1 + (n - 2) > spots[d]!) throw new RuntimeError(`${op}: pool ${side} ${pool[d]} too large relative to input ${side} ${spots[d]}`); });
  if (samples.dtype !== x.dtype) throw new RuntimeError('Expect _random_samples to have the same dtype as input');
  if (samples.dim() !== 3 || samples.size(0) < (batched ? x.size(0) : 1)) throw new RuntimeError('Expect _random_samples.size(0) no less then input batch size.');
  // Two dims keep the width's sample first, three the depth's.
  const drawn = samples.cpu().toTypedArray() as ArrayLike<number>, planes = lead.reduce((a, b) => a * b, 1), round = x.dtype.name === 'float64' ? (v: number): number => v : Math.fround;
  const at = (d: number): number => (n === 2 ? 1 - d : d);
  // Positions in a channel of every element of every window: a sum of one part a dim, broadcast.
  let where: Tensor | null = null;
  for (let d = 0; d < n; d++) {
    const stride = spots.slice(d + 1).reduce((a, b) => a * b, 1), first = Array.from({ length: planes }, (_, p) => starts(drawn[p * n + at(d)]!, spots[d]!, size[d]!, pool[d]!, round)).flat();
    const shape = [planes, ...size.map((s, k) => (k === d ? s : 1)), ...pool.map(() => 1)], taps = pool.map((s, k) => (k === d ? s : 1));
    const part = fromTypedArray(BigInt64Array.from(first, BigInt), shape, { dtype: int64 }).to(x.device).add(arange(pool[d]!, { dtype: int64, device: x.device }).reshape(taps)).mul(stride);
    where = where === null ? part : where.add(part);
  }
  const area = spots.reduce((a, b) => a * b, 1), outs = size.reduce((a, b) => a * b, 1), window = pool.reduce((a, b) => a * b, 1);
  const index = where!.reshape(planes, outs, window), found = x.reshape(planes, area).gather(1, index.reshape(planes, outs * window)).reshape(planes, outs, window).max(-1, true);
  const values = found.values.reshape([...lead, ...size]);
  return [called(values, `FractionalMaxPool${n}DBackward0`), index.gather(2, found.indices).reshape([...lead, ...size])];
}

/**
 * The largest of each window, windows begin at random places: the output has a size of its own, `outputSize` or a part of the input's,
 * `outputRatio`. Draws as PyTorch does. Source: torch.nn.functional.fractional_max_pool2d.
 */
export function fractionalMaxPool2d(x: Tensor, kernelSize: Size1, options: FractionalPoolOptions): Tensor { return fractional(2, x, kernelSize, options)[0]; }
/** The same over depth, height and width. Source: torch.nn.functional.fractional_max_pool3d. */
export function fractionalMaxPool3d(x: Tensor, kernelSize: Size1, options: FractionalPoolOptions): Tensor { return fractional(3, x, kernelSize, options)[0]; }
/** Values and their positions in the flattened spatial dims (int64). */
export function fractionalMaxPool2dWithIndices(x: Tensor, kernelSize: Size1, options: FractionalPoolOptions): [Tensor, Tensor] { return fractional(2, x, kernelSize, options); }
/** Values and their positions in the flattened spatial dims (int64). */
export function fractionalMaxPool3dWithIndices(x: Tensor, kernelSize: Size1, options: FractionalPoolOptions): [Tensor, Tensor] { return fractional(3, x, kernelSize, options); }

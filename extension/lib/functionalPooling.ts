/** torch.nn.functional, continued: pooling. x [N, C, ...] or [C, ...]; the stride is the kernel's size unless given. */
import { RuntimeError, ValueError } from './errors';
import { called } from './named';
import { native } from './native';
import { arange, cat, empty, zeros } from './ops';
import { int64 } from './dtype';
import { spatial, type Size1 } from './spatial';
import type { Tensor } from './tensor';

/** Of max pooling; one number for all spatial dims, or one for each. */
export interface PoolOptions {
  /** How far the window moves; the kernel's size by default. */
  stride?: Size1 | null;
  /** -∞ at both ends, at most half the kernel's size. */
  padding?: Size1;
  /** Distance between the elements of a window; 1 by default. */
  dilation?: Size1;
  /** Whether a window may begin inside and end outside. */
  ceilMode?: boolean;
}
const counts = ['', 'one', 'two', 'three'];
/** A setting with another number of values than spatial dims. */
function checkCount(op: string, n: number, name: string, v: Size1 | null | undefined, or = 'must either be'): void {
  if (typeof v !== 'object' || v === null || v.length === 1 || v.length === n) return;
  if (n === 1) throw new RuntimeError(`${op}1d() ${name} must be an int, list of ints or tuple of ints of size 1 but got size ${v.length}`);
  throw new RuntimeError(`${op}${n}d: ${name} ${or} a single int, or a tuple of ${counts[n]} ints`);
}
/** In one dim PyTorch pools a plane of height 1. */
const poolName = (kind: string, n: number, suffix = ''): string => (n === 1 ? 'SqueezeBackward1' : `${kind}Pool${n}D${suffix}Backward0`);
function maxPool(n: number, x: Tensor, kernel: Size1, o: PoolOptions): [Tensor, Tensor] {
  checkCount('max_pool', n, 'kernel_size', kernel);
  checkCount('max_pool', n, 'stride', o.stride, 'must either be omitted,');
  checkCount('max_pool', n, 'padding', o.padding);
  checkCount('max_pool', n, 'dilation', o.dilation, 'must be either');
  const k = spatial(kernel, n, 'kernel_size');
  const [y, at] = native['maxPool'](x, k, o.stride == null ? k : spatial(o.stride, n, 'stride'), spatial(o.padding ?? 0, n, 'padding'), spatial(o.dilation ?? 1, n, 'dilation'), o.ceilMode ?? false) as [Tensor, Tensor];
  return [called(y, poolName('Max', n, 'WithIndices')), at];
}
/** The largest of each window. x [N, C, L] or [C, L]. Source: torch.nn.functional.max_pool1d. */
export function maxPool1d(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): Tensor { return maxPool(1, x, kernelSize, options)[0]; }
/** The largest of each window. x [N, C, H, W] or [C, H, W]. Source: torch.nn.functional.max_pool2d. */
export function maxPool2d(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): Tensor { return maxPool(2, x, kernelSize, options)[0]; }
/** The largest of each window. x [N, C, D, H, W] or [C, D, H, W]. Source: torch.nn.functional.max_pool3d. */
export function maxPool3d(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): Tensor { return maxPool(3, x, kernelSize, options)[0]; }
/** The largest of each window, and where it lies in the flattened spatial dims (int64), for maxUnpool. */
export function maxPool1dWithIndices(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): [Tensor, Tensor] { return maxPool(1, x, kernelSize, options); }
/** The largest of each window, and where it lies in the flattened spatial dims (int64), for maxUnpool. */
export function maxPool3dWithIndices(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): [Tensor, Tensor] { return maxPool(3, x, kernelSize, options); }
/** The largest of each window, and where it lies in the flattened spatial dims (int64), for maxUnpool. */
export function maxPool2dWithIndices(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): [Tensor, Tensor] { return maxPool(2, x, kernelSize, options); }

/** Of average pooling; one number for all spatial dims, or one for each. */
export interface AvgPoolOptions {
  /** How far the window moves; the kernel's size by default. */
  stride?: Size1 | null;
  /** Zeros at both ends, at most half the kernel's size. */
  padding?: Size1;
  /** Whether a window may begin inside and end outside. */
  ceilMode?: boolean;
  /** Whether the padding counts in the mean; true by default. */
  countIncludePad?: boolean;
  /** Divides by this instead of the window's size. */
  divisorOverride?: number | null;
}
function avgPool(n: number, x: Tensor, kernel: Size1, o: AvgPoolOptions): Tensor {
  checkCount('avg_pool', n, 'kernel_size', kernel);
  checkCount('avg_pool', n, 'stride', o.stride, 'must either be omitted,');
  checkCount('avg_pool', n, 'padding', o.padding);
  const k = spatial(kernel, n, 'kernel_size'), spots = x.shape.slice(-n), sides = (v: readonly number[], p: string): string => `${p}T: ${v[0]} ${p}H: ${v[1]} ${p}W: ${v[2]}`;
  if (n === 3 && x.dim() >= 4 && x.numel() > 0 && spots.some((s, d) => s < k[d]!)) throw new RuntimeError(`input image (${sides(spots, '')}) smaller than kernel size (${sides(k, 'k')})`);
  return called(native['avgPool'](x, k, o.stride == null ? k : spatial(o.stride, n, 'stride'), spatial(o.padding ?? 0, n, 'padding'), o.ceilMode ?? false, o.countIncludePad ?? true, o.divisorOverride ?? null) as Tensor, poolName('Avg', n));
}
/** The mean of each window. x [N, C, L] or [C, L]. Source: torch.nn.functional.avg_pool1d. */
export function avgPool1d(x: Tensor, kernelSize: Size1, options: AvgPoolOptions = {}): Tensor { return avgPool(1, x, kernelSize, options); }
/** The mean of each window. x [N, C, H, W] or [C, H, W]. Source: torch.nn.functional.avg_pool2d. */
export function avgPool2d(x: Tensor, kernelSize: Size1, options: AvgPoolOptions = {}): Tensor { return avgPool(2, x, kernelSize, options); }
/** The mean of each window. x [N, C, D, H, W] or [C, D, H, W]. Source: torch.nn.functional.avg_pool3d. */
export function avgPool3d(x: Tensor, kernelSize: Size1, options: AvgPoolOptions = {}): Tensor { return avgPool(3, x, kernelSize, options); }

// --- inverse of max pooling

/** Of max unpooling: what the pooling was given. */
export interface UnpoolOptions {
  /** The pooling's stride; the kernel's size by default. */
  stride?: Size1 | null;
  /** The pooling's padding. */
  padding?: Size1;
  /** The size of the pooling's input, where several would give this one. */
  outputSize?: readonly number[] | null;
}
/** The first index that is no position among `area`, or null. */
function outside(indices: Tensor, area: number): number | null {
  const bad = indices.maskedSelect(indices.lt(0).logicalOr(indices.ge(area)));
  return bad.numel() === 0 ? null : Number(bad.get(0).item());
}
function unpool(n: number, x: Tensor, indices: Tensor, kernel: Size1, o: UnpoolOptions): Tensor {
  if (String(x.shape) !== String(indices.shape)) throw new RuntimeError(`Expected shape of indices to be same as that of the input tensor ([${x.shape.join(', ')}]) but got indices tensor with shape: [${indices.shape.join(', ')}]`);
  if (indices.dtype !== int64) throw new RuntimeError(`elements in indices should be type int64${n < 3 ? ` but got: ${indices.dtype.scalarName}` : ''}`);
  const k = spatial(kernel, n, 'kernel_size'), stride = o.stride == null ? k : spatial(o.stride, n, 'stride'), padding = spatial(o.padding ?? 0, n, 'padding');
  const from = x.shape.slice(-n), usual = from.map((s, d) => (s - 1) * stride[d]! - 2 * padding[d]! + k[d]!);
  const size = o.outputSize == null ? usual : o.outputSize.slice(-n);
  if (o.outputSize != null) size.forEach((s, d) => { if (!(s > usual[d]! - stride[d]! && s < usual[d]! + stride[d]!)) throw new ValueError(`invalid output_size "[${size.join(', ')}]" (dim ${d} must be between ${usual[d]! - stride[d]!} and ${usual[d]! + stride[d]!})`); });
  const lead = x.shape.slice(0, x.dim() - n), area = size.reduce((a, b) => a * b, 1), flat = [...lead, from.reduce((a, b) => a * b, 1)];
  const stray = outside(indices, area);
  if (stray !== null) throw new RuntimeError(`Found an invalid max index: ${stray} (output volumes are of size ${[...size, ...(n === 1 ? [1] : [])].join('x')})`);
  return zeros([...lead, area], { dtype: x.dtype, device: x.device }).scatter(-1, indices.reshape(flat), x.reshape(flat)).reshape([...lead, ...size]);
}
/** Puts values back where maxPool1dWithIndices took them from, zeros elsewhere. Source: torch.nn.functional.max_unpool1d. */
export function maxUnpool1d(x: Tensor, indices: Tensor, kernelSize: Size1, options: UnpoolOptions = {}): Tensor { return unpool(1, x, indices, kernelSize, options); }
/** Puts values back where maxPool2dWithIndices took them from, zeros elsewhere. Source: torch.nn.functional.max_unpool2d. */
export function maxUnpool2d(x: Tensor, indices: Tensor, kernelSize: Size1, options: UnpoolOptions = {}): Tensor { return unpool(2, x, indices, kernelSize, options); }
/** Puts values back where maxPool3dWithIndices took them from, zeros elsewhere. Source: torch.nn.functional.max_unpool3d. */
export function maxUnpool3d(x: Tensor, indices: Tensor, kernelSize: Size1, options: UnpoolOptions = {}): Tensor { return unpool(3, x, indices, kernelSize, options); }

// --- power-average pooling

/** Of lpPool. */
export interface LpPoolOptions {
  /** How far the window moves; the kernel's size by default. */
  stride?: Size1 | null;
  /** Whether a window may begin inside and end outside. */
  ceilMode?: boolean;
}
function lpPool(n: number, x: Tensor, p: number, kernel: Size1, o: LpPoolOptions): Tensor {
  const k = spatial(kernel, n, 'kernel_size'), mean = avgPool(n, x.pow(p), k, o);
  return mean.sign().mul(mean.abs().relu()).mul(k.reduce((a, b) => a * b, 1)).pow(1 / p);
}
/** (Σ xᵖ)^(1/p) of each window. x [N, C, L] or [C, L]. Source: torch.nn.functional.lp_pool1d. */
export function lpPool1d(x: Tensor, p: number, kernelSize: Size1, options: LpPoolOptions = {}): Tensor { return lpPool(1, x, p, kernelSize, options); }
/** (Σ xᵖ)^(1/p) of each window. x [N, C, H, W] or [C, H, W]. Source: torch.nn.functional.lp_pool2d. */
export function lpPool2d(x: Tensor, p: number, kernelSize: Size1, options: LpPoolOptions = {}): Tensor { return lpPool(2, x, p, kernelSize, options); }
/** (Σ xᵖ)^(1/p) of each window. x [N, C, D, H, W] or [C, D, H, W]. Source: torch.nn.functional.lp_pool3d. */
export function lpPool3d(x: Tensor, p: number, kernelSize: Size1, options: LpPoolOptions = {}): Tensor { return lpPool(3, x, p, kernelSize, options); }

// --- pooling to a given size

/** The spatial size after adaptive pooling: one number for all dims, or one for each; null keeps the input's. */
export type OutputSize = number | readonly (number | null)[];
/** Windows from ⌊i·in/out⌋ to ⌈(i+1)·in/out⌉; `null` keeps a dim. `even`: all windows are alike. `one`: the window reduced along a dim. */
function adaptive<T>(name: string, n: number, x: Tensor, size: OutputSize, even: (k: number[]) => T, uneven: (dims: { dim: number; windows: [number, number][] }[]) => T): T {
  const shown = `[${x.shape.join(', ')}]`, most = name.includes('max');
  if (x.dim() !== n + 1 && x.dim() !== n + 2) throw new RuntimeError(n === 1 ? `Expected 2 to 3 dimensions, but got ${x.dim()}-dimensional tensor for argument #1 'self' (while checking arguments for ${name})` : `${name}(): Expected ${n + 1}D or ${n + 2}D tensor, but got${most ? ':' : ''} ${shown}`);
  if (typeof size !== 'number' && size.length !== n) {
    if (n > 1 && x.dim() <= size.length) throw new ValueError(`Input dimension should be at least ${size.length + 1}`);
    throw new RuntimeError(n === 1 ? `${name}() argument 'output_size' should contain one int (got ${size.length})` : most ? `${name}(): internal error: output_size.size() must be ${n}` : `${name}: output_size must be ${n}`);
  }
  const hollow = x.shape.findIndex((s, d) => s === 0 && d >= (most && x.dim() === n + 1 ? 0 : most ? 1 : x.dim() - n));
  if (hollow >= 0) throw new RuntimeError(`${name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ${shown} with dimension ${hollow} being empty`);
  const at = x.dim() - n;
  const out = Array.from({ length: n }, (_, d) => (typeof size === 'number' ? size : size[d] ?? null) ?? x.size(at + d));
  if (out.some((o) => o < 0)) throw new RuntimeError(most ? `Trying to create tensor with negative dimension ${out.find((o) => o < 0)}: [${[...x.shape.slice(0, at), ...(n === 1 ? [1] : []), ...out].join(', ')}]` : `adaptive_avg_pool${Math.max(2, n)}d: elements of output_size must be greater than or equal to 0 but received {${n === 1 ? `1, ${out[0]}` : n === 2 ? out.join(', ') : `${out[0]}, ${out[1]},${out[2]}`}}`);
  if (out.every((o, d) => o > 0 && x.size(at + d) > 0 && x.size(at + d) % o === 0)) return even(out.map((o, d) => x.size(at + d) / o));
  if (out.some((o) => o > 2 ** 22)) throw new RuntimeError(`${name}(): at most ${2 ** 22} windows that are not alike, but output_size is [${out.join(', ')}]`);
  if (out.reduce((a, b) => a * b, 1) > 1e7) empty([...x.shape.slice(0, at), ...out], { dtype: x.dtype, device: x.device });
  // The last dim first, so that of equal maxima the first in memory wins.
  return uneven(out.map((o, d) => { const m = x.size(at + d); return { dim: at + d, windows: Array.from({ length: o }, (_, i): [number, number] => [Math.floor((i * m) / o), Math.ceil(((i + 1) * m) / o)]) }; }).reverse());
}
/** A composition under its name; of one dim PyTorch squeezes what it made of two. */
const adapted = (y: Tensor, kind: string, n: number): Tensor => (n === 1 ? called(y, poolName(kind, 2)).unsqueeze(-2).squeeze(-2) : called(y, poolName(kind, n)));
function adaptiveAvg(n: number, x: Tensor, size: OutputSize): Tensor {
  // One window over everything is a mean, by name too.
  const whole = (k: number[]): boolean => n > 1 && k.every((v, d) => v === x.size(d - n));
  return adaptive(`adaptive_avg_pool${n}d`, n, x, size, (k) => (whole(k) ? x.mean(k.map((_, d) => d - n), true) : called(avgPool(n, x, k, {}), poolName('AdaptiveAvg', n))),
    (dims) => adapted(dims.reduce((y, { dim, windows }) => cat(windows.map(([a, b]) => y.slice(dim, a, b).mean(dim, true)), dim), x), 'AdaptiveAvg', n));
}
function adaptiveMax(n: number, x: Tensor, size: OutputSize): [Tensor, Tensor] {
  const [values, places] = adaptive<[Tensor, Tensor]>(`adaptive_max_pool${n}d`, n, x, size, (k) => maxPool(n, x, k, {}), (dims) => {
    const spots = x.shape.slice(-n);
    let y = x, at = arange(spots.reduce((a, b) => a * b, 1), { dtype: int64, device: x.device }).reshape(spots).expand([...x.shape]);
    for (const { dim, windows } of dims) {
      const parts = windows.map(([a, b]) => { const best = y.slice(dim, a, b).max(dim, true); return [best.values, at.slice(dim, a, b).gather(dim, best.indices)] as const; });
      y = cat(parts.map((p) => p[0]), dim);
      at = cat(parts.map((p) => p[1]), dim);
    }
    return [y, at];
  });
  return [adapted(values, 'AdaptiveMax', n), places];
}
/** Means of windows that give an output of that size; null keeps a dim's. x [N, C, L] or [C, L]. Source: torch.nn.functional.adaptive_avg_pool1d. */
export function adaptiveAvgPool1d(x: Tensor, size: OutputSize): Tensor { return adaptiveAvg(1, x, size); }
/** Means of windows that give an output of that size; null keeps a dim's. x [N, C, H, W] or [C, H, W]. Source: torch.nn.functional.adaptive_avg_pool2d. */
export function adaptiveAvgPool2d(x: Tensor, size: OutputSize): Tensor { return adaptiveAvg(2, x, size); }
/** Means of windows that give an output of that size; null keeps a dim's. x [N, C, D, H, W] or [C, D, H, W]. Source: torch.nn.functional.adaptive_avg_pool3d. */
export function adaptiveAvgPool3d(x: Tensor, size: OutputSize): Tensor { return adaptiveAvg(3, x, size); }
/** The largest of windows that give an output of that size; null keeps a dim's. x [N, C, L] or [C, L]. Source: torch.nn.functional.adaptive_max_pool1d. */
export function adaptiveMaxPool1d(x: Tensor, size: OutputSize): Tensor { return adaptiveMax(1, x, size)[0]; }
/** The largest of windows that give an output of that size; null keeps a dim's. x [N, C, H, W] or [C, H, W]. Source: torch.nn.functional.adaptive_max_pool2d. */
export function adaptiveMaxPool2d(x: Tensor, size: OutputSize): Tensor { return adaptiveMax(2, x, size)[0]; }
/** The largest of windows that give an output of that size; null keeps a dim's. x [N, C, D, H, W] or [C, D, H, W]. Source: torch.nn.functional.adaptive_max_pool3d. */
export function adaptiveMaxPool3d(x: Tensor, size: OutputSize): Tensor { return adaptiveMax(3, x, size)[0]; }
/** The values of adaptive max pooling, and where they lie in the flattened spatial dims (int64). */
export function adaptiveMaxPool1dWithIndices(x: Tensor, size: OutputSize): [Tensor, Tensor] { return adaptiveMax(1, x, size); }
/** The values of adaptive max pooling, and where they lie in the flattened spatial dims (int64). */
export function adaptiveMaxPool2dWithIndices(x: Tensor, size: OutputSize): [Tensor, Tensor] { return adaptiveMax(2, x, size); }
/** The values of adaptive max pooling, and where they lie in the flattened spatial dims (int64). */
export function adaptiveMaxPool3dWithIndices(x: Tensor, size: OutputSize): [Tensor, Tensor] { return adaptiveMax(3, x, size); }

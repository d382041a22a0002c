/** torch.nn.functional, continued: padding, resizing, rearranging. */
import { float64, int64 } from './dtype';
import { NotImplementedError, RuntimeError, ValueError } from './errors';
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from './functionalPooling';
import { called, named } from './named';
import { native } from './native';
import { empty, fromTypedArray, full, zeros } from './ops';
import { spatial, type Size1 } from './spatial';
import type { Tensor } from './tensor';

/** n positions; in typed memory, so that too many are refused and not the end of the process. */
const positions = (n: number, at: (i: number) => number, x: Tensor): Tensor => { const list = new BigInt64Array(n); for (let i = 0; i < n; i++) list[i] = BigInt(at(i)); return fromTypedArray(list, [n], { dtype: int64, device: x.device }); };

// --- padding

/** What pad() puts in: a value, the mirrored inside (without the edge), the edge, or the other end. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';
/** Pads the last dims: [left, right, top, bottom, …], last dim first. Negative amounts cut. Source: torch.nn.functional.pad. */
export function pad(x: Tensor, amounts: readonly number[], mode: PadMode = 'constant', value = 0): Tensor {
  const n = amounts.length / 2;
  if (amounts.length % 2 !== 0) throw new RuntimeError(`Padding length must be divisible by 2`);
  if (n > x.dim()) throw new RuntimeError(`Padding length should be less than or equal to two times the input dimension but got padding length ${amounts.length} and input of dimension ${x.dim()}`);
  const sides = Array.from({ length: n }, (_, i) => ({ dim: x.dim() - 1 - i, before: amounts[2 * i]!, after: amounts[2 * i + 1]! }));
  if (mode === 'constant' && sides.some(({ dim, before, after }) => x.size(dim) + Math.min(0, before) + Math.min(0, after) < 0)) throw new RuntimeError('narrow(): length must be non-negative.');
  if (mode === 'constant') return constantPad(x, sides, value);
  if (!['reflect', 'replicate', 'circular'].includes(mode)) throw new NotImplementedError(`Unrecognised padding mode ${String(mode)}`);
  if (!(n >= 1 && n <= 3 && (x.dim() === n + 1 || x.dim() === n + 2))) throw new NotImplementedError(`Padding size ${2 * n} is not supported for ${x.dim()}D input tensor.\nSupported combinations for non-constant padding:\n${[1, 2, 3].map((d) => `  - ${d + 1}D or ${d + 2}D input: padding size = ${2 * d} (pads last ${d === 1 ? 'dimension' : `${d} dimensions`})`).join('\n')}`);
  if (mode === 'circular') for (const { dim, before, after } of [...sides].reverse()) {
    const size = x.size(dim);
    if (before > size || after > size) throw new RuntimeError('Padding value causes wrapping around more than once.');
    if (size + before + after < 0) throw new RuntimeError('Negative padding value is resulting in an empty dimension');
  }
  if (mode !== 'circular' && x.shape.slice(x.dim() - n - 1).some((s) => s === 0)) throw new RuntimeError(`Expected ${n + 1}D or ${n + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: [${x.shape.join(', ')}]`);
  // One side that keeps an element is enough for PyTorch.
  if (mode !== 'circular' && sides.every((s) => x.size(s.dim) + s.before + s.after < 1)) {
    const shown = (f: (s: Side) => number): string => [...sides].reverse().map((s, i) => `${'DHW'.slice(3 - n)[i]}: ${f(s)}`).join(', ');
    throw new RuntimeError(`input (${shown((s) => x.size(s.dim))}) is too small. Calculated output ${shown((s) => x.size(s.dim) + s.before + s.after)}`);
  }
  const sizes = x.shape.map((n, d) => { const s = sides.find((side) => side.dim === d); return s === undefined ? n : n + s.before + s.after; }), below = sizes.find((n) => n < 0);
  if (below !== undefined) throw new RuntimeError(`Trying to create tensor with negative dimension ${below}: [${sizes.join(', ')}]`);
  const moved = sides.filter((s) => s.before !== 0 || s.after !== 0);
  if (x.device.type !== 'cpu' || moved.length === 0 || (mode === 'circular' && moved.some((s) => s.before < 0 || s.after < 0))) return sides.reduce((y, s) => padDim(y, s, mode), x);
  if (sizes.reduce((a, b) => a * b, 1) > 1e7) empty(sizes, { dtype: x.dtype, device: x.device });
  const kind = mode === 'circular' ? 'CopySlices' : `${mode === 'reflect' ? 'Reflection' : 'Replication'}Pad${n}DBackward0`;
  return pickRuns(x, kind, new Map(moved.map((s) => [s.dim, runsOf(x.size(s.dim) + s.before + s.after, sourceOf(x, s, mode))])));
}
interface Side { dim: number; before: number; after: number }
/** Neighbours that come from positions from, from + step, …; the step is 1, 0 or -1. From -1: they are filled. */
type Run = [from: number, n: number, step: number];
/** n positions as runs. */
function runsOf(n: number, at: (i: number) => number): Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < n; i++) {
    const p = at(i), last = runs[runs.length - 1], step = last === undefined ? 2 : p - (last[0] + (last[1] - 1) * last[2]);
    if (last !== undefined && Math.abs(step) <= 1 && (last[1] === 1 || step === last[2])) { last[1]++; last[2] = step; } else runs.push([p, 1, 0]);
  }
  return runs;
}
/** x, on the CPU, with some of its dims made of runs. */
function pickRuns(x: Tensor, name: string, dims: ReadonlyMap<number, readonly Run[]>, fill = 0): Tensor {
  return native['pickRuns'](x, name, fill, x.shape.flatMap((_, d) => {
    const runs = dims.get(d), some = runs?.filter((r) => r[1] > 0) ?? [];
    return runs !== undefined && some.length === 0 ? [1, 0, 0, 1] : [some.length, ...some.flat()];
  })) as Tensor;
}
function constantPad(x: Tensor, sides: readonly Side[], value: number): Tensor {
  if (x.device.type === 'cpu' && x.dim() > 0)
    return pickRuns(x, 'ConstantPadNdBackward0', new Map(sides.map(({ dim, before, after }) => [dim, [[-1, Math.max(0, before), 0], [Math.max(0, -before), x.size(dim) + Math.min(0, before) + Math.min(0, after), 1], [-1, Math.max(0, after), 0]]])), value);
  return named('ConstantPadNdBackward0', x, (t) => {
    const cut = sides.reduce((y, { dim, before, after }) => y.narrow(dim, Math.max(0, -before), y.size(dim) - Math.max(0, -before) - Math.max(0, -after)), t);
    const size = [...x.shape], out = (s: Side): number => x.size(s.dim) + s.before + s.after;
    for (const s of sides) size[s.dim] = out(s);
    const base = full(size, value, { dtype: t.dtype, device: t.device });
    const middle = sides.reduce((y, s) => y.slice(s.dim, Math.max(0, s.before), out(s) - Math.max(0, s.after)), base);
    middle.copy_(cut);
    return base;
  });
}
function padDim(x: Tensor, { dim, before, after }: Side, mode: PadMode): Tensor {
  if (before === 0 && after === 0) return x;
  // What is cut off does not come round again.
  if (mode === 'circular' && (before < 0) !== (after < 0)) {
    const cut = x.slice(dim, Math.max(0, -before), x.size(dim) - Math.max(0, -after));
    if (cut.size(dim) > 0) return padDim(cut, { dim, before: Math.max(0, before), after: Math.max(0, after) }, mode);
  }
  return x.indexSelect(dim, positions(x.size(dim) + before + after, sourceOf(x, { dim, before, after }, mode), x));
}
/** Where the i-th element along a padded dim comes from. */
function sourceOf(x: Tensor, { dim, before, after }: Side, mode: PadMode): (i: number) => number {
  const n = x.size(dim);
  if (mode === 'reflect' && (before >= n || after >= n)) throw new RuntimeError(`Argument #${before >= n || after >= n ? 4 + 2 * (x.dim() - 1 - dim) : 4}: Padding size should be less than the corresponding input dimension, but got: padding (${before}, ${after}) at dimension ${dim} of input [${x.shape.join(', ')}]`);
  return (k) => {
    const i = k - before;
    if (mode === 'replicate') return Math.max(0, Math.min(n - 1, i));
    if (mode === 'circular') return ((i % n) + n) % n;
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
  };
}

// --- resizing

/** How interpolate() finds new pixels; linear, bilinear and trilinear for 3, 4 and 5 dims. */
export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';
/** Of interpolate(): either size or scaleFactor. */
export interface InterpolateOptions {
  /** The spatial size of the output. */
  size?: Size1 | null;
  /** The output's size over the input's. */
  scaleFactor?: Size1 | null;
  /** 'nearest' by default. */
  mode?: InterpolateMode;
  /** Of linear modes and bicubic: whether the corner pixels keep their values, as their centres stay in place. */
  alignCorners?: boolean | null;
  /** Whether the factor is computed anew from the rounded size. */
  recomputeScaleFactor?: boolean | null;
  /** Of bilinear and bicubic: when shrinking, every input element counts. */
  antialias?: boolean;
}
const ranks: Record<InterpolateMode, readonly number[]> = { nearest: [3, 4, 5], 'nearest-exact': [3, 4, 5], area: [3, 4, 5], linear: [3], bilinear: [4], bicubic: [4], trilinear: [5] };
const opNames: Record<InterpolateMode, (n: number) => string> = { nearest: (n) => `UpsampleNearest${n}DBackward0`, 'nearest-exact': (n) => `UpsampleNearestExact${n}DBackward0`, linear: () => 'UpsampleLinear1DBackward0', bilinear: () => 'UpsampleBilinear2DBackward0', trilinear: () => 'UpsampleTrilinear3DBackward0', bicubic: () => 'UpsampleBicubic2DBackward0', area: () => '' };

/** Weighted positions that one output element along a dim is made of. */
type Taps = { at: number; weight: number }[];
function tapsOf(mode: InterpolateMode, i: number, size: number, ratio: number, align: boolean): Taps {
  const held = (k: number): number => Math.max(0, Math.min(size - 1, k));
  if (mode === 'nearest') return [{ at: held(Math.floor(Math.fround(i * ratio))), weight: 1 }];
  if (mode === 'nearest-exact') return [{ at: held(Math.floor(Math.fround((i + 0.5) * ratio))), weight: 1 }];
  const p = align ? i * ratio : (i + 0.5) * ratio - 0.5;
  if (mode !== 'bicubic') {
    const q = Math.max(0, p), a = held(Math.floor(q)), f = Math.min(1, q - a);
    return [{ at: a, weight: 1 - f }, { at: held(a + 1), weight: f }];
  }
  // Cubic convolution with A = -0.75. Source: Keys 1981.
  const a = Math.floor(p), t = p - a, A = -0.75;
  const near = (x: number): number => ((A + 2) * x - (A + 3)) * x * x + 1, far = (x: number): number => ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)].map((weight, k) => ({ at: held(a - 1 + k), weight }));
}
/** The same with a filter as wide as an output element, so that none of the input is passed over. Source: PIL's resize; torch's _upsample_*_aa. */
function smoothTaps(mode: InterpolateMode, i: number, size: number, ratio: number): Taps {
  const wide = Math.max(1, ratio), support = (mode === 'bicubic' ? 2 : 1) * wide, centre = ratio * (i + 0.5), A = -0.5;
  const filter = (v: number): number => {
    const x = Math.abs(v);
    if (mode !== 'bicubic') return Math.max(0, 1 - x);
    return x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
  };
  const from = Math.max(0, Math.trunc(centre - support + 0.5)), to = Math.min(size, Math.trunc(centre + support + 0.5));
  const weights = Array.from({ length: to - from }, (_, k) => filter((k + from - centre + 0.5) / wide)), total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w, k) => ({ at: from + k, weight: total === 0 ? w : w / total }));
}
/** Resizes the spatial dims. x [N, C, ...]; the size or the factor is given. Source: torch.nn.functional.interpolate. */
export function interpolate(x: Tensor, options: InterpolateOptions = {}): Tensor {
  const n = x.dim() - 2, { size = null, scaleFactor = null, mode = 'nearest', alignCorners = null, recomputeScaleFactor = null, antialias = false } = options;
  const smooth = mode === 'linear' || mode === 'bilinear' || mode === 'bicubic' || mode === 'trilinear';
  if (!smooth && alignCorners !== null) throw new ValueError('align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear');
  const counted = (v: Size1, name: string, what: string): number[] => {
    if (typeof v !== 'number' && v.length !== n) throw new ValueError(`Input and ${what} must have the same number of spatial dimensions, but got input with spatial dimensions of [${x.shape.slice(2).join(', ')}] and ${name} of [${v.join(', ')}]. Please provide input tensor in (N, C, d1, d2, ...,dK) format and ${name} in (${what === 'output' ? 'o' : 's'}1, ${what === 'output' ? 'o' : 's'}2, ...,${what === 'output' ? 'o' : 's'}K) format.`);
    return spatial(v, n, name);
  };
  if (size !== null && scaleFactor !== null) throw new ValueError('only one of size or scale_factor should be defined');
  if (size === null && scaleFactor === null) throw new ValueError('either size or scale_factor should be defined');
  const scale = scaleFactor === null ? null : counted(scaleFactor, 'scale_factor', 'scale_factor');
  const out = size !== null ? counted(size, 'output size', 'output') : scale!.map((s, d) => Math.floor(x.size(2 + d) * s));
  if (!(mode in ranks) || !ranks[mode].includes(x.dim())) {
    if (mode in ranks && smooth && x.dim() >= 3 && x.dim() <= 5) throw new NotImplementedError(`Got ${x.dim()}D input, but ${mode} mode needs ${ranks[mode][0]}D input`);
    throw new NotImplementedError(`Input Error: Only 3D, 4D and 5D input Tensors supported (got ${x.dim()}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got ${String(mode)})`);
  }
  if (out.some((o) => o <= 0) || x.shape.slice(2).some((s) => s <= 0)) throw new RuntimeError(`Input and output sizes should be greater than 0, but got input (${x.shape.slice(2).map((s, d) => `${'DHW'.slice(3 - n)[d]}: ${s}`).join(', ')}) output (${out.map((s, d) => `${'DHW'.slice(3 - n)[d]}: ${s}`).join(', ')})`);
  if (antialias && !((mode === 'bilinear' || mode === 'bicubic') && x.dim() === 4)) throw new ValueError('Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input');
  if (out.reduce((a, b) => a * b, 1) > 1e7) empty([...x.shape.slice(0, 2), ...out], { dtype: x.dtype, device: x.device });
  if (mode === 'area') return [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][n - 1]!(x, out);
  const name = opNames[mode](n).replace('Backward', antialias ? 'AaBackward' : 'Backward');
  const tapsAlong = (o: number, d: number): { most: number; taps: (i: number) => Taps } => {
    const m = x.size(2 + d), align = alignCorners === true;
    const given = scale !== null && recomputeScaleFactor !== true ? 1 / scale[d]! : m / o;
    const ratio = align ? (o > 1 ? (m - 1) / (o - 1) : 0) : smooth ? given : Math.fround(given);
    const taps = (i: number): Taps => (antialias ? smoothTaps(mode, i, m, ratio) : tapsOf(mode, i, m, ratio, align));
    let most = taps(0).length;
    if (antialias) for (let i = 1; i < o; i++) most = Math.max(most, taps(i).length);
    return { most, taps };
  };
  if (x.device.type === 'cpu' && (x.isFloatingPoint() || !smooth)) {
    const lists = out.map((o, d) => tapLists(o, tapsAlong(o, d)));
    return named(name, x, (t) => native['resize'](t, name, lists.map((l) => l.at), lists.map((l) => l.weights)) as Tensor);
  }
  return named(name, x, (t) => out.reduce((y, o, d) => { const { most, taps } = tapsAlong(o, d); return resize(y, 2 + d, o, most, taps); }, t));
}
/** Positions (int64) and weights (float64) of n elements, [n, most]; missing taps weigh nothing. */
function tapLists(n: number, { most, taps }: { most: number; taps: (i: number) => Taps }): { at: Tensor; weights: Tensor } {
  const at = new BigInt64Array(n * most), weights = new Float64Array(n * most);
  for (let i = 0; i < n; i++) { const list = taps(i); for (let k = 0; k < most; k++) { at[i * most + k] = BigInt((list[k] ?? list[0]!).at); weights[i * most + k] = list[k]?.weight ?? 0; } }
  return { at: fromTypedArray(at, [n, most], { dtype: int64 }), weights: fromTypedArray(weights, [n, most], { dtype: float64 }) };
}
/** x resized along dim to n elements, each made of at most `most` taps; missing ones weigh nothing. */
function resize(x: Tensor, dim: number, n: number, most: number, taps: (i: number) => Taps): Tensor {
  const at = Array.from({ length: most }, () => new Float64Array(n)), weights = Array.from({ length: most }, () => new Float64Array(n));
  for (let i = 0; i < n; i++) { const list = taps(i); for (let k = 0; k < most; k++) { at[k]![i] = (list[k] ?? list[0]!).at; weights[k]![i] = list[k]?.weight ?? 0; } }
  const part = (k: number): Tensor => x.indexSelect(dim, positions(n, (i) => at[k]![i]!, x));
  if (most === 1) return part(0);
  const weight = (k: number): Tensor => fromTypedArray(weights[k]!, x.shape.map((_, d) => (d === dim ? n : 1)), { dtype: x.dtype, device: x.device });
  return at.map((_, k) => part(k).mul(weight(k))).reduce((a, b) => a.add(b));
}

// --- rearranging

/** [.., C·r², H, W] → [.., C, H·r, W·r]. Source: Shi et al. 2016. */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  if (x.dim() < 3) throw new RuntimeError(`pixel_shuffle expects input to have at least 3 dimensions, but got input with ${x.dim()} dimension(s)`);
  if (factor <= 0) throw new RuntimeError(`pixel_shuffle expects a positive upscale_factor, but got ${factor}`);
  const [h, w] = [x.size(-2), x.size(-1)], lead = x.shape.slice(0, -3), c = x.size(-3) / (factor * factor);
  if (!Number.isInteger(c)) throw new RuntimeError(`pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=${x.size(-3)} is not divisible by ${factor * factor}`);
  const k = lead.length;
  return called(x.reshape([...lead, c, factor, factor, h, w]).permute([...lead.map((_, i) => i), k, k + 3, k + 1, k + 4, k + 2]).reshape([...lead, c, h * factor, w * factor]), 'PixelShuffleBackward0');
}
/** [.., C, H·r, W·r] → [.., C·r², H, W]: undoes pixelShuffle. */
export function pixelUnshuffle(x: Tensor, factor: number): Tensor {
  if (x.dim() < 3) throw new RuntimeError(`pixel_unshuffle expects input to have at least 3 dimensions, but got input with ${x.dim()} dimension(s)`);
  if (factor <= 0) throw new RuntimeError(`pixel_unshuffle expects a positive downscale_factor, but got ${factor}`);
  const [c, h, w] = [x.size(-3), x.size(-2) / factor, x.size(-1) / factor], lead = x.shape.slice(0, -3), k = lead.length;
  if (!Number.isInteger(h)) throw new RuntimeError(`pixel_unshuffle expects height to be divisible by downscale_factor, but input.size(-2)=${x.size(-2)} is not divisible by ${factor}`);
  if (!Number.isInteger(w)) throw new RuntimeError(`pixel_unshuffle expects width to be divisible by downscale_factor, but input.size(-1)=${x.size(-1)} is not divisible by ${factor}`);
  return called(x.reshape([...lead, c, h, factor, w, factor]).permute([...lead.map((_, i) => i), k, k + 2, k + 4, k + 1, k + 3]).reshape([...lead, c * factor * factor, h, w]), 'PixelUnshuffleBackward0');
}
/** Channels in `groups` dealt out in turn. Source: Zhang et al. 2017. */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  if (x.dim() < 3) throw new RuntimeError(`channel_shuffle expects input with > 2 dims, but got input with sizes [${x.shape.join(', ')}]`);
  if (groups <= 0) throw new RuntimeError(`Number of groups to divide channels in must be positive. Value of groups:${groups}`);
  const c = x.size(1);
  if (c % groups !== 0) throw new RuntimeError(`Number of channels must be divisible by groups. Got ${c} channels and ${groups} groups.`);
  return x.reshape([x.size(0), groups, c / groups, ...x.shape.slice(2)]).transpose(1, 2).reshape([...x.shape]);
}

/** Of fold() and unfold(); one number for both dims, or one for each. */
export interface FoldOptions {
  /** Distance between the elements of a window; 1 by default. */
  dilation?: Size1;
  /** Zeros at both ends of each spatial dim. */
  padding?: Size1;
  /** How far the window moves; 1 by default. */
  stride?: Size1;
}
/** Where the windows lie along each of two dims: [kernel × windows] positions in the padded input. */
function windows(size: readonly number[], kernel: Size1, o: FoldOptions): { k: number[]; pads: number[]; counts: number[]; at: { length: number; of: (i: number) => number }[] } {
  const k = spatial(kernel, 2, 'kernel_size'), [dilation, pads, stride] = [spatial(o.dilation ?? 1, 2, 'dilation'), spatial(o.padding ?? 0, 2, 'padding'), spatial(o.stride ?? 1, 2, 'stride')];
  const pair = (v: readonly number[]): string => `kernel_height: ${v[0]} kernel_width: ${v[1]}`;
  if (k.some((v) => v <= 0)) throw new RuntimeError(`kernel size should be greater than zero, but got ${pair(k)}`);
  if (stride.some((v) => v <= 0)) throw new RuntimeError(`stride should be greater than zero, but got stride_height: ${stride[0]} stride_width: ${stride[1]}`);
  if (dilation.some((v) => v <= 0)) throw new RuntimeError(`dilation should be greater than zero, but got dilation_height: ${dilation[0]} dilation_width: ${dilation[1]}`);
  if (pads.some((v) => v < 0)) throw new RuntimeError(`padding should be non-negative, but got pad_height: ${pads[0]} pad_width: ${pads[1]}`);
  const counts = size.map((s, d) => Math.floor((s + 2 * pads[d]! - dilation[d]! * (k[d]! - 1) - 1) / stride[d]!) + 1);
  return { k, pads, counts, at: counts.map((c, d) => ({ length: k[d]! * Math.max(0, c), of: (i) => Math.floor(i / c) * dilation[d]! + (i % c) * stride[d]! })) };
}
/** As the addon takes them: size, kernel, stride, padding, dilation and number of windows of both dims. */
const flatWindows = (size: readonly number[], k: readonly number[], o: FoldOptions, pads: readonly number[], counts: readonly number[]): number[] => [...size, ...k, ...spatial(o.stride ?? 1, 2, 'stride'), ...pads, ...spatial(o.dilation ?? 1, 2, 'dilation'), ...counts];
/** Every window as a column: x [N, C, H, W] → [N, C·kH·kW, L]. Source: torch.nn.functional.unfold. */
export function unfold(x: Tensor, kernelSize: Size1, options: FoldOptions = {}): Tensor {
  if (x.dim() < 3) x.size(x.dim());
  if (x.dim() === 3) return unfold(x.unsqueeze(0), kernelSize, options).squeeze(0);
  if (x.dim() !== 4) throw new RuntimeError(`Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: [${x.shape.join(', ')}]`);
  const [n, c, h, w] = [...x.shape] as [number, number, number, number], { k, pads, counts, at } = windows([h, w], kernelSize, options);
  if (counts.some((v) => v < 1)) throw new RuntimeError(`Given input with spatial size (${h}, ${w}), kernel_size=(${k.join(', ')}), dilation=(${spatial(options.dilation ?? 1, 2, 'dilation').join(', ')}), padding=(${pads.join(', ')}), calculated shape of the array of sliding blocks as (${counts.join(', ')}), but its components must be at least one.`);
  if (x.device.type === 'cpu') return native['im2col'](x, flatWindows([h, w], k, options, pads, counts)) as Tensor;
  return named('Im2ColBackward0', x, (t) => {
    const padded = constantPad(t, [{ dim: 3, before: pads[1]!, after: pads[1]! }, { dim: 2, before: pads[0]!, after: pads[0]! }], 0);
    const parts = padded.indexSelect(2, positions(at[0]!.length, at[0]!.of, x)).indexSelect(3, positions(at[1]!.length, at[1]!.of, x));
    return parts.reshape([n, c, k[0]!, counts[0]!, k[1]!, counts[1]!]).permute(0, 1, 2, 4, 3, 5).reshape([n, c * k[0]! * k[1]!, counts[0]! * counts[1]!]);
  });
}
/** Sums columns back into an image: x [N, C·kH·kW, L] → [N, C, H, W]. Source: torch.nn.functional.fold. */
export function fold(x: Tensor, outputSize: Size1, kernelSize: Size1, options: FoldOptions = {}): Tensor {
  if (x.dim() === 2) return fold(x.unsqueeze(0), outputSize, kernelSize, options).squeeze(0);
  if (x.dim() !== 3) throw new RuntimeError(`Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: [${x.shape.join(', ')}]`);
  const size = spatial(outputSize, 2, 'output_size'), { k, pads, counts, at } = windows(size, kernelSize, options), n = x.size(0), c = x.size(1) / (k[0]! * k[1]!);
  if (!Number.isInteger(c)) throw new RuntimeError(`Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=${x.size(1)} and kernel_size=(${k.join(', ')}).`);
  if (x.size(2) !== counts[0]! * counts[1]!) throw new RuntimeError(`Given output_size=(${size.join(', ')}), kernel_size=(${k.join(', ')}), dilation=(${spatial(options.dilation ?? 1, 2, 'dilation').join(', ')}), padding=(${pads.join(', ')}), stride=(${spatial(options.stride ?? 1, 2, 'stride').join(', ')}), expected size of input's dimension 2 to match the calculated number of sliding blocks ${counts.join(' * ')} = ${counts[0]! * counts[1]!}, but got input.size(2)=${x.size(2)}.`);
  if (x.device.type === 'cpu') return named('Col2ImBackward0', x, (t) => native['col2im'](t, flatWindows(size, k, options, pads, counts)) as Tensor);
  return named('Col2ImBackward0', x, (t) => {
    const parts = t.reshape([n, c, k[0]!, k[1]!, counts[0]!, counts[1]!]).permute(0, 1, 2, 4, 3, 5).reshape([n, c, at[0]!.length, at[1]!.length]);
    const blank = (h: number, w: number): Tensor => zeros([n, c, h, w], { dtype: t.dtype, device: t.device });
    const [h, w] = [size[0]! + 2 * pads[0]!, size[1]! + 2 * pads[1]!], rows = blank(at[0]!.length, w).indexAdd(3, positions(at[1]!.length, at[1]!.of, x), parts);
    return blank(h, w).indexAdd(2, positions(at[0]!.length, at[0]!.of, x), rows).slice(2, pads[0]!, h - pads[0]!).slice(3, pads[1]!, w - pads[1]!);
  });
}

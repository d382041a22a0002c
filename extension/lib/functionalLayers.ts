/** torch.nn.functional, continued: convolution, pooling, normalization, attention, resizing. Shapes: N batch, C channels, then spatial dims. */
import { noGrad } from './autograd';
import { native } from './native';
import { NotImplementedError, RuntimeError, ValueError } from './errors';
import { cat, full, ones, stack } from './ops';
import type { Tensor } from './tensor';

export type Size1 = number | readonly number[];
/** One number for all spatial dims, or one each. */
export function spatial(v: Size1, n: number, name: string): number[] {
  if (typeof v === 'number') return Array.from({ length: n }, () => v);
  if (v.length === 1) return Array.from({ length: n }, () => v[0]!);
  if (v.length !== n) throw new RuntimeError(`expected ${name} to be a single integer value or a list of ${n} values to match the convolution dimensions, but got ${name}=[${v.join(', ')}]`);
  return [...v];
}

// --- convolution

export interface ConvOptions { stride?: Size1; padding?: Size1 | 'same' | 'valid'; dilation?: Size1; groups?: number }

function convolution(n: number, x: Tensor, weight: Tensor, bias: Tensor | null, o: ConvOptions): Tensor {
  if (x.dim() === n + 1) return convolution(n, x.unsqueeze(0), weight, bias, o).squeeze(0);
  const stride = spatial(o.stride ?? 1, n, 'stride');
  const dilation = spatial(o.dilation ?? 1, n, 'dilation');
  let padding: number[];
  if (o.padding === 'same') {
    if (stride.some((s) => s !== 1)) throw new RuntimeError("padding='same' is not supported for strided convolutions");
    const total = dilation.map((d, i) => d * (weight.size(2 + i) - 1));
    // The odd one goes to the end.
    const extra = total.map((t) => t % 2);
    if (extra.some((e) => e > 0)) x = pad(x, extra.flatMap((e) => [0, e]).reduce<number[]>((all, _, i, a) => (i % 2 === 0 ? [a[i]!, a[i + 1]!, ...all] : all), []));
    padding = total.map((t) => Math.floor(t / 2));
  } else padding = spatial(o.padding === 'valid' || o.padding === undefined ? 0 : o.padding, n, 'padding');
  return native['conv'](x, weight, bias, stride, padding, dilation, o.groups ?? 1);
}
/** x [N, C, L] or [C, L], weight [O, C/groups, k]. Source: torch.nn.functional.conv1d. Throws RuntimeError for shapes that do not fit. */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor { return convolution(1, x, weight, bias, options); }
/** x [N, C, H, W] or [C, H, W], weight [O, C/groups, kH, kW]. Source: torch.nn.functional.conv2d. */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor { return convolution(2, x, weight, bias, options); }
/** x [N, C, D, H, W] or [C, D, H, W], weight [O, C/groups, kD, kH, kW]. Source: torch.nn.functional.conv3d. */
export function conv3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor { return convolution(3, x, weight, bias, options); }

export interface ConvTransposeOptions { stride?: Size1; padding?: Size1; outputPadding?: Size1; dilation?: Size1; groups?: number }
function transposed(n: number, x: Tensor, weight: Tensor, bias: Tensor | null, o: ConvTransposeOptions): Tensor {
  if (x.dim() === n + 1) return transposed(n, x.unsqueeze(0), weight, bias, o).squeeze(0);
  return native['convTranspose'](x, weight, bias, spatial(o.stride ?? 1, n, 'stride'), spatial(o.padding ?? 0, n, 'padding'), spatial(o.dilation ?? 1, n, 'dilation'), o.groups ?? 1, spatial(o.outputPadding ?? 0, n, 'output_padding'));
}
/** x [N, C, L], weight [C, O/groups, k]. Source: torch.nn.functional.conv_transpose1d. */
export function convTranspose1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor { return transposed(1, x, weight, bias, options); }
export function convTranspose2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor { return transposed(2, x, weight, bias, options); }
export function convTranspose3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor { return transposed(3, x, weight, bias, options); }

// --- pooling

export interface PoolOptions { stride?: Size1 | null; padding?: Size1; dilation?: Size1; ceilMode?: boolean }
function maxPool(n: number, x: Tensor, kernel: Size1, o: PoolOptions): [Tensor, Tensor] {
  const k = spatial(kernel, n, 'kernel_size');
  return native['maxPool'](x, k, o.stride == null ? k : spatial(o.stride, n, 'stride'), spatial(o.padding ?? 0, n, 'padding'), spatial(o.dilation ?? 1, n, 'dilation'), o.ceilMode ?? false) as [Tensor, Tensor];
}
/** The largest of each window. Source: torch.nn.functional.max_pool1d. */
export function maxPool1d(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): Tensor { return maxPool(1, x, kernelSize, options)[0]; }
export function maxPool2d(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): Tensor { return maxPool(2, x, kernelSize, options)[0]; }
export function maxPool3d(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): Tensor { return maxPool(3, x, kernelSize, options)[0]; }
/** Values and their positions in the flattened spatial dims (int64). */
export function maxPool2dWithIndices(x: Tensor, kernelSize: Size1, options: PoolOptions = {}): [Tensor, Tensor] { return maxPool(2, x, kernelSize, options); }

export interface AvgPoolOptions { stride?: Size1 | null; padding?: Size1; ceilMode?: boolean; countIncludePad?: boolean; divisorOverride?: number | null }
function avgPool(n: number, x: Tensor, kernel: Size1, o: AvgPoolOptions): Tensor {
  const k = spatial(kernel, n, 'kernel_size');
  return native['avgPool'](x, k, o.stride == null ? k : spatial(o.stride, n, 'stride'), spatial(o.padding ?? 0, n, 'padding'), o.ceilMode ?? false, o.countIncludePad ?? true, o.divisorOverride ?? null);
}
/** The mean of each window. Source: torch.nn.functional.avg_pool1d. */
export function avgPool1d(x: Tensor, kernelSize: Size1, options: AvgPoolOptions = {}): Tensor { return avgPool(1, x, kernelSize, options); }
export function avgPool2d(x: Tensor, kernelSize: Size1, options: AvgPoolOptions = {}): Tensor { return avgPool(2, x, kernelSize, options); }
export function avgPool3d(x: Tensor, kernelSize: Size1, options: AvgPoolOptions = {}): Tensor { return avgPool(3, x, kernelSize, options); }

/** Pools to a given size: windows from ⌊i·in/out⌋ to ⌈(i+1)·in/out⌉. `null` keeps a dim. */
function adaptive(n: number, x: Tensor, size: number | readonly (number | null)[], even: (k: number[]) => Tensor, one: (window: Tensor, dim: number) => Tensor): Tensor {
  const at = x.dim() - n;
  const out = Array.from({ length: n }, (_, d) => (typeof size === 'number' ? size : size[d] ?? null) ?? x.size(at + d));
  if (out.every((o, d) => x.size(at + d) % o === 0)) return even(out.map((o, d) => x.size(at + d) / o));
  let y = x;
  out.forEach((o, d) => {
    const dim = at + d, m = x.size(dim);
    y = cat(Array.from({ length: o }, (_, i) => one(y.slice(dim, Math.floor((i * m) / o), Math.ceil(((i + 1) * m) / o)), dim)), dim);
  });
  return y;
}
export function adaptiveAvgPool1d(x: Tensor, size: number | readonly (number | null)[]): Tensor { return adaptive(1, x, size, (k) => avgPool1d(x, k), (w, d) => w.mean(d, true)); }
export function adaptiveAvgPool2d(x: Tensor, size: number | readonly (number | null)[]): Tensor { return adaptive(2, x, size, (k) => avgPool2d(x, k), (w, d) => w.mean(d, true)); }
export function adaptiveMaxPool1d(x: Tensor, size: number | readonly (number | null)[]): Tensor { return adaptive(1, x, size, (k) => maxPool1d(x, k), (w, d) => w.amax(d, true)); }
export function adaptiveMaxPool2d(x: Tensor, size: number | readonly (number | null)[]): Tensor { return adaptive(2, x, size, (k) => maxPool2d(x, k), (w, d) => w.amax(d, true)); }

// --- normalization

export interface BatchNormOptions { weight?: Tensor | null; bias?: Tensor | null; training?: boolean; momentum?: number; eps?: number }
/** Over every dim but the second. Training updates the running statistics in place. Source: Ioffe, Szegedy 2015. */
export function batchNorm(x: Tensor, runningMean: Tensor | null, runningVar: Tensor | null, options: BatchNormOptions = {}): Tensor {
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  if (training && x.dim() >= 2 && x.numel() / x.size(1) === 1) throw new ValueError(`Expected more than 1 value per channel when training, got input size ${x.shape}`);
  return native['batchNorm'](x, weight, bias, runningMean, runningVar, training, momentum, eps);
}
/** Each sample's channels in `groups`, each normalized by itself. Source: Wu, He 2018. */
export function groupNorm(x: Tensor, groups: number, weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor {
  const [n, c] = [x.size(0), x.size(1)];
  if (c % groups !== 0) throw new RuntimeError(`Expected number of channels in input to be divisible by num_groups, but got input of shape [${x.shape.join(', ')}] and num_groups=${groups}`);
  const y = (native['layerNorm'](x.reshape(n, groups, -1), [x.numel() / Math.max(1, n * groups)], null, null, eps) as Tensor).reshape([...x.shape]);
  const shape = [1, c, ...x.shape.slice(2).map(() => 1)];
  const scaled = weight === null ? y : y.mul(weight.view(shape));
  return bias === null ? scaled : scaled.add(bias.view(shape));
}
/** Each channel of each sample normalized by itself. Source: Ulyanov, Vedaldi, Lempitsky 2016. */
export function instanceNorm(x: Tensor, weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor { return groupNorm(x, x.size(1), weight, bias, eps); }
/** x / √(mean(x²) + eps) over the last dims. Source: Zhang, Sennrich 2019. */
export function rmsNorm(x: Tensor, normalizedShape: readonly number[], weight: Tensor | null = null, eps: number | null = null): Tensor {
  const dims = normalizedShape.map((_, i) => i - normalizedShape.length);
  const y = x.mul(x.pow(2).mean(dims, true).add(eps ?? 1.1920928955078125e-7).rsqrt());
  return weight === null ? y : y.mul(weight);
}
/** x / max(‖x‖ₚ, eps) along a dim. */
export function normalize(x: Tensor, options: { p?: number; dim?: number; eps?: number } = {}): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  return x.div(x.norm(p, dim, true).clamp(eps));
}

// --- attention

export interface AttentionOptions { attnMask?: Tensor | null; dropoutP?: number; isCausal?: boolean; scale?: number | null }
/**
 * softmax(q kᵀ · scale + mask) v. q [..., L, E], k [..., S, E], v [..., S, Ev] → [..., L, Ev]. A bool mask keeps where true, a float
 * mask is added; scale is 1/√E unless given. Source: Vaswani et al. 2017.
 */
export function scaledDotProductAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const { attnMask = null, dropoutP = 0, isCausal = false, scale = null } = options;
  if (isCausal && attnMask !== null) throw new RuntimeError('_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True');
  let scores = q.mul(scale ?? 1 / Math.sqrt(q.size(-1))).matmul(k.transpose(-2, -1));
  const mask = isCausal ? ones([q.size(-2), k.size(-2)], { device: q.device }).tril().gt(0) : attnMask;
  if (mask !== null) scores = mask.dtype.name === 'bool' ? scores.maskedFill(mask.logicalNot(), -Infinity) : scores.add(mask);
  let weights = scores.softmax(-1);
  if (dropoutP > 0) weights = native['dropout'](weights, dropoutP);
  return weights.matmul(v);
}

// --- padding and resizing

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';
/** Pads the last dims: [left, right, top, bottom, …], last dim first. Negative amounts cut (constant mode). */
export function pad(x: Tensor, amounts: readonly number[], mode: PadMode = 'constant', value = 0): Tensor {
  if (amounts.length % 2 !== 0) throw new RuntimeError('Padding length must be divisible by 2');
  if (amounts.length > 2 * x.dim()) throw new RuntimeError(`Padding length should be less than or equal to two times the input dimension but got padding length ${amounts.length} and input of dimension ${x.dim()}`);
  let y = x;
  for (let i = 0; i < amounts.length / 2; i++) {
    const dim = x.dim() - 1 - i, [before, after] = [amounts[2 * i]!, amounts[2 * i + 1]!];
    if (before === 0 && after === 0) continue;
    y = padDim(y, dim, before, after, mode, value);
  }
  return y === x ? x.clone() : y;
}
function padDim(x: Tensor, dim: number, before: number, after: number, mode: PadMode, value: number): Tensor {
  const n = x.size(dim);
  if (mode === 'constant') {
    const cut = x.slice(dim, Math.max(0, -before), n - Math.max(0, -after));
    const fill = (k: number): Tensor[] => (k > 0 ? [full(x.shape.map((s, d) => (d === dim ? k : s)), value, { dtype: x.dtype, device: x.device })] : []);
    return cat([...fill(before), cut, ...fill(after)], dim);
  }
  if (mode === 'reflect' && (before >= n || after >= n)) throw new RuntimeError(`Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (${before}, ${after}) at dimension ${dim} of input [${x.shape.join(', ')}]`);
  const source = (i: number): number => {
    if (mode === 'replicate') return Math.max(0, Math.min(n - 1, i));
    if (mode === 'circular') return ((i % n) + n) % n;
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
  };
  const rows = (from: number, to: number): Tensor[] => Array.from({ length: Math.max(0, to - from) }, (_, k) => { const s = source(from + k); return x.slice(dim, s, s + 1); });
  return cat([...rows(-before, 0), x, ...rows(n, n + after)], dim);
}

export interface InterpolateOptions { size?: Size1 | null; scaleFactor?: Size1 | null; mode?: 'nearest' | 'linear' | 'bilinear'; alignCorners?: boolean | null }
/** Resizes the spatial dims. x [N, C, ...]. Source: torch.nn.functional.interpolate. */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const n = x.dim() - 2, { size = null, scaleFactor = null, mode = 'nearest', alignCorners = false } = options;
  if ((size === null) === (scaleFactor === null)) throw new ValueError(size === null ? 'either size or scale_factor should be defined' : 'only one of size or scale_factor should be defined');
  const scale = scaleFactor === null ? null : spatial(scaleFactor, n, 'scale_factor');
  const out = size !== null ? spatial(size, n, 'size') : scale!.map((s, d) => Math.floor(x.size(2 + d) * s));
  let y = x;
  out.forEach((o, d) => {
    const dim = 2 + d, m = x.size(dim), ratio = scale?.[d] ? 1 / scale[d]! : m / o;
    if (mode === 'nearest') { y = y.indexSelect(dim, native['fromTypedArray'](BigInt64Array.from({ length: o }, (_, i) => BigInt(Math.min(m - 1, Math.floor(i * ratio)))), [o], 4, x.device.code) as Tensor); return; }
    if (mode !== 'linear' && mode !== 'bilinear') throw new NotImplementedError(`interpolate: mode '${String(mode)}' is not implemented`);
    const at = Array.from({ length: o }, (_, i) => (alignCorners === true ? (o > 1 ? (i * (m - 1)) / (o - 1) : 0) : Math.max(0, (i + 0.5) * ratio - 0.5)));
    y = stack(at.map((p) => { const a = Math.min(m - 1, Math.floor(p)), b = Math.min(m - 1, a + 1), f = p - a; return f === 0 ? y.select(dim, a) : y.select(dim, a).mul(1 - f).add(y.select(dim, b).mul(f)); }), dim);
  });
  return y;
}
/** [.., C·r², H, W] → [.., C, H·r, W·r]. Source: Shi et al. 2016. */
export function pixelShuffle(x: Tensor, factor: number): Tensor {
  const [h, w] = [x.size(-2), x.size(-1)], lead = x.shape.slice(0, -3), c = x.size(-3) / (factor * factor);
  if (!Number.isInteger(c)) throw new RuntimeError(`pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=${x.size(-3)} is not divisible by ${factor * factor}`);
  const k = lead.length;
  return x.reshape([...lead, c, factor, factor, h, w]).permute([...lead.map((_, i) => i), k, k + 3, k + 1, k + 4, k + 2]).reshape([...lead, c, h * factor, w * factor]);
}

// --- similarity

/** The product of both vectors, each divided by max(its norm, eps), along a dim. */
export function cosineSimilarity(a: Tensor, b: Tensor, dim = 1, eps = 1e-8): Tensor {
  const unit = (t: Tensor): Tensor => { const n = t.norm(2, dim, true).clone(); return t.div(noGrad(() => n.clamp_(eps))); };
  return unit(a).mul(unit(b)).sum(dim);
}
/** ‖a - b + eps‖ₚ over the last dim. Source: torch.nn.functional.pairwise_distance. */
export function pairwiseDistance(a: Tensor, b: Tensor, options: { p?: number; eps?: number; keepdim?: boolean } = {}): Tensor {
  const { p = 2, eps = 1e-6, keepdim = false } = options;
  return a.sub(b).add(eps).norm(p, -1, keepdim);
}
/** x₁ᵀ W x₂ + b. x₁ [..., in1], x₂ [..., in2], weight [out, in1, in2]. */
export function bilinear(a: Tensor, b: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const y = a.unsqueeze(-2).unsqueeze(-2).matmul(weight).squeeze(-2).mul(b.unsqueeze(-2)).sum(-1);
  return bias === null ? y : y.add(bias);
}

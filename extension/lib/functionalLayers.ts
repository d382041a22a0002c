/** torch.nn.functional, continued: convolution, normalization, attention, similarity. Shapes: N batch, C channels, then spatial dims. */
import { noGrad } from './autograd';
import { native } from './native';
import { avgPool2d } from './functionalPooling';
import { called } from './named';
import { pad } from './functionalResizing';
import { RuntimeError, ValueError } from './errors';
import { int64 } from './dtype';
import { arange, ones } from './ops';
import { spatial, type Size1 } from './spatial';
import type { Tensor } from './tensor';

// --- convolution

/** Of conv1d, conv2d and conv3d; one number for all spatial dims, or one for each. */
export interface ConvOptions {
  /** How far the window moves; 1 by default. */
  stride?: Size1;
  /** Zeros at both ends of each spatial dim; 'same' keeps the size (stride 1), 'valid' is 0. */
  padding?: Size1 | 'same' | 'valid';
  /** Distance between the elements of the kernel; 1 by default. */
  dilation?: Size1;
  /** Input and output channels in that many independent parts. */
  groups?: number;
}

function convolution(n: number, x: Tensor, weight: Tensor, bias: Tensor | null, o: ConvOptions): Tensor {
  const rank = weight.dim() - 2;
  if (rank !== n && n > 1) throw new RuntimeError(`expected stride to be a single integer value or a list of ${rank} values to match the convolution dimensions, but got stride=[${spatial(o.stride ?? 1, n, 'stride').join(', ')}]`);
  if (rank !== n) throw new RuntimeError(`Expected ${weight.dim()}-dimensional input for ${weight.dim()}-dimensional weight [${weight.shape.join(', ')}], but got ${x.dim()}-dimensional input of size [${x.shape.join(', ')}] instead`);
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
/** x [N, C, H, W] or [C, H, W], weight [O, C/groups, kH, kW], bias [O]: ⌊(H + 2·padding - dilation·(kH - 1) - 1)/stride⌋ + 1 rows. Source: torch.nn.functional.conv2d. */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor { return convolution(2, x, weight, bias, options); }
/** x [N, C, D, H, W] or [C, D, H, W], weight [O, C/groups, kD, kH, kW]. Source: torch.nn.functional.conv3d. */
export function conv3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor { return convolution(3, x, weight, bias, options); }

/** Of convTranspose1d, 2d and 3d; one number for all spatial dims, or one for each. */
export interface ConvTransposeOptions {
  /** Distance between input elements in the output; 1 by default. */
  stride?: Size1;
  /** Cut from both ends of each spatial dim of the output. */
  padding?: Size1;
  /** Added at the far end of each spatial dim, to choose among the sizes that a stride allows. */
  outputPadding?: Size1;
  /** Distance between the elements of the kernel; 1 by default. */
  dilation?: Size1;
  /** Input and output channels in that many independent parts. */
  groups?: number;
}
function transposed(n: number, x: Tensor, weight: Tensor, bias: Tensor | null, o: ConvTransposeOptions): Tensor {
  if (x.dim() === n + 1) return transposed(n, x.unsqueeze(0), weight, bias, o).squeeze(0);
  return native['convTranspose'](x, weight, bias, spatial(o.stride ?? 1, n, 'stride'), spatial(o.padding ?? 0, n, 'padding'), spatial(o.dilation ?? 1, n, 'dilation'), o.groups ?? 1, spatial(o.outputPadding ?? 0, n, 'output_padding'));
}
/** x [N, C, L], weight [C, O/groups, k]. Source: torch.nn.functional.conv_transpose1d. */
export function convTranspose1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor { return transposed(1, x, weight, bias, options); }
/** x [N, C, H, W], weight [C, O/groups, kH, kW]: (H - 1)·stride - 2·padding + dilation·(kH - 1) + outputPadding + 1 rows. Source: torch.nn.functional.conv_transpose2d. */
export function convTranspose2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor { return transposed(2, x, weight, bias, options); }
/** x [N, C, D, H, W], weight [C, O/groups, kD, kH, kW]. Source: torch.nn.functional.conv_transpose3d. */
export function convTranspose3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor { return transposed(3, x, weight, bias, options); }

// --- normalization

/** Of batchNorm(). */
export interface BatchNormOptions {
  /** Factors, one a channel. */
  weight?: Tensor | null;
  /** Summands, one a channel. */
  bias?: Tensor | null;
  /** Whether to use, and keep, the statistics of the batch; otherwise the running ones. */
  training?: boolean;
  /** The share of the batch in the running statistics; 0.1 by default. */
  momentum?: number;
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
}
/** Over every dim but the second. Training updates the running statistics in place. Source: Ioffe, Szegedy 2015. */
export function batchNorm(x: Tensor, runningMean: Tensor | null, runningVar: Tensor | null, options: BatchNormOptions = {}): Tensor {
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options;
  if (training && x.dim() >= 2 && x.numel() / x.size(1) === 1) throw new ValueError(`Expected more than 1 value per channel when training, got input size ${x.shape}`);
  return native['batchNorm'](x, weight, bias, runningMean, runningVar, training, momentum, eps);
}
/** On the CPU, floating and all of one dtype: what the addon does in one go. */
const oneType = (x: Tensor, ...others: (Tensor | null)[]): boolean => x.device.type === 'cpu' && x.isFloatingPoint() && others.every((t) => t === null || (t.dtype === x.dtype && t.device.type === 'cpu'));
/** Each sample's channels in `groups`, each normalized by itself. Source: Wu, He 2018. */
export function groupNorm(x: Tensor, groups: number, weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor {
  if (x.dim() < 2) throw new RuntimeError(`Expected at least 2 dimensions for input tensor but received ${x.dim()}`);
  const [n, c] = [x.size(0), x.size(1)];
  if (groups < 1) throw new RuntimeError(`Expected num groups to be greater than 0, got ${groups}`);
  if (x.numel() === groups && x.numel() > 0) throw new ValueError(`Expected more than 1 value per channel when training, got input size [${x.shape.join(', ')}]`);
  if (c % groups !== 0) throw new RuntimeError(`Expected number of channels in input to be divisible by num_groups, but got input of shape [${x.shape.join(', ')}] and num_groups=${groups}`);
  for (const [name, t] of [['weight', weight], ['bias', bias]] as const) if (t !== null && (t.dim() !== 1 || t.numel() !== c)) throw new RuntimeError(`Expected ${name} to be a vector of size equal to the number of channels in input, but got ${name} of shape [${(weight ?? t).shape.join(', ')}] and input of shape [${x.shape.join(', ')}]`);
  if (oneType(x, weight, bias)) return native['groupNorm'](x, groups, weight, bias, eps) as Tensor;
  const y = (native['layerNorm'](x.reshape(n, groups, -1), [x.numel() / Math.max(1, n * groups)], null, null, eps) as Tensor).reshape([...x.shape]);
  const shape = [1, c, ...x.shape.slice(2).map(() => 1)];
  const scaled = weight === null ? y : y.mul(weight.view(shape));
  return called(bias === null ? scaled : scaled.add(bias.view(shape)), 'NativeGroupNormBackward0');
}
/** Each channel of each sample normalized by itself. Source: Ulyanov, Vedaldi, Lempitsky 2016. */
export function instanceNorm(x: Tensor, weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor {
  checkSpatial(x);
  return called(groupNorm(x, x.size(1), weight, bias, eps), 'ViewBackward0');
}
/** @internal Statistics of one element are none. */
export function checkSpatial(x: Tensor): void {
  if (x.shape.slice(2).reduce((a, b) => a * b, 1) === 1) throw new ValueError(`Expected more than 1 spatial element when training, got input size ${x.shape}`);
}
/** x / √(mean(x²) + eps) over the last dims. Source: Zhang, Sennrich 2019. */
export function rmsNorm(x: Tensor, normalizedShape: readonly number[], weight: Tensor | null = null, eps: number | null = null): Tensor {
  const k = normalizedShape.length, shown = (v: readonly number[]): string => `[${v.join(', ')}]`;
  if (k === 0) throw new RuntimeError('Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []');
  if (weight !== null && shown(weight.shape) !== shown(normalizedShape)) throw new RuntimeError(`Expected weight to be of same shape as normalized_shape, but got weight of shape ${shown(weight.shape)} and normalized_shape = ${shown(normalizedShape)}`);
  if (x.dim() < k) throw new ValueError(`Input tensor must have at least ${k} dimensions, but got ${x.dim()}`);
  if (shown(x.shape.slice(-k)) !== shown(normalizedShape)) throw new RuntimeError(`Given normalized_shape=${shown(normalizedShape)}, expected input with shape [*${normalizedShape.join(', ')}], but got input of size${shown(x.shape)}`);
  const dims = normalizedShape.map((_, i) => i - normalizedShape.length);
  const least = eps ?? (x.dtype.name === 'float64' ? 2 ** -52 : 2 ** -23);
  if (oneType(x, weight)) return native['rmsNorm'](x, k, weight, least) as Tensor;
  const y = x.mul(x.pow(2).mean(dims, true).add(least).rsqrt());
  return weight === null ? y : y.mul(weight);
}
/** x / (k + alpha · mean of the squares of `size` neighbouring channels)^beta. Source: Krizhevsky et al. 2012. */
export function localResponseNorm(x: Tensor, size: number, alpha = 1e-4, beta = 0.75, k = 1): Tensor {
  if (x.dim() < 3) throw new ValueError(`Expected 3D or higher dimensionality                          input (got ${x.dim()} dimensions)`);
  const squares = x.mul(x).reshape(x.size(0), 1, x.size(1), -1), sides = [Math.floor(size / 2), Math.floor((size - 1) / 2)] as const;
  const near = avgPool2d(pad(squares, [0, 0, ...sides]), [size, 1], { stride: 1 }).reshape([...x.shape]);
  return x.div(near.mul(alpha).add(k).pow(beta));
}
/** x / max(‖x‖ₚ, eps) along a dim. */
export function normalize(x: Tensor, options: { p?: number; dim?: number; eps?: number } = {}): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  return x.div(x.norm(p, dim, true).clamp(eps));
}

// --- attention

/** Of scaledDotProductAttention(). */
export interface AttentionOptions {
  /** bool: true takes part; floats are added to the scores. Broadcast to [.., L, S]. */
  attnMask?: Tensor | null;
  /** Probability of zeroing a weight. */
  dropoutP?: number;
  /** Whether position i sees only positions up to i; instead of attnMask. */
  isCausal?: boolean;
  /** Factor of the scores; 1/√E by default. */
  scale?: number | null;
  /** Each of k's heads serves several of q's. */
  enableGqa?: boolean;
}
/**
 * softmax(q kᵀ · scale + mask) v. q [..., L, E], k [..., S, E], v [..., S, Ev] → [..., L, Ev]. A bool mask keeps where true, a float
 * mask is added; scale is 1/√E unless given. Source: Vaswani et al. 2017.
 */
export function scaledDotProductAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const { attnMask = null, dropoutP = 0, isCausal = false, scale = null, enableGqa = false } = options;
  const given = [q, k, v] as const;
  if (given.some((t) => t.dim() < 2)) throw new RuntimeError(`Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: ${q.dim()} key.dim: ${k.dim()} and value.dim: ${v.dim()} instead.`);
  if (given.some((t) => t.dtype !== q.dtype)) throw new RuntimeError(`Expected query, key, and value to have the same dtype, but got query.dtype: ${q.dtype.cName} key.dtype: ${k.dtype.cName} and value.dtype: ${v.dtype.cName} instead.`);
  if (attnMask !== null && !['bool', 'float32', q.dtype.name].includes(attnMask.dtype.name)) throw new RuntimeError(`Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: ${attnMask.dtype.cName} and  query.dtype: ${q.dtype.cName} instead.`);
  if (enableGqa && q.size(-3) !== k.size(-3)) {
    if (q.size(-3) % k.size(-3) !== 0) throw new RuntimeError(`Number of heads in key and value must divide the number of heads in query, got ${k.size(-3)} and ${q.size(-3)}`);
    const times = q.size(-3) / k.size(-3);
    return scaledDotProductAttention(q, k.repeatInterleave(times, { dim: -3 }), v.repeatInterleave(times, { dim: -3 }), { ...options, enableGqa: false });
  }
  if (isCausal && attnMask !== null) throw new RuntimeError('_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True');
  let scores = q.mul(scale ?? 1 / Math.sqrt(q.size(-1))).matmul(k.transpose(-2, -1));
  const mask = isCausal ? ones([q.size(-2), k.size(-2)], { device: q.device }).tril().gt(0) : attnMask;
  if (mask !== null) scores = mask.dtype.name === 'bool' ? scores.maskedFill(mask.logicalNot(), -Infinity) : scores.add(mask);
  let weights = scores.softmax(-1);
  if (dropoutP > 0) weights = native['dropout'](weights, dropoutP);
  return weights.matmul(v);
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
  return called(a.sub(b).add(eps).norm(p, -1, keepdim), 'NormBackward1');
}
/** The largest magnitude of each row; every element that has it gets the whole gradient. */
function farthest(t: Tensor): Tensor {
  const m = t.detach().norm(Infinity, 1), y = t.mul(t.detach().sign().mul(t.detach().abs().eq(m.unsqueeze(1)).to(t.dtype))).sum(1);
  return y.sub(y.detach()).add(m);
}
/** The pairwise distances of a matrix's rows, i before j: [n(n-1)/2]. Source: torch.nn.functional.pdist. */
export function pdist(x: Tensor, p = 2): Tensor {
  if (x.dim() !== 2) throw new RuntimeError(`pdist only supports 2D tensors, got: ${x.dim()}D`);
  if (!x.isFloatingPoint()) throw new RuntimeError('pdist only supports floating-point dtypes');
  if (!(p >= 0)) throw new RuntimeError('pdist only supports non-negative p values');
  const n = x.size(0), like = { dtype: int64, device: x.device };
  if (n < 2) return x.reshape(-1).slice(0, 0, 0);
  const pairs = arange(n * n, like).reshape(n, n), upper = pairs.maskedSelect(ones([n, n], { device: x.device }).triu(1).gt(0));
  const apart = x.indexSelect(0, upper.div(n, { roundingMode: 'floor' })).sub(x.indexSelect(0, upper.remainder(n)));
  // A count has a gradient too, of zeros.
  const d = p === 0 ? apart.norm(0, 1).add(x.slice(0, 0, 0).sum()) : p === Infinity && x.requiresGrad ? farthest(apart) : apart.norm(p, 1);
  return called(d, 'PdistBackward0');
}
/** x₁ᵀ W x₂ + b. x₁ [..., in1], x₂ [..., in2], weight [out, in1, in2]. */
export function bilinear(a: Tensor, b: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  if (a.dim() !== b.dim()) throw new RuntimeError(`bilinear(): input dimensions do not match: got ${a.dim()} and ${b.dim()}`);
  const apart = a.shape.slice(0, -1).findIndex((n, d) => n !== b.size(d));
  if (apart >= 0) throw new RuntimeError(`bilinear(): input batch dimensions do not match at dim ${apart}: got ${a.size(apart)} and ${b.size(apart)}`);
  [a, b].forEach((t, i) => { if (t.size(-1) !== weight.size(i + 1)) throw new RuntimeError(`bilinear(): input${i + 1} size does not match weight size: got ${t.size(-1)} but expected ${weight.size(i + 1)}`); });
  if (bias !== null && bias.size(0) !== weight.size(0)) throw new RuntimeError(`bilinear(): bias size does not match weight size: got ${bias.size(0)} but expected ${weight.size(0)}`);
  const y = a.unsqueeze(-2).unsqueeze(-2).matmul(weight).squeeze(-2).mul(b.unsqueeze(-2)).sum(-1);
  return bias === null ? y : y.add(bias);
}

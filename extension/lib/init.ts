/**
 * torch.nn.init: fills tensors in place with PyTorch's numbers; nothing is recorded by autograd. Each returns its tensor;
 * those that draw take `{ generator }`.
 */
import { noGrad } from './autograd';
import { float32, float64 } from './dtype';
import { RuntimeError, ValueError } from './errors';
import { native } from './native';
import { empty, emptyLike, randperm, where } from './ops';
import type { RandomOptions } from './random';
import { unsized, type Tensor } from './tensor';

/** The functions whose gain calculateGain knows. */
export type Nonlinearity = 'linear' | 'conv1d' | 'conv2d' | 'conv3d' | 'conv_transpose1d' | 'conv_transpose2d' | 'conv_transpose3d' | 'sigmoid' | 'tanh' | 'relu' | 'leaky_relu' | 'selu';
/** Whether the size of the forward pass stays (fan_in) or that of the backward pass (fan_out). */
export type FanMode = 'fan_in' | 'fan_out';

/** The recommended gain of an activation; `param` is leaky_relu's slope. Throws ValueError for others. */
export function calculateGain(nonlinearity: Nonlinearity, param?: number): number {
  switch (nonlinearity) {
    case 'tanh': return 5 / 3;
    case 'relu': return Math.SQRT2;
    case 'leaky_relu': {
      if (param !== undefined && typeof param !== 'number') throw new ValueError(`negative_slope ${String(param)} not a valid number`);
      return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
    }
    case 'selu': return 3 / 4;
    case 'linear': case 'conv1d': case 'conv2d': case 'conv3d': case 'conv_transpose1d': case 'conv_transpose2d': case 'conv_transpose3d': case 'sigmoid': return 1;
    default: throw new ValueError(`Unsupported nonlinearity ${String(nonlinearity)}`);
  }
}

let skipping = false;
/** Runs `fn`, in which nothing here fills or draws anything. @internal */
export function withoutInit<R>(fn: () => R): R {
  const was = skipping;
  skipping = true;
  try {
    return fn();
  } finally {
    skipping = was;
  }
}
function filled(t: Tensor, fill: () => Tensor): Tensor {
  if (skipping) return t;
  if (unsized.has(t)) throw new ValueError('Attempted to use an uninitialized parameter in torch.nn.init. This error happens when you are using a `LazyModule`. Call `forward` with a dummy batch to initialize the parameters before calling torch functions');
  return noGrad(fill);
}

/** Inputs and outputs of one unit: [in, out] times the receptive field. */
function fans(t: Tensor): [number, number] {
  const s = t.shape;
  if (s.length < 2) throw new ValueError('Fan in and fan out can not be computed for tensor with fewer than 2 dimensions');
  const field = s.slice(2).reduce((a, b) => a * b, 1);
  return [s[1]! * field, s[0]! * field];
}
function fan(t: Tensor, mode: FanMode): number {
  const m = String(mode).toLowerCase();
  if (m !== 'fan_in' && m !== 'fan_out') throw new ValueError(`Mode ${m} not supported, please use one of ['fan_in', 'fan_out']`);
  return fans(t)[m === 'fan_in' ? 0 : 1];
}

/** Uniform on [a, b). */
export function uniform_(t: Tensor, options: { a?: number; b?: number } & RandomOptions = {}): Tensor { return filled(t, () => t.uniform_(options.a ?? 0, options.b ?? 1, options)); }
/** Normal with `mean` 0 and `std` 1 unless told otherwise. */
export function normal_(t: Tensor, options: { mean?: number; std?: number } & RandomOptions = {}): Tensor { return filled(t, () => t.normal_(options.mean ?? 0, options.std ?? 1, options)); }
/** Every value `val`. */
export function constant_(t: Tensor, val: number): Tensor { return filled(t, () => t.fill_(val)); }
/** Every value 1. */
export function ones_(t: Tensor): Tensor { return constant_(t, 1); }
/** Every value 0. */
export function zeros_(t: Tensor): Tensor { return constant_(t, 0); }
/** Ones on the diagonal of a matrix, zeros elsewhere. */
export function eye_(t: Tensor): Tensor {
  if (t.dim() !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  return filled(t, () => { t.zero_(); if (t.numel() > 0) t.diagonal().fill_(1); return t; });
}
/** Passes channels through a convolution's centre: weight [out, in, ...size] of 1 to 3 dims; each group for itself. */
export function dirac_(t: Tensor, options: { groups?: number } = {}): Tensor {
  const s = t.shape;
  const groups = options.groups ?? 1;
  if (s.length < 3 || s.length > 5) throw new ValueError('Only tensors with 3, 4, or 5 dimensions are supported');
  if (s[0]! % groups !== 0) throw new ValueError('dim 0 must be divisible by groups');
  return filled(t, () => {
    t.zero_();
    const centre = s.slice(2).reduce((v, n) => v.select(2, Math.floor(n / 2)), t);
    for (const group of groups > 0 ? centre.split(s[0]! / groups) : []) if (group.numel() > 0) group.diagonal().fill_(1);
    return t;
  });
}

function normCdf(x: number): number { return (1 + erf(x / Math.SQRT2)) / 2; }
function erf(x: number): number { return native['item'](native['unary'](native.unaryCodes['erf'], native['full']([], x, float64.code, 0))); }

/** Normal, redrawn until within [a, b]: by rejection, as PyTorch 2.13 draws it. */
export function truncNormal_(t: Tensor, options: { mean?: number; std?: number; a?: number; b?: number } & RandomOptions = {}): Tensor {
  const { mean = 0, std = 1, a = -2, b = 2 } = options;
  return filled(t, () => {
    if (normCdf((b - mean) / std) - normCdf((a - mean) / std) > 0.3) {
      const [lo, hi] = t.dtype === float32 ? [Math.fround(a), Math.fround(b)] : [a, b];
      let result: Tensor = t.normal_(mean, std, options);
      for (;;) {
        const mask = result.lt(lo).logicalOr(result.gt(hi));
        if (!mask.any().item<boolean>()) break;
        result = where(mask, emptyLike(result).normal_(mean, std, options), result);
      }
      return t.copy_(result);
    }
    // Far tail: uniform candidates accepted in proportion to the density.
    const logPeak = -0.5 * ((Math.max(a, Math.min(mean, b)) - mean) / std) ** 2;
    const logPdf = (c: Tensor): Tensor => c.sub(mean).div(std).pow(2).mul(-0.5).sub(logPeak);
    const rejected = (c: Tensor): Tensor => emptyLike(t).uniform_(0, 1, options).log().gt(logPdf(c));
    let result: Tensor = t.uniform_(a, b, options).clone();
    let pending = rejected(result);
    while (pending.any().item<boolean>()) {
      const candidates = emptyLike(t).uniform_(a, b, options);
      result = where(pending, candidates, result);
      pending = pending.logicalAnd(rejected(candidates));
    }
    return t.copy_(result);
  });
}

/** Glorot uniform: within ±gain·√(6/(fan_in+fan_out)). Source: Glorot, Bengio 2010. */
export function xavierUniform_(t: Tensor, options: { gain?: number } & RandomOptions = {}): Tensor {
  const [i, o] = fans(t);
  const bound = Math.sqrt(3) * ((options.gain ?? 1) * Math.sqrt(2 / (i + o)));
  return filled(t, () => t.uniform_(-bound, bound, options));
}
/** Glorot normal: standard deviation gain·√(2/(fan_in+fan_out)). */
export function xavierNormal_(t: Tensor, options: { gain?: number } & RandomOptions = {}): Tensor {
  const [i, o] = fans(t);
  return filled(t, () => t.normal_(0, (options.gain ?? 1) * Math.sqrt(2 / (i + o)), options));
}
/** Of kaimingUniform_() and kaimingNormal_(). */
export interface KaimingOptions extends RandomOptions {
  /** The slope of leaky_relu below zero; 0 by default. */
  a?: number;
  /** 'fan_in' by default. */
  mode?: FanMode;
  /** 'leaky_relu' by default. */
  nonlinearity?: Nonlinearity;
}
/** He uniform: within ±gain·√(3/fan). Source: He et al. 2015. */
export function kaimingUniform_(t: Tensor, options: KaimingOptions = {}): Tensor {
  if (t.shape.includes(0)) return filled(t, () => t);
  const bound = Math.sqrt(3) * (calculateGain(options.nonlinearity ?? 'leaky_relu', options.a ?? 0) / Math.sqrt(fan(t, options.mode ?? 'fan_in')));
  return filled(t, () => t.uniform_(-bound, bound, options));
}
/** He normal: standard deviation gain/√fan. */
export function kaimingNormal_(t: Tensor, options: KaimingOptions = {}): Tensor {
  if (t.shape.includes(0)) return filled(t, () => t);
  const f = fan(t, options.mode ?? 'fan_in');
  return filled(t, () => t.normal_(0, calculateGain(options.nonlinearity ?? 'leaky_relu', options.a ?? 0) / Math.sqrt(f), options));
}
/** A (semi-)orthogonal matrix over the flattened later dimensions. Source: Saxe et al. 2013. */
export function orthogonal_(t: Tensor, options: { gain?: number } & RandomOptions = {}): Tensor {
  if (t.dim() < 2) throw new ValueError('Only tensors with 2 or more dimensions are supported');
  if (t.numel() === 0) return filled(t, () => t);
  if (t.dtype !== float32 && t.dtype !== float64) throw new RuntimeError(`orthogonal_ is implemented for float32 and float64 tensors, got ${t.dtype}`);
  return filled(t, () => {
    const rows = t.size(0);
    const cols = t.numel() / rows;
    let flat = empty([rows, cols], { dtype: t.dtype }).normal_(0, 1, options);
    if (rows < cols) flat = flat.t().contiguous();
    let q: Tensor = native['orthogonalize'](flat);
    if (rows < cols) q = q.t();
    t.copy_(q.reshape(t.shape));
    return t.mul_(options.gain ?? 1);
  });
}
/** Normal, with a share `sparsity` of each column set to zero. Source: Martens 2010. */
export function sparse_(t: Tensor, options: { sparsity: number; std?: number } & RandomOptions): Tensor {
  if (t.dim() !== 2) throw new ValueError('Only tensors with 2 dimensions are supported');
  return filled(t, () => {
    const [rows, cols] = t.shape as number[] as [number, number];
    const zeros = Math.ceil(options.sparsity * rows);
    t.normal_(0, options.std ?? 0.01, options);
    for (let c = 0; c < cols; c++) t.select(1, c).indexFill_(0, randperm(rows).slice(0, 0, zeros), 0);
    return t;
  });
}

/** torch.nn.functional, continued: activations and dropout. All keep the shape of x unless said otherwise. Source: torch.nn.functional.<name>. */
import { float64 } from './dtype';
import { NotImplementedError, RuntimeError, ValueError } from './errors';
import { pyFloat } from './format';
import { named } from './named';
import { native } from './native';
import { empty, full, ones, zerosLike } from './ops';
import type { Tensor } from './tensor';

const U = native.unaryCodes;
/** @internal Integers are refused under the kernel's name. */
export function floating(x: Tensor, kernel: string): void {
  if (!x.isFloatingPoint()) throw new NotImplementedError(`"${kernel}" not implemented for '${x.dtype.scalarName}'`);
}
function ordered(min: number, max: number): void { if (min > max) throw new ValueError('min_val cannot be greater than max_val'); }
/** x cut at the two ends, -1 and 1. */
export function hardtanh(x: Tensor, min = -1, max = 1): Tensor {
  ordered(min, max);
  if (!x.isFloatingPoint()) return x.clamp(Math.trunc(min), Math.trunc(max)).to(x.dtype);
  return native['unary'](U['hardtanh'], x, min, max);
}
/** x cut at 0 and 6. */
export function relu6(x: Tensor): Tensor { return hardtanh(x, 0, 6); }
/** relu6(x + 3)/6. */
export function hardsigmoid(x: Tensor): Tensor { floating(x, 'hardsigmoid'); return native['unary'](U['hardsigmoid'], x); }
/** x·relu6(x + 3)/6. */
export function hardswish(x: Tensor): Tensor { floating(x, 'hardswish'); return native['unary'](U['hardswish'], x); }
/** x·tanh(log(1 + eˣ)). Source: Misra 2019. */
export function mish(x: Tensor): Tensor { floating(x, 'mish'); return named('MishBackward0', x, (t) => t.where(t.gt(20).logicalAnd(t.isinf().logicalNot()), t.mul((native['unary'](U['softplus'], t, 1, 20) as Tensor).tanh()))); }
function exponential(name: string, x: Tensor, alpha: number, scale: number, inputScale: number): Tensor {
  floating(x, 'elu');
  return named(name, x, (t) => (native['unary'](U['elu'], inputScale === 1 ? t : t.mul(inputScale), alpha * scale) as Tensor).where(t.le(0), t.mul(scale)));
}
/** scale·(max(0, x) + min(0, α(eˣ - 1))), with the constants that keep mean 0 and variance 1. Source: Klambauer et al. 2017. */
export function selu(x: Tensor): Tensor { return exponential('EluBackward0', x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1); }
/** max(0, x) + min(0, α(exp(x/α) - 1)). Source: Barron 2017. */
export function celu(x: Tensor, alpha = 1): Tensor {
  if (alpha === 0) throw new RuntimeError('ZeroDivisionError: alpha cannot be 0 for CELU');
  return exponential('CeluBackward0', x, alpha, 1, 1 / alpha);
}
/** a·σ(b) over the two halves of a dim. Source: Dauphin et al. 2017. */
export function glu(x: Tensor, dim = -1): Tensor {
  if (x.dim() === 0) throw new RuntimeError('glu does not support 0-dimensional tensors');
  const n = x.size(dim), at = dim < 0 ? dim + x.dim() : dim;
  if (n % 2 !== 0) throw new RuntimeError(`Halving dimension must be even, but dimension ${at} is size ${n}`);
  return named('GluBackward0', x, (t) => { const [a, b] = t.chunk(2, dim) as [Tensor, Tensor]; return a.mul(b.sigmoid()); });
}
/** x/(1 + |x|). */
export function softsign(x: Tensor): Tensor { return x.div(x.abs().add(1)); }
/** x - tanh(x). */
export function tanhshrink(x: Tensor): Tensor { return x.sub(x.tanh()); }
/** log σ(x), without overflow. */
export function logsigmoid(x: Tensor): Tensor {
  floating(x, 'log_sigmoid_cpu');
  // -log(1 + e⁻ˣ); beyond 40 the exponential alone is left, to the last digit of float64. 0 - y: no negative zero.
  return named('LogSigmoidBackward0', x, (t) => (native['unary'](U['softplus'], t.neg(), 1, 40) as Tensor).rsub(0));
}
/** A setting rounded to x's dtype, which half types are compared in. */
const typed = (v: number, x: Tensor): number => (x.dtype.itemsize === 2 ? Number(full([], v, { dtype: x.dtype }).item()) : v);
/** Zero within ±lambd, x elsewhere. */
export function hardshrink(x: Tensor, lambd = 0.5): Tensor { floating(x, 'hardshrink_cpu'); const l = typed(lambd, x); return named('HardshrinkBackward0', x, (t) => t.where(t.gt(l).logicalOr(t.lt(-l)), t.detach().abs().mul(0))); }
/** x drawn towards zero by lambd. */
export function softshrink(x: Tensor, lambd = 0.5): Tensor {
  const most: Record<string, string> = { float64: '1.79769e+308', float16: '65504', bfloat16: '3.38953e+38' };
  if (!(lambd >= 0)) throw new RuntimeError(`lambda must be in range [0, ${most[x.dtype.name] ?? '3.40282e+38'}] for input dtype ${x.dtype.scalarName}, but found ${lambd}`);
  floating(x, 'softshrink_cpu');
  const l = typed(lambd, x);
  return named('SoftshrinkBackward0', x, (t) => t.sub(l).where(t.gt(l), t.add(l).where(t.lt(-l), t.detach().abs().mul(0))));
}
/** x above the threshold, `value` elsewhere. */
export function threshold(x: Tensor, limit: number, value: number): Tensor { return named('ThresholdBackward0', x, (t) => t.maskedFill(t.le(limit), value)); }
/** softmax(-x). */
export function softmin(x: Tensor, dim: number): Tensor { return x.neg().softmax(dim); }
/** max(0, x) + weight·min(0, x); weight: one, or one a channel. Source: He et al. 2015. */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  if (weight.dtype !== x.dtype) throw new RuntimeError(`prelu: Type promoting not supported. Got ${x.dtype.scalarName} and ${weight.dtype.scalarName}`);
  if (weight.dim() > 1) throw new RuntimeError(`prelu: Expected \`weight\` to be a scalar or 1D tensor, but got: ndim = ${weight.dim()}`);
  const channels = x.dim() >= 2 ? x.size(1) : 1;
  if (weight.numel() !== 1) {
    if (x.dim() === 0) throw new RuntimeError('Not allow zero-dim input tensor.');
    if (channels !== weight.numel()) throw new RuntimeError(`Mismatch of parameter numbers and input channel size. Found parameter numbers = ${weight.numel()} and channel size = ${channels}.`);
  }
  const w = weight.numel() === 1 ? weight.reshape([]) : x.dim() < 2 ? weight : weight.view([1, -1, ...x.shape.slice(2).map(() => 1)]);
  return named('PreluKernelBackward0', x, (t) => t.where(t.gt(0), t.clamp(null, 0).mul(w)));
}
/** A random slope in [lower, upper) for each element at or below zero while training, their mean otherwise. Source: Xu et al. 2015. */
export function rrelu(x: Tensor, lower = 1 / 8, upper = 1 / 3, training = false): Tensor {
  if (lower > upper) throw new RuntimeError('Lower bound should be less than or equal to the upper bound');
  floating(x, 'rrelu_with_noise_out_cpu');
  if (!training) return named('RreluWithNoiseBackward0', x, (t) => t.where(t.gt(0), t.mul((lower + upper) / 2)));
  const below = x.detach().le(0);
  const slopes = empty([Number(below.sum().item())], { dtype: float64 }).uniform_(lower, upper).to(x.dtype).to(x.device);
  const noise = ones([...x.shape], { dtype: x.dtype, device: x.device }).maskedScatter(below, slopes);
  return named('RreluWithNoiseBackward0', x, (t) => t.mul(noise.to(t.dtype)));
}
/** One-hot of the largest of softmax((x + Gumbel noise)/τ) (hard), or that softmax. Source: Jang, Gu, Poole 2016. */
export function gumbelSoftmax(x: Tensor, options: { tau?: number; hard?: boolean; dim?: number } = {}): Tensor {
  const { tau = 1, hard = false, dim = -1 } = options;
  const noise = empty([...x.shape], { dtype: x.dtype, device: x.device }).exponential_().log().neg();
  const soft = x.add(noise).div(tau).softmax(dim);
  if (!hard) return soft;
  const index = soft.max(dim, true).indices;
  return zerosLike(soft).scatter_(dim, index, 1).sub(soft.detach()).add(soft);
}

// --- dropout

const probability = (p: number): string => (Number.isInteger(p) ? String(p) : pyFloat(p));
function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${probability(p)}`);
}
/** Zeroes elements with probability p and scales the rest by 1/(1-p), while training. Source: Hinton et al. 2012. */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  checkProbability(p);
  return training ? native['dropout'](x, p) as Tensor : x;
}
/** 1/(1-p) with probability 1-p, else 0: one a channel of each sample. */
function channelNoise(x: Tensor, p: number): Tensor {
  if (x.dim() < 2) throw new RuntimeError('Feature dropout requires at least 2 dimensions in the input');
  return empty([x.size(0), x.size(1), ...x.shape.slice(2).map(() => 1)], { dtype: x.dtype, device: x.device }).bernoulli_(1 - p);
}
function featureDropout(x: Tensor, p: number, training: boolean): Tensor {
  checkProbability(p);
  if (!training || p === 0 || x.numel() === 0) return x;
  return p === 1 ? x.mul(zerosLike(x)) : x.mul(channelNoise(x, p).div_(1 - p));
}
/** Whole channels are zeroed with probability p while training. x [N, C, L] or [C, L]. Source: Tompson et al. 2015. */
export function dropout1d(x: Tensor, p = 0.5, training = true): Tensor {
  checkProbability(p);
  if (x.dim() !== 2 && x.dim() !== 3) throw new RuntimeError(`dropout1d: Expected 2D or 3D input, but received a ${x.dim()}D input. Note that dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs).`);
  return x.dim() === 2 ? featureDropout(x.unsqueeze(0), p, training).squeeze(0) : featureDropout(x, p, training);
}
/** Whole channels are zeroed with probability p while training. x [N, C, H, W]. */
export function dropout2d(x: Tensor, p = 0.5, training = true): Tensor { return featureDropout(x, p, training); }
/** Whole channels are zeroed with probability p while training. x [N, C, D, H, W] or [C, D, H, W]. */
export function dropout3d(x: Tensor, p = 0.5, training = true): Tensor { return x.dim() === 4 ? featureDropout(x.unsqueeze(0), p, training).squeeze(0) : featureDropout(x, p, training); }
function selfNormalizing(x: Tensor, p: number, training: boolean, noise: () => Tensor): Tensor {
  checkProbability(p);
  if (!training || p === 0 || x.numel() === 0) return x;
  if (p === 1) return x.mul(zerosLike(x));
  const alpha = 1.7580993408473766, a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p)), n = noise();
  return x.mul(n.mul(a)).add(n.sub(1).mul(alpha * a).add(alpha * a * p));
}
/** Dropout that keeps mean and variance after SELU. Source: Klambauer et al. 2017. */
export function alphaDropout(x: Tensor, p = 0.5, training = false): Tensor { return selfNormalizing(x, p, training, () => empty([...x.shape], { dtype: x.dtype, device: x.device }).bernoulli_(1 - p)); }
/** alphaDropout of whole channels. x [N, C, ...]. Source: torch.nn.functional.feature_alpha_dropout. */
export function featureAlphaDropout(x: Tensor, p = 0.5, training = false): Tensor { return selfNormalizing(x, p, training, () => channelNoise(x, p)); }
/** Of int64 classes: a new last dim, 1 at the class. `numClasses` -1: the largest plus one. */
export function oneHot(x: Tensor, numClasses = -1): Tensor {
  if (x.dtype.name !== 'int64') throw new RuntimeError('one_hot is only applicable to index tensor of type LongTensor.');
  if (x.numel() === 0 && numClasses <= 0) throw new RuntimeError('Can not infer total number of classes from empty tensor.');
  if (x.numel() > 0 && Number(x.min().item()) < 0) throw new RuntimeError('Class values must be non-negative.');
  const most = x.numel() > 0 ? Number(x.max().item()) + 1 : 0, n = numClasses === -1 ? most : numClasses;
  if (most > n) throw new RuntimeError('Class values must be smaller than num_classes.');
  if (x.device.type === 'cpu') return native['oneHot'](x, n) as Tensor;
  return full([...x.shape, n], 0n, { device: x.device }).scatter_(-1, x.unsqueeze(-1), 1);
}

// --- in place

/** x with its activation written over it; what the formula keeps for backward is a copy. */
function over(x: Tensor, f: (before: Tensor) => Tensor): Tensor { return x.copy_(f(x.clone())); }
/** relu, in place; returns x. */
export function relu_(x: Tensor): Tensor { return x.relu_(); }
/** hardtanh, in place; returns x. */
export function hardtanh_(x: Tensor, min = -1, max = 1): Tensor {
  if (!x.isFloatingPoint()) return over(x, (t) => hardtanh(t, min, max));
  ordered(min, max);
  return native['unary_'](U['hardtanh'], x, min, max);
}
/** @internal hardsigmoid, in place; PyTorch's takes `inplace` instead. */
export function hardsigmoid_(x: Tensor): Tensor { floating(x, 'hardsigmoid'); return native['unary_'](U['hardsigmoid'], x); }
/** @internal The same of hardswish. */
export function hardswish_(x: Tensor): Tensor { floating(x, 'hardswish'); return native['unary_'](U['hardswish'], x); }
/** selu, in place; returns x. */
export function selu_(x: Tensor): Tensor { return over(x, selu); }
/** celu, in place; returns x. */
export function celu_(x: Tensor, alpha = 1): Tensor { return over(x, (t) => celu(t, alpha)); }
/** rrelu, in place; returns x. */
export function rrelu_(x: Tensor, lower = 1 / 8, upper = 1 / 3, training = false): Tensor { return over(x, (t) => rrelu(t, lower, upper, training)); }
/** threshold, in place; returns x. */
export function threshold_(x: Tensor, limit: number, value: number): Tensor { return over(x, (t) => threshold(t, limit, value)); }

/** torch.nn.functional, continued: losses. `reduction`: one a sample ('none'), their mean or their sum. Source: torch.nn.functional.<name>. */
import { Function, noGrad, type FunctionCtx } from './autograd';
import { float32, float64 } from './dtype';
import { RuntimeError, ValueError } from './errors';
import { floating, logsigmoid } from './functionalActivations';
import { pairwiseDistance } from './functionalLayers';
import { called } from './named';
import { native } from './native';
import { arange } from './ops';
import type { Tensor } from './tensor';

export { ctcLoss, type CtcOptions } from './ctc';

/** What becomes of the losses of the elements: kept, averaged or added up. */
export type Reduction = 'none' | 'mean' | 'sum';
/** Of most losses. */
export interface LossOptions {
  /** 'mean' by default. */
  reduction?: Reduction;
}
/** Of losses with weights. */
export interface WeightedOptions extends LossOptions {
  /** Factors: one a class, or of the elements, by the loss. */
  weight?: Tensor | null;
}
const reductionCode = { none: 0, mean: 1, sum: 2 } as const;

/** @internal Refuses other words. */
export function checkReduction(reduction: Reduction): Reduction {
  if (!(reduction in reductionCode)) throw new ValueError(`${String(reduction)} is not a valid value for reduction`);
  return reduction;
}
const reductionOf = (o: LossOptions): Reduction => checkReduction(o.reduction ?? 'mean');
/** The one setting most losses have may be given by itself. */
const optionsOf = <O extends LossOptions>(o: Reduction | O): O => (typeof o === 'string' ? { reduction: o } as O : o);
/** Reduced, under PyTorch's name in grad_fn where it is one op there. */
function reduced(t: Tensor, reduction: Reduction, name?: string): Tensor {
  const y = reduction === 'none' ? t : reduction === 'mean' ? t.mean() : t.sum();
  return name === undefined ? y : called(y, name);
}
const pyShape = (t: Tensor): string => `[${t.shape.join(', ')}]`;

// --- of classes

/** Of nllLoss(). */
export interface NllOptions extends WeightedOptions {
  /** The target that does not count; -100 by default. */
  ignoreIndex?: number;
}
/** Rows of classes from [N, C, d1, …], and what takes one value a row back to the target's shape. */
function asRows(input: Tensor, target: Tensor): { rows: Tensor; labels: Tensor; back: (t: Tensor) => Tensor } {
  if (input.dim() === 0) throw new ValueError('Expected 1 or more dimensions (got 0)');
  if (input.dim() <= 2) return { rows: input, labels: target, back: (t) => t };
  if (input.size(0) !== target.size(0)) throw new ValueError(`Expected input batch_size (${input.size(0)}) to match target batch_size (${target.dim() > 0 ? target.size(0) : 0}).`);
  const want = [input.size(0), ...input.shape.slice(2)];
  if (String(want) !== String([...target.shape])) throw new RuntimeError(input.dim() === 4 && target.dim() !== 3 ? `only batches of spatial targets supported (3D tensors) but got targets of dimension: ${target.dim()}` : input.dim() === 4 ? `size mismatch (got input: ${pyShape(input)} , target: ${pyShape(target)}` : `Expected target size [${want.join(', ')}], got [${target.shape.join(', ')}]`);
  return { rows: input.movedim(1, -1).reshape(-1, input.size(1)), labels: target.reshape(-1), back: (t) => t.reshape([...target.shape]) };
}
/** -logp[target] of int64 classes; logp [N, C, …], target [N, …]. Throws IndexError for a class out of bounds. */
export function nllLoss(logp: Tensor, target: Tensor, options: NllOptions = {}): Tensor {
  const reduction = reductionOf(options), { rows, labels, back } = asRows(logp, target);
  const loss = native['nllLoss'](rows, labels, options.weight ?? null, options.ignoreIndex ?? -100, reductionCode[reduction]) as Tensor;
  return reduction === 'none' ? back(loss) : loss;
}
/** Of crossEntropy(). */
export interface CrossEntropyOptions extends NllOptions {
  /** The share of the target spread over all classes, 0 … 1. */
  labelSmoothing?: number;
}
/**
 * Softmax and negative log likelihood in one. logits [N, C, …] or [C]; target: int64 classes [N, …], or probabilities of
 * the logits' shape. Throws IndexError for a class out of bounds. Label smoothing: Szegedy et al. 2016.
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { weight = null, ignoreIndex = -100, labelSmoothing = 0 } = options, reduction = reductionOf(options);
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw new RuntimeError(`label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
  const probabilities = logits.dim() === target.dim() && String(logits.shape) === String(target.shape);
  if (probabilities && !target.isFloatingPoint()) throw new RuntimeError(`Expected floating point type for target with class probabilities, got ${target.dtype.scalarName}`);
  if (probabilities) return softCrossEntropy(logits, target, weight, reduction, labelSmoothing);
  // Rows in one; of maps, log softmax takes the classes where they lie.
  if (weight === null && labelSmoothing === 0 && logits.dim() <= 2) return native['crossEntropy'](logits, target, ignoreIndex, reductionCode[reduction]) as Tensor;
  const classes = logits.dim() === 1 ? 0 : 1, logp = logits.logSoftmax(classes), nll = nllLoss(logp, target, { weight, ignoreIndex, reduction });
  if (labelSmoothing === 0) return nll;
  const spread = (weight === null ? logp : logp.mul(classWeights(weight, logits))).sum(classes).neg(), kept = target.ne(ignoreIndex);
  const held = spread.maskedFill(kept.logicalNot(), 0);
  const share = reduction === 'none' ? held : reduction === 'sum' ? held.sum() : held.sum().div(weight === null ? kept.sum() : weight.gather(0, target.maskedSelect(kept)).sum());
  return nll.mul(1 - labelSmoothing).add(share.mul(labelSmoothing / logits.size(classes)));
}
/** Of linearCrossEntropy(). */
export interface LinearCrossEntropyOptions extends LossOptions {
  /** The bias of the linear layer: [C]. */
  linearBias?: Tensor | null;
  /** Factors, one a class. */
  weight?: Tensor | null;
  /** The target that does not count; -100 by default. */
  ignoreIndex?: number | null;
  /** The share of the target spread over all classes, 0 … 1. */
  labelSmoothing?: number;
}
const pyDims = (s: readonly number[]): string => `(${s.join(', ')}${s.length === 1 ? ',' : ''})`;
/**
 * Cross entropy of a linear layer's outputs. x [in] or [N, in], linearWeight [C, in] or [C, d₁, …, in], target classes [N, d₁, …] or
 * probabilities [N, C, d₁, …]. Source: torch.nn.functional.linear_cross_entropy (its unchunked form).
 */
export function linearCrossEntropy(x: Tensor, linearWeight: Tensor, target: Tensor, options: LinearCrossEntropyOptions = {}): Tensor {
  const { linearBias = null, ignoreIndex = null, ...rest } = options;
  if (x.dim() < 1 || x.dim() > 2) throw new RuntimeError(`expected input with dimensionality 1 or 2, got ${x.dim()}`);
  if (linearWeight.dim() < 2) throw new RuntimeError(`expected linear_weight with dimensionality at least 2, got ${linearWeight.dim()}`);
  const features = x.size(-1), outs = linearWeight.shape.slice(0, -1), lead = x.shape.slice(0, -1);
  if (features !== linearWeight.size(-1)) throw new RuntimeError(`expected equal input and linear_weight last dimensions (in_features), got ${features} and ${linearWeight.size(-1)}, respectively`);
  if (linearBias !== null && pyDims(linearBias.shape) !== pyDims(outs)) throw new RuntimeError(`expected linear_bias shape ${pyDims(outs)}, got ${pyDims(linearBias.shape)}`);
  if (outs.length > 1 && lead.length === 0) throw new RuntimeError(`K-dimensional loss defined by linear_weight shape ${pyDims(linearWeight.shape)} requires batched input, (N, ${features}), got unbatched input with shape ${pyDims(x.shape)}`);
  const shape = [...lead, ...outs];
  if (pyDims(target.shape) === pyDims(shape) && ignoreIndex !== null) throw new RuntimeError('ignore_index cannot be specified when target contains probabilities');
  const logits = (native['linear'](x, linearWeight.reshape(-1, features), linearBias === null ? null : linearBias.reshape(-1)) as Tensor).reshape(shape);
  return crossEntropy(logits, target, { ...rest, ignoreIndex: ignoreIndex ?? -100 });
}
const classWeights = (weight: Tensor, like: Tensor): Tensor => (like.dim() === 1 ? weight : weight.view([1, -1, ...like.shape.slice(2).map(() => 1)]));
function softCrossEntropy(logits: Tensor, target: Tensor, weight: Tensor | null, reduction: Reduction, smoothing: number): Tensor {
  const classes = logits.dim() === 1 ? 0 : 1, n = logits.size(classes);
  const wanted = smoothing > 0 ? target.mul(1 - smoothing).add(smoothing / n) : target;
  const product = logits.logSoftmax(classes).mul(wanted), loss = weight === null ? product : product.mul(classWeights(weight, logits));
  if (reduction === 'none') return loss.sum(classes).neg();
  return reduction === 'sum' ? loss.sum().neg() : loss.sum().div(Math.max(1, logits.numel() / n)).neg();
}

// --- of numbers

/** Mean or sum of a loss of two tensors in one pass, where the addon has it; null elsewhere. */
function differenceLoss(kind: 'square' | 'smoothL1' | 'huber' | 'logits', input: Tensor, target: Tensor, p: number, reduction: Reduction): Tensor | null {
  const fits = input.device.type === 'cpu' && target.device.type === 'cpu' && (input.dtype === float32 || input.dtype === float64) && target.dtype === input.dtype && String(input.shape) === String(target.shape);
  return fits && (reduction === 'mean' || reduction === 'sum') ? (native['differenceLoss'](['square', 'smoothL1', 'huber', 'logits'].indexOf(kind), input, target, p, reduction === 'mean') as Tensor) : null;
}
/** The mean of (input - target)²; both of one shape. */
export function mseLoss(input: Tensor, target: Tensor, options: Reduction | LossOptions = {}): Tensor {
  const at = reductionOf(optionsOf(options)), quick = differenceLoss('square', input, target, 0, at);
  if (quick !== null) return quick;
  const d = input.sub(target);
  floating(d, 'mse_cpu');
  return reduced(d.square(), at, 'MseLossBackward0');
}
/** The mean of |input - target|; both of one shape. */
export function l1Loss(input: Tensor, target: Tensor, options: Reduction | LossOptions = {}): Tensor { return reduced(input.sub(target).abs(), reductionOf(optionsOf(options))); }
/** Quadratic within beta of the target, linear beyond. */
export function smoothL1Loss(input: Tensor, target: Tensor, options: Reduction | (LossOptions & { beta?: number }) = {}, betaGiven?: number): Tensor {
  const o = optionsOf(options), beta = betaGiven ?? o.beta ?? 1;
  if (beta < 0) throw new RuntimeError('smooth_l1_loss does not support negative values for beta.');
  if (beta === 0) return l1Loss(input, target, o);
  const quick = differenceLoss('smoothL1', input, target, beta, reductionOf(o));
  if (quick !== null) return quick;
  const d = input.sub(target).abs();
  return reduced(d.mul(d).mul(0.5 / beta).where(d.lt(beta), d.sub(0.5 * beta)), reductionOf(o), 'SmoothL1LossBackward0');
}
/** Quadratic within delta of the target, linear with slope delta beyond. Source: Huber 1964. */
export function huberLoss(input: Tensor, target: Tensor, options: LossOptions & { delta?: number } = {}): Tensor {
  const { delta = 1 } = options;
  if (!(delta > 0)) throw new RuntimeError('huber_loss does not support non-positive values for delta.');
  const quick = differenceLoss('huber', input, target, delta, reductionOf(options));
  if (quick !== null) return quick;
  const d = input.sub(target).abs();
  return reduced(d.mul(d).mul(0.5).where(d.le(delta), d.sub(0.5 * delta).mul(delta)), reductionOf(options), 'HuberLossBackward0');
}
/** -log of a Poisson density of rate exp(input), or input without logInput; `full` adds Stirling's term. */
export function poissonNllLoss(input: Tensor, target: Tensor, options: LossOptions & { logInput?: boolean; full?: boolean; eps?: number } = {}): Tensor {
  const { logInput = true, full = false, eps = 1e-8 } = options;
  const loss = logInput ? input.exp().sub(target.mul(input)) : input.sub(target.mul(input.add(eps).log()));
  if (!full) return reduced(loss, reductionOf(options));
  const stirling = target.mul(target.log()).sub(target).add(target.mul(2 * Math.PI).log().mul(0.5));
  return reduced(loss.add(stirling.maskedFill(target.le(1), 0)), reductionOf(options));
}
/** -log of a normal density of mean input and variance var (of the input's shape, or one a row). Source: Nix, Weigend 1994. */
export function gaussianNllLoss(input: Tensor, target: Tensor, variance: Tensor | number, options: LossOptions & { full?: boolean; eps?: number } = {}): Tensor {
  const { full = false, eps = 1e-6 } = options;
  if (options.reduction !== undefined && !(options.reduction in reductionCode)) throw new ValueError(`${String(options.reduction)} is not valid`);
  let v = typeof variance === 'number' ? input.detach().mul(0).add(variance) : variance;
  if (typeof variance === 'number' ? variance < 0 : v.numel() > 0 && v.lt(0).any().item<boolean>()) throw new ValueError('var has negative entry/entries');
  const same = (p: readonly number[], q: readonly number[]): boolean => p.length === q.length && p.every((n, i) => n === q[i]);
  if (!same(v.shape, input.shape)) {
    const lead = input.shape.slice(0, -1);
    if (same(v.shape, lead)) v = v.unsqueeze(-1);
    else if (!(v.dim() > 0 && same(v.shape.slice(0, -1), lead) && v.size(-1) === 1)) throw new ValueError('var is of incorrect size');
  }
  const clamped = v.clone();
  noGrad(() => clamped.clamp_(eps));
  const loss = clamped.log().add(input.sub(target).square().div(clamped)).mul(0.5);
  return reduced(full ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss, reductionOf(options));
}
/** A Reduction, or 'batchmean': the sum divided by the size of the first dim, the divergence as defined. */
export type KlReduction = Reduction | 'batchmean';
/** target · (log target - input); input holds log probabilities, target probabilities or, with logTarget, their logs. */
export function klDiv(input: Tensor, target: Tensor, options: { reduction?: KlReduction; logTarget?: boolean } = {}): Tensor {
  const { reduction = 'mean', logTarget = false } = options;
  const loss = logTarget ? target.exp().mul(target.sub(input)) : target.xlogy(target).sub(target.mul(input));
  return reduction === 'batchmean' ? loss.sum().div(input.dim() > 0 ? input.size(0) : 1) : reduced(loss, checkReduction(reduction));
}

// --- of two classes

class BinaryCrossEntropy extends Function {
  static forward(ctx: FunctionCtx, x: Tensor, t: Tensor): Tensor {
    ctx.saveForBackward(x, t);
    return t.sub(1).mul(x.neg().log1p().clamp(-100)).sub(t.mul(x.log().clamp(-100)));
  }
  static backward(ctx: FunctionCtx, g: Tensor): (Tensor | null)[] {
    const [x, t] = ctx.savedTensors as [Tensor, Tensor], rest = x.neg().add(1);
    return [g.mul(x.sub(t)).div(x.mul(rest).clamp(1e-12)), ctx.needsInputGrad[1] === true ? g.mul(rest.log().sub(x.log())) : null];
  }
}
function checkWeight(weight: Tensor, like: Tensor): void {
  weight.shape.forEach((n, i) => {
    const at = i - weight.dim(), m = like.dim() + at >= 0 ? like.size(at) : n;
    if (n !== 1 && n !== m) throw new RuntimeError(`Attempting to broadcast a dimension of length ${n} at ${at}! Mismatching argument at index 1 had ${weight.shape}; but expected shape should be broadcastable to [${like.shape.join(', ')}]`);
  });
}
/** Of probabilities; logs are held above -100 as PyTorch holds them. */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options: Reduction | WeightedOptions = {}): Tensor {
  const o = optionsOf<WeightedOptions>(options);
  if (String(input.shape) !== String(target.shape)) throw new ValueError(`Using a target size (${target.shape}) that is different to the input size (${input.shape}) is deprecated. Please ensure they have the same size.`);
  if (input.dtype !== target.dtype) throw new RuntimeError(`Found dtype ${target.dtype.scalarName} but expected ${input.dtype.scalarName}`);
  if (o.weight != null) checkWeight(o.weight, input);
  const within = (t: Tensor): boolean => t.numel() === 0 || t.detach().ge(0).logicalAnd(t.detach().le(1)).all().item<boolean>();
  if (!within(input)) throw new RuntimeError('all elements of input should be between 0 and 1');
  if (!within(target)) throw new RuntimeError('all elements of target should be between 0 and 1');
  const loss = BinaryCrossEntropy.apply(input, target);
  return reduced(o.weight == null ? loss : loss.mul(o.weight), reductionOf(o), 'BinaryCrossEntropyBackward0');
}
/** Of logits, stable for large ones; posWeight weighs the positive examples of each class. */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options: Reduction | (WeightedOptions & { posWeight?: Tensor | null }) = {}): Tensor {
  const o = optionsOf<WeightedOptions & { posWeight?: Tensor | null }>(options);
  if (String(input.shape) !== String(target.shape)) throw new ValueError(`Target size (${target.shape}) must be the same as input size (${input.shape})`);
  const quick = o.weight == null && o.posWeight == null ? differenceLoss('logits', input, target, 0, reductionOf(o)) : null;
  if (quick !== null) return quick;
  const log = logsigmoid(input), weighed = o.posWeight == null ? log : o.posWeight.sub(1).mul(target).add(1).mul(log);
  // Between different dtypes the target's wins: PyTorch computes in place.
  const rest = target.neg().add(1), loss = input.dtype === target.dtype ? rest.mul(input).sub(weighed) : rest.mul_(input).sub_(weighed);
  return reduced(o.weight == null ? loss : loss.mul(o.weight), reductionOf(o), 'BinaryCrossEntropyWithLogitsBackward0');
}
/** log(1 + exp(-target·input)), target ±1. */
export function softMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor { return reduced(input.mul(target).neg().exp().log1p(), reductionOf(options), 'SoftMarginLossBackward0'); }
/** input where the target is 1, max(0, margin - input) where it is -1. */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options: LossOptions & { margin?: number } = {}): Tensor {
  const far = input.neg().add(options.margin ?? 1).clampMin(0).maskedFill(target.eq(1), 0), near = input.maskedFill(target.eq(-1), 0);
  return reduced(far.add(near), reductionOf(options));
}

// --- of margins and distances

/** max(0, -target·(a - b) + margin), target ±1. */
export function marginRankingLoss(a: Tensor, b: Tensor, target: Tensor, options: LossOptions & { margin?: number } = {}): Tensor {
  if (a.dim() !== b.dim() || a.dim() !== target.dim()) throw new RuntimeError(`margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ${a.shape}, input2: ${b.shape}, target: ${target.shape} `);
  return reduced(target.neg().mul(a.sub(b)).add(options.margin ?? 0).clampMin(0), reductionOf(options));
}
/** 1 - cos where the target is 1, max(0, cos - margin) where it is -1. a, b [N, D] or [D]. */
export function cosineEmbeddingLoss(a: Tensor, b: Tensor, target: Tensor, options: LossOptions & { margin?: number } = {}): Tensor {
  if (target.dim() !== 0 && target.dim() !== 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
  if (target.dim() === 1 && a.dim() !== 2) throw new RuntimeError('1D target tensor expects 2D input tensors, but found inputs with sizes ' + pyShape(a) + ' and ' + pyShape(b) + '.');
  if (target.dim() === 0 && a.dim() !== 1) throw new RuntimeError('0D target tensor expects 1D input tensors, but found inputs with sizes ' + pyShape(a) + ' and ' + pyShape(b) + '.');
  const dim = target.dim(), square = (t: Tensor): Tensor => t.mul(t).sum(dim).add(1e-12), cos = a.mul(b).sum(dim).div(square(a).mul(square(b)).sqrt());
  const near = cos.neg().add(1).maskedFill(target.ne(1), 0), far = cos.sub(options.margin ?? 0).clampMin(0).maskedFill(target.ne(-1), 0);
  return reduced(near.add(far), reductionOf(options));
}
/** max(0, d(anchor, positive) - d(anchor, negative) + margin). Source: Balntas et al. 2016. */
export function tripletMarginLoss(anchor: Tensor, positive: Tensor, negative: Tensor, options: LossOptions & { margin?: number; p?: number; eps?: number; swap?: boolean } = {}): Tensor {
  const { p = 2, eps = 1e-6 } = options;
  return tripletMarginWithDistanceLoss(anchor, positive, negative, { ...options, distanceFunction: (a, b) => pairwiseDistance(a, b, { p, eps }) });
}
/** Of tripletMarginWithDistanceLoss(). */
export interface DistanceOptions extends LossOptions {
  /** Distances of two batches, one a row; pairwiseDistance by default. */
  distanceFunction?: ((a: Tensor, b: Tensor) => Tensor) | null;
  /** How much farther the negative should be; 1 by default. */
  margin?: number;
  /** Whether the distance from positive to negative counts where it is smaller. */
  swap?: boolean;
}
/** max(0, d(anchor, positive) - d(anchor, negative) + margin), with a distance of your own. Source: torch.nn.functional.triplet_margin_with_distance_loss. */
export function tripletMarginWithDistanceLoss(anchor: Tensor, positive: Tensor, negative: Tensor, options: DistanceOptions = {}): Tensor {
  const { distanceFunction, margin = 1, swap = false } = options, distance = distanceFunction ?? ((a: Tensor, b: Tensor): Tensor => pairwiseDistance(a, b));
  if (anchor.dim() !== positive.dim() || anchor.dim() !== negative.dim()) throw new RuntimeError(`The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ${anchor.dim()}D, positive ${positive.dim()}D, and negative ${negative.dim()}D inputs`);
  if (!(margin > 0)) throw new ValueError(`margin must be greater than 0, got ${margin}`);
  const near = distance(anchor, positive), far = distance(anchor, negative), apart = swap ? far.minimum(distance(positive, negative)) : far;
  return reduced(near.sub(apart).add(margin).clampMin(0), reductionOf(options));
}
/** What is above zero; the rest, NaN too, counts as zero. */
const counted = (t: Tensor): Tensor => t.maskedFill(t.detach().gt(0).logicalNot(), 0);
function checkMatrix(input: Tensor): void {
  if (input.dim() > 2 || (input.dim() > 0 && input.size(-1) === 0)) throw new RuntimeError(`Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${pyShape(input)}`);
}
/** Σ over other classes of max(0, margin - x[y] + x[j])ᵖ / C. input [N, C] or [C]. */
export function multiMarginLoss(input: Tensor, target: Tensor, options: WeightedOptions & { p?: number; margin?: number } = {}): Tensor {
  const { p = 1, margin = 1, weight = null } = options;
  if (p !== 1 && p !== 2) throw new ValueError('only p == 1 and p == 2 supported');
  if (weight !== null && weight.dim() !== 1) throw new ValueError('weight must be one-dimensional');
  checkMatrix(input);
  floating(input, 'multi_margin_loss_cpu_kernel');
  const x = input.dim() < 2 ? input.reshape(1, -1) : input, y = target.reshape(-1, 1), c = x.size(1);
  if (target.dim() > 1 || y.size(0) !== x.size(0)) throw new RuntimeError(`multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). Expected target size [${x.size(0)}], but got ${pyShape(target)}. Input has shape ${pyShape(input)}.`);
  if (weight !== null && weight.numel() !== c) throw new RuntimeError(`inconsistent weight size, expected ${c} but got ${pyShape(weight)}`);
  if (target.isFloatingPoint()) throw new RuntimeError(`expected scalar type Long but found ${target.dtype.scalarName}`);
  if (y.numel() > 0 && y.lt(0).logicalOr(y.ge(c)).any().item<boolean>()) throw new RuntimeError('target out of range');
  const above = counted(x.sub(x.gather(1, y)).add(margin)), powered = p === 1 ? above : above.mul(above), weighed = weight === null ? powered : powered.mul(weight.gather(0, y.reshape(-1)).unsqueeze(1));
  const loss = weighed.maskedFill(arange(c, { device: x.device }).eq(y), 0).sum(1).div(c);
  return reduced(input.dim() < 2 ? loss.squeeze(0) : loss, reductionOf(options), 'MultiMarginLossBackward0');
}
/** Σ over target and other classes of max(0, 1 - (x[y] - x[i])) / C; a row of the target ends at its first -1. */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkMatrix(input);
  if (pyShape(input) !== pyShape(target)) throw new RuntimeError(`inconsistent target size: ${pyShape(target)} for input of size: ${pyShape(input)}`);
  if (target.isFloatingPoint()) throw new RuntimeError(`expected scalar type Long but found ${target.dtype.scalarName}`);
  if (target.numel() > 0 && target.lt(-1).logicalOr(target.ge(target.size(-1))).any().item<boolean>()) throw new RuntimeError("argument #2 'target' is out of range");
  const x = input.dim() < 2 ? input.reshape(1, -1) : input, t = target.dim() < 2 ? target.reshape(1, -1) : target, c = x.size(1);
  const valid = t.ge(0).long().cumprod(1).gt(0), at = t.clamp(0), marks = x.newZeros(x.shape).scatterAdd(1, at, valid.to(x.dtype)).gt(0);
  const below = counted(x.gather(1, at).neg().add(1).unsqueeze(2).add(x.unsqueeze(1)));
  const loss = below.maskedFill(valid.unsqueeze(2).logicalAnd(marks.logicalNot().unsqueeze(1)).logicalNot(), 0).sum([1, 2]).div(c);
  return reduced(input.dim() < 2 ? loss.squeeze(0) : loss, reductionOf(options), 'MultilabelMarginLossBackward0');
}
/** The mean over classes of binary cross entropies of logits. input, target [N, C]. */
export function multilabelSoftMarginLoss(input: Tensor, target: Tensor, options: WeightedOptions = {}): Tensor {
  const loss = target.mul(logsigmoid(input)).add(target.neg().add(1).mul(logsigmoid(input.neg()))).neg();
  const weighed = options.weight == null ? loss : loss.mul(options.weight);
  return reduced(weighed.sum(-1).div(input.size(-1)), reductionOf(options));
}

/** Losses as modules: the functions of torch.nn.functional with their settings. `weight` is a buffer, as in PyTorch. */
import { RuntimeError } from '../errors';
import { pyFloat } from '../format';
import * as F from '../functional';
import type { CtcOptions, DistanceOptions, KlReduction, Reduction } from '../functional';
import type { Tensor } from '../tensor';
import { Linear, PairwiseDistance } from './layers';
import { factory, pyBool, pyNumber, pyTuple, type FactoryOptions } from './factory';
import { Module } from './module';
import { required } from './required';

type Options = {
  /** 'mean' by default. */
  reduction?: Reduction;
};
type Weighted = Options & {
  /** Factors: one a class, or of the elements, by the loss. */
  weight?: Tensor | null;
};

abstract class Loss<O extends { reduction?: KlReduction } = Options> extends Module {
  /** @param options Its settings. */
  constructor(readonly options: O = {} as O) { super(); }
  /** 'mean', 'sum' or 'none'. */
  get reduction(): KlReduction { return this.options.reduction ?? 'mean'; }
}
abstract class WeightedLoss<O extends Weighted = Weighted> extends Loss<O> {
  /** Factors, a buffer; null when not given. */
  declare weight: Tensor | null;
  constructor(options: O = {} as O) { super(options); this.registerBuffer('weight', options.weight ?? null); }
  /** The settings with the weight as it is now: on its device, in its dtype. */
  protected get settings(): O { return { ...this.options, weight: this.weight }; }
}
/** Softmax and negative log likelihood. logits [N, C, …], target classes [N, …] or probabilities. Source: torch.nn.CrossEntropyLoss. */
export class CrossEntropyLoss extends WeightedLoss<F.CrossEntropyOptions> { override forward(logits: Tensor, target: Tensor): Tensor { return F.crossEntropy(logits, target, this.settings); } }
/** Of LinearCrossEntropyLoss. */
export interface LinearCrossEntropyLossOptions extends Weighted, FactoryOptions {
  /** Dims of the target beside the batch; none by default. */
  outFeatures?: readonly number[];
  /** Whether the layer has one; false by default. */
  bias?: boolean;
  /** The target that does not count; -100 by default. */
  ignoreIndex?: number | null;
  /** The share of the target spread over all classes, 0 … 1. */
  labelSmoothing?: number;
}
/** A linear layer to classes and the cross entropy of its outputs. x [N, inFeatures], target [N, ...outFeatures]. Source: torch.nn.LinearCrossEntropyLoss. */
export class LinearCrossEntropyLoss extends WeightedLoss<LinearCrossEntropyLossOptions> {
  /** The layer to the classes. */
  readonly linear: Linear;
  /**
   * @param inFeatures The width of an input.
   * @param numClasses Classes.
   */
  constructor(inFeatures: number, readonly numClasses: number, options: LinearCrossEntropyLossOptions = {}) {
    required('LinearCrossEntropyLoss', { in_features: inFeatures, num_classes: numClasses });
    const { weight, labelSmoothing = 0, outFeatures = [], bias = false } = options;
    if (weight != null && pyTuple(weight.shape) !== pyTuple([numClasses])) throw new RuntimeError(`expected weight shape to be (${numClasses},), got ${pyTuple(weight.shape)}`);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw new RuntimeError(`expected label_smoothing to be in range [0, 1], got ${pyNumber(labelSmoothing)}`);
    super(options);
    this.linear = new Linear(inFeatures, outFeatures.reduce((a, b) => a * b, numClasses), { ...factory(options), bias });
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    const outs = [this.numClasses, ...(this.options.outFeatures ?? [])];
    return F.linearCrossEntropy(x, this.linear.weight.reshape([...outs, this.linear.inFeatures]), target, { ...this.settings, linearBias: this.linear.bias?.reshape(outs) ?? null });
  }
  override extraRepr(): string {
    const { outFeatures = [], bias = false, ignoreIndex = null, labelSmoothing = 0 } = this.options;
    return `in_features=${this.linear.inFeatures}, num_classes=${this.numClasses}, out_features=${pyTuple(outFeatures)}, bias=${pyBool(bias)}, reduction=${this.reduction}, ignore_index=${ignoreIndex ?? 'None'}, label_smoothing=${pyFloat(labelSmoothing)}, options=None`;
  }
}
/** Minus the log probability of the target. Log probabilities [N, C, …], target classes [N, …]. Source: torch.nn.NLLLoss. */
export class NLLLoss extends WeightedLoss<F.NllOptions> { override forward(logp: Tensor, target: Tensor): Tensor { return F.nllLoss(logp, target, this.settings); } }
/** The mean of (input - target)²; both of one shape. `reduction`: mean, sum or none. Source: torch.nn.MSELoss. */
export class MSELoss extends Loss { override forward(input: Tensor, target: Tensor): Tensor { return F.mseLoss(input, target, this.options); } }
/** The mean of |input - target|; both of one shape. Source: torch.nn.L1Loss. */
export class L1Loss extends Loss { override forward(input: Tensor, target: Tensor): Tensor { return F.l1Loss(input, target, this.options); } }
/** Squared within ±beta, linear beyond. Source: torch.nn.SmoothL1Loss. */
export class SmoothL1Loss extends Loss<Options & { beta?: number }> { override forward(input: Tensor, target: Tensor): Tensor { return F.smoothL1Loss(input, target, this.options); } }
/** Squared within ±delta, linear beyond, times delta. Source: torch.nn.HuberLoss. */
export class HuberLoss extends Loss<Options & { delta?: number }> { override forward(input: Tensor, target: Tensor): Tensor { return F.huberLoss(input, target, this.options); } }
/** Divergence of the target distribution from the input, which are log probabilities. Source: torch.nn.KLDivLoss. */
export class KLDivLoss extends Loss<{ reduction?: KlReduction; logTarget?: boolean }> { override forward(input: Tensor, target: Tensor): Tensor { return F.klDiv(input, target, this.options); } }
/** Minus the log likelihood of counts under Poisson rates, or their logarithms (logInput). Source: torch.nn.PoissonNLLLoss. */
export class PoissonNLLLoss extends Loss<Options & { logInput?: boolean; full?: boolean; eps?: number }> { override forward(input: Tensor, target: Tensor): Tensor { return F.poissonNllLoss(input, target, this.options); } }
/** Minus the log likelihood of the target under normal distributions of the given means and variances. Source: torch.nn.GaussianNLLLoss. */
export class GaussianNLLLoss extends Loss<Options & { full?: boolean; eps?: number }> { override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor { return F.gaussianNllLoss(input, target, variance, this.options); } }
/** Binary cross entropy of probabilities in [0, 1]; target of the same shape, 0 … 1. Source: torch.nn.BCELoss. */
export class BCELoss extends WeightedLoss { override forward(input: Tensor, target: Tensor): Tensor { return F.binaryCrossEntropy(input, target, this.settings); } }
/** Binary cross entropy of logits, stable for large ones; target of the same shape, 0 … 1. posWeight weighs positive examples. Source: torch.nn.BCEWithLogitsLoss. */
export class BCEWithLogitsLoss extends WeightedLoss<Weighted & { posWeight?: Tensor | null }> {
  constructor(options: Weighted & { posWeight?: Tensor | null } = {}) { super(options); this.registerBuffer('pos_weight', options.posWeight ?? null); }
  override forward(input: Tensor, target: Tensor): Tensor { return F.binaryCrossEntropyWithLogits(input, target, { ...this.settings, posWeight: this.buffers_.get('pos_weight') ?? null }); }
}
/** The mean of log(1 + exp(-y·x)), targets 1 or -1. Source: torch.nn.SoftMarginLoss. */
export class SoftMarginLoss extends Loss { override forward(input: Tensor, target: Tensor): Tensor { return F.softMarginLoss(input, target, this.options); } }
/** x where the target is 1, max(0, margin - x) where it is -1. Source: torch.nn.HingeEmbeddingLoss. */
export class HingeEmbeddingLoss extends Loss<Options & { margin?: number }> { override forward(input: Tensor, target: Tensor): Tensor { return F.hingeEmbeddingLoss(input, target, this.options); } }
/** max(0, -y·(x1 - x2) + margin), y 1 or -1. Source: torch.nn.MarginRankingLoss. */
export class MarginRankingLoss extends Loss<Options & { margin?: number }> { override forward(a: Tensor, b: Tensor, target: Tensor): Tensor { return F.marginRankingLoss(a, b, target, this.options); } }
/** 1 - cos(x1, x2) where the target is 1, max(0, cos - margin) where it is -1. Source: torch.nn.CosineEmbeddingLoss. */
export class CosineEmbeddingLoss extends Loss<Options & { margin?: number }> { override forward(a: Tensor, b: Tensor, target: Tensor): Tensor { return F.cosineEmbeddingLoss(a, b, target, this.options); } }
/** max(0, d(anchor, positive) - d(anchor, negative) + margin). Source: torch.nn.TripletMarginLoss. */
export class TripletMarginLoss extends Loss<Options & { margin?: number; p?: number; eps?: number; swap?: boolean }> { override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor { return F.tripletMarginLoss(anchor, positive, negative, this.options); } }
/** TripletMarginLoss with a distance of your own. Source: torch.nn.TripletMarginWithDistanceLoss. */
export class TripletMarginWithDistanceLoss extends Loss<DistanceOptions> {
  /** A module shows in the repr and is trained with the model. */
  distance_function: (a: Tensor, b: Tensor) => Tensor;
  constructor(options: DistanceOptions = {}) { super(options); this.distance_function = options.distanceFunction ?? new PairwiseDistance(); }
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor { return F.tripletMarginWithDistanceLoss(anchor, positive, negative, { ...this.options, distanceFunction: this.distance_function }); }
}
/** Hinge loss of the class against all others. Source: torch.nn.MultiMarginLoss. */
export class MultiMarginLoss extends WeightedLoss<Weighted & { p?: number; margin?: number }> { override forward(input: Tensor, target: Tensor): Tensor { return F.multiMarginLoss(input, target, this.settings); } }
/** Hinge loss over several classes a row; targets end at -1. Source: torch.nn.MultiLabelMarginLoss. */
export class MultiLabelMarginLoss extends Loss { override forward(input: Tensor, target: Tensor): Tensor { return F.multilabelMarginLoss(input, target, this.options); } }
/** Binary cross entropy of logits, a class at a time. Source: torch.nn.MultiLabelSoftMarginLoss. */
export class MultiLabelSoftMarginLoss extends WeightedLoss { override forward(input: Tensor, target: Tensor): Tensor { return F.multilabelSoftMarginLoss(input, target, this.settings); } }
/** Connectionist temporal classification: over all alignments of a label sequence. logProbs [T, N, C]. Source: Graves et al. 2006; torch.nn.CTCLoss. */
export class CTCLoss extends Loss<CtcOptions> { override forward(logProbs: Tensor, targets: Tensor, inputLengths: Tensor | readonly number[], targetLengths: Tensor | readonly number[]): Tensor { return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, this.options); } }

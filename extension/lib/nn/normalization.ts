/** Batch, group, instance and RMS normalization. */
import { noGrad } from '../autograd';
import { int64 } from '../dtype';
import { ValueError } from '../errors';
import * as F from '../functional';
import { pyFloat } from '../format';
import * as init from '../init';
import { ones, zeros } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { factory, pyBool, pyTuple, type FactoryOptions } from './factory';
import { Module } from './module';
import { required } from './required';

/** Of BatchNorm and InstanceNorm. */
export interface BatchNormLayerOptions extends FactoryOptions {
  /** Added to the variance; 1e-5 by default. */
  eps?: number;
  /** The share of a batch in the running statistics, 0.1 by default; null: plain means over all batches. */
  momentum?: number | null;
  /** Whether it learns weight and bias; true for BatchNorm, false for InstanceNorm. */
  affine?: boolean;
  /** Whether it keeps running statistics for evaluation; true for BatchNorm, false for InstanceNorm. */
  trackRunningStats?: boolean;
  /** Whether there is a bias beside the weight; true by default. */
  bias?: boolean;
}

abstract class BatchNormBase extends Module {
  /** [numFeatures]; null without affine. */
  weight: Parameter | null = null;
  /** [numFeatures]; null without affine, or with `bias: false`. */
  bias: Parameter | null = null;
  /** [numFeatures], used in evaluation; null when not tracked. `running_mean` in the state dict. */
  declare runningMean: Tensor | null;
  /** [numFeatures], used in evaluation; null when not tracked. `running_var` in the state dict. */
  declare runningVar: Tensor | null;
  /** int64 without dims; null when not tracked. `num_batches_tracked` in the state dict. */
  declare numBatchesTracked: Tensor | null;
  /** Added to the variance. */
  readonly eps: number;
  /** The share of a batch in the running statistics; null: plain means. */
  momentum: number | null;
  /** Whether it has weight and bias. */
  readonly affine: boolean;
  /** Whether it keeps running statistics. */
  readonly trackRunningStats: boolean;
  /** @param numFeatures Channels: the size of dim 1. */
  constructor(readonly numFeatures: number, o: BatchNormLayerOptions, track: boolean) {
    super();
    required(track ? '_BatchNorm' : '_InstanceNorm', { num_features: numFeatures });
    this.eps = o.eps ?? 1e-5;
    this.momentum = o.momentum === undefined ? 0.1 : o.momentum;
    this.affine = o.affine ?? track;
    this.trackRunningStats = o.trackRunningStats ?? track;
    if (this.affine) this.weight = new Parameter(ones([numFeatures], factory(o)));
    else this.registerParameter('weight', null);
    if (this.affine && o.bias !== false) this.bias = new Parameter(zeros([numFeatures], factory(o)));
    else this.registerParameter('bias', null);
    // PyTorch's names in the state dict; the camelCase ones are accessors of the same buffers.
    this.registerBuffer('running_mean', this.trackRunningStats ? zeros([numFeatures], factory(o)) : null);
    this.registerBuffer('running_var', this.trackRunningStats ? ones([numFeatures], factory(o)) : null);
    this.registerBuffer('num_batches_tracked', this.trackRunningStats ? zeros([], { ...factory(o), dtype: int64 }) : null);
    for (const [name, buffer] of [['runningMean', 'running_mean'], ['runningVar', 'running_var'], ['numBatchesTracked', 'num_batches_tracked']] as const) {
      Object.defineProperty(this, name, { get(this: Module) { return this.buffers_.get(buffer) ?? null; }, set(v: Tensor | null) { (this as unknown as Record<string, unknown>)[buffer] = v; }, configurable: true, enumerable: false });
    }
  }
  /** Running statistics as at the start: means 0, variances 1. */
  resetRunningStats(): void {
    noGrad(() => { this.runningMean?.zero_(); this.runningVar?.fill_(1); this.numBatchesTracked?.zero_(); });
  }
  /** Statistics, weight (1) and bias (0) as at the start. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) init.ones_(this.weight);
    if (this.bias !== null) init.zeros_(this.bias);
  }
  protected abstract checkInput(x: Tensor): void;
  override forward(x: Tensor): Tensor {
    this.checkInput(x);
    let momentum = this.momentum ?? 0;
    if (this.training && this.trackRunningStats) {
      this.numBatchesTracked!.add_(1);
      // Without a momentum the running statistics are plain means over all batches.
      if (this.momentum === null) momentum = 1 / Number(this.numBatchesTracked!.item());
    }
    const training = this.training || this.runningMean === null;
    const running = !this.training || this.trackRunningStats;
    return F.batchNorm(x, running ? this.runningMean : null, running ? this.runningVar : null, { weight: this.weight, bias: this.bias, training, momentum, eps: this.eps });
  }
  override extraRepr(): string {
    return `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${this.momentum === null ? 'None' : pyFloat(this.momentum)}, affine=${pyBool(this.affine)}, bias=${pyBool(this.bias !== null)}, track_running_stats=${pyBool(this.trackRunningStats)}`;
  }
}
const rank = (x: Tensor, allowed: readonly number[], words: string): void => { if (!allowed.includes(x.dim())) throw new ValueError(`expected ${words} input (got ${x.dim()}D input)`); };

/** Each channel normalized over the batch: (x - mean)/√(variance + eps) · weight + bias. [N, C] or [N, C, L]. Source: Ioffe, Szegedy 2015; torch.nn.BatchNorm1d. */
export class BatchNorm1d extends BatchNormBase {
  /** @param numFeatures Channels: the size of dim 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) { super(numFeatures, options, true); }
  protected override checkInput(x: Tensor): void { rank(x, [2, 3], '2D or 3D'); }
}
/** Each channel normalized over batch, height and width. [N, C, H, W]. Source: torch.nn.BatchNorm2d. */
export class BatchNorm2d extends BatchNormBase {
  /** @param numFeatures Channels: the size of dim 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) { super(numFeatures, options, true); }
  protected override checkInput(x: Tensor): void { rank(x, [4], '4D'); }
}
/** Each channel normalized over batch and space. [N, C, D, H, W]. Source: torch.nn.BatchNorm3d. */
export class BatchNorm3d extends BatchNormBase {
  /** @param numFeatures Channels: the size of dim 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) { super(numFeatures, options, true); }
  protected override checkInput(x: Tensor): void { rank(x, [5], '5D'); }
}

abstract class InstanceNormBase extends BatchNormBase {
  constructor(numFeatures: number, options: BatchNormLayerOptions, private readonly ranks: readonly number[], private readonly words: string) { super(numFeatures, { ...options, affine: options.affine ?? false, trackRunningStats: options.trackRunningStats ?? false }, false); }
  protected override checkInput(x: Tensor): void { rank(x, this.ranks, this.words); }
  override forward(x: Tensor): Tensor {
    this.checkInput(x);
    const batched = x.dim() === this.ranks[1] ? x : x.unsqueeze(0);
    const [n, c] = [batched.size(0), batched.size(1)];
    if (c !== this.numFeatures && this.affine) throw new ValueError(`expected input's size at dim=${x.dim() - this.ranks[0]!} to match num_features (${this.numFeatures}), but got: ${c}.`);
    if (this.training || !this.trackRunningStats) F.checkSpatial(batched);
    if (this.trackRunningStats) {
      // Each sample's channels as channels of one sample; running statistics are means over samples.
      const flat = batched.reshape([1, n * c, ...batched.shape.slice(2)]);
      const rep = (t: Tensor | null): Tensor | null => (t === null ? null : t.repeat(n));
      const [rm, rv] = [rep(this.runningMean), rep(this.runningVar)];
      const y = F.batchNorm(flat, rm, rv, { weight: rep(this.weight), bias: rep(this.bias), training: this.training, momentum: this.momentum ?? 0, eps: this.eps }).reshape([...batched.shape]);
      if (this.training) noGrad(() => { this.runningMean!.copy_(rm!.view(n, c).mean(0)); this.runningVar!.copy_(rv!.view(n, c).mean(0)); });
      return batched === x ? y : y.squeeze(0);
    }
    const y = F.instanceNorm(batched, this.weight, this.bias, this.eps);
    return batched === x ? y : y.squeeze(0);
  }
}
/** Each channel of each sample normalized by itself. [N, C, L] or [C, L]. Source: Ulyanov, Vedaldi, Lempitsky 2016; torch.nn.InstanceNorm1d. */
export class InstanceNorm1d extends InstanceNormBase {
  /** @param numFeatures Channels: the size of dim 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) { super(numFeatures, options, [2, 3], '2D or 3D'); }
}
/** Each channel of each sample normalized by itself. [N, C, H, W] or [C, H, W]. Source: Ulyanov, Vedaldi, Lempitsky 2016; torch.nn.InstanceNorm2d. */
export class InstanceNorm2d extends InstanceNormBase {
  /** @param numFeatures Channels: the size of dim 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) { super(numFeatures, options, [3, 4], '3D or 4D'); }
}

/** Each channel of each sample normalized by itself. [N, C, D, H, W] or [C, D, H, W]. Source: Ulyanov, Vedaldi, Lempitsky 2016; torch.nn.InstanceNorm3d. */
export class InstanceNorm3d extends InstanceNormBase {
  /** @param numFeatures Channels: the size of dim 1. */
  constructor(numFeatures: number, options: BatchNormLayerOptions = {}) { super(numFeatures, options, [4, 5], '4D or 5D'); }
}

/** x / (k + alpha · mean of the squares of `size` neighbouring channels)^beta. Source: Krizhevsky et al. 2012; torch.nn.LocalResponseNorm. */
export class LocalResponseNorm extends Module {
  /**
   * @param size How many neighbouring channels count.
   * @param alpha Factor of their mean square.
   * @param beta The power of what is divided by.
   * @param k Added to it.
   */
  constructor(readonly size: number, readonly alpha = 1e-4, readonly beta = 0.75, readonly k = 1) { super(); required('LocalResponseNorm', { size }); }
  override forward(x: Tensor): Tensor { return F.localResponseNorm(x, this.size, this.alpha, this.beta, this.k); }
  override extraRepr(): string { return `${this.size}, alpha=${pyFloat(this.alpha)}, beta=${pyFloat(this.beta)}, k=${pyFloat(this.k)}`; }
}

/** Channels in groups, each normalized by itself. Source: Wu, He 2018; torch.nn.GroupNorm. */
export class GroupNorm extends Module {
  /** [numChannels]; null without affine. */
  weight: Parameter | null = null;
  /** [numChannels]; null without affine, or with `bias: false`. */
  bias: Parameter | null = null;
  /** Added to the variance. */
  readonly eps: number;
  /** Whether it has weight and bias. */
  readonly affine: boolean;
  /**
   * @param numGroups Groups, which divide the channels.
   * @param numChannels Channels: the size of dim 1.
   */
  constructor(readonly numGroups: number, readonly numChannels: number, options: { eps?: number; affine?: boolean; bias?: boolean } & FactoryOptions = {}) {
    super();
    required('GroupNorm', { num_groups: numGroups, num_channels: numChannels });
    if (numChannels % numGroups !== 0) throw new ValueError(`num_channels (${numChannels}) must be divisible by num_groups (${numGroups})`);
    this.eps = options.eps ?? 1e-5;
    this.affine = options.affine ?? true;
    if (this.affine) this.weight = new Parameter(ones([numChannels], factory(options)));
    if (this.affine && options.bias !== false) this.bias = new Parameter(zeros([numChannels], factory(options)));
  }
  /** Weight (1) and bias (0) as at the start. */
  resetParameters(): void { if (this.weight !== null) init.ones_(this.weight); if (this.bias !== null) init.zeros_(this.bias); }
  override forward(x: Tensor): Tensor { return F.groupNorm(x, this.numGroups, this.weight, this.bias, this.eps); }
  override extraRepr(): string { return `${this.numGroups}, ${this.numChannels}, eps=${pyFloat(this.eps)}, affine=${pyBool(this.affine)}, bias=${pyBool(this.bias !== null)}`; }
}

/** x / √(mean(x²) + eps) · weight over the last dims. Source: Zhang, Sennrich 2019; torch.nn.RMSNorm. */
export class RMSNorm extends Module {
  /** Of the normalized shape; null without elementwiseAffine. */
  weight: Parameter | null = null;
  /** Sizes of the last dims. */
  readonly normalizedShape: readonly number[];
  /** Added to the mean square; null: the dtype's eps. */
  readonly eps: number | null;
  /** Whether it has a weight. */
  readonly elementwiseAffine: boolean;
  constructor(normalizedShape: number | readonly number[], options: { eps?: number | null; elementwiseAffine?: boolean } & FactoryOptions = {}) {
    super();
    required('RMSNorm', { normalized_shape: normalizedShape });
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    this.eps = options.eps ?? null;
    this.elementwiseAffine = options.elementwiseAffine ?? true;
    if (this.elementwiseAffine) this.weight = new Parameter(ones(this.normalizedShape, factory(options)));
    else this.registerParameter('weight', null);
  }
  /** Weight 1, as at the start. */
  resetParameters(): void { if (this.weight !== null) init.ones_(this.weight); }
  override forward(x: Tensor): Tensor { return F.rmsNorm(x, this.normalizedShape, this.weight, this.eps); }
  override extraRepr(): string { return `${pyTuple(this.normalizedShape)}, eps=${this.eps === null ? 'None' : pyFloat(this.eps)}, elementwise_affine=${pyBool(this.elementwiseAffine)}`; }
}

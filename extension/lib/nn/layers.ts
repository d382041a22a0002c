/** Layers: Linear, Bilinear, Embedding, LayerNorm, reshaping. Printing and initial values are PyTorch's. */
import { ValueError } from '../errors';
import * as F from '../functional';
import { pyFloat } from '../format';
import * as init from '../init';
import { empty, ones, zeros } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { factory, pyBool, type FactoryOptions } from './factory';
import { Module } from './module';
import { required } from './required';


/** y = x Wᵀ + b. Input [..., inFeatures], output [..., outFeatures]. Weight and bias start uniform within ±1/√inFeatures. Source: torch.nn.Linear. */
export class Linear extends Module {
  /** [outFeatures, inFeatures]. */
  weight: Parameter;
  /** [outFeatures]; null with `bias: false`. */
  bias: Parameter | null = null;
  /** The last size of the input. */
  readonly inFeatures: number;
  /** The last size of the output. */
  readonly outFeatures: number;
  /**
   * @param inFeatures The last size of the input.
   * @param outFeatures The last size of the output.
   */
  constructor(inFeatures: number, outFeatures: number, options: { bias?: boolean } & FactoryOptions = {}) {
    super();
    required('Linear', { in_features: inFeatures, out_features: outFeatures });
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = new Parameter(empty([outFeatures, inFeatures], factory(options)));
    if (options.bias !== false) this.bias = new Parameter(empty([outFeatures], factory(options)));
    else this.registerParameter('bias', null);
    this.resetParameters();
  }
  /** Draws weight and bias anew: uniform within ±1/√inFeatures. */
  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias !== null) {
      const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
      init.uniform_(this.bias, { a: -bound, b: bound });
    }
  }
  override forward(x: Tensor): Tensor { return F.linear(x, this.weight, this.bias); }
  override extraRepr(): string { return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`; }
}

/** Passes its input on; takes and ignores any arguments. */
export class Identity extends Module {
  constructor(..._args: unknown[]) { super(); }
  override forward(x: Tensor): Tensor { return x; }
}

/** Joins dimensions from startDim to endDim. */
export class Flatten extends Module {
  /**
   * @param startDim The first dim of those that become one.
   * @param endDim The last.
   */
  constructor(readonly startDim = 1, readonly endDim = -1) { super(); }
  override forward(x: Tensor): Tensor { return x.flatten(this.startDim, this.endDim); }
  override extraRepr(): string { return `start_dim=${this.startDim}, end_dim=${this.endDim}`; }
}

/** Splits one dimension into several. */
export class Unflatten extends Module {
  /**
   * @param dim The dim that becomes several.
   * @param unflattenedSize Their sizes; one may be -1.
   */
  constructor(readonly dim: number, readonly unflattenedSize: readonly number[]) { super(); required('Unflatten', { dim, unflattened_size: unflattenedSize }); }
  override forward(x: Tensor): Tensor {
    return x.unflatten(this.dim, [...this.unflattenedSize]);
  }
  override extraRepr(): string { return `dim=${this.dim}, unflattened_size=(${this.unflattenedSize.join(', ')})`; }
}

/** Normalizes over the last dimensions, then scales and shifts. Source: Ba, Kiros, Hinton 2016; torch.nn.LayerNorm. */
export class LayerNorm extends Module {
  /** Of the normalized shape; null without elementwiseAffine. */
  weight: Parameter | null = null;
  /** Of the normalized shape; null without elementwiseAffine, or with `bias: false`. */
  bias: Parameter | null = null;
  /** Sizes of the last dims. */
  readonly normalizedShape: readonly number[];
  /** Added to the variance. */
  readonly eps: number;
  /** Whether it has weight and bias. */
  readonly elementwiseAffine: boolean;
  /** @param normalizedShape The last size, or sizes of the last dims. */
  constructor(normalizedShape: number | readonly number[], options: { eps?: number; elementwiseAffine?: boolean; bias?: boolean } & FactoryOptions = {}) {
    super();
    required('LayerNorm', { normalized_shape: normalizedShape });
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    this.eps = options.eps ?? 1e-5;
    this.elementwiseAffine = options.elementwiseAffine ?? true;
    if (this.elementwiseAffine) this.weight = new Parameter(ones(this.normalizedShape, factory(options)));
    if (this.elementwiseAffine && options.bias !== false) this.bias = new Parameter(zeros(this.normalizedShape, factory(options)));
  }
  /** Weight (1) and bias (0) as at the start. */
  resetParameters(): void {
    if (this.weight !== null) init.ones_(this.weight);
    if (this.bias !== null) init.zeros_(this.bias);
  }
  override forward(x: Tensor): Tensor { return F.layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps); }
  override extraRepr(): string {
    const shape = this.normalizedShape;
    return `(${shape.join(', ')}${shape.length === 1 ? ',' : ''}), eps=${pyFloat(this.eps)}, elementwise_affine=${pyBool(this.elementwiseAffine)}, bias=${pyBool(this.bias !== null)}`;
  }
}

/** Cosine of the angle between vectors along a dim. Source: torch.nn.CosineSimilarity. */
export class CosineSimilarity extends Module {
  /**
   * @param dim The dim of the vectors.
   * @param eps The smallest norm to divide by.
   */
  constructor(readonly dim = 1, readonly eps = 1e-8) { super(); }
  override forward(a: Tensor, b: Tensor): Tensor { return F.cosineSimilarity(a, b, this.dim, this.eps); }
}
/** y = x₁ᵀ W x₂ + b. Starts uniform within ±1/√in1. Source: torch.nn.Bilinear. */
export class Bilinear extends Module {
  /** [outFeatures, in1Features, in2Features]. */
  weight: Parameter;
  /** [outFeatures]; null with `bias: false`. */
  bias: Parameter | null = null;
  /**
   * @param in1Features The last size of the first input.
   * @param in2Features The last size of the second input.
   * @param outFeatures The last size of the output.
   */
  constructor(readonly in1Features: number, readonly in2Features: number, readonly outFeatures: number, options: { bias?: boolean } & FactoryOptions = {}) {
    super();
    required('Bilinear', { in1_features: in1Features, in2_features: in2Features, out_features: outFeatures });
    if (in1Features <= 0) throw new ValueError(`in1_features must be > 0, but got (in1_features=${in1Features})`);
    this.weight = new Parameter(empty([outFeatures, in1Features, in2Features], factory(options)));
    if (options.bias !== false) this.bias = new Parameter(empty([outFeatures], factory(options)));
    else this.registerParameter('bias', null);
    this.resetParameters();
  }
  /** Draws weight and bias anew: uniform within ±1/√in1Features. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    for (const p of [this.weight, this.bias]) if (p !== null) init.uniform_(p, { a: -bound, b: bound });
  }
  override forward(a: Tensor, b: Tensor): Tensor { return F.bilinear(a, b, this.weight, this.bias); }
  override extraRepr(): string { return `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`; }
}
/** ‖a - b + eps‖ₚ over the last dim. Source: torch.nn.PairwiseDistance. */
export class PairwiseDistance extends Module {
  /**
   * @param p The norm.
   * @param eps Added to the difference.
   * @param keepdim Whether the dim stays with size 1.
   */
  constructor(readonly p = 2, readonly eps = 1e-6, readonly keepdim = false) { super(); }
  override forward(a: Tensor, b: Tensor): Tensor { return F.pairwiseDistance(a, b, { p: this.p, eps: this.eps, keepdim: this.keepdim }); }
}

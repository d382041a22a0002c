/** Convolutions. Weights start uniform within ±1/√fan_in (Kaiming, a = √5), the bias likewise. */
import { ValueError } from '../errors';
import * as F from '../functional';
import { spatial, type Size1 } from '../spatial';
import * as init from '../init';
import { empty } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { factory, pyTuple, type FactoryOptions } from './factory';
import { Module } from './module';
import { required } from './required';

/** What a convolution finds outside its input. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
/** Of Conv1d, Conv2d and Conv3d. */
export interface ConvLayerOptions extends FactoryOptions {
  /** How far the window moves; one number, or one a spatial dim. 1 by default. */
  stride?: Size1;
  /** Added at both ends of each spatial dim; 'same' keeps the size (stride 1), 'valid' is 0. */
  padding?: Size1 | 'same' | 'valid';
  /** Distance between the elements of the kernel; 1 by default. */
  dilation?: Size1;
  /** Input and output channels in that many independent parts; 1 by default. */
  groups?: number;
  /** Whether there is a bias; true by default. */
  bias?: boolean;
  /** What is added; 'zeros' by default. */
  paddingMode?: PaddingMode;
}
/** Of ConvTranspose1d, 2d and 3d. */
export interface ConvTransposeLayerOptions extends FactoryOptions {
  /** Distance between input elements in the output; 1 by default. */
  stride?: Size1;
  /** Cut from both ends of each spatial dim of the output. */
  padding?: Size1;
  /** Added at the far end of each spatial dim, to choose among the sizes that a stride allows. */
  outputPadding?: Size1;
  /** Distance between the elements of the kernel; 1 by default. */
  dilation?: Size1;
  /** Input and output channels in that many independent parts; 1 by default. */
  groups?: number;
  /** Whether there is a bias; true by default. */
  bias?: boolean;
}

abstract class ConvBase extends Module {
  /** [out, in/groups, kernel…]; transposed [in, out/groups, kernel…]. */
  weight: Parameter;
  /** [outChannels]; null with `bias: false`. */
  bias: Parameter | null = null;
  /** One size a spatial dim. */
  readonly kernelSize: number[];
  /** One number a spatial dim. */
  readonly stride: number[];
  /** One number a spatial dim, or 'same' or 'valid'. */
  readonly padding: number[] | 'same' | 'valid';
  /** One number a spatial dim. */
  readonly dilation: number[];
  /** One number a spatial dim; 0 unless transposed. */
  readonly outputPadding: number[];
  /** Independent parts of the channels. */
  readonly groups: number;
  /** What is added at the edges. */
  readonly paddingMode: PaddingMode;
  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   */
  constructor(protected readonly dims_: number, protected readonly transposed: boolean, readonly inChannels: number, readonly outChannels: number, kernelSize: Size1, o: ConvLayerOptions & { outputPadding?: Size1 }) {
    super();
    required(new.target.name, { in_channels: inChannels, out_channels: outChannels, kernel_size: kernelSize });
    this.groups = o.groups ?? 1;
    if (this.groups <= 0) throw new ValueError('groups must be a positive integer');
    if (inChannels % this.groups !== 0) throw new ValueError('in_channels must be divisible by groups');
    if (outChannels % this.groups !== 0) throw new ValueError('out_channels must be divisible by groups');
    this.kernelSize = spatial(kernelSize, dims_, 'kernel_size');
    this.stride = spatial(o.stride ?? 1, dims_, 'stride');
    this.padding = typeof o.padding === 'string' ? o.padding : spatial(o.padding ?? 0, dims_, 'padding');
    this.dilation = spatial(o.dilation ?? 1, dims_, 'dilation');
    this.outputPadding = spatial(o.outputPadding ?? 0, dims_, 'output_padding');
    if (typeof this.padding === 'string' && this.padding !== 'same' && this.padding !== 'valid') throw new ValueError(`Invalid padding string '${String(this.padding)}', should be one of {'valid', 'same'}`);
    this.paddingMode = o.paddingMode ?? 'zeros';
    if (!['zeros', 'reflect', 'replicate', 'circular'].includes(this.paddingMode)) throw new ValueError(`padding_mode must be one of {'circular', 'reflect', 'replicate', 'zeros'}, but got padding_mode='${this.paddingMode}'`);
    if (this.padding === 'same' && this.stride.some((s) => s !== 1)) throw new ValueError("padding='same' is not supported for strided convolutions");
    const shape = transposed ? [inChannels, outChannels / this.groups] : [outChannels, inChannels / this.groups];
    this.weight = new Parameter(empty([...shape, ...this.kernelSize], factory(o)));
    if (o.bias !== false) this.bias = new Parameter(empty([outChannels], factory(o)));
    else this.registerParameter('bias', null);
    this.resetParameters();
  }
  /** Draws weight and bias anew: uniform within ±1/√fan_in. */
  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    const fanIn = this.weight.size(1) * this.kernelSize.reduce((a, b) => a * b, 1);
    if (this.bias !== null && fanIn !== 0) init.uniform_(this.bias, { a: -1 / Math.sqrt(fanIn), b: 1 / Math.sqrt(fanIn) });
  }
  protected convolve(fn: typeof F.conv2d, x: Tensor): Tensor {
    const { stride, dilation, groups } = this;
    if (this.paddingMode === 'zeros') return fn(x, this.weight, this.bias, { stride, padding: this.padding, dilation, groups });
    const amounts = typeof this.padding === 'string'
      ? this.dilation.map((d, i) => { const total = this.padding === 'same' ? d * (this.kernelSize[i]! - 1) : 0; return [Math.floor(total / 2), total - Math.floor(total / 2)]; })
      : this.padding.map((p) => [p, p]);
    return fn(F.pad(x, amounts.reverse().flat(), this.paddingMode), this.weight, this.bias, { stride, dilation, groups });
  }
  protected upsize(fn: typeof F.convTranspose2d, x: Tensor, outputSize?: readonly number[]): Tensor {
    const { stride, dilation, groups } = this;
    const padding = this.padding as number[];
    let outputPadding: readonly number[] = this.outputPadding;
    if (outputSize !== undefined) {
      const want = outputSize.slice(-this.dims_), from = x.shape.slice(-this.dims_);
      outputPadding = want.map((w, d) => w - ((from[d]! - 1) * stride[d]! - 2 * padding[d]! + dilation[d]! * (this.kernelSize[d]! - 1) + 1));
      const pair = (v: readonly number[]): string => `[${v.join(', ')}]`;
      if (outputSize.length !== this.dims_ && outputSize.length !== this.dims_ + 2) throw new ValueError(`ConvTranspose${this.dims_}D: for ${x.dim()}D input, output_size must have ${this.dims_} or ${this.dims_ + 2} elements (got ${outputSize.length})`);
      if (outputPadding.some((p, d) => p < 0 || p >= stride[d]!)) throw new ValueError(`requested an output size of ${pair(want)}, but valid sizes range from ${pair(want.map((w, d) => w - outputPadding[d]!))} to ${pair(want.map((w, d) => w - outputPadding[d]! + stride[d]! - 1))} (for an input of torch.Size(${pair(from)}))`);
    }
    return fn(x, this.weight, this.bias, { stride, padding, outputPadding, dilation, groups });
  }
  override extraRepr(): string {
    const zero = (v: number[]): boolean => v.every((x) => x === 0);
    let s = `${this.inChannels}, ${this.outChannels}, kernel_size=${pyTuple(this.kernelSize)}, stride=${pyTuple(this.stride)}`;
    if (typeof this.padding === 'string') s += `, padding=${this.padding}`;
    else if (!zero(this.padding)) s += `, padding=${pyTuple(this.padding)}`;
    if (this.dilation.some((d) => d !== 1)) s += `, dilation=${pyTuple(this.dilation)}`;
    if (!zero(this.outputPadding)) s += `, output_padding=${pyTuple(this.outputPadding)}`;
    if (this.groups !== 1) s += `, groups=${this.groups}`;
    if (this.bias === null) s += ', bias=False';
    if (this.paddingMode !== 'zeros') s += `, padding_mode=${this.paddingMode}`;
    return s;
  }
}

/** [N, C, L] → [N, O, L'], without batch dim, too. weight [O, C/groups, kernel…]. Source: torch.nn.Conv1d. */
export class Conv1d extends ConvBase {
  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize One number.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvLayerOptions = {}) { super(1, false, inChannels, outChannels, kernelSize, options); }
  override forward(x: Tensor): Tensor { return this.convolve(F.conv1d, x); }
}
/** [N, C, H, W] → [N, O, H', W'], without batch dim, too. weight [O, C/groups, kernel…]. Source: torch.nn.Conv2d. */
export class Conv2d extends ConvBase {
  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize One number for all spatial dims, or one for each.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvLayerOptions = {}) { super(2, false, inChannels, outChannels, kernelSize, options); }
  override forward(x: Tensor): Tensor { return this.convolve(F.conv2d, x); }
}
/** [N, C, D, H, W] → [N, O, D', H', W'], without batch dim, too. weight [O, C/groups, kernel…]. Source: torch.nn.Conv3d. */
export class Conv3d extends ConvBase {
  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize One number for all spatial dims, or one for each.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvLayerOptions = {}) { super(3, false, inChannels, outChannels, kernelSize, options); }
  override forward(x: Tensor): Tensor { return this.convolve(F.conv3d, x); }
}
/** The gradient of Conv1d by its input, as a layer: [N, C, L] → [N, O, L'], larger by the stride. Source: torch.nn.ConvTranspose1d. */
export class ConvTranspose1d extends ConvBase {
  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize One number.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvTransposeLayerOptions = {}) { super(1, true, inChannels, outChannels, kernelSize, options); }
  override forward(x: Tensor, outputSize?: readonly number[]): Tensor { return this.upsize(F.convTranspose1d, x, outputSize); }
}
/** The gradient of Conv2d by its input, as a layer: [N, C, H, W] → [N, O, H', W'], larger by the stride. Source: torch.nn.ConvTranspose2d. */
export class ConvTranspose2d extends ConvBase {
  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize One number for all spatial dims, or one for each.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvTransposeLayerOptions = {}) { super(2, true, inChannels, outChannels, kernelSize, options); }
  override forward(x: Tensor, outputSize?: readonly number[]): Tensor { return this.upsize(F.convTranspose2d, x, outputSize); }
}
/** The gradient of Conv3d by its input, as a layer: [N, C, D, H, W] → [N, O, D', H', W'], larger by the stride. Source: torch.nn.ConvTranspose3d. */
export class ConvTranspose3d extends ConvBase {
  /**
   * @param inChannels Channels of the input.
   * @param outChannels Channels of the output.
   * @param kernelSize One number for all spatial dims, or one for each.
   */
  constructor(inChannels: number, outChannels: number, kernelSize: Size1, options: ConvTransposeLayerOptions = {}) { super(3, true, inChannels, outChannels, kernelSize, options); }
  override forward(x: Tensor, outputSize?: readonly number[]): Tensor { return this.upsize(F.convTranspose3d, x, outputSize); }
}

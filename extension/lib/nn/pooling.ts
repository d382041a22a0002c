/** Pooling. Formulas and shapes are torch.nn.functional's; the stride is the kernel's size unless given. */
import { ValueError } from '../errors';
import * as F from '../functional';
import type { AvgPoolOptions, LpPoolOptions, OutputSize, PoolOptions } from '../functionalPooling';
import type { Size1 } from '../spatial';
import type { Tensor } from '../tensor';
import { pyBool, pyNumber, pySize, pyTuple } from './factory';
import { Module } from './module';
import { required } from './required';

/** With `returnIndices` the module gives [values, positions]. */
type MaybeIndices<R extends boolean> = R extends true ? [Tensor, Tensor] : Tensor;
type Picking<R extends boolean> = { returnIndices?: R };

/** Settings by position (stride) or by name. */
function settings<O extends { stride?: Size1 | null }>(stride: Size1 | O | undefined, options: O): O {
  return typeof stride === 'object' && !Array.isArray(stride) ? (stride as O) : { ...options, ...(stride === undefined ? {} : { stride: stride as Size1 }) };
}

abstract class MaxPool<R extends boolean> extends Module {
  /** Its settings. */
  readonly options: PoolOptions & Picking<R>;
  /** @param kernelSize The size of the window. */
  constructor(readonly kernelSize: Size1, stride?: Size1 | (PoolOptions & Picking<R>), options: PoolOptions & Picking<R> = {}) { super(); required('_MaxPoolNd', { kernel_size: kernelSize }); this.options = settings(stride, options); }
  protected picked(found: [Tensor, Tensor]): MaybeIndices<R> { return (this.options.returnIndices === true ? found : found[0]) as MaybeIndices<R>; }
  override extraRepr(): string {
    const { stride, padding = 0, dilation = 1, ceilMode = false } = this.options;
    return `kernel_size=${pySize(this.kernelSize)}, stride=${pySize(stride ?? this.kernelSize)}, padding=${pySize(padding)}, dilation=${pySize(dilation)}, ceil_mode=${pyBool(ceilMode)}`;
  }
}
/** The largest of each window. Source: torch.nn.MaxPool1d. */
export class MaxPool1d<R extends boolean = false> extends MaxPool<R> { override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.maxPool1dWithIndices(x, this.kernelSize, this.options)); } }
/** The largest of each window. Input [N, C, H, W]. Source: torch.nn.MaxPool2d. */
export class MaxPool2d<R extends boolean = false> extends MaxPool<R> { override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.maxPool2dWithIndices(x, this.kernelSize, this.options)); } }
/** The largest of each window. Input [N, C, D, H, W]. Source: torch.nn.MaxPool3d. */
export class MaxPool3d<R extends boolean = false> extends MaxPool<R> { override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.maxPool3dWithIndices(x, this.kernelSize, this.options)); } }

abstract class MaxUnpool extends Module {
  /** Its settings. */
  readonly options: { stride?: Size1 | null; padding?: Size1 };
  /** @param kernelSize The size of the window. */
  constructor(private readonly dims_: number, readonly kernelSize: Size1, stride?: Size1 | { stride?: Size1 | null; padding?: Size1 }, options: { padding?: Size1 } = {}) { super(); required(new.target.name, { kernel_size: kernelSize }); this.options = settings<MaxUnpool['options']>(stride, options); }
  protected at(outputSize: readonly number[] | null): F.UnpoolOptions { return { ...this.options, outputSize }; }
  override extraRepr(): string { const t = (v: Size1): string => pyTuple(typeof v === 'number' ? Array.from({ length: this.dims_ }, () => v) : v); return `kernel_size=${t(this.kernelSize)}, stride=${t(this.options.stride ?? this.kernelSize)}, padding=${t(this.options.padding ?? 0)}`; }
}
/** Puts values back where a max pool with returnIndices took them from. Source: torch.nn.MaxUnpool1d. */
export class MaxUnpool1d extends MaxUnpool {
  constructor(kernelSize: Size1, stride?: Size1 | { stride?: Size1 | null; padding?: Size1 }, options: { padding?: Size1 } = {}) { super(1, kernelSize, stride, options); }
  override forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor { return F.maxUnpool1d(x, indices, this.kernelSize, this.at(outputSize)); }
}
/** Puts the values of MaxPool2d back to where they were, zeros elsewhere. Source: torch.nn.MaxUnpool2d. */
export class MaxUnpool2d extends MaxUnpool {
  constructor(kernelSize: Size1, stride?: Size1 | { stride?: Size1 | null; padding?: Size1 }, options: { padding?: Size1 } = {}) { super(2, kernelSize, stride, options); }
  override forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor { return F.maxUnpool2d(x, indices, this.kernelSize, this.at(outputSize)); }
}
/** Puts the values of MaxPool3d back to where they were, zeros elsewhere. Source: torch.nn.MaxUnpool3d. */
export class MaxUnpool3d extends MaxUnpool {
  constructor(kernelSize: Size1, stride?: Size1 | { stride?: Size1 | null; padding?: Size1 }, options: { padding?: Size1 } = {}) { super(3, kernelSize, stride, options); }
  override forward(x: Tensor, indices: Tensor, outputSize: readonly number[] | null = null): Tensor { return F.maxUnpool3d(x, indices, this.kernelSize, this.at(outputSize)); }
}

abstract class AvgPool extends Module {
  /** Its settings. */
  readonly options: AvgPoolOptions;
  /** @param kernelSize The size of the window. */
  constructor(readonly kernelSize: Size1, stride?: Size1 | AvgPoolOptions, options: AvgPoolOptions = {}) { super(); required(new.target.name, { kernel_size: kernelSize }); this.options = settings(stride, options); }
  override extraRepr(): string { return `kernel_size=${pySize(this.kernelSize)}, stride=${pySize(this.options.stride ?? this.kernelSize)}, padding=${pySize(this.options.padding ?? 0)}`; }
}
/** The mean of each window. Source: torch.nn.AvgPool1d. */
export class AvgPool1d extends AvgPool {
  override forward(x: Tensor): Tensor { return F.avgPool1d(x, this.kernelSize, this.options); }
  override extraRepr(): string { const t = (v: Size1): string => pyTuple(typeof v === 'number' ? [v] : v); return `kernel_size=${t(this.kernelSize)}, stride=${t(this.options.stride ?? this.kernelSize)}, padding=${t(this.options.padding ?? 0)}`; }
}
/** The mean of each window. Input [N, C, H, W]. Source: torch.nn.AvgPool2d. */
export class AvgPool2d extends AvgPool { override forward(x: Tensor): Tensor { return F.avgPool2d(x, this.kernelSize, this.options); } }
/** The mean of each window. Input [N, C, D, H, W]. Source: torch.nn.AvgPool3d. */
export class AvgPool3d extends AvgPool { override forward(x: Tensor): Tensor { return F.avgPool3d(x, this.kernelSize, this.options); } }

abstract class LPPool extends Module {
  /** Its settings. */
  readonly options: LpPoolOptions;
  /**
   * @param normType p.
   * @param kernelSize The size of the window.
   */
  constructor(readonly normType: number, readonly kernelSize: Size1, stride?: Size1 | LpPoolOptions, options: LpPoolOptions = {}) { super(); required('_LPPoolNd', { norm_type: normType, kernel_size: kernelSize }); this.options = settings(stride, options); }
  override extraRepr(): string { const s = this.options.stride; return `norm_type=${pyNumber(this.normType)}, kernel_size=${pySize(this.kernelSize)}, stride=${s == null ? 'None' : pySize(s)}, ceil_mode=${pyBool(this.options.ceilMode ?? false)}`; }
}
/** (Σ xᵖ)^(1/p) of each window. Source: torch.nn.LPPool1d. */
export class LPPool1d extends LPPool { override forward(x: Tensor): Tensor { return F.lpPool1d(x, this.normType, this.kernelSize, this.options); } }
/** The p-norm of each window. Input [N, C, H, W]. Source: torch.nn.LPPool2d. */
export class LPPool2d extends LPPool { override forward(x: Tensor): Tensor { return F.lpPool2d(x, this.normType, this.kernelSize, this.options); } }
/** The p-norm of each window. Input [N, C, D, H, W]. Source: torch.nn.LPPool3d. */
export class LPPool3d extends LPPool { override forward(x: Tensor): Tensor { return F.lpPool3d(x, this.normType, this.kernelSize, this.options); } }

abstract class Adaptive extends Module {
  /** @param outputSize The spatial size of the output. */
  constructor(readonly outputSize: OutputSize) { super(); required(this instanceof AdaptiveMax ? '_AdaptiveMaxPoolNd' : '_AdaptiveAvgPoolNd', { output_size: outputSize }); }
  override extraRepr(): string { return `output_size=${pySize(this.outputSize)}`; }
}
/** Pools to a given size. Source: torch.nn.AdaptiveAvgPool1d. */
export class AdaptiveAvgPool1d extends Adaptive { override forward(x: Tensor): Tensor { return F.adaptiveAvgPool1d(x, this.outputSize); } }
/** Means, to a given size. Input [N, C, H, W]. Source: torch.nn.AdaptiveAvgPool2d. */
export class AdaptiveAvgPool2d extends Adaptive { override forward(x: Tensor): Tensor { return F.adaptiveAvgPool2d(x, this.outputSize); } }
/** Means, to a given size. Input [N, C, D, H, W]. Source: torch.nn.AdaptiveAvgPool3d. */
export class AdaptiveAvgPool3d extends Adaptive { override forward(x: Tensor): Tensor { return F.adaptiveAvgPool3d(x, this.outputSize); } }

abstract class AdaptiveMax<R extends boolean> extends Adaptive {
  /** @param options Its settings. */
  constructor(outputSize: OutputSize, readonly options: Picking<R> = {}) { super(outputSize); }
  protected picked(found: [Tensor, Tensor]): MaybeIndices<R> { return (this.options.returnIndices === true ? found : found[0]) as MaybeIndices<R>; }
}
/** The largest values, to a given size. Source: torch.nn.AdaptiveMaxPool1d. */
export class AdaptiveMaxPool1d<R extends boolean = false> extends AdaptiveMax<R> { override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.adaptiveMaxPool1dWithIndices(x, this.outputSize)); } }
/** The largest values, to a given size. Source: torch.nn.AdaptiveMaxPool2d. */
export class AdaptiveMaxPool2d<R extends boolean = false> extends AdaptiveMax<R> { override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.adaptiveMaxPool2dWithIndices(x, this.outputSize)); } }
/** The largest values, to a given size. Source: torch.nn.AdaptiveMaxPool3d. */
export class AdaptiveMaxPool3d<R extends boolean = false> extends AdaptiveMax<R> { override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.adaptiveMaxPool3dWithIndices(x, this.outputSize)); } }

abstract class FractionalMaxPool<R extends boolean> extends Module {
  /** @internal Kept between calls when given; drawn anew at each otherwise. */
  readonly options: F.FractionalPoolOptions & Picking<R>;
  /** @param kernelSize The size of the window. */
  constructor(name: string, readonly kernelSize: Size1, options: F.FractionalPoolOptions & Picking<R>) {
    super();
    required(name, { kernel_size: kernelSize });
    const { outputSize = null, outputRatio = null } = options;
    if (outputSize === null && outputRatio === null) throw new ValueError(`${name} requires specifying either an output size, or a pooling ratio`);
    if (outputSize !== null && outputRatio !== null) throw new ValueError('only one of output_size and output_ratio may be specified');
    const ratios = outputRatio === null ? [] : typeof outputRatio === 'number' ? [outputRatio] : outputRatio;
    if (!ratios.every((r) => r > 0 && r < 1)) throw new ValueError(`output_ratio must be between 0 and 1 (got ${typeof outputRatio === 'number' ? pyNumber(outputRatio) : `(${ratios.map(pyNumber).join(', ')})`})`);
    this.options = options;
  }
  protected picked(found: [Tensor, Tensor]): MaybeIndices<R> { return (this.options.returnIndices === true ? found : found[0]) as MaybeIndices<R>; }
}
/** The largest of each window, windows begin at random places; `outputSize`, or `outputRatio` of the input's size. Source: Graham 2015; torch.nn.FractionalMaxPool2d. */
export class FractionalMaxPool2d<R extends boolean = false> extends FractionalMaxPool<R> {
  constructor(kernelSize: Size1, options: F.FractionalPoolOptions & Picking<R>) { super('FractionalMaxPool2d', kernelSize, options); }
  override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.fractionalMaxPool2dWithIndices(x, this.kernelSize, this.options)); }
}
/** The largest of windows of random size, to a given size or share. Input [N, C, D, H, W]. Source: torch.nn.FractionalMaxPool3d. */
export class FractionalMaxPool3d<R extends boolean = false> extends FractionalMaxPool<R> {
  constructor(kernelSize: Size1, options: F.FractionalPoolOptions & Picking<R>) { super('FractionalMaxPool3d', kernelSize, options); }
  override forward(x: Tensor): MaybeIndices<R> { return this.picked(F.fractionalMaxPool3dWithIndices(x, this.kernelSize, this.options)); }
}

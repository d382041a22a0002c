/** Pooling, padding and resizing layers. */
import * as F from '../functional';
import { pyFloat } from '../format';
import type { AvgPoolOptions, PadMode, PoolOptions, Size1 } from '../functionalLayers';
import type { Tensor } from '../tensor';
import { pyBool, pySize, pyTuple } from './factory';
import { Module } from './module';

abstract class MaxPool extends Module {
  readonly options: PoolOptions;
  constructor(readonly kernelSize: Size1, stride?: Size1 | PoolOptions, options: PoolOptions = {}) {
    super();
    this.options = typeof stride === 'object' && !Array.isArray(stride) ? (stride as PoolOptions) : { ...options, ...(stride === undefined ? {} : { stride: stride as Size1 }) };
  }
  override extraRepr(): string {
    const { stride, padding = 0, dilation = 1, ceilMode = false } = this.options;
    return `kernel_size=${pySize(this.kernelSize)}, stride=${pySize(stride ?? this.kernelSize)}, padding=${pySize(padding)}, dilation=${pySize(dilation)}, ceil_mode=${pyBool(ceilMode)}`;
  }
}
/** The largest of each window; the stride is the kernel's size unless given. Source: torch.nn.MaxPool1d. */
export class MaxPool1d extends MaxPool { override forward(x: Tensor): Tensor { return F.maxPool1d(x, this.kernelSize, this.options); } }
export class MaxPool2d extends MaxPool { override forward(x: Tensor): Tensor { return F.maxPool2d(x, this.kernelSize, this.options); } }
export class MaxPool3d extends MaxPool { override forward(x: Tensor): Tensor { return F.maxPool3d(x, this.kernelSize, this.options); } }

abstract class AvgPool extends Module {
  readonly options: AvgPoolOptions;
  constructor(readonly kernelSize: Size1, stride?: Size1 | AvgPoolOptions, options: AvgPoolOptions = {}) {
    super();
    this.options = typeof stride === 'object' && !Array.isArray(stride) ? (stride as AvgPoolOptions) : { ...options, ...(stride === undefined ? {} : { stride: stride as Size1 }) };
  }
  override extraRepr(): string { return `kernel_size=${pySize(this.kernelSize)}, stride=${pySize(this.options.stride ?? this.kernelSize)}, padding=${pySize(this.options.padding ?? 0)}`; }
}
/** The mean of each window. Source: torch.nn.AvgPool1d. */
export class AvgPool1d extends AvgPool {
  override forward(x: Tensor): Tensor { return F.avgPool1d(x, this.kernelSize, this.options); }
  override extraRepr(): string { const t = (v: Size1): string => pyTuple(typeof v === 'number' ? [v] : v); return `kernel_size=${t(this.kernelSize)}, stride=${t(this.options.stride ?? this.kernelSize)}, padding=${t(this.options.padding ?? 0)}`; }
}
export class AvgPool2d extends AvgPool { override forward(x: Tensor): Tensor { return F.avgPool2d(x, this.kernelSize, this.options); } }
export class AvgPool3d extends AvgPool { override forward(x: Tensor): Tensor { return F.avgPool3d(x, this.kernelSize, this.options); } }

abstract class Adaptive extends Module {
  constructor(readonly outputSize: number | readonly (number | null)[]) { super(); }
  override extraRepr(): string { return `output_size=${pySize(this.outputSize)}`; }
}
/** Pools to a given size. Source: torch.nn.AdaptiveAvgPool1d. */
export class AdaptiveAvgPool1d extends Adaptive { override forward(x: Tensor): Tensor { return F.adaptiveAvgPool1d(x, this.outputSize); } }
export class AdaptiveAvgPool2d extends Adaptive { override forward(x: Tensor): Tensor { return F.adaptiveAvgPool2d(x, this.outputSize); } }
export class AdaptiveMaxPool1d extends Adaptive { override forward(x: Tensor): Tensor { return F.adaptiveMaxPool1d(x, this.outputSize); } }
export class AdaptiveMaxPool2d extends Adaptive { override forward(x: Tensor): Tensor { return F.adaptiveMaxPool2d(x, this.outputSize); } }

abstract class Padding extends Module {
  readonly padding: number[];
  constructor(padding: Size1, dims: number, private readonly mode: PadMode, private readonly value = 0) { super(); this.padding = typeof padding === 'number' ? Array.from({ length: 2 * dims }, () => padding) : [...padding]; }
  override forward(x: Tensor): Tensor { return F.pad(x, this.padding, this.mode, this.value); }
  override extraRepr(): string { return `(${this.padding.join(', ')})`; }
}
/** [left, right, top, bottom] or one number. Source: torch.nn.ZeroPad2d. */
export class ZeroPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'constant'); } }
export class ConstantPad2d extends Padding {
  constructor(padding: Size1, readonly fill: number) { super(padding, 2, 'constant', fill); }
  override extraRepr(): string { return `padding=(${this.padding.join(', ')}), value=${Number.isInteger(this.fill) ? this.fill : pyFloat(this.fill)}`; }
}
export class ReflectionPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'reflect'); } }
export class ReplicationPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'replicate'); } }

/** Resizes the spatial dims. Source: torch.nn.Upsample. */
export class Upsample extends Module {
  constructor(readonly options: { size?: Size1 | null; scaleFactor?: Size1 | null; mode?: 'nearest' | 'linear' | 'bilinear'; alignCorners?: boolean | null }) { super(); }
  override forward(x: Tensor): Tensor { return F.interpolate(x, this.options); }
  override extraRepr(): string {
    const { size, scaleFactor, mode = 'nearest' } = this.options;
    const f = (v: Size1): string => (typeof v === 'number' ? pyFloat(v) : `(${v.map(pyFloat).join(', ')})`);
    return `${scaleFactor != null ? `scale_factor=${f(scaleFactor)}` : `size=${pySize(size!)}`}, mode='${mode}'`;
  }
}
/** [.., C·r², H, W] → [.., C, H·r, W·r]. Source: Shi et al. 2016; torch.nn.PixelShuffle. */
export class PixelShuffle extends Module {
  constructor(readonly upscaleFactor: number) { super(); }
  override forward(x: Tensor): Tensor { return F.pixelShuffle(x, this.upscaleFactor); }
  override extraRepr(): string { return `upscale_factor=${this.upscaleFactor}`; }
}

/** Padding, resizing and rearranging of spatial dims. Formulas are torch.nn.functional's. */
import * as F from '../functional';
import type { FoldOptions, InterpolateMode, PadMode } from '../functionalResizing';
import type { Size1 } from '../spatial';
import type { Tensor } from '../tensor';
import { pyFloat } from '../format';
import { pyNumber, pySize } from './factory';
import { Module } from './module';

abstract class Padding extends Module {
  readonly padding: number[];
  constructor(padding: Size1, dims: number, private readonly mode: PadMode, private readonly fill_ = 0) { super(); this.padding = typeof padding === 'number' ? Array.from({ length: 2 * dims }, () => padding) : [...padding]; }
  override forward(x: Tensor): Tensor { return F.pad(x, this.padding, this.mode, this.fill_); }
  override extraRepr(): string { return `(${this.padding.join(', ')})`; }
}
/** [left, right] or one number. Source: torch.nn.ZeroPad1d. */
export class ZeroPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'constant'); } }
/** [left, right, top, bottom] or one number. Source: torch.nn.ZeroPad2d. */
export class ZeroPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'constant'); } }
/** [left, right, top, bottom, front, back] or one number. Source: torch.nn.ZeroPad3d. */
export class ZeroPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'constant'); } }
abstract class ConstantPad extends Padding {
  constructor(padding: Size1, dims: number, readonly fill: number) { super(padding, dims, 'constant', fill); }
  override extraRepr(): string { return `padding=(${this.padding.join(', ')}), value=${pyNumber(this.fill)}`; }
}
export class ConstantPad1d extends ConstantPad { constructor(padding: Size1, value: number) { super(padding, 1, value); } }
export class ConstantPad2d extends ConstantPad { constructor(padding: Size1, value: number) { super(padding, 2, value); } }
export class ConstantPad3d extends ConstantPad { constructor(padding: Size1, value: number) { super(padding, 3, value); } }
export class ReflectionPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'reflect'); } }
export class ReflectionPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'reflect'); } }
export class ReflectionPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'reflect'); } }
export class ReplicationPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'replicate'); } }
export class ReplicationPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'replicate'); } }
export class ReplicationPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'replicate'); } }
export class CircularPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'circular'); } }
export class CircularPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'circular'); } }
export class CircularPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'circular'); } }

export interface UpsampleOptions { size?: Size1 | null; scaleFactor?: Size1 | null; mode?: InterpolateMode; alignCorners?: boolean | null }
/** Resizes the spatial dims. Source: torch.nn.Upsample. */
export class Upsample extends Module {
  constructor(readonly options: UpsampleOptions) { super(); }
  override forward(x: Tensor): Tensor { return F.interpolate(x, this.options); }
  override extraRepr(): string {
    const { size, scaleFactor, mode = 'nearest' } = this.options;
    const f = (v: Size1): string => (typeof v === 'number' ? pyFloat(v) : `(${v.map(pyFloat).join(', ')})`);
    return `${scaleFactor != null ? `scale_factor=${f(scaleFactor)}` : `size=${pySize(size!)}`}, mode='${mode}'`;
  }
}
export class UpsamplingNearest2d extends Upsample { constructor(options: { size?: Size1; scaleFactor?: Size1 }) { super({ ...options, mode: 'nearest' }); } }
export class UpsamplingBilinear2d extends Upsample { constructor(options: { size?: Size1; scaleFactor?: Size1 }) { super({ ...options, mode: 'bilinear', alignCorners: true }); } }

/** [.., C·r², H, W] → [.., C, H·r, W·r]. Source: Shi et al. 2016; torch.nn.PixelShuffle. */
export class PixelShuffle extends Module {
  constructor(readonly upscaleFactor: number) { super(); }
  override forward(x: Tensor): Tensor { return F.pixelShuffle(x, this.upscaleFactor); }
  override extraRepr(): string { return `upscale_factor=${this.upscaleFactor}`; }
}
/** [.., C, H·r, W·r] → [.., C·r², H, W]. Source: torch.nn.PixelUnshuffle. */
export class PixelUnshuffle extends Module {
  constructor(readonly downscaleFactor: number) { super(); }
  override forward(x: Tensor): Tensor { return F.pixelUnshuffle(x, this.downscaleFactor); }
  override extraRepr(): string { return `downscale_factor=${this.downscaleFactor}`; }
}
/** Source: Zhang et al. 2017; torch.nn.ChannelShuffle. */
export class ChannelShuffle extends Module {
  constructor(readonly groups: number) { super(); }
  override forward(x: Tensor): Tensor { return F.channelShuffle(x, this.groups); }
  override extraRepr(): string { return `groups=${this.groups}`; }
}
const foldSettings = (kernelSize: Size1, o: FoldOptions): string => `kernel_size=${pySize(kernelSize)}, dilation=${pySize(o.dilation ?? 1)}, padding=${pySize(o.padding ?? 0)}, stride=${pySize(o.stride ?? 1)}`;
/** Every window as a column: [N, C, H, W] → [N, C·kH·kW, L]. Source: torch.nn.Unfold. */
export class Unfold extends Module {
  constructor(readonly kernelSize: Size1, readonly options: FoldOptions = {}) { super(); }
  override forward(x: Tensor): Tensor { return F.unfold(x, this.kernelSize, this.options); }
  override extraRepr(): string { return foldSettings(this.kernelSize, this.options); }
}
/** Sums columns back into an image. Source: torch.nn.Fold. */
export class Fold extends Module {
  constructor(readonly outputSize: Size1, readonly kernelSize: Size1, readonly options: FoldOptions = {}) { super(); }
  override forward(x: Tensor): Tensor { return F.fold(x, this.outputSize, this.kernelSize, this.options); }
  override extraRepr(): string { return `output_size=${pySize(this.outputSize)}, ${foldSettings(this.kernelSize, this.options)}`; }
}

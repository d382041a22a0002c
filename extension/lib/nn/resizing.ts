/** Padding, resizing and rearranging of spatial dims. Formulas are torch.nn.functional's. */
import * as F from '../functional';
import type { FoldOptions, InterpolateMode, PadMode } from '../functionalResizing';
import type { Size1 } from '../spatial';
import type { Tensor } from '../tensor';
import { pyFloat } from '../format';
import { pyNumber, pySize } from './factory';
import { Module } from './module';
import { required } from './required';

abstract class Padding extends Module {
  /** Two numbers a dim, the last dim first. */
  readonly padding: number[];
  constructor(padding: Size1, dims: number, private readonly mode: PadMode, private readonly fill_ = 0, others: Record<string, unknown> = {}) { super(); required(new.target.name, { padding, ...others }); this.padding = typeof padding === 'number' ? Array.from({ length: 2 * dims }, () => padding) : [...padding]; }
  override forward(x: Tensor): Tensor { return F.pad(x, this.padding, this.mode, this.fill_); }
  override extraRepr(): string { return `(${this.padding.join(', ')})`; }
}
/** Zeros around the spatial dims: [left, right] or one number; negative cuts. Source: torch.nn.ZeroPad1d. */
export class ZeroPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'constant'); } }
/** Zeros around the spatial dims: [left, right, top, bottom] or one number; negative cuts. Source: torch.nn.ZeroPad2d. */
export class ZeroPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'constant'); } }
/** Zeros around the spatial dims: [left, right, top, bottom, front, back] or one number; negative cuts. Source: torch.nn.ZeroPad3d. */
export class ZeroPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'constant'); } }
abstract class ConstantPad extends Padding {
  /** @param fill What is put in. */
  constructor(padding: Size1, dims: number, readonly fill: number) { super(padding, dims, 'constant', fill, { value: fill }); }
  override extraRepr(): string { return `padding=(${this.padding.join(', ')}), value=${pyNumber(this.fill)}`; }
}
/** `value` around the spatial dims: [left, right] or one number; negative cuts. Source: torch.nn.ConstantPad1d. */
export class ConstantPad1d extends ConstantPad { constructor(padding: Size1, value: number) { super(padding, 1, value); } }
/** `value` around the spatial dims: [left, right, top, bottom] or one number; negative cuts. Source: torch.nn.ConstantPad2d. */
export class ConstantPad2d extends ConstantPad { constructor(padding: Size1, value: number) { super(padding, 2, value); } }
/** `value` around the spatial dims: [left, right, top, bottom, front, back] or one number; negative cuts. Source: torch.nn.ConstantPad3d. */
export class ConstantPad3d extends ConstantPad { constructor(padding: Size1, value: number) { super(padding, 3, value); } }
/** The inside mirrored at the edges, which are not repeated: [left, right] or one number. Source: torch.nn.ReflectionPad1d. */
export class ReflectionPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'reflect'); } }
/** The inside mirrored at the edges, which are not repeated: [left, right, top, bottom] or one number. Source: torch.nn.ReflectionPad2d. */
export class ReflectionPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'reflect'); } }
/** The inside mirrored at the edges, which are not repeated: [left, right, top, bottom, front, back] or one number. Source: torch.nn.ReflectionPad3d. */
export class ReflectionPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'reflect'); } }
/** The edges repeated: [left, right] or one number. Source: torch.nn.ReplicationPad1d. */
export class ReplicationPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'replicate'); } }
/** The edges repeated: [left, right, top, bottom] or one number. Source: torch.nn.ReplicationPad2d. */
export class ReplicationPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'replicate'); } }
/** The edges repeated: [left, right, top, bottom, front, back] or one number. Source: torch.nn.ReplicationPad3d. */
export class ReplicationPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'replicate'); } }
/** What lies at the other end: [left, right] or one number. Source: torch.nn.CircularPad1d. */
export class CircularPad1d extends Padding { constructor(padding: Size1) { super(padding, 1, 'circular'); } }
/** What lies at the other end: [left, right, top, bottom] or one number. Source: torch.nn.CircularPad2d. */
export class CircularPad2d extends Padding { constructor(padding: Size1) { super(padding, 2, 'circular'); } }
/** What lies at the other end: [left, right, top, bottom, front, back] or one number. Source: torch.nn.CircularPad3d. */
export class CircularPad3d extends Padding { constructor(padding: Size1) { super(padding, 3, 'circular'); } }

/** Of Upsample: either size or scaleFactor. */
export interface UpsampleOptions {
  /** The spatial size of the output. */
  size?: Size1 | null;
  /** The output's size over the input's. */
  scaleFactor?: Size1 | null;
  /** 'nearest' by default. */
  mode?: InterpolateMode;
  /** Of linear modes and bicubic: whether the corner pixels keep their places. */
  alignCorners?: boolean | null;
}
/** Resizes the spatial dims. Source: torch.nn.Upsample. */
export class Upsample extends Module {
  /** @param options Its settings. */
  constructor(readonly options: UpsampleOptions = {}) { super(); }
  override forward(x: Tensor): Tensor { return F.interpolate(x, this.options); }
  override extraRepr(): string {
    const { size, scaleFactor, mode = 'nearest' } = this.options;
    const f = (v: Size1): string => (typeof v === 'number' ? pyFloat(v) : `(${v.map(pyFloat).join(', ')})`);
    return `${scaleFactor != null ? `scale_factor=${f(scaleFactor)}` : `size=${pySize(size!)}`}, mode='${mode}'`;
  }
}
/** Resizes [N, C, H, W] by the nearest pixel. Source: torch.nn.UpsamplingNearest2d. */
export class UpsamplingNearest2d extends Upsample { constructor(options: { size?: Size1; scaleFactor?: Size1 }) { super({ ...options, mode: 'nearest' }); } }
/** Resizes [N, C, H, W] bilinearly, the corner pixels fixed (alignCorners). Source: torch.nn.UpsamplingBilinear2d. */
export class UpsamplingBilinear2d extends Upsample { constructor(options: { size?: Size1; scaleFactor?: Size1 }) { super({ ...options, mode: 'bilinear', alignCorners: true }); } }

/** [.., C·r², H, W] → [.., C, H·r, W·r]. Source: Shi et al. 2016; torch.nn.PixelShuffle. */
export class PixelShuffle extends Module {
  /** @param upscaleFactor r. */
  constructor(readonly upscaleFactor: number) { super(); required('PixelShuffle', { upscale_factor: upscaleFactor }); }
  override forward(x: Tensor): Tensor { return F.pixelShuffle(x, this.upscaleFactor); }
  override extraRepr(): string { return `upscale_factor=${this.upscaleFactor}`; }
}
/** [.., C, H·r, W·r] → [.., C·r², H, W]. Source: torch.nn.PixelUnshuffle. */
export class PixelUnshuffle extends Module {
  /** @param downscaleFactor r. */
  constructor(readonly downscaleFactor: number) { super(); required('PixelUnshuffle', { downscale_factor: downscaleFactor }); }
  override forward(x: Tensor): Tensor { return F.pixelUnshuffle(x, this.downscaleFactor); }
  override extraRepr(): string { return `downscale_factor=${this.downscaleFactor}`; }
}
/** Channels in `groups` dealt out in turn: [N, C, ...]. Source: Zhang et al. 2017; torch.nn.ChannelShuffle. */
export class ChannelShuffle extends Module {
  /** @param groups The groups that channels are dealt out to. */
  constructor(readonly groups: number) { super(); required('ChannelShuffle', { groups }); }
  override forward(x: Tensor): Tensor { return F.channelShuffle(x, this.groups); }
  override extraRepr(): string { return `groups=${this.groups}`; }
}
const foldSettings = (kernelSize: Size1, o: FoldOptions): string => `kernel_size=${pySize(kernelSize)}, dilation=${pySize(o.dilation ?? 1)}, padding=${pySize(o.padding ?? 0)}, stride=${pySize(o.stride ?? 1)}`;
/** Every window as a column: [N, C, H, W] → [N, C·kH·kW, L]. Source: torch.nn.Unfold. */
export class Unfold extends Module {
  /**
   * @param kernelSize The size of a window.
   * @param options Its settings.
   */
  constructor(readonly kernelSize: Size1, readonly options: FoldOptions = {}) { super(); required('Unfold', { kernel_size: kernelSize }); }
  override forward(x: Tensor): Tensor { return F.unfold(x, this.kernelSize, this.options); }
  override extraRepr(): string { return foldSettings(this.kernelSize, this.options); }
}
/** Sums columns back into an image: [N, C·kH·kW, L] → [N, C, H, W]. Source: torch.nn.Fold. */
export class Fold extends Module {
  /**
   * @param outputSize Height and width of the image.
   * @param kernelSize The size of a window.
   * @param options Its settings.
   */
  constructor(readonly outputSize: Size1, readonly kernelSize: Size1, readonly options: FoldOptions = {}) { super(); required('Fold', { output_size: outputSize, kernel_size: kernelSize }); }
  override forward(x: Tensor): Tensor { return F.fold(x, this.outputSize, this.kernelSize, this.options); }
  override extraRepr(): string { return `output_size=${pySize(this.outputSize)}, ${foldSettings(this.kernelSize, this.options)}`; }
}

/**
 * Layers that learn the size of their input at the first call and are then the plain layer, by class and print. Their parameters
 * are empty until then, and stay the same objects after. Source: torch.nn.modules.lazy.
 */
import { RuntimeError, ValueError } from '../errors';
import { empty } from '../ops';
import type { Size1 } from '../spatial';
import { Parameter, unsized, type Tensor } from '../tensor';
import { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, type ConvLayerOptions, type ConvTransposeLayerOptions } from './convolution';
import { factory, type FactoryOptions } from './factory';
import { Linear } from './layers';
import { materialize, type Module } from './module';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, type BatchNormLayerOptions } from './normalization';
import { required } from './required';

/** Until the first call; then `complete` has seen the input and the module is of class `plain`. */
function untilFirstCall(m: Module & { resetParameters(): void }, plain: abstract new (...args: never[]) => Module, complete: (x: Tensor) => readonly [Tensor | null, readonly number[]][]): void {
  for (const t of [...m.parameters(false), ...m.buffers(false)]) if (t.numel() === 0) unsized.add(t);
  const hook = m.registerForwardPreHook((_, [x]) => {
    const sizes = complete(x as Tensor), fresh = sizes.some(([t]) => t !== null && unsized.has(t));
    for (const [t, shape] of sizes) if (t !== null) materialize(t, shape);
    // What was loaded stays.
    if (fresh) m.resetParameters();
    hook.remove();
    Object.setPrototypeOf(m, plain.prototype as object);
  });
}
/** Settings that are known late. */
const late = (m: Module): Record<string, number> => m as unknown as Record<string, number>;

/** A Linear whose inFeatures are the last size of its first input. Source: torch.nn.LazyLinear. */
export class LazyLinear extends Linear {
  constructor(outFeatures: number, options: { bias?: boolean } & FactoryOptions = {}) {
    required('LazyLinear', { out_features: outFeatures });
    // Without elements nothing is drawn.
    super(0, 0, { ...options, bias: false });
    late(this)['outFeatures'] = outFeatures;
    if (options.bias !== false) this.bias = new Parameter(empty([0], factory(options)));
    untilFirstCall(this, Linear, (x) => {
      late(this)['inFeatures'] = x.size(-1);
      return [[this.weight, [outFeatures, x.size(-1)]], [this.bias, [outFeatures]]];
    });
  }
}

type Conv = Conv1d | Conv2d | Conv3d | ConvTranspose1d | ConvTranspose2d | ConvTranspose3d;
function lazyConvolution(m: Conv, plain: abstract new (...args: never[]) => Module, outChannels: number, o: ConvLayerOptions): void {
  const k = m.kernelSize, n = k.length, transposed = plain.name.includes('Transpose');
  late(m)['outChannels'] = outChannels;
  if (o.bias !== false) m.bias = new Parameter(empty([0], factory(o)));
  untilFirstCall(m, plain, (x) => {
    if (x.dim() !== n + 1 && x.dim() !== n + 2) throw new RuntimeError(`Expected ${n + 1}D (unbatched) or ${n + 2}D (batched) input to ${m.reprName()}, but got input of size: ${x.shape}`);
    const channels = x.size(x.dim() - n - 1);
    if (channels % m.groups !== 0) throw new ValueError('in_channels must be divisible by groups');
    late(m)['inChannels'] = channels;
    return [[m.weight, [...(transposed ? [channels, outChannels / m.groups] : [outChannels, channels / m.groups]), ...k]], [m.bias, [outChannels]]];
  });
}
/** A Conv1d whose inChannels are those of its first input. Source: torch.nn.LazyConv1d. */
export class LazyConv1d extends Conv1d { constructor(outChannels: number, kernelSize: Size1, o: ConvLayerOptions = {}) { required(new.target.name, { out_channels: outChannels, kernel_size: kernelSize }); super(0, 0, kernelSize, { ...o, bias: false }); lazyConvolution(this, Conv1d, outChannels, o); } }
/** A Conv2d whose inChannels are those of its first input. Source: torch.nn.LazyConv2d. */
export class LazyConv2d extends Conv2d { constructor(outChannels: number, kernelSize: Size1, o: ConvLayerOptions = {}) { required(new.target.name, { out_channels: outChannels, kernel_size: kernelSize }); super(0, 0, kernelSize, { ...o, bias: false }); lazyConvolution(this, Conv2d, outChannels, o); } }
/** A Conv3d whose inChannels are those of its first input. Source: torch.nn.LazyConv3d. */
export class LazyConv3d extends Conv3d { constructor(outChannels: number, kernelSize: Size1, o: ConvLayerOptions = {}) { required(new.target.name, { out_channels: outChannels, kernel_size: kernelSize }); super(0, 0, kernelSize, { ...o, bias: false }); lazyConvolution(this, Conv3d, outChannels, o); } }
/** A ConvTranspose1d whose inChannels are those of its first input. Source: torch.nn.LazyConvTranspose1d. */
export class LazyConvTranspose1d extends ConvTranspose1d { constructor(outChannels: number, kernelSize: Size1, o: ConvTransposeLayerOptions = {}) { required(new.target.name, { out_channels: outChannels, kernel_size: kernelSize }); super(0, 0, kernelSize, { ...o, bias: false }); lazyConvolution(this, ConvTranspose1d, outChannels, o); } }
/** A ConvTranspose2d whose inChannels are those of its first input. Source: torch.nn.LazyConvTranspose2d. */
export class LazyConvTranspose2d extends ConvTranspose2d { constructor(outChannels: number, kernelSize: Size1, o: ConvTransposeLayerOptions = {}) { required(new.target.name, { out_channels: outChannels, kernel_size: kernelSize }); super(0, 0, kernelSize, { ...o, bias: false }); lazyConvolution(this, ConvTranspose2d, outChannels, o); } }
/** A ConvTranspose3d whose inChannels are those of its first input. Source: torch.nn.LazyConvTranspose3d. */
export class LazyConvTranspose3d extends ConvTranspose3d { constructor(outChannels: number, kernelSize: Size1, o: ConvTransposeLayerOptions = {}) { required(new.target.name, { out_channels: outChannels, kernel_size: kernelSize }); super(0, 0, kernelSize, { ...o, bias: false }); lazyConvolution(this, ConvTranspose3d, outChannels, o); } }

type Norm = BatchNorm1d | BatchNorm2d | BatchNorm3d | InstanceNorm1d | InstanceNorm2d | InstanceNorm3d;
function lazyNorm(m: Norm, plain: abstract new (...args: never[]) => Module): void {
  untilFirstCall(m, plain, (x) => {
    const n = x.size(1);
    late(m)['numFeatures'] = n;
    return [m.weight, m.bias, m.runningMean, m.runningVar].map((t) => [t, [n]] as const);
  });
}
/** A BatchNorm1d whose numFeatures are the channels of its first input. Source: torch.nn.LazyBatchNorm1d. */
export class LazyBatchNorm1d extends BatchNorm1d { constructor(o: BatchNormLayerOptions = {}) { super(0, o); lazyNorm(this, BatchNorm1d); } }
/** A BatchNorm2d whose numFeatures are the channels of its first input. Source: torch.nn.LazyBatchNorm2d. */
export class LazyBatchNorm2d extends BatchNorm2d { constructor(o: BatchNormLayerOptions = {}) { super(0, o); lazyNorm(this, BatchNorm2d); } }
/** A BatchNorm3d whose numFeatures are the channels of its first input. Source: torch.nn.LazyBatchNorm3d. */
export class LazyBatchNorm3d extends BatchNorm3d { constructor(o: BatchNormLayerOptions = {}) { super(0, o); lazyNorm(this, BatchNorm3d); } }
/** An InstanceNorm1d whose numFeatures are the channels of its first input. Source: torch.nn.LazyInstanceNorm1d. */
export class LazyInstanceNorm1d extends InstanceNorm1d { constructor(o: BatchNormLayerOptions = {}) { super(0, { affine: true, trackRunningStats: true, ...o }); lazyNorm(this, InstanceNorm1d); } }
/** An InstanceNorm2d whose numFeatures are the channels of its first input. Source: torch.nn.LazyInstanceNorm2d. */
export class LazyInstanceNorm2d extends InstanceNorm2d { constructor(o: BatchNormLayerOptions = {}) { super(0, { affine: true, trackRunningStats: true, ...o }); lazyNorm(this, InstanceNorm2d); } }
/** An InstanceNorm3d whose numFeatures are the channels of its first input. Source: torch.nn.LazyInstanceNorm3d. */
export class LazyInstanceNorm3d extends InstanceNorm3d { constructor(o: BatchNormLayerOptions = {}) { super(0, { affine: true, trackRunningStats: true, ...o }); lazyNorm(this, InstanceNorm3d); } }

/** torch.nn.utils: layers joined for evaluation, modules made without initial values. */
import { AssertionError } from '../errors';
import { withoutInit } from '../init';
import { zerosLike } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import type { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './convolution';
import { Linear } from './layers';
import type { Module } from './module';
import type { BatchNorm1d, BatchNorm2d, BatchNorm3d } from './normalization';

type Convolution = Conv1d | Conv2d | Conv3d | ConvTranspose1d | ConvTranspose2d | ConvTranspose3d;
type Norm = BatchNorm1d | BatchNorm2d | BatchNorm3d;

/** `new type(...args)` whose parameters and buffers hold whatever was in memory; nothing is drawn. Source: torch.nn.utils.skip_init. */
export function skipInit<A extends readonly unknown[], M extends Module>(type: new (...args: A) => M, ...args: A): M { return withoutInit(() => new type(...args)); }

function checkEval(layer: Module, norm: Norm): { mean: Tensor; variance: Tensor } {
  if (layer.training || norm.training) throw new AssertionError('Fusion only for eval!');
  if (norm.runningMean === null || norm.runningVar === null) throw new AssertionError('bn.running_mean and bn.running_var must not be None');
  return { mean: norm.runningMean, variance: norm.runningVar };
}
/** Gives `copy` the weight and bias of `layer` with what the norm does to its outputs, which are dim `at` of the weight. */
function fuse(layer: Convolution | Linear, norm: Norm, copy: Convolution | Linear, at: number): void {
  const { mean, variance } = checkEval(layer, norm), { weight, bias } = layer;
  const root = variance.add(norm.eps).rsqrt(), scale = norm.weight === null ? root : norm.weight.mul(root), shift = (bias ?? zerosLike(mean)).sub(mean).mul(scale);
  copy.weight = new Parameter(weight.mul(scale.reshape(weight.shape.map((_, d) => (d === at ? -1 : 1)))).to(weight.dtype).detach(), weight.requiresGrad);
  copy.bias = new Parameter((norm.bias === null ? shift : shift.add(norm.bias)).to((bias ?? weight).dtype).detach(), bias?.requiresGrad ?? false);
  copy.train(layer.training);
}
/** One convolution that does what `conv` and then `norm` do in evaluation; `transpose` for transposed ones. Throws AssertionError in training. Source: torch.nn.utils.fuse_conv_bn_eval. */
export function fuseConvBnEval<M extends Convolution>(conv: M, norm: Norm, transpose = false): M {
  checkEval(conv, norm);
  const c = conv as Convolution, like = { dtype: c.weight.dtype, device: c.weight.device }, type = conv.constructor as new (i: number, o: number, kernel: readonly number[], options: object) => Convolution;
  const { stride, padding, dilation, groups, paddingMode, outputPadding } = c;
  const copy = withoutInit(() => new type(c.inChannels, c.outChannels, c.kernelSize, { stride, padding, dilation, groups, paddingMode, outputPadding, ...like }));
  fuse(c, norm, copy, transpose ? 1 : 0);
  return copy as M;
}
/** One Linear that does what `linear` and then `norm` do in evaluation. Throws AssertionError in training. Source: torch.nn.utils.fuse_linear_bn_eval. */
export function fuseLinearBnEval(linear: Linear, norm: Norm): Linear {
  checkEval(linear, norm);
  if (linear.outFeatures !== norm.numFeatures && norm.numFeatures !== 1) throw new AssertionError(`To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features=${linear.outFeatures} and bn.num_features=${norm.numFeatures}`);
  const copy = skipInit(Linear, linear.inFeatures, linear.outFeatures, { dtype: linear.weight.dtype, device: linear.weight.device });
  fuse(linear, norm, copy, 0);
  return copy;
}

/**
 * Tensor: an n-dimensional array on a device, with automatic differentiation. Names are PyTorch's in camelCase; in-place
 * operations end in an underscore. Memory is native and freed by the garbage collector: nothing needs disposing.
 * The class is built in layers, one family of operations a file: tensor/core, unary, binary, reduce, shape, indexing,
 * linalg, statistics, random.
 */
import { inspect } from 'node:util';

import { RuntimeError } from './errors';
import { formatTensor } from './format';
import { native, registerTensorClass } from './native';
import { nameArguments } from './tensor/arguments';
import { TensorRandom } from './tensor/random';

export { sizesOf, wrapDim, type BackwardOptions, type DimOptions, type Nested, type Operand, type Scalar, type TypedArray } from './tensor/core';
export { slice, type Index, type Slice, type SliceText } from './tensor/indexing';
export { Picked } from './tensor/picked';

/** An n-dimensional array of one dtype on one device, with automatic differentiation. Made by tensor(), zeros(), randn() and other functions. */
export class Tensor extends TensorRandom {
  /** As print() shows it in PyTorch: `tensor([1., 2.])`; long ones are shortened. */
  override toString(): string { return unsized.has(this) ? '<UninitializedBuffer>' : formatTensor(this); }
  override [inspect.custom](): string { return this.toString(); }
}

/** @internal Parameters and buffers of lazy modules that have no size yet. */
export const unsized = new WeakSet<Tensor>();

/** A Tensor that is a module's parameter: registered when assigned to a module. Requires a gradient unless told otherwise. */
export class Parameter extends Tensor {
  constructor(data?: Tensor | null, requiresGrad = true) {
    super();
    data ??= native['empty']([0], 0, 0) as Tensor;
    if (requiresGrad && data instanceof Tensor && !data.isFloatingPoint()) throw new RuntimeError('Only Tensors of floating point and complex dtype can require gradients');
    native['adopt'](this, data, requiresGrad);
  }
  override toString(): string { return unsized.has(this) ? '<UninitializedParameter>' : `Parameter containing:\n${formatTensor(this)}`; }
}

nameArguments(Tensor.prototype);
registerTensorClass(Tensor);

/** What every tensor is: shape, values, place, history. The operations are in the files beside this one. */
import { inspect } from 'node:util';

import { bool, DType, float16, bfloat16, float32, float64, int16, int32, int64, int8, uint8 } from '../dtype';
import { cpuDevice, device as parseDevice, Device, deviceByCode, type DeviceLike } from '../device';
import { IndexError, RuntimeError } from '../errors';
import { formatTensor } from '../format';
import { native } from '../native';
import { safePoint } from '../safePoint';
import { Size } from '../size';
import type { Tensor } from '../tensor';

/** A number beside a tensor: whole numbers act as Python's int, others as float. */
export type Scalar = number | bigint | boolean;
/** A tensor or a number: what arithmetic takes on its other side. */
export type Operand = Tensor | Scalar;
/** What toTypedArray() gives and tensor() takes, one class a dtype. */
export type TypedArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;
/** Nested arrays of values, as toArray() gives and tensor() takes. */
export type Nested = Scalar | readonly Nested[];
/** Which dims a reduction goes over (none: all), and whether they stay with size 1. */
export interface DimOptions { dim?: number | readonly number[]; keepdim?: boolean }
/** Of what dtype and on which device a tensor is made, and whether it requires a gradient. */
export interface NewOptions { dtype?: DType; device?: DeviceLike; requiresGrad?: boolean }
/** The gradient to start from, whether the graph stays for another backward, and whether the gradients have histories. */
export interface BackwardOptions { gradient?: Tensor; retainGraph?: boolean; createGraph?: boolean }

/** Sizes given as one array or one by one. */
export function sizesOf(args: readonly (number | readonly number[])[]): number[] {
  return (args.length === 1 && Array.isArray(args[0]) ? [...args[0]] : args) as number[];
}

/** @internal `x.sum()`, `x.sum(1)`, `x.sum([0, 1], true)`, `x.sum({ dim, keepdim })` */
export function dimArgs(dim: number | readonly number[] | DimOptions | undefined, keepdim: boolean | undefined): [readonly number[], boolean] {
  if (typeof dim === 'number') return [[dim], keepdim ?? false];
  if (dim === undefined) return [[], keepdim ?? false];
  if (Array.isArray(dim)) return [dim, keepdim ?? false];
  const o = dim as DimOptions;
  return [o.dim === undefined ? [] : typeof o.dim === 'number' ? [o.dim] : o.dim, o.keepdim ?? false];
}

/** The lowest layer of Tensor. */
export class TensorCore {
  /** @internal Set only by PyTorch-style code such as nn.Parameter. */
  declare private gradObject: Tensor | undefined;

  // --- what it is

  /** Sizes of the dimensions; prints torch.Size([2, 3]). */
  get shape(): Size { return Size.of_(native['sizes'](this)); }
  /** The shape, or the size of one dimension (negative counts from the end). Throws IndexError out of range. */
  size(): Size;
  /** The shape, or the size of one dim. */
  size(dim: number): number;
  size(dim?: number): Size | number {
    if (dim === undefined) return this.shape;
    const s = this.shape;
    const i = wrapDim(dim, s.length);
    return s[i]!;
  }
  /** How many dimensions. */
  dim(): number { return native['dim'](this); }
  /** How many dimensions. */
  get ndim(): number { return native['dim'](this); }
  /** How many elements. */
  numel(): number { return native['numel'](this); }
  /** Strides in elements. */
  stride(): number[] { return native['strides'](this); }
  /** Elements in the storage before the first of this one. */
  storageOffset(): number { return native['offset'](this); }
  /** Type of the elements. */
  get dtype(): DType { return DType.all[native['dtype'](this)]!; }
  /** Where the elements lie: cpu or webgpu:0. */
  get device(): Device { return deviceByCode(native['device'](this)); }
  /** Whether it lies on the GPU. */
  get isWebgpu(): boolean { return native['device'](this) === 1; }
  /** Whether the elements lie in C order without gaps. */
  isContiguous(): boolean { return native['isContiguous'](this); }
  /** Counts in-place changes; shared by views. */
  get version(): number {
    if (this.isInference()) throw new RuntimeError('Inference tensors do not track version counter.');
    return native['version'](this);
  }
  /** Equal for tensors that share memory. */
  storageId(): number { return native['storageId'](this); }
  /** A copy of all bytes of the storage, also those outside this view. */
  storageBytes(): Uint8Array { return native['storageBytes'](this); }
  /** The same as numel. */
  nelement(): number { return native['numel'](this); }
  /** The same as dim. */
  ndimension(): number { return native['dim'](this); }
  /** Bytes of one element. */
  elementSize(): number { return this.dtype.itemsize; }
  /** Bytes of an element. */
  get itemsize(): number { return this.dtype.itemsize; }
  /** Bytes of all elements. */
  get nbytes(): number { return this.numel() * this.dtype.itemsize; }
  /** Whether the dtype is a floating one. */
  isFloatingPoint(): boolean { return this.dtype.isFloatingPoint; }
  /** @internal */
  get implId(): number { return native['implId'](this); }

  // --- values

  /** The value of a one-element tensor: a number, or a boolean of bool; of int64 beyond ±(2⁵³ - 1) a bigint, so that no digit is lost. Throws RuntimeError otherwise. */
  item(): number;
  item<T extends Scalar>(): T;
  item(): Scalar {
    const v = native['item'](this) as Scalar;
    return typeof v === 'bigint' && Number.isSafeInteger(Number(v)) ? Number(v) : v;
  }
  /** Nested arrays of values (bigint for int64). */
  toArray(): Nested {
    const flat = this.toTypedArray();
    const shape = this.shape;
    const isBool = this.dtype === bool, lists = shape.slice(0, -1).reduce((a, b) => a * Math.max(1, b), 1);
    // A tensor of no elements may have billions of rows.
    if (lists > 1e8) throw new RuntimeError(`toArray(): ${lists} arrays are more than memory holds`);
    let at = 0;
    const build = (d: number): Nested => {
      if (d === shape.length) { const v = flat[at++]!; return isBool ? v === 1 : v; }
      return Array.from({ length: shape[d]! }, () => build(d + 1));
    };
    return build(0);
  }
  /** As toArray(). */
  tolist(): Nested { return this.toArray(); }
  /** A copy of the values in C order; half types widen to Float32Array, bool is Uint8Array. */
  toTypedArray(): TypedArray { return native['toTypedArray'](this); }
  /** Truth of a one-element tensor. */
  valueOf(): Scalar | this { return native['numel'](this) === 1 ? native['item'](this) : this; }
  /** As print() shows it in PyTorch: `tensor([1., 2.])`; long ones are shortened. */
  toString(): string { return formatTensor(this as unknown as Tensor); }
  [inspect.custom](): string { return formatTensor(this as unknown as Tensor); }
  [Symbol.toPrimitive](hint: string): Scalar | string {
    return hint === 'number' ? Number(native['item'](this)) : this.toString();
  }
  /** Rows along the first dimension. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    const n = this.size(0);
    for (let i = 0; i < n; i++) yield native['select'](this, 0, i);
  }

  // --- autograd

  /** Whether backward() gives it a gradient, or passes one on. */
  get requiresGrad(): boolean { return native['requiresGrad'](this); }
  set requiresGrad(value: boolean) { native['setRequiresGrad'](this, value); }
  /** Turns gradients on or off, in place. Only leaves and floating dtypes. */
  requiresGrad_(value = true): this { native['setRequiresGrad'](this, value); return this; }
  /** Whether it was made by the user, not by an op under autograd. */
  get isLeaf(): boolean { return native['isLeaf'](this); }
  /** The name of the operation that made it (`AddmmBackward0`); null for leaves. */
  get gradFn(): string | null { return native['gradFn'](this); }
  /** The accumulated gradient; null before backward(). The same object until the gradient is replaced. */
  get grad(): Tensor | null {
    const id = native['gradId'](this);
    if (id === 0) { this.gradObject = undefined; return null; }
    if (this.gradObject === undefined || this.gradObject.implId !== id) {
      const value = native['grad'](this);
      Object.defineProperty(this, 'gradObject', { value, writable: true, configurable: true, enumerable: false });
    }
    return this.gradObject!;
  }
  set grad(value: Tensor | null) {
    if (value !== null && !(value instanceof TensorCore)) throw new TypeError(`assigned grad expected to be a Tensor or None but got grad of type ${typeof value}`);
    native['setGrad'](this, value);
  }
  /** The same values without history; edits are not seen by autograd. */
  get data(): Tensor { return native['data'](this); }
  set data(value: Tensor) { native['setData'](this, value); }
  /** The same memory, outside the graph. */
  detach(): Tensor { return native['detach'](this); }
  /** Gradients of this scalar (or of `gradient` · this) by every leaf, added to their `.grad`. */
  backward(options: BackwardOptions | Tensor = {}): void {
    const o: BackwardOptions = options instanceof TensorCore ? { gradient: options as Tensor } : options;
    native['backward']([this], [o.gradient ?? null], o.retainGraph ?? o.createGraph ?? false, o.createGraph ?? false);
    safePoint('backward', this);
  }
  /** Calls `hook` with the gradient of this tensor; what it returns replaces the gradient. Returns a way to remove it. */
  registerHook(hook: (grad: Tensor) => Tensor | null | undefined | void): { remove(): void } {
    const id = native['registerHook'](this, hook, hook.name || '<lambda>');
    return { remove: () => native['removeHook'](this, id) };
  }
  /** Calls `hook` with this leaf each time a gradient was added to its `.grad`. */
  registerPostAccumulateGradHook(hook: (param: Tensor) => void): { remove(): void } {
    const id = native['registerAfterHook'](this, hook);
    return { remove: () => native['removeHook'](this, id) };
  }
  /** Keeps the gradient of a tensor that is not a leaf. */
  retainGrad(): void { native['retainGrad'](this); }
  /** Whether retainGrad() was asked of a tensor that is not a leaf. */
  get retainsGrad(): boolean { return native['retainsGrad'](this); }
  /** Forgets the history of this tensor itself. Throws RuntimeError for views. */
  detach_(): this { return native['detach_'](this); }
  /** Whether it was made in inferenceMode(). */
  isInference(): boolean { return native['isInference'](this); }

  // --- copies, types, devices

  /** A copy, through which gradients flow. */
  clone(): Tensor { return native['clone'](this); }
  /** Itself when it is contiguous, else a copy in C order. */
  contiguous(): Tensor { return native['contiguous'](this); }
  /** To a dtype, a device, or both. Returns itself when nothing changes. */
  to(target: DType | DeviceLike | Tensor | { dtype?: DType; device?: DeviceLike }): Tensor {
    if (target instanceof DType) return native['toDtype'](this, target.code);
    if (target instanceof Device || typeof target === 'string') return native['toDevice'](this, parseDevice(target).code);
    const dtype = target.dtype;
    const dev = target.device;
    const t = dtype === undefined ? (this as unknown as Tensor) : (native['toDtype'](this, dtype.code) as Tensor);
    return dev === undefined ? t : native['toDevice'](t, parseDevice(dev).code);
  }
  /** In other's dtype, on its device. */
  typeAs(other: Tensor): Tensor { return this.to({ dtype: other.dtype, device: other.device }); }
  /** A copy on the CPU, or itself when it is there. */
  cpu(): Tensor { return this.to(cpuDevice); }
  /** A copy on the GPU, or itself when it is there. */
  webgpu(): Tensor { return this.to('webgpu'); }
  /** As float32. */
  float(): Tensor { return this.to(float32); }
  /** As float64. */
  double(): Tensor { return this.to(float64); }
  /** As float16. */
  half(): Tensor { return this.to(float16); }
  /** As bfloat16. */
  bfloat16(): Tensor { return this.to(bfloat16); }
  /** As int64. */
  long(): Tensor { return this.to(int64); }
  /** As int32. */
  int(): Tensor { return this.to(int32); }
  /** As int16. */
  short(): Tensor { return this.to(int16); }
  /** As int8. */
  char(): Tensor { return this.to(int8); }
  /** As uint8. */
  byte(): Tensor { return this.to(uint8); }
  /** As bool: whether not zero. */
  bool(): Tensor { return this.to(bool); }
  /** A new tensor full of `value`, of this one's dtype and device unless told otherwise. */
  newFull(size: readonly number[], value: Scalar, options: NewOptions = {}): Tensor {
    const t = native['full'](size, value, (options.dtype ?? this.dtype).code, options.device === undefined ? this.device.code : parseDevice(options.device).code) as Tensor;
    return options.requiresGrad === true ? t.requiresGrad_() : t;
  }
  /** Memory nothing was written to. */
  newEmpty(size: readonly number[], options: NewOptions = {}): Tensor {
    const t = native['empty'](size, (options.dtype ?? this.dtype).code, options.device === undefined ? this.device.code : parseDevice(options.device).code) as Tensor;
    return options.requiresGrad === true ? t.requiresGrad_() : t;
  }
  /** Zeros of a shape, with this dtype and device. */
  newZeros(size: readonly number[], options: NewOptions = {}): Tensor { return this.newFull(size, 0, options); }
  /** Ones of a shape, with this dtype and device. */
  newOnes(size: readonly number[], options: NewOptions = {}): Tensor { return this.newFull(size, 1, options); }
  /** Copies `src`'s values into this tensor; broadcasts and converts. */
  copy_(src: Tensor): this { return native['copy_'](this, src); }
  /** Every element becomes `value`, a number or a tensor without dims. */
  fill_(value: Operand): this { return value instanceof TensorCore ? native['fillTensor_'](this, value) : native['fill_'](this, value); }
  /** Fills with zeros, in place. */
  zero_(): this { return native['zero_'](this); }
  /** @internal Takes the values and the history of `result`, an op of this tensor: that op, in place. */
  protected become(result: Tensor): this { return native['become'](this, result); }
}

/** Wraps a negative dimension. Throws IndexError with PyTorch's text. */
export function wrapDim(dim: number, rank: number): number {
  const r = rank === 0 ? 1 : rank;
  if (!Number.isInteger(dim) || dim < -r || dim >= r)
    throw new IndexError(`Dimension out of range (expected to be in range of [${-r}, ${r - 1}], but got ${dim})`);
  return dim < 0 ? dim + r : dim;
}

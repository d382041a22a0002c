/**
 * Tensor: an n-dimensional array on a device, with automatic differentiation. Names are PyTorch's in camelCase; in-place
 * operations end in an underscore. Memory is native and freed by the garbage collector: nothing needs disposing.
 */
import { inspect } from 'node:util';

import { bool, DType, float16, bfloat16, float32, float64, int16, int32, int64, int8, uint8 } from './dtype';
import { cpuDevice, device as parseDevice, Device, deviceByCode, type DeviceLike } from './device';
import { IndexError, ValueError } from './errors';
import { formatTensor } from './format';
import { native, registerTensorClass } from './native';
import { safePoint } from './safePoint';
import { Size } from './size';

/** A number beside a tensor: whole numbers act as Python's int, others as float. */
export type Scalar = number | bigint | boolean;
export type Operand = Tensor | Scalar;
export type TypedArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Int16Array | Int8Array | Uint8Array;
/** Nested arrays of values, as toArray() gives and tensor() takes. */
export type Nested = Scalar | readonly Nested[];
export interface DimOptions { dim?: number | readonly number[]; keepdim?: boolean }
export interface BackwardOptions { gradient?: Tensor; retainGraph?: boolean; createGraph?: boolean }

const U = native.unaryCodes;
const B = native.binaryCodes;

/** Sizes given as one array or one by one. */
export function sizesOf(args: readonly (number | readonly number[])[]): number[] {
  return (args.length === 1 && Array.isArray(args[0]) ? [...args[0]] : args) as number[];
}

/** `x.sum()`, `x.sum(1)`, `x.sum([0, 1], true)`, `x.sum({ dim, keepdim })` */
function dimArgs(dim: number | readonly number[] | DimOptions | undefined, keepdim: boolean | undefined): [readonly number[], boolean] {
  if (typeof dim === 'number') return [[dim], keepdim ?? false];
  if (dim === undefined) return [[], keepdim ?? false];
  if (Array.isArray(dim)) return [dim, keepdim ?? false];
  const o = dim as DimOptions;
  return [o.dim === undefined ? [] : typeof o.dim === 'number' ? [o.dim] : o.dim, o.keepdim ?? false];
}

export class Tensor {
  /** @internal Set only by PyTorch-style code such as nn.Parameter. */
  declare private gradObject: Tensor | undefined;

  // --- what it is

  get shape(): Size { return Size.of_(native['sizes'](this)); }
  /** The shape, or the size of one dimension (negative counts from the end). Throws IndexError out of range. */
  size(): Size;
  size(dim: number): number;
  size(dim?: number): Size | number {
    if (dim === undefined) return this.shape;
    const s = this.shape;
    const i = wrapDim(dim, s.length);
    return s[i]!;
  }
  dim(): number { return native['dim'](this); }
  get ndim(): number { return native['dim'](this); }
  numel(): number { return native['numel'](this); }
  /** Strides in elements. */
  stride(): number[] { return native['strides'](this); }
  storageOffset(): number { return native['offset'](this); }
  get dtype(): DType { return DType.all[native['dtype'](this)]!; }
  get device(): Device { return deviceByCode(native['device'](this)); }
  get isWebgpu(): boolean { return native['device'](this) === 1; }
  isContiguous(): boolean { return native['isContiguous'](this); }
  /** Counts in-place changes; shared by views. */
  get version(): number { return native['version'](this); }
  /** Equal for tensors that share memory. */
  storageId(): number { return native['storageId'](this); }
  /** A copy of all bytes of the storage, also those outside this view. */
  storageBytes(): Uint8Array { return native['storageBytes'](this); }
  isFloatingPoint(): boolean { return this.dtype.isFloatingPoint; }
  /** @internal */
  get implId(): number { return native['implId'](this); }

  // --- values

  /** The value of a one-element tensor: number, bigint for int64, boolean for bool. Throws RuntimeError otherwise. */
  item(): number;
  item<T extends Scalar>(): T;
  item(): Scalar { return native['item'](this); }
  /** Nested arrays of values (bigint for int64). */
  toArray(): Nested {
    const flat = this.toTypedArray();
    const shape = this.shape;
    const isBool = this.dtype === bool;
    let at = 0;
    const build = (d: number): Nested => {
      if (d === shape.length) { const v = flat[at++]!; return isBool ? v === 1 : v; }
      return Array.from({ length: shape[d]! }, () => build(d + 1));
    };
    return build(0);
  }
  /** A copy of the values in C order; half types widen to Float32Array, bool is Uint8Array. */
  toTypedArray(): TypedArray { return native['toTypedArray'](this); }
  /** Truth of a one-element tensor. */
  valueOf(): Scalar | this { return native['numel'](this) === 1 ? native['item'](this) : this; }
  toString(): string { return formatTensor(this); }
  [inspect.custom](): string { return formatTensor(this); }
  [Symbol.toPrimitive](hint: string): Scalar | string {
    return hint === 'number' ? Number(native['item'](this)) : this.toString();
  }
  /** Rows along the first dimension. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    const n = this.size(0);
    for (let i = 0; i < n; i++) yield this.get(i);
  }

  // --- autograd

  get requiresGrad(): boolean { return native['requiresGrad'](this); }
  set requiresGrad(value: boolean) { native['setRequiresGrad'](this, value); }
  requiresGrad_(value = true): this { native['setRequiresGrad'](this, value); return this; }
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
  set grad(value: Tensor | null) { native['setGrad'](this, value); }
  /** The same values without history; edits are not seen by autograd. */
  get data(): Tensor { return native['data'](this); }
  set data(value: Tensor) { native['setData'](this, value); }
  detach(): Tensor { return native['detach'](this); }
  /** Gradients of this scalar (or of `gradient` · this) by every leaf, added to their `.grad`. */
  backward(options: BackwardOptions | Tensor = {}): void {
    const o: BackwardOptions = options instanceof Tensor ? { gradient: options } : options;
    native['backward']([this], [o.gradient ?? null], o.retainGraph ?? o.createGraph ?? false, o.createGraph ?? false);
    safePoint('backward', this);
  }
  /** Calls `hook` with the gradient of this tensor; what it returns replaces the gradient. Returns a way to remove it. */
  registerHook(hook: (grad: Tensor) => Tensor | null | undefined | void): { remove(): void } {
    const id = native['registerHook'](this, hook);
    return { remove: () => native['removeHook'](this, id) };
  }
  /** Keeps the gradient of a tensor that is not a leaf. */
  retainGrad(): void { native['retainGrad'](this); }

  // --- copies, types, devices

  clone(): Tensor { return native['clone'](this); }
  contiguous(): Tensor { return native['contiguous'](this); }
  /** To a dtype, a device, or both. Returns itself when nothing changes. */
  to(target: DType | DeviceLike | Tensor | { dtype?: DType; device?: DeviceLike }): Tensor {
    if (target instanceof DType) return native['toDtype'](this, target.code);
    if (target instanceof Device || typeof target === 'string') return native['toDevice'](this, parseDevice(target).code);
    const dtype = target.dtype;
    const dev = target.device;
    const t: Tensor = dtype === undefined ? this : native['toDtype'](this, dtype.code);
    return dev === undefined ? t : native['toDevice'](t, parseDevice(dev).code);
  }
  cpu(): Tensor { return this.to(cpuDevice); }
  webgpu(): Tensor { return this.to('webgpu'); }
  float(): Tensor { return this.to(float32); }
  double(): Tensor { return this.to(float64); }
  half(): Tensor { return this.to(float16); }
  bfloat16(): Tensor { return this.to(bfloat16); }
  long(): Tensor { return this.to(int64); }
  int(): Tensor { return this.to(int32); }
  short(): Tensor { return this.to(int16); }
  char(): Tensor { return this.to(int8); }
  byte(): Tensor { return this.to(uint8); }
  bool(): Tensor { return this.to(bool); }
  /** Copies `src`'s values into this tensor; broadcasts and converts. */
  copy_(src: Tensor): this { return native['copy_'](this, src); }
  fill_(value: Scalar): this { return native['fill_'](this, value); }
  zero_(): this { return native['fill_'](this, 0); }

  // --- arithmetic; shapes broadcast, dtypes promote as in PyTorch

  add(other: Operand, options: { alpha?: number } = {}): Tensor { return native['binary'](B['add'], this, other, options.alpha); }
  sub(other: Operand, options: { alpha?: number } = {}): Tensor { return native['binary'](B['sub'], this, other, options.alpha); }
  mul(other: Operand): Tensor { return native['binary'](B['mul'], this, other); }
  div(other: Operand): Tensor { return native['binary'](B['div'], this, other); }
  pow(exponent: Operand): Tensor { return native['binary'](B['pow'], this, exponent); }
  remainder(other: Operand): Tensor { return native['binary'](B['remainder'], this, other); }
  fmod(other: Operand): Tensor { return native['binary'](B['fmod'], this, other); }
  atan2(other: Tensor): Tensor { return native['binary'](B['atan2'], this, other); }
  maximum(other: Tensor): Tensor { return native['binary'](B['maximum'], this, other); }
  minimum(other: Tensor): Tensor { return native['binary'](B['minimum'], this, other); }
  eq(other: Operand): Tensor { return native['binary'](B['eq'], this, other); }
  ne(other: Operand): Tensor { return native['binary'](B['ne'], this, other); }
  lt(other: Operand): Tensor { return native['binary'](B['lt'], this, other); }
  le(other: Operand): Tensor { return native['binary'](B['le'], this, other); }
  gt(other: Operand): Tensor { return native['binary'](B['gt'], this, other); }
  ge(other: Operand): Tensor { return native['binary'](B['ge'], this, other); }
  logicalAnd(other: Tensor): Tensor { return native['binary'](B['logical_and'], this, other); }
  logicalOr(other: Tensor): Tensor { return native['binary'](B['logical_or'], this, other); }
  logicalXor(other: Tensor): Tensor { return native['binary'](B['logical_xor'], this, other); }
  add_(other: Operand, options: { alpha?: number } = {}): this { return native['binary_'](B['add'], this, other, options.alpha); }
  sub_(other: Operand, options: { alpha?: number } = {}): this { return native['binary_'](B['sub'], this, other, options.alpha); }
  mul_(other: Operand): this { return native['binary_'](B['mul'], this, other); }
  div_(other: Operand): this { return native['binary_'](B['div'], this, other); }
  pow_(exponent: Operand): this { return native['binary_'](B['pow'], this, exponent); }
  remainder_(other: Operand): this { return native['binary_'](B['remainder'], this, other); }

  // --- element by element

  neg(): Tensor { return native['unary'](U['neg'], this); }
  abs(): Tensor { return native['unary'](U['abs'], this); }
  sign(): Tensor { return native['unary'](U['sign'], this); }
  square(): Tensor { return native['unary'](U['square'], this); }
  sqrt(): Tensor { return native['unary'](U['sqrt'], this); }
  rsqrt(): Tensor { return native['unary'](U['rsqrt'], this); }
  reciprocal(): Tensor { return native['unary'](U['reciprocal'], this); }
  exp(): Tensor { return native['unary'](U['exp'], this); }
  expm1(): Tensor { return native['unary'](U['expm1'], this); }
  log(): Tensor { return native['unary'](U['log'], this); }
  log2(): Tensor { return native['unary'](U['log2'], this); }
  log10(): Tensor { return native['unary'](U['log10'], this); }
  log1p(): Tensor { return native['unary'](U['log1p'], this); }
  sin(): Tensor { return native['unary'](U['sin'], this); }
  cos(): Tensor { return native['unary'](U['cos'], this); }
  tan(): Tensor { return native['unary'](U['tan'], this); }
  asin(): Tensor { return native['unary'](U['asin'], this); }
  acos(): Tensor { return native['unary'](U['acos'], this); }
  atan(): Tensor { return native['unary'](U['atan'], this); }
  sinh(): Tensor { return native['unary'](U['sinh'], this); }
  cosh(): Tensor { return native['unary'](U['cosh'], this); }
  tanh(): Tensor { return native['unary'](U['tanh'], this); }
  sigmoid(): Tensor { return native['unary'](U['sigmoid'], this); }
  relu(): Tensor { return native['unary'](U['relu'], this); }
  erf(): Tensor { return native['unary'](U['erf'], this); }
  floor(): Tensor { return native['unary'](U['floor'], this); }
  ceil(): Tensor { return native['unary'](U['ceil'], this); }
  /** To the nearest whole number, ties to even. */
  round(): Tensor { return native['unary'](U['round'], this); }
  trunc(): Tensor { return native['unary'](U['trunc'], this); }
  frac(): Tensor { return native['unary'](U['frac'], this); }
  logicalNot(): Tensor { return native['unary'](U['logical_not'], this); }
  isnan(): Tensor { return native['unary'](U['isnan'], this); }
  isinf(): Tensor { return native['unary'](U['isinf'], this); }
  isfinite(): Tensor { return native['unary'](U['isfinite'], this); }
  clamp(min: Operand | null = null, max: Operand | null = null): Tensor { return native['clamp'](this, min, max); }
  neg_(): this { return native['unary_'](U['neg'], this); }
  abs_(): this { return native['unary_'](U['abs'], this); }
  exp_(): this { return native['unary_'](U['exp'], this); }
  log_(): this { return native['unary_'](U['log'], this); }
  sqrt_(): this { return native['unary_'](U['sqrt'], this); }
  tanh_(): this { return native['unary_'](U['tanh'], this); }
  sigmoid_(): this { return native['unary_'](U['sigmoid'], this); }
  relu_(): this { return native['unary_'](U['relu'], this); }
  clamp_(min: Operand | null = null, max: Operand | null = null): this { return native['clamp_'](this, min, max); }

  // --- reductions

  sum(dim?: number | readonly number[] | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['sum'](this, d, k); }
  mean(dim?: number | readonly number[] | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['mean'](this, d, k); }
  prod(dim?: number | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['prod'](this, d, k); }
  /** Sample standard deviation; `correction: 0` for the population's. */
  std(dim?: number | readonly number[] | (DimOptions & { correction?: number }), keepdim?: boolean): Tensor { return this.variance(dim, keepdim, true); }
  var(dim?: number | readonly number[] | (DimOptions & { correction?: number }), keepdim?: boolean): Tensor { return this.variance(dim, keepdim, false); }
  private variance(dim: number | readonly number[] | (DimOptions & { correction?: number }) | undefined, keepdim: boolean | undefined, root: boolean): Tensor {
    const [d, k] = dimArgs(dim, keepdim);
    const correction = typeof dim === 'object' && !Array.isArray(dim) ? (dim as { correction?: number }).correction ?? 1 : 1;
    return native['variance'](this, d, correction, k, root);
  }
  /** Vector norm of order p over everything, or over `dim`. */
  norm(p = 2, dim?: number | readonly number[] | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['norm'](this, p, d, k); }
  any(dim?: number | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['anyAll'](this, d, k, false); }
  all(dim?: number | DimOptions, keepdim?: boolean): Tensor { const [d, k] = dimArgs(dim, keepdim); return native['anyAll'](this, d, k, true); }
  /** The largest value; with a dim, `{ values, indices }`. */
  max(): Tensor;
  max(dim: number, keepdim?: boolean): { values: Tensor; indices: Tensor };
  max(dim?: number, keepdim?: boolean): Tensor | { values: Tensor; indices: Tensor } { return this.extreme(true, dim, keepdim); }
  min(): Tensor;
  min(dim: number, keepdim?: boolean): { values: Tensor; indices: Tensor };
  min(dim?: number, keepdim?: boolean): Tensor | { values: Tensor; indices: Tensor } { return this.extreme(false, dim, keepdim); }
  private extreme(max: boolean, dim: number | undefined, keepdim: boolean | undefined): Tensor | { values: Tensor; indices: Tensor } {
    if (dim === undefined) return native['maxMin'](this, max);
    const [values, indices] = native['maxMinDim'](this, max, dim, keepdim ?? false);
    return { values, indices };
  }
  argmax(dim?: number, keepdim = false): Tensor { return native['argMaxMin'](this, true, dim, keepdim); }
  argmin(dim?: number, keepdim = false): Tensor { return native['argMaxMin'](this, false, dim, keepdim); }
  logsumexp(dim: number | readonly number[], keepdim = false): Tensor { return native['logsumexp'](this, typeof dim === 'number' ? [dim] : dim, keepdim); }
  cumsum(dim: number): Tensor { return native['cumsum'](this, dim); }
  softmax(dim: number): Tensor { return native['softmax'](this, dim, false); }
  logSoftmax(dim: number): Tensor { return native['softmax'](this, dim, true); }

  // --- shapes; views share memory

  view(...sizes: (number | readonly number[])[]): Tensor { return native['view'](this, sizesOf(sizes)); }
  reshape(...sizes: (number | readonly number[])[]): Tensor { return native['reshape'](this, sizesOf(sizes)); }
  flatten(startDim = 0, endDim = -1): Tensor { return native['flatten'](this, startDim, endDim); }
  permute(...dims: (number | readonly number[])[]): Tensor { return native['permute'](this, sizesOf(dims)); }
  transpose(dim0: number, dim1: number): Tensor { return native['transpose'](this, dim0, dim1); }
  t(): Tensor { return native['t'](this); }
  get T(): Tensor { return native['permute'](this, Array.from({ length: this.dim() }, (_, i) => this.dim() - 1 - i)); }
  expand(...sizes: (number | readonly number[])[]): Tensor { return native['expand'](this, sizesOf(sizes)); }
  squeeze(dim?: number): Tensor { return native['squeeze'](this, dim); }
  unsqueeze(dim: number): Tensor { return native['unsqueeze'](this, dim); }
  asStrided(size: readonly number[], stride: readonly number[], storageOffset = 0): Tensor { return native['asStrided'](this, size, stride, storageOffset); }
  select(dim: number, index: number): Tensor { return native['select'](this, dim, index); }
  /** x[start:end:step] along `dim`; negative positions count from the end. */
  slice(dim: number, start = 0, end = Infinity, step = 1): Tensor { return native['slice'](this, dim, start, end, step); }
  narrow(dim: number, start: number, length: number): Tensor { return native['slice'](this, dim, start, start + length, 1); }
  /** x[i], x[i, j]: one index a dimension, from the first. */
  get(...indices: number[]): Tensor {
    if (indices.length === 0) throw new ValueError('get() expects at least one index');
    return indices.reduce<Tensor>((t, i) => native['select'](t, 0, i), this);
  }
  split(size: number, dim = 0): Tensor[] {
    const n = this.size(dim);
    const parts: Tensor[] = [];
    for (let i = 0; i < n; i += size) parts.push(this.slice(dim, i, i + size));
    return parts;
  }
  chunk(chunks: number, dim = 0): Tensor[] { return this.split(Math.ceil(this.size(dim) / chunks) || 1, dim); }

  // --- products

  mm(other: Tensor): Tensor { return native['mm'](this, other); }
  bmm(other: Tensor): Tensor { return native['bmm'](this, other); }
  matmul(other: Tensor): Tensor { return native['matmul'](this, other); }
  dot(other: Tensor): Tensor { return native['matmul'](this, other); }

  // --- picking

  gather(dim: number, index: Tensor): Tensor { return native['gather'](this, dim, index); }
  scatter(dim: number, index: Tensor, src: Tensor): Tensor { return native['scatter'](this, dim, index, src, false); }
  scatterAdd(dim: number, index: Tensor, src: Tensor): Tensor { return native['scatter'](this, dim, index, src, true); }
  indexSelect(dim: number, index: Tensor): Tensor { return native['indexSelect'](this, dim, index); }
  maskedFill(mask: Tensor, value: Scalar): Tensor { return native['maskedFill'](this, mask, value); }
  where(condition: Tensor, other: Operand): Tensor { return native['where'](condition, this, other); }
  tril(diagonal = 0): Tensor { return native['tril'](this, diagonal, false); }
  triu(diagonal = 0): Tensor { return native['tril'](this, diagonal, true); }

  // --- random values in place, PyTorch's numbers

  uniform_(from = 0, to = 1): this { native['uniform_'](this, from, to); return this; }
  normal_(mean = 0, std = 1): this { native['normal_'](this, mean, std); return this; }
  bernoulli_(p = 0.5): this { native['bernoulli_'](this, p); return this; }
  random_(from: number, to: number): this { native['randint_'](this, from, to); return this; }
}

/** A Tensor that is a module's parameter: registered when assigned to a module. Requires a gradient unless told otherwise. */
export class Parameter extends Tensor {
  constructor(data?: Tensor, requiresGrad = true) {
    super();
    if (data === undefined) return;
    native['adopt'](this, data, requiresGrad);
  }
  override toString(): string { return `Parameter containing:\n${formatTensor(this)}`; }
  override [inspect.custom](): string { return this.toString(); }
}

/** Wraps a negative dimension. Throws IndexError with PyTorch's text. */
export function wrapDim(dim: number, rank: number): number {
  const r = rank === 0 ? 1 : rank;
  if (!Number.isInteger(dim) || dim < -r || dim >= r)
    throw new IndexError(`Dimension out of range (expected to be in range of [${-r}, ${r - 1}], but got ${dim})`);
  return dim < 0 ? dim + r : dim;
}

registerTensorClass(Tensor);

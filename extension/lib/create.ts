/** Functions that make tensors. Options come last: `{ dtype, device, requiresGrad }`. */
import { bool, float32, float64, int64, type DType } from './dtype';
import { device as parseDevice, type DeviceLike } from './device';
import { RuntimeError, ValueError } from './errors';
import { native } from './native';
import { handleOf, type RandomOptions } from './random';
import { sizesOf, Tensor, type Nested, type Scalar, type TypedArray } from './tensor';

/** Of what dtype and on which device a tensor is made, and whether it requires a gradient. */
export interface TensorOptions {
  /** The dtype; float32, or what the function says, by default. */
  dtype?: DType;
  /** The device; 'cpu' by default. */
  device?: DeviceLike;
  /** Whether backward() gives it a gradient. */
  requiresGrad?: boolean;
}
/** For functions that draw. */
export interface DrawOptions extends TensorOptions, RandomOptions {}
type Sizes = (number | readonly number[] | DrawOptions)[];

const code = (d: DeviceLike | undefined): number => (d === undefined ? 0 : parseDevice(d).code);

function finish(t: Tensor, options: TensorOptions | undefined): Tensor {
  if (options?.requiresGrad) {
    if (!t.isFloatingPoint()) throw new RuntimeError('Only Tensors of floating point and complex dtype can require gradients');
    t.requiresGrad = true;
  }
  return t;
}

function sizesAndOptions(args: Sizes): [number[], DrawOptions] {
  const last = args[args.length - 1];
  const options = typeof last === 'object' && !Array.isArray(last) ? (last as DrawOptions) : undefined;
  return [sizesOf((options === undefined ? args : args.slice(0, -1)) as (number | readonly number[])[]), options ?? {}];
}

/** Shape of nested arrays, with PyTorch's error when they are ragged. */
function shapeOf(data: Nested): number[] {
  const shape: number[] = [];
  for (let d = data; Array.isArray(d); d = d[0] as Nested) {
    shape.push(d.length);
    if (d.length === 0) break;
  }
  return shape;
}

function flattenInto(data: Nested, shape: readonly number[], depth: number, out: Scalar[]): void {
  if (depth === shape.length) {
    if (Array.isArray(data)) throw new ValueError(`expected a number at dim ${depth}, but got an array of length ${data.length}`);
    const t = typeof data;
    if (t !== 'number' && t !== 'bigint' && t !== 'boolean') throw new TypeError(`tensor(): values must be numbers, bigints or booleans, not ${data === null ? 'null' : t}`);
    out.push(data as Scalar);
    return;
  }
  if (!Array.isArray(data)) throw new TypeError(`not a sequence at dim ${depth}`);
  if (data.length !== shape[depth]) throw new ValueError(`expected sequence of length ${shape[depth]} at dim ${depth} (got ${data.length})`);
  for (const item of data as readonly Nested[]) flattenInto(item, shape, depth + 1, out);
}

const isTypedArray = (x: unknown): x is TypedArray => ArrayBuffer.isView(x) && !(x instanceof DataView);

/**
 * A tensor of nested arrays, a number, or a typed array (copied). Numbers make float32, bigints int64, booleans bool,
 * unless `dtype` says otherwise. Throws ValueError for ragged arrays.
 */
export function tensor(data: Nested | TypedArray, options: TensorOptions = {}): Tensor {
  if (isTypedArray(data)) return fromTypedArray(data, [data.length], options);
  const shape = shapeOf(data as Nested);
  const flat: Scalar[] = [];
  flattenInto(data as Nested, shape, 0, flat);
  const kind: DType = options.dtype ?? (flat.length > 0 && flat.every((v) => typeof v === 'boolean') ? bool : flat.length > 0 && flat.every((v) => typeof v !== 'number') ? int64 : float32);
  const array = kind.isFloatingPoint ? Float64Array.from(flat, Number)
    : BigInt64Array.from(flat, (v) => BigInt(typeof v === 'number' ? (kind === bool ? Number(v !== 0) : Math.trunc(v)) : v));
  return finish(native['fromTypedArray'](array, shape, kind.code, code(options.device)), options);
}

/** A tensor of that shape over a copy of a typed array. */
export function fromTypedArray(array: TypedArray, shape: readonly number[], options: TensorOptions = {}): Tensor {
  const kind = options.dtype?.code ?? (array instanceof Float32Array ? 0 : array instanceof Float64Array ? 1 : array instanceof BigInt64Array ? 4
    : array instanceof Int32Array ? 5 : array instanceof Int16Array ? 6 : array instanceof Int8Array ? 7 : 8);
  return finish(native['fromTypedArray'](array, shape, kind, code(options.device)), options);
}

/** A one-dimensional tensor over a copy of raw little-endian bytes. */
export function fromBytes(bytes: Uint8Array, dtype: DType): Tensor { return native['fromBytes'](bytes, dtype.code); }

/** A tensor of that shape full of `value`: float32, int64 of a bigint, bool of a boolean, unless `dtype` says otherwise. */
export function full(size: readonly number[], value: Scalar, options: TensorOptions = {}): Tensor {
  const dtype = options.dtype ?? (typeof value === 'bigint' ? int64 : typeof value === 'boolean' ? bool : float32);
  return finish(native['full'](size, value, dtype.code, code(options.device)), options);
}
/** Zeros of a shape, float32: `zeros(2, 3)`, `zeros([2, 3], { dtype: int64 })`. */
export function zeros(...args: Sizes): Tensor {
  const [s, o] = sizesAndOptions(args);
  if (s.some((n) => n < 0)) throw new RuntimeError('zeros: Dimension size must be non-negative.');
  return full(s, 0, { dtype: float32, ...o });
}
/** Ones of a shape, float32: `ones(2, 3)`, `ones([2, 3], { dtype: int64 })`. */
export function ones(...args: Sizes): Tensor { const [s, o] = sizesAndOptions(args); return full(s, 1, { dtype: float32, ...o }); }
/** Uninitialised memory of a shape: what it holds is not defined. */
export function empty(...args: Sizes): Tensor {
  const [s, o] = sizesAndOptions(args);
  return finish(native['empty'](s, (o.dtype ?? float32).code, code(o.device)), o);
}
const like = (t: Tensor, o: TensorOptions): TensorOptions => ({ dtype: t.dtype, device: t.device, ...o });
/** Zeros of t's shape, dtype and device. */
export function zerosLike(t: Tensor, options: TensorOptions = {}): Tensor { return full(t.shape, 0, like(t, options)); }
/** Ones of t's shape, dtype and device. */
export function onesLike(t: Tensor, options: TensorOptions = {}): Tensor { return full(t.shape, 1, like(t, options)); }
/** `value` in t's shape, dtype and device. */
export function fullLike(t: Tensor, value: Scalar, options: TensorOptions = {}): Tensor { return full(t.shape, value, like(t, options)); }
/** Memory nothing was written to, of t's shape, dtype and device. */
export function emptyLike(t: Tensor, options: TensorOptions = {}): Tensor { return empty(t.shape, like(t, options)); }

function drawn(size: number[], options: TensorOptions, draw: (t: Tensor) => void): Tensor {
  const t: Tensor = native['empty'](size, (options.dtype ?? float32).code, code(options.device));
  draw(t);
  return finish(t, options);
}
/** Uniform on [0, 1): `rand(2, 3)`, `rand([2, 3], { dtype, device, generator })`. */
export function rand(...args: Sizes): Tensor { const [s, o] = sizesAndOptions(args); return drawn(s, o, (t) => t.uniform_(0, 1, o)); }
/** Standard normal: `randn(2, 3)`, `randn([2, 3], { dtype, device, generator })`. */
export function randn(...args: Sizes): Tensor { const [s, o] = sizesAndOptions(args); return drawn(s, o, (t) => t.normal_(0, 1, o)); }
/** Uniform on [0, 1), of t's shape, dtype and device. Throws NotImplementedError for integers. */
export function randLike(t: Tensor, options: DrawOptions = {}): Tensor { return rand(t.shape, like(t, options)); }
/** Standard normal, of t's shape, dtype and device. Throws NotImplementedError for integers. */
export function randnLike(t: Tensor, options: DrawOptions = {}): Tensor { return randn(t.shape, like(t, options)); }
/** Integers in [low, high): `randint(10, [2, 3])`, `randint(1, 10, [2, 3])`. */
export function randint(high: number, size: readonly number[], options?: DrawOptions): Tensor;
export function randint(low: number, high: number, size: readonly number[], options?: DrawOptions): Tensor;
export function randint(a: number, b: number | readonly number[], c?: readonly number[] | DrawOptions, d?: DrawOptions): Tensor {
  const [low, high, size, options] = typeof b === 'number' ? [a, b, c as readonly number[], d] : [0, a, b, c as DrawOptions | undefined];
  if (!Array.isArray(size)) throw new TypeError('randint(): argument \'size\' must be an array of numbers');
  return drawn([...size], { dtype: int64, ...options }, (t) => t.random_(low, high, options));
}
/** Integers in [low, high) of t's shape and dtype: `randintLike(t, 10)`, `randintLike(t, 1, 10)`. */
export function randintLike(t: Tensor, low: number, high?: number, options: DrawOptions = {}): Tensor { return high === undefined ? randint(0, low, t.shape, like(t, options)) : randint(low, high, t.shape, like(t, options)); }
/** The whole numbers 0 … n-1 in random order: int64. */
export function randperm(n: number, options: DrawOptions = {}): Tensor { return finish(native['toDevice'](native['randperm'](n, (options.dtype ?? int64).code, handleOf(options)), code(options.device)), options); }
/** Normal values with each element's mean and standard deviation; numbers and tensors, which broadcast. With a size, of numbers alone. */
export function normal(mean: Tensor | number, std: Tensor | number, size?: readonly number[], options: DrawOptions = {}): Tensor {
  if (size !== undefined || (typeof mean === 'number' && typeof std === 'number')) {
    if (typeof mean !== 'number' || typeof std !== 'number') throw new TypeError('normal(): with a size, mean and std must be numbers');
    return drawn([...(size ?? [])], options, (t) => t.normal_(mean, std, options));
  }
  return native['normal'](mean, std, handleOf(options));
}
/** 1 with each element's probability, else 0. */
export function bernoulli(input: Tensor, options: RandomOptions = {}): Tensor { return input.bernoulli(options); }
/** Positions drawn in proportion to the weights of each row. */
export function multinomial(input: Tensor, numSamples: number, replacement = false, options: RandomOptions = {}): Tensor { return input.multinomial(numSamples, replacement, options); }
/** Draws from the Poisson distributions with these means. */
export function poisson(input: Tensor, options: RandomOptions = {}): Tensor { return native['poisson'](input, handleOf(options)); }

/** `arange(end)`, `arange(start, end, step)`. float32 for numbers as everywhere; pass `{ dtype: int64 }` for indices. */
export function arange(...args: (number | bigint | TensorOptions)[]): Tensor {
  const last = args[args.length - 1];
  const options = typeof last === 'object' ? last : {};
  const values = args.filter((a) => typeof a !== 'object') as (number | bigint)[];
  const [start, end, step] = values.length === 1 ? [0, values[0]!, 1] : [values[0]!, values[1]!, values[2] ?? 1];
  const dtype = options.dtype ?? (values.every((v) => typeof v === 'bigint') ? int64 : float32);
  return finish(native['arange'](Number(start), Number(end), Number(step), dtype.code, code(options.device)), options);
}
/** `steps` numbers from start to end, both included, evenly spaced. Throws RuntimeError for negative steps. */
export function linspace(start: number, end: number, steps: number, options: TensorOptions = {}): Tensor {
  if (!Number.isInteger(steps) || steps < 0) throw new RuntimeError('number of steps must be non-negative');
  return finish(native['linspace'](start, end, steps, (options.dtype ?? float32).code, code(options.device)), options);
}
/** base to the power of evenly spaced numbers. */
export function logspace(start: number, end: number, steps: number, base = 10, options: TensorOptions = {}): Tensor {
  const e = linspace(start, end, steps, { dtype: float64 });
  return finish(full([], base, { dtype: float64 }).pow(e).to({ dtype: options.dtype ?? float32, device: options.device ?? 'cpu' }), options);
}
/** Ones on the diagonal of an n × m matrix (square by default), zeros elsewhere. */
export function eye(n: number, m = n, options: TensorOptions = {}): Tensor {
  return finish(native['eye'](n, m, (options.dtype ?? float32).code, code(options.device)), options);
}

/** A tensor without dims. */
export function scalarTensor(value: Scalar, options: TensorOptions = {}): Tensor { return full([], value, { dtype: float32, ...options }); }
/** The tensor itself, or a new one of other data. */
export function asTensor(data: Tensor | Nested | TypedArray, options: TensorOptions = {}): Tensor { return data instanceof Tensor ? data.to({ ...(options.dtype === undefined ? {} : { dtype: options.dtype }), ...(options.device === undefined ? {} : { device: options.device }) }) : tensor(data, options); }
/** Rows and columns [2, n] of the places on and below the diagonal of a matrix: int64. */
export function trilIndices(row: number, col: number, offset = 0): Tensor { return ones(row, col, { dtype: bool }).tril(offset).nonzero().t().contiguous(); }
/** Rows and columns [2, n] of the places on and above the diagonal of a matrix: int64. */
export function triuIndices(row: number, col: number, offset = 0): Tensor { return ones(row, col, { dtype: bool }).triu(offset).nonzero().t().contiguous(); }

/** Comparing results with golden values: dtype, shape, and every element within some units of the last place. */
import { DType, type Tensor as TensorType } from '../../extension/lib/index';
import { Tensor } from '../../extension/lib/index';
import type { Encoded } from './golden';
import { isFloat, type DTypeName, type Result } from './table';

interface Decoded { dtype: DTypeName; shape: number[]; values: ArrayLike<number> | ArrayLike<bigint> }

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const e = (bits >> 10) & 31;
  const m = bits & 1023;
  return sign * (e === 0 ? m * 2 ** -24 : e === 31 ? (m === 0 ? Infinity : NaN) : (1 + m / 1024) * 2 ** (e - 15));
}
const fromBrain = (bits: number): number => new Float32Array(Uint32Array.of((bits & 0xffff) << 16).buffer)[0]!;

export function decode(text: string): Decoded {
  const [dtype, shape, data] = text.split(' ') as [DTypeName, string, string];
  const bytes = Uint8Array.from(Buffer.from(data, 'base64')).buffer;
  const values = ((): Decoded['values'] => {
    switch (dtype) {
      case 'float32': return new Float32Array(bytes);
      case 'float64': return new Float64Array(bytes);
      case 'float16': return Array.from(new Uint16Array(bytes), fromHalf);
      case 'bfloat16': return Array.from(new Uint16Array(bytes), fromBrain);
      case 'int64': return new BigInt64Array(bytes);
      case 'int32': return new Int32Array(bytes);
      case 'int16': return new Int16Array(bytes);
      case 'int8': return new Int8Array(bytes);
      default: return new Uint8Array(bytes);
    }
  })();
  return { dtype, shape: shape === '' ? [] : shape.split(',').map(Number), values };
}

const digits: Record<string, number> = { float32: 23, float64: 52, float16: 10, bfloat16: 7 };
const lowest: Record<string, number> = { float32: -149, float64: -1074, float16: -24, bfloat16: -133 };
/** One unit in the last place of a number of that dtype. */
export function ulpOf(x: number, dtype: string): number {
  const e = x === 0 ? -Infinity : Math.floor(Math.log2(Math.abs(x)));
  return 2 ** Math.max(e - digits[dtype]!, lowest[dtype]!);
}

export interface Tolerance {
  ulps: number;
  /** Each element at its own scale; otherwise at that of the largest. */
  own: boolean;
  /** Zeros must have the same sign. */
  signs?: boolean;
}

/** What differs between a tensor and its golden value; null when nothing does. */
export function differs(actual: TensorType, golden: Decoded, tol: Tolerance): string | null {
  if (actual.dtype.name !== golden.dtype) return `dtype ${actual.dtype.name}, PyTorch has ${golden.dtype}`;
  if (String([...actual.shape]) !== String(golden.shape)) return `shape [${[...actual.shape]}], PyTorch has [${golden.shape}]`;
  const got = actual.detach().toTypedArray();
  const n = got.length;
  if (!isFloat(golden.dtype)) {
    for (let i = 0; i < n; i++) if (got[i] !== golden.values[i]) return `element ${i} is ${got[i]}, PyTorch has ${golden.values[i]}`;
    return null;
  }
  let scale = 0;
  if (!tol.own) for (let i = 0; i < n; i++) { const v = Math.abs(Number(golden.values[i])); if (Number.isFinite(v) && v > scale) scale = v; }
  let worst: string | null = null;
  let most = 0;
  for (let i = 0; i < n; i++) {
    const a = Number(got[i]);
    const b = Number(golden.values[i]);
    if (a === b ? tol.signs !== true || Object.is(a, b) : Number.isNaN(a) && Number.isNaN(b)) continue;
    const off = Math.abs(a - b) / ulpOf(Math.max(scale, Math.abs(b)), golden.dtype);
    if (off <= tol.ulps && a !== b) continue;
    if (worst !== null && !(off > most)) continue;
    most = off;
    worst = `element ${i} is ${Object.is(a, -0) ? '-0' : a}, PyTorch has ${Object.is(b, -0) ? '-0' : b}${Number.isFinite(off) && off > 0 ? ` (${off.toPrecision(3)} ulp, ${tol.ulps} allowed)` : ''}`;
  }
  return worst;
}

/** Tensors in a result, in order. */
export function tensorsIn(r: Result): TensorType[] {
  if (r instanceof Tensor) return [r];
  if (Array.isArray(r)) return (r as Result[]).flatMap(tensorsIn);
  if (typeof r === 'object' && r !== null) return Object.values(r as Record<string, Result>).flatMap(tensorsIn);
  return [];
}

/** Every difference between a result and its golden value. */
export function differences(actual: Result, golden: Encoded | undefined, tol: Tolerance, where = ''): string[] {
  const at = where === '' ? '' : `${where}: `;
  const say = (d: string | null): string[] => (d === null ? [] : [at + d]);
  if (actual instanceof Tensor) {
    if (typeof golden !== 'string') return say(`a tensor, PyTorch has ${JSON.stringify(golden)}`);
    return say(differs(actual, decode(golden), tol));
  }
  if (typeof actual === 'object' && actual !== null && !Array.isArray(actual) && !(actual instanceof DType)) return differences(Object.values(actual as Record<string, Result>), golden, tol, where);
  if (Array.isArray(actual)) {
    if (!Array.isArray(golden)) return say(`an array, PyTorch has ${JSON.stringify(golden)}`);
    if (actual.length !== golden.length) return say(`${actual.length} values, PyTorch has ${golden.length}`);
    return (actual as Result[]).flatMap((a, i) => differences(a, golden[i], tol, `${where}[${i}]`));
  }
  if (typeof golden === 'object' && golden !== null && 'f' in golden) {
    const b = golden.f === 'inf' ? Infinity : golden.f === '-inf' ? -Infinity : Number(golden.f);
    const a = Number(actual);
    return a === b || (Number.isNaN(a) && golden.f === 'nan') || Math.abs(a - b) <= Math.max(tol.ulps, 1) * ulpOf(b, 'float64') * (tol.ulps > 0 ? 2 ** 29 : 1) ? [] : say(`${a}, PyTorch has ${golden.f}`);
  }
  const b = typeof golden === 'object' && golden !== null && 's' in golden ? golden.s : golden ?? null;
  const a = typeof actual === 'bigint' ? Number(actual) : actual instanceof DType ? String(actual) : actual ?? null;
  return a === b ? [] : say(`${JSON.stringify(a)}, PyTorch has ${JSON.stringify(b)}`);
}

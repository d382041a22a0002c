/** Values of a file's tensors as numbers the engine counts with, and as text and bits for people. */
import { bfloatToNumber, byteTables, halfToNumber, numberToBfloat, shortest } from './floats';
import type { Io } from './io';
import { FileTensor } from './tensor';
import { floatText } from './values';

/** The types native statistics know. */
const native = new Set(['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool']);
export type Meaning = 'values' | 'magnitude' | 'dequantized values';

export interface Decoded { dtype: string; bytes: Buffer }
/** How a tensor's values are to be understood; `plain`: its bytes are already a native type as they stand. */
export function meaning(t: FileTensor): { of: Meaning; dtype: string; plain: boolean } {
  const q = t.options.quantizer;
  if (q !== undefined || t.options.blocks !== undefined) return { of: 'dequantized values', dtype: 'float32', plain: false };
  if (native.has(t.dtype)) return { of: 'values', dtype: t.dtype, plain: !t.options.neg && !t.options.conj };
  if (t.dtype.startsWith('complex')) return { of: 'magnitude', dtype: t.dtype === 'complex128' ? 'float64' : 'float32', plain: false };
  if (t.dtype in byteTables) return { of: 'values', dtype: 'float32', plain: false };
  const wider: Record<string, string> = { uint16: 'int32', uint32: 'int64', uint64: 'float64', qint8: 'int8', quint8: 'uint8', qint32: 'int32' };
  return { of: 'values', dtype: wider[t.dtype] ?? (t.dtype.startsWith('int') ? 'int8' : 'uint8'), plain: t.dtype !== 'uint16' && t.dtype !== 'uint32' && t.dtype !== 'uint64' && t.dtype !== 'bits16' };
}

const floats = (n: number): { out: Float32Array; bytes: Buffer } => { const out = new Float32Array(n); return { out, bytes: Buffer.from(out.buffer) }; };

/** A box of a tensor as numbers of `meaning(t).dtype`. */
export function* numbers(t: FileTensor, start: readonly number[], count: readonly number[]): Io<Decoded> {
  const raw = yield* t.box(start, count);
  const { dtype, plain } = meaning(t);
  if (t.options.quantizer !== undefined) return { dtype, bytes: yield* dequantize(t, raw, start, count) };
  if (plain || t.options.blocks !== undefined || native.has(t.dtype)) return { dtype, bytes: raw };
  const n = raw.length / t.item;
  if (t.dtype in byteTables) {
    const { out, bytes } = floats(n);
    const table = byteTables[t.dtype]!();
    for (let i = 0; i < n; i++) out[i] = table[raw[i]!]!;
    return { dtype, bytes };
  }
  if (t.dtype.startsWith('complex')) {
    const wide = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const [re, im] = complexAt(t.dtype, raw, i);
      wide[i] = Math.hypot(re, im);
    }
    return { dtype, bytes: dtype === 'float64' ? Buffer.from(wide.buffer) : Buffer.from(Float32Array.from(wide).buffer) };
  }
  if (t.dtype === 'uint16' || t.dtype === 'bits16') {
    const out = new Int32Array(n);
    for (let i = 0; i < n; i++) out[i] = raw.readUInt16LE(2 * i);
    return { dtype: 'int32', bytes: Buffer.from(out.buffer) };
  }
  if (t.dtype === 'uint32') {
    const out = new BigInt64Array(n);
    for (let i = 0; i < n; i++) out[i] = BigInt(raw.readUInt32LE(4 * i));
    return { dtype, bytes: Buffer.from(out.buffer) };
  }
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) out[i] = Number(raw.readBigUInt64LE(8 * i));
  return { dtype, bytes: Buffer.from(out.buffer) };
}

/** scale * (stored - zero point), the pair chosen along one dimension where there is a pair a channel. */
function* dequantize(t: FileTensor, raw: Buffer, start: readonly number[], count: readonly number[]): Io<Buffer> {
  const q = t.options.quantizer!;
  const n = raw.length / t.item;
  const { out, bytes } = floats(n);
  const stored = (i: number): number => (t.dtype === 'qint8' ? raw.readInt8(i) : t.dtype === 'qint32' ? raw.readInt32LE(4 * i) : raw[i]!);
  if (q.axis === null) {
    for (let i = 0; i < n; i++) out[i] = (stored(i) - (q.zeroPoint as number)) * (q.scale as number);
    return bytes;
  }
  const channels = function* (p: FileTensor): Io<number[]> {
    const d = yield* numbers(p, [start[q.axis!]!], [count[q.axis!]!]);
    return Array.from({ length: count[q.axis!]! }, (_, i) => numberAt(d.dtype, d.bytes, i));
  };
  const scales = yield* channels(q.scale as FileTensor);
  const zeros = yield* channels(q.zeroPoint as FileTensor);
  const inner = count.slice(q.axis + 1).reduce((a, b) => a * b, 1);
  for (let i = 0; i < n; i++) {
    const c = Math.floor(i / inner) % scales.length;
    out[i] = (stored(i) - zeros[c]!) * scales[c]!;
  }
  return bytes;
}

function complexAt(dtype: string, b: Buffer, i: number): [number, number] {
  if (dtype === 'complex64') return [b.readFloatLE(8 * i), b.readFloatLE(8 * i + 4)];
  if (dtype === 'complex128') return [b.readDoubleLE(16 * i), b.readDoubleLE(16 * i + 8)];
  return [halfToNumber(b.readUInt16LE(4 * i)), halfToNumber(b.readUInt16LE(4 * i + 2))];
}

/** One number of a native type. int64 beyond 2^53 is rounded. */
export function numberAt(dtype: string, b: Buffer, i: number): number {
  switch (dtype) {
    case 'float32': return b.readFloatLE(4 * i);
    case 'float64': return b.readDoubleLE(8 * i);
    case 'float16': return halfToNumber(b.readUInt16LE(2 * i));
    case 'bfloat16': return bfloatToNumber(b.readUInt16LE(2 * i));
    case 'int64': return Number(b.readBigInt64LE(8 * i));
    case 'int32': return b.readInt32LE(4 * i);
    case 'int16': return b.readInt16LE(2 * i);
    case 'int8': return b.readInt8(i);
    case 'bool': return b[i] === 0 ? 0 : 1;
    default: return b[i]!;
  }
}
/** All of them, as float32 for pictures. */
export function toFloats(d: Decoded): Float32Array {
  if (d.dtype === 'float32' && d.bytes.byteOffset % 4 === 0) return new Float32Array(d.bytes.buffer, d.bytes.byteOffset, d.bytes.length / 4);
  const size = { float32: 4, float64: 8, float16: 2, bfloat16: 2, int64: 8, int32: 4, int16: 2 }[d.dtype] ?? 1;
  const out = new Float32Array(d.bytes.length / size);
  for (let i = 0; i < out.length; i++) out[i] = numberAt(d.dtype, d.bytes, i);
  return out;
}

/** Between the float16 below and above, is `x` nearer to `v` than to either? */
function fitsHalf(bits: number): (x: number) => boolean {
  const v = halfToNumber(bits);
  const up = halfToNumber(bits + 1);
  const gap = Number.isFinite(up) ? Math.abs(up - v) : Math.abs(v - halfToNumber(bits - 1));
  // At a power of two the gap below is half as wide.
  return (x) => x === v || Math.abs(x - v) < gap / ((bits & 0x3ff) === 0 && Math.abs(x) < Math.abs(v) ? 4 : 2);
}

/** As Python prints the value of this type: 0.1, -inf, True, (1+2j), 255. */
export function textAt(dtype: string, b: Buffer, i: number): string {
  switch (dtype) {
    case 'float32': { const v = b.readFloatLE(4 * i); return shortest(v, 9, (x) => Math.fround(x) === v); }
    case 'float64': return floatText(b.readDoubleLE(8 * i));
    case 'float16': { const u = b.readUInt16LE(2 * i); return shortest(halfToNumber(u), 5, fitsHalf(u)); }
    case 'bfloat16': { const u = b.readUInt16LE(2 * i); const v = bfloatToNumber(u); return shortest(v, 5, (x) => numberToBfloat(x) === u); }
    case 'int64': return String(b.readBigInt64LE(8 * i));
    case 'uint64': return String(b.readBigUInt64LE(8 * i));
    case 'uint32': return String(b.readUInt32LE(4 * i));
    case 'uint16': case 'bits16': return String(b.readUInt16LE(2 * i));
    case 'bool': return b[i] === 0 ? 'False' : 'True';
    case 'qint32': return String(b.readInt32LE(4 * i));
    case 'qint8': return String(b.readInt8(i));
    default:
  }
  if (dtype in byteTables) return floatText(Number(byteTables[dtype]!()[b[i]!]!));
  if (dtype.startsWith('complex')) {
    const [re, im] = complexAt(dtype, b, i);
    const one = (v: number): string => (dtype === 'complex128' ? floatText(v) : shortest(v, 9, (x) => Math.fround(x) === v)).replace(/\.0$/, '');
    return `(${one(re)}${im < 0 || Object.is(im, -0) ? '' : '+'}${one(im)}j)`;
  }
  if (/^int[1-7]$/.test(dtype)) return String(b.readInt8(i));
  return String(numberAt(dtype, b, i));
}

/** The stored bits, most significant byte first: 3dcccccd. */
export function bitsAt(item: number, b: Buffer, i: number): string { return Buffer.from(b.subarray(i * item, (i + 1) * item)).reverse().toString('hex'); }

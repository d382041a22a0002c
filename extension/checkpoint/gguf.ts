/** GGUF (llama.cpp): key-value metadata and tensors, quantized blocks included. Checked as ggml itself checks, which is stricter than gguf-py. */
import { ggmlTypes } from './blocks';
import { describe, type OpenedCheckpoint } from './describe';
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { FileRegion } from './region';
import type { Source } from './source';
import { contiguousStride, FileStorage, FileTensor, type TensorOptions } from './tensor';
import { floatText, PyDict } from './values';

const LIMITS = { string: 1 << 30, array: 1 << 30, shown: 400, arrayShown: 16, tensors: 1 << 22 };

export function match(head: Buffer, name: string): boolean { return head.length >= 4 && head.toString('latin1', 0, 4) === 'GGUF' || name.toLowerCase().endsWith('.gguf'); }

/** Sequential little-endian reads through a window, so that a header of any length is read in pieces. */
class Cursor {
  private window: Buffer = Buffer.alloc(0);
  private start = 0;
  at = 0;
  constructor(private readonly source: Source, readonly warnings: string[]) {}
  get left(): number { return this.source.size - this.at; }
  *bytes(n: number): Io<Buffer> {
    if (n > this.left) throw new CheckpointError(`${n} bytes wanted, but the file ends after ${this.left}`, this.at);
    if (this.at < this.start || this.at + n > this.start + this.window.length) {
      this.start = this.at;
      this.window = yield* readAt(this.source, this.at, Math.min(this.left, Math.max(n, 1 << 16)));
    }
    const from = this.at - this.start;
    this.at += n;
    return this.window.subarray(from, from + n);
  }
  *u32(): Io<number> { return (yield* this.bytes(4)).readUInt32LE(0); }
  /** A count or length that must fit what is left: each unit takes `least` bytes. */
  *count(what: string, least: number): Io<number> {
    const at = this.at;
    const v = (yield* this.bytes(8)).readBigUInt64LE(0);
    if (v * BigInt(least) > BigInt(this.left)) throw new CheckpointError(`${what} is ${v}, but only ${this.left} bytes are left`, at);
    return Number(v);
  }
  *string(what: string): Io<string> {
    const n = yield* this.count(`the length of ${what}`, 1);
    if (n > LIMITS.string) throw new CheckpointError(`${what} is ${n} bytes long`, this.at);
    const b = yield* this.bytes(n);
    const s = b.toString('utf8');
    if (!s.includes('\ufffd') || Buffer.from(s, 'utf8').equals(b)) return s;
    this.warnings.push(`${what} is not UTF-8; odd bytes are shown as \\x`);
    return [...b].map((c) => (c >= 0x20 && c < 0x7f ? String.fromCharCode(c) : `\\x${c.toString(16).padStart(2, '0')}`)).join('');
  }
}

const scalarBytes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const typeNames = ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'float32', 'bool', 'string', 'array', 'uint64', 'int64', 'float64'];
function scalar(b: Buffer, at: number, type: number): string {
  switch (type) {
    case 0: return String(b.readUInt8(at));
    case 1: return String(b.readInt8(at));
    case 2: return String(b.readUInt16LE(at));
    case 3: return String(b.readInt16LE(at));
    case 4: return String(b.readUInt32LE(at));
    case 5: return String(b.readInt32LE(at));
    case 6: return floatText(Number(b.readFloatLE(at).toPrecision(8)));
    case 7: return b[at] === 0 ? 'False' : 'True';
    case 10: return String(b.readBigUInt64LE(at));
    case 11: return String(b.readBigInt64LE(at));
    default: return floatText(b.readDoubleLE(at));
  }
}
const short = (s: string): string => (s.length > LIMITS.shown ? `${s.slice(0, LIMITS.shown)}…` : s);

function* value(c: Cursor, key: string): Io<string> {
  const at = c.at;
  const type = yield* c.u32();
  if (type === 8) return short(yield* c.string(`'${key}'`));
  if (type !== 9) {
    if (type > 12) throw new CheckpointError(`'${key}' has the unknown value type ${type}`, at);
    return scalar(yield* c.bytes(scalarBytes[type]!), 0, type);
  }
  const item = yield* c.u32();
  if (item > 12 || item === 9) throw new CheckpointError(item === 9 ? `'${key}' is an array of arrays` : `'${key}' is an array of the unknown type ${item}`, at);
  const size = item === 8 ? 8 : scalarBytes[item]!;
  const n = yield* c.count(`the length of array '${key}'`, size);
  if (n > LIMITS.array) throw new CheckpointError(`'${key}' has ${n} elements`, at);
  const shown: string[] = [];
  if (item === 8) {
    for (let i = 0; i < n; i++) {
      if ((i & 0x3fff) === 0x3fff) yield undefined;
      const length = yield* c.count(`the length of string ${i} of '${key}'`, 1);
      if (i < LIMITS.arrayShown) shown.push(JSON.stringify(short((yield* c.bytes(length)).toString('utf8'))));
      else c.at += length;
    }
  } else {
    const head = yield* c.bytes(Math.min(n, LIMITS.arrayShown) * size);
    for (let i = 0; i < Math.min(n, LIMITS.arrayShown); i++) shown.push(scalar(head, i * size, item));
    c.at += Math.max(0, n - LIMITS.arrayShown) * size;
  }
  return short(`${typeNames[item]}[${n}]: ${shown.join(', ')}${n > LIMITS.arrayShown ? ', …' : ''}`);
}

export const expected = 'A GGUF file is "GGUF", its version (2 or 3), the counts of tensors and of keys, the keys with their values, the descriptions of the tensors, and their bytes, each at a multiple of general.alignment.';

export function* open(source: Source): Io<OpenedCheckpoint> {
  const started = performance.now();
  const warnings: string[] = [];
  const c = new Cursor(source, warnings);
  if ((yield* c.bytes(4)).toString('latin1') !== 'GGUF') throw new CheckpointError('not a GGUF file: it does not begin with GGUF', 0);
  const version = yield* c.u32();
  if ((version & 0xffff) === 0) throw new CheckpointError('this GGUF file is big-endian, which is not read', 4);
  if (version !== 2 && version !== 3) throw new CheckpointError(`GGUF version ${version} is not known (2 and 3 are)`, 4);
  const tensorCount = yield* c.count('the number of tensors', 24);
  const keyCount = yield* c.count('the number of keys', 13);
  if (tensorCount > LIMITS.tensors) throw new CheckpointError(`${tensorCount} tensors are more than can be shown`);

  const keys = new Map<string, string>();
  for (let i = 0; i < keyCount; i++) {
    const key = yield* c.string(`key ${i}`);
    if (key === '') throw new CheckpointError(`key ${i} is empty`, c.at);
    if (keys.has(key)) throw new CheckpointError(`the key '${key}' stands twice`, c.at);
    keys.set(key, yield* value(c, key));
  }
  const alignment = Number(keys.get('general.alignment') ?? 32);
  if (!Number.isInteger(alignment) || alignment <= 0 || (alignment & (alignment - 1)) !== 0) throw new CheckpointError(`general.alignment is ${keys.get('general.alignment')}; a power of two was expected`);

  const entries: { name: string; shape: number[]; type: number; offset: bigint }[] = [];
  const names = new Set<string>();
  for (let i = 0; i < tensorCount; i++) {
    const name = yield* c.string(`the name of tensor ${i}`);
    if (Buffer.byteLength(name) >= 64) throw new CheckpointError(`the name of tensor ${i} is ${Buffer.byteLength(name)} bytes long; ggml allows 63`, c.at);
    if (names.has(name)) throw new CheckpointError(`two tensors are named '${name}'`, c.at);
    names.add(name);
    const dims = yield* c.u32();
    if (dims > 4) throw new CheckpointError(`tensor '${name}' has ${dims} dimensions; ggml allows 4`, c.at - 4);
    const shape: number[] = [];
    let product = 1n;
    for (let d = 0; d < dims; d++) {
      const n = (yield* c.bytes(8)).readBigInt64LE(0);
      product *= n;
      if (n < 0n || product >= 1n << 62n) throw new CheckpointError(`the shape of tensor '${name}' overflows`, c.at - 8);
      shape.unshift(Number(n)); // ne[0] is the fastest dimension.
    }
    entries.push({ name, shape, type: yield* c.u32(), offset: (yield* c.bytes(8)).readBigUInt64LE(0) });
  }

  const base = Math.ceil(c.at / alignment) * alignment;
  const dict = new PyDict();
  let error: string | undefined;
  let errorAt: number | undefined;
  // Null behind the first damage: what follows cannot be expected anywhere.
  let expected: number | null = 0;
  for (const e of entries) {
    const t: { tensor: FileTensor; next: number } = tensorOf(source, base, e, expected, alignment);
    if (t.tensor.options.damaged && error === undefined) [error, errorAt] = [t.tensor.options.problem, Math.min(source.size, base + Number(e.offset))];
    expected = error === undefined ? t.next : null;
    dict.set(e.name, t.tensor);
  }
  const metadata: Record<string, string> = {};
  for (const [k, v] of keys) Object.defineProperty(metadata, k, { value: v, enumerable: true, configurable: true, writable: true });
  const name = keys.get('general.architecture');
  return yield* describe({ source, started, format: 'gguf', description: `GGUF version ${version}${name === undefined ? '' : `, ${short(name)}`}`, value: dict, metadata, warnings, error, errorAt });
}

function tensorOf(source: Source, base: number, e: { name: string; shape: number[]; type: number; offset: bigint }, expected: number | null, alignment: number): { tensor: FileTensor; next: number } {
  const known = ggmlTypes[e.type];
  const row = e.shape[e.shape.length - 1] ?? 1;
  const numel = e.shape.reduce((a, b) => a * b, 1);
  const options: TensorOptions = {};
  const damaged = (problem: string): void => { if (!options.damaged) Object.assign(options, { problem, damaged: true }); };
  let size = 0;
  if (known === undefined) damaged(`tensor '${e.name}' has the unknown type ${e.type}`);
  else if (known.blocks !== undefined) {
    if (row % known.blocks.size !== 0) damaged(`a row of tensor '${e.name}' has ${row} elements, which is no multiple of ${known.name}'s block of ${known.blocks.size}`);
    size = Math.ceil(numel / known.blocks.size) * known.blocks.bytes;
    options.blocks = known.blocks;
    if (known.blocks.decode === undefined) options.problem ??= `${known.name} blocks are not decoded, so the values cannot be shown`;
  } else size = numel * { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, I16: 2, I8: 1 }[known.name]!;
  if (expected !== null && e.offset !== BigInt(expected)) damaged(`tensor '${e.name}' stands at ${e.offset} of the data, but ${expected} was expected`);
  if (e.offset % BigInt(alignment) !== 0n) damaged(`tensor '${e.name}' stands at ${e.offset}, which is not aligned to ${alignment}`);
  const begin = base + Number(e.offset);
  if (begin + size > source.size) damaged(`tensor '${e.name}' needs ${size} bytes at ${begin}, but the file has ${source.size}`);
  const dtype = known?.plain ?? known?.name ?? `type ${e.type}`;
  const storage = new FileStorage(e.name, dtype, size, begin + size <= source.size ? new FileRegion(source, begin, size) : null);
  return { tensor: new FileTensor(storage, dtype, e.shape, contiguousStride(e.shape), 0, options), next: Number(e.offset) + Math.ceil(size / alignment) * alignment };
}

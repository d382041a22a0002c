/** Writes PyTorch's zip format: protocol 2, what torch.load(weights_only=True) of every version reads. */
import zlib from 'node:zlib';
import path from 'node:path';

import { writeDurably, type Writer } from './durable';
import { CheckpointError } from './errors';
import { itemsize } from './dtypes';
import { openCheckpoint } from './registry';

/** A storage to be written once, however many tensors share it. Equal `id`, equal storage. */
export interface WritableStorage { id: number | string; bytes(): Uint8Array; byteLength: number; dtype: string }
export class WritableTensor {
  constructor(readonly storage: WritableStorage, readonly dtype: string, readonly shape: readonly number[], readonly stride: readonly number[], readonly offset: number, readonly requiresGrad: boolean, readonly isParameter: boolean) {}
}
/** Wraps a number that must be a Python float although it is whole. */
export class WritableFloat { constructor(readonly value: number) {} }
export class WritableTuple { constructor(readonly items: readonly Writable[]) {} }
export class WritableDict { constructor(readonly entries: Iterable<[Writable, Writable]>, readonly ordered: boolean, readonly metadata?: Writable) {} }
export type Writable = null | boolean | number | bigint | string | WritableFloat | WritableTuple | readonly Writable[] | WritableDict | WritableTensor;

const storageClass: Readonly<Record<string, string>> = {
  float32: 'FloatStorage', float64: 'DoubleStorage', float16: 'HalfStorage', bfloat16: 'BFloat16Storage', int64: 'LongStorage', int32: 'IntStorage', int16: 'ShortStorage', int8: 'CharStorage', uint8: 'ByteStorage', bool: 'BoolStorage',
};

class Pickler {
  private readonly parts: Buffer[] = [];
  private readonly memo = new Map<string, number>();
  readonly storages = new Map<number | string, { key: string; storage: WritableStorage }>();
  private readonly open = new Set<object>();

  private b(...bytes: number[]): void { this.parts.push(Buffer.from(bytes)); }
  private global(module: string, name: string): void { this.remembered(`g ${module} ${name}`, () => this.parts.push(Buffer.from(`c${module}\n${name}\n`, 'latin1'))); }
  private put(): number {
    const n = this.memo.size;
    if (n < 256) this.b(0x71, n);
    else { const x = Buffer.alloc(5); x[0] = 0x72; x.writeUInt32LE(n, 1); this.parts.push(x); }
    return n;
  }
  private remembered(key: string, write: () => void): void {
    const known = this.memo.get(key);
    if (known === undefined) { write(); this.memo.set(key, this.put()); return; }
    if (known < 256) this.b(0x68, known);
    else { const x = Buffer.alloc(5); x[0] = 0x6a; x.writeUInt32LE(known, 1); this.parts.push(x); }
  }
  private int(v: number | bigint): void {
    const n = BigInt(v);
    if (n >= 0n && n < 256n) return this.b(0x4b, Number(n));
    if (n >= 0n && n < 65536n) return this.b(0x4d, Number(n) & 255, Number(n) >> 8);
    if (n >= -(1n << 31n) && n < 1n << 31n) { const x = Buffer.alloc(5); x[0] = 0x4a; x.writeInt32LE(Number(n), 1); this.parts.push(x); return; }
    const bytes: number[] = [];
    let rest = n;
    do { bytes.push(Number(rest & 255n)); rest >>= 8n; } while (!(rest === 0n && !(bytes[bytes.length - 1]! & 0x80)) && !(rest === -1n && bytes[bytes.length - 1]! & 0x80));
    this.b(0x8a, bytes.length, ...bytes);
  }
  private float(v: number): void { const x = Buffer.alloc(9); x[0] = 0x47; x.writeDoubleBE(v, 1); this.parts.push(x); }
  private string(s: string): void {
    this.remembered(`s ${s}`, () => {
      const text = Buffer.from(s, 'utf8');
      const head = Buffer.alloc(5);
      head[0] = 0x58;
      head.writeUInt32LE(text.length, 1);
      this.parts.push(head, text);
    });
  }
  private ints(values: readonly number[]): void {
    if (values.length === 0) return this.b(0x29);
    if (values.length <= 3) { values.forEach((v) => this.int(v)); return this.b(0x84 + values.length); }
    this.b(0x28);
    values.forEach((v) => this.int(v));
    this.b(0x74);
  }
  private emptyOrdered(): void { this.global('collections', 'OrderedDict'); this.b(0x29, 0x52); }

  private tensor(t: WritableTensor): void {
    if (t.isParameter) { this.global('torch._utils', '_rebuild_parameter'); this.b(0x28); }
    this.global('torch._utils', '_rebuild_tensor_v2');
    this.b(0x28);
    let known = this.storages.get(t.storage.id);
    if (known === undefined) this.storages.set(t.storage.id, (known = { key: String(this.storages.size), storage: t.storage }));
    const cls = storageClass[t.dtype];
    if (cls === undefined) throw new CheckpointError(`tensors of dtype ${t.dtype} cannot be written`);
    if (t.dtype !== known.storage.dtype) throw new CheckpointError('two tensors see one storage as two dtypes; PyTorch cannot save that either');
    this.b(0x28);
    this.string('storage');
    this.global('torch', cls);
    this.string(known.key);
    this.string('cpu');
    this.int(t.storage.byteLength / itemsize(t.dtype)!);
    this.b(0x74, 0x51);
    this.int(t.offset);
    this.ints(t.shape);
    this.ints(t.stride);
    this.b(t.requiresGrad && !t.isParameter ? 0x88 : 0x89);
    this.emptyOrdered();
    this.b(0x74, 0x52);
    if (t.isParameter) { this.b(t.requiresGrad ? 0x88 : 0x89); this.emptyOrdered(); this.b(0x74, 0x52); }
  }
  private batched<T>(items: readonly T[], write: (item: T) => void, one: number, many: number): void {
    for (let i = 0; i < items.length; i += 1000) {
      const part = items.slice(i, i + 1000);
      if (part.length > 1) this.b(0x28);
      part.forEach(write);
      this.b(part.length > 1 ? many : one);
    }
  }

  value(v: Writable): void {
    if (v === null) return this.b(0x4e);
    if (v === true) return this.b(0x88);
    if (v === false) return this.b(0x89);
    if (typeof v === 'string') return this.string(v);
    if (typeof v === 'bigint') return this.int(v);
    if (typeof v === 'number') return Number.isSafeInteger(v) && !Object.is(v, -0) ? this.int(v) : this.float(v);
    if (v instanceof WritableFloat) return this.float(v.value);
    if (v instanceof WritableTensor) return this.tensor(v);
    if (this.open.has(v)) throw new CheckpointError('a value that contains itself cannot be saved');
    this.open.add(v);
    if (v instanceof WritableTuple) {
      if (v.items.length === 0) this.b(0x29);
      else { this.b(0x28); v.items.forEach((x) => this.value(x)); this.b(0x74); }
    } else if (v instanceof WritableDict) {
      if (v.ordered) this.emptyOrdered();
      else this.b(0x7d);
      this.batched([...v.entries], ([k, x]) => { this.value(k); this.value(x); }, 0x73, 0x75);
      if (v.metadata !== undefined) { this.b(0x7d); this.string('_metadata'); this.value(v.metadata); this.b(0x73, 0x62); }
    } else {
      this.b(0x5d);
      this.batched(v as readonly Writable[], (x) => this.value(x), 0x61, 0x65);
    }
    this.open.delete(v);
  }
  dump(v: Writable): Buffer {
    this.b(0x80, 2);
    this.value(v);
    this.b(0x2e);
    return Buffer.concat(this.parts);
  }
}

interface ZipRecord { name: string; size: number; crc: number; offset: number }
const U32 = 0xffffffff;

/** One stored record, its data aligned to 64 bytes by the FB extra field, as PyTorch pads. */
function writeRecord(w: Writer, name: string, data: Uint8Array): ZipRecord {
  const offset = w.position;
  const crc = zlib.crc32(data);
  const label = Buffer.from(name, 'utf8');
  const wide = data.length >= U32;
  const zip64 = wide ? 20 : 0;
  const start = offset + 30 + label.length + zip64 + 4;
  const pad = (64 - (start % 64)) % 64;
  const h = Buffer.alloc(30 + label.length + zip64 + 4 + pad);
  h.writeUInt32LE(0x04034b50, 0);
  h.writeUInt16LE(wide ? 45 : 0, 4);
  h.writeUInt16LE(0x800, 6);
  h.writeUInt32LE(crc, 14);
  h.writeUInt32LE(wide ? U32 : data.length, 18);
  h.writeUInt32LE(wide ? U32 : data.length, 22);
  h.writeUInt16LE(label.length, 26);
  h.writeUInt16LE(zip64 + 4 + pad, 28);
  label.copy(h, 30);
  let at = 30 + label.length;
  if (wide) {
    h.writeUInt16LE(1, at);
    h.writeUInt16LE(16, at + 2);
    h.writeBigUInt64LE(BigInt(data.length), at + 4);
    h.writeBigUInt64LE(BigInt(data.length), at + 12);
    at += 20;
  }
  h.write('FB', at, 'latin1');
  h.writeUInt16LE(pad, at + 2);
  h.fill('Z', at + 4);
  w.write(h);
  w.write(data);
  return { name, size: data.length, crc, offset };
}

function writeDirectory(w: Writer, records: readonly ZipRecord[]): void {
  const start = w.position;
  for (const r of records) {
    const label = Buffer.from(r.name, 'utf8');
    const wide = [r.size >= U32 ? r.size : null, r.size >= U32 ? r.size : null, r.offset >= U32 ? r.offset : null].filter((x): x is number => x !== null);
    const extra = wide.length > 0 ? 4 + 8 * wide.length : 0;
    const d = Buffer.alloc(46 + label.length + extra);
    d.writeUInt32LE(0x02014b50, 0);
    d.writeUInt16LE(wide.length > 0 ? 45 : 0, 6);
    d.writeUInt16LE(0x800, 8);
    d.writeUInt32LE(r.crc, 16);
    d.writeUInt32LE(Math.min(r.size, U32), 20);
    d.writeUInt32LE(Math.min(r.size, U32), 24);
    d.writeUInt16LE(label.length, 28);
    d.writeUInt16LE(extra, 30);
    d.writeUInt32LE(Math.min(r.offset, U32), 42);
    label.copy(d, 46);
    if (extra > 0) {
      d.writeUInt16LE(1, 46 + label.length);
      d.writeUInt16LE(extra - 4, 48 + label.length);
      wide.forEach((x, i) => d.writeBigUInt64LE(BigInt(x), 50 + label.length + 8 * i));
    }
    w.write(d);
  }
  const size = w.position - start;
  const end = Buffer.alloc(56 + 20 + 22);
  const count = BigInt(records.length);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(45, 12);
  end.writeUInt16LE(45, 14);
  end.writeBigUInt64LE(count, 24);
  end.writeBigUInt64LE(count, 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(start + size), 64);
  end.writeUInt32LE(1, 72);
  end.writeUInt32LE(0x06054b50, 76);
  end.writeUInt16LE(Math.min(records.length, 0xffff), 84);
  end.writeUInt16LE(Math.min(records.length, 0xffff), 86);
  end.writeUInt32LE(Math.min(size, U32), 88);
  end.writeUInt32LE(Math.min(start, U32), 92);
  w.write(end);
}

/** Saves a value so that torch.load reads it. Durable: see durable.ts. Returns bytes written and tensors' storages. */
export function saveTorch(file: string, value: Writable): { bytes: number; storages: number } {
  const pickler = new Pickler();
  const pickle = pickler.dump(value);
  const storages = [...pickler.storages.values()];
  const root = path.basename(file).replace(/\.[^.]*$/, '').replace(/[^\w.-]/g, '_') || 'archive';
  const expected = pickle.length + storages.reduce((a, s) => a + s.storage.byteLength + 256, 0);
  let bytes = 0;
  writeDurably(file, expected, (w) => {
    const records = [writeRecord(w, `${root}/data.pkl`, pickle), writeRecord(w, `${root}/byteorder`, Buffer.from('little'))];
    for (const { key, storage } of storages) records.push(writeRecord(w, `${root}/data/${key}`, storage.bytes()));
    records.push(writeRecord(w, `${root}/version`, Buffer.from('3\n')));
    writeDirectory(w, records);
    bytes = w.position;
  }, (temporary) => {
    const opened = openCheckpoint(temporary);
    opened.close();
    if (opened.info.error !== undefined) throw new CheckpointError(`the file just written cannot be read back: ${opened.info.error}`);
  });
  return { bytes, storages: storages.length };
}

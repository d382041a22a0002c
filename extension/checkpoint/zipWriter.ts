/** Writes zip archives as PyTorch and NumPy read them: stored records, data aligned, ZIP64 where a number needs it. */
import type { Writer } from './durable';
import type { Io } from './io';
import { crc32 } from './zip';

interface Written { name: Buffer; size: number; crc: number; offset: number }
const U32 = 0xffffffff;

export class ZipWriter {
  private readonly records: Written[] = [];
  constructor(private readonly w: Writer, private readonly alignment: number) {}

  /** One record of `size` bytes, which `pieces` give in order. */
  *record(name: string, size: number, pieces: Iterable<Io<Uint8Array>>): Io<void> {
    const { w, alignment } = this;
    const offset = w.position;
    const label = Buffer.from(name, 'utf8');
    const wide = size >= U32;
    const zip64 = wide ? 20 : 0;
    // As PyTorch pads: an extra field 'FB' whose length carries the data to the next boundary.
    const start = offset + 30 + label.length + zip64 + 4;
    const pad = (alignment - (start % alignment)) % alignment;
    const h = Buffer.alloc(30 + label.length + zip64 + 4 + pad);
    h.writeUInt32LE(0x04034b50, 0);
    h.writeUInt16LE(wide ? 45 : 20, 4);
    h.writeUInt16LE(0x800, 6);
    h.writeUInt16LE(0x21, 12); // 1980-01-01: the same bytes for the same content
    h.writeUInt32LE(wide ? U32 : size, 18);
    h.writeUInt32LE(wide ? U32 : size, 22);
    h.writeUInt16LE(label.length, 26);
    h.writeUInt16LE(zip64 + 4 + pad, 28);
    label.copy(h, 30);
    let at = 30 + label.length;
    if (wide) {
      h.writeUInt16LE(1, at);
      h.writeUInt16LE(16, at + 2);
      h.writeBigUInt64LE(BigInt(size), at + 4);
      h.writeBigUInt64LE(BigInt(size), at + 12);
      at += 20;
    }
    h.write('FB', at, 'latin1');
    h.writeUInt16LE(pad, at + 2);
    h.fill('Z', at + 4);
    yield* w.write(h);
    let crc = 0;
    const before = w.position;
    for (const piece of pieces) {
      const bytes = yield* piece;
      crc = crc32(bytes, crc);
      yield* w.write(bytes);
    }
    if (w.position - before !== size) throw new Error(`record '${name}' was announced with ${size} bytes, but ${w.position - before} came`);
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc);
    yield* w.patch(sum, offset + 14);
    this.records.push({ name: label, size, crc, offset });
  }
  *small(name: string, bytes: Uint8Array): Io<void> { yield* this.record(name, bytes.length, [once(bytes)]); }

  *finish(): Io<void> {
    const start = this.w.position;
    for (const r of this.records) yield* this.w.write(directoryEntry(r));
    yield* this.w.write(endRecords(this.records.length, start, this.w.position - start));
  }
}
export function* once(bytes: Uint8Array): Io<Uint8Array> { return bytes; }

function directoryEntry(r: Written): Buffer {
  const wide = [...(r.size >= U32 ? [r.size, r.size] : []), ...(r.offset >= U32 ? [r.offset] : [])];
  const extra = wide.length > 0 ? 4 + 8 * wide.length : 0;
  const d = Buffer.alloc(46 + r.name.length + extra);
  d.writeUInt32LE(0x02014b50, 0);
  d.writeUInt16LE(wide.length > 0 ? 45 : 20, 4);
  d.writeUInt16LE(wide.length > 0 ? 45 : 20, 6);
  d.writeUInt16LE(0x800, 8);
  d.writeUInt16LE(0x21, 14);
  d.writeUInt32LE(r.crc, 16);
  d.writeUInt32LE(Math.min(r.size, U32), 20);
  d.writeUInt32LE(Math.min(r.size, U32), 24);
  d.writeUInt16LE(r.name.length, 28);
  d.writeUInt16LE(extra, 30);
  d.writeUInt32LE(Math.min(r.offset, U32), 42);
  r.name.copy(d, 46);
  if (extra > 0) {
    d.writeUInt16LE(1, 46 + r.name.length);
    d.writeUInt16LE(extra - 4, 48 + r.name.length);
    wide.forEach((x, i) => d.writeBigUInt64LE(BigInt(x), 50 + r.name.length + 8 * i));
  }
  return d;
}
/** ZIP64 end, its locator, and the end: PyTorch always writes all three. */
function endRecords(records: number, start: number, size: number): Buffer {
  const end = Buffer.alloc(56 + 20 + 22);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(45, 12);
  end.writeUInt16LE(45, 14);
  end.writeBigUInt64LE(BigInt(records), 24);
  end.writeBigUInt64LE(BigInt(records), 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(start), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(start + size), 64);
  end.writeUInt32LE(1, 72);
  end.writeUInt32LE(0x06054b50, 76);
  end.writeUInt16LE(Math.min(records, 0xffff), 84);
  end.writeUInt16LE(Math.min(records, 0xffff), 86);
  end.writeUInt32LE(Math.min(size, U32), 88);
  end.writeUInt32LE(Math.min(start, U32), 92);
  return end;
}

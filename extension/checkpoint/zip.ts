/**
 * The zip directory of a PyTorch file. Records are stored, so tensors are read in place; only small deflated records
 * (TorchScript code) are ever inflated, under a cap. The central directory is the authority, as in PyTorch's reader.
 */
import zlib from 'node:zlib';

import { CheckpointError } from './errors';
import type { Source } from './source';

export interface ZipEntry {
  name: string;
  method: number;
  crc: number;
  /** Bytes as stored, and as they are. */
  compressedSize: number;
  size: number;
  headerOffset: number;
}

const EOCD = 0x06054b50;
const MAX_ENTRIES = 4_000_000;
const MAX_DIRECTORY = 1 << 29;

function big(buffer: Buffer, at: number, what: string): number {
  const v = buffer.readBigUInt64LE(at);
  if (v > BigInt(Number.MAX_SAFE_INTEGER)) throw new CheckpointError(`${what} ${v} is larger than any file`);
  return Number(v);
}

export class Zip {
  readonly entries = new Map<string, ZipEntry>();
  readonly warnings: string[] = [];

  constructor(private readonly source: Source) {
    const { offset, size, count } = this.findDirectory();
    if (size > MAX_DIRECTORY || count > MAX_ENTRIES) throw new CheckpointError(`the zip directory claims ${count} entries in ${size} bytes`);
    this.readDirectory(source.read(offset, size), count);
    this.checkOverlap(offset);
  }

  private findDirectory(): { offset: number; size: number; count: number } {
    const s = this.source;
    const tail = Math.min(s.size, 65557);
    const buffer = s.read(s.size - tail, tail);
    for (let i = tail - 22; i >= 0; i--) {
      if (buffer.readUInt32LE(i) !== EOCD || i + 22 + buffer.readUInt16LE(i + 20) > tail) continue;
      const at = s.size - tail + i;
      let count = buffer.readUInt16LE(i + 10);
      let size = buffer.readUInt32LE(i + 12);
      let offset = buffer.readUInt32LE(i + 16);
      if (at >= 20) {
        const locator = s.read(at - 20, 20);
        if (locator.readUInt32LE(0) === 0x07064b50) {
          const end64 = s.read(big(locator, 8, 'the ZIP64 directory offset'), 56);
          if (end64.readUInt32LE(0) !== 0x06064b50) throw new CheckpointError('the ZIP64 directory end has a wrong signature');
          count = big(end64, 32, 'the entry count');
          size = big(end64, 40, 'the directory size');
          offset = big(end64, 48, 'the directory offset');
        }
      }
      if (offset + size > at) throw new CheckpointError(`the zip directory (${size} bytes at ${offset}) does not fit before its end record`, at);
      return { offset, size, count };
    }
    throw new CheckpointError('not a zip file, or cut short: there is no zip directory at the end');
  }

  private readDirectory(d: Buffer, count: number): void {
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (at + 46 > d.length || d.readUInt32LE(at) !== 0x02014b50) throw new CheckpointError(`entry ${i} of the zip directory is damaged`);
      const flags = d.readUInt16LE(at + 8);
      const nameLength = d.readUInt16LE(at + 28);
      const extraLength = d.readUInt16LE(at + 30);
      const next = at + 46 + nameLength + extraLength + d.readUInt16LE(at + 32);
      if (next > d.length) throw new CheckpointError(`entry ${i} of the zip directory is cut short`);
      const name = d.toString('utf8', at + 46, at + 46 + nameLength);
      const entry: ZipEntry = { name, method: d.readUInt16LE(at + 10), crc: d.readUInt32LE(at + 16), compressedSize: d.readUInt32LE(at + 20), size: d.readUInt32LE(at + 24), headerOffset: d.readUInt32LE(at + 42) };
      this.zip64(entry, d.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
      if (flags & 0x2061) throw new CheckpointError(`record '${name}' is encrypted or patched, which PyTorch never writes`);
      if (this.entries.has(name)) throw new CheckpointError(`the zip directory has two records named '${name}'`);
      if (entry.headerOffset + 30 + entry.compressedSize > this.source.size) throw new CheckpointError(`record '${name}' (${entry.compressedSize} bytes at ${entry.headerOffset}) lies beyond the end of the file`);
      this.entries.set(name, entry);
      at = next;
    }
    const folded = new Set([...this.entries.keys()].map((n) => n.toLowerCase()));
    if (folded.size !== this.entries.size) throw new CheckpointError('two records differ only in upper and lower case: readers disagree about which one counts');
  }

  private zip64(entry: ZipEntry, extra: Buffer): void {
    for (let at = 0; at + 4 <= extra.length;) {
      const id = extra.readUInt16LE(at);
      const length = extra.readUInt16LE(at + 2);
      const end = at + 4 + length;
      if (end > extra.length) return;
      if (id === 1) {
        let p = at + 4;
        const take = (): number => {
          if (p + 8 > end) throw new CheckpointError(`record '${entry.name}' has a damaged ZIP64 field`);
          p += 8;
          return big(extra, p - 8, 'a ZIP64 value');
        };
        if (entry.size === 0xffffffff) entry.size = take();
        if (entry.compressedSize === 0xffffffff) entry.compressedSize = take();
        if (entry.headerOffset === 0xffffffff) entry.headerOffset = take();
      }
      at = end;
    }
  }

  /** Records that share bytes are a bomb or a trick. */
  private checkOverlap(directory: number): void {
    const sorted = [...this.entries.values()].sort((a, b) => a.headerOffset - b.headerOffset);
    for (let i = 0; i < sorted.length; i++) {
      const e = sorted[i]!;
      const end = e.headerOffset + 30 + e.compressedSize;
      const next = i + 1 < sorted.length ? sorted[i + 1]!.headerOffset : directory;
      if (end > next) throw new CheckpointError(`record '${e.name}' overlaps the record behind it`, e.headerOffset);
    }
  }

  /** Where a stored record's bytes begin. */
  dataOffset(entry: ZipEntry): number {
    const h = this.source.read(entry.headerOffset, 30);
    if (h.readUInt32LE(0) !== 0x04034b50) throw new CheckpointError(`record '${entry.name}' has a wrong local signature`, entry.headerOffset);
    const offset = entry.headerOffset + 30 + h.readUInt16LE(26) + h.readUInt16LE(28);
    if (offset + entry.compressedSize > this.source.size) throw new CheckpointError(`record '${entry.name}' lies beyond the end of the file`, entry.headerOffset);
    return offset;
  }

  /** A whole small record, inflated when deflated; never more than `cap` bytes. */
  readSmall(entry: ZipEntry, cap: number): Buffer {
    if (entry.size > cap || entry.compressedSize > cap) throw new CheckpointError(`record '${entry.name}' claims ${entry.size} bytes; more than ${cap} are not read at once`);
    const raw = this.source.read(this.dataOffset(entry), entry.compressedSize);
    let data: Buffer;
    if (entry.method === 0) {
      if (entry.size !== entry.compressedSize) throw new CheckpointError(`stored record '${entry.name}' has two sizes, ${entry.compressedSize} and ${entry.size}`);
      data = raw;
    } else if (entry.method === 8) {
      try {
        data = zlib.inflateRawSync(raw, { maxOutputLength: Math.max(1, entry.size) });
      } catch (error) {
        throw new CheckpointError(`record '${entry.name}' cannot be inflated to its ${entry.size} bytes: ${(error as Error).message}`);
      }
      if (data.length !== entry.size) throw new CheckpointError(`record '${entry.name}' inflates to ${data.length} bytes instead of ${entry.size}`);
    } else throw new CheckpointError(`record '${entry.name}' uses compression method ${entry.method}; only stored and deflated records exist in PyTorch files`);
    // Zero means "not computed": torch writes that with set_crc32_options(False).
    if (entry.crc !== 0 && zlib.crc32(data) !== entry.crc) this.warnings.push(`record '${entry.name}': the checksum does not match (PyTorch does not check it)`);
    return data;
  }
}

/**
 * The zip directory of a PyTorch or NumPy file. The central directory is the authority, as in PyTorch's reader; where a local
 * header tells another story, it is said. Records that could trick one reader and not another are refused.
 */
import zlib from 'node:zlib';

import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { DeflatedRegion, FileRegion, type Region } from './region';
import type { Source } from './source';

export interface ZipEntry {
  name: string;
  flags: number;
  method: number;
  crc: number;
  /** Bytes as stored, and as they are. */
  compressedSize: number;
  size: number;
  headerOffset: number;
}

const LIMITS = { entries: 2_000_000, directory: 1 << 28, ratio: 1100 };

function big(buffer: Buffer, at: number, what: string): number {
  const v = buffer.readBigUInt64LE(at);
  if (v > BigInt(Number.MAX_SAFE_INTEGER)) throw new CheckpointError(`${what} ${v} is larger than any file`);
  return Number(v);
}

const table = ((): Uint32Array => Uint32Array.from({ length: 256 }, (_, n) => { let c = n; for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1; return c >>> 0; }))();
/** zlib.crc32 where Node has it (20.15 and later). */
export const crc32: (data: Uint8Array, value?: number) => number = (zlib as { crc32?: (d: Uint8Array, v?: number) => number }).crc32 ?? ((data, value = 0) => {
  let c = ~value;
  for (let i = 0; i < data.length; i++) c = table[(c ^ data[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
});

/** An ASCII capital: the only ones that PyTorch's reader takes for their small letters. */
function hasUpper(d: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (d[i]! >= 65 && d[i]! <= 90) return true;
  return false;
}

export class Zip {
  readonly entries = new Map<string, ZipEntry>();
  readonly warnings: string[] = [];
  private constructor(private readonly source: Source) {}

  static *open(source: Source): Io<Zip> {
    const zip = new Zip(source);
    const { offset, size, count } = yield* zip.findDirectory();
    if (size > LIMITS.directory || count > LIMITS.entries || count * 46 > size) throw new CheckpointError(`the zip directory claims ${count} entries in ${size} bytes`, offset);
    yield* zip.readDirectory(yield* readAt(source, offset, size), count, offset);
    zip.checkOverlap(offset);
    return zip;
  }

  private *findDirectory(): Io<{ offset: number; size: number; count: number }> {
    const s = this.source;
    const tail = Math.min(s.size, 65557);
    const buffer = yield* readAt(s, s.size - tail, tail);
    let ends = 0;
    let found: { offset: number; size: number; count: number } | undefined;
    for (let i = tail - 22; i >= 0; i--) {
      if (buffer[i] !== 0x50 || buffer.readUInt32LE(i) !== 0x06054b50) continue;
      const comment = buffer.readUInt16LE(i + 20);
      if (i + 22 + comment > tail) continue;
      ends++;
      if (found !== undefined) continue;
      const at = s.size - tail + i;
      found = { count: buffer.readUInt16LE(i + 10), size: buffer.readUInt32LE(i + 12), offset: buffer.readUInt32LE(i + 16) };
      if (at >= 20) {
        const locator = yield* readAt(s, at - 20, 20);
        if (locator.readUInt32LE(0) === 0x07064b50) {
          const end64 = yield* readAt(s, big(locator, 8, 'the ZIP64 directory offset'), 56);
          if (end64.readUInt32LE(0) !== 0x06064b50) throw new CheckpointError('the ZIP64 directory end has a wrong signature');
          found = { count: big(end64, 32, 'the entry count'), size: big(end64, 40, 'the directory size'), offset: big(end64, 48, 'the directory offset') };
        }
      }
      if (found.offset + found.size > at) throw new CheckpointError(`the zip directory (${found.size} bytes at ${found.offset}) does not fit before its end record`, at);
      if (i + 22 + comment < tail) this.warnings.push(`${tail - (i + 22 + comment)} bytes stand behind the end of the archive`);
    }
    if (found === undefined) throw new CheckpointError('not a zip file, or cut short: there is no zip directory at the end', s.size);
    if (ends > 1) this.warnings.push(`the archive has ${ends} end records; the last one counts`);
    return found;
  }

  private *readDirectory(d: Buffer, count: number, start: number): Io<void> {
    const mixed: string[] = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      if ((i & 0xfff) === 0xfff) yield undefined;
      if (at + 46 > d.length || d.readUInt32LE(at) !== 0x02014b50) throw new CheckpointError(`entry ${i} of the zip directory is damaged`, start + at);
      const flags = d.readUInt16LE(at + 8);
      const nameLength = d.readUInt16LE(at + 28);
      const extraLength = d.readUInt16LE(at + 30);
      const next = at + 46 + nameLength + extraLength + d.readUInt16LE(at + 32);
      if (next > d.length) throw new CheckpointError(`entry ${i} of the zip directory is cut short`, start + at);
      const name = d.toString('utf8', at + 46, at + 46 + nameLength);
      const entry: ZipEntry = { name, flags, method: d.readUInt16LE(at + 10), crc: d.readUInt32LE(at + 16), compressedSize: d.readUInt32LE(at + 20), size: d.readUInt32LE(at + 24), headerOffset: d.readUInt32LE(at + 42) };
      if (extraLength > 0) zip64(entry, d.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
      if (flags & 0x2061) throw new CheckpointError(`record '${name}' is encrypted or patched, which PyTorch never writes`, start + at);
      if (entry.headerOffset + 30 + entry.compressedSize > this.source.size) throw new CheckpointError(`record '${name}' (${entry.compressedSize} bytes at ${entry.headerOffset}) lies beyond the end of the file`, start + at);
      if (entry.method === 8 && entry.size > entry.compressedSize * LIMITS.ratio + 1024) throw new CheckpointError(`record '${name}' claims to inflate ${entry.compressedSize} bytes to ${entry.size}, which deflate cannot`, start + at);
      if (this.entries.has(name)) throw new CheckpointError(`the zip directory has two records named '${name}'`, start + at);
      if (hasUpper(d, at + 46, at + 46 + nameLength)) mixed.push(name);
      this.entries.set(name, entry);
      at = next;
    }
    this.checkCase(mixed);
    if (at < d.length) this.warnings.push(`${d.length - at} bytes of the zip directory belong to no entry`);
  }

  private checkCase(mixed: readonly string[]): void {
    for (const name of mixed) {
      const lower = name.toLowerCase();
      const other = this.mixed.get(lower)?.name ?? (this.entries.has(lower) ? lower : undefined);
      if (other !== undefined) throw new CheckpointError(`the records '${other}' and '${name}' differ only in upper and lower case: readers disagree about which one counts`);
      this.mixed.set(lower, this.entries.get(name)!);
    }
  }

  /** Records that share bytes are a bomb or a trick. */
  private checkOverlap(directory: number): void {
    const sorted = [...this.entries.values()].sort((a, b) => a.headerOffset - b.headerOffset);
    for (let i = 0; i < sorted.length; i++) {
      const e = sorted[i]!;
      const next = i + 1 < sorted.length ? sorted[i + 1]!.headerOffset : directory;
      if (e.headerOffset + 30 + e.compressedSize > next) throw new CheckpointError(`record '${e.name}' overlaps the record behind it`, e.headerOffset);
    }
  }

  /** A record by name; PyTorch does not mind upper and lower case. */
  find(name: string): ZipEntry | undefined {
    const exact = this.entries.get(name);
    if (exact !== undefined) return exact;
    const lower = name.toLowerCase();
    return this.entries.get(lower) ?? this.mixed.get(lower);
  }
  /** The records whose names have capitals, by their names in small letters. */
  private readonly mixed = new Map<string, ZipEntry>();

  /** Where a record's bytes begin. Checks its local header. */
  *dataOffset(entry: ZipEntry): Io<number> {
    const h = yield* readAt(this.source, entry.headerOffset, 30);
    if (h.readUInt32LE(0) !== 0x04034b50) throw new CheckpointError(`record '${entry.name}' has a wrong local signature`, entry.headerOffset);
    const nameLength = h.readUInt16LE(26);
    const offset = entry.headerOffset + 30 + nameLength + h.readUInt16LE(28);
    if (offset + entry.compressedSize > this.source.size) throw new CheckpointError(`record '${entry.name}' lies beyond the end of the file`, entry.headerOffset);
    return offset;
  }
  /** Says where a record's local header differs from the directory: scanners have been misled so. */
  *compareLocal(entry: ZipEntry): Io<void> {
    const h = yield* readAt(this.source, entry.headerOffset, 30);
    if (h.readUInt32LE(0) !== 0x04034b50) throw new CheckpointError(`record '${entry.name}' has a wrong local signature`, entry.headerOffset);
    const length = h.readUInt16LE(26);
    const name = (yield* readAt(this.source, entry.headerOffset + 30, Math.min(length, this.source.size - entry.headerOffset - 30))).toString('utf8');
    const say = (what: string): void => { this.warnings.push(`record '${entry.name}': its local header ${what}; the directory counts`); };
    if (name !== entry.name) say(`names it '${name.slice(0, 80)}'`);
    if (h.readUInt16LE(6) & 0x2061) say('says that it is encrypted');
    if (h.readUInt16LE(8) !== entry.method) say(`gives compression method ${h.readUInt16LE(8)} instead of ${entry.method}`);
  }

  /** A record's bytes, read when asked for. */
  region(entry: ZipEntry): Region {
    if (entry.method === 0) {
      if (entry.size !== entry.compressedSize) throw new CheckpointError(`stored record '${entry.name}' has two sizes, ${entry.compressedSize} and ${entry.size}`);
      return new RecordRegion(this, entry, this.source);
    }
    if (entry.method === 8) return new DeflatedRegion(this.source, () => this.dataOffset(entry), entry.compressedSize, entry.size, entry.name);
    throw new CheckpointError(`record '${entry.name}' uses compression method ${entry.method}; only stored and deflated records are read`);
  }

  /** A whole record of at most `cap` bytes. */
  *readWhole(entry: ZipEntry, cap: number): Io<Buffer> {
    if (entry.size > cap || entry.compressedSize > cap) throw new CheckpointError(`record '${entry.name}' claims ${entry.size} bytes; more than ${cap} are not read at once`);
    const data = yield* this.region(entry).read(0, entry.size);
    this.checkCrc(entry, data);
    return data;
  }
  /** Zero means "not computed": torch writes that with set_crc32_options(False). */
  checkCrc(entry: ZipEntry, data: Buffer): void {
    if (entry.crc !== 0 && crc32(data) !== entry.crc) this.warnings.push(`record '${entry.name}': the checksum (CRC) does not match its bytes; PyTorch does not check it`);
  }
}

/** A stored record: its local header is looked at when it is first read. */
class RecordRegion extends FileRegion {
  constructor(private readonly zip: Zip, private readonly entry: ZipEntry, source: Source) { super(source, null, entry.size); }
  protected override locate(): Io<number> { return this.zip.dataOffset(this.entry); }
}

function zip64(entry: ZipEntry, extra: Buffer): void {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) return;
    if (extra.readUInt16LE(at) === 1) {
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

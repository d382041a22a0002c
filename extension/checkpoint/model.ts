/** What a reader gives: the structure of a file, and its tensors as views of storages whose bytes are read when asked for. */
import type { CheckpointInfo } from '../protocol/checkpoint';
import { CheckpointError } from './errors';
import { itemsize, swapUnit } from './dtypes';
import type { Source } from './source';

/** Bytes in the file, shared by the tensors that name it. */
export interface FileStorage {
  id: string;
  dtype: string;
  bytes: number;
  offset: number;
  source: Source;
  bigEndian: boolean;
  /** Device recorded in the file. */
  location: string;
}

/** A tensor as a file describes it. Offsets and strides in elements. */
export class FileTensor {
  name = '';
  constructor(readonly storage: FileStorage | null, readonly dtype: string, readonly shape: number[], readonly stride: number[], readonly offset: number,
    readonly options: { requiresGrad?: boolean; isParameter?: boolean; conj?: boolean; neg?: boolean; problem?: string; note?: string } = {}) {}
  get numel(): number { return this.shape.reduce((a, b) => a * b, 1); }
  get contiguous(): boolean {
    let expected = 1;
    for (let i = this.shape.length - 1; i >= 0; i--) {
      if (this.shape[i] === 1) continue;
      if (this.stride[i] !== expected) return false;
      expected *= this.shape[i]!;
    }
    return true;
  }

  /** The values, contiguous, little-endian, with conjugate and negative bits applied. */
  read(): Uint8Array {
    const parts = [...this.chunks(1 << 26)];
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The same in pieces of about `size` bytes: whole elements, C order, bounded memory. */
  *chunks(size: number): Generator<Uint8Array> {
    if (this.options.problem !== undefined) throw new CheckpointError(this.options.problem);
    const item = itemsize(this.dtype);
    const s = this.storage;
    if (s === null || item === null) throw new CheckpointError(`tensor '${this.name}' (${this.dtype}) has no bytes that can be read`);
    const n = this.numel;
    if (n === 0) { yield new Uint8Array(0); return; }
    const per = Math.max(1, Math.floor(size / item));
    if (this.contiguous) {
      for (let i = 0; i < n; i += per) yield this.finish(s.source.read(s.offset + (this.offset + i) * item, Math.min(per, n - i) * item), s);
      return;
    }
    // Strided: gathered from the storage's bytes.
    const whole = Buffer.allocUnsafe(s.bytes);
    s.source.readInto(whole, s.offset);
    const index = this.shape.map(() => 0);
    for (let i = 0; i < n; i += per) {
      const count = Math.min(per, n - i);
      const out = Buffer.allocUnsafe(count * item);
      for (let k = 0; k < count; k++) {
        let at = this.offset;
        for (let d = 0; d < index.length; d++) at += index[d]! * this.stride[d]!;
        whole.copy(out, k * item, at * item, (at + 1) * item);
        for (let d = index.length - 1; d >= 0; d--) {
          if (++index[d]! < this.shape[d]!) break;
          index[d] = 0;
        }
      }
      yield this.finish(out, s);
    }
  }

  private finish(b: Buffer, s: FileStorage): Buffer {
    const unit = swapUnit(this.dtype);
    if (s.bigEndian && unit > 1) { if (unit === 2) b.swap16(); else if (unit === 4) b.swap32(); else b.swap64(); }
    const flip = (step: number, start: number): void => { for (let i = start + unit - 1; i < b.length; i += step) b[i]! ^= 0x80; };
    if (this.options.conj) flip(unit * 2, unit);
    if (this.options.neg) flip(unit, 0);
    return b;
  }
}

/** Values as a library rebuilds them: Map for dicts, arrays, FileTensor, and markers for what is neither. */
export type FileValue = null | boolean | number | bigint | string | Uint8Array | FileValue[] | FileDict | FileTensor | FileOther;
export class FileDict extends Map<FileValue, FileValue> {
  ordered = false;
  metadata: FileValue | undefined;
}
/** Something that has no value here: a class instance, a device. */
export class FileOther { constructor(readonly type: string, readonly text: string) {} }

export interface OpenedCheckpoint {
  info: CheckpointInfo;
  tensors: Map<string, FileTensor>;
  value: FileValue;
  close(): void;
}

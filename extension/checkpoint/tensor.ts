/** Tensors as a file describes them: views of storages whose bytes are read when asked for, in bounded memory. */
import { itemsize, swapUnit } from './dtypes';
import { CheckpointError } from './errors';
import type { Io } from './io';
import type { Region } from './region';
import type { Value } from './values';

/** Bytes in the file, shared by the tensors that name it. */
export class FileStorage {
  constructor(readonly id: string, readonly dtype: string, readonly bytes: number, readonly region: Region | null, readonly bigEndian = false,
    /** Device recorded in the file. */ readonly location = '', /** Why it cannot be read. */ readonly problem?: string) {}
}

/** Blocks of a quantized type: `size` elements in `bytes` bytes. `decode` gives float32, or is missing when the type is not known well enough. */
export interface Blocks { size: number; bytes: number; decode?(block: Buffer, at: number, out: Float32Array, to: number): void }

export interface Quantizer { scheme: string; scale: number | FileTensor; zeroPoint: number | FileTensor; axis: number | null; /** As they stand in the pickle. */ raw: Value }

export interface TensorOptions {
  requiresGrad?: boolean; parameter?: boolean; conj?: boolean; neg?: boolean; subclass?: string; attrs?: Value; note?: string;
  quantizer?: Quantizer;
  blocks?: Blocks;
  shard?: string;
  /** Why its values cannot be read. `damaged`: because the file breaks the rules, not because the type is unknown here. */
  problem?: string; damaged?: boolean;
  /** The function in the file that makes it. */
  rebuild?: string;
}

/** One read may cover this much of a storage to pick strided elements out of it. */
const SPAN = 1 << 23;

export class FileTensor {
  constructor(readonly storage: FileStorage | null, readonly dtype: string, readonly shape: readonly number[], readonly stride: readonly number[],
    /** In elements, as the strides. */ readonly offset: number, readonly options: TensorOptions = {}) {}

  get numel(): number {
    let n = 1;
    for (let i = 0; i < this.shape.length; i++) n *= this.shape[i]!;
    return n;
  }
  /** Exact, also beyond 2^53. */
  get numelText(): number | string { const n = this.numel; return Number.isSafeInteger(n) ? n : String(this.shape.reduce((a, b) => a * BigInt(b), 1n)); }
  /** Bytes of the values as stored. */
  get bytes(): number { const b = this.options.blocks; return b === undefined ? this.numel * (itemsize(this.dtype) ?? 0) : Math.ceil(this.numel / b.size) * b.bytes; }
  get problem(): string | undefined { return this.options.problem ?? this.storage?.problem ?? (this.storage === null ? 'it has no values' : undefined); }
  /** Bytes of an element as `box` gives it: blocks are decoded to float32. */
  get item(): number { return this.options.blocks === undefined ? itemsize(this.dtype) ?? 1 : 4; }
  /** Type of what `box` gives. */
  get readType(): string { return this.options.blocks === undefined ? this.dtype : 'float32'; }
  get contiguous(): boolean {
    let expected = 1;
    for (let i = this.shape.length - 1; i >= 0; i--) {
      if (this.shape[i] === 1) continue;
      if (this.stride[i] !== expected) return this.numel === 0;
      expected *= this.shape[i]!;
    }
    return true;
  }
  /** The elements in memory order with none left out, when the tensor is a permutation of such a run; `repeat`: how often each counts (expanded dimensions). */
  get dense(): { count: number; repeat: number } | null {
    const dims = this.shape.map((n, i) => ({ n, s: this.stride[i]! })).filter((d) => d.n !== 1);
    if (dims.some((d) => d.n === 0)) return { count: 0, repeat: 1 };
    const repeat = dims.filter((d) => d.s === 0).reduce((a, d) => a * d.n, 1);
    let expected = 1;
    for (const d of dims.filter((x) => x.s !== 0).sort((a, b) => a.s - b.s)) {
      if (d.s !== expected) return null;
      expected *= d.n;
    }
    return { count: expected, repeat };
  }

  private check(): FileStorage & { region: Region } {
    const s = this.storage;
    if (this.problem !== undefined || s?.region == null) throw new CheckpointError(this.problem ?? 'it has no values');
    if (this.options.blocks !== undefined ? this.options.blocks.decode === undefined : itemsize(this.dtype) === null) throw new CheckpointError(`${this.dtype} values cannot be decoded here; their bytes can be copied and saved`);
    return s as FileStorage & { region: Region };
  }

  /** `count` elements of the storage from `at` on, in memory order, little-endian, conjugate and negative bits applied. */
  *elements(at: number, count: number): Io<Buffer> {
    const s = this.check();
    const blocks = this.options.blocks;
    if (blocks === undefined) return this.finish(yield* s.region.read(at * this.item, count * this.item), s);
    const first = Math.floor(at / blocks.size);
    const last = Math.ceil((at + count) / blocks.size);
    const raw = yield* s.region.read(first * blocks.bytes, (last - first) * blocks.bytes);
    const out = new Float32Array((last - first) * blocks.size);
    for (let i = 0; i < last - first; i++) blocks.decode!(raw, i * blocks.bytes, out, i * blocks.size);
    return Buffer.from(out.buffer, (at - first * blocks.size) * 4, count * 4);
  }

  /** The block of `count` elements a dimension from `start` on, C order, contiguous. The caller bounds its size. */
  *box(start: readonly number[], count: readonly number[]): Io<Buffer> {
    this.check();
    const item = this.item;
    const total = count.reduce((a, b) => a * b, 1);
    if (total === 0) return Buffer.alloc(0);
    // Walk the storage in its own order, whatever the tensor's order is, so that reads are long.
    const dims = count.map((n, i) => ({ n, stride: this.stride[i]!, out: 0 }));
    for (let i = dims.length - 1, step = item; i >= 0; i--) { dims[i]!.out = step; step *= dims[i]!.n; }
    const order: typeof dims = [];
    for (const d of dims.filter((x) => x.n > 1).sort((a, b) => b.stride - a.stride)) {
      const before = order[order.length - 1];
      if (before !== undefined && before.stride === d.stride * d.n && before.out === d.out * d.n) order[order.length - 1] = { n: before.n * d.n, stride: d.stride, out: d.out };
      else order.push(d);
    }
    const at = this.offset + start.reduce((a, x, i) => a + x * this.stride[i]!, 0);
    if (total * item <= SPAN && (order.length === 0 || (order.length === 1 && order[0]!.stride === 1))) return yield* this.elements(at, total);
    const out = Buffer.allocUnsafe(total * item);
    yield* this.fill(order, 0, at, out, 0);
    return out;
  }

  private *fill(dims: readonly { n: number; stride: number; out: number }[], d: number, at: number, out: Buffer, to: number): Io<void> {
    let span = 1;
    let needed = 1;
    for (let i = d; i < dims.length; i++) { span += (dims[i]!.n - 1) * dims[i]!.stride; needed *= dims[i]!.n; }
    if (d === dims.length || (span * this.item <= SPAN && (span <= 4096 || span <= needed * 64))) {
      const bytes = yield* this.elements(at, span);
      scatter(bytes, dims, d, 0, out, to, this.item);
      return;
    }
    const { n, stride, out: step } = dims[d]!;
    // A run too long for one read is read in parts.
    if (d === dims.length - 1 && stride === 1 && step === this.item) {
      const per = Math.floor(SPAN / this.item);
      for (let i = 0; i < n; i += per) (yield* this.elements(at + i, Math.min(per, n - i))).copy(out, to + i * step);
      return;
    }
    for (let i = 0; i < n; i++) yield* this.fill(dims, d + 1, at + i * stride, out, to + i * step);
  }

  private finish(b: Buffer, s: FileStorage): Buffer {
    const unit = swapUnit(this.dtype);
    if (s.bigEndian && unit > 1) { if (unit === 2) b.swap16(); else if (unit === 4) b.swap32(); else b.swap64(); }
    const flip = (step: number, from: number): void => { for (let i = from + unit - 1; i < b.length; i += step) b[i]! ^= 0x80; };
    if (this.options.conj) flip(unit * 2, unit);
    if (this.options.neg) flip(unit, 0);
    return b;
  }

  /** Blocks of at most about `size` bytes that together are the tensor, in C order. */
  *boxes(size: number): Generator<{ start: number[]; count: number[] }> {
    const most = Math.max(1, Math.floor(size / this.item));
    // The first dimension whose slices fit whole.
    let d = this.shape.length;
    let inner = 1;
    while (d > 0 && inner * this.shape[d - 1]! <= most) inner *= this.shape[--d]!;
    if (d === 0) { yield { start: this.shape.map(() => 0), count: [...this.shape] }; return; }
    if (this.numel === 0) return;
    const per = Math.max(1, Math.floor(most / inner));
    const outer = this.shape.slice(0, d - 1);
    const index = outer.map(() => 0);
    for (;;) {
      for (let i = 0; i < this.shape[d - 1]!; i += per) {
        yield { start: [...index, i, ...this.shape.slice(d).map(() => 0)], count: [...index.map(() => 1), Math.min(per, this.shape[d - 1]! - i), ...this.shape.slice(d)] };
      }
      let k = outer.length - 1;
      while (k >= 0 && ++index[k]! === outer[k]) index[k--] = 0;
      if (k < 0) return;
    }
  }

  /** All values, contiguous, as `box` gives them. */
  *read(): Io<Buffer> {
    if (this.bytes > 2 ** 31 || this.numel * this.item > 2 ** 32) throw new CheckpointError(`${this.numel * this.item} bytes are too many for one piece; read them in boxes`);
    return yield* this.box(this.shape.map(() => 0), this.shape);
  }

  /** The stored bytes, in pieces of at most `size`: values in C order; blocks and types that are not known here as they stand. */
  *stored(size: number): Generator<Io<Buffer>> {
    const s = this.storage;
    if (this.options.damaged || s?.region == null) throw new CheckpointError(this.problem ?? 'it has no values');
    if (this.options.blocks === undefined && itemsize(this.dtype) !== null) {
      for (const { start, count } of this.boxes(size)) yield this.box(start, count);
      return;
    }
    for (let at = 0; at < s.bytes; at += size) yield s.region.read(at, Math.min(size, s.bytes - at));
  }
}

function scatter(bytes: Buffer, dims: readonly { n: number; stride: number; out: number }[], d: number, at: number, out: Buffer, to: number, item: number): void {
  if (d === dims.length) { bytes.copy(out, to, at * item, (at + 1) * item); return; }
  const { n, stride, out: step } = dims[d]!;
  if (d === dims.length - 1) {
    if (stride === 1 && step === item) { bytes.copy(out, to, at * item, (at + n) * item); return; }
    if (item <= 8) {
      for (let i = 0; i < n; i++) for (let k = 0, f = (at + i * stride) * item, o = to + i * step; k < item; k++) out[o + k] = bytes[f + k]!;
      return;
    }
  }
  for (let i = 0; i < n; i++) scatter(bytes, dims, d + 1, at + i * stride, out, to + i * step, item);
}

/** Surely inside a storage of so many elements: no intermediate number is beyond 2^53. */
function fits(elements: number, shape: readonly number[], stride: readonly number[], offset: number): boolean {
  let last = offset;
  let numel = 1;
  for (let i = 0; i < shape.length; i++) {
    numel *= shape[i]!;
    last += Math.max(0, shape[i]! - 1) * stride[i]!;
  }
  return numel > 0 && numel <= Number.MAX_SAFE_INTEGER && last < elements;
}

/** A tensor that stays inside its storage; otherwise one marked as damaged, with the numbers. */
export function checkedTensor(s: FileStorage, dtype: string, shape: readonly number[], stride: readonly number[], offset: number, options: TensorOptions = {}): FileTensor {
  const bad = (problem: string): FileTensor => new FileTensor(s, dtype, shape, stride, offset, { ...options, problem, damaged: true });
  if (shape.length !== stride.length) return bad(`a tensor of ${shape.length} dimensions with ${stride.length} strides`);
  const item = itemsize(dtype);
  if (item !== null && fits(s.bytes / item, shape, stride, offset)) return new FileTensor(s, dtype, shape, stride, offset, options);
  // Exactly, for what is beyond a double.
  let last = BigInt(offset);
  let numel = 1n;
  for (let i = 0; i < shape.length; i++) {
    numel *= BigInt(shape[i]!);
    last += BigInt(Math.max(0, shape[i]! - 1)) * BigInt(stride[i]!);
  }
  if (numel > 1n << 63n || (numel > 0n && last > 1n << 62n)) return bad(`a tensor of shape [${shape.join(', ')}] and stride [${stride.join(', ')}] is larger than any memory`);
  if (item !== null && numel > 0n && (last + 1n) * BigInt(item) > BigInt(s.bytes))
    return bad(`a tensor of shape [${shape.join(', ')}], stride [${stride.join(', ')}], offset ${offset} needs ${(last + 1n) * BigInt(item)} bytes, but its storage has ${s.bytes}`);
  if (item === null && options.problem === undefined) options = { ...options, problem: `the dtype '${dtype}' is not known here` };
  return new FileTensor(s, dtype, shape, stride, offset, options);
}

export const contiguousStride = (shape: readonly number[]): number[] => {
  const out: number[] = new Array(shape.length);
  for (let i = shape.length - 1, step = 1; i >= 0; i--) { out[i] = step; step *= Math.max(1, shape[i]!); }
  return out;
};

/** Between tensors in memory and tensors in checkpoint files: bytes go straight where they belong, in bounded pieces. */
import { CheckpointError } from '../checkpoint/errors';
import { runSync, type Io } from '../checkpoint/io';
import { numbers, meaning } from '../checkpoint/numbers';
import type { FileStorage, FileTensor } from '../checkpoint/tensor';
import type { WritableStorage } from '../checkpoint/writable';
import type { Region } from '../checkpoint/region';
import { noGrad } from './autograd';
import { dtypeByName, type DType } from './dtype';
import { NotImplementedError } from './errors';
import { native } from './native';
import { empty } from './ops';
import type { Tensor } from './tensor';

const PIECE = 1 << 22;
/** How much is read between two words about it. */
const STEP = 1 << 26;

/** `length` bytes of a region into a tensor's storage. Native threads read files where the system allows it. */
function fill(to: Tensor, byteOffset: number, region: Region, from: number, length: number): void {
  const place = runSync(region.place());
  if (place !== null && native['readFile'] !== undefined) {
    if (length > 0) native['readFile'](to, byteOffset, place.source.descriptor, place.offset + from, length);
    return;
  }
  for (let at = 0; at < length; at += PIECE) native['copyIn'](to, byteOffset + at, runSync(region.read(from + at, Math.min(PIECE, length - at))));
}

/** The engine's type of a file's tensor. Throws when there is none. */
export function engineType(t: FileTensor, name: () => string): DType {
  if (t.problem !== undefined) throw new CheckpointError(`tensor '${name()}': ${t.problem}`);
  const dtype = dtypeByName(t.dtype);
  if (dtype === undefined || t.storage === null) throw new NotImplementedError(`tensor '${name()}' has dtype ${t.dtype}, which this engine does not compute with; openCheckpoint(path).tensors.get(name).read() gives it as float32 where that is exact`);
  return dtype;
}

/** Files whose bytes are exactly a storage's bytes. */
const asIs = (t: FileTensor): boolean => !t.storage!.bigEndian && !t.options.conj && !t.options.neg && t.options.blocks === undefined && t.options.quantizer === undefined && t.storage!.dtype === t.dtype;

/** Reads tensors so that those sharing a storage in the file share one in memory. */
export class TensorReader {
  private readonly storages = new Map<FileStorage, WeakRef<Tensor>>();
  /** `done` is told what was read, a piece at a time; what it throws ends the reading. */
  constructor(private readonly done: (bytes: number) => void = () => {}) {}

  read(t: FileTensor, name: () => string): Tensor {
    const dtype = engineType(t, name);
    if (!asIs(t)) return this.boxed(t, dtype);
    const s = t.storage!;
    let base = this.storages.get(s)?.deref();
    if (base === undefined) {
      base = empty([s.bytes / dtype.itemsize], { dtype });
      for (let at = 0; at < s.bytes; at += STEP) {
        const n = Math.min(STEP, s.bytes - at);
        fill(base, at, s.region!, at, n);
        this.done(n);
      }
      this.storages.set(s, new WeakRef(base));
    }
    return noGrad(() => base.asStrided([...t.shape], [...t.stride], t.offset).data);
  }
  private boxed(t: FileTensor, dtype: DType): Tensor {
    const out = empty([...t.shape], { dtype });
    let at = 0;
    for (const { start, count } of t.boxes(PIECE)) {
      const bytes = runSync(t.box(start, count));
      native['copyIn'](out, at, bytes);
      at += bytes.length;
      this.done(bytes.length);
    }
    return out;
  }
}

/** The values as the viewer counts them: any type, quantized or packed, as a type the engine has. Complex ones are refused. */
export function readDecoded(t: FileTensor, name: () => string): Tensor {
  if (t.problem !== undefined) throw new CheckpointError(`tensor '${name()}': ${t.problem}`);
  const m = meaning(t);
  if (m.of === 'magnitude') throw new NotImplementedError(`tensor '${name()}' is complex (${t.dtype}), which this engine does not compute with`);
  if (t.dtype === 'uint64') throw new NotImplementedError(`tensor '${name()}' is uint64, which no type of this engine holds exactly`);
  if (dtypeByName(t.dtype) !== undefined && t.options.quantizer === undefined) return new TensorReader().read(t, name);
  const out = empty([...t.shape], { dtype: dtypeByName(m.dtype)! });
  let at = 0;
  for (const { start, count } of t.boxes(PIECE)) {
    const { bytes } = runSync(numbers(t, start, count));
    native['copyIn'](out, at, bytes);
    at += bytes.length;
  }
  return out;
}

/** Copies a file's tensor into a tensor of the same shape, as `to.copy_(read)` would, without holding both. */
export function copyInto(t: FileTensor, name: () => string, to: Tensor): void {
  const dtype = engineType(t, name);
  if (asIs(t) && t.contiguous && to.dtype === dtype && !to.isWebgpu && to.isContiguous()) {
    fill(to, to.storageOffset() * dtype.itemsize, t.storage!.region!, t.offset * dtype.itemsize, t.numel * dtype.itemsize);
    return;
  }
  noGrad(() => to.copy_(new TensorReader().read(t, name)));
}

/** A storage in memory, to be written. Tensors elsewhere must be brought to the CPU before. */
export function storageOf(t: Tensor): WritableStorage {
  const byteLength = native['storageSize'](t) as number;
  return { byteLength, dtype: t.dtype.name, pieces: () => piecesOf(t, 0, byteLength) };
}
/** Written from here it is still in the processor's cache. */
const WRITTEN = 1 << 19;
/** `length` bytes of a CPU tensor's storage in order. */
export function* piecesOf(t: Tensor, from: number, length: number): Generator<Io<Uint8Array>> {
  const buffer = Buffer.allocUnsafe(Math.min(WRITTEN, length));
  for (let at = 0; at < length; at += WRITTEN) yield piece(t, from + at, buffer.subarray(0, Math.min(WRITTEN, length - at)));
}
function* piece(t: Tensor, at: number, into: Buffer): Io<Uint8Array> {
  native['copyOut'](t, at, into);
  return into;
}

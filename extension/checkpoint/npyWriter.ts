/** Writes npy and npz (uncompressed), as NumPy 1.x and 2.x read them. */
import { itemsize } from './dtypes';
import { writeDurably } from './durable';
import { CheckpointError } from './errors';
import type { Io } from './io';
import { npz } from './npy';
import type { NamedTensor } from './safetensorsWriter';
import { readBack, type Saved, type SaveOptions } from './torchWriter';
import { once, ZipWriter } from './zipWriter';

const codes: Readonly<Record<string, string>> = {
  float16: '<f2', float32: '<f4', float64: '<f8', int8: '|i1', int16: '<i2', int32: '<i4', int64: '<i8', uint8: '|u1', uint16: '<u2', uint32: '<u4', uint64: '<u8', bool: '|b1', complex64: '<c8', complex128: '<c16',
};
export const numpyHas = (dtype: string): boolean => dtype in codes;

function headerOf(t: NamedTensor): Buffer {
  const descr = codes[t.dtype];
  if (descr === undefined) throw new CheckpointError(`NumPy has no ${t.dtype}: tensor '${t.name}' cannot be written so`);
  const shape = t.shape.length === 1 ? `(${t.shape[0]},)` : `(${t.shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const h = Buffer.alloc(length, 0x20);
  h.write('\x93NUMPY\x01\x00', 0, 'latin1');
  h.writeUInt16LE(length - 10, 8);
  h.write(text, 10, 'latin1');
  h[length - 1] = 0x0a;
  return h;
}
const bytesOf = (t: NamedTensor): number => t.shape.reduce((a, b) => a * b, 1) * itemsize(t.dtype)!;

export function* saveNpy(file: string, t: NamedTensor, options: SaveOptions = {}): Io<Saved> {
  const header = headerOf(t);
  const total = header.length + bytesOf(t);
  yield* writeDurably({
    file, expected: total, writeback: options.writeback, progress: options.progress && ((done) => options.progress!(done, total)),
    *fill(w) {
      yield* w.write(header);
      for (const piece of t.pieces()) yield* w.write(yield* piece);
      if (w.position !== total) throw new Error(`${total} bytes were announced, but ${w.position} came`);
    },
    *verify(temporary) { yield* readBack(temporary); options.commit?.(); },
  });
  return { files: [file], bytes: total };
}

export function* saveNpz(file: string, tensors: readonly NamedTensor[], options: SaveOptions = {}): Io<Saved> {
  const total = tensors.reduce((a, t) => a + bytesOf(t) + 512, 512);
  const seen = new Set<string>();
  for (const t of tensors) {
    if (seen.has(t.name.toLowerCase())) throw new CheckpointError(`two arrays are named '${t.name}'`);
    if (/[\\\0]|(^|\/)\.\.?(\/|$)|^\//.test(t.name)) throw new CheckpointError(`'${t.name}' cannot be a name inside an npz archive`);
    seen.add(t.name.toLowerCase());
  }
  let bytes = 0;
  yield* writeDurably({
    file, expected: total, writeback: options.writeback, progress: options.progress && ((done) => options.progress!(Math.min(done, total), total)),
    *fill(w) {
      const zip = new ZipWriter(w, 64);
      for (const t of tensors) {
        const header = headerOf(t);
        yield* zip.record(`${t.name}.npy`, header.length + bytesOf(t), (function* () { yield once(header); yield* t.pieces(); })());
      }
      yield* zip.finish();
      bytes = w.position;
    },
    // Its name does not end in .npz yet: the reader is named.
    *verify(temporary) { yield* readBack(temporary, npz); options.commit?.(); },
  });
  return { files: [file], bytes };
}

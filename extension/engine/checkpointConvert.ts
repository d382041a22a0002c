/** Tensors out of a checkpoint: one as npy or CSV, or the whole file in another format. Nothing is held whole. */
import path from 'node:path';

import { writeDurably } from '../checkpoint/durable';
import { CheckpointError } from '../checkpoint/errors';
import type { Io } from '../checkpoint/io';
import { meaning, numbers, textAt } from '../checkpoint/numbers';
import { numpyHas, saveNpy, saveNpz } from '../checkpoint/npyWriter';
import { saveSafetensors, type NamedTensor } from '../checkpoint/safetensorsWriter';
import { safetensorsNames } from '../checkpoint/safetensorsTypes';
import type { FileTensor } from '../checkpoint/tensor';
import { saveTorch, type Saved, type SaveOptions } from '../checkpoint/torchWriter';
import { PyDict, PyObject, SparseTensor, Tuple, type Value } from '../checkpoint/values';
import type { Slice } from '../protocol/checkpoint';
import type { OpenFile } from './checkpointFiles';

const PIECE = 1 << 20;

/** A tensor for a writer that knows `has` types; others are written as the numbers they stand for. */
function writable(name: string, t: FileTensor, has: (dtype: string) => boolean): { tensor: NamedTensor; note?: string } | { problem: string } {
  if (t.problem !== undefined) return { problem: t.problem };
  const shape = [...t.shape];
  if (has(t.dtype) && t.options.quantizer === undefined && t.options.blocks === undefined) return { tensor: { name, dtype: t.dtype, shape, *pieces() { for (const b of t.boxes(PIECE)) yield t.box(b.start, b.count); } } };
  const m = meaning(t);
  if (m.of === 'magnitude' || t.dtype === 'uint64' || !has(m.dtype)) {
    // bfloat16 and float8 are exact in float32.
    if (!/^(bfloat16|float8)/.test(t.dtype)) return { problem: `${t.dtype} has no counterpart there` };
  }
  const dtype = has(m.dtype) ? m.dtype : 'float32';
  const widen = function* (start: number[], count: number[]): Io<Buffer> {
    const d = yield* numbers(t, start, count);
    if (d.dtype === dtype) return d.bytes;
    const wide = new Float32Array(d.bytes.length / 2); // bfloat16: the upper half of a float32
    const words = new Uint32Array(wide.buffer);
    for (let i = 0; i < words.length; i++) words[i] = d.bytes.readUInt16LE(2 * i) << 16;
    return Buffer.from(wide.buffer);
  };
  return { tensor: { name, dtype, shape, *pieces() { for (const b of t.boxes(PIECE)) yield widen(b.start, b.count); } }, note: `${t.dtype} written as ${dtype}` };
}

export function* exportTensor(t: FileTensor, name: string, target: string, format: 'npy' | 'csv', slice: Slice | undefined, options: SaveOptions): Io<{ file: string; bytes: number; note?: string }> {
  if (format === 'csv') return { file: target, bytes: yield* saveCsv(t, target, slice, options) };
  const w = writable(name, t, numpyHas);
  if ('problem' in w) throw new CheckpointError(`'${name}' cannot be written as npy: ${w.problem}`);
  const saved = yield* saveNpy(target, w.tensor, options);
  return { file: target, bytes: saved.bytes, ...(w.note === undefined ? {} : { note: w.note }) };
}

/** One line a row: the slice, or the tensor with its last dimension as columns. */
function* saveCsv(t: FileTensor, target: string, slice: Slice | undefined, options: SaveOptions): Io<number> {
  const whole = { start: t.shape.map(() => 0), count: [...t.shape] };
  const box = slice === undefined ? whole : {
    start: t.shape.map((_, d) => (d === slice.rowDim ? slice.rows[0] : d === slice.columnDim ? slice.columns[0] : slice.fixed[d]!)),
    count: t.shape.map((_, d) => (d === slice.rowDim ? slice.rows[1] - slice.rows[0] : d === slice.columnDim ? slice.columns[1] - slice.columns[0] : 1)),
  };
  const columnDim = slice === undefined ? t.shape.length - 1 : slice.columnDim;
  const columns = columnDim === null || columnDim < 0 ? 1 : box.count[columnDim]!;
  const total = box.count.reduce((a, b) => a * b, 1);
  let bytes = 0;
  const line = function* (start: number[], count: number[]): Io<Buffer> {
    const decoded = t.options.quantizer === undefined ? { dtype: t.readType, bytes: yield* t.box(start, count) } : yield* numbers(t, start, count);
    const n = count.reduce((a, b) => a * b, 1);
    return Buffer.from(Array.from({ length: n }, (_, i) => textAt(decoded.dtype, decoded.bytes, i)).join(','));
  };
  yield* writeDurably({
    file: target, expected: 0,
    *fill(w) {
      if (total === 0) return;
      const index = box.count.map(() => 0);
      for (let row = 0; row < total / columns; row++) {
        for (let c = 0; c < columns; c += 4096) {
          const start = box.start.map((s, d) => s + (d === columnDim ? c : index[d]!));
          const text = yield* line(start, box.count.map((_, d) => (d === columnDim ? Math.min(4096, columns - c) : 1)));
          yield* w.write(c === 0 ? text : Buffer.concat([Buffer.from(','), text]));
        }
        yield* w.write(Buffer.from('\n'));
        options.progress?.(row + 1, total / columns);
        for (let d = index.length - 1; d >= 0; d--) {
          if (d === columnDim) continue;
          if (++index[d]! < box.count[d]!) break;
          index[d] = 0;
        }
      }
      bytes = w.position;
    },
  });
  return bytes;
}

/** The value with only plain data in it; what is left out is counted. */
function plain(value: Value, left: { count: number; example: string }): Value {
  const drop = (v: Value): boolean => {
    if (!(v instanceof PyObject)) return false;
    left.count++;
    left.example ||= v.className;
    return true;
  };
  const walk = (v: Value, depth: number): Value => {
    if (depth > 500) throw new CheckpointError('values nested more than 500 deep cannot be converted');
    if (v instanceof PyDict) {
      const out = new PyDict(v.kind === 'defaultdict' ? 'dict' : v.kind);
      for (const [k, x] of v) if (!drop(x)) out.set(k, walk(x, depth + 1));
      if (v.state !== undefined && !drop(v.state)) out.state = walk(v.state, depth + 1);
      return out;
    }
    if (Array.isArray(v)) return v.filter((x) => !drop(x)).map((x) => walk(x, depth + 1));
    if (v instanceof Tuple && !v.size) return new Tuple(v.items.filter((x) => !drop(x)).map((x) => walk(x, depth + 1)));
    return v;
  };
  return walk(value, 0);
}

export interface ConvertOptions extends SaveOptions { names?: string[] | undefined; maxShardBytes?: number | undefined }
export function* convert(file: OpenFile, target: string, o: ConvertOptions): Io<Saved & { tensors: number; notes: string[] }> {
  const { checkpoint } = file;
  if (checkpoint.info.error !== undefined) throw new CheckpointError(`a damaged file is not converted: ${checkpoint.info.error}`);
  const chosen = [...checkpoint.tensors].filter(([n]) => o.names === undefined || o.names.includes(n));
  if (chosen.length === 0) throw new CheckpointError('there is no tensor to convert');
  const notes: string[] = [];
  const ending = path.extname(target).toLowerCase();
  if (/^\.(pt|pth|bin|ckpt)$/.test(ending)) return yield* toTorch(file, chosen, target, o, notes);
  if (ending !== '.safetensors' && ending !== '.npz') throw new CheckpointError(`the ending '${ending}' is none of .pt, .pth, .bin, .ckpt, .safetensors, .npz`);

  const has = ending === '.npz' ? numpyHas : (d: string): boolean => d in safetensorsNames && !/^F[46]/.test(d);
  const tensors: NamedTensor[] = [];
  const storages = new Set<unknown>();
  let shared = 0;
  for (const [name, t] of chosen) {
    const w = writable(name, t, has);
    if ('problem' in w) { notes.push(`'${name}' was left out: ${w.problem}`); continue; }
    if (w.note !== undefined && !notes.includes(w.note)) notes.push(w.note);
    if (storages.has(t.storage)) shared++;
    storages.add(t.storage);
    tensors.push(w.tensor);
  }
  const others = countOthers(checkpoint.value);
  if (others > 0) notes.push(`${others} values that are no tensors were left out`);
  if (shared > 0) notes.push(`${shared} tensors that share memory with others were written on their own`);
  const metadata = checkpoint.info.format.startsWith('safetensors') ? checkpoint.info.metadata : { format: 'pt' };
  const saved = ending === '.npz' ? yield* saveNpz(target, tensors, o) : yield* saveSafetensors(target, tensors, { ...o, metadata });
  return { ...saved, tensors: tensors.length, notes };
}

function* toTorch(file: OpenFile, chosen: [string, FileTensor][], target: string, o: ConvertOptions, notes: string[]): Io<Saved & { tensors: number; notes: string[] }> {
  const left = { count: 0, example: '' };
  let value: Value;
  if (o.names === undefined && !(file.checkpoint.value instanceof PyObject) && !chosen.some(([, t]) => t.options.blocks !== undefined || t.problem !== undefined)) value = plain(file.checkpoint.value, left);
  else {
    const dict = new PyDict('OrderedDict');
    for (const [name, t] of chosen) {
      if (t.problem !== undefined) { notes.push(`'${name}' was left out: ${t.problem}`); continue; }
      if (t.options.blocks !== undefined) { notes.push(`'${name}' was left out: ${t.dtype} blocks exist in their own format only; .safetensors takes their numbers`); continue; }
      dict.set(name, t);
    }
    value = dict;
    if (file.checkpoint.value instanceof PyObject) notes.push(`the class ${file.checkpoint.value.className} and its attributes were left out; its state dict was written`);
  }
  if (left.count > 0) notes.push(`${left.count} values that only Python code could make were left out, such as ${left.example}`);
  const saved = yield* saveTorch(target, value, o);
  return { ...saved, tensors: chosen.length - notes.filter((n) => n.includes('was left out')).length, notes };
}

/** Values beside the tensors, containers not counted. */
function countOthers(value: Value): number {
  let n = 0;
  const seen = new Set<Value>();
  const stack: Value[] = [value];
  while (stack.length > 0) {
    const v = stack.pop()!;
    if (typeof v !== 'object' || v === null) { n++; continue; }
    if (seen.has(v)) continue;
    seen.add(v);
    if (v instanceof PyDict) for (const [, x] of v) stack.push(x);
    else if (Array.isArray(v)) stack.push(...v);
    else if (v instanceof Tuple && !v.size) stack.push(...v.items);
    else if (!('shape' in v) && !(v instanceof SparseTensor)) n++;
  }
  return n;
}

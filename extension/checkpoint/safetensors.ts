/** safetensors: a JSON header and raw bytes. The header is checked as the reference implementation checks it. */
import { describe, type OpenedCheckpoint } from './describe';
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { FileRegion } from './region';
import { safetensorsTypes } from './safetensorsTypes';
import type { Source } from './source';
import { parseJsonObject, type JsonValue } from './strictJson';
import { contiguousStride, FileStorage, FileTensor, type TensorOptions } from './tensor';
import { PyDict } from './values';

const MAX_HEADER = 100_000_000;

export function match(head: Buffer, name: string): boolean {
  if (name.toLowerCase().endsWith('.safetensors')) return true;
  return head.length >= 9 && head.readBigUInt64LE(0) <= BigInt(MAX_HEADER) && head[8] === 0x7b;
}

const natural = (v: JsonValue | undefined, what: string): number => {
  if (typeof v === 'bigint' && v >= 0n && v <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(v);
  throw new CheckpointError(`${what} is ${typeof v === 'bigint' ? v : 'no whole number'}; a whole number from 0 to 2^53 was expected`);
};

interface Entry { name: string; begin: number; end: number; tensor: FileTensor }

export const expected = 'A safetensors file is the length of its header (8 bytes), the header (JSON: dtype, shape and data_offsets of every tensor) and the tensors, one behind the other to the end of the file.';

export function* open(source: Source): Io<OpenedCheckpoint> {
  const started = performance.now();
  if (source.size < 8) throw new CheckpointError(`a safetensors file has at least 8 bytes, this one ${source.size}`, source.size);
  const claimed = (yield* readAt(source, 0, 8)).readBigUInt64LE(0);
  if (claimed > BigInt(MAX_HEADER)) throw new CheckpointError(`the header claims ${claimed} bytes; at most ${MAX_HEADER} are allowed`, 0);
  const length = Number(claimed);
  if (8 + length > source.size) throw new CheckpointError(`the header claims ${length} bytes, but the file has only ${source.size - 8} more`, 0);
  const header = yield* parseJsonObject(yield* readAt(source, 8, length), 'the header', 8);
  const metadata: Record<string, string> = {};
  const warnings: string[] = [];
  const found: Entry[] = [];
  let error: string | undefined;
  for (const [name, v] of header) {
    if (name !== '__metadata__') {
      const t = tensorOf(source, 8 + length, name, v, warnings);
      if (t.tensor.options.damaged && t.tensor.storage?.region !== null) error ??= t.tensor.options.problem;
      found.push(t);
      continue;
    }
    if (v === null) continue;
    if (!(v instanceof Map)) throw new CheckpointError('__metadata__ is not an object');
    for (const [k, x] of v) {
      if (typeof x !== 'string') throw new CheckpointError(`__metadata__ '${k}' is not a string`);
      Object.defineProperty(metadata, k, { value: x, enumerable: true, configurable: true, writable: true });
    }
  }
  const { error: misplaced, at } = checkLayout(found, 8 + length, source.size);
  error ??= misplaced;
  // In the file's own order: as its writer meant it to be read.
  const value = new PyDict();
  for (const t of found) value.set(t.name, t.tensor);
  return yield* describe({ source, started, format: 'safetensors', description: `safetensors, header of ${length} bytes`, value, metadata, warnings, error, errorAt: error === misplaced ? at : undefined });
}

/** Sorted by offset: no hole, no overlap, from the first byte to the last. `at`: in the file. */
function checkLayout(found: readonly Entry[], start: number, size: number): { error?: string; at?: number } {
  let at = 0;
  for (const t of [...found].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (t.begin !== at) return { error: `tensor '${t.name}' begins at byte ${t.begin} of the data, but ${at} was expected: ${t.begin < at ? 'tensors overlap' : 'there is a hole'}`, at: start + Math.min(t.begin, at) };
    at = t.end;
  }
  return start + at === size ? {} : { error: `the tensors end at byte ${start + at}, but the file has ${size} bytes${start + at > size ? ': it is cut short' : ''}`, at: Math.min(start + at, size) };
}

function tensorOf(source: Source, start: number, name: string, v: JsonValue, warnings: string[]): Entry {
  if (!(v instanceof Map)) throw new CheckpointError(`tensor '${name}' is not described by an object`);
  const given = v.get('dtype');
  const shapeValue = v.get('shape');
  const offsets = v.get('data_offsets');
  if (typeof given !== 'string' || !Array.isArray(shapeValue) || !Array.isArray(offsets) || offsets.length !== 2) throw new CheckpointError(`tensor '${name}' needs dtype, shape and data_offsets`);
  for (const k of v.keys()) if (k !== 'dtype' && k !== 'shape' && k !== 'data_offsets') warnings.push(`tensor '${name}' has a field '${k.slice(0, 60)}' that the format does not know`);
  const shape = shapeValue.map((s) => natural(s, `a size of '${name}'`));
  const [begin, end] = [natural(offsets[0], `an offset of '${name}'`), natural(offsets[1], `an offset of '${name}'`)];
  if (end < begin) throw new CheckpointError(`tensor '${name}' lies at ${begin} to ${end} of the data: it ends before it begins`);
  let numel = 1n;
  for (const s of shape) {
    numel *= BigInt(s);
    if (numel >= 1n << 64n) throw new CheckpointError(`shape [${shape.join(', ')}] of '${name}' overflows`);
  }
  const known = safetensorsTypes[given];
  const options: TensorOptions = known === undefined ? { problem: `tensor '${name}' has the unknown dtype '${given.slice(0, 40)}'`, damaged: true } : known.blocks === undefined ? {} : { blocks: known.blocks };
  if (known !== undefined) {
    const bits = numel * BigInt(known.bits);
    if (bits % 8n !== 0n) throw new CheckpointError(`tensor '${name}' ends inside a byte: ${bits} bits`);
    if (bits / 8n !== BigInt(end - begin)) throw new CheckpointError(`tensor '${name}' of shape [${shape.join(', ')}] and dtype ${given} needs ${bits / 8n} bytes, but has ${end - begin}`);
    if (known.blocks !== undefined && known.blocks.decode === undefined) options.problem = `${given} values are packed below a byte and are not unpacked`;
  }
  const there = start + end <= source.size;
  if (!there) Object.assign(options, { problem: `tensor '${name}' ends at byte ${start + end}, but the file has ${source.size} bytes`, damaged: true });
  const dtype = known?.name ?? given.slice(0, 40);
  const storage = new FileStorage(name, dtype, end - begin, there ? new FileRegion(source, start + begin, end - begin) : null);
  return { name, begin, end, tensor: new FileTensor(storage, dtype, shape, contiguousStride(shape), 0, options) };
}

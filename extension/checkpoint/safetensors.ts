/** safetensors: a JSON header and raw bytes. The header is checked as the reference implementation checks it. */
import path from 'node:path';

import type { TensorInfo, ValueNode } from '../protocol/checkpoint';
import { CheckpointError } from './errors';
import { FileDict, FileTensor, type FileStorage, type OpenedCheckpoint } from './model';
import type { Source } from './source';
import { parseJsonObject, type JsonValue } from './strictJson';

const MAX_HEADER = 100_000_000;
/** Name, bits an element, PyTorch's name. */
const dtypes: Readonly<Record<string, [bits: number, name: string]>> = {
  BOOL: [8, 'bool'], U8: [8, 'uint8'], I8: [8, 'int8'], I16: [16, 'int16'], U16: [16, 'uint16'], F16: [16, 'float16'], BF16: [16, 'bfloat16'], I32: [32, 'int32'], U32: [32, 'uint32'],
  F32: [32, 'float32'], F64: [64, 'float64'], I64: [64, 'int64'], U64: [64, 'uint64'], C64: [64, 'complex64'], F8_E4M3: [8, 'float8_e4m3fn'], F8_E5M2: [8, 'float8_e5m2'],
  F8_E8M0: [8, 'float8_e8m0fnu'], F8_E4M3FNUZ: [8, 'float8_e4m3fnuz'], F8_E5M2FNUZ: [8, 'float8_e5m2fnuz'], F4: [4, 'F4'], F6_E2M3: [6, 'F6_E2M3'], F6_E3M2: [6, 'F6_E3M2'],
};

export function match(head: Buffer, name: string): boolean {
  if (name.toLowerCase().endsWith('.safetensors')) return true;
  return head.length >= 9 && head.readBigUInt64LE(0) <= BigInt(MAX_HEADER) && head[8] === 0x7b;
}

const natural = (v: JsonValue | undefined, what: string): number => {
  if (typeof v === 'bigint' && v >= 0n && v <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(v);
  throw new CheckpointError(`${what} is ${typeof v === 'bigint' ? v : 'no whole number'}; a whole number from 0 to 2^53 was expected`);
};

export function open(source: Source): OpenedCheckpoint {
  const started = performance.now();
  if (source.size < 8) throw new CheckpointError(`a safetensors file has at least 8 bytes, this one ${source.size}`);
  const claimed = source.read(0, 8).readBigUInt64LE(0);
  if (claimed > BigInt(MAX_HEADER)) throw new CheckpointError(`the header claims ${claimed} bytes; at most ${MAX_HEADER} are allowed`);
  const length = Number(claimed);
  if (8 + length > source.size) throw new CheckpointError(`the header claims ${length} bytes, but the file has only ${source.size - 8} more`);
  const header = parseJsonObject(source.read(8, length));
  const start = 8 + length;
  const metadata: Record<string, string> = {};
  const found: { name: string; begin: number; end: number; tensor: FileTensor; info: TensorInfo }[] = [];
  for (const [name, v] of header) {
    if (name === '__metadata__') {
      if (v === null) continue;
      if (!(v instanceof Map)) throw new CheckpointError('__metadata__ is not an object');
      for (const [k, x] of v) {
        if (typeof x !== 'string') throw new CheckpointError(`__metadata__ '${k}' is not a string`);
        metadata[k] = x;
      }
      continue;
    }
    found.push(tensorOf(source, start, name, v));
  }
  found.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const t of found) {
    if (t.begin !== at) throw new CheckpointError(`tensor '${t.name}' begins at byte ${t.begin} of the data, but ${at} was expected: ${t.begin < at ? 'tensors overlap' : 'there is a hole'}`);
    at = t.end;
  }
  if (start + at !== source.size) throw new CheckpointError(`the tensors end at byte ${start + at}, but the file has ${source.size} bytes`);
  const value = new FileDict();
  const tensors = new Map<string, FileTensor>();
  // Sorted by name for reading, as the header's own order means nothing.
  found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const children: ValueNode[] = found.map((t) => ({ key: t.name, type: 'tensor', value: t.name }));
  for (const t of found) { value.set(t.name, t.tensor); tensors.set(t.name, t.tensor); }
  return {
    info: {
      file: path.resolve(source.file), format: 'safetensors', description: `safetensors, header of ${length} bytes`, fileBytes: source.size, version: source.version, parameters: 0, tensors: found.map((t) => t.info), tensorBytes: at, metadata,
      root: { key: '', type: 'dict', children }, globals: [], warnings: [], milliseconds: performance.now() - started,
    },
    tensors, value, close: () => source.close(),
  };
}

function tensorOf(source: Source, start: number, name: string, v: JsonValue): { name: string; begin: number; end: number; tensor: FileTensor; info: TensorInfo } {
  if (!(v instanceof Map)) throw new CheckpointError(`tensor '${name}' is not described by an object`);
  const given = v.get('dtype');
  const shapeValue = v.get('shape');
  const offsets = v.get('data_offsets');
  if (typeof given !== 'string' || !Array.isArray(shapeValue) || !Array.isArray(offsets) || offsets.length !== 2) throw new CheckpointError(`tensor '${name}' needs dtype, shape and data_offsets`);
  const shape = shapeValue.map((s) => natural(s, `a size of '${name}'`));
  const [begin, end] = [natural(offsets[0], `an offset of '${name}'`), natural(offsets[1], `an offset of '${name}'`)];
  if (end < begin || start + end > source.size) throw new CheckpointError(`tensor '${name}' lies at ${begin} to ${end}, but there are ${source.size - start} bytes of data`);
  let numel = 1n;
  for (const s of shape) {
    numel *= BigInt(s);
    if (numel > 1n << 64n) throw new CheckpointError(`shape [${shape.join(', ')}] of '${name}' overflows`);
  }
  const known = dtypes[given];
  if (known === undefined) throw new CheckpointError(`tensor '${name}' has the unknown dtype '${given}'`);
  const bits = numel * BigInt(known[0]);
  if (bits % 8n !== 0n) throw new CheckpointError(`tensor '${name}' ends inside a byte: ${bits} bits`);
  if (bits / 8n !== BigInt(end - begin)) throw new CheckpointError(`tensor '${name}' of shape [${shape.join(', ')}] and dtype ${given} needs ${bits / 8n} bytes, but has ${end - begin}`);
  const dtype = known[1];
  const packed = known[0] < 8;
  const storage: FileStorage = { id: name, dtype, bytes: end - begin, offset: start + begin, source, bigEndian: false, location: '' };
  const stride = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const tensor = new FileTensor(storage, dtype, shape, stride, 0, packed ? { problem: `${given} values are packed below a byte and are not unpacked` } : {});
  tensor.name = name;
  return { name, begin, end, tensor, info: { name, dtype, shape, numel: Number(numel), bytes: end - begin, storage: name, ...(packed ? { problem: tensor.options.problem! } : {}) } };
}

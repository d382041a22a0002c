/** Writes safetensors: header padded to 8 bytes, tensors by falling dtype size, then name, as the reference writer. */
import { writeDurably } from './durable';
import { CheckpointError } from './errors';
import { itemsize } from './dtypes';
import { openCheckpoint } from './registry';

const names: Readonly<Record<string, string>> = { float32: 'F32', float64: 'F64', float16: 'F16', bfloat16: 'BF16', int64: 'I64', int32: 'I32', int16: 'I16', int8: 'I8', uint8: 'U8', bool: 'BOOL' };
export interface NamedTensor { name: string; dtype: string; shape: number[]; bytes(): Uint8Array }

export function saveSafetensors(file: string, tensors: readonly NamedTensor[], metadata: Record<string, string> = { format: 'pt' }): { bytes: number } {
  const sorted = [...tensors].sort((a, b) => itemsize(b.dtype)! - itemsize(a.dtype)! || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const t of sorted) {
    const dtype = names[t.dtype];
    if (dtype === undefined) throw new CheckpointError(`tensor '${t.name}' of dtype ${t.dtype} cannot be written as safetensors`);
    const size = t.shape.reduce((a, b) => a * b, 1) * itemsize(t.dtype)!;
    header[t.name] = { dtype, shape: t.shape, data_offsets: [at, at + size] };
    at += size;
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, 0x20);
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  let bytes = 0;
  writeDurably(file, 8 + padded.length + at, (w) => {
    w.write(length);
    w.write(padded);
    for (const t of sorted) w.write(t.bytes());
    bytes = w.position;
  }, (temporary) => openCheckpointAs(temporary));
  return { bytes };
}

function openCheckpointAs(temporary: string): void { openCheckpoint(temporary).close(); }

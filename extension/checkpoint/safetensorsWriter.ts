/** Writes safetensors: header padded to 8 bytes, tensors by falling dtype size, then name, as the reference writer; in shards with an index when asked. */
import path from 'node:path';

import { bitsOf } from './dtypes';
import { writeDurably } from './durable';
import { CheckpointError } from './errors';
import type { Io } from './io';
import * as safetensors from './safetensors';
import { safetensorsNames, safetensorsTypes } from './safetensorsTypes';
import { readBack, type Saved, type SaveOptions } from './torchWriter';

/** A tensor by name, its values contiguous. */
export interface NamedTensor { name: string; dtype: string; shape: readonly number[]; pieces(): Iterable<Io<Uint8Array>> }

const sizeOf = (t: NamedTensor): number => (t.shape.reduce((a, b) => a * b, 1) * safetensorsTypes[typeName(t)]!.bits) / 8;
function typeName(t: NamedTensor): string {
  const name = safetensorsNames[t.dtype];
  if (name === undefined) throw new CheckpointError(`tensor '${t.name}' of dtype ${t.dtype} cannot be written as safetensors`);
  return name;
}

export function* saveSafetensors(file: string, tensors: readonly NamedTensor[], options: SaveOptions & { metadata?: Record<string, string>; maxShardBytes?: number | undefined } = {}): Io<Saved> {
  const { metadata = { format: 'pt' }, maxShardBytes } = options;
  const total = tensors.reduce((a, t) => a + sizeOf(t), 0);
  if (maxShardBytes === undefined || total <= maxShardBytes) {
    const bytes = yield* saveOne(file, tensors, metadata, (done) => options.progress?.(done, total), options);
    return { files: [file], bytes };
  }
  // In the given order, a new shard when the next tensor no longer fits.
  const shards: NamedTensor[][] = [[]];
  let fill = 0;
  for (const t of tensors) {
    if (fill > 0 && fill + sizeOf(t) > maxShardBytes) { shards.push([]); fill = 0; }
    shards[shards.length - 1]!.push(t);
    fill += sizeOf(t);
  }
  const stem = file.replace(/(\.index)?\.json$/i, '').replace(/\.safetensors$/i, '');
  const digits = (n: number): string => String(n).padStart(5, '0');
  const map: [string, string][] = [];
  const files: string[] = [];
  let bytes = 0;
  for (const [i, shard] of shards.entries()) {
    const name = `${stem}-${digits(i + 1)}-of-${digits(shards.length)}.safetensors`;
    const before = bytes;
    bytes += yield* saveOne(name, shard, metadata, (done) => options.progress?.(before + done, total), options);
    files.push(name);
    for (const t of shard) map.push([t.name, path.basename(name)]);
  }
  // The index comes last: it never names a file that is not there.
  const index = `${stem}.safetensors.index.json`;
  const json = Buffer.from(`${JSON.stringify({ metadata: { total_size: total }, weight_map: Object.fromEntries(map.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) }, null, 2)}\n`);
  yield* writeDurably({ file: index, expected: json.length, *fill(w) { yield* w.write(json); } });
  return { files: [index, ...files], bytes: bytes + json.length };
}

function* saveOne(file: string, tensors: readonly NamedTensor[], metadata: Record<string, string>, progress: (done: number) => void, { commit, writeback }: SaveOptions): Io<number> {
  const sorted = [...tensors].sort((a, b) => bits(b) - bits(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const entries: string[] = [`"__metadata__":${JSON.stringify(metadata)}`];
  const seen = new Set<string>(['__metadata__']);
  let at = 0;
  for (const t of sorted) {
    if (seen.has(t.name)) throw new CheckpointError(t.name === '__metadata__' ? "a tensor cannot be named '__metadata__' in safetensors" : `two tensors are named '${t.name}'`);
    if (/\p{Surrogate}/u.test(t.name)) throw new CheckpointError(`the name ${JSON.stringify(t.name)} is not valid Unicode`);
    seen.add(t.name);
    const size = sizeOf(t);
    entries.push(`${JSON.stringify(t.name)}:${JSON.stringify({ dtype: typeName(t), shape: t.shape, data_offsets: [at, at + size] })}`);
    at += size;
  }
  const json = Buffer.from(`{${entries.join(',')}}`, 'utf8');
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, 0x20);
  header.writeBigUInt64LE(BigInt(header.length - 8), 0);
  json.copy(header, 8);
  yield* writeDurably({
    file, expected: header.length + at, progress, writeback,
    *fill(w) {
      yield* w.write(header);
      for (const t of sorted) {
        const before = w.position;
        for (const piece of t.pieces()) yield* w.write(yield* piece);
        if (w.position - before !== sizeOf(t)) throw new Error(`tensor '${t.name}' was announced with ${sizeOf(t)} bytes, but ${w.position - before} came`);
      }
    },
    *verify(temporary) { yield* readBack(temporary, safetensors); commit?.(); },
  });
  return header.length + at;
}
const bits = (t: NamedTensor): number => bitsOf[t.dtype] ?? safetensorsTypes[typeName(t)]!.bits;

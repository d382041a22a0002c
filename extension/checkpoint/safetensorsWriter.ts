/** Writes safetensors: header padded to 8 bytes, tensors by falling dtype size, then name, as the reference writer; in shards with an index when asked. */
import fs from 'node:fs';
import path from 'node:path';

import { bitsOf } from './dtypes';
import { syncFolder, writeAside, writeDurably, type Durable } from './durable';
import { CheckpointError } from './errors';
import type { Io } from './io';
import { markOld } from './leftOvers';
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
    const { durable, bytes } = oneFile(file, tensors, metadata, (done) => options.progress?.(done, total), options);
    yield* writeDurably(durable);
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
  const index = `${stem}.safetensors.index.json`;
  const before = namedBy(index);
  const names = freeNames(stem, shards.length);
  const map: [string, string][] = [];
  const temporaries: string[] = [];
  const placed: string[] = [];
  let bytes = 0;
  try {
    for (const [i, shard] of shards.entries()) {
      const done = bytes;
      const one = oneFile(names[i]!, shard, metadata, (more) => options.progress?.(done + more, total), options);
      temporaries.push((yield* writeAside(one.durable)).temporary);
      bytes += one.bytes;
      for (const t of shard) map.push([t.name, path.basename(names[i]!)]);
    }
    for (const [i, name] of names.entries()) { putBeside(temporaries[i]!, name); placed.push(name); }
    syncFolder(path.dirname(stem));
    // The index comes last: it never names a file that is not there, and the old one's shards stay until it has taken its place.
    const json = Buffer.from(`${JSON.stringify({ metadata: { total_size: total }, weight_map: Object.fromEntries(map.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) }, null, 2)}\n`);
    const old = before.filter((n) => !names.some((x) => path.basename(x) === n)).map((n) => path.join(path.dirname(stem), n));
    yield* writeDurably({
      file: index, expected: json.length, *fill(w) { yield* w.write(json); },
      *verify() { for (const f of old) { const mark = markOld(f); if (mark !== null) temporaries.push(mark); } yield undefined; },
    });
    bytes += json.length;
    placed.length = 0;
    // One that a reader has open cannot go on some systems: nothing names it any more.
    for (const f of old) try { fs.rmSync(f, { force: true }); } catch { /* it stays */ }
  } catch (error) {
    for (const name of placed) fs.rmSync(name, { force: true });
    throw error;
  } finally {
    for (const name of temporaries) fs.rmSync(name, { force: true });
  }
  return { files: [index, ...names], bytes };
}

/** Under its own name as well as under the temporary one, which says that no index names it yet; where a file has one name only, moved. */
function putBeside(temporary: string, file: string): void {
  try {
    fs.linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw new CheckpointError(`'${file}' came to be there while it was written: does another program save the same checkpoint?`);
    fs.renameSync(temporary, file);
  }
}

/** Names that no file has yet: `big-00001-of-00002`, when a checkpoint of the same name is being replaced `big-2-00001-of-00002`. */
function freeNames(stem: string, count: number): string[] {
  const digits = (n: number): string => String(n).padStart(5, '0');
  for (let k = 1; ; k++) {
    const names = Array.from({ length: count }, (_, i) => `${stem}${k === 1 ? '' : `-${k}`}-${digits(i + 1)}-of-${digits(count)}.safetensors`);
    if (!names.some((n) => fs.existsSync(n))) return names;
  }
}
/** The shards that an older index of ours names. Those that another tool named otherwise are not ours to remove. */
function namedBy(index: string): string[] {
  try {
    const { weight_map: map } = JSON.parse(fs.readFileSync(index, 'utf8')) as { weight_map: Record<string, string> };
    const stem = path.basename(index).replace(/\.safetensors\.index\.json$/, '');
    return [...new Set(Object.values(map))].filter((n) => n.startsWith(`${stem}-`) && /^(-\d+)?-\d+-of-\d+\.safetensors$/.test(n.slice(stem.length)));
  } catch {
    return []; // there is none, or it is none
  }
}

function oneFile(file: string, tensors: readonly NamedTensor[], metadata: Record<string, string>, progress: (done: number) => void, { commit, writeback }: SaveOptions): { durable: Durable; bytes: number } {
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
  const durable: Durable = {
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
  };
  return { durable, bytes: header.length + at };
}
const bits = (t: NamedTensor): number => bitsOf[t.dtype] ?? safetensorsTypes[typeName(t)]!.bits;

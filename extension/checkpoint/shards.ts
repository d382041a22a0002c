/** A checkpoint in several files: an index.json that says which tensor is in which. Shards are siblings of the index, nothing else. */
import fs from 'node:fs';
import path from 'node:path';

import { describe, type OpenedCheckpoint } from './describe';
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { openAny } from './registry';
import { Source } from './source';
import { parseJsonObject } from './strictJson';
import { FileTensor } from './tensor';
import { PyDict } from './values';

const LIMITS = { index: 1 << 27, shards: 4096 };

export function match(head: Buffer, name: string): boolean { return name.toLowerCase().endsWith('.index.json') || (head[0] === 0x7b && name.toLowerCase().endsWith('.json')); }

export const expected = 'The index of a sharded checkpoint is JSON with a "weight_map": for every tensor the name of the file beside the index that holds it.';

export function* open(source: Source): Io<OpenedCheckpoint> {
  const started = performance.now();
  if (source.size > LIMITS.index) throw new CheckpointError(`an index of ${source.size} bytes is too large`);
  const index = yield* parseJsonObject(yield* readAt(source, 0, source.size), 'the index');
  const map = index.get('weight_map');
  if (!(map instanceof Map)) throw new CheckpointError("the index has no 'weight_map': it is no sharded checkpoint");
  const metadata: Record<string, string> = {};
  const given = index.get('metadata');
  if (given instanceof Map) for (const [k, v] of given) if (typeof v !== 'object') Object.defineProperty(metadata, k, { value: String(v), enumerable: true });

  const shards = new Map<string, OpenedCheckpoint | string>();
  const warnings: string[] = [];
  const value = new PyDict();
  let error: string | undefined;
  const unused = new Map<string, Set<string>>();
  try {
    for (const [name, file] of map) {
      if (typeof file !== 'string' || !plain(file, source.name)) throw new CheckpointError(`tensor '${name}' is said to be in ${JSON.stringify(file)?.slice(0, 120)}; the name of a file beside the index was expected`);
      let shard = shards.get(file);
      if (shard === undefined) {
        if (shards.size >= LIMITS.shards) throw new CheckpointError(`the index names more than ${LIMITS.shards} files`);
        shards.set(file, (shard = yield* openShard(path.join(path.dirname(source.file), file))));
        if (typeof shard !== 'string') {
          warnings.push(...shard.info.warnings.map((w) => `${file}: ${w}`));
          if (shard.info.error !== undefined) error ??= `${file}: ${shard.info.error}`;
          unused.set(file, new Set(shard.tensors.keys()));
        }
      }
      const t = typeof shard === 'string' ? undefined : shard.tensors.get(name);
      unused.get(file)?.delete(name);
      const problem = typeof shard === 'string' ? shard : t === undefined ? `tensor '${name}' is not in '${file}'` : undefined;
      if (problem !== undefined) error ??= problem;
      value.set(name, t === undefined ? new FileTensor(null, 'unknown', [], [], 0, { problem: problem!, damaged: true, shard: file }) : new FileTensor(t.storage, t.dtype, t.shape, t.stride, t.offset, { ...t.options, shard: file }));
    }
  } catch (e) {
    closeAll(shards);
    throw e;
  }
  for (const [file, names] of unused) if (names.size > 0) warnings.push(`'${file}' has ${names.size === 1 ? 'a tensor' : `${names.size} tensors`} that the index does not name, such as '${[...names][0]}'`);
  const opened = [...shards.values()].filter((s) => typeof s !== 'string');
  const globals = opened.flatMap((s) => s.info.globals);
  const described = yield* describe({ source, started, format: 'safetensors-sharded', description: `${shards.size} ${shards.size === 1 ? 'shard' : 'shards'}${opened[0] === undefined ? '' : `, ${opened[0].info.description}`}`, value, metadata, warnings, error, close: () => { closeAll(shards); source.close(); } });
  described.info.globals = globals;
  described.info.fileBytes += opened.reduce((a, s) => a + s.info.fileBytes, 0);
  described.info.version += opened.map((s) => `;${s.info.version}`).join('');
  return described;
}

/** A plain name of a sibling: no folder, no drive, no way up, not the index itself. */
function plain(file: string, index: string): boolean { return file !== '' && file === path.posix.basename(file) && file === path.win32.basename(file) && !/^\.+$|[:\0]/.test(file) && file !== index && !file.toLowerCase().endsWith('.json'); }

function* openShard(file: string): Io<OpenedCheckpoint | string> {
  let source: Source;
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined) return `the shard '${path.basename(file)}' is missing`;
    source = Source.open(file);
  } catch (e) {
    return (e as Error).message;
  }
  try {
    return yield* openAny(source);
  } catch (e) {
    source.close();
    if (!(e instanceof CheckpointError)) throw e;
    return `the shard '${path.basename(file)}' cannot be read: ${e.message}`;
  }
}
function closeAll(shards: Map<string, OpenedCheckpoint | string>): void { for (const s of shards.values()) if (typeof s !== 'string') s.close(); }

/** What a page says about a file that breaks its rules: where, with the bytes that stand there; and what is left of a broken archive. */
import zlib from 'node:zlib';

import type { Damage } from '../protocol/checkpoint';
import { describe, type OpenedCheckpoint } from './describe';
import { itemsize } from './dtypes';
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { readPickle, readPickleAt, type GlobalUse, type PickleResult } from './pickle';
import type { Source } from './source';
import { FileStorage } from './tensor';
import { storageId, TorchHost } from './torchHost';
import type { Value } from './values';

const SHOWN = 96;

/** `at` in the file, when known. */
export function* damageAt(source: Source, at: number | undefined, expected: string): Io<Damage> {
  if (at === undefined) return { expected };
  // Whole lines of 16 bytes, half of them before it.
  const start = Math.max(0, Math.floor((Math.min(at, source.size) - SHOWN / 2) / 16) * 16);
  return { expected, offset: at, start, bytes: (yield* readAt(source, start, Math.min(SHOWN, source.size - start))).toString('hex') };
}

/** Pickles stand at the beginning of PyTorch's archives; so much is searched for them, and so much of a deflated one is read. */
const LIMITS = { scanned: 1 << 22, pickles: 8, inflated: 1 << 24 };
const LOCAL_HEADER = Buffer.from('PK\x03\x04', 'latin1');

/**
 * Of an archive whose directory is lost or cannot be trusted: its pickles are read by their local headers as far as they go, so that what they
 * ask for and which tensors there were is known. Tensors have no values. Null when there is no pickle.
 */
export function* salvage(source: Source, started: number, error: CheckpointError): Io<OpenedCheckpoint | null> {
  const head = yield* readAt(source, 0, Math.min(source.size, LIMITS.scanned));
  const lost = `its bytes cannot be found: ${error.message}`;
  const host = (): TorchHost => new TorchHost((id) => {
    const s = storageId(id);
    return new FileStorage(s.key, s.dtype, s.numel * itemsize(s.dtype)!, null, false, s.location, lost);
  });
  const globals = new Map<string, GlobalUse>();
  let value: Value | undefined;
  for (let at = head.indexOf(LOCAL_HEADER), n = 0; at >= 0 && at + 30 <= head.length && n < LIMITS.pickles; at = head.indexOf(LOCAL_HEADER, at + 4)) {
    const nameEnd = at + 30 + head.readUInt16LE(at + 26);
    if (!/\.pkl$/i.test(head.toString('utf8', at + 30, nameEnd))) continue;
    n++;
    const result = yield* pickleOf(source, nameEnd + head.readUInt16LE(at + 28), head.readUInt16LE(at + 8), host);
    if (result === null) continue;
    for (const [name, use] of result.globals) if (!globals.has(name)) globals.set(name, use);
    value ??= result.value;
  }
  if (value === undefined) return null;
  return yield* describe({ source, started, format: 'torch-zip', description: 'PyTorch zip, damaged', value, globals: globals.values(), error: error.message, errorAt: error.offset });
}

function* pickleOf(source: Source, at: number, method: number, host: () => TorchHost): Io<PickleResult | null> {
  if (at >= source.size) return null;
  if (method === 0) {
    const result = yield* readPickleAt(source, at, host);
    for (const use of result.globals.values()) use.offset -= at; // of archives they count from the pickle's first byte
    return result;
  }
  if (method !== 8) return null;
  const raw = yield* readAt(source, at, Math.min(source.size - at, LIMITS.inflated));
  try {
    return yield* readPickle(zlib.inflateRawSync(raw, { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: LIMITS.inflated }), host());
  } catch (e) {
    if (e instanceof CheckpointError || !/^(Z_|ERR_BUFFER)/.test(String((e as NodeJS.ErrnoException).code))) throw e;
    return null;
  }
}

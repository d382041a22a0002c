/**
 * What the fuzzer calls: bytes become a file of each format, or a pickle, and everything a viewer would do is done with it. Anything but
 * our own CheckpointError is a finding. The first byte says as what the rest is taken.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { CheckpointError } from '../../extension/checkpoint/errors';
import type { Writer } from '../../extension/checkpoint/durable';
import { runSync, type Io } from '../../extension/checkpoint/io';
import { numbers, textAt } from '../../extension/checkpoint/numbers';
import { Pickler } from '../../extension/checkpoint/pickler';
import { readPickle } from '../../extension/checkpoint/pickle';
import { openCheckpoint } from '../../extension/checkpoint/registry';
import { FileStorage } from '../../extension/checkpoint/tensor';
import { storageId, TorchHost } from '../../extension/checkpoint/torchHost';
import { MemoryRegion } from '../../extension/checkpoint/region';
import { printValue } from '../../extension/checkpoint/values';
import { ZipWriter } from '../../extension/checkpoint/zipWriter';

export const kinds = ['x.pt', 'x.safetensors', 'x.npz', 'x.npy', 'x.gguf', 'x.pkl', 'x.safetensors.index.json', 'pickle', 'zipped.pt'] as const;
/** The last input lies there: what hung or crashed the process is still found. */
const folder = process.env['WEIGHTROOM_FUZZ_FOLDER'] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-fuzz-'));

function asFile(name: string, bytes: Buffer): void {
  const file = path.join(folder, name);
  fs.writeFileSync(file, bytes);
  const o = openCheckpoint(file);
  try {
    JSON.stringify(o.info);
    let left = 8;
    for (const t of o.tensors.values()) {
      if (left-- === 0) break;
      for (const { start, count } of t.boxes(1 << 12)) {
        const d = runSync(numbers(t, start, count));
        if (d.bytes.length > 0) textAt(d.dtype, d.bytes, 0);
        break;
      }
    }
    // What can be saved again must not break the pickler in any other way than by saying so.
    new Pickler().dump(o.value);
  } finally {
    o.close();
  }
}
function asPickle(bytes: Buffer): void {
  const host = new TorchHost((id) => {
    const want = storageId(id);
    return new FileStorage(want.key, want.dtype, 64, new MemoryRegion(Buffer.alloc(64)));
  });
  const r = runSync(readPickle(bytes, host));
  printValue(r.value);
  for (const g of r.globals.values()) if (g.args !== undefined) printValue(g.args);
}

/** The bytes as the pickle of an otherwise good PyTorch file with two storages. */
function zipped(pickle: Buffer): Buffer {
  const parts: Buffer[] = [];
  const w = { position: 0, *write(b: Uint8Array) { parts.push(Buffer.from(b)); w.position += b.length; }, *patch(b: Uint8Array, at: number) { const all = Buffer.concat(parts); all.set(b, at); parts.splice(0, parts.length, all); } };
  const zip = new ZipWriter(w as unknown as Writer, 64);
  runSync((function* (): Io<void> {
    yield* zip.small('x/data.pkl', pickle);
    yield* zip.small('x/data/0', Buffer.alloc(16, 0x3f));
    yield* zip.small('x/data/1', Buffer.alloc(24, 1));
    yield* zip.small('x/version', Buffer.from('3\n'));
    yield* zip.finish();
  })());
  return Buffer.concat(parts);
}

export function fuzz(data: Buffer): void {
  if (data.length < 2) return;
  const kind = kinds[data[0]! % kinds.length]!;
  const bytes = Buffer.from(data.subarray(1));
  try {
    if (kind === 'pickle') asPickle(bytes);
    else asFile(kind, kind === 'zipped.pt' ? zipped(bytes) : bytes);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
  }
}

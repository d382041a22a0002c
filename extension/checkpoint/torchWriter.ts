/** Writes PyTorch's zip format: what torch.load(weights_only=True) of every version since 1.6 reads. Durable: see durable.ts. */
import path from 'node:path';

import type { OpenedCheckpoint } from './describe';
import { writeDurably, type Durable } from './durable';
import { CheckpointError } from './errors';
import type { Io } from './io';
import { Pickler } from './pickler';
import { openAny } from './registry';
import { Source } from './source';
import type { Writable } from './writable';
import { ZipWriter } from './zipWriter';

export interface SaveOptions {
  progress?: ((done: number, total: number) => void) | undefined;
  /** Called when everything is written and before it takes the old file's place: throwing leaves the old file. */
  commit?: (() => void) | undefined;
  writeback?: Durable['writeback'];
}
export interface Saved { files: string[]; bytes: number }

/** No `.format_version`: with it, some readers compute where storages stand instead of reading it. */
export function* saveTorch(file: string, value: Writable, options: SaveOptions = {}): Io<Saved> {
  const pickler = new Pickler();
  const pickle = pickler.dump(value);
  const root = path.basename(file).replace(/\.[^.]*$/, '').replace(/[^\w.-]/g, '_').replace(/^\.+$/, '') || 'archive';
  const total = pickle.length + pickler.storages.reduce((a, s) => a + s.byteLength + 256, 0) + 1024;
  let bytes = 0;
  yield* writeDurably({
    file, expected: total, writeback: options.writeback, progress: options.progress && ((done) => options.progress!(Math.min(done, total), total)),
    *fill(w) {
      const zip = new ZipWriter(w, 64);
      yield* zip.small(`${root}/data.pkl`, pickle);
      yield* zip.small(`${root}/byteorder`, Buffer.from('little'));
      for (let i = 0; i < pickler.storages.length; i++) yield* zip.record(`${root}/data/${i}`, pickler.storages[i]!.byteLength, pickler.storages[i]!.pieces());
      yield* zip.small(`${root}/version`, Buffer.from('3\n'));
      yield* zip.finish();
      bytes = w.position;
    },
    *verify(temporary) { yield* readBack(temporary); options.commit?.(); },
  });
  return { files: [file], bytes };
}

/** Opens the file just written: its structure must be whole. */
export function* readBack(temporary: string, reader: { open(source: Source): Io<OpenedCheckpoint> } = { open: openAny }): Io<void> {
  const source = Source.open(temporary);
  try {
    const opened = yield* reader.open(source);
    if (opened.info.error !== undefined) throw new CheckpointError(opened.info.error);
  } catch (error) {
    throw new CheckpointError(`the file just written cannot be read back: ${(error as Error).message}`);
  } finally {
    source.close();
  }
}

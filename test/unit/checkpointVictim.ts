/** A process that opens bad files and looks at everything in them. Its harness watches time, memory and life. */
import fs from 'node:fs';
import path from 'node:path';

import { CheckpointError } from '../../extension/checkpoint/errors';
import { runAsync, runSync } from '../../extension/checkpoint/io';
import { numbers } from '../../extension/checkpoint/numbers';
import { openCheckpoint, openCheckpointAsync } from '../../extension/checkpoint/registry';
import type { OpenedCheckpoint } from '../../extension/checkpoint/describe';
import { internal } from '../../extension/lib/index';

export interface Asked { file: string; mutate?: string }
export interface Told { alive?: true; file?: string; thrown?: string; stack?: string; error?: string; warnings?: string[]; globals?: string[]; tensors?: string[]; opened?: number; refused?: number; maxRssMb?: number; cpuSeconds?: number }

/** Only our own error, saying what is wrong, may come out of a file. */
const ours = (e: unknown): e is CheckpointError => e instanceof CheckpointError;

/** What a viewer would do: tree as JSON, the first values, statistics. */
async function lookAtAll(o: OpenedCheckpoint): Promise<string[]> {
  JSON.stringify(o.info);
  const read: string[] = [];
  for (const [name, t] of [...o.tensors].slice(0, 50)) {
    try {
      for (const { start, count } of t.boxes(1 << 16)) { await runAsync(numbers(t, start, count)); break; }
      await internal.fileStats(t, name, { bins: 16 });
      read.push(name);
    } catch (e) {
      if (!ours(e)) throw e;
    }
  }
  return read;
}
const rss = (): number => process.resourceUsage().maxRSS / 1024;

async function open(file: string): Promise<Told> {
  let o: OpenedCheckpoint;
  try {
    o = await openCheckpointAsync(file);
  } catch (e) {
    return { file, thrown: (e as Error).message, ...(ours(e) ? {} : { stack: (e as Error).stack! }), maxRssMb: rss() };
  }
  try {
    const tensors = await lookAtAll(o);
    return { file, ...(o.info.error === undefined ? {} : { error: o.info.error }), warnings: o.info.warnings, globals: o.info.globals.map((g) => `${g.class} ${g.name}`), tensors, maxRssMb: rss() };
  } finally {
    o.close();
  }
}

/** Every byte flipped in two ways, and every length: the file opens, or a CheckpointError says why not. */
async function mutate(file: string, folder: string): Promise<Told> {
  const good = fs.readFileSync(file);
  const target = path.join(folder, path.basename(file));
  let [opened, refused] = [0, 0];
  const attempt = (bytes: Buffer): void => {
    fs.writeFileSync(target, bytes);
    let o: OpenedCheckpoint | undefined;
    try {
      o = openCheckpoint(target);
      JSON.stringify(o.info);
      for (const t of o.tensors.values()) for (const { start, count } of t.boxes(1 << 14)) { runSync(numbers(t, start, count)); break; }
      opened++;
    } catch (e) {
      if (!ours(e)) throw e;
      refused++;
    } finally {
      o?.close();
    }
  };
  for (let i = 0; i < good.length; i++) {
    for (const bits of [0xff, 1 << (i % 8)]) {
      const b = Buffer.from(good);
      b[i]! ^= bits;
      attempt(b);
    }
    attempt(good.subarray(0, i));
    if (i % 100 === 0) { process.send!({ alive: true } satisfies Told); await new Promise((r) => setImmediate(r)); }
  }
  fs.rmSync(target);
  return { file, opened, refused, maxRssMb: rss() };
}

process.on('message', (m: Asked) => {
  const before = process.cpuUsage();
  (m.mutate === undefined ? open(m.file) : mutate(m.file, m.mutate)).then((told) => { const used = process.cpuUsage(before); process.send!({ ...told, cpuSeconds: (used.user + used.system) / 1e6 }); }, (e: Error) => process.send!({ file: m.file, thrown: e.message, stack: e.stack! } satisfies Told));
});

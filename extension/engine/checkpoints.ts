/** Answers every checkpoint/* request: on the process's main thread, never blocking it for long, cancellable, in bounded memory. */
import fs from 'node:fs';
import path from 'node:path';
import type { CancellationToken } from 'vscode-jsonrpc/node';

import { CheckpointError } from '../checkpoint/errors';
import { Cancelled, runAsync, type Io } from '../checkpoint/io';
import { openCheckpointAsync } from '../checkpoint/registry';
import type { FileTensor } from '../checkpoint/tensor';
import { internal } from '../lib/index';
import * as c from '../protocol/checkpoint';
import { pack, type Packed } from '../protocol/packed';
import type { ErrorInfo, Notification, Request } from '../protocol/rpc';
import { compare, measure, rowOf } from './checkpointCompare';
import { convert, exportTensor } from './checkpointConvert';
import { OpenFiles, type OpenFile } from './checkpointFiles';
import { overview, structure } from './checkpointOverview';
import { preflight } from './checkpointPreflight';
import { Sides, tensorIn } from './checkpointSides';
import { block, tile, valuePage } from './checkpointTile';
import type { RunnerHost } from './runnerHost';

type On = <P, R>(message: Request<P, R>, handler: (params: P, token: CancellationToken) => R | Promise<R>, kind?: ErrorInfo['kind']) => void;
type Notify = <P>(message: Notification<P>, params: P) => void;

const { fileStats, statisticsLanes } = internal;
const OFTEN = 150; // ms between two notes of one job

function report(notify: Notify, job: string | undefined, params: { done: number; total: number; stats?: c.TensorStats; rows?: c.StatsRow[]; compare?: Packed<c.CompareRow> }): void {
  if (job !== undefined) notify(c.CheckpointProgress, { job, ...params });
}
const packedRows = (rows: readonly c.CompareRow[]): Packed<c.CompareRow> => pack(rows, ['name', 'relativeL2', 'cosine', 'maxDifference', 'differing']);
/** A progress callback that speaks only now and then. */
function throttled(notify: Notify, job: string | undefined): (done: number, total: number) => void {
  let told = 0;
  return (done, total) => {
    if (performance.now() - told < OFTEN && done < total) return;
    told = performance.now();
    report(notify, job, { done, total });
  };
}

export function checkpointHandlers(on: On, notify: Notify, runner: RunnerHost): void {
  const files = new OpenFiles();
  const sides = new Sides(files, runner);
  /** A handler with an AbortSignal instead of a token; errors are the file's unless they say otherwise. */
  const handle = <P, R>(message: Request<P, R>, handler: (params: P, signal: AbortSignal) => Promise<R> | R): void => on(message, async (params: P, token) => {
    const abort = new AbortController();
    const stop = token.onCancellationRequested(() => abort.abort());
    try {
      return await handler(params, abort.signal);
    } finally {
      stop.dispose();
    }
  }, 'file');
  const run = <T>(io: Io<T>, signal: AbortSignal): Promise<T> => runAsync(io, signal);

  handle(c.PrepareCheckpoint, ({ file }, signal) => files.use(file, signal, () => null));
  handle(c.OpenCheckpoint, ({ file }, signal) => files.use(file, signal, (f) => f.checkpoint.info).catch((error: unknown) => unreadable(file, error)).then(overview));
  handle(c.CheckpointStructure, ({ file, path: at, from }, signal) => files.use(file, signal, (f) => structure(f.checkpoint.info.root, at, from)));
  handle(c.CloseCheckpoint, ({ file }) => { files.forget(file); return null; });
  handle(c.ListCheckpoints, ({ files: all }, signal) => list(all, signal));

  handle(c.CheckpointStats, ({ file, name, bins, sample, job }, signal) => files.use(file, signal, (f) => tensorStats(f, name, bins, sample, signal, (stats, done, total) => report(notify, job, { done, total, stats }))));
  handle(c.CheckpointAllStats, ({ file, names, job }, signal) => files.use(file, signal, (f) => allStats(f, names, signal, (done, total, rows) => report(notify, job, { done, total, rows }))));

  handle(c.CheckpointTile, ({ at, name, slice, width, height, minus }, signal) => sides.use(at, signal, (a) => {
    const t = tensorIn(a, name);
    if (minus === undefined) return run(tile(t, slice, width, height), signal);
    return sides.use(minus.at, signal, (b) => run(tile(t, slice, width, height, tensorIn(b, minus.name)), signal));
  }));
  handle(c.CheckpointValues, ({ at, name, slice }, signal) => sides.use(at, signal, (s) => run(valuePage(tensorIn(s, name), slice), signal)));
  handle(c.CheckpointBlock, ({ at, name, start, count }, signal) => sides.use(at, signal, (s) => run(block(tensorIn(s, name), start, count), signal)));

  handle(c.CompareCheckpoints, ({ a, b, stripA = '', stripB = '', values, job }, signal) => sides.use(a, signal, (x) => sides.use(b, signal, (y) =>
    compare(x, y, { stripA, stripB, values, signal, progress: (done, total, rows) => report(notify, job, { done, total, compare: packedRows(rows) }) }).then((r) => ({ ...r, rows: packedRows(r.rows) })))));
  handle(c.CompareTensor, ({ a, b, bins, job }, signal) => sides.use(a.at, signal, (x) => sides.use(b.at, signal, (y) => compareTensor(a.name, tensorIn(x, a.name), b.name, tensorIn(y, b.name), bins, signal, (done, total) => report(notify, job, { done, total })))));

  handle(c.PreflightLoad, ({ file, model, path: at, root, rename }, signal) => files.use(file, signal, (f) => sides.use({ model, path: at }, signal, (m) => { const p = preflight(f, m, root, rename); return { ...p, rows: pack(p.rows, ['target', 'source']) }; })));
  handle(c.LoadInto, (params) => runner.request(c.LoadInto, params));

  handle(c.ExportTensor, ({ at, name, target, format, slice, job }, signal) => sides.use(at, signal, (s) => run(exportTensor(tensorIn(s, name), name, target, format, slice, { progress: throttled(notify, job) }), signal)));
  handle(c.ConvertCheckpoint, ({ file, target, names, maxShardBytes, job }, signal) => files.use(file, signal, (f) => {
    if (path.resolve(file) === path.resolve(target)) throw new CheckpointError('a checkpoint is not converted onto itself');
    const before = fs.statSync(file);
    const commit = (): void => { const now = fs.statSync(file); if (now.mtimeMs !== before.mtimeMs || now.size !== before.size) throw new CheckpointError(`${path.basename(file)} changed while it was converted`); };
    return run(convert(f, target, { names, maxShardBytes, commit, progress: throttled(notify, job) }), signal);
  }));
}

/** A file that no reader can show is a page, too: what is wrong with it and where. Rejects with errors that are not the file's bytes'. */
function unreadable(file: string, error: unknown): c.CheckpointInfo {
  if (!(error instanceof CheckpointError) || error.damage === undefined) throw error;
  const { size, mtimeMs } = fs.statSync(file);
  return {
    file, format: 'unknown', description: '', fileBytes: size, version: `${size}-${mtimeMs}`, tensors: [], tensorBytes: 0, parameters: 0, metadata: {},
    root: { key: '', type: 'None', value: 'None' }, globals: [], warnings: [], error: error.message, damage: error.damage, milliseconds: 0,
  };
}

async function tensorStats(f: OpenFile, name: string, bins: number, sample: number | undefined, signal: AbortSignal, onPartial: (s: c.TensorStats, done: number, total: number) => void): Promise<c.TensorStats> {
  const key = `${name}\0${bins}\0${sample ?? ''}`;
  const known = f.results.get(key) as c.TensorStats | undefined;
  if (known !== undefined) return known;
  const stats = await fileStats(f.tensor(name), name, { bins, sample, signal, onPartial });
  f.results.set(key, stats);
  return stats;
}

async function allStats(f: OpenFile, names: string[] | undefined, signal: AbortSignal, progress: (done: number, total: number, rows: c.StatsRow[]) => void): Promise<{ rows: c.StatsRow[] }> {
  const all = names ?? [...f.checkpoint.tensors.keys()];
  const rows: c.StatsRow[] = new Array<c.StatsRow>(all.length);
  const total = all.reduce((a, n) => a + f.tensor(n).bytes, 0);
  let [done, next, told, rested] = [0, 0, performance.now(), performance.now()];
  let fresh: c.StatsRow[] = [];
  let failed = false;
  const tell = (): void => { progress(done, total, fresh); fresh = []; told = performance.now(); };
  const lane = async (): Promise<void> => {
    while (next < all.length && !failed) {
      if (signal.aborted) throw new Cancelled();
      const i = next++;
      const name = all[i]!;
      const t = f.tensor(name);
      rows[i] = await row(f, name, t, signal);
      done += t.bytes;
      fresh.push(rows[i]);
      if (performance.now() - told > OFTEN) tell();
      // Small tensors are counted at once: others must get their turn.
      if (performance.now() - rested > 8) { await new Promise((go) => setImmediate(go)); rested = performance.now(); }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: statisticsLanes }, () => lane().catch((error: unknown) => { failed = true; throw error; })));
  for (const l of lanes) if (l.status === 'rejected') throw l.reason;
  return { rows };
}
async function row(f: OpenFile, name: string, t: FileTensor, signal: AbortSignal): Promise<c.StatsRow> {
  if (t.problem !== undefined) return { name, summary: null, exact: false, problem: t.problem };
  try {
    const { summary, exact } = await tensorStats(f, name, 0, undefined, signal, () => {});
    return { name, summary, exact };
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return { name, summary: null, exact: false, problem: (error as Error).message };
  }
}

async function compareTensor(nameA: string, a: FileTensor, nameB: string, b: FileTensor, bins: number, signal: AbortSignal, progress: (done: number, total: number) => void): Promise<{ a: c.TensorStats; b: c.TensorStats; difference: c.TensorStats | null; row: c.CompareRow }> {
  const total = 2 * (a.bytes + b.bytes) + a.bytes;
  const range = async (t: FileTensor, name: string, offset: number): Promise<c.TensorStats> => fileStats(t, name, { bins: 0, signal, onPartial: (_, done) => progress(offset + done, total) });
  const [sa, sb] = [await range(a, nameA, 0), await range(b, nameB, a.bytes)];
  // One axis for both.
  const finite = [sa, sb].filter((s) => s.summary.count > s.summary.nan + s.summary.inf);
  const common = finite.length === 0 ? undefined : { low: Math.min(...finite.map((s) => s.summary.min)), high: Math.max(...finite.map((s) => s.summary.max)) };
  const half = a.bytes + b.bytes;
  const [ha, hb] = [await fileStats(a, nameA, { bins, range: common, signal, onPartial: (_, done) => progress(half + done, total) }), await fileStats(b, nameB, { bins, range: common, signal, onPartial: (_, done) => progress(half + a.bytes + done, total) })];
  const row_ = rowOf(nameA, [nameA, a], [nameB, b]);
  await measure(row_, a, b, signal);
  const difference = row_.status === 'reshaped' || row_.problem !== undefined ? null : await fileStats(a, nameA, { bins, minus: b, signal });
  progress(total, total);
  return { a: ha, b: hb, difference, row: row_ };
}

/** Two at a time: listing must not keep the disk from what is being looked at. */
async function list(all: string[], signal: AbortSignal): Promise<c.CheckpointListing[]> {
  const indexed = all.filter((f) => /\.index\.json$/i.test(f));
  const shard = (f: string): boolean => /-\d+-of-\d+\.(safetensors|bin)$/i.test(f) && indexed.some((i) => path.dirname(i) === path.dirname(f) && path.basename(f).startsWith(path.basename(i).replace(/\.(safetensors|bin)\.index\.json$/i, '')));
  const wanted = all.filter((f) => !shard(f));
  const out: c.CheckpointListing[] = new Array<c.CheckpointListing>(wanted.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < wanted.length) {
      if (signal.aborted) throw new Cancelled();
      const i = next++;
      const file = wanted[i]!;
      const stat = fs.statSync(file, { throwIfNoEntry: false });
      const base = { file, bytes: stat?.size ?? 0, modified: stat?.mtimeMs ?? 0 };
      try {
        const opened = await openCheckpointAsync(file, signal);
        opened.close();
        const { format, fileBytes, tensors, error } = opened.info;
        out[i] = { ...base, bytes: fileBytes, format, tensors: tensors.length, ...(error === undefined ? {} : { problem: error }) };
      } catch (error) {
        if (error instanceof Cancelled) throw error;
        out[i] = { ...base, format: null, tensors: null, problem: (error as Error).message };
      }
    }
  };
  await Promise.all([lane(), lane()]);
  return out;
}

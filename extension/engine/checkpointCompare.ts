/** Two checkpoints, or a checkpoint and a live model, side by side: aligned names and how far each pair lies apart. */

import { Cancelled, runAsync, type Io } from '../checkpoint/io';
import { meaning, numbers, type Decoded } from '../checkpoint/numbers';
import type { FileTensor } from '../checkpoint/tensor';
import { dtypeByName, internal } from '../lib/index';
import type { ComparedTensor, CompareResult, CompareRow, CompareStatus } from '../protocol/checkpoint';
import { mergeNames, suggestPrefixes } from './checkpointNames';
import type { OpenSide } from './checkpointSides';

const { native } = internal;
const PIECE = 1 << 23;
const BOX = 1 << 20;
const sameShape = (a: FileTensor, b: FileTensor): boolean => a.shape.join() === b.shape.join();

/** Complex numbers are compared part by part, all others by the number they stand for. */
function* parts(t: FileTensor, start: readonly number[], count: readonly number[]): Io<Decoded> {
  if (t.dtype === 'complex64' || t.dtype === 'complex128') return { dtype: t.dtype === 'complex64' ? 'float32' : 'float64', bytes: yield* t.box(start, count) };
  return yield* numbers(t, start, count);
}

interface Raw { count: number; differing: number; nonFinite: number; difference2: number; a2: number; b2: number; ab: number; maxDifference: number }
/** The numbers of one pair of equal shape. Rejects with Cancelled when the signal says so. */
export async function distance(a: FileTensor, b: FileTensor, signal: AbortSignal, seen: (bytes: number) => void = () => {}): Promise<Pick<CompareRow, 'relativeL2' | 'cosine' | 'maxDifference' | 'differing'>> {
  const [ma, mb] = [meaning(a), meaning(b)];
  const complex = (t: FileTensor): string | undefined => (t.dtype === 'complex64' ? 'float32' : t.dtype === 'complex128' ? 'float64' : undefined);
  const [da, db] = [dtypeByName(complex(a) ?? ma.dtype)!, dtypeByName(complex(b) ?? mb.dtype)!];
  const h = native['newCompare'](da.code, db.code) as object;
  const [pa, pb] = [await runAsync(a.storage!.region!.place(), signal), await runAsync(b.storage!.region!.place(), signal)];
  const direct = ma.plain && mb.plain && a.contiguous && b.contiguous && !a.storage!.bigEndian && !b.storage!.bigEndian && pa !== null && pb !== null && native['addCompareFiles'] !== undefined;
  if (direct) {
    const n = a.numel;
    const per = Math.floor(PIECE / Math.max(da.itemsize, db.itemsize));
    for (let at = 0; at < n; at += per) {
      if (signal.aborted) throw new Cancelled();
      const count = Math.min(per, n - at);
      await native['addCompareFiles'](h, pa.source.descriptor, pa.offset + (a.offset + at) * da.itemsize, pb.source.descriptor, pb.offset + (b.offset + at) * db.itemsize, count);
      seen(count * da.itemsize);
    }
  } else {
    for (const { start, count } of a.boxes(BOX)) {
      const x = await runAsync(parts(a, start, count), signal);
      const y = await runAsync(parts(b, start, count), signal);
      await native['addCompareAsync'](h, x.bytes, y.bytes);
      seen(x.bytes.length);
    }
  }
  const r = native['compareResult'](h) as Raw;
  const finite = (v: number): number | null => (Number.isFinite(v) ? v : null);
  return {
    relativeL2: r.difference2 === 0 ? 0 : finite(Math.sqrt(r.difference2 / r.a2)), cosine: r.a2 === 0 && r.b2 === 0 ? 1 : finite(r.ab / Math.sqrt(r.a2 * r.b2)),
    maxDifference: finite(r.maxDifference), differing: r.differing,
  };
}

export function rowOf(name: string, a: [string, FileTensor] | undefined, b: [string, FileTensor] | undefined): CompareRow {
  const brief = (own: string, t: FileTensor): ComparedTensor => ({ ...(own === name ? {} : { name: own }), dtype: t.dtype, shape: [...t.shape] });
  const base = { name, relativeL2: null, cosine: null, maxDifference: null, differing: null };
  if (a === undefined) return { ...base, status: 'added', b: brief(...b!) };
  if (b === undefined) return { ...base, status: 'removed', a: brief(...a) };
  const problem = a[1].problem ?? b[1].problem;
  const status: CompareStatus = !sameShape(a[1], b[1]) ? 'reshaped' : a[1].dtype !== b[1].dtype ? 'retyped' : problem === undefined ? 'same' : 'unread';
  return { ...base, status, a: brief(...a), b: brief(...b), ...(problem === undefined ? {} : { problem }) };
}
/** Fills in how far the pair lies apart; what cannot be read is said in the row. */
export async function measure(row: CompareRow, a: FileTensor, b: FileTensor, signal: AbortSignal, seen?: (bytes: number) => void): Promise<void> {
  if (row.status === 'reshaped' || row.problem !== undefined) return;
  try {
    Object.assign(row, await distance(a, b, signal, seen));
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    row.problem = (error as Error).message;
    if (row.status === 'same') row.status = 'unread';
  }
  if (row.status === 'same' && row.differing !== null && row.differing > 0) row.status = 'changed';
}

export interface CompareOptions { stripA: string; stripB: string; values: boolean; signal: AbortSignal; progress: (done: number, total: number, rows: CompareRow[]) => void }

export async function compare(a: OpenSide, b: OpenSide, o: CompareOptions): Promise<CompareResult> {
  const named = (side: OpenSide, strip: string): Map<string, [string, FileTensor]> => new Map([...side.tensors].map(([n, t]) => [n.startsWith(strip) ? n.slice(strip.length) : n, [n, t]]));
  const [inA, inB] = [named(a, o.stripA), named(b, o.stripB)];
  const rows = mergeNames([...inA.keys()], [...inB.keys()]).map((n) => rowOf(n, inA.get(n), inB.get(n)));
  const pairs = rows.filter((r) => r.a !== undefined && r.b !== undefined);
  if (o.values) {
    const total = pairs.reduce((s, r) => s + inA.get(r.name)![1].bytes, 0);
    let done = 0;
    let told = -Infinity; // the first row is told at once
    let finished: CompareRow[] = [];
    let next = 0;
    let failed = false;
    const tell = (): void => { o.progress(done, total, finished); finished = []; told = performance.now(); };
    const lane = async (): Promise<void> => {
      while (next < pairs.length && !failed) {
        if (o.signal.aborted) throw new Cancelled();
        const row = pairs[next++]!;
        await measure(row, inA.get(row.name)![1], inB.get(row.name)![1], o.signal, (bytes) => { done += bytes; if (told > 0 && performance.now() - told > 150) tell(); });
        finished.push(row);
        if (performance.now() - told > 150) tell();
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: internal.statisticsLanes }, () => lane().catch((error: unknown) => { failed = true; throw error; })));
    for (const l of lanes) if (l.status === 'rejected') throw l.reason;
  }
  const counts: CompareResult['counts'] = { same: 0, changed: 0, added: 0, removed: 0, reshaped: 0, retyped: 0, unread: 0 };
  for (const r of rows) counts[r.status]++;
  const suggestions = suggestPrefixes([...a.tensors.keys()], [...b.tensors.keys()], (x, y) => sameShape(a.tensors.get(x)!, b.tensors.get(y)!), pairs.filter((r) => r.status !== 'reshaped').length);
  return { rows, counts, suggestions, exact: o.values && pairs.every((r) => r.status === 'reshaped' || r.differing !== null) };
}

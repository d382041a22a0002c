/**
 * Statistics of tensors in files: one pass for the summary, one for histogram and percentiles, in bounded memory, by the native
 * accumulators. The asynchronous form reads and counts on the thread pool and can be cancelled; both give the same numbers.
 */
import os from 'node:os';

import type { TensorStats } from '../checkpoint/describe';
import { Cancelled, runAsync, runSync, type Io } from '../checkpoint/io';
import { meaning, numberAt, numbers, toFloats } from '../checkpoint/numbers';
import { CheckpointError } from '../checkpoint/errors';
import { FileRegion } from '../checkpoint/region';
import type { Source } from '../checkpoint/source';
import type { FileTensor } from '../checkpoint/tensor';
import { dtypeByName, float64 } from './dtype';
import { native } from './native';

export interface StatsOptions {
  /** 0: no histogram, and one pass less. */
  bins?: number;
  /** At most about so many elements, spread evenly; the result is then not exact. */
  sample?: number | undefined;
  /** What the histogram spans; default the values' own range. */
  range?: { low: number; high: number } | undefined;
  /** Statistics of the difference to this tensor of equal shape. */
  minus?: FileTensor | undefined;
}
export interface AsyncStatsOptions extends StatsOptions {
  signal?: AbortSignal | undefined;
  /** What is known so far, a few times a second. `done` counts bytes over all passes. */
  onPartial?: ((partial: TensorStats, done: number, total: number) => void) | undefined;
}

const PIECE = 1 << 24;
const BOX = 1 << 20;
/** How many jobs are under way at a time: one more than cores, so that they go on while the main thread puts a result into words; Node's pool has four threads. */
export const LANES = Math.min(4, os.availableParallelism() + 1);
const RUNS = 256;
export const percentiles = [1, 5, 25, 50, 75, 95, 99] as const;

type Handle = object;
/** A stretch of work: either bytes as they stand in a file, or a box to be decoded. */
type Piece = { elements: number } & ({ source: Source; position: number } | { start: number[]; count: number[] });

interface Plan { t: FileTensor; minus: FileTensor | undefined; dtype: number; itemsize: number; pieces: Piece[]; elements: number; exact: boolean; repeat: number; of: TensorStats['of']; lanes: number }

function plan(t: FileTensor, name: string, { sample, minus }: StatsOptions, place: { source: Source; offset: number } | null): Plan {
  if (t.problem !== undefined) throw new CheckpointError(`tensor '${name}': ${t.problem}`);
  const m = meaning(t);
  const dtype = minus === undefined ? dtypeByName(m.dtype)! : float64;
  const dense = t.dense;
  const base = { t, minus, dtype: dtype.code, itemsize: dtype.itemsize, of: m.of };
  if (minus === undefined && dense !== null && m.plain && place !== null && !t.storage!.bigEndian) {
    const runs = sample !== undefined && sample < dense.count ? spread(dense.count, sample) : split(dense.count, Math.floor(PIECE / dtype.itemsize));
    const at = place.offset + t.offset * dtype.itemsize;
    return { ...base, pieces: runs.map(([from, n]) => ({ elements: n, source: place.source, position: at + from * dtype.itemsize })), elements: dense.count, exact: !(sample !== undefined && sample < dense.count), repeat: dense.repeat, lanes: LANES };
  }
  // Expanded dimensions are counted once and multiplied.
  const shape = t.shape.map((n, i) => (n > 1 && t.stride[i] === 0 && minus === undefined ? 1 : n));
  const repeat = t.shape.reduce((a, n, i) => a * (n > 0 ? n / shape[i]! : 1), 1);
  const once = Object.create(t, { shape: { value: shape } }) as FileTensor;
  let boxes = [...once.boxes(BOX)].map((b) => ({ ...b, elements: b.count.reduce((a, x) => a * x, 1) }));
  const elements = boxes.reduce((a, b) => a + b.elements, 0);
  const exact = sample === undefined || sample >= elements;
  if (!exact) {
    const step = Math.max(1, elements / sample);
    boxes = boxes.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  }
  return { ...base, pieces: boxes, elements, exact, repeat, lanes: t.storage!.region!.sequential ? 1 : LANES };
}
function split(n: number, per: number): [number, number][] {
  const out: [number, number][] = [];
  for (let at = 0; at < n; at += per) out.push([at, Math.min(per, n - at)]);
  return out;
}
/** Runs spread evenly over [0, n). */
function spread(n: number, sample: number): [number, number][] {
  const runs = Math.min(RUNS, Math.max(1, sample));
  const length = Math.max(1, Math.floor(sample / runs));
  return Array.from({ length: runs }, (_, i) => [Math.floor(((n - length) * i) / Math.max(1, runs - 1)), length]);
}

interface RawSummary { count: number; min: number; max: number; mean: number; std: number; absMean: number; absMax: number; norm: number; zeros: number; nan: number; inf: number; exactMin?: bigint; exactMax?: bigint }
interface RawHistogram { min: number; max: number; counts: number[]; percentiles: number[] }

/** Numbers of the finished accumulators; `repeat` undoes that expanded elements were read once. */
function result(p: Plan, summary: Handle, histogram: Handle | null, complete: boolean): TensorStats {
  const raw = native['statsSummary'](summary) as RawSummary;
  const { exactMin, exactMax, ...s } = raw;
  const seen = s.count;
  const r = p.repeat;
  if (r !== 1) {
    const finite = s.count - s.nan - s.inf;
    if (finite > 0) s.std = finite * r > 1 ? Math.sqrt((s.std ** 2 * (finite - 1) * r) / (finite * r - 1)) : 0;
    s.norm *= Math.sqrt(r);
    for (const k of ['count', 'zeros', 'nan', 'inf'] as const) s[k] *= r;
  }
  const h = histogram === null ? null : native['statsHistogram'](histogram, percentiles) as RawHistogram;
  if (complete && histogram !== null) native['freeStats'](histogram);
  const big = exactMin !== undefined && exactMax !== undefined && (!Number.isSafeInteger(s.min) || !Number.isSafeInteger(s.max)) && seen > 0;
  return {
    summary: s, of: p.of, histogram: h === null ? null : { min: h.min, max: h.max, counts: r === 1 ? h.counts : h.counts.map((c) => c * r) },
    percentiles: h === null ? [] : percentiles.map((q, i) => ({ p: q, value: h.percentiles[i]! })), exact: p.exact && complete, seen, ...(big ? { exactMin: String(exactMin), exactMax: String(exactMax) } : {}),
  };
}
const newHandle = (p: Plan, range: { bins: number; low: number; high: number } | null): Handle => (range === null ? native['newStats'](p.dtype) : native['newStats'](p.dtype, range.bins, range.low, range.high)) as Handle;
/** What the histogram spans; null when there is none to make. */
function rangeOf(summary: Handle, { bins = 0, range }: StatsOptions): { bins: number; low: number; high: number } | null {
  const s = native['statsSummary'](summary) as RawSummary;
  return bins > 0 && s.count > s.nan + s.inf ? { bins, low: range?.low ?? s.min, high: range?.high ?? s.max } : null;
}
function* difference(p: Plan, start: readonly number[], count: readonly number[]): Io<Buffer> {
  const x = yield* numbers(p.t, start, count);
  if (p.minus === undefined) return x.bytes;
  const y = yield* numbers(p.minus, start, count);
  const n = count.reduce((a, b) => a * b, 1);
  const out = new Float64Array(n);
  const exact = (d: string): boolean => d === 'float64' || d === 'int64' || d === 'int32';
  if (exact(x.dtype) || exact(y.dtype)) for (let i = 0; i < n; i++) out[i] = numberAt(x.dtype, x.bytes, i) - numberAt(y.dtype, y.bytes, i);
  else {
    const [a, b] = [toFloats(x), toFloats(y)];
    for (let i = 0; i < n; i++) out[i] = a[i]! - b[i]!;
  }
  return Buffer.from(out.buffer);
}

/** Blocks until done: for scripts. */
export function statsSync(t: FileTensor, name: string, o: StatsOptions = {}): TensorStats {
  const place = t.storage?.region == null ? null : runSync(t.storage.region.place());
  const p = plan(t, name, o, place);
  const pass = (range: Parameters<typeof newHandle>[1]): Handle => {
    const h = newHandle(p, range);
    for (const piece of p.pieces) {
      if ('source' in piece) for (const [at, n] of split(piece.elements, BOX / p.itemsize)) native['addStats'](h, piece.source.read(piece.position + at * p.itemsize, n * p.itemsize));
      else native['addStats'](h, runSync(difference(p, piece.start, piece.count)));
    }
    return h;
  };
  const summary = pass(null);
  const range = rangeOf(summary, o);
  return result(p, summary, range === null ? null : pass(range), true);
}

/** Small enough to be counted at once. */
const TINY = 1 << 16;

/** Rejects with Cancelled when the signal says so. The file must stay open until the promise settles. */
export async function stats(t: FileTensor, name: string, o: AsyncStatsOptions = {}): Promise<TensorStats> {
  if (t.storage?.region instanceof FileRegion && t.storage.bytes <= TINY && t.dense !== null && o.minus === undefined) return statsSync(t, name, o);
  const place = t.storage?.region == null ? null : await runAsync(t.storage.region.place(), o.signal);
  const p = plan(t, name, o, place);
  const passes = (o.bins ?? 0) > 0 ? 2 : 1;
  const each = p.pieces.reduce((a, x) => a + x.elements, 0) * p.itemsize;
  let done = 0;
  let told = performance.now();

  const pass = async (range: Parameters<typeof newHandle>[1], partial: (sum: Handle) => TensorStats): Promise<Handle> => {
    const sum = newHandle(p, range);
    let next = 0;
    let failed = false;
    const lane = async (): Promise<void> => {
      while (next < p.pieces.length && !failed) {
        if (o.signal?.aborted) throw new Cancelled();
        const piece = p.pieces[next++]!;
        // Every piece has its own accumulator, so that partial results never read one that is being written.
        const own = p.pieces.length === 1 ? sum : newHandle(p, range);
        await add(p, own, piece, o.signal);
        if (own !== sum) native['mergeStats'](sum, own);
        done += piece.elements * p.itemsize;
        if (o.onPartial !== undefined && performance.now() - told > 120) {
          told = performance.now();
          o.onPartial(partial(sum), done, each * passes);
        }
      }
    };
    // Every lane must end before this does: they read from the file.
    const lanes = await Promise.allSettled(Array.from({ length: Math.min(p.lanes, p.pieces.length) }, () => lane().catch((error: unknown) => { failed = true; throw error; })));
    for (const l of lanes) if (l.status === 'rejected') throw l.reason;
    return sum;
  };
  const summary = await pass(null, (sum) => result(p, sum, null, false));
  const range = rangeOf(summary, o);
  return result(p, summary, range === null ? null : await pass(range, (sum) => ({ ...result(p, summary, sum, false), exact: false })), true);
}

async function add(p: Plan, h: Handle, piece: Piece, signal: AbortSignal | undefined): Promise<void> {
  if (!('source' in piece)) {
    await native['addStatsAsync'](h, await runAsync(difference(p, piece.start, piece.count), signal));
  } else if (native['addStatsFile'] !== undefined) {
    await native['addStatsFile'](h, piece.source.descriptor, piece.position, piece.elements);
  } else {
    for (const [at, n] of split(piece.elements, BOX / p.itemsize)) await native['addStatsAsync'](h, await piece.source.readAsync(piece.position + at * p.itemsize, n * p.itemsize));
  }
}

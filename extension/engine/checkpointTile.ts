/** Pictures and pages of a tensor: a slice reduced to cells, or its exact values. Bounded in what is read and what is sent. */
import { CheckpointError } from '../checkpoint/errors';
import type { Io } from '../checkpoint/io';
import { bitsAt, numbers, textAt, toFloats } from '../checkpoint/numbers';
import type { FileTensor } from '../checkpoint/tensor';
import type { Slice, Tile, ValuePage } from '../protocol/checkpoint';

/** Elements looked at for one tile; beyond, rows and columns are skipped evenly. */
const BUDGET = 1 << 24;
const BAND = 1 << 18;
const LIMITS = { side: 1024, cells: 20_000, block: 1 << 20 };

export const base64 = (v: Float32Array): string => Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString('base64');
function fail(message: string): never { throw new CheckpointError(message); }

/** Throws when a slice does not lie in the tensor. */
function check(t: FileTensor, s: Slice): void {
  const extent = (dim: number | null, [from, to]: [number, number], what: string): void => {
    if (dim !== null && (!Number.isInteger(dim) || dim < 0 || dim >= t.shape.length)) fail(`the ${what} dimension is ${dim}, but the tensor has ${t.shape.length}`);
    const n = dim === null ? 1 : t.shape[dim]!;
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > n) fail(`${what}s ${from} to ${to} do not lie in 0 to ${n}`);
  };
  if (s.rowDim !== null && s.rowDim === s.columnDim) fail('rows and columns run along the same dimension');
  extent(s.rowDim, s.rows, 'row');
  extent(s.columnDim, s.columns, 'column');
  t.shape.forEach((n, d) => {
    const i = s.fixed[d];
    if (d !== s.rowDim && d !== s.columnDim && (i === undefined || !Number.isInteger(i) || i < 0 || i >= n)) fail(`index ${i} of dimension ${d} does not lie in 0 to ${n}`);
  });
}
/** Start and count of the box rows × columns, and where element (r, c) of it stands. */
function boxOf(t: FileTensor, s: Slice, rows: [number, number], columns: [number, number]): { start: number[]; count: number[]; at: (r: number, c: number) => number } {
  const start = t.shape.map((_, d) => (d === s.rowDim ? rows[0] : d === s.columnDim ? columns[0] : s.fixed[d]!));
  const count = t.shape.map((_, d) => (d === s.rowDim ? rows[1] - rows[0] : d === s.columnDim ? columns[1] - columns[0] : 1));
  const [nr, nc] = [rows[1] - rows[0], columns[1] - columns[0]];
  const rowsFirst = s.columnDim === null || (s.rowDim ?? -1) < s.columnDim;
  return { start, count, at: rowsFirst ? (r, c) => r * nc + c : (r, c) => c * nr + r };
}

/** Evenly chosen [from, to) runs of at most `take` of n, in order. */
function runsOf(from: number, to: number, take: number): [number, number][] {
  const n = to - from;
  if (take >= n) return [[from, to]];
  const out: [number, number][] = [];
  for (let i = 0; i < take; i++) { const at = from + Math.floor(((i + 0.5) * n) / take); out.push([at, at + 1]); }
  return out;
}

class Cells {
  readonly sum: Float64Array;
  readonly count: Float64Array;
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly rowSum: Float64Array; readonly rowCount: Float64Array;
  readonly columnSum: Float64Array; readonly columnCount: Float64Array;
  nonFinite = 0;
  constructor(readonly height: number, readonly width: number) {
    this.sum = new Float64Array(height * width);
    this.count = new Float64Array(height * width);
    this.min = new Float32Array(height * width).fill(Infinity);
    this.max = new Float32Array(height * width).fill(-Infinity);
    this.rowSum = new Float64Array(height); this.rowCount = new Float64Array(height);
    this.columnSum = new Float64Array(width); this.columnCount = new Float64Array(width);
  }
  /** `n` values from `at` on, `step` apart, minus those of `y`: all of one cell. */
  add(row: number, column: number, x: Float32Array, y: Float32Array | null, at: number, step: number, n: number): void {
    const i = row * this.width + column;
    let sum = 0;
    let count = 0;
    let min = this.min[i]!;
    let max = this.max[i]!;
    for (let k = 0, p = at; k < n; k++, p += step) {
      const v = y === null ? x[p]! : x[p]! - y[p]!;
      if (v - v !== 0) continue; // NaN or infinite
      sum += v;
      count++;
      if (v < min) min = v;
      if (v > max) max = v;
    }
    this.nonFinite += n - count;
    this.sum[i]! += sum; this.count[i]! += count;
    this.min[i] = min; this.max[i] = max;
    this.rowSum[row]! += sum; this.rowCount[row]! += count;
    this.columnSum[column]! += sum; this.columnCount[column]! += count;
  }
}
// A loop: TypedArray.from with a function is slow.
function means(sum: Float64Array, count: Float64Array): Float32Array {
  const out = new Float32Array(sum.length);
  for (let i = 0; i < out.length; i++) out[i] = count[i]! > 0 ? sum[i]! / count[i]! : NaN;
  return out;
}

export function* tile(t: FileTensor, s: Slice, width: number, height: number, minus?: FileTensor): Io<Tile> {
  check(t, s);
  if (minus !== undefined && minus.shape.join() !== t.shape.join()) fail(`a difference needs equal shapes, not [${t.shape.join(', ')}] and [${minus.shape.join(', ')}]`);
  const [nr, nc] = [s.rows[1] - s.rows[0], s.columns[1] - s.columns[0]];
  const side = (n: number): number => Math.max(1, Math.min(LIMITS.side, Math.floor(n) || 1));
  const cells = new Cells(Math.min(side(height), nr), Math.min(side(width), nc));
  const { height: h, width: w } = cells;
  let exact = true;
  // Rows a row of cells, and columns a cell, that are looked at.
  const perRow = Math.max(1, Math.min(Math.ceil(nr / Math.max(1, h)), Math.floor(BUDGET / Math.max(1, h * nc))));
  const perCell = perRow * h * nc <= BUDGET ? Infinity : Math.max(1, Math.floor(BUDGET / (h * perRow * w)));
  const bandRows = Math.max(1, Math.floor(BAND / Math.max(1, nc)));
  for (let i = 0; i < h; i++) {
    const [r0, r1] = [s.rows[0] + Math.floor((i * nr) / h), s.rows[0] + Math.floor(((i + 1) * nr) / h)];
    if (perRow < r1 - r0) exact = false;
    for (const [a, b] of runsOf(r0, r1, perRow)) {
      for (let r = a; r < b; r += bandRows) {
        const rows: [number, number] = [r, Math.min(b, r + bandRows)];
        for (const columns of columnRuns(s.columns, w, perCell)) {
          if (perCell !== Infinity && nc / w > perCell) exact = false;
          const box = boxOf(t, s, rows, columns);
          const x = toFloats(yield* numbers(t, box.start, box.count));
          const y = minus === undefined ? null : toFloats(yield* numbers(minus, box.start, box.count));
          const step = box.at(0, 1) - box.at(0, 0);
          for (let rr = 0; rr < rows[1] - rows[0]; rr++) {
            for (let cc = columns[0], j = cellOf(cc - s.columns[0], nc, w); cc < columns[1]; j++) {
              const end = Math.min(columns[1], s.columns[0] + Math.floor(((j + 1) * nc) / w));
              cells.add(i, j, x, y, box.at(rr, cc - columns[0]), step, end - cc);
              cc = end;
            }
          }
          yield undefined;
        }
      }
    }
  }
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < h * w; i++) {
    if (cells.count[i] === 0) { cells.min[i] = cells.max[i] = NaN; continue; }
    low = Math.min(low, cells.min[i]!);
    high = Math.max(high, cells.max[i]!);
  }
  if (low > high) low = high = 0;
  return {
    width: w, height: h, mean: base64(means(cells.sum, cells.count)), min: base64(cells.min), max: base64(cells.max), rowMean: base64(means(cells.rowSum, cells.rowCount)), columnMean: base64(means(cells.columnSum, cells.columnCount)),
    low, high, nonFinite: cells.nonFinite, exact,
  };
}
/** The cell whose range [floor(i n / w), floor((i + 1) n / w)) holds `c`. */
function cellOf(c: number, n: number, w: number): number {
  let i = Math.min(w - 1, Math.floor((c * w) / n));
  while (i > 0 && Math.floor((i * n) / w) > c) i--;
  while (i < w - 1 && Math.floor(((i + 1) * n) / w) <= c) i++;
  return i;
}
/** All columns in reads of bounded length, or a run in the middle of each cell. */
function* columnRuns([from, to]: [number, number], w: number, perCell: number): Generator<[number, number]> {
  const n = to - from;
  if (n / w <= perCell) {
    for (let c = from; c < to; c += BAND) yield [c, Math.min(to, c + BAND)];
    return;
  }
  for (let j = 0; j < w; j++) {
    const [a, b] = [from + Math.floor((j * n) / w), from + Math.floor(((j + 1) * n) / w)];
    const take = Math.min(perCell, b - a);
    const at = a + Math.floor((b - a - take) / 2);
    yield [at, at + take];
  }
}

/** Exact values, as text and as bits. */
export function* valuePage(t: FileTensor, s: Slice): Io<ValuePage> {
  check(t, s);
  const [nr, nc] = [s.rows[1] - s.rows[0], s.columns[1] - s.columns[0]];
  if (nr * nc > LIMITS.cells) fail(`${nr * nc} values are too many for one page; at most ${LIMITS.cells} are sent`);
  const box = boxOf(t, s, s.rows, s.columns);
  const raw = yield* t.box(box.start, box.count);
  const decoded = t.options.quantizer === undefined ? { dtype: t.readType, bytes: raw } : yield* numbers(t, box.start, box.count);
  const grid = (cell: (k: number) => string): string[][] => Array.from({ length: nr }, (_, r) => Array.from({ length: nc }, (_x, c) => cell(box.at(r, c))));
  return { text: grid((k) => textAt(decoded.dtype, decoded.bytes, k)), bits: grid((k) => (t.options.blocks === undefined ? bitsAt(t.item, raw, k) : '')) };
}

/** An N-dimensional block as numbers for drawing. */
export function* block(t: FileTensor, start: readonly number[], count: readonly number[]): Io<{ values: string; low: number; high: number }> {
  if (start.length !== t.shape.length || count.length !== t.shape.length || t.shape.some((n, d) => !(Number.isInteger(start[d]) && Number.isInteger(count[d]) && start[d]! >= 0 && count[d]! >= 0 && start[d]! + count[d]! <= n))) fail(`the block [${count.join(', ')}] at [${start.join(', ')}] does not lie in [${t.shape.join(', ')}]`);
  if (count.reduce((a, b) => a * b, 1) > LIMITS.block) fail(`a block has at most ${LIMITS.block} elements`);
  const v = toFloats(yield* numbers(t, start, count));
  let [low, high] = [Infinity, -Infinity];
  for (const x of v) if (x - x === 0) { low = Math.min(low, x); high = Math.max(high, x); }
  if (low > high) low = high = 0;
  return { values: base64(v), low, high };
}

/** What the tables of the differential fuzzer share: random choices from a seed and a number, and the same call in TypeScript and in Python. */
import * as library from '../../extension/lib/index';
import { dtypeByName, fromTypedArray, nn, type Tensor } from '../../extension/lib/index';
import type { DTypeName, Result } from '../cases/table';

/** What the absurd fuzzer puts between a drawn case and the library: another list of arguments. */
export const spoiler: { spoil: ((args: unknown[]) => unknown[]) | null } = { spoil: null };
const spoiled = <T extends object>(api: T): T => new Proxy({} as T, { get: (_, name) => { const v: unknown = Reflect.get(api, name); return typeof v === 'function' && spoiler.spoil !== null ? (...args: unknown[]): unknown => (v as (...a: unknown[]) => unknown)(...spoiler.spoil!(args)) : v; } });
/** The library as the tables call it. */
export const torch = spoiled(library), F = spoiled(nn.functional);

export interface Drawn { dtype: DTypeName; shape: number[]; strides: number[]; offset: number; data: number[] }
export interface Case {
  op: string;
  inputs: Drawn[];
  py: string;
  run: (x: Tensor[]) => Result;
  /** Gradients are asked for as well. */
  grad: boolean;
  /** Elements are compared at their own scale; otherwise at that of the largest, or at `scale` when that is more. */
  own: boolean;
  ulps: number;
  scale: number;
}
export const floats: DTypeName[] = ['float32', 'float32', 'float64', 'float16', 'bfloat16'];
export const all: DTypeName[] = [...floats, 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'];
const limits: Partial<Record<DTypeName, [number, number]>> = { int32: [-(2 ** 31), 2 ** 31 - 1], int16: [-32768, 32767], int8: [-128, 127], uint8: [0, 255], bool: [0, 1] };

/** Random choices, the same for the same seed. Source: the mulberry32 generator. */
export class Draw {
  private state: number;
  /** Values beyond the ordinary are drawn in this case. */
  readonly wild: boolean;
  constructor(seed: number, index: number, readonly most = 5) { this.state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0; this.next(); this.wild = this.chance(0.15); }
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  int(lo: number, hi: number): number { return lo + Math.floor(this.next() * (hi - lo + 1)); }
  chance(p: number): boolean { return this.next() < p; }
  pick<T>(list: readonly T[]): T { return list[this.int(0, list.length - 1)]!; }
  shape(lo = 0, hi = 4): number[] { return Array.from({ length: this.int(lo, hi) }, () => (this.chance(0.04) ? 0 : this.chance(0.03) ? this.int(6, 40) : this.int(1, this.most))); }
  /** A shape that broadcasts with another. */
  near(shape: readonly number[]): number[] {
    if (this.chance(0.03)) return this.shape();
    const s = shape.map((n) => (this.chance(0.2) ? 1 : n)).slice(this.chance(0.2) ? this.int(0, shape.length) : 0);
    return this.chance(0.05) ? [this.int(1, 3), ...s] : s;
  }
  value(dtype: DTypeName, positive: boolean, tame = false): number {
    const lim = limits[dtype];
    if (!dtype.startsWith('float') && dtype !== 'bfloat16') {
      const v = this.wild && this.chance(0.2) ? (lim ? this.pick(lim) : this.pick([2 ** 53, -(2 ** 53), 2 ** 31])) : this.int(-9, 9);
      return lim ? Math.min(lim[1], Math.max(lim[0], positive ? Math.abs(v) : v)) : positive ? Math.abs(v) : v;
    }
    let v = this.chance(0.2) ? this.int(-4, 4) : this.int(-255, 255) / 64;
    if (this.wild && !tame) v = this.chance(0.25) ? this.pick([0, -0, Infinity, -Infinity, NaN, 1e-6, 3e4, -3e4, 1e-3, 88, -104]) : v * 10 ** this.int(-3, 2);
    return positive ? Math.abs(v) || 0.25 : v;
  }
  tensor(shape = this.shape(), dtypes: readonly DTypeName[] = all, o: { positive?: boolean; lo?: number; hi?: number; plain?: boolean; tame?: boolean } = {}): Drawn {
    const dtype = this.pick(dtypes), n = shape.length, order = shape.map((_, i) => i), how = o.plain === true ? 0 : this.next();
    if (how > 0.4 && how < 0.7) order.sort(() => this.next() - 0.5);
    const gap = how >= 0.7 && how < 0.9 ? this.int(2, 3) : 1, strides = new Array<number>(n).fill(1);
    let step = gap;
    for (let k = n - 1; k >= 0; k--) { const d = order[k]!; strides[d] = step; step *= Math.max(1, shape[d]!) + (gap > 1 && this.chance(0.3) ? 1 : 0); }
    if (how >= 0.9 && n > 0) { const d = this.int(0, n - 1); strides[d] = 0; }
    const offset = how > 0.4 && this.chance(0.3) ? this.int(1, 5) : 0, size = shape.some((s) => s === 0) ? offset : offset + 1 + shape.reduce((a, s, d) => a + (s - 1) * strides[d]!, 0);
    return { dtype, shape, strides, offset, data: Array.from({ length: size }, () => (o.lo === undefined ? this.value(dtype, o.positive ?? false, o.tame ?? false) : this.int(o.lo, o.hi!))) };
  }
  /** Whole, or not exact in any binary type. */
  number(lo = -20): number { return this.chance(0.4) ? this.int(Math.ceil(lo / 7), 3) : this.int(lo, 20) / 7; }
  dim(shape: readonly number[]): number { return this.chance(0.03) ? this.int(-6, 6) : shape.length === 0 ? this.pick([0, -1]) : this.int(-shape.length, shape.length - 1); }
  at(shape: readonly number[], dim: number): number { return shape[dim < 0 ? dim + shape.length : dim] ?? 1; }
}

export function build(d: Drawn): Tensor {
  const integer = !d.dtype.startsWith('float') && d.dtype !== 'bfloat16';
  const flat = fromTypedArray(integer ? BigInt64Array.from(d.data, (v) => BigInt(v)) : Float64Array.from(d.data), [d.data.length], { dtype: dtypeByName(d.dtype)! });
  return flat.asStrided(d.shape, d.strides, d.offset);
}

export type Literal = number | boolean | null | string | readonly Literal[];
export const py = (v: Literal): string => (v === null ? 'None' : v === true ? 'True' : v === false ? 'False' : v === Infinity ? 'math.inf' : typeof v === 'string' ? `'${v}'` : Array.isArray(v) ? `[${v.map(py).join(', ')}]` : Object.is(v, -0) ? '-0.0' : String(v));
export const camel = (s: string): string => s.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
export const names = 'xyzwvu';
export type Method = Record<string, (...a: unknown[]) => Result>;
/** x.name(y, …, ...args) on both sides. */
export const method = (op: string, inputs: Drawn[], args: Literal[], rest: Partial<Case> = {}, jsArgs: unknown[] = [...args]): Case => ({
  op, inputs, grad: true, own: false, ulps: 4, scale: 0,
  py: `x.${op}(${[...inputs.slice(1).map((_, i) => names[i + 1]!), ...args.map(py)].join(', ')})`,
  run: (x) => (x[0] as unknown as Method)[camel(op)]!(...x.slice(1), ...jsArgs), ...rest,
});
/** A call that says itself, with every input known by its letter. */
export const said = (op: string, inputs: Drawn[], python: string, run: (x: Tensor[]) => Result, rest: Partial<Case> = {}): Case => ({ op, inputs, py: python, run, grad: true, own: false, ulps: 4, scale: 0, ...rest });
export const biggest = (...inputs: Drawn[]): number => Math.max(...inputs.map((d) => d.data.reduce((m, v) => (Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m), 0)));
export const count = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);

/** An argument by name: a value, or the number of an input. */
type Named = Record<string, Literal | { input: number }>;
/** base.op(inputs…, positional…, named…): a method of the first input ('x'), of torch or of F. The same named arguments are one object in TypeScript. */
export function call(base: 'x' | 'torch' | 'F', op: string, inputs: Drawn[], positional: Literal[] = [], kw: Named = {}, rest: Partial<Case> = {}): Case {
  const entries = Object.entries(kw), input = (v: unknown): number => (typeof v === 'object' && v !== null && 'input' in v ? (v as { input: number }).input : -1), byName = new Set(entries.map(([, v]) => input(v)));
  const placed = inputs.flatMap((_, i) => (byName.has(i) || (base === 'x' && i === 0) ? [] : [i])), options = (x: Tensor[]): unknown[] => (entries.length === 0 ? [] : [Object.fromEntries(entries.map(([k, v]) => [camel(k), input(v) >= 0 ? x[input(v)] : v]))]);
  const owner = (x: Tensor[]): Method => (base === 'x' ? x[0] : base === 'torch' ? torch : F) as unknown as Method;
  return said(op, inputs, `${base}.${op}(${[...placed.map((i) => names[i]!), ...positional.map(py), ...entries.map(([k, v]) => `${k}=${input(v) >= 0 ? names[input(v)]! : py(v as Literal)}`)].join(', ')})`, (x) => owner(x)[camel(op)]!(...placed.map((i) => x[i]), ...positional, ...options(x)), rest);
}
export const elementwise = { own: true, ulps: 2 };

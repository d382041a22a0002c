/**
 * The case table: one row an op, module, loss, optimizer ... Each row says the same thing twice, in TypeScript and in
 * Python; test/golden/cases.py lets real PyTorch evaluate the Python side, cases.test.ts compares.
 *
 * To add a row: one line in rows/<family>.ts (a new family: one line in families.ts), `npm run golden`, done.
 * `npm run golden` needs a Python with torch (env WEIGHTROOM_PYTHON, else python3) and asks it only for rows that changed.
 *
 *   op('clamp', [f(3, 4)], (x) => x.clamp(-1, 1), 'x.clamp(-1, 1)')
 *   unary('exp'), binary('atan2')                      both sides follow from the name: x.exp(), x.atan2(y)
 *   module('Linear', () => new nn.Linear(4, 3), [f(2, 4)], 'nn.Linear(4, 3)')
 *   same('randperm', () => randperm(7), 'torch.randperm(7)')      any values, after manualSeed(0); exact unless `ulps`
 *   error('add of shapes', () => zeros(2).add(zeros(3)), 'torch.zeros(2) + torch.zeros(3)')     class and text
 *
 * In Python the inputs are x, y, z, w, v, u, and torch, F, nn, math, optim, init, data are there. Code of more than one
 * expression assigns `out`. Results may be tensors, numbers, booleans, strings, null, and arrays of these.
 *
 * What one op row checks, without saying more: values and gradients of every input against PyTorch's; dtype of the result
 * for each of the ten dtypes (or that it is refused); grad_fn's name; non-contiguous inputs; that inputs stay unchanged;
 * in float64 the gradient and the gradient's gradient by finite differences; every device that is there. `unary` and
 * `binary` rows add empty tensors, extremes (0, -0, inf, nan, largest, subnormal) and broadcasting; other rows ask for
 * such inputs by further rows, or by `also`.
 */
import type { Module } from '../../extension/lib/nn/module';
import type { Picked, Tensor } from '../../extension/lib/tensor';

export type DTypeName = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool';
export const dtypeNames: readonly DTypeName[] = ['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'];
export const isFloat = (d: DTypeName): boolean => d.startsWith('float') || d === 'bfloat16';

/** An input: values in C order. Inputs with `fixed` dtype (indices, masks) are the same in every dtype variant. */
export interface Input { shape: readonly number[]; dtype: DTypeName; data: readonly number[]; fixed: boolean }
export type Result = Tensor | Picked | number | bigint | boolean | string | null | undefined | readonly Result[] | { readonly [key: string]: Result };
export type Run = (...inputs: Tensor[]) => Result;

export interface Options {
  /** Allowed distance in units of the result's last place; default 2 for elementwise rows, 4 for others (scaled by the largest element). */
  ulps?: number;
  /** The same for gradients; default twice `ulps` and at least 8. */
  gradUlps?: number;
  /** A module's first state is computed, not drawn: units of the last place it may differ by; default none. Not tried in float64, where these would show. */
  stateUlps?: number;
  /** Each result element is compared at its own scale, extremes are tried. Set by unary() and binary(). */
  elementwise?: boolean;
  /** dtypes tried beside float32 and float64; default all. */
  dtypes?: readonly DTypeName[];
  /** Why float64 is not tried. */
  notFloat64?: string;
  /** No gradient is asked for (predicates, indices, random values). */
  noGrad?: boolean;
  /** The second derivative is not checked: PyTorch has none, or it is zero everywhere. */
  noDouble?: boolean;
  /** Inputs stand on a kink: gradients are compared with PyTorch's choice there, not with finite differences. */
  kink?: boolean;
  /** grad_fn's name is not compared. */
  anyFn?: boolean;
  /** Non-contiguous inputs are not tried: the result depends on strides. */
  strided?: boolean;
  /** More inputs for the same expressions, by name of the variant. */
  also?: Record<string, readonly Input[]>;
  /** Extremes to try instead of the usual ones; why stands beside the row. */
  extremes?: readonly number[];
  /** The broadcasting variant is left out. */
  noBroadcast?: boolean;
  /** Why this row is not tried on other devices than the CPU; 'float64', 'refused': they must refuse it in the words for that. */
  cpuOnly?: string;
}

export interface Variant { name: string; inputs: readonly Input[]; grad: boolean }
export type Row =
  | { kind: 'op'; name: string; py: string; run: Run; variants: Variant[]; options: Options }
  | { kind: 'module'; name: string; py: string; make: () => Module; variants: Variant[]; options: Options; call?: (m: Module, ...inputs: Tensor[]) => Result }
  | { kind: 'same' | 'error'; name: string; py: string; run: () => Result; options: Options };

// --- inputs

/** A number in [0, 1) from a position: the same on every machine. */
function hash(seed: number, i: number): number {
  let h = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(i + 1, 0x85ebca6b);
  for (const m of [0x21f0aaad, 0x735a2d97]) h = Math.imul(h ^ (h >>> 16), m);
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32;
}
const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
/** The k-th of n whole numbers in an order that looks random. */
export function shuffled(n: number, seed: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) { const j = Math.floor(hash(seed, i) * (i + 1)); [order[i], order[j]] = [order[j]!, order[i]!]; }
  return order;
}

/**
 * float32 values in (lo, hi), all different where there is room, all odd multiples of 1/128: exact in half precision up
 * to 8, and never on a whole number, where many ops have a kink.
 */
export function within(lo: number, hi: number, ...shape: number[]): Input {
  const n = count(shape);
  const room = Math.floor((hi - lo) * 64);
  const seed = Math.round(lo * 64) * 31 + room + n;
  const order = n <= room ? shuffled(room, seed) : Array.from({ length: n }, (_, i) => Math.floor(hash(seed, i) * room));
  return { shape, dtype: 'float32', data: Array.from({ length: n }, (_, i) => lo + (order[i]! + 0.5) / 64), fixed: false };
}
/** float32 values in (-2, 2). */
export const f = (...shape: number[]): Input => within(-2, 2, ...shape);
/** float32 values in (0.25, 2.25). */
export const positive = (...shape: number[]): Input => within(0.25, 2.25, ...shape);
/** int64 values in [lo, hi): indices. */
export function ints(lo: number, hi: number, ...shape: number[]): Input {
  const n = count(shape);
  return { shape, dtype: 'int64', data: Array.from({ length: n }, (_, i) => lo + Math.floor(hash(lo * 7 + hi + n, i) * (hi - lo))), fixed: true };
}
/** A permutation of 0 … n-1 as int64. */
export const permutation = (n: number): Input => ({ shape: [n], dtype: 'int64', data: shuffled(n, n), fixed: true });
/** A bool mask, about half of it true. */
export function mask(...shape: number[]): Input {
  const n = count(shape);
  return { shape, dtype: 'bool', data: Array.from({ length: n }, (_, i) => (hash(n, i) < 0.5 ? 1 : 0)), fixed: true };
}
/** All values a little higher: for inputs that must not meet those of another. */
export const raised = (input: Input): Input => ({ ...input, data: input.data.map((v) => v + 1 / 512) });
/** Given values in C order. */
export function values(data: readonly number[], shape: readonly number[] = [data.length], dtype: DTypeName = 'float32'): Input { return { shape, dtype, data, fixed: dtype !== 'float32' }; }
/** The same values in another dtype, which dtype variants leave alone. */
export const as = (dtype: DTypeName, input: Input): Input => ({ ...input, dtype, data: input.data.map((v) => toDtype(v, dtype)), fixed: true });

function toDtype(v: number, dtype: DTypeName): number {
  if (isFloat(dtype)) return v;
  if (!Number.isFinite(v)) return 0;
  if (dtype === 'bool') return v !== 0 ? 1 : 0;
  const t = Math.trunc(v * 2);
  return dtype === 'uint8' ? Math.abs(t) % 256 : t;
}
/** Input in a dtype variant: floats keep their value, integers are twice the value without its fraction, so that they differ. */
const inDtype = (input: Input, dtype: DTypeName): Input => (input.fixed ? input : { ...input, dtype, data: input.data.map((v) => toDtype(v, dtype)) });

const special = [0, -0, 1, -1, Infinity, -Infinity, NaN, 0.5, -0.5, 2.5, -2.5, 3.4028234663852886e38, -3.4028234663852886e38, 1.1754943508222875e-38, -1e-45, 1e-6, 19, -19, 88.5, -88.5, 104, -110, 300, -1000, 1e6, -1e10];
const specialPair = [0, -0, Infinity, -Infinity, NaN, 1, -1, 2.5, -3, 3.4028234663852886e38, 1e-45];

function variantsOf(inputs: readonly Input[], o: Options): Variant[] {
  const grad = o.noGrad !== true;
  const out: Variant[] = [{ name: 'base', inputs, grad }];
  for (const d of dtypeNames) if (d !== 'float32' && (d === 'float64' ? o.notFloat64 === undefined : (o.dtypes ?? dtypeNames).includes(d)) && inputs.some((i) => !i.fixed)) out.push({ name: d, inputs: inputs.map((i) => inDtype(i, d)), grad: grad && d === 'float64' });
  if (o.elementwise === true) {
    out.push({ name: 'empty', inputs: inputs.map((i) => ({ ...i, shape: [0, ...i.shape.slice(1)], data: [] })), grad });
    if (inputs.length === 1) { const data = o.extremes ?? special; out.push({ name: 'extremes', inputs: [{ ...inputs[0]!, shape: [data.length], data }], grad }); }
    if (inputs.length === 2) {
      const pair = o.extremes ?? specialPair;
      const n = pair.length;
      out.push({ name: 'extremes', inputs: inputs.map((i, k) => ({ ...i, shape: [n * n], data: Array.from({ length: n * n }, (_, j) => pair[k === 0 ? Math.floor(j / n) : j % n]!) })), grad });
      if (o.noBroadcast !== true) {
        const [a, b] = inputs as [Input, Input];
        const cut = (i: Input, shape: number[]): Input => ({ ...i, shape, data: i.data.slice(0, count(shape)) });
        out.push({ name: 'broadcast', inputs: [cut(a, [a.shape[0]!, 1]), cut(b, [2, 1, b.shape[b.shape.length - 1]!].slice(0, 3))], grad });
        out.push({ name: 'scalar', inputs: [a, cut(b, [])], grad });
      }
    }
  }
  for (const [name, more] of Object.entries(o.also ?? {})) out.push({ name, inputs: more, grad });
  return out;
}

// --- rows

export function op(name: string, inputs: readonly Input[], run: Run, py: string, options: Options = {}): Row {
  return { kind: 'op', name, py, run, variants: variantsOf(inputs, options), options };
}
const camel = (s: string): string => s.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
type Methods = Record<string, (...args: unknown[]) => Tensor>;
/** x.name(), by Python's name. */
export function unary(name: string, options: Options = {}, input: Input = f(3, 4)): Row {
  return op(name, [input], (x) => (x as unknown as Methods)[camel(name)]!(), `x.${name}()`, { elementwise: true, ...options });
}
/** x.name(y), by Python's name. */
export function binary(name: string, options: Options = {}, x: Input = f(3, 4), y: Input = within(-3, 3, 3, 4)): Row {
  return op(name, [x, y], (a, b) => (a as unknown as Methods)[camel(name)]!(b), `x.${name}(y)`, { elementwise: true, ...options });
}
/**
 * A module: parameters after manualSeed(0) bit for bit, repr, stateDict keys, output in train and eval mode, also as float64 (after
 * manualSeed(1)), buffers after, gradients of inputs and parameters. `call`: how it is called, when not by m(...inputs);
 * its Python in `pyCall`, of m and the inputs.
 */
export function module(name: string, make: () => Module, inputs: readonly Input[], py: string, options: Options & { call?: (m: Module, ...inputs: Tensor[]) => Result; pyCall?: string } = {}): Row {
  const { call, pyCall, ...rest } = options;
  return { kind: 'module', name, py: pyCall === undefined ? py : `${py} ;; ${pyCall}`, make, variants: [{ name: 'base', inputs, grad: rest.noGrad !== true }, ...(rest.notFloat64 === undefined && rest.stateUlps === undefined ? [{ name: 'float64', inputs: inputs.map((i) => inDtype(i, 'float64')), grad: rest.noGrad !== true }] : []), ...Object.entries(rest.also ?? {}).map(([n, i]) => ({ name: n, inputs: i, grad: rest.noGrad !== true }))], options: rest, ...(call === undefined ? {} : { call }) };
}
export function same(name: string, run: () => Result, py: string, options: Options = {}): Row { return { kind: 'same', name, py, run, options: { ulps: 0, ...options } }; }
/** `Error class: text` of both sides must be equal. */
export function error(name: string, run: () => Result, py: string): Row { return { kind: 'error', name, py, run, options: {} }; }

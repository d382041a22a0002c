/** Printing exactly as PyTorch prints: tensors, and Python's way of writing containers. */
import { bool, float32, int64 } from './dtype';
import { native } from './native';
import type { Tensor } from './tensor';

const EDGE = 3;
const THRESHOLD = 1000;
const LINE = 80;

type Values = Float64Array | BigInt64Array;
type Formatter = { width: number; format: (i: number) => string };


function floatText(x: number, spec: 'e' | 'f', digits: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  return native['formatFloat'](x, spec, digits);
}

/** PyTorch's _Formatter: one width and one style for all shown elements. */
function makeFormatter(values: Values, isBool: boolean): Formatter {
  if (values instanceof BigInt64Array) {
    const text = (i: number): string => (isBool ? (values[i] ? 'True' : 'False') : String(values[i]));
    let width = 0;
    for (let i = 0; i < values.length; i++) width = Math.max(width, text(i).length);
    return { width, format: (i) => text(i).padStart(width) };
  }
  let width = 1;
  const finite = values.filter((v) => Number.isFinite(v) && v !== 0);
  if (finite.length === 0) {
    const text = (i: number): string => { const s = floatText(values[i]!, 'f', 0); return Number.isFinite(values[i]!) ? `${s}.` : s; };
    return { width, format: (i) => text(i).padStart(width) };
  }
  let min = Infinity;
  let max = 0;
  let integral = true;
  for (const v of finite) {
    const a = Math.abs(v);
    if (a < min) min = a;
    if (a > max) max = a;
    if (integral && !Number.isInteger(v)) integral = false;
  }
  const sci = max / min > 1000 || max > 1e8 || (!integral && min < 1e-4);
  const text = (v: number): string => (sci ? floatText(v, 'e', 4) : integral ? `${floatText(v, 'f', 0)}.` : floatText(v, 'f', 4));
  for (const v of finite) width = Math.max(width, text(v).length);
  const any = (v: number): string => (Number.isFinite(v) ? text(v) : floatText(v, 'f', 0));
  return { width, format: (i) => any(values[i]!).padStart(width) };
}

/** Positions shown along one dimension; -1 stands for the dots. */
function shown(size: number, summarize: boolean): number[] {
  if (!summarize || size <= 2 * EDGE) return Array.from({ length: size }, (_, i) => i);
  return [...Array.from({ length: EDGE }, (_, i) => i), -1, ...Array.from({ length: EDGE }, (_, i) => size - EDGE + i)];
}

function body(shape: readonly number[], lists: number[][], f: Formatter, indent: number): string {
  let next = 0;
  const vector = (list: number[], ind: number): string => {
    const perLine = Math.max(1, Math.floor((LINE - ind) / (f.width + 2)));
    const items = list.map((i) => (i === -1 ? ' ...' : f.format(next++)));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(', '));
    return `[${lines.join(`,\n${' '.repeat(ind + 1)}`)}]`;
  };
  const level = (d: number, ind: number): string => {
    if (d === shape.length - 1) return vector(lists[d]!, ind);
    const parts = lists[d]!.map((i) => (i === -1 ? '...' : level(d + 1, ind + 1)));
    return `[${parts.join(`,${'\n'.repeat(shape.length - 1 - d)}${' '.repeat(ind + 1)}`)}]`;
  };
  return shape.length === 0 ? f.format(0).trimStart() : level(0, indent);
}

function tensorBody(t: Tensor, indent: number): string {
  const shape: readonly number[] = t.shape;
  const lists = shape.map((s) => shown(s, t.numel() > THRESHOLD));
  const values = native['pick'](t, lists.map((l) => l.filter((i) => i >= 0))) as Values;
  return body(shape, lists, makeFormatter(values, t.dtype === bool), indent);
}

/** What Python's repr(tensor) gives in PyTorch. */
export function formatTensor(t: Tensor): string {
  const prefix = 'tensor(';
  const shape: readonly number[] = t.shape;
  const dtype = t.dtype;
  const suffixes: string[] = [];
  if (t.isWebgpu) suffixes.push(`device='${t.device}'`);
  const defaultType = dtype === float32 || dtype === int64 || dtype === bool;
  let text: string;
  if (t.numel() === 0) {
    if (shape.length !== 1) suffixes.push(`size=${pyTuple(shape)}`);
    if (dtype !== float32) suffixes.push(`dtype=${dtype}`);
    text = '[]';
  } else {
    if (!defaultType) suffixes.push(`dtype=${dtype}`);
    text = tensorBody(t, prefix.length);
  }
  const fn = t.gradFn;
  if (fn !== null) suffixes.push(`grad_fn=<${fn}>`);
  else if (t.requiresGrad) suffixes.push('requires_grad=True');
  let out = prefix + text;
  let last = out.length - out.lastIndexOf('\n') + 1;
  for (const s of suffixes) {
    if (last + s.length + 2 > LINE) {
      out += `,\n${' '.repeat(prefix.length)}${s}`;
      last = prefix.length + s.length;
    } else {
      out += `, ${s}`;
      last += s.length + 2;
    }
  }
  return `${out})`;
}

function pyTuple(items: readonly unknown[]): string {
  return `(${items.map((v) => pyRepr(v)).join(', ')}${items.length === 1 ? ',' : ''})`;
}

function pyString(s: string): string {
  const quote = s.includes("'") && !s.includes('"') ? '"' : "'";
  const escaped = s.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t');
  return quote + (quote === "'" ? escaped.replace(/'/g, "\\'") : escaped) + quote;
}

/** A float as Python writes it: repr of a double. */
export function pyFloat(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  const a = Math.abs(x);
  if (a !== 0 && (a < 1e-4 || a >= 1e16)) {
    const [m, e] = x.toExponential().split('e') as [string, string];
    return `${m}e${e[0]}${e.slice(1).padStart(2, '0')}`;
  }
  return Object.is(x, -0) ? '-0.0' : Number.isInteger(x) ? `${x}.0` : String(x);
}

/** A value as Python prints it: None, True, lists, dicts, OrderedDict, tensors. Whole numbers print as int. */
export function pyRepr(v: unknown): string {
  if (v === null || v === undefined) return 'None';
  if (typeof v === 'boolean') return v ? 'True' : 'False';
  if (typeof v === 'bigint') return String(v);
  if (typeof v === 'number') return Number.isInteger(v) && !Object.is(v, -0) ? String(v) : pyFloat(v);
  if (typeof v === 'string') return pyString(v);
  if (Array.isArray(v)) return v.constructor === Array ? `[${v.map(pyRepr).join(', ')}]` : String(v);
  if (v instanceof Map) return v.constructor === Map ? dict([...v]) : String(v);
  if (typeof v === 'object' && (Object.getPrototypeOf(v) === Object.prototype || Object.getPrototypeOf(v) === null)) {
    return dict(Object.entries(v).map(([k, x]) => [/^(0|[1-9]\d*)$/.test(k) ? Number(k) : k, x]));
  }
  return String(v);
}

function dict(entries: [unknown, unknown][]): string {
  return `{${entries.map(([k, x]) => `${pyRepr(k)}: ${pyRepr(x)}`).join(', ')}}`;
}

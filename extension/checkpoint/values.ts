/** Values of a checkpoint as they stand in the file. Nothing here is ever a live Python object: a class asked for stays a name. */
import { CheckpointError } from './errors';
import type { FileStorage, FileTensor } from './tensor';

/** A name the pickle asked for. One object a name. */
export class GlobalRef {
  readonly qualified: string;
  constructor(readonly module: string, readonly name: string) { this.qualified = `${module}.${name}`; }
}
/** A float keeps its type even when it is whole: 1.0 is not 1. */
export class PyFloat { constructor(readonly value: number) {} }
export class PyComplex { constructor(readonly re: number, readonly im: number) {} }
export class PyBytes { constructor(readonly bytes: Buffer, readonly mutable = false) {} }
/** An integer too long to be worth its digits. */
export class PyHugeInt { constructor(readonly bits: number, readonly negative: boolean) {} }
export class Tuple { constructor(readonly items: readonly Value[], /** torch.Size. */ readonly size = false) {} }
export class PySet { constructor(public items: Value[], readonly frozen = false) {} }
/** What torch.device(...) would give. */
export class PyDevice { constructor(readonly text: string) {} }

/** A call or construction that was asked for and not made: what, with what, and the state given afterwards. */
export class PyObject {
  state: Value | undefined;
  /** Set on it or appended to it afterwards. */
  items: PyDict | undefined;
  list: Value[] | undefined;
  constructor(readonly fn: Value, readonly args: Value) {}
  get className(): string { return this.fn instanceof GlobalRef ? this.fn.qualified : 'object'; }
}

/** torch's sparse layouts: their parts are tensors, the whole is not expanded. */
export class SparseTensor {
  constructor(readonly layout: string, readonly shape: readonly number[], readonly parts: [string, FileTensor][], readonly call: PyObject) {}
}

export type DictKind = 'dict' | 'OrderedDict' | 'Counter' | 'defaultdict';
/** Python's dictionary: 1, 1.0 and True are one key (the first one seen stays), tuples are equal by what is in them. */
export class PyDict {
  private map: Map<unknown, Value> | undefined;
  /** Keys that a Map would not compare as Python does, under what stands for them in `map`. */
  private odd: Map<unknown, Value> | undefined;
  /** State given to it by BUILD: a state dict's `_metadata`. */
  state: Value | undefined;
  constructor(public kind: DictKind = 'dict') {}
  get size(): number { return this.map?.size ?? 0; }
  set(key: Value, value: Value): void {
    this.map ??= new Map();
    if (typeof key === 'string') { this.map.set(key, value); return; }
    const k = keyOf(key);
    if (k !== key && !this.map.has(k)) (this.odd ??= new Map()).set(k, key);
    this.map.set(k, value);
  }
  get(key: Value): Value | undefined { return this.map?.get(keyOf(key)); }
  *entries(): IterableIterator<[Value, Value]> {
    if (this.map === undefined) return;
    if (this.odd === undefined) yield* this.map.entries() as IterableIterator<[Value, Value]>;
    else for (const [k, v] of this.map) yield [this.odd.has(k) ? this.odd.get(k)! : k as Value, v];
  }
  [Symbol.iterator](): IterableIterator<[Value, Value]> { return this.entries(); }
}

export type Value = null | boolean | number | bigint | string | PyFloat | PyComplex | PyBytes | PyHugeInt | Tuple | Value[] | PyDict | PySet | PyDevice | GlobalRef | PyObject | FileTensor | FileStorage | SparseTensor;

/** What a JavaScript Map compares as Python compares keys. */
function keyOf(key: Value): unknown {
  if (typeof key === 'boolean') return Number(key);
  if (key === null || typeof key !== 'object') return key;
  if (key instanceof PyFloat) return key.value;
  if (key instanceof PyBytes && !key.mutable) return `\0b${key.bytes.toString('latin1')}`;
  if (Array.isArray(key) || key instanceof PyDict || key instanceof PySet && !key.frozen || key instanceof PyBytes) throw new CheckpointError('a dictionary key that cannot be one (list, dict, set or bytearray)');
  if (key instanceof Tuple) return tupleKey(key, { left: 1000 }) ?? key;
  return key;
}
const identities = new WeakMap<object, number>();
let identity = 0;
/** Null when it is too large to be worth comparing. */
function tupleKey(t: Tuple, budget: { left: number }): string | null {
  let out = '\0(';
  for (const item of t.items) {
    if (--budget.left < 0) return null;
    if (item instanceof Tuple) {
      const inner = tupleKey(item, budget);
      if (inner === null) return null;
      out += inner;
    } else {
      const k = keyOf(item);
      if (typeof k === 'object' && k !== null) {
        if (!identities.has(k)) identities.set(k, identity++);
        out += `#${identities.get(k)}`;
      } else out += typeof k === 'string' ? JSON.stringify(k) : String(k);
    }
    out += ',';
  }
  return `${out})`;
}

const cut = (s: string, n: number): string => (s.length > n ? `${s.slice(0, n)}…` : s);
/** As Python prints a float. */
export function floatText(v: number): string {
  if (Number.isNaN(v)) return 'nan';
  if (!Number.isFinite(v)) return v > 0 ? 'inf' : '-inf';
  if (Object.is(v, -0)) return '-0.0';
  const a = Math.abs(v);
  if (a !== 0 && (a < 1e-4 || a >= 1e16)) return v.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  const s = String(v);
  return /[.e]/.test(s) ? s : `${s}.0`;
}

/** A value in one line, cut short, whatever it is and however deep. */
export function printValue(v: Value, max = 200): string {
  let left = max;
  const many = (items: Iterable<Value>, depth: number, open: string, close: string): string => {
    const out: string[] = [];
    for (const x of items) {
      if (out.length >= 8 || left <= 0) { out.push('…'); break; }
      out.push(print(x, depth + 1));
    }
    return open + out.join(', ') + close;
  };
  const print = (x: Value, depth: number): string => {
    if (left <= 0 || depth > 8) return '…';
    left -= 4;
    if (x === null) return 'None';
    if (typeof x === 'string') { const s = JSON.stringify(cut(x, 120)); left -= s.length; return s; }
    if (typeof x === 'boolean') return x ? 'True' : 'False';
    if (typeof x === 'number') return String(x);
    if (typeof x === 'bigint') return cut(String(x), 60);
    if (x instanceof PyFloat) return floatText(x.value);
    if (x instanceof PyComplex) return `(${floatText(x.re)}${x.im < 0 || Object.is(x.im, -0) ? '' : '+'}${floatText(x.im)}j)`;
    if (x instanceof PyHugeInt) return `<an integer of ${x.bits} bits>`;
    if (x instanceof GlobalRef) { left -= x.qualified.length; return cut(x.qualified, 200); }
    if (x instanceof PyBytes) return `<${x.bytes.length} bytes>`;
    if (x instanceof Tuple) return x.size ? `torch.Size(${many(x.items, depth, '[', ']')})` : many(x.items, depth, '(', x.items.length === 1 ? ',)' : ')');
    if (Array.isArray(x)) return many(x, depth, '[', ']');
    if (x instanceof PySet) return many(x.items, depth, '{', '}');
    if (x instanceof PyDevice) return `device(${x.text})`;
    if (x instanceof PyDict) {
      const out: string[] = [];
      for (const [k, y] of x) {
        if (out.length >= 6 || left <= 0) { out.push('…'); break; }
        out.push(`${print(k, depth + 1)}: ${print(y, depth + 1)}`);
      }
      return `{${out.join(', ')}}`;
    }
    if (x instanceof PyObject) return `${print(x.fn, depth + 1)}${x.args instanceof Tuple ? print(x.args, depth + 1) : `(*${print(x.args, depth + 1)})`}`;
    if (x instanceof SparseTensor) return `<${x.layout} tensor [${x.shape.join(', ')}]>`;
    return 'shape' in x ? `<tensor ${x.dtype} [${x.shape.join(', ')}]>` : `<storage ${cut(x.id, 40)}>`;
  };
  return cut(print(v, 0), max);
}

/**
 * The pickle machine: reads all protocols, builds inert values, imports and calls nothing. Every name asked for is
 * recorded with where and with what, also when the file turns out to be damaged later. Memory is bounded by what the
 * file really holds, times a small factor: every value made is paid for.
 */
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import type { Source } from './source';
import { FileTensor } from './tensor';
import { GlobalRef, PyBytes, PyComplex, PyDict, PyFloat, PyHugeInt, PyObject, PySet, Tuple, type Value } from './values';

export interface GlobalUse { ref: GlobalRef; offset: number; count: number; args: Value | undefined }

/** What a format knows beyond Python itself. */
export interface PickleHost {
  /** The value that calling `fn` stands for, or undefined when it is none that is known. Must not throw for bad arguments. */
  call(fn: string, args: readonly Value[]): Value | undefined;
  persistent(id: Value): Value;
}
const plainHost: PickleHost = { call: () => undefined, persistent: () => { throw new CheckpointError('a persistent id in a pickle that has nothing to refer to'); } };

/** `short`: the buffer ended inside it. */
export interface PickleResult { value: Value; globals: Map<string, GlobalUse>; end: number; error?: CheckpointError; short?: boolean }

/** Values that take more than their bytes in the file (containers, memo entries, stack) and bytes made by calls. */
const LIMITS = { objects: 3_000_000, bytes: 1 << 26, digits: 4096 };
const MARK = Symbol('mark');
type Slot = Value | typeof MARK;

/** Python 2 names that Python 3's unpickler maps. */
const PY2: Record<string, string> = { __builtin__: 'builtins', copy_reg: 'copyreg', cPickle: 'pickle', cStringIO: 'io', StringIO: 'io', Queue: 'queue', ConfigParser: 'configparser', SocketServer: 'socketserver', commands: 'subprocess', urllib2: 'urllib.request', httplib: 'http.client', exceptions: 'builtins' };
const int = (v: bigint): number | bigint => (v >= BigInt(Number.MIN_SAFE_INTEGER) && v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : v);

class Machine {
  private at: number;
  private readonly stack: Slot[] = [];
  /** Keys from 0 up, as every writer counts; stray ones in a map. */
  private readonly memo: Value[] = [];
  private readonly farMemo = new Map<number, Value>();
  private objects = LIMITS.objects;
  private spare: number;
  readonly globals = new Map<string, GlobalUse>();
  short = false;

  constructor(private readonly b: Buffer, start: number, private readonly host: PickleHost) {
    this.at = start;
    this.spare = Math.max(LIMITS.bytes, b.length);
  }
  get offset(): number { return this.at; }

  private fail(message: string, at = this.at): never { throw new CheckpointError(`pickle: ${message}`, at); }
  private end(message: string, at = this.at): never { this.short = true; this.fail(message, at); }
  private spend(objects: number, bytes = 0): void {
    this.objects -= objects;
    this.spare -= bytes;
    if (this.objects < 0) this.fail(`it makes more than ${LIMITS.objects} values`);
    if (this.spare < 0) this.fail('it copies more bytes than it has');
  }
  private need(n: number): number {
    const p = this.at;
    if (n < 0 || p + n > this.b.length) this.end(`${n} more bytes wanted, but only ${this.b.length - p} are left`);
    this.at += n;
    return p;
  }
  private u1(): number { return this.b[this.need(1)]!; }
  private u4(): number { return this.b.readUInt32LE(this.need(4)); }
  private u8(): number {
    const v = this.b.readBigUInt64LE(this.need(8));
    if (v > BigInt(this.b.length)) this.end(`a length of ${v} bytes is beyond the end`, this.at - 8);
    return Number(v);
  }
  private bytes(n: number): Buffer { const p = this.need(n); return this.b.subarray(p, p + n); }
  private line(): string {
    const end = this.b.indexOf(10, this.at);
    if (end < 0) this.end('a text line is not ended');
    const s = this.b.toString('latin1', this.at, end);
    this.at = end + 1;
    return s;
  }
  private push(v: Slot): void { this.stack.push(v); }
  private make(v: Value): void { this.spend(1); this.stack.push(v); }
  private pop(): Value {
    const v = this.stack.pop();
    if (v === undefined) this.fail('the stack is empty');
    if (v === MARK) this.fail('a mark where a value should be');
    return v;
  }
  private top(): Value {
    const v = this.stack[this.stack.length - 1];
    if (v === undefined || v === MARK) this.fail('the stack is empty');
    return v;
  }
  private toMark(): Value[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) this.fail('no mark on the stack');
    const items = this.stack.slice(at + 1) as Value[];
    this.stack.length = at;
    return items;
  }
  private put(key: number): void {
    this.spend(0.25);
    if (key < this.memo.length) this.memo[key] = this.top();
    else if (key === this.memo.length) this.memo.push(this.top());
    else this.farMemo.set(key, this.top());
  }
  private get(key: number): void {
    const v = key < this.memo.length ? this.memo[key] : this.farMemo.get(key);
    if (v === undefined) this.fail(`memo entry ${key} was never written`);
    this.push(v);
  }
  private global(module: string, name: string, at: number): GlobalRef {
    const ref = new GlobalRef(PY2[module] ?? module, name);
    const use = this.globals.get(ref.qualified);
    if (use !== undefined) { use.count++; return use.ref; }
    this.spend(2);
    this.globals.set(ref.qualified, { ref, offset: at, count: 1, args: undefined });
    return ref;
  }

  private call(fn: Value, args: Value): Value {
    this.spend(1);
    let root = fn;
    for (let i = 0; root instanceof PyObject && i < 16; i++) root = root.fn;
    if (!(root instanceof GlobalRef)) return new PyObject(fn, args);
    const use = this.globals.get(root.qualified);
    if (use !== undefined && use.args === undefined) use.args = args;
    if (!(fn instanceof GlobalRef) || !(args instanceof Tuple)) return new PyObject(fn, args);
    return this.builtin(fn.qualified, args.items) ?? this.host.call(fn.qualified, args.items) ?? new PyObject(fn, args);
  }
  private builtin(q: string, a: readonly Value[]): Value | undefined {
    switch (q) {
      case 'collections.OrderedDict': case 'collections.Counter': case 'collections.defaultdict': {
        const d = new PyDict(q.slice(12) as PyDict['kind']);
        const from = a[q.endsWith('defaultdict') ? 1 : 0];
        if (from instanceof PyDict) { this.spend(from.size); for (const [k, v] of from) d.set(k, v); }
        else if (Array.isArray(from)) {
          this.spend(from.length);
          for (const p of from) {
            const kv = p instanceof Tuple ? p.items : Array.isArray(p) ? p : [];
            if (kv.length !== 2) return undefined;
            d.set(kv[0]!, kv[1]!);
          }
        } else if (from !== undefined) return undefined;
        return d;
      }
      case 'builtins.set': case 'builtins.frozenset':
        if (a.length > 1 || (a.length === 1 && !Array.isArray(a[0]))) return undefined;
        this.spend(a.length === 1 ? (a[0] as Value[]).length : 0);
        return new PySet(a.length === 1 ? [...(a[0] as Value[])] : [], q.endsWith('frozenset'));
      case '_codecs.encode':
        if (typeof a[0] !== 'string' || (a[1] !== 'latin1' && a[1] !== 'latin-1')) return undefined;
        this.spend(0, a[0].length);
        return new PyBytes(Buffer.from(a[0], 'latin1'));
      case 'builtins.bytearray':
        if (a.length === 0) return new PyBytes(Buffer.alloc(0), true);
        if (a[0] instanceof PyBytes) return new PyBytes(a[0].bytes, true);
        if (typeof a[0] !== 'string') return undefined;
        this.spend(0, a[0].length);
        return new PyBytes(Buffer.from(a[0], 'latin1'), true);
      case 'builtins.complex': {
        const n = a.map((x) => (x instanceof PyFloat ? x.value : x));
        return typeof n[0] === 'number' && (n.length === 1 || typeof n[1] === 'number') ? new PyComplex(n[0], (n[1] as number | undefined) ?? 0) : undefined;
      }
      default: return undefined;
    }
  }

  private setItems(target: Value, pairs: readonly Value[]): void {
    if (pairs.length % 2) this.fail('a key without a value');
    const d = target instanceof PyDict ? target : target instanceof PyObject ? (target.items ??= new PyDict()) : this.fail('items set on something that is not a dictionary');
    this.spend(pairs.length / 4);
    for (let i = 0; i < pairs.length; i += 2) {
      try {
        d.set(pairs[i]!, pairs[i + 1]!);
      } catch (error) {
        this.fail((error as Error).message);
      }
    }
  }
  private appendAll(target: Value, items: readonly Value[]): void {
    const list = Array.isArray(target) ? target : target instanceof PyObject ? (target.list ??= []) : this.fail('values appended to something that is not a list');
    for (const v of items) list.push(v);
  }
  private build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PyDict || target instanceof PyObject) target.state = state;
    else if (target instanceof FileTensor) target.options.attrs = state;
    else this.fail('a state given to something that has none');
  }
  private long(n: number): number | bigint | PyHugeInt {
    const raw = this.bytes(n);
    const negative = n > 0 && (raw[n - 1]! & 0x80) !== 0;
    if (n > LIMITS.digits) return new PyHugeInt(8 * n - Math.clz32(negative ? ~raw[n - 1]! & 255 : raw[n - 1]!) + 24, negative);
    if (n === 0) return 0;
    const v = BigInt(`0x${Buffer.from(raw).reverse().toString('hex')}`);
    return int(negative ? v - (1n << BigInt(8 * n)) : v);
  }
  private text(n: number): string {
    const p = this.need(n);
    const s = this.b.toString('utf8', p, p + n);
    return s.includes('\ufffd') ? decodeSurrogatePass(this.b.subarray(p, p + n), (m) => this.fail(m)) : s;
  }
  private integerText(s: string, at: number): number | bigint {
    if (!/^\s*[-+]?\d{1,5000}\s*$/.test(s)) this.fail(`'${s.slice(0, 40)}' is no integer`, at);
    return int(BigInt(s.trim().replace(/^\+/, '')));
  }
  private memoKey(s: string, at: number): number {
    if (!/^\d{1,9}$/.test(s)) this.fail(`'${s.slice(0, 40)}' is no memo key`, at);
    return Number(s);
  }

  *run(): Io<Value> {
    for (let steps = 1; ; steps++) {
      if ((steps & 0xffff) === 0) yield undefined;
      const at = this.at;
      const op = this.u1();
      switch (op) {
        case 0x80: { const p = this.u1(); if (p > 5) this.fail(`protocol ${p} is not known (0 to 5 are)`, at); break; }
        case 0x2e: return this.pop(); // STOP
        // The frame's length is a hint for readers that buffer; one past the end is damage.
        case 0x95: { const n = this.u8(); if (this.at + n > this.b.length) this.end(`a frame of ${n} bytes is beyond the end`, at); break; }
        case 0x28: this.push(MARK); break;
        case 0x30: if (this.stack.pop() === undefined) this.fail('the stack is empty'); break; // POP
        case 0x31: this.toMark(); break; // POP_MARK
        case 0x32: this.push(this.top()); break; // DUP
        case 0x4e: this.push(null); break;
        case 0x88: this.push(true); break;
        case 0x89: this.push(false); break;
        case 0x4a: this.push(this.b.readInt32LE(this.need(4))); break; // BININT
        case 0x4b: this.push(this.u1()); break;
        case 0x4d: this.push(this.b.readUInt16LE(this.need(2))); break;
        case 0x49: { const s = this.line(); this.push(s === '01' ? true : s === '00' ? false : this.integerText(s, at)); break; } // INT
        case 0x4c: this.push(this.integerText(this.line().replace(/L$/, ''), at)); break; // LONG
        case 0x8a: this.push(this.long(this.u1())); break; // LONG1
        case 0x8b: { const n = this.b.readInt32LE(this.need(4)); if (n < 0) this.fail('an integer of negative length', at); this.push(this.long(n)); break; } // LONG4
        case 0x47: this.make(new PyFloat(this.b.readDoubleBE(this.need(8)))); break; // BINFLOAT
        case 0x46: this.make(new PyFloat(this.floatText(this.line(), at))); break;
        case 0x58: this.push(this.text(this.u4())); break; // BINUNICODE
        case 0x8c: this.push(this.text(this.u1())); break;
        case 0x8d: this.push(this.text(this.u8())); break;
        case 0x56: this.push(this.line().replace(/\\u([0-9a-fA-F]{4})/g, (_, h: string) => String.fromCharCode(parseInt(h, 16)))); break; // UNICODE
        case 0x53: { const s = this.line(); if (s.length < 2 || s[0] !== s[s.length - 1] || (s[0] !== '"' && s[0] !== "'")) this.fail('a string without quotes', at); this.push(s.slice(1, -1)); break; }
        case 0x54: { const n = this.b.readInt32LE(this.need(4)); if (n < 0) this.fail('a string of negative length', at); this.push(this.bytes(n).toString('latin1')); break; } // BINSTRING
        case 0x55: this.push(this.bytes(this.u1()).toString('latin1')); break;
        case 0x42: this.make(new PyBytes(this.bytes(this.u4()))); break; // BINBYTES
        case 0x43: this.make(new PyBytes(this.bytes(this.u1()))); break;
        case 0x8e: this.make(new PyBytes(this.bytes(this.u8()))); break;
        case 0x96: this.make(new PyBytes(this.bytes(this.u8()), true)); break; // BYTEARRAY8
        case 0x29: this.make(new Tuple([])); break;
        case 0x85: { const a = this.pop(); this.make(new Tuple([a])); break; }
        case 0x86: { const b = this.pop(); const a = this.pop(); this.make(new Tuple([a, b])); break; }
        case 0x87: { const c = this.pop(); const b = this.pop(); const a = this.pop(); this.make(new Tuple([a, b, c])); break; }
        case 0x74: this.make(new Tuple(this.toMark())); break;
        case 0x5d: this.make([]); break;
        case 0x6c: this.make(this.toMark()); break;
        case 0x7d: this.make(new PyDict()); break;
        case 0x64: { const items = this.toMark(); const d = new PyDict(); this.setItems(d, items); this.make(d); break; }
        case 0x8f: this.make(new PySet([])); break;
        case 0x90: { const items = this.toMark(); const s = this.top(); if (!(s instanceof PySet) || s.frozen) this.fail('items added to something that is not a set'); for (const v of items) s.items.push(v); break; }
        case 0x91: this.make(new PySet(this.toMark(), true)); break;
        case 0x61: { const v = this.pop(); this.appendAll(this.top(), [v]); break; }
        case 0x65: { const items = this.toMark(); this.appendAll(this.top(), items); break; }
        case 0x73: { const v = this.pop(); const k = this.pop(); this.setItems(this.top(), [k, v]); break; }
        case 0x75: { const items = this.toMark(); this.setItems(this.top(), items); break; }
        case 0x70: this.put(this.memoKey(this.line(), at)); break;
        case 0x71: this.put(this.u1()); break;
        case 0x72: this.put(this.u4()); break;
        case 0x94: this.put(this.memo.length + this.farMemo.size); break; // MEMOIZE
        case 0x67: this.get(this.memoKey(this.line(), at)); break;
        case 0x68: this.get(this.u1()); break;
        case 0x6a: this.get(this.u4()); break;
        case 0x63: { const m = this.line(); this.push(this.global(m, this.line(), at)); break; } // GLOBAL
        case 0x93: { const n = this.pop(); const m = this.pop(); if (typeof m !== 'string' || typeof n !== 'string') this.fail('a global whose name is not a string', at); this.push(this.global(m, n, at)); break; }
        case 0x52: { const args = this.pop(); const fn = this.pop(); this.push(this.call(fn, args)); break; } // REDUCE
        case 0x81: { const args = this.pop(); const cls = this.pop(); this.push(this.call(cls, args)); break; } // NEWOBJ
        case 0x92: { const kw = this.pop(); const args = this.pop(); const cls = this.pop(); const c = this.call(cls, args); if (c instanceof PyObject && !(kw instanceof PyDict && kw.size === 0)) c.state = kw; this.push(c); break; }
        case 0x69: { const m = this.line(); const g = this.global(m, this.line(), at); this.push(this.call(g, new Tuple(this.toMark()))); break; } // INST
        case 0x6f: { const items = this.toMark(); if (items.length === 0) this.fail('an object without a class', at); this.push(this.call(items[0]!, new Tuple(items.slice(1)))); break; } // OBJ
        case 0x62: this.build(); break;
        case 0x51: this.push(this.host.persistent(this.pop())); break; // BINPERSID
        case 0x50: this.push(this.host.persistent(this.line())); break;
        case 0x82: case 0x83: case 0x84: this.fail('extension registry codes are not used by any framework', at); break;
        case 0x97: case 0x98: this.fail('out-of-band buffers are not in files', at); break;
        default: this.fail(`opcode 0x${op.toString(16).padStart(2, '0')} is not known`, at);
      }
    }
  }
  private floatText(s: string, at: number): number {
    const v = Number(s.trim().replace(/^([-+]?)inf(inity)?$/i, '$1Infinity').replace(/^[-+]?nan$/i, 'NaN'));
    if (s.trim() === '' || (Number.isNaN(v) && !/nan/i.test(s))) this.fail(`'${s.slice(0, 40)}' is no number`, at);
    return v;
  }
}

/** UTF-8 with Python's surrogatepass: lone surrogates stay as they are. */
function decodeSurrogatePass(b: Buffer, fail: (message: string) => never): string {
  const parts: string[] = [];
  for (let i = 0; i < b.length;) {
    const c = b[i]!;
    const n = c < 0x80 ? 1 : c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 0;
    if (n === 0 || i + n > b.length) fail('a string is not UTF-8');
    let cp = n === 1 ? c : c & (0xff >> (n + 1));
    for (let k = 1; k < n; k++) {
      if ((b[i + k]! & 0xc0) !== 0x80) fail('a string is not UTF-8');
      cp = (cp << 6) | (b[i + k]! & 0x3f);
    }
    if (cp > 0x10ffff || (n === 3 && cp < 0x800) || (n === 4 && cp < 0x10000)) fail('a string is not UTF-8');
    parts.push(String.fromCodePoint(cp));
    i += n;
  }
  return parts.join('');
}

/** Reads one pickle from `start`. A damaged one gives `error` and the globals seen before it; nothing is thrown. */
export function* readPickle(buffer: Buffer, host: PickleHost = plainHost, start = 0): Io<PickleResult> {
  const machine = new Machine(buffer, start, host);
  try {
    const value = yield* machine.run();
    return { value, globals: machine.globals, end: machine.offset };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { value: null, globals: machine.globals, end: machine.offset, error, short: machine.short };
  }
}

const MAX_PICKLE = 1 << 28;
/** Reads a pickle that stands in a file with other things behind it: in windows that grow until it fits. `end` is the offset in the file. */
export function* readPickleAt(source: Source, at: number, makeHost: () => PickleHost = () => plainHost): Io<PickleResult> {
  for (let window = 1 << 13; ; window *= 8) {
    const size = Math.min(window, source.size - at, MAX_PICKLE);
    const result = yield* readPickle(yield* readAt(source, at, size), makeHost());
    if (result.short !== true || size === source.size - at || size === MAX_PICKLE) {
      for (const use of result.globals.values()) use.offset += at;
      return { ...result, end: result.end + at, ...(result.error === undefined ? {} : { error: result.error.moved(at) }) };
    }
  }
}

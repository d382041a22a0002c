/**
 * The pickle machine: reads all protocols, builds inert values, imports and calls nothing. Every name asked for is
 * recorded with where and with what, also when the file turns out to be damaged later.
 */
import { CheckpointError } from './errors';
import { Call, GlobalRef, PersistentId, PyBytes, PyDict, PyFloat, PySet, Tuple, type PickleValue } from './pickleTypes';

export interface GlobalUse { ref: GlobalRef; offset: number; count: number; args: PickleValue | undefined }

export interface PickleResult { value: PickleValue; globals: Map<string, GlobalUse>; end: number; error?: CheckpointError }

const LIMITS = { memo: 4_000_000, stack: 8_000_000, longBytes: 4096 };
const MARK = Symbol('mark');
type Slot = PickleValue | typeof MARK;

/** Python 2 names that Python 3's unpickler maps. */
const PY2: Record<string, string> = { __builtin__: 'builtins', copy_reg: 'copyreg', cPickle: 'pickle', exceptions: 'builtins' };

class Machine {
  private at: number;
  private readonly stack: Slot[] = [];
  private readonly memo = new Map<number, PickleValue>();
  readonly globals = new Map<string, GlobalUse>();

  constructor(private readonly b: Buffer, start: number) { this.at = start; }
  get offset(): number { return this.at; }

  private fail(message: string, at = this.at): never { throw new CheckpointError(`pickle: ${message}`, at); }
  private need(n: number): number {
    const p = this.at;
    if (n < 0 || p + n > this.b.length) this.fail(`${n} more bytes wanted, but only ${this.b.length - p} are left`);
    this.at += n;
    return p;
  }
  private u1(): number { return this.b[this.need(1)]!; }
  private u2(): number { return this.b.readUInt16LE(this.need(2)); }
  private u4(): number { return this.b.readUInt32LE(this.need(4)); }
  private u8(): number {
    const v = this.b.readBigUInt64LE(this.need(8));
    if (v > BigInt(this.b.length)) this.fail(`a length of ${v} bytes is beyond the end`, this.at - 8);
    return Number(v);
  }
  private bytes(n: number): Buffer { const p = this.need(n); return this.b.subarray(p, p + n); }
  private line(): string {
    const end = this.b.indexOf(10, this.at);
    if (end < 0) this.fail('a text line is not ended');
    const s = this.b.toString('latin1', this.at, end);
    this.at = end + 1;
    return s;
  }
  private push(v: Slot): void {
    if (this.stack.length >= LIMITS.stack) this.fail(`more than ${LIMITS.stack} values on the stack`);
    this.stack.push(v);
  }
  private pop(): PickleValue {
    const v = this.stack.pop();
    if (v === undefined) this.fail('the stack is empty');
    if (v === MARK) this.fail('a mark where a value should be');
    return v;
  }
  private top(): PickleValue {
    const v = this.stack[this.stack.length - 1];
    if (v === undefined || v === MARK) this.fail('the stack is empty');
    return v;
  }
  private toMark(): PickleValue[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) this.fail('no mark on the stack');
    const items = this.stack.splice(at + 1) as PickleValue[];
    this.stack.pop();
    return items;
  }
  private put(key: number): void {
    if (this.memo.size >= LIMITS.memo) this.fail(`more than ${LIMITS.memo} memo entries`);
    this.memo.set(key, this.top());
  }
  private get(key: number): void {
    const v = this.memo.get(key);
    if (v === undefined) this.fail(`memo entry ${key} was never written`);
    this.push(v);
  }
  private global(module: string, name: string, at: number): GlobalRef {
    const ref = new GlobalRef(PY2[module] ?? module, name);
    const use = this.globals.get(ref.qualified);
    if (use === undefined) this.globals.set(ref.qualified, { ref, offset: at, count: 1, args: undefined });
    else use.count++;
    return use?.ref ?? ref;
  }
  private call(fn: PickleValue, args: PickleValue): PickleValue {
    const root = fn instanceof Call ? fn.fn : fn;
    if (root instanceof GlobalRef) {
      const use = this.globals.get(root.qualified);
      if (use !== undefined && use.args === undefined) use.args = args;
    }
    const items = args instanceof Tuple ? args.items : [];
    if (fn instanceof GlobalRef) {
      const q = fn.qualified;
      if (q === 'collections.OrderedDict' || q === 'collections.Counter' || q === 'collections.defaultdict') {
        const d = new PyDict();
        d.ordered = q === 'collections.OrderedDict';
        const pairs = items[0];
        if (Array.isArray(pairs)) for (const p of pairs) {
          const kv = p instanceof Tuple ? p.items : Array.isArray(p) ? p : [];
          if (kv.length === 2) this.setItem(d, kv[0]!, kv[1]!);
        }
        return d;
      }
      if ((q === 'builtins.set' || q === 'builtins.frozenset') && (items.length === 0 || Array.isArray(items[0]))) {
        const s = new PySet(q.endsWith('frozenset'));
        s.items.push(...((items[0] as PickleValue[] | undefined) ?? []));
        return s;
      }
      if (q === '_codecs.encode' && typeof items[0] === 'string' && (items[1] === 'latin1' || items[1] === 'latin-1')) return new PyBytes(Buffer.from(items[0], 'latin1'));
      if (q === 'builtins.bytearray' && items[0] instanceof PyBytes) return items[0];
    }
    return new Call(fn, args);
  }
  private setItem(d: PyDict | Call, k: PickleValue, v: PickleValue): void {
    if (d instanceof Call) { d.items.push([k, v]); return; }
    if (Array.isArray(k) || k instanceof PyDict || (k instanceof PySet && !k.frozen)) this.fail('a dictionary key that cannot be one (list, dict or set)');
    d.map.set(k instanceof PyFloat ? k.value : k, v);
  }
  private setItems(target: PickleValue, pairs: PickleValue[]): void {
    if (pairs.length % 2) this.fail('a key without a value');
    if (!(target instanceof PyDict) && !(target instanceof Call)) this.fail('items set on something that is not a dictionary');
    for (let i = 0; i < pairs.length; i += 2) this.setItem(target, pairs[i]!, pairs[i + 1]!);
  }
  private appendAll(target: PickleValue, items: PickleValue[]): void {
    if (Array.isArray(target)) for (const v of items) target.push(v);
    else if (target instanceof Call) target.list.push(...items);
    else this.fail('values appended to something that is not a list');
  }
  private build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof PyDict || target instanceof Call) target.state = state;
    else this.fail('a state given to something that has none');
  }
  private long(n: number): bigint | number {
    if (n > LIMITS.longBytes) this.fail(`an integer of ${n} bytes`);
    const raw = this.bytes(n);
    let v = 0n;
    for (let i = raw.length - 1; i >= 0; i--) v = (v << 8n) | BigInt(raw[i]!);
    if (raw.length > 0 && raw[raw.length - 1]! & 0x80) v -= 1n << BigInt(8 * raw.length);
    return v >= BigInt(Number.MIN_SAFE_INTEGER) && v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : v;
  }
  private text(n: number): string { return decodeSurrogatePass(this.bytes(n)); }

  run(): PickleValue {
    for (;;) {
      const at = this.at;
      const op = this.u1();
      switch (op) {
        case 0x80: { const p = this.u1(); if (p > 5) this.fail(`protocol ${p} is not known (0 to 5 are)`, at); break; }
        case 0x2e: return this.pop(); // STOP
        case 0x95: this.u8(); break; // FRAME
        case 0x28: this.push(MARK); break;
        case 0x30: this.stack.pop(); break; // POP
        case 0x31: this.toMark(); break; // POP_MARK
        case 0x32: this.push(this.top()); break; // DUP
        case 0x4e: this.push(null); break;
        case 0x88: this.push(true); break;
        case 0x89: this.push(false); break;
        case 0x4a: this.push(this.b.readInt32LE(this.need(4))); break; // BININT
        case 0x4b: this.push(this.u1()); break;
        case 0x4d: this.push(this.u2()); break;
        case 0x49: { const s = this.line(); this.push(s === '01' ? true : s === '00' ? false : this.integerText(s, at)); break; } // INT
        case 0x4c: this.push(this.integerText(this.line().replace(/L$/, ''), at)); break; // LONG
        case 0x8a: this.push(this.long(this.u1())); break; // LONG1
        case 0x8b: this.push(this.long(this.u4())); break; // LONG4
        case 0x47: this.push(new PyFloat(this.b.readDoubleBE(this.need(8)))); break; // BINFLOAT
        case 0x46: { const s = this.line(); const v = Number(s.replace(/^(-?)inf$/, '$1Infinity')); if (Number.isNaN(v) && s !== 'nan') this.fail(`'${s}' is no number`, at); this.push(new PyFloat(v)); break; }
        case 0x58: this.push(this.text(this.u4())); break; // BINUNICODE
        case 0x8c: this.push(this.text(this.u1())); break;
        case 0x8d: this.push(this.text(this.u8())); break;
        case 0x56: this.push(this.line()); break; // UNICODE
        case 0x53: { const s = this.line(); if (s.length < 2 || s[0] !== s[s.length - 1]) this.fail('a string without quotes', at); this.push(s.slice(1, -1)); break; }
        case 0x54: this.push(this.bytes(this.u4()).toString('latin1')); break; // BINSTRING
        case 0x55: this.push(this.bytes(this.u1()).toString('latin1')); break;
        case 0x42: this.push(new PyBytes(this.bytes(this.u4()))); break; // BINBYTES
        case 0x43: this.push(new PyBytes(this.bytes(this.u1()))); break;
        case 0x8e: case 0x96: this.push(new PyBytes(this.bytes(this.u8()))); break;
        case 0x29: this.push(new Tuple([])); break;
        case 0x85: { const a = this.pop(); this.push(new Tuple([a])); break; }
        case 0x86: { const b = this.pop(); const a = this.pop(); this.push(new Tuple([a, b])); break; }
        case 0x87: { const c = this.pop(); const b = this.pop(); const a = this.pop(); this.push(new Tuple([a, b, c])); break; }
        case 0x74: this.push(new Tuple(this.toMark())); break;
        case 0x5d: this.push([]); break;
        case 0x6c: this.push(this.toMark()); break;
        case 0x7d: this.push(new PyDict()); break;
        case 0x64: { const items = this.toMark(); const d = new PyDict(); this.setItems(d, items); this.push(d); break; }
        case 0x8f: this.push(new PySet()); break;
        case 0x90: { const items = this.toMark(); const s = this.top(); if (!(s instanceof PySet)) this.fail('items added to something that is not a set'); s.items.push(...items); break; }
        case 0x91: { const s = new PySet(true); s.items.push(...this.toMark()); this.push(s); break; }
        case 0x61: { const v = this.pop(); this.appendAll(this.top(), [v]); break; }
        case 0x65: { const items = this.toMark(); this.appendAll(this.top(), items); break; }
        case 0x73: { const v = this.pop(); const k = this.pop(); this.setItems(this.top(), [k, v]); break; }
        case 0x75: { const items = this.toMark(); this.setItems(this.top(), items); break; }
        case 0x70: this.put(this.memoKey(this.line(), at)); break;
        case 0x71: this.put(this.u1()); break;
        case 0x72: this.put(this.u4()); break;
        case 0x94: this.put(this.memo.size); break; // MEMOIZE
        case 0x67: this.get(this.memoKey(this.line(), at)); break;
        case 0x68: this.get(this.u1()); break;
        case 0x6a: this.get(this.u4()); break;
        case 0x63: { const m = this.line(); this.push(this.global(m, this.line(), at)); break; } // GLOBAL
        case 0x93: { const n = this.pop(); const m = this.pop(); if (typeof m !== 'string' || typeof n !== 'string') this.fail('a global whose name is not a string', at); this.push(this.global(m, n, at)); break; }
        case 0x52: { const args = this.pop(); const fn = this.pop(); this.push(this.call(fn, args)); break; } // REDUCE
        case 0x81: { const args = this.pop(); const cls = this.pop(); this.push(this.call(cls, args)); break; } // NEWOBJ
        case 0x92: { const kw = this.pop(); const args = this.pop(); const cls = this.pop(); const c = this.call(cls, args); if (c instanceof Call) c.state = kw; this.push(c); break; }
        case 0x69: { const m = this.line(); const g = this.global(m, this.line(), at); this.push(this.call(g, new Tuple(this.toMark()))); break; } // INST
        case 0x6f: { const items = this.toMark(); if (items.length === 0) this.fail('an object without a class', at); this.push(this.call(items[0]!, new Tuple(items.slice(1)))); break; } // OBJ
        case 0x62: this.build(); break;
        case 0x51: this.push(new PersistentId(this.pop())); break; // BINPERSID
        case 0x50: this.push(new PersistentId(this.line())); break;
        case 0x82: case 0x83: case 0x84: this.fail('extension registry codes are not used by any framework', at); break;
        case 0x97: case 0x98: this.fail('out-of-band buffers are not in files', at); break;
        default: this.fail(`opcode 0x${op.toString(16).padStart(2, '0')} is not known`, at);
      }
    }
  }
  private integerText(s: string, at: number): number | bigint {
    if (!/^\s*[-+]?\d{1,5000}\s*$/.test(s)) this.fail(`'${s.slice(0, 40)}' is no integer`, at);
    const v = BigInt(s.trim());
    return v >= BigInt(Number.MIN_SAFE_INTEGER) && v <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(v) : v;
  }
  private memoKey(s: string, at: number): number {
    if (!/^\d{1,9}$/.test(s)) this.fail(`'${s.slice(0, 40)}' is no memo key`, at);
    return Number(s);
  }
}

/** UTF-8 with Python's surrogatepass: lone surrogates stay as they are. */
function decodeSurrogatePass(b: Buffer): string {
  const s = b.toString('utf8');
  if (!s.includes('\ufffd')) return s;
  let out = '';
  for (let i = 0; i < b.length;) {
    const c = b[i]!;
    const n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
    if (n === 0 || i + n > b.length) throw new CheckpointError('pickle: a string is not UTF-8');
    let cp = n === 1 ? c : c & (0xff >> (n + 1));
    for (let k = 1; k < n; k++) {
      if ((b[i + k]! & 0xc0) !== 0x80) throw new CheckpointError('pickle: a string is not UTF-8');
      cp = (cp << 6) | (b[i + k]! & 0x3f);
    }
    if (cp > 0x10ffff) throw new CheckpointError('pickle: a string is not UTF-8');
    out += cp >= 0xd800 && cp <= 0xdfff ? String.fromCharCode(cp) : String.fromCodePoint(cp);
    i += n;
  }
  return out;
}

/** Reads one pickle from `start`. A damaged one gives `error` and the globals seen before it; nothing is thrown. */
export function readPickle(buffer: Buffer, start = 0): PickleResult {
  const machine = new Machine(buffer, start);
  try {
    const value = machine.run();
    return { value, globals: machine.globals, end: machine.offset };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return { value: null, globals: machine.globals, end: machine.offset, error };
  }
}

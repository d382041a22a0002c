/** Writes pickles of protocol 2 that torch.load(weights_only=True) reads: tensors, containers, numbers, strings. Shared objects stay shared. */
import { itemsize, storageClasses } from './dtypes';
import { CheckpointError } from './errors';
import { FileTensor, type FileStorage } from './tensor';
import { floatText, GlobalRef, printValue, PyBytes, PyComplex, PyDevice, PyDict, PyFloat, PyHugeInt, PyObject, PySet, SparseTensor, Tuple, type Value } from './values';
import { writableStorage, WritableTensor, type Writable, type WritableStorage } from './writable';

const MAX_DEPTH = 900; // CPython's own unpickler has no limit, but what prints and copies the value does.
const NO_CLASS = new Set(['uint16', 'uint32', 'uint64', 'complex32', 'float8_e4m3fn', 'float8_e5m2', 'float8_e4m3fnuz', 'float8_e5m2fnuz', 'float8_e8m0fnu', 'float4_e2m1fn_x2', 'bits8', 'bits16', 'bits1x8', 'uint1', 'uint2', 'uint3', 'uint4', 'uint5', 'uint6', 'uint7', 'int1', 'int2', 'int3', 'int4', 'int5', 'int6', 'int7']);

export class Pickler {
  private out = Buffer.allocUnsafe(1 << 16);
  private at = 0;
  private memoCount = 0;
  private readonly named = new Map<string, number>();
  private readonly objects = new Map<object, number>();
  /** In the order of their keys '0', '1', ... */
  readonly storages: WritableStorage[] = [];
  private readonly keys = new Map<object, { key: string; storage: WritableStorage; untyped: boolean }>();
  private depth = 0;

  private room(n: number): number {
    if (this.at + n > this.out.length) {
      const bigger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.at + n));
      this.out.copy(bigger, 0, 0, this.at);
      this.out = bigger;
    }
    return (this.at += n) - n;
  }
  private b(...bytes: number[]): void { const p = this.room(bytes.length); for (let i = 0; i < bytes.length; i++) this.out[p + i] = bytes[i]!; }
  /** `room` may make a new buffer: it is asked first. */
  private raw(bytes: Buffer): void { const p = this.room(bytes.length); bytes.copy(this.out, p); }
  private indexed(small: number, large: number, n: number): void {
    if (n < 256) return this.b(small, n);
    const p = this.room(5);
    this.out[p] = large;
    this.out.writeUInt32LE(n, p + 1);
  }
  private put(): number { this.indexed(0x71, 0x72, this.memoCount); return this.memoCount++; }
  private get(n: number): void { this.indexed(0x68, 0x6a, n); }
  private once(key: string, write: () => void): void {
    const known = this.named.get(key);
    if (known !== undefined) return this.get(known);
    write();
    this.named.set(key, this.put());
  }
  private global(module: string, name: string): void { this.once(`c${module}\n${name}`, () => this.raw(Buffer.from(`c${module}\n${name}\n`, 'latin1'))); }

  private int(v: number | bigint): void {
    if (typeof v === 'number' && v >= -(2 ** 31) && v < 2 ** 31) {
      if (v >= 0 && v < 256) return this.b(0x4b, v);
      if (v >= 0 && v < 65536) return this.b(0x4d, v & 255, v >> 8);
      const p = this.room(5);
      this.out[p] = 0x4a;
      this.out.writeInt32LE(v, p + 1);
      return;
    }
    // LONG1 or LONG4: two's complement, as short as it goes.
    const n = BigInt(v);
    const bytes: number[] = [];
    let rest = n;
    do { bytes.push(Number(rest & 255n)); rest >>= 8n; } while (!(rest === 0n && !(bytes[bytes.length - 1]! & 0x80)) && !(rest === -1n && bytes[bytes.length - 1]! & 0x80));
    if (bytes.length < 256) this.b(0x8a, bytes.length);
    else { const p = this.room(5); this.out[p] = 0x8b; this.out.writeInt32LE(bytes.length, p + 1); }
    this.raw(Buffer.from(bytes));
  }
  private float(v: number): void { const p = this.room(9); this.out[p] = 0x47; this.out.writeDoubleBE(v, p + 1); }
  private string(s: string): void {
    this.once(`s${s}`, () => {
      const text = encodeSurrogatePass(s);
      const p = this.room(5);
      this.out[p] = 0x58;
      this.out.writeUInt32LE(text.length, p + 1);
      this.raw(text);
    });
  }
  private tuple(n: number, write: () => void): void {
    if (n === 0) return this.b(0x29);
    if (n > 3) this.b(0x28);
    write();
    this.b(n > 3 ? 0x74 : 0x84 + n);
  }
  private ints(values: readonly (number | bigint)[]): void { this.tuple(values.length, () => values.forEach((v) => this.int(v))); }
  private emptyOrdered(): void { this.global('collections', 'OrderedDict'); this.b(0x29, 0x52); }
  private call(module: string, name: string, n: number, args: () => void): void { this.global(module, name); this.tuple(n, args); this.b(0x52); }

  /** The persistent id of a storage. */
  private storage(identity: object, make: () => WritableStorage, untyped: boolean): void {
    let known = this.keys.get(identity);
    if (known === undefined) {
      const storage = make();
      this.keys.set(identity, (known = { key: String(this.storages.length), storage, untyped }));
      this.storages.push(storage);
    } else if (known.untyped !== untyped) throw new CheckpointError('two tensors see one storage as two dtypes; PyTorch cannot save that either');
    const { storage } = known;
    const cls = untyped ? 'UntypedStorage' : storageClasses[storage.dtype];
    if (cls === undefined) throw new CheckpointError(`tensors of dtype ${storage.dtype} cannot be written to PyTorch's format`);
    this.b(0x28);
    this.string('storage');
    this.global(untyped ? 'torch.storage' : 'torch', cls);
    this.string(known.key);
    this.string('cpu');
    this.int(untyped ? storage.byteLength : storage.byteLength / itemsize(storage.dtype)!);
    this.b(0x74, 0x51);
  }

  private tensor(t: WritableTensor, identity: object): void {
    const untyped = NO_CLASS.has(t.dtype);
    if (!untyped && t.dtype !== t.storage.dtype) throw new CheckpointError(`a ${t.dtype} tensor sees a storage of ${t.storage.dtype}; PyTorch cannot save that either`);
    const { requiresGrad = false, parameter = false, conj, neg, quantizer } = t.options;
    if (parameter) { this.global('torch._utils', '_rebuild_parameter'); }
    const bits = conj || neg;
    const write = (): void => {
      this.storage(identity, () => t.storage, untyped);
      this.int(t.offset);
      this.ints(t.shape);
      this.ints(t.stride);
      if (quantizer !== undefined) this.value(quantizer);
      this.b(requiresGrad && !parameter ? 0x88 : 0x89);
      this.emptyOrdered();
      if (untyped) this.global('torch', t.dtype);
      if (bits) { this.b(0x7d); this.string(conj ? 'conj' : 'neg'); this.b(0x88, 0x73); }
    };
    const made = (): void => this.call('torch._utils', quantizer !== undefined ? '_rebuild_qtensor' : untyped ? '_rebuild_tensor_v3' : '_rebuild_tensor_v2', 6 + (quantizer !== undefined || untyped ? 1 : 0) + (bits ? 1 : 0), write);
    if (!parameter) return made();
    this.tuple(3, () => { made(); this.b(requiresGrad ? 0x88 : 0x89); this.emptyOrdered(); });
    this.b(0x52);
  }
  private fileTensor(t: FileTensor): void {
    const o = t.options;
    if (t.problem !== undefined || t.storage === null || o.blocks !== undefined) throw new CheckpointError(`a tensor of ${t.dtype} cannot be saved: ${t.problem ?? 'its blocks exist in GGUF files only'}`);
    const from = t.storage;
    let storage = this.fileStorages.get(from);
    if (storage === undefined) this.fileStorages.set(from, (storage = writableStorage(from)));
    this.tensor(new WritableTensor(storage, t.dtype, t.shape, t.stride, t.offset, { requiresGrad: o.requiresGrad ?? false, parameter: o.parameter ?? false, ...(o.conj ? { conj: true } : {}), ...(o.neg ? { neg: true } : {}), ...(o.quantizer === undefined ? {} : { quantizer: o.quantizer.raw }) }), from);
  }
  private readonly fileStorages = new Map<FileStorage, WritableStorage>();

  private batched<T>(items: readonly T[], write: (item: T) => void, one: number, many: number): void {
    for (let i = 0; i < items.length; i += 1000) {
      const part = items.slice(i, i + 1000);
      if (part.length > 1) this.b(0x28);
      part.forEach(write);
      this.b(part.length > 1 ? many : one);
    }
  }

  value(v: Writable): void {
    if (v === null) return this.b(0x4e);
    switch (typeof v) {
      case 'boolean': return this.b(v ? 0x88 : 0x89);
      case 'string': return this.string(v);
      case 'bigint': return this.int(v);
      case 'number': return Number.isSafeInteger(v) && !Object.is(v, -0) ? this.int(v) : this.float(v);
      default:
    }
    const known = this.objects.get(v);
    if (known === -1) throw new CheckpointError('a value that contains itself cannot be saved');
    if (known !== undefined) return this.get(known);
    if (++this.depth > MAX_DEPTH) throw new CheckpointError(`values nested more than ${MAX_DEPTH} deep cannot be saved`);
    if (this.leaf(v)) { this.depth--; return; }
    if (v instanceof Tuple || v instanceof PySet || v instanceof SparseTensor) {
      // Exists only when its parts do.
      this.objects.set(v, -1);
      if (v instanceof Tuple) {
        const write = (): void => this.tuple(v.items.length, () => v.items.forEach((x) => this.value(x)));
        if (v.size) this.call('torch', 'Size', 1, write);
        else write();
      } else if (v instanceof PySet) this.call('__builtin__', v.frozen ? 'frozenset' : 'set', 1, () => { this.b(0x5d); this.batched(v.items, (x) => this.value(x), 0x61, 0x65); });
      else this.sparse(v);
      if (v instanceof Tuple && v.items.length === 0) this.objects.delete(v);
      else this.objects.set(v, this.put());
    } else if (v instanceof PyDict) {
      if (v.kind === 'OrderedDict') this.emptyOrdered();
      else if (v.kind === 'Counter') { this.global('collections', 'Counter'); this.b(0x7d); }
      else this.b(0x7d);
      if (v.kind !== 'Counter') this.objects.set(v, this.put());
      this.batched([...v], ([k, x]) => { this.value(k); this.value(x); }, 0x73, 0x75);
      if (v.kind === 'Counter') { this.b(0x85, 0x52); this.objects.set(v, this.put()); }
      if (v.state !== undefined) { this.value(v.state); this.b(0x62); }
    } else if (Array.isArray(v)) {
      this.b(0x5d);
      this.objects.set(v, this.put());
      this.batched(v as readonly Writable[], (x) => this.value(x), 0x61, 0x65);
    } else {
      if (v instanceof WritableTensor) this.tensor(v, v.storage);
      else if (v instanceof FileTensor) this.fileTensor(v);
      else throw new CheckpointError(`${v instanceof PyObject ? printValue(v, 120) : 'a bare storage'} cannot be saved: it is no data but something that Python would have to make`);
      this.objects.set(v, this.put());
    }
    this.depth--;
  }
  private leaf(v: object): boolean {
    if (v instanceof PyFloat) this.float(v.value);
    else if (v instanceof PyComplex) this.call('__builtin__', 'complex', 2, () => { this.float(v.re); this.float(v.im); });
    else if (v instanceof PyBytes && v.mutable) this.call('__builtin__', 'bytearray', 2, () => { this.string(v.bytes.toString('latin1')); this.string('latin-1'); });
    else if (v instanceof PyBytes) this.call('_codecs', 'encode', 2, () => { this.string(v.bytes.toString('latin1')); this.string('latin1'); });
    else if (v instanceof PyDevice) this.call('torch', 'device', 1, () => this.string(v.text.replace(/^'(.*)'$/, '$1')));
    else if (v instanceof GlobalRef && v.module === 'torch') this.global('torch', v.name);
    else if (v instanceof PyHugeInt) throw new CheckpointError(`${floatText(v.bits)} bits are too many for an integer that is to be saved`);
    else return false;
    return true;
  }
  private sparse(s: SparseTensor): void {
    const args = s.call.args instanceof Tuple ? s.call.args.items : [];
    this.call('torch._utils', '_rebuild_sparse_tensor', 2, () => {
      this.call('torch.serialization', '_get_layout', 1, () => this.string(`torch.${s.layout}`));
      this.value(args[1] as Value);
    });
  }
  dump(v: Writable): Buffer {
    this.b(0x80, 2);
    this.value(v);
    this.b(0x2e);
    return this.out.subarray(0, this.at);
  }
}

/** UTF-8 with Python's surrogatepass. */
function encodeSurrogatePass(s: string): Buffer {
  if (!/\p{Surrogate}/u.test(s)) return Buffer.from(s, 'utf8');
  return Buffer.concat([...s].map((c) => {
    const p = c.codePointAt(0)!;
    return p >= 0xd800 && p <= 0xdfff ? Buffer.from([0xe0 | (p >> 12), 0x80 | ((p >> 6) & 63), 0x80 | (p & 63)]) : Buffer.from(c, 'utf8');
  }));
}

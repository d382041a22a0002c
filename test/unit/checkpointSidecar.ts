/** A file's value in the corpus sidecars' notation (corpus/README.md), so that the two can be compared. */
import crypto from 'node:crypto';

import { runSync } from '../../extension/checkpoint/io';
import { itemsize } from '../../extension/checkpoint/dtypes';
import { FileStorage, FileTensor } from '../../extension/checkpoint/tensor';
import { floatText, GlobalRef, PyBytes, PyComplex, PyDict, PyFloat, PyObject, PySet, SparseTensor, Tuple, type Value } from '../../extension/checkpoint/values';
import { numberAt } from '../../extension/checkpoint/numbers';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const special = (v: number): Json => (Number.isFinite(v) && !Object.is(v, -0) ? v : floatText(v));

function wtf8(s: string): string {
  return Buffer.concat([...s].map((c) => {
    const p = c.codePointAt(0)!;
    return p >= 0xd800 && p <= 0xdfff ? Buffer.from([0xe0 | (p >> 12), 0x80 | ((p >> 6) & 63), 0x80 | (p & 63)]) : Buffer.from(c);
  })).toString('hex');
}

export const bytesOf = (t: FileTensor): Buffer => runSync(t.read());
export const sha256 = (b: Uint8Array): string => crypto.createHash('sha256').update(b).digest('hex');

function valuesOf(t: FileTensor): Json[] {
  const b = bytesOf(t);
  const n = t.numel;
  return Array.from({ length: n }, (_, i): Json => {
    switch (t.dtype) {
      case 'int64': return exact(b.readBigInt64LE(8 * i));
      case 'uint64': return exact(b.readBigUInt64LE(8 * i));
      case 'uint16': return b.readUInt16LE(2 * i);
      case 'uint32': return b.readUInt32LE(4 * i);
      case 'qint8': return b.readInt8(i);
      case 'qint32': return b.readInt32LE(4 * i);
      case 'bool': return b[i] !== 0;
      case 'complex64': return [special(b.readFloatLE(8 * i)), special(b.readFloatLE(8 * i + 4))];
      case 'complex128': return [special(b.readDoubleLE(16 * i)), special(b.readDoubleLE(16 * i + 8))];
      default: return special(numberAt(t.dtype, b, i));
    }
  });
}
const exact = (v: bigint): Json => (v >= -(2n ** 53n) && v <= 2n ** 53n ? Number(v) : String(v));

export class Sidecar {
  private readonly ids = new Map<object, number>();
  private readonly aliases = new Map<FileStorage, number>();
  private next = 0;

  node(v: Value): Json {
    if (v === null) return { t: 'none' };
    switch (typeof v) {
      case 'boolean': return { t: 'bool', v };
      case 'number': return { t: 'int', v };
      case 'bigint': return { t: 'int', v: exact(v) };
      case 'string': return /\p{Surrogate}/u.test(v) ? { t: 'str', surrogatepass_utf8_hex: wtf8(v) } : { t: 'str', v };
      default:
    }
    if (v instanceof PyFloat) return { t: 'float', v: special(v.value) };
    if (v instanceof PyComplex) return { t: 'complex', v: [special(v.re), special(v.im)] };
    if (v instanceof PyBytes) return { t: v.mutable ? 'bytearray' : 'bytes', hex: v.bytes.toString('hex') };
    if (v instanceof Tuple) return { t: v.size ? 'size' : 'tuple', items: v.items.map((x) => (v.size ? (x as number) : this.node(x))) };
    if (v instanceof PySet) return { t: v.frozen ? 'frozenset' : 'set', items: v.items.map((x) => this.node(x)) };
    if (v instanceof GlobalRef) return v.module === 'torch' && itemsize(v.name) !== null ? { t: 'dtype', v: v.qualified } : { t: 'global', v: v.qualified };
    const object = v instanceof SparseTensor ? v.call : v instanceof FileTensor && v.storage === null && v.options.attrs instanceof PyObject ? v.options.attrs : v;
    const known = this.ids.get(object);
    if (known !== undefined) return { t: 'ref', id: known };
    const id = this.next++;
    this.ids.set(object, id);
    if (Array.isArray(object)) return { t: 'list', id, items: object.map((x) => this.node(x)) };
    if (object instanceof PyDict) {
      const items = [...object].map(([k, x]): Json => [this.node(k), this.node(x)]);
      return { t: object.kind === 'OrderedDict' ? 'odict' : object.kind === 'Counter' ? 'counter' : 'dict', id, items, ...(object.state === undefined ? {} : { attrs: this.node(object.state) }) };
    }
    if (object instanceof PyObject) {
      const args = object.args instanceof Tuple ? object.args.items.map((x) => this.node(x)) : [this.node(object.args)];
      return { t: 'object', class: object.className, id, args, ...(object.state === undefined ? {} : { state: this.node(object.state) }) };
    }
    if (object instanceof FileTensor) return this.tensor(object, id);
    throw new Error(`no notation for ${String(object)}`);
  }
  private tensor(t: FileTensor, id: number): Json {
    const s = t.storage!;
    if (!this.aliases.has(s)) this.aliases.set(s, this.aliases.size);
    const o = t.options;
    return {
      t: 'tensor', id, dtype: t.dtype, shape: [...t.shape], stride: [...t.stride], offset: t.offset, requires_grad: o.requiresGrad ?? false, param: o.parameter ?? false, rebuild: o.rebuild!.replace('torch._utils.', ''),
      storage: { alias: this.aliases.get(s)!, key: s.id, dtype: s.dtype, numel: s.bytes / itemsize(s.dtype)!, location: s.location }, sha256: sha256(bytesOf(t)), nbytes: bytesOf(t).length,
      ...(t.numel <= 64 ? { values: valuesOf(t) } : {}), ...(o.quantizer === undefined ? {} : { quant: (o.quantizer.raw as Tuple).items.map((x) => this.node(x)) }),
      ...(o.subclass === undefined ? {} : { subclass: o.subclass }), ...(o.attrs === undefined ? {} : { attrs: this.node(o.attrs) }),
    };
  }
}

/** From the pickle machine's inert values to tensors, dictionaries and the viewer's tree. */
import type { PickleGlobal, TensorInfo, ValueNode } from '../protocol/checkpoint';
import { classify } from './allowList';
import { itemsize, storageTypes } from './dtypes';
import { CheckpointError } from './errors';
import { FileDict, FileOther, FileTensor, type FileStorage, type FileValue } from './model';
import type { GlobalUse } from './pickle';
import { Call, GlobalRef, PersistentId, PyBytes, PyDict, PyFloat, PySet, Tuple, type PickleValue } from './pickleTypes';

const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** Finds the storage a persistent id names. Throws CheckpointError when it is not there. */
export type StorageResolver = (id: PickleValue[]) => FileStorage;

const num = (v: PickleValue, what: string): number => {
  if (typeof v !== 'number' || !Number.isInteger(v) || v < 0) throw new CheckpointError(`${what} is ${typeof v === 'bigint' || typeof v === 'number' ? v : 'no number'}; a whole number from 0 to ${MAX_SAFE} was expected`);
  return v;
};
const list = (v: PickleValue, what: string): number[] => {
  const items = v instanceof Tuple ? v.items : v instanceof Call && v.args instanceof Tuple && v.args.items[0] instanceof Tuple ? v.args.items[0].items : Array.isArray(v) ? v : null;
  if (items === null) throw new CheckpointError(`${what} is not a tuple`);
  if (items.length > 64) throw new CheckpointError(`${what} has ${items.length} dimensions; at most 64 can be shown`);
  return items.map((x) => num(x, what));
};

export class TorchValues {
  private readonly done = new Map<PickleValue, FileValue>();
  private depth = 0;
  constructor(private readonly resolve: StorageResolver) {}

  convert(v: PickleValue): FileValue {
    if (v === null || typeof v !== 'object') return v;
    const known = this.done.get(v);
    if (known !== undefined) return known;
    if (++this.depth > 1000) throw new CheckpointError('values are nested more than 1000 deep');
    try {
      return this.build(v);
    } finally {
      this.depth--;
    }
  }

  private build(v: Exclude<PickleValue, null | boolean | number | bigint | string>): FileValue {
    if (v instanceof PyFloat) return Number.isInteger(v.value) ? new FileFloat(v.value) as unknown as FileValue : v.value;
    if (v instanceof PyBytes) return v.bytes;
    if (Array.isArray(v) || v instanceof Tuple || v instanceof PySet) {
      const out: FileValue[] = [];
      this.done.set(v, out);
      for (const x of Array.isArray(v) ? v : v.items) out.push(this.convert(x));
      if (v instanceof Tuple) tuples.add(out);
      return out;
    }
    if (v instanceof PyDict) {
      const out = new FileDict();
      out.ordered = v.ordered;
      this.done.set(v, out);
      for (const [k, x] of v.map) out.set(typeof k === 'object' && k !== null ? (this.key(k)) : k, this.convert(x));
      if (v.state !== undefined) out.metadata = this.convert(v.state);
      return out;
    }
    if (v instanceof Call) {
      const made = this.call(v);
      this.done.set(v, made);
      return made;
    }
    if (v instanceof GlobalRef) return v.module === 'torch' && itemsize(v.name) !== null ? new FileOther('dtype', `torch.${v.name}`) : new FileOther('class', v.qualified);
    return new FileOther('storage', 'storage');
  }
  private key(k: PickleValue): FileValue { return k instanceof PyFloat ? k.value : k instanceof Tuple ? `(${k.items.map((x) => String(this.key(x))).join(', ')})` : (this.convert(k) as FileValue); }

  private storage(v: PickleValue): FileStorage {
    if (!(v instanceof PersistentId) || !(v.id instanceof Tuple)) throw new CheckpointError('a tensor whose storage is no persistent id');
    return this.resolve(v.id.items);
  }

  private call(c: Call): FileValue {
    const fn = c.fn instanceof GlobalRef ? c.fn.qualified : '';
    const a = c.args instanceof Tuple ? c.args.items : [];
    try {
      switch (fn) {
        case 'torch._utils._rebuild_tensor_v2': case 'torch._utils._rebuild_tensor': case 'torch._utils._rebuild_tensor_v3': return this.tensor(fn, a);
        case 'torch._utils._rebuild_parameter': case 'torch._utils._rebuild_parameter_with_state': return this.parameter(a);
        case 'torch._tensor._rebuild_from_type_v2': { const inner = a[2]; if (a[0] instanceof GlobalRef && inner instanceof Tuple) return this.call(new Call(a[0], inner)); break; }
        case 'torch._utils._rebuild_qtensor': return this.quantized(a);
        case 'torch._utils._rebuild_meta_tensor_no_storage': return new FileTensor(null, a[0] instanceof GlobalRef ? a[0].name : 'unknown', list(a[1]!, 'size'), list(a[2]!, 'stride'), 0, { problem: 'a meta tensor has no values' });
        case 'torch.Size': return list(a[0]!, 'torch.Size');
        case 'torch.device': return new FileOther('device', a.map(String).join(':'));
        case 'builtins.complex': return new FileOther('complex', `(${a.map((x) => (x instanceof PyFloat ? x.value : String(x))).join(', ')})`);
        default: break;
      }
    } catch (error) {
      if (!(error instanceof CheckpointError) || !fn.includes('_rebuild_')) throw error;
      return new FileTensor(null, 'unknown', [], [], 0, { problem: error.message });
    }
    return this.instance(c, fn);
  }

  /** A class instance: its attributes as a dictionary, its modules and parameters where people look for them. */
  private instance(c: Call, fn: string): FileValue {
    const out = new FileDict();
    this.done.set(c, out);
    typeNames.set(out, fn || 'object');
    if (c.args instanceof Tuple) c.args.items.forEach((x, i) => out.set(`arg${i}`, this.convert(x)));
    c.list.forEach((x, i) => out.set(String(i), this.convert(x)));
    for (const [k, x] of c.items) out.set(this.key(k), this.convert(x));
    const state = c.state instanceof Tuple && c.state.items[0] instanceof PyDict ? c.state.items[0] : c.state;
    if (state instanceof PyDict) {
      for (const [k, x] of state.map) {
        if ((k === '_modules' || k === '_parameters' || k === '_buffers') && x instanceof PyDict) for (const [name, y] of x.map) out.set(this.key(name), this.convert(y));
        else if (typeof k === 'string' && /^_.*(hooks|_set|_is_)/.test(k)) continue;
        else out.set(this.key(k), this.convert(x));
      }
    } else if (state !== undefined) out.set('state', this.convert(state));
    return out;
  }

  private tensor(fn: string, a: PickleValue[]): FileTensor {
    const s = this.storage(a[0]!);
    const v3 = fn.endsWith('_v3');
    const dtype = v3 ? (a[6] instanceof GlobalRef ? a[6].name : 'unknown') : s.dtype;
    const meta = a[6] instanceof PyDict ? a[6].map : v3 && a[7] instanceof PyDict ? a[7].map : null;
    return checked(s, dtype, list(a[2]!, 'size'), list(a[3]!, 'stride'), num(a[1]!, 'storage offset'), {
      requiresGrad: a[4] === true, ...(meta?.get('conj') === true ? { conj: true } : {}), ...(meta?.get('neg') === true ? { neg: true } : {}),
    });
  }
  private parameter(a: PickleValue[]): FileValue {
    const t = this.convert(a[0]!);
    if (!(t instanceof FileTensor)) throw new CheckpointError('a parameter around something that is no tensor');
    return new FileTensor(t.storage, t.dtype, t.shape, t.stride, t.offset, { ...t.options, requiresGrad: a[1] === true, isParameter: true });
  }
  private quantized(a: PickleValue[]): FileTensor {
    const s = this.storage(a[0]!);
    return checked(s, s.dtype, list(a[2]!, 'size'), list(a[3]!, 'stride'), num(a[1]!, 'storage offset'), { requiresGrad: a[5] === true, note: 'quantized: raw integers' });
  }
}

/** A whole float: JavaScript would lose its type. */
export class FileFloat { constructor(readonly value: number) {} }
/** Lists that were tuples, class names of instances: remembered beside the values. */
export const tuples = new WeakSet<object>();
export const typeNames = new WeakMap<object, string>();

/** A tensor that stays inside its storage; otherwise CheckpointError with the numbers. */
function checked(s: FileStorage, dtype: string, shape: number[], stride: number[], offset: number, options: FileTensor['options']): FileTensor {
  if (shape.length !== stride.length) throw new CheckpointError(`a tensor of ${shape.length} dimensions with ${stride.length} strides`);
  let numel = 1;
  let last = offset;
  for (let i = 0; i < shape.length; i++) {
    numel *= shape[i]!;
    if (shape[i]! > 0) last += (shape[i]! - 1) * stride[i]!;
    if (!Number.isSafeInteger(numel) || !Number.isSafeInteger(last)) throw new CheckpointError(`a tensor of shape [${shape.join(', ')}] is larger than any memory`);
  }
  const item = itemsize(dtype);
  if (item !== null && numel > 0 && (last + 1) * item > s.bytes)
    throw new CheckpointError(`a tensor of shape [${shape.join(', ')}], stride [${stride.join(', ')}], offset ${offset} needs ${(last + 1) * item} bytes, but its storage has ${s.bytes}`);
  // Stride 0 makes huge shapes out of one element: shown, but not read whole.
  if (item !== null && numel * item > Math.max(s.bytes * 64, 1 << 30)) options = { ...options, problem: `shape [${shape.join(', ')}] repeats ${s.bytes} stored bytes ${numel} times; its values are not expanded` };
  return new FileTensor(s, dtype, shape, stride, offset, options);
}

/** Parses `('storage', torch.FloatStorage, '0', 'cpu', numel)`. */
export function storageId(id: PickleValue[]): { dtype: string; key: string; location: string; numel: number } {
  const [kind, cls, key, location, numel] = id;
  const type = cls instanceof GlobalRef ? (cls.module === 'torch' || cls.module.startsWith('torch.') ? storageTypes[cls.name] : undefined) : undefined;
  if (kind !== 'storage' || type === undefined || typeof key !== 'string') throw new CheckpointError(`a persistent id that is no storage: ${printPickle(new Tuple(id), 120)}`);
  return { dtype: type, key, location: typeof location === 'string' ? location : '', numel: num(numel ?? null, `the size of storage '${key}'`) };
}

const MAX_CHILDREN = 20_000;
/** The viewer's tree, and every tensor under the name a state dict would give it. */
export function describe(root: FileValue): { tree: ValueNode; tensors: Map<string, FileTensor>; infos: TensorInfo[] } {
  const tensors = new Map<string, FileTensor>();
  const infos: TensorInfo[] = [];
  const open = new Set<object>();
  const walk = (key: string, v: FileValue, path: string): ValueNode => {
    if (v instanceof FileTensor) {
      let name = path || 'tensor';
      for (let k = 2; tensors.has(name); k++) name = `${path || 'tensor'}#${k}`;
      tensors.set(name, v);
      if (v.name === '') v.name = name;
      infos.push(infoOf(name, v));
      return { key, type: 'tensor', value: name };
    }
    if ((v as unknown) instanceof FileFloat) { const x = (v as unknown as FileFloat).value; return { key, type: 'float', value: Object.is(x, -0) ? '-0.0' : `${x}.0` }; }
    if (v === null) return { key, type: 'None', value: 'None' };
    if (v instanceof Uint8Array) return { key, type: 'bytes', value: `${v.length} bytes` };
    if (v instanceof FileOther) return { key, type: v.type, value: v.text };
    if (typeof v !== 'object') return { key, type: typeof v === 'string' ? 'str' : typeof v === 'boolean' ? 'bool' : typeof v === 'bigint' || Number.isInteger(v) ? 'int' : 'float', value: typeof v === 'boolean' ? (v ? 'True' : 'False') : cut(String(v), 500) };
    if (open.has(v)) return { key, type: 'ref', value: 'the same object as above' };
    open.add(v);
    const pairs: [string, FileValue][] = v instanceof FileDict ? [...v].map(([k, x]) => [String(k), x]) : (v as FileValue[]).map((x, i) => [String(i), x]);
    const children = pairs.slice(0, MAX_CHILDREN).map(([k, x]) => walk(k, x, path ? `${path}.${k}` : k));
    // Tensors beyond what the tree shows are still listed.
    for (const [k, x] of pairs.slice(MAX_CHILDREN)) walk(k, x, path ? `${path}.${k}` : k);
    open.delete(v);
    const type = typeNames.get(v) ?? (v instanceof FileDict ? (v.ordered ? 'OrderedDict' : 'dict') : tuples.has(v) ? 'tuple' : 'list');
    return { key, type, children, ...(pairs.length > MAX_CHILDREN ? { more: pairs.length - MAX_CHILDREN } : {}) };
  };
  const tree = walk('', root, '');
  return { tree, tensors, infos };
}

function infoOf(name: string, t: FileTensor): TensorInfo {
  return {
    name, dtype: t.dtype, shape: t.shape, stride: t.stride, numel: t.numel, bytes: t.numel * (itemsize(t.dtype) ?? 0), storage: t.storage?.id ?? '',
    requiresGrad: t.options.requiresGrad ?? false, location: t.storage?.location ?? '', ...(t.options.problem === undefined ? {} : { problem: t.options.problem }),
  };
}

const cut = (s: string, n: number): string => (s.length > n ? `${s.slice(0, n)}…` : s);

/** A value of the machine in one line, cut short. */
export function printPickle(v: PickleValue, max = 200): string {
  let left = max;
  const print = (x: PickleValue, depth: number): string => {
    if (left <= 0 || depth > 6) return '…';
    left -= 4;
    if (x === null) return 'None';
    if (typeof x === 'string') { left -= x.length; return JSON.stringify(cut(x, 120)); }
    if (typeof x === 'boolean') return x ? 'True' : 'False';
    if (typeof x !== 'object') return String(x);
    if (x instanceof PyFloat) return String(x.value);
    if (x instanceof GlobalRef) return x.qualified;
    if (x instanceof PyBytes) return `<${x.bytes.length} bytes>`;
    if (x instanceof Tuple) return `(${x.items.slice(0, 8).map((y) => print(y, depth + 1)).join(', ')})`;
    if (Array.isArray(x)) return `[${x.slice(0, 8).map((y) => print(y, depth + 1)).join(', ')}]`;
    if (x instanceof PyDict) return `{${[...x.map].slice(0, 6).map(([k, y]) => `${print(k, depth + 1)}: ${print(y, depth + 1)}`).join(', ')}}`;
    if (x instanceof PySet) return `{${x.items.slice(0, 8).map((y) => print(y, depth + 1)).join(', ')}}`;
    if (x instanceof PersistentId) return 'storage';
    return `${print(x.fn, depth + 1)}${print(x.args, depth + 1)}`;
  };
  return cut(print(v, 0), max);
}

/** The audit: every name asked for, with what, in order. */
export function auditGlobals(globals: Iterable<GlobalUse>): PickleGlobal[] {
  return [...globals].map((g) => ({ name: g.ref.qualified, class: classify(g.ref.qualified), offset: g.offset, count: g.count, args: g.args === undefined ? '' : printPickle(g.args), path: '' })).sort((a, b) => a.offset - b.offset);
}

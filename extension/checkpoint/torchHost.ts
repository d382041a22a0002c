/** What PyTorch's pickles ask for, as data: tensors, parameters, sizes, devices. Matched by exact name, never called. */
import { storageTypes } from './dtypes';
import { CheckpointError } from './errors';
import type { PickleHost } from './pickle';
import { checkedTensor, FileStorage, FileTensor, type TensorOptions } from './tensor';
import { GlobalRef, printValue, PyDevice, PyDict, PyFloat, PyObject, SparseTensor, Tuple, type Value } from './values';

const MAX_DIMS = 64;

class Bad extends Error {}
const bad = (message: string): never => { throw new Bad(message); };
const natural = (v: Value | undefined, what: string): number =>
  typeof v === 'number' && Number.isSafeInteger(v) && v >= 0 ? v : bad(`${what} is ${v === undefined ? 'missing' : printValue(v, 60)}; a whole number from 0 to 2^53 was expected`);
const items = (v: Value | undefined): readonly Value[] | null => (v instanceof Tuple ? v.items : Array.isArray(v) ? v : null);
/** Sizes may be as large as 2^62 when a stride is 0. */
const sizes = (v: Value | undefined, what: string): readonly number[] => {
  const all = items(v) ?? bad(`${what} is not a tuple`);
  if (all.length > MAX_DIMS) bad(`${what} has ${all.length} dimensions; at most ${MAX_DIMS} are shown`);
  if (all.every((x) => typeof x === 'number' && Number.isSafeInteger(x) && x >= 0)) return all as number[];
  return all.map((x) => (typeof x === 'bigint' && x >= 0n && x < 1n << 63n ? Number(x) : natural(x, what)));
};
const flag = (v: Value | undefined): boolean => v === true;
const dtypeName = (v: Value | undefined): string => (v instanceof GlobalRef && v.module === 'torch' ? v.name : bad(`the dtype is ${v === undefined ? 'missing' : printValue(v, 60)}`));
const bits = (v: Value | undefined): TensorOptions => (v instanceof PyDict ? { ...(v.get('conj') === true ? { conj: true } : {}), ...(v.get('neg') === true ? { neg: true } : {}) } : {});

export interface StorageId { dtype: string; key: string; location: string; numel: number; view: Value | undefined }
const storageModules: ReadonlySet<string> = new Set(['torch', 'torch.cuda', 'torch.storage']);
/** Parses `('storage', torch.FloatStorage, '0', 'cpu', numel[, view])`. Throws CheckpointError saying what it is instead. */
export function storageId(id: Value): StorageId {
  const all = items(id) ?? [];
  const [kind, cls, key, location, numel, view] = all;
  const known = cls instanceof GlobalRef && storageModules.has(cls.module) ? storageTypes[cls.name] : undefined;
  if (kind !== 'storage' || typeof key !== 'string') throw new CheckpointError(`a persistent id that is no storage: ${printValue(id, 120)}`);
  if (known === undefined) throw new UnknownStorage(`the storage class ${printValue(cls ?? null, 100)} is not PyTorch's`);
  if (typeof numel !== 'number' || !Number.isSafeInteger(numel) || numel < 0 || numel > 2 ** 50) throw new CheckpointError(`storage '${key.slice(0, 40)}' has ${numel === undefined ? 'no size' : `the size ${printValue(numel, 60)}`}`);
  return { dtype: known, key, location: typeof location === 'string' ? location : '', numel, view };
}
export class UnknownStorage extends CheckpointError {}

export class TorchHost implements PickleHost {
  readonly warnings: string[] = [];
  /** First thing that breaks the format's rules. */
  damage: string | undefined;
  constructor(private readonly resolve: (id: Value) => Value) {}

  /** A storage that cannot be found is a storage with a problem: its tensors show it. */
  persistent(id: Value): Value {
    try {
      return this.resolve(id);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      if (!(error instanceof UnknownStorage)) this.damage ??= error.message;
      const key = items(id)?.[2];
      return new FileStorage(typeof key === 'string' ? key.slice(0, 100) : '', 'unknown', 0, null, false, '', error.message);
    }
  }

  call(fn: string, a: readonly Value[]): Value | undefined {
    try {
      const made = this.make(fn, a);
      if (made instanceof FileTensor && made.options.damaged) this.damage ??= made.options.problem;
      return made;
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      this.damage ??= `${fn}: ${error.message}`;
      return fn.includes('_rebuild_') ? new FileTensor(null, 'unknown', [], [], 0, { problem: error.message, damaged: true }) : undefined;
    }
  }

  private make(fn: string, a: readonly Value[]): Value | undefined {
    switch (fn) {
      case 'torch._utils._rebuild_tensor': case 'torch._utils._rebuild_tensor_v2':
        return this.tensor(a, this.storage(a[0]).dtype, { requiresGrad: flag(a[4]), ...bits(a[6]), rebuild: fn });
      case 'torch._utils._rebuild_tensor_v3':
        return this.tensor(a, dtypeName(a[6]), { requiresGrad: flag(a[4]), ...bits(a[7]), rebuild: fn });
      case 'torch._utils._rebuild_parameter': return this.parameter(a, undefined);
      case 'torch._utils._rebuild_parameter_with_state': return this.parameter(a, a[3]);
      case 'torch._tensor._rebuild_from_type_v2': return this.fromType(a);
      case 'torch._utils._rebuild_qtensor': return this.quantized(a);
      case 'torch._utils._rebuild_meta_tensor_no_storage':
        return new FileTensor(null, dtypeName(a[0]), sizes(a[1], 'size'), sizes(a[2], 'stride'), 0, { requiresGrad: flag(a[3]), problem: 'a meta tensor has no values', rebuild: fn, attrs: new PyObject(new GlobalRef('torch._utils', '_rebuild_meta_tensor_no_storage'), new Tuple([...a])) });
      case 'torch._utils._rebuild_sparse_tensor': return this.sparse(fn, a);
      case 'torch._utils._rebuild_sparse_csr_tensor': return this.sparse(fn, a);
      case 'torch.Size': return new Tuple(items(a[0]) ?? [], true);
      case 'torch.device': return new PyDevice(a.map((x) => (typeof x === 'string' ? `'${x}'` : printValue(x, 40))).join(', '));
      // TorchScript writes typed lists and dictionaries so.
      case 'torch.jit._pickle.restore_type_tag': case 'torch.jit._pickle.build_intlist': case 'torch.jit._pickle.build_tensorlist':
      case 'torch.jit._pickle.build_doublelist': case 'torch.jit._pickle.build_boollist': return a[0];
      default: return undefined;
    }
  }

  private storage(v: Value | undefined): FileStorage { return v instanceof FileStorage ? v : bad(`the storage is ${v === undefined ? 'missing' : printValue(v, 60)}`); }

  private tensor(a: readonly Value[], dtype: string, options: TensorOptions): FileTensor {
    const s = this.storage(a[0]);
    const [offset, shape, stride] = [natural(a[1], 'the storage offset'), sizes(a[2], 'size'), sizes(a[3], 'stride')];
    if (s.problem !== undefined) return new FileTensor(s, dtype, shape, stride, offset, options);
    return checkedTensor(s, dtype, shape, stride, offset, options);
  }
  private parameter(a: readonly Value[], state: Value | undefined): Value | undefined {
    const t = a[0];
    if (!(t instanceof FileTensor)) return undefined;
    return new FileTensor(t.storage, t.dtype, t.shape, t.stride, t.offset, { ...t.options, requiresGrad: flag(a[1]), parameter: true, ...(state === undefined ? {} : { attrs: state }) });
  }
  private fromType(a: readonly Value[]): Value | undefined {
    const [fn, type, args, state] = a;
    if (!(fn instanceof GlobalRef) || !(args instanceof Tuple) || fn.qualified === 'torch._tensor._rebuild_from_type_v2') return undefined;
    const t = this.make(fn.qualified, args.items);
    if (!(t instanceof FileTensor)) return undefined;
    t.options.subclass = type instanceof GlobalRef ? type.qualified : printValue(type ?? null, 60);
    if (state !== undefined) t.options.attrs = state;
    return t;
  }
  private quantized(a: readonly Value[]): FileTensor {
    const q = items(a[4]) ?? bad('the quantizer is not a tuple');
    const scheme = q[0] instanceof GlobalRef ? q[0].name : bad('the quantizer has no scheme');
    const number = (v: Value | undefined, what: string): number => (v instanceof PyFloat ? v.value : typeof v === 'number' ? v : bad(`${what} is no number`));
    const perTensor = scheme.startsWith('per_tensor');
    const scale = perTensor ? number(q[1], 'the scale') : q[1] instanceof FileTensor ? q[1] : bad('the scales are no tensor');
    const zeroPoint = perTensor ? number(q[2], 'the zero point') : q[2] instanceof FileTensor ? q[2] : bad('the zero points are no tensor');
    const axis = perTensor ? null : natural(q[3], 'the axis');
    const t = this.tensor(a, this.storage(a[0]).dtype, { requiresGrad: flag(a[5]), rebuild: 'torch._utils._rebuild_qtensor' });
    if (axis !== null && (axis >= t.shape.length || (scale as FileTensor).numel !== t.shape[axis] || (zeroPoint as FileTensor).numel !== t.shape[axis])) bad(`scales along axis ${axis} do not fit shape [${t.shape.join(', ')}]`);
    t.options.quantizer = { scheme, scale, zeroPoint, axis, raw: a[4]! };
    t.options.note = perTensor ? `${scheme}, scale ${scale as number}, zero point ${zeroPoint as number}` : `${scheme}, along dimension ${axis}`;
    return t;
  }
  private sparse(fn: string, a: readonly Value[]): Value | undefined {
    // 1.13's CSR form has no layout argument of its own.
    const old = fn.endsWith('_csr_tensor');
    const layoutCall = a[0];
    const layout = layoutCall instanceof PyObject && layoutCall.args instanceof Tuple && typeof layoutCall.args.items[0] === 'string' ? layoutCall.args.items[0].replace(/^torch\./, '') : bad('a sparse tensor without a layout');
    const data = items(a[1]) ?? bad('a sparse tensor without parts');
    const names = layout === 'sparse_coo' ? ['indices', 'values'] : layout === 'sparse_csc' || layout === 'sparse_bsc' ? ['ccol_indices', 'row_indices', 'values'] : ['crow_indices', 'col_indices', 'values'];
    const parts = names.map((n, i): [string, FileTensor] => { const t = data[i]; return [n, t instanceof FileTensor ? t : bad(`the ${n} of a sparse tensor are no tensor`)]; });
    const shape = sizes(data[names.length], 'size');
    return new SparseTensor(layout, shape, parts, new PyObject(new GlobalRef('torch._utils', old ? '_rebuild_sparse_csr_tensor' : '_rebuild_sparse_tensor'), new Tuple([...a])));
  }
}

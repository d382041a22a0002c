/** save and load: files that torch.load reads and torch.save wrote; safetensors, npy and npz too. */
import { isOwnData } from '../checkpoint/allowList';
import type { OpenedCheckpoint } from '../checkpoint/describe';
import { runSync } from '../checkpoint/io';
import { saveNpy, saveNpz } from '../checkpoint/npyWriter';
import { openCheckpoint as openFile } from '../checkpoint/registry';
import { saveSafetensors, type NamedTensor } from '../checkpoint/safetensorsWriter';
import { FileStorage, FileTensor } from '../checkpoint/tensor';
import { saveTorch, type Saved } from '../checkpoint/torchWriter';
import { GlobalRef, printValue, PyBytes, PyComplex, PyDevice, PyDict, PyFloat, PyHugeInt, PyObject, PySet, SparseTensor, Tuple, type Value } from '../checkpoint/values';
import { WritableTensor, type Writable, type WritableStorage } from '../checkpoint/writable';
import { CheckpointError } from '../checkpoint/errors';
import { Interrupted, RuntimeError } from './errors';
import type { DeviceLike } from './device';
import { copyInto, engineType, piecesOf, storageOf, TensorReader } from './fileTensors';
import { LazyDict } from './lazyDict';
import { native } from './native';
import { OrderedDict } from './orderedDict';
import { Size } from './size';
import { Parameter, Tensor } from './tensor';

/** What can be saved: tensors, numbers, strings, booleans, null, and arrays, Maps, Sets and plain objects of them. */
export type Saveable = unknown;
/** Something in a file that has no counterpart here: a Python class, a device, a dtype. */
export interface Unloaded {
  /** Its Python type. */
  type: string;
  /** Its repr. */
  text: string;
}
/** What load() gives: tensors, numbers, strings, lists, Maps of them, and Unloaded for what has no counterpart here. */
export type Loaded = null | boolean | number | bigint | string | Uint8Array | Tensor | Loaded[] | Set<Loaded> | Map<unknown, Loaded> | { re: number; im: number } | Unloaded;
/** Called now and then; returning false cancels, and the call throws Interrupted. Nothing half-done stays. */
export type Progress = (done: number, total: number) => boolean | void;
/** Of save(). */
export interface SaveFileOptions {
  /** Called with bytes written and bytes in all; returning false cancels. */
  onProgress?: Progress;
  /** safetensors only: several files and an index when there are more bytes. */
  maxShardBytes?: number;
}
/** Of load(). */
export interface LoadOptions {
  /** The device of the tensors; that of the file, or the CPU, by default. */
  mapLocation?: DeviceLike;
  /** Tensors in dictionaries are read from the file when they are first asked for. */
  mmap?: boolean;
  /** Called with bytes read and bytes in all; returning false cancels. */
  onProgress?: Progress;
}

const reporter = (p: Progress | undefined): ((done: number, total: number) => void) | undefined => p && ((done, total) => { if (p(done, total) === false) throw new Interrupted('cancelled'); });

/** Arrays that were Python tuples: saved as tuples again. */
const tuples = new WeakSet<object>();

class Collector {
  private readonly storages = new Map<number, WritableStorage>();
  private readonly done = new Map<object, Writable>();

  value(v: unknown): Writable {
    if (v === undefined || v === null) return null;
    if (typeof v === 'boolean' || typeof v === 'number' || typeof v === 'bigint' || typeof v === 'string') return v;
    if (typeof v !== 'object') throw new RuntimeError(`save: a ${typeof v === 'function' ? 'function or module (save its stateDict())' : typeof v} cannot be saved`);
    const known = this.done.get(v);
    if (known !== undefined) return known;
    if (v instanceof Tensor) return this.remember(v, this.tensor(v));
    if (v instanceof Size) return new Tuple([...v], true);
    if (v instanceof Uint8Array) return new PyBytes(Buffer.from(v.buffer, v.byteOffset, v.byteLength));
    if (Array.isArray(v)) {
      if (tuples.has(v)) return this.remember(v, new Tuple(v.map((x) => this.value(x)) as Value[]));
      const out: Writable[] = [];
      this.done.set(v, out);
      for (const x of v) out.push(this.value(x));
      return out;
    }
    if (v instanceof Set) return this.remember(v, new PySet([...v].map((x) => this.value(x)) as Value[]));
    if (v instanceof Map) return this.dict(v, [...(v as Map<unknown, unknown>)]);
    const proto: unknown = Object.getPrototypeOf(v);
    if (proto === Object.prototype || proto === null) return this.dict(v, Object.entries(v));
    throw new RuntimeError(`save: a value of type ${v.constructor.name} cannot be saved`);
  }
  private remember(v: object, out: Writable): Writable { this.done.set(v, out); return out; }

  private dict(v: object, entries: [unknown, unknown][]): PyDict {
    const ordered = v instanceof OrderedDict;
    const out = new PyDict(ordered ? 'OrderedDict' : 'dict');
    this.done.set(v, out);
    // PyTorch's optimizers keep betas as a tuple.
    for (const [k, x] of entries) out.set(this.value(k) as Value, (k === 'betas' && Array.isArray(x) ? new Tuple(x.map((y) => this.value(y)) as Value[]) : this.value(x)) as Value);
    if (ordered && v.metadata !== undefined) {
      const state = new PyDict();
      state.set('_metadata', this.value(v.metadata instanceof OrderedDict ? v.metadata : new OrderedDict(v.metadata)) as Value);
      out.state = state;
    }
    return out;
  }
  private tensor(v: Tensor): WritableTensor {
    const t = v.isWebgpu ? v.detach().cpu() : v;
    // A device's storages stay shared in the file as well.
    const id = v.isWebgpu ? -1 - v.storageId() : t.storageId();
    let s = v.isWebgpu && !v.isContiguous() ? undefined : this.storages.get(id);
    if (s === undefined) this.storages.set(id, (s = storageOf(t)));
    return new WritableTensor(s, t.dtype.name, t.shape, t.stride(), t.storageOffset(), { requiresGrad: v.requiresGrad && v.isLeaf, parameter: v instanceof Parameter });
  }
}

/** Tensors by name, for the formats that hold nothing else. */
function named(value: unknown, path: string): NamedTensor[] {
  const entries = value instanceof Tensor ? [['tensor', value] as const] : value instanceof Map ? [...(value as Map<unknown, unknown>)] : value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : null;
  if (entries === null) throw new RuntimeError(`save: ${path.replace(/^.*\./, '.')} files hold tensors by name; a Map or object of tensors was expected`);
  return entries.map(([name, t]) => {
    if (typeof name !== 'string' || !(t instanceof Tensor)) throw new RuntimeError(`save: '${String(name)}' is no Tensor; ${path.replace(/^.*\./, '.')} files hold tensors by name`);
    return { name, dtype: t.dtype.name, shape: [...t.shape], *pieces() { const c = t.detach().cpu().contiguous(); yield* piecesOf(c, c.storageOffset() * c.dtype.itemsize, c.numel() * c.dtype.itemsize); } };
  });
}

/**
 * Saves to `path`: PyTorch's format (what torch.load(weights_only=True) reads), or safetensors, npz, npy when the name ends so. The
 * old file stays until the new one is whole. Tensors that share memory share it in the file (PyTorch's format).
 * Throws CheckpointError when the place cannot be written. Source: torch.save.
 */
export function save(value: Saveable, path: string, options: SaveFileOptions = {}): Saved {
  const o = { progress: reporter(options.onProgress), writeback: (fd: number, at: number, length: number) => { native['writeback'](fd, at, length); } };
  if (/\.safetensors$/i.test(path)) return runSync(saveSafetensors(path, named(value, path), { ...o, ...(options.maxShardBytes === undefined ? {} : { maxShardBytes: options.maxShardBytes }) }));
  if (/\.npz$/i.test(path)) return runSync(saveNpz(path, named(value, path), o));
  if (/\.npy$/i.test(path)) {
    const [only, more] = named(value, path);
    if (only === undefined || more !== undefined) throw new RuntimeError('save: an .npy file holds one tensor');
    return runSync(saveNpy(path, only, o));
  }
  return runSync(saveTorch(path, new Collector().value(value), o));
}

/**
 * Loads what torch.save or save wrote, safetensors, npy, npz and GGUF files. dicts are Maps (OrderedDict where the file says so), tuples
 * arrays, sets Sets. Shared storage stays shared. Nothing of the file is ever run: a pickle that asks for Python code is refused.
 * Throws CheckpointError saying what is wrong with the file. Source: torch.load.
 */
export function load(path: string, options: LoadOptions = {}): Loaded {
  const opened = openFile(path);
  let keep = false;
  try {
    if (opened.info.error !== undefined) throw new CheckpointError(`load: ${path}: ${opened.info.error}`);
    const bad = opened.info.globals.filter((g) => g.class !== 'allowed' && !isOwnData(g.name));
    if (bad.length > 0) throw new RuntimeError(`load: ${path} asks for ${bad.slice(0, 8).map((g) => g.name).join(', ')}, which only running Python code could give; open it in the checkpoint viewer, or by openCheckpoint(), to see its tensors`);
    const loader = new Loader(options, opened);
    const value = loader.value(opened.value);
    keep = loader.deferred;
    return value;
  } finally {
    if (!keep) opened.close();
  }
}

/** Closes a file when nothing that could read from it is left. */
const closing = new FinalizationRegistry<OpenedCheckpoint>((opened) => opened.close());

class Loader {
  private readonly done = new Map<object, Loaded>();
  private readonly reader: TensorReader;
  private read = 0;
  /** Something still waits to be read. */
  deferred = false;
  constructor(private readonly options: LoadOptions, private readonly opened: OpenedCheckpoint) {
    const report = reporter(options.onProgress);
    this.reader = new TensorReader((bytes) => report?.(Math.min(this.read += bytes, opened.info.tensorBytes), opened.info.tensorBytes));
  }

  value(v: Value): Loaded {
    if (v === null || typeof v !== 'object') return v;
    const known = this.done.get(v);
    if (known !== undefined) return known;
    const out = this.leaf(v);
    if (out !== undefined) { this.done.set(v, out); return out; }
    if (v instanceof PyDict) return this.dict(v);
    if (v instanceof PySet) {
      const set = new Set<Loaded>();
      this.done.set(v, set);
      for (const x of v.items) set.add(this.value(x));
      return set;
    }
    const list: Loaded[] = [];
    this.done.set(v, list);
    for (const x of v instanceof Tuple ? v.items : v as Value[]) list.push(this.value(x));
    if (v instanceof Tuple) tuples.add(list);
    return list;
  }
  private leaf(v: object): Loaded | undefined {
    if (v instanceof FileTensor) return this.tensor(v);
    if (v instanceof PyFloat) return v.value;
    if (v instanceof PyComplex) return { re: v.re, im: v.im };
    if (v instanceof PyBytes) return Uint8Array.from(v.bytes);
    if (v instanceof Tuple && v.size) return Size.of_(v.items.map(Number));
    if (v instanceof PyDevice) return { type: 'torch.device', text: v.text };
    if (v instanceof GlobalRef) return { type: 'class', text: v.qualified };
    if (v instanceof SparseTensor) throw new RuntimeError(`load: a ${v.layout} tensor of shape [${v.shape.join(', ')}]: this engine has no sparse tensors; openCheckpoint() gives its parts`);
    if (v instanceof PyHugeInt || v instanceof PyObject || v instanceof FileStorage) return { type: v instanceof PyObject ? v.className : 'object', text: printValue(v) };
    return undefined;
  }
  private dict(v: PyDict): Map<unknown, Loaded> {
    const lazy = this.options.mmap === true && [...v].every(([k]) => typeof k === 'string') ? new LazyDict<Loaded>() : null;
    const out = lazy ?? (v.kind === 'OrderedDict' ? new OrderedDict<Loaded>() : new Map<unknown, Loaded>());
    this.done.set(v, out);
    for (const [k, x] of v) {
      if (lazy !== null && x instanceof FileTensor) this.defer(lazy, k as string, x);
      else (out as Map<unknown, Loaded>).set(this.value(k), this.value(x));
    }
    const metadata = v.state instanceof PyDict ? v.state.get('_metadata') : undefined;
    if (out instanceof OrderedDict && metadata instanceof PyDict) out.metadata = this.value(metadata) as Map<string, unknown>;
    return out;
  }
  private defer(dict: LazyDict<Loaded>, key: string, t: FileTensor): void {
    if (!this.deferred) closing.register(this, this.opened);
    this.deferred = true;
    let made: WeakRef<Tensor> | undefined;
    dict.defer(key, {
      shape: t.shape,
      check: () => void engineType(t, () => key),
      copyInto: (to) => copyInto(t, () => key, to),
      get: () => {
        let tensor = made?.deref();
        if (tensor === undefined) made = new WeakRef(tensor = this.tensor(t));
        return tensor;
      },
    });
  }

  private tensor(f: FileTensor): Tensor {
    let t = this.reader.read(f, () => nameOf(this.opened, f));
    if (this.options.mapLocation !== undefined) t = t.to(this.options.mapLocation);
    if (f.options.parameter) return new Parameter(t, f.options.requiresGrad ?? false);
    return f.options.requiresGrad ? t.requiresGrad_() : t;
  }
}
function nameOf(opened: OpenedCheckpoint, t: FileTensor): string {
  for (const [name, x] of opened.tensors) if (x === t) return name;
  return '';
}

/** save and load: files that torch.load reads and torch.save wrote; safetensors too. */
import { openCheckpoint as openFile } from '../checkpoint/registry';
import { FileDict, FileOther, FileTensor, type FileStorage, type FileValue } from '../checkpoint/model';
import { FileFloat } from '../checkpoint/torchValue';
import { saveTorch, WritableDict, WritableTensor, WritableTuple, type Writable, type WritableStorage } from '../checkpoint/torchWriter';
import { saveSafetensors } from '../checkpoint/safetensorsWriter';
import { dtypeByName } from './dtype';
import type { DeviceLike } from './device';
import { RuntimeError } from './errors';
import { native } from './native';
import { fromBytes } from './ops';
import { OrderedDict } from './orderedDict';
import { Parameter, Tensor } from './tensor';

/** What can be saved: tensors, numbers, strings, booleans, null, and arrays, Maps and plain objects of them. */
export type Saveable = unknown;
export type Loaded = null | boolean | number | bigint | string | Uint8Array | Tensor | Loaded[] | Map<unknown, Loaded> | { type: string; text: string };

function writable(v: unknown, storages: Map<number, WritableStorage>): Writable {
  if (v === undefined || v === null) return null;
  if (typeof v === 'boolean' || typeof v === 'number' || typeof v === 'bigint' || typeof v === 'string') return v;
  if (v instanceof Tensor) {
    const t = v.isWebgpu ? v.detach().cpu() : v;
    const id = t.storageId();
    let s = storages.get(id);
    if (s === undefined) storages.set(id, (s = { id, byteLength: native['storageSize'](t), bytes: () => t.storageBytes(), dtype: t.dtype.name }));
    return new WritableTensor(s, t.dtype.name, t.shape, t.stride(), t.storageOffset(), v.requiresGrad && v.isLeaf, v instanceof Parameter);
  }
  if (Array.isArray(v)) return v.map((x) => writable(x, storages));
  if (v instanceof Map) {
    const entries = [...(v as Map<unknown, unknown>)].map(([k, x]): [Writable, Writable] => [writable(k, storages), k === 'betas' && Array.isArray(x) ? new WritableTuple(x.map((y) => writable(y, storages))) : writable(x, storages)]);
    const ordered = v instanceof OrderedDict;
    return new WritableDict(entries, ordered, ordered && v.metadata !== undefined ? new WritableDict([...v.metadata].map(([k, m]): [Writable, Writable] => [k, writable(m, storages)]), true) : undefined);
  }
  if (typeof v === 'object' && (Object.getPrototypeOf(v) === Object.prototype || Object.getPrototypeOf(v) === null)) return new WritableDict(Object.entries(v).map(([k, x]): [Writable, Writable] => [k, writable(x, storages)]), false);
  throw new RuntimeError(`save: a value of type ${typeof v === 'function' ? 'function or module (save its stateDict())' : v.constructor.name} cannot be saved`);
}

/**
 * Saves to `path`: PyTorch's format, or safetensors when the name ends so. The old file stays until the new one is whole.
 * Throws CheckpointError when the place cannot be written.
 */
export function save(value: Saveable, path: string): { bytes: number } {
  if (path.endsWith('.safetensors')) {
    const entries = value instanceof Map ? [...(value as Map<string, Tensor>)] : Object.entries(value as Record<string, Tensor>);
    return saveSafetensors(path, entries.map(([name, t]) => {
      if (!(t instanceof Tensor)) throw new RuntimeError(`save: '${name}' is no Tensor; a safetensors file holds tensors by name`);
      const c = t.detach().cpu().contiguous();
      return { name, dtype: c.dtype.name, shape: [...c.shape], bytes: () => { const all = c.storageBytes(); const at = c.storageOffset() * c.dtype.itemsize; return all.subarray(at, at + c.numel() * c.dtype.itemsize); } };
    }));
  }
  return saveTorch(path, writable(value, new Map()));
}

export interface LoadOptions { mapLocation?: DeviceLike }
/** Loads what torch.save or save wrote. dicts are Maps (OrderedDict where the file says so), tuples and sets arrays. Shared storage stays shared. */
export function load(path: string, options: LoadOptions = {}): Loaded {
  const opened = openFile(path);
  try {
    if (opened.info.error !== undefined) throw new RuntimeError(`load: ${path}: ${opened.info.error}`);
    const bad = opened.info.globals.filter((g) => g.class !== 'allowed');
    if (bad.length > 0) throw new RuntimeError(`load: ${path} asks for ${bad.map((g) => g.name).join(', ')}, which only running Python code could give; open it in the checkpoint viewer to see its tensors`);
    return new Loader(options).value(opened.value);
  } finally {
    opened.close();
  }
}

class Loader {
  private readonly storages = new Map<FileStorage, Tensor>();
  private readonly done = new Map<object, Loaded>();
  constructor(private readonly options: LoadOptions) {}

  value(v: FileValue): Loaded {
    if (v === null || typeof v !== 'object') return v;
    const known = this.done.get(v);
    if (known !== undefined) return known;
    if ((v as unknown) instanceof FileFloat) return (v as unknown as FileFloat).value;
    if (v instanceof Uint8Array) return v;
    if (v instanceof FileOther) return { type: v.type, text: v.text };
    if (v instanceof FileTensor) return this.remember(v, this.tensor(v));
    if (v instanceof FileDict) {
      const out: Map<unknown, Loaded> = v.ordered ? new OrderedDict<never>() as unknown as Map<unknown, Loaded> : new Map();
      this.done.set(v, out);
      for (const [k, x] of v) out.set(k, this.value(x));
      if (out instanceof OrderedDict && v.metadata instanceof FileDict) {
        const m = v.metadata.get('_metadata');
        if (m instanceof FileDict) out.metadata = this.value(m) as Map<string, unknown>;
      }
      return out;
    }
    const out: Loaded[] = [];
    this.done.set(v, out);
    for (const x of v as FileValue[]) out.push(this.value(x));
    return out;
  }
  private remember(v: object, out: Loaded): Loaded { this.done.set(v, out); return out; }

  private tensor(f: FileTensor): Tensor {
    const dtype = dtypeByName(f.dtype);
    if (f.options.problem !== undefined) throw new RuntimeError(`load: tensor '${f.name}': ${f.options.problem}`);
    if (dtype === undefined || f.storage === null) throw new RuntimeError(`load: tensor '${f.name}' has dtype ${f.dtype}, which this engine does not compute with`);
    let t: Tensor;
    if (f.options.conj || f.options.neg || f.storage.dtype !== f.dtype) {
      t = fromBytes(f.read(), dtype).asStrided(f.shape, f.shape.map((_, i) => f.shape.slice(i + 1).reduce((a, b) => a * b, 1)));
    } else {
      let base = this.storages.get(f.storage);
      if (base === undefined) this.storages.set(f.storage, (base = fromBytes(new FileTensor(f.storage, f.dtype, [f.storage.bytes / dtype.itemsize], [1], 0).read(), dtype)));
      t = base.asStrided(f.shape, f.stride, f.offset).data;
    }
    if (this.options.mapLocation !== undefined) t = t.to(this.options.mapLocation);
    if (f.options.isParameter) return new Parameter(t, f.options.requiresGrad ?? false);
    return f.options.requiresGrad ? t.requiresGrad_() : t;
  }
}

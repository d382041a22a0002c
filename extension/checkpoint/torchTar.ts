/** PyTorch's oldest format, a tar of three members: storages, tensors, pickle. */
import { describe, type OpenedCheckpoint } from './describe';
import { itemsize, storageTypes } from './dtypes';
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { readPickleAt, type GlobalUse, type PickleResult } from './pickle';
import { FileRegion } from './region';
import type { Source } from './source';
import { checkedTensor, FileStorage, FileTensor } from './tensor';
import { TorchHost } from './torchHost';
import { GlobalRef, printValue, Tuple, type Value } from './values';

const LIMITS = { members: 10_000, items: 1_000_000 };

export function match(head: Buffer): boolean { return head.length >= 262 && head.toString('latin1', 257, 262) === 'ustar'; }

/** Offsets and sizes of a tar's plain files. */
function* members(source: Source): Io<Map<string, { at: number; size: number }>> {
  const out = new Map<string, { at: number; size: number }>();
  for (let at = 0, n = 0; at + 512 <= source.size; n++) {
    if (n > LIMITS.members) throw new CheckpointError(`the tar has more than ${LIMITS.members} members`);
    const h = yield* readAt(source, at, 512);
    if (h[0] === 0) break;
    const field = h.toString('latin1', 124, 136).replace(/[\0 ]+$/g, '').trim();
    if (!/^[0-7]+$/.test(field)) throw new CheckpointError(`a tar member has the size '${field}'`, at);
    const size = parseInt(field, 8);
    if (at + 512 + size > source.size) throw new CheckpointError('a tar member lies beyond the end of the file', at);
    const name = h.toString('utf8', 0, 100).replace(/\0.*$/s, '').replace(/^\.\//, '');
    if ((h[156] === 0x30 || h[156] === 0) && !out.has(name)) out.set(name, { at: at + 512, size });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return out;
}

export const expected = 'A file of PyTorch before 0.4 is a tar of three members: storages, tensors, pickle.';

export function* open(source: Source): Io<OpenedCheckpoint> {
  const started = performance.now();
  const files = yield* members(source);
  const member = (name: string): { at: number; size: number } => files.get(name) ?? fail(`this tar is no PyTorch file: it has no member '${name}' (storages, tensors and pickle are needed)`);
  const [storagesAt, tensorsAt, pickleAt] = [member('storages'), member('tensors'), member('pickle')];
  const globals = new Map<string, GlobalUse>();
  const next = function* (at: number, host?: () => TorchHost): Io<PickleResult> {
    const r = yield* readPickleAt(source, at, host);
    for (const [n, use] of r.globals) if (!globals.has(n)) globals.set(n, use);
    return r;
  };
  /** A literal from one of the members; an error ends the reading. */
  const literal = function* (at: number): Io<{ value: Value; end: number }> {
    const r = yield* next(at);
    if (r.error !== undefined) throw r.error;
    return r;
  };
  const count = (v: Value, what: string): number => (typeof v === 'number' && v >= 0 && v <= LIMITS.items ? v : fail(`${what} is ${printValue(v, 60)}`));

  let value: Value = null;
  let error: string | undefined;
  let errorAt: number | undefined;
  try {
    const objects = new Map<string, FileStorage | FileTensor>();
    let { value: n, end: at } = yield* literal(storagesAt.at);
    for (let i = count(n, 'the number of storages'); i > 0; i--) {
      const r = yield* literal(at);
      const [key, location, cls] = r.value instanceof Tuple ? r.value.items : [];
      const dtype = cls instanceof GlobalRef && /^torch(\.cuda)?$/.test(cls.module) ? storageTypes[cls.name] : undefined;
      if (key === undefined || dtype === undefined) fail(`a storage is described by ${printValue(r.value, 80)}`);
      const numel = Number((yield* readAt(source, r.end, 8)).readBigInt64LE(0));
      const bytes = numel * itemsize(dtype!)!;
      if (!(numel >= 0) || r.end + 8 + bytes > storagesAt.at + storagesAt.size) fail(`storage ${printValue(key!, 40)} claims ${numel} elements, more than the file has`);
      objects.set(String(key), new FileStorage(String(key), dtype!, bytes, new FileRegion(source, r.end + 8, bytes), false, typeof location === 'string' ? location : ''));
      at = r.end + 8 + bytes;
    }
    const views = (yield* literal(at)).value;
    for (const v of Array.isArray(views) ? views : []) {
      const [target, root, offset, numel] = v instanceof Tuple ? v.items : [];
      const s = objects.get(String(root));
      const item = s instanceof FileStorage ? itemsize(s.dtype)! : 1;
      if (!(s instanceof FileStorage) || typeof offset !== 'number' || typeof numel !== 'number' || offset < 0 || numel < 0 || (offset + numel) * item > s.bytes) fail(`a storage view is ${printValue(v, 80)}`);
      const root_ = s as FileStorage;
      const region = root_.region!;
      objects.set(String(target), new FileStorage(root_.id, root_.dtype, (numel as number) * item, { size: (numel as number) * item, sequential: false, read: (o, k) => region.read((offset as number) * item + o, k), *place() { return null; } }, false, root_.location));
    }
    ({ value: n, end: at } = yield* literal(tensorsAt.at));
    for (let i = count(n, 'the number of tensors'); i > 0; i--) {
      const r = yield* literal(at);
      const [key, storage] = r.value instanceof Tuple ? r.value.items : [];
      const s = objects.get(String(storage));
      if (key === undefined || !(s instanceof FileStorage)) fail(`a tensor is described by ${printValue(r.value, 80)}`);
      const dims = (yield* readAt(source, r.end, 8)).readInt32LE(0);
      if (dims < 0 || dims > 64) fail(`tensor ${printValue(key!, 40)} has ${dims} dimensions`);
      const numbers = yield* readAt(source, r.end + 8, 16 * dims + 8);
      const all = Array.from({ length: 2 * dims + 1 }, (_, k) => numbers.readBigInt64LE(8 * k));
      if (all.some((x) => x < 0n || x > 1n << 62n)) fail(`tensor ${printValue(key!, 40)} has a negative size, stride or offset`);
      const t = checkedTensor(s as FileStorage, (s as FileStorage).dtype, all.slice(0, dims).map(Number), all.slice(dims, 2 * dims).map(Number), Number(all[2 * dims]), { rebuild: 'tar' });
      error ??= t.options.damaged ? t.options.problem : undefined;
      objects.set(String(key), t);
      at = r.end + 8 + 16 * dims + 8;
    }
    let host = new TorchHost(() => null);
    const main = yield* next(pickleAt.at, () => (host = new TorchHost((id) => {
      if (id instanceof Tuple) return id.items[0] ?? null;
      return objects.get(printValue(id, 40).replace(/^"|"$/g, '')) ?? fail(`the pickle names object ${printValue(id, 40)}, which is not there`);
    })));
    value = main.value;
    if (error === undefined) [error, errorAt] = [main.error?.message ?? host.damage, main.error?.offset];
  } catch (e) {
    if (!(e instanceof CheckpointError)) throw e;
    [error, errorAt] = [e.message, e.offset];
  }
  return yield* describe({ source, started, format: 'torch-tar', description: 'PyTorch tar format (before 0.4)', value, globals: globals.values(), error, errorAt });
}

function fail(message: string): never { throw new CheckpointError(message); }

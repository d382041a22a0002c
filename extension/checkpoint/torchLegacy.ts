/**
 * PyTorch before 1.6: five pickles (magic number, version, system, object, storage keys), then every storage's length and bytes.
 * A bare pickle that is none of this is shown as what it is.
 */
import type { CheckpointFormat } from '../protocol/checkpoint';
import { describe, type OpenedCheckpoint } from './describe';
import { itemsize } from './dtypes';
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { readPickleAt, type GlobalUse, type PickleResult } from './pickle';
import { FileRegion } from './region';
import { sparseWarnings } from './sparse';
import type { Source } from './source';
import { FileStorage } from './tensor';
import { storageId, TorchHost } from './torchHost';
import { GlobalRef, printValue, PyDict, Tuple, type Value } from './values';

const MAGIC = 0x1950a86a20f9469cfc6cn;

export function match(head: Buffer, name: string): boolean { return (head[0] === 0x80 && head[1]! <= 5) || /\.(pkl|pickle)$/i.test(name); }

export const expected = 'A file of PyTorch before 1.6 is a row of five pickles (a magic number, the version 1001, the system, the object, the keys of the storages) and the bytes of every storage behind its length.';

export function* open(source: Source): Io<OpenedCheckpoint> {
  const started = performance.now();
  const globals = new Map<string, GlobalUse>();
  const note = (r: PickleResult): PickleResult => { for (const [n, use] of r.globals) if (!globals.has(n)) globals.set(n, use); return r; };
  const show = (format: CheckpointFormat, description: string, value: Value, more: { metadata?: Record<string, string>; warnings?: string[]; error?: string | undefined; errorAt?: number | undefined } = {}): Io<OpenedCheckpoint> =>
    describe({ source, started, format, description, value, globals: globals.values(), ...more });

  const magic = note(yield* readPickleAt(source, 0));
  if (magic.error !== undefined || magic.value !== MAGIC) return yield* bare(source, magic, show);
  let at = magic.end;
  const legacy = (value: Value, error: string, errorAt: number | undefined): Io<OpenedCheckpoint> => show('torch-legacy', 'PyTorch legacy format, damaged', value, { error, errorAt });

  // Literals only: these pickles can carry a payload as well as the object can.
  const version = note(yield* readPickleAt(source, at));
  if (version.error !== undefined || version.value !== 1001) return yield* legacy(null, version.error?.message ?? `the protocol version is ${printValue(version.value, 80)} instead of 1001`, version.error?.offset ?? at);
  const system = note(yield* readPickleAt(source, version.end));
  const little = system.value instanceof PyDict ? system.value.get('little_endian') : undefined;
  if (system.error !== undefined || typeof little !== 'boolean' || system.globals.size > 0) return yield* legacy(null, system.error?.message ?? `the system information is ${printValue(system.value, 80)}; a dictionary of literals with 'little_endian' was expected`, system.error?.offset ?? version.end);

  let storages = new Storages(source, !little);
  let host = new TorchHost(() => null);
  const object = note(yield* readPickleAt(source, system.end, () => {
    storages = new Storages(source, !little);
    return (host = new TorchHost((id) => storages.resolve(id)));
  }));
  if (object.error !== undefined) return yield* legacy(null, object.error.message, object.error.offset);
  const keys = note(yield* readPickleAt(source, object.end));
  if (keys.error !== undefined || !Array.isArray(keys.value) || keys.value.some((k) => typeof k !== 'string')) return yield* legacy(object.value, keys.error?.message ?? `the storage keys are ${printValue(keys.value, 80)}; a list of strings was expected`, keys.error?.offset ?? object.end);
  at = keys.end;
  const laid = yield* storages.layOut(keys.value as string[], at);
  const warnings = [...storages.warnings, ...(laid.error === undefined ? yield* sparseWarnings(object.value) : [])];
  return yield* show('torch-legacy', `PyTorch legacy format, ${little ? 'little' : 'big'}-endian`, object.value, { metadata: { 'protocol version': '1001', ...storages.sources }, warnings, error: laid.error ?? host.damage, errorAt: laid.at });
}

/** A plain pickle: shown for .pkl, refused under a checkpoint's name. */
function* bare(source: Source, first: PickleResult, show: (format: CheckpointFormat, description: string, value: Value, more?: { warnings?: string[]; error?: string | undefined; errorAt?: number | undefined }) => Io<OpenedCheckpoint>): Io<OpenedCheckpoint> {
  // joblib and others name things outside: they stay what they are.
  const result = first.error === undefined ? first : yield* readPickleAt(source, 0, () => ({ call: () => undefined, persistent: (id) => id }));
  const plain = /\.(pkl|pickle)$/i.test(source.name);
  const error = result.error?.message ?? (plain ? undefined : 'a bare pickle, not a file that torch.save wrote: loading it would run whatever it asks for');
  const warnings = result.error === undefined && result.end < source.size ? [`${source.size - result.end} bytes stand behind the pickle`] : [];
  return yield* show('pickle', 'Python pickle', result.value, { warnings, error, errorAt: result.error?.offset });
}

/** Its place is known when the storage keys are read. */
class LateRegion extends FileRegion {
  constructor(source: Source, size: number, private readonly find: () => number) { super(source, null, size); }
  protected override *locate(): Io<number> { return this.find(); }
}

class Storages {
  readonly warnings: string[] = [];
  /** Source text that came with module classes. */
  readonly sources: Record<string, string> = {};
  private readonly found = new Map<string, { storage: FileStorage; views: Map<string, FileStorage>; offset: number | undefined }>();
  constructor(private readonly source: Source, private readonly bigEndian: boolean) {}

  resolve(id: Value): Value {
    const all = id instanceof Tuple ? id.items : [];
    if (all[0] === 'module') {
      const [, cls, file, text] = all;
      if (cls instanceof GlobalRef && typeof text === 'string') Object.defineProperty(this.sources, `source of ${cls.qualified}`, { value: `${typeof file === 'string' ? `# ${file}\n` : ''}${text.slice(0, 100_000)}`, enumerable: true });
      return cls ?? null;
    }
    const want = storageId(id);
    const item = itemsize(want.dtype)!;
    let known = this.found.get(want.key);
    if (known === undefined) {
      const made = { storage: null as unknown as FileStorage, views: new Map<string, FileStorage>(), offset: undefined as number | undefined };
      made.storage = new FileStorage(want.key, want.dtype, want.numel * item, new LateRegion(this.source, want.numel * item, () => this.offsetOf(want.key)), this.bigEndian, want.location);
      this.found.set(want.key, (known = made));
    } else if (known.storage.bytes !== want.numel * item) this.warnings.push(`storage '${want.key}' is named with two sizes, ${known.storage.bytes} and ${want.numel * item} bytes`);
    if (!(want.view instanceof Tuple)) return known.storage;
    const [key, offset, numel] = want.view.items;
    if (typeof key !== 'string' || typeof offset !== 'number' || typeof numel !== 'number' || offset < 0 || numel < 0 || (offset + numel) * item > known.storage.bytes) throw new CheckpointError(`a view of storage '${want.key}' lies outside of it: ${printValue(want.view, 80)}`);
    let view = known.views.get(key);
    if (view === undefined) {
      const region = new LateRegion(this.source, numel * item, () => this.offsetOf(want.key, offset * item));
      known.views.set(key, (view = new FileStorage(`${want.key}/${key}`, want.dtype, numel * item, region, this.bigEndian, want.location)));
    }
    return view;
  }
  private offsetOf(key: string, plus = 0): number {
    const at = this.found.get(key)?.offset;
    if (at === undefined) throw new CheckpointError(`storage '${key}' is not in the file`);
    return at + plus;
  }

  /** Walks the storages behind the pickles: each an element count and the bytes. */
  *layOut(keys: readonly string[], at: number): Io<{ error: string | undefined; at?: number }> {
    for (const key of keys) {
      const known = this.found.get(key);
      if (known === undefined) return { error: `storage '${key.slice(0, 60)}' stands in the file, but no tensor's pickle names it`, at };
      if (at + 8 > this.source.size) return { error: `the file ends before storage '${key}'`, at: this.source.size };
      const numel = (yield* readAt(this.source, at, 8)).readBigInt64LE(0);
      const { storage } = known;
      const claimed = storage.bytes / itemsize(storage.dtype)!;
      if (numel !== BigInt(claimed)) return { error: `storage '${key}' has ${numel} elements in the file, but its pickle claims ${claimed}`, at };
      known.offset = at + 8;
      at += 8 + storage.bytes;
      if (at > this.source.size) return { error: `the file ends inside storage '${key}': ${at - this.source.size} bytes are missing`, at: this.source.size };
    }
    for (const [key, { offset, storage }] of this.found) if (offset === undefined && storage.bytes > 0) return { error: `storage '${key}' is not in the file` };
    if (at < this.source.size) this.warnings.push(`${this.source.size - at} bytes stand behind the last storage`);
    return { error: undefined };
  }
}

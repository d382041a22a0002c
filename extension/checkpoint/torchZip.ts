/** PyTorch's zip format (torch.save since 1.6) and TorchScript archives: structure and tensors, no code. */
import type { CheckpointFormat } from '../protocol/checkpoint';
import { salvage } from './damage';
import { describe, type OpenedCheckpoint } from './describe';
import { itemsize } from './dtypes';
import { CheckpointError } from './errors';
import type { Io } from './io';
import { readPickle, type GlobalUse } from './pickle';
import { DeflatedRegion } from './region';
import { sparseWarnings } from './sparse';
import type { Source } from './source';
import { FileStorage } from './tensor';
import { storageId, TorchHost } from './torchHost';
import { PyDict, PyObject, Tuple, type Value } from './values';
import { Zip, type ZipEntry } from './zip';

const MAX_PICKLE = 1 << 28;
/** So many small storages, of so many bytes together, are checked against their checksums when opening, and so many local headers. */
const CHECKED = { storages: 256, bytes: 1 << 18, headers: 64 };

export function match(head: Buffer, name: string): boolean { return head.length >= 4 && head.readUInt32LE(0) === 0x04034b50 && !name.toLowerCase().endsWith('.npz'); }

function first(names: Iterable<string>, is: (name: string) => boolean): string | undefined {
  for (const name of names) if (is(name)) return name;
  return undefined;
}

/** The single root folder's name. */
function rootOf(zip: Zip): string {
  const pickle = first(zip.entries.keys(), (n) => n.length - n.indexOf('/') === 9 && /^[^/]+\/data\.pkl$/i.test(n));
  if (pickle === undefined) throw new CheckpointError('not a PyTorch file: the zip has no <name>/data.pkl');
  const root = pickle.slice(0, -'/data.pkl'.length);
  const folder = `${root}/`;
  for (const name of zip.entries.keys()) {
    if (!name.startsWith(folder)) throw new CheckpointError(`record '${name}' lies outside the archive's folder '${root}/'`);
    if ((name.includes('..') && name.split('/').includes('..')) || name.includes('\\') || name.includes('\0')) zip.warnings.push(`record '${name.replaceAll('\0', '\\0')}' has a name that leaves the archive's folder; it is not looked at`);
  }
  return root;
}

function* text(zip: Zip, entry: ZipEntry | undefined): Io<string | undefined> { return entry === undefined ? undefined : (yield* zip.readWhole(entry, 4096)).toString('latin1').trim(); }

export const expected = 'A PyTorch file is a zip archive of one folder: data.pkl (the structure), data/0, data/1 … (the bytes of the storages), version; the list of these records stands at its end.';

export function* open(source: Source): Io<OpenedCheckpoint> {
  const started = performance.now();
  try {
    return yield* archive(source, started);
  } catch (error) {
    const left = error instanceof CheckpointError ? yield* salvage(source, started, error) : null;
    if (left === null) throw error;
    return left;
  }
}

function* archive(source: Source, started: number): Io<OpenedCheckpoint> {
  const zip = yield* Zip.open(source);
  const root = rootOf(zip);
  const record = (name: string): ZipEntry | undefined => zip.find(`${root}/${name}`);
  const version = yield* text(zip, record('version') ?? record('.data/version'));
  if (version === undefined || !/^\d+$/.test(version) || Number(version) < 1 || Number(version) > 10) throw new CheckpointError(version === undefined ? 'the archive has no version record' : `archive version '${version.slice(0, 20)}' is not between 1 and 10`);
  const order = (yield* text(zip, record('byteorder'))) ?? 'little';
  if (order !== 'little' && order !== 'big') throw new CheckpointError(`byteorder is '${order.slice(0, 20)}'; 'little' or 'big' was expected`);
  const code = `${root}/code/`;
  const script = first(zip.entries.keys(), (n) => n.startsWith(code)) !== undefined;

  const records = new Records(zip, root, order === 'big');
  const main = yield* records.unpickle('data.pkl', 'data');
  // A TorchScript archive keeps its constant tensors beside.
  const constants = script && record('constants.pkl') !== undefined ? yield* records.unpickle('constants.pkl', 'constants') : undefined;
  const value = constants?.value instanceof Tuple && constants.value.items.length > 0 && main.error === undefined ? withConstants(main.value, constants.value) : main.value;
  yield* checkSome(zip, records);

  const metadata: Record<string, string> = { version, byteorder: order, root };
  for (const [key, name] of [['.data/serialization_id', 'serialization id'], ['.storage_alignment', 'storage alignment'], ['.format_version', 'format version']] as const) {
    const t = yield* text(zip, record(key));
    if (t !== undefined) metadata[name] = t;
  }
  for (const n of script ? [...zip.entries.keys()].filter((k) => k.startsWith(`${root}/extra/`)) : []) metadata[n.slice(root.length + 1)] = `${zip.entries.get(n)!.size} bytes`;
  const format: CheckpointFormat = script ? 'torchscript' : 'torch-zip';
  return yield* describe({
    source, started, format, description: `PyTorch ${script ? 'TorchScript archive' : 'zip'}, version ${version}, ${order}-endian`, value, metadata,
    globals: [...main.globals.values(), ...(constants?.globals.values() ?? [])], warnings: [...zip.warnings, ...records.warnings, ...(yield* sparseWarnings(value))], error: main.error ?? constants?.error, errorAt: main.error === undefined ? constants?.errorAt : main.errorAt,
  });
}

/** The module with its constants as one more attribute. */
function withConstants(main: Value, constants: Tuple): Value {
  if (!(main instanceof PyObject)) return new Tuple([main, constants]);
  const out = new PyObject(main.fn, main.args);
  out.state = main.state;
  out.items = new PyDict();
  out.items.set('constants', constants);
  return out;
}

/** The pickles of one archive and the storages they name. */
class Records {
  readonly storages = new Map<ZipEntry, FileStorage>();
  readonly warnings: string[] = [];
  constructor(private readonly zip: Zip, private readonly root: string, private readonly bigEndian: boolean) {}

  *unpickle(name: string, folder: string): Io<{ value: Value; globals: Map<string, GlobalUse>; error: string | undefined; errorAt: number | undefined }> {
    const entry = this.zip.find(`${this.root}/${name}`)!;
    const bytes = yield* this.zip.readWhole(entry, MAX_PICKLE);
    const host = new TorchHost((id) => this.resolve(id, folder));
    const result = yield* readPickle(bytes, host);
    if (result.error === undefined && result.end < bytes.length) {
      this.warnings.push(`${bytes.length - result.end} bytes stand behind the end of the pickle; PyTorch does not look at them`);
      // They may be a second pickle: what it would ask for is shown, too.
      const second = yield* readPickle(bytes, { call: () => undefined, persistent: () => null }, result.end);
      for (const [n, use] of second.globals) if (!result.globals.has(n)) result.globals.set(n, use);
    }
    // The offset in the pickle is one in the file when the record is stored as it is.
    const inPickle = result.error?.offset;
    const errorAt = inPickle === undefined || entry.method !== 0 ? undefined : (yield* this.zip.dataOffset(entry)) + inPickle;
    return { value: result.value, globals: result.globals, error: result.error === undefined ? host.damage : `${name}: ${result.error.message}`, errorAt };
  }

  private resolve(id: Value, folder: string): FileStorage {
    const want = storageId(id);
    const item = itemsize(want.dtype)!;
    if (!/^\d+$/.test(want.key) && (!/^[\w.-]+$/.test(want.key) || want.key.includes('..'))) throw new CheckpointError(`storage key '${want.key.slice(0, 80)}' is no record name`);
    const entry = this.zip.find(`${this.root}/${folder}/${want.key}`);
    if (entry === undefined) throw new CheckpointError(`the record '${folder}/${want.key}' of a storage is missing`);
    const known = this.storages.get(entry);
    if (known !== undefined) {
      // The first one's dtype counts, as in PyTorch.
      if (want.numel * item !== known.bytes) this.warnings.push(`storage '${want.key}' is named with two sizes, ${known.bytes} and ${want.numel * item} bytes`);
      return known;
    }
    if (want.numel * item !== entry.size) throw new CheckpointError(`storage '${want.key}' claims ${want.numel} ${want.dtype} elements (${want.numel * item} bytes), but its record has ${entry.size} bytes`);
    const storage = new FileStorage(folder === 'data' ? want.key : `${folder}/${want.key}`, want.dtype, entry.size, this.zip.region(entry), this.bigEndian, want.location);
    this.storages.set(entry, storage);
    return storage;
  }
}

/** Damage shows when opening where looking is cheap: small storages and the first local headers. */
function* checkSome(zip: Zip, records: Records): Io<void> {
  let headers = 0;
  for (const entry of zip.entries.values()) {
    if (headers++ >= CHECKED.headers) break;
    yield* zip.compareLocal(entry);
  }
  let [left, count] = [CHECKED.bytes, CHECKED.storages];
  for (const [entry, storage] of records.storages) {
    if ((left -= entry.size) < 0 || --count < 0) break;
    if (storage.region instanceof DeflatedRegion) yield* storage.region.hold();
    zip.checkCrc(entry, yield* storage.region!.read(0, entry.size));
  }
}

/** PyTorch's zip format (torch.save since 1.6) and TorchScript archives: structure and tensors, no code. */
import path from 'node:path';

import type { CheckpointInfo } from '../protocol/checkpoint';
import { itemsize } from './dtypes';
import { CheckpointError } from './errors';
import type { FileStorage, FileValue, OpenedCheckpoint } from './model';
import { readPickle } from './pickle';
import type { PickleValue } from './pickleTypes';
import type { Source } from './source';
import { auditGlobals, describe, storageId, TorchValues } from './torchValue';
import { Zip, type ZipEntry } from './zip';

const MAX_PICKLE = 1 << 30;

export function match(head: Buffer): boolean { return head.length >= 4 && head.readUInt32LE(0) === 0x04034b50; }

/** The single root folder's name. */
function rootOf(zip: Zip): string {
  const pickles = [...zip.entries.keys()].filter((n) => /^[^/]+\/data\.pkl$/.test(n));
  if (pickles.length === 0) throw new CheckpointError('not a PyTorch file: the zip has no <name>/data.pkl');
  const root = pickles[0]!.slice(0, -'/data.pkl'.length);
  for (const name of zip.entries.keys()) {
    if (!name.startsWith(`${root}/`)) throw new CheckpointError(`record '${name}' lies outside the archive's folder '${root}/'`);
    if (name.split('/').includes('..') || name.includes('\\') || name.includes('\0')) throw new CheckpointError(`record name '${name}' leaves the archive's folder`);
  }
  return root;
}

function text(zip: Zip, entry: ZipEntry | undefined): string | undefined { return entry === undefined ? undefined : zip.readSmall(entry, 4096).toString('latin1').trim(); }

export function open(source: Source): OpenedCheckpoint {
  const started = performance.now();
  const zip = new Zip(source);
  const root = rootOf(zip);
  const record = (name: string): ZipEntry | undefined => zip.entries.get(`${root}/${name}`);
  const version = text(zip, record('version') ?? record('.data/version'));
  if (version === undefined || !/^\d+$/.test(version) || Number(version) < 1 || Number(version) > 10) throw new CheckpointError(version === undefined ? 'the archive has no version record' : `archive version '${version.slice(0, 20)}' is not between 1 and 10`);
  const order = text(zip, record('byteorder')) ?? 'little';
  if (order !== 'little' && order !== 'big') throw new CheckpointError(`byteorder is '${order.slice(0, 20)}'; 'little' or 'big' was expected`);

  const pickle = readPickle(zip.readSmall(record('data.pkl')!, MAX_PICKLE));
  const storages = new Map<string, FileStorage>();
  const resolve = (id: PickleValue[]): FileStorage => {
    const want = storageId(id);
    const known = storages.get(want.key);
    if (known !== undefined) return known;
    if (!/^[\w.-]+$/.test(want.key) || want.key.includes('..')) throw new CheckpointError(`storage key '${want.key.slice(0, 80)}' is no record name`);
    const entry = record(`data/${want.key}`) ?? record(`constants/${want.key}`);
    if (entry === undefined) throw new CheckpointError(`the record 'data/${want.key}' of a storage is missing`);
    const size = want.numel * (itemsize(want.dtype) ?? 1);
    if (size !== entry.size) throw new CheckpointError(`storage '${want.key}' claims ${want.numel} ${want.dtype} elements (${size} bytes), but its record has ${entry.size} bytes`);
    if (entry.method !== 0) throw new CheckpointError(`storage '${want.key}' is compressed, which PyTorch never writes`);
    const storage: FileStorage = { id: want.key, dtype: want.dtype, bytes: entry.size, offset: zip.dataOffset(entry), source, bigEndian: order === 'big', location: want.location };
    storages.set(want.key, storage);
    return storage;
  };

  const globals = auditGlobals(pickle.globals.values());
  let error = pickle.error?.message;
  let value: FileValue = null;
  if (error === undefined) {
    try {
      value = new TorchValues(resolve).convert(pickle.value);
    } catch (e) {
      if (!(e instanceof CheckpointError)) throw e;
      error = e.message;
    }
  }
  const { tree, tensors, infos } = describe(value);
  const script = [...zip.entries.keys()].some((n) => n.startsWith(`${root}/code/`));
  const metadata: Record<string, string> = { version, byteorder: order, root };
  const id = text(zip, record('.data/serialization_id'));
  if (id !== undefined) metadata['serialization id'] = id;
  const info: CheckpointInfo = {
    file: path.resolve(source.file), format: script ? 'torchscript' : 'torch-zip', description: `PyTorch ${script ? 'TorchScript archive' : 'zip'}, version ${version}, ${order}-endian`,
    fileBytes: source.size, version: source.version, parameters: 0, tensors: infos, tensorBytes: [...storages.values()].reduce((a, s) => a + s.bytes, 0), metadata, root: tree, globals, warnings: zip.warnings,
    ...(error === undefined ? {} : { error }), milliseconds: performance.now() - started,
  };
  return { info, tensors, value, close: () => source.close() };
}

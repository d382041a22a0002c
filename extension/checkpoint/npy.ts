/** NumPy's npy and npz. An array of Python objects is refused; what its pickle would ask for is listed. */
import path from 'node:path';

import { describe, type OpenedCheckpoint } from './describe';
import { CheckpointError } from './errors';
import { readAt, type Io } from './io';
import { readPickle, type GlobalUse } from './pickle';
import { parseLiteral, type Literal } from './pyLiteral';
import { DeflatedRegion, FileRegion, type Region } from './region';
import type { Source } from './source';
import { contiguousStride, FileStorage, FileTensor, type TensorOptions } from './tensor';
import { PyDict } from './values';
import { Zip } from './zip';

const MAX_HEADER = 65_536;
const MAX_PICKLE = 1 << 26;

/** NumPy's short codes: PyTorch's names. */
export const numpyTypes: Readonly<Record<string, string>> = {
  f2: 'float16', f4: 'float32', f8: 'float64', i1: 'int8', i2: 'int16', i4: 'int32', i8: 'int64', u1: 'uint8', u2: 'uint16', u4: 'uint32', u8: 'uint64', b1: 'bool', c8: 'complex64', c16: 'complex128',
};

interface Element { size: bigint; dtype: string; bigEndian: boolean; known: boolean; objects: boolean }
/** A NumPy descr: a code like `<f4`, or a list of named fields. */
function element(d: Literal): Element {
  if (typeof d === 'string') {
    const m = /^([<>|=])?([a-zA-Z?])(\d*)(\[.*\])?$/.exec(d);
    if (m === null) throw new CheckpointError(`the dtype '${d.slice(0, 60)}' is not NumPy's`);
    const [, order = '|', kind, digits = '', unit = ''] = m;
    if (kind === 'O') return { size: 8n, dtype: 'object', bigEndian: false, known: false, objects: true };
    const count = BigInt(digits === '' ? '0' : digits);
    const size = kind === 'U' ? 4n * count : count;
    const known = unit === '' ? numpyTypes[`${kind}${digits}`] : undefined;
    if (known === undefined && !'fiubcSaUVMm'.includes(kind!)) throw new CheckpointError(`the dtype '${d.slice(0, 60)}' is not NumPy's`);
    return { size, dtype: known ?? d.slice(0, 60), bigEndian: order === '>', known: known !== undefined, objects: false };
  }
  if (!Array.isArray(d)) throw new CheckpointError('the descr is neither a dtype nor a list of fields');
  let size = 0n;
  let objects = false;
  for (const field of d) {
    if (!Array.isArray(field) || field.length < 2) throw new CheckpointError('a field of the descr has no name and type');
    const inner = element(field[1]!);
    objects ||= inner.objects;
    const shape = field[2] === undefined ? [] : Array.isArray(field[2]) ? field[2] : [field[2]];
    size += shape.reduce<bigint>((a, n) => { if (typeof n !== 'bigint' || n < 0n) throw new CheckpointError('a field of the descr has an impossible shape'); return a * n; }, inner.size);
    if (size > 0x7fffffffn) throw new CheckpointError('an element of the descr is larger than 2 GiB');
  }
  return { size, dtype: `struct of ${d.length}`, bigEndian: false, known: false, objects };
}

interface Array_ { tensor: FileTensor; metadata: Record<string, string>; dataAt: number; used: number; objects: boolean }

/** Parses the header of `region` (an npy file's bytes) whose first bytes are `head`. */
function* arrayOf(region: Region, head: Buffer, id: string): Io<Array_> {
  if (head.length < 10 || head.toString('latin1', 0, 6) !== '\x93NUMPY') throw new CheckpointError('not an npy file: it does not begin with \\x93NUMPY', 0);
  const [major, minor] = [head[6]!, head[7]!];
  if (major < 1 || major > 3) throw new CheckpointError(`npy version ${major}.${minor} is not known (1.0, 2.0 and 3.0 are)`, 6);
  const prefix = major === 1 ? 10 : 12;
  if (head.length < prefix) throw new CheckpointError('the npy header is cut short', head.length);
  const length = major === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  if (prefix + length > region.size) throw new CheckpointError(`the npy header claims ${length} bytes, but only ${region.size - prefix} are left`, 8);
  if (length > MAX_HEADER) throw new CheckpointError(`the npy header claims ${length} bytes; more than ${MAX_HEADER} are not read`, 8);
  const text = (prefix + length <= head.length ? head : yield* region.read(0, prefix + length)).toString(major === 3 ? 'utf8' : 'latin1', prefix, prefix + length);
  const header = parseLiteral(text);
  if (!(header instanceof Map) || header.size !== 3) throw new CheckpointError('the npy header is not a dictionary of descr, fortran_order and shape', prefix);
  const [descr, fortran, shapeValue] = [header.get('descr'), header.get('fortran_order'), header.get('shape')];
  if (descr === undefined || typeof fortran !== 'boolean' || !Array.isArray(shapeValue)) throw new CheckpointError('the npy header needs descr, fortran_order and shape', prefix);
  let numel = 1n;
  const shape = shapeValue.map((n) => {
    if (typeof n !== 'bigint' || n < 0n) throw new CheckpointError('a size in the npy header is not a whole number', prefix);
    numel *= n;
    return Number(n);
  });
  if (shape.length > 64 || numel > 1n << 62n) throw new CheckpointError(`the shape [${shape.slice(0, 64).join(', ')}] is not possible`, prefix);
  const e = element(descr);
  const dataAt = prefix + length;
  const bytes = numel * e.size;
  if (!e.objects && BigInt(dataAt) + bytes > BigInt(region.size)) throw new CheckpointError(`an array of shape [${shape.join(', ')}] and dtype ${e.dtype} needs ${bytes} bytes, but the file has ${region.size - dataAt}`, region.size);
  const options: TensorOptions = e.objects ? { problem: 'Python objects are not read: they would be a pickle that runs code', damaged: true } : e.known ? {} : { problem: `${e.dtype} elements are not decoded` };
  const data: Region = { size: e.objects ? 0 : Number(bytes), sequential: region.sequential, read: (o, n) => region.read(dataAt + o, n), *place() { const p = yield* region.place(); return p === null ? null : { source: p.source, offset: p.offset + dataAt }; } };
  const storage = new FileStorage(id, e.dtype, data.size, data, e.bigEndian);
  const stride = fortran ? contiguousStride([...shape].reverse()).reverse() : contiguousStride(shape);
  return { tensor: new FileTensor(storage, e.dtype, shape, stride, 0, options), metadata: { descr: printLiteral(descr), 'fortran order': String(fortran), 'npy version': `${major}.${minor}` }, dataAt, used: dataAt + Number(bytes), objects: e.objects };
}
function printLiteral(d: Literal): string { return typeof d === 'string' ? d : JSON.stringify(d, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v)).slice(0, 400); }

/** What the pickle of an object array would ask for. */
function* objectGlobals(region: Region, at: number): Io<GlobalUse[]> {
  const found = yield* readPickle(yield* region.read(at, Math.min(region.size - at, MAX_PICKLE)), { call: () => undefined, persistent: () => null });
  return [...found.globals.values()];
}

export const npy = {
  expected: 'An npy file is 0x93 "NUMPY", its version, the length of its header, the header (a Python dictionary of descr, fortran_order and shape) and the elements.',
  match: (head: Buffer, name: string): boolean => head.length >= 6 && head.toString('latin1', 0, 6) === '\x93NUMPY' || name.toLowerCase().endsWith('.npy'),
  *open(source: Source): Io<OpenedCheckpoint> {
    const started = performance.now();
    const region = new FileRegion(source, 0, source.size);
    const a = yield* arrayOf(region, yield* readAt(source, 0, Math.min(source.size, 4096)), 'data');
    const value = new PyDict();
    value.set(path.basename(source.file).replace(/\.npy$/i, ''), a.tensor);
    const warnings = !a.objects && a.used < source.size ? [`${source.size - a.used} bytes stand behind the array; NumPy does not look at them`] : [];
    return yield* describe({ source, started, format: 'npy', description: `NumPy array, npy ${a.metadata['npy version']}`, value, metadata: a.metadata, warnings, globals: a.objects ? yield* objectGlobals(region, a.dataAt) : [], error: a.tensor.options.damaged ? a.tensor.options.problem : undefined });
  },
};

export const npz = {
  expected: 'An npz file is a zip archive of npy files; the list of its records stands at its end.',
  match: (head: Buffer, name: string): boolean => head.length >= 4 && head.readUInt32LE(0) === 0x04034b50 && name.toLowerCase().endsWith('.npz'),
  *open(source: Source): Io<OpenedCheckpoint> {
    const started = performance.now();
    const zip = yield* Zip.open(source);
    const value = new PyDict();
    const globals: GlobalUse[] = [];
    const metadata: Record<string, string> = {};
    let error: string | undefined;
    for (const entry of zip.entries.values()) {
      if (!entry.name.endsWith('.npy')) { zip.warnings.push(`record '${entry.name}' is no array`); continue; }
      const name = entry.name.slice(0, -4);
      try {
        const region = zip.region(entry);
        const a = yield* arrayOf(region, region instanceof DeflatedRegion ? yield* region.head(1024) : yield* region.read(0, Math.min(entry.size, 1024)), name);
        if (a.objects) {
          error ??= `'${name}': ${a.tensor.options.problem}`;
          globals.push(...yield* objectGlobals(region, a.dataAt));
        }
        value.set(name, a.tensor);
      } catch (e) {
        if (!(e instanceof CheckpointError)) throw e;
        error ??= `'${name}': ${e.message}`;
        value.set(name, new FileTensor(null, 'unknown', [], [], 0, { problem: e.message, damaged: true }));
      }
    }
    metadata['arrays'] = String(value.size);
    return yield* describe({ source, started, format: 'npz', description: `NumPy archive of ${value.size} arrays`, value, metadata, warnings: zip.warnings, globals, error });
  },
};

/** From a file's value to what the viewer shows: the tree, every tensor under the name a state dict gives it, the audit. No recursion. */
import type { CheckpointFormat, CheckpointInfo, PickleGlobal, TensorInfo, ValueNode } from '../protocol/checkpoint';
import { classify } from './allowList';
import { itemsize } from './dtypes';
import type { Io } from './io';
import { numpyArray, numpyScalar } from './numpyPickle';
import type { GlobalUse } from './pickle';
import type { Source } from './source';
import { FileStorage, FileTensor, type TensorOptions } from './tensor';
import { floatText, GlobalRef, printValue, PyBytes, PyComplex, PyDevice, PyDict, PyFloat, PyHugeInt, PyObject, PySet, SparseTensor, Tuple, type Value } from './values';

export type { CheckpointInfo, PickleGlobal, TensorStats, ValueNode } from '../protocol/checkpoint';

const LIMITS = { nodes: 300_000, depth: 200, text: 500 };

/** What a reader returns. */
export interface OpenedCheckpoint {
  info: CheckpointInfo;
  value: Value;
  /** By the names of `info.tensors`. */
  tensors: Map<string, FileTensor>;
  /** Where in the file `info.error` is, when known. */
  errorAt: number | undefined;
  close(): void;
}

export interface Found {
  source: Source;
  format: CheckpointFormat;
  description: string;
  value: Value;
  metadata?: Record<string, string>;
  globals?: Iterable<GlobalUse>;
  warnings?: string[];
  error?: string | undefined;
  /** Where in the file the error is, when known. */
  errorAt?: number | undefined;
  /** `performance.now()` at the start. */
  started: number;
  close?: () => void;
}

export function* describe(f: Found): Io<OpenedCheckpoint> {
  const { tree, tensors, paths, cut } = yield* walk(f.value);
  const infos = yield* tensorInfos(tensors);
  const warnings = [...new Set(f.warnings ?? [])];
  if (cut) warnings.push(`values nested more than ${LIMITS.depth} deep are not shown`);
  const info: CheckpointInfo = {
    file: f.source.file, format: f.format, description: f.description, fileBytes: f.source.size, version: f.source.version, tensors: infos.rows, tensorBytes: infos.bytes, parameters: infos.parameters,
    metadata: f.metadata ?? {}, root: tree, globals: audit(f.globals ?? [], paths), warnings, ...(f.error === undefined ? {} : { error: f.error }), milliseconds: performance.now() - f.started,
  };
  return { info, value: f.value, tensors, errorAt: f.errorAt, close: f.close ?? (() => f.source.close()) };
}

/** The audit: every name asked for, with what, in order. */
function audit(globals: Iterable<GlobalUse>, paths: Map<string, string>): PickleGlobal[] {
  return [...globals].map((g) => ({ name: g.ref.qualified, class: classify(g.ref.qualified), offset: g.offset, count: g.count, args: g.args === undefined ? '' : printValue(g.args), path: placeOf(paths.get(g.ref.qualified)) })).sort((a, b) => a.offset - b.offset);
}

const placeOf = (path: string | undefined): string => (path === '' ? '(root)' : path ?? '');

type Child = [key: string, value: Value];
const keyText = (k: Value): string => (typeof k === 'string' ? k : printValue(k, 100));
const hidden = /^(_(backward|forward|state_dict|load_state_dict)_.*hooks.*|_.*_hooks(_with_kwargs|_always_called)?|_is_full_backward_hook|_non_persistent_buffers_set|_is_replica|_parameters|_buffers|_modules)$/;

function* children(v: Value): Generator<Child> {
  if (v instanceof PyDict) {
    for (const [k, x] of v) yield [keyText(k), x];
    if (v.state !== undefined && !(v.state instanceof PyDict && v.state.get('_metadata') !== undefined && v.state.size === 1)) yield ['(state)', v.state];
  } else if (Array.isArray(v)) { for (let i = 0; i < v.length; i++) yield [String(i), v[i]!]; }
  else if (v instanceof Tuple || v instanceof PySet) { for (let i = 0; i < v.items.length; i++) yield [String(i), v.items[i]!]; }
  else if (v instanceof SparseTensor) yield* v.parts;
  else if (v instanceof PyObject) {
    // A module: its parts under their own names, as its state dict has them.
    const state = v.state instanceof Tuple && v.state.items[0] instanceof PyDict ? v.state.items[0] : v.state;
    if (state instanceof PyDict && (state.get('_parameters') instanceof PyDict || state.get('_modules') instanceof PyDict)) {
      for (const part of ['_parameters', '_buffers', '_modules']) { const d = state.get(part); if (d instanceof PyDict) yield* children(d); }
      for (const [k, x] of state) if (typeof k !== 'string' || !hidden.test(k)) yield [keyText(k), x];
    } else if (state instanceof PyDict) yield* children(state);
    else if (state !== undefined) yield ['(state)', state];
    if (v.args instanceof Tuple) { for (let i = 0; i < v.args.items.length; i++) yield [`(argument ${i})`, v.args.items[i]!]; } else yield ['(arguments)', v.args];
    if (v.list !== undefined) yield* children(v.list);
    if (v.items !== undefined) yield* children(v.items);
    if (!(v.fn instanceof GlobalRef)) yield ['(called)', v.fn];
  }
}

const short = (s: string): string => (s.length > LIMITS.text ? `${s.slice(0, LIMITS.text)}…` : s);
function leaf(key: string, v: Value): ValueNode | null {
  if (v === null) return { key, type: 'None', value: 'None' };
  switch (typeof v) {
    case 'string': return { key, type: 'str', value: short(v) };
    case 'boolean': return { key, type: 'bool', value: v ? 'True' : 'False' };
    case 'number': return { key, type: 'int', value: String(v) };
    case 'bigint': return { key, type: 'int', value: short(String(v)) };
    default:
  }
  if (v instanceof PyFloat) return { key, type: 'float', value: floatText(v.value) };
  if (v instanceof PyComplex) return { key, type: 'complex', value: printValue(v) };
  if (v instanceof PyHugeInt) return { key, type: 'int', value: printValue(v) };
  if (v instanceof PyBytes) return { key, type: v.mutable ? 'bytearray' : 'bytes', value: `${v.bytes.length} bytes` };
  if (v instanceof PyDevice) return { key, type: 'torch.device', value: v.text };
  if (v instanceof GlobalRef) return v.module === 'torch' && itemsize(v.name) !== null ? { key, type: 'torch.dtype', value: v.qualified } : { key, type: 'class', value: v.qualified };
  if (v instanceof PyObject) {
    const scalar = numpyScalar(v);
    if (scalar !== null) return { key, type: scalar.type, value: scalar.text };
  }
  if (v instanceof FileStorage) return { key, type: 'storage', value: `${v.bytes} bytes of ${v.dtype}` };
  return null;
}
function typeOf(v: Value): string {
  if (v instanceof PyDict) return v.kind;
  if (Array.isArray(v)) return 'list';
  if (v instanceof Tuple) return v.size ? 'torch.Size' : 'tuple';
  if (v instanceof PySet) return v.frozen ? 'frozenset' : 'set';
  if (v instanceof SparseTensor) return `${v.layout} tensor`;
  return v instanceof PyObject ? v.className : 'object';
}

interface Frame { node: ValueNode; items: Iterator<Child>; path: string; depth: number; value: object }

function* walk(root: Value): Io<{ tree: ValueNode; tensors: Map<string, FileTensor>; paths: Map<string, string>; cut: boolean }> {
  const tensors = new Map<string, FileTensor>();
  const paths = new Map<string, string>();
  const seen = new Map<object, string>();
  let nodes = 0;
  let cut = false;
  const asked = (v: Value, path: string): void => { if (v instanceof GlobalRef && !paths.has(v.qualified)) paths.set(v.qualified, path); };
  const stack: Frame[] = [];

  const enter = (key: string, v: Value, path: string, depth: number): ValueNode => {
    asked(v, path);
    if (v instanceof PyObject) v = numpyArray(v) ?? v;
    if (v instanceof FileTensor) {
      let name = path;
      for (let k = 2; tensors.has(name); k++) name = `${path}#${k}`;
      tensors.set(name, v);
      if (v.options.rebuild !== undefined && !paths.has(v.options.rebuild)) paths.set(v.options.rebuild, path);
      return { key, type: 'tensor', value: name };
    }
    const simple = leaf(key, v);
    if (simple !== null) return simple;
    const before = seen.get(v as object);
    if (before !== undefined) return { key, type: 'ref', value: before };
    seen.set(v as object, path);
    const node: ValueNode = { key, type: typeOf(v) };
    if (v instanceof PyObject) {
      asked(v.fn, path);
      if (v.state === undefined) node.value = short(printValue(v));
    } else if (v instanceof SparseTensor) {
      asked(v.call.fn, path);
      node.value = `[${v.shape.join(', ')}]`;
    } else if (v instanceof Tuple && v.size) node.value = `[${v.items.map((x) => printValue(x, 20)).join(', ')}]`;
    if (depth >= LIMITS.depth) cut = true;
    else stack.push({ node, items: children(v), path, depth, value: v as object });
    return node;
  };

  const tree = enter('', root, '', 0);
  for (let steps = 1; stack.length > 0; steps++) {
    if ((steps & 0x3fff) === 0) yield undefined;
    const f = stack[stack.length - 1]!;
    const next = f.items.next();
    if (next.done) { stack.pop(); continue; }
    const [key, v] = next.value;
    const child = enter(key, v, f.path === '' ? key : `${f.path}.${key}`, f.depth + 1);
    if (nodes < LIMITS.nodes) {
      (f.node.children ??= []).push(child);
      nodes++;
    } else f.node.more = (f.node.more ?? 0) + 1;
  }
  // A file that is one tensor.
  if (root instanceof FileTensor) { tensors.clear(); tensors.set('tensor', root); tree.value = 'tensor'; }
  return { tree, tensors, paths, cut };
}

function* tensorInfos(tensors: Map<string, FileTensor>): Io<{ rows: TensorInfo[]; bytes: number; parameters: number }> {
  const users = new Map<FileStorage, number>();
  for (const t of tensors.values()) if (t.storage !== null) users.set(t.storage, (users.get(t.storage) ?? 0) + 1);
  let bytes = 0;
  for (const s of users.keys()) bytes += s.bytes;
  const counted = new Set<string>();
  let parameters = 0;
  const rows: TensorInfo[] = [];
  for (const [name, t] of tensors) {
    if ((rows.length & 0x3fff) === 0x3fff) yield undefined;
    const { options: o, storage: s } = t;
    const shared = s !== null && users.get(s)! > 1;
    const key = shared ? `${s.id} ${t.offset} ${t.shape.join()} ${t.stride.join()}` : '';
    // A tensor whose shard is missing has no known size.
    if ((s !== null || t.dtype !== 'unknown') && (!shared || !counted.has(key))) parameters += t.numel;
    if (shared) counted.add(key);
    const item = itemsize(t.dtype);
    const row: TensorInfo = { name, dtype: t.dtype, shape: [...t.shape], numel: t.numelText, bytes: o.blocks === undefined && item !== null ? t.numel * item : t.bytes || (s?.bytes ?? 0) };
    if (!t.contiguous) row.stride = [...t.stride];
    if (shared) row.storage = s.id;
    if (o.requiresGrad) row.requiresGrad = true;
    if (o.parameter) row.parameter = true;
    if (s !== null && s.location !== '' && s.location !== 'cpu') row.location = s.location;
    const notes = o.note !== undefined || o.conj || o.neg || o.subclass !== undefined ? notesOf(o) : '';
    if (notes !== '') row.note = notes;
    if (o.shard !== undefined) row.shard = o.shard;
    if (t.problem !== undefined) row.problem = t.problem;
    rows.push(row);
  }
  return { rows, bytes, parameters };
}
function notesOf(o: TensorOptions): string {
  return [o.note, o.conj ? 'conjugate' : undefined, o.neg ? 'negative' : undefined, o.subclass === 'torch.Tensor' ? undefined : o.subclass].filter((x) => x !== undefined).join(', ');
}

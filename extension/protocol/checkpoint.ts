/** Messages and shapes of checkpoint files. `extension/checkpoint` returns these shapes, the viewer shows them. */
import type { Packed, PackedRows } from './packed';
import { notification, request } from './rpc';
import type { Histogram, ModelId, Summary } from './model';

export type CheckpointFormat = 'torch-zip' | 'torch-legacy' | 'torch-tar' | 'torchscript' | 'pickle' | 'safetensors' | 'safetensors-sharded' | 'npy' | 'npz' | 'gguf' | 'unknown';

export interface TensorInfo {
  /** Where it stands: keys joined with '.', as a state dict names it. */
  name: string;
  /** PyTorch's name where it has one (float32, bfloat16, float8_e4m3fn), else the file's own (Q4_K). */
  dtype: string;
  shape: number[];
  /** In elements; absent when contiguous. */
  stride?: number[];
  /** Elements, as a decimal string when beyond 2^53. */
  numel: number | string;
  /** Bytes of the values as stored (contiguous, or packed blocks). */
  bytes: number;
  /** Tensors with the same storage id share memory; absent when it is nobody else's. */
  storage?: string;
  requiresGrad?: boolean;
  /** An nn.Parameter, not a plain tensor. */
  parameter?: boolean;
  /** Device recorded in the file when it is not cpu: cuda:0, mps. */
  location?: string;
  /** What its values are beside their dtype: `scale 0.1, zero point 3`, `conjugate`. */
  note?: string;
  /** Shard that holds it, of a sharded checkpoint. */
  shard?: string;
  /** Set when the values cannot be read, and why; the rest of the file stays usable. */
  problem?: string;
}

export type GlobalClass = 'allowed' | 'unknown' | 'dangerous';

/** A name that a pickle asks for. Nothing is ever imported or called. */
export interface PickleGlobal {
  name: string; // module.qualname
  class: GlobalClass;
  /** Byte offset in the pickle where it is first asked for. */
  offset: number;
  count: number;
  /** What it would have been called with, printed and cut short; '' when never called. */
  args: string;
  /** Tree path where its result would stand; '(root)' for the whole of the file; '' when it stands nowhere. */
  path: string;
}

/**
 * The structure of the file: dicts, lists, scalars, modules with their attributes. Cut in width and depth at `more`;
 * an object met a second time is a node of type `ref` whose value is the first path.
 */
export interface ValueNode {
  key: string;
  /** dict, list, tuple, OrderedDict, int, float, str, bool, None, tensor, ref, or a class name (torch.nn.modules.linear.Linear). */
  type: string;
  /** Printed value of a scalar; the tensor's name for a tensor. */
  value?: string;
  children?: ValueNode[];
  /** Children that are not sent. */
  more?: number;
}

/** Where a file breaks its format's rules. */
export interface Damage {
  /** What a file of this format consists of, in one sentence. */
  expected: string;
  /** In the file, when known; the file's size when it ends too early. */
  offset?: number;
  /** Hexadecimal, of the bytes around it, from `start` on. */
  bytes?: string;
  start?: number;
}

export interface CheckpointInfo {
  file: string;
  format: CheckpointFormat;
  /** One line for people: `PyTorch zip, version 3, little-endian`. */
  description: string;
  fileBytes: number;
  /** Changes when the file does: results belong to one version. */
  version: string;
  tensors: TensorInfo[];
  /** Sum over distinct storages, bytes. */
  tensorBytes: number;
  /** In elements, each shared storage counted once. */
  parameters: number;
  metadata: Record<string, string>;
  root: ValueNode;
  globals: PickleGlobal[];
  warnings: string[];
  /** The file breaks its format's rules or was read in part only: what was wrong, where. What could be read is still here. */
  error?: string;
  damage?: Damage;
  milliseconds: number;
}

/** A value of the structure without what is below it; `children` of them can be asked for, a page at a time. */
export type StructureNode = Omit<ValueNode, 'children'> & { children?: number };
export const STRUCTURE_PAGE = 500;

/** What a page is told when it opens a file: everything that is small, and the tensors packed. */
export interface CheckpointOverview extends Omit<CheckpointInfo, 'tensors' | 'root'> {
  tensors: Packed<TensorInfo>;
  root: StructureNode;
  /** Of all; `globals` holds the first thousand, the most dangerous first, `warnings` some, `metadata` some, long texts cut. */
  counts: Record<GlobalClass, number> & { warnings: number; metadata: number };
}

/** One side of a comparison, or where a tensor is: a file, or a live model (`path` '' is the whole of it). */
export type Side = { file: string } | { model: ModelId; path: string };

export interface Percentile { p: number; value: number }

export interface TensorStats {
  /** Complex numbers count by magnitude, quantized ones by the value they stand for: `of` says so. */
  summary: Summary;
  of: 'values' | 'magnitude' | 'dequantized values';
  /** Null while the range is not known yet, and when nothing is finite. */
  histogram: Histogram | null;
  /** 1, 5, 25, 50, 75, 95, 99; within 1/256 of the value. Empty while not known. */
  percentiles: Percentile[];
  /** 64-bit integers exactly, where a double would round. */
  exactMin?: string;
  exactMax?: string;
  /** Every element was counted. False in partial results and for samples. */
  exact: boolean;
  /** Elements counted so far. */
  seen: number;
}

export interface StatsRow { name: string; summary: Summary | null; exact: boolean; problem?: string }

/** Which 2-D picture of a tensor: rows and columns run along two of its dimensions, the others stand still. */
export interface Slice {
  /** Null: one row (a vector). */
  rowDim: number | null;
  /** Null: one column (a scalar). */
  columnDim: number | null;
  /** One index a dimension; those at rowDim and columnDim are not looked at. */
  fixed: number[];
  /** Half open. */
  rows: [number, number];
  columns: [number, number];
}

export interface Tile {
  width: number;
  height: number;
  /** base64 of little-endian float32, height × width, row by row. NaN where a cell has no finite value. */
  mean: string;
  min: string;
  max: string;
  /** base64 of little-endian float32: means over the row range (height values) and the column range (width values). */
  rowMean: string;
  columnMean: string;
  /** Over the tile. */
  low: number;
  high: number;
  /** NaN and infinities in it. */
  nonFinite: number;
  /** False when rows or columns were skipped to stay within the read budget. */
  exact: boolean;
}

export interface ValuePage {
  /** rows × columns, as Python prints the value: 0.1, 1e-07, nan, True, (1+2j). */
  text: string[][];
  /** The stored bits in hexadecimal; '' for values that have none of their own (dequantized blocks). */
  bits: string[][];
}

/** `unread`: equal shape and type, but the values of one side cannot be read (`problem` says why). */
export type CompareStatus = 'same' | 'changed' | 'added' | 'removed' | 'reshaped' | 'retyped' | 'unread';

/** `name` only where it is not the row's. */
export interface ComparedTensor { name?: string; dtype: string; shape: number[] }

export interface CompareRow {
  /** The name both have (after the prefix is taken off), or the one that exists. */
  name: string;
  /** `added` stands only in b, `removed` only in a. Without values, `same` is said of equal shape and type. */
  status: CompareStatus;
  a?: ComparedTensor;
  b?: ComparedTensor;
  /** |a-b| / |a|, null when not computed (shapes differ, or values not asked for) or not finite. */
  relativeL2: number | null;
  cosine: number | null;
  maxDifference: number | null;
  /** Elements whose bits differ (values, for different dtypes). */
  differing: number | null;
  problem?: string;
}

export interface CompareResult {
  rows: CompareRow[];
  counts: Record<CompareStatus, number>;
  /** Prefixes that would align more names, best first. */
  suggestions: { stripA: string; stripB: string; matched: number }[];
  /** Every pair of equal shape was compared value by value. */
  exact: boolean;
}

/** `dtype` fits and is converted; `shape` does not fit; `unreadable`: names fit, but the values are of a kind that cannot be loaded (`problem` says why). */
export type PreflightStatus = 'matched' | 'dtype' | 'shape' | 'unreadable' | 'missing' | 'unexpected';

export interface PreflightRow {
  /** Name in the model; absent for `unexpected`. */
  target?: string;
  /** Name in the file; absent for `missing`. */
  source?: string;
  status: PreflightStatus;
  fileShape?: number[];
  fileDtype?: string;
  modelShape?: number[];
  modelDtype?: string;
  problem?: string;
}

/** Applied to a file's names: the prefix `from` is taken off, then `to` put on. */
export interface Rename { from: string; to: string }

export interface Preflight {
  rows: PreflightRow[];
  counts: Record<PreflightStatus, number>;
  /** Dictionaries of the file that hold tensors ('' is the file itself; 'state_dict', 'model'), best fitting first. */
  roots: { path: string; matched: number }[];
  /** The one that these rows are about. */
  root: string;
  rename: Rename | null;
  /** Proposed renames that match more, best first. */
  suggestions: (Rename & { matched: number })[];
  /** What load_state_dict(strict=True) says of it, in PyTorch's words, cut when it is very long; '' when everything fits. */
  message: string;
  /** Why nothing can be loaded (a damaged file), else absent. */
  error?: string;
}

export interface CheckpointListing { file: string; format: CheckpointFormat | null; bytes: number; /** Milliseconds since the epoch. */ modified: number; tensors: number | null; problem?: string }

/** Begins to read a file that somebody is about to look at. */
export const PrepareCheckpoint = request<{ file: string }, null>('checkpoint/prepare');
export const OpenCheckpoint = request<{ file: string }, CheckpointOverview>('checkpoint/open');
/** Some of a value's children, from one on; `path` says which child of which, from the root. */
export const CheckpointStructure = request<{ file: string; path: number[]; from: number }, { nodes: StructureNode[] }>('checkpoint/structure');
/** Forgets what is cached of a file. */
export const CloseCheckpoint = request<{ file: string }, null>('checkpoint/close');

/** Statistics of one tensor. `sample`: at most so many elements, spread evenly (then `exact` is false). Progress carries `stats`. */
export const CheckpointStats = request<{ file: string; name: string; bins: number; sample?: number; job?: string }, TensorStats>('checkpoint/stats');
/** Statistics of all (or the named) tensors, in file order, without histograms. Progress carries the `rows` finished since the last. */
export const CheckpointAllStats = request<{ file: string; names?: string[]; job?: string }, { rows: StatsRow[] }>('checkpoint/allStats');
/** A picture of a slice, at most 1024 × 1024 cells. `minus`: of the difference to another tensor of the same shape. */
export const CheckpointTile = request<{ at: Side; name: string; slice: Slice; width: number; height: number; minus?: { at: Side; name: string } }, Tile>('checkpoint/tile');
/** Exact values of a slice, at most 20,000 cells. */
export const CheckpointValues = request<{ at: Side; name: string; slice: Slice }, ValuePage>('checkpoint/values');
/** An N-dimensional block as float32 (base64, little-endian, C order), at most 2^20 elements: kernels as images. */
export const CheckpointBlock = request<{ at: Side; name: string; start: number[]; count: number[] }, { values: string; low: number; high: number }>('checkpoint/block');

/** Names are aligned after `stripA` and `stripB` are taken off; `values: false` compares names, shapes and types only. Progress carries `compare`. */
export const CompareCheckpoints = request<{ a: Side; b: Side; stripA?: string; stripB?: string; values: boolean; job?: string }, PackedRows<CompareResult>>('checkpoint/compare');
/** Two tensors on one axis; `row` as CompareCheckpoints gives it. For a picture of the difference see CheckpointTile's `minus`. */
export const CompareTensor = request<{ a: { at: Side; name: string }; b: { at: Side; name: string }; bins: number; job?: string }, { a: TensorStats; b: TensorStats; difference: TensorStats | null; row: CompareRow }>('checkpoint/compareTensor');

/** What loading would do. Without `root` and `rename` the best root is taken and nothing is renamed. Changes nothing. */
export const PreflightLoad = request<{ file: string; model: ModelId; path: string; root?: string; rename?: Rename | null }, PackedRows<Preflight>>('checkpoint/preflight');
/** Loads what a preflight showed. Not `partial`: everything must fit, or nothing changes and the error carries PyTorch's message. */
export const LoadInto = request<{ file: string; model: ModelId; path: string; root: string; rename: Rename | null; partial: boolean }, { message: string; loaded: string[]; missing: string[]; unexpected: string[]; mismatched: string[]; /** The values from before are kept: UndoReinitialize puts them back. */ undoable: boolean }>('checkpoint/load');

/** Writes one tensor; csv is the slice's rows (or the whole tensor, rows along all but the last dimension). Progress: bytes. */
export const ExportTensor = request<{ at: Side; name: string; target: string; format: 'npy' | 'csv'; slice?: Slice; job?: string }, { file: string; bytes: number; /** What was changed on the way: `bfloat16 written as float32`. */ note?: string }>('checkpoint/export');
/** .pt, .safetensors, .npz by the target's ending. `names`: only these. `notes` says what the new format cannot hold and was left out. */
export const ConvertCheckpoint = request<{ file: string; target: string; names?: string[]; maxShardBytes?: number; job?: string }, { files: string[]; bytes: number; tensors: number; notes: string[] }>('checkpoint/convert');
/** Checkpoints among these files (shards are listed under their index only). */
export const ListCheckpoints = request<{ files: string[] }, CheckpointListing[]>('checkpoint/list');

/** How a request with a `job` gets on; partial results as its declaration says. */
export const CheckpointProgress = notification<{ job: string; done: number; total: number; stats?: TensorStats; rows?: StatsRow[]; compare?: Packed<CompareRow> }>('checkpoint/progress');

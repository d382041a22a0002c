/** Messages and shapes of checkpoint files. `extension/checkpoint` returns these shapes, the viewer shows them. */
import { request } from './rpc';
import type { Histogram, Summary } from './model';

export type CheckpointFormat = 'torch-zip' | 'torch-legacy' | 'torch-tar' | 'torchscript' | 'safetensors' | 'safetensors-sharded' | 'npy' | 'npz' | 'gguf';

export interface TensorInfo {
  /** Where it stands: keys joined with '.', as a state dict names it. */
  name: string;
  /** PyTorch's name where it has one (float32, bfloat16, float8_e4m3fn), else the file's own (Q4_K). */
  dtype: string;
  shape: number[];
  /** In elements; absent for formats that are always contiguous. */
  stride?: number[];
  /** Elements, as a decimal string when beyond 2^53. */
  numel: number | string;
  /** Bytes of the values when contiguous. */
  bytes: number;
  /** Tensors with the same storage id share memory. */
  storage: string;
  requiresGrad?: boolean;
  /** Device recorded in the file (cpu, cuda:0). */
  location?: string;
  /** Set when the bytes cannot be read, and why; the rest of the file stays usable. */
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
  /** Tree path where its result would stand, when known. */
  path: string;
}

/** The structure of the file beside its tensors: dicts, lists, scalars, module classes. Cut at `more`. */
export interface ValueNode {
  key: string;
  /** dict, list, tuple, OrderedDict, int, float, str, bool, None, tensor, or a class name. */
  type: string;
  /** Printed value of a scalar; the tensor's name for a tensor. */
  value?: string;
  children?: ValueNode[];
  more?: number;
}

export interface CheckpointInfo {
  file: string;
  format: CheckpointFormat;
  /** One line for people: `PyTorch zip, format 1, little-endian`. */
  description: string;
  fileBytes: number;
  tensors: TensorInfo[];
  /** Sum over distinct storages, bytes. */
  tensorBytes: number;
  metadata: Record<string, string>;
  root: ValueNode;
  globals: PickleGlobal[];
  warnings: string[];
  /** The reader stopped early: what was wrong, where. What was read before it is still here. */
  error?: string;
  milliseconds: number;
}

export interface TensorStats { summary: Summary; histogram: Histogram; exact: boolean; values: string }

export const OpenCheckpoint = request<{ file: string }, CheckpointInfo>('checkpoint/open');
/** Cancellable; reads in bounded memory. */
export const CheckpointTensor = request<{ file: string; name: string; bins: number }, TensorStats>('checkpoint/tensor');

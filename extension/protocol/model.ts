/** Messages about live models: run a file, look at its tree, run it forward and backward, change it. */
import { notification, request, type ErrorInfo } from './rpc';

export type ModelId = string; // `${absolute file}#${export name}`

/** Health of a gradient, as the tree and the gradient inspector mark it. */
export type GradState = 'none' | 'zero' | 'ok' | 'nonfinite';

/** A number as JSON carries it, which knows neither NaN nor infinities: `Number(x)` gives it back. */
export type Num = number | 'NaN' | 'Infinity' | '-Infinity';
export const toNum = (x: number): Num => (Number.isFinite(x) ? x : (String(x) as Num));

/** One row of the model tree. Paths are PyTorch's dotted names ('' is the model itself). */
export interface TreeNode {
  kind: 'module' | 'parameter' | 'buffer';
  path: string;
  name: string;
  /** Module class name (Linear), or 'Parameter' / 'Tensor'. */
  type: string;
  /** Module extraRepr, e.g. `in_features=784, out_features=256, bias=True`. */
  extra?: string;
  shape?: number[];
  /** PyTorch dtype name without prefix: float32. */
  dtype?: string;
  /** Device of a tensor; of a module: the one device of all its tensors, or 'mixed'; '' when it has none. */
  device: string;
  /** Elements of the tensor; for a module the parameters below it, each shared one counted once. */
  numel: number;
  /** Bytes of the tensor, or of everything below, each shared one counted once. */
  bytes: number;
  /** Parameters only; for a module true when every parameter below is trainable, null when mixed or none. */
  requiresGrad?: boolean | null;
  /** First path of the same object, when this row is a second name of it. */
  sharedWith?: string;
  /** A lazy layer's, or of a module that has such: the size comes with the first forward pass, and is counted as nothing until then. */
  uninitialized?: true;
  grad?: GradState;
  /** True when the values hold NaN or Inf (only computed when asked by `inspect`). */
  outputShape?: number[];
  children: TreeNode[];
}

export interface ModelSummary {
  id: ModelId;
  /** Export name. */
  name: string;
  file: string;
  root: TreeNode;
  /** Where `class X extends nn.Module` of the model stands. 1-based. */
  source?: { file: string; line: number };
  training: boolean;
  /** Expression proposed for the forward pass: `rand(2, 784)`; the last one used when there is one. */
  proposedInput: string;
  canUndoReinitialize: boolean;
  hasOutput: boolean;
}

export interface RunResult {
  file: string;
  models: ModelSummary[];
  /** What the file printed, in order. */
  output: string;
  milliseconds: number;
  /** Weights carried over from the run before, and those that no longer fit, by model name. */
  carried: { model: string; kept: number; dropped: string[] }[];
}

/** Numbers of one tensor, from the native reduction. NaN/Inf entries are counted and left out of the rest. */
export interface Summary {
  count: number;
  min: number; max: number; mean: number; std: number; absMean: number; absMax: number;
  /** L2 norm. */
  norm: number;
  zeros: number; nan: number; inf: number;
}

/** Equal-width bins over [min, max]; NaN and Inf are left out. */
export interface Histogram { min: number; max: number; counts: number[] }

export interface GradientRow {
  name: string;
  shape: number[];
  numel: number;
  device: string;
  requiresGrad: boolean;
  state: GradState;
  value: Summary;
  grad: Summary | null;
  /** How far the last watched optimizer step moved it: ‖change‖ / ‖values before‖. Null while not known. */
  update: number | null;
}

export interface TensorHistograms { value: Histogram; grad: Histogram | null }

export interface GradientReport {
  model: ModelId;
  rows: GradientRow[];
  /** L2 norm over all gradients; NaN or infinite as soon as one of them is. */
  globalNorm: Num;
  loss: Num | null;
  /** Name of the first parameter, in order, whose gradient is not finite. */
  firstNonFinite: string | null;
  /** Count of backward passes seen since the model was made. */
  step: number;
  /** By name, of the same moment; only of what was asked for. */
  histograms?: Record<string, TensorHistograms>;
}

/** init functions offered by Reinitialize: argument names with defaults, in order. */
export interface InitFunction { name: string; label: string; args: { name: string; default: number | string; choices?: string[] }[] }

export const RunFile = request<{ file: string; keepWeights: boolean }, RunResult>('model/run');
export const CloseFile = request<{ file: string }, null>('model/close');
/** The file has a new name: its models go with it. */
export const MoveFile = request<{ from: string; to: string }, null>('model/move');
export const ListModels = request<null, ModelSummary[]>('model/list');
/** `mode` of the model is left as it is. Output is what PyTorch prints. */
export const Forward = request<{ model: ModelId; input: string; path?: string }, { output: string; shape: number[]; milliseconds: number }>('model/forward');
/** Sums the last output when it is not a scalar; says so in `note`. Gradients accumulate as in PyTorch unless `zeroGrad`. */
export const Backward = request<{ model: ModelId; zeroGrad: boolean }, { loss: Num; note: string; milliseconds: number }>('model/backward');
/** Runs the file's exported `train(net)` when there is one, else `steps` steps of SGD of `loss` on the given expressions. `loss` is null when nothing tells it. */
export const Train = request<{ model: ModelId; steps: number; lr: number; input: string; target: string; loss: 'mse' | 'crossEntropy' | 'exported' }, { steps: number; loss: Num | null; milliseconds: number }>('model/train');
/** Stops user code: politely at a safe point, else by ending the runner. `lost` says that live models are gone. */
export const Interrupt = request<null, { stopped: boolean; lost: boolean; message: string }>('model/interrupt');
/**
 * Whether anybody looks at training now: unwatched, a running loop publishes nothing. `every`: publish each n-th backward
 * pass. `paused`: user code waits at its next safe point, where it can still be inspected.
 */
export const Watch = request<{ watching: boolean; every: number; paused: boolean }, null>('model/watch');
export const InitFunctions = request<null, InitFunction[]>('model/initFunctions');
/** `init` is a name of InitFunctions, or 'reset' for the module's own default. */
export const Reinitialize = request<{ model: ModelId; path: string; init: string; args: (number | string)[] }, { message: string; changed: string[]; /** The values from before are kept: UndoReinitialize puts them back. */ undoable: boolean }>('model/reinitialize');
export const UndoReinitialize = request<{ model: ModelId }, { message: string }>('model/undoReinitialize');
export const MoveToDevice = request<{ model: ModelId; path: string; device: string }, { message: string }>('model/moveToDevice');
export const Freeze = request<{ model: ModelId; path: string; frozen: boolean }, { message: string; changed: string[] }>('model/freeze');
export const SaveCheckpoint = request<{ model: ModelId; path: string; file: string }, { file: string; tensors: number; bytes: number }>('model/save');
/** Never half-applied: on a mismatch nothing changes and the error carries PyTorch's message. */
export const LoadCheckpoint = request<{ model: ModelId; path: string; file: string; strict: boolean }, { message: string; missing: string[]; unexpected: string[] }>('model/load');
/** `histograms`: also of these parameters, or of all of them (null). */
export const Gradients = request<{ model: ModelId; histograms?: { names: string[] | null; bins: number } }, GradientReport>('model/gradients');
export const TensorHistogram = request<{ model: ModelId; name: string; bins: number }, TensorHistograms & { text: string }>('model/histogram');

/** Something about the model changed (values, tree, gradients): whoever shows it asks again. */
export const ModelChanged = notification<{ model: ModelId | null }>('model/changed');
/** Published at safe points while user code runs. */
export const TrainingStep = notification<{ model: ModelId | null; step: number; loss: Num | null }>('model/step');
/** What user code prints, as it prints it; `cell`: from this notebook cell. */
export const Output = notification<{ text: string; file: string | null; cell?: string }>('model/output');
export const RunnerError = notification<ErrorInfo>('model/error');

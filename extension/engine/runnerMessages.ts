/** Requests that only the main thread sends to the runner; all others are the host's own, passed on. */
import { Gradients, InitFunctions, ListModels, TensorHistogram, type RunResult } from '../protocol/model';
import { CompleteCell, type CellResult } from '../protocol/notebook';
import { request } from '../protocol/rpc';
import type { Bundle } from './bundle';
import type { CompiledCell } from './cell';

export const RunBundle = request<{ bundle: Bundle; keepWeights: boolean }, RunResult>('runner/run');

/** What a notebook's scope holds, once everything asked before is done. */
export const NotebookNames = request<{ notebook: string }, string[]>('runner/notebookNames');
export const RunCompiledCell = request<CompiledCell, CellResult>('runner/cell');
/** A cell that awaits something is not waited for any longer. */
export const StopWaiting = request<null, null>('runner/stopWaiting');

/** A live model's state below `path`, without values; `module`: the class of what stands there. */
export const LiveTensors = request<{ model: string; path: string }, { module: string; tensors: { name: string; dtype: string; shape: number[]; bytes: number; storage: string; requiresGrad: boolean }[] }>('runner/tensors');
/** A stretch of a live tensor's values, contiguous. `name` from the model's root. */
export const LiveBytes = request<{ model: string; name: string; offset: number; length: number }, { bytes: Uint8Array }>('runner/bytes');

/** What only looks: answered also while user code runs. */
export const looks: ReadonlySet<string> = new Set([ListModels, InitFunctions, Gradients, TensorHistogram, LiveTensors, LiveBytes, CompleteCell, StopWaiting].map((m) => m.method));

/** Messages about notebooks: their cells run one after the other in the runner and share one scope, notebook by notebook. */
import { request } from './rpc';

/** `notebook`: the file's path; relative paths and imports start beside it. `cell`: whatever names the cell in errors and output. */
export interface CellCode { notebook: string; cell: string; /** Shown as In[n]. */ count: number; code: string }

/** `text`: the last expression as PyTorch prints it; null when the cell ends otherwise, or with undefined. */
export interface CellResult { text: string | null; milliseconds: number }

/**
 * Runs a cell. What it declares at top level lives on for later cells, its modules become live models. An error's
 * `location.file` is `cell` where the line is a cell's; its `stack` names frames as `Cell In[3], line 2`.
 */
export const RunCell = request<CellCode, CellResult>('notebook/runCell');
/** The notebook has a new name (saved for the first time, renamed): its variables and models go with it. */
export const MoveNotebook = request<{ from: string; to: string }, null>('notebook/move');
/** Completions after `text`, up to the cursor, from the values that live in the notebook now. Runs no code of the user's. */
export const CompleteCell = request<{ notebook: string; text: string }, Completion[]>('notebook/complete');

export interface Completion { name: string; kind: 'class' | 'function' | 'module' | 'tensor' | 'value'; detail: string }

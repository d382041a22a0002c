/** The words of shared memory through which the process's main thread steers a runner that may be deep in user code. */

export enum Slot {
  /** 1: user code is to stop at its next safe point. */
  stop,
  /** 1: user code waits at its next safe point. */
  pause,
  /** Messages sent to the runner and not yet taken. */
  pending,
  /** 1: somebody looks at training. */
  watching,
  /** Publish each n-th backward pass. */
  every,
}

export type Control = Int32Array<SharedArrayBuffer>;
export function makeControl(): Control {
  const control = new Int32Array(new SharedArrayBuffer(4 * 8));
  control[Slot.every] = 1;
  return control;
}

/** What passes between the two threads. Requests are answered once, notifications never. */
export interface ToRunner { id: number; method: string; params: unknown }
export type FromRunner =
  | { kind: 'result'; id: number; result: unknown }
  | { kind: 'error'; id: number; error: import('../protocol/rpc').ErrorInfo }
  | { kind: 'notify'; method: string; params: unknown };

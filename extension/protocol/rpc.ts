/** How a message is declared: one constant binds its name, parameters and result. No imports, no run-time dependencies. */

/** A request: host → engine, always answered (resolved, rejected or cancelled). */
export interface Request<P, R> { readonly method: string; readonly _p?: P; readonly _r?: R }

/** A notification: engine → host, never answered. */
export interface Notification<P> { readonly method: string; readonly _p?: P }

export type ParamsOf<M> = M extends { readonly _p?: infer P } ? P : never;
export type ResultOf<M> = M extends { readonly _r?: infer R } ? R : never;

export function request<P, R>(method: string): Request<P, R> { return { method }; }
export function notification<P>(method: string): Notification<P> { return { method }; }

/** An error as it crosses the process boundary: what was wrong and, for user code, where. */
export interface ErrorInfo {
  /** 'user' = the user's code or input; 'file' = a checkpoint; 'engine' = ours; 'interrupted' = stopped on request. */
  kind: 'user' | 'file' | 'engine' | 'interrupted';
  /** PyTorch-style class name: RuntimeError, ValueError, SyntaxError … */
  name: string;
  message: string;
  /** 1-based position in the user's own source file, when known. */
  location?: { file: string; line: number; column: number };
  stack?: string;
}

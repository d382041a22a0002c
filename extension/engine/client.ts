/** Placeholder for the interface agreed in the brief, until the engine's client lands: every request is rejected. */
import * as vscode from 'vscode';

import type { ErrorInfo, Notification, Request } from '../protocol/rpc';

export class EngineError extends Error {
  constructor(readonly info: ErrorInfo) { super(info.message); }
}

export class EngineClient implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<{ state: 'stopped' | 'starting' | 'running' | 'crashed'; message?: string }>();
  readonly onDidChangeState = this.changed.event;

  constructor(readonly extensionRoot: string, readonly log: vscode.LogOutputChannel) {}

  request<P, R>(m: Request<P, R>, _params: P, _token?: vscode.CancellationToken): Promise<R> {
    return Promise.reject(new EngineError({ kind: 'engine', name: 'Error', message: `The engine is not built yet: ${m.method}` }));
  }
  on<P>(_m: Notification<P>, _fn: (p: P) => void): vscode.Disposable { return new vscode.Disposable(() => undefined); }
  restart(): Promise<void> { return Promise.resolve(); }
  dispose(): void { this.changed.dispose(); }
}

/** The engine process as the editor talks to it, from plain Node: the built dist/engine/process.js over its IPC channel. */
import { fork, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type CancellationToken, createMessageConnection, IPCMessageReader, IPCMessageWriter, ResponseError, type MessageConnection } from 'vscode-jsonrpc/node';

import type { ErrorInfo, Notification, Request } from '../../extension/protocol/rpc';
import { repoRoot } from './paths';

export class TestEngine {
  readonly child: ChildProcess;
  readonly exited: Promise<number | string>;
  private readonly connection: MessageConnection;
  readonly dir = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-engine-'));

  constructor() {
    this.child = fork(path.join(repoRoot, 'dist', 'engine', 'process.js'), [], { execArgv: [], stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
    this.exited = new Promise((r) => this.child.once('exit', (code, signal) => r(signal ?? code ?? 0)));
    this.connection = createMessageConnection(new IPCMessageReader(this.child), new IPCMessageWriter(this.child));
    this.connection.listen();
  }
  request<P, R>(m: Request<P, R>, params: P, token?: CancellationToken): Promise<R> { return token === undefined ? this.connection.sendRequest<R>(m.method, params ?? {}) : this.connection.sendRequest<R>(m.method, params ?? {}, token); }
  /** The ErrorInfo of a request that must fail. */
  async failure<P>(m: Request<P, unknown>, params: P): Promise<ErrorInfo> {
    try {
      await this.request(m, params);
    } catch (error) {
      if (error instanceof ResponseError) return error.data as ErrorInfo;
      throw error;
    }
    throw new Error(`${m.method} was expected to fail`);
  }
  on<P>(m: Notification<P>, fn: (p: P) => void): void { this.connection.onNotification(m.method, fn); }
  once<P>(m: Notification<P>, when: (p: P) => boolean): Promise<P> { return new Promise((r) => this.on(m, (p) => { if (when(p)) r(p); })); }
  /** Writes a model file and returns its path. */
  file(name: string, text: string): string {
    const f = path.join(this.dir, name);
    fs.writeFileSync(f, text);
    return f;
  }
  async stop(): Promise<void> {
    this.child.disconnect();
    await this.exited;
    this.connection.dispose();
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

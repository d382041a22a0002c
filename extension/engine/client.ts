/**
 * The host's side of the engine process: forks it on first use, or when a model file is shown, with the editor's own Node;
 * asks it, restarts it after a crash. Every request settles: with a result, or with an EngineError that says what was wrong and where.
 */
import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import * as vscode from 'vscode';
import type { MessageConnection } from 'vscode-jsonrpc/node';

import { Hello } from '../protocol/engine';
import { RunFile } from '../protocol/model';
import { RunCell } from '../protocol/notebook';
import type { ErrorInfo, Notification, Request } from '../protocol/rpc';

export class EngineError extends Error {
  constructor(readonly info: ErrorInfo) {
    super(info.message);
    this.name = info.name;
  }
}

export interface EngineState { state: 'stopped' | 'starting' | 'running' | 'crashed'; message?: string }

/** Loaded with the first request: activation is for registering only. */
const rpc = (): typeof import('vscode-jsonrpc/node') => require('vscode-jsonrpc/node') as typeof import('vscode-jsonrpc/node');

interface Running { child: ChildProcess; connection: MessageConnection; ready: Promise<void>; lost: Promise<never>; ended: boolean }

const RESTART_MS = 300;
/** More crashes than this within a minute: wait until somebody asks again. */
const MAX_CRASHES = 3;

export class EngineClient implements vscode.Disposable {
  private current: Running | null = null;
  private readonly listeners = new Map<string, Set<(params: unknown) => void>>();
  private readonly changed = new vscode.EventEmitter<EngineState>();
  readonly onDidChangeState = this.changed.event;
  private state_: EngineState = { state: 'stopped' };
  private crashes: number[] = [];
  private disposed = false;

  /** `cache`: where the process may keep its compiled code, so that the next start is quicker. */
  constructor(private readonly root: string, private readonly cache: string, private readonly log: vscode.LogOutputChannel) {}

  get state(): EngineState { return this.state_; }

  async request<P, R>(message: Request<P, R>, params: P, token?: vscode.CancellationToken): Promise<R> {
    const engine = this.start(message.method === RunFile.method || message.method === RunCell.method);
    const body: unknown = params ?? {};
    try {
      // Not waiting until it is ready: the channel keeps what is sent while the process starts.
      const asked = token === undefined ? engine.connection.sendRequest<R>(message.method, body) : engine.connection.sendRequest<R>(message.method, body, token);
      return await Promise.race([asked, engine.lost]);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (error instanceof rpc().ResponseError && error.data !== undefined) throw new EngineError(error.data as ErrorInfo);
      const message = error instanceof Error ? error.message : String(error);
      if (token?.isCancellationRequested) throw new EngineError({ kind: 'interrupted', name: 'Cancelled', message: 'Cancelled.' });
      throw new EngineError({ kind: 'engine', name: 'EngineError', message });
    }
  }

  on<P>(message: Notification<P>, fn: (params: P) => void): vscode.Disposable {
    const set = this.listeners.get(message.method) ?? new Set();
    this.listeners.set(message.method, set);
    set.add(fn as (params: unknown) => void);
    return new vscode.Disposable(() => set.delete(fn as (params: unknown) => void));
  }

  /** Starts the process and its runner, if none was started yet. */
  warmUp(): void {
    if (this.state_.state === 'stopped' && !this.disposed) this.start(true);
  }

  /** Ends the process and starts a fresh one. Live models are gone. */
  async restart(): Promise<void> {
    this.stop('The engine was restarted.');
    await this.start().ready;
  }

  dispose(): void {
    this.disposed = true;
    this.stop('The editor is closing.');
    this.changed.dispose();
  }

  private set(state: EngineState): void {
    this.state_ = state;
    if (!this.disposed) this.changed.fire(state);
  }

  /** `toRun`: the runner thread is wanted at once. */
  private start(toRun = false): Running {
    if (this.current !== null) return this.current;
    if (this.disposed) throw new EngineError({ kind: 'engine', name: 'EngineError', message: 'The extension is not active any more.' });
    this.set({ state: 'starting' });
    const file = path.join(this.root, 'dist', 'engine', 'process.js');
    const cwd = vscode.workspace.workspaceFolders?.[0]?.uri;
    const child = fork(file, toRun ? ['runner'] : [], {
      ...(cwd?.scheme === 'file' ? { cwd: cwd.fsPath } : {}), execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'], serialization: 'json',
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '', NODE_COMPILE_CACHE: this.cache },
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (d: Buffer) => this.log.info(d.toString().trimEnd()));
    const { createMessageConnection, IPCMessageReader, IPCMessageWriter } = rpc();
    const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
    connection.onNotification((method: string, params: unknown) => {
      for (const fn of this.listeners.get(method) ?? []) {
        try {
          fn(params);
        } catch (error) {
          this.log.error(`${method}: ${String(error)}`);
        }
      }
    });
    connection.onError(([error]) => this.log.error(`engine connection: ${error.message}`));
    connection.listen();
    let fail: (error: EngineError) => void = () => undefined;
    const lost = new Promise<never>((_, reject) => { fail = reject; });
    lost.catch(() => undefined);
    const ready = connection.sendRequest<{ pid: number; node: string }>(Hello.method, {}).then((hello) => {
      this.log.info(`engine process ${hello.pid}, Node ${hello.node}`);
      if (this.current === engine) this.set({ state: 'running' });
    });
    ready.catch(() => undefined);
    const engine: Running = { child, connection, ready, lost, ended: false };
    const ended = (what: string): void => {
      if (engine.ended) return;
      engine.ended = true;
      connection.dispose();
      fail(new EngineError({ kind: 'engine', name: 'EngineCrash', message: what }));
      if (this.current !== engine) return;
      this.current = null;
      this.crashed(what);
    };
    child.once('error', (error) => ended(`The engine process could not be started: ${error.message}`));
    child.once('exit', (code, signal) => ended(`The engine process ended unexpectedly (${signal ?? `exit code ${code}`}). The editor is not affected; the live models are gone.`));
    this.current = engine;
    return engine;
  }

  private crashed(message: string): void {
    this.log.error(message);
    const now = Date.now();
    this.crashes = [...this.crashes.filter((t) => now - t < 60_000), now];
    this.set({ state: 'crashed', message });
    if (this.crashes.length <= MAX_CRASHES && !this.disposed) setTimeout(() => { if (this.current === null && !this.disposed) this.start(); }, RESTART_MS);
  }

  private stop(why: string): void {
    const engine = this.current;
    if (engine === null) return;
    this.current = null;
    this.set({ state: 'stopped', message: why });
    engine.child.kill('SIGKILL');
  }
}

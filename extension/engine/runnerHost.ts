/** The main thread's side of the runner: starts it, sends it requests, ends it when it must be ended. No promise is left pending. */
import path from 'node:path';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import { ModelChanged } from '../protocol/model';
import type { ErrorInfo, ParamsOf, Request, ResultOf } from '../protocol/rpc';
import { makeControl, Slot, type FromRunner } from './control';
import { looks, StopWaiting } from './runnerMessages';
import { ReportedError } from './userError';

interface Pending { resolve(value: unknown): void; reject(error: unknown): void; method: string }

/** How long user code has to reach a safe point before its thread is ended. */
const POLITE_MS = 500;

export class RunnerHost {
  private worker: Worker | null = null;
  private port: MessagePort | null = null;
  private readonly control = makeControl();
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  /** Why the thread is being ended, for those who wait. */
  private ending: ErrorInfo | null = null;

  /** Where the thread's notifications go. */
  notify: (method: string, params: unknown) => void = () => undefined;

  get busy(): boolean { return this.pending.size > 0; }

  request<M extends Request<unknown, unknown>>(message: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    this.start();
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as (v: unknown) => void, reject, method: message.method });
      Atomics.add(this.control, Slot.pending, 1);
      this.port!.postMessage({ id, method: message.method, params });
    });
  }

  watch(watching: boolean, every: number, paused: boolean): void {
    Atomics.store(this.control, Slot.watching, watching ? 1 : 0);
    Atomics.store(this.control, Slot.every, Math.max(1, Math.floor(every) || 1));
    Atomics.store(this.control, Slot.pause, paused ? 1 : 0);
    Atomics.notify(this.control, Slot.pause);
  }

  /** Politely at a safe point; else by ending the thread, and the live models with it. */
  async interrupt(): Promise<{ stopped: boolean; lost: boolean; message: string }> {
    if (!this.busy) return { stopped: false, lost: false, message: 'Nothing is running.' };
    // The oldest is what runs; what waits behind it goes on afterwards.
    const running = [...this.pending.values()].find((p) => !looks.has(p.method)) ?? [...this.pending.values()][0]!;
    const over = new Promise<void>((done) => {
      const { resolve, reject } = running;
      running.resolve = (v) => { resolve(v); done(); };
      running.reject = (e) => { reject(e); done(); };
    });
    Atomics.store(this.control, Slot.stop, 1);
    Atomics.store(this.control, Slot.pause, 0);
    Atomics.notify(this.control, Slot.pause);
    void this.request(StopWaiting, null).catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((r) => { timer = setTimeout(() => r('late'), POLITE_MS); });
    const how = await Promise.race([over, late]);
    clearTimeout(timer);
    Atomics.store(this.control, Slot.stop, 0);
    if (how !== 'late') return { stopped: true, lost: false, message: 'Stopped at a safe point. The live models are kept.' };
    const message = 'Stopped by ending the runner: the code reached no safe point (a module call, backward() or step()). The live models and the notebooks\' variables are gone; run the file or the cells again.';
    await this.end({ kind: 'interrupted', name: 'Interrupted', message });
    return { stopped: true, lost: true, message };
  }

  async end(why: ErrorInfo): Promise<void> {
    this.ending = why;
    await this.worker?.terminate();
  }

  /** Starts the thread; a request does so too. */
  start(): void {
    if (this.worker !== null) return;
    const { port1, port2 } = new MessageChannel();
    for (const slot of [Slot.stop, Slot.pause, Slot.pending]) Atomics.store(this.control, slot, 0);
    const worker = new Worker(path.join(__dirname, 'runner.js'), { workerData: { control: this.control, port: port2 }, transferList: [port2], stdout: false, stderr: false });
    this.worker = worker;
    this.port = port1;
    port1.on('message', (m: FromRunner) => this.receive(m));
    let failure: Error | null = null;
    worker.on('error', (error: Error) => { failure = error; });
    worker.on('exit', (code) => this.ended(worker, code, failure));
  }

  private receive(m: FromRunner): void {
    if (m.kind === 'notify') return this.notify(m.method, m.params);
    const p = this.pending.get(m.id);
    if (p === undefined) return;
    this.pending.delete(m.id);
    if (m.kind === 'result') p.resolve(m.result);
    else p.reject(new ReportedError(m.error));
  }

  private ended(worker: Worker, code: number, failure: Error | null): void {
    if (this.worker !== worker) return;
    this.port?.close();
    this.worker = this.port = null;
    // What user code throws is caught there: an error that ends the thread is ours, or the memory ran out.
    const memory = failure !== null && (failure as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    const why: ErrorInfo = this.ending ?? {
      kind: failure === null || memory ? 'user' : 'engine', name: memory ? 'MemoryError' : failure?.name ?? 'SystemExit',
      message: failure !== null ? `The runner ended: ${failure.message}. The live models are gone.` : `The model file called process.exit(${code}). The live models are gone; run the file again.`,
    };
    this.ending = null;
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const p of waiting) p.reject(new ReportedError(why));
    this.notify(ModelChanged.method, { model: null });
  }
}

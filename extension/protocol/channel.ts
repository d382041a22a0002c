/**
 * Typed messages between the host and a webview, the same class on both ends. Every request settles: with its result, with the
 * handler's error, with 'interrupted' when it is cancelled, or with the reason when the channel closes. Nothing is sent twice.
 *
 * A webview is thrown away when it is hidden and made anew when it is shown: each of its lives has a session name. Answers to
 * an earlier life are dropped, and its requests are cancelled when the next one speaks.
 */
import type { ErrorInfo, Notification, Request } from './rpc';

type Wire = { session: string } & (
  | { kind: 'request'; id: number; method: string; params: unknown }
  | { kind: 'result'; id: number; result: unknown }
  | { kind: 'error'; id: number; error: ErrorInfo }
  | { kind: 'cancel'; id: number }
  | { kind: 'notify'; method: string; params: unknown }
);
type Body<W> = W extends { session: string } ? Omit<W, 'session'> : never;

/** What a handler may ask about its own request. Both DOM and Node have more; this is what is used. */
export interface Cancellation { readonly aborted: boolean; addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void; removeEventListener(type: 'abort', listener: () => void): void }

/** An error of the other side, with everything it said. */
export class ChannelError extends Error {
  constructor(readonly info: ErrorInfo) {
    super(info.message);
    this.name = info.name;
  }
}
export const isCancelled = (error: unknown): boolean => error instanceof ChannelError && error.info.kind === 'interrupted';

class Signal implements Cancellation {
  aborted = false;
  private readonly listeners = new Set<() => void>();
  addEventListener(_type: 'abort', listener: () => void): void { this.listeners.add(listener); }
  removeEventListener(_type: 'abort', listener: () => void): void { this.listeners.delete(listener); }
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const f of this.listeners) f();
  }
}

interface Pending { resolve(value: unknown): void; reject(error: unknown): void; done(): void }
type Handler = (params: unknown, signal: Cancellation) => unknown;

export class Channel {
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly handlers = new Map<string, Handler>();
  private readonly listeners = new Map<string, Set<(params: unknown) => void>>();
  private readonly working = new Map<string, Signal>();
  private closed: ErrorInfo | null = null;
  private peer = '';

  /** The webview's end names its session; the host's end learns it from the first message. */
  constructor(private readonly post: (message: unknown) => void, private readonly session?: string) {}

  handle<P, R>(message: Request<P, R>, handler: (params: P, signal: Cancellation) => R | Promise<R>): void {
    this.handlers.set(message.method, handler as Handler);
  }
  /** Returns a function that stops listening. */
  on<P>(message: Notification<P>, listener: (params: P) => void): () => void {
    const all = this.listeners.get(message.method) ?? new Set();
    this.listeners.set(message.method, all);
    all.add(listener as (params: unknown) => void);
    return () => { all.delete(listener as (params: unknown) => void); };
  }

  request<P, R>(message: Request<P, R>, params: P, signal?: Cancellation): Promise<R> {
    if (this.closed !== null) return Promise.reject(new ChannelError(this.closed));
    if (signal?.aborted) return Promise.reject(new ChannelError(cancelled));
    const id = this.nextId++;
    return new Promise<R>((resolve, reject) => {
      // The caller is told at once; the other side's late answer finds nobody.
      const abort = (): void => {
        this.settle(id)?.reject(new ChannelError(cancelled));
        this.send({ kind: 'cancel', id });
      };
      this.pending.set(id, { resolve: resolve as (v: unknown) => void, reject, done: () => signal?.removeEventListener('abort', abort) });
      signal?.addEventListener('abort', abort, { once: true });
      this.send({ kind: 'request', id, method: message.method, params });
    });
  }

  notify<P>(message: Notification<P>, params: P): void {
    if (this.closed === null) this.send({ kind: 'notify', method: message.method, params });
  }

  /** Takes what the transport delivered; anything that is not ours is ignored. */
  receive(message: unknown): void {
    if (this.closed !== null || typeof message !== 'object' || message === null) return;
    const m = message as Wire;
    if (typeof m.session !== 'string' || typeof m.kind !== 'string') return;
    if (this.session !== undefined) {
      if (m.session !== this.session) return;
    } else if (m.session !== this.peer) {
      this.forget({ kind: 'interrupted', name: 'Closed', message: 'The panel was closed.' });
      this.peer = m.session;
    }
    switch (m.kind) {
      case 'request': void this.answer(m.session, m.id, m.method, m.params); return;
      case 'result': this.settle(m.id)?.resolve(m.result); return;
      case 'error': this.settle(m.id)?.reject(new ChannelError(m.error)); return;
      case 'cancel': this.working.get(`${m.session}/${m.id}`)?.abort(); return;
      case 'notify': for (const f of [...(this.listeners.get(m.method) ?? [])]) f(m.params); return;
      default: m satisfies never;
    }
  }

  /** Rejects what is waiting and cancels what is being worked on. */
  close(reason = 'The panel was closed.'): void {
    if (this.closed !== null) return;
    this.closed = { kind: 'interrupted', name: 'Closed', message: reason };
    this.forget(this.closed);
    this.listeners.clear();
  }

  private forget(why: ErrorInfo): void {
    for (const id of [...this.pending.keys()]) this.settle(id)!.reject(new ChannelError(why));
    for (const s of this.working.values()) s.abort();
    this.working.clear();
  }

  private settle(id: number): Pending | undefined {
    const p = this.pending.get(id);
    this.pending.delete(id);
    p?.done();
    return p;
  }

  private async answer(session: string, id: number, method: string, params: unknown): Promise<void> {
    const key = `${session}/${id}`;
    const signal = new Signal();
    this.working.set(key, signal);
    let reply: Body<Wire>;
    try {
      const handler = this.handlers.get(method);
      if (handler === undefined) throw new Error(`Nobody answers '${method}' here.`);
      reply = { kind: 'result', id, result: await handler(params, signal) };
    } catch (error) {
      reply = { kind: 'error', id, error: errorInfo(error) };
    }
    if (this.working.get(key) === signal) this.working.delete(key);
    if (this.closed === null && session === (this.session ?? this.peer)) this.send(reply);
  }

  private send(body: Body<Wire>): void { this.post({ ...body, session: this.session ?? this.peer }); }
}

const cancelled: ErrorInfo = { kind: 'interrupted', name: 'Cancelled', message: 'Cancelled.' };

/** Errors that carry an ErrorInfo (the engine's, a channel's) keep it. */
export function errorInfo(error: unknown): ErrorInfo {
  const info = (error as { info?: ErrorInfo } | null)?.info;
  if (info !== undefined && typeof info.message === 'string') return info;
  const e = error instanceof Error ? error : new Error(String(error));
  return { kind: 'engine', name: e.name, message: e.message };
}

/**
 * Readers and writers are generators that ask for bytes; who runs them decides how they get them: at once (scripts), or without
 * ever blocking a thread for long and with cancellation (the engine process). One implementation, two drivers.
 */
import type { Source } from './source';

export interface ReadOp { source: Source; offset: number; length: number }
/** Anything that has both a blocking and a waiting form: fsync, a streamed inflate. */
export interface CallOp { sync(): Buffer | undefined; async(): Promise<Buffer | undefined> }
/** `undefined` is a place where others may run. */
export type Op = ReadOp | CallOp | undefined;
export type Io<T> = Generator<Op, T, Buffer | undefined>;

/** Exactly `length` bytes at `offset`. Throws CheckpointError when the file ends before. */
export function* readAt(source: Source, offset: number, length: number): Io<Buffer> { return (yield { source, offset, length })!; }
export function* call(op: CallOp): Io<Buffer | undefined> { return yield op; }

export function runSync<T>(io: Io<T>): T {
  let step = io.next();
  while (!step.done) {
    const op = step.value;
    try {
      step = io.next(op === undefined ? undefined : 'source' in op ? op.source.read(op.offset, op.length) : op.sync());
    } catch (error) {
      step = io.throw(error);
    }
  }
  return step.value;
}

export class Cancelled extends Error {
  constructor() { super('Cancelled.'); this.name = 'Interrupted'; }
}

/** Reads up to this size come from the system's readahead almost always: waiting for them costs more than they do. */
const SMALL = 1 << 16;
const SLICE = 8; // ms

/** Cancelling lets the generator's `finally` blocks run and rejects with Cancelled. */
export async function runAsync<T>(io: Io<T>, signal?: AbortSignal): Promise<T> {
  let since = performance.now();
  let step = io.next();
  while (!step.done) {
    const op = step.value;
    let answer: Buffer | undefined;
    try {
      if (signal?.aborted) throw new Cancelled();
      if (op !== undefined && 'sync' in op) answer = await op.async();
      else if (op !== undefined && op.length > SMALL) answer = await op.source.readAsync(op.offset, op.length);
      else {
        if (op !== undefined) answer = op.source.read(op.offset, op.length);
        if (performance.now() - since > SLICE) await new Promise((done) => setImmediate(done));
        else { step = io.next(answer); continue; }
      }
      since = performance.now();
    } catch (error) {
      step = io.throw(error);
      continue;
    }
    step = io.next(answer);
  }
  return step.value;
}

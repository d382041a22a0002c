/** Where a storage's bytes are: a stretch of a file, a deflated stretch, or bytes already in memory. */
import zlib from 'node:zlib';

import { CheckpointError } from './errors';
import { call, readAt, type Io } from './io';
import type { Source } from './source';

export interface Region {
  readonly size: number;
  /** Can only be read forward at a good speed. */
  readonly sequential: boolean;
  read(offset: number, length: number): Io<Buffer>;
  /** Descriptor and position when the bytes stand in a file as they are: for native readers. */
  place(): Io<{ source: Source; offset: number } | null>;
}

export class MemoryRegion implements Region {
  readonly sequential = false;
  constructor(private readonly bytes: Buffer) {}
  get size(): number { return this.bytes.length; }
  // Copied: the caller may swap bytes in place.
  *read(offset: number, length: number): Io<Buffer> { within(this, offset, length); return Buffer.from(this.bytes.subarray(offset, offset + length)); }
  *place(): Io<null> { return null; }
}

export class FileRegion implements Region {
  readonly sequential = false;
  /** `at` null: found by `locate` when first needed. */
  constructor(private readonly source: Source, private at: number | null, readonly size: number) {}
  protected *locate(): Io<number> { throw new Error('a region without a place'); }
  private *start(): Io<number> { return (this.at ??= yield* this.locate()); }
  *read(offset: number, length: number): Io<Buffer> { within(this, offset, length); return yield* readAt(this.source, (yield* this.start()) + offset, length); }
  *place(): Io<{ source: Source; offset: number }> { return { source: this.source, offset: yield* this.start() }; }
}

/** Deflated bytes above this size are streamed, never held whole, by who waits (the viewer). */
const HOLD = 1 << 25;
const PIECE = 1 << 16;

/**
 * A deflated stretch. Scripts inflate it whole; the viewer streams it in bounded memory, forward, starting again when it must go back.
 * It never gives more than the directory's declared size.
 */
export class DeflatedRegion implements Region {
  readonly sequential = true;
  /** Only the last one inflated stays in memory. */
  private static held: DeflatedRegion | undefined;
  private whole: Buffer | undefined;
  private stream: { inflate: zlib.InflateRaw; chunks: AsyncIterator<Buffer>; at: number; rest: Buffer } | undefined;
  constructor(private readonly source: Source, private readonly at: () => Io<number>, private readonly compressed: number, readonly size: number, private readonly name: string) {}

  *read(offset: number, length: number): Io<Buffer> {
    within(this, offset, length);
    if (this.whole === undefined && this.size <= HOLD) yield* this.hold();
    if (this.whole !== undefined) return Buffer.from(this.whole.subarray(offset, offset + length));
    const start = yield* this.at();
    return (yield* call({
      sync: () => { this.inflate(this.source.read(start, this.compressed)); return Buffer.from(this.whole!.subarray(offset, offset + length)); },
      async: () => this.forward(start, offset, length),
    }))!;
  }
  *place(): Io<null> { return null; }

  /** The first bytes, at least `length` of them (or all), without inflating the rest. */
  *head(length: number): Io<Buffer> {
    const raw = yield* readAt(this.source, yield* this.at(), Math.min(this.compressed, length + 64));
    try {
      return zlib.inflateRawSync(raw, { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: (length + 64) * 1100 });
    } catch (error) {
      this.fail((error as Error).message);
    }
  }
  /** Inflates a small one at once: damage shows. */
  *hold(): Io<void> { this.inflate(yield* readAt(this.source, yield* this.at(), this.compressed)); }

  private fail(detail: string): never { throw new CheckpointError(`record '${this.name}' cannot be inflated to its ${this.size} bytes: ${detail}`); }
  private inflate(raw: Buffer): void {
    let data: Buffer;
    try {
      data = zlib.inflateRawSync(raw, { maxOutputLength: Math.max(1, this.size) });
    } catch (error) {
      this.fail((error as Error).message);
    }
    if (data.length !== this.size) this.fail(`it has ${data.length}`);
    if (DeflatedRegion.held !== undefined) DeflatedRegion.held.whole = undefined;
    DeflatedRegion.held = this;
    this.whole = data;
  }

  private begin(start: number): NonNullable<typeof this.stream> {
    const { source, compressed } = this;
    const inflate = zlib.createInflateRaw({ chunkSize: PIECE });
    void (async () => {
      for (let at = 0; at < compressed && !inflate.destroyed; at += PIECE) {
        const more = inflate.write(await source.readAsync(start + at, Math.min(PIECE, compressed - at)));
        if (!more) await new Promise((done) => { inflate.once('drain', done); inflate.once('close', done); });
      }
      inflate.end();
    })().catch((error: Error) => inflate.destroy(error));
    return (this.stream = { inflate, chunks: inflate[Symbol.asyncIterator]() as AsyncIterator<Buffer>, at: 0, rest: Buffer.alloc(0) });
  }
  private async forward(start: number, offset: number, length: number): Promise<Buffer> {
    let s = this.stream;
    if (s === undefined || s.at > offset) {
      this.close();
      s = this.begin(start);
    }
    const out = Buffer.allocUnsafe(length);
    for (let have = 0; have < length;) {
      if (s.rest.length === 0) {
        let next: IteratorResult<Buffer>;
        try { next = await s.chunks.next(); } catch (error) { this.close(); this.fail((error as Error).message); }
        if (next.done) this.fail(`it has ${s.at}`);
        s.rest = next.value;
      }
      const skip = Math.min(s.rest.length, Math.max(0, offset - s.at));
      s.at += skip;
      s.rest = s.rest.subarray(skip);
      if (s.rest.length === 0) continue;
      const n = Math.min(s.rest.length, length - have);
      s.rest.copy(out, have, 0, n);
      s.at += n;
      s.rest = s.rest.subarray(n);
      have += n;
    }
    return out;
  }
  private close(): void {
    this.stream?.inflate.destroy();
    this.stream = undefined;
  }
}

function within(r: Region, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > r.size) throw new CheckpointError(`${length} bytes at ${offset} wanted, but the storage has ${r.size}`);
}

/** Checkpoint files that are open now: one reader a file and version, kept for a while, closed when nobody uses it. */
import fs from 'node:fs';
import path from 'node:path';

import type { OpenedCheckpoint } from '../checkpoint/describe';
import { CheckpointError } from '../checkpoint/errors';
import { Cancelled } from '../checkpoint/io';
import { openCheckpointAsync } from '../checkpoint/registry';
import type { FileTensor } from '../checkpoint/tensor';

const KEEP = 8;

export class OpenFile {
  users = 0;
  stale = false;
  /** Results that belong to this version of the file. */
  readonly results = new Map<string, unknown>();
  constructor(readonly checkpoint: OpenedCheckpoint) {}
  tensor(name: string): FileTensor {
    return this.checkpoint.tensors.get(name) ?? fail(`${path.basename(this.checkpoint.info.file)} has no tensor '${name}'`);
  }
}
function fail(message: string): never { throw new CheckpointError(message); }

export class OpenFiles {
  private readonly files = new Map<string, { version: string; opened: Promise<OpenFile> }>();

  /** Runs `fn` with the file as it is now; it stays open until the promise settles. */
  async use<T>(file: string, signal: AbortSignal, fn: (f: OpenFile) => Promise<T> | T): Promise<T> {
    const open = await this.open(file, signal);
    open.users++;
    try {
      return await fn(open);
    } finally {
      if (--open.users === 0 && open.stale) open.checkpoint.close();
    }
  }
  private async open(file: string, signal: AbortSignal): Promise<OpenFile> {
    const key = path.resolve(file);
    const version = versionOf(key);
    const known = this.files.get(key);
    if (known !== undefined && known.version === version && version !== '') {
      // Used last: closed last.
      this.files.delete(key);
      this.files.set(key, known);
      return known.opened;
    }
    this.forget(key);
    // Two askers may share one reading: who cancels stops waiting, the reading goes on.
    const opened = openCheckpointAsync(file).then((c) => new OpenFile(c));
    this.files.set(key, { version, opened });
    opened.catch(() => { if (this.files.get(key)?.opened === opened) this.files.delete(key); });
    for (const [old] of this.files) { if (this.files.size <= KEEP) break; this.forget(old); }
    return abortable(opened, signal);
  }
  forget(file: string): void {
    const key = path.resolve(file);
    const known = this.files.get(key);
    this.files.delete(key);
    known?.opened.then((f) => { f.stale = true; if (f.users === 0) f.checkpoint.close(); }, () => {});
  }
}

/** Size and time of a file, of a sharded one those of the shards beside it as well. */
function versionOf(file: string): string {
  const one = (f: string): string => { const s = fs.statSync(f, { throwIfNoEntry: false }); return s === undefined ? '' : `${s.size}-${s.mtimeMs}-${s.ino}`; };
  const own = one(file);
  if (own === '' || !/\.index\.json$/i.test(file)) return own;
  const folder = path.dirname(file);
  return [own, ...fs.readdirSync(folder).filter((n) => /-\d+-of-\d+\./.test(n)).sort().map((n) => `${n} ${one(path.join(folder, n))}`)].join(';');
}

/** The same promise, but rejecting at once when the signal says so. */
function abortable<T>(p: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    const stop = (): void => fail(new Cancelled());
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    p.then(done, fail).finally(() => signal.removeEventListener('abort', stop));
  });
}

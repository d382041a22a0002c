/**
 * Files that are whole or not there: written to a sibling, checked, synced, renamed over the old one, and the folder
 * synced. A crash at any moment leaves the old file or the new one.
 */
import fs from 'node:fs';
import path from 'node:path';

import { CheckpointError } from './errors';
import { call, type Io } from './io';
import { removeLeftOvers, temporaryIn } from './leftOvers';

/** The longer a write, the larger the pages Linux looks for: of 4 MiB, up to five times as long as of 256 KiB. */
const PIECE = 1 << 18;
const BEGIN = 1 << 23;
const GATHER = 1 << 20;

/** Writes sequentially and counts. Small writes are gathered. */
export class Writer {
  position = 0;
  /** Up to where the disk was asked to begin. */
  private begun = 0;
  private readonly gathered = Buffer.allocUnsafe(GATHER);
  /** Where the gathered bytes belong, and how many they are. */
  private start = 0;
  private held = 0;
  constructor(private readonly fd: number, private readonly d: Pick<Durable, 'progress' | 'writeback'>) {}

  *write(bytes: Uint8Array): Io<void> {
    if (this.held + bytes.length > GATHER) yield* this.flush();
    if (bytes.length > GATHER / 4) {
      yield* this.flush();
      yield* this.put(bytes, this.position);
      this.start += bytes.length;
    } else {
      this.gathered.set(bytes, this.held);
      this.held += bytes.length;
    }
    this.position += bytes.length;
    if (this.start - this.begun >= BEGIN) {
      this.d.writeback?.(this.fd, this.begun, this.start - this.begun);
      this.begun = this.start;
    }
    this.d.progress?.(this.position);
  }
  /** Overwrites what was written before. */
  *patch(bytes: Uint8Array, position: number): Io<void> {
    if (position >= this.start) this.gathered.set(bytes, position - this.start);
    else if (position + bytes.length <= this.start) yield* this.put(bytes, position);
    else {
      yield* this.flush();
      yield* this.put(bytes, position);
    }
  }
  *flush(): Io<void> {
    if (this.held > 0) yield* this.put(this.gathered.subarray(0, this.held), this.start);
    this.start += this.held;
    this.held = 0;
  }
  private *put(bytes: Uint8Array, position: number): Io<void> {
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(bytes.length - at, PIECE);
      let n = 0;
      yield* call({
        sync: () => { n = fs.writeSync(this.fd, bytes, at, length, position + at); return undefined; },
        async: () => new Promise((done, fail) => fs.write(this.fd, bytes, at, length, position + at, (error, count) => { n = count; if (error) fail(error); else done(undefined); })),
      });
      at += n;
    }
  }
}

export interface Durable {
  file: string;
  /** Bytes about to be written, so that a full disk is known before. */
  expected: number;
  progress?: ((bytes: number) => void) | undefined;
  /** Asks the system to begin writing a stretch to the disk, so that the sync at the end waits less. */
  writeback?: ((fd: number, position: number, length: number) => void) | undefined;
  fill(w: Writer): Io<void>;
  /** Throws when the new file cannot be read back. */
  verify?(temporary: string): Io<void>;
}

/** The file that a path means, through links, also one that points to nothing yet. */
function targetOf(file: string): string {
  let target = path.resolve(file);
  for (let hops = 0; hops < 40; hops++) {
    try { return fs.realpathSync(target); } catch { /* it, or what it points to, is not there */ }
    let link: string;
    try { link = fs.readlinkSync(target); } catch { break; }
    target = path.resolve(path.dirname(target), link);
  }
  try { return path.join(fs.realpathSync(path.dirname(target)), path.basename(target)); } catch { return target; }
}

/** Runs `d.fill` and puts the result in place. Throws CheckpointError saying what stands in the way; the old file is untouched then. */
export function* writeDurably(d: Durable): Io<void> {
  const { temporary, target } = yield* writeAside(d);
  try {
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw explained(error, target);
  }
  syncFolder(path.dirname(target));
}

/** Runs `d.fill` and leaves the result, whole and synced, beside the file it is to become. */
export function* writeAside(d: Durable): Io<{ temporary: string; target: string }> {
  const target = targetOf(d.file);
  const folder = path.dirname(target);
  if (!fs.existsSync(folder)) throw new CheckpointError(`Parent directory ${folder} does not exist.`);
  const old = fs.statSync(target, { throwIfNoEntry: false }) ?? null;
  if (old !== null && !old.isFile()) throw new CheckpointError(`'${target}' is not a regular file`);
  if (old !== null) {
    // A rename would replace a file that is meant not to be written to.
    try { fs.accessSync(target, fs.constants.W_OK); } catch { throw new CheckpointError(`'${target}' is write-protected`); }
  }
  const space = fs.statfsSync(folder);
  if (space.bavail * space.bsize < d.expected + 65536) throw new CheckpointError(`not enough space in ${folder}: ${d.expected} bytes are needed, ${space.bavail * space.bsize} are free`);
  removeLeftOvers(folder);
  const temporary = temporaryIn(folder);
  let fd: number;
  try {
    fd = fs.openSync(temporary, 'wx', old === null ? 0o666 : old.mode & 0o777);
  } catch (error) {
    throw new CheckpointError(`cannot write in ${folder}: ${(error as Error).message}`);
  }
  let whole = false;
  try {
    try {
      const w = new Writer(fd, d);
      yield* d.fill(w);
      yield* w.flush();
      if (old !== null) keepOwner(fd, old);
      yield* call({ sync: () => { fs.fsyncSync(fd); return undefined; }, async: () => new Promise((done, fail) => fs.fsync(fd, (error) => (error ? fail(error) : done(undefined)))) });
    } finally {
      fs.closeSync(fd);
    }
    if (d.verify !== undefined) yield* d.verify(temporary);
    whole = true;
  } catch (error) {
    throw explained(error, target);
  } finally {
    if (!whole) fs.rmSync(temporary, { force: true });
  }
  return { temporary, target };
}

function explained(error: unknown, target: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof CheckpointError || code === undefined) return error;
  const reason = code === 'ENOSPC' ? 'the disk is full' : code === 'EDQUOT' ? 'the quota is used up' : process.platform === 'win32' && (code === 'EPERM' || code === 'EBUSY' || code === 'EACCES') ? `another program has it open (${code})` : (error as Error).message;
  return new CheckpointError(`cannot write '${target}': ${reason}. ${fs.existsSync(target) ? 'The old file is untouched.' : 'Nothing was written.'}`);
}

function keepOwner(fd: number, old: fs.Stats): void {
  fs.fchmodSync(fd, old.mode & 0o7777);
  const now = fs.fstatSync(fd);
  if (now.uid === old.uid && now.gid === old.gid) return;
  // Only root may give files away.
  try { fs.fchownSync(fd, old.uid, old.gid); fs.fchmodSync(fd, old.mode & 0o7777); } catch { /* the writer owns it then */ }
}
export function syncFolder(folder: string): void {
  try {
    const fd = fs.openSync(folder, 'r');
    try { fs.fsyncSync(fd); } finally { fs.closeSync(fd); }
  } catch {
    // Some systems cannot sync a folder (Windows): the rename itself is atomic there.
  }
}

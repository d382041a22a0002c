/** Positioned reads over a file: nothing is read that was not asked for. */
import fs from 'node:fs';
import path from 'node:path';

import { CheckpointError } from './errors';

export class Source {
  private fd: number | null;
  private constructor(readonly file: string, fd: number, readonly size: number, /** Milliseconds since the epoch. */ readonly modified: number) { this.fd = fd; }

  /** Opens for reading. Throws CheckpointError naming the file and the reason. */
  static open(file: string): Source {
    let fd: number;
    try {
      fd = fs.openSync(file, 'r');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      throw new CheckpointError(code === 'ENOENT' ? `No such file or directory: '${file}'` : `cannot open '${file}': ${(error as Error).message}`);
    }
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) {
      fs.closeSync(fd);
      throw new CheckpointError(`'${file}' is not a regular file`);
    }
    return new Source(file, fd, stat.size, stat.mtimeMs);
  }

  get name(): string { return path.basename(this.file); }
  /** Changes when the file does. */
  get version(): string { return `${this.size}-${this.modified}`; }

  /** Exactly `length` bytes at `offset`. Throws when the file ends before. */
  read(offset: number, length: number): Buffer {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > this.size)
      throw new CheckpointError(`the file ends too early: ${length} bytes wanted at ${offset}, but the file has ${this.size}`, offset);
    if (length > 2 ** 31 - 1) throw new CheckpointError(`one read of ${length} bytes is too large`, offset);
    const buffer = Buffer.allocUnsafe(length);
    this.readInto(buffer, offset);
    return buffer;
  }

  /** Fills `target` from `offset`, in pieces the system can read. */
  readInto(target: Uint8Array, offset: number): void {
    if (this.fd === null) throw new CheckpointError(`'${this.file}' is closed`);
    for (let at = 0; at < target.length;) {
      const n = fs.readSync(this.fd, target, at, Math.min(target.length - at, 1 << 30), offset + at);
      if (n === 0) throw new CheckpointError(`the file ends too early: it was ${this.size} bytes long when opened`, offset + at);
      at += n;
    }
  }

  close(): void {
    if (this.fd !== null) fs.closeSync(this.fd);
    this.fd = null;
  }
}

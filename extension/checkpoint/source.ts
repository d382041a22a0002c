/** Positioned reads over a file: nothing is read that was not asked for. */
import fs from 'node:fs';
import path from 'node:path';

import { CheckpointError } from './errors';

/** One read is never larger: Node's buffers and readSync end near 2 GiB. */
const MAX_READ = 2 ** 31 - 4096;

export class Source {
  private fd: number | null;
  /** Bytes asked for so far. */
  bytesRead = 0;
  private constructor(readonly file: string, fd: number, readonly size: number, /** Milliseconds since the epoch. */ readonly modified: number) { this.fd = fd; }

  /** Opens for reading. Throws CheckpointError naming the file and the reason. */
  static open(file: string): Source {
    let fd: number;
    try {
      // O_NONBLOCK: a named pipe must not hang the open.
      fd = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      throw new CheckpointError(code === 'ENOENT' ? `No such file or directory: '${file}'` : `cannot open '${file}': ${(error as Error).message}`);
    }
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) {
      fs.closeSync(fd);
      throw new CheckpointError(`'${file}' is not a regular file`);
    }
    return new Source(path.resolve(file), fd, stat.size, stat.mtimeMs);
  }

  get name(): string { return path.basename(this.file); }
  /** Changes when the file does. */
  get version(): string { return `${this.size}-${this.modified}`; }

  private check(offset: number, length: number): number {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0 || offset + length > this.size)
      throw new CheckpointError(`the file ends too early: ${length} bytes wanted at ${offset}, but the file has ${this.size}`, offset);
    if (length > MAX_READ) throw new CheckpointError(`one read of ${length} bytes is too large`, offset);
    if (this.fd === null) throw new CheckpointError(`'${this.file}' is closed`);
    this.bytesRead += length;
    return this.fd;
  }
  private shrunk(at: number): never { throw new CheckpointError(`the file ends too early: it was ${this.size} bytes long when opened`, at); }

  /** Exactly `length` bytes at `offset`. Throws when the file ends before. */
  read(offset: number, length: number): Buffer {
    const fd = this.check(offset, length);
    const buffer = Buffer.allocUnsafe(length);
    for (let at = 0; at < length;) {
      const n = fs.readSync(fd, buffer, at, length - at, offset + at);
      if (n === 0) this.shrunk(offset + at);
      at += n;
    }
    return buffer;
  }

  /** The same without blocking. */
  async readAsync(offset: number, length: number): Promise<Buffer> {
    const fd = this.check(offset, length);
    const buffer = Buffer.allocUnsafe(length);
    for (let at = 0; at < length;) {
      const n = await new Promise<number>((done, fail) => fs.read(fd, buffer, at, length - at, offset + at, (error, got) => (error ? fail(new CheckpointError(`cannot read '${this.file}': ${error.message}`)) : done(got))));
      if (n === 0) this.shrunk(offset + at);
      at += n;
    }
    return buffer;
  }

  /** For native code that reads by itself. */
  get descriptor(): number { return this.check(0, 0); }

  close(): void {
    if (this.fd !== null) fs.closeSync(this.fd);
    this.fd = null;
  }
}

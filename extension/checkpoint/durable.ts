/**
 * Files that are whole or not there: written to a sibling, checked, synced, renamed over the old one, and the folder
 * synced. A crash at any moment leaves the old file or the new one.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { CheckpointError } from './errors';

/** Writes sequentially and counts. */
export class Writer {
  position = 0;
  constructor(private readonly fd: number) {}
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += fs.writeSync(this.fd, bytes, at, Math.min(bytes.length - at, 1 << 30));
    this.position += bytes.length;
  }
}

/** `expected`: bytes about to be written, so that a full disk is known before. `verify` throws when the new file cannot be read back. */
export function writeDurably(file: string, expected: number, fill: (w: Writer) => void, verify: (temporary: string) => void): void {
  let target = path.resolve(file);
  try {
    target = fs.realpathSync(target);
  } catch {
    // It does not exist yet.
  }
  const folder = path.dirname(target);
  if (!fs.existsSync(folder)) throw new CheckpointError(`Parent directory ${folder} does not exist.`);
  const old = fs.existsSync(target) ? fs.statSync(target) : null;
  if (old !== null && !old.isFile()) throw new CheckpointError(`'${target}' is not a regular file`);
  const space = fs.statfsSync(folder);
  if (space.bavail * space.bsize < expected + 65536) throw new CheckpointError(`not enough space in ${folder}: ${expected} bytes are needed, ${space.bavail * space.bsize} are free`);
  const temporary = path.join(folder, `.${path.basename(target)}.${process.pid}.${crypto.randomBytes(6).toString('hex')}.tmp`);
  let fd: number;
  try {
    fd = fs.openSync(temporary, 'wx', old === null ? 0o666 : old.mode & 0o777);
  } catch (error) {
    throw new CheckpointError(`cannot write in ${folder}: ${(error as Error).message}`);
  }
  try {
    try {
      fill(new Writer(fd));
      if (old !== null) fs.fchmodSync(fd, old.mode & 0o7777);
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    verify(temporary);
    fs.renameSync(temporary, target);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    if (error instanceof CheckpointError || !(error as NodeJS.ErrnoException).code) throw error;
    throw new CheckpointError(`cannot write '${target}': ${(error as Error).message}. The old file is untouched.`);
  }
  try {
    const dir = fs.openSync(folder, 'r');
    try { fs.fsyncSync(dir); } finally { fs.closeSync(dir); }
  } catch {
    // Some systems cannot sync a folder (Windows): the rename itself is atomic there.
  }
}

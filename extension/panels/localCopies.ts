/**
 * Files of file systems that are not local. They have no positioned reads, so the engine is given a copy, up to a size that is said; it is
 * made anew when the file changes and removed when nobody looks at it any more. What is written into such a file system goes the same way.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

const t = vscode.l10n.t;

const MAX_COPY = 512e6;
/** Left by a window that was killed. */
const STALE_MS = 24 * 3600 * 1000;

interface Copy { uri: vscode.Uri; file: string; made: Promise<void> | undefined; users: number }

export class LocalCopies implements vscode.Disposable {
  private readonly copies = new Map<string, Copy>();
  private readonly folder: string;
  private swept = false;

  constructor(context: vscode.ExtensionContext) {
    this.folder = path.join((context.storageUri ?? context.globalStorageUri).fsPath, 'copies');
  }

  /** A local path to the file as it is now; always the same one for a file. Rejects with the reason when it cannot be brought here. */
  async pathOf(uri: vscode.Uri): Promise<string> {
    if (uri.scheme === 'file') return uri.fsPath;
    const key = uri.toString();
    const copy = this.copies.get(key) ?? { uri, file: this.place(uri), made: undefined, users: 0 };
    this.copies.set(key, copy);
    const making = (copy.made ??= this.fetch(copy));
    try {
      await making;
    } catch (error) {
      if (copy.made === making) copy.made = undefined;
      throw error;
    }
    return copy.file;
  }
  /** What a local path is a copy of; the file itself, when it is none. */
  original(file: string): vscode.Uri {
    for (const c of this.copies.values()) if (c.file === file) return c.uri;
    return vscode.Uri.file(file);
  }
  /** The file has changed: its copy is made anew when it is asked for again. */
  forget(uri: vscode.Uri): void {
    const copy = this.copies.get(uri.toString());
    if (copy !== undefined) copy.made = undefined;
  }
  /** Somebody looks at a file; its copy goes with the last one. */
  use(uri: vscode.Uri): vscode.Disposable {
    if (uri.scheme === 'file') return new vscode.Disposable(() => undefined);
    const key = uri.toString();
    const copy = this.copies.get(key) ?? { uri, file: this.place(uri), made: undefined, users: 0 };
    this.copies.set(key, copy);
    copy.users++;
    return new vscode.Disposable(() => {
      if (--copy.users > 0) return;
      this.copies.delete(key);
      remove(path.dirname(copy.file));
    });
  }

  /** Lets `write` write a local file, then brings it to where it belongs. */
  async writing<R>(to: vscode.Uri, write: (file: string) => Promise<R>): Promise<R> {
    if (to.scheme === 'file') return write(to.fsPath);
    const file = path.join(this.folder, crypto.randomUUID(), path.posix.basename(to.path));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    try {
      const result = await write(file);
      await vscode.workspace.fs.copy(vscode.Uri.file(file), to, { overwrite: true });
      return result;
    } finally {
      remove(path.dirname(file));
    }
  }

  dispose(): void {
    for (const c of this.copies.values()) remove(path.dirname(c.file));
    this.copies.clear();
  }

  /** Under its own name, which messages and formats go by. */
  private place(uri: vscode.Uri): string {
    return path.join(this.folder, crypto.createHash('sha256').update(uri.toString()).digest('hex').slice(0, 16), path.posix.basename(uri.path));
  }

  private async fetch({ uri, file }: Copy): Promise<void> {
    this.sweep();
    const uris = [uri, ...(/\.index\.json$/i.test(uri.path) ? await shardsOf(uri) : [])];
    let bytes = 0;
    for (const u of uris) bytes += (await vscode.workspace.fs.stat(u)).size;
    if (bytes > MAX_COPY) throw new Error(t('This file has {0} MB. Files of this file system are copied before they are read, up to {1} MB.', Math.ceil(bytes / 1e6), Math.round(MAX_COPY / 1e6)));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: t('Copying {0}', path.basename(file)) }, async () => {
      for (const u of uris) {
        const to = path.join(path.dirname(file), path.posix.basename(u.path));
        // What is being read is not written over.
        await vscode.workspace.fs.copy(u, vscode.Uri.file(`${to}.new`), { overwrite: true });
        fs.renameSync(`${to}.new`, to);
      }
    });
  }

  private sweep(): void {
    if (this.swept) return;
    this.swept = true;
    try {
      for (const name of fs.readdirSync(this.folder)) {
        const at = path.join(this.folder, name);
        if (Date.now() - fs.statSync(at).mtimeMs > STALE_MS) remove(at);
      }
    } catch {
      // There are none yet.
    }
  }
}

function remove(folder: string): void {
  try { fs.rmSync(folder, { recursive: true, force: true }); } catch { /* A reader has it open: the next window sweeps it away. */ }
}

/** The shards that an index names, those beside it only. What is wrong with the index says who reads it. */
async function shardsOf(index: vscode.Uri): Promise<vscode.Uri[]> {
  try {
    const { weight_map: map } = JSON.parse(Buffer.from(await vscode.workspace.fs.readFile(index)).toString('utf8')) as { weight_map: Record<string, string> };
    const names = [...new Set(Object.values(map))].filter((n) => /^[^/\\]+\.(safetensors|bin)$/.test(n));
    const there = new Set((await vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(index, '..'))).map(([n]) => n));
    return names.filter((n) => there.has(n)).map((n) => vscode.Uri.joinPath(index, '..', n));
  } catch {
    return [];
  }
}

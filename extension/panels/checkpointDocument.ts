/** A checkpoint that is open in the viewer: where its bytes can be read, and when they change. */
import path from 'node:path';
import * as vscode from 'vscode';

const t = vscode.l10n.t;

/** A file system that is not local has no positioned reads: such files are copied first, up to this size. */
const MAX_COPY = 512e6;
/** Writers save in steps; what comes within this time is one change. */
const SETTLE_MS = 200;

export class CheckpointDocument implements vscode.CustomDocument {
  private readonly changed = new vscode.EventEmitter<void>();
  /** Its bytes changed on disk; `file()` is up to date. */
  readonly onDidChange = this.changed.event;
  private readonly watcher: vscode.FileSystemWatcher;
  private timer: NodeJS.Timeout | undefined;
  private copy: Promise<vscode.Uri> | undefined;

  constructor(private readonly context: vscode.ExtensionContext, readonly uri: vscode.Uri) {
    this.watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), path.posix.basename(uri.path)));
    const soon = (): void => { clearTimeout(this.timer); this.timer = setTimeout(() => { this.forget(); this.changed.fire(); }, SETTLE_MS); };
    this.watcher.onDidChange(soon);
    this.watcher.onDidCreate(soon);
  }

  /** A local path. Rejects with the reason when the file cannot be brought here. */
  async file(): Promise<string> {
    if (this.uri.scheme === 'file') return this.uri.fsPath;
    this.copy ??= this.fetch();
    try {
      return (await this.copy).fsPath;
    } catch (error) {
      this.copy = undefined;
      throw error;
    }
  }

  private async fetch(): Promise<vscode.Uri> {
    const { size } = await vscode.workspace.fs.stat(this.uri);
    if (size > MAX_COPY) throw new Error(t('This file has {0} MB. Files of this file system are copied before they are read, up to {1} MB.', Math.round(size / 1e6), Math.round(MAX_COPY / 1e6)));
    const to = vscode.Uri.joinPath(this.context.globalStorageUri, 'copies', `${Date.now()}-${path.posix.basename(this.uri.path)}`);
    await vscode.workspace.fs.copy(this.uri, to, { overwrite: true });
    return to;
  }
  private forget(): void {
    const old = this.copy;
    this.copy = undefined;
    old?.then((uri) => vscode.workspace.fs.delete(uri)).catch(() => undefined);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.forget();
    this.watcher.dispose();
    this.changed.dispose();
  }
}

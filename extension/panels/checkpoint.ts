/**
 * The checkpoint viewer: a read-only custom editor, and the compare page beside it. All bytes are read in the engine process;
 * the page is given structure, bins, tiles and pages of values.
 */
import path from 'node:path';
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import type { Channel } from '../protocol/channel';
import * as checkpoint from '../protocol/checkpoint';
import * as viewer from '../protocol/checkpointPanel';
import type { Request } from '../protocol/rpc';
import { cancellable, openPage, passOn } from './page';

const t = vscode.l10n.t;
const passed = [
  checkpoint.OpenCheckpoint, checkpoint.CheckpointStats, checkpoint.CheckpointAllStats, checkpoint.CheckpointTile, checkpoint.CheckpointValues,
  checkpoint.CheckpointBlock, checkpoint.CompareCheckpoints, checkpoint.CompareTensor,
] as Request<unknown, unknown>[];

/** A file system that is not local has no positioned reads: such files are copied first, up to this size. */
const MAX_COPY = 512 * 2 ** 20;

class CheckpointDocument implements vscode.CustomDocument {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  private readonly watcher: vscode.FileSystemWatcher;
  private timer: NodeJS.Timeout | undefined;
  constructor(readonly uri: vscode.Uri, /** Where its bytes can be read. */ readonly file: string) {
    this.watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), path.posix.basename(uri.path)));
    const soon = (): void => { clearTimeout(this.timer); this.timer = setTimeout(() => this.changed.fire(), 200); };
    this.watcher.onDidChange(soon);
    this.watcher.onDidCreate(soon);
  }
  dispose(): void {
    clearTimeout(this.timer);
    this.watcher.dispose();
    this.changed.dispose();
  }
}

export function registerCheckpointEditor(context: vscode.ExtensionContext, engine: EngineClient): vscode.Disposable {
  const provider: vscode.CustomReadonlyEditorProvider<CheckpointDocument> = {
    openCustomDocument: async (uri) => new CheckpointDocument(uri, uri.scheme === 'file' ? uri.fsPath : await localCopy(context, uri)),
    resolveCustomEditor(document, panel) {
      const page = openPage(context, panel.webview, 'checkpoint', 'checkpoint');
      const name = vscode.workspace.asRelativePath(document.uri);
      serve(page.channel, engine, { kind: 'file', file: document.file, name });
      page.channel.handle(viewer.CompareWith, async () => { await vscode.commands.executeCommand('weightroom.compareCheckpoints', document.uri); return null; });
      page.channel.handle(viewer.LoadIntoModel, async () => { await vscode.commands.executeCommand('weightroom.loadCheckpoint', document.uri); return null; });
      const changed = document.onDidChange(() => page.channel.notify(viewer.FileChanged, null));
      const progress = engine.on(checkpoint.CheckpointProgress, (p) => page.channel.notify(checkpoint.CheckpointProgress, p));
      panel.onDidDispose(() => { changed.dispose(); progress.dispose(); page.dispose(); });
    },
  };
  // Two ids for one editor: the first opens by default, the second (for .bin, .ckpt, .pkl) when chosen.
  return vscode.Disposable.from(
    ...['weightroom.checkpoint', 'weightroom.checkpoint.option'].map((id) => vscode.window.registerCustomEditorProvider(id, provider, { supportsMultipleEditorsPerDocument: true })),
    vscode.commands.registerCommand('weightroom.openCompare', (a: checkpoint.Side, b: checkpoint.Side) => openCompare(context, engine, a, b)),
  );
}

const nameOf = (s: checkpoint.Side): string => ('file' in s ? vscode.workspace.asRelativePath(s.file) : `${s.model.replace(/^.*#/, '')}${s.path === '' ? '' : `.${s.path}`} (${t('live')})`);

function openCompare(context: vscode.ExtensionContext, engine: EngineClient, a: checkpoint.Side, b: checkpoint.Side): void {
  const [nameA, nameB] = [nameOf(a), nameOf(b)];
  const panel = vscode.window.createWebviewPanel('weightroom.compare', `${path.posix.basename(nameA)} ↔ ${path.posix.basename(nameB)}`, vscode.ViewColumn.Active);
  const page = openPage(context, panel.webview, 'checkpoint', 'compare');
  serve(page.channel, engine, { kind: 'compare', a, b, nameA, nameB });
  const progress = engine.on(checkpoint.CheckpointProgress, (p) => page.channel.notify(checkpoint.CheckpointProgress, p));
  panel.onDidDispose(() => { progress.dispose(); page.dispose(); });
}

function serve(channel: Channel, engine: EngineClient, subject: viewer.Subject): void {
  channel.handle(viewer.GetSubject, () => subject);
  for (const message of passed) passOn(channel, engine, message);
  channel.handle(viewer.ExportAs, async ({ at, name, format, slice }, signal) => {
    const folder = 'file' in at ? vscode.Uri.file(path.dirname(at.file)) : vscode.workspace.workspaceFolders?.[0]?.uri;
    const uri = await vscode.window.showSaveDialog({ filters: { [format]: [format] }, ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, `${name.replace(/[^\w.-]/g, '_')}.${format}`) } : {}) });
    if (uri === undefined) return null;
    const done = await cancellable(signal, (token) => engine.request(checkpoint.ExportTensor, { at, name, target: uri.fsPath, format, ...(slice ? { slice } : {}) }, token));
    void vscode.window.showInformationMessage(t('Wrote {0}', uri.fsPath));
    return done;
  });
}

async function localCopy(context: vscode.ExtensionContext, uri: vscode.Uri): Promise<string> {
  const { size } = await vscode.workspace.fs.stat(uri);
  if (size > MAX_COPY) throw new Error(t('{0} is {1} MB. Files that are not on a local disk are copied first, up to {2} MB.', uri.path, Math.round(size / 1e6), Math.round(MAX_COPY / 1e6)));
  const to = vscode.Uri.joinPath(context.globalStorageUri, 'copies', `${Date.now()}-${path.posix.basename(uri.path)}`);
  await vscode.workspace.fs.writeFile(to, await vscode.workspace.fs.readFile(uri));
  return to.fsPath;
}

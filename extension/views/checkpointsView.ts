/**
 * The Checkpoints view: the workspace's checkpoint files with size, format and tensor count, newest first, and their tensors
 * below. Files are found when the view is first shown; the engine reads headers only, and only then.
 */
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import { ListCheckpoints, OpenCheckpoint, type CheckpointListing } from '../protocol/checkpoint';
import { unpack } from '../protocol/packed';
import { checkpointGlob, formatName, leafCount, tensorRows, type TensorRow } from './checkpointRows';
import { formatBytes, formatCount, shortDtype } from './labels';

const t = vscode.l10n.t;
const atMost = 1000;

export interface CheckpointRow { kind: 'checkpoint'; uri: vscode.Uri; bytes: number; modified: number; listing?: CheckpointListing }
export interface CheckpointTensorRow { kind: 'below'; file: vscode.Uri; row: TensorRow }
interface NoteRow { kind: 'note'; text: string; parent: vscode.Uri }
type AnyRow = CheckpointRow | CheckpointTensorRow | NoteRow;

export class CheckpointsView implements vscode.TreeDataProvider<AnyRow>, vscode.Disposable {
  readonly tree: vscode.TreeView<AnyRow>;
  private readonly changed = new vscode.EventEmitter<AnyRow | undefined>();
  private readonly subscriptions: vscode.Disposable[];
  private rows: Promise<CheckpointRow[]> | undefined;
  private timer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly engine: EngineClient) {
    this.tree = vscode.window.createTreeView<AnyRow>('weightroom.checkpoints', { treeDataProvider: this, canSelectMany: true, showCollapseAll: true });
    const watcher = vscode.workspace.createFileSystemWatcher(checkpointGlob);
    const later = (): void => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.refresh(), 300);
    };
    this.subscriptions = [
      this.tree, this.changed, watcher, watcher.onDidCreate(later), watcher.onDidChange(later), watcher.onDidDelete(later),
      vscode.workspace.onDidChangeWorkspaceFolders(later),
      vscode.workspace.onDidChangeConfiguration((e) => { if (e.affectsConfiguration('weightroom.checkpoints')) this.refresh(); }),
    ];
  }

  refresh(): void {
    this.rows = undefined;
    this.changed.fire(undefined);
  }

  /** The workspace's checkpoints, newest first. Starts no engine. */
  files(): Promise<CheckpointRow[]> { return (this.rows ??= this.find()); }

  async getChildren(row?: AnyRow): Promise<AnyRow[]> {
    if (row === undefined) {
      const rows = await this.files();
      void this.describe(rows);
      return rows;
    }
    if (row.kind === 'below') return row.row.kind === 'group' ? row.row.children.map((r) => ({ kind: 'below', file: row.file, row: r })) : [];
    if (row.kind === 'note') return [];
    try {
      const info = await this.engine.request(OpenCheckpoint, { file: row.uri.fsPath });
      const notes: NoteRow[] = info.error === undefined ? [] : [{ kind: 'note', text: info.error, parent: row.uri }];
      return [...notes, ...tensorRows(unpack(info.tensors)).map((r): AnyRow => ({ kind: 'below', file: row.uri, row: r }))];
    } catch (error) {
      return [{ kind: 'note', text: (error as Error).message, parent: row.uri }];
    }
  }

  getTreeItem(row: AnyRow): vscode.TreeItem {
    if (row.kind === 'note') return Object.assign(new vscode.TreeItem(row.text), { iconPath: new vscode.ThemeIcon('warning'), tooltip: row.text });
    return row.kind === 'checkpoint' ? fileItem(row) : tensorItem(row);
  }

  private async find(): Promise<CheckpointRow[]> {
    const exclude = vscode.workspace.getConfiguration('weightroom').get<string>('checkpoints.exclude', '**/node_modules/**');
    const uris = await vscode.workspace.findFiles(checkpointGlob, exclude === '' ? null : exclude, atMost);
    const rows = await Promise.all(uris.map(async (uri): Promise<CheckpointRow | null> => {
      try {
        const { size, mtime } = await vscode.workspace.fs.stat(uri);
        return { kind: 'checkpoint', uri, bytes: size, modified: mtime };
      } catch {
        return null; // gone since it was found
      }
    }));
    // While the first search runs, the view does not say that there are none.
    void vscode.commands.executeCommand('setContext', 'weightroom.checkpointsListed', true);
    this.tree.message = uris.length >= atMost ? t('Only the first {0} checkpoints are listed.', formatCount(atMost)) : undefined;
    return rows.filter((r) => r !== null).sort((a, b) => b.modified - a.modified);
  }

  /** Fills in format and tensor count, in small groups so that the first appear soon. */
  private async describe(rows: CheckpointRow[]): Promise<void> {
    const unknown = rows.filter((r) => r.listing === undefined && r.uri.scheme === 'file');
    for (let i = 0; i < unknown.length; i += 20) {
      const part = unknown.slice(i, i + 20);
      try {
        const listings = await this.engine.request(ListCheckpoints, { files: part.map((r) => r.uri.fsPath) });
        const byFile = new Map(listings.map((l) => [l.file, l]));
        for (const row of part) row.listing = byFile.get(row.uri.fsPath) ?? { file: row.uri.fsPath, format: null, bytes: row.bytes, modified: row.modified, tensors: null };
      } catch {
        return; // The view still shows names and sizes; the engine's own message says what happened.
      }
      this.changed.fire(undefined);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}

function fileItem(row: CheckpointRow): vscode.TreeItem {
  const { listing } = row;
  const relative = vscode.workspace.asRelativePath(row.uri);
  const item = new vscode.TreeItem(relative.replace(/^.*\//, ''), row.uri.scheme === 'file' ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.None);
  item.id = row.uri.toString();
  const folder = relative.includes('/') ? relative.replace(/\/[^/]*$/, '') : '';
  const tensors = listing?.tensors == null ? '' : listing.tensors === 1 ? t('1 tensor') : t('{0} tensors', formatCount(listing.tensors));
  item.description = [formatBytes(row.bytes), listing?.format == null ? '' : formatName(listing.format), tensors, folder].filter((s) => s !== '').join(' · ');
  item.tooltip = [row.uri.fsPath, t('Changed {0}', new Date(row.modified).toLocaleString()), listing?.problem ?? ''].filter((s) => s !== '').join('\n');
  item.iconPath = listing?.problem === undefined ? new vscode.ThemeIcon('weightroom-checkpoint') : new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  item.contextValue = 'checkpoint';
  item.command = { title: t('Open'), command: 'vscode.openWith', arguments: [row.uri, 'weightroom.checkpoint'] };
  return item;
}

function tensorItem({ file, row }: CheckpointTensorRow): vscode.TreeItem {
  if (row.kind === 'group') {
    const item = new vscode.TreeItem(row.name, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = `${file.toString()}#${row.path}/`;
    item.description = formatCount(leafCount(row));
    item.iconPath = new vscode.ThemeIcon('weightroom-module');
    return item;
  }
  const { tensor } = row;
  const item = new vscode.TreeItem(row.name);
  item.id = `${file.toString()}#${tensor.name}`;
  item.description = [tensor.shape.length === 0 ? '[]' : tensor.shape.join('×'), shortDtype(tensor.dtype), formatBytes(tensor.bytes)].join(' · ');
  item.tooltip = [tensor.name, `${tensor.dtype} [${tensor.shape.join(', ')}]`, tensor.note ?? '', tensor.problem ?? ''].filter((s) => s !== '').join('\n');
  item.iconPath = new vscode.ThemeIcon(tensor.problem === undefined ? 'weightroom-parameter' : 'warning');
  item.contextValue = 'tensor';
  return item;
}

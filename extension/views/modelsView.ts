/** The Models tree: rows of rows.ts as tree items, with filter, sort, badge, decorations and a selection that panels follow. */
import * as path from 'node:path';
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import { Gradients, type TreeNode } from '../protocol/model';
import { decorationUri } from './decorations';
import { applyFilter, type FilterResult } from './filter';
import { contextValue, iconOf, rowDescription, rowLabel } from './labels';
import { childRows, fileRows, findRow, problemCount, rowId, worstGrad, type Row, type RowOptions, type SortKey } from './rows';
import type { ModelSelection } from './selection';
import type { ModelStore } from './modelStore';
import { facts, fullName, words } from './words';

const t = vscode.l10n.t;

export class ModelsView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  readonly tree: vscode.TreeView<Row>;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  private query = '';
  private shown = '';
  private filtered: FilterResult | null = null;
  private sort: SortKey = 'order';
  private readonly norms = new Map<string, number>();

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly store: ModelStore, selection: ModelSelection, private readonly engine: EngineClient) {
    this.tree = vscode.window.createTreeView('weightroom.models', { treeDataProvider: this, showCollapseAll: true });
    this.subscriptions = [
      this.tree, this.changed,
      store.onDidChange(() => this.update()),
      selection.onDidReveal((s) => void this.reveal(s.model, s.path)),
      this.tree.onDidChangeSelection(({ selection: [row] }) => { if (row?.kind === 'node') selection.select({ model: row.model.id, path: row.node.path }); }),
      vscode.workspace.onDidChangeConfiguration((e) => { if (e.affectsConfiguration('weightroom.collapseRepeats')) this.changed.fire(); }),
    ];
  }

  get sortKey(): SortKey { return this.sort; }
  get filterQuery(): string { return this.query; }

  /** Throws SyntaxError for a bad regular expression; the tree then stays as it was. */
  setFilter(query: string): { matches: number; total: number } | null {
    this.filtered = applyFilter([...this.store.models], query);
    this.query = this.filtered === null ? '' : query;
    void vscode.commands.executeCommand('setContext', 'weightroom.filtered', this.filtered !== null);
    this.update();
    return this.filtered;
  }

  async setSort(sort: SortKey): Promise<void> {
    this.sort = sort;
    if (sort === 'gradient') await this.readNorms();
    this.update();
  }

  /** Brings the view forward without taking the focus. Resolves once VS Code has said that it is visible, which comes a moment after it is; hidden again meanwhile, after a second. */
  async show(): Promise<void> {
    await vscode.commands.executeCommand('weightroom.models.focus', { preserveFocus: true });
    if (this.tree.visible) return;
    await new Promise<void>((resolve) => {
      const done = (): void => { clearTimeout(timer); said.dispose(); resolve(); };
      const said = this.tree.onDidChangeVisibility(done);
      const timer = setTimeout(done, 1000);
    });
  }

  /** Shows a row without taking the focus. False when the model or the path is not there. */
  async reveal(modelId: string, nodePath: string, focus = false): Promise<boolean> {
    if (this.filtered !== null && findRow([...this.store.models], modelId, nodePath, this.options()) === undefined) this.setFilter('');
    const row = findRow([...this.store.models], modelId, nodePath, this.options());
    if (row === undefined) return false;
    if (this.tree.visible || focus) await this.tree.reveal(row, { select: true, focus, expand: row.node.path === '' });
    return true;
  }

  getChildren(row?: Row): Row[] {
    if (row !== undefined) return childRows(row, this.options());
    return fileRows([...this.store.models]).filter((f) => childRows(f, this.options()).length > 0);
  }

  getParent(row: Row): Row | null { return row.parent; }

  getTreeItem(row: Row): vscode.TreeItem {
    const hasChildren = childRows(row, this.options()).length > 0;
    const open = row.kind === 'file' || (row.kind === 'node' && row.node.path === '') || (this.filtered !== null && row.kind === 'node' && row.node.kind === 'module');
    // A new id while filtering lets rows open by themselves; the user's own folding comes back afterwards.
    const item = new vscode.TreeItem(rowLabel(row), !hasChildren ? vscode.TreeItemCollapsibleState.None : open ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed);
    item.id = this.filtered === null ? rowId(row) : `${rowId(row)}?${this.query}`;
    item.description = rowDescription(row, words, relativeFolder);
    item.contextValue = contextValue(row);
    item.accessibilityInformation = { label: [rowLabel(row), item.description, ...(row.kind === 'node' ? facts(row.node).slice(-2).map(([k, v]) => `${k}: ${v}`) : [])].join(', ') };
    if (row.kind === 'file') {
      item.resourceUri = vscode.Uri.file(row.file);
      item.iconPath = vscode.ThemeIcon.File;
      item.tooltip = row.file;
      return item;
    }
    if (row.kind === 'repeat') {
      item.iconPath = new vscode.ThemeIcon('weightroom-repeat');
      item.tooltip = words.repeats(row.nodes.length, row.nodes[0]!.type);
      item.resourceUri = decorationUri(rowId(row), row.nodes.map(worstGrad));
      return item;
    }
    item.iconPath = icon(row.node);
    item.resourceUri = decorationUri(rowId(row), [worstGrad(row.node)]);
    return item;
  }

  /** Tooltips are made when asked for: a large model has thousands of rows. */
  resolveTreeItem(item: vscode.TreeItem, row: Row): vscode.TreeItem {
    if (row.kind !== 'node') return item;
    const tooltip = new vscode.MarkdownString();
    tooltip.appendMarkdown('**').appendText(fullName(row.model, row.node.path)).appendMarkdown('**\n\n');
    for (const [label, value] of facts(row.node)) tooltip.appendText(`${label}: ${value}`).appendMarkdown('  \n');
    item.tooltip = tooltip;
    return item;
  }

  private options(): RowOptions {
    return {
      collapseRepeats: vscode.workspace.getConfiguration('weightroom').get('collapseRepeats', true),
      sort: this.sort,
      keep: this.filtered === null ? null : this.filtered.keep,
      gradNorm: (model, p) => this.norms.get(`${model.id}/${p}`),
    };
  }

  private update(): void {
    const models = [...this.store.models];
    if (this.query !== '') this.filtered = applyFilter(models, this.query);
    // Two reports that say the same fill the tree once: filled anew under an open context menu, it forgets which row that was for.
    const shown = JSON.stringify([models, this.query, this.sort, [...this.norms]]);
    if (shown !== this.shown) this.changed.fire();
    this.shown = shown;
    // After the rows: VS Code passes on a tree's first change at once, and those that follow, be it a message, 200 ms later.
    const message = this.filtered === null ? undefined : t('Filter "{0}": {1} of {2} rows', this.query, this.filtered.matches, this.filtered.total);
    // Even the same message is a change that puts off the next one.
    if ((message ?? '') !== (this.tree.message ?? '')) this.tree.message = message;
    const problems = problemCount(models);
    this.tree.badge = problems === 0 ? undefined : { value: problems, tooltip: problems === 1 ? t('1 parameter has a NaN or infinite gradient') : t('{0} parameters have a NaN or infinite gradient', problems) };
  }

  private async readNorms(): Promise<void> {
    this.norms.clear();
    for (const model of this.store.models) {
      const report = await this.engine.request(Gradients, { model: model.id });
      for (const r of report.rows) if (r.grad !== null) this.norms.set(`${model.id}/${r.name}`, r.state === 'nonfinite' ? Infinity : r.grad.norm);
    }
  }

  dispose(): void { vscode.Disposable.from(...this.subscriptions).dispose(); }
}

function icon(node: TreeNode): vscode.ThemeIcon {
  if (node.sharedWith !== undefined) return new vscode.ThemeIcon('weightroom-shared', new vscode.ThemeColor('disabledForeground'));
  if (node.kind === 'parameter') {
    if (node.requiresGrad === false) return new vscode.ThemeIcon('lock');
    const state = node.grad ?? 'none';
    const color = state === 'ok' ? 'charts.green' : state === 'zero' ? 'charts.yellow' : state === 'nonfinite' ? 'charts.red' : undefined;
    return new vscode.ThemeIcon('weightroom-parameter', color === undefined ? undefined : new vscode.ThemeColor(color));
  }
  const frozen = node.kind === 'module' && node.requiresGrad === false && node.numel > 0;
  return frozen ? new vscode.ThemeIcon('lock') : new vscode.ThemeIcon(`weightroom-${iconOf(node)}`);
}

function relativeFolder(file: string): string {
  const relative = vscode.workspace.asRelativePath(file, (vscode.workspace.workspaceFolders?.length ?? 0) > 1);
  const folder = path.dirname(relative);
  return folder === '.' ? '' : folder;
}


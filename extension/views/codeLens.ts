/** "Run model | Forward | …" above model classes and exported models of files that import weightroom. */
import * as vscode from 'vscode';

import type { ModelStore } from './modelStore';
import { formatCount } from './labels';
import { words } from './words';
import { exportedValues, isModelFile, likelyModels, modelClasses } from './modelSource';

const t = vscode.l10n.t;

export const modelDocuments: vscode.DocumentSelector = ['typescript', 'javascript'].map((language) => ({ language, scheme: 'file' }));

export class ModelLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChangeCodeLenses = this.changed.event;

  /** What the lenses show of the models. */
  private shown = '';
  private repeat: NodeJS.Timeout | undefined;

  constructor(private readonly store: ModelStore) {
    this.subscriptions = [
      this.changed,
      vscode.languages.registerCodeLensProvider(modelDocuments, this),
      store.onDidChange(() => this.update()),
      vscode.workspace.onDidChangeConfiguration((e) => { if (e.affectsConfiguration('weightroom.codeLens')) this.changed.fire(); }),
    ];
    this.announce(1000);
  }

  private update(): void {
    const now = JSON.stringify(this.store.models.map((m) => [m.file, m.name, m.id, m.hasOutput, m.root.numel, m.root.uninitialized]));
    if (now === this.shown) return;
    this.shown = now;
    this.announce(1000);
  }

  /**
   * VS Code asks for lenses a while after the event, and drops that when the editor loses the focus meanwhile (a click into the tree):
   * said again until it has asked, ever later, as each event also puts its question off.
   */
  private announce(patience: number): void {
    clearTimeout(this.repeat);
    if (patience < 60_000) this.repeat = setTimeout(() => this.announce(patience * 2), patience);
    this.changed.fire();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    clearTimeout(this.repeat);
    if (!vscode.workspace.getConfiguration('weightroom', document).get('codeLens', true)) return [];
    const text = document.getText();
    const file = document.uri.fsPath;
    if (!isModelFile(file, text)) return [];
    const live = this.store.models.filter((m) => m.file === file);
    const lenses: vscode.CodeLens[] = [];
    const add = (line: number, title: string, command: string, args: unknown[]): void => {
      lenses.push(new vscode.CodeLens(document.lineAt(line).range, { title, command, arguments: args }));
    };
    const run = (line: number): void => add(line, `$(play) ${t('Run model')}`, 'weightroom.runFile', [document.uri]);
    const values = live.length > 0 ? exportedValues(text).filter((v) => live.some((m) => m.name === v.name)) : likelyModels(text);
    for (const { name, line } of values) {
      run(line);
      const model = live.find((m) => m.name === name);
      if (model === undefined) continue;
      const target = { model: model.id, path: '' };
      add(line, t('Forward'), 'weightroom.forward', [target]);
      if (model.hasOutput) add(line, t('Backward'), 'weightroom.backward', [target]);
      add(line, t('Train'), 'weightroom.train', [target]);
      add(line, t('Gradients'), 'weightroom.inspectGradients', [target]);
      add(line, `${t('{0} parameters', formatCount(model.root.numel))}${model.root.uninitialized ? ` + ${words.uninitialized}` : ''}`, 'weightroom.revealInTree', [target]);
    }
    for (const { line } of modelClasses(text)) run(line);
    return lenses;
  }

  dispose(): void {
    clearTimeout(this.repeat);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}

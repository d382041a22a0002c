/** Completions in cells from the values that live in the notebook: TypeScript's own do not see across cells. */
import * as vscode from 'vscode';

import type { Services } from '../commands/services';
import { CompleteCell, type Completion } from '../protocol/notebook';
import { cellOf, notebookId, notebookType } from '../views/sources';
import { languages, type NotebookKernel } from './controller';

const kinds: Record<Completion['kind'], vscode.CompletionItemKind> = {
  class: vscode.CompletionItemKind.Class, function: vscode.CompletionItemKind.Function, module: vscode.CompletionItemKind.Module,
  tensor: vscode.CompletionItemKind.Variable, value: vscode.CompletionItemKind.Property,
};

export class CellCompletions implements vscode.CompletionItemProvider {
  constructor(private readonly services: Services, private readonly kernel: NotebookKernel) {}

  async provideCompletionItems(document: vscode.TextDocument, position: vscode.Position, token: vscode.CancellationToken): Promise<vscode.CompletionItem[]> {
    const at = cellOf(document.uri.toString());
    if (at === undefined) return [];
    const notebook = notebookId(at.notebook);
    // Typing starts no engine, and a busy one is not waited for.
    if (!this.kernel.hasRun(notebook) || this.services.engine.state.state !== 'running') return [];
    const text = document.lineAt(position).text.slice(0, position.character);
    try {
      const found = await this.services.engine.request(CompleteCell, { notebook, text }, token);
      return found.map(({ name, kind, detail }) => Object.assign(new vscode.CompletionItem({ label: name, description: detail }, kinds[kind]), { sortText: `${/^_|_$/.test(name) ? '~' : ''}${name}` }));
    } catch {
      return []; // cancelled, or the engine went away meanwhile
    }
  }
}

export function registerCompletions(services: Services, kernel: NotebookKernel): vscode.Disposable {
  return vscode.languages.registerCompletionItemProvider(languages.map((language) => ({ language, notebookType })), new CellCompletions(services, kernel), '.');
}

/** Notebooks: the kernel, completions from live values, and names that follow the file. */
import * as vscode from 'vscode';

import { isAt } from '../commands/follow';
import type { Services } from '../commands/services';
import { MoveNotebook } from '../protocol/notebook';
import { notebookId, notebookType } from '../views/sources';
import { registerCompletions } from './completions';
import { NotebookKernel } from './controller';

export function registerNotebooks(services: Services): vscode.Disposable {
  const kernel = new NotebookKernel(services);
  return vscode.Disposable.from(kernel, registerCompletions(services, kernel), followNames(services, kernel));
}

const textsOf = (d: vscode.NotebookDocument): string => JSON.stringify(d.getCells().map((c) => c.document.getText()));

/** A renamed notebook, and one that is saved for the first time (to the host a new document), keeps its variables and models. */
function followNames({ engine, log }: Services, kernel: NotebookKernel): vscode.Disposable {
  const untitled = new Map<string, string>();
  const move = (from: string, to: string): void => {
    if (!kernel.hasRun(from)) return;
    kernel.moved(from, to);
    engine.request(MoveNotebook, { from, to }).catch((error: unknown) => log.warn(String(error)));
  };
  return vscode.Disposable.from(
    vscode.workspace.onDidRenameFiles(({ files }) => { for (const { oldUri, newUri } of files) for (const n of kernel.notebooks) if (isAt(n, oldUri.fsPath)) move(n, newUri.fsPath + n.slice(oldUri.fsPath.length)); }),
    vscode.workspace.onDidCloseNotebookDocument((d) => {
      if (d.notebookType !== notebookType || !d.isUntitled || !kernel.hasRun(notebookId(d))) return;
      untitled.set(textsOf(d), notebookId(d));
    }),
    vscode.workspace.onDidOpenNotebookDocument((d) => {
      if (d.notebookType !== notebookType || d.isUntitled) return;
      const texts = textsOf(d);
      const open = vscode.workspace.notebookDocuments.find((o) => o.isUntitled && o.notebookType === notebookType && textsOf(o) === texts);
      const from = open === undefined ? untitled.get(texts) : notebookId(open);
      if (from === undefined) return;
      untitled.delete(texts);
      move(from, notebookId(d));
    }),
  );
}

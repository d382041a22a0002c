/**
 * The kernel for TypeScript cells of Jupyter notebooks: cells run in the engine's runner, one after the other, and share variables
 * and live models. An error or an interrupt drops the cells of the notebook that still wait, as Jupyter does.
 */
import * as path from 'node:path';
import * as vscode from 'vscode';

import type { Services } from '../commands/services';
import { infoOf } from '../commands/task';
import { mayRun } from '../commands/trust';
import { Output } from '../protocol/model';
import { RunCell } from '../protocol/notebook';
import type { ErrorInfo } from '../protocol/rpc';
import { notebookId, notebookType } from '../views/sources';
import { CellOutput } from './cellOutput';

const t = vscode.l10n.t;
export const languages = ['typescript', 'javascript'];

interface Queue { waiting: vscode.NotebookCellExecution[]; draining: Promise<void> | null }

export class NotebookKernel implements vscode.Disposable {
  private readonly controller: vscode.NotebookController;
  private readonly subscriptions: vscode.Disposable[];
  private readonly queues = new Map<string, Queue>();
  private readonly counts = new Map<string, number>();
  private readonly outputs = new Map<string, CellOutput>();
  /** Notebooks whose next cell waits for its turn. */
  private readonly waiting = new Map<string, vscode.CancellationTokenSource>();

  constructor(private readonly services: Services) {
    this.controller = vscode.notebooks.createNotebookController('weightroom.notebook', notebookType, 'Weightroom', (cells, notebook) => this.execute(cells, notebook));
    this.controller.supportedLanguages = languages;
    this.controller.supportsExecutionOrder = true;
    this.controller.description = t("TypeScript on Weightroom's engine");
    this.controller.interruptHandler = (notebook) => this.interrupt(notebook);
    this.subscriptions = [
      this.controller,
      services.engine.on(Output, ({ text, cell }) => { if (cell !== undefined) this.outputs.get(cell)?.print(text); }),
      // With the engine go the variables: counting starts anew, as after a restart in Jupyter.
      services.engine.onDidChangeState(({ state }) => { if (state === 'crashed' || state === 'stopped') this.counts.clear(); }),
      vscode.workspace.onDidOpenNotebookDocument((d) => this.prefer(d)),
      // A deleted cell takes its problem with it.
      vscode.workspace.onDidCloseTextDocument(({ uri }) => { if (uri.scheme === 'vscode-notebook-cell') services.problems.clear(uri.toString()); }),
    ];
    vscode.workspace.notebookDocuments.forEach((d) => this.prefer(d));
  }

  /** Whether cells of the notebook have run on the engine that runs now. */
  hasRun(notebook: string): boolean { return this.counts.has(notebook); }
  get notebooks(): string[] { return [...this.counts.keys()]; }
  moved(from: string, to: string): void {
    const count = this.counts.get(from);
    if (count === undefined) return;
    this.counts.delete(from);
    this.counts.set(to, count);
  }

  /** Notebooks in TypeScript are ours; in others we are offered and no more. */
  private prefer(notebook: vscode.NotebookDocument): void {
    if (notebook.notebookType !== notebookType) return;
    const own = notebook.getCells().some((c) => c.kind === vscode.NotebookCellKind.Code && languages.includes(c.document.languageId));
    this.controller.updateNotebookAffinity(notebook, own ? vscode.NotebookControllerAffinity.Preferred : vscode.NotebookControllerAffinity.Default);
  }

  private async execute(cells: vscode.NotebookCell[], notebook: vscode.NotebookDocument): Promise<void> {
    if (!mayRun()) return;
    const key = notebook.uri.toString();
    const queue = this.queues.get(key) ?? { waiting: [], draining: null };
    this.queues.set(key, queue);
    queue.waiting.push(...cells.map((c) => this.controller.createNotebookCellExecution(c)));
    queue.draining ??= this.drain(queue, notebook).finally(() => { queue.draining = null; });
    await queue.draining;
  }

  private async drain(queue: Queue, notebook: vscode.NotebookDocument): Promise<void> {
    for (let next = queue.waiting.shift(); next !== undefined; next = queue.waiting.shift()) {
      if (!(await this.run(next, notebook))) this.drop(queue);
    }
  }
  private drop(queue: Queue): void { for (const e of queue.waiting.splice(0)) e.end(undefined); }

  private async run(execution: vscode.NotebookCellExecution, document: vscode.NotebookDocument): Promise<boolean> {
    const { engine, problems, status, output } = this.services;
    const end = await this.turn(document);
    if (end === null) { execution.end(undefined); return false; }
    const notebook = notebookId(document);
    const cell = execution.cell.document.uri.toString();
    const count = (this.counts.get(notebook) ?? 0) + 1;
    this.counts.set(notebook, count);
    execution.executionOrder = count;
    execution.start(Date.now());
    problems.clear(cell);
    const shown = new CellOutput(execution, (text) => output.append(text));
    this.outputs.set(cell, shown);
    const ended = status.started(`${path.basename(notebook)} [${count}]`);
    let ok = false;
    try {
      await execution.clearOutput();
      const { text } = await engine.request(RunCell, { notebook, cell, count, code: execution.cell.document.getText() });
      if (text !== null) shown.value(text);
      ok = true;
    } catch (error) {
      this.failed(infoOf(error), shown, cell);
    } finally {
      this.outputs.delete(cell);
      ended();
      end();
    }
    await shown.done();
    execution.end(ok, Date.now());
    return ok;
  }

  /** A model file may be running. Null when the notebook was interrupted before its turn came. */
  private async turn({ uri }: vscode.NotebookDocument): Promise<(() => void) | null> {
    const key = uri.toString();
    const waiting = new vscode.CancellationTokenSource();
    this.waiting.set(key, waiting);
    const end = await this.services.turns.take(path.basename(uri.path), waiting.token);
    this.waiting.delete(key);
    waiting.dispose();
    return end;
  }

  /** In the cell's output, and among the problems at its line, which may stand in another cell or file. */
  private failed(info: ErrorInfo, shown: CellOutput, cell: string): void {
    shown.error(info);
    if (info.kind === 'user' || info.kind === 'file') this.services.problems.add(info, cell);
    else if (info.kind === 'engine') this.services.log.error(info.stack ?? info.message);
  }

  private async interrupt(notebook: vscode.NotebookDocument): Promise<void> {
    const queue = this.queues.get(notebook.uri.toString());
    if (queue !== undefined) this.drop(queue);
    const waiting = this.waiting.get(notebook.uri.toString());
    if (waiting !== undefined) return waiting.cancel();
    const result = await vscode.commands.executeCommand<{ lost: boolean } | undefined>('weightroom.interrupt');
    if (result?.lost) this.counts.clear();
  }

  dispose(): void { vscode.Disposable.from(...this.subscriptions).dispose(); }
}

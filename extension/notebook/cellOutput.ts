/** What one run of a cell shows: what it prints as it prints it, its value, its error. In order; the host applies edits one by one. */
import * as vscode from 'vscode';

import type { ErrorInfo } from '../protocol/rpc';

const t = vscode.l10n.t;

/** A notebook file is no log: what a cell prints beyond this goes elsewhere. */
const MAX_CHARS = 1024 * 1024;

export class CellOutput {
  private stream: vscode.NotebookCellOutput | null = null;
  private chain: Promise<unknown> = Promise.resolve();
  private printed = 0;

  /** `overflow` takes what is too much for the cell. */
  constructor(private readonly execution: vscode.NotebookCellExecution, private readonly overflow: (text: string) => void) {}

  print(text: string): void {
    if (this.printed > MAX_CHARS) return this.overflow(text);
    this.printed += text.length;
    const cut = this.printed > MAX_CHARS ? `\n${t('… the rest is in the output channel Weightroom.')}\n` : '';
    const item = vscode.NotebookCellOutputItem.stdout(text + cut);
    const { stream } = this;
    if (stream !== null) return this.then(() => this.execution.appendOutputItems(item, stream));
    this.append(this.stream = new vscode.NotebookCellOutput([item]));
  }
  value(text: string): void { this.append(new vscode.NotebookCellOutput([vscode.NotebookCellOutputItem.text(text)])); }
  error({ name, message, stack }: ErrorInfo): void {
    this.append(new vscode.NotebookCellOutput([vscode.NotebookCellOutputItem.error({ name, message, stack: stack ?? `${name}: ${message}` })]));
  }
  /** Resolves when everything is shown. */
  async done(): Promise<void> { await this.chain; }

  private append(output: vscode.NotebookCellOutput): void { this.then(() => this.execution.appendOutput(output)); }
  private then(edit: () => Thenable<unknown>): void {
    // A cell that was deleted meanwhile shows nothing.
    this.chain = this.chain.then(edit).catch(() => undefined);
  }
}

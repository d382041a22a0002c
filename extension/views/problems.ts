/** The user's errors as Problems entries at their line, and as a message with "Show". */
import * as vscode from 'vscode';

import type { ErrorInfo } from '../protocol/rpc';
import { showSource, sourceName, uriOf } from './sources';

const t = vscode.l10n.t;

export class Problems implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('weightroom');
  /** Which model file's run put entries where: an error may stand in an imported file. */
  private readonly placed = new Map<string, Set<string>>();

  /** Takes back what an earlier run of the file reported. */
  clear(modelFile: string): void {
    for (const file of this.placed.get(modelFile) ?? []) this.collection.delete(uriOf(file));
    this.placed.delete(modelFile);
  }

  add(error: ErrorInfo, modelFile: string | null): void {
    if (error.location === undefined) return;
    const { file, line, column } = error.location;
    const start = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
    const uri = uriOf(file);
    const document = vscode.workspace.textDocuments.find((d) => d.uri.toString() === uri.toString());
    const word = document !== undefined && start.line < document.lineCount ? document.getWordRangeAtPosition(start) ?? restOfLine(document, start) : new vscode.Range(start, start.translate(0, 1));
    const diagnostic = new vscode.Diagnostic(word, `${error.name}: ${error.message}`, vscode.DiagnosticSeverity.Error);
    diagnostic.source = 'Weightroom';
    this.collection.set(uri, [...(this.collection.get(uri) ?? []), diagnostic]);
    const key = modelFile ?? file;
    this.placed.set(key, (this.placed.get(key) ?? new Set()).add(file));
  }

  dispose(): void { this.collection.dispose(); }
}

function restOfLine(document: vscode.TextDocument, start: vscode.Position): vscode.Range {
  const { range } = document.lineAt(start.line);
  return start.isBefore(range.end) ? new vscode.Range(start, range.end) : range;
}

export async function showLocation({ file, line, column }: NonNullable<ErrorInfo['location']>): Promise<void> {
  await showSource(file, Math.max(0, line - 1), Math.max(0, column - 1));
}

/** Not awaited by callers: it settles when the user closes the message. */
export async function showUserError(error: ErrorInfo): Promise<void> {
  const { location } = error;
  const where = location === undefined ? '' : ` (${sourceName(location.file)}:${location.line})`;
  const show = t('Show');
  const text = `${error.name}: ${error.message}`;
  // A notification shows a few lines; the whole text stands in Problems and in the output.
  const short = text.length > 400 ? `${text.slice(0, 400)}…` : text;
  const answer = await vscode.window.showErrorMessage(short + where, ...(location === undefined ? [] : [show]));
  if (answer === show && location !== undefined) await showLocation(location);
}

/** Where user code stands: a file by its path, a notebook's cell by its URI, a whole notebook by the path it has or would get. */
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

export const notebookType = 'jupyter-notebook';
const t = vscode.l10n.t;
const cellScheme = 'vscode-notebook-cell:';

export const uriOf = (source: string): vscode.Uri => (source.startsWith(cellScheme) ? vscode.Uri.parse(source) : vscode.Uri.file(source));

/** The path under which the engine knows a notebook; relative paths in it start beside that. */
export function notebookId({ uri }: vscode.NotebookDocument): string {
  return uri.scheme === 'file' ? uri.fsPath : path.join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir(), path.basename(uri.path));
}
export const isNotebook = (source: string): boolean => source.endsWith('.ipynb');
const openNotebook = (id: string): vscode.NotebookDocument | undefined => vscode.workspace.notebookDocuments.find((d) => d.notebookType === notebookType && notebookId(d) === id);

/** The notebook of a cell's URI, and the cell's place in it. */
export function cellOf(source: string): { notebook: vscode.NotebookDocument; cell: vscode.NotebookCell } | undefined {
  for (const notebook of vscode.workspace.notebookDocuments) {
    const cell = notebook.getCells().find((c) => c.document.uri.toString() === source);
    if (cell !== undefined) return { notebook, cell };
  }
  return undefined;
}

/** `mlp.ts`, `course.ipynb, cell 3`. */
export function sourceName(source: string): string {
  const at = cellOf(source);
  if (at === undefined) return path.basename(uriOf(source).fsPath);
  return t('{0}, cell {1}', path.basename(at.notebook.uri.path), at.cell.index + 1);
}

/** Its text; of a notebook that of its code cells. Empty when it is not there any more. */
export async function textOf(source: string): Promise<string> {
  try {
    if (!isNotebook(source)) return (await vscode.workspace.openTextDocument(uriOf(source))).getText();
    return (openNotebook(source)?.getCells() ?? []).filter((c) => c.kind === vscode.NotebookCellKind.Code).map((c) => c.document.getText()).join('\n');
  } catch {
    return '';
  }
}

export async function showNotebook(id: string): Promise<vscode.NotebookEditor> {
  return vscode.window.showNotebookDocument(openNotebook(id) ?? (await vscode.workspace.openNotebookDocument(vscode.Uri.file(id))));
}

/** `line` and `column` are 0-based. */
export async function showSource(source: string, line: number, column = 0): Promise<void> {
  const at = new vscode.Position(line, column);
  const selection = new vscode.Range(at, at);
  if (isNotebook(source)) { await showNotebook(source); return; }
  if (!source.startsWith(cellScheme)) { await vscode.window.showTextDocument(uriOf(source), { selection }); return; }
  const there = cellOf(source);
  if (there === undefined) { void vscode.window.showWarningMessage(t('This cell is not in an open notebook any more.')); return; }
  const editor = await vscode.window.showNotebookDocument(there.notebook);
  const range = new vscode.NotebookRange(there.cell.index, there.cell.index + 1);
  editor.selection = range;
  editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
  await vscode.window.showTextDocument(there.cell.document, { selection });
}

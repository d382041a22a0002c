/** Runs a model file: its exported modules become live models. Saving it later runs it again with the weights that still fit. */
import * as vscode from 'vscode';

import { RunFile, type RunResult } from '../protocol/model';
import { formatCount, formatTime } from '../views/labels';
import { isModelFile } from '../views/modelSource';
import type { FileRow } from '../views/rows';
import { isNotebook, notebookId, notebookType, showNotebook } from '../views/sources';
import type { Services } from './services';
import { task } from './task';
import { mayRun } from './trust';
import { offerMissingTypes } from './typesFix';

const t = vscode.l10n.t;

export interface RunOptions {
  /** Carry over weights whose name and shape still fit. */
  keepWeights?: boolean;
  /** Saved by the user: no editor or view is brought forward. */
  quiet?: boolean;
  /** Errors show among the problems only. */
  silentErrors?: boolean;
}

export async function runFile(services: Services, arg?: unknown, options?: unknown): Promise<RunResult | undefined> {
  if (!mayRun()) return undefined;
  const file = await fileOf(arg);
  if (file === undefined) return undefined;
  if (isNotebook(file)) return runNotebook(file);
  return runModelFile(services, file, isOptions(options) ? options : {});
}

/** All cells. Its models and errors appear as the cells run; there is no one result. */
async function runNotebook(file: string): Promise<undefined> {
  await showNotebook(file);
  await vscode.commands.executeCommand('notebook.execute');
  return undefined;
}

// From a menu the second argument is something else (the selected rows, a group).
const isOptions = (o: unknown): o is RunOptions => typeof o === 'object' && o !== null && ('keepWeights' in o || 'quiet' in o);

export async function runModelFile(services: Services, file: string, { keepWeights = false, quiet = false, silentErrors = false }: RunOptions): Promise<RunResult | undefined> {
  const { store, output, problems, selection } = services;
  const name = file.replace(/^.*[\\/]/, '');
  const dirty = vscode.workspace.textDocuments.find((d) => d.uri.fsPath === file && d.isDirty);
  store.savedToRun.add(file);
  const saved = dirty === undefined || (await dirty.save());
  store.savedToRun.delete(file);
  if (!saved) {
    void vscode.window.showErrorMessage(t('{0} could not be saved, so it was not run.', name));
    return undefined;
  }
  store.tried(file);
  let viewShown: Promise<void> | undefined;
  const result = await task(services, { title: t('Running {0}', name), status: name, file, runsUserCode: true, silentErrors }, async (token) => {
    const run = services.engine.request(RunFile, { file, keepWeights }, token);
    if (!quiet) viewShown = services.modelsView.show().catch(() => undefined);
    problems.clear(file);
    return run;
  });
  if (result === undefined) return undefined;
  store.tookRun(result);
  const [first] = result.models; // the engine reports a file without models as an error
  if (first !== undefined && (!quiet || selection.current === undefined)) selection.select({ model: first.id, path: '' }, { reveal: quiet });
  const carried = carriedText(result);
  output.appendLine(`── ${t('{0}: {1} in {2}', name, result.models.map((m) => `${m.name} (${m.root.type}, ${t('{0} parameters', formatCount(m.root.numel))})`).join(', '), formatTime(result.milliseconds))}${carried === '' ? '' : `\n   ${carried}`}`);
  // What it printed is what it was run for; the gradient inspector, which stands in the same place, stays where it is.
  const printed = !quiet && result.output.trim() !== '' && !services.watch.isLooking('gradients');
  if (!quiet) void showTree(services, viewShown, first?.id).finally(() => { if (printed) output.show(true); });
  if (!quiet) offerMissingTypes(services, file);
  if (carried !== '') vscode.window.setStatusBarMessage(`$(weightroom-model) ${carried}`, 8000);
  return result;
}

/**
 * Shows the model in the tree. Resolves once it stands there: the first opening of a panel takes the window's thread, for seconds while it is itself
 * still starting, and would come before the rows.
 */
async function showTree({ modelsView, selection }: Services, viewShown: Promise<void> | undefined, model: string | undefined): Promise<void> {
  try {
    await viewShown;
    if (model !== undefined && selection.current?.model === model) await modelsView.reveal(model, '');
  } catch { /* another run took the model */ }
}

/** `net: kept 4 weights; hidden.weight no longer fits`. */
function carriedText({ carried }: RunResult): string {
  return carried.filter((c) => c.kept + c.dropped.length > 0).map(({ model, kept, dropped }) => {
    const keptText = kept === 1 ? t('{0}: kept 1 weight', model) : t('{0}: kept {1} weights', model, formatCount(kept));
    const shown = dropped.slice(0, 3).join(', ') + (dropped.length > 3 ? ', …' : '');
    return dropped.length === 0 ? keptText : `${keptText}; ${t('new, because name or shape changed: {0}', shown)}`;
  }).join('. ');
}

async function fileOf(arg: unknown): Promise<string | undefined> {
  if (arg instanceof vscode.Uri) {
    if (arg.scheme === 'file') return arg.fsPath;
    void vscode.window.showErrorMessage(t('Model files run only from disk. Save {0} to a folder first.', arg.path));
    return undefined;
  }
  if (typeof arg === 'string') return arg;
  if ((arg as FileRow | null)?.kind === 'file') return (arg as FileRow).file;
  const notebook = vscode.window.activeNotebookEditor?.notebook;
  if (notebook?.notebookType === notebookType) return notebookId(notebook);
  const document = vscode.window.activeTextEditor?.document;
  if (document?.uri.scheme === 'file' && isModelFile(document.fileName, document.getText())) return document.fileName;
  return pickFile();
}

async function pickFile(): Promise<string | undefined> {
  const uris = await vscode.workspace.findFiles('**/*.{ts,js,mts,cts,mjs,cjs}', '**/{node_modules,dist,out,.git}/**', 2000);
  const found: vscode.Uri[] = [];
  await Promise.all(uris.filter((u) => u.scheme === 'file').map(async (uri) => {
    const text = Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
    if (isModelFile(uri.fsPath, text)) found.push(uri);
  }));
  const browse = { label: `$(folder-opened) ${t('Browse…')}`, uri: undefined };
  const items = found.sort((a, b) => a.fsPath.localeCompare(b.fsPath)).map((uri) => ({ label: `$(file-code) ${uri.path.replace(/^.*\//, '')}`, description: vscode.workspace.asRelativePath(uri).replace(/\/?[^/]*$/, ''), uri: uri as vscode.Uri | undefined }));
  const picked = await vscode.window.showQuickPick([...items, browse], { placeHolder: items.length > 0 ? t('Which model file?') : t("No file here imports 'weightroom'"), matchOnDescription: true });
  if (picked === undefined) return undefined;
  if (picked.uri !== undefined) return picked.uri.fsPath;
  return (await vscode.window.showOpenDialog({ filters: { [t('Model files')]: ['ts', 'js', 'mts', 'cts', 'mjs', 'cjs'] } }))?.[0]?.fsPath;
}

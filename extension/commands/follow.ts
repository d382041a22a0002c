/** What happens without a command: user code prints, the engine dies, a model file is saved. */
import * as path from 'node:path';
import * as vscode from 'vscode';

import { MoveFile, Output, RunnerError } from '../protocol/model';
import { offerRunAgain } from './runAgain';
import { runModelFile } from './runFile';
import { refreshTypes } from './setUpTypes';
import type { Services } from './services';
import { tell } from './task';

const t = vscode.l10n.t;

export function followOutput(services: Services): vscode.Disposable {
  return vscode.Disposable.from(
    // A cell's output stands in its notebook.
    services.engine.on(Output, ({ text, cell }) => { if (cell === undefined) services.output.append(text); }),
    services.engine.on(RunnerError, (error) => tell(services, Object.assign(new Error(error.message), { info: error }), error.location?.file ?? null)),
  );
}

export function followCrashes(services: Services): vscode.Disposable {
  return services.engine.onDidChangeState(({ state, message }) => {
    if (state === 'crashed') offerRunAgain(services, message ?? t('The engine stopped unexpectedly. The editor and your files are unaffected.'));
  });
}

/** Saving a file that has been run runs it again. A save during a run is followed by one more run, not by many. */
export function followSaves(services: Services): vscode.Disposable {
  const running = new Map<string, { again: boolean }>();
  /** Saved by itself while somebody types: half a line is no reason for a message. */
  const automatic = new Set<string>();
  const run = async (file: string): Promise<void> => {
    const state = running.get(file);
    if (state !== undefined) { state.again = true; return; }
    const mine = { again: true };
    running.set(file, mine);
    try {
      while (mine.again) {
        mine.again = false;
        await runModelFile(services, file, { keepWeights: vscode.workspace.getConfiguration('weightroom', vscode.Uri.file(file)).get('keepWeights', true), quiet: true, silentErrors: automatic.has(file) });
      }
    } finally {
      running.delete(file);
    }
  };
  const reasons = vscode.workspace.onWillSaveTextDocument(({ document, reason }) => {
    if (reason === vscode.TextDocumentSaveReason.Manual) automatic.delete(document.uri.fsPath);
    else automatic.add(document.uri.fsPath);
  });
  const saves = vscode.workspace.onDidSaveTextDocument((document) => {
    const file = document.uri.fsPath;
    if (!services.store.files.has(file) || services.store.savedToRun.has(file) || !vscode.workspace.isTrusted || !vscode.workspace.getConfiguration('weightroom', document).get('runOnSave', true)) return;
    void run(file);
  });
  return vscode.Disposable.from(reasons, saves);
}

/** A renamed or moved model file, or one in a renamed folder, keeps its live models. What a deleted one reported goes with it. */
export function followNames(services: Services): vscode.Disposable {
  const { engine, store, selection, problems } = services;
  const moved = async (from: string, to: string): Promise<void> => {
    const live = store.models.filter((m) => m.file === from);
    const selected = live.find((m) => m.id === selection.current?.model);
    problems.clear(from);
    try {
      if (live.length > 0) await engine.request(MoveFile, { from, to });
    } catch (error) {
      tell(services, error, null);
    }
    await store.moved(from, to);
    const now = selected && store.models.find((m) => m.file === to && m.name === selected.name);
    if (now !== undefined) selection.select({ model: now.id, path: selection.current?.path ?? '' });
  };
  return vscode.Disposable.from(
    vscode.workspace.onDidRenameFiles(async ({ files }) => {
      for (const { oldUri, newUri } of files) for (const file of [...store.files]) if (isAt(file, oldUri.fsPath)) await moved(file, newUri.fsPath + file.slice(oldUri.fsPath.length));
    }),
    vscode.workspace.onDidDeleteFiles(({ files }) => {
      for (const { fsPath } of files) for (const file of store.files) if (isAt(file, fsPath)) problems.clear(file);
    }),
  );
}
/** The file itself, or the folder it is in. */
export const isAt = (file: string, place: string): boolean => file === place || file.startsWith(place + path.sep);

/** A model file is in the editor: once it is on screen the engine starts, so that Run need not wait for it. Nothing of the file runs. */
export function warmUp({ engine }: Services): void {
  if (vscode.workspace.isTrusted) setTimeout(() => engine.warmUp(), 100);
}

/** Once the window is up, and only where types have been set up before. */
export function followTypes({ context, log }: Services): vscode.Disposable {
  const timer = setTimeout(() => { refreshTypes(context).catch((error: unknown) => log.warn(String(error))); }, 3000);
  return new vscode.Disposable(() => clearTimeout(timer));
}

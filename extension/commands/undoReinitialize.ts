/** Puts back the values from before the last reinitialization or load. */
import * as vscode from 'vscode';

import { UndoReinitialize, type ModelSummary } from '../protocol/model';
import type { Services } from './services';
import { pickModel } from './targets';
import { task } from './task';

const t = vscode.l10n.t;

export async function undoReinitialize(services: Services, arg?: unknown): Promise<{ message: string } | undefined> {
  const undoable = services.store.models.filter((m) => m.canUndoReinitialize);
  const model = arg === undefined && undoable.length === 1 ? undoable[0] : await pickModel(services, arg);
  return model === undefined ? undefined : undo(services, model);
}

export async function undo(services: Services, model: ModelSummary): Promise<{ message: string } | undefined> {
  const result = await task(services, { title: t('Putting back the values of {0}', model.name), status: model.name, file: model.file, runsUserCode: false }, () => services.engine.request(UndoReinitialize, { model: model.id }));
  if (result === undefined) return undefined;
  services.output.appendLine(`> ${result.message}`);
  vscode.window.setStatusBarMessage(`$(discard) ${result.message}`, 6000);
  await services.store.refresh();
  return result;
}

/** Says what was done to a model's values, and offers to put them back. */
export async function tellUndoable(services: Services, model: ModelSummary, { message, undoable }: { message: string; undoable: boolean }): Promise<void> {
  services.output.appendLine(`> ${message}`);
  const undoIt = t('Undo');
  void vscode.window.showInformationMessage(message, ...(undoable ? [undoIt] : [])).then((answer) => { if (answer === undoIt) void undo(services, model); });
  await services.store.refresh();
}

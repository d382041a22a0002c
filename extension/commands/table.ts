/** Every command and its handler: the one list beside the manifest's. A test compares the two. */
import * as vscode from 'vscode';

import { backward } from './backward';
import { clearFilter, filterModels, revealInTree, sortModels } from './browse';
import { closeFile } from './closeFile';
import { compareCheckpoints } from './compareCheckpoints';
import { copyName } from './copyName';
import { forward } from './forward';
import { freeze, unfreeze } from './freeze';
import { inspectGradients } from './inspectGradients';
import { interrupt } from './interrupt';
import { loadCheckpoint } from './loadCheckpoint';
import { moveToDevice } from './moveToDevice';
import { newModel } from './newModel';
import { newNotebook } from './newNotebook';
import { openSample } from './openSample';
import { reinitialize } from './reinitialize';
import { restartEngine } from './restartEngine';
import { revealSource } from './revealSource';
import { runFile } from './runFile';
import { saveCheckpoint } from './saveCheckpoint';
import type { Handler, Services } from './services';
import { setUpTypes } from './setUpTypes';
import { train } from './train';
import { undoReinitialize } from './undoReinitialize';

export const commands = {
  'weightroom.runFile': runFile,
  'weightroom.forward': forward,
  'weightroom.backward': backward,
  'weightroom.train': train,
  'weightroom.interrupt': interrupt,
  'weightroom.reinitialize': reinitialize,
  'weightroom.undoReinitialize': undoReinitialize,
  'weightroom.moveToDevice': moveToDevice,
  'weightroom.freeze': freeze,
  'weightroom.unfreeze': unfreeze,
  'weightroom.saveCheckpoint': saveCheckpoint,
  'weightroom.loadCheckpoint': loadCheckpoint,
  'weightroom.compareCheckpoints': compareCheckpoints,
  'weightroom.inspectGradients': inspectGradients,
  'weightroom.revealSource': revealSource,
  'weightroom.copyName': copyName,
  'weightroom.restartEngine': restartEngine,
  'weightroom.newModel': newModel,
  'weightroom.newNotebook': newNotebook,
  'weightroom.setUpTypes': setUpTypes,
  'weightroom.openSample': openSample,
  'weightroom.filterModels': filterModels,
  'weightroom.clearFilter': clearFilter,
  'weightroom.sortModels': sortModels,
  'weightroom.revealInTree': revealInTree,
  'weightroom.closeFile': closeFile,
  'weightroom.showOutput': async ({ output }) => output.show(true),
  'weightroom.refreshCheckpoints': async ({ checkpointsView }) => checkpointsView.refresh(),
} satisfies Record<`weightroom.${string}`, Handler>;

export type CommandId = keyof typeof commands;

export function registerCommands(services: Services): vscode.Disposable {
  return vscode.Disposable.from(...Object.entries(commands).map(([id, handler]) => vscode.commands.registerCommand(id, (...args: unknown[]) => (handler as Handler)(services, ...args))));
}

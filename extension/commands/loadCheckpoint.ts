/**
 * Loads a checkpoint into a live model. What fits entirely is loaded at once; else the preflight page shows what does not, and
 * loads when it is asked to.
 */
import * as path from 'node:path';
import * as vscode from 'vscode';

import { LoadInto, PreflightLoad, type Rename } from '../protocol/checkpoint';
import type { ResultOf } from '../protocol/rpc';
import { fullName } from '../views/words';
import { checkpointUri, localPath, pickCheckpoint } from './checkpointPick';
import type { Services } from './services';
import { pickTarget, type Target } from './targets';
import { task } from './task';
import { tellUndoable } from './undoReinitialize';

const t = vscode.l10n.t;

interface Decision { root: string; rename: Rename | null; partial: boolean }
type Preflighted = ResultOf<typeof PreflightLoad>;
interface Loaded { message: string; loaded: string[] }

/** From the Models tree the row is the target; from the Checkpoints view or the explorer it is the file. The preflight page passes both and what it was asked to do. */
export async function loadCheckpoint(services: Services, arg?: unknown, second?: unknown, decision?: unknown): Promise<Loaded | Preflighted | undefined> {
  const given = checkpointUri(arg) ?? checkpointUri(second);
  const target = await pickTarget(services, checkpointUri(arg) === undefined ? arg : second, t('Load into which model?'), (n) => n.kind === 'module' && n.path === '');
  if (target === undefined) return undefined;
  const uri = given ?? (await pickCheckpoint(services, t('Load which checkpoint into {0}?', fullName(target.model, target.node.path))));
  if (uri === undefined) return undefined;
  const file = await localPath(services, uri);
  if (file === undefined) return undefined;
  if (isDecision(decision)) return load(services, target, file, decision);
  const { model, node } = target;
  const preflight = await task(services, { title: t('Reading {0}', path.basename(file)), status: path.basename(file), runsUserCode: false }, (token) =>
    services.engine.request(PreflightLoad, { file, model: model.id, path: node.path }, token));
  if (preflight === undefined) return undefined;
  if (fits(preflight)) return load(services, target, file, { root: preflight.root, rename: null, partial: false });
  await vscode.commands.executeCommand('weightroom.openPreflight', file, model.id, node.path);
  return preflight;
}

const isDecision = (d: unknown): d is Decision => typeof (d as Decision | undefined)?.partial === 'boolean';

/** Every name and shape fits; a dtype is converted as load_state_dict converts it. */
const fits = ({ counts, error }: Preflighted): boolean => error === undefined && counts.missing + counts.unexpected + counts.shape + counts.unreadable === 0 && counts.matched + counts.dtype > 0;

async function load(services: Services, { model, node }: Target, file: string, decision: Decision): Promise<Loaded | undefined> {
  const result = await task(services, { title: t('Loading {0}', path.basename(file)), status: path.basename(file), runsUserCode: false }, (token) => services.engine.request(LoadInto, { file, model: model.id, path: node.path, ...decision }, token));
  if (result === undefined) return undefined;
  await tellUndoable(services, model, result);
  return result;
}

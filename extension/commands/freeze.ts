/** Freezes parameters (requiresGrad = false) or lets them train again. From the palette, Freeze toggles what is chosen. */
import * as vscode from 'vscode';

import { Freeze } from '../protocol/model';
import { fullName } from '../views/words';
import type { Services } from './services';
import { pickTarget } from './targets';
import { task } from './task';
import { mayRun } from './trust';

const t = vscode.l10n.t;

type Result = { message: string; changed: string[] } | undefined;

export function freeze(services: Services, arg?: unknown): Promise<Result> { return setFrozen(services, arg, arg === undefined ? 'toggle' : true); }
export function unfreeze(services: Services, arg?: unknown): Promise<Result> { return setFrozen(services, arg, false); }

async function setFrozen(services: Services, arg: unknown, wanted: boolean | 'toggle'): Promise<Result> {
  if (!mayRun()) return undefined;
  const target = await pickTarget(services, arg, t('Freeze or unfreeze which module or parameter?'), (n) => n.kind !== 'buffer' && n.numel > 0);
  if (target === undefined) return undefined;
  const { model, node } = target;
  const frozen = wanted === 'toggle' ? node.requiresGrad !== false : wanted;
  const name = fullName(model, node.path);
  const result = await task(services, { title: frozen ? t('Freezing {0}', name) : t('Unfreezing {0}', name), status: name, file: model.file, runsUserCode: false }, () => services.engine.request(Freeze, { model: model.id, path: node.path, frozen }));
  if (result === undefined) return undefined;
  vscode.window.setStatusBarMessage(`$(${frozen ? 'lock' : 'unlock'}) ${result.message}`, 6000);
  await services.store.refresh();
  return result;
}

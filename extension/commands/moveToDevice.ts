/** Moves a model or module to another device; devices that are not there are listed with the reason. */
import * as vscode from 'vscode';

import { Devices, type DeviceInfo } from '../protocol/engine';
import { MoveToDevice } from '../protocol/model';
import { fullName } from '../views/words';
import type { Services } from './services';
import { pickTarget } from './targets';
import { task, tell } from './task';
import { mayRun } from './trust';

const t = vscode.l10n.t;

/** `device` may be passed by a caller; else the user is asked. */
export async function moveToDevice(services: Services, arg?: unknown, device?: unknown): Promise<{ message: string } | undefined> {
  if (!mayRun()) return undefined;
  const target = await pickTarget(services, arg, t('Move which model or module?'), (n) => n.kind === 'module' && (n.numel > 0 || n.path === ''));
  if (target === undefined) return undefined;
  const { model, node } = target;
  const name = fullName(model, node.path);
  const to = typeof device === 'string' ? device : await pickDevice(services, name, node.device);
  if (to === undefined) return undefined;
  const result = await task(services, { title: t('Moving {0} to {1}', name, to), status: `${name} → ${to}`, file: model.file, runsUserCode: true }, (token) => services.engine.request(MoveToDevice, { model: model.id, path: node.path, device: to }, token));
  if (result === undefined) return undefined;
  services.output.appendLine(`> ${result.message}`);
  vscode.window.setStatusBarMessage(`$(weightroom-device) ${result.message}`, 6000);
  await services.store.refresh();
  return result;
}

async function pickDevice(services: Services, name: string, current: string): Promise<string | undefined> {
  let devices: DeviceInfo[];
  try {
    devices = await services.engine.request(Devices, null);
  } catch (error) {
    tell(services, error, null);
    return undefined;
  }
  const items = devices.map((d) => ({
    label: `$(${d.available ? 'weightroom-device' : 'circle-slash'}) ${d.name}`,
    description: d.name === current ? t('here now') : d.available ? '' : t('not available'), detail: d.detail, d,
  }));
  const picked = (await vscode.window.showQuickPick(items, { placeHolder: t('Move {0} to which device?', name) }))?.d;
  if (picked === undefined || picked.available) return picked?.name;
  void vscode.window.showWarningMessage(t('{0} is not available: {1}', picked.name, picked.detail));
  return undefined;
}

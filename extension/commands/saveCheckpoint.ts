/** Saves the state dict of a model or module: .pt that PyTorch reads, or .safetensors. */
import * as path from 'node:path';
import * as vscode from 'vscode';

import { SaveCheckpoint } from '../protocol/model';
import { formatBytes, formatCount } from '../views/labels';
import { fullName } from '../views/words';
import type { Services } from './services';
import { pickTarget } from './targets';
import { task } from './task';

const t = vscode.l10n.t;

/** `uri` may be passed by a caller; else the user is asked. */
export async function saveCheckpoint(services: Services, arg?: unknown, uri?: unknown): Promise<{ file: string; tensors: number; bytes: number } | undefined> {
  const target = await pickTarget(services, arg, t('Save which model or module?'), (n) => n.kind === 'module' && n.path === '');
  if (target === undefined) return undefined;
  const { model, node } = target;
  const name = fullName(model, node.path);
  const to = uri instanceof vscode.Uri ? uri : await vscode.window.showSaveDialog({
    title: t('Save {0}', name),
    defaultUri: vscode.Uri.file(path.join(path.dirname(model.file), `${name.replace(/[^\w.-]/g, '-')}.pt`)),
    filters: { 'PyTorch': ['pt', 'pth'], 'safetensors': ['safetensors'] },
  });
  if (to === undefined) return undefined;
  const result = await task(services, { title: t('Saving {0}', name), status: t('saving {0}', name), runsUserCode: false }, (token) => services.engine.request(SaveCheckpoint, { model: model.id, path: node.path, file: to.fsPath }, token));
  if (result === undefined) return undefined;
  const open = t('Open');
  const text = result.tensors === 1 ? t('Saved 1 tensor ({0}) to {1}', formatBytes(result.bytes), path.basename(result.file)) : t('Saved {0} tensors ({1}) to {2}', formatCount(result.tensors), formatBytes(result.bytes), path.basename(result.file));
  void vscode.window.showInformationMessage(text, open).then((answer) => {
    if (answer === open) void vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(result.file), 'weightroom.checkpoint');
  });
  services.checkpointsView.refresh();
  return result;
}

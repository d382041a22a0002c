/** Runs backward from the last output. Gradients that are already there are added to, as in PyTorch, or cleared first. */
import * as vscode from 'vscode';

import { Backward, type ModelSummary, type Num } from '../protocol/model';
import { formatTime, shortLoss } from '../views/labels';
import { worstGrad } from '../views/rows';
import { pickInput } from './expression';
import { runForward } from './forward';
import type { Services } from './services';
import { pickModel } from './targets';
import { task } from './task';
import { mayRun } from './trust';

const t = vscode.l10n.t;

/** `zeroGrad` may be passed by a caller; else the setting `weightroom.backward` decides. */
export async function backward(services: Services, arg?: unknown, options?: unknown): Promise<{ loss: Num; note: string } | undefined> {
  if (!mayRun()) return undefined;
  let model = await pickModel(services, arg);
  if (model === undefined) return undefined;
  // Without an output the engine runs forward itself, on the last input or its own proposal, and says so.
  if (!model.hasOutput && model.proposedInput === '') {
    const input = await pickInput(services, model, model.root, t('{0} has no output yet. Run it forward on', model.name));
    if (input === undefined || (await runForward(services, { model, node: model.root }, input)) === undefined) return undefined;
    model = services.store.model(model.id) ?? model;
  }
  const passed = (options as { zeroGrad?: unknown } | undefined)?.zeroGrad;
  const zeroGrad = typeof passed === 'boolean' ? passed : await askZeroGrad(model);
  if (zeroGrad === undefined) return undefined;
  const { id, name, file } = model;
  const result = await task(services, { title: t('Running backward of {0}', name), status: name, file, runsUserCode: true }, (token) => services.engine.request(Backward, { model: id, zeroGrad }, token));
  if (result === undefined) return undefined;
  const note = result.note === '' ? '' : `\n   ${result.note}`;
  services.output.appendLine(`> ${name}: backward(), loss ${result.loss} · ${formatTime(result.milliseconds)}${note}`);
  vscode.window.setStatusBarMessage(`$(weightroom-backward) ${t('{0}: gradients of loss {1}', name, shortLoss(result.loss))}`, 6000);
  await services.store.refresh();
  return result;
}

async function askZeroGrad(model: ModelSummary): Promise<boolean | undefined> {
  const setting = vscode.workspace.getConfiguration('weightroom').get<'ask' | 'add' | 'clear'>('backward', 'ask');
  if (setting !== 'ask') return setting === 'clear';
  if (worstGrad(model.root) === 'none') return false;
  const picked = await vscode.window.showQuickPick([
    { label: t('Add to the gradients'), description: t("PyTorch's way"), zeroGrad: false },
    { label: t('Clear the gradients first'), description: 'zero_grad()', zeroGrad: true },
  ], { placeHolder: t('{0} already has gradients', model.name) });
  return picked?.zeroGrad;
}

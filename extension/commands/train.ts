/** Trains a model: the file's own `train` function, or SGD on expressions for input and target. */
import * as vscode from 'vscode';

import { Train, type ModelSummary, type Num } from '../protocol/model';
import type { ParamsOf } from '../protocol/rpc';
import { formatCount, formatTime, shortLoss } from '../views/labels';
import { exportsTrain } from '../views/modelSource';
import { textOf } from '../views/sources';
import { pickInput, rememberInput } from './expression';
import type { Services } from './services';
import { numberProblem, pickModel } from './targets';
import { task } from './task';
import { mayRun } from './trust';

const t = vscode.l10n.t;

type Plan = Omit<ParamsOf<typeof Train>, 'model'>;

/** `plan` may be passed by a caller; else the user is asked. */
export async function train(services: Services, arg?: unknown, plan?: unknown): Promise<{ steps: number; loss: Num | null } | undefined> {
  if (!mayRun()) return undefined;
  const model = await pickModel(services, arg);
  if (model === undefined) return undefined;
  const chosen = isPlan(plan) ? plan : await askPlan(services, model);
  if (chosen === undefined) return undefined;
  const { id, name, file } = model;
  const result = await task(services, { title: t('Training {0}', name), status: t('training {0}', name), file, runsUserCode: true }, (token) => services.engine.request(Train, { model: id, ...chosen }, token));
  if (result === undefined) return undefined;
  const time = formatTime(result.milliseconds);
  const done = result.steps === 1 ? t('{0}: trained 1 step in {1}', name, time) : t('{0}: trained {1} steps in {2}', name, formatCount(result.steps), time);
  const text = result.loss === null ? done : `${done}, ${t('loss {0}', shortLoss(result.loss))}`;
  services.output.appendLine(`> ${text}`);
  void vscode.window.showInformationMessage(text);
  await services.store.refresh();
  return result;
}

const isPlan = (p: unknown): p is Plan => typeof (p as Plan | undefined)?.loss === 'string';

async function askPlan(services: Services, model: ModelSummary): Promise<Plan | undefined> {
  const text = await textOf(model.file);
  const losses = [
    { label: t('Cross entropy'), description: t('target: class indices'), loss: 'crossEntropy' as const },
    { label: t('Mean squared error'), description: t('target: same shape as the output'), loss: 'mse' as const },
  ];
  const own = { label: `$(weightroom-train) train(${model.name})`, description: t('exported by {0}', model.file.replace(/^.*[\\/]/, '')), loss: 'exported' as const };
  const kind = await vscode.window.showQuickPick(exportsTrain(text) ? [own, ...losses] : losses, { placeHolder: t('Train {0} with', model.name) });
  if (kind === undefined) return undefined;
  if (kind.loss === 'exported') return { loss: 'exported', steps: 0, lr: 0, input: '', target: '' };
  const input = await pickInput(services, model, model.root, t('Train {0}: input', model.name));
  if (input === undefined) return undefined;
  const target = await vscode.window.showInputBox({ title: t('Train {0}: target', model.name), value: kind.loss === 'mse' ? 'zeros(2, 10)' : 'tensor([0n, 1n])', prompt: t('Expression for the target') });
  if (target === undefined) return undefined;
  const steps = await askNumber(t('Train {0}: steps', model.name), '100');
  if (steps === undefined) return undefined;
  const lr = await askNumber(t('Train {0}: learning rate', model.name), '0.01');
  if (lr === undefined) return undefined;
  void rememberInput(services, model, '', input);
  return { loss: kind.loss, input, target, steps, lr };
}

async function askNumber(title: string, value: string): Promise<number | undefined> {
  const answer = await vscode.window.showInputBox({ title, value, validateInput: numberProblem });
  return answer === undefined ? undefined : Number(answer);
}

/** Runs a model, or one module of it, on an input expression; prints the output as PyTorch prints it. */
import * as vscode from 'vscode';

import { Forward } from '../protocol/model';
import { formatTime } from '../views/labels';
import { fullName } from '../views/words';
import { pickInput, rememberInput } from './expression';
import type { Services } from './services';
import { pickTarget, type Target } from './targets';
import { task } from './task';
import { mayRun } from './trust';

const t = vscode.l10n.t;

/** `input` may be passed by a caller; else the user is asked. */
export async function forward(services: Services, arg?: unknown, input?: unknown): Promise<{ output: string; shape: number[] } | undefined> {
  if (!mayRun()) return undefined;
  const target = await pickTarget(services, arg, t('Run which model or module?'), (n) => n.kind === 'module' && n.path === '');
  if (target === undefined) return undefined;
  const name = fullName(target.model, target.node.path);
  const expression = typeof input === 'string' ? input : await pickInput(services, target.model, target.node, t('Run forward: {0}', name));
  return expression === undefined ? undefined : runForward(services, target, expression);
}

export async function runForward(services: Services, { model, node }: Target, input: string): Promise<{ output: string; shape: number[] } | undefined> {
  const name = fullName(model, node.path);
  const result = await task(services, { title: t('Running {0}({1})', name, input), status: name, file: model.file, runsUserCode: true }, (token) =>
    services.engine.request(Forward, { model: model.id, input, ...(node.path === '' ? {} : { path: node.path }) }, token));
  if (result === undefined) return undefined;
  void rememberInput(services, model, node.path, input);
  services.output.appendLine(`> ${name}(${input})\n${result.output}\n   [${result.shape.join(', ')}] · ${formatTime(result.milliseconds)}`);
  services.output.show(true);
  services.selection.select({ model: model.id, path: node.path });
  await services.store.refresh();
  return result;
}

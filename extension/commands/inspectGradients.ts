/** Shows the gradients panel on a model, module or parameter. */
import * as vscode from 'vscode';

import { fullName } from '../views/words';
import type { Services } from './services';
import { pickModel, pickTarget } from './targets';

export async function inspectGradients(services: Services, arg?: unknown): Promise<string | undefined> {
  const target = arg === undefined ? await ofModel(services) : await pickTarget(services, arg, '', () => true);
  if (target === undefined) return undefined;
  services.selection.select({ model: target.model.id, path: target.node.path }, { reveal: true });
  await vscode.commands.executeCommand('weightroom.gradients.focus');
  return fullName(target.model, target.node.path);
}

async function ofModel(services: Services): Promise<Awaited<ReturnType<typeof pickTarget>>> {
  const model = await pickModel(services, undefined);
  return model === undefined ? undefined : { model, node: model.root };
}

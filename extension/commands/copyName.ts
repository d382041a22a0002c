/** Copies PyTorch's dotted name (`encoder.0.weight`) of a row, or of several. */
import * as vscode from 'vscode';

import type { CheckpointTensorRow } from '../views/checkpointsView';
import type { Services } from './services';
import { checkpointUri } from './checkpointPick';
import { pickTarget } from './targets';

const t = vscode.l10n.t;

export async function copyName(services: Services, arg?: unknown): Promise<string | undefined> {
  const name = checkpointName(arg ?? focusedCheckpoint(services)) ?? (await modelName(services, arg));
  if (name === undefined) return undefined;
  await vscode.env.clipboard.writeText(name);
  vscode.window.setStatusBarMessage(`$(copy) ${t('Copied {0}', name)}`, 3000);
  return name;
}

/** By keyboard no row is passed: the focused view's selection counts. */
function focusedCheckpoint({ checkpointsView, modelsView }: Services): unknown {
  return modelsView.tree.selection.length === 0 ? checkpointsView.tree.selection[0] : undefined;
}

function checkpointName(arg: unknown): string | undefined {
  const row = arg as CheckpointTensorRow | null | undefined;
  if (row?.kind === 'below') return row.row.kind === 'tensor' ? row.row.tensor.name : row.row.path;
  return (arg as { kind?: string } | null | undefined)?.kind === 'checkpoint' ? checkpointUri(arg)?.fsPath : undefined;
}

async function modelName(services: Services, arg: unknown): Promise<string | undefined> {
  const target = await pickTarget(services, arg ?? services.modelsView.tree.selection[0], t('Copy which name?'), () => true);
  return target === undefined ? undefined : target.node.path === '' ? target.model.name : target.node.path;
}

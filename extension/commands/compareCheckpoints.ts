/** Compares two checkpoints, or a checkpoint and a live model, in the compare editor. */
import * as vscode from 'vscode';

import type { Side } from '../protocol/checkpoint';
import type { NodeRow } from '../views/rows';
import { fullName } from '../views/words';
import { checkpointUri, localPath, pickCheckpoint } from './checkpointPick';
import type { Services } from './services';

const t = vscode.l10n.t;

/** `rows` are the selected rows (tree) or files (explorer) when there are several. */
export async function compareCheckpoints(services: Services, arg?: unknown, rows?: unknown): Promise<{ a: Side; b: Side } | undefined> {
  const several = (Array.isArray(rows) ? rows : []).map(checkpointUri).filter((u) => u !== undefined);
  const model = (arg as NodeRow | null)?.kind === 'node' ? (arg as NodeRow).model : undefined;
  const first = several[0] ?? checkpointUri(arg) ?? (await pickCheckpoint(services, model === undefined ? t('Compare which checkpoint?') : t('Compare {0} with which checkpoint?', model.name)));
  if (first === undefined) return undefined;
  const b = model !== undefined ? { model: model.id, path: '' } : several[1] !== undefined ? await fileSide(services, several[1]) : await pickOther(services, first);
  const a = b === undefined ? undefined : await fileSide(services, first);
  if (a === undefined || b === undefined) return undefined;
  await vscode.commands.executeCommand('weightroom.openCompare', a, b);
  return { a, b };
}

async function pickOther(services: Services, first: vscode.Uri): Promise<Side | undefined> {
  const live = services.store.models.map((m) => ({ label: `$(weightroom-model) ${fullName(m, '')}`, description: t('live model'), side: { model: m.id, path: '' } as Side | undefined }));
  if (live.length === 0) {
    const uri = await pickCheckpoint(services, t('Compare with which checkpoint?'), first);
    return uri === undefined ? undefined : fileSide(services, uri);
  }
  const picked = await vscode.window.showQuickPick([...live, { label: `$(weightroom-checkpoint) ${t('A checkpoint…')}`, description: '', side: undefined }], { placeHolder: t('Compare {0} with', vscode.workspace.asRelativePath(first)) });
  if (picked === undefined) return undefined;
  if (picked.side !== undefined) return picked.side;
  const uri = await pickCheckpoint(services, t('Compare with which checkpoint?'), first);
  return uri === undefined ? undefined : fileSide(services, uri);
}

async function fileSide(services: Services, uri: vscode.Uri): Promise<Side | undefined> {
  const file = await localPath(services, uri);
  return file === undefined ? undefined : { file };
}

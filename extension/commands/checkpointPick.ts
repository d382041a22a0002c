/** Asks for a checkpoint file: those of the workspace, newest first, or any other. */
import * as vscode from 'vscode';

import { formatBytes } from '../views/labels';
import type { CheckpointRow } from '../views/checkpointsView';
import type { Services } from './services';
import { tell } from './task';

const t = vscode.l10n.t;

/** The file that a row of the Checkpoints view, a URI or a path names. */
export function checkpointUri(arg: unknown): vscode.Uri | undefined {
  if (arg instanceof vscode.Uri) return arg;
  if ((arg as CheckpointRow | null)?.kind === 'checkpoint') return (arg as CheckpointRow).uri;
  return undefined;
}

export async function pickCheckpoint(services: Services, placeHolder: string, except?: vscode.Uri): Promise<vscode.Uri | undefined> {
  const rows = (await services.checkpointsView.files()).filter((r) => r.uri.toString() !== except?.toString());
  const items = rows.map((r) => ({ label: `$(weightroom-checkpoint) ${vscode.workspace.asRelativePath(r.uri)}`, description: formatBytes(r.bytes), uri: r.uri as vscode.Uri | undefined }));
  const picked = await vscode.window.showQuickPick([...items, { label: `$(folder-opened) ${t('Browse…')}`, description: '', uri: undefined }], { placeHolder });
  if (picked === undefined) return undefined;
  return picked.uri ?? (await vscode.window.showOpenDialog({ title: placeHolder, filters: { [t('Checkpoints')]: ['pt', 'pth', 'safetensors', 'json', 'npz', 'npy', 'gguf', 'bin', 'ckpt', 'pkl'], [t('All files')]: ['*'] } }))?.[0];
}

/** Where the engine can read a file. Undefined when it cannot be brought here; the user is told why. */
export async function localPath(services: Services, uri: vscode.Uri): Promise<string | undefined> {
  try {
    return await services.copies.pathOf(uri);
  } catch (error) {
    tell(services, Object.assign(error as Error, { info: { kind: 'file', name: 'FileError', message: (error as Error).message } }), null);
    return undefined;
  }
}

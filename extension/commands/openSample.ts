/** Copies the samples to a folder of the user's, sets up its types and opens it. */
import * as vscode from 'vscode';

import type { Services } from './services';
import { writeTypes } from './setUpTypes';

const t = vscode.l10n.t;

interface Options { destination?: vscode.Uri; open?: boolean }

/** `options` may be passed by a caller; else the user is asked for a place. Files that are already there are kept. */
export async function openSample({ context }: Services, options?: unknown): Promise<vscode.Uri | undefined> {
  const given = (options ?? {}) as Options;
  const parent = given.destination instanceof vscode.Uri ? given.destination : (await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, openLabel: t('Put the Samples Here'), title: t('Where should the folder "weightroom-samples" go?') }))?.[0];
  if (parent === undefined) return undefined;
  const folder = vscode.Uri.joinPath(parent, 'weightroom-samples');
  try {
    await copyMissing(vscode.Uri.joinPath(context.extensionUri, 'media', 'samples'), folder);
    await writeTypes(context, folder);
  } catch (error) {
    void vscode.window.showErrorMessage(t('The samples could not be copied to {0}: {1}', folder.fsPath, (error as Error).message));
    return undefined;
  }
  if (given.open !== false) await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow: (vscode.workspace.workspaceFolders?.length ?? 0) > 0 });
  return folder;
}

/** The user's own changes to a sample are never overwritten. The samples' tsconfig points into the extension: it is not copied. */
async function copyMissing(from: vscode.Uri, to: vscode.Uri): Promise<void> {
  await vscode.workspace.fs.createDirectory(to);
  const there = new Set((await vscode.workspace.fs.readDirectory(to)).map(([name]) => name));
  for (const [name, type] of await vscode.workspace.fs.readDirectory(from)) {
    const [a, b] = [vscode.Uri.joinPath(from, name), vscode.Uri.joinPath(to, name)];
    if (type === vscode.FileType.Directory) await copyMissing(a, b);
    else if (!there.has(name) && name !== 'tsconfig.json') await vscode.workspace.fs.copy(a, b);
  }
}

/** Makes a notebook with TypeScript cells for Weightroom and opens it. */
import * as path from 'node:path';
import * as vscode from 'vscode';

import type { Services } from './services';

const t = vscode.l10n.t;

interface Options { uri?: vscode.Uri }

/** `options` may be passed by a caller; else the user is asked for a place. */
export async function newNotebook({ context }: Services, options?: unknown): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = (options as Options | undefined)?.uri ?? (await vscode.window.showSaveDialog({
    title: t('New notebook'), filters: { [t('Notebook')]: ['ipynb'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.file(path.join(folder.fsPath, 'model.ipynb')) }),
  }));
  if (uri === undefined) return undefined;
  try {
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(context.extensionUri, 'media', 'templates', 'notebook.ipynb'), uri, { overwrite: true });
    await vscode.window.showNotebookDocument(await vscode.workspace.openNotebookDocument(uri));
    return uri;
  } catch (error) {
    void vscode.window.showErrorMessage(t('{0} could not be written: {1}', uri.fsPath, (error as Error).message));
    return undefined;
  }
}

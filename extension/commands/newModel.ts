/** Makes a model file from a template and opens it. */
import * as path from 'node:path';
import * as vscode from 'vscode';

import type { Services } from './services';
import { hasTypes } from './setUpTypes';
import { offerTypes } from './typesFix';

const t = vscode.l10n.t;

interface Options { template?: string; uri?: vscode.Uri }

/** `options` may be passed by a caller; else the user is asked. */
export async function newModel(services: Services, options?: unknown): Promise<vscode.Uri | undefined> {
  const given = options instanceof vscode.Uri ? {} : ((options ?? {}) as Options);
  const template = given.template ?? (await pickTemplate());
  if (template === undefined) return undefined;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = given.uri ?? (await vscode.window.showSaveDialog({
    title: t('New model file'), filters: { TypeScript: ['ts', 'mts'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.file(path.join(folder.fsPath, `${template}.ts`)) }),
  }));
  if (uri === undefined) return undefined;
  try {
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(services.context.extensionUri, 'media', 'templates', `${template}.ts`), uri, { overwrite: true });
  } catch (error) {
    void vscode.window.showErrorMessage(t('{0} could not be written: {1}', uri.fsPath, (error as Error).message));
    return undefined;
  }
  await vscode.window.showTextDocument(uri);
  const folderOf = vscode.workspace.getWorkspaceFolder(uri)?.uri;
  if (folderOf !== undefined && !(await hasTypes(folderOf))) offerTypes(services, uri);
  return uri;
}

async function pickTemplate(): Promise<string | undefined> {
  const items = [
    { label: `$(weightroom-linear) ${t('Multilayer perceptron')}`, description: t('two linear layers'), id: 'mlp' },
    { label: `$(weightroom-conv) ${t('Convolutional network')}`, description: t('for 28 × 28 images'), id: 'cnn' },
    { label: `$(weightroom-recurrent) ${t('Recurrent network')}`, description: t('an LSTM over a sequence'), id: 'rnn' },
    { label: `$(weightroom-module) ${t('Layer of your own')}`, description: t('parameters and a forward'), id: 'layer' },
  ];
  return (await vscode.window.showQuickPick(items, { placeHolder: t('Template') }))?.id;
}

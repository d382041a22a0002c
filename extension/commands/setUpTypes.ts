/**
 * Gives a folder IntelliSense for `import … from 'weightroom'`: copies the library's declarations to `.weightroom/types` and
 * points the tsconfig's `paths` there. No package to install, nothing to check in.
 */
import * as vscode from 'vscode';

import type { Services } from './services';
import { editTsconfig, newTsconfig } from './typesFolder';

const t = vscode.l10n.t;
const join = vscode.Uri.joinPath;

/** `folder` may be passed by a caller; else the workspace's, asked for when there are several. */
export async function setUpTypes(services: Services, folder?: unknown): Promise<vscode.Uri | undefined> {
  const root = folder instanceof vscode.Uri ? folder : await pickFolder();
  if (root === undefined) return undefined;
  try {
    const note = await writeTypes(services.context, root);
    // TypeScript's server looks for a tsconfig that was not there only when it starts. Not awaited: it may not be running at all.
    void vscode.commands.executeCommand('typescript.restartTsServer').then(undefined, () => undefined);
    if (note !== undefined) void vscode.window.showInformationMessage(note);
    return root;
  } catch (error) {
    void vscode.window.showErrorMessage(t('Types could not be set up in {0}: {1}', root.fsPath, (error as Error).message));
    return undefined;
  }
}

/** Returns what to tell the user. */
export async function writeTypes(context: vscode.ExtensionContext, root: vscode.Uri): Promise<string> {
  await copyTypes(context, root);
  const existing = await firstThere([join(root, 'tsconfig.json'), join(root, 'jsconfig.json')]);
  if (existing === undefined) {
    await write(join(root, 'tsconfig.json'), newTsconfig);
    return t("Types for 'weightroom' are set up: tsconfig.json was made.");
  }
  const name = existing.path.replace(/^.*\//, '');
  const edited = editTsconfig(await read(existing));
  if ('problem' in edited) throw new Error(t('{0} is not valid JSON ({1}); add "paths": { "weightroom": ["./.weightroom/types/lib/index.d.ts"] } to its compilerOptions', name, edited.problem));
  if (!edited.changed) return t("Types for 'weightroom' were set up already; they are up to date now.");
  await write(existing, edited.text);
  return edited.hidesInherited ? t("Types for 'weightroom' are set up in {0}. It extends another file: if that one has paths of its own, repeat them here.", name) : t("Types for 'weightroom' are set up in {0}.", name);
}

/** After an update of the extension the copied declarations follow. */
export async function refreshTypes(context: vscode.ExtensionContext): Promise<void> {
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    const stamp = await firstThere([join(uri, '.weightroom', 'version')]);
    if (stamp !== undefined && (await read(stamp)) !== versionOf(context)) await copyTypes(context, uri);
  }
}

export async function hasTypes(root: vscode.Uri): Promise<boolean> {
  return (await firstThere([join(root, '.weightroom', 'version'), join(root, 'node_modules', 'weightroom')])) !== undefined;
}

const versionOf = ({ extension }: vscode.ExtensionContext): string => (extension.packageJSON as { version: string }).version;

async function copyTypes(context: vscode.ExtensionContext, root: vscode.Uri): Promise<void> {
  const own = join(root, '.weightroom');
  await vscode.workspace.fs.copy(join(context.extensionUri, 'dist', 'types'), join(own, 'types'), { overwrite: true });
  await write(join(own, '.gitignore'), '*\n');
  await write(join(own, 'version'), versionOf(context));
}

async function pickFolder(): Promise<vscode.Uri | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    void vscode.window.showErrorMessage(t('Open a folder first: types are set up for a folder.'));
    return undefined;
  }
  return folders.length === 1 ? folders[0]!.uri : (await vscode.window.showWorkspaceFolderPick({ placeHolder: t('Set up types for which folder?') }))?.uri;
}

const read = async (uri: vscode.Uri): Promise<string> => Buffer.from(await vscode.workspace.fs.readFile(uri)).toString('utf8');
const write = (uri: vscode.Uri, text: string): Thenable<void> => vscode.workspace.fs.writeFile(uri, Buffer.from(text));

async function firstThere(uris: vscode.Uri[]): Promise<vscode.Uri | undefined> {
  for (const uri of uris) {
    try {
      await vscode.workspace.fs.stat(uri);
      return uri;
    } catch { /* not there */ }
  }
  return undefined;
}

/** Where TypeScript does not find 'weightroom': a quick fix at the import, and an offer after a run. */
import * as vscode from 'vscode';

import type { Services } from './services';
import { setUpTypes } from './setUpTypes';

const t = vscode.l10n.t;
const languages = ['typescript', 'typescriptreact', 'javascript', 'javascriptreact'];
/** Cannot find module; could not find a declaration file for it. */
const codes = new Set<unknown>([2307, 7016]);

const isMissing = ({ code, message }: vscode.Diagnostic): boolean => codes.has(typeof code === 'object' ? Number(code.value) : code) && message.includes("'weightroom'");

export function registerTypesFix(): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider(languages.map((language) => ({ language })), {
    provideCodeActions(document, _range, { diagnostics }) {
      const missing = diagnostics.filter(isMissing);
      const folder = vscode.workspace.getWorkspaceFolder(document.uri);
      if (missing.length === 0 || folder === undefined) return [];
      const title = t("Set up types for 'weightroom' in this folder");
      return [Object.assign(new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix), { diagnostics: missing, isPreferred: true, command: { title, command: 'weightroom.setUpTypes', arguments: [folder.uri] } })];
    },
  }, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] });
}

/** Folders in which it was offered: once a session is enough. */
const offered = new Set<string>();

/** Offers to set up types in the folder of `uri`. Does not wait for the user. */
export function offerTypes(services: Services, uri: vscode.Uri): void {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder === undefined || offered.has(folder.uri.toString())) return;
  offered.add(folder.uri.toString());
  const setUp = t('Set Up Types');
  void vscode.window.showInformationMessage(t("Set up types, so that the editor knows 'weightroom' in this folder?"), setUp).then((answer) => { if (answer === setUp) void setUpTypes(services, folder.uri); });
}

/** After a run that the user asked for: the editor marks as unknown what has just been run. */
export function offerMissingTypes(services: Services, file: string): void {
  const uri = vscode.Uri.file(file);
  if (vscode.languages.getDiagnostics(uri).some(isMissing)) offerTypes(services, uri);
}

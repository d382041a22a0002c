/** Model files are code: they run only in a trusted workspace. Refused here, not only by a menu's `when`. */
import * as vscode from 'vscode';

const t = vscode.l10n.t;

/** True when code may run; else says why not and offers to manage trust. */
export function mayRun(): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = t('Manage Workspace Trust');
  void vscode.window.showWarningMessage(t('Running model files is off in Restricted Mode, because a model file is code. Checkpoints can still be viewed.'), manage).then((answer) => {
    if (answer === manage) void vscode.commands.executeCommand('workbench.trust.manage');
  });
  return false;
}

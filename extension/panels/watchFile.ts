/** When the bytes of a file change: of a sharded one, those of the shards beside its index as well. */
import * as vscode from 'vscode';

/** Writers save in steps; what comes within this time is one change. */
const SETTLE_MS = 200;

export function watchFile(file: vscode.Uri, changed: () => void): vscode.Disposable {
  // The whole folder: a pattern for one file would take brackets in its name for its own.
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(file, '..'), '*'));
  const sharded = /\.index\.json$/i.test(file.path);
  let timer: NodeJS.Timeout | undefined;
  const soon = (at: vscode.Uri): void => {
    if (at.toString() !== file.toString() && !(sharded && /-\d+-of-\d+\.[^./]+$/.test(at.path))) return;
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  };
  watcher.onDidChange(soon);
  watcher.onDidCreate(soon);
  return new vscode.Disposable(() => { clearTimeout(timer); watcher.dispose(); });
}

/** Context key `weightroom.activeModelFile`: the active editor shows a file that imports weightroom. Says so when such a file comes. */
import * as vscode from 'vscode';

import { isModelFile } from './modelSource';

export class ActiveFile implements vscode.Disposable {
  private readonly subscriptions: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;
  private last = false;

  constructor(private readonly onModelFile: () => void) {
    this.subscriptions = [
      vscode.window.onDidChangeActiveTextEditor(() => this.update()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document !== vscode.window.activeTextEditor?.document) return;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.update(), 300);
      }),
    ];
    this.update();
  }

  private update(): void {
    const document = vscode.window.activeTextEditor?.document;
    const is = document?.uri.scheme === 'file' && isModelFile(document.fileName, document.getText());
    if (is !== this.last) void vscode.commands.executeCommand('setContext', 'weightroom.activeModelFile', is);
    if (is && !this.last) this.onModelFile();
    this.last = is;
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}

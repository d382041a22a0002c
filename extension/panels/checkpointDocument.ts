/** A checkpoint that is open in the viewer: where its bytes can be read, and when they change. */
import * as vscode from 'vscode';

import type { LocalCopies } from './localCopies';
import { watchFile } from './watchFile';

export class CheckpointDocument implements vscode.CustomDocument {
  private readonly changed = new vscode.EventEmitter<void>();
  /** Its bytes changed; `file()` is up to date. */
  readonly onDidChange = this.changed.event;
  private readonly subscriptions: vscode.Disposable;

  constructor(private readonly copies: LocalCopies, readonly uri: vscode.Uri) {
    this.subscriptions = vscode.Disposable.from(this.changed, copies.use(uri), watchFile(uri, () => { copies.forget(uri); this.changed.fire(); }));
  }
  /** A local path. Rejects with the reason when the file cannot be brought here. */
  file(): Promise<string> { return this.copies.pathOf(this.uri); }
  dispose(): void { this.subscriptions.dispose(); }
}

/** Which module or parameter the user looks at. The tree, the gradients panel and commands follow it and set it. */
import * as vscode from 'vscode';

import type { ModelId } from '../protocol/model';

export interface Selected { model: ModelId; /** Dotted name; '' is the model itself. */ path: string }

export class ModelSelection implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Selected>();
  private readonly revealed = new vscode.EventEmitter<Selected>();
  private selected: Selected | undefined;

  /** Fires once per change, whoever made it. */
  readonly onDidChange = this.changed.event;
  /** Asks the tree to show the row. */
  readonly onDidReveal = this.revealed.event;

  get current(): Selected | undefined { return this.selected; }

  /** `reveal`: also show it in the Models tree, without taking the focus. */
  select(selected: Selected, options: { reveal?: boolean } = {}): void {
    const same = this.selected?.model === selected.model && this.selected.path === selected.path;
    this.selected = selected;
    if (!same) this.changed.fire(selected);
    if (options.reveal === true) this.revealed.fire(selected);
  }

  dispose(): void {
    this.changed.dispose();
    this.revealed.dispose();
  }
}

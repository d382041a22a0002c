/**
 * The live models as the engine last reported them; one copy for the tree, CodeLens, status bar and commands.
 * Asks again when the engine says that something changed, at most four times a second and never twice at once.
 */
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import { ListModels, ModelChanged, type ModelId, type ModelSummary, type RunResult } from '../protocol/model';

const refreshEvery = 250;

export class ModelStore implements vscode.Disposable {
  private list: ModelSummary[] = [];
  /** Files that were run in this session, with or without models left: saving one runs it again. */
  private readonly ran = new Set<string>();
  /** Being saved by a run that is about to start: that save starts no second one. */
  readonly savedToRun = new Set<string>();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly subscriptions: vscode.Disposable[];
  private timer: NodeJS.Timeout | undefined;
  private asking: Promise<void> = Promise.resolve();

  readonly onDidChange = this.changed.event;

  constructor(private readonly engine: EngineClient, private readonly onError: (error: unknown) => void) {
    this.subscriptions = [
      this.changed,
      engine.on(ModelChanged, () => this.refreshSoon()),
      engine.onDidChangeState(({ state }) => { if (state === 'crashed' || state === 'stopped') this.set([]); }),
    ];
  }

  get models(): readonly ModelSummary[] { return this.list; }
  get files(): ReadonlySet<string> { return this.ran; }
  model(id: ModelId): ModelSummary | undefined { return this.list.find((m) => m.id === id); }

  /** What a run reported; models of other files stay. */
  tookRun(result: RunResult): void {
    this.ran.add(result.file);
    this.set([...this.list.filter((m) => m.file !== result.file), ...result.models]);
  }

  /** A run was tried: saving the file tries again, even after an error. */
  tried(file: string): void { this.ran.add(file); }

  closed(file: string): void {
    this.ran.delete(file);
    this.set(this.list.filter((m) => m.file !== file));
  }

  /** The file has a new name, and so have its models once they are asked for. */
  async moved(from: string, to: string): Promise<void> {
    if (this.ran.delete(from)) this.ran.add(to);
    if (this.list.some((m) => m.file === from)) await this.refresh();
  }

  /** Models are gone (the runner was ended); the files they came from stay known. */
  lost(): void { this.set([]); }

  /** Resolves when the list is as new as this call: a question already under way may have been answered before the change. */
  refresh(): Promise<void> {
    const next = this.asking.then(() => this.ask());
    this.asking = next;
    return next;
  }
  private async ask(): Promise<void> {
    try {
      this.set(await this.engine.request(ListModels, null));
    } catch (error) {
      this.onError(error);
    }
  }

  private refreshSoon(): void {
    this.timer ??= setTimeout(() => { this.timer = undefined; void this.refresh(); }, refreshEvery);
  }

  private set(models: ModelSummary[]): void {
    this.list = models;
    void vscode.commands.executeCommand('setContext', 'weightroom.hasModels', models.length > 0);
    void vscode.commands.executeCommand('setContext', 'weightroom.modelFiles', [...this.ran]);
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.subscriptions).dispose();
  }
}

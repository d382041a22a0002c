/** The one status bar item: what runs (click interrupts), how training gets on, else how many models are live. */
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import { TrainingStep } from '../protocol/model';
import type { ModelStore } from './modelStore';
import type { TrainingWatch } from './trainingWatch';
import { formatCount } from './labels';

const t = vscode.l10n.t;

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('weightroom', vscode.StatusBarAlignment.Left, 10);
  private readonly subscriptions: vscode.Disposable[];
  private readonly running: string[] = [];
  private step = '';
  private state: 'stopped' | 'starting' | 'running' | 'crashed' = 'stopped';

  constructor(private readonly store: ModelStore, engine: EngineClient, private readonly watch: TrainingWatch) {
    this.item.name = 'Weightroom';
    this.subscriptions = [
      this.item,
      store.onDidChange(() => this.show()),
      engine.onDidChangeState(({ state }) => { this.state = state; this.show(); }),
      engine.on(TrainingStep, ({ step, loss }) => {
        this.step = loss === null ? t('step {0}', formatCount(step)) : t('step {0}, loss {1}', formatCount(step), Number(loss).toPrecision(4));
        this.show();
      }),
    ];
  }

  /** Shown until the returned function is called; `what` is short: `mlp.ts`, `forward`. */
  started(what: string): () => void {
    this.running.push(what);
    this.step = '';
    this.watch.set('status', { watching: true, every: 1, paused: false });
    void vscode.commands.executeCommand('setContext', 'weightroom.running', true);
    this.show();
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.running.splice(this.running.indexOf(what), 1);
      if (this.running.length === 0) {
        this.watch.set('status', { watching: false, every: 1, paused: false });
        void vscode.commands.executeCommand('setContext', 'weightroom.running', false);
      }
      this.show();
    };
  }

  private show(): void {
    const { item } = this;
    const { models } = this.store;
    const current = this.running.at(-1);
    if (current !== undefined) {
      item.text = `$(loading~spin) ${current}${this.step === '' ? '' : ` · ${this.step}`}`;
      item.tooltip = t('Weightroom is running. Click to interrupt.');
      item.command = 'weightroom.interrupt';
    } else if (this.state === 'crashed') {
      item.text = `$(warning) ${t('Weightroom engine stopped')}`;
      item.tooltip = t('Click to restart the engine.');
      item.command = 'weightroom.restartEngine';
    } else if (models.length > 0) {
      item.text = `$(weightroom-model) ${models.length === 1 ? models[0]!.name : t('{0} models', models.length)}`;
      item.tooltip = models.map((m) => `${m.name}: ${m.root.type}, ${t('{0} parameters', formatCount(m.root.numel))}, ${m.root.device}`).join('\n');
      item.command = 'weightroom.models.focus';
    } else return item.hide();
    item.show();
  }

  dispose(): void { vscode.Disposable.from(...this.subscriptions).dispose(); }
}

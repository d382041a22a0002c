/**
 * The gradient inspector (view `weightroom.gradients`): follows the Models tree's selection and sets it. Asks the engine only
 * while it is visible, and tells it so: nobody looking, nothing computed.
 */
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import * as panel from '../protocol/gradientsPanel';
import { Gradients, ModelChanged, TensorHistogram, TrainingStep } from '../protocol/model';
import type { ModelStore } from '../views/modelStore';
import type { ModelSelection } from '../views/selection';
import type { TrainingWatch } from '../views/trainingWatch';
import { GradientHistory } from './gradientHistory';
import { openPage, type Page } from './page';

export interface GradientsContext { context: vscode.ExtensionContext; engine: EngineClient; store: ModelStore; selection: ModelSelection; watch: TrainingWatch }

export function registerGradients(c: GradientsContext): vscode.Disposable {
  const view = new GradientsView(c);
  return vscode.Disposable.from(view, vscode.window.registerWebviewViewProvider('weightroom.gradients', view));
}

class GradientsView implements vscode.WebviewViewProvider, vscode.Disposable {
  private page: Page | undefined;
  private visible = false;
  private every = 1;
  private paused = false;
  private running = false;
  private readonly history = new Map<string, GradientHistory>();
  private readonly pins: Record<panel.PinSlot, panel.Pinned | null> = { a: null, b: null };
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly c: GradientsContext) {
    const { engine, store, selection } = c;
    this.subscriptions = [
      store.onDidChange(() => this.changed()),
      selection.onDidChange(() => this.changed()),
      engine.on(TrainingStep, ({ model, step, loss }) => { this.running = true; this.page?.channel.notify(panel.FrameReady, { model, step, loss }); }),
      engine.on(ModelChanged, ({ model }) => { this.running = false; this.page?.channel.notify(panel.FrameReady, { model, step: null, loss: null }); }),
      engine.onDidChangeState(({ state, message }) => {
        if (state === 'running') { this.page?.channel.notify(panel.EngineTrouble, null); }
        if (state === 'crashed') this.page?.channel.notify(panel.EngineTrouble, { kind: 'engine', name: 'EngineCrash', message: message ?? '' });
      }),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const page = openPage(this.c.context, view.webview, 'gradients', 'gradients');
    this.page = page;
    this.visible = view.visible;
    this.answer(page);
    this.watch();
    view.onDidChangeVisibility(() => { this.visible = view.visible; this.watch(); });
    view.onDidDispose(() => { page.dispose(); this.page = undefined; this.visible = false; this.watch(); });
  }
  dispose(): void {
    this.page?.dispose();
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  private answer({ channel }: Page): void {
    const { engine, store, selection } = this.c;
    channel.handle(panel.GetState, () => this.state());
    channel.handle(panel.GetFrame, async ({ model, name, bins, text }) => {
      const report = await engine.request(Gradients, { model, ...(name === null ? {} : { histograms: { names: [name], bins } }) });
      let history = this.history.get(model);
      if (history === undefined) this.history.set(model, (history = new GradientHistory()));
      history.add(report);
      const known = name !== null && report.rows.some((r) => r.name === name);
      return { report, history: history.of(name), text: text && known ? (await engine.request(TensorHistogram, { model, name, bins: 1 })).text : null };
    });
    channel.handle(panel.PickModel, ({ model }) => { selection.select({ model, path: '' }, { reveal: true }); return null; });
    channel.handle(panel.PickParameter, async ({ model, path, open }) => {
      selection.select({ model, path }, { reveal: true });
      if (open) await vscode.commands.executeCommand('weightroom.revealSource', { model, path });
      return null;
    });
    channel.handle(panel.SetPin, async ({ slot, model, set }) => {
      this.pins[slot] = set ? await this.pin(model) : null;
      if (slot === 'a' && !set) this.pins.b = null;
      this.changed();
      return null;
    });
    channel.handle(panel.GetPin, ({ slot }) => this.pins[slot]);
    channel.handle(panel.SetSampling, ({ every, paused }) => { this.every = every; this.paused = paused; this.watch(); this.changed(); return null; });
    channel.handle(panel.RunCommand, async ({ command, model }) => {
      const row = model === null ? undefined : store.model(model);
      await vscode.commands.executeCommand(`weightroom.${command}`, ...(row && command !== 'runFile' ? [{ kind: 'node', model: row, node: row.root }] : []));
      return null;
    });
  }

  /** Histograms of all parameters: the comparison shows any of them later, when the values are gone. */
  private async pin(model: string): Promise<panel.Pinned> {
    const report = await this.c.engine.request(Gradients, { model, histograms: { names: null, bins: 64 } });
    return { report: { ...report, histograms: report.histograms ?? {} }, time: Date.now() };
  }

  private state(): panel.PanelState {
    const { store, selection } = this.c;
    const models = store.models.map((m) => ({ id: m.id, name: m.name, file: vscode.workspace.asRelativePath(m.file), type: m.root.type }));
    const chosen = selection.current;
    const model = models.find((m) => m.id === chosen?.model)?.id ?? models[0]?.id ?? null;
    return { models, model, path: model !== null && chosen?.model === model ? chosen.path : '', paused: this.paused, every: this.every, running: this.running, trusted: vscode.workspace.isTrusted, pinned: { a: this.pins.a?.time ?? null, b: this.pins.b?.time ?? null } };
  }
  private changed(): void { this.page?.channel.notify(panel.StateChanged, this.state()); }

  private watch(): void { this.c.watch.set('gradients', { watching: this.visible, every: this.every, paused: this.visible && this.paused }); }
}

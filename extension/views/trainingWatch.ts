/** Who looks at training, put together: a running loop publishes its steps only while somebody does. */
import * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import { Watch } from '../protocol/model';
import type { ParamsOf } from '../protocol/rpc';

export type Look = ParamsOf<typeof Watch>;

export class TrainingWatch implements vscode.Disposable {
  private readonly looks = new Map<string, Look>();
  private readonly subscription: vscode.Disposable;

  constructor(private readonly engine: EngineClient) {
    // A fresh process knows nothing of what was asked before.
    this.subscription = engine.onDidChangeState(({ state }) => { if (state === 'running') this.send(); });
  }

  set(who: string, look: Look): void {
    this.looks.set(who, look);
    this.send();
  }

  /** Whether `who` has it on screen. */
  isLooking(who: string): boolean { return this.looks.get(who)?.watching ?? false; }

  /** Never starts the engine: a process that is not there has nothing to watch. */
  private send(): void {
    if (this.engine.state.state !== 'running') return;
    const active = [...this.looks.values()].filter((l) => l.watching);
    const look: Look = { watching: active.length > 0, every: Math.min(...active.map((l) => l.every), active.length > 0 ? Infinity : 1), paused: active.some((l) => l.paused) };
    this.engine.request(Watch, look).catch(() => undefined);
  }

  dispose(): void { this.subscription.dispose(); }
}

/** What commands work with. Made once in main.ts. */
import type * as vscode from 'vscode';

import type { EngineClient } from '../engine/client';
import type { LocalCopies } from '../panels/localCopies';
import type { CheckpointsView } from '../views/checkpointsView';
import type { ModelsView } from '../views/modelsView';
import type { ModelStore } from '../views/modelStore';
import type { Problems } from '../views/problems';
import type { ModelSelection } from '../views/selection';
import type { StatusItem } from '../views/statusItem';
import type { TrainingWatch } from '../views/trainingWatch';
import type { Turns } from './turns';

export interface Services {
  context: vscode.ExtensionContext;
  engine: EngineClient;
  store: ModelStore;
  selection: ModelSelection;
  modelsView: ModelsView;
  checkpointsView: CheckpointsView;
  /** Of files that are not on a local disk. */
  copies: LocalCopies;
  problems: Problems;
  status: StatusItem;
  watch: TrainingWatch;
  turns: Turns;
  /** What user code prints and what commands answer. */
  output: vscode.OutputChannel;
  log: vscode.LogOutputChannel;
}

/** Resolves with what it did (for callers and tests); undefined when the user gave up or an error was shown. */
export type Handler = (services: Services, ...args: unknown[]) => Promise<unknown>;

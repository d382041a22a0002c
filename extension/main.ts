/** activate(): constructs and registers, nothing else. No native code, no process: the engine starts with the first request, or once a model file is shown. */
import path from 'node:path';
import * as vscode from 'vscode';

import { registerAgentTools } from './commands/agentTools';
import { registerCommands } from './commands/table';
import { followCrashes, followOutput, followNames, followSaves, followTypes, warmUp } from './commands/follow';
import type { Services } from './commands/services';
import { tell } from './commands/task';
import { Turns } from './commands/turns';
import { registerTypesFix } from './commands/typesFix';
import { EngineClient } from './engine/client';
import { registerNotebooks } from './notebook/register';
import { ActiveFile } from './views/activeFile';
import { CheckpointsView } from './views/checkpointsView';
import { registerCheckpointEditor } from './panels/checkpoint';
import { registerGradients } from './panels/gradients';
import { LocalCopies } from './panels/localCopies';
import { ModelLenses } from './views/codeLens';
import { registerDecorations } from './views/decorations';
import { ModelStore } from './views/modelStore';
import { ModelsView } from './views/modelsView';
import { Problems } from './views/problems';
import { ModelSelection } from './views/selection';
import { StatusItem } from './views/statusItem';
import { TrainingWatch } from './views/trainingWatch';

export function activate(context: vscode.ExtensionContext): { services: Services } {
  const started = performance.now();
  const log = vscode.window.createOutputChannel('Weightroom Engine', { log: true });
  const output = vscode.window.createOutputChannel('Weightroom', 'weightroom-output');
  const engine = new EngineClient(context.extensionPath, path.join(context.globalStorageUri.fsPath, 'compiled'), log);
  const store = new ModelStore(engine, (error) => tell(services, error, null));
  const selection = new ModelSelection();
  const modelsView = new ModelsView(store, selection, engine);
  const checkpointsView = new CheckpointsView(engine);
  const copies = new LocalCopies(context);
  const problems = new Problems();
  const watch = new TrainingWatch(engine);
  const status = new StatusItem(store, engine, watch);
  const services: Services = { context, engine, store, selection, modelsView, checkpointsView, copies, problems, status, watch, turns: new Turns(), output, log };
  context.subscriptions.push(
    log, output, engine, store, selection, modelsView, checkpointsView, copies, problems, status, watch,
    new ModelLenses(store), new ActiveFile(() => warmUp(services)), registerDecorations(), registerCommands(services),
    registerGradients(services), registerCheckpointEditor(services), registerAgentTools(services), registerNotebooks(services),
    followOutput(services), followCrashes(services), followSaves(services), followNames(services), followTypes(services), registerTypesFix(),
  );
  performance.measure('weightroom/activate', { start: started });
  // For the tests in the extension host.
  return { services };
}

export function deactivate(): void { /* subscriptions are disposed by the host */ }

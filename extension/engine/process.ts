/**
 * The engine process: answers the extension host over the IPC channel. User code runs in the runner thread, never here.
 * This thread needs the library for checkpoints and devices only, and loads it (with all that needs it) when they are asked for:
 * a run waits for the runner's copy alone.
 */
import { runner } from './firstRunner';
import { CancellationToken, createMessageConnection, ErrorCodes, IPCMessageReader, IPCMessageWriter, ResponseError } from 'vscode-jsonrpc/node';

import { Devices, Die, Hello } from '../protocol/engine';
import * as model from '../protocol/model';
import { CompleteCell, MoveNotebook, RunCell } from '../protocol/notebook';
import type { ErrorInfo, Request } from '../protocol/rpc';
import { bundleFile } from './bundle';
import { keepCompiled } from './keepCompiled';
import { NotebookNames, RunBundle, RunCompiledCell } from './runnerMessages';
import { errorInfo } from './userError';

// Dying with the editor: nobody is left to talk to.
process.on('disconnect', () => process.exit(0));

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
runner.notify = (method, params) => void connection.sendNotification(method, params);

type Answer<P = never> = (params: P, token: CancellationToken) => unknown;
/** Every rejection carries an ErrorInfo. */
const answer = <P>(handler: Answer<P>, kind: ErrorInfo['kind']): Answer<P> => async (params, token) => {
  try {
    return await handler(params, token);
  } catch (error) {
    const info = errorInfo(error, kind);
    return new ResponseError(1, info.message, info);
  }
};
function on<P, R>(message: Request<P, R>, handler: (params: P, token: CancellationToken) => R | Promise<R>, kind: ErrorInfo['kind'] = 'engine'): void {
  connection.onRequest<unknown, ErrorInfo>(message.method, answer(handler, kind) as Answer<unknown> as () => Promise<unknown>);
}

on(Hello, () => ({ version: process.env['WEIGHTROOM_VERSION'] ?? '', node: process.versions.node, pid: process.pid }));
on(Devices, () => (require('./devices') as typeof import('./devices')).devices());
on(Die, () => process.abort());

// The thread loads the library while the file is bundled.
on(model.RunFile, async ({ file, keepWeights }) => {
  runner.start();
  return runner.request(RunBundle, { bundle: await bundleFile(file), keepWeights });
}, 'user');
on(RunCell, async (cell) => {
  const names = await runner.request(NotebookNames, { notebook: cell.notebook });
  const { compileCell } = require('./cell') as typeof import('./cell');
  return runner.request(RunCompiledCell, await compileCell(cell, names));
}, 'user');
on(model.Interrupt, () => runner.interrupt());
on(model.Watch, ({ watching, every, paused }) => { runner.watch(watching, every, paused); return null; });
for (const message of [
  model.CloseFile, model.MoveFile, model.ListModels, model.Forward, model.Backward, model.Train, model.InitFunctions, model.Reinitialize, model.UndoReinitialize,
  model.MoveToDevice, model.Freeze, model.SaveCheckpoint, model.LoadCheckpoint, model.Gradients, model.TensorHistogram,
  MoveNotebook, CompleteCell,
] as Request<unknown, unknown>[]) on(message, (params) => runner.request(message, params), 'user');

let checkpoints: Map<string, Answer> | null = null;
function checkpointAnswers(): Map<string, Answer> {
  if (checkpoints !== null) return checkpoints;
  const { checkpointHandlers } = require('./checkpoints') as typeof import('./checkpoints');
  const answers = new Map<string, Answer>();
  checkpointHandlers((message, handler, kind = 'file') => answers.set(message.method, answer(handler, kind)), (message, params) => void connection.sendNotification(message.method, params), runner);
  return checkpoints = answers;
}
// Whatever is not answered above.
connection.onRequest(async (method, params, token) => answer((p: never) => {
  const known = checkpointAnswers().get(method);
  return known !== undefined ? known(p, token) : new ResponseError(ErrorCodes.MethodNotFound, `the engine knows no '${method}'`);
}, 'engine')(params as never, token));

connection.listen();
keepCompiled();

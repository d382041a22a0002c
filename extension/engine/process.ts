/** The engine process: answers the extension host over the IPC channel. User code runs in the runner thread, never here. */
import nodeModule from 'node:module';
import os from 'node:os';
import { CancellationToken, createMessageConnection, IPCMessageReader, IPCMessageWriter, ResponseError } from 'vscode-jsonrpc/node';

import { backends, getNumThreads } from '../lib/index';
import { Devices, Die, Hello, type DeviceInfo } from '../protocol/engine';
import * as model from '../protocol/model';
import { CompleteCell, MoveNotebook, RunCell } from '../protocol/notebook';
import type { ErrorInfo, Request } from '../protocol/rpc';
import { bundleFile } from './bundle';
import { compileCell } from './cell';
import { checkpointHandlers } from './checkpoints';
import { RunnerHost } from './runnerHost';
import { NotebookNames, RunBundle, RunCompiledCell } from './runnerMessages';
import { errorInfo } from './userError';

// Dying with the editor: nobody is left to talk to.
process.on('disconnect', () => process.exit(0));

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const runner = new RunnerHost((method, params) => void connection.sendNotification(method, params));

/** Every rejection carries an ErrorInfo. */
function on<P, R>(message: Request<P, R>, handler: (params: P, token: CancellationToken) => R | Promise<R>, kind: ErrorInfo['kind'] = 'engine'): void {
  connection.onRequest<unknown, ErrorInfo>(message.method, async (params: P, token: CancellationToken): Promise<unknown> => {
    try {
      return await handler(params, token);
    } catch (error) {
      const info = errorInfo(error, kind);
      return new ResponseError(1, info.message, info);
    }
  });
}

on(Hello, () => ({ version: process.env['WEIGHTROOM_VERSION'] ?? '', node: process.versions.node, pid: process.pid, threads: getNumThreads(), simd: backends.cpu.simd() }));
on(Devices, (): DeviceInfo[] => [
  { name: 'cpu', available: true, detail: `${os.cpus()[0]?.model.trim() ?? 'CPU'}, ${backends.cpu.simd()}, ${getNumThreads()} threads` },
  { name: 'webgpu', available: backends.webgpu.isAvailable(), detail: backends.webgpu.detail() },
]);
on(Die, () => process.abort());

// The thread loads the library while the file is bundled.
on(model.RunFile, async ({ file, keepWeights }) => {
  runner.start();
  return runner.request(RunBundle, { bundle: await bundleFile(file), keepWeights });
}, 'user');
on(RunCell, async (cell) => runner.request(RunCompiledCell, await compileCell(cell, await runner.request(NotebookNames, { notebook: cell.notebook }))), 'user');
on(model.Interrupt, () => runner.interrupt());
on(model.Watch, ({ watching, every, paused }) => { runner.watch(watching, every, paused); return null; });
for (const message of [
  model.CloseFile, model.ListModels, model.Forward, model.Backward, model.Train, model.InitFunctions, model.Reinitialize, model.UndoReinitialize,
  model.MoveToDevice, model.Freeze, model.SaveCheckpoint, model.LoadCheckpoint, model.Gradients, model.TensorHistogram,
  MoveNotebook, CompleteCell,
] as Request<unknown, unknown>[]) on(message, (params) => runner.request(message, params), 'user');
checkpointHandlers(on, (message, params) => void connection.sendNotification(message.method, params), runner);

connection.listen();

// Node writes its cache of compiled code (NODE_COMPILE_CACHE) when it exits; this process is killed.
setTimeout(() => (nodeModule as { flushCompileCache?: () => void }).flushCompileCache?.(), 5000).unref();

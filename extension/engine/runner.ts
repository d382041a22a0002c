/**
 * The runner thread: user code and the live models. It is synchronous JavaScript and may be busy for hours; what it is asked
 * meanwhile it answers at safe points (module calls, backward(), step()) when that only looks at things.
 */
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';

import { Interrupted } from '../lib/errors';
import { internal, nn, type Tensor } from '../lib/index';
import * as model from '../protocol/model';
import type { Request } from '../protocol/rpc';
import { LoadInto } from '../protocol/checkpoint';
import { liveBytes, liveTensors, loadInto } from './checkpointLive';
import { Slot, type Control, type FromRunner, type ToRunner } from './control';
import { initFunctions } from './initFunctions';
import { gradientReport, tensorHistogram } from './inspect';
import { LiveModel } from './liveModel';
import { UserOutput } from './output';
import { LiveBytes, LiveTensors, RunBundle } from './runnerMessages';
import { errorInfo, fail } from './userError';
import { classLines, runUserModule } from './userModule';

const { control, port } = workerData as { control: Control; port: MessagePort };
const post = (m: FromRunner): void => port.postMessage(m);
const notify = <P>(m: { method: string; _p?: P }, params: P): void => post({ kind: 'notify', method: m.method, params });

const models = new Map<string, LiveModel>();
/** The file whose code runs now, and the models that training may be about. */
let running: { file: string; active: () => LiveModel[]; /** Backward passes of this job, and those of the model before it. */ passes: number; from: number } | null = null;
const output = new UserOutput((text) => notify(model.Output, { text, file: running?.file ?? null }));

const find = (id: string): LiveModel => models.get(id) ?? fail('user', 'KeyError', `there is no live model '${id}'. Run its file first`);
const changed = (id: string | null): void => notify(model.ModelChanged, { model: id });

/** Exports that are modules. While the file still runs, those that are not there yet are left out. */
function modelsOf(exports: Record<string, unknown>): [string, nn.Module][] {
  const found: [string, nn.Module][] = [];
  for (const name of Object.keys(exports)) {
    try {
      const value = exports[name];
      if (value instanceof nn.Module && !found.some(([, m]) => m === value)) found.push([name, value]);
    } catch {
      // Not initialised yet.
    }
  }
  return found;
}

function runFile({ bundle, keepWeights }: { bundle: { file: string; code: string; inputs: string[] }; keepWeights: boolean }): model.RunResult {
  const started = performance.now();
  const { file } = bundle;
  const lines = classLines(bundle.inputs);
  const old = [...models.values()].filter((m) => m.file === file);
  const fresh = new Map<string, LiveModel>();
  let exports: Record<string, unknown> = {};
  const collect = (): LiveModel[] => {
    for (const [name, net] of modelsOf(exports)) if (fresh.get(name)?.net !== net) fresh.set(name, new LiveModel(file, name, net, exports, lines.get(net.constructor.name)));
    return [...fresh.values()];
  };
  output.begin();
  const job = running = { file, passes: 0, from: 0, active: () => { const now = collect(); for (const m of now) models.set(m.id, m); return now; } };
  try {
    exports = runUserModule(bundle, (e) => { exports = e; });
    if (collect().length === 0) fail('user', 'NoModelError', noModel(exports), { file, line: 1, column: 1 });
  } catch (error) {
    // What ran before stays as it was.
    for (const m of fresh.values()) models.delete(m.id);
    for (const m of old) models.set(m.id, m);
    throw error;
  } finally {
    running = null;
    output.flush();
  }
  for (const m of old) models.delete(m.id);
  for (const m of fresh.values()) { m.step = job.passes; models.set(m.id, m); }
  const carried = keepWeights ? old.flatMap((m) => { const now = fresh.get(m.name); return now ? [now.carryFrom(m)] : []; }) : [];
  return { file, models: [...fresh.values()].map((m) => m.summary()), output: output.text(), milliseconds: performance.now() - started, carried };
}

function noModel(exports: Record<string, unknown>): string {
  const classes = Object.entries(exports).filter(([, v]) => typeof v === 'function' && v.prototype instanceof nn.Module).map(([n]) => n);
  const hint = classes.length > 0 ? `It exports the class ${classes[0]}; export an instance too: export const net = new ${classes[0]}();` : 'Export one: export const net = new MLP();';
  return `The file exports no nn.Module. ${hint}`;
}

/** Runs user code on behalf of one model, so that training is seen as its own. */
async function using<T>(m: LiveModel, fn: () => T | Promise<T>): Promise<T> {
  const job = running = { file: m.file, active: () => [m], passes: 0, from: m.step };
  try {
    return await fn();
  } finally {
    m.step = job.from + job.passes;
    running = null;
    output.flush();
    changed(m.id);
  }
}
const timed = async <T extends object>(fn: () => T | Promise<T>): Promise<T & { milliseconds: number }> => {
  const started = performance.now();
  const result = await fn();
  return { ...result, milliseconds: performance.now() - started };
};

type Handler = (params: never) => unknown;
const handlers = new Map<string, Handler>();
const on = <P, R>(m: Request<P, R>, handler: (params: P) => R | Promise<R>): void => { handlers.set(m.method, handler as Handler); };
/** Requests that only look: answered also while user code runs. */
const looks = new Set([model.ListModels, model.InitFunctions, model.Gradients, model.TensorHistogram, LiveTensors, LiveBytes].map((m) => m.method));

on(RunBundle, runFile);
on(model.CloseFile, ({ file }) => { for (const m of [...models.values()]) if (m.file === file) models.delete(m.id); changed(null); return null; });
on(model.ListModels, () => [...models.values()].map((m) => m.summary()));
on(model.Forward, ({ model: id, input, path }) => { const m = find(id); return timed(() => using(m, () => m.forward(input, path ?? ''))); });
on(model.Backward, ({ model: id, zeroGrad }) => { const m = find(id); return timed(() => using(m, () => m.backward(zeroGrad))); });
on(model.Train, (p) => { const m = find(p.model); const { loss } = p; return timed(() => using(m, () => (loss === 'exported' ? m.trainExported(p.steps) : m.train({ ...p, loss })))); });
on(model.InitFunctions, () => [...initFunctions]);
on(model.Reinitialize, (p) => { const m = find(p.model); return using(m, () => m.reinitialize(p.path, p.init, p.args)); });
on(model.UndoReinitialize, (p) => { const m = find(p.model); return using(m, () => m.undoReinitialize()); });
on(model.MoveToDevice, (p) => { const m = find(p.model); return using(m, () => m.moveToDevice(p.path, p.device)); });
on(model.Freeze, (p) => { const m = find(p.model); return using(m, () => m.freeze(p.path, p.frozen)); });
on(model.SaveCheckpoint, (p) => find(p.model).saveCheckpoint(p.path, p.file));
on(model.LoadCheckpoint, (p) => { const m = find(p.model); return using(m, () => m.loadCheckpoint(p.path, p.file, p.strict)); });
on(model.Gradients, (p) => gradientReport(find(p.model)));
on(model.TensorHistogram, (p) => tensorHistogram(find(p.model), p.name, p.bins));
on(LiveTensors, (p) => liveTensors(find(p.model).module(p.path)));
on(LiveBytes, (p) => liveBytes(find(p.model).net, p));
on(LoadInto, (p) => { const m = find(p.model); return using(m, () => loadInto(m.module(p.path), p)); });

// --- answering, one after the other; looking goes first

async function answer({ id, method, params }: ToRunner): Promise<void> {
  try {
    const handler = handlers.get(method);
    if (handler === undefined) fail('engine', 'NotImplementedError', `the runner knows no '${method}'`);
    const result: unknown = await handler(params as never);
    post({ kind: 'result', id, result });
  } catch (error) {
    output.flush();
    post({ kind: 'error', id, error: errorInfo(error) });
  }
}
function look({ id, method, params }: ToRunner): void {
  try {
    post({ kind: 'result', id, result: handlers.get(method)!(params as never) });
  } catch (error) {
    post({ kind: 'error', id, error: errorInfo(error) });
  }
}
let chain = Promise.resolve();
function take(m: ToRunner): void {
  Atomics.sub(control, Slot.pending, 1);
  if (looks.has(m.method)) look(m);
  else chain = chain.then(() => answer(m));
}
port.on('message', take);

// --- safe points

function takeWaiting(): void {
  for (let m = receiveMessageOnPort(port); m !== undefined; m = receiveMessageOnPort(port)) take(m.message as ToRunner);
}
/** No more often than this many milliseconds, whatever `every` says: a panel draws no faster. */
const PUBLISH_MS = 40;
let published = 0;
/** A loop without a backward pass for this long is no training loop: it can be looked at anywhere. */
const TRAINING_MS = 250;
let trainedAt = 0;
let inSafePoint = false;
internal.onSafePoint((kind, subject) => {
  if (running === null || inSafePoint) return;
  if (Atomics.load(control, Slot.stop) === 1) throw new Interrupted('Stopped on request.');
  // Between zeroGrad() and backward() there is nothing to look at: while a loop trains, looking waits for its gradients.
  if (kind !== 'module') trainedAt = Date.now();
  else if (Date.now() - trainedAt < TRAINING_MS) return;
  inSafePoint = true;
  try {
    if (kind === 'backward') seen(subject as Tensor);
    if (Atomics.load(control, Slot.pending) > 0) takeWaiting();
    while (Atomics.load(control, Slot.pause) === 1) {
      Atomics.wait(control, Slot.pause, 1, 20);
      takeWaiting();
    }
  } finally {
    inSafePoint = false;
  }
  if (Atomics.load(control, Slot.stop) === 1) throw new Interrupted('Stopped on request.');
});

function seen(loss: Tensor): void {
  const passes = ++running!.passes;
  if (Atomics.load(control, Slot.watching) === 0) return;
  const now = Date.now();
  if (passes % Atomics.load(control, Slot.every) !== 0 || now - published < PUBLISH_MS) return;
  published = now;
  const value = loss.numel() === 1 ? Number(loss.item()) : null;
  for (const m of running!.active()) {
    // Within one job the count goes on from where the model stood before it.
    m.step = running!.from + passes;
    m.loss = value;
    notify(model.TrainingStep, { model: m.id, step: m.step, loss: value });
  }
}

process.on('uncaughtException', (error) => notify(model.RunnerError, errorInfo(error)));
process.on('unhandledRejection', (error) => notify(model.RunnerError, errorInfo(error)));

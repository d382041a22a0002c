/**
 * The runner thread: user code and the live models. It is synchronous JavaScript and may be busy for hours; what it is asked
 * meanwhile it answers at safe points (module calls, backward(), step()) when that only looks at things.
 */
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';

import { Interrupted } from '../lib/errors';
import { internal, nn, type optim, type Tensor } from '../lib/index';
import * as model from '../protocol/model';
import type { Request } from '../protocol/rpc';
import type { Bundle } from './bundle';
import type { CompiledCell } from './cell';
import { LoadInto } from '../protocol/checkpoint';
import { CompleteCell, MoveNotebook, type CellResult } from '../protocol/notebook';
import { liveBytes, liveTensors } from './checkpointLive';
import { Slot, type Control, type FromRunner, type ToRunner } from './control';
import { initFunctions } from './initFunctions';
import { gradientReport, tensorHistogram } from './inspect';
import { keepCompiled } from './keepCompiled';
import { LiveModel } from './liveModel';
import { Notebook } from './notebook';
import { UserOutput } from './output';
import { LiveBytes, LiveTensors, looks, NotebookNames, RunBundle, RunCompiledCell, StopWaiting } from './runnerMessages';
import { errorInfo, fail } from './userError';
import { classLines, loadModule } from './userModule';

const { control, port } = workerData as { control: Control; port: MessagePort };
const post = (m: FromRunner): void => port.postMessage(m);
const notify = <P>(m: { method: string; _p?: P }, params: P): void => post({ kind: 'notify', method: m.method, params });

const models = new Map<string, LiveModel>();
/** Code that runs now: its file, the models that training may be about, its backward passes, and those each model has counted. */
interface Job { file: string; cell?: string; active: () => LiveModel[]; passes: number; counted: Map<LiveModel, number> }
const jobOf = (file: string, active: () => LiveModel[]): Job => ({ file, active, passes: 0, counted: new Map() });
/** A model's count goes on from where it stood before the job. */
function counted(job: Job, m: LiveModel): void {
  m.step += job.passes - (job.counted.get(m) ?? 0);
  job.counted.set(m, job.passes);
}
let running: Job | null = null;
const output = new UserOutput((text) => notify(model.Output, { text, file: running?.file ?? null, ...(running?.cell === undefined ? {} : { cell: running.cell }) }));

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

function runFile({ bundle, keepWeights }: { bundle: Bundle; keepWeights: boolean }): model.RunResult {
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
  const job = running = jobOf(file, () => { const now = collect(); for (const m of now) models.set(m.id, m); return now; });
  try {
    exports = loadModule(bundle.code, bundle.name, file, (e: Record<string, unknown>) => { exports = e; });
    if (collect().length === 0) fail('user', 'NoModelError', noModel(exports), { file, line: 1, column: 1 });
  } catch (error) {
    // What ran before stays as it was.
    for (const m of fresh.values()) models.delete(m.id);
    for (const m of old) models.set(m.id, m);
    throw error;
  } finally {
    output.flush();
    running = null;
  }
  for (const m of old) models.delete(m.id);
  for (const m of fresh.values()) { counted(job, m); models.set(m.id, m); }
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
  const job = running = jobOf(m.file, () => [m]);
  try {
    return await fn();
  } finally {
    counted(job, m);
    output.flush();
    running = null;
    changed(m.id);
  }
}
const timed = async <T extends object>(fn: () => T | Promise<T>): Promise<T & { milliseconds: number }> => {
  const started = performance.now();
  const result = await fn();
  return { ...result, milliseconds: performance.now() - started };
};

// --- notebooks

const notebooks = new Map<string, Notebook>();
/** Ends the wait of a cell that awaits something; what it awaits goes on. */
let stopWaiting: (() => void) | null = null;

function notebookAt(file: string): Notebook {
  const known = notebooks.get(file);
  if (known !== undefined) return known;
  const fresh = new Notebook(file);
  notebooks.set(file, fresh);
  return fresh;
}
function collect(notebook: Notebook): LiveModel[] {
  const live = notebook.models();
  forget(notebook.file);
  for (const m of live) models.set(m.id, m);
  return live;
}
const forget = (file: string): void => { for (const [id, m] of models) if (m.file === file) models.delete(id); };

async function runCell(cell: CompiledCell): Promise<CellResult> {
  const notebook = notebookAt(cell.notebook);
  const started = performance.now();
  const job = running = { ...jobOf(cell.notebook, () => collect(notebook)), cell: cell.cell };
  const stopped = new Promise<never>((_, reject) => { stopWaiting = () => reject(new Interrupted('Stopped on request.')); });
  try {
    return { text: await Promise.race([notebook.run(cell), stopped]), milliseconds: performance.now() - started };
  } finally {
    output.flush();
    running = stopWaiting = null;
    // Unwatched, nothing tells which model was trained: those that have gradients now.
    const live = collect(notebook);
    if (job.passes > 0) for (const m of job.counted.size > 0 ? job.counted.keys() : live.filter((x) => x.hasGradients())) counted(job, m);
    changed(null);
  }
}

type Handler = (params: never) => unknown;
const handlers = new Map<string, Handler>();
const on = <P, R>(m: Request<P, R>, handler: (params: P) => R | Promise<R>): void => { handlers.set(m.method, handler as Handler); };

on(RunBundle, async (bundle) => {
  try {
    return await runFile(bundle);
  } finally {
    // Panels that showed the models of the run before look again.
    changed(null);
  }
});
on(model.CloseFile, ({ file }) => { notebooks.delete(file); forget(file); changed(null); return null; });
on(model.MoveFile, ({ from, to }) => {
  // Their ids are new, their order is not.
  const all = [...models.values()];
  models.clear();
  for (const m of all) {
    if (m.file === from) m.move(to);
    models.set(m.id, m);
  }
  changed(null);
  return null;
});
on(model.ListModels, () => [...models.values()].map((m) => m.summary()));
on(model.Forward, ({ model: id, input, path }) => { const m = find(id); return timed(() => using(m, () => m.forward(input, path ?? ''))); });
on(model.Backward, ({ model: id, zeroGrad }) => { const m = find(id); return timed(() => using(m, () => m.backward(zeroGrad))); });
on(model.Train, (p) => { const m = find(p.model); const { loss } = p; return timed(() => using(m, async () => (loss === 'exported' ? { loss: await m.trainExported(p.steps), steps: running!.passes } : m.train({ ...p, loss })))); });
on(model.InitFunctions, () => [...initFunctions]);
on(model.Reinitialize, (p) => { const m = find(p.model); return using(m, () => m.reinitialize(p.path, p.init, p.args)); });
on(model.UndoReinitialize, (p) => { const m = find(p.model); return using(m, () => m.undoReinitialize()); });
on(model.MoveToDevice, (p) => { const m = find(p.model); return using(m, () => m.moveToDevice(p.path, p.device)); });
on(model.Freeze, (p) => { const m = find(p.model); return using(m, () => m.freeze(p.path, p.frozen)); });
on(model.SaveCheckpoint, (p) => find(p.model).saveCheckpoint(p.path, p.file));
on(model.LoadCheckpoint, (p) => { const m = find(p.model); return using(m, () => m.loadCheckpoint(p.path, p.file, p.strict)); });
on(model.Gradients, (p) => gradientReport(find(p.model), p.histograms));
on(model.TensorHistogram, (p) => tensorHistogram(find(p.model), p.name, p.bins));
on(NotebookNames, ({ notebook }) => notebooks.get(notebook)?.names() ?? []);
on(RunCompiledCell, runCell);
on(MoveNotebook, ({ from, to }) => {
  const notebook = notebooks.get(from);
  if (notebook === undefined) return null;
  notebooks.delete(from);
  notebooks.set(to, notebook);
  forget(from);
  notebook.move(to);
  collect(notebook);
  changed(null);
  return null;
});
on(CompleteCell, ({ notebook, text }) => notebooks.get(notebook)?.complete(text) ?? []);
on(StopWaiting, () => { stopWaiting?.(); return null; });
on(LiveTensors, (p) => liveTensors(find(p.model).module(p.path)));
on(LiveBytes, (p) => liveBytes(find(p.model).net, p));
on(LoadInto, (p) => { const m = find(p.model); return using(m, () => m.loadInto(p)); });

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
  } finally {
    // Meant for this one alone: what waits behind it is not stopped.
    Atomics.store(control, Slot.stop, 0);
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
/** Whose next optimizer step is measured. */
let watched: LiveModel[] = [];
/** A loop without a backward pass for this long, and for three of its own steps, is no training loop: it can be looked at anywhere. */
const TRAINING_MS = 250;
let trainedAt = 0;
let backwardAt = 0;
let patience = TRAINING_MS;
let inSafePoint = false;
internal.onSafePoint((kind, subject) => {
  if (running === null || inSafePoint) return;
  if (Atomics.load(control, Slot.stop) === 1) throw new Interrupted('Stopped on request.');
  if (kind === 'module' && Atomics.load(control, Slot.watching) === 1) called.add(subject as nn.Module);
  // Between zeroGrad() and backward() there is nothing to look at: while a loop trains, looking waits for its gradients.
  if (kind !== 'module') trainedAt = Date.now();
  else if (Date.now() - trainedAt < patience) return;
  if (kind === 'backward') {
    // A pause between two loops is not a step.
    patience = trainedAt - backwardAt < 60_000 ? Math.max(TRAINING_MS, 3 * (trainedAt - backwardAt), 0.9 * patience) : TRAINING_MS;
    backwardAt = trainedAt;
  }
  inSafePoint = true;
  try {
    if (kind === 'backward') seen(subject as Tensor);
    if (kind === 'step') for (const m of watched) m.updates.stepped(subject as optim.Optimizer);
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

/** Modules called since the last backward pass: which of several models is being trained. */
let called = new WeakSet<nn.Module>();
function seen(loss: Tensor): void {
  const passes = ++running!.passes;
  if (Atomics.load(control, Slot.watching) === 0) return;
  const trained = called;
  called = new WeakSet();
  const now = Date.now();
  if (passes % Atomics.load(control, Slot.every) !== 0 || now - published < PUBLISH_MS) return;
  published = now;
  const value = loss.numel() === 1 ? Number(loss.item()) : null;
  const active = running!.active();
  const own = active.filter((m) => trained.has(m.net));
  watched = own.length > 0 ? own : active;
  for (const m of watched) {
    counted(running!, m);
    m.loss = value;
    m.updates.watch(m.net.parameters());
    notify(model.TrainingStep, { model: m.id, step: m.step, loss: value === null ? null : model.toNum(value) });
  }
}

process.on('uncaughtException', (error) => notify(model.RunnerError, errorInfo(error)));
process.on('unhandledRejection', (error) => notify(model.RunnerError, errorInfo(error)));

keepCompiled();

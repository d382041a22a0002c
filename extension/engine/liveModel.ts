/** A model that lives in the runner, and everything the editor does to it. Works on PyTorch's dotted paths ('' is the model). */
import path from 'node:path';

import type { LoadInto } from '../protocol/checkpoint';
import { toNum, type ModelId, type ModelSummary, type Num, type Reinitialize, type RunResult } from '../protocol/model';
import type { ParamsOf, ResultOf } from '../protocol/rpc';
import { load, nn, noGrad, optim, save, type Loaded, type Parameter, type Tensor } from '../lib/index';
import { loadInto } from './checkpointLive';
import { applyInit, initCall, initFunctions } from './initFunctions';
import { cycleIn, isTensor, proposeInput, shapeOf, treeOf } from './modelTree';
import { UpdateRatios } from './updateRatio';
import { fail } from './userError';
import { evaluate } from './userModule';
import { WeightHistory } from './weightHistory';

export interface Source { file: string; line: number }

export class LiveModel {
  private readonly shapes = new Map<nn.Module, number[]>();
  private input: string | null = null;
  private output: Tensor | null = null;
  /** The graph of `output` was used up by a backward pass. */
  private spent = false;
  private readonly history = new WeightHistory(() => this.weights());
  /** Backward passes seen. */
  step = 0;
  loss: number | null = null;
  readonly updates = new UpdateRatios();

  constructor(public file: string, readonly name: string, readonly net: nn.Module, private readonly exports: Record<string, unknown>, private source: Source | undefined) {}

  get id(): ModelId { return `${this.file}#${this.name}`; }

  summary(): ModelSummary {
    return {
      id: this.id, name: this.name, file: this.file, root: treeOf(this.net, this.name, this.shapes), ...(this.source ? { source: this.source } : {}),
      training: this.net.training, proposedInput: this.input ?? proposeInput(this.net), canUndoReinitialize: this.history.size > 0, hasOutput: this.output !== null,
    };
  }

  /** Its file has a new name. */
  move(to: string): void {
    if (this.source?.file === this.file) this.source = { ...this.source, file: to };
    this.file = to;
  }

  /** What walks every name of every module has no end where one stands in itself. */
  private mustEnd(): void {
    const cycle = cycleIn(this.net);
    if (cycle === undefined) return;
    const named = (p: string): string => (p === '' ? this.name : `${this.name}.${p}`);
    fail('user', 'RecursionError', `${named(cycle.path)} is ${named(cycle.same)} itself: a module that holds itself has no end. Keep such a reference where it registers nothing, e.g. in an array: [parent]`, this.source && { ...this.source, column: 1 });
  }

  // --- finding

  module(at: string): nn.Module {
    try {
      return this.net.getSubmodule(at);
    } catch {
      return fail('user', 'AttributeError', `${this.name} has no module '${at}'`);
    }
  }
  /** The parameters at or below a path, by their full names, each once. */
  parametersAt(at: string): [string, Parameter][] {
    this.mustEnd();
    const all = [...this.net.namedParameters({ removeDuplicate: false })];
    const own = all.filter(([n]) => n === at);
    if (own.length > 0) return own;
    this.module(at);
    const seen = new Set<Parameter>();
    return all.filter(([n, p]) => (at === '' || n.startsWith(`${at}.`)) && !seen.has(p) && seen.add(p));
  }

  hasGradients(): boolean { return [...this.net.parameters()].some((p) => p.grad !== null); }

  // --- running

  forward(expression: string, at: string): { output: string; shape: number[] } {
    const target = this.module(at);
    const args = evaluate(`[${expression}]`, this.exports, this.file) as unknown[];
    this.shapes.clear();
    const hooks = [...this.net.modules()].map((m) => m.registerForwardHook((module, _args, out) => { const s = shapeOf(out); if (s) this.shapes.set(module, s); }));
    let out: unknown;
    try {
      out = (target as (...a: unknown[]) => unknown)(...args);
    } finally {
      for (const h of hooks) h.remove();
    }
    const first = Array.isArray(out) ? (out as unknown[]).flat(3).find(isTensor) : out;
    this.output = isTensor(first) ? first : null;
    this.spent = false;
    if (at === '') this.input = expression;
    return { output: Array.isArray(out) ? `(${out.map(String).join(',\n ')})` : String(out), shape: shapeOf(out) ?? [] };
  }

  backward(zeroGrad: boolean): { loss: Num; note: string } {
    const notes: string[] = [];
    if (this.output === null || this.spent) {
      const expression = this.input ?? proposeInput(this.net);
      this.forward(expression, '');
      notes.push(`forward ran ${this.spent ? 'again ' : ''}on ${expression}`);
    }
    if (zeroGrad) this.net.zeroGrad();
    const out = this.output as Tensor | null;
    if (out === null) return fail('user', 'RuntimeError', 'the forward pass returned no tensor, so backward has nothing to start at');
    const loss = out.numel() === 1 ? out : out.sum();
    if (loss !== out) notes.push(`the output's sum is the loss (its shape is ${out.shape})`);
    loss.backward();
    this.spent = true;
    this.loss = Number(loss.item());
    return { loss: toNum(this.loss), note: notes.join('; ') };
  }

  train(o: { steps: number; lr: number; input: string; target: string; loss: 'mse' | 'crossEntropy' }): { steps: number; loss: Num | null } {
    const lossOf = o.loss === 'mse' ? nn.functional.mseLoss : nn.functional.crossEntropy;
    const optimizer = new optim.SGD(this.net.parameters(), { lr: o.lr });
    for (let i = 0; i < o.steps; i++) {
      const args = evaluate(`[${o.input}]`, this.exports, this.file) as unknown[];
      const target = evaluate(o.target, this.exports, this.file) as Tensor;
      optimizer.zeroGrad();
      const loss = (lossOf as (a: Tensor, b: Tensor) => Tensor)((this.net as (...a: unknown[]) => Tensor)(...args), target);
      loss.backward();
      optimizer.step();
      this.loss = Number(loss.item());
    }
    return { steps: o.steps, loss: this.loss === null ? null : toNum(this.loss) };
  }
  /** `steps: 0`: as many as the function trains by itself. Resolves with the last loss, when the function returns it or somebody watched. */
  async trainExported(steps: number): Promise<Num | null> {
    const train = this.exports['train'];
    if (typeof train !== 'function') return fail('user', 'AttributeError', `${path.basename(this.file)} exports no function 'train'. Add: export function train(net, steps) { … }`);
    this.loss = null;
    const result: unknown = await (train as (net: nn.Module, steps?: number) => unknown)(this.net, ...(steps > 0 ? [steps] : []));
    const last = Array.isArray(result) ? (result as unknown[]).at(-1) : result;
    if (typeof last === 'number') this.loss = last;
    return this.loss === null ? null : toNum(this.loss);
  }

  // --- changing

  reinitialize(at: string, name: string, args: (number | string)[]): ResultOf<typeof Reinitialize> {
    if (!initFunctions.some((f) => f.name === name)) fail('user', 'ValueError', `there is no init function '${name}'`);
    const targets = this.parametersAt(at);
    const what = `${at || this.name} with ${name === 'reset' ? 'its default initialization' : initCall(name, args)}`;
    const { result: changed, undoable } = this.history.change(what, targets.map(([n]) => n), () => (name === 'reset' ? this.reset(at, targets) : this.fill(targets, name, args)));
    const skipped = targets.map(([n]) => n).filter((n) => !changed.includes(n));
    return { message: `Reinitialized ${what}: ${changed.join(', ')}.${skipped.length > 0 ? ` Left as they are: ${skipped.join(', ')}.` : ''}`, changed, undoable };
  }
  private reset(at: string, targets: [string, Parameter][]): string[] {
    const isParameter = targets.length === 1 && targets[0]![0] === at;
    const owner = isParameter ? this.module(at.split('.').slice(0, -1).join('.')) : this.module(at);
    if (isParameter) {
      // The owner draws all of its parameters; only this one keeps the new values.
      const others = noGrad(() => [...owner.parameters()].filter((p) => p !== targets[0]![1]).map((p) => [p, p.detach().clone()] as const));
      const can = resetModule(owner);
      noGrad(() => { for (const [p, v] of others) p.data.copy_(v); });
      return can ? [at] : fail('user', 'ValueError', `${owner.constructor.name} has no resetParameters(), so '${at}' has no default initialization`);
    }
    const drawn = new Set<Parameter>();
    for (const m of owner.modules()) if (resetModule(m)) for (const p of m.parameters()) drawn.add(p);
    if (drawn.size === 0) fail('user', 'ValueError', `no module at or below ${at || this.name} has resetParameters()`);
    return targets.filter(([, p]) => drawn.has(p)).map(([n]) => n);
  }
  /** On a module: matrices only for the functions that need a fan; a parameter named directly gets PyTorch's error. */
  private fill(targets: [string, Parameter][], name: string, args: (number | string)[]): string[] {
    const needsMatrix = /^(xavier|kaiming|orthogonal|sparse|eye|dirac)/.test(name);
    const fits = targets.length === 1 ? targets : targets.filter(([, p]) => !needsMatrix || (name === 'eye_' || name === 'sparse_' ? p.dim() === 2 : name === 'dirac_' ? p.dim() >= 3 : p.dim() >= 2));
    if (fits.length === 0) fail('user', 'ValueError', `no parameter here has a shape that ${name} can fill`);
    for (const [, p] of fits) applyInit(name, p, args);
    return fits.map(([n]) => n);
  }
  undoReinitialize(): { message: string } {
    return { message: `Undone: ${this.history.undo() ?? fail('user', 'ValueError', `nothing to undo on ${this.name}`)}.` };
  }
  moveToDevice(at: string, device: string): { message: string } {
    this.mustEnd();
    this.module(at).to(device);
    // The graph of the last output lives on the old device, and the input does not fit any more.
    this.output = this.input = null;
    return { message: `Moved ${at || this.name} to ${device}.` };
  }
  freeze(at: string, frozen: boolean): { message: string; changed: string[] } {
    const changed = this.parametersAt(at).filter(([, p]) => p.requiresGrad === frozen);
    for (const [, p] of changed) { p.requiresGrad_(!frozen); if (frozen) p.grad = null; }
    return { message: `${frozen ? 'Froze' : 'Unfroze'} ${changed.length} parameter${changed.length === 1 ? '' : 's'} of ${at || this.name}.`, changed: changed.map(([n]) => n) };
  }

  // --- files

  saveCheckpoint(at: string, file: string): { file: string; tensors: number; bytes: number } {
    this.mustEnd();
    const state = this.module(at).stateDict();
    return { file, tensors: state.size, bytes: save(state, file).bytes };
  }
  loadCheckpoint(at: string, file: string, strict: boolean): { message: string; missing: string[]; unexpected: string[] } {
    this.mustEnd();
    const result = this.module(at).loadStateDict(stateDictIn(load(file), file), { strict });
    return { message: String(result), missing: result.missingKeys, unexpected: result.unexpectedKeys };
  }
  loadInto(p: ParamsOf<typeof LoadInto>): ResultOf<typeof LoadInto> {
    this.mustEnd();
    const full = (n: string): string => (p.path === '' ? n : `${p.path}.${n}`);
    return loadInto(this.module(p.path), p, (names, fn) => this.history.change(`loading of ${path.basename(p.file)} into ${p.path || this.name}`, names.map(full), fn));
  }
  /** Values by name, to carry over to a fresh run. */
  weights(): Map<string, Tensor> { return this.net.stateDict(); }
  carryFrom(old: LiveModel): RunResult['carried'][number] {
    if (cycleIn(this.net) ?? cycleIn(old.net)) return { model: this.name, kept: 0, dropped: [] };
    const from = old.weights();
    const own = this.weights();
    const fits = [...from].filter(([n, t]) => String(own.get(n)?.shape) === String(t.shape) && own.get(n)!.dtype === t.dtype);
    noGrad(() => { for (const [n, t] of fits) own.get(n)!.copy_(t); });
    this.input = old.input;
    const kept = new Set(fits.map(([n]) => n));
    return { model: this.name, kept: kept.size, dropped: [...from.keys()].filter((n) => !kept.has(n)) };
  }
}

/** Draws a module's own parameters anew by its resetParameters(); false when it has none. */
function resetModule(m: nn.Module): boolean {
  const reset = (m as unknown as { resetParameters?: () => void }).resetParameters;
  if (typeof reset !== 'function') return false;
  reset.call(m);
  return true;
}

/** The dictionary of tensors in what a file holds: itself, or its 'state_dict', 'model_state_dict', 'model'. */
function stateDictIn(loaded: Loaded, file: string): Map<string, Tensor> {
  const isDict = (v: unknown): v is Map<string, Tensor> => v instanceof Map && v.size > 0 && [...v.values()].every(isTensor);
  if (isDict(loaded)) return loaded;
  if (loaded instanceof Map) for (const key of ['state_dict', 'model_state_dict', 'model', 'net']) { const inner = loaded.get(key); if (isDict(inner)) return inner; }
  return fail('file', 'ValueError', `${file} holds no state dict: a dictionary of tensors was expected, but it holds ${loaded instanceof Map ? `a dictionary with the keys ${[...loaded.keys()].slice(0, 8).join(', ')}` : isTensor(loaded) ? 'a single tensor' : `a value of type ${typeof loaded}`}`);
}

/** Optimizer: parameter groups, state, printing and state dicts as torch.optim has them. */
import { inspect } from 'node:util';

import { enableGrad } from '../autograd';
import { RuntimeError, ValueError } from '../errors';
import { pyFloat, pyRepr } from '../format';
import { native } from '../native';
import { safePoint } from '../safePoint';
import { Tensor } from '../tensor';
import { pyType } from '../nn/pyType';
import { required } from '../nn/required';

/** A value in a group of parameters. */
export type Setting = number | boolean | string | null | readonly (number | null)[];
/** Tensors, numbers, and what LBFGS remembers: lists of tensors. */
export type StateValue = Tensor | number | null | readonly StateValue[];
/** Parameters that share settings. */
export interface ParamGroup {
  /** The parameters. */
  params: Tensor[];
  [setting: string]: Setting | Tensor[];
}
/** What optimizers take: parameters, or groups of them with settings of their own. */
export type ParamInput = Iterable<Tensor> | Iterable<{ params: Tensor | Iterable<Tensor> } & Record<string, unknown>>;
function listed(v: Iterable<unknown>): unknown[] {
  if (v === null || v === undefined || typeof (v as Partial<Iterable<unknown>>)[Symbol.iterator] !== 'function') throw new TypeError(`'${pyType(v)}' object is not iterable`);
  return [...v];
}
/** PyTorch's choices of how a step is computed: kept and printed, without effect here. */
export interface SpeedOptions {
  /** Whether PyTorch would take all parameters together. */
  foreach?: boolean | null;
  /** Whether PyTorch would take its fused kernel. */
  fused?: boolean | null;
}
/** What stateDict() gives and loadStateDict() takes. */
export interface OptimizerState {
  /** By the position of each parameter: its buffers, under PyTorch's names. */
  state: Map<number, Map<string, Tensor | number>>;
  /** The settings, with positions instead of parameters. */
  paramGroups: Map<string, unknown>[];
}

/** Settings whose Python name differs from the camelCase one: printed and saved under Python's. */
const snake = (s: string): string => s.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
const camel = (s: string): string => s.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());
/** Numbers that PyTorch keeps as float32 tensors without dims. */
const asTensor = new Set(['step', 'mu_product', 'eta', 'mu']);
/** betas is a tuple in Python; a float setting may be written as an int there. */
function pySetting(v: unknown): string {
  if (Array.isArray(v)) return `(${v.map((x: number | null) => (x === null ? 'None' : Number.isInteger(x) ? `${x}` : pyFloat(x))).join(', ')})`;
  return typeof v === 'string' ? v : pyRepr(v);
}

/** A state's value as an own copy on the parameter's device. */
function taken(v: StateValue | bigint, p: Tensor): StateValue {
  if (v instanceof Tensor) return v.clone().to(p.device);
  return Array.isArray(v) ? (v as StateValue[]).map((x) => taken(x, p)) : v === null ? null : Number(v);
}

/** @internal Those settings; throws RuntimeError for both together, as PyTorch does. */
export function speed(o: SpeedOptions): { foreach: boolean | null; fused: boolean | null } {
  if (o.fused === true && o.foreach === true) throw new RuntimeError('`fused` and `foreach` cannot be `True` together.');
  return { foreach: o.foreach ?? null, fused: o.fused ?? null };
}

/** What every optimizer has: groups of parameters with settings, state, step() and zeroGrad(). Source: torch.optim.Optimizer. */
export abstract class Optimizer {
  /** Groups of parameters with their settings: `optimizer.paramGroups[0].lr` is the present rate. */
  readonly paramGroups: ParamGroup[] = [];
  /** Per parameter: momentum buffers, moments, step counts, under PyTorch's names. */
  readonly state = new Map<Tensor, Map<string, Tensor | number>>();

  protected constructor(params: ParamInput, private readonly defaults: Record<string, Setting>) {
    required(new.target.name, { params });
    if (params instanceof Tensor) throw new TypeError(`params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${pyType(params)}`);
    const list = listed(params) as (Tensor | ({ params: Tensor | Iterable<Tensor> } & Record<string, unknown>))[];
    if (list.length === 0) throw new ValueError('optimizer got an empty parameter list');
    if (list[0] instanceof Tensor) this.addParamGroup({ params: list as Tensor[] });
    else for (const g of list) this.addParamGroup(typeof g === 'object' && g !== null && 'params' in g ? g : { params: [g as Tensor] });
  }

  /** Adds parameters with settings of their own: `{ params, lr: 1e-4 }`. Throws ValueError for parameters that are there, or no leaves. */
  addParamGroup(group: { params: Tensor | Iterable<Tensor> } & Record<string, unknown>): void {
    const params = group.params instanceof Tensor ? [group.params] : listed(group.params) as Tensor[];
    for (const p of params) {
      if (!(p instanceof Tensor)) throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${pyType(p)}`);
      if (!p.isLeaf) throw new ValueError("can't optimize a non-leaf Tensor");
    }
    if (this.paramGroups.some((g) => g.params.some((p) => params.includes(p)))) throw new ValueError('some parameters appear in more than one parameter group');
    this.paramGroups.push({ ...this.defaults, ...group, params } as ParamGroup);
  }

  /** Forgets gradients; `setToNone: false` fills them with zeros instead. */
  zeroGrad(options: { setToNone?: boolean } = {}): void {
    for (const g of this.paramGroups) native['zeroGrad'](g.params, options.setToNone ?? true);
  }

  /** One update of every parameter that has a gradient: one native call a group. `closure` computes the loss anew; its result is returned. */
  step(): void;
  step(closure: () => Tensor): Tensor;
  step(closure?: () => Tensor): Tensor | void {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    for (const g of this.paramGroups) this.updateGroup(g);
    safePoint('step', this);
    return loss;
  }
  protected abstract updateGroup(group: ParamGroup): void;

  protected stateOf(p: Tensor): Map<string, Tensor | number> {
    let s = this.state.get(p);
    if (s === undefined) this.state.set(p, (s = new Map()));
    return s;
  }

  /** As PyTorch's state_dict(): state by parameter number, settings under Python's names. */
  stateDict(): Map<string, unknown> {
    const number = new Map<Tensor, number>();
    const groups = this.paramGroups.map((g) => {
      const out = new Map<string, unknown>();
      for (const [k, v] of Object.entries(g)) if (k !== 'params') out.set(snake(k), v);
      out.set('params', g.params.map((p) => { if (!number.has(p)) number.set(p, number.size); return number.get(p)!; }));
      return out;
    });
    const state = new Map<number, Map<string, Tensor | number>>();
    for (const [p, i] of number) { const s = this.state.get(p); if (s !== undefined && s.size > 0) state.set(i, new Map([...s].map(([k, v]) => [k, typeof v === 'number' && asTensor.has(k) ? (native['full']([], v, 0, 0) as Tensor) : v]))); }
    return new Map<string, unknown>([['state', state], ['param_groups', groups]]);
  }

  /** Takes what stateDict() (or PyTorch's, loaded) gave. Throws ValueError when the groups do not fit. */
  loadStateDict(source: ReadonlyMap<string, unknown>): void {
    const groups = source.get('param_groups') as Map<string, unknown>[] | undefined;
    const state = source.get('state') as Map<number | bigint, Map<string, Tensor | number>> | undefined;
    if (!Array.isArray(groups) || !(state instanceof Map)) throw new ValueError('loaded state dict has no "state" and "param_groups"');
    if (groups.length !== this.paramGroups.length) throw new ValueError('loaded state dict has a different number of parameter groups');
    groups.forEach((g, i) => {
      if ((g.get('params') as unknown[]).length !== this.paramGroups[i]!.params.length) throw new ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
    });
    const byNumber = new Map<number, Tensor>();
    groups.forEach((g, i) => {
      const own = this.paramGroups[i]!;
      (g.get('params') as (number | bigint)[]).forEach((n, k) => byNumber.set(Number(n), own.params[k]!));
      for (const [k, v] of g) if (k !== 'params') own[camel(k)] = v as Setting;
    });
    this.state.clear();
    for (const [n, s] of state) {
      const p = byNumber.get(Number(n));
      if (p === undefined) continue;
      const copy = new Map<string, Tensor | number>();
      for (const [k, v] of s) copy.set(k, v instanceof Tensor && v.dim() === 0 ? v.item() : (taken(v, p) as Tensor | number));
      this.state.set(p, copy);
    }
  }

  /** As PyTorch prints it: the settings of every group. */
  toString(): string {
    const groups = this.paramGroups.map((g, i) => {
      const settings = Object.entries(g).filter(([k]) => k !== 'params').map(([k, v]) => [snake(k), pySetting(v)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
      return `Parameter Group ${i}\n${settings.map(([k, v]) => `    ${k}: ${v}\n`).join('')}`;
    });
    return `${this.constructor.name} (\n${groups.join('\n')})`;
  }
  [inspect.custom](): string { return this.toString(); }
}

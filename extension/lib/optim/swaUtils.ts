/** Averages of a model's weights over training: stochastic weight averaging and exponential moving averages. Source: torch.optim.swa_utils. */
import { noGrad } from '../autograd';
import { int64 } from '../dtype';
import type { DeviceLike } from '../device';
import { AssertionError, ValueError } from '../errors';
import { deepcopy } from '../nn/deepcopy';
import { Module } from '../nn/module';
import { BatchNorm1d, BatchNorm2d, BatchNorm3d } from '../nn/normalization';
import { tensor } from '../ops';
import { Tensor } from '../tensor';
import type { Optimizer, ParamGroup } from './optimizer';
import { LRScheduler, type SchedulerOptions } from './scheduler';

/** The new average of one tensor. */
export type AvgFn = (averaged: Tensor, current: Tensor, numAveraged: Tensor) => Tensor;
/** Changes the averages of many tensors in place. */
export type MultiAvgFn = (averaged: readonly Tensor[], current: readonly Tensor[], numAveraged: Tensor) => void;

function checkDecay(decay: number): void { if (decay < 0 || decay > 1) throw new ValueError(`Invalid decay value ${decay} provided. Please provide a value in [0,1] range.`); }
/** decay · average + (1 - decay) · current. Throws ValueError outside [0, 1]. */
export function getEmaAvgFn(decay = 0.999): AvgFn { checkDecay(decay); return (a, p) => noGrad(() => a.mul(decay).add(p.mul(1 - decay))); }
/** The same for many tensors at once, in place. */
export function getEmaMultiAvgFn(decay = 0.999): MultiAvgFn {
  checkDecay(decay);
  return (as, ps) => noGrad(() => as.forEach((a, i) => { if (a.isFloatingPoint()) a.lerp_(ps[i]!, 1 - decay); else a.copy_(a.mul(decay).add(ps[i]!.mul(1 - decay))); }));
}
/** The mean of all that was averaged. */
export function getSwaAvgFn(): AvgFn { return (a, p, n) => noGrad(() => a.add(p.sub(a).div(n.add(1)))); }
/** The same for many tensors at once, in place. */
export function getSwaMultiAvgFn(): MultiAvgFn {
  return (as, ps, n) => noGrad(() => as.forEach((a, i) => { if (a.isFloatingPoint()) a.lerp_(ps[i]!, 1 / (Number(n.item()) + 1)); else a.addcdiv_(ps[i]!.sub(a), n.add(1)); }));
}

/** Of AveragedModel. */
export interface AveragedModelOptions {
  /** Where the averages lie; where the model is by default. */
  device?: DeviceLike;
  /** The new average; the mean of all by default. */
  avgFn?: AvgFn;
  /** The same for many tensors at once. */
  multiAvgFn?: MultiAvgFn;
  /** Whether buffers are averaged, too; otherwise they are copied. */
  useBuffers?: boolean;
}
/** A copy of a model, in `module`, that holds averages of its weights: call updateParameters(model) after each step. */
export class AveragedModel<M extends Module = Module> extends Module {
  /** The copy. */
  module: M;
  /** How many were averaged, under PyTorch's name in the state dict: int64 []. */
  declare n_averaged: Tensor;
  /** How many were averaged: int64 []. */
  get nAveraged(): Tensor { return this.n_averaged; }
  private readonly avgFn: AvgFn | undefined;
  private readonly multiAvgFn: MultiAvgFn | undefined;
  private readonly useBuffers: boolean;
  constructor(model: M, options: AveragedModelOptions = {}) {
    super();
    if (options.avgFn !== undefined && options.multiAvgFn !== undefined) throw new AssertionError('Only one of avg_fn and multi_avg_fn should be provided');
    this.module = deepcopy(model);
    if (options.device !== undefined) this.module.to(options.device);
    this.registerBuffer('n_averaged', tensor(0n, { dtype: int64, ...(options.device === undefined ? {} : { device: options.device }) }));
    this.avgFn = options.avgFn;
    this.multiAvgFn = options.multiAvgFn;
    this.useBuffers = options.useBuffers ?? false;
  }
  override forward(...args: Parameters<M['forward']>): ReturnType<M['forward']> { return (this.module as (...a: unknown[]) => ReturnType<M['forward']>)(...args); }
  /** Takes the model's present weights into the averages. */
  updateParameters(model: M): void {
    noGrad(() => {
      const of = (m: Module): Tensor[] => [...m.parameters(), ...(this.useBuffers ? m.buffers() : [])].map((t) => t.detach());
      const averaged = of(this.module), current = of(model).map((t, i) => t.to(averaged[i]!.device));
      if (Number(this.n_averaged.item()) === 0) averaged.forEach((a, i) => a.copy_(current[i]!));
      else if (this.multiAvgFn !== undefined || this.avgFn === undefined) (this.multiAvgFn ?? getSwaMultiAvgFn())(averaged, current, this.n_averaged);
      else averaged.forEach((a, i) => a.copy_(this.avgFn!(a, current[i]!, this.n_averaged)));
      if (!this.useBuffers) { const from = [...model.buffers()]; [...this.module.buffers()].forEach((b, i) => b.copy_(from[i]!)); }
      this.n_averaged.add_(1);
    });
  }
}

/** Runs the loader's batches (or their first parts) through the model, so that batch norms have the statistics of its present weights. */
export function updateBn(loader: Iterable<Tensor | readonly unknown[]>, model: Module, device?: DeviceLike): void {
  noGrad(() => {
    const momenta = [...model.modules()].filter((m) => m instanceof BatchNorm1d || m instanceof BatchNorm2d || m instanceof BatchNorm3d).map((m) => [m, m.momentum] as const);
    if (momenta.length === 0) return;
    const wasTraining = model.training;
    model.train();
    for (const [m] of momenta) { m.resetRunningStats(); m.momentum = null; }
    for (const batch of loader) {
      const input = batch instanceof Tensor ? batch : (batch[0] as Tensor);
      (model as (x: Tensor) => unknown)(device === undefined ? input : input.to(device));
    }
    for (const [m, momentum] of momenta) m.momentum = momentum;
    model.train(wasTraining);
  });
}

/** From the present rate to swaLr over annealEpochs, where it stays. Throws ValueError for another strategy than cos and linear. */
export class SWALR extends LRScheduler {
  /** Epochs until swaLr is reached. */
  readonly annealEpochs: number;
  protected readonly annealStrategy: 'cos' | 'linear';
  constructor(optimizer: Optimizer, swaLr: number | readonly number[], options: SchedulerOptions & { annealEpochs?: number; annealStrategy?: 'cos' | 'linear' } = {}) {
    super(optimizer, options);
    if (typeof swaLr !== 'number' && swaLr.length !== optimizer.paramGroups.length) throw new ValueError(`swa_lr must have the same length as optimizer.param_groups. swa_lr has ${swaLr.length} values, param_groups has ${optimizer.paramGroups.length}.`);
    optimizer.paramGroups.forEach((g, i) => { g['swaLr'] = typeof swaLr === 'number' ? swaLr : swaLr[i]!; });
    this.annealStrategy = options.annealStrategy ?? 'cos';
    if (this.annealStrategy !== 'cos' && this.annealStrategy !== 'linear') throw new ValueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${String(this.annealStrategy)}`);
    this.annealEpochs = options.annealEpochs ?? 10;
    if (!Number.isInteger(this.annealEpochs) || this.annealEpochs < 0) throw new ValueError(`anneal_epochs must be equal or greater than 0, got ${this.annealEpochs}`);
    this.start();
  }
  protected override next(lr: number, _base: number, group: ParamGroup): number {
    const step = this.annealEpochs === 0 ? Math.max(1, this.stepCount - 1) : this.stepCount - 1, swa = group['swaLr'] as number;
    const alpha = (n: number): number => { const t = Math.max(0, Math.min(1, n / Math.max(1, this.annealEpochs))); return this.annealStrategy === 'cos' ? (1 - Math.cos(Math.PI * t)) / 2 : t; };
    const before = alpha(step - 1), now = alpha(step);
    return swa * now + (before === 1 ? swa : (lr - before * swa) / (1 - before)) * (1 - now);
  }
}

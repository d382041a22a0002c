/**
 * Learning-rate schedules: call step() after the optimizer's, once an epoch (or step). Rates follow PyTorch's chained
 * formulas, so that changes of `lr` from outside carry on. Source: torch.optim.lr_scheduler.
 */
import { ValueError } from '../errors';
import type { Optimizer, ParamGroup } from './optimizer';
import { LRScheduler, type SchedulerOptions } from './scheduler';

const number = (g: ParamGroup, key: string): number => g[key] as number;

/** Multiplies by gamma every stepSize epochs. */
export class StepLR extends LRScheduler {
  /** The factor. */
  readonly gamma: number;
  /**
   * @param optimizer Whose rates it sets.
   * @param stepSize Epochs between changes.
   */
  constructor(optimizer: Optimizer, readonly stepSize: number, gamma: number | (SchedulerOptions & { gamma?: number }) = {}) {
    super(optimizer, typeof gamma === 'number' ? {} : gamma);
    this.gamma = typeof gamma === 'number' ? gamma : gamma.gamma ?? 0.1;
    this.start();
  }
  protected override next(lr: number): number { return this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? lr : lr * this.gamma; }
  /** @internal */
  override closed(base: number): number { return base * this.gamma ** Math.floor(this.lastEpoch / this.stepSize); }
}
/** Multiplies by gamma at each milestone; one that is given twice counts twice. */
export class MultiStepLR extends LRScheduler {
  /** Epochs, in order. */
  readonly milestones: readonly number[];
  /** The factor. */
  readonly gamma: number;
  constructor(optimizer: Optimizer, milestones: Iterable<number>, options: SchedulerOptions & { gamma?: number } = {}) {
    super(optimizer, options);
    this.milestones = [...milestones];
    this.gamma = options.gamma ?? 0.1;
    this.start();
  }
  protected override next(lr: number): number { const n = this.milestones.filter((m) => m === this.lastEpoch).length; return n === 0 ? lr : lr * this.gamma ** n; }
  /** @internal */
  override closed(base: number): number { return base * this.gamma ** this.milestones.filter((m) => m <= this.lastEpoch).length; }
}
/** Multiplies by gamma every epoch. */
export class ExponentialLR extends LRScheduler {
  /**
   * @param optimizer Whose rates it sets.
   * @param gamma The factor.
   */
  constructor(optimizer: Optimizer, readonly gamma: number, options: SchedulerOptions = {}) { super(optimizer, options); this.start(); }
  protected override next(lr: number): number { return this.isInitial ? lr : lr * this.gamma; }
  /** @internal */
  override closed(base: number): number { return base * this.gamma ** this.lastEpoch; }
}
/** Times `factor` for the first totalIters epochs. Throws ValueError outside [0, 1]. */
export class ConstantLR extends LRScheduler {
  /** The factor. */
  readonly factor: number;
  /** Epochs that it lasts. */
  readonly totalIters: number;
  constructor(optimizer: Optimizer, options: SchedulerOptions & { factor?: number; totalIters?: number } = {}) {
    super(optimizer, options);
    const { factor = 1 / 3, totalIters = 5 } = options;
    if (!(factor >= 0 && factor <= 1)) throw new ValueError('Constant multiplicative factor expected to be between 0 and 1.');
    this.factor = factor;
    this.totalIters = totalIters;
    this.start();
  }
  protected override next(lr: number): number { return this.lastEpoch === 0 ? lr * this.factor : this.lastEpoch !== this.totalIters ? lr : lr * (1 / this.factor); }
  /** @internal */
  override closed(base: number): number { return base * (this.factor + (this.lastEpoch >= this.totalIters ? 1 : 0) * (1 - this.factor)); }
}
/** From startFactor to endFactor in a straight line over totalIters epochs. */
export class LinearLR extends LRScheduler {
  /** The factor at the start. */
  readonly startFactor: number;
  /** The factor at the end. */
  readonly endFactor: number;
  /** Epochs in between. */
  readonly totalIters: number;
  constructor(optimizer: Optimizer, options: SchedulerOptions & { startFactor?: number; endFactor?: number; totalIters?: number } = {}) {
    super(optimizer, options);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
    if (!(startFactor > 0 && startFactor <= 1)) throw new ValueError('Starting multiplicative factor expected to be greater than 0 and less or equal to 1.');
    if (!(endFactor >= 0 && endFactor <= 1)) throw new ValueError('Ending multiplicative factor expected to be between 0 and 1.');
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.start();
  }
  protected override next(lr: number): number {
    if (this.lastEpoch === 0) return lr * this.startFactor;
    if (this.isInitial || this.lastEpoch > this.totalIters) return lr;
    const rise = this.endFactor - this.startFactor;
    return lr * (1 + rise / (this.totalIters * this.startFactor + (this.lastEpoch - 1) * rise));
  }
  /** @internal */
  override closed(base: number): number { return base * (this.startFactor + ((this.endFactor - this.startFactor) * Math.min(this.totalIters, this.lastEpoch)) / this.totalIters); }
}
/** Down to zero over totalIters epochs along a power of the time left. */
export class PolynomialLR extends LRScheduler {
  /** Epochs until zero. */
  readonly totalIters: number;
  /** The power of the time left. */
  readonly power: number;
  constructor(optimizer: Optimizer, options: SchedulerOptions & { totalIters?: number; power?: number } = {}) {
    super(optimizer, options);
    this.totalIters = options.totalIters ?? 5;
    this.power = options.power ?? 1;
    this.start();
  }
  protected override next(lr: number): number {
    if (this.isInitial || this.lastEpoch > this.totalIters) return lr;
    return lr * ((1 - this.lastEpoch / this.totalIters) / (1 - (this.lastEpoch - 1) / this.totalIters)) ** this.power;
  }
  /** @internal */
  override closed(base: number): number { return base * (1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters) ** this.power; }
}
/** Half a cosine from the base rate to etaMin over tMax epochs, and back. Source: Loshchilov, Hutter 2016. */
export class CosineAnnealingLR extends LRScheduler {
  /** The lowest rate. */
  readonly etaMin: number;
  /**
   * @param optimizer Whose rates it sets.
   * @param tMax Epochs of half a cosine.
   */
  constructor(optimizer: Optimizer, readonly tMax: number, etaMin: number | (SchedulerOptions & { etaMin?: number }) = {}) {
    super(optimizer, typeof etaMin === 'number' ? {} : etaMin);
    this.etaMin = typeof etaMin === 'number' ? etaMin : etaMin.etaMin ?? 0;
    this.start();
  }
  protected override next(lr: number, base: number): number {
    const wave = (e: number): number => 1 + Math.cos((Math.PI * e) / this.tMax);
    if (this.isInitial) return lr;
    if (this.stepCount === 1 && this.lastEpoch > 0) return this.closed(base);
    if ((this.lastEpoch - 1 - this.tMax) % (2 * this.tMax) === 0) return lr + ((base - this.etaMin) * (1 - Math.cos(Math.PI / this.tMax))) / 2;
    return (wave(this.lastEpoch) / wave(this.lastEpoch - 1)) * (lr - this.etaMin) + this.etaMin;
  }
  /** @internal */
  override closed(base: number): number { return this.etaMin + ((base - this.etaMin) * (1 + Math.cos((Math.PI * this.lastEpoch) / this.tMax))) / 2; }
}
type PerGroup = ((epoch: number) => number) | readonly ((epoch: number) => number)[];
function perGroup(optimizer: Optimizer, fn: PerGroup): readonly ((epoch: number) => number)[] {
  const n = optimizer.paramGroups.length;
  if (typeof fn === 'function') return optimizer.paramGroups.map(() => fn);
  if (fn.length !== n) throw new ValueError(`Expected ${n} lr_lambdas, but got ${fn.length}`);
  return fn;
}
/** The base rate times fn(epoch); one function, or one a group. */
export class LambdaLR extends LRScheduler {
  readonly #fns: readonly ((epoch: number) => number)[];
  constructor(optimizer: Optimizer, fn: PerGroup, options: SchedulerOptions = {}) { super(optimizer, options); this.#fns = perGroup(optimizer, fn); this.start(); }
  protected override next(_lr: number, base: number, _g: ParamGroup, i: number): number { return base * this.#fns[i]!(this.lastEpoch); }
}
/** The present rate times fn(epoch). */
export class MultiplicativeLR extends LRScheduler {
  readonly #fns: readonly ((epoch: number) => number)[];
  constructor(optimizer: Optimizer, fn: PerGroup, options: SchedulerOptions = {}) { super(optimizer, options); this.#fns = perGroup(optimizer, fn); this.start(); }
  protected override next(lr: number, _base: number, _g: ParamGroup, i: number): number { return this.isInitial ? lr : lr * this.#fns[i]!(this.lastEpoch); }
}
/** One schedule after the other, changing at the milestones. */
export class SequentialLR {
  /** Epochs done. */
  lastEpoch: number;
  private lastLr: number[];
  /** @param optimizer Whose rates they set. */
  constructor(readonly optimizer: Optimizer, private readonly schedulers: readonly LRScheduler[], private readonly milestones: readonly number[], options: SchedulerOptions = {}) {
    if (schedulers.length < 1) throw new ValueError('SequentialLR expects at least one scheduler, but got no scheduler.');
    if (schedulers.some((s) => s.optimizer !== optimizer)) throw new ValueError('SequentialLR expects all schedulers to belong to the same optimizer.');
    if (milestones.length !== schedulers.length - 1) throw new ValueError(`Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers ${schedulers.length} and the number of milestones to be equal to ${milestones.length}`);
    this.lastEpoch = (options.lastEpoch ?? -1) + 1;
    for (const g of optimizer.paramGroups) g['lr'] = g['initialLr']!;
    schedulers.forEach((s) => s.undo());
    const first = schedulers[this.at(0)]!;
    first.start();
    this.lastLr = first.getLastLr();
  }
  private at(epoch: number): number { return this.milestones.filter((m) => m <= epoch).length; }
  /** On to the next epoch, of the schedule that has its turn. */
  step(): void {
    this.lastEpoch++;
    const i = this.at(this.lastEpoch);
    const s = this.schedulers[i]!;
    if (i > 0 && this.milestones[i - 1] === this.lastEpoch) s.update(0);
    else s.step();
    this.lastLr = s.getLastLr();
  }
  /** The rates set last, one a group. */
  getLastLr(): number[] { return [...this.lastLr]; }
}

/** Several schedules at once: each step is a step of all. */
export class ChainedScheduler {
  /** Whose rates they set. */
  readonly optimizer: Optimizer;
  private lastLr: number[];
  constructor(private readonly schedulers: readonly LRScheduler[], optimizer?: Optimizer) {
    if (schedulers.length < 1) throw new ValueError('ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.');
    this.optimizer = optimizer ?? schedulers[0]!.optimizer;
    schedulers.forEach((s, i) => {
      if ((s as unknown) instanceof ReduceLROnPlateau) throw new ValueError(`ChainedScheduler does not support \`ReduceLROnPlateau\` scheduler as it requires additional kwargs to be specified when calling \`step\`, but got one at index ${i} in the given schedulers sequence.`);
      if (s.optimizer !== this.optimizer) throw new ValueError(`ChainedScheduler expects all schedulers to belong to the same optimizer, but got scheduler ${s.constructor.name} at index ${i} has ${String(s.optimizer)}, which is different from ${this.optimizer.constructor.name}.`);
    });
    this.lastLr = this.rates();
  }
  private rates(): number[] { return this.optimizer.paramGroups.map((g) => number(g, 'lr')); }
  /** One step of every schedule. */
  step(): void {
    for (const s of this.schedulers) s.step();
    this.lastLr = this.rates();
  }
  /** The rates set last, one a group. */
  getLastLr(): number[] { return [...this.lastLr]; }
}

/** Of ReduceLROnPlateau. */
export interface PlateauOptions {
  /** Whether the metric should fall (the default) or rise. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied by; 0.1 by default. */
  factor?: number;
  /** Epochs without improvement that are let pass; 10 by default. */
  patience?: number;
  /** How much counts as an improvement; 1e-4 by default. */
  threshold?: number;
  /** Whether that is a share of the best (the default) or an amount. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a change that do not count; 0 by default. */
  cooldown?: number;
  /** The lowest rate; one, or one a group. 0 by default. */
  minLr?: number | readonly number[];
  /** Smaller changes of the rate are not made; 1e-8 by default. */
  eps?: number;
}
/** Multiplies by factor when a metric has not improved for more than `patience` epochs: `step(metric)`. */
export class ReduceLROnPlateau {
  /** The best metric so far. */
  best: number;
  /** Epochs since it improved. */
  numBadEpochs = 0;
  /** Epochs of the cooldown left. */
  cooldownCounter = 0;
  /** Epochs done. */
  lastEpoch = 0;
  private readonly o: Required<Omit<PlateauOptions, 'minLr'>>;
  private readonly minLrs: readonly number[];
  /** @param optimizer Whose rates it sets. */
  constructor(readonly optimizer: Optimizer, options: PlateauOptions = {}) {
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel', cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    if (factor >= 1) throw new ValueError('Factor should be < 1.0.');
    if (mode !== 'min' && mode !== 'max') throw new ValueError(`mode ${String(mode)} is unknown!`);
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs') throw new ValueError(`threshold mode ${String(thresholdMode)} is unknown!`);
    const n = optimizer.paramGroups.length;
    if (typeof minLr === 'object' && minLr.length !== n) throw new ValueError(`expected ${n} min_lrs, got ${minLr.length}`);
    this.o = { mode, factor, patience, threshold, thresholdMode, cooldown, eps };
    this.minLrs = typeof minLr === 'number' ? optimizer.paramGroups.map(() => minLr) : minLr;
    this.best = mode === 'min' ? Infinity : -Infinity;
  }
  private better(a: number): boolean {
    const { mode, threshold, thresholdMode } = this.o;
    const sign = mode === 'min' ? -1 : 1;
    const bar = thresholdMode === 'rel' ? this.best * (1 + sign * threshold) : this.best + sign * threshold;
    return mode === 'min' ? a < bar : a > bar;
  }
  /** Takes the metric of an epoch, a number or a tensor of one element, and sets the rates. */
  step(metric: number | { item(): number }): void {
    const value = typeof metric === 'number' ? metric : metric.item();
    this.lastEpoch++;
    if (this.better(value)) { this.best = value; this.numBadEpochs = 0; } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) { this.cooldownCounter--; this.numBadEpochs = 0; }
    if (this.numBadEpochs <= this.o.patience) return;
    this.optimizer.paramGroups.forEach((g, i) => {
      const old = number(g, 'lr');
      const lr = Math.max(old * this.o.factor, this.minLrs[i] ?? 0);
      if (old - lr > this.o.eps) g['lr'] = lr;
    });
    this.cooldownCounter = this.o.cooldown;
    this.numBadEpochs = 0;
  }
  /** The rates as they are, one a group. */
  getLastLr(): number[] { return this.optimizer.paramGroups.map((g) => number(g, 'lr')); }
}

/** Schedules that rise and fall, some with the momentum against the rate. Source: torch.optim.lr_scheduler. */
import { ValueError } from '../errors';
import type { Optimizer, ParamGroup } from './optimizer';
import { LRScheduler, type SchedulerOptions } from './scheduler';

const spread = (optimizer: Optimizer, v: number | readonly number[]): readonly number[] => (typeof v === 'number' ? optimizer.paramGroups.map(() => v) : v);
/** Momentum, or Adam's first beta: the setting that moves against the rate. */
function setMomentum(g: ParamGroup, v: number): void {
  if (Array.isArray(g['betas'])) g['betas'] = [v, (g['betas'] as unknown as readonly number[])[1]!];
  else g['momentum'] = v;
}
function checkMomentum(optimizer: Optimizer): void {
  if (optimizer.paramGroups.some((g) => g['momentum'] === undefined && g['betas'] === undefined)) throw new ValueError('optimizer must support momentum or beta1 with `cycle_momentum` option enabled');
}

/** Cosines of t0 epochs, each tMult times longer than the one before. Source: Loshchilov, Hutter 2016 (SGDR). */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  /** Epochs of the present cosine. */
  tI: number;
  /** Epochs of it done. */
  tCur: number;
  /** How much longer each is than the one before. */
  readonly tMult: number;
  /** The lowest rate. */
  readonly etaMin: number;
  /** @param t0 Epochs of the first cosine. */
  constructor(optimizer: Optimizer, readonly t0: number, options: SchedulerOptions & { tMult?: number; etaMin?: number } = {}) {
    const tMult = options.tMult ?? 1;
    if (!(t0 > 0) || !Number.isInteger(t0)) throw new ValueError(`Expected positive integer T_0, but got ${t0}`);
    if (!(tMult >= 1) || !Number.isInteger(tMult)) throw new ValueError(`Expected integer T_mult >= 1, but got ${tMult}`);
    super(optimizer, options);
    this.tI = t0;
    this.tMult = tMult;
    this.etaMin = options.etaMin ?? 0;
    this.tCur = this.lastEpoch;
    this.start();
  }
  override step(): void {
    this.tCur++;
    if (this.tCur >= this.tI) { this.tCur %= this.tI; this.tI *= this.tMult; }
    super.step();
  }
  protected override next(_lr: number, base: number): number { return this.etaMin + ((base - this.etaMin) * (1 + Math.cos((Math.PI * this.tCur) / this.tI))) / 2; }
}

/** Of OneCycleLR: either totalSteps, or epochs and stepsPerEpoch. */
export interface OneCycleOptions extends SchedulerOptions {
  /** Steps in all. */
  totalSteps?: number;
  /** Epochs in all. */
  epochs?: number;
  /** Batches an epoch. */
  stepsPerEpoch?: number;
  /** The share of the steps that rise; 0.3 by default. */
  pctStart?: number;
  /** Along a cosine (the default) or a line. */
  annealStrategy?: 'cos' | 'linear';
  /** Whether the momentum (or beta1) moves the other way; true by default. */
  cycleMomentum?: boolean;
  /** The momentum at the top rate; 0.85 by default. */
  baseMomentum?: number;
  /** The momentum at the lowest rates; 0.95 by default. */
  maxMomentum?: number;
  /** maxLr over the first rate; 25 by default. */
  divFactor?: number;
  /** The first rate over the last; 1e4 by default. */
  finalDivFactor?: number;
  /** Whether the way down first ends at the first rate, and goes on in a third phase. */
  threePhase?: boolean;
}
/** Up to maxLr, then far below the start; the momentum the other way. One step a batch. Source: Smith, Topin 2017. */
export class OneCycleLR extends LRScheduler {
  /** Steps in all; one more throws ValueError. */
  readonly totalSteps: number;
  readonly #phases: readonly { end: number; lr: readonly [string, string]; momentum: readonly [string, string] }[];
  readonly #momentum: boolean;
  readonly #linear: boolean;
  constructor(optimizer: Optimizer, maxLr: number | readonly number[], o: OneCycleOptions = {}) {
    const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95, divFactor = 25, finalDivFactor = 1e4, threePhase = false } = o;
    const total = o.totalSteps ?? (o.epochs !== undefined && o.stepsPerEpoch !== undefined ? o.epochs * o.stepsPerEpoch : undefined);
    if (total === undefined) throw new ValueError('You must define either total_steps OR (epochs AND steps_per_epoch)');
    if (!(total > 0) || !Number.isInteger(total)) throw new ValueError(`Expected positive integer total_steps, but got ${total}`);
    if (!(pctStart >= 0 && pctStart <= 1)) throw new ValueError(`Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') throw new ValueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${String(annealStrategy)}`);
    if (cycleMomentum) checkMomentum(optimizer);
    const tops = spread(optimizer, maxLr);
    optimizer.paramGroups.forEach((g, i) => {
      g['initialLr'] = tops[i]! / divFactor;
      g['maxLr'] = tops[i]!;
      g['minLr'] = g['initialLr'] / finalDivFactor;
      if (cycleMomentum) { g['maxMomentum'] = maxMomentum; g['baseMomentum'] = baseMomentum; setMomentum(g, maxMomentum); }
    });
    super(optimizer, o);
    this.totalSteps = total;
    this.#momentum = cycleMomentum;
    this.#linear = annealStrategy === 'linear';
    const up = { end: pctStart * total - 1, lr: ['initialLr', 'maxLr'], momentum: ['maxMomentum', 'baseMomentum'] } as const;
    this.#phases = threePhase
      ? [up, { end: 2 * pctStart * total - 2, lr: ['maxLr', 'initialLr'], momentum: ['baseMomentum', 'maxMomentum'] }, { end: total - 1, lr: ['initialLr', 'minLr'], momentum: ['maxMomentum', 'maxMomentum'] }]
      : [up, { end: total - 1, lr: ['maxLr', 'minLr'], momentum: ['baseMomentum', 'maxMomentum'] }];
    this.start();
  }
  protected override next(_lr: number, _base: number, g: ParamGroup): number {
    const step = this.lastEpoch;
    if (step > this.totalSteps) throw new ValueError(`Tried to step ${step} times. The specified number of total steps is ${this.totalSteps}`);
    let start = 0;
    let i = 0;
    while (i < this.#phases.length - 1 && step > this.#phases[i]!.end) start = this.#phases[i++]!.end;
    const phase = this.#phases[i]!;
    const share = (step - start) / (phase.end - start);
    const between = ([from, to]: readonly [string, string]): number => {
      const [a, b] = [g[from] as number, g[to] as number];
      return this.#linear ? (b - a) * share + a : b + ((a - b) / 2) * (Math.cos(Math.PI * share) + 1);
    };
    if (this.#momentum) setMomentum(g, between(phase.momentum));
    return between(phase.lr);
  }
}

/** Of CyclicLR. */
export interface CyclicOptions extends SchedulerOptions {
  /** Steps up; 2000 by default. */
  stepSizeUp?: number;
  /** Steps down; as many as up by default. */
  stepSizeDown?: number;
  /** All cycles alike (the default), each half as high as the last, or gamma^step high. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** Of exp_range; 1 by default. */
  gamma?: number;
  /** The height of a cycle, 0 … 1, instead of a mode. */
  scaleFn?: (x: number) => number;
  /** Whether scaleFn takes the number of the cycle (the default) or of the step. */
  scaleMode?: 'cycle' | 'iterations';
  /** Whether the momentum (or beta1) moves the other way; true by default. */
  cycleMomentum?: boolean;
  /** The momentum at the top rate; 0.8 by default. */
  baseMomentum?: number;
  /** The momentum at the lowest rate; 0.9 by default. */
  maxMomentum?: number;
}
/** Back and forth between two rates. One step a batch. Source: Smith 2015. */
export class CyclicLR extends LRScheduler {
  readonly #tops: readonly number[];
  readonly #size: number;
  readonly #ratio: number;
  readonly #scale: (x: number) => number;
  readonly #byCycle: boolean;
  readonly #momentum: readonly [number, number] | null;
  constructor(optimizer: Optimizer, baseLr: number | readonly number[], maxLr: number | readonly number[], o: CyclicOptions = {}) {
    const { stepSizeUp = 2000, mode = 'triangular', gamma = 1, cycleMomentum = true, baseMomentum = 0.8, maxMomentum = 0.9 } = o;
    const shapes: Record<string, readonly [(x: number) => number, boolean]> = { triangular: [() => 1, true], triangular2: [(x) => 1 / 2 ** (x - 1), true], exp_range: [(x) => gamma ** x, false] };
    if (shapes[mode] === undefined && o.scaleFn === undefined) throw new ValueError('mode is invalid and scale_fn is None');
    if (cycleMomentum) checkMomentum(optimizer);
    const bases = spread(optimizer, baseLr);
    if ((o.lastEpoch ?? -1) === -1) optimizer.paramGroups.forEach((g, i) => { g['lr'] = bases[i]!; });
    if (cycleMomentum) optimizer.paramGroups.forEach((g) => { setMomentum(g, maxMomentum); g['maxMomentum'] = maxMomentum; g['baseMomentum'] = baseMomentum; });
    super(optimizer, o);
    this.baseLrs = [...bases];
    this.#tops = spread(optimizer, maxLr);
    this.#size = stepSizeUp + (o.stepSizeDown ?? stepSizeUp);
    this.#ratio = stepSizeUp / this.#size;
    [this.#scale, this.#byCycle] = o.scaleFn === undefined ? shapes[mode]! : [o.scaleFn, (o.scaleMode ?? 'cycle') === 'cycle'];
    this.#momentum = cycleMomentum ? [baseMomentum, maxMomentum] : null;
    this.start();
  }
  protected override next(_lr: number, base: number, g: ParamGroup, i: number): number {
    const cycle = Math.floor(1 + this.lastEpoch / this.#size);
    const x = 1 + this.lastEpoch / this.#size - cycle;
    const height = x <= this.#ratio ? x / this.#ratio : (x - 1) / (this.#ratio - 1);
    const scale = this.#scale(this.#byCycle ? cycle : this.lastEpoch);
    if (this.#momentum !== null) setMomentum(g, this.#momentum[1] - (this.#momentum[1] - this.#momentum[0]) * height * scale);
    return base + (this.#tops[i]! - base) * height * scale;
  }
}

/** What every learning-rate schedule has. Source: torch.optim.lr_scheduler.LRScheduler. */
import { KeyError } from '../errors';
import { Optimizer, type ParamGroup } from './optimizer';

const number = (g: ParamGroup, key: string): number => g[key] as number;
const snake = (s: string): string => s.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** What every schedule takes. */
export interface SchedulerOptions {
  /** The epoch to go on from; -1, the start, by default. */
  lastEpoch?: number;
}

/** What every schedule has. `lastEpoch` >= 0 resumes: the optimizer's groups must then know their initial rate. */
export abstract class LRScheduler {
  /** The rates at the start, one a group. */
  baseLrs: number[];
  /** Epochs (or steps) done; 0 at the start. */
  lastEpoch: number;
  protected stepCount = 0;
  protected isInitial = false;
  protected lastLr: number[] = [];
  /** @param optimizer Whose rates it sets. */
  constructor(readonly optimizer: Optimizer, options: SchedulerOptions = {}) {
    if (!(optimizer instanceof Optimizer)) throw new TypeError(`${(optimizer as object | null)?.constructor.name ?? 'null'} is not an Optimizer`);
    this.lastEpoch = options.lastEpoch ?? -1;
    optimizer.paramGroups.forEach((g, i) => {
      if (this.lastEpoch === -1) g['initialLr'] ??= g['lr']!;
      else if (g['initialLr'] === undefined) throw new KeyError(`param 'initial_lr' is not specified in param_groups[${i}] when resuming scheduler with last_epoch >= 0.`);
    });
    this.baseLrs = optimizer.paramGroups.map((g) => number(g, 'initialLr'));
  }
  /** @internal The first rates; called at the end of each constructor. */
  start(): void {
    this.stepCount = 0;
    this.isInitial = true;
    try { this.step(); } finally { this.isInitial = false; }
  }
  /** The rate of a group from its present one, `epoch` steps after the start. */
  protected abstract next(lr: number, base: number, group: ParamGroup, index: number): number;
  /** @internal The rate without what came before, where a formula for it exists. */
  closed?(base: number, index: number): number;
  /** On to the next epoch: sets the rates of the optimizer. Once after each epoch (or batch, by the schedule). */
  step(): void {
    this.stepCount++;
    this.update();
  }
  /** @internal Moves on by one epoch, or to the given one. */
  update(epoch?: number): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    const closed = epoch === undefined ? undefined : this.closed?.bind(this);
    const lrs = this.optimizer.paramGroups.map((g, i) => (closed !== undefined ? closed(this.baseLrs[i]!, i) : this.next(number(g, 'lr'), this.baseLrs[i]!, g, i)));
    this.optimizer.paramGroups.forEach((g, i) => { g['lr'] = lrs[i]!; });
    this.lastLr = this.optimizer.paramGroups.map((g) => number(g, 'lr'));
  }
  /** The rates set last, one a group. */
  getLastLr(): number[] { return [...this.lastLr]; }
  /** @internal Undoes the epoch that the constructor counted. */
  undo(): void { this.lastEpoch--; }
  /** Everything but the optimizer and functions, under Python's names. */
  stateDict(): Map<string, unknown> {
    const name = (k: string): string => (k === 'stepCount' || k === 'isInitial' || k === 'lastLr' ? `_${snake(k)}` : snake(k));
    return new Map(Object.entries(this).filter(([k, v]) => k !== 'optimizer' && typeof v !== 'function').map(([k, v]) => [name(k), Array.isArray(v) ? [...(v as unknown[])] : v]));
  }
  /** Takes over what stateDict() gave. */
  loadStateDict(state: ReadonlyMap<string, unknown>): void {
    for (const key of Object.keys(this)) {
      for (const name of [snake(key), `_${snake(key)}`]) if (state.has(name) && key !== 'optimizer') (this as unknown as Record<string, unknown>)[key] = state.get(name);
    }
  }
}

/** Learning-rate schedules: call step() after each epoch (or step). Source: torch.optim.lr_scheduler. */
import type { Optimizer } from './optimizer';

abstract class Scheduler {
  readonly baseLrs: number[];
  lastEpoch = 0;
  constructor(readonly optimizer: Optimizer) { this.baseLrs = optimizer.paramGroups.map((g) => g['lr'] as number); }
  protected abstract lrAt(epoch: number, base: number, group: number): number;
  step(): void {
    this.lastEpoch++;
    this.optimizer.paramGroups.forEach((g, i) => { g['lr'] = this.lrAt(this.lastEpoch, this.baseLrs[i]!, i); });
  }
  getLastLr(): number[] { return this.optimizer.paramGroups.map((g) => g['lr'] as number); }
}
/** Multiplies by gamma every stepSize epochs. */
export class StepLR extends Scheduler {
  constructor(optimizer: Optimizer, readonly stepSize: number, readonly gamma = 0.1) { super(optimizer); }
  protected override lrAt(epoch: number, base: number): number { return base * this.gamma ** Math.floor(epoch / this.stepSize); }
}
/** Half a cosine from the base rate to etaMin over tMax epochs. Source: Loshchilov, Hutter 2016. */
export class CosineAnnealingLR extends Scheduler {
  constructor(optimizer: Optimizer, readonly tMax: number, readonly etaMin = 0) { super(optimizer); }
  protected override lrAt(epoch: number, base: number): number { return this.etaMin + ((base - this.etaMin) * (1 + Math.cos((Math.PI * epoch) / this.tMax))) / 2; }
}
/** base · fn(epoch). */
export class LambdaLR extends Scheduler {
  constructor(optimizer: Optimizer, readonly fn: (epoch: number) => number) {
    super(optimizer);
    optimizer.paramGroups.forEach((g, i) => { g['lr'] = this.baseLrs[i]! * fn(0); });
  }
  protected override lrAt(epoch: number, base: number): number { return base * this.fn(epoch); }
}

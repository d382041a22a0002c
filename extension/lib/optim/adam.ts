import { ValueError } from '../errors';
import { native } from '../native';
import { zerosLike } from '../ops';
import type { Tensor } from '../tensor';
import { Optimizer, speed, type ParamGroup, type ParamInput, type SpeedOptions } from './optimizer';

/** Of Adam and AdamW. A group of parameters may have settings of its own. */
export interface AdamOptions extends SpeedOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: number;
  /** The shares of the old means of the gradient and of its square; [0.9, 0.999] by default. */
  betas?: readonly [number, number];
  /** Added to the root of the second moment; 1e-8 by default. */
  eps?: number;
  /** Adam: added to the gradient, 0 by default. AdamW: taken from the parameter, 0.01 by default. */
  weightDecay?: number;
  /** Whether to divide by the largest second moment so far. */
  amsgrad?: boolean;
  /** Whether to climb instead of descend. */
  maximize?: boolean;
}

function settings(options: AdamOptions, weightDecay: number): { lr: number; betas: readonly [number, number]; eps: number; weightDecay: number; amsgrad: boolean; maximize: boolean; foreach: boolean | null; capturable: boolean; differentiable: boolean; fused: boolean | null } {
  const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, amsgrad = false, maximize = false } = options;
  const decay = options.weightDecay ?? weightDecay;
  if (!(lr >= 0)) throw new ValueError(`Invalid learning rate: ${lr}`);
  if (!(eps >= 0)) throw new ValueError(`Invalid epsilon value: ${eps}`);
  betas.forEach((b, i) => { if (!(b >= 0 && b < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${b}`); });
  if (!(decay >= 0)) throw new ValueError(`Invalid weight_decay value: ${decay}`);
  const { foreach, fused } = speed(options);
  return { lr, betas, eps, weightDecay: decay, amsgrad, maximize, foreach, capturable: false, differentiable: false, fused };
}

/** Adaptive moments. Source: Kingma, Ba 2014; torch.optim.Adam. */
export class Adam extends Optimizer {
  constructor(params: ParamInput, options: AdamOptions = {}, decoupled = false, weightDecay = 0) {
    super(params, { ...settings(options, weightDecay), decoupledWeightDecay: decoupled });
  }
  protected override updateGroup(g: ParamGroup): void {
    // Parameters whose first gradient came later have a step count of their own: one native call for each count.
    const byStep = new Map<number, Tensor[]>();
    for (const p of g.params) {
      if (p.grad === null) continue;
      const s = this.stateOf(p);
      if (s.size === 0) s.set('step', 0).set('exp_avg', zerosLike(p)).set('exp_avg_sq', zerosLike(p));
      if (g['amsgrad'] === true && !s.has('max_exp_avg_sq')) s.set('max_exp_avg_sq', zerosLike(p));
      const step = (s.get('step') as number) + 1;
      s.set('step', step);
      const list = byStep.get(step);
      if (list === undefined) byStep.set(step, [p]);
      else list.push(p);
    }
    const [b1, b2] = g['betas'] as readonly [number, number];
    for (const [step, params] of byStep) {
      const of = (k: string): Tensor[] => params.map((p) => this.state.get(p)!.get(k) as Tensor);
      if (g['amsgrad'] === true) native['optimizerStep']('amsgrad', params, ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'].map(of), [step, g['lr'], b1, b2, g['eps'], g['weightDecay'], Number(g['decoupledWeightDecay']), Number(g['maximize'])]);
      else native['adamStep'](params, of('exp_avg'), of('exp_avg_sq'), step, g['lr'], b1, b2, g['eps'], g['weightDecay'], g['decoupledWeightDecay'], g['maximize']);
    }
  }
}

/** Adam with decoupled weight decay. Source: Loshchilov, Hutter 2017; torch.optim.AdamW. */
export class AdamW extends Adam {
  constructor(params: ParamInput, options: AdamOptions = {}) { super(params, options, true, 1e-2); }
}

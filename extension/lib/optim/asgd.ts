import { noGrad } from '../autograd';
import { ValueError } from '../errors';
import { zerosLike } from '../ops';
import type { Tensor } from '../tensor';
import { Optimizer, type ParamGroup, type ParamInput } from './optimizer';

/** Of ASGD. */
export interface ASGDOptions {
  /** The learning rate; 1e-2 by default. */
  lr?: number;
  /** How the rate decays; 1e-4 by default. */
  lambd?: number;
  /** The power of its decay; 0.75 by default. */
  alpha?: number;
  /** The step from which to average; 1e6 by default. */
  t0?: number;
  /** Added to the gradient, times the parameter; 0 by default. */
  weightDecay?: number;
  /** Whether to climb instead of descend. */
  maximize?: boolean;
}

/** Descent with an average of the parameters kept in state `ax` from step t0 on. Source: Polyak, Juditsky 1992; torch.optim.ASGD. */
export class ASGD extends Optimizer {
  constructor(params: ParamInput, o: ASGDOptions = {}) {
    const { lr = 1e-2, lambd = 1e-4, alpha = 0.75, t0 = 1e6, weightDecay = 0, maximize = false } = o;
    if (!(lr >= 0)) throw new ValueError(`Invalid learning rate: ${lr}`);
    if (!(weightDecay >= 0)) throw new ValueError(`Invalid weight_decay value: ${weightDecay}`);
    super(params, { lr, lambd, alpha, t0, weightDecay, foreach: null, maximize, differentiable: false, capturable: false });
  }
  protected override updateGroup(g: ParamGroup): void {
    const num = (k: string): number => Number(g[k]), [lr, lambd] = [num('lr'), num('lambd')];
    noGrad(() => {
      for (const p of g.params) {
        if (p.grad === null) continue;
        const s = this.stateOf(p);
        if (s.size === 0) s.set('step', 0).set('eta', lr).set('mu', 1).set('ax', zerosLike(p));
        const step = (s.get('step') as number) + 1, eta = s.get('eta') as number, mu = s.get('mu') as number, ax = s.get('ax') as Tensor;
        let d = g['maximize'] === true ? p.grad.neg() : p.grad;
        if (num('weightDecay') !== 0) d = d.add(p.mul(num('weightDecay')));
        p.mul_(1 - lambd * eta);
        p.add_(d, { alpha: -eta });
        if (mu === 1) ax.copy_(p);
        else ax.add_(p.sub(ax).mul(mu));
        // PyTorch keeps these in float32.
        s.set('step', step).set('eta', Math.fround(lr / (1 + lambd * lr * step) ** num('alpha'))).set('mu', Math.fround(1 / Math.max(1, step - num('t0'))));
      }
    });
  }
  /** t0 is a float in Python: 1000000.0. */
  override toString(): string { return super.toString().replace(/^( {4}t0: \d+)$/gm, '$1.0'); }
}

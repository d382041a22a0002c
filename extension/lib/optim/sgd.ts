import { ValueError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { Optimizer, speed, type ParamGroup, type ParamInput, type SpeedOptions } from './optimizer';

/** Of SGD. A group of parameters may have settings of its own. */
export interface SGDOptions extends SpeedOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: number;
  /** The share of the last step that goes on; 0 by default. */
  momentum?: number;
  /** The share of the gradient left out of the momentum; 0 by default. */
  dampening?: number;
  /** Added to the gradient, times the parameter; 0 by default. */
  weightDecay?: number;
  /** Whether the momentum looks ahead; needs a momentum, and no dampening. */
  nesterov?: boolean;
  /** Whether to climb instead of descend. */
  maximize?: boolean;
}

/** Stochastic gradient descent with momentum. Source: torch.optim.SGD; Sutskever et al. 2013. */
export class SGD extends Optimizer {
  constructor(params: ParamInput, options: SGDOptions = {}) {
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false, maximize = false } = options;
    if (!(lr >= 0)) throw new ValueError(`Invalid learning rate: ${lr}`);
    if (!(momentum >= 0)) throw new ValueError(`Invalid momentum value: ${momentum}`);
    if (!(weightDecay >= 0)) throw new ValueError(`Invalid weight_decay value: ${weightDecay}`);
    if (nesterov && (momentum <= 0 || dampening !== 0)) throw new ValueError('Nesterov momentum requires a momentum and zero dampening');
    const { foreach, fused } = speed(options);
    super(params, { lr, momentum, dampening, weightDecay, nesterov, maximize, foreach, differentiable: false, fused });
  }
  protected override updateGroup(g: ParamGroup): void {
    const momentum = g['momentum'] as number;
    const buffers = momentum === 0 ? null : g.params.map((p) => (this.state.get(p)?.get('momentum_buffer') as Tensor | undefined) ?? null);
    const before = buffers?.slice();
    native['sgdStep'](g.params, buffers, g['lr'], momentum, g['dampening'], g['weightDecay'], g['nesterov'], g['maximize']);
    buffers?.forEach((b, i) => { if (b !== null && before![i] === null) this.stateOf(g.params[i]!).set('momentum_buffer', b); });
  }
}

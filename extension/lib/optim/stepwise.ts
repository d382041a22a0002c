/**
 * The optimizers whose update rule is written in ops (native/ops/optimizers.cpp): each names its states and hands over
 * its settings in the rule's order, one native call for all parameters of a group. Source: torch.optim.<name>.
 */
import { ValueError } from '../errors';
import { native } from '../native';
import { fullLike, zerosLike } from '../ops';
import type { Tensor } from '../tensor';
import { Optimizer, type ParamGroup, type ParamInput, type Setting, type SpeedOptions } from './optimizer';

export type State = Map<string, Tensor | number>;
export const num = (g: ParamGroup, k: string): number => Number(g[k]);
const pair = (g: ParamGroup, k: string): readonly [number, number] => g[k] as unknown as readonly [number, number];

/** Throws ValueError with PyTorch's text where a setting is negative or NaN. */
function notNegative(settings: Record<string, number>): void {
  const words: Record<string, string> = { lr: 'learning rate', eps: 'epsilon value', weightDecay: 'weight_decay value', momentum: 'momentum value', alpha: 'alpha value', lrDecay: 'lr_decay value', initialAccumulatorValue: 'initial_accumulator_value value', momentumDecay: 'momentum_decay value' };
  for (const [k, v] of Object.entries(settings)) if (!(v >= 0)) throw new ValueError(`Invalid ${words[k] ?? k}: ${v}`);
}
function checkBetas(betas: readonly [number, number]): void {
  betas.forEach((b, i) => { if (!(b >= 0 && b < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${b}`); });
}

export abstract class Stepwise extends Optimizer {
  protected abstract readonly rule: string;
  protected constructor(params: ParamInput, defaults: Record<string, Setting>) { super(params, defaults); }
  /** A parameter's first state, under PyTorch's names and in its order. */
  protected abstract initial(p: Tensor, g: ParamGroup): [string, Tensor | number][];
  /** Settings for the rule, from the group and from what is alike in all states of this call. */
  protected abstract settings(g: ParamGroup, step: number, s: State): number[];
  protected override updateGroup(g: ParamGroup): void {
    // One native call for parameters with the same states that have made equally many steps: settings may depend on it.
    const alike = new Map<string, { step: number; names: string[]; params: Tensor[] }>();
    for (const p of g.params) {
      if (p.grad === null) continue;
      const s = this.stateOf(p);
      if (s.size === 0) for (const [k, v] of [['step', 0] as [string, number], ...this.initial(p, g)]) s.set(k, v);
      const step = (s.get('step') as number) + 1;
      s.set('step', step);
      const names = this.tensorStates(g, p), key = `${step} ${names}`, list = alike.get(key);
      if (list === undefined) alike.set(key, { step, names, params: [p] });
      else list.params.push(p);
    }
    for (const { step, names, params } of alike.values()) {
      const states = params.map((p) => this.stateOf(p));
      const first = states[0]!;
      const settings = this.settings(g, step, first);
      native['optimizerStep'](this.rule, params, names.map((k) => states.map((s) => s.get(k))), settings);
      // Numbers that settings() moved on in the first state are the same in all.
      for (const s of states) for (const [k, v] of first) if (typeof v === 'number') s.set(k, v);
    }
  }
  /** The states that are tensors, in the rule's order. */
  protected abstract tensorStates(g: ParamGroup, p: Tensor): string[];
}

const common = { foreach: null, maximize: false, capturable: false, differentiable: false } as const;
/** What most optimizers take. */
export interface CommonOptions extends Pick<SpeedOptions, 'foreach'> {
  /** The learning rate. */
  lr?: number;
  /** Added to what the step is divided by. */
  eps?: number;
  /** Added to the gradient, times the parameter; 0 by default. */
  weightDecay?: number;
  /** Whether to climb instead of descend. */
  maximize?: boolean;
}

/** Of RMSprop; lr 1e-2, eps 1e-8 by default. */
export interface RMSpropOptions extends CommonOptions {
  /** The share of the old mean of squares; 0.99 by default. */
  alpha?: number;
  /** The share of the last step that goes on; 0 by default. */
  momentum?: number;
  /** Whether to divide by the variance instead of the mean of squares. */
  centered?: boolean;
}
/** Divides by a running root mean square. Source: Hinton 2012; torch.optim.RMSprop. */
export class RMSprop extends Stepwise {
  protected readonly rule = 'rmsprop';
  constructor(params: ParamInput, o: RMSpropOptions = {}) {
    const { lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false, maximize = false, foreach = null } = o;
    notNegative({ lr, eps, momentum, weightDecay, alpha });
    super(params, { lr, momentum, alpha, eps, centered, weightDecay, ...common, foreach, maximize });
  }
  protected override initial(p: Tensor, g: ParamGroup): [string, Tensor][] { return [['square_avg', zerosLike(p)], ...(num(g, 'momentum') > 0 ? [['momentum_buffer', zerosLike(p)] as [string, Tensor]] : []), ...(g['centered'] === true ? [['grad_avg', zerosLike(p)] as [string, Tensor]] : [])]; }
  protected override tensorStates(g: ParamGroup): string[] { return ['square_avg', ...(g['centered'] === true ? ['grad_avg'] : []), ...(num(g, 'momentum') > 0 ? ['momentum_buffer'] : [])]; }
  protected override settings(g: ParamGroup): number[] { return ['lr', 'alpha', 'eps', 'weightDecay', 'momentum', 'centered', 'maximize'].map((k) => num(g, k)); }
}

/** Of Adagrad; lr 1e-2, eps 1e-10 by default. */
export interface AdagradOptions extends CommonOptions {
  /** The rate is divided by 1 + step · lrDecay; 0 by default. */
  lrDecay?: number;
  /** What the sums of squares start with; 0 by default. */
  initialAccumulatorValue?: number;
}
/** Divides by the root of the sum of all squares. Source: Duchi et al. 2011; torch.optim.Adagrad. */
export class Adagrad extends Stepwise {
  protected readonly rule = 'adagrad';
  constructor(params: ParamInput, o: AdagradOptions = {}) {
    const { lr = 1e-2, lrDecay = 0, weightDecay = 0, initialAccumulatorValue = 0, eps = 1e-10, maximize = false, foreach = null } = o;
    notNegative({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps });
    super(params, { lr, lrDecay, eps, weightDecay, initialAccumulatorValue, foreach, maximize, differentiable: false, fused: null });
    for (const g of this.paramGroups) for (const p of g.params) for (const [k, v] of [['step', 0] as [string, number], ...this.initial(p, g)]) this.stateOf(p).set(k, v);
  }
  protected override initial(p: Tensor, g: ParamGroup): [string, Tensor | number][] { return [['sum', fullLike(p, num(g, 'initialAccumulatorValue'))]]; }
  protected override tensorStates(): string[] { return ['sum']; }
  protected override settings(g: ParamGroup, step: number): number[] { return [step, ...['lr', 'lrDecay', 'eps', 'weightDecay', 'maximize'].map((k) => num(g, k))]; }
}

/** Of Adadelta; lr 1, eps 1e-6 by default. */
export interface AdadeltaOptions extends CommonOptions {
  /** The share of the old means of squares; 0.9 by default. */
  rho?: number;
}
/** Steps as large as the last ones were. Source: Zeiler 2012; torch.optim.Adadelta. */
export class Adadelta extends Stepwise {
  protected readonly rule = 'adadelta';
  constructor(params: ParamInput, o: AdadeltaOptions = {}) {
    const { lr = 1, rho = 0.9, eps = 1e-6, weightDecay = 0, maximize = false, foreach = null } = o;
    notNegative({ lr });
    if (!(rho >= 0 && rho <= 1)) throw new ValueError(`Invalid rho value: ${rho}`);
    notNegative({ eps, weightDecay });
    super(params, { lr, rho, eps, weightDecay, ...common, foreach, maximize });
  }
  protected override initial(p: Tensor): [string, Tensor][] { return [['square_avg', zerosLike(p)], ['acc_delta', zerosLike(p)]]; }
  protected override tensorStates(): string[] { return ['square_avg', 'acc_delta']; }
  protected override settings(g: ParamGroup): number[] { return ['lr', 'rho', 'eps', 'weightDecay', 'maximize'].map((k) => num(g, k)); }
  /** Its default rate is a float in Python: 1.0. */
  override toString(): string { return super.toString().replace(/^( {4}(?:initial_)?lr: \d+)$/gm, '$1.0'); }
}

/** Of Adamax, and what NAdam and RAdam take too; lr 2e-3 (RAdam 1e-3), eps 1e-8 by default. */
export interface BetaOptions extends CommonOptions {
  /** The shares of the old moments; [0.9, 0.999] by default. */
  betas?: readonly [number, number];
}
/** Adam with the largest gradient instead of the root mean square. Source: Kingma, Ba 2014; torch.optim.Adamax. */
export class Adamax extends Stepwise {
  protected readonly rule = 'adamax';
  constructor(params: ParamInput, o: BetaOptions = {}) {
    const { lr = 2e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, maximize = false, foreach = null } = o;
    notNegative({ lr, eps });
    checkBetas(betas);
    notNegative({ weightDecay });
    super(params, { lr, betas, eps, weightDecay, ...common, foreach, maximize });
  }
  protected override initial(p: Tensor): [string, Tensor][] { return [['exp_avg', zerosLike(p)], ['exp_inf', zerosLike(p)]]; }
  protected override tensorStates(): string[] { return ['exp_avg', 'exp_inf']; }
  protected override settings(g: ParamGroup, step: number): number[] { return [step, num(g, 'lr'), ...pair(g, 'betas'), ...['eps', 'weightDecay', 'maximize'].map((k) => num(g, k))]; }
}

abstract class TwoMoments extends Stepwise {
  protected override tensorStates(): string[] { return ['exp_avg', 'exp_avg_sq']; }
  protected override initial(p: Tensor): [string, Tensor | number][] { return [['exp_avg', zerosLike(p)], ['exp_avg_sq', zerosLike(p)]]; }
  protected override settings(g: ParamGroup, step: number, _s: State): number[] { return [step, num(g, 'lr'), ...pair(g, 'betas'), ...['eps', 'weightDecay', 'decoupledWeightDecay', 'maximize'].map((k) => num(g, k))]; }
}
/** Of NAdam. */
export interface NAdamOptions extends BetaOptions {
  /** How the momentum grows with the steps; 4e-3 by default. */
  momentumDecay?: number;
  /** Whether weightDecay is taken from the parameter, as AdamW does. */
  decoupledWeightDecay?: boolean;
}
/** Adam with Nesterov's momentum. Source: Dozat 2016; torch.optim.NAdam. */
export class NAdam extends TwoMoments {
  protected readonly rule = 'nadam';
  constructor(params: ParamInput, o: NAdamOptions = {}) {
    const { lr = 2e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, momentumDecay = 4e-3, decoupledWeightDecay = false, maximize = false, foreach = null } = o;
    notNegative({ lr, eps });
    checkBetas(betas);
    notNegative({ weightDecay, momentumDecay });
    super(params, { lr, betas, eps, weightDecay, momentumDecay, decoupledWeightDecay, maximize, foreach, capturable: false, differentiable: false });
  }
  protected override initial(p: Tensor): [string, Tensor | number][] { return [['mu_product', 1], ...super.initial(p)]; }
  protected override settings(g: ParamGroup, step: number, s: State): number[] {
    const mu = (t: number): number => pair(g, 'betas')[0] * (1 - 0.5 * 0.96 ** (t * num(g, 'momentumDecay')));
    // PyTorch keeps the product in float32.
    const product = Math.fround((s.get('mu_product') as number) * Math.fround(mu(step)));
    s.set('mu_product', product);
    return [...super.settings(g, step, s), mu(step), mu(step + 1), product];
  }
}
/** Of RAdam. */
export interface RAdamOptions extends BetaOptions {
  /** Whether weightDecay is taken from the parameter, as AdamW does. */
  decoupledWeightDecay?: boolean;
}
/** Adam that waits for its variance to settle. Source: Liu et al. 2019; torch.optim.RAdam. */
export class RAdam extends TwoMoments {
  protected readonly rule = 'radam';
  constructor(params: ParamInput, o: RAdamOptions = {}) {
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, decoupledWeightDecay = false, maximize = false, foreach = null } = o;
    notNegative({ lr, eps });
    checkBetas(betas);
    notNegative({ weightDecay });
    super(params, { lr, betas, eps, weightDecay, maximize, foreach, capturable: false, decoupledWeightDecay, differentiable: false });
  }
}

/** Of Rprop. */
export interface RpropOptions extends Pick<SpeedOptions, 'foreach'> {
  /** The learning rate; 1e-2 by default. */
  lr?: number;
  /** Factors of the step where the sign changed and where it stayed; [0.5, 1.2] by default. */
  etas?: readonly [number, number];
  /** The smallest and largest step; [1e-6, 50] by default. */
  stepSizes?: readonly [number, number];
  /** Whether to climb instead of descend. */
  maximize?: boolean;
}
/** Goes by the gradient's sign alone. Source: Riedmiller, Braun 1993; torch.optim.Rprop. */
export class Rprop extends Stepwise {
  protected readonly rule = 'rprop';
  constructor(params: ParamInput, o: RpropOptions = {}) {
    const { lr = 1e-2, etas = [0.5, 1.2], stepSizes = [1e-6, 50], maximize = false, foreach = null } = o;
    notNegative({ lr });
    if (!(etas[0] > 0 && etas[0] < 1 && etas[1] > 1)) throw new ValueError(`Invalid eta values: ${etas[0]}, ${etas[1]}`);
    super(params, { lr, etas, stepSizes, foreach, maximize, differentiable: false, capturable: false });
  }
  protected override initial(p: Tensor, g: ParamGroup): [string, Tensor][] { return [['prev', zerosLike(p)], ['step_size', fullLike(p, num(g, 'lr'))]]; }
  protected override tensorStates(): string[] { return ['prev', 'step_size']; }
  protected override settings(g: ParamGroup): number[] { return [...pair(g, 'etas'), ...pair(g, 'stepSizes'), num(g, 'maximize')]; }
}

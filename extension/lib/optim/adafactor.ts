import { ValueError } from '../errors';
import { zeros, zerosLike } from '../ops';
import type { Tensor } from '../tensor';
import type { ParamGroup, ParamInput } from './optimizer';
import { num, Stepwise, type State } from './stepwise';

/** Of Adafactor. */
export interface AdafactorOptions {
  /** The learning rate; 1e-2 by default. */
  lr?: number;
  /** The power of the step count that the share of new squares falls with; -0.8 by default. */
  beta2Decay?: number;
  /** Added to the squares (null: the dtype's) and the smallest scale of a step; [null, 1e-3] by default. */
  eps?: readonly [number | null, number];
  /** The largest root mean square of an update; 1 by default. */
  d?: number;
  /** Taken from the parameter, times the rate; 0 by default. */
  weightDecay?: number;
  /** Whether to climb instead of descend. */
  maximize?: boolean;
}
const epsOf = { float64: 2 ** -52, float32: 2 ** -23, float16: 2 ** -10, bfloat16: 2 ** -7 } as Record<string, number>;

/** Adaptive steps whose second moments are kept as one row and one column. Source: Shazeer, Stern 2018; torch.optim.Adafactor. */
export class Adafactor extends Stepwise {
  protected readonly rule = 'adafactor';
  constructor(params: ParamInput, o: AdafactorOptions = {}) {
    const { lr = 1e-2, beta2Decay = -0.8, eps = [null, 1e-3], d = 1, weightDecay = 0, maximize = false } = o;
    if (!(lr >= 0)) throw new ValueError(`Learning rate should be >= 0 but is: ${lr}`);
    if (!(beta2Decay <= 0)) throw new ValueError(`beta2_decay should be <= 0 but is: ${beta2Decay}`);
    if (eps[0] !== null && !(eps[0] >= 0)) throw new ValueError(`epsilon1 should be >= 0 but is: ${eps[0]}`);
    if (!(eps[1] >= 0)) throw new ValueError(`epsilon2 should be >= 0 but is: ${eps[1]}`);
    if (!(d >= 1)) throw new ValueError(`Clipping threshold d should be >= 1 but is: ${d}`);
    if (!(weightDecay >= 0)) throw new ValueError(`weight_decay should be >= 0 but is: ${weightDecay}`);
    super(params, { lr, beta2Decay, eps, d, weightDecay, foreach: null, maximize });
  }
  protected override initial(p: Tensor): [string, Tensor][] {
    if (p.dim() < 2) return [['variance', zerosLike(p)]];
    const like = { dtype: p.dtype, device: p.device }, without = (dim: number): number[] => p.shape.map((s, d) => (d === p.dim() + dim ? 1 : s));
    return [['row_var', zeros(without(-1), like)], ['col_var', zeros(without(-2), like)]];
  }
  protected override tensorStates(_: ParamGroup, p: Tensor): string[] { return p.dim() < 2 ? ['variance'] : ['row_var', 'col_var']; }
  protected override settings(g: ParamGroup, step: number, s: State): number[] {
    const [eps1, eps2] = g['eps'] as unknown as [number | null, number], state = [...s.values()].find((v): v is Tensor => typeof v !== 'number')!;
    return [step, num(g, 'lr'), num(g, 'beta2Decay'), eps1 ?? epsOf[state.dtype.name]!, eps2, num(g, 'd'), num(g, 'weightDecay'), num(g, 'maximize')];
  }
  /** These are floats in Python: 1.0. */
  override toString(): string { return super.toString().replace(/^( {4}(?:d|weight_decay): \d+)$/gm, '$1.0'); }
}

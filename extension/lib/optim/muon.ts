import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { zerosLike } from '../ops';
import type { Tensor } from '../tensor';
import { Optimizer, type ParamGroup, type ParamInput } from './optimizer';

/** Of Muon. */
export interface MuonOptions {
  /** The learning rate; 1e-3 by default. */
  lr?: number;
  /** Taken from the parameter, times the rate; 0.1 by default. */
  weightDecay?: number;
  /** The share of the last direction that goes on; 0.95 by default. */
  momentum?: number;
  /** Whether the momentum looks ahead; true by default. */
  nesterov?: boolean;
  /** The polynomial of the Newton-Schulz steps; [3.4445, -4.775, 2.0315] by default. */
  nsCoefficients?: readonly [number, number, number];
  /** The smallest norm to divide by; 1e-7 by default. */
  eps?: number;
  /** Newton-Schulz steps; 5 by default. */
  nsSteps?: number;
  /** How the rate follows the matrix's shape: by its sides' ratio (the default), or so that AdamW's rates can be used. */
  adjustLrFn?: 'original' | 'match_rms_adamw' | null;
}

/** Momentum whose steps are made orthogonal, for matrices only. Source: Jordan et al. 2024; torch.optim.Muon. */
export class Muon extends Optimizer {
  constructor(params: ParamInput, o: MuonOptions = {}) {
    const { lr = 1e-3, weightDecay = 0.1, momentum = 0.95, nesterov = true, nsCoefficients = [3.4445, -4.775, 2.0315], eps = 1e-7, nsSteps = 5, adjustLrFn = null } = o;
    if (!(lr >= 0)) throw new ValueError(`Learning rate should be >= 0 but is: ${lr}`);
    if (!(momentum >= 0)) throw new ValueError(`momentum should be >= 0 but is: ${momentum}`);
    if (!(weightDecay >= 0)) throw new ValueError(`weight decay should be >= 0 but is: ${weightDecay}`);
    if (adjustLrFn !== null && adjustLrFn !== 'original' && adjustLrFn !== 'match_rms_adamw') throw new ValueError(`Adjust learning rate function ${String(adjustLrFn)} is not supported`);
    super(params, { lr, weightDecay, momentum, nesterov, nsCoefficients, eps, nsSteps, adjustLrFn });
    for (const g of this.paramGroups) for (const p of g.params) if (p.dim() !== 2) throw new ValueError(`Muon only supports 2D parameters whereas we found a parameter with size: torch.Size([${p.shape.join(', ')}])`);
  }
  protected override updateGroup(g: ParamGroup): void {
    const number = (k: string): number => Number(g[k]), coefficients = g['nsCoefficients'] as readonly number[];
    if (number('nsSteps') >= 100) throw new ValueError('Number of steps must be less than 100 for computational efficiency');
    if (coefficients.length !== 3) throw new ValueError('Coefficients must be a tuple of exactly 3 values');
    const params = g.params.filter((p) => p.grad !== null), buffers = params.map((p): Tensor => {
      const s = this.stateOf(p);
      if (!s.has('momentum_buffer')) s.set('momentum_buffer', zerosLike(p));
      const buffer = s.get('momentum_buffer');
      if (typeof buffer === 'number' || buffer === undefined) throw new RuntimeError('the momentum buffer of a parameter is no tensor');
      return buffer;
    });
    native['optimizerStep']('muon', params, [buffers], [number('lr'), number('weightDecay'), number('momentum'), number('nesterov'), ...coefficients, number('eps'), number('nsSteps'), Number(g['adjustLrFn'] === 'match_rms_adamw')]);
  }
}

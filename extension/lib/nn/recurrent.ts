/** Recurrent layers and cells. Parameters start uniform within ±1/√hidden, named as PyTorch names them (weight_ih_l0 …). */
import { RuntimeError, ValueError } from '../errors';
import * as F from '../functional';
import { pyFloat } from '../format';
import * as init from '../init';
import { native } from '../native';
import { cat, empty, stack, zeros } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { factory, pyBool, type FactoryOptions } from './factory';
import { Module } from './module';

const modes = { RNN_TANH: [0, 1], RNN_RELU: [1, 1], LSTM: [2, 4], GRU: [3, 3] } as const;
type Mode = keyof typeof modes;
export interface RnnOptions extends FactoryOptions { numLayers?: number; bias?: boolean; batchFirst?: boolean; dropout?: number; bidirectional?: boolean }

abstract class RnnBase extends Module {
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  constructor(private readonly mode: Mode, readonly inputSize: number, readonly hiddenSize: number, o: RnnOptions, readonly projSize = 0) {
    super();
    this.numLayers = o.numLayers ?? 1;
    this.bias = o.bias ?? true;
    this.batchFirst = o.batchFirst ?? false;
    this.dropout = o.dropout ?? 0;
    this.bidirectional = o.bidirectional ?? false;
    if (!(this.dropout >= 0 && this.dropout <= 1)) throw new ValueError('dropout should be a number in range [0, 1] representing the probability of an element being zeroed');
    if (hiddenSize <= 0) throw new ValueError('hidden_size must be greater than zero');
    if (this.numLayers <= 0) throw new ValueError('num_layers must be greater than zero');
    const gates = modes[mode][1] * hiddenSize, out = projSize > 0 ? projSize : hiddenSize;
    for (let l = 0; l < this.numLayers; l++) for (const suffix of this.directions) {
      const into = l === 0 ? inputSize : out * this.directions.length;
      this.registerParameter(`weight_ih_l${l}${suffix}`, new Parameter(empty([gates, into], factory(o))));
      this.registerParameter(`weight_hh_l${l}${suffix}`, new Parameter(empty([gates, out], factory(o))));
      if (this.bias) {
        this.registerParameter(`bias_ih_l${l}${suffix}`, new Parameter(empty([gates], factory(o))));
        this.registerParameter(`bias_hh_l${l}${suffix}`, new Parameter(empty([gates], factory(o))));
      }
      if (projSize > 0) this.registerParameter(`weight_hr_l${l}${suffix}`, new Parameter(empty([projSize, hiddenSize], factory(o))));
    }
    this.resetParameters();
  }
  private get directions(): string[] { return this.bidirectional ? ['', '_reverse'] : ['']; }
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters(false)) init.uniform_(p, { a: -bound, b: bound });
  }
  /** y and the last states, [layers·directions, N, ·]. */
  protected run(x: Tensor, h0: Tensor | null, c0: Tensor | null): { y: Tensor; h: Tensor; c: Tensor | null } {
    if (x.dim() !== 2 && x.dim() !== 3) throw new ValueError(`${this.reprName()}: Expected input to be 2D or 3D, got ${x.dim()}D instead`);
    const batched = x.dim() === 3;
    let steps = batched ? (this.batchFirst ? x.transpose(0, 1) : x) : x.unsqueeze(1);
    if (steps.size(-1) !== this.inputSize) throw new RuntimeError(`input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${steps.size(-1)}`);
    const n = steps.size(1), out = this.projSize > 0 ? this.projSize : this.hiddenSize, count = this.numLayers * this.directions.length;
    const start = (given: Tensor | null, size: number): Tensor => {
      const s = given === null ? zeros([count, n, size], { dtype: x.dtype, device: x.device }) : batched ? given : given.unsqueeze(1);
      if (String(s.shape) !== `torch.Size([${count}, ${n}, ${size}])`) throw new RuntimeError(`Expected hidden size (${count}, ${n}, ${size}), got [${s.shape.join(', ')}]`);
      return s;
    };
    const h = start(h0, out), c = this.mode === 'LSTM' ? start(c0, this.hiddenSize) : null;
    const hs: Tensor[] = [], cs: Tensor[] = [];
    const p = (name: string): Parameter | null => this.parameters_.get(name) ?? null;
    for (let l = 0; l < this.numLayers; l++) {
      const ys = this.directions.map((suffix, d) => {
        const k = l * this.directions.length + d;
        const [y, hn, cn] = native['rnnLayer'](modes[this.mode][0], steps, h.select(0, k), c?.select(0, k) ?? null, p(`weight_ih_l${l}${suffix}`), p(`weight_hh_l${l}${suffix}`), p(`bias_ih_l${l}${suffix}`), p(`bias_hh_l${l}${suffix}`), p(`weight_hr_l${l}${suffix}`), d === 1) as Tensor[];
        hs.push(hn!);
        if (cn !== undefined) cs.push(cn);
        return y!;
      });
      steps = ys.length === 1 ? ys[0]! : cat(ys, -1);
      if (this.dropout > 0 && this.training && l < this.numLayers - 1) steps = F.dropout(steps, this.dropout, true);
    }
    const y = batched ? (this.batchFirst ? steps.transpose(0, 1) : steps) : steps.squeeze(1);
    const last = (t: Tensor[]): Tensor => (batched ? stack(t) : stack(t).squeeze(1));
    return { y, h: last(hs), c: c === null ? null : last(cs) };
  }
  override extraRepr(): string {
    let s = `${this.inputSize}, ${this.hiddenSize}`;
    if (this.projSize !== 0) s += `, proj_size=${this.projSize}`;
    if (this.numLayers !== 1) s += `, num_layers=${this.numLayers}`;
    if (!this.bias) s += `, bias=${pyBool(this.bias)}`;
    if (this.batchFirst) s += `, batch_first=${pyBool(this.batchFirst)}`;
    if (this.dropout !== 0) s += `, dropout=${pyFloat(this.dropout)}`;
    if (this.bidirectional) s += `, bidirectional=${pyBool(this.bidirectional)}`;
    return s;
  }
}

/** x [T, N, in] ([N, T, in] with batchFirst) → [y, [h, c]]. Source: Hochreiter, Schmidhuber 1997; torch.nn.LSTM. */
export class LSTM extends RnnBase {
  constructor(inputSize: number, hiddenSize: number, options: RnnOptions & { projSize?: number } = {}) { super('LSTM', inputSize, hiddenSize, options, options.projSize ?? 0); }
  override forward(x: Tensor, state: readonly [Tensor, Tensor] | null = null): [Tensor, [Tensor, Tensor]] {
    const { y, h, c } = this.run(x, state?.[0] ?? null, state?.[1] ?? null);
    return [y, [h, c!]];
  }
}
/** x → [y, h]. Source: Cho et al. 2014; torch.nn.GRU. */
export class GRU extends RnnBase {
  constructor(inputSize: number, hiddenSize: number, options: RnnOptions = {}) { super('GRU', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: Tensor | null = null): [Tensor, Tensor] { const { y, h } = this.run(x, state, null); return [y, h]; }
}
/** x → [y, h] with tanh or relu. Source: Elman 1990; torch.nn.RNN. */
export class RNN extends RnnBase {
  constructor(inputSize: number, hiddenSize: number, options: RnnOptions & { nonlinearity?: 'tanh' | 'relu' } = {}) { super(options.nonlinearity === 'relu' ? 'RNN_RELU' : 'RNN_TANH', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: Tensor | null = null): [Tensor, Tensor] { const { y, h } = this.run(x, state, null); return [y, h]; }
}

abstract class CellBase extends Module {
  constructor(private readonly mode: Mode, readonly inputSize: number, readonly hiddenSize: number, readonly options: { bias?: boolean } & FactoryOptions) {
    super();
    const gates = modes[mode][1] * hiddenSize;
    const make = (name: string, shape: number[]): void => this.registerParameter(name, new Parameter(empty(shape, factory(options))));
    make('weight_ih', [gates, inputSize]);
    make('weight_hh', [gates, hiddenSize]);
    for (const name of ['bias_ih', 'bias_hh']) if (options.bias !== false) make(name, [gates]); else this.registerParameter(name, null);
    this.resetParameters();
  }
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters(false)) init.uniform_(p, { a: -bound, b: bound });
  }
  protected step(x: Tensor, h: Tensor | null, c: Tensor | null): [Tensor, Tensor | undefined] {
    if (x.dim() === 1) { const [a, b] = this.step(x.unsqueeze(0), h?.unsqueeze(0) ?? null, c?.unsqueeze(0) ?? null); return [a.squeeze(0), b?.squeeze(0)]; }
    const zero = (): Tensor => zeros([x.size(0), this.hiddenSize], { dtype: x.dtype, device: x.device });
    const p = (name: string): Parameter | null => this.parameters_.get(name) ?? null;
    const [, hn, cn] = native['rnnLayer'](modes[this.mode][0], x.unsqueeze(0), h ?? zero(), this.mode === 'LSTM' ? c ?? zero() : null, p('weight_ih'), p('weight_hh'), p('bias_ih'), p('bias_hh'), null, false) as Tensor[];
    return [hn!, cn];
  }
  override extraRepr(): string { return `${this.inputSize}, ${this.hiddenSize}${this.options.bias === false ? ', bias=False' : ''}`; }
}
/** One step: x [N, in], state → [h, c]. Source: torch.nn.LSTMCell. */
export class LSTMCell extends CellBase {
  constructor(inputSize: number, hiddenSize: number, options: { bias?: boolean } & FactoryOptions = {}) { super('LSTM', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: readonly [Tensor, Tensor] | null = null): [Tensor, Tensor] { const [h, c] = this.step(x, state?.[0] ?? null, state?.[1] ?? null); return [h, c!]; }
}
export class GRUCell extends CellBase {
  constructor(inputSize: number, hiddenSize: number, options: { bias?: boolean } & FactoryOptions = {}) { super('GRU', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: Tensor | null = null): Tensor { return this.step(x, state, null)[0]; }
}
export class RNNCell extends CellBase {
  constructor(inputSize: number, hiddenSize: number, options: { bias?: boolean; nonlinearity?: 'tanh' | 'relu' } & FactoryOptions = {}) { super(options.nonlinearity === 'relu' ? 'RNN_RELU' : 'RNN_TANH', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: Tensor | null = null): Tensor { return this.step(x, state, null)[0]; }
}

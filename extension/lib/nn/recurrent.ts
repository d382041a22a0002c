/** Recurrent layers and cells. Parameters start uniform within ±1/√hidden, named as PyTorch names them (weight_ih_l0 …). */
import { RuntimeError, ValueError } from '../errors';
import * as F from '../functional';
import { pyFloat } from '../format';
import * as init from '../init';
import { native } from '../native';
import { cat, empty, stack, zeros } from '../ops';
import { Parameter, Tensor } from '../tensor';
import { factory, pyBool, type FactoryOptions } from './factory';
import { PackedSequence } from './packed';
import { Module } from './module';
import { required } from './required';

const modes = { RNN_TANH: [0, 1], RNN_RELU: [1, 1], LSTM: [2, 4], GRU: [3, 3] } as const;
type Mode = keyof typeof modes;
/** Of LSTM, GRU and RNN. */
export interface RnnOptions extends FactoryOptions {
  /** Layers, each over the results of the one before; 1 by default. */
  numLayers?: number;
  /** Whether there are biases; true by default. */
  bias?: boolean;
  /** Whether inputs and results are [N, T, ·] instead of [T, N, ·]; states are not. */
  batchFirst?: boolean;
  /** Probability of zeroing a result between layers, while training. */
  dropout?: number;
  /** Whether a second direction reads from the end; results are twice as wide. */
  bidirectional?: boolean;
}

abstract class RnnBase extends Module {
  /** Layers, each over the results of the one before. */
  readonly numLayers: number;
  /** Whether there are biases. */
  readonly bias: boolean;
  /** Whether inputs and results are [N, T, ·]. */
  readonly batchFirst: boolean;
  /** Probability of zeroing a result between layers, while training. */
  readonly dropout: number;
  /** Whether a second direction reads from the end. */
  readonly bidirectional: boolean;
  /**
   * @param inputSize The width of an input.
   * @param hiddenSize The width of a state.
   * @param projSize The width that states of an LSTM are projected to; 0 without.
   */
  constructor(private readonly mode: Mode, readonly inputSize: number, readonly hiddenSize: number, o: RnnOptions, readonly projSize = 0) {
    super();
    required('RNNBase', { input_size: inputSize, hidden_size: hiddenSize });
    this.numLayers = o.numLayers ?? 1;
    this.bias = o.bias ?? true;
    this.batchFirst = o.batchFirst ?? false;
    this.dropout = o.dropout ?? 0;
    this.bidirectional = o.bidirectional ?? false;
    if (!(this.dropout >= 0 && this.dropout <= 1)) throw new ValueError('dropout should be a number in range [0, 1] representing the probability of an element being zeroed');
    if (hiddenSize <= 0) throw new ValueError('hidden_size must be greater than zero');
    if (this.numLayers <= 0) throw new ValueError('num_layers must be greater than zero');
    if (this.numLayers > 1e6) throw new ValueError(`num_layers must be at most 1000000, got ${this.numLayers}`);
    if (projSize < 0) throw new ValueError('proj_size should be a positive integer or zero to disable projections');
    if (projSize >= hiddenSize) throw new ValueError('proj_size has to be smaller than hidden_size');
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
  /** Draws all parameters anew: uniform within ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters(false)) init.uniform_(p, { a: -bound, b: bound });
  }
  /** y (packed when x is) and the last states, [layers·directions, N, ·]. */
  protected run<X extends Tensor | PackedSequence>(input: X, h0: Tensor | null, c0: Tensor | null): { y: X; h: Tensor; c: Tensor | null } {
    const packed = input instanceof PackedSequence ? input : null, x = packed?.data ?? (input as Tensor);
    const dtype = this.parameters_.get('weight_ih_l0')!.dtype;
    if (x.dtype !== dtype) throw new ValueError(`RNN input dtype (${x.dtype}) does not match weight dtype (${dtype}). Convert input: input.to(${dtype}), or convert model: model.to(${x.dtype})`);
    if (packed === null && x.dim() !== 2 && x.dim() !== 3) throw new ValueError(`${this.reprName()}: Expected input to be 2D or 3D, got ${x.dim()}D instead`);
    const batched = packed !== null || x.dim() === 3;
    if (x.size(-1) !== this.inputSize) throw new RuntimeError(`input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${x.size(-1)}`);
    // Steps with equally many sequences go together, [T, N, in] each; without packing that is all of them.
    let chunks = packed !== null ? packed.chunks() : [batched ? (this.batchFirst ? x.transpose(0, 1) : x) : x.unsqueeze(1)];
    const n = chunks[0]!.size(1), out = this.projSize > 0 ? this.projSize : this.hiddenSize, ways = this.directions.length, count = this.numLayers * ways;
    if (this.mode === 'LSTM' && h0 !== null && c0 !== null && packed === null && (h0.dim() !== x.dim() || c0.dim() !== x.dim())) throw new RuntimeError(`For ${batched ? 'batched 3-D' : 'unbatched 2-D'} input, hx and cx should also be ${x.dim()}-D but got (${h0.dim()}-D, ${c0.dim()}-D) tensors`);
    if (this.mode !== 'LSTM' && h0 !== null && packed === null && h0.dim() !== x.dim()) throw new RuntimeError(`For ${batched ? 'batched 3-D' : 'unbatched 2-D'} input, hx should also be ${x.dim()}-D but got ${h0.dim()}-D tensor`);
    const start = (given: Tensor | null, size: number, name: string): Tensor => {
      if (given === null) return zeros([count, n, size], { dtype: x.dtype, device: x.device });
      const s = batched ? given : given.unsqueeze(1);
      if (s.dim() !== 3 || s.size(0) !== count || s.size(1) !== n || s.size(2) !== size) throw new RuntimeError(`Expected ${name} size (${count}, ${n}, ${size}), got [${s.shape.join(', ')}]`);
      return packed?.sortedIndices ? s.indexSelect(1, packed.sortedIndices) : s;
    };
    const h = start(h0, out, this.mode === 'LSTM' ? 'hidden[0]' : 'hidden'), c = this.mode === 'LSTM' ? start(c0, this.hiddenSize, 'hidden[1]') : null;
    const hs: Tensor[] = [], cs: Tensor[] = [];
    for (let l = 0; l < this.numLayers; l++) {
      const sides = this.directions.map((suffix, d) => {
        const k = l * ways + d, side = this.along(chunks, h.select(0, k), c?.select(0, k) ?? null, `l${l}${suffix}`, d === 1);
        hs.push(side.h);
        if (side.c !== null) cs.push(side.c);
        return side.ys;
      });
      chunks = chunks.map((_, i) => (ways === 1 ? sides[0]![i]! : cat(sides.map((s) => s[i]!), -1)));
      if (this.dropout > 0 && this.training && l < this.numLayers - 1) chunks = chunks.map((t) => F.dropout(t, this.dropout, true));
    }
    const last = (t: Tensor[]): Tensor => { const s = batched ? stack(t) : stack(t).squeeze(1); return packed?.unsortedIndices ? s.indexSelect(1, packed.unsortedIndices) : s; };
    const whole = chunks[0]!, y = packed !== null ? packed.with(chunks) : batched ? (this.batchFirst ? whole.transpose(0, 1) : whole) : whole.squeeze(1);
    return { y: y as X, h: last(hs), c: c === null ? null : last(cs) };
  }
  /** One direction of one layer. Later chunks have fewer sequences: those that end keep their state; backwards they join with their first. */
  private along(chunks: readonly Tensor[], h0: Tensor, c0: Tensor | null, name: string, reverse: boolean): { ys: Tensor[]; h: Tensor; c: Tensor | null } {
    const p = (kind: string): Parameter | null => this.parameters_.get(`${kind}_${name}`) ?? null, ys: Tensor[] = [];
    const states = [h0, ...(c0 === null ? [] : [c0])], ended: Tensor[][] = states.map(() => []);
    const order = reverse ? chunks.map((_, i) => chunks.length - 1 - i) : chunks.map((_, i) => i);
    let now = reverse && chunks.length > 1 ? states.map((s) => s.slice(0, 0, chunks[chunks.length - 1]!.size(1))) : states;
    for (const i of order) {
      const x = chunks[i]!, n = x.size(1), before = now[0]!.size(0);
      if (n < before) now = now.map((s, k) => { ended[k]!.unshift(s.slice(0, n, before)); return s.slice(0, 0, n); });
      if (n > before) now = now.map((s, k) => cat([s, states[k]!.slice(0, before, n)], 0));
      const [y, ...next] = native['rnnLayer'](modes[this.mode][0], x, now[0], now[1] ?? null, p('weight_ih'), p('weight_hh'), p('bias_ih'), p('bias_hh'), p('weight_hr'), reverse) as Tensor[];
      ys[i] = y!;
      now = next;
    }
    const [h, c] = now.map((s, k) => (ended[k]!.length === 0 ? s : cat([s, ...ended[k]!], 0)));
    return { ys, h: h!, c: c ?? null };
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
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class LSTM extends RnnBase {
  /**
   * @param inputSize The width of an input.
   * @param hiddenSize The width of a state.
   */
  constructor(inputSize: number, hiddenSize: number, options: RnnOptions & { projSize?: number } = {}) { super('LSTM', inputSize, hiddenSize, options, options.projSize ?? 0); }
  override forward(x: PackedSequence, state?: readonly [Tensor, Tensor] | null): [PackedSequence, [Tensor, Tensor]];
  override forward(x: Tensor, state?: readonly [Tensor, Tensor] | null): [Tensor, [Tensor, Tensor]];
  override forward(x: Tensor | PackedSequence, state: readonly [Tensor, Tensor] | null = null): [Tensor | PackedSequence, [Tensor, Tensor]] {
    // One tensor is its first two parts, as in Python.
    const [h0, c0] = state instanceof Tensor ? [state.get(0), state.get(1)] : state ?? [null, null];
    const { y, h, c } = this.run(x, h0, c0);
    return [y, [h, c!]];
  }
}
/** x → [y, h]. Source: Cho et al. 2014; torch.nn.GRU. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class GRU extends RnnBase {
  /**
   * @param inputSize The width of an input.
   * @param hiddenSize The width of a state.
   */
  constructor(inputSize: number, hiddenSize: number, options: RnnOptions = {}) { super('GRU', inputSize, hiddenSize, options); }
  override forward(x: PackedSequence, state?: Tensor | null): [PackedSequence, Tensor];
  override forward(x: Tensor, state?: Tensor | null): [Tensor, Tensor];
  override forward(x: Tensor | PackedSequence, state: Tensor | null = null): [Tensor | PackedSequence, Tensor] { const { y, h } = this.run(x, state, null); return [y, h]; }
}
/** x → [y, h] with tanh or relu. Source: Elman 1990; torch.nn.RNN. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class RNN extends RnnBase {
  /**
   * @param inputSize The width of an input.
   * @param hiddenSize The width of a state.
   */
  constructor(inputSize: number, hiddenSize: number, options: RnnOptions & { nonlinearity?: 'tanh' | 'relu' } = {}) {
    const known = "'tanh' or 'relu'";
    if (options.nonlinearity !== undefined && options.nonlinearity !== 'relu' && options.nonlinearity !== 'tanh') throw new ValueError(`Unknown nonlinearity '${String(options.nonlinearity)}'. Select from ${known}.`);
    super(options.nonlinearity === 'relu' ? 'RNN_RELU' : 'RNN_TANH', inputSize, hiddenSize, options);
  }
  override forward(x: PackedSequence, state?: Tensor | null): [PackedSequence, Tensor];
  override forward(x: Tensor, state?: Tensor | null): [Tensor, Tensor];
  override forward(x: Tensor | PackedSequence, state: Tensor | null = null): [Tensor | PackedSequence, Tensor] { const { y, h } = this.run(x, state, null); return [y, h]; }
}

// Called with packed sequences they give packed sequences.
/* eslint-disable @typescript-eslint/no-unsafe-declaration-merging */
export interface LSTM { (x: PackedSequence, state?: readonly [Tensor, Tensor] | null): [PackedSequence, [Tensor, Tensor]] }
export interface GRU { (x: PackedSequence, state?: Tensor | null): [PackedSequence, Tensor] }
export interface RNN { (x: PackedSequence, state?: Tensor | null): [PackedSequence, Tensor] }
/* eslint-enable @typescript-eslint/no-unsafe-declaration-merging */

abstract class CellBase extends Module {
  /**
   * @param inputSize The width of an input.
   * @param hiddenSize The width of a state.
   * @param options Its settings.
   */
  constructor(private readonly mode: Mode, readonly inputSize: number, readonly hiddenSize: number, readonly options: { bias?: boolean } & FactoryOptions) {
    super();
    required(new.target.name, { input_size: inputSize, hidden_size: hiddenSize });
    const gates = modes[mode][1] * hiddenSize;
    const make = (name: string, shape: number[]): void => this.registerParameter(name, new Parameter(empty(shape, factory(options))));
    make('weight_ih', [gates, inputSize]);
    make('weight_hh', [gates, hiddenSize]);
    for (const name of ['bias_ih', 'bias_hh']) if (options.bias !== false) make(name, [gates]); else this.registerParameter(name, null);
    this.resetParameters();
  }
  /** Draws all parameters anew: uniform within ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const p of this.parameters(false)) init.uniform_(p, { a: -bound, b: bound });
  }
  protected step(x: Tensor, h: Tensor | null, c: Tensor | null): [Tensor, Tensor | undefined] {
    const flat = (t: Tensor | null, name: string): void => { if (t !== null && t.dim() !== 1 && t.dim() !== 2) throw new ValueError(`${this.reprName()}: Expected ${name} to be 1D or 2D, got ${t.dim()}D instead`); };
    flat(x, 'input');
    flat(h, this.mode === 'LSTM' ? 'hx[0]' : 'hidden');
    flat(c, 'hx[1]');
    if (x.size(-1) !== this.inputSize) throw new RuntimeError(`input has inconsistent input_size: got ${x.size(-1)} expected ${this.inputSize}`);
    [h, c].forEach((t, i) => {
      if (t === null) return;
      const batch = x.dim() === 1 ? 1 : x.size(0), s = x.dim() === 1 ? [1, ...t.shape] : [...t.shape];
      if (x.dim() === 2 && s[0] !== batch) throw new RuntimeError(`Input batch size ${batch} doesn't match hidden${i} batch size ${s[0]}`);
      if (s.length !== 2 || s[1] !== this.hiddenSize) throw new RuntimeError(`hidden${i} has inconsistent hidden_size: got ${s[1]}, expected ${this.hiddenSize}`);
    });
    if (x.dim() === 1) { const [a, b] = this.step(x.unsqueeze(0), h?.unsqueeze(0) ?? null, c?.unsqueeze(0) ?? null); return [a.squeeze(0), b?.squeeze(0)]; }
    const zero = (): Tensor => zeros([x.size(0), this.hiddenSize], { dtype: x.dtype, device: x.device });
    const p = (name: string): Parameter | null => this.parameters_.get(name) ?? null;
    const [, hn, cn] = native['rnnLayer'](modes[this.mode][0], x.unsqueeze(0), h ?? zero(), this.mode === 'LSTM' ? c ?? zero() : null, p('weight_ih'), p('weight_hh'), p('bias_ih'), p('bias_hh'), null, false) as Tensor[];
    return [hn!, cn];
  }
  override extraRepr(): string { return `${this.inputSize}, ${this.hiddenSize}${this.options.bias === false ? ', bias=False' : ''}${this.mode === 'RNN_RELU' ? ', nonlinearity=relu' : ''}`; }
}
/** One step: x [N, in], state → [h, c]. Source: torch.nn.LSTMCell. */
export class LSTMCell extends CellBase {
  constructor(inputSize: number, hiddenSize: number, options: { bias?: boolean } & FactoryOptions = {}) { super('LSTM', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: readonly [Tensor, Tensor] | null = null): [Tensor, Tensor] { const [h, c] = this.step(x, state?.[0] ?? null, state?.[1] ?? null); return [h, c!]; }
}
/** One step: x [N, in], h [N, hidden] → h. Source: torch.nn.GRUCell. */
export class GRUCell extends CellBase {
  constructor(inputSize: number, hiddenSize: number, options: { bias?: boolean } & FactoryOptions = {}) { super('GRU', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: Tensor | null = null): Tensor { return this.step(x, state, null)[0]; }
}
/** One step: x [N, in], h [N, hidden] → h = tanh(W x + b + U h + c), or relu. Source: torch.nn.RNNCell. */
export class RNNCell extends CellBase {
  constructor(inputSize: number, hiddenSize: number, options: { bias?: boolean; nonlinearity?: 'tanh' | 'relu' } & FactoryOptions = {}) { super(options.nonlinearity === 'relu' ? 'RNN_RELU' : 'RNN_TANH', inputSize, hiddenSize, options); }
  override forward(x: Tensor, state: Tensor | null = null): Tensor { return this.step(x, state, null)[0]; }
}

/** Probability distributions: samples with PyTorch's numbers for the same seed, log densities, entropies. Source: torch.distributions. */
import { inspect } from 'node:util';

import { enableGrad, noGrad } from './autograd';
import { NotImplementedError, ValueError } from './errors';
import { pyFloat } from './format';
import { binaryCrossEntropyWithLogits, softplus } from './functional';
import { arange, broadcastTensors, finfo, full, multinomial, normal, rand, randn, where } from './ops';
import { int64 } from './dtype';
import { Size } from './size';
import { Parameter, Tensor } from './tensor';

/** What every distribution takes. */
export interface DistributionOptions {
  /** Whether parameters and values are checked; they are by default. */
  validateArgs?: boolean;
}
interface Constraint { text: string; check(x: Tensor): Tensor; dims?: number }
const real: Constraint = { text: 'Real()', check: (x) => x.eq(x) };
const positive: Constraint = { text: 'GreaterThan(lower_bound=0.0)', check: (x) => x.gt(0) };
const nonnegative: Constraint = { text: 'GreaterThanEq(lower_bound=0.0)', check: (x) => x.ge(0) };
const unit: Constraint = { text: 'Interval(lower_bound=0.0, upper_bound=1.0)', check: (x) => x.ge(0).logicalAnd(x.le(1)) };
const boolean: Constraint = { text: 'Boolean()', check: (x) => x.eq(0).logicalOr(x.eq(1)) };
const simplex: Constraint = { text: 'Simplex()', check: (x) => x.ge(0).all(-1).logicalAnd(x.sum(-1).sub(1).abs().lt(1e-6)) };
const realVector: Constraint = { text: 'IndependentConstraint(Real(), 1)', check: (x) => x.eq(x).all(-1) };

const tuple = (s: readonly number[]): string => `(${s.join(', ')}${s.length === 1 ? ',' : ''})`;
/** As a Python f-string shows it: a number without dims. */
const shown = (t: Tensor): string => (t.dim() > 0 || t instanceof Parameter ? String(t) : t.isFloatingPoint() ? pyFloat(t.item()) : String(t.item()));
const kind = (t: Tensor): string => (t instanceof Parameter ? 'Parameter' : 'Tensor');
/** Numbers become tensors of the others' dtype and device; all are broadcast together. */
function broadcastAll(...values: (Tensor | number)[]): Tensor[] {
  const like = values.find((v) => v instanceof Tensor) as Tensor | undefined;
  return broadcastTensors(...values.map((v) => (v instanceof Tensor ? v : full([], v, like === undefined ? {} : { dtype: like.dtype, device: like.device }))));
}
const sumRight = (t: Tensor, n: number): Tensor => (n === 0 ? t : t.reshape([...[...t.shape].slice(0, t.dim() - n), -1]).sum(-1));
const clampProbs = (p: Tensor): Tensor => { const { eps } = finfo(p.dtype); return p.clamp(eps, 1 - eps); };

/** What every distribution has: `batchShape`, independent ones beside each other, and `eventShape`, the shape of one draw. */
export abstract class Distribution {
  /** The shape of independent distributions beside each other. */
  batchShape: Size;
  /** The shape of one draw. */
  eventShape: Size;
  protected readonly validate: boolean;
  protected constructor(batch: readonly number[], event: readonly number[], options: DistributionOptions) {
    this.batchShape = Size.of_(batch);
    this.eventShape = Size.of_(event);
    this.validate = options.validateArgs ?? true;
  }
  /** The mean. */
  abstract get mean(): Tensor;
  /** The variance. */
  abstract get variance(): Tensor;
  /** The likeliest value. */
  abstract get mode(): Tensor;
  /** The log of the density (or probability) at a value: the batch's shape. Throws ValueError for a value outside. */
  abstract logProb(value: Tensor): Tensor;
  /** The entropy in nats: the batch's shape. */
  abstract entropy(): Tensor;
  /** The standard deviation. */
  get stddev(): Tensor { return this.variance.sqrt(); }
  /** Draws, [...sampleShape, ...batchShape, ...eventShape], through which gradients go. Throws NotImplementedError where there are none. */
  rsample(_sampleShape: readonly number[] = []): Tensor { throw new NotImplementedError(`${this.constructor.name} has no rsample: its draws have no gradient`); }
  /** Draws without a gradient, [...sampleShape, ...batchShape, ...eventShape]. */
  sample(sampleShape: readonly number[] = []): Tensor { return noGrad(() => this.rsample(sampleShape)); }
  /** The chance of a value up to this one. */
  cdf(_value: Tensor): Tensor { throw new NotImplementedError(`${this.constructor.name} has no cdf`); }
  /** The value that has this chance below it. */
  icdf(_value: Tensor): Tensor { throw new NotImplementedError(`${this.constructor.name} has no icdf`); }
  /** e to the entropy. */
  perplexity(): Tensor { return this.entropy().exp(); }
  protected shape(sampleShape: readonly number[] = []): number[] { return [...sampleShape, ...this.batchShape, ...this.eventShape]; }
  protected abstract support(): Constraint;
  /** The parameters that are known, by PyTorch's names, for printing. */
  protected parameters(): [string, Tensor][] { return []; }
  protected checkParameters(...constraints: [name: string, value: Tensor, c: Constraint][]): void {
    if (this.validate) for (const [name, value, c] of constraints) if (!noGrad(() => c.check(value.detach()).all().item<boolean>()))
      throw new ValueError(`Expected parameter ${name} (${kind(value)} of shape ${tuple(value.shape)}) of distribution ${this} to satisfy the constraint ${c.text}, but found invalid values:\n${shown(value)}`);
  }
  protected checkValue(value: Tensor): void {
    if (!this.validate) return;
    if (!(value instanceof Tensor)) throw new ValueError('The value argument to log_prob must be a Tensor');
    const own = this.shape(), event = [...value.shape].slice(value.dim() - this.eventShape.length);
    if (event.join() !== this.eventShape.join()) throw new ValueError(`The right-most size of value must match event_shape: ${value.size()} vs ${this.eventShape}.`);
    for (let i = 1; i <= Math.min(own.length, value.dim()); i++) { const a = value.size(-i), b = own[own.length - i]!; if (a !== 1 && b !== 1 && a !== b) throw new ValueError(`Value is not broadcastable with batch_shape+event_shape: ${value.size()} vs ${Size.of_(own)}.`); }
    const c = this.support();
    if (!noGrad(() => c.check(value.detach()).all().item<boolean>())) throw new ValueError(`Expected value argument (${kind(value)} of shape ${tuple(value.shape)}) to be within the support (${c.text}) of the distribution ${this}, but found invalid values:\n${shown(value)}`);
  }
  /** As PyTorch prints it. */
  toString(): string { return `${this.constructor.name}(${this.parameters().map(([n, t]) => `${n}: ${t.numel() === 1 ? shown(t) : t.size()}`).join(', ')})`; }
  [inspect.custom](): string { return this.toString(); }
}

/** Normal distributions. */
export class Normal extends Distribution {
  /** The means. */
  readonly loc: Tensor;
  /** The standard deviations. */
  readonly scale: Tensor;
  constructor(loc: Tensor | number, scale: Tensor | number, options: DistributionOptions = {}) {
    const [l, s] = broadcastAll(loc, scale) as [Tensor, Tensor];
    super(l.shape, [], options);
    [this.loc, this.scale] = [l, s];
    this.checkParameters(['loc', l, real], ['scale', s, positive]);
  }
  protected override parameters(): [string, Tensor][] { return [['loc', this.loc], ['scale', this.scale]]; }
  protected override support(): Constraint { return real; }
  get mean(): Tensor { return this.loc; }
  get mode(): Tensor { return this.loc; }
  override get stddev(): Tensor { return this.scale; }
  get variance(): Tensor { return this.scale.pow(2); }
  override sample(sampleShape: readonly number[] = []): Tensor { const s = this.shape(sampleShape); return noGrad(() => normal(this.loc.expand(s), this.scale.expand(s))); }
  override rsample(sampleShape: readonly number[] = []): Tensor { return this.loc.add(randn(this.shape(sampleShape), { dtype: this.loc.dtype, device: this.loc.device }).mul(this.scale)); }
  logProb(value: Tensor): Tensor {
    this.checkValue(value);
    return value.sub(this.loc).pow(2).neg().div(this.scale.pow(2).mul(2)).sub(this.scale.log()).sub(Math.log(Math.sqrt(2 * Math.PI)));
  }
  override cdf(value: Tensor): Tensor { this.checkValue(value); return value.sub(this.loc).mul(this.scale.reciprocal()).div(Math.sqrt(2)).erf().add(1).mul(0.5); }
  override icdf(value: Tensor): Tensor { return this.loc.add(this.scale.mul(value.mul(2).sub(1).erfinv()).mul(Math.sqrt(2))); }
  entropy(): Tensor { return this.scale.log().add(0.5 + 0.5 * Math.log(2 * Math.PI)); }
}

/** Uniform distributions on [low, high). Throws ValueError where low is not below high. */
export class Uniform extends Distribution {
  /** The lower ends. */
  readonly low: Tensor;
  /** The upper ends. */
  readonly high: Tensor;
  constructor(low: Tensor | number, high: Tensor | number, options: DistributionOptions = {}) {
    const [l, h] = broadcastAll(low, high) as [Tensor, Tensor];
    super(l.shape, [], options);
    [this.low, this.high] = [l, h];
    this.checkParameters(['low', l, { text: `LessThan(upper_bound=${shown(h)})`, check: (x) => x.lt(h) }]);
  }
  protected override parameters(): [string, Tensor][] { return [['low', this.low], ['high', this.high]]; }
  protected override support(): Constraint { return { text: `Interval(lower_bound=${shown(this.low)}, upper_bound=${shown(this.high)})`, check: (x) => x.ge(this.low).logicalAnd(x.le(this.high)) }; }
  get mean(): Tensor { return this.high.add(this.low).div(2); }
  get mode(): Tensor { return this.high.mul(NaN); }
  override get stddev(): Tensor { return this.high.sub(this.low).div(Math.sqrt(12)); }
  get variance(): Tensor { return this.high.sub(this.low).pow(2).div(12); }
  override rsample(sampleShape: readonly number[] = []): Tensor { return this.low.add(rand(this.shape(sampleShape), { dtype: this.low.dtype, device: this.low.device }).mul(this.high.sub(this.low))); }
  logProb(value: Tensor): Tensor { this.checkValue(value); return this.low.le(value).typeAs(this.low).mul(this.high.gt(value).typeAs(this.low)).log().sub(this.high.sub(this.low).log()); }
  override cdf(value: Tensor): Tensor { this.checkValue(value); return value.sub(this.low).div(this.high.sub(this.low)).clamp(0, 1); }
  override icdf(value: Tensor): Tensor { return value.mul(this.high.sub(this.low)).add(this.low); }
  entropy(): Tensor { return this.high.sub(this.low).log(); }
}

/** Exponential distributions. */
export class Exponential extends Distribution {
  /** One over the means. */
  readonly rate: Tensor;
  constructor(rate: Tensor | number, options: DistributionOptions = {}) {
    const [r] = broadcastAll(rate) as [Tensor];
    super(r.shape, [], options);
    this.rate = r;
    this.checkParameters(['rate', r, positive]);
  }
  protected override parameters(): [string, Tensor][] { return [['rate', this.rate]]; }
  protected override support(): Constraint { return nonnegative; }
  get mean(): Tensor { return this.rate.reciprocal(); }
  get mode(): Tensor { return this.rate.mul(0); }
  override get stddev(): Tensor { return this.rate.reciprocal(); }
  get variance(): Tensor { return this.rate.pow(-2); }
  override rsample(sampleShape: readonly number[] = []): Tensor { return this.rate.newEmpty(this.shape(sampleShape)).exponential_().div(this.rate); }
  logProb(value: Tensor): Tensor { this.checkValue(value); return this.rate.log().sub(this.rate.mul(value)); }
  override cdf(value: Tensor): Tensor { this.checkValue(value); return this.rate.neg().mul(value).exp().rsub(1); }
  override icdf(value: Tensor): Tensor { return value.neg().log1p().neg().div(this.rate); }
  entropy(): Tensor { return this.rate.log().rsub(1); }
}

/** Probabilities, or logits: one of the two. */
export interface ProbsOrLogits<T> extends DistributionOptions {
  /** The probabilities. */
  probs?: T;
  /** Their logits: unnormalized logarithms, or log odds. */
  logits?: T;
}
/** Distributions that have either probabilities or logits, and make the others from them when asked. */
abstract class Discrete extends Distribution {
  private known = new Map<'probs' | 'logits', Tensor>();
  protected constructor(name: 'probs' | 'logits', value: Tensor, batch: readonly number[], options: DistributionOptions, constraint: Constraint, private readonly toProbs: (logits: Tensor) => Tensor, private readonly toLogits: (probs: Tensor) => Tensor) {
    super(batch, [], options);
    this.known.set(name, value);
    this.checkParameters([name, value, constraint]);
  }
  private either(name: 'probs' | 'logits', make: () => Tensor): Tensor {
    let t = this.known.get(name);
    if (t === undefined) this.known.set(name, (t = enableGrad(make)));
    return t;
  }
  /** The probabilities. */
  get probs(): Tensor { return this.either('probs', () => this.toProbs(this.logits)); }
  /** Their logits. */
  get logits(): Tensor { return this.either('logits', () => this.toLogits(this.probs)); }
  protected override parameters(): [string, Tensor][] { return (['probs', 'logits'] as const).flatMap((n) => (this.known.has(n) ? [[n, this.known.get(n)!] as [string, Tensor]] : [])); }
}
function oneOf<T extends Tensor | number>(given: T | ProbsOrLogits<T>): [name: 'probs' | 'logits', value: T, options: DistributionOptions] {
  const o: ProbsOrLogits<T> = given instanceof Tensor || typeof given === 'number' ? { probs: given } : given;
  if ((o.probs === undefined) === (o.logits === undefined)) throw new ValueError('Either `probs` or `logits` must be specified, but not both.');
  return o.probs === undefined ? ['logits', o.logits!, o] : ['probs', o.probs, o];
}

/** Whole numbers from 0 with the probabilities of the last dim, which are made to add up to 1: `new Categorical(probs)`, `new Categorical({ logits })`. */
export class Categorical extends Discrete {
  constructor(given: Tensor | ProbsOrLogits<Tensor>) {
    const [name, t, o] = oneOf(given);
    if (t.dim() < 1) throw new ValueError(`\`${name}\` parameter must be at least one-dimensional.`);
    const value = name === 'probs' ? t.div(t.sum(-1, true)) : t.sub(t.logsumexp(-1, true));
    super(name, value, [...t.shape].slice(0, -1), o, name === 'probs' ? simplex : realVector, (l) => l.softmax(-1), (p) => clampProbs(p).log());
  }
  private get events(): number { return this.probs.size(-1); }
  protected override support(): Constraint { const last = this.events - 1; return { text: `IntegerInterval(lower_bound=0, upper_bound=${last})`, check: (x) => x.remainder(1).eq(0).logicalAnd(x.ge(0)).logicalAnd(x.le(last)) }; }
  private nan(): Tensor { return full(this.shape(), NaN, { dtype: this.probs.dtype, device: this.probs.device }); }
  get mean(): Tensor { return this.nan(); }
  get variance(): Tensor { return this.nan(); }
  get mode(): Tensor { return this.probs.argmax(-1); }
  override sample(sampleShape: readonly number[] = []): Tensor { return multinomial(this.probs.detach().reshape(-1, this.events), sampleShape.reduce((a, b) => a * b, 1), true).t().reshape(this.shape(sampleShape)); }
  logProb(value: Tensor): Tensor {
    this.checkValue(value);
    const [at, log] = broadcastTensors(value.long().unsqueeze(-1), this.logits) as [Tensor, Tensor];
    return log.gather(-1, at.narrow(-1, 0, 1)).squeeze(-1);
  }
  entropy(): Tensor { return this.logits.clamp(finfo(this.logits.dtype).min).mul(this.probs).sum(-1).neg(); }
  /** Every value: [n, ...batch]. */
  enumerateSupport(expand = true): Tensor {
    const values = arange(this.events, { dtype: int64, device: this.probs.device }).view([-1, ...this.batchShape.map(() => 1)]);
    return expand ? values.expand([-1, ...this.batchShape]) : values;
  }
}

/** 1 with these probabilities, else 0: `new Bernoulli(probs)`, `new Bernoulli({ logits })`. */
export class Bernoulli extends Discrete {
  constructor(given: Tensor | number | ProbsOrLogits<Tensor | number>) {
    const [name, v, o] = oneOf(given), [t] = broadcastAll(v) as [Tensor];
    super(name, t, t.shape, o, name === 'probs' ? unit : real, (l) => l.sigmoid(), (p) => { const c = clampProbs(p); return c.log().sub(c.neg().log1p()); });
  }
  protected override support(): Constraint { return boolean; }
  get mean(): Tensor { return this.probs; }
  get mode(): Tensor { const p = this.probs; return where(p.eq(0.5), NaN, p.ge(0.5).to(p.dtype)); }
  get variance(): Tensor { return this.probs.mul(this.probs.rsub(1)); }
  override sample(sampleShape: readonly number[] = []): Tensor { return noGrad(() => this.probs.expand(this.shape(sampleShape)).bernoulli()); }
  logProb(value: Tensor): Tensor {
    this.checkValue(value);
    const [l, v] = broadcastTensors(this.logits, value) as [Tensor, Tensor];
    return binaryCrossEntropyWithLogits(l, v, { reduction: 'none' }).neg();
  }
  entropy(): Tensor { return binaryCrossEntropyWithLogits(this.logits, this.probs, { reduction: 'none' }); }
}

/** Makes the last dims of the batch parts of one draw: their log probabilities add up. */
export class Independent<D extends Distribution> extends Distribution {
  /**
   * @param baseDist The distributions.
   * @param reinterpretedBatchNdims How many dims. Throws ValueError for more than there are.
   */
  constructor(readonly baseDist: D, readonly reinterpretedBatchNdims: number, options: DistributionOptions = {}) {
    const n = baseDist.batchShape.length, all = [...baseDist.batchShape, ...baseDist.eventShape];
    if (reinterpretedBatchNdims > n) throw new ValueError(`Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual ${reinterpretedBatchNdims} vs ${n}`);
    super(all.slice(0, n - reinterpretedBatchNdims), all.slice(n - reinterpretedBatchNdims), options);
  }
  protected override support(): Constraint { return real; }
  get mean(): Tensor { return this.baseDist.mean; }
  get mode(): Tensor { return this.baseDist.mode; }
  get variance(): Tensor { return this.baseDist.variance; }
  override sample(sampleShape: readonly number[] = []): Tensor { return this.baseDist.sample(sampleShape); }
  override rsample(sampleShape: readonly number[] = []): Tensor { return this.baseDist.rsample(sampleShape); }
  logProb(value: Tensor): Tensor { return sumRight(this.baseDist.logProb(value), this.reinterpretedBatchNdims); }
  entropy(): Tensor { return sumRight(this.baseDist.entropy(), this.reinterpretedBatchNdims); }
  override toString(): string { return `${this.constructor.name}(${this.baseDist}, ${this.reinterpretedBatchNdims})`; }
}

/** How far q is from p, in nats: the batch's shape. Throws NotImplementedError for two kinds of distribution. */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  if (p instanceof Normal && q instanceof Normal) { const ratio = p.scale.div(q.scale).pow(2); return ratio.add(p.loc.sub(q.loc).div(q.scale).pow(2)).sub(1).sub(ratio.log()).mul(0.5); }
  if (p instanceof Categorical && q instanceof Categorical) {
    const t = p.probs.mul(p.logits.sub(q.logits));
    return where(p.probs.eq(0), 0, where(q.probs.eq(0), Infinity, t)).sum(-1);
  }
  if (p instanceof Bernoulli && q instanceof Bernoulli) {
    const part = (mine: Tensor, other: Tensor, sign: number): Tensor => where(mine.eq(0), 0, where(other.eq(0), Infinity, mine.mul(softplus(q.logits.mul(sign)).sub(softplus(p.logits.mul(sign))))));
    return part(p.probs, q.probs, -1).add(part(p.probs.rsub(1), q.probs.rsub(1), 1));
  }
  if (p instanceof Exponential && q instanceof Exponential) { const ratio = q.rate.div(p.rate); return ratio.log().neg().add(ratio).sub(1); }
  if (p instanceof Uniform && q instanceof Uniform) return where(q.low.gt(p.low).logicalOr(q.high.lt(p.high)), Infinity, q.high.sub(q.low).div(p.high.sub(p.low)).log());
  if (p instanceof Independent && q instanceof Independent && p.reinterpretedBatchNdims === q.reinterpretedBatchNdims) return sumRight(klDivergence(p.baseDist as Distribution, q.baseDist as Distribution), p.reinterpretedBatchNdims);
  throw new NotImplementedError(`No KL(p || q) is implemented for p type ${p.constructor.name} and q type ${q.constructor.name}`);
}

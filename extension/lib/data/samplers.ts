/** The order of a DataLoader's positions, with PyTorch's choice for the same seed. Source: torch.utils.data.sampler. */
import { float64 } from '../dtype';
import { ValueError } from '../errors';
import { native } from '../native';
import { asTensor, multinomial, randint, randperm } from '../ops';
import { Generator } from '../random';
import { Tensor } from '../tensor';

/** Gives the positions of one epoch. */
export interface Sampler<T = number> {
  /** How many positions (or batches) an epoch has. */
  readonly length?: number;
  [Symbol.iterator](): Iterator<T>;
}
/** Whatever has a length: a dataset, an array. */
interface Sized { readonly length: number }

const numbers = (t: Tensor): number[] => Array.from(t.toTypedArray(), Number);
const count = (name: string, n: number): number => { if (!Number.isInteger(n) || n <= 0) throw new ValueError(`${name} should be a positive integer value, but got ${name}=${n}`); return n; };
/** @internal 63 random bits, as PyTorch draws seeds. */
export const drawSeed = (g: Generator | undefined): bigint => (native['random64'](g?.handle) as bigint) % (1n << 63n);

/** One position after the other. */
export class SequentialSampler implements Sampler {
  /** @param dataSource What the positions are of. */
  constructor(readonly dataSource: Sized) {}
  /** Positions an epoch. */
  get length(): number { return this.dataSource.length; }
  *[Symbol.iterator](): IterableIterator<number> { for (let i = 0; i < this.dataSource.length; i++) yield i; }
}
/** Every position once in random order; with `replacement` each drawn from all. `numSamples`: that many, in rounds. Throws ValueError when it is not positive. */
export class RandomSampler implements Sampler {
  /** Whether a position may come again. */
  readonly replacement: boolean;
  private readonly most: number | undefined;
  private readonly generator: Generator | undefined;
  /** @param dataSource What the positions are of. */
  constructor(readonly dataSource: Sized, options: { replacement?: boolean; numSamples?: number; generator?: Generator } = {}) {
    this.replacement = options.replacement ?? false;
    this.most = options.numSamples;
    this.generator = options.generator;
    count('num_samples', this.length);
  }
  /** Positions an epoch. */
  get length(): number { return this.most ?? this.dataSource.length; }
  *[Symbol.iterator](): IterableIterator<number> {
    const n = this.dataSource.length, generator = this.generator ?? new Generator().manualSeed(drawSeed(undefined));
    // Numbers are drawn 32 at a time, or a whole order at a time, also where fewer (or none) are left.
    const round = this.replacement ? 32 : n;
    for (let left = this.length; ; left -= round) {
      const size = Math.min(left, round);
      yield* this.replacement ? numbers(randint(n, [size], { generator })) : numbers(randperm(n, { generator })).slice(0, size);
      if (left < round) return;
    }
  }
}
/** The given positions in random order. */
export class SubsetRandomSampler implements Sampler {
  /** @param indices The positions. */
  constructor(readonly indices: readonly number[], private readonly options: { generator?: Generator } = {}) {}
  /** Positions an epoch. */
  get length(): number { return this.indices.length; }
  *[Symbol.iterator](): IterableIterator<number> { for (const i of numbers(randperm(this.indices.length, this.options))) yield this.indices[i]!; }
}
/** Positions drawn in proportion to weights, which need not add up to 1: for rare classes. Throws ValueError for a count that is not positive and weights that are no vector. */
export class WeightedRandomSampler implements Sampler {
  /** A weight a position: float64 [n]. */
  readonly weights: Tensor;
  /** Whether a position may come again; it may unless told otherwise. */
  readonly replacement: boolean;
  private readonly generator: Generator | undefined;
  /**
   * @param weights A weight a position.
   * @param numSamples Positions an epoch.
   */
  constructor(weights: Tensor | readonly number[], readonly numSamples: number, options: { replacement?: boolean; generator?: Generator } = {}) {
    count('num_samples', numSamples);
    this.weights = asTensor(weights, { dtype: float64 });
    if (this.weights.dim() !== 1) throw new ValueError(`weights should be a 1d sequence but given weights have shape (${this.weights.shape.join(', ')})`);
    this.replacement = options.replacement ?? true;
    this.generator = options.generator;
  }
  /** Positions an epoch. */
  get length(): number { return this.numSamples; }
  *[Symbol.iterator](): IterableIterator<number> { yield* numbers(multinomial(this.weights, this.numSamples, this.replacement, this.generator === undefined ? {} : { generator: this.generator })); }
}
/** Positions in batches: DataLoader's `batchSampler`. Throws ValueError for a size that is not positive. */
export class BatchSampler implements Sampler<number[]> {
  /**
   * @param sampler The positions.
   * @param batchSize Positions a batch.
   * @param dropLast Whether a last batch that is not full is left out.
   */
  constructor(readonly sampler: Sampler | readonly number[], readonly batchSize: number, readonly dropLast: boolean) {
    count('batch_size', batchSize);
    if (typeof dropLast !== 'boolean') throw new ValueError(`drop_last should be a boolean value, but got drop_last=${String(dropLast)}`);
  }
  /** Batches an epoch. Throws TypeError when the sampler does not know its own length. */
  get length(): number {
    if (this.sampler.length === undefined) throw new TypeError(`object of type '${this.sampler.constructor.name}' has no len()`);
    return this.dropLast ? Math.floor(this.sampler.length / this.batchSize) : Math.ceil(this.sampler.length / this.batchSize);
  }
  *[Symbol.iterator](): IterableIterator<number[]> {
    let batch: number[] = [];
    for (const i of { [Symbol.iterator]: () => this.sampler[Symbol.iterator]() }) {
      batch.push(i);
      if (batch.length === this.batchSize) { yield batch; batch = []; }
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}

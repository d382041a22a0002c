/** DataLoader: batches of a dataset, in PyTorch's order for the same seed. Source: torch.utils.data.DataLoader. */
import { ValueError } from '../errors';
import { stack, tensor } from '../ops';
import type { Generator } from '../random';
import { Tensor } from '../tensor';
import type { Dataset } from './dataset';
import { BatchSampler, drawSeed, RandomSampler, SequentialSampler, type Sampler } from './samplers';

/** Of DataLoader. */
export interface DataLoaderOptions<T> {
  /** Items a batch; 1 by default. */
  batchSize?: number;
  /** Whether each epoch has an order of its own. */
  shuffle?: boolean;
  /** Gives the positions instead; not together with shuffle. */
  sampler?: Sampler;
  /** Gives the positions of whole batches instead; alone, without batchSize, shuffle, sampler and dropLast. */
  batchSampler?: Sampler<readonly number[]>;
  /** Whether a last batch that is not full is left out. */
  dropLast?: boolean;
  /** Draws the order; the default generator's numbers otherwise. */
  generator?: Generator;
  /** Makes a batch of its items; stacks tensors and numbers unless told otherwise. */
  collate?: (items: T[]) => unknown;
}
/** Stacks tensors, makes tensors of numbers and booleans, and does the same inside arrays and objects; strings stay an array. */
export function defaultCollate(items: readonly unknown[]): unknown {
  const first = items[0];
  if (first instanceof Tensor) return stack(items as Tensor[]);
  if (typeof first === 'number' || typeof first === 'bigint' || typeof first === 'boolean') return tensor(items as number[]);
  if (typeof first === 'string') return [...items];
  if (Array.isArray(first)) {
    if (items.some((x) => !Array.isArray(x) || x.length !== first.length)) throw new ValueError('each element in list of batch should be of equal size');
    return first.map((_, k) => defaultCollate((items as unknown[][]).map((x) => x[k])));
  }
  if (typeof first === 'object' && first !== null) return Object.fromEntries(Object.keys(first).map((k) => [k, defaultCollate((items as Record<string, unknown>[]).map((x) => x[k]))]));
  throw new TypeError(`default_collate: batch must contain tensors, numbers, strings, arrays or objects; found ${first === null ? 'null' : typeof first}`);
}
/** `for (const [x, y] of loader)`; each loop is an epoch of its own. Throws ValueError for settings that exclude each other. */
export class DataLoader<T, B = T> implements Iterable<B> {
  /** Items a batch. */
  readonly batchSize: number;
  /** @param dataset What it reads. */
  constructor(readonly dataset: Dataset<T>, private readonly options: DataLoaderOptions<T> = {}) {
    this.batchSize = options.batchSize ?? 1;
    if (!Number.isInteger(this.batchSize) || this.batchSize <= 0) throw new ValueError(`batch_size should be a positive integer value, but got batch_size=${this.batchSize}`);
    if (options.sampler !== undefined && options.shuffle === true) throw new ValueError('sampler option is mutually exclusive with shuffle');
    if (options.batchSampler !== undefined && (this.batchSize !== 1 || options.shuffle === true || options.sampler !== undefined || options.dropLast === true)) throw new ValueError('batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last');
  }
  /** Batches an epoch. */
  get length(): number {
    if (this.options.batchSampler?.length !== undefined) return this.options.batchSampler.length;
    const n = this.options.sampler?.length ?? this.dataset.length;
    return this.options.dropLast === true ? Math.floor(n / this.batchSize) : Math.ceil(n / this.batchSize);
  }
  private batches(): Iterable<readonly number[]> {
    const { sampler, batchSampler, shuffle, generator, dropLast } = this.options;
    if (batchSampler !== undefined) return { [Symbol.iterator]: () => batchSampler[Symbol.iterator]() };
    const order = sampler ?? (shuffle === true && this.dataset.length > 0 ? new RandomSampler(this.dataset, generator === undefined ? {} : { generator }) : new SequentialSampler(this.dataset));
    return new BatchSampler(order, this.batchSize, dropLast ?? false);
  }
  *[Symbol.iterator](): IterableIterator<B> {
    // PyTorch draws a seed for its workers at the start of every epoch, also without workers.
    drawSeed(this.options.generator);
    for (const batch of this.batches()) yield this.take(batch);
  }
  private take(at: readonly number[]): B {
    if (this.options.collate === undefined && this.dataset.getBatch !== undefined) return this.dataset.getBatch(at) as B;
    return (this.options.collate ?? defaultCollate)(at.map((i) => this.dataset.get(i))) as B;
  }
}

/** Datasets: a length and an item at each position. Source: torch.utils.data. */
import { IndexError, ValueError } from '../errors';
import { randperm, tensor } from '../ops';
import { int64 } from '../dtype';
import type { RandomOptions } from '../random';
import { Tensor } from '../tensor';

/** What a DataLoader reads. `getBatch`, where there is one, gives many items already collated. */
export interface Dataset<T> {
  /** How many items. */
  readonly length: number;
  /** The item at a position. */
  get(index: number): T;
  /** Many items at once, already collated. */
  getBatch?(indices: readonly number[]): unknown;
}
function position(i: number, n: number): number {
  if (!Number.isInteger(i) || i < -n || i >= n) throw new IndexError(`index ${i} is out of range for a dataset of ${n} items`);
  return i < 0 ? i + n : i;
}
/** Rows of tensors of equal first size, one of each an item. Throws ValueError where the sizes differ. */
export class TensorDataset implements Dataset<Tensor[]> {
  /** The tensors, of equal first size. */
  readonly tensors: readonly Tensor[];
  constructor(...tensors: Tensor[]) {
    if (tensors.length === 0 || tensors.some((t) => !(t instanceof Tensor) || t.dim() === 0 || t.size(0) !== tensors[0]!.size(0))) throw new ValueError('Size mismatch between tensors');
    this.tensors = tensors;
  }
  /** How many rows. */
  get length(): number { return this.tensors[0]!.size(0); }
  /** Row `index` of each tensor; negative counts from the end. Throws IndexError out of range. */
  get(index: number): Tensor[] { const i = position(index, this.length); return this.tensors.map((t) => t.get(i)); }
  /** Those rows of each tensor. */
  getBatch(indices: readonly number[]): Tensor[] {
    const at = tensor(indices.map((i) => position(i, this.length)), { dtype: int64 });
    return this.tensors.map((t) => t.indexSelect(0, at.to(t.device)));
  }
}
/** Some items of a dataset. */
export class Subset<T> implements Dataset<T> {
  /** Many items at once, where the whole dataset has that. */
  readonly getBatch?: (indices: readonly number[]) => unknown;
  /**
   * @param dataset The whole.
   * @param indices Positions in the whole.
   */
  constructor(readonly dataset: Dataset<T>, readonly indices: readonly number[]) {
    if (dataset.getBatch !== undefined) this.getBatch = (at) => dataset.getBatch!(at.map((i) => this.indices[position(i, this.length)]!));
  }
  /** How many items. */
  get length(): number { return this.indices.length; }
  /** The item at a position of the subset. */
  get(index: number): T { return this.dataset.get(this.indices[position(index, this.length)]!); }
}
/** One dataset after the other. */
export class ConcatDataset<T> implements Dataset<T> {
  /** The datasets, in order. */
  readonly datasets: readonly Dataset<T>[];
  constructor(datasets: Iterable<Dataset<T>>) {
    this.datasets = [...datasets];
    if (this.datasets.length === 0) throw new ValueError('datasets should not be an empty iterable');
  }
  /** Items of all datasets together. */
  get length(): number { return this.datasets.reduce((n, d) => n + d.length, 0); }
  /** The item at a position of the whole. */
  get(index: number): T {
    let i = position(index, this.length);
    for (const d of this.datasets) { if (i < d.length) return d.get(i); i -= d.length; }
    throw new IndexError(`index ${index} is out of range`);
  }
}
/** Random parts of the given lengths, or shares that add up to 1, with PyTorch's choice for the same seed. */
export function randomSplit<T>(dataset: Dataset<T>, lengths: readonly number[], options: RandomOptions = {}): Subset<T>[] {
  const total = lengths.reduce((a, b) => a + b, 0);
  let sizes = [...lengths];
  if (Math.abs(total - 1) < 1e-9 && total <= 1 + 1e-9) {
    lengths.forEach((f, i) => { if (!(f >= 0 && f <= 1)) throw new ValueError(`Fraction at index ${i} is not between 0 and 1`); });
    sizes = lengths.map((f) => Math.floor(dataset.length * f));
    const missing = dataset.length - sizes.reduce((a, b) => a + b, 0);
    for (let i = 0; i < missing; i++) sizes[i % sizes.length]!++;
  }
  const n = sizes.reduce((a, b) => a + b, 0);
  if (n !== dataset.length) throw new ValueError('Sum of input lengths does not equal the length of the input dataset!');
  const order = Array.from(randperm(n, options).toTypedArray(), Number);
  let at = 0;
  return sizes.map((s) => new Subset(dataset, order.slice(at, (at += s))));
}

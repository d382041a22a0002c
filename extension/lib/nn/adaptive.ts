/** Softmax over very many classes, the frequent ones first. Source: Grave et al. 2016; torch.nn.AdaptiveLogSoftmaxWithLoss. */
import { RuntimeError, ValueError } from '../errors';
import { cat, where, zeros } from '../ops';
import type { Tensor } from '../tensor';
import { ModuleList, Sequential } from './containers';
import { factory, type FactoryOptions } from './factory';
import { Linear } from './layers';
import { Module } from './module';
import { required } from './required';

/**
 * Classes must be sorted by frequency. `cutoffs` split them into a shortlist and clusters, each with a projection that is
 * divValue times narrower than the last. Called with input [N, in] and int64 classes [N]: [log probabilities [N], loss].
 */
export class AdaptiveLogSoftmaxWithLoss extends Module {
  /** Scores of the frequent classes and of the clusters. */
  head: Linear;
  /** Scores of the classes of each cluster. */
  tail: ModuleList;
  /** Where clusters end; the last is nClasses. */
  readonly cutoffs: readonly number[];
  /** How much narrower each cluster is than the one before. */
  readonly divValue: number;
  /**
   * @param inFeatures The width of an input.
   * @param nClasses Classes, from frequent to rare.
   */
  constructor(readonly inFeatures: number, readonly nClasses: number, cutoffs: readonly number[], options: { divValue?: number; headBias?: boolean } & FactoryOptions = {}) {
    super();
    required('AdaptiveLogSoftmaxWithLoss', { in_features: inFeatures, n_classes: nClasses, cutoffs });
    if (cutoffs.length === 0) throw new ValueError('cutoffs should be a sequence of length larger than 0');
    if (cutoffs.some((c, i) => !Number.isInteger(c) || c <= (i === 0 ? 0 : cutoffs[i - 1]!) || c > nClasses - 1)) throw new ValueError('cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1');
    const ends = (this.cutoffs = [...cutoffs, nClasses]);
    this.divValue = options.divValue ?? 4;
    this.head = new Linear(inFeatures, ends[0]! + ends.length - 1, { ...factory(options), bias: options.headBias ?? false });
    this.tail = new ModuleList();
    for (let i = 0; i + 1 < ends.length; i++) {
      const width = Math.floor(inFeatures / this.divValue ** (i + 1)), o = { ...factory(options), bias: false };
      this.tail.append(new Sequential(new Linear(inFeatures, width, o), new Linear(width, ends[i + 1]! - ends[i]!, o)));
    }
  }
  /** Draws all layers anew. */
  resetParameters(): void {
    this.head.resetParameters();
    for (const t of this.tail) for (const m of t as Sequential) (m as Linear).resetParameters();
  }
  private cluster(i: number, x: Tensor): Tensor { return (this.tail.at(i) as Sequential)(x).logSoftmax(1); }
  override forward(input: Tensor, target: Tensor): [Tensor, Tensor] {
    const size = (t: Tensor): string => `${t.shape}`;
    if (target.dim() > 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
    if (target.dim() === 1 && input.size(0) !== target.size(0)) throw new RuntimeError('Input and target should have the same size in the batch dimension.');
    if (target.dim() === 1 && input.dim() !== 2) throw new RuntimeError(`1D target tensor expects 2D input tensors, but found inputs with size${size(input)}`);
    if (target.dim() === 0 && input.dim() !== 1) throw new RuntimeError(`0D target tensor expects 1D input tensors, but found inputs with size${size(input)}`);
    if (target.dim() === 0) { const [y, loss] = this.forward(input.unsqueeze(0), target.unsqueeze(0)); return [y.squeeze(0), loss]; }
    const stray = target.lt(0).logicalOr(target.ge(this.nClasses));
    if (stray.any().item<boolean>()) throw new RuntimeError(`Target values should be in [0, ${this.nClasses - 1}], but values in range [${target.min().item()}, ${target.max().item()}] were found. `);
    const [short] = this.cutoffs as [number], head = this.head(input).logSoftmax(1);
    let at = target, tails = zeros([input.size(0)], { dtype: head.dtype, device: head.device });
    for (let i = 0; i + 1 < this.cutoffs.length; i++) {
      const [low, high] = [this.cutoffs[i]!, this.cutoffs[i + 1]!], rows = target.ge(low).logicalAnd(target.lt(high)).nonzero().reshape(-1);
      if (rows.numel() === 0) continue;
      const local = this.cluster(i, input.indexSelect(0, rows)).gather(1, target.indexSelect(0, rows).sub(low).unsqueeze(1)).squeeze(1);
      tails = tails.indexCopy(0, rows, local);
      at = at.indexFill(0, rows, short + i);
    }
    const output = tails.add(head.gather(1, at.unsqueeze(1)).squeeze(1));
    return [output, output.neg().mean()];
  }
  /** Log probabilities of all classes: [N, in] → [N, nClasses]. */
  logProb(input: Tensor): Tensor {
    const head = this.head(input).logSoftmax(1), [short] = this.cutoffs as [number];
    return cat([head.slice(1, 0, short), ...[...this.tail].map((_, i) => this.cluster(i, input).add(head.slice(1, short + i, short + i + 1)))], 1);
  }
  /** The most probable class of each row: that of the shortlist, or of all where the head points to a cluster. */
  predict(input: Tensor): Tensor {
    const first = this.head(input).argmax(1);
    return where(first.lt(this.cutoffs[0]!), first, this.logProb(input).argmax(1));
  }
}

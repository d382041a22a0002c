/** Tables of vectors. */
import { noGrad } from '../autograd';
import { AssertionError } from '../errors';
import * as F from '../functional';
import { pyFloat } from '../format';
import * as init from '../init';
import { empty } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { factory, type FactoryOptions } from './factory';
import { Module } from './module';
import { required } from './required';

/** Of Embedding. */
export interface EmbeddingLayerOptions extends FactoryOptions {
  /** The row that is zero and gets no gradient; negative counts from the end. */
  paddingIdx?: number | null;
  /** Rows looked up with a larger norm are scaled down to it, in place. */
  maxNorm?: number | null;
  /** The p of that norm; 2 by default. */
  normType?: number;
  /** Divides each row's gradient by how often it was looked up. */
  scaleGradByFreq?: boolean;
  /** The table to use, [numEmbeddings, embeddingDim], instead of random values. */
  weight?: Tensor | null;
}
/** Of EmbeddingBag. */
export interface EmbeddingBagLayerOptions extends EmbeddingLayerOptions {
  /** What becomes of a bag's rows; 'mean' by default. */
  mode?: 'sum' | 'mean' | 'max';
  /** Whether offsets ends with the number of indices. */
  includeLastOffset?: boolean;
}

abstract class Table extends Module {
  /** [numEmbeddings, embeddingDim]. */
  weight: Parameter;
  /** The row that gets no gradient, from the start; null without one. */
  readonly paddingIdx: number | null;
  /**
   * @param numEmbeddings Rows of the table.
   * @param embeddingDim The width of a row.
   * @param options Its settings.
   */
  constructor(readonly numEmbeddings: number, readonly embeddingDim: number, readonly options: EmbeddingLayerOptions) {
    super();
    required(new.target.name, { num_embeddings: numEmbeddings, embedding_dim: embeddingDim });
    let row = options.paddingIdx ?? null;
    if (row !== null) {
      if (row >= numEmbeddings || row < -numEmbeddings) throw new AssertionError('Padding_idx must be within num_embeddings');
      if (row < 0) row += numEmbeddings;
    }
    this.paddingIdx = row;
    const given = options.weight ?? null;
    if (given !== null && String([...given.shape]) !== String([numEmbeddings, embeddingDim])) throw new AssertionError('Shape of weight does not match num_embeddings and embedding_dim');
    this.weight = new Parameter(given ?? empty([numEmbeddings, embeddingDim], factory(options)));
    if (given === null) this.resetParameters();
  }
  /** Draws the table anew from the standard normal distribution; the padding row is zero. */
  resetParameters(): void {
    init.normal_(this.weight);
    const row = this.paddingIdx;
    if (row !== null) noGrad(() => this.weight.select(0, row).zero_());
  }
  protected get settings(): F.EmbeddingOptions { const { maxNorm = null, normType = 2, scaleGradByFreq = false } = this.options; return { paddingIdx: this.paddingIdx, maxNorm, normType, scaleGradByFreq }; }
  protected shown(): string[] {
    const { maxNorm = null, normType = 2, scaleGradByFreq = false } = this.options;
    return [...(maxNorm === null ? [] : [`max_norm=${pyFloat(maxNorm)}`]), ...(normType === 2 ? [] : [`norm_type=${pyFloat(normType)}`]), ...(scaleGradByFreq ? ['scale_grad_by_freq=True'] : [])];
  }
  protected get padding(): string[] { return this.paddingIdx === null ? [] : [`padding_idx=${this.paddingIdx}`]; }
}
/** Rows of a table by int64 index: [...] → [..., embeddingDim]. Starts standard normal. Source: torch.nn.Embedding. */
export class Embedding extends Table {
  /**
   * @param numEmbeddings Rows of the table.
   * @param embeddingDim The width of a row.
   */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions = {}) { super(numEmbeddings, embeddingDim, options); }
  /** From given rows, which are not trained unless `freeze` is false. */
  static fromPretrained(rows: Tensor, options: EmbeddingLayerOptions & { freeze?: boolean } = {}): Embedding {
    if (rows.dim() !== 2) throw new AssertionError('Embeddings parameter is expected to be 2-dimensional');
    const e = new Embedding(rows.size(0), rows.size(1), { ...options, weight: rows });
    e.weight.requiresGrad_(options.freeze === false);
    return e;
  }
  override forward(index: Tensor): Tensor { return F.embedding(index, this.weight, this.settings); }
  override extraRepr(): string { return [this.numEmbeddings, this.embeddingDim, ...this.padding, ...this.shown()].join(', '); }
}
/** Sums, means or maxima of bags of rows. Source: torch.nn.EmbeddingBag. */
export class EmbeddingBag extends Table {
  /** 'sum', 'mean' or 'max'. */
  readonly mode: 'sum' | 'mean' | 'max';
  /** Whether offsets ends with the number of indices. */
  readonly includeLastOffset: boolean;
  /**
   * @param numEmbeddings Rows of the table.
   * @param embeddingDim The width of a row.
   */
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagLayerOptions = {}) { super(numEmbeddings, embeddingDim, options); this.mode = options.mode ?? 'mean'; this.includeLastOffset = options.includeLastOffset ?? false; }
  override forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor { return F.embeddingBag(input, this.weight, { ...this.settings, offsets, mode: this.mode, perSampleWeights, includeLastOffset: this.includeLastOffset }); }
  override extraRepr(): string { return [this.numEmbeddings, this.embeddingDim, ...this.shown(), `mode='${this.mode}'`, ...this.padding].join(', '); }
}

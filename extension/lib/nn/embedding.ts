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

export interface EmbeddingLayerOptions extends FactoryOptions { paddingIdx?: number | null; maxNorm?: number | null; normType?: number; scaleGradByFreq?: boolean; weight?: Tensor | null }
export interface EmbeddingBagLayerOptions extends EmbeddingLayerOptions { mode?: 'sum' | 'mean' | 'max'; includeLastOffset?: boolean }

abstract class Table extends Module {
  weight: Parameter;
  readonly paddingIdx: number | null;
  constructor(readonly numEmbeddings: number, readonly embeddingDim: number, readonly options: EmbeddingLayerOptions) {
    super();
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
  readonly mode: 'sum' | 'mean' | 'max';
  readonly includeLastOffset: boolean;
  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagLayerOptions = {}) { super(numEmbeddings, embeddingDim, options); this.mode = options.mode ?? 'mean'; this.includeLastOffset = options.includeLastOffset ?? false; }
  override forward(input: Tensor, offsets: Tensor | null = null, perSampleWeights: Tensor | null = null): Tensor { return F.embeddingBag(input, this.weight, { ...this.settings, offsets, mode: this.mode, perSampleWeights, includeLastOffset: this.includeLastOffset }); }
  override extraRepr(): string { return [this.numEmbeddings, this.embeddingDim, ...this.shown(), `mode='${this.mode}'`, ...this.padding].join(', '); }
}

/** Attention and transformer layers. Source: Vaswani et al. 2017; torch.nn.MultiheadAttention, torch.nn.Transformer*. */
import { RuntimeError } from '../errors';
import * as F from '../functional';
import * as init from '../init';
import { forkRng } from '../random';
import { empty, zeros } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { ModuleList } from './containers';
import { factory, type FactoryOptions } from './factory';
import { Dropout } from './activations';
import { LayerNorm, Linear } from './layers';
import { Module } from './module';

/** PyTorch's name for the output projection, which shows in the repr. */
class NonDynamicallyQuantizableLinear extends Linear {}

export interface MultiheadAttentionOptions extends FactoryOptions { dropout?: number; bias?: boolean; batchFirst?: boolean }
export interface AttentionCall { keyPaddingMask?: Tensor | null; needWeights?: boolean; attnMask?: Tensor | null; averageAttnWeights?: boolean; isCausal?: boolean }

/** q [L, N, E], k and v [S, N, E] ([N, ·, E] with batchFirst) → [y, weights [N, L, S] or null]. Masks: true (or -inf) hides. */
export class MultiheadAttention extends Module {
  in_proj_weight: Parameter;
  in_proj_bias: Parameter | null = null;
  out_proj: Linear;
  readonly headDim: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  constructor(readonly embedDim: number, readonly numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    this.headDim = embedDim / numHeads;
    if (embedDim <= 0 || numHeads <= 0 || !Number.isInteger(this.headDim)) throw new RuntimeError('embed_dim must be divisible by num_heads');
    this.dropout = options.dropout ?? 0;
    this.batchFirst = options.batchFirst ?? false;
    const bias = options.bias ?? true;
    this.in_proj_weight = new Parameter(empty([3 * embedDim, embedDim], factory(options)));
    if (bias) this.in_proj_bias = new Parameter(empty([3 * embedDim], factory(options)));
    else this.registerParameter('in_proj_bias', null);
    this.out_proj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { ...options, bias });
    this.resetParameters();
  }
  resetParameters(): void {
    init.xavierUniform_(this.in_proj_weight);
    if (this.in_proj_bias !== null) { init.zeros_(this.in_proj_bias); init.zeros_(this.out_proj.bias!); }
  }
  override forward(query: Tensor, key: Tensor, value: Tensor, options: AttentionCall = {}): [Tensor, Tensor | null] {
    const { keyPaddingMask = null, needWeights = true, attnMask = null, averageAttnWeights = true, isCausal = false } = options;
    if (query.dim() === 2) {
      const [y, w] = this.forward(...([query, key, value].map((t) => t.unsqueeze(this.batchFirst ? 0 : 1)) as [Tensor, Tensor, Tensor]), { ...options, keyPaddingMask: keyPaddingMask?.unsqueeze(0) ?? null });
      return [y.squeeze(this.batchFirst ? 0 : 1), w?.squeeze(0) ?? null];
    }
    const first = (t: Tensor): Tensor => (this.batchFirst ? t : t.transpose(0, 1));
    const e = this.embedDim, h = this.numHeads, d = this.headDim;
    const [n, l, s] = [first(query).size(0), first(query).size(1), first(key).size(1)];
    if (query.size(-1) !== e) throw new RuntimeError(`was expecting embedding dimension of ${e}, but got ${query.size(-1)}`);
    let q: Tensor, k: Tensor, v: Tensor;
    if (query === key && key === value) [q, k, v] = F.linear(query, this.in_proj_weight, this.in_proj_bias).chunk(3, -1) as [Tensor, Tensor, Tensor];
    else {
      const ws = this.in_proj_weight.chunk(3, 0), bs = this.in_proj_bias?.chunk(3, 0);
      [q, k, v] = [query, key, value].map((t, i) => F.linear(t, ws[i]!, bs?.[i] ?? null)) as [Tensor, Tensor, Tensor];
    }
    const heads = (t: Tensor, len: number): Tensor => first(t).reshape(n, len, h, d).transpose(1, 2);
    let mask: Tensor | null = additive(attnMask, q);
    if (mask !== null && mask.dim() === 3) mask = mask.reshape(-1, h, l, s);
    const padding = additive(keyPaddingMask, q);
    if (padding !== null) mask = mask === null ? padding.view(n, 1, 1, s) : mask.add(padding.view(n, 1, 1, s));
    const dropout = this.training ? this.dropout : 0;
    let y: Tensor, weights: Tensor | null = null;
    if (needWeights) {
      let scores = heads(q, l).mul(1 / Math.sqrt(d)).matmul(heads(k, s).transpose(-2, -1));
      if (mask !== null) scores = scores.add(mask);
      const w = scores.softmax(-1);
      const dropped = dropout > 0 ? F.dropout(w, dropout, true) : w;
      y = dropped.matmul(heads(v, s));
      weights = averageAttnWeights ? dropped.mean(1) : dropped;
    } else y = F.scaledDotProductAttention(heads(q, l), heads(k, s), heads(v, s), { attnMask: isCausal ? null : mask, isCausal, dropoutP: dropout });
    const joined = y.transpose(1, 2).reshape(n, l, e);
    return [first(F.linear(joined, this.out_proj.weight, this.out_proj.bias)), weights];
  }
}
/** A bool mask (true hides) as -inf where it hides. */
function additive(mask: Tensor | null, like: Tensor): Tensor | null {
  if (mask === null || mask.dtype.name !== 'bool') return mask;
  return zeros([...mask.shape], { dtype: like.dtype, device: like.device }).maskedFill(mask, -Infinity);
}

export interface TransformerLayerOptions extends FactoryOptions { dimFeedforward?: number; dropout?: number; activation?: 'relu' | 'gelu'; layerNormEps?: number; batchFirst?: boolean; normFirst?: boolean; bias?: boolean }
const activations = { relu: F.relu, gelu: (x: Tensor): Tensor => F.gelu(x) };

/** Self-attention and feed-forward, each with residual and layer norm. Source: torch.nn.TransformerEncoderLayer. */
export class TransformerEncoderLayer extends Module {
  self_attn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  private readonly act: (x: Tensor) => Tensor;
  readonly normFirst: boolean;
  constructor(readonly dModel: number, readonly nhead: number, readonly options: TransformerLayerOptions = {}) {
    super();
    const o = options;
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps = 1e-5, bias = true } = o, norm = { ...factory(o), eps: layerNormEps, bias };
    this.self_attn = new MultiheadAttention(dModel, nhead, { ...o, dropout, bias });
    this.linear1 = new Linear(dModel, dimFeedforward, { ...factory(o), bias });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { ...factory(o), bias });
    this.norm1 = new LayerNorm(dModel, norm);
    this.norm2 = new LayerNorm(dModel, norm);
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.act = activations[o.activation ?? 'relu'];
    this.normFirst = o.normFirst ?? false;
  }
  override forward(src: Tensor, options: { srcMask?: Tensor | null; srcKeyPaddingMask?: Tensor | null; isCausal?: boolean } = {}): Tensor {
    const attend = (x: Tensor): Tensor => this.dropout1(this.self_attn(x, x, x, { attnMask: options.srcMask ?? null, keyPaddingMask: options.srcKeyPaddingMask ?? null, isCausal: options.isCausal ?? false, needWeights: false })[0]);
    const feed = (x: Tensor): Tensor => this.dropout2(this.linear2(this.dropout(this.act(this.linear1(x)))));
    if (this.normFirst) { const x = src.add(attend(this.norm1(src))); return x.add(feed(this.norm2(x))); }
    const x = this.norm1(src.add(attend(src)));
    return this.norm2(x.add(feed(x)));
  }
}

/** Self-attention, attention to the memory, feed-forward. Source: torch.nn.TransformerDecoderLayer. */
export class TransformerDecoderLayer extends Module {
  self_attn: MultiheadAttention;
  multihead_attn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  private readonly act: (x: Tensor) => Tensor;
  readonly normFirst: boolean;
  constructor(readonly dModel: number, readonly nhead: number, readonly options: TransformerLayerOptions = {}) {
    super();
    const o = options;
    const { dimFeedforward = 2048, dropout = 0.1, layerNormEps = 1e-5, bias = true } = o, norm = { ...factory(o), eps: layerNormEps, bias };
    this.self_attn = new MultiheadAttention(dModel, nhead, { ...o, dropout, bias });
    this.multihead_attn = new MultiheadAttention(dModel, nhead, { ...o, dropout, bias });
    this.linear1 = new Linear(dModel, dimFeedforward, { ...factory(o), bias });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { ...factory(o), bias });
    this.norm1 = new LayerNorm(dModel, norm);
    this.norm2 = new LayerNorm(dModel, norm);
    this.norm3 = new LayerNorm(dModel, norm);
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.act = activations[o.activation ?? 'relu'];
    this.normFirst = o.normFirst ?? false;
  }
  override forward(tgt: Tensor, memory: Tensor, o: { tgtMask?: Tensor | null; memoryMask?: Tensor | null; tgtKeyPaddingMask?: Tensor | null; memoryKeyPaddingMask?: Tensor | null; tgtIsCausal?: boolean } = {}): Tensor {
    const own = (x: Tensor): Tensor => this.dropout1(this.self_attn(x, x, x, { attnMask: o.tgtMask ?? null, keyPaddingMask: o.tgtKeyPaddingMask ?? null, isCausal: o.tgtIsCausal ?? false, needWeights: false })[0]);
    const other = (x: Tensor): Tensor => this.dropout2(this.multihead_attn(x, memory, memory, { attnMask: o.memoryMask ?? null, keyPaddingMask: o.memoryKeyPaddingMask ?? null, needWeights: false })[0]);
    const feed = (x: Tensor): Tensor => this.dropout3(this.linear2(this.dropout(this.act(this.linear1(x)))));
    if (this.normFirst) { let x = tgt.add(own(this.norm1(tgt))); x = x.add(other(this.norm2(x))); return x.add(feed(this.norm3(x))); }
    let x = this.norm1(tgt.add(own(tgt)));
    x = this.norm2(x.add(other(x)));
    return this.norm3(x.add(feed(x)));
  }
}

/** `numLayers` copies of a layer, equal weights at the start as in PyTorch. Source: torch.nn.TransformerEncoder. */
export class TransformerEncoder extends Module {
  layers: ModuleList;
  norm: LayerNorm | null = null;
  constructor(layer: TransformerEncoderLayer, readonly numLayers: number, options: { norm?: LayerNorm | null } = {}) {
    super();
    this.layers = new ModuleList(copies(layer, () => new TransformerEncoderLayer(layer.dModel, layer.nhead, layer.options), numLayers));
    if (options.norm) this.norm = options.norm;
  }
  override forward(src: Tensor, options: { mask?: Tensor | null; srcKeyPaddingMask?: Tensor | null; isCausal?: boolean } = {}): Tensor {
    let x = src;
    for (const l of this.layers) x = (l as TransformerEncoderLayer)(x, { srcMask: options.mask ?? null, srcKeyPaddingMask: options.srcKeyPaddingMask ?? null, isCausal: options.isCausal ?? false });
    return this.norm === null ? x : this.norm(x);
  }
}
/** Source: torch.nn.TransformerDecoder. */
export class TransformerDecoder extends Module {
  layers: ModuleList;
  norm: LayerNorm | null = null;
  constructor(layer: TransformerDecoderLayer, readonly numLayers: number, options: { norm?: LayerNorm | null } = {}) {
    super();
    this.layers = new ModuleList(copies(layer, () => new TransformerDecoderLayer(layer.dModel, layer.nhead, layer.options), numLayers));
    if (options.norm) this.norm = options.norm;
  }
  override forward(tgt: Tensor, memory: Tensor, options: Parameters<TransformerDecoderLayer['forward']>[2] = {}): Tensor {
    let x = tgt;
    for (const l of this.layers) x = (l as TransformerDecoderLayer)(x, memory, options);
    return this.norm === null ? x : this.norm(x);
  }
}
/** Copies draw no random numbers. */
function copies<T extends Module>(layer: T, make: () => T, count: number): T[] {
  return forkRng(() => Array.from({ length: count }, () => { const copy = make(); copy.loadStateDict(layer.stateDict()); return copy.train(layer.training); }));
}

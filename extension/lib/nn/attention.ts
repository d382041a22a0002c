/** Attention and transformer layers. Source: Vaswani et al. 2017; torch.nn.MultiheadAttention, torch.nn.Transformer*. */
import { AssertionError, RuntimeError, ValueError } from '../errors';
import * as F from '../functional';
import * as init from '../init';
import { forkRng } from '../random';
import { cat, empty, full, zeros } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { ModuleList } from './containers';
import { factory, type FactoryOptions } from './factory';
import { Dropout } from './activations';
import { LayerNorm, Linear } from './layers';
import { Module } from './module';
import { required } from './required';

/** PyTorch's name for the output projection, which shows in the repr. */
class NonDynamicallyQuantizableLinear extends Linear {}

/** Of MultiheadAttention. */
export interface MultiheadAttentionOptions extends FactoryOptions {
  /** Probability of zeroing an attention weight, while training. */
  dropout?: number;
  /** Whether the projections have biases; true by default. */
  bias?: boolean;
  /** Whether a learned key and value are added. */
  addBiasKv?: boolean;
  /** Whether a zero key and value are added. */
  addZeroAttn?: boolean;
  /** The width of keys; embedDim by default. */
  kdim?: number | null;
  /** The width of values; embedDim by default. */
  vdim?: number | null;
  /** Whether tensors are [N, L, E] instead of [L, N, E]. */
  batchFirst?: boolean;
}
/** Of one call of MultiheadAttention. */
export interface AttentionCall {
  /** [N, S]: true (or -inf) hides a key. */
  keyPaddingMask?: Tensor | null;
  /** Whether the attention weights are given, too; true by default. */
  needWeights?: boolean;
  /** [L, S] or [N·heads, L, S]: true hides, floats are added. */
  attnMask?: Tensor | null;
  /** Whether the weights are averaged over the heads; true by default. */
  averageAttnWeights?: boolean;
  /** Says that attnMask, which must be given, is causal. */
  isCausal?: boolean;
}

/** q [L, N, E], k [S, N, kdim], v [S, N, vdim] ([N, ·, ·] with batchFirst) → [y, weights [N, L, S] or null]. Masks: true (or -inf) hides. */
export class MultiheadAttention extends Module {
  /** The three projections, [3·embedDim, embedDim]; null when keys or values have other widths. */
  in_proj_weight: Parameter | null = null;
  /** [embedDim, embedDim], when keys or values have other widths. */
  q_proj_weight: Parameter | null = null;
  /** [embedDim, kdim], when keys or values have other widths. */
  k_proj_weight: Parameter | null = null;
  /** [embedDim, vdim], when keys or values have other widths. */
  v_proj_weight: Parameter | null = null;
  /** [3·embedDim]; null without biases. */
  in_proj_bias: Parameter | null = null;
  /** The projection of the heads' results. */
  out_proj: Linear;
  /** The learned key, [1, 1, embedDim]; null without addBiasKv. */
  bias_k: Parameter | null = null;
  /** The learned value, [1, 1, embedDim]; null without addBiasKv. */
  bias_v: Parameter | null = null;
  /** embedDim / numHeads. */
  readonly headDim: number;
  /** Probability of zeroing an attention weight, while training. */
  readonly dropout: number;
  /** Whether tensors are [N, L, E]. */
  readonly batchFirst: boolean;
  /** Whether a zero key and value are added. */
  readonly addZeroAttn: boolean;
  /**
   * @param embedDim The width of queries and results.
   * @param numHeads Heads, which divide embedDim.
   */
  constructor(readonly embedDim: number, readonly numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    required('MultiheadAttention', { embed_dim: embedDim, num_heads: numHeads });
    if (embedDim <= 0 || numHeads <= 0) throw new ValueError(`embed_dim and num_heads must be greater than 0, got embed_dim=${embedDim} and num_heads=${numHeads} instead`);
    this.headDim = embedDim / numHeads;
    if (!Number.isInteger(this.headDim)) throw new AssertionError('embed_dim must be divisible by num_heads');
    this.dropout = options.dropout ?? 0;
    this.batchFirst = options.batchFirst ?? false;
    this.addZeroAttn = options.addZeroAttn ?? false;
    const bias = options.bias ?? true, kdim = options.kdim ?? embedDim, vdim = options.vdim ?? embedDim;
    const table = (...shape: number[]): Parameter => new Parameter(empty(shape, factory(options)));
    if (kdim === embedDim && vdim === embedDim) this.in_proj_weight = table(3 * embedDim, embedDim);
    else {
      this.q_proj_weight = table(embedDim, embedDim);
      this.k_proj_weight = table(embedDim, kdim);
      this.v_proj_weight = table(embedDim, vdim);
    }
    if (bias) this.in_proj_bias = table(3 * embedDim);
    else this.registerParameter('in_proj_bias', null);
    this.out_proj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { ...factory(options), bias });
    if (options.addBiasKv === true) { this.bias_k = table(1, 1, embedDim); this.bias_v = table(1, 1, embedDim); }
    this.resetParameters();
  }
  /** Draws the projections anew, by Glorot. */
  resetParameters(): void {
    for (const w of [this.in_proj_weight, this.q_proj_weight, this.k_proj_weight, this.v_proj_weight]) if (w !== null) init.xavierUniform_(w);
    if (this.in_proj_bias !== null) { init.zeros_(this.in_proj_bias); init.zeros_(this.out_proj.bias!); }
    for (const b of [this.bias_k, this.bias_v]) if (b !== null) init.xavierNormal_(b);
  }
  private project(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const w = this.in_proj_weight, bias = this.in_proj_bias;
    if (w !== null && query === key && key === value) return F.linear(query, w, bias).chunk(3, -1);
    if (w !== null && key === value) {
      const e = this.embedDim, part = (t: Tensor, a: number, b: number): Tensor => t.slice(0, a * e, b * e);
      return [F.linear(query, part(w, 0, 1), bias && part(bias, 0, 1)), ...F.linear(key, part(w, 1, 3), bias && part(bias, 1, 3)).chunk(2, -1)];
    }
    const ws = w !== null ? w.chunk(3, 0) : [this.q_proj_weight!, this.k_proj_weight!, this.v_proj_weight!], bs = bias?.chunk(3, 0);
    return [query, key, value].map((t, i) => F.linear(t, ws[i]!, bs?.[i] ?? null));
  }
  private checkMasks(query: Tensor, key: Tensor, padding: Tensor | null, mask: Tensor | null): void {
    const flat = query.dim() === 2, what = `For ${flat ? 'unbatched (2-D)' : 'batched (3-D)'} \`query\`, expected`;
    if (padding !== null && padding.dim() !== query.dim() - 1) throw new AssertionError(`${what} \`key_padding_mask\` to be \`None\` or ${query.dim() - 1}-D but found ${padding.dim()}-D tensor instead`);
    if (mask !== null && mask.dim() !== 2 && mask.dim() !== 3) throw new AssertionError(`${what} \`attn_mask\` to be \`None\`, 2-D or 3-D but found ${mask.dim()}-D tensor instead`);
    const want = [this.numHeads, query.size(0), key.size(0)];
    if (flat && mask !== null && mask.dim() === 3 && String([...mask.shape]) !== String(want)) throw new AssertionError(`Expected \`attn_mask\` shape to be (${want.join(', ')}) but got ${mask.shape}`);
    for (const [name, m] of [['key_padding_mask', padding], ['attn_mask', mask]] as const) if (m !== null && m.dtype.name !== 'bool' && !m.isFloatingPoint()) throw new AssertionError(`only bool and floating types of ${name} are supported`);
    if (padding === null || query.size(-1) !== this.embedDim) return;
    const first = this.batchFirst ? 0 : 1, sizes = flat ? [1, key.size(0)] : [key.size(first), key.size(1 - first)];
    (flat ? [1, ...padding.shape] : [...padding.shape]).forEach((n, d) => { if (n !== sizes[d]) throw new AssertionError(`Expected key_padded_mask.shape[${d}] to be ${sizes[d]}, but got ${n}`); });
  }
  override forward(query: Tensor, key: Tensor, value: Tensor, options: AttentionCall = {}): [Tensor, Tensor | null] {
    const { keyPaddingMask = null, needWeights = true, attnMask = null, averageAttnWeights = true } = options;
    if (query.dim() !== 2 && query.dim() !== 3) throw new AssertionError(`query should be unbatched 2D or batched 3D tensor but received ${query.dim()}-D query tensor`);
    if (key.dim() !== query.dim() || value.dim() !== query.dim()) throw new AssertionError(`For ${query.dim() === 2 ? 'unbatched (2-D)' : 'batched (3-D)'} \`query\`, expected \`key\` and \`value\` to be ${query.dim()}-D but found ${key.dim()}-D and ${value.dim()}-D tensors respectively`);
    this.checkMasks(query, key, keyPaddingMask, attnMask);
    if (query.dim() === 2) {
      const lone = (t: Tensor): Tensor => t.unsqueeze(this.batchFirst ? 0 : 1), q = lone(query), k = key === query ? q : lone(key), v = value === query ? q : value === key ? k : lone(value);
      const [y, w] = this.forward(q, k, v, { ...options, keyPaddingMask: keyPaddingMask?.unsqueeze(0) ?? null });
      return [y.squeeze(this.batchFirst ? 0 : 1), w?.squeeze(0) ?? null];
    }
    const first = (t: Tensor): Tensor => (this.batchFirst ? t : t.transpose(0, 1));
    const e = this.embedDim, h = this.numHeads, d = this.headDim, [n, l] = [first(query).size(0), first(query).size(1)];
    if (query.size(-1) !== e) throw new AssertionError(`was expecting embedding dimension of ${e}, but got ${query.size(-1)}`);
    if (options.isCausal === true && attnMask === null) throw new RuntimeError('Need attn_mask if specifying the is_causal hint. You may use the Transformer module method `generate_square_subsequent_mask` to create this mask.');
    const from = first(key).size(1), square = attnMask !== null && (attnMask.dim() === 2 ? String([...attnMask.shape]) === String([l, from]) : String([...attnMask.shape]) === String([n * h, l, from]));
    const turned = (t: Tensor): string => `torch.Size([${(this.batchFirst ? [t.size(1), t.size(0), t.size(2)] : [...t.shape]).join(', ')}])`, ends = (t: Tensor): string => turned(t).replace(/, \d+\]\)$/, '])');
    if (this.in_proj_weight === null && ends(key) !== ends(value)) throw new AssertionError(`key's sequence and batch dims ${ends(key)} do not match value's ${ends(value)}`);
    if (this.in_proj_weight !== null && turned(key) !== turned(value)) throw new AssertionError(`key shape ${turned(key)} does not match value shape ${turned(value)}`);
    if (attnMask !== null && !square) throw new RuntimeError(`The shape of the ${attnMask.dim()}D attn_mask is ${attnMask.shape}, but should be (${(attnMask.dim() === 2 ? [l, from] : [n * h, l, from]).join(', ')}).`);
    let [q, k, v] = this.project(query, key, value).map(first) as [Tensor, Tensor, Tensor];
    // Extra keys that every query sees: the learned one, then zeros.
    let extra = 0;
    if (this.bias_k !== null) { k = cat([k, this.bias_k.expand(n, 1, e)], 1); v = cat([v, this.bias_v!.expand(n, 1, e)], 1); extra++; }
    if (this.addZeroAttn) { const zero = zeros([n, 1, e], { dtype: k.dtype, device: k.device }); k = cat([k, zero], 1); v = cat([v, zero], 1); extra++; }
    const s = from + extra, widened = (m: Tensor | null): Tensor | null => (m === null || extra === 0 ? m : F.pad(m, [0, extra]));
    const heads = (t: Tensor, len: number): Tensor => t.reshape(n, len, h, d).transpose(1, 2);
    // The hint that the mask is causal replaces the mask where nothing else hides keys.
    const isCausal = options.isCausal === true && keyPaddingMask === null && !needWeights && extra === 0;
    let mask = isCausal ? null : widened(additive(attnMask, q));
    if (mask !== null && mask.dim() === 3) mask = mask.reshape(-1, h, l, s);
    const padding = widened(additive(keyPaddingMask, q))?.view(n, 1, 1, s) ?? null;
    if (padding !== null) mask = mask === null ? padding : mask.add(padding);
    const dropout = this.training ? this.dropout : 0;
    let y: Tensor, weights: Tensor | null = null;
    if (needWeights) {
      let scores = heads(q, l).mul(Math.sqrt(1 / d)).matmul(heads(k, s).transpose(-2, -1));
      if (mask !== null) scores = scores.add(mask);
      const w = scores.softmax(-1), dropped = dropout > 0 ? F.dropout(w, dropout, true) : w;
      y = dropped.matmul(heads(v, s));
      weights = averageAttnWeights ? dropped.mean(1) : dropped;
    } else y = F.scaledDotProductAttention(heads(q, l), heads(k, s), heads(v, s), { attnMask: mask, isCausal, dropoutP: dropout });
    return [first(F.linear(y.transpose(1, 2).reshape(n, l, e), this.out_proj.weight, this.out_proj.bias)), weights];
  }
}
/** A bool mask (true hides) as -inf where it hides. */
function additive(mask: Tensor | null, like: Tensor): Tensor | null {
  if (mask === null || mask.dtype.name !== 'bool') return mask;
  return zeros([...mask.shape], { dtype: like.dtype, device: like.device }).maskedFill(mask, -Infinity);
}

type ActivationLike = 'relu' | 'gelu' | ((x: Tensor) => Tensor);
/** Of the layers of a transformer. */
export interface TransformerLayerOptions extends FactoryOptions {
  /** The width between the two linear layers; 2048 by default. */
  dimFeedforward?: number;
  /** 0.1 by default. */
  dropout?: number;
  /** 'relu' by default. */
  activation?: ActivationLike;
  /** Added to the variance; 1e-5 by default. */
  layerNormEps?: number;
  /** Whether tensors are [N, L, E] instead of [L, N, E]. */
  batchFirst?: boolean;
  /** Whether layer norms come before attention and feed-forward instead of after. */
  normFirst?: boolean;
  /** Whether linear layers and norms have biases; true by default. */
  bias?: boolean;
}
const activations = { relu: F.relu, gelu: (x: Tensor): Tensor => F.gelu(x) };

/** What encoder and decoder layers share: sublayers with residual and layer norm, in PyTorch's order of registration. */
abstract class TransformerLayer extends Module {
  /** Attention among the positions. */
  declare self_attn: MultiheadAttention;
  /** [dModel → dimFeedforward]. */
  declare linear1: Linear;
  /** Between the two linear layers. */
  declare dropout: Dropout;
  /** [dimFeedforward → dModel]. */
  declare linear2: Linear;
  /** The layer norm of the self-attention. */
  declare norm1: LayerNorm;
  /** The next layer norm: of the feed-forward, or of the attention to the memory. */
  declare norm2: LayerNorm;
  /** Of the self-attention. */
  declare dropout1: Dropout;
  /** Of the next part. */
  declare dropout2: Dropout;
  private readonly act: (x: Tensor) => Tensor;
  /** Whether layer norms come first. */
  readonly normFirst: boolean;
  /**
   * @param dModel The width E.
   * @param nhead Heads, which divide dModel.
   * @param options Its settings.
   */
  constructor(readonly dModel: number, readonly nhead: number, readonly options: TransformerLayerOptions, cross: boolean) {
    super();
    required(new.target.name, { d_model: dModel, nhead });
    const o = options, { dimFeedforward = 2048, dropout = 0.1, layerNormEps = 1e-5, bias = true, activation = 'relu' } = o;
    if (typeof activation === 'string' && !(activation in activations)) throw new RuntimeError(`activation should be relu/gelu, not ${String(activation)}`);
    const attention = (): MultiheadAttention => new MultiheadAttention(dModel, nhead, { ...factory(o), dropout, bias, batchFirst: o.batchFirst ?? false });
    this.addModule('self_attn', attention());
    if (cross) this.addModule('multihead_attn', attention());
    this.addModule('linear1', new Linear(dModel, dimFeedforward, { ...factory(o), bias }));
    this.addModule('dropout', new Dropout(dropout));
    this.addModule('linear2', new Linear(dimFeedforward, dModel, { ...factory(o), bias }));
    const numbers = cross ? [1, 2, 3] : [1, 2];
    for (const i of numbers) this.addModule(`norm${i}`, new LayerNorm(dModel, { ...factory(o), eps: layerNormEps, bias }));
    for (const i of numbers) this.addModule(`dropout${i}`, new Dropout(dropout));
    this.act = typeof activation === 'string' ? activations[activation] : activation;
    this.normFirst = o.normFirst ?? false;
  }
  protected sublayer(x: Tensor, norm: LayerNorm, f: (x: Tensor) => Tensor): Tensor { return this.normFirst ? x.add(f(norm(x))) : norm(x.add(f(x))); }
  protected attend(x: Tensor, attnMask: Tensor | null = null, keyPaddingMask: Tensor | null = null, isCausal = false): Tensor { return this.dropout1(this.self_attn(x, x, x, { attnMask, keyPaddingMask, isCausal, needWeights: false })[0]); }
  protected feed(x: Tensor): Tensor { return this.linear2(this.dropout(this.act(this.linear1(x)))); }
}

/** Self-attention and feed-forward, each with residual and layer norm. Source: torch.nn.TransformerEncoderLayer. */
export class TransformerEncoderLayer extends TransformerLayer {
  /**
   * @param dModel The width E.
   * @param nhead Heads, which divide dModel.
   */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) { super(dModel, nhead, options, false); }
  override forward(src: Tensor, o: { srcMask?: Tensor | null; srcKeyPaddingMask?: Tensor | null; isCausal?: boolean } = {}): Tensor {
    const x = this.sublayer(src, this.norm1, (t) => this.attend(t, o.srcMask, o.srcKeyPaddingMask, o.isCausal));
    return this.sublayer(x, this.norm2, (t) => this.dropout2(this.feed(t)));
  }
}

/** Self-attention, attention to the memory, feed-forward. Source: torch.nn.TransformerDecoderLayer. */
export class TransformerDecoderLayer extends TransformerLayer {
  /** Attention to the memory. */
  declare multihead_attn: MultiheadAttention;
  /** The layer norm of the feed-forward. */
  declare norm3: LayerNorm;
  /** Of the feed-forward. */
  declare dropout3: Dropout;
  /**
   * @param dModel The width E.
   * @param nhead Heads, which divide dModel.
   */
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) { super(dModel, nhead, options, true); }
  override forward(tgt: Tensor, memory: Tensor, o: { tgtMask?: Tensor | null; memoryMask?: Tensor | null; tgtKeyPaddingMask?: Tensor | null; memoryKeyPaddingMask?: Tensor | null; tgtIsCausal?: boolean; memoryIsCausal?: boolean } = {}): Tensor {
    const recall = (t: Tensor): Tensor => this.dropout2(this.multihead_attn(t, memory, memory, { attnMask: o.memoryMask ?? null, keyPaddingMask: o.memoryKeyPaddingMask ?? null, isCausal: o.memoryIsCausal ?? false, needWeights: false })[0]);
    let x = this.sublayer(tgt, this.norm1, (t) => this.attend(t, o.tgtMask, o.tgtKeyPaddingMask, o.tgtIsCausal));
    x = this.sublayer(x, this.norm2, recall);
    return this.sublayer(x, this.norm3, (t) => this.dropout3(this.feed(t)));
  }
}

/** `numLayers` copies of a layer, equal weights at the start as in PyTorch. Source: torch.nn.TransformerEncoder. */
export class TransformerEncoder extends Module {
  /** The layers, in order. */
  layers: ModuleList;
  /** After the last layer; null without. */
  norm: LayerNorm | null = null;
  /**
   * @param layer The layer that is copied.
   * @param numLayers How many copies.
   * @param options enableNestedTensor and maskCheck are PyTorch's choices of speed, without effect here.
   */
  constructor(layer: TransformerEncoderLayer, readonly numLayers: number, options: { norm?: LayerNorm | null; enableNestedTensor?: boolean; maskCheck?: boolean } = {}) {
    super();
    required('TransformerEncoder', { encoder_layer: layer, num_layers: numLayers });
    this.layers = new ModuleList(copies(layer, () => new TransformerEncoderLayer(layer.dModel, layer.nhead, layer.options), numLayers));
    if (options.norm) this.norm = options.norm;
  }
  override forward(src: Tensor, options: { mask?: Tensor | null; srcKeyPaddingMask?: Tensor | null; isCausal?: boolean } = {}): Tensor {
    let x = src;
    for (const l of this.layers) x = (l as TransformerEncoderLayer)(x, { srcMask: options.mask ?? null, srcKeyPaddingMask: options.srcKeyPaddingMask ?? null, isCausal: options.isCausal ?? false });
    return this.norm === null ? x : this.norm(x);
  }
}
/** `numLayers` copies of a decoder layer over tgt and the memory, equal weights at the start. Source: torch.nn.TransformerDecoder. */
export class TransformerDecoder extends Module {
  /** The layers, in order. */
  layers: ModuleList;
  /** After the last layer; null without. */
  norm: LayerNorm | null = null;
  /**
   * @param layer The layer that is copied.
   * @param numLayers How many copies.
   */
  constructor(layer: TransformerDecoderLayer, readonly numLayers: number, options: { norm?: LayerNorm | null } = {}) {
    super();
    required('TransformerDecoder', { decoder_layer: layer, num_layers: numLayers });
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

/** Of Transformer. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** 6 by default. */
  numEncoderLayers?: number;
  /** 6 by default. */
  numDecoderLayers?: number;
}
/** Encoder and decoder. src [S, N, E], tgt [T, N, E] ([N, ·, E] with batchFirst) → [T, N, E]. Source: torch.nn.Transformer. */
export class Transformer extends Module {
  /** Reads src. */
  encoder: TransformerEncoder;
  /** Reads tgt and what the encoder gives. */
  decoder: TransformerDecoder;
  /** Whether tensors are [N, L, E]. */
  readonly batchFirst: boolean;
  /**
   * @param dModel The width E.
   * @param nhead Heads, which divide dModel.
   */
  constructor(readonly dModel = 512, readonly nhead = 8, options: TransformerOptions = {}) {
    super();
    const { numEncoderLayers = 6, numDecoderLayers = 6, layerNormEps = 1e-5, bias = true, batchFirst = false } = options;
    const norm = (): LayerNorm => new LayerNorm(dModel, { ...factory(options), eps: layerNormEps, bias });
    this.encoder = new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, options), numEncoderLayers, { norm: norm() });
    this.decoder = new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, options), numDecoderLayers, { norm: norm() });
    this.batchFirst = batchFirst;
    this.resetParameters();
  }
  /** Draws all matrices anew, by Glorot. */
  resetParameters(): void { for (const p of this.parameters()) if (p.dim() > 1) init.xavierUniform_(p); }
  override forward(src: Tensor, tgt: Tensor, o: { srcMask?: Tensor | null; tgtMask?: Tensor | null; memoryMask?: Tensor | null; srcKeyPaddingMask?: Tensor | null; tgtKeyPaddingMask?: Tensor | null; memoryKeyPaddingMask?: Tensor | null; tgtIsCausal?: boolean } = {}): Tensor {
    const at = src.dim() === 3 ? (this.batchFirst ? 0 : 1) : null;
    if (at !== null && src.size(at) !== tgt.size(at)) throw new RuntimeError('the batch number of src and tgt must be equal');
    if (src.size(-1) !== this.dModel || tgt.size(-1) !== this.dModel) throw new RuntimeError('the feature number of src and tgt must be equal to d_model');
    const memory = this.encoder(src, { mask: o.srcMask ?? null, srcKeyPaddingMask: o.srcKeyPaddingMask ?? null });
    return this.decoder(tgt, memory, o);
  }
  /** 0 where a position may look (itself and before), -inf elsewhere: [size, size]. */
  static generateSquareSubsequentMask(size: number, options: FactoryOptions = {}): Tensor { return full([size, size], -Infinity, options).triu(1); }
}

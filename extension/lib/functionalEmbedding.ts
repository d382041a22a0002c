/** torch.nn.functional, continued: rows of a table, and sums of them. */
import { Function, noGrad, type FunctionCtx } from './autograd';
import { int64 } from './dtype';
import { AssertionError, NotImplementedError, RuntimeError, ValueError } from './errors';
import { called } from './named';
import { native } from './native';
import { fromTypedArray, stack, zeros } from './ops';
import type { Tensor } from './tensor';

/** Of embedding(). */
export interface EmbeddingOptions {
  /** The row that gets no gradient; negative counts from the end. */
  paddingIdx?: number | null;
  /** Rows looked up with a larger norm are scaled down to it, in place. */
  maxNorm?: number | null;
  /** The p of that norm; 2 by default. */
  normType?: number;
  /** Divides each row's gradient by how often it was looked up. */
  scaleGradByFreq?: boolean;
}

/** Rows longer than maxNorm are shortened, in place and without history, before they are read. */
function shorten(weight: Tensor, input: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const at = input.reshape(-1).unique() as Tensor, rows = weight.indexSelect(0, at), norms = rows.norm(normType, 1, true);
    weight.indexCopy_(0, at, rows.mul(norms.add(1e-7).reciprocal().mul(maxNorm).where(norms.gt(maxNorm), 1)));
  });
}
/** Passes values on; the gradient is multiplied by `factor`. */
class ScaleGradient extends Function {
  static forward(ctx: FunctionCtx, x: Tensor, factor: Tensor): Tensor { ctx.saveForBackward(factor); return x.clone(); }
  static backward(ctx: FunctionCtx, g: Tensor): (Tensor | null)[] { return [g.mul(ctx.savedTensors[0]!), null]; }
}
/**
 * Rows of `weight` [num, dim] picked by int64 `input` [...]: [..., dim]. The row `paddingIdx` gets no gradient.
 * Source: torch.nn.functional.embedding. Throws IndexError for a row that is not there.
 */
export function embedding(input: Tensor, weight: Tensor, options: number | null | EmbeddingOptions = null): Tensor {
  const { paddingIdx = null, maxNorm = null, normType = 2, scaleGradByFreq = false } = typeof options === 'object' && options !== null ? options : { paddingIdx: options };
  const rows = weight.dim() === 2 ? weight.size(0) : 0;
  if (paddingIdx !== null && !(paddingIdx < rows && paddingIdx >= -rows)) throw new AssertionError('Padding_idx must be within num_embeddings');
  if (maxNorm !== null) shorten(weight, input, maxNorm, normType);
  const y = native['embedding'](weight, input, paddingIdx === null ? -1 : paddingIdx < 0 ? rows + paddingIdx : paddingIdx) as Tensor;
  if (!scaleGradByFreq || !y.requiresGrad) return y;
  const flat = input.reshape(-1), counts = flat.bincount().gather(0, flat).reshape([...input.shape, 1]);
  return called(ScaleGradient.apply(y, counts.to(y.dtype).reciprocal()), 'EmbeddingBackward0');
}

/** Of embeddingBag(). */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag begins in a vector of indices: int64. */
  offsets?: Tensor | null;
  /** What becomes of a bag's rows; 'mean' by default. */
  mode?: 'sum' | 'mean' | 'max';
  /** Factors of the rows, of input's shape; only with mode 'sum'. */
  perSampleWeights?: Tensor | null;
  /** Whether offsets ends with the number of indices. */
  includeLastOffset?: boolean;
}
/**
 * Sums, means or maxima of bags of rows: input [B, n], or [N] with the bags' first positions in `offsets` → [B, dim]. Rows
 * `paddingIdx` do not count; an empty bag gives zeros. Source: torch.nn.functional.embedding_bag.
 */
export function embeddingBag(input: Tensor, weight: Tensor, options: EmbeddingBagOptions = {}): Tensor {
  const { offsets = null, mode = 'mean', perSampleWeights = null, includeLastOffset = false, paddingIdx = null } = options;
  if (perSampleWeights !== null && String(perSampleWeights.shape) !== String(input.shape)) throw new ValueError(`embedding_bag: If per_sample_weights (${perSampleWeights.shape}) is not None, then it must have the same shape as the input (${input.shape})`);
  if (perSampleWeights !== null && mode !== 'sum') throw new NotImplementedError(`embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='${mode}'). Please open a feature request on GitHub.`);
  if (!['sum', 'mean', 'max'].includes(mode)) throw new ValueError('mode has to be one of sum, mean or max');
  let starts: number[];
  if (input.dim() === 2) {
    if (offsets !== null) throw new ValueError(`if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets of type <class 'torch.Tensor'>`);
    starts = Array.from({ length: input.size(0) }, (_, b) => b * input.size(1));
  } else if (input.dim() === 1) {
    if (offsets === null) throw new ValueError('offsets has to be a 1D Tensor but got None');
    if (offsets.dim() !== 1) throw new ValueError('offsets has to be a 1D Tensor');
    starts = Array.from(offsets.toTypedArray() as ArrayLike<number | bigint>, Number);
    if (includeLastOffset) starts.pop();
    if (starts.length > 0 && starts[0] !== 0) throw new RuntimeError(`offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${starts[0]}`);
  } else throw new ValueError(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.dim()}`);
  const n = input.numel(), bags = starts.length, skip = paddingIdx === null ? null : paddingIdx < 0 ? weight.size(0) + paddingIdx : paddingIdx;
  const labels = Array.from(input.reshape(-1).toTypedArray() as ArrayLike<number | bigint>, Number), members: number[][] = starts.map((a, b) => {
    const end = starts[b + 1] ?? n;
    return labels.slice(a, end).flatMap((l, i) => (l === skip ? [] : [a + i]));
  });
  const stray = labels.findIndex((l) => !(l >= 0 && l < weight.size(0)));
  if (stray >= 0) throw new RuntimeError(mode === 'max' ? `embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be ${labels[stray]}` : `Index ${stray} of input takes value ${labels[stray]} which is not in the valid range [0, ${weight.size(0)})`);
  const rows = embedding(input.reshape(-1), weight, { ...options, paddingIdx: null }), like = { dtype: weight.dtype, device: weight.device };
  const picked = (list: readonly number[]): Tensor => fromTypedArray(BigInt64Array.from(list, BigInt), [list.length], { dtype: int64, device: weight.device });
  if (mode === 'max') return bags === 0 ? zeros([0, weight.size(1)], like) : stack(members.map((m) => (m.length === 0 ? rows.slice(0, 0, 0).sum(0) : rows.indexSelect(0, picked(m)).max(0).values)));
  const all = members.flat(), weighed = perSampleWeights === null ? rows : rows.mul(perSampleWeights.reshape(-1, 1));
  const sums = zeros([bags, weight.size(1)], like).indexAdd(0, picked(members.flatMap((m, b) => m.map(() => b))), weighed.indexSelect(0, picked(all)));
  const y = mode === 'sum' ? sums : sums.div(fromTypedArray(Float64Array.from(members, (m) => Math.max(1, m.length)), [bags, 1], like));
  return called(y, 'EmbeddingBagBackward0');
}

/** Connectionist temporal classification: the loss over all alignments of a label sequence. Source: Graves et al. 2006; torch.nn.functional.ctc_loss. */
import { Function, type FunctionCtx } from './autograd';
import { RuntimeError } from './errors';
import { called } from './named';
import { fromTypedArray, tensor } from './ops';
import type { Reduction } from './functionalLosses';
import type { Tensor } from './tensor';

/** Of ctcLoss(). */
export interface CtcOptions {
  /** The class that stands for 'no label'; 0 by default. */
  blank?: number;
  /** 'mean' (each divided by its target's length) by default. */
  reduction?: Reduction;
  /** Whether infinite losses, of targets too long for the input, become 0. */
  zeroInfinity?: boolean;
}

/** log(eᵃ + eᵇ), also of -inf. */
const logAdd = (a: number, b: number): number => { const m = Math.max(a, b); return m === -Infinity ? m : m + Math.log(Math.exp(a - m) + Math.exp(b - m)); };

/** One sample: the loss, and the log sum over alignments through class c at time t, for the gradient. */
function alignments(logp: (t: number, c: number) => number, steps: number, labels: readonly number[], blank: number): { loss: number; through: (t: number) => Map<number, number> } {
  // Labels with blanks between and around; a blank may be skipped between different labels.
  const path = labels.flatMap((l) => [blank, l]).concat(blank), n = path.length;
  const skips = path.map((c, s) => s >= 2 && c !== blank && c !== path[s - 2]);
  const forward: Float64Array[] = [], backward: Float64Array[] = Array.from({ length: steps }, () => new Float64Array(n).fill(-Infinity));
  for (let t = 0; t < steps; t++) {
    const row = new Float64Array(n).fill(-Infinity), before = forward[t - 1];
    for (let s = 0; s < n; s++) {
      if (before === undefined) { if (s < 2) row[s] = logp(0, path[s]!); continue; }
      let a = before[s]!;
      if (s >= 1) a = logAdd(a, before[s - 1]!);
      if (skips[s]) a = logAdd(a, before[s - 2]!);
      row[s] = a + logp(t, path[s]!);
    }
    forward.push(row);
  }
  const last = forward[steps - 1], loss = steps === 0 ? (labels.length === 0 ? 0 : Infinity) : -(n === 1 ? last![0]! : logAdd(last![n - 1]!, last![n - 2]!));
  for (let t = steps - 1; t >= 0; t--) {
    const row = backward[t]!, after = backward[t + 1];
    for (let s = n - 1; s >= 0; s--) {
      if (after === undefined) { if (s >= n - 2) row[s] = logp(t, path[s]!); continue; }
      let b = after[s]!;
      if (s + 1 < n) b = logAdd(b, after[s + 1]!);
      if (s + 2 < n && skips[s + 2]) b = logAdd(b, after[s + 2]!);
      row[s] = b + logp(t, path[s]!);
    }
  }
  const through = (t: number): Map<number, number> => {
    const sums = new Map<number, number>();
    path.forEach((c, s) => sums.set(c, logAdd(sums.get(c) ?? -Infinity, forward[t]![s]! + backward[t]![s]!)));
    return sums;
  };
  return { loss, through };
}

class CtcLoss extends Function {
  static forward(ctx: FunctionCtx, logp: Tensor, plan: { lengths: number[]; labels: number[][]; blank: number; zeroInfinity: boolean; gradient: Tensor | null }): Tensor {
    const [, batch, classes] = [...logp.shape] as [number, number, number], data = logp.cpu().double().toTypedArray() as Float64Array, slope = new Float64Array(data.length), losses = new Float64Array(batch);
    for (let b = 0; b < batch; b++) {
      const at = (t: number, c: number): number => (t * batch + b) * classes + c, { loss, through } = alignments((t, c) => data[at(t, c)]!, plan.lengths[b]!, plan.labels[b]!, plan.blank);
      losses[b] = loss === Infinity && plan.zeroInfinity ? 0 : loss;
      if (ctx.needsInputGrad[0] !== true || (loss === Infinity && plan.zeroInfinity)) continue;
      // As PyTorch does, the gradient is that by logits whose log softmax the input is: probabilities less their share.
      for (let t = 0; t < plan.lengths[b]!; t++) {
        const sums = through(t);
        for (let c = 0; c < classes; c++) { const lp = data[at(t, c)]!, sum = sums.get(c); slope[at(t, c)] = Math.exp(lp) - (sum === undefined ? 0 : Math.exp(sum + loss - lp)); }
      }
    }
    const like = { dtype: logp.dtype, device: logp.device };
    plan.gradient = fromTypedArray(slope, [...logp.shape], like);
    ctx.saveForBackward(plan.gradient);
    return fromTypedArray(losses, [batch], like);
  }
  static backward(ctx: FunctionCtx, g: Tensor): (Tensor | null)[] { return [ctx.savedTensors[0]!.mul(g.unsqueeze(-1)), null]; }
}

const lengthsOf = (v: Tensor | readonly number[]): number[] => (Array.isArray(v) ? [...v as number[]] : Array.from((v as Tensor).reshape(-1).toTypedArray() as ArrayLike<number | bigint>, Number));

/** Connectionist temporal classification. logProbs [T, N, C] or [T, C]; targets [N, S] or all labels in one row; lengths one a sample. Source: Graves et al. 2006. */
export function ctcLoss(logProbs: Tensor, targets: Tensor, inputLengths: Tensor | readonly number[], targetLengths: Tensor | readonly number[], options: CtcOptions = {}): Tensor {
  const { blank = 0, reduction = 'mean', zeroInfinity = false } = options;
  if (!['none', 'mean', 'sum'].includes(reduction)) throw new RuntimeError(`${String(reduction)} is not a valid value for reduction`);
  const batched = logProbs.dim() === 3, logp = batched ? logProbs : logProbs.unsqueeze(1), [steps, batch, classes] = [...logp.shape] as [number, number, number];
  const lengths = lengthsOf(inputLengths), counts = lengthsOf(targetLengths), flat = lengthsOf(targets);
  if (!(blank >= 0 && blank < classes)) throw new RuntimeError('blank must be in label range');
  if (lengths.length !== batch) throw new RuntimeError('input_lengths must be of size batch_size');
  if (counts.length !== batch) throw new RuntimeError('target_lengths must be of size batch_size');
  lengths.forEach((l, b) => { if (l < 0) throw new RuntimeError(`Expected input_lengths to have value at least 0, but got value ${l}`); if (l > steps) throw new RuntimeError(`Expected input_lengths to have value at most ${steps}, but got value ${l} (while checking arguments for ctc_loss_allocate_outputs)`); if (counts[b]! < 0) throw new RuntimeError(`Expected target_lengths to have value at least 0, but got value ${counts[b]}`); });
  const wide = targets.dim() === 2 ? targets.size(1) : -1;
  let from = 0;
  const labels = counts.map((n, b) => {
    const start = wide >= 0 ? b * wide : from;
    from += n;
    if ((wide >= 0 && n > wide) || start + n > flat.length) throw new RuntimeError(wide >= 0 ? `Expected tensor to have size at least ${n} at dimension 1, but got size ${wide} for argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)` : `Expected tensor to have size ${counts.reduce((a, c) => a + c, 0)} at dimension 0, but got size ${flat.length} for argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)`);
    return flat.slice(start, start + n);
  });
  for (const l of labels) for (const c of l) if (!(c >= 0 && c < classes)) throw new RuntimeError(`Expected targets to be classes in [0, ${classes}), but got ${c}`);
  const loss = called(CtcLoss.apply(logp, { lengths, labels, blank, zeroInfinity, gradient: null }), 'CtcLossBackward0');
  if (reduction === 'sum') return loss.sum();
  if (reduction === 'mean') return loss.div(tensor(counts.map((c) => Math.max(1, c)), { dtype: logp.dtype, device: logp.device })).mean();
  return batched ? loss : loss.squeeze(0);
}

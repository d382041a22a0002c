/** Values, or slices along a dim, without repeats. Source: torch.unique, torch.unique_consecutive. */
import { noGrad } from '../autograd';
import { RuntimeError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { wrapDim } from './core';

/** Of uniqueConsecutive(): what else is given, and the dim whose slices are compared instead of elements. */
export interface RunOptions { returnInverse?: boolean; returnCounts?: boolean; dim?: number | null }
/** Of unique(). */
export interface DistinctOptions extends RunOptions { sorted?: boolean }
/** The values alone, or `[output, inverse, counts]` of what is asked for. */
export type Distinct<O> = O extends { returnInverse: true; returnCounts: true } ? [Tensor, Tensor, Tensor] : O extends { returnInverse: true } | { returnCounts: true } ? [Tensor, Tensor] : Tensor;

const indices = (list: readonly number[], shape: readonly number[], like: Tensor): Tensor => (native['fromTypedArray'](BigInt64Array.from(list, BigInt), shape, 4, 0) as Tensor).to(like.device);

/** Slices along a dim, compared element by element; sorted, or as runs of equal neighbours. */
function slices(t: Tensor, dim: number, consecutive: boolean): [Tensor, Tensor, Tensor] {
  const d = wrapDim(dim, t.dim()), n = t.size(d);
  if (t.numel() === 0 && [...t.shape].some((s, i) => s === 0 && i !== d)) throw new RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied");
  const values = t.transpose(d, 0).reshape(-1).toTypedArray(), width = n === 0 ? 0 : values.length / n;
  const compare = (a: number, b: number): number => {
    for (let i = 0; i < width; i++) {
      const x = values[a * width + i]!, y = values[b * width + i]!;
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  };
  const order = Array.from({ length: n }, (_, i) => i);
  if (!consecutive) order.sort(compare);
  const firsts: number[] = [], counts: number[] = [], inverse = new Array<number>(n);
  order.forEach((at, k) => {
    if (k === 0 || compare(order[k - 1]!, at) !== 0) { firsts.push(at); counts.push(0); }
    counts[counts.length - 1]!++;
    inverse[at] = firsts.length - 1;
  });
  return [t.indexSelect(d, indices(firsts, [firsts.length], t)), indices(inverse, [n], t), indices(counts, [counts.length], t)];
}

export function distinct<O extends RunOptions>(t: Tensor, consecutive: boolean, options: O): Distinct<O> {
  const { dim } = options;
  const [output, inverse, counts] = dim === undefined || dim === null ? native['unique'](t, !consecutive) as [Tensor, Tensor, Tensor] : noGrad(() => slices(t, dim, consecutive));
  const more = [...(options.returnInverse === true ? [inverse] : []), ...(options.returnCounts === true ? [counts] : [])];
  return (more.length === 0 ? output : [output, ...more]) as Distinct<O>;
}

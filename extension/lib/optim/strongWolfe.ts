/** The line search of LBFGS: a step length that satisfies the strong Wolfe conditions. Source: Nocedal, Wright 2006, 3.5 and 3.6; torch.optim.lbfgs. */
import type { Tensor } from '../tensor';

/** A tried step: its length, the loss, the gradient, and the slope along the direction. */
interface Point { t: number; f: number; g: Tensor; slope: number }
export interface Found { f: number; g: Tensor; t: number; evals: number }

/** The minimum of the cubic through two points and their slopes, held within bounds. */
function cubic(a: Point, b: Point, bounds?: readonly [number, number]): number {
  const [low, high] = bounds ?? (a.t <= b.t ? [a.t, b.t] : [b.t, a.t]);
  const d1 = a.slope + b.slope - (3 * (a.f - b.f)) / (a.t - b.t), square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const at = a.t <= b.t ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)) : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(at, low), high);
}

/** From step length t along d; `at` gives loss and gradient there. f, g, gtd: those at the start and the slope; `most`: tries. */
export function strongWolfe(at: (t: number, d: Tensor) => [number, Tensor], t: number, d: Tensor, f: number, g: Tensor, gtd: number, most: number): Found {
  const c1 = 1e-4, c2 = 0.9, toleranceChange = 1e-9;
  const size = Number(d.abs().max().item());
  let evals = 0;
  const probe = (length: number): Point => {
    const [loss, grad] = at(length, d);
    evals++;
    return { t: length, f: loss, g: grad, slope: Number(grad.dot(d).item()) };
  };
  let now = probe(t), before: Point = { t: 0, f, g, slope: gtd }, done = false, iter = 0;
  let bracket: Point[] | null = null;
  // A bracket that holds such a step, or the step itself.
  while (iter < most) {
    if (now.f > f + c1 * now.t * gtd || (iter > 1 && now.f >= before.f)) { bracket = [before, now]; break; }
    if (Math.abs(now.slope) <= -c2 * gtd) { bracket = [now]; done = true; break; }
    if (now.slope >= 0) { bracket = [before, now]; break; }
    const next = cubic(before, now, [now.t + 0.01 * (now.t - before.t), now.t * 10]);
    before = now;
    now = probe(next);
    iter++;
  }
  if (bracket === null) bracket = [{ t: 0, f, g, slope: gtd }, now];
  // The bracket is narrowed.
  let stuck = false, [low, high] = bracket[0]!.f <= bracket[bracket.length - 1]!.f ? [0, 1] : [1, 0];
  while (!done && iter < most) {
    const [a, b] = bracket as [Point, Point];
    if (Math.abs(b.t - a.t) * size < toleranceChange) break;
    let length = cubic(a, b);
    const [top, bottom] = [Math.max(a.t, b.t), Math.min(a.t, b.t)], margin = 0.1 * (top - bottom);
    if (Math.min(top - length, length - bottom) < margin) {
      if (stuck || length >= top || length <= bottom) {
        length = Math.abs(length - top) < Math.abs(length - bottom) ? top - margin : bottom + margin;
        stuck = false;
      } else stuck = true;
    } else stuck = false;
    now = probe(length);
    iter++;
    const best = bracket[low]!;
    if (now.f > f + c1 * now.t * gtd || now.f >= best.f) {
      bracket[high] = now;
      [low, high] = bracket[0]!.f <= bracket[1]!.f ? [0, 1] : [1, 0];
    } else {
      if (Math.abs(now.slope) <= -c2 * gtd) done = true;
      else if (now.slope * (bracket[high]!.t - best.t) >= 0) bracket[high] = best;
      bracket[low] = now;
    }
  }
  const found = bracket[bracket.length === 1 ? 0 : low]!;
  return { f: found.f, g: found.g, t: found.t, evals };
}

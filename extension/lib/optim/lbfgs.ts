/** L-BFGS: a quasi-Newton method whose step evaluates the closure several times. Source: Liu, Nocedal 1989; torch.optim.LBFGS. */
import { enableGrad, noGrad } from '../autograd';
import { RuntimeError, ValueError } from '../errors';
import { cat, zeros } from '../ops';
import { safePoint } from '../safePoint';
import type { Tensor } from '../tensor';
import { Optimizer, type ParamInput } from './optimizer';
import { strongWolfe } from './strongWolfe';

/** Of LBFGS. */
export interface LBFGSOptions {
  /** The learning rate; 1 by default. */
  lr?: number;
  /** Iterations a step; 20 by default. */
  maxIter?: number;
  /** Evaluations of the closure a step; 1.25 times maxIter by default. */
  maxEval?: number;
  /** Ends where no element of the gradient is larger; 1e-7 by default. */
  toleranceGrad?: number;
  /** Ends where loss or parameters change less; 1e-9 by default. */
  toleranceChange?: number;
  /** Remembered steps; 100 by default. */
  historySize?: number;
  /** How far to go along a direction: by lr (null, the default) or so that the strong Wolfe conditions hold. */
  lineSearchFn?: 'strong_wolfe' | null;
}

/** What is remembered between steps, under PyTorch's names; kept in the first parameter's state as there. */
interface Memory { d: Tensor; t: number; old_dirs: Tensor[]; old_stps: Tensor[]; ro: Tensor[]; H_diag: Tensor | number; prev_flat_grad: Tensor; prev_loss: number }

/**
 * Only one parameter group. step(closure) needs a closure that clears the gradients, computes the loss, calls
 * backward() and returns the loss; it gives the first loss. `lineSearchFn: 'strong_wolfe'` searches along each direction.
 */
export class LBFGS extends Optimizer {
  private readonly params: Tensor[];
  constructor(params: ParamInput, o: LBFGSOptions = {}) {
    const { lr = 1, maxIter = 20, toleranceGrad = 1e-7, toleranceChange = 1e-9, historySize = 100, lineSearchFn = null } = o;
    if (!(lr >= 0)) throw new ValueError(`Invalid learning rate: ${lr}`);
    super(params, { lr, maxIter, maxEval: o.maxEval ?? Math.floor((maxIter * 5) / 4), toleranceGrad, toleranceChange, historySize, lineSearchFn });
    if (this.paramGroups.length !== 1) throw new ValueError("LBFGS doesn't support per-parameter options (parameter groups)");
    this.params = this.paramGroups[0]!.params;
  }
  private flatGrad(): Tensor { return cat(this.params.map((p) => (p.grad === null ? zeros([p.numel()], { dtype: p.dtype, device: p.device }) : p.grad.detach().reshape(-1)))); }
  private move(by: number, d: Tensor): void {
    let at = 0;
    for (const p of this.params) { p.add_(d.slice(0, at, at + p.numel()).reshape([...p.shape]), { alpha: by }); at += p.numel(); }
  }
  protected override updateGroup(): void { /* step() below does it all */ }
  override step(): void;
  override step(closure: () => Tensor): Tensor;
  override step(closure?: () => Tensor): Tensor | void {
    if (closure === undefined) throw new TypeError("LBFGS.step() missing 1 required positional argument: 'closure'");
    const first = enableGrad(closure);
    noGrad(() => this.iterate(Number(first.item()), closure));
    safePoint('step', this);
    return first;
  }
  private iterate(start: number, closure: () => Tensor): void {
    const g = this.paramGroups[0]!, num = (k: string): number => Number(g[k]), search = g['lineSearchFn'] as unknown as string | null;
    const lr = num('lr'), maxIter = num('maxIter'), maxEval = num('maxEval'), tolGrad = num('toleranceGrad'), tolChange = num('toleranceChange'), history = num('historySize');
    const s = this.stateOf(this.params[0]!) as Map<string, unknown>;
    const count = (k: string, more: number): number => { const n = ((s.get(k) as number | undefined) ?? 0) + more; s.set(k, n); return n; };
    let loss = start, flat = this.flatGrad(), evals = 1;
    count('func_evals', 1);
    count('n_iter', 0);
    if (largest(flat) <= tolGrad) return;
    // In PyTorch's order of keys.
    const keys = ['d', 't', 'old_dirs', 'old_stps', 'ro', 'H_diag', 'prev_flat_grad', 'prev_loss'] as const;
    let m = Object.fromEntries(keys.map((k) => [k, s.get(k)])) as unknown as Memory;
    for (let n = 0; n < maxIter;) {
      n++;
      if (count('n_iter', 1) === 1) m = { d: flat.neg(), t: lr, old_dirs: [], old_stps: [], ro: [], H_diag: 1, prev_flat_grad: flat, prev_loss: loss };
      else direction(m, flat, history);
      m.prev_flat_grad = flat.clone();
      m.prev_loss = loss;
      // As PyTorch rounds it: in the type of the gradients.
      m.t = (s.get('n_iter') as number) === 1 ? Math.min(1, Number(flat.abs().sum().reciprocal().item())) * lr : lr;
      const gtd = Number(flat.dot(m.d).item());
      if (gtd > -tolChange) break;
      let tried = 0;
      if (search !== null) {
        if (search !== 'strong_wolfe') throw new RuntimeError("only 'strong_wolfe' is supported");
        const before = this.params.map((p) => p.clone());
        const at = (t: number, d: Tensor): [number, Tensor] => {
          this.move(t, d);
          const f = Number(enableGrad(closure).item()), grad = this.flatGrad();
          this.params.forEach((p, i) => { p.copy_(before[i]!); });
          return [f, grad];
        };
        const found = strongWolfe(at, m.t, m.d, loss, flat, gtd, maxEval - evals);
        [loss, flat, m.t, tried] = [found.f, found.g, found.t, found.evals];
        this.move(m.t, m.d);
      } else {
        this.move(m.t, m.d);
        if (n !== maxIter) {
          loss = Number(enableGrad(closure).item());
          flat = this.flatGrad();
          tried = 1;
        }
      }
      evals += tried;
      count('func_evals', tried);
      if (n === maxIter || evals >= maxEval || largest(flat) <= tolGrad || largest(m.d.mul(m.t)) <= tolChange || Math.abs(loss - m.prev_loss) < tolChange) break;
    }
    for (const k of keys) s.set(k, m[k]);
  }
}

const largest = (t: Tensor): number => Number(t.abs().max().item());

/** The next direction by the two-loop recursion; the memory takes in what the last step showed of the curvature. */
function direction(m: Memory, flat: Tensor, history: number): void {
  const y = flat.sub(m.prev_flat_grad), s = m.d.mul(m.t), ys = y.dot(s);
  if (Number(ys.item()) > 1e-10) {
    if (m.old_dirs.length === history) { m.old_dirs.shift(); m.old_stps.shift(); m.ro.shift(); }
    m.old_dirs.push(y);
    m.old_stps.push(s);
    m.ro.push(ys.reciprocal());
    m.H_diag = ys.div(y.dot(y));
  }
  const k = m.old_dirs.length, al: Tensor[] = [];
  let q = flat.neg();
  for (let i = k - 1; i >= 0; i--) {
    al[i] = m.old_stps[i]!.dot(q).mul(m.ro[i]!);
    q = q.sub(m.old_dirs[i]!.mul(al[i]!));
  }
  let d = q.mul(m.H_diag);
  for (let i = 0; i < k; i++) d = d.add(m.old_stps[i]!.mul(al[i]!.sub(m.old_dirs[i]!.dot(d).mul(m.ro[i]!))));
  m.d = d;
}

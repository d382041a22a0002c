/** torch.nn.utils.parametrizations.orthogonal: a weight that stays orthogonal. Source: Lezcano-Casado, Trivializations, 2019. */
import { Function, noGrad, type FunctionCtx } from '../autograd';
import { ValueError, NotImplementedError } from '../errors';
import { matrixExp } from '../linalg';
import { native } from '../native';
import { cat, empty, eye, fromTypedArray, zeros } from '../ops';
import { Tensor } from '../tensor';
import { Module } from './module';
import { registerParametrization } from './parametrize';

/** How orthogonal() makes an orthogonal matrix of a free one. */
export type OrthogonalMap = 'matrix_exp' | 'cayley' | 'householder';
const maps: readonly string[] = ['matrix_exp', 'cayley', 'householder'];

/** f on each matrix of a batch [..., m, n], in float64; the results have `shape`. */
function eachMatrix(x: Tensor, shape: readonly number[], f: (a: Float64Array, m: number, n: number) => Float64Array): Tensor {
  const m = x.size(-2), n = x.size(-1), a = x.detach().cpu().double().contiguous().toTypedArray() as Float64Array, count = m * n === 0 ? 0 : a.length / (m * n);
  const parts = Array.from({ length: count }, (_, k) => f(a.slice(k * m * n, (k + 1) * m * n), m, n)), out = new Float64Array(parts.reduce((s, p) => s + p.length, 0));
  parts.forEach((p, k) => out.set(p, k * p.length));
  return fromTypedArray(out, [...shape], { dtype: x.dtype }).to(x.device);
}

/** Gauss and Jordan with pivots. */
function inverted(a: Float64Array, n: number): Float64Array {
  const b = new Float64Array(n * n);
  for (let i = 0; i < n; i++) b[i * n + i] = 1;
  for (let c = 0; c < n; c++) {
    let p = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(a[r * n + c]!) > Math.abs(a[p * n + c]!)) p = r;
    for (const t of [a, b]) if (p !== c) for (let k = 0; k < n; k++) [t[c * n + k], t[p * n + k]] = [t[p * n + k]!, t[c * n + k]!];
    const d = a[c * n + c]!;
    for (const t of [a, b]) for (let k = 0; k < n; k++) t[c * n + k]! /= d;
    for (let r = 0; r < n; r++) {
      const f = a[r * n + c]!;
      if (r !== c && f !== 0) for (const t of [a, b]) for (let k = 0; k < n; k++) t[r * n + k]! -= f * t[c * n + k]!;
    }
  }
  return b;
}
class Inverse extends Function {
  static forward(ctx: FunctionCtx, x: Tensor): Tensor {
    const y = eachMatrix(x, x.shape, (a, n) => inverted(a, n));
    ctx.saveForBackward(y);
    return y;
  }
  static backward(ctx: FunctionCtx, g: Tensor): Tensor { const t = ctx.savedTensors[0]!.transpose(-2, -1); return t.matmul(g).matmul(t).neg(); }
}

const eyeLike = (a: Tensor, n = a.size(-1)): Tensor => eye(a.size(-2), n, { dtype: a.dtype }).to(a.device);
/** The first columns of the product of reflections along a's columns, whose diagonal counts as 1. */
function householderProduct(a: Tensor, tau: Tensor): Tensor {
  const k = a.size(-1), unit = a.add(eyeLike(a, k));
  let q = eyeLike(a, k).expand([...a.shape]);
  for (let i = k - 1; i >= 0; i--) {
    const v = unit.slice(-1, i, i + 1);
    q = q.sub(v.mul(tau.slice(-1, i, i + 1).unsqueeze(-1)).matmul(v.transpose(-2, -1).matmul(q)));
  }
  return q;
}
/** LAPACK's geqrf: reflections below the diagonal; on it R's signs, turned where there is no reflection. */
function reflections(a: Float64Array, m: number, n: number): Float64Array {
  for (let c = 0; c < n; c++) {
    let rest = 0;
    for (let r = c + 1; r < m; r++) rest += a[r * n + c]! ** 2;
    const alpha = a[c * n + c]!, beta = rest === 0 ? alpha : -(alpha < 0 || Object.is(alpha, -0) ? -1 : 1) * Math.sqrt(alpha * alpha + rest), tau = rest === 0 ? 0 : (beta - alpha) / beta;
    for (let r = c + 1; r < m; r++) a[r * n + c]! /= rest === 0 ? 1 : alpha - beta;
    for (let k = c + 1; k < n && tau !== 0; k++) {
      let dot = a[c * n + k]!;
      for (let r = c + 1; r < m; r++) dot += a[r * n + c]! * a[r * n + k]!;
      a[c * n + k]! -= tau * dot;
      for (let r = c + 1; r < m; r++) a[r * n + k]! -= tau * dot * a[r * n + c]!;
    }
    a[c * n + c] = Math.sign(beta) * (tau === 0 ? -1 : 1);
  }
  return a;
}
/** Q of QR with a positive diagonal of R; of each matrix of a batch. */
function madeOrthogonal(q: Tensor): Tensor {
  const flat = q.reshape(-1, q.size(-2), q.size(-1)), list = Array.from({ length: flat.size(0) }, (_, i) => (native['orthogonalize'](flat.get(i).cpu().contiguous()) as Tensor).unsqueeze(0));
  return cat(list, 0).reshape([...q.shape]).to(q.device);
}
function isOrthogonal(q: Tensor): boolean {
  const eps = 10 * q.size(-2) * (q.dtype.name === 'float64' ? 2 ** -52 : q.dtype.name === 'float32' ? 2 ** -23 : q.dtype.name === 'float16' ? 2 ** -10 : 2 ** -7);
  return q.numel() === 0 || Number(q.transpose(-2, -1).matmul(q).sub(eyeLike(q)).abs().max().item()) <= eps;
}

class _Orthogonal extends Module {
  declare base: Tensor | null;
  constructor(private readonly shape: readonly number[], private readonly map: OrthogonalMap, private readonly trivialized: boolean) {
    super();
    if (trivialized) this.registerBuffer('base', null);
  }
  override forward(given: Tensor): Tensor {
    const wide = given.size(-2) < given.size(-1), x = wide ? given.transpose(-2, -1) : given, n = x.size(-2), k = x.size(-1);
    let q: Tensor;
    if (this.map === 'householder') {
      const a = x.tril(-1), tau = a.mul(a).sum(-2).add(1).reciprocal().mul(2);
      q = householderProduct(a, tau).mul(x.detach().diagonal(0, -2, -1).trunc().unsqueeze(-2));
    } else {
      let a = x.tril();
      if (n !== k) a = cat([a, zeros([...x.shape.slice(0, -1), n - k], { dtype: x.dtype, device: x.device })], -1);
      a = a.sub(a.transpose(-2, -1));
      q = this.map === 'matrix_exp' ? matrixExp(a) : (Inverse.apply(eyeLike(a).sub(a.mul(0.5))) as Tensor).matmul(eyeLike(a).add(a.mul(0.5)));
      if (n !== k) q = q.slice(-1, 0, k);
    }
    if (this.trivialized) q = this.base!.matmul(q);
    return wide ? q.transpose(-2, -1) : q;
  }
  rightInverse(value: Tensor): Tensor {
    if (String(value.shape) !== String(this.shape)) throw new ValueError(`Expected a matrix or batch of matrices of shape torch.Size([${this.shape.join(', ')}]). Got a tensor of shape torch.Size([${value.shape.join(', ')}]).`);
    return noGrad(() => {
      const wide = value.size(-2) < value.size(-1), q = wide ? value.transpose(-2, -1) : value, n = q.size(-2), k = q.size(-1);
      if (!this.trivialized) {
        if (this.map !== 'householder') throw new NotImplementedError('It is not possible to assign to the matrix exponential or the Cayley parametrizations when use_trivialization=False.');
        const a = eachMatrix(q, q.shape, reflections);
        return wide ? a.transpose(-2, -1) : a;
      }
      if (n === k) this.base = isOrthogonal(q) ? q.clone() : madeOrthogonal(q);
      else this.base = madeOrthogonal(cat([q, empty([...q.shape.slice(0, -1), n - k], { dtype: q.dtype, device: q.device }).normal_(0, 1)], -1));
      return eye(value.size(-2), value.size(-1), { dtype: value.dtype }).to(value.device).neg().expand([...value.shape]).clone();
    });
  }
}

/**
 * Keeps `module[name]`, [..., m, n], orthogonal: QᵀQ = I, or QQᵀ = I where it is wider than high. `orthogonalMap`: matrix_exp (squares'
 * default), cayley, or householder (others'). With `useTrivialization` the value starts at the nearest orthogonal one and is kept in `base`.
 * Throws ValueError for vectors. Source: torch.nn.utils.parametrizations.orthogonal.
 */
export function orthogonal<M extends Module>(module: M, name = 'weight', orthogonalMap: OrthogonalMap | null = null, options: { useTrivialization?: boolean } = {}): M {
  const weight = (module as unknown as Record<string, unknown>)[name];
  if (!(weight instanceof Tensor)) throw new ValueError(`Module '${String(module)}' has no parameter or buffer with name '${name}'`);
  if (weight.dim() < 2) throw new ValueError(`Expected a matrix or batch of matrices. Got a tensor of ${weight.dim()} dimensions.`);
  const map = orthogonalMap ?? (weight.size(-2) === weight.size(-1) ? 'matrix_exp' : 'householder');
  if (!maps.includes(map)) throw new ValueError(`orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: ${map}`);
  return registerParametrization(module, name, new _Orthogonal(weight.shape, map, options.useTrivialization ?? true), { unsafe: true });
}

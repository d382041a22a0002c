/** Products of vectors and matrices. Source: torch.<name>. */
import { RuntimeError } from '../errors';
import { native } from '../native';
import * as linalg from '../linalg';
import type { Tensor } from '../tensor';
import { TensorIndexing } from './indexing';

/** beta · this + alpha · product; this is not looked at when beta is 0. */
export interface BlendOptions { beta?: number; alpha?: number }
const blend = (o: BlendOptions): [number, number] => [o.beta ?? 1, o.alpha ?? 1];

/** What is multiplied with 0: its values do not count, even NaN, its gradient is zero. */
const unseen = (t: Tensor, product: Tensor): Tensor => (t.requiresGrad ? t.expand(product.shape).clone().copy_(product) : product);

export class TensorLinalg extends TensorIndexing {
  /** [n, k] @ [k, m]. Throws RuntimeError where the sizes do not meet. */
  mm(other: Tensor): Tensor { return native['mm'](this, other); }
  /** [b, n, k] @ [b, k, m] */
  bmm(other: Tensor): Tensor { return native['bmm'](this, other); }
  /**
   * The matrix product; leading dims are batches, which broadcast: [.., n, k] @ [.., k, m] gives [.., n, m].
   * Of vectors the dot product. Throws RuntimeError where the sizes do not meet.
   */
  matmul(other: Tensor): Tensor { return native['matmul'](this, other); }
  /** [n, k] @ [k] */
  mv(vec: Tensor): Tensor { return native['mv'](this, vec); }
  /** Σ aᵢ bᵢ of two vectors. */
  dot(other: Tensor): Tensor { return native['dot'](this, other); }
  /** Sum of products of two vectors. */
  vdot(other: Tensor): Tensor { return native['dot'](this, other); }
  /** Sums of products over the last dims. */
  inner(other: Tensor): Tensor {
    if (this.dim() === 0 || other.dim() === 0) return this.mul(other);
    if (this.size(-1) !== other.size(-1)) throw new RuntimeError(`inner() the last dimension must match on both input tensors but got shapes [${[...this.shape].join(', ')}] and [${[...other.shape].join(', ')}]`);
    return this.tensordot(other, [[-1], [-1]]);
  }
  /** [n] and [m]: all products, [n, m]. */
  outer(vec: Tensor): Tensor {
    if (this.dim() !== 1) throw new RuntimeError(`outer: Expected 1-D argument self, but got ${this.dim()}-D`);
    if (vec.dim() !== 1) throw new RuntimeError(`outer: Expected 1-D argument vec2, but got ${vec.dim()}-D`);
    return this.unsqueeze(1).mul(vec);
  }
  /** Kronecker product. */
  kron(other: Tensor): Tensor {
    const rank = Math.max(this.dim(), other.dim());
    const pad = (t: Tensor): number[] => [...Array.from({ length: rank - t.dim() }, () => 1), ...t.shape];
    const [a, b] = [pad(this as unknown as Tensor), pad(other)];
    return this.reshape(a.flatMap((s) => [s, 1])).mul(other.reshape(b.flatMap((s) => [1, s]))).reshape(a.map((s, i) => s * b[i]!));
  }
  /** Vector products along `dim`, or the first dim of size 3; both broadcast. Throws RuntimeError where the size is not 3. */
  cross(other: Tensor, dim?: number): Tensor {
    const d = dim ?? [...this.shape].findIndex((s) => s === 3);
    if (d === -1 && dim === undefined) throw new RuntimeError('no dimension of size 3 in input');
    return native['cross'](this, other, d);
  }
  /** Sums products over the last `dims` dims of this and the first of other, or over given pairs of dims. */
  tensordot(other: Tensor, dims: number | readonly [readonly number[], readonly number[]] = 2): Tensor {
    if (typeof dims === 'number' && !(dims >= 0)) throw new RuntimeError(`tensordot expects dims >= 0, but got dims=${dims}`);
    if (typeof dims === 'number' && dims > Math.min(this.dim(), other.dim())) throw new RuntimeError(`tensordot expects dims < ndim_a or ndim_b, but got dims=${dims}`);
    const at = (t: Tensor, d: number): number => (d < 0 ? d + t.dim() : d);
    const self = this as unknown as Tensor;
    const [a, b] = typeof dims === 'number' ? [Array.from({ length: dims }, (_, i) => self.dim() - dims + i), Array.from({ length: dims }, (_, i) => i)] : [dims[0].map((d) => at(self, d)), dims[1].map((d) => at(other, d))];
    if (a.length !== b.length) throw new RuntimeError(`both dimension lists should have same length`);
    a.forEach((d, i) => { if (self.size(d) !== other.size(b[i]!) && self.size(d) !== 1 && other.size(b[i]!) !== 1) throw new RuntimeError(`contracted dimensions need to match, but first has size ${self.size(d)} in dim ${d} and second has size ${other.size(b[i]!)} in dim ${b[i]!}`); });
    const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const left = Array.from({ length: self.dim() }, (_, i) => letters[i]!);
    const right = Array.from({ length: other.dim() }, (_, i) => { const k = b.indexOf(i); return k >= 0 ? left[a[k]!]! : letters[self.dim() + i]!; });
    const out = [...left.filter((_, i) => !a.includes(i)), ...right.filter((_, i) => !b.includes(i))];
    return native['einsum'](`${left.join('')},${right.join('')}->${out.join('')}`, [self, other]);
  }
  /** beta · this + alpha · mat1 @ mat2; this broadcasts. */
  addmm(mat1: Tensor, mat2: Tensor, options: BlendOptions = {}): Tensor { return native['addmm'](this, mat1, mat2, ...blend(options)); }
  /** beta · this + alpha · mat @ vec: [n, m] @ [m]; this broadcasts to [n]. */
  addmv(mat: Tensor, vec: Tensor, options: BlendOptions = {}): Tensor { return native['addmv'](this, mat, vec, ...blend(options)); }
  /** beta · this + alpha · outer(vec1, vec2): [n] and [m]; this broadcasts to [n, m]. */
  addr(vec1: Tensor, vec2: Tensor, options: BlendOptions = {}): Tensor {
    const [beta, alpha] = blend(options);
    const p = vec1.outer(vec2);
    const scaled = alpha === 1 ? p : p.mul(alpha);
    return beta === 0 ? unseen(this as unknown as Tensor, scaled) : (beta === 1 ? (this as unknown as Tensor) : this.mul(beta)).add(scaled);
  }
  /** beta · this + alpha · batch1 @ batch2, batch by batch. */
  baddbmm(batch1: Tensor, batch2: Tensor, options: BlendOptions = {}): Tensor { return native['baddbmm'](this, batch1, batch2, ...blend(options)); }
  /** beta · this + alpha · Σ over the batch of batch1 @ batch2. */
  addbmm(batch1: Tensor, batch2: Tensor, options: BlendOptions = {}): Tensor {
    const [beta, alpha] = blend(options);
    const p = batch1.bmm(batch2).sum({ dim: 0, dtype: batch1.dtype });
    return beta === 0 ? unseen(this as unknown as Tensor, p.mul(alpha)) : this.mul(beta).add(p, { alpha });
  }
  /** beta · this + alpha · mat1 @ mat2, in place. */
  addmm_(mat1: Tensor, mat2: Tensor, options: BlendOptions = {}): this { return this.become(this.addmm(mat1, mat2, options)); }
  /** beta · this + alpha · mat @ vec, in place. */
  addmv_(mat: Tensor, vec: Tensor, options: BlendOptions = {}): this { return this.become(this.addmv(mat, vec, options)); }
  /** beta · this + alpha · batch1 @ batch2, batch by batch, in place. */
  baddbmm_(batch1: Tensor, batch2: Tensor, options: BlendOptions = {}): this { return this.become(this.baddbmm(batch1, batch2, options)); }
  /** The sum of a matrix's diagonal. */
  trace(): Tensor { return native['trace'](this); }
  /** The p-norm of this - other. */
  dist(other: Tensor, p = 2): Tensor { return native['dist'](this, other, p); }
  /** Slices along dim, those of larger p-norm scaled down to maxnorm. */
  renorm(p: number, dim: number, maxnorm: number): Tensor { return native['renorm'](this, p, dim, maxnorm); }
  /** Scales slices along dim of larger p-norm than maxnorm down to it, in place. */
  renorm_(p: number, dim: number, maxnorm: number): this { return this.become(this.renorm(p, dim, maxnorm)); }
  /** beta · this + alpha · Σ over the batch of batch1 @ batch2, in place. */
  addbmm_(batch1: Tensor, batch2: Tensor, options: BlendOptions = {}): this { return this.become(this.addbmm(batch1, batch2, options)); }
  /** beta · this + alpha · outer(vec1, vec2), in place. */
  addr_(vec1: Tensor, vec2: Tensor, options: BlendOptions = {}): this { return this.become(this.addr(vec1, vec2, options)); }
  /** As outer(). */
  ger(vec: Tensor): Tensor { return this.outer(vec); }

  // --- decompositions; see linalg.ts

  /** The inverse of square matrices. Throws LinAlgError where there is none. */
  inverse(): Tensor { return linalg.inv(this as unknown as Tensor); }
  /** The Moore-Penrose inverse. */
  pinverse(rcond = 1e-15): Tensor { return linalg.pinv(this as unknown as Tensor, rcond); }
  /** Determinants. */
  det(): Tensor { return linalg.det(this as unknown as Tensor); }
  /** The determinant's logarithm; NaN of negative ones. */
  logdet(): Tensor {
    if (this.dim() < 2) throw new RuntimeError('logdet: The input tensor A must have at least 2 dimensions.');
    if ( this.size(-1) !== this.size(-2)) throw new RuntimeError(`logdet: A must be batches of square matrices, but they are ${this.size(-2)} by ${this.size(-1)} matrices`);
    const { sign, logabsdet } = linalg.slogdet(this as unknown as Tensor);
    return native['where'](sign.eq(-1), NaN, logabsdet);
  }
  /** Sign and logarithm of determinants: `{ sign, logabsdet }`. */
  slogdet(): ReturnType<typeof linalg.slogdet> { return linalg.logarithm('slogdet', this as unknown as Tensor); }
  /** A whole power of square matrices; a negative one of the inverse. */
  matrixPower(n: number): Tensor { return linalg.matrixPower(this as unknown as Tensor, n); }
  /** eᴬ of square matrices, [.., n, n]. Throws RuntimeError for integers. */
  matrixExp(): Tensor { return linalg.matrixExp(this as unknown as Tensor); }
  /** X of A @ X = this, where input2 is A's Cholesky factor. */
  choleskySolve(input2: Tensor, options: { upper?: boolean } = {}): Tensor {
    for (const [name, t] of [['b', this], ['u', input2]] as const) if (t.dim() < 2) throw new RuntimeError(`${name} should have at least 2 dimensions, but has ${t.dim()} dimensions instead`);
    const upper = options.upper ?? false, l = upper ? input2.mT : input2;
    return linalg.solveTriangular(l.mT, linalg.solveTriangular(l, this as unknown as Tensor, { upper: false }), { upper: true });
  }
  /** The inverse of the matrix whose Cholesky factor this is. */
  choleskyInverse(options: { upper?: boolean } = {}): Tensor {
    const self = this as unknown as Tensor, n = self.size(-1);
    if (self.size(-2) !== n) throw new RuntimeError(`cholesky_inverse: A must be batches of square matrices, but they are ${self.size(-2)} by ${n} matrices`);
    return (native['eye'](n, n, self.dtype.code, self.device.code) as Tensor).expand(self.shape).choleskySolve(self, options);
  }
}

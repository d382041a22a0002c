/**
 * torch.linalg: decompositions and norms of matrices, the last two dims, batched over all others. float32 and float64, on the cpu only: on webgpu
 * they throw NotImplementedError. What a matrix does not allow throws LinAlgError; the `…Ex` forms say so in `info` instead.
 * Signs of vectors in qr, eigh and svd may differ from PyTorch's, which promises none.
 */
import { inspect } from 'node:util';

import { LinAlgError, RuntimeError } from './errors';
import { called } from './named';
import { native } from './native';
import type { Tensor } from './tensor';
import { scalarType } from './tensor/binary';

export { LinAlgError } from './errors';

type Parts<K extends string, I extends number = 0 | 1> = Record<K, Tensor> & Iterable<Tensor> & Readonly<Record<I, Tensor>>;
/** Several results by name, also as `const [U, S, Vh] = …` or `[0]`; prints as PyTorch's. */
function parts<K extends string, I extends number = 0 | 1>(name: string, values: Record<K, Tensor>): Parts<K, I> {
  const text = (): string => `torch.return_types.${name}(\n${Object.entries(values).map(([k, v]) => `${k}=${String(v)}`).join(',\n')})`;
  const hidden = (value: unknown): PropertyDescriptor => ({ value, enumerable: false });
  const positions = Object.fromEntries(Object.values(values).map((v, i) => [i, hidden(v)]));
  return Object.defineProperties(values, { ...positions, [Symbol.iterator]: hidden(() => Object.values(values)[Symbol.iterator]()), toString: hidden(text), [inspect.custom]: hidden(text) }) as Parts<K, I>;
}
/** Throws the first of `info` that is not 0, with the batch element it belongs to. */
function raise(info: Tensor, name: string, text: (code: number) => string): void {
  const codes = info.toTypedArray(), at = codes.findIndex((c) => Number(c) !== 0);
  if (at >= 0) throw new LinAlgError(`${name}: ${info.dim() > 0 ? `(Batch element ${at}): ` : ''}${text(Number(codes[at]))}`);
}
const list = (s: readonly number[]): string => `[${s.join(', ')}]`;
function atLeast(rank: number, A: Tensor, name: string, what = 'A'): void { if (A.dim() < rank) throw new RuntimeError(`${name}: The input tensor ${what} must have at least ${rank} dimensions.`); }
/** Batch dims of both, in the order of PyTorch's message where they do not meet. */
function together(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1, y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RuntimeError(`The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ${i}`);
    return x === 1 ? y : x;
  });
}
const batchOf = (t: Tensor): number[] => [...t.shape].slice(0, -2);
const spread = (t: Tensor, batch: readonly number[]): Tensor => t.expand([...batch, t.size(-2), t.size(-1)]);
const title = (t: Tensor): string => scalarType(t.dtype.name);
const eps = (t: Tensor): number => (t.dtype.name === 'float64' ? 2 ** -52 : 2 ** -23);

// --- inverses and systems

const singular = (k: number): string => `The diagonal element ${k} is zero, the inversion could not be completed because the input matrix is singular.`;
/** The inverse of square matrices. Throws LinAlgError where there is none. */
export function inv(A: Tensor): Tensor {
  const [inverse, info] = native['linalgInv'](A) as [Tensor, Tensor];
  raise(info, 'linalg.inv', singular);
  return inverse;
}
/** The inverse, and in `info` which diagonal element was zero. */
export function invEx(A: Tensor): Parts<'inverse' | 'info'> {
  const [inverse, info] = native['linalgInv'](A) as [Tensor, Tensor];
  return parts('linalg_inv_ex', { inverse, info });
}
/** Determinants. */
export function det(A: Tensor): Tensor { return native['linalgDet'](A); }
/** Sign and logarithm of determinants: no overflow. */
export function slogdet(A: Tensor): Parts<'sign' | 'logabsdet'> { return logarithm('linalg_slogdet', A); }
/** @internal */
export function logarithm(name: string, A: Tensor): Parts<'sign' | 'logabsdet'> {
  const [sign, logabsdet] = native['linalgSlogdet'](A) as [Tensor, Tensor];
  return parts(name, { sign, logabsdet });
}

const failed = 'The solver failed because the input matrix is singular.';
/** X of A @ X = B (`left: false`: of X @ A = B), with how far it got in `info`. A vector B gives a vector. */
export function solveEx(A: Tensor, B: Tensor, options: { left?: boolean } = {}): Parts<'result' | 'info'> {
  const left = options.left ?? true, name = 'linalg.solve';
  atLeast(2, A, name);
  if (A.size(-1) !== A.size(-2)) throw new RuntimeError(`${name}: A must be batches of square matrices, but they are ${A.size(-2)} by ${A.size(-1)} matrices`);
  if (A.dtype !== B.dtype) throw new RuntimeError(`${name}: Expected A and B to have the same dtype, but found A of type ${title(A)} and B of type ${title(B)} instead`);
  const vector = B.dim() === 1 || (A.dim() - 1 === B.dim() && list(B.shape) === list(A.shape.slice(0, -1)));
  if (vector && !left) throw new RuntimeError(`${name}: Vector broadcasting of the left hand side is not supported for left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)`);
  const b = vector ? B.unsqueeze(-1) : B, [x, info] = systems(name, A, b, left);
  const result = vector ? x.squeeze(-1) : x;
  return parts('linalg_solve_ex', { result: vector ? called(result, 'LinalgSolveExBackward0') : result, info });
}
function meet(name: string, A: Tensor, B: Tensor, left: boolean): number[] {
  atLeast(2, B, name, 'B');
  if (A.size(left ? -2 : -1) !== B.size(left ? -2 : -1)) throw new RuntimeError(`${name}: Incompatible shapes of A and B for the equation ${left ? 'AX = B' : 'XA = B'} (${A.size(-2)}x${A.size(-1)} and ${B.size(-2)}x${B.size(-1)})`);
  return together(batchOf(B), batchOf(A));
}
function systems(name: string, A: Tensor, B: Tensor, left: boolean): [Tensor, Tensor] {
  const batch = meet(name, A, B, left), a = spread(A, batch), b = spread(B, batch);
  const [x, info] = native['linalgSolve'](left ? a : a.mT, left ? b : b.mT) as [Tensor, Tensor];
  return [left ? x : x.mT, info];
}
/** X of A @ X = B (`left: false`: of X @ A = B) for square A; batches broadcast, a vector B gives a vector. Throws LinAlgError for singular A. */
export function solve(A: Tensor, B: Tensor, options: { left?: boolean } = {}): Tensor {
  const { result, info } = solveEx(A, B, options);
  raise(info, 'torch.linalg.solve', () => failed);
  return result;
}
/** As solve, for triangular A, of which only that triangle is read. */
export function solveTriangular(A: Tensor, B: Tensor, options: { upper: boolean; left?: boolean; unitriangular?: boolean }): Tensor {
  const { upper, left = true, unitriangular = false } = options, name = 'linalg.solve_triangular';
  atLeast(2, A, name);
  atLeast(2, B, name, 'B');
  if (A.dtype !== B.dtype) throw new RuntimeError(`${name}: Expected A and B to have the same dtype, but found A of type ${title(A)} and B of type ${title(B)} instead`);
  if (A.size(-1) !== A.size(-2)) throw new RuntimeError(`${name}: A must be batches of square matrices, but they are ${A.size(-2)} by ${A.size(-1)} matrices`);
  const batch = meet(name, A, B, left), a = spread(A, batch), b = spread(B, batch);
  return left ? native['linalgSolveTriangular'](a, b, upper, unitriangular) : (native['linalgSolveTriangular'](a.mT, b.mT, !upper, unitriangular) as Tensor).mT;
}
/** The shortest X that makes |A @ X - B| least. `rank` counts pivots above `rcond` of the largest. residuals and singular_values are empty, as with PyTorch's driver 'gelsy'. */
export function lstsq(A: Tensor, B: Tensor, options: { rcond?: number } = {}): Parts<'solution' | 'residuals' | 'rank' | 'singular_values', 0 | 1 | 2 | 3> {
  const name = 'torch.linalg.lstsq';
  if (A.dim() < 2) throw new RuntimeError(`${name}: input must have at least 2 dimensions.`);
  if (B.dim() < 1) throw new RuntimeError(`${name}: other must have at least 1 dimension.`);
  if (A.dtype !== B.dtype) throw new RuntimeError(`${name}: Expected input and other to have the same dtype, but got input's dtype ${title(A)} and other's dtype ${title(B)}`);
  const vector = A.dim() - B.dim() === 1;
  if (A.dim() < B.dim() || A.dim() - B.dim() > 1) throw new RuntimeError(`${name}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1`);
  const b = vector ? B.unsqueeze(-1) : B;
  if (A.size(-2) !== b.size(-2)) throw new RuntimeError(`${name}: input.size(-2) should match other.size(${vector ? -1 : -2})`);
  if (A.dtype.name !== 'float32' && A.dtype.name !== 'float64') throw new RuntimeError("This function doesn't handle types other than float and double");
  const batch = together(batchOf(A), batchOf(b)), a = spread(A, batch), wide = spread(b, batch), rcond = options.rcond ?? eps(A) * Math.max(A.size(-2), A.size(-1));
  const [x, rank] = native['linalgLstsq'](a.detach(), wide.detach(), rcond) as [Tensor, Tensor];
  const found = A.requiresGrad || B.requiresGrad ? pinv(a, { rtol: rcond }).matmul(wide) : x, solution = vector ? found.squeeze(-1) : found, none = A.newZeros([0]);
  return parts('linalg_lstsq', { solution: called(solution, 'LinalgLstsqBackward0'), residuals: none, rank, singular_values: none });
}

// --- decompositions

const atLeastMatrix = (A: Tensor, name: string): void => { if (A.dim() < 2) throw new RuntimeError(`${name}: Expected tensor with 2 or more dimensions. Got size: [${A.shape.join(', ')}] instead`); };
const pivoted = (pivot: boolean, name: string): void => { if (!pivot) throw new RuntimeError(`${name}: LU without pivoting is not implemented on the CPU`); };
const swapped = (pivots: Tensor, rows: number): Tensor => native['linalgPermutation'](pivots, rows) as Tensor;
/**
 * A = P @ L @ U by Gaussian elimination with row swaps, both factors in one matrix: U on and above the diagonal, L below it, whose own diagonal is 1.
 * `pivots` (int32, from 1): the row each was swapped with. For luSolve(). Throws RuntimeError where U has a zero on its diagonal.
 */
export function luFactor(A: Tensor, options: { pivot?: boolean } = {}): Parts<'LU' | 'pivots'> {
  pivoted(options.pivot ?? true, 'linalg.lu_factor');
  const { LU, pivots, info } = luFactorEx(A), codes = info.toTypedArray(), at = codes.findIndex((c) => Number(c) !== 0);
  if (at >= 0) throw new RuntimeError(`torch.linalg.lu_factor: ${info.dim() > 0 ? `(Batch element ${at}): ` : ''}U[${codes[at]!},${codes[at]!}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)`);
  return parts('linalg_lu_factor', { LU, pivots });
}
/** The factors, and in `info` which element of U's diagonal is zero, from 1. */
export function luFactorEx(A: Tensor, options: { pivot?: boolean } = {}): Parts<'LU' | 'pivots' | 'info'> {
  atLeastMatrix(A, 'torch.lu_factor');
  pivoted(options.pivot ?? true, 'linalg.lu_factor_ex');
  const [LU, pivots, info] = native['linalgLu'](A) as [Tensor, Tensor, Tensor];
  return parts('linalg_lu_factor_ex', { LU, pivots, info });
}
/** P [m, m], L [m, k] and U [k, n] of A = P @ L @ U, k the smaller of m and n. */
export function lu(A: Tensor, options: { pivot?: boolean } = {}): Parts<'P' | 'L' | 'U'> {
  atLeastMatrix(A, 'linalg.lu');
  pivoted(options.pivot ?? true, 'linalg.lu');
  const [LU, pivots] = native['linalgLu'](A) as [Tensor, Tensor, Tensor];
  return parts('linalg_lu', factors(LU, pivots, 'LinalgLuBackward0'));
}
function factors(LU: Tensor, pivots: Tensor, name: string): Record<'P' | 'L' | 'U', Tensor> {
  const m = LU.size(-2), n = LU.size(-1), k = Math.min(m, n), diagonal = (native['eye'](m, k, LU.dtype.code, LU.device.code) as Tensor);
  return { P: swapped(pivots, m).to(LU.dtype), L: called(LU.narrow(-1, 0, k).tril(-1).add(diagonal), name), U: called(LU.narrow(-2, 0, k).triu(), name) };
}
/** X of A @ X = B (`left: false`: of X @ A = B; `adjoint`: with Aᵀ) by luFactor's results for square A. B [..., n, k]; batches broadcast. */
export function luSolve(LU: Tensor, pivots: Tensor, B: Tensor, options: { left?: boolean; adjoint?: boolean } = {}): Tensor {
  const { left = true, adjoint = false } = options, name = 'linalg.lu_solve';
  if (LU.dtype !== B.dtype) throw new RuntimeError(`${name}: Expected LU and B to have the same dtype, but found LU of type ${title(LU)} and B of type ${title(B)} instead`);
  if (pivots.dtype.name !== 'int32') throw new RuntimeError(`${name}: pivots should be a Tensor of scalar type torch.int32`);
  atLeast(2, LU, `torch.${name}`);
  if (LU.size(-1) !== LU.size(-2)) throw new RuntimeError(`torch.${name}: A must be batches of square matrices, but they are ${LU.size(-2)} by ${LU.size(-1)} matrices`);
  if (pivots.size(-1) !== LU.size(-1)) throw new RuntimeError(`${name}: Number of pivots per batch should be same as the dimension of the matrix`);
  const batch = meet(name, LU, B, left), { P, L, U } = factors(LU, pivots, 'LuUnpackBackward0');
  const [p, l, u] = [spread(P, batch), spread(L, batch), spread(U, batch)], wide = spread(B, batch), turned = left ? wide : wide.mT;
  // X @ A = B is Aᵀ @ Xᵀ = Bᵀ.
  const x = adjoint === !left ? solveTriangular(u, solveTriangular(l, p.mT.matmul(turned), { upper: false, unitriangular: true }), { upper: true })
    : p.matmul(solveTriangular(l.mT, solveTriangular(u.mT, turned, { upper: false }), { upper: true, unitriangular: true }));
  return called(left ? x : x.mT, 'LinalgLuSolveBackward0');
}

/** L of A = L @ Lᵀ (`upper`: U of A = Uᵀ @ U) for symmetric positive-definite matrices, of which that triangle is read. Throws LinAlgError for others. */
export function cholesky(A: Tensor, options: { upper?: boolean } = {}): Tensor {
  const { L, info } = choleskyEx(A, options);
  raise(info, 'linalg.cholesky', (k) => `The factorization could not be completed because the input is not positive-definite (the leading minor of order ${k} is not positive-definite).`);
  return L;
}
/** The factor, and in `info` the order of the minor that is not positive-definite. */
export function choleskyEx(A: Tensor, options: { upper?: boolean } = {}): Parts<'L' | 'info'> {
  const turn = options.upper === true && A.dim() >= 2, [L, info] = native['linalgCholesky'](turn ? A.mT : A) as [Tensor, Tensor];
  return parts('linalg_cholesky_ex', { L: turn ? L.mT : L, info });
}
/** A = Q @ R: Q's columns are orthonormal, R is upper triangular. 'complete': Q is square; 'r': Q is not computed. */
export function qr(A: Tensor, mode: 'reduced' | 'complete' | 'r' = 'reduced'): Parts<'Q' | 'R'> {
  const [Q, R] = native['linalgQr'](A, mode) as [Tensor, Tensor];
  return parts('linalg_qr', { Q, R });
}
const half = (A: Tensor, uplo: string): Tensor => {
  const side = uplo.toUpperCase();
  if (side !== 'L' && side !== 'U') throw new RuntimeError(`Expected UPLO argument to be 'L' or 'U', but got ${uplo}`);
  return side === 'U' && A.dim() >= 2 ? A.mT : A;
};
const stuck = (what: string) => (k: number): string => `The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated ${what} (error code: ${k}).`;
/** Eigenvalues, ascending, and eigenvectors, in columns, of symmetric matrices, of which the lower triangle is read (UPLO 'U': the upper). */
export function eigh(A: Tensor, UPLO = 'L'): Parts<'eigenvalues' | 'eigenvectors'> {
  const [eigenvalues, eigenvectors, info] = native['linalgEigh'](half(A, UPLO), true) as [Tensor, Tensor, Tensor];
  raise(info, 'linalg.eigh', stuck('eigenvalues'));
  return parts('linalg_eigh', { eigenvalues, eigenvectors });
}
/** Eigenvalues of symmetric matrices, ascending. */
export function eigvalsh(A: Tensor, UPLO = 'L'): Tensor {
  const [values, , info] = native['linalgEigh'](half(A, UPLO), false) as [Tensor, Tensor, Tensor];
  raise(info, 'linalg.eigh', stuck('eigenvalues'));
  return values;
}
const notFinite = (k: number): string => (k === 1 ? 'The algorithm failed to converge because the input matrix contained non-finite values.' : stuck('singular values')(k));
function decompose(A: Tensor, full: boolean, vectors: boolean): [Tensor, Tensor, Tensor] {
  const [U, S, Vh, info] = native['linalgSvd'](A, full, vectors) as [Tensor, Tensor, Tensor, Tensor];
  raise(info, 'linalg.svd', notFinite);
  return [U, S, Vh];
}
/** A = U @ diag(S) @ Vh, S descending; U and Vh are square unless `fullMatrices` is false. Throws LinAlgError for what is not finite. */
export function svd(A: Tensor, options: boolean | { fullMatrices?: boolean } = {}): Parts<'U' | 'S' | 'Vh', 0 | 1 | 2> {
  const [U, S, Vh] = decompose(A, typeof options === 'boolean' ? options : options.fullMatrices ?? true, true);
  return parts('linalg_svd', { U, S, Vh });
}
/** Singular values, descending. */
export function svdvals(A: Tensor): Tensor { return decompose(A, false, false)[1]; }

interface Tolerance { atol?: number; rtol?: number }
function tolerance(A: Tensor, o: Tolerance): [number, number] { return [o.atol ?? 0, o.rtol ?? ((o.atol ?? 0) > 0 ? 0 : eps(A) * Math.max(A.size(-2), A.size(-1)))]; }
/** The Moore-Penrose inverse; singular values of at most `rtol` of the largest, or `atol`, count as zero. */
export function pinv(A: Tensor, options: Tolerance | number = {}): Tensor {
  if (A.dim() < 2 || (A.dtype.name !== 'float32' && A.dtype.name !== 'float64')) throw new RuntimeError(`linalg.pinv(${title(A)}{${list(A.shape)}}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types`);
  const [inverse, info] = native['linalgPinv'](A, ...tolerance(A, typeof options === 'number' ? { rtol: options } : options)) as [Tensor, Tensor];
  raise(info, 'linalg.svd', notFinite);
  return inverse;
}
/** How many singular values (`hermitian`: eigenvalues) are larger than the tolerance: int64. */
export function matrixRank(A: Tensor, options: Tolerance & { hermitian?: boolean } = {}): Tensor {
  atLeast(2, A, 'torch.linalg.matrix_rank', 'input');
  if (A.dtype.name !== 'float32' && A.dtype.name !== 'float64') throw new RuntimeError("This function doesn't handle types other than float and double");
  const [atol, rtol] = tolerance(A, options), S = options.hermitian === true ? eigvalsh(A.detach()).abs() : svdvals(A.detach());
  if (S.size(-1) === 0) return S.sum(-1).long();
  return S.gt(S.amax(-1, true).mul(rtol).clampMin(atol)).sum(-1);
}
/** A square matrix, or a batch of them, to a whole power; a negative one of the inverse. */
export function matrixPower(A: Tensor, n: number): Tensor {
  atLeast(2, A, 'linalg.matrix_power');
  if (A.size(-1) !== A.size(-2)) throw new RuntimeError(`linalg.matrix_power: A must be batches of square matrices, but they are ${A.size(-2)} by ${A.size(-1)} matrices`);
  if (!Number.isInteger(n)) throw new TypeError(`matrixPower(): expected a whole power, but got ${n}`);
  if (n === 0) return A.clone().copy_((native['eye'](A.size(-1), A.size(-1), A.dtype.code, A.device.code) as Tensor).expand(A.shape));
  let power = n < 0 ? inv(A) : A, result: Tensor | null = null;
  for (let k = Math.abs(n); k > 0; k = Math.floor(k / 2)) {
    if (k % 2 === 1) result = result === null ? power : result.matmul(power);
    if (k > 1) power = power.matmul(power);
  }
  return result === A ? A.clone() : result!;
}

/** eᴬ of square matrices, [.., n, n]: Taylor's series of A / 2ˢ in float64, squared s times. Throws RuntimeError for integers. Source: torch.linalg.matrix_exp. */
export function matrixExp(A: Tensor): Tensor {
  if (!A.isFloatingPoint()) throw new RuntimeError(`linalg.matrix_exp: Expected a floating point or complex tensor as input. Got ${title(A)}`);
  atLeast(2, A, 'linalg.matrix_exp');
  if (A.size(-1) !== A.size(-2)) throw new RuntimeError(`linalg.matrix_exp: A must be batches of square matrices, but they are ${A.size(-2)} by ${A.size(-1)} matrices`);
  if (A.numel() === 0) return A.clone();
  const wide = A.dtype.name === 'float64' || A.isWebgpu ? A : A.double(), one = native['eye'](A.size(-1), A.size(-1), wide.dtype.code, A.device.code) as Tensor;
  // Every matrix as often as its own norm asks for.
  const norm = wide.detach().abs().sum(-1).amax(-1), halvings = norm.log2().ceil().clamp(0, 1030).nanToNum({ nan: 0 }), small = wide.div(halvings.exp2().unsqueeze(-1).unsqueeze(-1));
  let y = one.expand(A.shape);
  for (let k = 18; k > 0; k--) y = small.matmul(y).div(k).add(one);
  const most = norm.isfinite().all().item<boolean>() ? halvings.max().item() : 0;
  for (let k = 0; k < most; k++) y = native['where'](halvings.gt(k).unsqueeze(-1).unsqueeze(-1), y.matmul(y), y) as Tensor;
  const result = y.to(A.dtype);
  return called(result, 'LinalgMatrixExpBackward0');
}

// --- norms

type Order = number | 'fro' | 'nuc';
interface Kept { dim?: number | readonly number[]; keepdim?: boolean }
/** (Σ |x|^ord)^(1/ord) over everything or `dim`; Infinity and -Infinity: the largest and smallest, 0: how many are not zero. */
export function vectorNorm(A: Tensor, ord = 2, options: Kept = {}): Tensor {
  if (!A.isFloatingPoint()) throw new RuntimeError(`linalg.vector_norm: Expected a floating point or complex tensor as input. Got ${title(A)}`);
  const dims = options.dim === undefined ? [] : typeof options.dim === 'number' ? [options.dim] : options.dim;
  return called(A.norm(ord, dims, options.keepdim ?? false), 'LinalgVectorNormBackward0');
}
/** 'fro', 'nuc' (Σ singular values), ±1 (columns), ±Infinity (rows) or ±2 (singular values) over two dims, the last unless told otherwise. */
export function matrixNorm(A: Tensor, ord: Order = 'fro', options: { dim?: readonly [number, number]; keepdim?: boolean } = {}): Tensor {
  atLeast(2, A, 'linalg.matrix_norm');
  const { dim = [-2, -1], keepdim = false } = options, [row, column] = dim.map((d) => (d < 0 ? d + A.dim() : d)) as [number, number];
  if (row === column) throw new RuntimeError(`linalg.matrix_norm: dims must be different. Got (${dim.join(', ')})`);
  if (ord === 'fro') return vectorNorm(A, 2, { dim, keepdim });
  const size = typeof ord === 'number' ? Math.abs(ord) : ord, least = typeof ord === 'number' && ord < 0;
  if (size === 1 || size === Infinity) {
    const [first, second] = size === 1 ? [row, column] : [column, row], sums = A.abs().sum(first, true);
    const norm = least ? sums.amin(second, true) : sums.amax(second, true);
    return keepdim ? norm : norm.squeeze([row, column]);
  }
  if (size !== 2 && size !== 'nuc') throw new RuntimeError(`linalg.matrix_norm: Order ${ord} not supported.`);
  const S = svdvals(A.movedim([row, column], [-2, -1])), norm = size === 'nuc' ? S.sum(-1) : least ? S.amin(-1) : S.amax(-1);
  return keepdim ? norm.reshape(A.shape.map((s, i) => (i === row || i === column ? 1 : s))) : norm;
}
/** A vector norm of everything without `ord`; with it a vector norm over one dim, a matrix norm over two. */
export function norm(A: Tensor, ord: Order | null = null, options: Kept = {}): Tensor {
  const dims = options.dim === undefined ? null : typeof options.dim === 'number' ? [options.dim] : options.dim;
  if (dims !== null && dims.length !== 1 && dims.length !== 2 && ord !== null) throw new RuntimeError(`linalg.norm: If dim is specified, it must be of length 1 or 2. Got ${list(dims)}`);
  if (dims === null && ord !== null && typeof ord === 'number' && A.dim() !== 1 && A.dim() !== 2) throw new RuntimeError(`linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${A.dim()}D.`);
  if (dims === null && typeof ord === 'string' && A.dim() > 2) throw new RuntimeError(`linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${A.dim()}D.`);
  const two = dims === null ? A.dim() === 2 : dims.length === 2;
  if (ord === null || (typeof ord === 'number' && !two)) return vectorNorm(A, ord ?? 2, options);
  return matrixNorm(A, ord, { ...(dims === null ? {} : { dim: dims as unknown as [number, number] }), keepdim: options.keepdim ?? false });
}
/** How much a system with A amplifies errors: the largest singular value by the smallest, or |A| · |A⁻¹| in another norm. */
export function cond(A: Tensor, p: Order | null = null): Tensor {
  if (A.dim() < 2) throw new RuntimeError('linalg.cond: The input tensor must have at least 2 dimensions.');
  if (p === null || Math.abs(p as number) === 2) {
    const S = svdvals(A);
    if (S.size(-1) === 0) return S.sum(-1);
    const high = S.select(-1, 0), low = S.select(-1, -1);
    return p === -2 ? low.div(high) : high.div(low);
  }
  if (p !== 'fro' && p !== 'nuc' && Math.abs(p) !== 1 && Math.abs(p) !== Infinity) throw new RuntimeError(`linalg.cond got an invalid norm type: ${p}`);
  if (A.size(-1) !== A.size(-2)) throw new RuntimeError(`linalg.cond(ord=${p}): A must be batches of square matrices, but they are ${A.size(-2)} by ${A.size(-1)} matrices`);
  const { inverse, info } = invEx(A), bad = info.ne(0), finite = inverse.maskedFill(bad.unsqueeze(-1).unsqueeze(-1), 0);
  return matrixNorm(A, p).mul(matrixNorm(finite, p)).maskedFill(bad, Infinity);
}

// --- products

/** The product of two matrices and more in the cheapest order; the first and the last may be vectors. */
export function multiDot(tensors: readonly Tensor[]): Tensor {
  const n = tensors.length;
  if (n < 2) throw new RuntimeError(`multi_dot(): expected at least 2 tensors but got ${n}`);
  const first = tensors[0]!, last = tensors[n - 1]!;
  if (first.dim() !== 1 && first.dim() !== 2) throw new RuntimeError(`multi_dot(): the first tensor must be 1D or 2D but got ${first.dim()}D`);
  if (last.dim() !== 1 && last.dim() !== 2) throw new RuntimeError(`multi_dot(): the last tensor must be 1D or 2D but got ${last.dim()}D`);
  tensors.slice(1, -1).forEach((t, i) => { if (t.dim() !== 2) throw new RuntimeError(`multi_dot(): tensor ${i + 1} must be 2D but got ${t.dim()}D`); });
  const ms = tensors.map((t, i) => (t.dim() === 1 ? t.unsqueeze(i === 0 ? 0 : -1) : t));
  ms.slice(1).forEach((t, i) => { if (ms[i]!.size(-1) !== t.size(0)) throw new RuntimeError(`multi_dot(): tensors ${i} and ${i + 1} with shapes ${list(ms[i]!.shape)} and ${list(t.shape)} cannot be multiplied`); });
  // best[i][j]: multiplications for the product of i … j, and where it is cut.
  const sizes = [ms[0]!.size(0), ...ms.map((m) => m.size(1))], best = ms.map(() => new Array<{ cost: number; cut: number }>(n));
  for (let length = 0; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      best[i]![j] = { cost: length === 0 ? 0 : Infinity, cut: i };
      for (let k = i; k < j; k++) { const cost = best[i]![k]!.cost + best[k + 1]![j]!.cost + sizes[i]! * sizes[k + 1]! * sizes[j + 1]!; if (cost < best[i]![j]!.cost) best[i]![j] = { cost, cut: k }; }
    }
  }
  const product = (i: number, j: number): Tensor => { if (i === j) return ms[i]!; const k = best[i]![j]!.cut; return product(i, k).mm(product(k + 1, j)); };
  const all = product(0, n - 1);
  return first.dim() === 1 || last.dim() === 1 ? all.view([...(first.dim() === 1 ? [] : [all.size(0)]), ...(last.dim() === 1 ? [] : [all.size(1)])]) : all;
}
/** Σ x · y along dim. */
export function vecdot(x: Tensor, y: Tensor, options: { dim?: number } = {}): Tensor { return x.mul(y).sum(options.dim ?? -1); }
/** The cross product of vectors of three along dim. */
export function cross(x: Tensor, y: Tensor, options: { dim?: number } = {}): Tensor { return native['cross'](x, y, options.dim ?? -1); }
/** The diagonals of matrices. */
export function diagonal(A: Tensor, options: { offset?: number; dim1?: number; dim2?: number } = {}): Tensor { return A.diagonal(options.offset ?? 0, options.dim1 ?? -2, options.dim2 ?? -1); }

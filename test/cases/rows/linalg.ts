/** torch.linalg. What has no sign of its own (vectors of qr, eigh, svd) is compared by what PyTorch promises: products, projections, magnitudes. */
import * as torch from '../../../extension/lib/index';
import { linalg, ones, tensor, type Tensor } from '../../../extension/lib/index';
import { error, f, op, same, values, within, type Row } from '../table';

const g = (...s: number[]): ReturnType<typeof f> => within(-3, 3, ...s);
const wide = { dtypes: [], ulps: 64, gradUlps: 256, cpuOnly: 'refused' } as const;
const loose = { ...wide, anyFn: true };
// Made of other operations: on every device.
const { cpuOnly: _, ...everywhere } = loose;
// Well-conditioned: the identity in front of what is drawn.
const spd = (x: Tensor): Tensor => x.matmul(x.mT).add(torch.eye(x.size(-1), undefined, { dtype: x.dtype, device: x.device }));
const SPD = '(x @ x.mT + torch.eye(x.size(-1), dtype=x.dtype))';
const sym = (x: Tensor): Tensor => x.add(x.mT);
const apart = values([3, 0.5, -1, 0.25, -2, 0.75, 1, -0.5, 5], [3, 3]);
const fails = (py: string, run: () => unknown): Row => error(py, () => { run(); return null; }, `L = torch.linalg; T = torch.tensor; O = torch.ones; out = ${py}`);
const S = (): Tensor => tensor([[1, 2], [2, 4]]);
const I = (): Tensor => torch.eye(2);

export const rows: Row[] = [
  op('inv', [f(2, 3, 3)], (x) => linalg.inv(x), 'torch.linalg.inv(x)', wide),
  op('inverse', [apart], (x) => x.inverse(), 'x.inverse()', wide),
  op('det', [f(2, 3, 3)], (x) => linalg.det(x), 'torch.linalg.det(x)', { ...wide, also: { one: [f(1, 1)] } }),
  op('det of singular', [values([1, 2, 3, 2, 4, 6, 0, 1, 5, 0, 0, 0, 1, 2, 0, 3, 1, 0], [2, 3, 3])], (x) => x.det(), 'x.det()', { ...wide, noGrad: true }),
  // PyTorch's gradient is zero here; the cofactors are right.
  same('gradient of det of singular', () => { const x = tensor([[[1, 2], [2, 4]], [[0, 0], [3, 1]]], { requiresGrad: true }); x.det().sum().backward(); return x.grad; }, 'torch.tensor([[[4., -2], [-2, 1]], [[1, -3], [0, 0]]])', { ulps: 16 }),
  op('matrix_exp', [f(2, 3, 3)], (x) => x.matrixExp(), 'x.matrix_exp()', { ...everywhere, anyFn: false, also: { one: [f(1, 1)], none: [f(2, 0, 0)] } }),
  op('matrix_exp of large and small', [values([0, 9, -9, 0, 1e-3, 0, 2e-3, -1e-3, -30, 1, 0, -20], [3, 2, 2])], (x) => linalg.matrixExp(x), 'torch.linalg.matrix_exp(x)', { ...everywhere, noDouble: true }),
  op('slogdet', [f(2, 3, 3)], (x) => [...linalg.slogdet(x)], 'list(torch.linalg.slogdet(x))', wide),
  op('logdet', [f(2, 3, 3)], (x) => spd(x).logdet(), `${SPD}.logdet()`, loose),
  op('logdet of negative', [values([1, 0, 0, -1], [2, 2])], (x) => x.logdet(), 'x.logdet()', { ...wide, noGrad: true }),
  op('solve', [apart, g(3, 2)], (x, y) => linalg.solve(x, y), 'torch.linalg.solve(x, y)', wide),
  op('solve vector', [apart, g(3)], (x, y) => linalg.solve(x, y), 'torch.linalg.solve(x, y)', wide),
  op('solve batch', [f(2, 3, 3), g(3, 2)], (x, y) => linalg.solve(spd(x), y), `torch.linalg.solve(${SPD}, y)`, wide),
  op('solve batch of vectors', [f(2, 3, 3), g(2, 3)], (x, y) => linalg.solve(spd(x), y), `torch.linalg.solve(${SPD}, y)`, wide),
  op('solve from the right', [apart, g(2, 3)], (x, y) => linalg.solve(x, y, { left: false }), 'torch.linalg.solve(x, y, left=False)', loose),
  op('solve_triangular', [apart, g(3, 2)], (x, y) => [linalg.solveTriangular(x, y, { upper: true }), linalg.solveTriangular(x, y, { upper: false }), linalg.solveTriangular(x, y.mT, { upper: true, left: false }), linalg.solveTriangular(x, y, { upper: false, unitriangular: true })], '[torch.linalg.solve_triangular(x, y, upper=True), torch.linalg.solve_triangular(x, y, upper=False), torch.linalg.solve_triangular(x, y.mT, upper=True, left=False), torch.linalg.solve_triangular(x, y, upper=False, unitriangular=True)]', loose),
  op('cholesky', [f(2, 3, 3)], (x) => linalg.cholesky(spd(x)), `torch.linalg.cholesky(${SPD})`, wide),
  op('cholesky upper', [f(3, 3)], (x) => linalg.cholesky(spd(x), { upper: true }), `torch.linalg.cholesky(${SPD}, upper=True)`, loose),
  op('cholesky_solve', [f(3, 3), g(3, 2)], (x, y) => [y.choleskySolve(linalg.cholesky(spd(x))), linalg.cholesky(spd(x)).choleskyInverse()], `L = torch.linalg.cholesky(${SPD}); out = [torch.cholesky_solve(y, L), torch.cholesky_inverse(L)]`, loose),
  op('qr', [g(4, 3)], (x) => [...linalg.qr(x)], 'list(torch.linalg.qr(x))', wide),
  op('qr square', [f(2, 3, 3)], (x) => [...linalg.qr(x)], 'list(torch.linalg.qr(x))', wide),
  op('qr wide', [g(2, 4)], (x) => [...linalg.qr(x)], 'list(torch.linalg.qr(x))', wide),
  op('qr complete', [g(4, 2)], (x) => { const { Q, R } = linalg.qr(x, 'complete'); return [Q, R, linalg.qr(x, 'r').R]; }, 'list(torch.linalg.qr(x, "complete")) + [torch.linalg.qr(x, "r").R]', { ...wide, noGrad: true }),
  op('eigh', [apart], (x) => { const { eigenvalues: w, eigenvectors: v } = linalg.eigh(sym(x)); return [w, v.square(), v.mul(w.exp().mul(0.1)).matmul(v.mT)]; }, 'w, v = torch.linalg.eigh(x + x.mT); out = [w, v.square(), (v * (w.exp() * .1)) @ v.mT]', { ...loose, ulps: 1024, gradUlps: 4096 }),
  op('eigvalsh', [f(2, 3, 3)], (x) => linalg.eigvalsh(sym(x)), 'torch.linalg.eigvalsh(x + x.mT)', wide),
  op('eigh of one triangle', [apart], (x) => [linalg.eigvalsh(x), linalg.eigvalsh(x, 'U')], '[torch.linalg.eigvalsh(x), torch.linalg.eigvalsh(x, "U")]', { ...wide, noGrad: true }),
  op('svd', [g(4, 3)], (x) => { const { U, S: s, Vh } = linalg.svd(x, false); return [s, U.square(), Vh.square(), U.mul(s.square()).matmul(Vh)]; }, 'U, s, Vh = torch.linalg.svd(x, False); out = [s, U.square(), Vh.square(), (U * s.square()) @ Vh]', { ...loose, ulps: 512, gradUlps: 2048 }),
  op('svd wide', [g(2, 2, 3)], (x) => { const { U, S: s, Vh } = linalg.svd(x, { fullMatrices: false }); return [s, U.square(), Vh.square(), U.mul(s.square().unsqueeze(-2)).matmul(Vh)]; }, 'U, s, Vh = torch.linalg.svd(x, full_matrices=False); out = [s, U.square(), Vh.square(), (U * s.square().unsqueeze(-2)) @ Vh]', { ...loose, ulps: 512, gradUlps: 2048 }),
  op('svd whole', [g(4, 2)], (x) => { const { U, S: s, Vh } = linalg.svd(x); return [s, [...U.shape], U.matmul(U.mT), Vh.square()]; }, 'U, s, Vh = torch.linalg.svd(x); out = [s, list(U.shape), U @ U.mT, Vh.square()]', { ...loose, noGrad: true }),
  ...([[3, 3], [4, 2], [2, 4], [2, 3, 3], [2, 2, 3]] as const).flatMap((s) => [
    op(`lu_factor ${s.join()}`, [g(...s)], (x) => { const { LU, pivots } = linalg.luFactor(x); return [LU, pivots, linalg.luFactorEx(x).info]; }, '[*torch.linalg.lu_factor(x), torch.linalg.lu_factor_ex(x).info]', wide),
    op(`lu ${s.join()}`, [g(...s)], (x) => [...linalg.lu(x)], 'list(torch.linalg.lu(x))', wide),
  ]),
  op('lu_factor_ex of singular matrices', [values([1, 2, 2, 4, 0, 0, 0, 0, 1, 2, 3, 4], [3, 2, 2])], (x) => [...linalg.luFactorEx(x), ...linalg.lu(x)], '[*torch.linalg.lu_factor_ex(x), *torch.linalg.lu(x)]', { ...wide, noGrad: true }),
  ...([[true, false], [true, true], [false, false], [false, true]] as const).map(([left, adjoint]) => op(`lu_solve left=${left} adjoint=${adjoint}`, [g(2, 3, 3), left ? g(3, 2) : g(2, 2, 3)], (x, y) => { const { LU, pivots } = linalg.luFactor(x); return linalg.luSolve(LU, pivots, y!, { left, adjoint }); }, `torch.linalg.lu_solve(*torch.linalg.lu_factor(x), y, left=${left ? 'True' : 'False'}, adjoint=${adjoint ? 'True' : 'False'})`, wide)),
  op('svdvals', [g(3, 4)], (x) => linalg.svdvals(x), 'torch.linalg.svdvals(x)', wide),
  op('pinv', [g(4, 3)], (x) => linalg.pinv(x), 'torch.linalg.pinv(x)', { ...wide, noDouble: true }),
  op('pinv wide', [g(2, 2, 3)], (x) => [linalg.pinv(x), x.pinverse()], '[torch.linalg.pinv(x), x.pinverse()]', { ...wide, noDouble: true }),
  op('pinv of rank one', [values([1, 2, 2, 4], [2, 2])], (x) => [linalg.pinv(x), linalg.pinv(x, { atol: 10 })], '[torch.linalg.pinv(x), torch.linalg.pinv(x, atol=10.)]', { ...wide, noGrad: true }),
  op('pinv of the identity', [values([1, 0, 0, 1], [2, 2])], (x) => linalg.pinv(x), 'torch.linalg.pinv(x)', { ...wide, noDouble: true }),
  op('matrix_rank', [values([1, 2, 2, 4, 1, 0, 0, 1, 0, 0, 0, 0], [3, 2, 2])], (x) => [linalg.matrixRank(x), linalg.matrixRank(x, { atol: 2 }), linalg.matrixRank(x, { hermitian: true })], '[torch.linalg.matrix_rank(x), torch.linalg.matrix_rank(x, atol=2.), torch.linalg.matrix_rank(x, hermitian=True)]', { ...wide, noGrad: true }),
  op('lstsq', [g(4, 2), g(4, 3)], (x, y) => linalg.lstsq(x, y).solution, 'torch.linalg.lstsq(x, y).solution', { ...wide, noDouble: true }),
  op('lstsq of little rank', [values([1, 2, 2, 4, 3, 6], [3, 2]), g(3)], (x, y) => { const r = linalg.lstsq(x, y); return [r.solution, r.rank, r.residuals]; }, 'r = torch.linalg.lstsq(x, y); out = [r.solution, r.rank, r.residuals]', { ...wide, noGrad: true }),
  op('lstsq wide', [g(2, 4), g(2)], (x, y) => linalg.lstsq(x, y).solution, 'torch.linalg.lstsq(x, y).solution', { ...loose, noDouble: true }),
  op('matrix_power negative', [apart], (x) => [torch.matrixPower(x, -1), x.matrixPower(-2), linalg.matrixPower(x, 3)], '[torch.matrix_power(x, -1), x.matrix_power(-2), torch.linalg.matrix_power(x, 3)]', loose),
  ...(['fro', 'nuc', 1, -1, 2, -2, Infinity, -Infinity] as const).map((p) => op(`matrix_norm ${p}`, [g(2, 3, 2)], (x) => [linalg.matrixNorm(x, p), linalg.matrixNorm(x, p, { dim: [0, 2], keepdim: true })], `[torch.linalg.matrix_norm(x, ${typeof p === 'string' ? `'${p}'` : `float('${p}')`}), torch.linalg.matrix_norm(x, ${typeof p === 'string' ? `'${p}'` : `float('${p}')`}, dim=(0, 2), keepdim=True)]`, p === 'nuc' || Math.abs(p as number) === 2 ? loose : everywhere)),
  op('linalg.norm', [g(3, 4)], (x) => [linalg.norm(x), linalg.norm(x, 'nuc'), linalg.norm(x, 1), linalg.norm(x, 3, { dim: 1 }), linalg.norm(x, null, { dim: [0, 1], keepdim: true }), linalg.vectorNorm(x, 1), linalg.vectorNorm(x, 3, { dim: 0 })], 'L = torch.linalg; out = [L.norm(x), L.norm(x, "nuc"), L.norm(x, 1), L.norm(x, 3, dim=1), L.norm(x, dim=(0, 1), keepdim=True), L.vector_norm(x, 1), L.vector_norm(x, 3, dim=0)]', loose),
  op('linalg.norm names', [g(3, 4)], (x) => [linalg.norm(x), linalg.vectorNorm(x, 1), linalg.matrixNorm(x)], '[torch.linalg.norm(x), torch.linalg.vector_norm(x, 1), torch.linalg.matrix_norm(x)]', { ...everywhere, anyFn: false }),
  op('cond', [apart], (x) => [linalg.cond(x), linalg.cond(x, 'fro'), linalg.cond(x, 1), linalg.cond(x, -2), linalg.cond(x, Infinity)], 'L = torch.linalg; out = [L.cond(x), L.cond(x, "fro"), L.cond(x, 1), L.cond(x, -2), L.cond(x, float("inf"))]', { ...loose, noGrad: true }),
  op('cond by singular values', [apart], (x) => [linalg.cond(x), linalg.cond(x, -2)], '[torch.linalg.cond(x), torch.linalg.cond(x, -2)]', { ...loose, noDouble: true }),
  op('multi_dot', [g(2, 5), f(5, 1), g(1, 4), f(4, 2)], (a, b, c, d) => linalg.multiDot([a, b, c, d]), 'torch.linalg.multi_dot([x, y, z, w])', everywhere),
  op('multi_dot of vectors', [g(3), f(3, 2), g(2)], (a, b, c) => [linalg.multiDot([a, b, c]), linalg.multiDot([a, b])], '[torch.linalg.multi_dot([x, y, z]), torch.linalg.multi_dot([x, y])]', everywhere),
  op('vecdot', [g(2, 3), f(3)], (x, y) => [linalg.vecdot(x, y), linalg.cross(x, x.flip(0)), linalg.diagonal(x.unsqueeze(0), { offset: 1 })], '[torch.linalg.vecdot(x, y), torch.linalg.cross(x, x.flip(0)), torch.linalg.diagonal(x[None], offset=1)]', everywhere),
  same('linalg of nothing', () => [linalg.inv(torch.zeros(0, 0)), linalg.det(torch.zeros(0, 0)), torch.zeros(2, 0, 0).det(), [...linalg.slogdet(torch.zeros(0, 0))], linalg.cholesky(torch.zeros(0, 0)), linalg.pinv(torch.zeros(0, 3)), linalg.matrixRank(torch.zeros(0, 3)), linalg.svdvals(torch.zeros(0, 3)), linalg.svd(torch.zeros(0, 3)).Vh, [...linalg.qr(torch.zeros(0, 3))], [...linalg.qr(torch.zeros(3, 0), 'complete')], linalg.eigvalsh(torch.zeros(0, 0)), linalg.solve(torch.zeros(0, 0), torch.zeros(0, 2)), linalg.solve(I(), torch.zeros(2, 0)), linalg.lstsq(torch.zeros(3, 0), torch.zeros(3, 2)).solution, linalg.cond(torch.zeros(0, 3))],
    'L, Z = torch.linalg, torch.zeros; out = [L.inv(Z(0, 0)), L.det(Z(0, 0)), Z(2, 0, 0).det(), list(L.slogdet(Z(0, 0))), L.cholesky(Z(0, 0)), L.pinv(Z(0, 3)), L.matrix_rank(Z(0, 3)), L.svdvals(Z(0, 3)), L.svd(Z(0, 3)).Vh, list(L.qr(Z(0, 3))), list(L.qr(Z(3, 0), "complete")), L.eigvalsh(Z(0, 0)), L.solve(Z(0, 0), Z(0, 2)), L.solve(torch.eye(2), Z(2, 0)), L.lstsq(Z(3, 0), Z(3, 2)).solution, L.cond(Z(0, 3))]'),
  same('results by position', () => { const A = tensor([[2, 1], [1, 3]]); return [linalg.slogdet(A)[1], linalg.qr(A)[0], linalg.svd(A)[2].abs(), linalg.lstsq(A, torch.eye(2))[0], torch.tensor([[1, 3], [4, 2]]).max(1)[1], torch.tensor([1, 3, 2]).topk(2)[0]]; }, 'L, A = torch.linalg, torch.tensor([[2., 1], [1, 3]]); out = [L.slogdet(A)[1], L.qr(A)[0], L.svd(A)[2].abs(), L.lstsq(A, torch.eye(2))[0], torch.tensor([[1, 3], [4, 2]]).max(1)[1], torch.tensor([1., 3, 2]).topk(2)[0]]', { ulps: 64 }),
  same('linalg of NaN', () => { const n = torch.full([2, 2], NaN); return [linalg.inv(n), linalg.det(n), [...linalg.slogdet(n)], [...linalg.qr(n)], [...linalg.eigh(n)]]; }, 'L, n = torch.linalg, torch.full((2, 2), math.nan); out = [L.inv(n), L.det(n), list(L.slogdet(n)), list(L.qr(n)), list(L.eigh(n))]'),
  same('linalg prints', () => [String(linalg.slogdet(I())), String(I().slogdet()), String(linalg.qr(tensor([[0, 2], [3, 0]]), 'r')), String(linalg.eigh(tensor([[2, 0], [0, 3]])).eigenvalues), String(linalg.svd(torch.diag(tensor([3, 2]))).S)], 'L = torch.linalg; out = [str(L.slogdet(torch.eye(2))), str(torch.eye(2).slogdet()), str(L.qr(torch.tensor([[0., 2], [3, 0]]), "r")), str(L.eigh(torch.tensor([[2., 0], [0, 3]])).eigenvalues), str(L.svd(torch.diag(torch.tensor([3., 2]))).S)]'),
  same('ex forms', () => { const s = torch.stack([I(), torch.zeros(2, 2)]); return [linalg.invEx(s).info, linalg.solveEx(s, ones(2, 2)).info, linalg.choleskyEx(s).info, linalg.choleskyEx(S()).info]; }, 'L, s = torch.linalg, torch.stack([torch.eye(2), torch.zeros(2, 2)]); out = [L.inv_ex(s).info, L.solve_ex(s, torch.ones(2, 2)).info, L.cholesky_ex(s).info, L.cholesky_ex(torch.tensor([[1., 2], [2, 4]])).info]'),
  fails('L.inv(T([[1., 2], [2, 4]]))', () => linalg.inv(S())), fails('torch.inverse(O(2, 3))', () => torch.inverse(ones(2, 3))), fails('L.inv(O(3))', () => linalg.inv(ones(3))), fails('L.inv(O(2, 2).long())', () => linalg.inv(ones(2, 2).long())), fails('L.inv(O(2, 2).half())', () => linalg.inv(ones(2, 2).half())),
  fails('L.inv(torch.stack([torch.eye(2), T([[1., 2], [2, 4]])]))', () => linalg.inv(torch.stack([I(), S()]))), fails('torch.matrix_power(T([[1., 2], [2, 4]]), -2)', () => torch.matrixPower(S(), -2)), fails('torch.matrix_power(O(2, 3), 2)', () => torch.matrixPower(ones(2, 3), 2)),
  fails('L.cholesky(T([[1., 2], [2, 4]]))', () => linalg.cholesky(S())), fails('L.cholesky(torch.stack([torch.eye(2), -torch.eye(2)]))', () => linalg.cholesky(torch.stack([I(), I().neg()]))), fails('L.cholesky(O(2, 3))', () => linalg.cholesky(ones(2, 3))), fails('L.cholesky(torch.full((2, 2), math.nan))', () => linalg.cholesky(torch.full([2, 2], NaN))),
  fails('L.det(O(2, 3))', () => linalg.det(ones(2, 3))), fails('torch.det(O(3))', () => torch.det(ones(3))), fails('L.det(O(2, 2).long())', () => linalg.det(ones(2, 2).long())), fails('torch.logdet(O(2, 3))', () => torch.logdet(ones(2, 3))), fails('torch.slogdet(O(3))', () => torch.slogdet(ones(3))),
  fails('L.solve(T([[1., 2], [2, 4]]), O(2))', () => linalg.solve(S(), ones(2))), fails('L.solve(torch.stack([torch.eye(2), torch.zeros(2, 2)]), O(2, 2))', () => linalg.solve(torch.stack([I(), torch.zeros(2, 2)]), ones(2, 2))),
  fails('L.solve(torch.eye(2), O(3))', () => linalg.solve(I(), ones(3))), fails('L.solve(torch.eye(2), O(3, 2))', () => linalg.solve(I(), ones(3, 2))), fails('L.solve(O(2, 3), O(2))', () => linalg.solve(ones(2, 3), ones(2))), fails('L.solve(torch.eye(2), O(2).double())', () => linalg.solve(I(), ones(2).double())), fails('L.solve(torch.eye(2), T(1.))', () => linalg.solve(I(), tensor(1))), fails('L.solve(torch.eye(2).expand(3, 2, 2), O(4, 2, 1))', () => linalg.solve(I().expand(3, 2, 2), ones(4, 2, 1))),
  fails('L.solve_triangular(torch.eye(2), O(2), upper=True)', () => linalg.solveTriangular(I(), ones(2), { upper: true })), fails('L.solve_triangular(torch.eye(2), O(3, 2), upper=True)', () => linalg.solveTriangular(I(), ones(3, 2), { upper: true })), fails('L.solve_triangular(O(2, 3), O(2, 2), upper=True)', () => linalg.solveTriangular(ones(2, 3), ones(2, 2), { upper: true })),
  fails('L.lstsq(torch.eye(2), O(3))', () => linalg.lstsq(I(), ones(3))), fails('L.lstsq(torch.eye(2), O(3, 2))', () => linalg.lstsq(I(), ones(3, 2))), fails('L.lstsq(torch.eye(2), O(2).double())', () => linalg.lstsq(I(), ones(2).double())), fails('L.lstsq(torch.eye(2).expand(3, 2, 2), O(2))', () => linalg.lstsq(I().expand(3, 2, 2), ones(2))), fails('L.lstsq(torch.eye(2), T(1.))', () => linalg.lstsq(I(), tensor(1))),
  fails('L.qr(O(2, 2), "x")', () => linalg.qr(ones(2, 2), 'x' as 'r')), fails('L.qr(O(3))', () => linalg.qr(ones(3))), fails('L.qr(O(3, 2, requires_grad=True), "complete").R.sum().backward()', () => linalg.qr(ones(3, 2).requiresGrad_(), 'complete').R.sum().backward()), fails('L.qr(O(3, 2, requires_grad=True), "r").R.sum().backward()', () => linalg.qr(ones(3, 2).requiresGrad_(), 'r').R.sum().backward()),
  fails('L.eigh(torch.eye(2), "X")', () => linalg.eigh(I(), 'X')), fails('L.eigh(O(2, 3))', () => linalg.eigh(ones(2, 3))), fails('L.eigh(O(2, 2).long())', () => linalg.eigh(ones(2, 2).long())),
  fails('L.svd(torch.full((2, 2), math.nan))', () => linalg.svd(torch.full([2, 2], NaN))), fails('L.svdvals(O(3))', () => linalg.svdvals(ones(3))), fails('L.svd(O(2, 2).long())', () => linalg.svd(ones(2, 2).long())), fails('L.pinv(O(3))', () => linalg.pinv(ones(3))), fails('L.pinv(O(2, 2).long())', () => linalg.pinv(ones(2, 2).long())), fails('L.matrix_rank(O(3))', () => linalg.matrixRank(ones(3))),
  fails('L.norm(O(2, 3), 3)', () => linalg.norm(ones(2, 3), 3)), fails('L.norm(O(2, 2, 2), 2)', () => linalg.norm(ones(2, 2, 2), 2)), fails('L.norm(O(2).long())', () => linalg.norm(ones(2).long())), fails('L.norm(O(3), "fro")', () => linalg.norm(ones(3), 'fro')), fails('L.matrix_norm(O(2, 2), dim=(0, 0))', () => linalg.matrixNorm(ones(2, 2), 'fro', { dim: [0, 0] })), fails('L.cond(O(3))', () => linalg.cond(ones(3))), fails('L.cond(O(2, 2), 3)', () => linalg.cond(ones(2, 2), 3)), fails('L.cond(O(2, 3), "fro")', () => linalg.cond(ones(2, 3), 'fro')),
  fails('L.multi_dot([O(2, 3)])', () => linalg.multiDot([ones(2, 3)])), fails('L.multi_dot([O(2, 3), O(2, 3)])', () => linalg.multiDot([ones(2, 3), ones(2, 3)])), fails('L.multi_dot([O(2, 3), O(3, 3, 3), O(3, 2)])', () => linalg.multiDot([ones(2, 3), ones(3, 3, 3), ones(3, 2)])), fails('torch.cholesky_solve(O(2), torch.eye(2))', () => torch.choleskySolve(ones(2), I())),
];

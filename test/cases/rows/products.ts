/** Products of vectors and matrices. */
import * as torch from '../../../extension/lib/index';
import { f, op, within, type Row } from '../table';

const g = (...s: number[]): ReturnType<typeof f> => within(-3, 3, ...s);
const empty = (...s: number[]): ReturnType<typeof f> => ({ ...f(...s), data: [] });
const ein = (eq: string, ...inputs: ReturnType<typeof f>[]): Row => op(`einsum ${eq}`, inputs, (...ts) => torch.einsum(eq, ...ts), `torch.einsum('${eq}', ${'xyzwvu'.slice(0, inputs.length).split('').join(', ')})`, { anyFn: true, dtypes: ['float64', 'int64'] });

export const rows: Row[] = [
  op('matrix_power', [f(2, 3, 3)], (x) => [torch.matrixPower(x, 0), torch.matrixPower(x, 1), torch.matrixPower(x, 2), torch.matrixPower(x, 5)], '[torch.matrix_power(x, n) for n in (0, 1, 2, 5)]', { anyFn: true, ulps: 16, gradUlps: 64, dtypes: [] }),
  op('mm', [f(2, 3), g(3, 4)], (x, y) => x.mm(y), 'x.mm(y)', { also: { 'no rows': [empty(0, 3), g(3, 4)], 'nothing summed': [empty(2, 0), empty(0, 4)] } }),
  op('mm transposed', [f(3, 2), g(4, 3)], (x, y) => x.t().mm(y.t()), 'x.t().mm(y.t())'),
  op('mm larger', [f(9, 17), g(17, 11)], (x, y) => x.mm(y), 'x.mm(y)', { dtypes: ['float64'], noDouble: true }),
  op('bmm', [f(2, 3, 4), g(2, 4, 5)], (x, y) => x.bmm(y), 'x.bmm(y)', { also: { 'no batch': [empty(0, 3, 4), empty(0, 4, 5)] } }),
  op('mv', [f(3, 4), g(4)], (x, y) => x.mv(y), 'x.mv(y)'),
  op('dot', [f(5), g(5)], (x, y) => x.dot(y), 'x.dot(y)', { also: { nothing: [empty(0), empty(0)] } }),
  op('outer', [f(3), g(4)], (x, y) => x.outer(y), 'x.outer(y)'),
  op('inner', [f(2, 3), g(4, 3)], (x, y) => x.inner(y), 'x.inner(y)', { anyFn: true }),
  op('vdot', [f(5), g(5)], (x, y) => x.vdot(y), 'x.vdot(y)', { anyFn: true }),
  op('matmul 1x1', [f(4), g(4)], (x, y) => x.matmul(y), 'x @ y'),
  op('matmul 2x2', [f(2, 4), g(4, 3)], (x, y) => x.matmul(y), 'x @ y'),
  op('matmul 2x1', [f(2, 4), g(4)], (x, y) => x.matmul(y), 'x @ y'),
  op('matmul 1x2', [f(4), g(4, 3)], (x, y) => x.matmul(y), 'x @ y', { anyFn: true }),
  op('matmul 3x2', [f(2, 3, 4), g(4, 2)], (x, y) => x.matmul(y), 'x @ y'),
  op('matmul 3x1', [f(2, 3, 4), g(4)], (x, y) => x.matmul(y), 'x @ y'),
  op('matmul 1x3', [f(3), g(2, 3, 4)], (x, y) => x.matmul(y), 'x @ y', { anyFn: true }),
  op('matmul 2x3', [f(2, 3), g(2, 3, 4)], (x, y) => x.matmul(y), 'x @ y', { anyFn: true }),
  op('matmul 3x3', [f(2, 3, 4), g(2, 4, 3)], (x, y) => x.matmul(y), 'x @ y'),
  op('matmul broadcast', [f(2, 1, 3, 4), g(3, 4, 2)], (x, y) => x.matmul(y), 'x @ y'),
  op('addmm', [f(2, 4), f(2, 3), g(3, 4)], (x, y, z) => x.addmm(y, z), 'x.addmm(y, z)'),
  op('addmm beta alpha', [f(4), f(2, 3), g(3, 4)], (x, y, z) => x.addmm(y, z, { beta: 0.5, alpha: 2 }), 'x.addmm(y, z, beta=.5, alpha=2)', { dtypes: ['float64', 'float16'] }),
  op('addmm whole', [f(4), f(2, 3), g(3, 4)], (x, y, z) => x.addmm(y, z, { beta: 2, alpha: 3 }), 'x.addmm(y, z, beta=2, alpha=3)'),
  op('addmv', [f(2), f(2, 3), g(3)], (x, y, z) => x.addmv(y, z, { alpha: 2 }), 'x.addmv(y, z, alpha=2)'),
  op('addr', [f(2, 3), f(2), g(3)], (x, y, z) => x.addr(y, z, { beta: 2, alpha: 3 }), 'x.addr(y, z, beta=2, alpha=3)', { anyFn: true, dtypes: ['float64', 'float16', 'int64', 'int32'] }),
  op('baddbmm', [f(2, 3, 5), f(2, 3, 4), g(2, 4, 5)], (x, y, z) => x.baddbmm(y, z, { beta: 2, alpha: 3 }), 'x.baddbmm(y, z, beta=2, alpha=3)'),
  op('baddbmm broadcast', [f(5), f(2, 3, 4), g(2, 4, 5)], (x, y, z) => x.baddbmm(y, z), 'x.baddbmm(y, z)'),
  op('addbmm', [f(3, 5), f(2, 3, 4), g(2, 4, 5)], (x, y, z) => x.addbmm(y, z), 'x.addbmm(y, z)', { anyFn: true }),
  op('kron', [f(2, 3), g(2, 2)], (x, y) => x.kron(y), 'x.kron(y)', { anyFn: true, dtypes: ['float64', 'int64'] }),
  op('cross', [f(2, 3), g(2, 3)], (x, y) => x.cross(y, 1), 'x.cross(y, 1)', { dtypes: ['float64', 'int64'] }),
  op('tensordot', [f(2, 3, 4), g(3, 4, 2)], (x, y) => x.tensordot(y), 'torch.tensordot(x, y)', { anyFn: true, dtypes: ['float64', 'int64'] }),
  op('tensordot dims', [f(2, 3, 4), g(4, 2)], (x, y) => x.tensordot(y, [[2, 0], [0, 1]]), 'torch.tensordot(x, y, ([2, 0], [0, 1]))', { anyFn: true, dtypes: ['float64'] }),
  op('chain_matmul', [f(2, 3), g(3, 4), f(4, 2)], (x, y, z) => torch.chainMatmul(x, y, z), 'torch.linalg.multi_dot([x, y, z])', { anyFn: true, dtypes: ['float64'], ulps: 8 }),
  ein('ij,jk->ik', f(2, 3), g(3, 4)), ein('ij,jk', f(2, 3), g(3, 4)), ein('bij,bjk->bik', f(2, 3, 4), g(2, 4, 2)), ein('ij->ji', f(2, 3)), ein('ij->', f(2, 3)), ein('ij->j', f(2, 3)), ein('ii->i', f(3, 3)), ein('ii', f(3, 3)), ein('i,j->ij', f(3), g(4)), ein('i,i->', f(3), g(3)), ein('...ij,...jk->...ik', f(2, 3, 4), g(4, 2)), ein('bn,anm,bm->ba', f(2, 3), g(4, 3, 2), f(2, 2)), ein('ij,kj->ik', f(2, 3), g(4, 3)), ein('bhqd,bhkd->bhqk', f(1, 2, 3, 2), g(1, 2, 4, 2)), ein('...i->i...', f(2, 3, 4)), ein('ij,ij->ij', f(2, 3), g(2, 3)), ein('ij,jk,kl->il', f(2, 2), g(2, 3), f(3, 2)), ein('bij,kj->bki', f(2, 3, 4), g(5, 4)), ein('a,b,c->abc', f(2), g(3), f(2)), ein('BA,AC->BC', f(2, 3), g(3, 2)), ein('ijk->kij', f(2, 3, 4)), ein('ik,jk->', f(2, 3), g(4, 3)),
];

/** In-place operations: values, gradients and histories as PyTorch has them. Each works on `x * 1`, so that x stays. */
import { ones, type Tensor } from '../../../extension/lib/index';
import { f, ints, mask, op, positive, raised, values, within, type Row } from '../table';

const y34 = within(-3, 3, 3, 4);
/** `change` on a copy; Python's form in terms of t. */
const own = (name: string, change: (t: Tensor, ...more: Tensor[]) => unknown, py: string, more: ReturnType<typeof f>[] = [], x = f(3, 4), options = {}): Row =>
  op(name, [x, ...more], (a, ...rest) => { const t = a.mul(1); change(t, ...rest); return t; }, `t = x * 1; ${py}; out = t`, { dtypes: ['float64', 'int64'], ...options });
const anyFn = { anyFn: true };
const g = (...s: number[]): ReturnType<typeof f> => within(-3, 3, ...s);
/** t.name(…), said as Python says it. */
function changed(t: Tensor, call: string): Tensor {
  const [, name, args] = /^(\w+)\((.*)\)$/.exec(call)!;
  return (t as unknown as Record<string, (...a: number[]) => Tensor>)[name!]!(...(args === '' ? [] : args!.split(', ').map(Number)));
}
const flat = { noDouble: true };

export const rows: Row[] = [
  own('add_', (t, y) => t.add_(y), 't.add_(y)', [y34]),
  own('add_ number', (t) => t.add_(2), 't.add_(2)'),
  own('sub_', (t, y) => t.sub_(y, { alpha: 2 }), 't.sub_(y, alpha=2)', [y34]),
  own('mul_', (t, y) => t.mul_(y), 't.mul_(y)', [y34]),
  own('mul_ broadcast', (t, y) => t.mul_(y), 't.mul_(y)', [f(4)]),
  own('div_', (t, y) => t.div_(y), 't.div_(y)', [positive(3, 4)], f(3, 4), { dtypes: ['float64'] }),
  own('pow_', (t) => t.pow_(3), 't.pow_(3)'),
  own('pow_ tensor', (t, y) => t.pow_(y), 't.pow_(y)', [y34], positive(3, 4), { dtypes: ['float64'] }),
  own('remainder_', (t) => t.remainder_(2), 't.remainder_(2)'),
  own('fmod_', (t) => t.fmod_(2), 't.fmod_(2)'),
  own('floor_divide_', (t) => t.floorDivide_(2), 't.floor_divide_(2)', [], f(3, 4), { noGrad: true }),
  ...['neg', 'abs', 'exp', 'sqrt', 'log', 'sin', 'cos', 'tanh', 'sigmoid', 'relu', 'erf', 'reciprocal', 'rsqrt', 'square', 'log1p', 'expm1', 'atan', 'sinh', 'exp2', 'lgamma'].map((n) => own(`${n}_`, (t) => (t as unknown as Record<string, () => void>)[`${n}_`]!(), `t.${n}_()`, [], positive(3, 4), { dtypes: ['float64'] })),
  ...['floor', 'ceil', 'round', 'trunc', 'sign', 'frac'].map((n) => own(`${n}_`, (t) => (t as unknown as Record<string, () => void>)[`${n}_`]!(), `t.${n}_()`, [], f(3, 4), { dtypes: ['float64'], noDouble: true })),
  own('clamp_', (t) => t.clamp_(-1, 1), 't.clamp_(-1, 1)', [], f(3, 4), anyFn),
  own('clamp_ tensors', (t, y) => t.clamp_(y), 't.clamp_(min=y)', [raised(f(4))]),
  own('lerp_', (t, y) => t.lerp_(y, 0.3), 't.lerp_(y, .3)', [y34], f(3, 4), { dtypes: ['float64'] }),
  own('addcmul_', (t, y) => t.addcmul_(y, y), 't.addcmul_(y, y)', [y34]),
  own('addcdiv_', (t, y, z) => t.addcdiv_(y, z), 't.addcdiv_(y, z)', [y34, positive(3, 4)], f(3, 4), { dtypes: ['float64'] }),
  own('fill_', (t) => t.fill_(3), 't.fill_(3)', [], f(3, 4), { ...flat, anyFn: true }),
  own('fill_ tensor', (t, y) => t.fill_(y), 't.fill_(y)', [f()], f(3, 4), anyFn),
  own('zero_', (t) => t.zero_(), 't.zero_()', [], f(3, 4), flat),
  own('copy_', (t, y) => t.copy_(y), 't.copy_(y)', [y34]),
  own('copy_ broadcast', (t, y) => t.copy_(y), 't.copy_(y)', [f(4)]),
  own('eq_', (t, y) => t.eq_(y), 't.eq_(y)', [y34], f(3, 4), { noGrad: true }),
  own('lt_', (t) => t.lt_(0), 't.lt_(0)', [], f(3, 4), { noGrad: true }),
  own('logical_and_', (t, y) => t.logicalAnd_(y), 't.logical_and_(y)', [y34], f(3, 4), { noGrad: true }),
  own('logical_not_', (t) => t.logicalNot_(), 't.logical_not_()', [], values([0, 1, -0.5, 0, NaN, 2]), { kink: true }),
  own('logical_not_ of a view', (t) => t.get(0).logicalNot_(), 't[0].logical_not_()', [], f(3, 4), { kink: true }),
  op('logical_and_ of a leaf', [f(3)], (x) => { const t = x.detach().clone().requiresGrad_(); return [t.logicalAnd_(x).mul(2), t.logicalNot_().mul(2)]; }, 't = x.detach().clone().requires_grad_(); out = [t.logical_and_(x) * 2, t.logical_not_() * 2]', { dtypes: [], noGrad: true }),
  own('masked_fill_', (t, m) => t.maskedFill_(m, 2), 't.masked_fill_(y, 2)', [mask(3, 4)]),
  own('masked_scatter_', (t, m, v) => t.maskedScatter_(m, v), 't.masked_scatter_(y, z)', [mask(3, 4), within(-3, 3, 12)]),
  own('scatter_', (t, i, v) => t.scatter_(0, i, v), 't.scatter_(0, y, z)', [values([0, 1, 2, 0], [1, 4], 'int64'), within(-3, 3, 1, 4)]),
  own('scatter_add_', (t, i, v) => t.scatterAdd_(1, i, v), 't.scatter_add_(1, y, z)', [ints(0, 4, 3, 2), within(-3, 3, 3, 2)]),
  own('index_add_', (t, i, v) => t.indexAdd_(0, i, v), 't.index_add_(0, y, z)', [values([1, 1], [2], 'int64'), within(-3, 3, 2, 4)]),
  own('index_copy_', (t, i, v) => t.indexCopy_(0, i, v), 't.index_copy_(0, y, z)', [values([1, 0], [2], 'int64'), within(-3, 3, 2, 4)]),
  own('index_fill_', (t, i) => t.indexFill_(0, i, 2), 't.index_fill_(0, y, 2)', [values([1, 0], [2], 'int64')]),
  own('tril_', (t) => t.tril_(), 't.tril_()'),
  own('cumsum_', (t) => t.cumsum_(1), 't.cumsum_(1)'),
  own('addmm_', (t, y, z) => t.addmm_(y, z), 't.addmm_(y, z)', [f(3, 2), within(-3, 3, 2, 4)]),
  own('renorm_', (t) => t.renorm_(2, 0, 1), 't.renorm_(2, 0, 1)', [], f(3, 4), { dtypes: ['float64'] }),
  ...(['t_()', 'transpose_(0, 1)', 'swapaxes_(0, 1)', 'swapdims_(-1, 0)', 'unsqueeze_(1)', 'squeeze_()'] as const).map((c) => op(c, [f(3, 4)], (x) => { const t = x.mul(1), r = changed(t, c); return [t.mul(2), r === t, t.version]; }, `t = x * 1; r = t.${c}; out = [t * 2, r is t, t._version]`, { dtypes: ['int64'] })),
  op('resize_', [f(3, 4)], (x) => { const t = x.clone(), v = x.clone().t(), w = x.clone(), u = w.get(1); const same = v.resize_(4, 3) === v; return [t.resize_(5), same, [...v.stride()], v.resize_(3, 4), [...v.stride()], u.resize_(2, 4), u.fill_(7), w, t.resize_([2, 6]).at(':', ':2').numel(), x.clone().resizeAs_(ones(2, 2)), x.clone().resize_(0, 3)]; },
    't = x.clone(); v = x.clone().t(); w = x.clone(); u = w[1]; same = v.resize_(4, 3) is v; out = [t.resize_(5), same, list(v.stride()), v.resize_(3, 4), list(v.stride()), u.resize_(2, 4), u.fill_(7), w, t.resize_((2, 6))[:, :2].numel(), x.clone().resize_as_(torch.ones(2, 2)), x.clone().resize_(0, 3)]', { noGrad: true, strided: false }),
  op('resize_ beyond the memory', [f(3, 4)], (x) => { const t = x.clone(), v = t.get(2), before = v.version; v.resize_(50); v.at('4:').fill_(3); return [v, t, v.version - before, t.storageBytes().length === 58 * t.dtype.itemsize]; }, 't = x.clone(); v = t[2]; before = v._version; v.resize_(50); v[4:].fill_(3); out = [v, t, v._version - before, t.untyped_storage().nbytes() == 58 * t.itemsize]', { noGrad: true, strided: false, cpuOnly: 'refused' }),
  op('in-place views keep their names', [f(1, 3)], (x) => [x.mul(1).t_(), x.mul(1).squeeze_(), x.mul(1).squeeze_(0), x.mul(1).squeeze_([0, 1]), x.mul(1).unsqueeze_(-1), x.mul(1).transpose_(0, 1), x.mul(1).asStrided_([2, 1], [1, 1])], '[(x * 1).t_(), (x * 1).squeeze_(), (x * 1).squeeze_(0), (x * 1).squeeze_((0, 1)), (x * 1).unsqueeze_(-1), (x * 1).transpose_(0, 1), (x * 1).as_strided_((2, 1), (1, 1))]', { dtypes: [] }),
  op('a view gets another shape', [f(3, 4)], (x) => { const t = x.mul(1), v = t.get(0); v.unsqueeze_(1); const a = v.mul(3); t.mul_(2); const b = v.mul(2); v.mul_(5); return [a, b, t.mul(1), v.mul(1)]; }, 't = x * 1; v = t[0]; v.unsqueeze_(1); a = v * 3; t.mul_(2); b = v * 2; v.mul_(5); out = [a, b, t * 1, v * 1]', { dtypes: [], anyFn: true }),
  op('expanded, transposed in place', [f(3)], (x) => x.expand(2, 3).t_(), 'x.expand(2, 3).t_()', { dtypes: [] }),
  op('fill_diagonal_', [f(7, 3)], (x) => [x.mul(1).fillDiagonal_(5), x.mul(1).fillDiagonal_(5, { wrap: true }), x.t().clone().fillDiagonal_(2, { wrap: true })], '[(x * 1).fill_diagonal_(5), (x * 1).fill_diagonal_(5, wrap=True), x.t().clone().fill_diagonal_(2, wrap=True)]', { dtypes: ['int64'], anyFn: true, noDouble: true }),
  op('put_', [f(2, 3), values([1, -1, 0, 0], [4], 'int64'), g(4)], (x, i, y) => [x.put(i.slice(0, 0, 3), y.slice(0, 0, 3)), x.mul(1).put_(i, y, { accumulate: true })], '[x.put(y[:3], z[:3]), (x * 1).put_(y, z, accumulate=True)]', { dtypes: ['int64'] }),
  ...(['prod', 'mean', 'amax', 'amin'] as const).map((r) => op(`index_reduce ${r}`, [f(3, 4), values([0, 2, 0], [3], 'int64'), raised(g(3, 4))], (x, i, y) => [x.indexReduce(0, i, y, r), x.mul(1).indexReduce_(1, i, y.t().slice(0, 0, 3).t().slice(1, 0, 3), r, { includeSelf: false })], `[x.index_reduce(0, y, z, '${r}'), (x * 1).index_reduce_(1, y, z[:, :3], '${r}', include_self=False)]`, { dtypes: ['int64'], noDouble: true, ulps: 8 })),
  own('addr_', (t, y, z) => t.addr_(y, z, { alpha: 2 }), 't.addr_(y, z, alpha=2)', [f(3), f(4)], f(3, 4), anyFn),
  own('addbmm_', (t, y, z) => t.addbmm_(y, z), 't.addbmm_(y, z)', [f(2, 3, 2), f(2, 2, 4)], f(3, 4), anyFn),
  own('view changed', (t) => t.get(1).mul_(3), 't[1].mul_(3)'),
  own('view filled', (t) => t.slice(1, 1, 3).fill_(0), 't[:, 1:3].fill_(0)'),
  own('view exp', (t) => t.t().slice(0, 0, 2).exp_(), 't.t()[0:2].exp_()', [], f(3, 4), { dtypes: ['float64'] }),
  own('view takes a gradient', (t, y) => t.get(0).mul_(y), 't[0].mul_(y)', [f(4)]),
  own('view of a view', (t, y) => t.slice(0, 1).t().get(2).copy_(y), 't[1:].t()[2].copy_(y)', [f(2)]),
  own('changed twice', (t, y) => { t.get(0).add_(y); t.mul_(2); t.get(1).mul_(y); }, 't[0].add_(y); t.mul_(2); t[1].mul_(y)', [f(4)]),
  own('diagonal changed', (t) => t.diagonal().mul_(5), 't.diagonal().mul_(5)'),
  op('view reads a changed base', [f(3, 4)], (x) => { const t = x.mul(1); const v = t.get(1); t.mul_(2); return v.mul(3); }, 't = x * 1; v = t[1]; t.mul_(2); out = v * 3', { dtypes: ['float64'] }),
  op('base and view', [f(3, 4)], (x) => { const t = x.mul(1); const v = t.get(1); v.mul_(2); return [t.mul(1), v.mul(1)]; }, 't = x * 1; v = t[1]; v.mul_(2); out = [t * 1, v * 1]', { dtypes: ['float64'] }),
  op('constant base takes a gradient', [f(4)], (x) => { const t = x.detach().mul(0); t.slice(0, 1, 3).copy_(x.slice(0, 0, 2)); return t.mul(2); }, 't = x.detach() * 0; t[1:3].copy_(x[0:2]); out = t * 2', { dtypes: ['float64'] }),
  op('detached data', [f(4)], (x) => { const t = x.mul(2); t.data.add_(1); return t.mul(x); }, 't = x * 2; t.data.add_(1); out = t * x', { dtypes: [], noDouble: true, noGrad: true }),
];

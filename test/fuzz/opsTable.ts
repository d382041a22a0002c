/**
 * What the differential fuzzer of ops (ops.mjs) draws: an op, its inputs with shapes, strides and dtypes, and the same call
 * in TypeScript and in Python. Everything follows from a seed and a number.
 */
import { dtypeByName, type Tensor } from '../../extension/lib/index';
import type { DTypeName, Result } from '../cases/table';
import { all, biggest, camel, count, Draw, elementwise, F, floats, method, names, py, said, torch, type Case, type Method } from './opsDraw';

import * as functional from './opsFunctional';
import * as linalg from './opsLinalg';
import * as tensors from './opsTensors';

const unaries = ['neg', 'abs', 'square', 'sqrt', 'rsqrt', 'reciprocal', 'exp', 'exp2', 'expm1', 'log', 'log2', 'log10', 'log1p', 'sin', 'cos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'sigmoid', 'relu', 'erf', 'erfc', 'sign', 'floor', 'ceil', 'round', 'trunc', 'frac', 'isnan', 'isinf', 'isfinite', 'logical_not', 'signbit', 'nan_to_num', 'deg2rad', 'positive'];
const binaries = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'fmax', 'fmin', 'atan2', 'hypot', 'copysign', 'logaddexp', 'eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logical_and', 'logical_or', 'logical_xor', 'bitwise_and', 'bitwise_or', 'bitwise_xor', 'xlogy', 'remainder', 'fmod', 'heaviside'];
const inplace = ['add_', 'sub_', 'mul_', 'div_', 'eq_', 'lt_', 'copy_'];
const reductions = ['sum', 'mean', 'prod', 'amax', 'amin', 'any', 'all', 'logsumexp', 'nansum', 'count_nonzero'];
const scans = ['cumsum', 'cumprod', 'logcumsumexp', 'softmax', 'log_softmax'];
const activations: Record<string, (x: Tensor) => Tensor> = { elu: F.elu, selu: F.selu, celu: F.celu, gelu: F.gelu, silu: F.silu, mish: F.mish, hardswish: F.hardswish, hardsigmoid: F.hardsigmoid, relu6: F.relu6, leaky_relu: F.leakyRelu, softplus: F.softplus, logsigmoid: F.logsigmoid, softsign: F.softsign, tanhshrink: F.tanhshrink, hardshrink: F.hardshrink, softshrink: F.softshrink };
const losses: Record<string, (a: Tensor, b: Tensor) => Tensor> = { mse_loss: F.mseLoss, l1_loss: F.l1Loss, smooth_l1_loss: F.smoothL1Loss, huber_loss: F.huberLoss, binary_cross_entropy_with_logits: F.binaryCrossEntropyWithLogits, kl_div: F.klDiv, soft_margin_loss: (a, b) => F.softMarginLoss(a, b.detach()) };

const families: ((r: Draw) => Case)[] = [
  (r) => { const op = r.pick(unaries); return method(op, [r.tensor()], [], { ...elementwise, ulps: ['sinh', 'tanh', 'erfc', 'log1p', 'expm1'].includes(op) ? 4 : 2 }); },
  (r) => { const s = r.shape(), op = r.pick(binaries); return method(op, [r.tensor(s), r.tensor(r.near(s))], [], elementwise); },
  (r) => { const s = r.shape(), op = r.pick(['add', 'sub', 'mul', 'div', 'eq', 'lt', 'pow', 'remainder', 'fmod', 'floor_divide']), v = r.chance(0.5) ? r.int(1, 4) : r.int(1, 20) / 8; return method(op, [r.tensor(s)], [v], { ...elementwise, grad: op !== 'floor_divide' }); },
  (r) => { const s = r.shape(), op = r.pick(inplace), base = r.tensor(s, all), other = r.tensor(r.near(s)); return said(op, [base, other], `(x.${op}(y), x)`, ([x, y]) => { const t = (x as unknown as Method)[camel(op)]!(y); return [t, x] as Result; }, { ...elementwise, grad: false }); },
  (r) => { const x = r.tensor(), op = r.pick(reductions), scale = biggest(x) * (op === 'sum' || op === 'nansum' ? count(x.shape) : 1); if (r.chance(0.3)) return method(op, [x], op === 'logsumexp' ? [0] : [], { scale, ulps: 8 }); const d = r.dim(x.shape), keep = r.chance(0.5); return op === 'count_nonzero' ? method(op, [x], [d]) : method(op, [x], [d, keep], { scale, ulps: 8 }); },
  (r) => { const x = r.tensor(), op = r.pick(['std', 'var']), d = r.dim(x.shape), u = r.chance(0.5), keep = r.chance(0.5); return said(op, [x], `x.${op}(${d}, unbiased=${py(u)}, keepdim=${py(keep)})`, ([t]) => (t as unknown as Method)[op]!({ dim: d, correction: u ? 1 : 0, keepdim: keep }), { ulps: 16, scale: biggest(x) ** (op === 'var' ? 2 : 1), grad: false }); },
  (r) => { const x = r.tensor(), op = r.pick(['max', 'min', 'argmax', 'argmin', 'median', 'mode', 'cummax', 'cummin', 'sort', 'argsort']), d = r.dim(x.shape); return op.startsWith('arg') && op !== 'argsort' ? method(op, [x], [d, r.chance(0.5)], { grad: false }) : op === 'sort' ? said(op, [x], `x.sort(dim=${d}, stable=True)`, ([t]) => t!.sort({ dim: d, stable: true } as never), {}) : op === 'argsort' ? said(op, [x], `x.argsort(dim=${d}, stable=True)`, ([t]) => t!.argsort({ dim: d, stable: true } as never), { grad: false }) : op === 'mode' ? said(op, [x], `x.mode(${d})[0]`, ([t]) => t!.mode(d).values, { grad: false }) : method(op, [x], [d]); },
  (r) => { const op = r.pick(scans), x = r.tensor(r.shape(), op.endsWith('softmax') ? floats : all), d = r.dim(x.shape); return method(op, [x], [d], { ulps: op === 'logcumsumexp' ? 16 : 8, scale: op === 'cumsum' ? biggest(x) * r.at(x.shape, d) : 0 }); },
  (r) => { const x = r.tensor(), d = r.dim(x.shape), n = r.at(x.shape, d), k = r.int(0, n + (r.chance(0.05) ? 2 : 0)); return said('topk', [x], `x.topk(${k}, ${d})[0]`, ([t]) => (t!.topk(k, d) as { values: Tensor }).values); },
  // Shapes
  (r) => { const x = r.tensor(), op = r.pick(['flatten', 'ravel', 't', 'contiguous', 'squeeze', 'clone', 'fliplr']); return method(op, [x], []); },
  (r) => { const x = r.tensor(), n = count(x.shape), f = r.pick([[-1], [n], [1, -1], [-1, 1], [2, -1], [n, 1], [3, -1]]); return method(r.chance(0.7) ? 'reshape' : 'view', [x], f); },
  (r) => { const x = r.tensor(), order = x.shape.map((_, i) => i).sort(() => r.next() - 0.5); return method('permute', [x], [order]); },
  (r) => { const x = r.tensor(), op = r.pick(['transpose', 'swapaxes', 'movedim']); return method(op, [x], [r.dim(x.shape), r.dim(x.shape)]); },
  (r) => { const x = r.tensor(), op = r.pick(['unsqueeze', 'squeeze', 'unbind']), d = op === 'unsqueeze' && r.chance(0.3) ? x.shape.length : r.dim(x.shape); return method(op, [x], [d]); },
  (r) => { const x = r.tensor(), d = r.dim(x.shape); return method('flip', [x], [[d]]); },
  (r) => { const x = r.tensor(), d = r.dim(x.shape); return method('roll', [x], [r.int(-7, 7), d]); },
  (r) => { const x = r.tensor(), d = r.dim(x.shape), n = r.at(x.shape, d), a = r.int(-n - 1, n + 1), b = r.int(-n - 1, n + 1), step = r.int(1, 3); return said('slice', [x], `torch.ops.aten.slice(x, ${d}, ${a}, ${b}, ${step})`, ([t]) => t!.slice(d, a, b, step)); },
  (r) => { const x = r.tensor(), d = r.dim(x.shape), n = r.at(x.shape, d); return method('select', [x], [d, r.int(-n, n - (r.chance(0.1) ? 0 : 1))]); },
  (r) => { const x = r.tensor(), d = r.dim(x.shape), n = r.at(x.shape, d), a = r.int(0, n); return method('narrow', [x], [d, a, r.int(0, n - a)]); },
  (r) => { const x = r.tensor(), d = r.dim(x.shape); return method(r.pick(['chunk', 'split']), [x], [r.int(1, 3), d]); },
  (r) => { const x = r.tensor(r.shape(2, 4)), k = r.int(-3, 3); return method(r.pick(['tril', 'triu', 'diagonal']), [x], [k]); },
  (r) => { const x = r.tensor(), times = [...Array.from({ length: r.int(0, 1) }, () => r.int(1, 2)), ...x.shape.map(() => r.int(0, 3))]; return method(r.chance(0.5) ? 'repeat' : 'tile', [x], [times]); },
  (r) => { const x = r.tensor(), s = [...Array.from({ length: r.int(0, 1) }, () => r.int(1, 3)), ...x.shape.map((n) => (n === 1 && r.chance(0.5) ? r.int(0, 4) : r.chance(0.3) ? -1 : n))]; return method('expand', [x], [s]); },
  (r) => { const x = r.tensor(r.shape(1, 3)), d = r.dim(x.shape), n = Math.max(1, r.at(x.shape, d)); return method('unfold', [x], [d, r.int(1, n), r.int(1, 3)]); },
  (r) => { const s = r.shape(1, 3), d = r.dim(s), k = d < 0 ? d + s.length : d, ts = Array.from({ length: r.int(1, 3) }, () => r.tensor(s.map((n, i) => (i === k ? r.int(0, 4) : r.chance(0.02) ? n + 1 : n)))); return said('cat', ts, `torch.cat([${ts.map((_, i) => names[i]).join(', ')}], ${d})`, (x) => torch.cat(x, d)); },
  (r) => { const s = r.shape(0, 3), d = r.dim([...s, 1]), ts = Array.from({ length: r.int(1, 3) }, () => r.tensor(s)); return said('stack', ts, `torch.stack([${ts.map((_, i) => names[i]).join(', ')}], ${d})`, (x) => torch.stack(x, d)); },
  // Indexing
  (r) => { const x = r.tensor(r.shape(1, 3)), d = r.dim(x.shape), n = Math.max(1, r.at(x.shape, d)), i = r.tensor([r.int(0, 5)], ['int64', 'int32'], { lo: 0, hi: n - (r.chance(0.05) ? 0 : 1) }); return said('index_select', [x, i], `x.index_select(${d}, y)`, ([t, y]) => t!.indexSelect(d, y!)); },
  (r) => { const x = r.tensor(r.shape(1, 3)), d = r.dim(x.shape), k = d < 0 ? d + x.shape.length : d, n = Math.max(1, r.at(x.shape, d)), i = r.tensor(x.shape.map((s, j) => (j === k ? r.int(0, 4) : r.int(0, s))), ['int64'], { lo: 0, hi: n - (r.chance(0.03) ? 0 : 1) }); return said('gather', [x, i], `x.gather(${d}, y)`, ([t, y]) => t!.gather(d, y!)); },
  (r) => { const x = r.tensor(r.shape(1, 3)), d = r.dim(x.shape), n = Math.max(1, r.at(x.shape, d)), i = r.tensor(x.shape, ['int64'], { lo: 0, hi: n - 1 }), src = { ...r.tensor(x.shape, [x.dtype]), dtype: x.dtype }; return said('scatter_add', [x, i, src], `x.scatter_add(${d}, y, z)`, ([t, y, z]) => t!.scatterAdd(d, y!, z!), { scale: biggest(x, src) * count(x.shape) }); },
  (r) => { const x = r.tensor(r.shape(1, 3)), d = r.dim(x.shape), n = r.at(x.shape, d), m = r.int(0, 4), k = d < 0 ? d + x.shape.length : d, i = r.tensor([m], ['int64'], { lo: 0, hi: Math.max(0, n - 1) }), src = r.tensor(x.shape.map((s, j) => (j === k ? m : s)), [x.dtype]); return said('index_add', [x, i, src], `x.index_add(${d}, y, z)`, ([t, y, z]) => t!.indexAdd(d, y!, z!), { scale: biggest(x, src) * 5, grad: count(x.shape) > 0 }); },
  (r) => { const s = r.shape(), x = r.tensor(s), m = r.tensor(r.near(s), ['bool']), v = r.number(); return said('masked_fill', [x, m], `x.masked_fill(y, ${v})`, ([t, y]) => t!.maskedFill(y!, v)); },
  (r) => { const s = r.shape(), x = r.tensor(s), m = r.tensor(r.near(s), ['bool']); return said('masked_select', [x, m], 'x.masked_select(y)', ([t, y]) => t!.maskedSelect(y!)); },
  (r) => { const s = r.shape(), c = r.tensor(r.near(s), ['bool']), x = r.tensor(s), y = r.tensor(r.near(s)); return said('where', [c, x, y], 'torch.where(x, y, z)', ([a, b, e]) => torch.where(a!, b!, e!)); },
  (r) => { const x = r.tensor(r.shape(1, 3)), i = r.tensor(r.shape(1, 2), ['int64'], { lo: -1, hi: Math.max(0, (x.shape[0] ?? 1) - 1) }); return said('at', [x, i], 'x[y]', ([t, y]) => t!.at(y!)); },
  (r) => { const x = r.tensor(r.shape(1, 3)), m = r.tensor([x.shape[0]!], ['bool']); return said('at', [x, m], 'x[y]', ([t, y]) => t!.at(y!)); },
  (r) => { const x = r.tensor(), i = r.tensor(r.shape(0, 2), ['int64'], { lo: 0, hi: Math.max(0, count(x.shape) - 1) }); return said('take', [x, i], 'x.take(y)', ([t, y]) => t!.take(y!)); },
  (r) => said('nonzero', [r.tensor()], 'x.nonzero()', ([t]) => t!.nonzero(), { grad: false }),
  // Products
  (r) => { const [n, k, m] = [r.int(0, 6), r.int(0, 6), r.int(1, 6)], t = r.pick(floats), a = r.tensor([n, k], [t]), b = r.tensor([r.chance(0.03) ? k + 1 : k, m], [r.chance(0.03) ? 'float64' : t]); return method('mm', [a, b], [], { scale: biggest(a) * biggest(b) * k, ulps: 4 }); },
  (r) => { const k = r.int(1, 5), t = r.pick(floats), a = r.tensor([...r.shape(0, 2), ...(r.chance(0.5) ? [r.int(1, 4)] : []), k], [t]), b = r.tensor(r.chance(0.3) ? [k] : [...(r.chance(0.5) ? a.shape.slice(0, -2).map((s) => (r.chance(0.3) ? 1 : s)) : []), k, r.int(1, 4)], [t]); return method('matmul', [a, b], [], { scale: biggest(a) * biggest(b) * k * 4, ulps: 4 }); },
  (r) => { const [k, o] = [r.int(1, 6), r.int(1, 6)], t = r.pick(floats), x = r.tensor([...r.shape(0, 2), k], [t]), w = r.tensor([o, k], [t]), b = r.tensor([o], [t]); return said('linear', [x, w, b], 'F.linear(x, y, z)', ([a, c, e]) => F.linear(a!, c!, e!), { scale: biggest(x) * biggest(w) * k * 4 + biggest(b), ulps: 4 }); },
  (r) => { const t = r.pick<DTypeName>(['float32', 'float64']), g = r.pick([1, 1, 2]), [c, o, k] = [g * r.int(1, 2), g * r.int(1, 2), r.int(1, 3)], x = r.tensor([r.int(1, 2), c, r.int(1, 6), r.int(1, 6)], [t], { tame: true }), w = r.tensor([o, c / g, k, k], [t], { tame: true }), b = r.tensor([o], [t]), stride = r.int(1, 2), padding = r.int(0, 2), dilation = r.int(1, 2); return said('conv2d', [x, w, b], `F.conv2d(x, y, z, ${stride}, ${padding}, ${dilation}, ${g})`, ([a, d, e]) => F.conv2d(a!, d!, e!, { stride, padding, dilation, groups: g }), { scale: biggest(x) * biggest(w) * c * k * k * 16, ulps: 8 }); },
  (r) => { const x = r.tensor([r.int(1, 2), r.int(1, 3), r.int(1, 7), r.int(1, 7)], ['float32', 'float64']), k = r.int(1, 3), s = r.int(1, 3), p = r.int(0, 1), ceil = r.chance(0.5); return r.chance(0.5) ? said('max_pool2d', [x], `F.max_pool2d(x, ${k}, ${s}, ${p}, ceil_mode=${py(ceil)})`, ([t]) => F.maxPool2d(t!, k, { stride: s, padding: p, ceilMode: ceil })) : said('avg_pool2d', [x], `F.avg_pool2d(x, ${k}, ${s}, ${p}, ${py(ceil)})`, ([t]) => F.avgPool2d(t!, k, { stride: s, padding: p, ceilMode: ceil }), { ulps: 8, scale: biggest(x) }); },
  // nn
  (r) => { const op = r.pick(Object.keys(activations)); return said(op, [r.tensor(r.shape(), floats)], `F.${op}(x)`, ([t]) => activations[op]!(t!), { ...elementwise, own: !['gelu', 'tanhshrink', 'mish'].includes(op), ulps: 4, scale: 1 }); },
  (r) => { const op = r.pick(Object.keys(losses)), s = r.shape(), t = r.pick<DTypeName>(['float32', 'float64']); return said(op, [r.tensor(s, [t], { positive: op === 'kl_div' }), r.tensor(s, [t], { positive: op === 'kl_div' })], `F.${op}(x, y${op === 'soft_margin_loss' ? '.detach()' : ''})`, ([a, b]) => losses[op]!(a!, b!), { ulps: 16, scale: 1 }); },
  (r) => { const c = r.int(1, 6), n = r.int(1, 5), x = r.tensor([n, c], ['float32', 'float64']), y = r.tensor([n], ['int64'], { lo: 0, hi: c - (r.chance(0.03) ? 0 : 1) }), red = r.pick(['mean', 'sum', 'none'] as const), ls = r.pick([0, 0, 0.1]); return said('cross_entropy', [x, y], `F.cross_entropy(x, y, reduction='${red}', label_smoothing=${ls})`, ([a, b]) => F.crossEntropy(a!, b!, { reduction: red, labelSmoothing: ls }), { ulps: 16, scale: biggest(x) }); },
  (r) => { const s = r.shape(1, 3), x = r.tensor(s, ['float32', 'float64']); return said('layer_norm', [x], `F.layer_norm(x, [${s[s.length - 1]!}])`, ([t]) => F.layerNorm(t!, [s[s.length - 1]!]), { ulps: 512, scale: 1, grad: false }); },
  (r) => { const x = r.tensor([r.int(1, 2), r.int(1, 2), r.int(1, 5), r.int(1, 5)], ['float32', 'float64']), size = [r.int(1, 7), r.int(1, 7)], mode = r.pick(['nearest', 'bilinear', 'bicubic', 'area'] as const); return said('interpolate', [x], `F.interpolate(x, size=${py(size)}, mode='${mode}')`, ([t]) => F.interpolate(t!, { size, mode }), { ulps: 32, scale: biggest(x) }); },
  (r) => { const s = r.shape(2, 4), x = r.tensor(s), n = r.int(1, Math.min(2, s.length)), a = Array.from({ length: 2 * n }, () => r.int(-1, 2)), mode = r.pick(['constant', 'constant', 'reflect', 'replicate', 'circular'] as const); return said('pad', [x], `F.pad(x, ${py(a)}, '${mode}')`, ([t]) => F.pad(t!, a, mode)); },
  (r) => { const x = r.tensor(), to = r.pick(all); return said('to', [x], `x.to(torch.${to})`, ([t]) => t!.to(dtypeByName(to)!), elementwise); },
  (r) => { const x = r.tensor(r.shape(1, 3), floats), p = r.pick([1, 2, 3, Infinity, 0]), d = r.dim(x.shape); return said('norm', [x], `x.norm(${p === Infinity ? 'math.inf' : p}, ${d})`, ([t]) => t!.norm(p, d), { ulps: 16, scale: biggest(x) }); },
  (r) => { const s = r.shape(), x = r.tensor(s), lo = r.number(), hi = lo + r.int(0, 3); return method('clamp', [x], [lo, hi], elementwise); },
  (r) => { const s = r.shape(0, 3), t = r.pick(floats), a = r.tensor(s, [t]), b = r.tensor(r.near(s), [t]), w = r.number(); return said('lerp', [a, b], `x.lerp(y, ${w})`, ([p, q]) => p!.lerp(q!, w), { ulps: 4, scale: biggest(a, b) * 3 }); },
  (r) => { const s = r.shape(0, 3), a = r.tensor(s), b = r.tensor(r.near(s)), c = r.tensor(r.near(s)), v = b.dtype === a.dtype && c.dtype === a.dtype && floats.includes(a.dtype) ? r.number() : 2; return said('addcmul', [a, b, c], `x.addcmul(y, z, value=${v})`, ([p, q, e]) => p!.addcmul(q!, e!, { value: v }), { ulps: 4, scale: biggest(a) + biggest(b) * biggest(c) * 3 }); },
];

/** The library's names that are not drawn, by the reason. test/unit/fuzzTable.test.ts finds names that are in neither. */
export const notDrawn: Record<string, string> = {
  'not an operation: what a tensor is, its gradient, its place': 'shape size dim ndim numel stride storageOffset dtype device isWebgpu isContiguous version storageId storageBytes isFloatingPoint item toArray tolist toTypedArray nelement ndimension elementSize itemsize nbytes valueOf toString requiresGrad requiresGrad_ isLeaf gradFn grad data isInference isTensor',
  'the fuzzer compares through it': 'detach backward tensor fromTypedArray asTensor scalarTensor fromBytes manualSeed dtypeByName',
  'hooks and modes, in test/unit/autograd.test.ts': 'registerHook registerPostAccumulateGradHook retainGrad retainsGrad detach_ noGrad enableGrad inferenceMode isGradEnabled setGradEnabled',
  'another device, in test/cases/webgpu.test.ts': 'cpu webgpu',
  'memory that nothing was written to': 'empty emptyLike newEmpty',
  'of dtypes and shapes, not of tensors: rows in test/cases/rows/shape.ts and utils.ts': 'broadcastShapes resultType promoteTypes canCast finfo iinfo hannWindow hammingWindow blackmanWindow bartlettWindow kaiserWindow',
  'classes, settings, files: suites of their own': 'Generator initialSeed seed deepcopy getRngState setRngState forkRng DType Device setNumThreads getNumThreads Tensor Parameter Size OrderedDict pyRepr save load openCheckpoint Checkpoint CheckpointTensor CheckpointError RuntimeError IndexError ValueError KeyError AttributeError NotImplementedError AssertionError LinAlgError Interrupted',
  'parts of other operations, not public': 'scattered evenSplit constructor resolve extreme middle implId become shown swapped scannable floating checkSpatial checkReduction hardsigmoid_ hardswish_',
};
const everything = [...families, ...tensors.families, ...linalg.families, ...functional.families];
/** The case of that number. `most`: the largest usual size of a dim. */
export function draw(seed: number, index: number, most?: number): Case {
  const r = new Draw(seed, index, most);
  const c = r.pick(everything)(r);
  return r.wild ? { ...c, grad: false } : c;
}

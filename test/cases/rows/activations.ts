/** Activations and dropout: as functions, and as modules with what they print. */
import { nn } from '../../../extension/lib/index';
import { f, module, op, positive, values, within, type Options, type Row } from '../table';
import type { Module } from '../../../extension/lib/nn/module';
import type { Tensor } from '../../../extension/lib/index';

const F = nn.functional;
const sixth = "PyTorch's float64 gradient divides by a float32 six";
// Contiguous float32 goes to oneDNN in PyTorch, whose gelu makes NaN of infinity; its own kernel does not.
const own = (py: string): string => `\nwith torch.backends.mkldnn.flags(enabled=False): out = F.${py}`;
const floats = ['float64', 'float16', 'bfloat16', 'int64'] as const;
const fn = (py: string, run: (x: Tensor) => Tensor, options: Options = {}): Row => op(`F.${py}`, [f(3, 4)], run, `F.${py}`, { elementwise: true, dtypes: floats, ...options });
/** A module on [3, 4, 5]. */
const act = (py: string, make: () => Module, options: Options = {}): Row => module(py, make, [f(3, 4, 5)], `nn.${py}`, options);
/** In place on a tensor that is no leaf. */
const inplace = (py: string, make: () => Module, options: Options = {}): Row => module(py, make, [f(3, 4)], `nn.${py}`, { ...options, call: (m, x) => { const y = x!.mul(1); const z = (m as unknown as (t: Tensor) => Tensor)(y); return [z, y]; }, pyCall: 'y = x * 1; z = m(y); out = [z, y]' });
/** Both sides of ±3 and 6, long enough for whole vectors and a tail. No NaN, whose gradient in PyTorch depends on whether a vector or its tail meets it. */
const edges = values([-3, 3, 0, -0, 6, Infinity, -Infinity, 1, -2.9999998, 2.9999998, -3.0000002, 3.0000002, 5.9999995, 6.0000005, 1e30, -1e30, 1e-30, 2.5, -2.5, -3, 3, 1, 6], [23]);
const drop = (py: string, make: () => Module, shape = [4, 6, 3]): Row => module(py, make, [f(...shape)], `nn.${py}`);

export const rows: Row[] = [
  fn('hardtanh(x)', (x) => F.hardtanh(x), { ulps: 0 }), fn('hardtanh(x, -0.75, 0.5)', (x) => F.hardtanh(x, -0.75, 0.5)), fn('relu6(x)', (x) => F.relu6(x)), fn('hardsigmoid(x)', (x) => F.hardsigmoid(x), { dtypes: ['float16', 'int64'], notFloat64: sixth }), fn('hardswish(x)', (x) => F.hardswish(x)),
  ...(['hardtanh(x, -3, 3)', 'relu6(x)', 'hardsigmoid(x)', 'hardswish(x)'] as const).map((py) => op(`F.${py} at its edges`, [edges], (x) => (py.startsWith('hardtanh') ? F.hardtanh(x, -3, 3) : py === 'relu6(x)' ? F.relu6(x) : py === 'hardsigmoid(x)' ? F.hardsigmoid(x) : F.hardswish(x)), `F.${py}`, { elementwise: true, dtypes: ['float16', 'bfloat16'], kink: true, extremes: [0, -0, Infinity, -Infinity, 3, -3], ...(py === 'hardsigmoid(x)' ? { notFloat64: sixth } : {}) })),
  fn('mish(x)', (x) => F.mish(x), { ulps: 4, gradUlps: 64 }), fn('selu(x)', (x) => F.selu(x)), fn('celu(x)', (x) => F.celu(x)), fn('celu(x, 0.5)', (x) => F.celu(x, 0.5)), fn('elu(x)', (x) => F.elu(x)), fn('elu(x, 0.5)', (x) => F.elu(x, 0.5)),
  fn('softsign(x)', (x) => F.softsign(x)), fn('tanhshrink(x)', (x) => F.tanhshrink(x), { ulps: 64, gradUlps: 64 }), fn('logsigmoid(x)', (x) => F.logsigmoid(x), { ulps: 4 }), fn('hardshrink(x)', (x) => F.hardshrink(x)), fn('hardshrink(x, 1.25)', (x) => F.hardshrink(x, 1.25)),
  fn('softshrink(x)', (x) => F.softshrink(x)), fn('softshrink(x, 0.25)', (x) => F.softshrink(x, 0.25)), fn('softshrink(x, 0.3)', (x) => F.softshrink(x, 0.3), { extremes: [0.3, 0.30078125, -0.30078125, 0.2998046875, 1] }), fn('hardshrink(x, 0.3)', (x) => F.hardshrink(x, 0.3), { extremes: [0.3, -0.3, 0.30078125, -0.30078125, 0.2998046875, 1] }), fn('threshold(x, 0.5, 20)', (x) => F.threshold(x, 0.5, 20)),
  fn('leaky_relu(x)', (x) => F.leakyRelu(x)), fn('leaky_relu(x, 0.2)', (x) => F.leakyRelu(x, 0.2)), fn('gelu(x)', (x) => F.gelu(x), { ulps: 64, gradUlps: 64, extremes: [0, -0, 1, -1, 0.5, 2.5, 19, 300, NaN] }), fn("gelu(x, approximate='tanh')", (x) => F.gelu(x, 'tanh'), { ulps: 64, gradUlps: 64 }), op("PyTorch's own F.gelu", [f(3, 4)], (x) => F.gelu(x), own('gelu(x)'), { elementwise: true, dtypes: floats, ulps: 64, gradUlps: 64 }), fn('silu(x)', (x) => F.silu(x), { ulps: 4, gradUlps: 16 }),
  fn('softplus(x)', (x) => F.softplus(x), { ulps: 4 }), fn('softplus(x, 2, 3)', (x) => F.softplus(x, 2, 3), { ulps: 4 }), fn('rrelu(x)', (x) => F.rrelu(x)), fn('rrelu(x, 0.1, 0.4, True)', (x) => F.rrelu(x, 0.1, 0.4, true), { strided: false, kink: true, extremes: [1, -1, 0.5, -2.5, Infinity, NaN] }),
  op('F.glu', [f(3, 4)], (x) => F.glu(x), 'F.glu(x)', { dtypes: floats }), op('F.glu dim', [f(4, 3, 2)], (x) => F.glu(x, 0), 'F.glu(x, 0)', { dtypes: floats }), op('F.softmin', [f(3, 4)], (x) => F.softmin(x, 1), 'F.softmin(x, 1)', { dtypes: floats }),
  op('F.prelu', [f(3, 4), positive(1)], (x, w) => F.prelu(x, w!), 'F.prelu(x, y)', { dtypes: ['float64', 'bfloat16'] }), op('F.prelu channels', [f(2, 3, 4), positive(3)], (x, w) => F.prelu(x, w!), 'F.prelu(x, y)', { dtypes: ['float64'] }),
  op('F.prelu edges', [{ ...f(5), data: [0, -0, Infinity, -Infinity, 1] }, positive(1)], (x, w) => F.prelu(x, w!), 'F.prelu(x, y)', { dtypes: [], kink: true, strided: false }),
  op('F.normalize', [f(3, 4)], (x) => F.normalize(x), 'F.normalize(x)', { dtypes: ['float64'] }), op('F.normalize p dim', [f(3, 4)], (x) => F.normalize(x, { p: 3, dim: 0 }), 'F.normalize(x, 3, 0)', { dtypes: ['float64'], ulps: 8, gradUlps: 64 }),
  op('F.one_hot', [{ ...f(4), dtype: 'int64', data: [2, 0, 1, 2], fixed: true }], (x) => [F.oneHot(x), F.oneHot(x, 5)], '[F.one_hot(x), F.one_hot(x, 5)]', { noGrad: true }),
  op('F.gumbel_softmax', [f(3, 4)], (x) => [F.gumbelSoftmax(x), F.gumbelSoftmax(x, { tau: 0.5, hard: true, dim: 0 })], '[F.gumbel_softmax(x), F.gumbel_softmax(x, .5, True, dim=0)]', { dtypes: [], kink: true, ulps: 16, gradUlps: 64, anyFn: true }),
  op('F.cosine_similarity', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => F.cosineSimilarity(x, y!), 'F.cosine_similarity(x, y)', { dtypes: ['float64'], ulps: 8, gradUlps: 32 }),
  op('F.cosine_similarity broadcast', [f(3, 4), within(-3, 3, 4)], (x, y) => F.cosineSimilarity(x, y!, -1), 'F.cosine_similarity(x, y, -1)', { dtypes: ['float64'], ulps: 8, gradUlps: 32 }),
  op('F.pairwise_distance', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => [F.pairwiseDistance(x, y!), F.pairwiseDistance(x, y!, { p: 1, keepdim: true })], '[F.pairwise_distance(x, y), F.pairwise_distance(x, y, 1, keepdim=True)]', { dtypes: ['float64'], anyFn: true, ulps: 8, gradUlps: 32 }),
  op('F.bilinear', [f(5, 2), within(-1, 1, 5, 3), f(4, 2, 3), within(-1, 1, 4)], (x, y, w, b) => F.bilinear(x, y!, w!, b!), 'F.bilinear(x, y, z, w)', { dtypes: ['float64'], ulps: 8, gradUlps: 32, anyFn: true }),

  act('ReLU()', () => new nn.ReLU()), act('LeakyReLU(0.2)', () => new nn.LeakyReLU(0.2)), act('RReLU()', () => new nn.RReLU()), act('Threshold(0.1, 20)', () => new nn.Threshold(0.1, 20)), act('ELU(0.5)', () => new nn.ELU(0.5)), act('CELU(0.5)', () => new nn.CELU(0.5)), act('SELU()', () => new nn.SELU()),
  act('SiLU()', () => new nn.SiLU()), act('Mish()', () => new nn.Mish()), act('Hardtanh(-0.5, 1.5)', () => new nn.Hardtanh(-0.5, 1.5)), act('ReLU6()', () => new nn.ReLU6()), act('Hardswish()', () => new nn.Hardswish()), act('Hardsigmoid()', () => new nn.Hardsigmoid(), { notFloat64: sixth }), act('GELU()', () => new nn.GELU()),
  act("GELU(approximate='tanh')", () => new nn.GELU({ approximate: 'tanh' })), act('Sigmoid()', () => new nn.Sigmoid()), act('Tanh()', () => new nn.Tanh()), act('Softsign()', () => new nn.Softsign()), act('Tanhshrink()', () => new nn.Tanhshrink(), { ulps: 64 }), act('LogSigmoid()', () => new nn.LogSigmoid()), act('Softplus(2., 3.)', () => new nn.Softplus(2, 3)),
  act('Hardshrink(0.25)', () => new nn.Hardshrink(0.25)), act('Softshrink()', () => new nn.Softshrink()), act('GLU(1)', () => new nn.GLU(1)), act('Softmax(1)', () => new nn.Softmax(1)), act('LogSoftmax(-1)', () => new nn.LogSoftmax(-1)), act('Softmin(0)', () => new nn.Softmin(0)), act('Softmax2d()', () => new nn.Softmax2d()),
  act('PReLU()', () => new nn.PReLU()), act('PReLU(4, 0.5)', () => new nn.PReLU(4, 0.5)), act('Identity()', () => new nn.Identity()), act('Flatten()', () => new nn.Flatten()), act('Flatten(0, 1)', () => new nn.Flatten(0, 1)), act('Unflatten(1, (2, 2))', () => new nn.Unflatten(1, [2, 2])),
  inplace('ReLU(inplace=True)', () => new nn.ReLU({ inplace: true })), inplace('ReLU6(inplace=True)', () => new nn.ReLU6({ inplace: true })), inplace('ELU(inplace=True)', () => new nn.ELU(1, { inplace: true })), inplace('SiLU(inplace=True)', () => new nn.SiLU({ inplace: true })), inplace('Hardtanh(inplace=True)', () => new nn.Hardtanh(-1, 1, { inplace: true })), inplace('Hardswish(inplace=True)', () => new nn.Hardswish({ inplace: true })), inplace('Hardsigmoid(inplace=True)', () => new nn.Hardsigmoid({ inplace: true }), { notFloat64: sixth }),
  inplace('LeakyReLU(inplace=True)', () => new nn.LeakyReLU(0.01, { inplace: true })), inplace('Dropout(0.25, inplace=True)', () => new nn.Dropout(0.25, { inplace: true })), inplace('Threshold(0., 1., inplace=True)'.replace('0., 1.', '0, 1'), () => new nn.Threshold(0, 1, { inplace: true })),
  drop('Dropout(0.3)', () => new nn.Dropout(0.3)), drop('Dropout(1)', () => new nn.Dropout(1)), drop('Dropout(0)', () => new nn.Dropout(0)), drop('Dropout1d(0.3)', () => new nn.Dropout1d(0.3)), drop('Dropout2d(0.4)', () => new nn.Dropout2d(0.4), [3, 5, 2, 2]), drop('Dropout3d(0.25)', () => new nn.Dropout3d(0.25), [3, 5, 2, 1, 2]),
  drop('AlphaDropout(0.2)', () => new nn.AlphaDropout(0.2)), drop('FeatureAlphaDropout(0.2)', () => new nn.FeatureAlphaDropout(0.2)), module('Dropout1d unbatched', () => new nn.Dropout1d(0.5), [f(8, 3)], 'nn.Dropout1d(0.5)'),
];

/** torch.nn.init, bit for bit after manualSeed(0); orthogonal_ up to the last places of a QR decomposition. */
import { empty, float64, Generator, init, type Tensor } from '../../../extension/lib/index';
import { error, same, type Row } from '../table';

type Fill = (t: Tensor) => Tensor;
const fills = (name: string, shapes: number[][], fill: Fill, py: string, ulps = 0): Row =>
  same(name, () => shapes.map((s) => fill(empty(s))), `[init.${py.replace('(t', '(torch.empty(s)')} for s in ${JSON.stringify(shapes)}]`, { ulps });
const matrices = [[3, 4], [20, 7], [5, 3, 3], [2, 3, 4, 5]];

export const rows: Row[] = [
  fills('uniform_', matrices, (t) => init.uniform_(t, { a: -1, b: 3 }), 'uniform_(t, -1, 3)'),
  fills('normal_', matrices, (t) => init.normal_(t, { mean: 1, std: 0.1 }), 'normal_(t, 1, .1)', 1),
  fills('constant_', matrices, (t) => init.constant_(t, 0.3), 'constant_(t, .3)'),
  fills('ones_', matrices, init.ones_, 'ones_(t)'),
  fills('zeros_', matrices, init.zeros_, 'zeros_(t)'),
  fills('eye_', [[3, 4], [4, 3], [0, 2]], init.eye_, 'eye_(t)'),
  fills('dirac_', [[3, 4, 5], [4, 2, 3, 4], [2, 2, 3, 3, 3]], (t) => init.dirac_(t), 'dirac_(t)'),
  fills('dirac_ groups', [[6, 2, 5], [4, 4, 3, 3]], (t) => init.dirac_(t, { groups: 2 }), 'dirac_(t, 2)'),
  fills('xavier_uniform_', matrices, (t) => init.xavierUniform_(t), 'xavier_uniform_(t)'),
  fills('xavier_uniform_ gain', matrices, (t) => init.xavierUniform_(t, { gain: 1.7 }), 'xavier_uniform_(t, 1.7)'),
  fills('xavier_normal_', matrices, (t) => init.xavierNormal_(t), 'xavier_normal_(t)'),
  fills('kaiming_uniform_', matrices, (t) => init.kaimingUniform_(t), 'kaiming_uniform_(t)'),
  fills('kaiming_uniform_ options', matrices, (t) => init.kaimingUniform_(t, { a: 0.2, mode: 'fan_out' }), "kaiming_uniform_(t, a=.2, mode='fan_out')"),
  fills('kaiming_normal_', matrices, (t) => init.kaimingNormal_(t, { nonlinearity: 'relu' }), "kaiming_normal_(t, nonlinearity='relu')"),
  fills('kaiming of nothing', [[0, 3]], (t) => init.kaimingNormal_(t), 'kaiming_normal_(t)'),
  fills('trunc_normal_', matrices, (t) => init.truncNormal_(t), 'trunc_normal_(t)'),
  fills('trunc_normal_ narrow', matrices, (t) => init.truncNormal_(t, { mean: 0.5, std: 0.02, a: 0.45, b: 0.55 }), 'trunc_normal_(t, .5, .02, .45, .55)'),
  fills('trunc_normal_ tail', matrices, (t) => init.truncNormal_(t, { mean: 0, std: 1, a: 3, b: 5 }), 'trunc_normal_(t, 0, 1, 3, 5)'),
  fills('orthogonal_', [[3, 4], [4, 3], [5, 5], [3, 2, 4], [20, 6]], (t) => init.orthogonal_(t), 'orthogonal_(t)', 16),
  fills('orthogonal_ gain', [[4, 6]], (t) => init.orthogonal_(t, { gain: 2 }), 'orthogonal_(t, 2)', 16),
  fills('sparse_', [[10, 4], [3, 7]], (t) => init.sparse_(t, { sparsity: 0.3 }), 'sparse_(t, .3)'),
  fills('sparse_ std', [[10, 4]], (t) => init.sparse_(t, { sparsity: 0.75, std: 2 }), 'sparse_(t, .75, 2)'),
  same('init float64', () => [init.xavierUniform_(empty(3, 4, { dtype: float64 })), init.kaimingNormal_(empty(5, 4, { dtype: float64 })), init.truncNormal_(empty(5, 4, { dtype: float64 }))], '[init.xavier_uniform_(torch.empty(3, 4, dtype=torch.float64)), init.kaiming_normal_(torch.empty(5, 4, dtype=torch.float64)), init.trunc_normal_(torch.empty(5, 4, dtype=torch.float64))]', { ulps: 4 }),
  same('init orthogonal_ float64', () => init.orthogonal_(empty(5, 4, { dtype: float64 })), 'init.orthogonal_(torch.empty(5, 4, dtype=torch.float64))', { ulps: 64 }),
  same('init generator', () => { const g = new Generator().manualSeed(3); return [init.xavierUniform_(empty(3, 4), { generator: g }), init.truncNormal_(empty(30), { generator: g })]; }, 'g = torch.Generator().manual_seed(3); out = [init.xavier_uniform_(torch.empty(3, 4), generator=g), init.trunc_normal_(torch.empty(30), generator=g)]'),
  same('init of a transposed tensor', () => init.xavierUniform_(empty(3, 4).t()), 'init.xavier_uniform_(torch.empty(3, 4).t())'),
  same('calculate_gain', () => (['linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu'] as const).map((n) => init.calculateGain(n)).concat(init.calculateGain('leaky_relu', 0.3)), "[float(init.calculate_gain(n)) for n in ('linear', 'conv2d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu')] + [init.calculate_gain('leaky_relu', .3)]", { ulps: 1 }),
  error('init eye_ of a vector', () => String(init.eye_(empty(3))), 'init.eye_(torch.empty(3))'),
  error('init dirac_ of a matrix', () => String(init.dirac_(empty(3, 3))), 'init.dirac_(torch.empty(3, 3))'),
  error('init dirac_ groups', () => String(init.dirac_(empty(3, 3, 3), { groups: 2 })), 'init.dirac_(torch.empty(3, 3, 3), 2)'),
  error('init xavier of a vector', () => String(init.xavierUniform_(empty(3))), 'init.xavier_uniform_(torch.empty(3))'),
  error('init orthogonal_ of a vector', () => String(init.orthogonal_(empty(3))), 'init.orthogonal_(torch.empty(3))'),
  error('init sparse_ of a vector', () => String(init.sparse_(empty(3), { sparsity: 0.1 })), 'init.sparse_(torch.empty(3), .1)'),
  error('init mode', () => String(init.kaimingUniform_(empty(3, 3), { mode: 'fan' as 'fan_in' })), "init.kaiming_uniform_(torch.empty(3, 3), mode='fan')"),
  error('init gain', () => init.calculateGain('swish' as 'relu'), "init.calculate_gain('swish')"),
];

/** Layers that learn their input's size, and the adaptive softmax. */
import { arange, int64, nn, ones, tensor, type Tensor } from '../../../extension/lib/index';
import { error, f, module, same, values, type Result, type Row } from '../table';

type Call = (x: Tensor, y?: Tensor) => Tensor;
/** A layer before and after its first call: print, output, state, and gradients of the parameters that were there before. */
const grown = (name: string, make: () => nn.Module, ...shape: number[]): Row => same(name, () => {
  const m = make(), before = String(m), names = [...m.stateDict().keys()], p = [...m.parameters()], x = arange(shape.reduce((a, b) => a * b), { dtype: int64 }).mul(7).remainder(11).float().reshape(shape), y = (m as unknown as Call)(x);
  y.pow(3).sum().backward();
  return [before, names, y, [...m.stateDict().values()], p.map((t) => t.grad), String(m), p.every((t, i) => t === [...m.parameters()][i]), (m as unknown as Call)(x)] as Result;
}, `
m = nn.${name}; before = repr(m); names = list(m.state_dict()); p = list(m.parameters()); x = (torch.arange(${shape.reduce((a, b) => a * b)}) * 7 % 11).float().reshape(${shape.join(', ')}); y = m(x)
(y ** 3).sum().backward()
out = [before, names, y, list(m.state_dict().values()), [t.grad for t in p], repr(m), all(a is b for a, b in zip(p, m.parameters())), m(x)]`, { ulps: 64 });
const fails = (py: string, run: () => unknown): Row => error(py, () => { run(); return null; }, `O = torch.ones; L = torch.tensor; out = ${py}`);
const L = (data: number[]): Tensor => tensor(data, { dtype: int64 });
const adaptive = (): nn.AdaptiveLogSoftmaxWithLoss => new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], { divValue: 2 });
const made = 'nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], div_value=2.)';

export const rows: Row[] = [
  grown('LazyLinear(4)', () => new nn.LazyLinear(4), 2, 3), grown('LazyLinear(4, bias=False)', () => new nn.LazyLinear(4, { bias: false }), 2, 2, 3),
  grown('LazyConv1d(4, 2)', () => new nn.LazyConv1d(4, 2), 2, 3, 5), grown('LazyConv2d(4, 2, stride=2, groups=2)', () => new nn.LazyConv2d(4, 2, { stride: 2, groups: 2 }), 1, 2, 4, 4), grown('LazyConv2d(4, 2, bias=False)', () => new nn.LazyConv2d(4, 2, { bias: false }), 3, 4, 4),
  grown('LazyConv3d(2, 2)', () => new nn.LazyConv3d(2, 2), 1, 2, 3, 3, 3), grown('LazyConvTranspose1d(3, 2)', () => new nn.LazyConvTranspose1d(3, 2), 1, 2, 3), grown('LazyConvTranspose2d(4, 2, groups=2)', () => new nn.LazyConvTranspose2d(4, 2, { groups: 2 }), 1, 2, 3, 3),
  grown('LazyConvTranspose3d(2, 2)', () => new nn.LazyConvTranspose3d(2, 2), 1, 2, 2, 2, 2),
  grown('LazyBatchNorm1d()', () => new nn.LazyBatchNorm1d(), 3, 4), grown('LazyBatchNorm2d(affine=True, momentum=0.2)', () => new nn.LazyBatchNorm2d({ affine: true, momentum: 0.2 }), 2, 3, 2, 2), grown('LazyBatchNorm3d()', () => new nn.LazyBatchNorm3d(), 2, 2, 2, 2, 2),
  grown('LazyInstanceNorm1d(affine=True)', () => new nn.LazyInstanceNorm1d({ affine: true }), 2, 3, 4), grown('LazyInstanceNorm2d(affine=True, track_running_stats=True)', () => new nn.LazyInstanceNorm2d({ affine: true, trackRunningStats: true }), 2, 3, 2, 2), grown('LazyInstanceNorm3d(affine=True)', () => new nn.LazyInstanceNorm3d({ affine: true }), 1, 3, 2, 2, 2),
  // PyTorch still prints 0 channels for what was loaded.
  same('lazy layers loaded', () => {
    const m = new nn.Sequential(new nn.LazyConv1d(4, 2), new nn.LazyBatchNorm1d(), new nn.ReLU(), new nn.LazyLinear(2)), from = new nn.Sequential(new nn.Conv1d(3, 4, 2), new nn.BatchNorm1d(4), new nn.ReLU(), new nn.Linear(4, 2));
    const keys = String(m.loadStateDict(from.stateDict())), before = String(m), y = (m as unknown as Call)(ones(2, 3, 5));
    return [keys, before, y, [...m.stateDict().values()]] as Result;
  }, `m = nn.Sequential(nn.LazyConv1d(4, 2), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(2)); f = nn.Sequential(nn.Conv1d(3, 4, 2), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
k = repr(m.load_state_dict(f.state_dict())); b = repr(m); y = m(torch.ones(2, 3, 5)); out = [k, b, y, list(m.state_dict().values())]`, { ulps: 4096 }),
  fails('nn.LazyConv2d(4, 2)(O(4, 4))', () => new nn.LazyConv2d(4, 2)(ones(4, 4))), fails('nn.LazyConv2d(4, 2, groups=2)(O(1, 3, 4, 4))', () => new nn.LazyConv2d(4, 2, { groups: 2 })(ones(1, 3, 4, 4))),
  module('AdaptiveLogSoftmaxWithLoss', adaptive, [f(6, 8), values([0, 4, 5, 9, 10, 19], [6], 'int64')], made, { ulps: 32, gradUlps: 256 }),
  module('AdaptiveLogSoftmaxWithLoss with head bias', () => new nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3], { headBias: true }), [f(8), values([7], [], 'int64')], 'nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3], head_bias=True)', { ulps: 32, gradUlps: 256 }),
  module('AdaptiveLogSoftmaxWithLoss.log_prob', adaptive, [f(3, 8)], made, { ulps: 32, gradUlps: 256, call: (m, x) => (m as nn.AdaptiveLogSoftmaxWithLoss).logProb(x), pyCall: 'm.log_prob(x)' }),
  module('AdaptiveLogSoftmaxWithLoss.predict', adaptive, [f(9, 8)], made, { noGrad: true, call: (m, x) => (m as nn.AdaptiveLogSoftmaxWithLoss).predict(x), pyCall: 'm.predict(x)' }),
  fails(`${made}(O(2, 8), L([0, 20]))`, () => adaptive()(ones(2, 8), L([0, 20]))), fails(`${made}(O(2, 8), L([0]))`, () => adaptive()(ones(2, 8), L([0]))),
  fails('nn.AdaptiveLogSoftmaxWithLoss(8, 20, [])', () => new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [])), fails('nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 20])', () => new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 20])),
];

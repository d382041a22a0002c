/** Averaged models, modules called with other weights (torch.func.functional_call), copies. */
import { arange, autograd, deepcopy, func, nn, noGrad, ones, optim, tensor, type Tensor } from '../../../extension/lib/index';
import { error, same, type Result, type Row } from '../table';

const U = optim.swaUtils, net = (): nn.Sequential => new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4), new nn.Linear(4, 2));
const x = (): Tensor => arange(15).view(5, 3).sin();
/** Five steps, the average after each; then statistics of the averaged weights. */
function averaged(options: optim.swaUtils.AveragedModelOptions): Result {
  const model = net(), swa = new U.AveragedModel(model, options), opt = new optim.SGD(model.parameters(), { lr: 0.03 });
  const seen: Tensor[] = [];
  for (let i = 0; i < 5; i++) {
    opt.zeroGrad(); model(x()).square().sum().backward(); opt.step();
    swa.updateParameters(model);
    seen.push(...[...swa.parameters()].map((p) => p.detach().clone()));
  }
  U.updateBn([x(), [x().mul(2), 1]], swa);
  return [seen, [...swa.stateDict().keys()], [...swa.stateDict().values()], swa(x()), String(swa), (swa.module[1] as nn.BatchNorm1d).momentum];
}
const PY = `
U = optim.swa_utils; net = lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)); x = lambda: torch.arange(15.).view(5, 3).sin()
def averaged(**o):
  model = net(); swa = U.AveragedModel(model, **o); opt = optim.SGD(model.parameters(), lr=.03); seen = []
  for i in range(5):
    opt.zero_grad(); model(x()).square().sum().backward(); opt.step(); swa.update_parameters(model)
    seen += [p.detach().clone() for p in swa.parameters()]
  U.update_bn([x(), [x() * 2, 1]], swa)
  return [seen, list(swa.state_dict()), list(swa.state_dict().values()), swa(x()), repr(swa), swa.module[1].momentum]
`;
const row = (name: string, options: optim.swaUtils.AveragedModelOptions, py: string): Row => same(name, () => averaged(options), `${PY}out = averaged(${py})`, { ulps: 256 });
const swalr = (name: string, lr: number | number[], o: ConstructorParameters<typeof optim.swaUtils.SWALR>[2], py: string): Row => same(name, () => {
  const opt = new optim.SGD([{ params: [ones(1)], lr: 0.5 }, { params: [ones(1)], lr: 2 }], { lr: 0.1 }), s = new U.SWALR(opt, lr, o), lrs = [s.getLastLr()];
  for (let i = 0; i < 12; i++) { opt.step(); s.step(); lrs.push(s.getLastLr()); }
  return lrs;
}, `o = optim.SGD([{'params': [torch.ones(1)], 'lr': .5}, {'params': [torch.ones(1)], 'lr': 2.}], lr=.1); s = optim.swa_utils.SWALR(o, ${py}); out = [s.get_last_lr()]
for i in range(12): o.step(); s.step(); out.append(s.get_last_lr())
`, { ulps: 4 });
class Tied extends nn.Module {
  a = new nn.Linear(2, 2, { bias: false });
  b = new nn.Linear(2, 2, { bias: false });
  constructor() { super(); this.b.weight = this.a.weight; }
  override forward(v: Tensor): Tensor { return this.b(this.a(v)); }
}
const TIED = `
class Tied(nn.Module):
  def __init__(self):
    super().__init__(); self.a = nn.Linear(2, 2, bias=False); self.b = nn.Linear(2, 2, bias=False); self.b.weight = self.a.weight
  def forward(self, x): return self.b(self.a(x))
from torch.func import functional_call as call
w = torch.full((2, 2), 2.); one = torch.ones(1, 2); l = nn.Linear(2, 2)
`;
const w = (): Tensor => ones(2, 2).mul(2), one = (): Tensor => ones(1, 2), l = (): nn.Linear => new nn.Linear(2, 2);

export const rows: Row[] = [
  row('AveragedModel', {}, ''),
  row('AveragedModel ema', { multiAvgFn: U.getEmaMultiAvgFn(0.9), useBuffers: true }, 'multi_avg_fn=U.get_ema_multi_avg_fn(.9), use_buffers=True'),
  row('AveragedModel ema, one by one', { avgFn: U.getEmaAvgFn(0.8) }, 'avg_fn=U.get_ema_avg_fn(.8)'),
  row('AveragedModel swa, one by one', { avgFn: U.getSwaAvgFn(), useBuffers: true }, 'avg_fn=U.get_swa_avg_fn(), use_buffers=True'),
  row('AveragedModel swa at once', { multiAvgFn: U.getSwaMultiAvgFn() }, 'multi_avg_fn=U.get_swa_multi_avg_fn()'),
  error('ema decay', () => String(U.getEmaAvgFn(1.5)), 'optim.swa_utils.get_ema_avg_fn(1.5)'),
  error('two averages', () => String(new U.AveragedModel(l(), { avgFn: U.getSwaAvgFn(), multiAvgFn: U.getSwaMultiAvgFn() })), 'u = optim.swa_utils; u.AveragedModel(nn.Linear(1, 1), avg_fn=u.get_swa_avg_fn(), multi_avg_fn=u.get_swa_multi_avg_fn())'),
  swalr('SWALR', 0.05, {}, '.05'), swalr('SWALR linear', [0.1, 0.2], { annealEpochs: 5, annealStrategy: 'linear' }, '[.1, .2], anneal_epochs=5, anneal_strategy="linear"'), swalr('SWALR at once', 0.05, { annealEpochs: 0 }, '.05, anneal_epochs=0'),
  error('SWALR strategy', () => String(new U.SWALR(new optim.SGD([ones(1)], { lr: 1 }), 0.1, { annealStrategy: 'exp' as 'cos' })), 'optim.swa_utils.SWALR(optim.SGD([torch.ones(1)], lr=1.), .1, anneal_strategy="exp")'),
  error('SWALR rates', () => String(new U.SWALR(new optim.SGD([ones(1)], { lr: 1 }), [0.1, 0.2])), 'optim.swa_utils.SWALR(optim.SGD([torch.ones(1)], lr=1.), [.1, .2])'),
  same('functional_call', () => {
    const m = l(), before = m(one());
    return [func.functionalCall(m, { weight: w() }, one()), func.functionalCall(m, [new Map([['weight', w()]]), { bias: ones(2) }], [one()], { strict: true }), func.functionalCall(new Tied(), { 'a.weight': w() }, one()), func.functionalCall(m, { other: w() }, one()), m(one()).sub(before), [...m.namedParameters()].map(([n]) => n)];
  }, `${TIED}before = l(one); out = [call(l, {'weight': w}, one), call(l, [{'weight': w}, {'bias': torch.ones(2)}], (one,), strict=True), call(Tied(), {'a.weight': w}, one), call(l, {'other': w}, one), l(one) - before, [n for n, _ in l.named_parameters()]]`, { ulps: 4 }),
  same('functional_call of layers', () => {
    // Layers that read their weights in other ways: buffers, packed weights, recurrent ones.
    const layers: [nn.Module, unknown[]][] = [[new nn.BatchNorm1d(3).eval(), [x()]], [new nn.LSTM(3, 2), [x()]], [new nn.GRUCell(3, 2), [x()]], [new nn.MultiheadAttention(3, 1), [x(), x(), x()]], [new nn.TransformerEncoderLayer(3, 1, { dimFeedforward: 4 }).eval(), [x()]], [nn.utils.parametrizations.weightNorm(new nn.Linear(3, 2)), [x()]], [new nn.Sequential(new nn.Linear(3, 2), new nn.PReLU()), [x()]]];
    const first = (r: unknown): Tensor => (Array.isArray(r) ? r[0] : r) as Tensor;
    return layers.map(([m, args]) => first(func.functionalCall(m, new Map([...m.stateDict()].map(([k, v]) => [k, v.isFloatingPoint() ? v.mul(1.5) : v])), args as never)));
  }, `x = torch.arange(15.).view(5, 3).sin()
layers = [[nn.BatchNorm1d(3).eval(), (x,)], [nn.LSTM(3, 2), (x,)], [nn.GRUCell(3, 2), (x,)], [nn.MultiheadAttention(3, 1), (x, x, x)], [nn.TransformerEncoderLayer(3, 1, 4).eval(), (x,)], [nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)), (x,)], [nn.Sequential(nn.Linear(3, 2), nn.PReLU()), (x,)]]
first = lambda r: r[0] if isinstance(r, tuple) else r
out = [first(torch.func.functional_call(m, {k: v * 1.5 if v.is_floating_point() else v for k, v in m.state_dict().items()}, a)) for m, a in layers]`, { ulps: 64 }),
  same('functional_call twice differentiable', () => {
    const m = l(), params = Object.fromEntries(m.namedParameters());
    const inner = autograd.grad(func.functionalCall(m, params, one()).square().sum(), Object.values(params), { createGraph: true }) as Tensor[];
    func.functionalCall(m, Object.fromEntries(Object.entries(params).map(([k, p], i) => [k, p.sub(inner[i]!.mul(0.1))])), one()).square().sum().backward();
    return [m.weight.grad, m.bias!.grad];
  }, `${TIED}p = dict(l.named_parameters()); g = torch.autograd.grad(call(l, p, one).square().sum(), list(p.values()), create_graph=True)
call(l, {k: v - .1 * d for (k, v), d in zip(p.items(), g)}, one).square().sum().backward(); out = [l.weight.grad, l.bias.grad]`, { ulps: 64 }),
  error('functional_call twice a name', () => String(func.functionalCall(l(), [{ weight: w() }, { weight: w() }], one())), `${TIED}call(l, [{'weight': w}, {'weight': w}], one)`),
  error('functional_call strict', () => String(func.functionalCall(l(), { weight: w(), x: w() }, one(), { strict: true })), `${TIED}call(l, {'weight': w, 'x': w}, one, strict=True)`),
  error('functional_call tied', () => String(func.functionalCall(new Tied(), { 'a.weight': w(), 'b.weight': w() }, one())), `${TIED}call(Tied(), {'a.weight': w, 'b.weight': w + 1}, one)`),
  error('functional_call of a number', () => String(func.functionalCall(l(), 5 as never, one())), `${TIED}call(l, 5, one)`),
  same('deepcopy', () => {
    const m = net(), bn = m[1] as nn.BatchNorm1d;
    l();
    m(x()).sum().backward();
    const c = deepcopy(m), seen: Result = [[...c.parameters()].map((p) => p.grad), [...c.stateDict().keys()], String(c), c.training];
    noGrad(() => { for (const t of m.stateDict().values()) t.fill_(9); });
    c.eval();
    const tied = deepcopy(new Tied()), normed = nn.utils.parametrizations.weightNorm(l()), other = deepcopy(normed);
    noGrad(() => { for (const p of normed.parameters()) p.fill_(1); });
    return [...seen, c(x()), (c[1] as nn.BatchNorm1d).runningMean, bn.runningMean, m.training, [...tied.parameters()].length, other(one()), deepcopy([tensor([1, 2]), { a: tensor([3], { requiresGrad: true }) }]).length];
  }, `${PY}m = net()${TIED}import copy; m(x()).sum().backward(); c = copy.deepcopy(m); out = [[p.grad for p in c.parameters()], list(c.state_dict()), repr(c), c.training]
with torch.no_grad():
  for t in m.state_dict().values(): t.fill_(9)
c.eval(); tied = copy.deepcopy(Tied()); normed = nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)); other = copy.deepcopy(normed)
with torch.no_grad():
  for p in normed.parameters(): p.fill_(1)
out += [c(x()), c[1].running_mean, m[1].running_mean, m.training, len(list(tied.parameters())), other(one), len(copy.deepcopy([torch.tensor([1., 2.]), {'a': torch.tensor([3.])}]))]`, { ulps: 64 }),
  error('deepcopy of a result', () => String(deepcopy(l().weight.mul(2))), 'import copy; copy.deepcopy(nn.Linear(1, 1).weight * 2)'),
];

/** Optimizers over eight steps and schedules over thirty epochs, against PyTorch's parameters, states and rates. */
import { arange, int64, nn, optim, ones, tensor, zeros, type Tensor } from '../../../extension/lib/index';
import { error, same, type Row } from '../table';

const S = optim.lrScheduler;
type Make = (p: Tensor[]) => optim.Optimizer;
const ramp = (n: number, k: number): Tensor => arange(n, { dtype: int64 }).mul(7).add(k * 3).remainder(11).float().sub(5).div(4);
/** Parameters after steps 1, 2 and 8, the state's names and values, and what is printed. */
function train(make: Make): [Tensor[][], string[][], Tensor[], string] {
  const p = [ramp(12, 1).reshape(3, 4).requiresGrad_(), ramp(5, 2).requiresGrad_()];
  const o = make(p);
  const seen: Tensor[][] = [];
  for (let k = 1; k <= 8; k++) {
    p.forEach((t, i) => { t.grad = ramp(t.numel(), k + i).reshape(t.shape); });
    o.step();
    if (k === 1 || k === 2 || k === 8) seen.push(p.map((t) => t.detach().clone()));
  }
  const state = [...(o.stateDict().get('state') as Map<number, Map<string, Tensor>>).values()];
  return [seen, state.map((s) => [...s.keys()].sort()), state.flatMap((s) => [...s.keys()].sort().map((k) => s.get(k)!)), String(o)];
}
const TRAIN = `
def ramp(n, k): return (((torch.arange(n) * 7 + k * 3) % 11).float() - 5) / 4
def train(make):
  p = [ramp(12, 1).reshape(3, 4).requires_grad_(), ramp(5, 2).requires_grad_()]
  o = make(p); seen = []
  for k in range(1, 9):
    for i, t in enumerate(p): t.grad = ramp(t.numel(), k + i).reshape(t.shape)
    o.step()
    if k in (1, 2, 8): seen.append([t.detach().clone() for t in p])
  s = list(o.state_dict()['state'].values())
  return [seen, [sorted(x) for x in s], [x[k] for x in s for k in sorted(x)], repr(o)]
`;
const trains = (name: string, make: Make, py: string): Row => same(name, () => train(make), `${TRAIN}out = train(lambda p: optim.${py})`, { ulps: 16 });

/** Muon takes matrices only, and rounds to bfloat16 inside. */
function muon(options: optim.MuonOptions): Tensor[][] {
  const p = [ramp(12, 1).reshape(3, 4).requiresGrad_(), ramp(10, 2).reshape(5, 2).requiresGrad_()], m = new optim.Muon(p, options);
  return Array.from({ length: 3 }, (_, k) => { p.forEach((t, i) => { t.grad = ramp(t.numel(), k + 1 + i).reshape(t.shape); }); m.step(); return p.map((t) => t.detach().clone()); });
}
const muons = [['', {}, ''], [' without nesterov', { nesterov: false, weightDecay: 0 }, ', nesterov=False, weight_decay=0'], [' by AdamW', { lr: 0.1, adjustLrFn: 'match_rms_adamw', momentum: 0.5 }, ", lr=.1, adjust_lr_fn='match_rms_adamw', momentum=.5"]] as const;
const MUON = `
def ramp(n, k): return (((torch.arange(n) * 7 + k * 3) % 11).float() - 5) / 4
def train(make):
  p = [ramp(12, 1).reshape(3, 4).requires_grad_(), ramp(10, 2).reshape(5, 2).requires_grad_()]
  o = make(p); seen = []
  for k in range(1, 4):
    for i, t in enumerate(p): t.grad = ramp(t.numel(), k + i).reshape(t.shape)
    o.step(); seen.append([t.detach().clone() for t in p])
  return seen
`;

/** Rates (and momenta) of two groups over thirty epochs. */
function rates(make: (o: optim.Optimizer) => { step(): void }, adam = false): number[][] {
  const groups = [{ params: [zeros(1)] }, { params: [zeros(1)], lr: 0.01 }];
  const o = adam ? new optim.Adam(groups, { lr: 0.1 }) : new optim.SGD(groups, { lr: 0.1, momentum: 0.5 });
  const s = make(o);
  return Array.from({ length: 30 }, () => { const now = o.paramGroups.flatMap((g) => [g['lr'] as number, adam ? (g['betas'] as unknown as number[])[0]! : (g['momentum'] as number)]); s.step(); return now; });
}
const RATES = `
S = optim.lr_scheduler
def rates(make, adam=False):
  groups = [{'params': [torch.zeros(1)]}, {'params': [torch.zeros(1)], 'lr': .01}]
  o = optim.Adam(groups, lr=.1) if adam else optim.SGD(groups, lr=.1, momentum=.5)
  s = make(o); r = []
  for i in range(30):
    r.append([float(v) for g in o.param_groups for v in (g['lr'], g['betas'][0] if adam else g['momentum'])]); s.step()
  return r
`;
const rated = (name: string, make: (o: optim.Optimizer) => { step(): void }, py: string): Row => same(name, () => rates(make), `${RATES}out = rates(lambda o: S.${py})`, { ulps: 1 });
const bad = (name: string, run: () => unknown, py: string): Row => error(name, () => { run(); return null; }, `x = torch.zeros(1, requires_grad=True); o = optim.SGD([x], lr=.1); out = ${py}`);
const x = (): Tensor => zeros(1, { requiresGrad: true });
const o = (): optim.Optimizer => new optim.SGD([x()], { lr: 0.1 });

/** Two parameters with gradients; Python's P. */
function graded(): Tensor[] { const p = [ramp(12, 1).reshape(3, 4).requiresGrad_(), ramp(5, 2).requiresGrad_()]; p.forEach((t, i) => { t.grad = ramp(t.numel(), i).reshape(t.shape); }); return p; }
const P = `${TRAIN}p = [ramp(12, 1).reshape(3, 4).requires_grad_(), ramp(5, 2).requires_grad_()]
for i, t in enumerate(p): t.grad = ramp(t.numel(), i).reshape(t.shape)
`;
const clips = (name: string, run: (p: Tensor[]) => Tensor | null, py: string): Row => same(name, () => { const p = graded(); return [run(p), p.map((t) => t.grad)]; }, `${P}r = nn.utils.${py}; out = [r, [t.grad for t in p]]`, { ulps: 4 });

/** LBFGS on a valley with a bend: losses, parameters and what it remembers after each of three steps. */
function descends(options: optim.LBFGSOptions): [number[][], Tensor[], string] {
  const p = [tensor([-1.5, 1.25], { requiresGrad: true }), tensor([[0.5], [2]], { requiresGrad: true })];
  const o = new optim.LBFGS(p, options);
  const losses = [0, 1, 2].map(() => {
    const loss = o.step(() => {
      o.zeroGrad();
      const [a, b] = p as [Tensor, Tensor], bend = a.get(1).sub(a.get(0).pow(2)).pow(2).mul(4).add(a.get(0).sub(1).pow(2)).add(b.pow(2).sub(a.reshape(2, 1)).pow(2).sum());
      bend.backward();
      return bend;
    });
    const s = (o.stateDict().get('state') as Map<number, Map<string, unknown>>).get(0)!;
    return [loss.item(), s.get('n_iter') as number, s.get('func_evals') as number, (s.get('old_dirs') as Tensor[]).length];
  });
  return [losses, p.map((t) => t.detach()), String(o)];
}
const DESCENDS = `
def descends(**k):
  p = [torch.tensor([-1.5, 1.25], requires_grad=True), torch.tensor([[.5], [2.]], requires_grad=True)]
  o = optim.LBFGS(p, **k); r = []
  def f():
    o.zero_grad(); a, b = p
    l = (a[1] - a[0] ** 2) ** 2 * 4 + (a[0] - 1) ** 2 + ((b ** 2 - a.reshape(2, 1)) ** 2).sum()
    l.backward(); return l
  for i in range(3):
    l = o.step(f); s = o.state_dict()['state'][0]
    r.append([l.item(), s['n_iter'], s['func_evals'], len(s['old_dirs'])])
  return [r, [t.detach() for t in p], repr(o)]
`;
const descended = (name: string, options: optim.LBFGSOptions, py: string): Row => same(name, () => descends(options), `${DESCENDS}out = descends(${py})`, { ulps: 256 });

export const rows: Row[] = [
  descended('LBFGS', { lr: 0.1, maxIter: 4 }, 'lr=.1, max_iter=4'),
  descended('LBFGS short memory', { lr: 0.1, maxIter: 6, historySize: 2, maxEval: 5 }, 'lr=.1, max_iter=6, history_size=2, max_eval=5'),
  descended('LBFGS strong_wolfe', { maxIter: 4, lineSearchFn: 'strong_wolfe' }, "max_iter=4, line_search_fn='strong_wolfe'"),
  descended('LBFGS strong_wolfe few tries', { maxIter: 5, maxEval: 3, lr: 2, lineSearchFn: 'strong_wolfe' }, "max_iter=5, max_eval=3, lr=2, line_search_fn='strong_wolfe'"),
  bad('LBFGS of groups', () => new optim.LBFGS([{ params: [x()] }, { params: [x()] }]), "optim.LBFGS([{'params': [x]}, {'params': [torch.zeros(1, requires_grad=True)]}])"),
  bad('LBFGS negative lr', () => new optim.LBFGS([x()], { lr: -1 }), 'optim.LBFGS([x], lr=-1)'),
  ...[2, 1, Infinity, 3].map((n) => clips(`clip_grad_norm_ ${n}`, (p) => nn.utils.clipGradNorm_(p, 1, n), `clip_grad_norm_(p, 1., ${n === Infinity ? 'math.inf' : n})`)),
  clips('clip_grad_norm_ within', (p) => nn.utils.clipGradNorm_(p, 100), 'clip_grad_norm_(p, 100.)'),
  clips('get_total_norm', (p) => nn.utils.getTotalNorm(p.map((t) => t.grad!)), 'get_total_norm([t.grad for t in p])'),
  clips('clip_grads_with_norm_', (p) => { nn.utils.clipGradsWithNorm_(p, 1, nn.utils.getTotalNorm(p.map((t) => t.grad!), 1)); return null; }, 'clip_grads_with_norm_(p, 1., nn.utils.get_total_norm([t.grad for t in p], 1.))'),
  clips('clip_grad_value_', (p) => { nn.utils.clipGradValue_(p, 0.5); return null; }, 'clip_grad_value_(p, .5)'),
  same('parameters_to_vector', () => { const p = graded(); const v = nn.utils.parametersToVector(p).detach(); nn.utils.vectorToParameters(v.mul(2), p); return [v, p.map((t) => t.detach())]; }, `${P}v = nn.utils.parameters_to_vector(p).detach(); nn.utils.vector_to_parameters(v * 2, p); out = [v, [t.detach() for t in p]]`),
  trains('Adafactor', (p) => new optim.Adafactor(p), 'Adafactor(p)'), trains('Adafactor, everything', (p) => new optim.Adafactor(p, { lr: 0.05, beta2Decay: -0.5, eps: [1e-4, 1e-2], d: 1.5, weightDecay: 0.1, maximize: true }), 'Adafactor(p, lr=.05, beta2_decay=-.5, eps=(1e-4, 1e-2), d=1.5, weight_decay=.1, maximize=True)'),
  ...muons.map(([name, options, py]) => same(`Muon${name}`, () => muon(options), `${MUON}out = train(lambda p: optim.Muon(p${py}))`, { ulps: 2 ** 14 })), same('Muon prints', () => String(new optim.Muon([ramp(4, 1).reshape(2, 2).requiresGrad_()], { adjustLrFn: 'original' })), `${TRAIN}out = repr(optim.Muon([ramp(4, 1).reshape(2, 2).requires_grad_()], adjust_lr_fn='original'))`),
  bad('Muon of a vector', () => new optim.Muon([x()]), 'optim.Muon([x])'), bad('Muon lr', () => new optim.Muon([x()], { lr: -1 }), 'optim.Muon([x], lr=-1)'), bad('Muon adjust', () => new optim.Muon([x()], { adjustLrFn: 'no' as never }), "optim.Muon([x], adjust_lr_fn='no')"), bad('Adafactor lr', () => new optim.Adafactor([x()], { lr: -1 }), 'optim.Adafactor([x], lr=-1)'), bad('Adafactor decay', () => new optim.Adafactor([x()], { beta2Decay: 0.5 }), 'optim.Adafactor([x], beta2_decay=.5)'), bad('Adafactor d', () => new optim.Adafactor([x()], { d: 0.5 }), 'optim.Adafactor([x], d=.5)'),
  trains('SGD', (p) => new optim.SGD(p, { lr: 0.1 }), 'SGD(p, lr=.1)'),
  trains('SGD momentum', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }), 'SGD(p, lr=.1, momentum=.9, weight_decay=.01)'),
  trains('SGD dampening', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.3, maximize: true }), 'SGD(p, lr=.1, momentum=.9, dampening=.3, maximize=True)'),
  trains('SGD nesterov', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }), 'SGD(p, lr=.1, momentum=.9, nesterov=True)'),
  trains('Adam', (p) => new optim.Adam(p, { lr: 0.01 }), 'Adam(p, lr=.01)'),
  trains('Adam options', (p) => new optim.Adam(p, { lr: 0.02, betas: [0.8, 0.95], eps: 1e-6, weightDecay: 0.1, maximize: true }), 'Adam(p, lr=.02, betas=(.8, .95), eps=1e-6, weight_decay=.1, maximize=True)'),
  trains('Adam amsgrad', (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.01 }), 'Adam(p, lr=.01, amsgrad=True, weight_decay=.01)'),
  trains('AdamW', (p) => new optim.AdamW(p, { lr: 0.01, weightDecay: 0.1 }), 'AdamW(p, lr=.01, weight_decay=.1)'),
  trains('AdamW amsgrad', (p) => new optim.AdamW(p, { lr: 0.01, amsgrad: true, maximize: true }), 'AdamW(p, lr=.01, amsgrad=True, maximize=True)'),
  trains('RMSprop', (p) => new optim.RMSprop(p), 'RMSprop(p)'),
  trains('RMSprop options', (p) => new optim.RMSprop(p, { lr: 0.02, alpha: 0.9, momentum: 0.5, centered: true, weightDecay: 0.01, maximize: true }), 'RMSprop(p, lr=.02, alpha=.9, momentum=.5, centered=True, weight_decay=.01, maximize=True)'),
  trains('Adagrad', (p) => new optim.Adagrad(p), 'Adagrad(p)'),
  trains('Adagrad options', (p) => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1, weightDecay: 0.01, initialAccumulatorValue: 0.5, maximize: true }), 'Adagrad(p, lr=.1, lr_decay=.1, weight_decay=.01, initial_accumulator_value=.5, maximize=True)'),
  trains('Adadelta', (p) => new optim.Adadelta(p), 'Adadelta(p)'),
  trains('Adadelta options', (p) => new optim.Adadelta(p, { lr: 0.5, rho: 0.8, weightDecay: 0.01, maximize: true }), 'Adadelta(p, lr=.5, rho=.8, weight_decay=.01, maximize=True)'),
  trains('Adamax', (p) => new optim.Adamax(p), 'Adamax(p)'),
  trains('Adamax options', (p) => new optim.Adamax(p, { lr: 0.01, betas: [0.8, 0.9], weightDecay: 0.01, maximize: true }), 'Adamax(p, lr=.01, betas=(.8, .9), weight_decay=.01, maximize=True)'),
  trains('NAdam', (p) => new optim.NAdam(p), 'NAdam(p)'),
  trains('NAdam options', (p) => new optim.NAdam(p, { lr: 0.01, weightDecay: 0.1, decoupledWeightDecay: true, momentumDecay: 0.01 }), 'NAdam(p, lr=.01, weight_decay=.1, decoupled_weight_decay=True, momentum_decay=.01)'),
  trains('RAdam', (p) => new optim.RAdam(p, { lr: 0.01 }), 'RAdam(p, lr=.01)'),
  trains('RAdam options', (p) => new optim.RAdam(p, { lr: 0.01, betas: [0.8, 0.9], weightDecay: 0.1, decoupledWeightDecay: true }), 'RAdam(p, lr=.01, betas=(.8, .9), weight_decay=.1, decoupled_weight_decay=True)'),
  trains('ASGD', (p) => new optim.ASGD(p), 'ASGD(p)'),
  trains('ASGD options', (p) => new optim.ASGD(p, { lr: 0.1, lambd: 0.1, alpha: 0.5, t0: 3, weightDecay: 0.1, maximize: true }), 'ASGD(p, lr=.1, lambd=.1, alpha=.5, t0=3., weight_decay=.1, maximize=True)'),
  trains('Rprop', (p) => new optim.Rprop(p), 'Rprop(p)'),
  rated('StepLR', (q) => new S.StepLR(q, 4, { gamma: 0.3 }), 'StepLR(o, 4, .3)'),
  rated('MultiStepLR', (q) => new S.MultiStepLR(q, [3, 8, 8, 20], { gamma: 0.5 }), 'MultiStepLR(o, [3, 8, 8, 20], .5)'),
  rated('ExponentialLR', (q) => new S.ExponentialLR(q, 0.9), 'ExponentialLR(o, .9)'),
  rated('ConstantLR', (q) => new S.ConstantLR(q, { factor: 0.25, totalIters: 6 }), 'ConstantLR(o, .25, 6)'),
  rated('LinearLR', (q) => new S.LinearLR(q, { startFactor: 0.1, endFactor: 0.7, totalIters: 9 }), 'LinearLR(o, .1, .7, 9)'),
  rated('PolynomialLR', (q) => new S.PolynomialLR(q, { totalIters: 12, power: 1.7 }), 'PolynomialLR(o, 12, 1.7)'),
  rated('CosineAnnealingLR', (q) => new S.CosineAnnealingLR(q, 8, { etaMin: 0.001 }), 'CosineAnnealingLR(o, 8, .001)'),
  rated('CosineAnnealingWarmRestarts', (q) => new S.CosineAnnealingWarmRestarts(q, 4, { tMult: 2, etaMin: 0.001 }), 'CosineAnnealingWarmRestarts(o, 4, 2, .001)'),
  rated('LambdaLR', (q) => new S.LambdaLR(q, [(e) => 0.9 ** e, (e) => 1 / (e + 1)]), 'LambdaLR(o, [lambda e: .9 ** e, lambda e: 1 / (e + 1)])'),
  rated('MultiplicativeLR', (q) => new S.MultiplicativeLR(q, (e) => 1 - e / 100), 'MultiplicativeLR(o, lambda e: 1 - e / 100)'),
  rated('OneCycleLR', (q) => new S.OneCycleLR(q, 1, { totalSteps: 30 }), 'OneCycleLR(o, 1., total_steps=30)'),
  rated('OneCycleLR three phases', (q) => new S.OneCycleLR(q, [1, 0.5], { epochs: 6, stepsPerEpoch: 5, threePhase: true, annealStrategy: 'linear', pctStart: 0.4 }), "OneCycleLR(o, [1., .5], epochs=6, steps_per_epoch=5, three_phase=True, anneal_strategy='linear', pct_start=.4)"),
  same('OneCycleLR of Adam', () => rates((q) => new S.OneCycleLR(q, 1, { totalSteps: 30 }), true), `${RATES}out = rates(lambda o: S.OneCycleLR(o, 1., total_steps=30), True)`, { ulps: 1 }),
  rated('CyclicLR', (q) => new S.CyclicLR(q, 0.01, 0.1, { stepSizeUp: 4, stepSizeDown: 7 }), 'CyclicLR(o, .01, .1, 4, 7)'),
  rated('CyclicLR triangular2', (q) => new S.CyclicLR(q, 0.01, 0.1, { stepSizeUp: 5, mode: 'triangular2', cycleMomentum: false }), "CyclicLR(o, .01, .1, 5, mode='triangular2', cycle_momentum=False)"),
  rated('CyclicLR exp_range', (q) => new S.CyclicLR(q, 0.01, 0.1, { stepSizeUp: 5, mode: 'exp_range', gamma: 0.95 }), "CyclicLR(o, .01, .1, 5, mode='exp_range', gamma=.95)"),
  rated('ChainedScheduler', (q) => new S.ChainedScheduler([new S.ConstantLR(q, { factor: 0.1, totalIters: 4 }), new S.ExponentialLR(q, 0.9)]), 'ChainedScheduler([S.ConstantLR(o, .1, 4), S.ExponentialLR(o, .9)])'),
  rated('SequentialLR', (q) => new S.SequentialLR(q, [new S.ConstantLR(q, { factor: 0.1, totalIters: 4 }), new S.ExponentialLR(q, 0.9), new S.StepLR(q, 3)], [4, 15]), 'SequentialLR(o, [S.ConstantLR(o, .1, 4), S.ExponentialLR(o, .9), S.StepLR(o, 3)], [4, 15])'),
  same('ReduceLROnPlateau', () => rates((q) => { const s = new S.ReduceLROnPlateau(q, { factor: 0.5, patience: 2, cooldown: 1, minLr: [0.01, 0.001] }); let k = 0; return { step: () => s.step([5, 4, 3, 3, 3, 3, 2.9999, 3, 3, 3][k++ % 10]!) }; }), `${RATES}
class P:
  def __init__(self, o): self.s = S.ReduceLROnPlateau(o, factor=.5, patience=2, cooldown=1, min_lr=[.01, .001]); self.k = 0
  def step(self): self.s.step([5, 4, 3, 3, 3, 3, 2.9999, 3, 3, 3][self.k % 10]); self.k += 1
out = rates(P)`, { ulps: 1 }),
  bad('optimizer of nothing', () => new optim.SGD([], { lr: 0.1 }), 'optim.SGD([], lr=.1)'),
  bad('optimizer of a tensor', () => new optim.SGD(zeros(1) as never, { lr: 0.1 }), 'optim.SGD(torch.zeros(1), lr=.1)'),
  same('foreach and fused', () => [new optim.SGD([ones(1)], { foreach: true }), new optim.AdamW([ones(1)], { fused: true }), new optim.Adam([ones(1)], { foreach: false }), new optim.RMSprop([ones(1)], { foreach: true }), new optim.Adagrad([ones(1)], { foreach: true }), new optim.NAdam([ones(1)], { foreach: true })].map(String), 'O, p = optim, [torch.ones(1)]; out = [repr(o) for o in (O.SGD(p, foreach=True), O.AdamW(p, fused=True), O.Adam(p, foreach=False), O.RMSprop(p, foreach=True), O.Adagrad(p, foreach=True), O.NAdam(p, foreach=True))]'),
  bad('foreach with fused', () => new optim.SGD([x()], { lr: 1, foreach: true, fused: true }), 'optim.SGD([x], lr=1, foreach=True, fused=True)'),
  bad('optimizer of a non-leaf', () => new optim.SGD([x().mul(2)], { lr: 1 }), 'optim.SGD([x * 2], lr=1)'),
  bad('parameter in two groups', () => { const t = x(); return new optim.SGD([{ params: [t] }, { params: [t] }], { lr: 1 }); }, "optim.SGD([{'params': [x]}, {'params': [x]}], lr=1)"),
  bad('negative lr', () => new optim.SGD([x()], { lr: -1 }), 'optim.SGD([x], lr=-1)'),
  bad('nesterov without momentum', () => new optim.SGD([x()], { lr: 1, nesterov: true }), 'optim.SGD([x], lr=1, nesterov=True)'),
  bad('beta of one', () => new optim.Adam([x()], { betas: [1, 0.9] }), 'optim.Adam([x], betas=(1, .9))'),
  bad('negative eps', () => new optim.Adam([x()], { eps: -1 }), 'optim.Adam([x], eps=-1)'),
  bad('negative alpha', () => new optim.RMSprop([x()], { alpha: -1 }), 'optim.RMSprop([x], alpha=-1)'),
  bad('negative lr_decay', () => new optim.Adagrad([x()], { lrDecay: -1 }), 'optim.Adagrad([x], lr_decay=-1)'),
  bad('rho above one', () => new optim.Adadelta([x()], { rho: 2 }), 'optim.Adadelta([x], rho=2)'),
  bad('negative momentum_decay', () => new optim.NAdam([x()], { momentumDecay: -1 }), 'optim.NAdam([x], momentum_decay=-1)'),
  bad('etas', () => new optim.Rprop([x()], { etas: [2, 3] }), 'optim.Rprop([x], etas=(2, 3))'),
  bad('chain of nothing', () => new S.ChainedScheduler([]), 'optim.lr_scheduler.ChainedScheduler([])'),
  bad('scheduler of a tensor', () => new S.StepLR(ones(1) as never, 3), 'optim.lr_scheduler.StepLR(torch.ones(1), 3)'),
  bad('lambdas', () => new S.LambdaLR(o(), []), 'optim.lr_scheduler.LambdaLR(o, [])'),
  bad('OneCycleLR without steps', () => new S.OneCycleLR(o(), 1), 'optim.lr_scheduler.OneCycleLR(o, 1.)'),
  bad('plateau factor', () => new S.ReduceLROnPlateau(o(), { factor: 1 }), 'optim.lr_scheduler.ReduceLROnPlateau(o, factor=1.)'),
  bad('restarts of nothing', () => new S.CosineAnnealingWarmRestarts(o(), 0), 'optim.lr_scheduler.CosineAnnealingWarmRestarts(o, 0)'),
  bad('linear from zero', () => new S.LinearLR(o(), { startFactor: 0 }), 'optim.lr_scheduler.LinearLR(o, 0)'),
  bad('constant above one', () => new S.ConstantLR(o(), { factor: 2 }), 'optim.lr_scheduler.ConstantLR(o, 2)'),
];

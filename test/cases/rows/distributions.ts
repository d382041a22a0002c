/** torch.distributions: draws for the same seed, log densities, entropies, gradients, what is printed and refused. */
import { distributions as D, nn, rand, tensor, type Tensor } from '../../../extension/lib/index';
import { error, same, type Result, type Row } from '../table';

const T = (...v: number[]): Tensor => tensor(v), leaf = (...v: number[]): Tensor => tensor(v, { requiresGrad: true });
const PY = `
D = torch.distributions; T = lambda *v: torch.tensor([float(x) for x in v]); leaf = lambda *v: T(*v).requires_grad_()
def facts(d, v, *ps):
  s = d.sample((2, 3)); l = d.log_prob(v); e = d.entropy(); gs = torch.autograd.grad(l.sum() + (e.sum() if e.requires_grad else 0), ps)
  return [repr(d), d.sample(), s, d.sample((20,)), l, e, d.mean, d.variance, d.stddev, d.mode, d.perplexity(), list(gs), str(d.batch_shape), str(d.event_shape), repr(d), torch.rand(2)]
def more(d, v, q): return [d.rsample((2,)), d.cdf(v), d.icdf(q)]
`;
function facts(d: D.Distribution, v: Tensor, ...ps: Tensor[]): Result[] {
  const before = String(d), s = d.sample([2, 3]), l = d.logProb(v), e = d.entropy();
  (e.requiresGrad ? l.sum().add(e.sum()) : l.sum()).backward();
  return [before, d.sample(), s, d.sample([20]), l, e, d.mean, d.variance, d.stddev, d.mode, d.perplexity(), ps.map((p) => p.grad), String(d.batchShape), String(d.eventShape), String(d), rand(2)];
}
const row = (name: string, run: () => Result, py: string): Row => same(name, run, PY.replace("return [repr(d), d.sample()", "return [before, d.sample()").replace("  s = d.sample((2, 3))", "  before = repr(d); s = d.sample((2, 3))") + py, { ulps: 32 });
const more = (d: D.Distribution, v: Tensor, q: Tensor): Result[] => [d.rsample([2]), d.cdf(v), d.icdf(q)];
const refused = (py: string, run: () => unknown): Row => error(`D.${py}`, () => String(run()), `${PY}out = D.${py}`);

export const rows: Row[] = [
  row('Normal', () => { const m = leaf(0, 1, -2), s = leaf(1, 0.5, 3); return [...facts(new D.Normal(m, s), T(0.3, 2, -1), m, s), ...more(new D.Normal(m, s), T(0.3, 2, -1), T(0.1, 0.5, 0.9))]; }, 'm, s = leaf(0, 1, -2), leaf(1, .5, 3); out = facts(D.Normal(m, s), T(.3, 2, -1), m, s) + more(D.Normal(m, s), T(.3, 2, -1), T(.1, .5, .9))'),
  row('Normal of numbers', () => { const d = new D.Normal(0, 1), e = new D.Normal(T(0, 1), 2), many = new D.Normal(0, 1).sample([20]); return [String(d), d.sample(), d.sample([2]), many, d.logProb(tensor(0.5)), e.sample(), String(e), e.logProb(tensor(1)), d.rsample()]; }, 'd, e, many = D.Normal(0., 1.), D.Normal(T(0, 1), 2.), D.Normal(0., 1.).sample((20,)); out = [repr(d), d.sample(), d.sample((2,)), many, d.log_prob(torch.tensor(.5)), e.sample(), repr(e), e.log_prob(torch.tensor(1.)), d.rsample()]'),
  row('Uniform', () => { const a = leaf(0, 1), b = leaf(1, 4); return [...facts(new D.Uniform(a, b), T(0.5, 2), a, b), ...more(new D.Uniform(a, b), T(0.3, 2), T(0.1, 0.5)), new D.Uniform(0, 2, { validateArgs: false }).logProb(T(-1, 2, 1))]; }, 'a, b = leaf(0, 1), leaf(1, 4); out = facts(D.Uniform(a, b), T(.5, 2), a, b) + more(D.Uniform(a, b), T(.3, 2), T(.1, .5)) + [D.Uniform(0., 2., validate_args=False).log_prob(T(-1, 2, 1))]'),
  row('Exponential', () => { const r = leaf(0.5, 2); return [...facts(new D.Exponential(r), T(0.5, 2), r), ...more(new D.Exponential(r), T(0.3, 2), T(0.1, 0.5))]; }, 'r = leaf(.5, 2); out = facts(D.Exponential(r), T(.5, 2), r) + more(D.Exponential(r), T(.3, 2), T(.1, .5))'),
  row('Categorical', () => { const p = leaf(0.2, 0.5, 1, 0); return facts(new D.Categorical(p), tensor(2n), p); }, 'p = leaf(.2, .5, 1, 0); out = facts(D.Categorical(p), torch.tensor(2), p)'),
  row('Categorical of logits', () => { const l = leaf(1, -1, 0, 2, 0.5, 3), d = new D.Categorical({ logits: l.view(2, 3) }); return [...facts(d, tensor([2n, 0n]), l), d.enumerateSupport(), d.enumerateSupport(false), d.logProb(d.enumerateSupport())]; }, 'l = leaf(1, -1, 0, 2, .5, 3); d = D.Categorical(logits=l.view(2, 3)); out = facts(d, torch.tensor([2, 0]), l) + [d.enumerate_support(), d.enumerate_support(False), d.log_prob(d.enumerate_support())]'),
  row('Bernoulli', () => { const p = leaf(0.2, 0.5, 0.9); return facts(new D.Bernoulli(p), T(1, 0, 1), p); }, 'p = leaf(.2, .5, .9); out = facts(D.Bernoulli(p), T(1, 0, 1), p)'),
  row('Bernoulli of logits', () => { const l = leaf(-1, 2); return [...facts(new D.Bernoulli({ logits: l }), T(1, 0), l), new D.Bernoulli(0.3).sample([3])]; }, 'l = leaf(-1, 2); out = facts(D.Bernoulli(logits=l), T(1, 0), l) + [D.Bernoulli(.3).sample((3,))]'),
  row('Independent', () => { const m = leaf(0, 1, 2, 3), d = new D.Independent(new D.Normal(m.view(2, 2), 1), 1); return facts(d, T(1, 2), m); }, 'm = leaf(0, 1, 2, 3); out = facts(D.Independent(D.Normal(m.view(2, 2), 1.), 1), T(1, 2), m)'),
  row('kl_divergence', () => { const N = (m: number, s: number): D.Normal => new D.Normal(T(m, 1), s), C = (...p: number[]): D.Categorical => new D.Categorical(T(...p)); return [D.klDivergence(N(0, 1), N(1, 2)), D.klDivergence(C(1, 0, 2), C(1, 1, 0)), D.klDivergence(C(1, 0, 2), C(1, 1, 3)), D.klDivergence(new D.Bernoulli(T(0, 0.3, 0.5, 1)), new D.Bernoulli(T(0.2, 0.6, 0, 1))), D.klDivergence(new D.Exponential(T(1, 2)), new D.Exponential(3)), D.klDivergence(new D.Uniform(T(0, 1), 2), new D.Uniform(0.5, 4)), D.klDivergence(new D.Independent(N(0, 1), 1), new D.Independent(N(1, 2), 1))]; },
    'N = lambda m, s: D.Normal(T(m, 1), float(s)); C = lambda *p: D.Categorical(T(*p)); k = D.kl_divergence; out = [k(N(0, 1), N(1, 2)), k(C(1, 0, 2), C(1, 1, 0)), k(C(1, 0, 2), C(1, 1, 3)), k(D.Bernoulli(T(0, .3, .5, 1)), D.Bernoulli(T(.2, .6, 0, 1))), k(D.Exponential(T(1, 2)), D.Exponential(3.)), k(D.Uniform(T(0, 1), 2.), D.Uniform(.5, 4.)), k(D.Independent(N(0, 1), 1), D.Independent(N(1, 2), 1))]'),
  refused('Normal(T(0, 1), T(1, -1))', () => new D.Normal(T(0, 1), T(1, -1))), refused('Normal(T(float("nan")), 1.)', () => new D.Normal(T(NaN), 1)), refused('Normal(0., 0.)', () => new D.Normal(0, 0)),
  refused('Normal(nn.Parameter(torch.ones(2)), nn.Parameter(-torch.ones(2)))', () => new D.Normal(new nn.Parameter(T(1, 1)), new nn.Parameter(T(-1, -1)))),
  refused('Uniform(1., 0.)', () => new D.Uniform(1, 0)), refused('Uniform(T(0, 1), T(1, 0))', () => new D.Uniform(T(0, 1), T(1, 0))), refused('Uniform(0., 1.).log_prob(T(2))', () => new D.Uniform(0, 1).logProb(T(2))),
  refused('Exponential(T(-1))', () => new D.Exponential(T(-1))), refused('Exponential(1.).log_prob(T(-1))', () => new D.Exponential(1).logProb(T(-1))),
  refused('Categorical()', () => new D.Categorical({})), refused('Categorical(torch.tensor(1.))', () => new D.Categorical(tensor(1))), refused('Categorical(logits=torch.tensor(1.))', () => new D.Categorical({ logits: tensor(1) })), refused('Categorical(T(1, -1, 3))', () => new D.Categorical(T(1, -1, 3))),
  refused('Categorical(logits=T(1, float("nan")))', () => new D.Categorical({ logits: T(1, NaN) })), refused('Categorical(T(1, 1)).log_prob(torch.tensor(2))', () => new D.Categorical(T(1, 1)).logProb(tensor(2n))),
  refused('Bernoulli(T(.5, 1.5))', () => new D.Bernoulli(T(0.5, 1.5))), refused('Bernoulli(T(.5)).log_prob(T(.5))', () => new D.Bernoulli(T(0.5)).logProb(T(0.5))), refused('Bernoulli(.5, .5)', () => new D.Bernoulli({ probs: 0.5, logits: 0.5 })),
  refused('Normal(T(0, 1), T(1, 1)).log_prob(T(1, 2, 3))', () => new D.Normal(T(0, 1), T(1, 1)).logProb(T(1, 2, 3))), refused('Independent(D.Normal(T(0, 1), 1.), 2)', () => new D.Independent(new D.Normal(T(0, 1), 1), 2)), refused('Normal(0., 1.).log_prob(1.)', () => new D.Normal(0, 1).logProb(1 as never)),
];

/** nn.utils: weight and spectral norm in both forms, parametrizations registered, set and removed; state dict names as PyTorch's. */
import { arange, nn, noGrad, ones, type Tensor } from '../../../extension/lib/index';
import { error, f, module, same, type Options, type Result, type Row } from '../table';

const { utils } = nn, { parametrizations: P, parametrize: Z } = utils;
const o: Options = { ulps: 64, gradUlps: 256, stateUlps: 4 };
const layer = (py: string, make: () => nn.Module, ...shape: number[]): Row => module(py, make, [f(...shape)], `nn.utils.${py}`, py.includes('bias') ? { ...o, noGrad: true } : o);
/** QR's rounding is LAPACK's own. */
const turned = (py: string, make: () => nn.Module, ...shape: number[]): Row => module(py, make, [f(...shape)], `nn.utils.${py}`, { ...o, stateUlps: 512 });
/** What a parametrized layer holds, gives and trains to, rounded sums of power iterations included. */
const run = (m: nn.Module, shape: number[]): Result => {
  const call = m as unknown as (x: Tensor) => Tensor, y = call(ones(shape)), again = call(ones(shape));
  again.sum().backward();
  return [[...m.stateDict().keys()], y, again, [...m.stateDict().values()], [...m.parameters()].map((p) => p.grad), call(ones(shape)), String(m)];
};
const RUN = `
P = nn.utils.parametrizations; Z = nn.utils.parametrize
def run(m, *s):
  y = m(torch.ones(s)); again = m(torch.ones(s)); again.sum().backward()
  return [list(m.state_dict()), y, again, list(m.state_dict().values()), [p.grad for p in m.parameters()], m(torch.ones(s)), repr(m)]
class Twice(nn.Module):
  def forward(self, x): return x * 2
  def right_inverse(self, y): return y / 2
class Grown(nn.Module):
  def forward(self, x): return torch.cat([x, x])
class Shift(nn.Module):
  def forward(self, x): return x + 1
def normed(m):
  r = torch.arange(3.); m.running_mean.copy_(r - 1); m.running_var.copy_(r + 1)
  with torch.no_grad():
    if m.weight is not None: m.weight.copy_(r + 2); m.bias.copy_(r * .5)
  return m.eval()
`;
const normed = <M extends nn.BatchNorm1d | nn.BatchNorm2d>(m: M): M => { noGrad(() => { m.runningMean!.copy_(arange(3).sub(1)); m.runningVar!.copy_(arange(3).add(1)); m.weight?.copy_(arange(3).add(2)); m.bias?.copy_(arange(3).mul(0.5)); }); return m.eval() as M; };
const runs = (name: string, make: () => nn.Module, py: string, shape: number[]): Row => same(name, () => run(make(), shape), `${RUN}out = run(${py}, ${shape.join(', ')})`, { ulps: 256 });
const state = (name: string, make: () => Result, py: string): Row => same(name, make, `${RUN}${py}`, { ulps: 64 });
class Twice extends nn.Module { override forward(x: Tensor): Tensor { return x.mul(2); } rightInverse(y: Tensor): Tensor { return y.div(2); } }
class Grown extends nn.Module { override forward(x: Tensor): Tensor { return x.repeat(2, 1); } }
class Shift extends nn.Module { override forward(x: Tensor): Tensor { return x.add(1); } }
const fails = (name: string, make: () => unknown, py: string): Row => error(name, () => { make(); return null; }, `${RUN}out = ${py}`);
const all = (m: nn.Module): Result => [[...m.stateDict().keys()], [...m.stateDict().values()], String(m)];
const ALL = '[list(m.state_dict()), list(m.state_dict().values()), repr(m)]';

export const rows: Row[] = [
  layer('parametrizations.weight_norm(nn.Linear(3, 4))', () => P.weightNorm(new nn.Linear(3, 4)), 2, 3),
  layer('parametrizations.weight_norm(nn.Linear(3, 4), dim=None)', () => P.weightNorm(new nn.Linear(3, 4), 'weight', null), 2, 3),
  layer("parametrizations.weight_norm(nn.Linear(3, 4), 'weight', 1)", () => P.weightNorm(new nn.Linear(3, 4), 'weight', 1), 2, 3),
  layer("parametrizations.weight_norm(nn.Linear(3, 4), 'bias')", () => P.weightNorm(new nn.Linear(3, 4), 'bias'), 2, 3),
  layer('parametrizations.weight_norm(nn.Conv2d(2, 3, 2))', () => P.weightNorm(new nn.Conv2d(2, 3, 2)), 2, 2, 3, 3),
  layer('weight_norm(nn.Linear(3, 4))', () => utils.weightNorm(new nn.Linear(3, 4)), 2, 3),
  layer('weight_norm(nn.Conv1d(2, 3, 2), dim=None)', () => utils.weightNorm(new nn.Conv1d(2, 3, 2), 'weight', null), 2, 2, 4),
  runs('spectral_norm parametrization', () => P.spectralNorm(new nn.Linear(3, 4)), 'P.spectral_norm(nn.Linear(3, 4))', [2, 3]),
  runs('spectral_norm parametrization of Conv2d', () => P.spectralNorm(new nn.Conv2d(2, 3, 2), 'weight', { nPowerIterations: 3 }), 'P.spectral_norm(nn.Conv2d(2, 3, 2), n_power_iterations=3)', [1, 2, 3, 3]),
  runs('spectral_norm parametrization of ConvTranspose1d', () => P.spectralNorm(new nn.ConvTranspose1d(2, 3, 2)), 'P.spectral_norm(nn.ConvTranspose1d(2, 3, 2))', [1, 2, 3]),
  runs('spectral_norm parametrization evaluated', () => P.spectralNorm(new nn.Linear(3, 4)).eval(), 'P.spectral_norm(nn.Linear(3, 4)).eval()', [2, 3]),
  runs('spectral_norm by hook', () => utils.spectralNorm(new nn.Linear(3, 4)), 'nn.utils.spectral_norm(nn.Linear(3, 4))', [2, 3]),
  runs('two parametrizations', () => Z.registerParametrization(Z.registerParametrization(new nn.Linear(3, 4), 'weight', new Twice()), 'weight', new Shift()), "(lambda m: (Z.register_parametrization(m, 'weight', Twice()), Z.register_parametrization(m, 'weight', Shift()), m)[2])(nn.Linear(3, 4))", [2, 3]),
  state('parametrization set', () => { const m = P.weightNorm(new nn.Linear(3, 4)); m.weight = ones(4, 3).mul(2) as never; return [all(m), m.weight]; }, `m = P.weight_norm(nn.Linear(3, 4)); m.weight = torch.ones(4, 3) * 2; out = [${ALL}, m.weight]`),
  state('parametrization removed', () => { const m = Z.registerParametrization(new nn.Linear(3, 4), 'weight', new Shift()); const p = [...m.parameters()].at(-1)!; Z.removeParametrizations(m, 'weight'); return [all(m), m.weight === p, Z.isParametrized(m)]; }, `m = Z.register_parametrization(nn.Linear(3, 4), 'weight', Shift()); p = list(m.parameters())[-1]; Z.remove_parametrizations(m, 'weight'); out = [${ALL}, m.weight is p, Z.is_parametrized(m)]`),
  state('parametrization removed, original left', () => { const m = Z.registerParametrization(new nn.Linear(3, 4), 'weight', new Twice()); Z.removeParametrizations(m, 'weight', { leaveParametrized: false }); return all(m); }, `m = Z.register_parametrization(nn.Linear(3, 4), 'weight', Twice()); Z.remove_parametrizations(m, 'weight', False); out = ${ALL}`),
  state('weight_norm parametrization removed', () => all(Z.removeParametrizations(P.weightNorm(new nn.Linear(3, 4)), 'weight')), `m = Z.remove_parametrizations(P.weight_norm(nn.Linear(3, 4)), 'weight'); out = ${ALL}`),
  state('buffer parametrized', () => { const m = new nn.Module(); m.registerBuffer('b', ones(2)); Z.registerParametrization(m, 'b', new Shift()); return [(m as unknown as { b: Tensor }).b, all(m), Z.isParametrized(m, 'b'), Z.isParametrized(m, 'c'), all(Z.removeParametrizations(m, 'b'))]; }, `m = nn.Module(); m.register_buffer('b', torch.ones(2)); Z.register_parametrization(m, 'b', Shift()); out = [m.b, ${ALL}, Z.is_parametrized(m, 'b'), Z.is_parametrized(m, 'c')]; Z.remove_parametrizations(m, 'b'); out.append(${ALL})`),
  state('weight_norm removed', () => all(utils.removeWeightNorm(utils.weightNorm(new nn.Linear(3, 4)))), `m = nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(3, 4))); out = ${ALL}`),
  state('spectral_norm removed', () => all(utils.removeSpectralNorm(utils.spectralNorm(new nn.Linear(3, 4)))), `m = nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(3, 4))); out = ${ALL}`),
  ...(['matrix_exp', 'cayley', 'householder'] as const).flatMap((map) => [
    turned(`parametrizations.orthogonal(nn.Linear(3, 3), orthogonal_map='${map}')`, () => P.orthogonal(new nn.Linear(3, 3), 'weight', map), 2, 3), turned(`parametrizations.orthogonal(nn.Linear(3, 5), orthogonal_map='${map}')`, () => P.orthogonal(new nn.Linear(3, 5), 'weight', map), 2, 3),
    state(`orthogonal by ${map} from a value`, () => { const m = P.orthogonal(new nn.Linear(2, 4), 'weight', map); for (const p of m.parameters()) if (p.dim() === 2) noGrad(() => p.copy_(arange(8).reshape(4, 2).div(5).sub(0.5))); return map === 'householder' ? m.weight.abs().gt(2) : m.weight; }, `m = P.orthogonal(nn.Linear(2, 4), orthogonal_map='${map}')\nwith torch.no_grad(): m.parametrizations.weight.original.copy_(torch.arange(8.).reshape(4, 2) / 5 - .5)\nout = ${map === 'householder' ? 'm.weight.abs() > 2' : 'm.weight'}`),
  ]),
  turned("parametrizations.orthogonal(nn.Linear(3, 4), orthogonal_map='householder', use_trivialization=False)", () => P.orthogonal(new nn.Linear(3, 4), 'weight', 'householder', { useTrivialization: false }), 2, 3), turned('parametrizations.orthogonal(nn.Linear(4, 2))', () => P.orthogonal(new nn.Linear(4, 2)), 2, 4),
  fails('orthogonal of a vector', () => P.orthogonal(new nn.Linear(3, 4), 'bias'), "P.orthogonal(nn.Linear(3, 4), 'bias')"), fails('orthogonal of nothing', () => P.orthogonal(new nn.Linear(3, 4), 'w'), "P.orthogonal(nn.Linear(3, 4), 'w')"), fails('orthogonal by another map', () => P.orthogonal(new nn.Linear(3, 4), 'weight', 'qr' as never), "P.orthogonal(nn.Linear(3, 4), orthogonal_map='qr')"), fails('orthogonal set without trivialization', () => P.orthogonal(new nn.Linear(3, 3), 'weight', 'cayley', { useTrivialization: false }).weight = ones(3, 3) as never, "setattr(P.orthogonal(nn.Linear(3, 3), orthogonal_map='cayley', use_trivialization=False), 'weight', torch.ones(3, 3))"),
  state('cached', () => { const m = P.weightNorm(new nn.Linear(3, 4)); const [a, b] = Z.cached(() => [m.weight, m.weight]); return [a === b, m.weight === m.weight, a]; }, 'm = P.weight_norm(nn.Linear(3, 4))\nwith Z.cached(): a, b = m.weight, m.weight\nout = [a is b, m.weight is m.weight, a]'),
  state('skip_init', () => { const m = utils.skipInit(nn.Linear, 3, 4), after = new nn.Linear(2, 2).weight; return [String(m), [...m.stateDict().keys()], [...m.weight.shape], after]; }, 'm = nn.utils.skip_init(nn.Linear, 3, 4); out = [repr(m), list(m.state_dict()), list(m.weight.shape), nn.Linear(2, 2).weight]'),
  ...([['Conv2d(2, 3, 2, bias=False)', () => new nn.Conv2d(2, 3, 2, { bias: false }), 'False'], ['Conv2d(2, 3, 2, padding=1)', () => new nn.Conv2d(2, 3, 2, { padding: 1 }), 'False'], ['ConvTranspose2d(2, 3, 2)', () => new nn.ConvTranspose2d(2, 3, 2), 'True']] as const).map(([py, make, transpose]) =>
    state(`fuse_conv_bn_eval of ${py}`, () => { const n = normed(new nn.BatchNorm2d(3)), c = utils.fuseConvBnEval(make().eval(), n, transpose === 'True'); return [all(c), c.bias!.requiresGrad]; }, `c = nn.utils.fuse_conv_bn_eval(nn.${py}.eval(), normed(nn.BatchNorm2d(3)), ${transpose}); m = c; out = [${ALL}, c.bias.requires_grad]`)),
  state('fuse_linear_bn_eval', () => all(utils.fuseLinearBnEval(new nn.Linear(2, 3).eval(), normed(new nn.BatchNorm1d(3)))), `m = nn.utils.fuse_linear_bn_eval(nn.Linear(2, 3).eval(), normed(nn.BatchNorm1d(3))); out = ${ALL}`),
  fails('fusion in training', () => utils.fuseConvBnEval(new nn.Conv2d(2, 3, 2), new nn.BatchNorm2d(3)), 'nn.utils.fuse_conv_bn_eval(nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3))'), fails('fusion without statistics', () => utils.fuseConvBnEval(new nn.Conv2d(2, 3, 2).eval(), new nn.BatchNorm2d(3, { trackRunningStats: false }).eval()), 'nn.utils.fuse_conv_bn_eval(nn.Conv2d(2, 3, 2).eval(), nn.BatchNorm2d(3, track_running_stats=False).eval())'), fails('fusion of other sizes', () => utils.fuseLinearBnEval(new nn.Linear(2, 4).eval(), new nn.BatchNorm1d(3).eval()), 'nn.utils.fuse_linear_bn_eval(nn.Linear(2, 4).eval(), nn.BatchNorm1d(3).eval())'),
  fails('parametrization of nothing', () => Z.registerParametrization(new nn.Linear(3, 4), 'w', new Twice()), "Z.register_parametrization(nn.Linear(3, 4), 'w', Twice())"),
  fails('parametrization of another shape', () => Z.registerParametrization(new nn.Linear(3, 4), 'weight', new Grown()), "Z.register_parametrization(nn.Linear(3, 4), 'weight', Grown())"),
  fails('second parametrization of another shape', () => Z.registerParametrization(P.weightNorm(new nn.Linear(3, 4)), 'weight', new Grown()), "Z.register_parametrization(P.weight_norm(nn.Linear(3, 4)), 'weight', Grown())"),
  fails('parametrization that is not there', () => Z.removeParametrizations(new nn.Linear(3, 4), 'weight'), "Z.remove_parametrizations(nn.Linear(3, 4), 'weight')"),
  fails('parametrization by two, originals left', () => Z.removeParametrizations(P.weightNorm(new nn.Linear(3, 4)), 'weight', { leaveParametrized: false }), "Z.remove_parametrizations(P.weight_norm(nn.Linear(3, 4)), 'weight', False)"),
  fails('set without right_inverse', () => { Z.registerParametrization(new nn.Linear(3, 4), 'weight', new Shift()).weight = ones(4, 3) as never; }, "setattr(Z.register_parametrization(nn.Linear(3, 4), 'weight', Shift()), 'weight', torch.ones(4, 3))"),
  fails('weight_norm twice', () => utils.weightNorm(utils.weightNorm(new nn.Linear(3, 4))), 'nn.utils.weight_norm(nn.utils.weight_norm(nn.Linear(3, 4)))'),
  fails('weight_norm not there', () => utils.removeWeightNorm(new nn.Linear(3, 4)), 'nn.utils.remove_weight_norm(nn.Linear(3, 4))'),
  fails('spectral_norm without iterations', () => P.spectralNorm(new nn.Linear(3, 4), 'weight', { nPowerIterations: 0 }), 'P.spectral_norm(nn.Linear(3, 4), n_power_iterations=0)'),
];

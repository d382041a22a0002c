/** torch.nn.utils.parametrizations: weight and spectral normalization as parametrizations, and in their older form with hooks. */
import { noGrad } from '../autograd';
import { RuntimeError, ValueError } from '../errors';
import * as F from '../functional';
import { empty } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './convolution';
import { Module } from './module';
import { registerParametrization } from './parametrize';

/** The norm over every dim but one, kept for broadcasting; over all for null. */
function normExcept(v: Tensor, dim: number | null): Tensor {
  if (dim === null || dim === -1) return v.norm(2);
  const at = dim < 0 ? dim + v.dim() : dim, rest = v.shape.map((_, d) => d).filter((d) => d !== at);
  return rest.length === 0 ? v.abs() : v.norm(2, rest, true);
}
const scaled = (g: Tensor, v: Tensor, dim: number | null): Tensor => v.mul(g.div(normExcept(v, dim)));

class _WeightNorm extends Module {
  constructor(readonly dim: number | null) { super(); }
  override forward(g: Tensor, v: Tensor): Tensor { return scaled(g, v, this.dim); }
  rightInverse(weight: Tensor): [Tensor, Tensor] { return [normExcept(weight, this.dim), weight]; }
}
/** The weight as a length for each slice of `dim` (original0) times a direction (original1). Source: Salimans, Kingma 2016. */
export function weightNorm<M extends Module>(module: M, name = 'weight', dim: number | null = 0): M { return registerParametrization(module, name, new _WeightNorm(dim), { unsafe: true }); }

/** Of spectralNorm(). */
export interface SpectralNormOptions {
  /** Steps of the power iteration at each reading in training; 1 by default. */
  nPowerIterations?: number;
  /** The smallest norm to divide by; 1e-12 by default. */
  eps?: number;
  /** The dim of the outputs; 0, or 1 of transposed convolutions, by default. */
  dim?: number | null;
}
const usualDim = (module: Module): number => (module instanceof ConvTranspose1d || module instanceof ConvTranspose2d || module instanceof ConvTranspose3d ? 1 : 0);
function asMatrix(weight: Tensor, dim: number): Tensor {
  const w = dim === 0 ? weight : weight.permute([dim, ...weight.shape.map((_, d) => d).filter((d) => d !== dim)]);
  return w.reshape(w.size(0), -1);
}
/** Moves u and v, in place, towards the singular vectors of the largest singular value. */
function powerMethod(w: Tensor, u: Tensor, v: Tensor, times: number, eps: number, vFirst: boolean): void {
  noGrad(() => {
    const step = (to: Tensor, m: Tensor, from: Tensor): void => { to.copy_(F.normalize(m.mv(from), { dim: 0, eps })); };
    for (let i = 0; i < times; i++) {
      if (vFirst) step(v, w.t(), u);
      step(u, w, v);
      if (!vFirst) step(v, w.t(), u);
    }
  });
}
const direction = (n: number, like: Tensor, eps: number): Tensor => noGrad(() => F.normalize(empty([n], { dtype: like.dtype, device: like.device }).normal_(0, 1), { dim: 0, eps }));
const sigma = (w: Tensor, u: Tensor, v: Tensor): Tensor => u.dot(w.mv(v));

class _SpectralNorm extends Module {
  declare _u: Tensor;
  declare _v: Tensor;
  constructor(weight: Tensor, private readonly times: number, private readonly dim: number, private readonly eps: number) {
    super();
    if (times <= 0) throw new ValueError(`Expected n_power_iterations to be positive, but got n_power_iterations=${times}`);
    if (weight.dim() < 2) return;
    const w = asMatrix(weight.detach(), dim), u = direction(w.size(0), w, eps), v = direction(w.size(1), w, eps);
    this.registerBuffer('_u', u);
    this.registerBuffer('_v', v);
    powerMethod(w, this._u, this._v, 15, eps, false);
  }
  override forward(weight: Tensor): Tensor {
    if (weight.dim() < 2) return F.normalize(weight, { dim: 0, eps: this.eps });
    const w = asMatrix(weight, this.dim);
    if (this.training) powerMethod(w.detach(), this._u, this._v, this.times, this.eps, false);
    return weight.div(sigma(w, this._u.clone(), this._v.clone()));
  }
  rightInverse(value: Tensor): Tensor { return value; }
}
/** The weight divided by its largest singular value, estimated by power iteration at each reading in training. Source: Miyato et al. 2018. */
export function spectralNorm<M extends Module>(module: M, name = 'weight', options: SpectralNormOptions = {}): M {
  const weight = (module as unknown as Record<string, Tensor | null | undefined>)[name];
  if (weight == null) throw new ValueError(`Module '${String(module)}' has no parameter or buffer with name '${name}'`);
  return registerParametrization(module, name, new _SpectralNorm(weight, options.nPowerIterations ?? 1, options.dim ?? usualDim(module), options.eps ?? 1e-12));
}

// --- the older form: plain parameters beside the weight, which a hook computes before each forward

interface Undo { kind: string; restore(): void }
const hooked = new WeakMap<Module, Map<string, Undo>>();
function remember(module: Module, name: string, undo: Undo): void {
  let all = hooked.get(module);
  if (all === undefined) hooked.set(module, (all = new Map()));
  all.set(name, undo);
}
function taken(kind: string, module: Module, name: string): Parameter {
  if (hooked.get(module)?.get(name)?.kind === kind) throw new RuntimeError(`Cannot register two ${kind} hooks on the same parameter ${name}`);
  const weight = module.parameters_.get(name);
  if (weight == null) throw new RuntimeError(`${kind}: ${module.reprName()} has no parameter '${name}'`);
  delete (module as unknown as Record<string, unknown>)[name];
  return weight;
}
function undo<M extends Module>(kind: string, module: M, name: string): M {
  const u = hooked.get(module)?.get(name);
  if (u?.kind !== kind) throw new ValueError(`${kind} of '${name}' not found in ${String(module)}`);
  u.restore();
  hooked.get(module)!.delete(name);
  return module;
}
/** weight_g (lengths) and weight_v (directions) beside a weight computed before each forward. Source: torch.nn.utils.weight_norm (deprecated there). */
export function weightNormByHook<M extends Module>(module: M, name = 'weight', dim: number | null = 0): M {
  const weight = taken('weight_norm', module, name), fields = module as unknown as Record<string, unknown>;
  module.registerParameter(`${name}_g`, new Parameter(noGrad(() => normExcept(weight, dim).clone())));
  module.registerParameter(`${name}_v`, new Parameter(weight.detach()));
  const value = (): Tensor => scaled(module.parameters_.get(`${name}_g`)!, module.parameters_.get(`${name}_v`)!, dim);
  fields[name] = value();
  const hook = module.registerForwardPreHook(() => { fields[name] = value(); });
  remember(module, name, { kind: 'weight_norm', restore() {
    hook.remove();
    const last = noGrad(() => value().detach().clone());
    for (const k of [name, `${name}_g`, `${name}_v`]) delete fields[k];
    fields[name] = new Parameter(last);
  } });
  return module;
}
/** Undoes weightNormByHook: the weight is a parameter again. Throws ValueError where there is none. Source: torch.nn.utils.remove_weight_norm. */
export function removeWeightNorm<M extends Module>(module: M, name = 'weight'): M { return undo('weight_norm', module, name); }

/** weight_orig, with buffers weight_u and weight_v, beside a weight computed before each forward. Source: torch.nn.utils.spectral_norm. */
export function spectralNormByHook<M extends Module>(module: M, name = 'weight', options: SpectralNormOptions = {}): M {
  const { nPowerIterations = 1, eps = 1e-12 } = options, dim = options.dim ?? usualDim(module), fields = module as unknown as Record<string, unknown>;
  if (nPowerIterations <= 0) throw new ValueError(`Expected n_power_iterations to be positive, but got n_power_iterations=${nPowerIterations}`);
  const weight = taken('spectral_norm', module, name), w = asMatrix(weight.detach(), dim), u = direction(w.size(0), w, eps), v = direction(w.size(1), w, eps);
  module.registerParameter(`${name}_orig`, weight);
  fields[name] = weight.detach();
  module.registerBuffer(`${name}_u`, u);
  module.registerBuffer(`${name}_v`, v);
  const value = (iterate: boolean): Tensor => {
    const own = module.parameters_.get(`${name}_orig`)!, m = asMatrix(own, dim), [a, b] = [module.buffers_.get(`${name}_u`)!, module.buffers_.get(`${name}_v`)!];
    if (iterate) powerMethod(m.detach(), a, b, nPowerIterations, eps, true);
    return own.div(sigma(m, a.clone(), b.clone()));
  };
  const hook = module.registerForwardPreHook(() => { fields[name] = value(module.training); });
  remember(module, name, { kind: 'spectral_norm', restore() {
    hook.remove();
    const last = noGrad(() => value(false).detach().clone());
    for (const k of [name, `${name}_orig`, `${name}_u`, `${name}_v`]) delete fields[k];
    fields[name] = new Parameter(last);
  } });
  return module;
}
/** Undoes spectralNormByHook: the weight is a parameter again. Throws ValueError where there is none. Source: torch.nn.utils.remove_spectral_norm. */
export function removeSpectralNorm<M extends Module>(module: M, name = 'weight'): M { return undo('spectral_norm', module, name); }

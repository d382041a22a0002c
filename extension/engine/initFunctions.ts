/** What Reinitialize offers: torch.nn.init's functions with their arguments. */
import type { InitFunction } from '../protocol/model';
import { init, type Tensor } from '../lib/index';

const fans = ['fan_in', 'fan_out'];
const activations = ['leaky_relu', 'relu', 'linear', 'tanh', 'sigmoid', 'selu'];

export const initFunctions: readonly InitFunction[] = [
  { name: 'reset', label: 'The module\'s own default', args: [] },
  { name: 'normal_', label: 'Normal', args: [{ name: 'mean', default: 0 }, { name: 'std', default: 1 }] },
  { name: 'uniform_', label: 'Uniform', args: [{ name: 'a', default: 0 }, { name: 'b', default: 1 }] },
  { name: 'constant_', label: 'Constant', args: [{ name: 'val', default: 0 }] },
  { name: 'zeros_', label: 'Zeros', args: [] },
  { name: 'ones_', label: 'Ones', args: [] },
  { name: 'xavierUniform_', label: 'Xavier (Glorot) uniform', args: [{ name: 'gain', default: 1 }] },
  { name: 'xavierNormal_', label: 'Xavier (Glorot) normal', args: [{ name: 'gain', default: 1 }] },
  { name: 'kaimingUniform_', label: 'Kaiming (He) uniform', args: [{ name: 'a', default: 0 }, { name: 'mode', default: 'fan_in', choices: fans }, { name: 'nonlinearity', default: 'leaky_relu', choices: activations }] },
  { name: 'kaimingNormal_', label: 'Kaiming (He) normal', args: [{ name: 'a', default: 0 }, { name: 'mode', default: 'fan_in', choices: fans }, { name: 'nonlinearity', default: 'leaky_relu', choices: activations }] },
  { name: 'truncNormal_', label: 'Truncated normal', args: [{ name: 'mean', default: 0 }, { name: 'std', default: 1 }, { name: 'a', default: -2 }, { name: 'b', default: 2 }] },
  { name: 'orthogonal_', label: 'Orthogonal', args: [{ name: 'gain', default: 1 }] },
  { name: 'sparse_', label: 'Sparse', args: [{ name: 'sparsity', default: 0.1 }, { name: 'std', default: 0.01 }] },
  { name: 'eye_', label: 'Identity', args: [] },
  { name: 'dirac_', label: 'Dirac', args: [] },
];

/** Applies `name` with arguments in the table's order. Throws what the init function throws. */
export function applyInit(name: string, t: Tensor, args: readonly (number | string)[]): void {
  const fn = (init as unknown as Record<string, (t: Tensor, a?: unknown) => Tensor>)[name]!;
  const spec = initFunctions.find((f) => f.name === name)!.args;
  if (name === 'constant_') { fn(t, args[0] ?? 0); return; }
  fn(t, Object.fromEntries(spec.map((a, i) => [a.name, args[i] ?? a.default])));
}

/** `normal_(mean=0, std=0.01)` */
export function initCall(name: string, args: readonly (number | string)[]): string {
  const spec = initFunctions.find((f) => f.name === name)!.args;
  return `${name}(${spec.map((a, i) => `${a.name}=${args[i] ?? a.default}`).join(', ')})`;
}

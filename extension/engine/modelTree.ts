/** A live module as the rows of the model tree. */
import type { GradState, TreeNode } from '../protocol/model';
import { internal, nn, type Tensor } from '../lib/index';

const { native, unsized } = internal;

/** Dims of what a module returned last; tuples show their first tensor. */
export type OutputShapes = ReadonlyMap<nn.Module, number[]>;

export function gradState(t: Tensor): GradState {
  const g = t.grad;
  if (g === null) return 'none';
  const s = native['summary'](g) as { nan: number; inf: number; absMax: number };
  return s.nan + s.inf > 0 ? 'nonfinite' : s.absMax === 0 ? 'zero' : 'ok';
}

const worst = (states: GradState[]): GradState => (['nonfinite', 'zero', 'ok'] as const).find((s) => states.includes(s)) ?? 'none';
const sum = (ns: Iterable<number>): number => { let t = 0; for (const n of ns) t += n; return t; };

/** Every object once: a second name of the same module or tensor says with whom it is shared. */
export function treeOf(root: nn.Module, rootName: string, shapes: OutputShapes): TreeNode {
  const names = new Map<object, string>();

  const leaf = (kind: 'parameter' | 'buffer', t: Tensor, name: string, path: string): TreeNode => {
    const first = names.get(t);
    names.set(t, first ?? path);
    return {
      kind, path, name, type: kind === 'parameter' ? 'Parameter' : 'Tensor', shape: [...t.shape], dtype: t.dtype.name, device: String(t.device),
      numel: t.numel(), bytes: t.numel() * t.dtype.itemsize, children: [],
      ...(kind === 'parameter' ? { requiresGrad: t.requiresGrad, grad: gradState(t) } : {}),
      ...(first === undefined ? {} : { sharedWith: first }), ...(unsized.has(t) ? { uninitialized: true as const } : {}),
    };
  };

  /** `above`: the modules that this one stands in. One that holds one of them would never end: its row says which it is. */
  const walk = (m: nn.Module, name: string, path: string, above: readonly nn.Module[]): TreeNode => {
    const first = names.get(m);
    names.set(m, first ?? path);
    const at = (n: string): string => (path === '' ? n : `${path}.${n}`);
    const children: TreeNode[] = [];
    if (!above.includes(m)) {
      for (const [n, p] of m.parameters_) if (p !== null) children.push(leaf('parameter', p, n, at(n)));
      for (const [n, b] of m.buffers_) if (b !== null) children.push(leaf('buffer', b, n, at(n)));
      for (const [n, c] of m.modules_) if (c !== null) children.push(walk(c, n, at(n), [...above, m]));
    }
    const parameters = [...m.parameters()];
    const tensors = new Set<Tensor>([...parameters, ...m.buffers()]);
    const devices = new Set([...tensors].map((t) => String(t.device)));
    const trainable = new Set(parameters.map((p) => p.requiresGrad));
    const extra = extraOf(m);
    const shape = shapes.get(m);
    return {
      kind: 'module', path, name, type: m.constructor.name, ...(extra ? { extra } : {}),
      device: devices.size > 1 ? 'mixed' : [...devices][0] ?? '', numel: sum(parameters.map((p) => p.numel())),
      bytes: sum([...tensors].map((t) => t.numel() * t.dtype.itemsize)),
      requiresGrad: trainable.size === 1 ? [...trainable][0]! : null, grad: worst(children.map((c) => c.grad ?? 'none')),
      ...(first === undefined ? {} : { sharedWith: first }), ...(shape === undefined ? {} : { outputShape: shape }), ...([...tensors].some((t) => unsized.has(t)) ? { uninitialized: true as const } : {}), children,
    };
  };
  return walk(root, rootName, '', []);
}

/** On one line. The user's own may throw: the tree stays whole. */
function extraOf(m: nn.Module): string {
  try {
    return m.extraRepr().replace(/\s*\n\s*/g, ', ');
  } catch (error) {
    return `extraRepr() threw ${String(error)}`;
  }
}

/** The path of a module that stands in itself, and of the module it is, when there is one. */
export function cycleIn(root: nn.Module): { path: string; same: string } | undefined {
  const walk = (m: nn.Module, path: string, above: readonly [nn.Module, string][]): { path: string; same: string } | undefined => {
    const same = above.find(([a]) => a === m);
    if (same !== undefined) return { path, same: same[1] };
    for (const [n, c] of m.modules_) {
      const found = c === null ? undefined : walk(c, path === '' ? n : `${path}.${n}`, [...above, [m, path]]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(root, '', []);
}

/** The dims of a module's result, when it has any. */
export function shapeOf(out: unknown): number[] | undefined {
  if (Array.isArray(out)) return out.map(shapeOf).find((s) => s !== undefined);
  return isTensor(out) ? [...out.shape] : undefined;
}
export function isTensor(x: unknown): x is Tensor { return typeof x === 'object' && x !== null && 'gradFn' in x && 'shape' in x; }

/** An input that the first layer takes, on its device: `rand(2, 784)`. '' when a lazy layer is to learn it from the input. */
export function proposeInput(m: nn.Module): string {
  const device = [...m.parameters()][0]?.device.type ?? 'cpu';
  const input = firstLayerInput(m);
  return device === 'cpu' ? input : input.replaceAll(')', `, { device: '${device}' })`);
}
function firstLayerInput(m: nn.Module): string {
  for (const layer of m.modules()) {
    if ([...layer.parameters_.values(), ...layer.buffers_.values()].some((t) => t !== null && unsized.has(t))) return '';
    const input = layerInput(layer);
    if (input !== undefined) return input;
  }
  return 'rand(2, 4)';
}
/** By class, not by name: a Linear or LayerNorm of the user's own has fields of its own. */
function layerInput(m: nn.Module): string | undefined {
  if (m instanceof nn.Linear) return `rand(2, ${m.inFeatures})`;
  if (m instanceof nn.Bilinear) return `rand(2, ${m.in1Features}), rand(2, ${m.in2Features})`;
  if (m instanceof nn.Conv1d) return `rand(1, ${m.inChannels}, 64)`;
  if (m instanceof nn.Conv2d) return `rand(1, ${m.inChannels}, ${m.inChannels === 1 ? '28, 28' : '32, 32'})`;
  if (m instanceof nn.Conv3d) return `rand(1, ${m.inChannels}, 16, 16, 16)`;
  if (m instanceof nn.ConvTranspose1d) return `rand(1, ${m.inChannels}, 16)`;
  if (m instanceof nn.ConvTranspose2d) return `rand(1, ${m.inChannels}, 8, 8)`;
  if (m instanceof nn.Embedding) return `randint(0, ${m.numEmbeddings}, [2, 8])`;
  if (m instanceof nn.LSTM || m instanceof nn.GRU || m instanceof nn.RNN) return `rand(${m.batchFirst ? '2, 8' : '8, 2'}, ${m.inputSize})`;
  if (m instanceof nn.MultiheadAttention) return `rand(8, 2, ${m.embedDim}), rand(8, 2, ${m.embedDim}), rand(8, 2, ${m.embedDim})`;
  if (m instanceof nn.BatchNorm1d) return `rand(4, ${m.numFeatures})`;
  if (m instanceof nn.BatchNorm2d) return `rand(4, ${m.numFeatures}, 8, 8)`;
  if (m instanceof nn.LayerNorm) return `rand(2, ${m.normalizedShape.join(', ')})`;
  // A module of the user's own that holds parameters directly.
  const first = [...m.parameters_.values()].find((p) => p !== null && p.dim() === 2);
  return first ? `rand(2, ${first.size(0)})` : undefined;
}

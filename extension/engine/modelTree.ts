/** A live module as the rows of the model tree. */
import type { GradState, TreeNode } from '../protocol/model';
import { internal, nn, type Tensor } from '../lib/index';

const { native } = internal;

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
      ...(first === undefined ? {} : { sharedWith: first }),
    };
  };

  const walk = (m: nn.Module, name: string, path: string): TreeNode => {
    const first = names.get(m);
    names.set(m, first ?? path);
    const at = (n: string): string => (path === '' ? n : `${path}.${n}`);
    const children: TreeNode[] = [];
    for (const [n, p] of m.parameters_) if (p !== null) children.push(leaf('parameter', p, n, at(n)));
    for (const [n, b] of m.buffers_) if (b !== null) children.push(leaf('buffer', b, n, at(n)));
    for (const [n, c] of m.modules_) if (c !== null) children.push(walk(c, n, at(n)));
    const parameters = [...m.parameters()];
    const tensors = new Set<Tensor>([...parameters, ...m.buffers()]);
    const devices = new Set([...tensors].map((t) => String(t.device)));
    const trainable = new Set(parameters.map((p) => p.requiresGrad));
    const extra = m.extraRepr().replace(/\s*\n\s*/g, ', ');
    const shape = shapes.get(m);
    return {
      kind: 'module', path, name, type: m.constructor.name, ...(extra ? { extra } : {}),
      device: devices.size > 1 ? 'mixed' : [...devices][0] ?? '', numel: sum(parameters.map((p) => p.numel())),
      bytes: sum([...tensors].map((t) => t.numel() * t.dtype.itemsize)),
      requiresGrad: trainable.size === 1 ? [...trainable][0]! : null, grad: worst(children.map((c) => c.grad ?? 'none')),
      ...(first === undefined ? {} : { sharedWith: first }), ...(shape === undefined ? {} : { outputShape: shape }), children,
    };
  };
  return walk(root, rootName, '');
}

/** The dims of a module's result, when it has any. */
export function shapeOf(out: unknown): number[] | undefined {
  if (Array.isArray(out)) return out.map(shapeOf).find((s) => s !== undefined);
  return isTensor(out) ? [...out.shape] : undefined;
}
export function isTensor(x: unknown): x is Tensor { return typeof x === 'object' && x !== null && 'gradFn' in x && 'shape' in x; }

/** An input that the first layer takes, on its device: `rand(2, 784)`. */
export function proposeInput(m: nn.Module): string {
  const device = [...m.parameters()][0]?.device.type ?? 'cpu';
  const input = firstLayerInput(m);
  return device === 'cpu' ? input : input.replaceAll(')', `, { device: '${device}' })`);
}
function firstLayerInput(m: nn.Module): string {
  for (const layer of m.modules()) {
    const n = (name: string): number => (layer as unknown as Record<string, number>)[name]!;
    switch (layer.constructor.name) {
      case 'Linear': case 'LazyLinear': return `rand(2, ${n('inFeatures')})`;
      case 'Bilinear': return `rand(2, ${n('in1Features')}), rand(2, ${n('in2Features')})`;
      case 'Conv1d': return `rand(1, ${n('inChannels')}, 64)`;
      case 'Conv2d': return `rand(1, ${n('inChannels')}, ${n('inChannels') === 1 ? '28, 28' : '32, 32'})`;
      case 'Conv3d': return `rand(1, ${n('inChannels')}, 16, 16, 16)`;
      case 'ConvTranspose1d': return `rand(1, ${n('inChannels')}, 16)`;
      case 'ConvTranspose2d': return `rand(1, ${n('inChannels')}, 8, 8)`;
      case 'Embedding': return `randint(0, ${n('numEmbeddings')}, [2, 8])`;
      case 'LSTM': case 'GRU': case 'RNN': return `rand(${(layer as unknown as { batchFirst: boolean }).batchFirst ? '2, 8' : '8, 2'}, ${n('inputSize')})`;
      case 'MultiheadAttention': return `rand(8, 2, ${n('embedDim')}), rand(8, 2, ${n('embedDim')}), rand(8, 2, ${n('embedDim')})`;
      case 'BatchNorm1d': return `rand(4, ${n('numFeatures')})`;
      case 'BatchNorm2d': return `rand(4, ${n('numFeatures')}, 8, 8)`;
      case 'LayerNorm': return `rand(2, ${(layer as unknown as { normalizedShape: number[] }).normalizedShape.join(', ')})`;
      default: {
        // A module of the user's own that holds parameters directly.
        const first = [...layer.parameters_.values()].find((p) => p !== null && p.dim() === 2);
        if (first) return `rand(2, ${first.size(0)})`;
      }
    }
  }
  return 'rand(2, 4)';
}

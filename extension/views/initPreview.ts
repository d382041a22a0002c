/** What an init function would draw for a shape, in numbers: `uniform in ±0.0357`. PyTorch's formulas (torch.nn.init). Pure. */

type Value = number | string;

const short = (x: number): string => String(Number(x.toPrecision(3)));

export function fans(shape: number[]): { in: number; out: number } | null {
  if (shape.length < 2) return null;
  const field = shape.slice(2).reduce((a, b) => a * b, 1);
  return { in: shape[1]! * field, out: shape[0]! * field };
}

export function gain(nonlinearity: string, a: number): number {
  switch (nonlinearity) {
    case 'tanh': return 5 / 3;
    case 'relu': return Math.SQRT2;
    case 'leaky_relu': return Math.sqrt(2 / (1 + a * a));
    case 'selu': return 3 / 4;
    default: return 1;
  }
}

/** Arguments are looked up by name; missing ones take PyTorch's defaults. '' when there is nothing to say. */
export function initPreview(name: string, args: Map<string, Value>, shape: number[]): string {
  const n = (key: string, otherwise: number): number => Number(args.get(key) ?? otherwise);
  const s = (key: string, otherwise: string): string => String(args.get(key) ?? otherwise);
  const uniform = (bound: number): string => `uniform in ±${short(bound)}`;
  const normal = (std: number, mean = 0): string => `normal, mean ${short(mean)}, std ${short(std)}`;
  const f = fans(shape);
  const fan = f === null ? 0 : s('mode', 'fan_in') === 'fan_out' ? f.out : f.in;
  const kaiming = gain(s('nonlinearity', 'leaky_relu'), n('a', 0)) / Math.sqrt(fan);
  const xavier = f === null ? 0 : n('gain', 1) * Math.sqrt(2 / (f.in + f.out));
  switch (name) {
    case 'uniform_': return `uniform in [${short(n('a', 0))}, ${short(n('b', 1))})`;
    case 'normal_': return normal(n('std', 1), n('mean', 0));
    case 'truncNormal_': return `${normal(n('std', 1), n('mean', 0))}, cut at ${short(n('a', -2))} and ${short(n('b', 2))}`;
    case 'constant_': return `every value ${short(n('val', 0))}`;
    case 'ones_': return 'every value 1';
    case 'zeros_': return 'every value 0';
    case 'eye_': return shape.length === 2 ? 'ones on the diagonal' : '';
    case 'kaimingUniform_': return f === null ? '' : uniform(Math.sqrt(3) * kaiming);
    case 'kaimingNormal_': return f === null ? '' : normal(kaiming);
    case 'xavierUniform_': return f === null ? '' : uniform(Math.sqrt(3) * xavier);
    case 'xavierNormal_': return f === null ? '' : normal(xavier);
    case 'orthogonal_': return f === null ? '' : `orthogonal rows or columns, gain ${short(n('gain', 1))}`;
    case 'sparse_': return `${short(100 * n('sparsity', 0.1))}% of each column zero, the rest normal, std ${short(n('std', 0.01))}`;
    default: return '';
  }
}

/** torch.nn.functional, continued: sampling at places given by a grid. Source: Jaderberg et al., Spatial Transformer Networks, 2015. */
import { NotImplementedError, RuntimeError, ValueError } from './errors';
import { floating } from './functionalActivations';
import { called } from './named';
import { linspace, ones, zeros } from './ops';
import { int64 } from './dtype';
import { pyTuple } from './nn/factory';
import type { Tensor } from './tensor';

/** Places from -1 to 1 along a dim: at the outermost pixels' centres, or at the pixels' centres with ±1 at the outer edges. */
function places(n: number, align: boolean, like: Tensor): Tensor {
  if (n <= 1) return zeros([1], { dtype: like.dtype, device: like.device });
  const steps = linspace(-1, 1, n, { dtype: like.dtype }).to(like.device);
  return align ? steps : steps.mul(n - 1).div(n);
}

/**
 * The grid of an affine map: theta [N, 2, 3] and size [N, C, H, W] give [N, H, W, 2]; theta [N, 3, 4] and size [N, C, D, H, W] give
 * [N, D, H, W, 3]. The last dim is x, y(, z). Source: torch.nn.functional.affine_grid.
 */
export function affineGrid(theta: Tensor, size: readonly number[], options: { alignCorners?: boolean } = {}): Tensor {
  if (!theta.isFloatingPoint()) throw new ValueError(`Expected theta to have floating point type, but got ${theta.dtype}`);
  const shown = pyTuple(size), n = size.length - 2;
  if (n !== 2 && n !== 3) throw new NotImplementedError(`affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size ${shown}.`);
  if (theta.dim() !== 3 || theta.size(-2) !== n || theta.size(-1) !== n + 1) throw new ValueError(`Expected a batch of ${n}D affine matrices of shape Nx${n}x${n + 1} for size ${shown}. Got torch.Size([${theta.shape.join(', ')}]).`);
  if (size.some((s) => s <= 0)) throw new ValueError(`Expected non-zero, positive output size. Got ${shown}`);
  const [batch, , ...spots] = size as [number, number, ...number[]], like = { dtype: theta.dtype, device: theta.device };
  // Homogeneous coordinates of every place, x first.
  const base = ones([...spots, n + 1], like);
  for (let d = 0; d < n; d++) base.select(-1, n - 1 - d).copy_(places(spots[d]!, options.alignCorners ?? false, theta).reshape(spots.map((s, k) => (k === d ? s : 1))).expand(spots));
  const flat = base.reshape(1, -1, n + 1).expand([batch, spots.reduce((a, b) => a * b, 1), n + 1]);
  const grid = flat.bmm(theta.transpose(1, 2)).reshape([batch, ...spots, n]);
  return called(grid, 'AffineGridGeneratorBackward0');
}

/** How gridSample reads between pixels. */
export type GridMode = 'bilinear' | 'nearest' | 'bicubic';
/** What gridSample finds outside the image: zeros, the pixel at the border, or the image mirrored. */
export type GridPadding = 'zeros' | 'border' | 'reflection';
/** Of gridSample(). */
export interface GridSampleOptions {
  /** How to read between pixels; 'bilinear' by default. */
  mode?: GridMode;
  /** What lies outside the image; 'zeros' by default. */
  paddingMode?: GridPadding;
  /** Whether -1 and 1 are the centres of the corner pixels instead of the image's edges. */
  alignCorners?: boolean;
}

/** Cut to [0, most]; outside, and on the bounds, nothing flows back. NaN becomes 0. */
const clip = (t: Tensor, most: number): Tensor => t.where(t.gt(0).logicalAnd(t.lt(most)), t.detach().gt(0).to(t.dtype).mul(most));
/** Mirrored at the bounds as often as needed; `flat`: in two dims, in whose arithmetic PyTorch's two kernels differ for places far away. */
function reflect(t: Tensor, low: number, high: number, flat: boolean): Tensor {
  if (low === high) return t.mul(0);
  const span = high - low, away = t.sub(low).abs();
  if (flat) {
    const rest = away.sub(away.detach().div(2 * span).trunc().mul(2 * span));
    return rest.where(rest.detach().le(span), rest.neg().add(2 * span)).add(low);
  }
  const rest = away.fmod(span);
  return rest.add(low).where(away.detach().div(span).floor().remainder(2).eq(0), rest.neg().add(high));
}
function bounded(t: Tensor, size: number, padding: GridPadding, align: boolean, flat: boolean): Tensor {
  if (padding === 'zeros') return t;
  return clip(padding === 'border' ? t : align ? reflect(t, 0, size - 1, flat) : reflect(t, -0.5, size - 0.5, flat), size - 1);
}

const A = -0.75;
/** Weights of the four neighbours at t after the second. Source: Keys 1981. */
function cubic(t: Tensor): Tensor[] {
  const near = (x: Tensor): Tensor => x.mul(A + 2).sub(A + 3).mul(x).mul(x).add(1), far = (x: Tensor): Tensor => x.mul(A).sub(5 * A).mul(x).add(8 * A).mul(x).sub(4 * A);
  return [far(t.add(1)), near(t), near(t.neg().add(1)), far(t.neg().add(2))];
}

/**
 * The values of x at the places of a grid: x [N, C, H, W] and grid [N, Ho, Wo, 2] give [N, C, Ho, Wo]; x [N, C, D, H, W] and grid
 * [N, Do, Ho, Wo, 3] give [N, C, Do, Ho, Wo]. The grid holds x, y(, z) from -1 to 1. Modes bilinear (trilinear in 3-D), nearest, bicubic
 * (2-D only); outside: zeros, border or reflection. Source: torch.nn.functional.grid_sample.
 */
export function gridSample(x: Tensor, grid: Tensor, options: GridSampleOptions = {}): Tensor {
  const { mode = 'bilinear', paddingMode = 'zeros', alignCorners = false } = options, n = x.dim() - 2, sizes = (t: Tensor): string => `[${t.shape.join(', ')}]`;
  if (!['bilinear', 'nearest', 'bicubic'].includes(mode)) throw new ValueError(`nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '${mode}'`);
  if (!['zeros', 'border', 'reflection'].includes(paddingMode)) throw new ValueError(`nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '${paddingMode}'`);
  if (x.size(0) !== grid.size(0)) throw new RuntimeError(`grid_sampler(): expected grid and input to have same batch size, but got input with sizes ${sizes(x)} and grid with sizes ${sizes(grid)}`);
  if (grid.size(-1) !== n) throw new RuntimeError(`grid_sampler(): expected grid to have size ${n} in last dimension, but got grid with sizes ${sizes(grid)}`);
  const hollow = x.shape.findIndex((s, d) => d >= 2 && s === 0);
  if (hollow >= 0) throw new RuntimeError(`grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes ${sizes(x)} with dimension ${hollow} being empty`);
  if ((n !== 2 && n !== 3) || grid.dim() !== x.dim()) throw new RuntimeError(`grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes ${sizes(x)} and grid with sizes ${sizes(grid)}`);
  if (n === 3 && mode === 'bicubic') throw new RuntimeError('grid_sampler(): bicubic interpolation only supports 4D input');
  floating(x, `grid_sampler_${n}d_cpu${n === 2 ? '_kernel_impl' : ''}`);
  if (grid.dtype !== x.dtype) throw new RuntimeError(`expected scalar type ${x.dtype.scalarName} but found ${grid.dtype.scalarName}`);
  const spots = x.shape.slice(2), to = grid.shape.slice(1, -1), batch = x.size(0), channels = x.size(1), count = to.reduce((a, b) => a * b, 1), flat = x.reshape(batch, channels, spots.reduce((a, b) => a * b, 1));
  // Coordinates in pixels, [N, 1, places] each, first dim first.
  const pixels = spots.map((s, d) => { const t = grid.select(-1, n - 1 - d).reshape(batch, 1, count); return alignCorners ? t.add(1).div(2).mul(s - 1) : t.add(1).mul(s).sub(1).div(2); });
  /** Values at whole places, zero outside. */
  const at = (where: readonly Tensor[]): Tensor => {
    const inside = where.map((t, d) => t.ge(0).logicalAnd(t.lt(spots[d]!))).reduce((a, b) => a.logicalAnd(b));
    const index = where.reduce((i: Tensor | null, t, d) => { const k = t.detach().maskedFill(inside.logicalNot(), 0).to(int64); return i === null ? k : i.mul(spots[d]!).add(k); }, null)!;
    return flat.gather(2, index.expand([batch, channels, count])).maskedFill(inside.logicalNot(), 0);
  };
  /** Σ over neighbours: their values times the weights of each dim. */
  const mixed = (neighbours: readonly { at: Tensor; weight: Tensor }[][]): Tensor => {
    const walk = (d: number, where: Tensor[], weight: Tensor | null): Tensor =>
      d === n ? at(where).mul(weight!) : neighbours[d]!.map((k) => walk(d + 1, [...where, k.at], weight === null ? k.weight : weight.mul(k.weight))).reduce((a, b) => a.add(b));
    return walk(0, [], null);
  };
  let y: Tensor;
  if (mode === 'nearest') y = at(pixels.map((t, d) => bounded(t, spots[d]!, paddingMode, alignCorners, n === 2).round()));
  else if (mode === 'bilinear') y = mixed(pixels.map((p, d) => { const t = bounded(p, spots[d]!, paddingMode, alignCorners, n === 2), low = t.detach().floor(), part = t.sub(low); return [{ at: low, weight: part.neg().add(1) }, { at: low.add(1), weight: part }]; }));
  else y = mixed(pixels.map((t, d) => { const low = t.detach().floor(); return cubic(t.sub(low)).map((weight, k) => ({ at: bounded(low.add(k - 1), spots[d]!, paddingMode, alignCorners, n === 2), weight })); }));
  // In nearest mode the grid has a gradient, of zeros.
  if (mode === 'nearest' && grid.requiresGrad) y = y.add(grid.sum().mul(0));
  const out = y.reshape([batch, channels, ...to]);
  return called(out, `GridSampler${n}DBackward0`);
}

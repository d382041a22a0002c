/** Window functions for signals: float32 vectors, from 0 or near it up to 1 and back. Source: torch.<name>. */
import { arange, ones, type TensorOptions } from './create';
import { float32 } from './dtype';
import { RuntimeError } from './errors';
import type { Tensor } from './tensor';
import { besselI0 } from './tensor/bessel';

/** Of the window functions; true or false alone is `periodic`. */
export interface WindowOptions extends TensorOptions {
  /** Whether the window is one period of a periodic one (the default, for spectra), or symmetric. */
  periodic?: boolean;
}
/** Of hammingWindow(). */
export interface HammingOptions extends WindowOptions {
  /** The constant; 0.54 by default. */
  alpha?: number;
  /** What the cosine is multiplied with; 0.46 by default. */
  beta?: number;
}
/** Of kaiserWindow(). */
export interface KaiserOptions extends WindowOptions {
  /** How narrow it is; 12 by default. */
  beta?: number;
}

/** `shape` makes a symmetric window of the positions 0 … n - 1. */
function windowOf(name: string, length: number, given: boolean | WindowOptions, shape: (at: Tensor, n: number) => Tensor): Tensor {
  const { periodic = true, requiresGrad = false, dtype = float32, ...rest } = typeof given === 'boolean' ? { periodic: given } : given;
  if (!Number.isInteger(length)) throw new TypeError(`${name}(): argument 'window_length' (position 1) must be int, not ${typeof length === 'number' ? 'float' : typeof length}`);
  if (!dtype.isFloatingPoint) throw new RuntimeError(`${name} expects floating point dtypes, got: TensorOptions(dtype=${dtype.cName}, device=cpu, layout=Strided (default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))`);
  if (length < 0) throw new RuntimeError(`${name} requires non-negative window_length, got window_length=${length}`);
  const n = periodic ? length + 1 : length;
  const window = length <= 1 ? ones([length], { ...rest, dtype }) : shape(arange(n, { ...rest, dtype }), n).slice(0, 0, length).contiguous();
  return requiresGrad ? window.detach().requiresGrad_() : window;
}
const cosine = (name: string, length: number, options: boolean | WindowOptions, alpha: number, beta: number): Tensor =>
  windowOf(name, length, options, (at, n) => at.mul((Math.PI * 2) / (n - 1)).cos().mul(-beta).add(alpha));

/** 0.5 - 0.5 · cos(2πi/(n - 1)): [windowLength]. Throws RuntimeError for negative lengths and dtypes of integers. Source: torch.hann_window. */
export function hannWindow(windowLength: number, options: boolean | WindowOptions = {}): Tensor { return cosine('hann_window', windowLength, options, 0.5, 0.5); }
/** alpha - beta · cos(2πi/(n - 1)): [windowLength]; does not quite reach 0. Throws as hannWindow. Source: torch.hamming_window. */
export function hammingWindow(windowLength: number, options: boolean | HammingOptions = {}): Tensor {
  const { alpha = 0.54, beta = 0.46, ...rest } = typeof options === 'boolean' ? { periodic: options } as HammingOptions : options;
  return cosine('hamming_window', windowLength, rest, alpha, beta);
}
/** 0.42 - 0.5 · cos(2πi/(n - 1)) + 0.08 · cos(4πi/(n - 1)): [windowLength]. Throws as hannWindow. Source: torch.blackman_window. */
export function blackmanWindow(windowLength: number, options: boolean | WindowOptions = {}): Tensor {
  return windowOf('blackman_window', windowLength, options, (at, n) => { const w = at.mul(Math.PI / (n - 1)); return w.mul(4).cos().mul(0.08).sub(w.mul(2).cos().mul(0.5)).add(0.42); });
}
/** A triangle from 0 up to 1 and back: [windowLength]. Throws as hannWindow. Source: torch.bartlett_window. */
export function bartlettWindow(windowLength: number, options: boolean | WindowOptions = {}): Tensor {
  return windowOf('bartlett_window', windowLength, options, (at, n) => {
    const w = at.mul(2 / (n - 1));
    w.slice(0, ((n - 1) >> 1) + 1).mul_(-1).add_(2);
    return w;
  });
}
/** I₀(beta · √(1 - (2i/(n - 1) - 1)²)) / I₀(beta): [windowLength]. Throws as hannWindow. Source: torch.kaiser_window. */
export function kaiserWindow(windowLength: number, options: boolean | KaiserOptions = {}): Tensor {
  const { beta = 12, ...rest } = typeof options === 'boolean' ? { periodic: options } as KaiserOptions : options;
  return windowOf('kaiser_window', windowLength, rest, (at, n) => {
    const x = (at.isWebgpu ? at.float() : at.double()).mul(2 / (n - 1)).sub(1), top = besselI0(x.mul(0).add(beta));
    return besselI0(x.square().neg().add(1).clampMin(0).sqrt().mul(beta)).div(top).to(at.dtype);
  });
}

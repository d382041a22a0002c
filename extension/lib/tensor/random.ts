/** Random values, with PyTorch's numbers for the same seed. `{ generator }` draws from one of your own. */
import { native } from '../native';
import { handleOf, type RandomOptions } from '../random';
import type { Tensor } from '../tensor';
import { TensorStatistics } from './statistics';

export class TensorRandom extends TensorStatistics {
  /** Numbers uniform on [from, to), in place. */
  uniform_(from = 0, to = 1, options?: RandomOptions): this { return native['uniform_'](this, from, to, handleOf(options)); }
  /** Fills with normal numbers, in place. */
  normal_(mean = 0, std = 1, options?: RandomOptions): this { return native['normal_'](this, mean, std, handleOf(options)); }
  /** 1 with probability p, else 0, in place; p is a number or a tensor that broadcasts. */
  bernoulli_(p: number | Tensor = 0.5, options?: RandomOptions): this { return native['bernoulli_'](this, p, handleOf(options)); }
  /** Values of density lambd · e^(-lambd·x), in place. */
  exponential_(lambd = 1, options?: RandomOptions): this { return native['exponential_'](this, lambd, handleOf(options)); }
  /** The number of trials up to the first success of probability p, in place. */
  geometric_(p: number, options?: RandomOptions): this { return native['geometric_'](this, p, handleOf(options)); }
  /** Values of the Cauchy distribution around `median` with scale `sigma`, in place. */
  cauchy_(median = 0, sigma = 1, options?: RandomOptions): this { return native['cauchy_'](this, median, sigma, handleOf(options)); }
  /** e to the power of normal values of that mean and deviation, in place. */
  logNormal_(mean = 1, std = 2, options?: RandomOptions): this { return native['logNormal_'](this, mean, std, handleOf(options)); }
  /** Whole numbers in [from, to), in [0, to), or of everything the dtype holds exactly, in place. */
  random_(options?: RandomOptions): this;
  random_(to: number, options?: RandomOptions): this;
  random_(from: number, to: number, options?: RandomOptions): this;
  random_(a?: number | RandomOptions, b?: number | RandomOptions, c?: RandomOptions): this {
    const options = typeof a === 'object' ? a : typeof b === 'object' ? b : c;
    if (typeof a !== 'number') return native['random_'](this, handleOf(options));
    return typeof b === 'number' ? native['randint_'](this, a, b, handleOf(options)) : native['randint_'](this, 0, a, handleOf(options));
  }
  /** Draws 1 with each element's probability, else 0. Throws RuntimeError outside [0, 1]. */
  bernoulli(options?: RandomOptions): Tensor { return (native['empty'](this.shape, this.dtype.code, this.device.code) as Tensor).bernoulli_(this as unknown as Tensor, options); }
  /** Positions drawn in proportion to the weights of each row: int64 [n] or [rows, n]. */
  multinomial(numSamples: number, replacement = false, options?: RandomOptions): Tensor { return native['multinomial'](this, numSamples, replacement, handleOf(options)); }
}

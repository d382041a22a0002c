/** Random values, in place, with PyTorch's numbers for the same seed. */
import { native } from '../native';
import { TensorLinalg } from './linalg';

/** @internal */
export class TensorRandom extends TensorLinalg {
  uniform_(from = 0, to = 1): this { native['uniform_'](this, from, to); return this; }
  normal_(mean = 0, std = 1): this { native['normal_'](this, mean, std); return this; }
  bernoulli_(p = 0.5): this { native['bernoulli_'](this, p); return this; }
  random_(from: number, to: number): this { native['randint_'](this, from, to); return this; }
}

/** What reductions along a dim give: `{ values, indices }`, also as `const [values, indices] = …` or `[0]` and `[1]`; prints as PyTorch's. */
import { inspect } from 'node:util';

import type { Tensor } from '../tensor';

export class Picked {
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly #name: string;
  /** @internal */
  constructor(name: string, pair: readonly [Tensor, Tensor]) {
    this.#name = name;
    [this.values, this.indices] = pair;
  }
  get 0(): Tensor { return this.values; }
  get 1(): Tensor { return this.indices; }
  *[Symbol.iterator](): IterableIterator<Tensor> { yield this.values; yield this.indices; }
  toString(): string { return `torch.return_types.${this.#name}(\nvalues=${String(this.values)},\nindices=${String(this.indices)})`; }
  [inspect.custom](): string { return this.toString(); }
}

/** Python's OrderedDict: what stateDict() returns. A Map that prints as Python prints it. */
import { inspect } from 'node:util';

import { pyRepr } from './format';

/** Python's OrderedDict, as stateDict() gives: a Map from names, in order, that prints as Python prints it. */
export class OrderedDict<V> extends Map<string, V> {
  /** Versions of the modules that wrote it, saved beside the tensors as PyTorch does. */
  metadata?: Map<string, unknown>;
  /** As Python prints it. */
  override toString(): string {
    return this.size === 0 ? 'OrderedDict()' : `OrderedDict([${[...this].map(([k, v]) => `(${pyRepr(k)}, ${pyRepr(v)})`).join(', ')}])`;
  }
  [inspect.custom](): string { return this.toString(); }
}

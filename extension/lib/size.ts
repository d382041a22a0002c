/** A tensor's shape: an array of numbers that prints as PyTorch's torch.Size. */
import { inspect } from 'node:util';

export class Size extends Array<number> {
  static override get [Symbol.species](): ArrayConstructor { return Array; }
  static of_(sizes: readonly number[]): Size {
    const s = new Size(sizes.length);
    for (let i = 0; i < sizes.length; i++) s[i] = sizes[i]!;
    return s;
  }
  numel(): number { return this.reduce((a, b) => a * b, 1); }
  override toString(): string { return `torch.Size([${Array.from(this).join(', ')}])`; }
  [inspect.custom](): string { return this.toString(); }
}

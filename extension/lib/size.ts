/** A tensor's shape: an array of numbers that prints as PyTorch's torch.Size. */
import { inspect } from 'node:util';

/** A tensor's shape: an array of numbers that prints as torch.Size([2, 3]). */
export class Size extends Array<number> {
  static override get [Symbol.species](): ArrayConstructor { return Array; }
  /** A Size of those numbers. */
  static of_(sizes: readonly number[]): Size {
    const s = new Size(sizes.length);
    for (let i = 0; i < sizes.length; i++) s[i] = sizes[i]!;
    return s;
  }
  /** How many elements a tensor of that shape has. */
  numel(): number { return this.reduce((a, b) => a * b, 1); }
  /** As PyTorch prints it: torch.Size([2, 3]). */
  override toString(): string { return `torch.Size([${Array.from(this).join(', ')}])`; }
  [inspect.custom](): string { return this.toString(); }
}

/** Settings of layers with spatial dims. */
import { RuntimeError } from './errors';

export type Size1 = number | readonly number[];
/** One number for all spatial dims, or one each. */
export function spatial(v: Size1, n: number, name: string): number[] {
  if (typeof v === 'number') return Array.from({ length: n }, () => v);
  if (v.length === 1) return Array.from({ length: n }, () => v[0]!);
  if (v.length !== n) throw new RuntimeError(`expected ${name} to be a single integer value or a list of ${n} values to match the convolution dimensions, but got ${name}=[${v.join(', ')}]`);
  return [...v];
}

/** The global random number generator: PyTorch's CPU generator, seed by seed. */
import { native } from './native';

/** Seeds the generator; the same seed gives PyTorch's numbers. */
export function manualSeed(seed: number | bigint): void { native['manualSeed'](BigInt.asIntN(64, BigInt(seed))); }
export function initialSeed(): bigint { return native['initialSeed'](); }
/** Seeds with a number that differs from run to run, and returns it. */
export function seed(): bigint {
  const s = BigInt(Date.now()) * 1000003n + BigInt(Math.floor(Math.random() * 2 ** 32));
  manualSeed(s);
  return s;
}

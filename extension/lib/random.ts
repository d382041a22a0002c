/** Random number generators: PyTorch's CPU generator, number by number. */
import { native } from './native';
import type { Tensor } from './tensor';

/** A source of random numbers of its own; functions that draw take one as `{ generator }`. Source: torch.Generator. */
export class Generator {
  /** @internal */
  readonly handle: unknown = native['newGenerator']();
  /** The same seed gives PyTorch's numbers. Only its low 32 bits choose the sequence, as in PyTorch. */
  manualSeed(seed: number | bigint): this { native['manualSeed'](BigInt.asIntN(64, BigInt(seed)), this.handle); return this; }
  /** The seed it was last given. */
  initialSeed(): bigint { return native['initialSeed'](this.handle); }
  /** Seeds with a number that differs from run to run, and returns it. */
  seed(): bigint { const s = fresh(); this.manualSeed(s); return s; }
  /** All that decides the numbers to come, as PyTorch's bytes: uint8 [5056]. */
  getState(): Tensor { return native['getRngState'](this.handle); }
  /** Goes to a state that getState() gave. Throws RuntimeError for other bytes. */
  setState(state: Tensor): this { native['setRngState'](state, this.handle); return this; }
  /** @internal 64 random bits. */
  random64(): bigint { return native['random64'](this.handle); }
}
const fresh = (): bigint => BigInt(Date.now()) * 1000003n + BigInt(Math.floor(Math.random() * 2 ** 32));

/** What functions that draw take. */
export interface RandomOptions {
  /** Draws from this one instead of the default generator. */
  generator?: Generator | null;
}
/** @internal The generator to draw from; undefined for the default one. */
export function handleOf(options: RandomOptions | undefined): unknown { return options?.generator?.handle; }

/** Seeds the default generator; the same seed gives PyTorch's numbers. */
export function manualSeed(seed: number | bigint): void { native['manualSeed'](BigInt.asIntN(64, BigInt(seed))); }
/** The seed that the default generator was last given. */
export function initialSeed(): bigint { return native['initialSeed'](); }
/** Seeds with a number that differs from run to run, and returns it. */
export function seed(): bigint { const s = fresh(); manualSeed(s); return s; }
/** The default generator's state, as torch.get_rng_state gives it. */
export function getRngState(): Tensor { return native['getRngState'](); }
/** Puts the default generator to a state that getRngState() gave. Throws RuntimeError for other bytes. */
export function setRngState(state: Tensor): void { native['setRngState'](state); }
/** Runs `fn` and puts the default generator back to where it was. */
export function forkRng<T>(fn: () => T): T {
  const state = getRngState();
  try { return fn(); } finally { setRngState(state); }
}

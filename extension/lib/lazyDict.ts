/** An OrderedDict whose tensors are read when they are first asked for: what load(path, { mmap: true }) gives. */
import { inspect } from 'node:util';

import { OrderedDict } from './orderedDict';
import type { Tensor } from './tensor';

/** A tensor that is still in its file: a module takes it from there straight into its own memory. */
export interface TensorSource {
  readonly shape: readonly number[];
  /** Throws when it can never be copied: asked before anything is. */
  check(): void;
  /** As `to.copy_(tensor)`. */
  copyInto(to: Tensor): void;
}
export const isTensorSource = (v: unknown): v is TensorSource => typeof v === 'object' && v !== null && 'copyInto' in v;
/** Something that becomes a value when it is needed. */
export interface Deferred<V> extends TensorSource { get(): V }

export class LazyDict<V> extends OrderedDict<V> {
  private readonly deferred = new Map<string, Deferred<V>>();
  /** `size`, `has` and `keys` read nothing. */
  defer(key: string, value: Deferred<V>): void {
    super.set(key, undefined as V);
    this.deferred.set(key, value);
  }
  /** What stands behind a key that was not read or set yet. */
  source(key: string): Deferred<V> | undefined { return this.deferred.get(key); }
  override get(key: string): V | undefined { const d = this.deferred.get(key); return d === undefined ? super.get(key) : d.get(); }
  override set(key: string, value: V): this { this.deferred?.delete(key); return super.set(key, value); }
  override delete(key: string): boolean { this.deferred.delete(key); return super.delete(key); }
  override clear(): void { this.deferred.clear(); super.clear(); }
  override *entries(): MapIterator<[string, V]> { for (const key of super.keys()) yield [key, this.get(key)!]; }
  override *values(): MapIterator<V> { for (const key of super.keys()) yield this.get(key)!; }
  override [Symbol.iterator](): MapIterator<[string, V]> { return this.entries(); }
  override forEach(fn: (value: V, key: string, map: Map<string, V>) => void): void { for (const [k, v] of this.entries()) fn(v, k, this); }
  override [inspect.custom](): string { return this.toString(); }
}

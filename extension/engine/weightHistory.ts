/** The values of a model from before the last changes, to be put back. By name, so that moves to another device or dtype in between do not matter. */
import { noGrad, type Tensor } from '../lib/index';

const KEEP = 20;

interface Entry { what: string; values: Map<string, Tensor>; bytes: number }

export class WeightHistory {
  private entries: Entry[] = [];
  /** `state`: the model's tensors as they are now, by name. `keepBytes`: of all that is kept. */
  constructor(private readonly state: () => ReadonlyMap<string, Tensor>, private readonly keepBytes = 2 ** 30) {}
  get size(): number { return this.entries.length; }

  /**
   * Runs `fn`, which changes the tensors named. When it throws, they are as before. Not `undoable`: they are too large to be kept, so
   * they stay as `fn` leaves them, and older changes, which are no longer the last, cannot be undone either.
   */
  change<R>(what: string, names: readonly string[], fn: () => R): { result: R; undoable: boolean } {
    const state = this.state();
    const tensors = names.flatMap((n) => { const t = state.get(n); return t === undefined ? [] : [[n, t] as const]; });
    const bytes = tensors.reduce((s, [, t]) => s + t.numel() * t.dtype.itemsize, 0);
    if (bytes > this.keepBytes) {
      this.entries = [];
      return { result: fn(), undoable: false };
    }
    const entry = { what, bytes, values: noGrad(() => new Map(tensors.map(([n, t]) => [n, t.detach().clone()]))) };
    let result: R;
    try {
      result = fn();
    } catch (error) {
      this.restore(entry);
      throw error;
    }
    this.entries.push(entry);
    while (this.entries.length > KEEP || this.entries.reduce((s, e) => s + e.bytes, 0) > this.keepBytes) this.entries.shift();
    return { result, undoable: true };
  }
  /** What was undone; null when there is nothing. */
  undo(): string | null {
    const last = this.entries.pop();
    if (last === undefined) return null;
    this.restore(last);
    return last.what;
  }
  private restore({ values }: Entry): void {
    const state = this.state();
    noGrad(() => { for (const [n, v] of values) state.get(n)?.copy_(v.to(state.get(n)!.device)); });
  }
}

/**
 * How far an optimizer step moves each parameter: ‖change‖ / ‖values before‖, by L2 norms. Measured between the end of backward()
 * and the end of step(), only in steps that somebody looks at; a large parameter by this many evenly spaced elements.
 */
import { noGrad, type optim, type Parameter, type Tensor } from '../lib/index';

const SAMPLE = 65_536;

export class UpdateRatios {
  private readonly before = new Map<Tensor, Tensor>();
  private readonly ratios = new WeakMap<Tensor, number>();

  of(p: Tensor): number | null { return this.ratios.get(p) ?? null; }

  /** A backward pass ended: the next step of these parameters is measured. */
  watch(parameters: Iterable<Parameter>): void {
    this.before.clear();
    noGrad(() => { for (const p of parameters) if (p.grad !== null) this.before.set(p, sample(p).clone()); });
  }

  stepped(optimizer: optim.Optimizer): void {
    if (this.before.size === 0) return;
    noGrad(() => {
      for (const p of optimizer.paramGroups.flatMap((g) => g.params)) {
        const old = this.before.get(p);
        if (old === undefined) continue;
        this.before.delete(p);
        const now = sample(p);
        // Moved to another device or resized in between: nothing to compare.
        if (now.numel() !== old.numel() || String(now.device) !== String(old.device)) continue;
        const size = Number(old.norm().item());
        const change = Number(now.sub(old).norm().item());
        if (size > 0) this.ratios.set(p, change / size);
      }
    });
  }
}

function sample(p: Tensor): Tensor {
  const flat = p.detach().reshape([-1]);
  return flat.numel() <= SAMPLE ? flat : flat.slice(0, 0, Infinity, Math.ceil(flat.numel() / SAMPLE));
}

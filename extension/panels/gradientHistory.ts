/** Norms through the steps that were looked at: enough for a small curve, thinned when long. */
import type { NormHistory } from '../protocol/gradientsPanel';
import type { GradientReport, Num } from '../protocol/model';

const MOST = 600;

export class GradientHistory {
  private seen: { step: number; loss: Num | null; globalNorm: Num; norms: Map<string, number> }[] = [];

  add(report: GradientReport): void {
    // The same step seen again says the same, or newer numbers of it.
    if (this.seen.at(-1)?.step === report.step) this.seen.pop();
    // A step before the last one: the file was run anew.
    if ((this.seen.at(-1)?.step ?? -1) > report.step) this.seen = [];
    this.seen.push({ step: report.step, loss: report.loss, globalNorm: report.globalNorm, norms: new Map(report.rows.flatMap((r) => (r.grad === null || r.state === 'nonfinite' ? [] : [[r.name, r.grad.norm]]))) });
    if (this.seen.length > MOST) this.seen = this.seen.filter((_, i) => i % 2 === 0);
  }

  of(name: string | null): NormHistory {
    return {
      step: this.seen.map((s) => s.step), loss: this.seen.map((s) => s.loss), globalNorm: this.seen.map((s) => s.globalNorm),
      norm: this.seen.map((s) => (name === null ? null : s.norms.get(name) ?? null)),
    };
  }
}

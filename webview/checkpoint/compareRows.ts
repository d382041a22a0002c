/** Which rows of a comparison are listed, and in which order. Pure. */
import type { CompareRow } from '../../extension/protocol/checkpoint';

export type SortKey = 'relativeL2' | 'cosine' | 'maxDifference';
export interface Sort { key: SortKey | 'file'; down: boolean }

/** Rows without the number that is sorted by stand last. */
export function compareRows(rows: readonly CompareRow[], { onlyChanged, filter, sort }: { onlyChanged: boolean; filter: string; sort: Sort }): CompareRow[] {
  const word = filter.trim().toLowerCase();
  const out = rows.filter((r) => (!onlyChanged || r.status !== 'same') && r.name.toLowerCase().includes(word));
  const { key, down } = sort;
  if (key === 'file') return out;
  const sure = (v: number | null): number => v ?? (down ? -Infinity : Infinity);
  return out.sort((a, b) => { const [x, y] = [sure(a[key]), sure(b[key])]; return x === y ? 0 : x < y === down ? 1 : -1; });
}

/** How far the farthest rows below a group of the tree lie apart. By the group's path. */
export interface Below { relativeL2: number | null; cosine: number | null; maxDifference: number | null }
export function below(rows: readonly CompareRow[]): Map<string, Below> {
  const out = new Map<string, Below>();
  const far = (a: number | null, b: number | null, pick: (...n: number[]) => number): number | null => (a === null ? b : b === null ? a : pick(a, b));
  for (const r of rows) {
    for (let dot = r.name.indexOf('.'); dot >= 0; dot = r.name.indexOf('.', dot + 1)) {
      const path = r.name.slice(0, dot + 1);
      const g = out.get(path) ?? { relativeL2: null, cosine: null, maxDifference: null };
      out.set(path, { relativeL2: far(g.relativeL2, r.relativeL2, Math.max), cosine: far(g.cosine, r.cosine, Math.min), maxDifference: far(g.maxDifference, r.maxDifference, Math.max) });
    }
  }
  return out;
}

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

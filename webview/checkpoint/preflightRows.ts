/** Which rows of a preflight are listed, and as what the page shows a pair closely. Pure. */
import type { CompareRow, CompareStatus, PreflightRow, PreflightStatus } from '../../extension/protocol/checkpoint';

/** `only`: rows of this status; null: all. */
export function preflightRows(rows: readonly PreflightRow[], { only, filter }: { only: PreflightStatus | null; filter: string }): PreflightRow[] {
  const word = filter.trim().toLowerCase();
  return rows.filter((r) => (only === null || r.status === only) && ((r.target ?? '').toLowerCase().includes(word) || (r.source ?? '').toLowerCase().includes(word)));
}
export const rowKey = (r: PreflightRow): string => (r.target === undefined ? `file ${r.source!}` : `model ${r.target}`);

const compared: Record<PreflightStatus, CompareStatus> = { matched: 'same', dtype: 'retyped', shape: 'reshaped', unreadable: 'unread', missing: 'added', unexpected: 'removed' };
/** The file's tensor as A, the model's as B; the file's name is below `root`. Its distances are not known yet. */
export function asComparison(r: PreflightRow, root: string): CompareRow {
  return {
    name: r.target ?? r.source!, status: compared[r.status], relativeL2: null, cosine: null, maxDifference: null, differing: null,
    ...(r.source === undefined ? {} : { a: { name: root === '' ? r.source : `${root}.${r.source}`, dtype: r.fileDtype!, shape: r.fileShape! } }),
    ...(r.target === undefined ? {} : { b: { name: r.target, dtype: r.modelDtype!, shape: r.modelShape! } }),
  };
}

/**
 * Many rows of one kind in a small message: names say only what differs from the one before, and what rows have in common is said once.
 * 50,000 tensors are half a megabyte so, where their rows as JSON are four, read and written at every step of the way to a page. Pure.
 */
interface Column {
  /** The rows that have it; absent: all. */
  at?: number[];
  /** Of strings: how many characters each has in common with the one before; `values` is the rest. */
  shared?: number[];
  values: unknown[];
}
export interface Packed<T> {
  /** What each row has of its own. */
  own: Partial<Record<keyof T, Column>>;
  /** What the others have in common; `kind` says which of them a row is. */
  kinds: Partial<T>[];
  kind: number[];
}
/** A result whose rows are packed. */
export type PackedRows<R extends { rows: unknown[] }> = Omit<R, 'rows'> & { rows: Packed<R['rows'][number]> };

/** Values must be what JSON keeps. `own`: what may differ from row to row; the other fields have few values. */
export function pack<T extends object>(rows: readonly T[], own: readonly (keyof T)[]): Packed<T> {
  own = own.filter((key) => rows.some((r) => r[key] !== rows[0]![key]));
  const isOwn = new Set<PropertyKey>(own);
  const known = new Map<string, number>();
  const out: Packed<T> = { own: {}, kinds: [], kind: new Array<number>(rows.length) };
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const rest: Partial<T> = {};
    for (const key in row) if (!isOwn.has(key)) rest[key] = row[key];
    const text = JSON.stringify(rest);
    let kind = known.get(text);
    if (kind === undefined) known.set(text, (kind = out.kinds.push(rest) - 1));
    out.kind[i] = kind;
  }
  for (const key of own) out.own[key] = column(rows, key);
  return out;
}

function column<T extends object>(rows: readonly T[], key: keyof T): Column {
  const at: number[] = [];
  const values: unknown[] = [];
  let text = true;
  for (let i = 0; i < rows.length; i++) {
    const v = rows[i]![key];
    if (v === undefined) continue;
    at.push(i);
    values.push(v);
    text &&= typeof v === 'string';
  }
  const some = at.length < rows.length ? { at } : {};
  if (!text) return { ...some, values };
  let before = '';
  const shared = values.map((v) => { const n = inCommon(before, v as string); before = v as string; return n; });
  return { ...some, shared, values: values.map((v, i) => (v as string).slice(shared[i])) };
}
function inCommon(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a.charCodeAt(n) === b.charCodeAt(n)) n++;
  return n;
}

/** The rows again. Rows of one kind share their arrays and objects. */
export function unpack<T extends object>({ own, kinds, kind }: Packed<T>): T[] {
  const columns = (Object.keys(own) as (keyof T)[]).map((key) => ({ key, values: spread(own[key]!, kind.length) as T[keyof T][] }));
  // Key by key in one order: the engine then gives all rows one shape.
  return kind.map((k, i) => {
    const row: Partial<T> = {};
    for (const { key, values } of columns) if (values[i] !== undefined) row[key] = values[i];
    const rest = kinds[k]!;
    for (const key in rest) row[key] = rest[key]!;
    return row as T;
  });
}
function spread({ at, shared, values }: Column, count: number): unknown[] {
  if (shared !== undefined) {
    let before = '';
    values = values.map((v, i) => (before = before.slice(0, shared[i]) + (v as string)));
  }
  if (at === undefined) return values;
  const out = new Array<unknown>(count);
  at.forEach((row, i) => { out[row] = values[i]; });
  return out;
}

/** Aligning names of two checkpoints, or of a checkpoint and a model: prefixes that wrappers add (module., model., _orig_mod.). */
import type { Rename } from '../protocol/checkpoint';

/** The name below `root` with the rename applied; null when it is not below root. */
export function renamed(name: string, root: string, rename: Rename | null): string | null {
  if (root !== '') {
    if (!name.startsWith(`${root}.`)) return null;
    name = name.slice(root.length + 1);
  }
  if (rename === null) return name;
  return name.startsWith(rename.from) ? rename.to + name.slice(rename.from.length) : name;
}

/**
 * Names of the file below `root` by the names they get. A name that a rename would put where another already stands keeps its own,
 * so nothing is overwritten unseen.
 */
export function targetNames(names: Iterable<string>, root: string, rename: Rename | null): Map<string, string> {
  const own = [...names].flatMap((full) => { const short = renamed(full, root, null); return short === null ? [] : [{ full, short, target: renamed(short, '', rename)! }]; });
  const kept = new Set(own.filter((n) => n.target === n.short).map((n) => n.short));
  const out = new Map<string, string>();
  for (const { full, short, target } of own) out.set(target !== short && (kept.has(target) || out.has(target)) ? short : target, full);
  return out;
}

/** Prefixes (with their dot) that at least half of the names begin with, the empty one first. */
export function prefixes(names: readonly string[]): string[] {
  const out = [''];
  for (let depth = 1; depth <= 4; depth++) {
    const counts = new Map<string, number>();
    for (const n of names) {
      const parts = n.split('.');
      if (parts.length > depth) { const p = `${parts.slice(0, depth).join('.')}.`; counts.set(p, (counts.get(p) ?? 0) + 1); }
    }
    const best = [...counts].filter(([, c]) => c * 2 >= names.length);
    if (best.length === 0) break;
    out.push(...best.map(([p]) => p));
  }
  return out;
}

/** Pairs of prefixes to take off a and b so that more names match than now, best first. `fits` says whether two names' tensors go together. */
export function suggestPrefixes(a: readonly string[], b: readonly string[], fits: (a: string, b: string) => boolean, now: number): { stripA: string; stripB: string; matched: number }[] {
  const out: { stripA: string; stripB: string; matched: number }[] = [];
  if (now >= Math.min(a.length, b.length)) return out;
  for (const stripA of prefixes(a)) {
    for (const stripB of prefixes(b)) {
      if (stripA === '' && stripB === '') continue;
      const inB = new Map(b.filter((n) => n.startsWith(stripB)).map((n) => [n.slice(stripB.length), n]));
      let matched = 0;
      for (const n of a) {
        if (!n.startsWith(stripA)) continue;
        const other = inB.get(n.slice(stripA.length));
        if (other !== undefined && fits(n, other)) matched++;
      }
      if (matched > now) out.push({ stripA, stripB, matched });
    }
  }
  // The shortest change that gives the same.
  return out.sort((x, y) => y.matched - x.matched || x.stripA.length + x.stripB.length - y.stripA.length - y.stripB.length).slice(0, 3);
}

/** a's names in order, b's own ones where b has them. */
export function mergeNames(a: readonly string[], b: readonly string[]): string[] {
  const inA = new Set(a);
  const after = new Map<string, string[]>();
  let last = '';
  for (const n of b) {
    if (inA.has(n)) { last = n; continue; }
    const here = after.get(last);
    if (here === undefined) after.set(last, [n]); else here.push(n);
  }
  return [...(after.get('') ?? []), ...a.flatMap((n) => [n, ...(after.get(n) ?? [])])];
}

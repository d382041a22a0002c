/** What loading a file into a live model would do, before it is done. Changes nothing. */
import { PyDict } from '../checkpoint/values';
import { FileTensor } from '../checkpoint/tensor';
import { internal } from '../lib/index';
import type { Preflight, PreflightRow, PreflightStatus, Rename } from '../protocol/checkpoint';
import type { OpenFile } from './checkpointFiles';
import { renamed, suggestPrefixes, targetNames } from './checkpointNames';
import type { OpenSide } from './checkpointSides';

const { engineType, misfit } = internal;

const MESSAGE = 100_000;
const short = (s: string): string => (s.length > MESSAGE ? `${s.slice(0, MESSAGE)}…` : s);

/** Paths of the dictionaries that hold tensors themselves. */
function dictionaries(file: OpenFile): string[] {
  const out: string[] = [];
  const look = (v: unknown, path: string, depth: number): void => {
    if (!(v instanceof PyDict) || depth > 4) return;
    let holds = false;
    for (const [k, x] of v) {
      if (x instanceof FileTensor) holds = true;
      else if (typeof k === 'string') look(x, path === '' ? k : `${path}.${k}`, depth + 1);
    }
    if (holds) out.push(path);
  };
  look(file.checkpoint.value, '', 0);
  return out.length > 0 ? out : [''];
}

/** Why the values cannot be loaded into a tensor of the engine. */
function unreadable(t: FileTensor, name: string): string | undefined {
  try {
    engineType(t, () => name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

export function preflight(file: OpenFile, model: OpenSide, root: string | undefined, rename: Rename | null | undefined): Preflight {
  const shapes = (t: FileTensor | undefined): string => t?.shape.join() ?? '';
  const below = (path: string): Map<string, FileTensor> => new Map([...file.checkpoint.tensors].flatMap(([n, t]) => { const short = renamed(n, path, null); return short === null ? [] : [[short, t] as const]; }));
  const fits = (a: string, b: string, from: Map<string, FileTensor>): boolean => shapes(from.get(a)) === shapes(model.tensors.get(b));
  const targets = [...model.tensors.keys()];

  const roots = dictionaries(file).map((path) => {
    const own = below(path);
    const now = targets.filter((n) => own.has(n) && fits(n, n, own)).length;
    return { path, own, now, suggestions: suggestPrefixes([...own.keys()], targets, (a, b) => fits(a, b, own), now) };
  }).sort((x, y) => Math.max(y.now, y.suggestions[0]?.matched ?? 0) - Math.max(x.now, x.suggestions[0]?.matched ?? 0));
  const chosen = roots.find((r) => r.path === root) ?? (root === undefined ? roots[0]! : { path: root, own: below(root), now: 0, suggestions: suggestPrefixes([...below(root).keys()], targets, (a, b) => fits(a, b, below(root)), 0) });

  const by = new Map([...targetNames(chosen.own.keys(), '', rename ?? null)].map(([target, n]): [string, [string, FileTensor]] => [target, [n, chosen.own.get(n)!]]));
  const rows: PreflightRow[] = targets.map((target) => {
    const to = model.tensors.get(target)!;
    const side = { target, modelShape: [...to.shape], modelDtype: to.dtype };
    const found = by.get(target);
    if (found === undefined) return { ...side, status: 'missing' };
    const [source, t] = found;
    const problem = unreadable(t, source);
    const status: PreflightStatus = shapes(t) !== shapes(to) ? 'shape' : problem !== undefined ? 'unreadable' : t.dtype !== to.dtype ? 'dtype' : 'matched';
    return { ...side, source, status, fileShape: [...t.shape], fileDtype: t.dtype, ...(problem === undefined ? {} : { problem }) };
  });
  for (const [name, [source, t]] of by) if (!model.tensors.has(name)) rows.push({ source, status: 'unexpected', fileShape: [...t.shape], fileDtype: t.dtype });
  const counts: Preflight['counts'] = { matched: 0, dtype: 0, shape: 0, unreadable: 0, missing: 0, unexpected: 0 };
  for (const r of rows) counts[r.status]++;
  const error = file.checkpoint.info.error;
  return {
    rows, counts, message: short(misfit(model.module ?? '', model.tensors, new Map([...by].map(([target, [, t]]) => [target, t.shape])), true)), root: chosen.path, rename: rename ?? null, roots: roots.map((r) => ({ path: r.path, matched: Math.max(r.now, r.suggestions[0]?.matched ?? 0) })),
    suggestions: chosen.suggestions.filter((s) => s.matched > counts.matched + counts.dtype).map((s) => ({ from: s.stripA, to: s.stripB, matched: s.matched })), ...(error === undefined ? {} : { error }),
  };
}

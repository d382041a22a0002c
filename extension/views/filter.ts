/**
 * The Models tree's filter. Words are joined by "and": `conv grad:nan device:webgpu`.
 * A plain word matches path or type (as a regular expression when written /so/); facets: type, grad, device, dtype, shape,
 * is:frozen|trainable|shared|parameter|buffer. Pure.
 */
import type { ModelSummary, TreeNode } from '../protocol/model';
import { shortDtype } from './labels';

type Test = (node: TreeNode) => boolean;

const gradNames: Record<string, string> = { nan: 'nonfinite', nonfinite: 'nonfinite', inf: 'nonfinite', zero: 'zero', ok: 'ok', none: 'none' };

function facet(name: string, value: string): Test | null {
  const v = value.toLowerCase();
  switch (name) {
    case 'type': return (n) => n.type.toLowerCase().includes(v);
    case 'grad': return (n) => n.kind === 'parameter' && (n.grad ?? 'none') === (gradNames[v] ?? v);
    case 'device': return (n) => n.device.toLowerCase().startsWith(v);
    case 'dtype': return (n) => n.dtype !== undefined && (n.dtype === v || shortDtype(n.dtype) === v);
    case 'shape': return (n) => n.shape !== undefined && n.shape.join('x') === v.replace(/[×,*]/g, 'x').replace(/[[\]\s]/g, '');
    case 'is': return (n) => (v === 'frozen' ? n.kind === 'parameter' && n.requiresGrad === false : v === 'trainable' ? n.kind === 'parameter' && n.requiresGrad === true : v === 'shared' ? n.sharedWith !== undefined : n.kind === v);
    default: return null;
  }
}

/** Throws SyntaxError for a bad regular expression. */
export function parseFilter(query: string): Test | null {
  const tests = (query.match(/\/(?:\\.|[^/])+\/|\S+/g) ?? []).map((word): Test => {
    const m = /^(\w+):(.+)$/.exec(word);
    const known = m === null ? null : facet(m[1]!, m[2]!);
    if (known !== null) return known;
    const r = /^\/(.+)\/$/.exec(word);
    const pattern = r === null ? null : new RegExp(r[1]!, 'i');
    const plain = word.toLowerCase();
    return (n) => (pattern === null ? n.path.toLowerCase().includes(plain) || n.type.toLowerCase().includes(plain) : pattern.test(n.path) || pattern.test(n.type));
  });
  return tests.length === 0 ? null : (n) => tests.every((t) => t(n));
}

export interface FilterResult { keep: (node: TreeNode) => boolean; matches: number; total: number }

/** Keeps matches with everything above and below them. */
export function applyFilter(models: ModelSummary[], query: string): FilterResult | null {
  const test = parseFilter(query);
  if (test === null) return null;
  const kept = new Set<TreeNode>();
  let matches = 0;
  let total = 0;
  const visit = (node: TreeNode, inside: boolean): boolean => {
    total++;
    const hit = test(node);
    if (hit) matches++;
    let below = false;
    for (const child of node.children) below = visit(child, inside || hit) || below;
    if (hit || inside || below) kept.add(node);
    return hit || below;
  };
  for (const m of models) visit(m.root, false);
  return { keep: (n) => kept.has(n), matches, total };
}

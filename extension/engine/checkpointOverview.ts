/** What a page is told of a file: what is small at once, the tensors packed, the structure a page at a time. A hostile file makes no long message. */
import { CheckpointError } from '../checkpoint/errors';
import { STRUCTURE_PAGE, type CheckpointInfo, type CheckpointOverview, type GlobalClass, type StructureNode, type ValueNode } from '../protocol/checkpoint';
import { pack } from '../protocol/packed';

const LIMITS = { globals: 1000, metadata: 500, warnings: 20, text: 400 };
const danger: Record<GlobalClass, number> = { dangerous: 0, unknown: 1, allowed: 2 };
const short = (s: string): string => (s.length > LIMITS.text ? `${s.slice(0, LIMITS.text)}…` : s);

export function overview({ tensors, root, globals, metadata, warnings, ...small }: CheckpointInfo): CheckpointOverview {
  const all = Object.entries(metadata);
  const counts = { allowed: 0, unknown: 0, dangerous: 0, warnings: warnings.length, metadata: all.length };
  for (const g of globals) counts[g.class]++;
  return {
    ...small, counts, tensors: pack(tensors, ['name', 'storage']), root: node(root),
    globals: [...globals].sort((a, b) => danger[a.class] - danger[b.class] || a.offset - b.offset).slice(0, LIMITS.globals),
    metadata: Object.fromEntries(all.slice(0, LIMITS.metadata).map(([k, v]) => [short(k), short(v)])),
    warnings: warnings.slice(0, LIMITS.warnings).map(short),
  };
}

const node = ({ children, ...own }: ValueNode): StructureNode => (children === undefined ? own : { ...own, children: children.length });

export function structure(root: ValueNode, path: readonly number[], from: number): { nodes: StructureNode[] } {
  let at: ValueNode | undefined = root;
  for (const i of path) at = at?.children?.[i];
  if (at?.children === undefined) throw new CheckpointError('the file has changed: its structure has no such place any more');
  return { nodes: at.children.slice(from, from + STRUCTURE_PAGE).map(node) };
}

/** The lines of the structure that are open, known or not yet. Pure. */
import type { StructureNode } from '../../extension/protocol/checkpoint';

/** A value is named by its place: '' is the root, '/3/0' the first child of its fourth. */
export interface Line {
  id: string;
  level: number;
  parent: string;
  index: number;
  /** Absent: not known yet. */
  node?: StructureNode;
  /** Children of `parent` that cannot be shown, so many; no node then. */
  more?: number;
}

export function structureLines(known: ReadonlyMap<string, StructureNode>, opened: ReadonlySet<string>): Line[] {
  const out: Line[] = [];
  const stack: Line[] = [{ id: '', level: 0, parent: '', index: 0 }];
  for (let line = stack.pop(); line !== undefined; line = stack.pop()) {
    const node = line.more === undefined ? known.get(line.id) : undefined;
    if (node !== undefined) line.node = node;
    out.push(line);
    if (node?.children === undefined || !opened.has(line.id)) continue;
    const below = { level: line.level + 1, parent: line.id };
    if (node.more !== undefined) stack.push({ ...below, id: `${line.id}/more`, index: node.children, more: node.more });
    for (let i = node.children - 1; i >= 0; i--) stack.push({ ...below, id: `${line.id}/${i}`, index: i });
  }
  return out;
}

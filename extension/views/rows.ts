/**
 * Rows of the Models tree, made from what the engine reports: file → model → modules → parameters and buffers.
 * Pure: no vscode, so that labels, filtering and folding are tested in plain Node.
 */
import type { GradState, ModelSummary, TreeNode } from '../protocol/model';

export interface FileRow { kind: 'file'; file: string; models: ModelSummary[]; parent: null }
/** A module, parameter or buffer; `node.path === ''` is the model itself. */
export interface NodeRow { kind: 'node'; model: ModelSummary; node: TreeNode; parent: Row }
/** A run of consecutive modules of equal structure, shown as one row. */
export interface RepeatRow { kind: 'repeat'; model: ModelSummary; nodes: TreeNode[]; parent: Row }
export type Row = FileRow | NodeRow | RepeatRow;

export type SortKey = 'order' | 'name' | 'size' | 'gradient';

export interface RowOptions {
  collapseRepeats: boolean;
  sort: SortKey;
  /** Nodes that stay; null keeps all. Holds every ancestor of a match too. */
  keep: ((node: TreeNode, model: ModelSummary) => boolean) | null;
  /** L2 norm of a parameter's gradient, where known (`sort: 'gradient'`). */
  gradNorm?: (model: ModelSummary, path: string) => number | undefined;
}

/** Equal modules in a row before they fold. */
const foldFrom = 3;

const interned = new Map<string, number>();
const structures = new WeakMap<TreeNode, number>();

/** Equal numbers for modules of equal structure: everything but names, gradients and output shapes. */
function structure(node: TreeNode): number {
  const known = structures.get(node);
  if (known !== undefined) return known;
  const key = JSON.stringify([node.kind, node.type, node.extra, node.shape, node.dtype, node.device, node.requiresGrad, node.sharedWith !== undefined, node.children.map((c) => [c.name, structure(c)])]);
  const id = interned.get(key) ?? interned.size + 1;
  interned.set(key, id);
  structures.set(node, id);
  return id;
}

/** Splits children into runs of equal modules; a run shorter than three stays as it is. */
function fold(nodes: TreeNode[]): (TreeNode | TreeNode[])[] {
  const out: (TreeNode | TreeNode[])[] = [];
  const keys = nodes.map((n) => (n.kind === 'module' && /^\d+$/.test(n.name) && n.children.length > 0 ? structure(n) : 0));
  for (let i = 0; i < nodes.length;) {
    let end = i + 1;
    while (keys[i] !== 0 && end < nodes.length && keys[end] === keys[i]) end++;
    if (end - i >= foldFrom) out.push(nodes.slice(i, end));
    else out.push(...nodes.slice(i, end));
    i = end;
  }
  return out;
}

/** `blocks ×12`: all children of the module are one run. */
export function repeatCount(node: TreeNode): number {
  if (node.kind !== 'module' || node.children.length < foldFrom) return 0;
  const runs = fold(node.children);
  return runs.length === 1 && Array.isArray(runs[0]) ? runs[0].length : 0;
}

export function gradNormOf(node: TreeNode, norm: (path: string) => number | undefined): number {
  if (node.kind === 'parameter') return norm(node.path) ?? -1;
  const below = node.children.map((c) => gradNormOf(c, norm));
  return below.reduce((a, b) => Math.max(a, b), -1);
}

function sorted(nodes: TreeNode[], model: ModelSummary, options: RowOptions): TreeNode[] {
  const copy = [...nodes];
  switch (options.sort) {
    case 'order': return copy;
    case 'name': return copy.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    case 'size': return copy.sort((a, b) => b.numel - a.numel);
    case 'gradient': {
      const norm = (path: string): number | undefined => options.gradNorm?.(model, path);
      return copy.sort((a, b) => gradNormOf(b, norm) - gradNormOf(a, norm));
    }
    default: return options.sort satisfies never;
  }
}

export function fileRows(models: ModelSummary[]): FileRow[] {
  const files = new Map<string, FileRow>();
  for (const model of models) {
    const row = files.get(model.file) ?? { kind: 'file' as const, file: model.file, models: [], parent: null };
    row.models.push(model);
    files.set(model.file, row);
  }
  return [...files.values()];
}

export function childRows(row: Row, options: RowOptions): Row[] {
  if (row.kind === 'file') return row.models.filter((m) => options.keep?.(m.root, m) ?? true).map((model) => ({ kind: 'node', model, node: model.root, parent: row }));
  const { model } = row;
  const asRow = (node: TreeNode): NodeRow => ({ kind: 'node', model, node, parent: row });
  if (row.kind === 'repeat') return row.nodes.map(asRow);
  const nodes = sorted(row.node.children.filter((n) => options.keep?.(n, model) ?? true), model, options);
  // A module whose children are one run carries the count itself; filtering and sorting show every row.
  if (!options.collapseRepeats || options.keep !== null || options.sort !== 'order' || repeatCount(row.node) > 0) return nodes.map(asRow);
  return fold(nodes).map((n) => (Array.isArray(n) ? { kind: 'repeat', model, nodes: n, parent: row } : asRow(n)));
}

/** Stable across refreshes, so that the tree keeps its expansion and selection. */
export function rowId(row: Row): string {
  if (row.kind === 'file') return row.file;
  if (row.kind === 'repeat') return `${row.model.id}/${row.nodes[0]!.path}…${row.nodes.at(-1)!.path}`;
  return `${row.model.id}/${row.node.kind}/${row.node.path}`;
}

/** The row of a path, with its parents; undefined when the model or the path is not there (or filtered away). */
export function findRow(models: ModelSummary[], modelId: string, path: string, options: RowOptions): NodeRow | undefined {
  const file = fileRows(models).find((f) => f.models.some((m) => m.id === modelId));
  let rows: Row[] = file === undefined ? [] : childRows(file, options).filter((r) => r.kind === 'node' && r.model.id === modelId);
  for (;;) {
    const next: Row | undefined = rows.find((r) => (r.kind === 'node' ? contains(r.node.path, path) : r.kind === 'repeat' && r.nodes.some((n) => contains(n.path, path))));
    if (next === undefined) return undefined;
    if (next.kind === 'node' && next.node.path === path) return next;
    rows = childRows(next, options);
  }
}

const contains = (outer: string, path: string): boolean => outer === '' || outer === path || path.startsWith(`${outer}.`);

export function findNode(root: TreeNode, path: string): TreeNode | undefined {
  if (root.path === path) return root;
  for (const child of root.children) if (contains(child.path, path)) return findNode(child, path) ?? (child.path === path ? child : undefined);
  return undefined;
}

export function allNodes(root: TreeNode): TreeNode[] {
  return [root, ...root.children.flatMap(allNodes)];
}

const severity: GradState[] = ['none', 'ok', 'zero', 'nonfinite'];

/** The worst gradient below: a NaN in one parameter marks every module above it. */
export function worstGrad(node: TreeNode): GradState {
  return [node.grad ?? 'none', ...node.children.map(worstGrad)].reduce((a, b) => (severity.indexOf(b) > severity.indexOf(a) ? b : a), 'none' as GradState);
}

/** Parameters whose gradient is NaN or infinite, in all models: the tree's badge. */
export function problemCount(models: ModelSummary[]): number {
  return models.reduce((sum, m) => sum + allNodes(m.root).filter((n) => n.kind === 'parameter' && n.sharedWith === undefined && n.grad === 'nonfinite').length, 0);
}

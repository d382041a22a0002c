/** Tensors as a tree of their dotted names: layers.0.weight stands under layers, then 0. Pure. */
import type { TensorInfo } from '../../extension/protocol/checkpoint';

export interface TreeNode { name: string; path: string; level: number; tensor?: TensorInfo; children: TreeNode[]; /** Of all tensors below. */ count: number; bytes: number }

export function tensorTree(tensors: readonly TensorInfo[]): TreeNode {
  const group = (name: string, path: string, level: number): TreeNode => ({ name, path, level, children: [], count: 0, bytes: 0 });
  const root = group('', '', -1);
  const groups = new Map<string, TreeNode>();
  for (const tensor of tensors) {
    const parts = tensor.name.split('.');
    const above = [root];
    let path = '';
    for (const part of parts.slice(0, -1)) {
      path += `${part}.`;
      let next = groups.get(path);
      if (next === undefined) {
        groups.set(path, (next = group(part, path, above.length - 1)));
        above.at(-1)!.children.push(next);
      }
      above.push(next);
    }
    above.at(-1)!.children.push({ name: parts.at(-1)!, path: tensor.name, level: above.length - 1, tensor, children: [], count: 1, bytes: tensor.bytes });
    for (const g of above) { g.count++; g.bytes += tensor.bytes; }
  }
  return root;
}

/** What is on screen when the groups of `closed` are closed. */
export function visible(root: TreeNode, closed: (path: string) => boolean): TreeNode[] {
  const out: TreeNode[] = [];
  const stack = [...root.children].reverse();
  for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
    out.push(n);
    if (n.tensor === undefined && !closed(n.path)) for (let i = n.children.length - 1; i >= 0; i--) stack.push(n.children[i]!);
  }
  return out;
}

/** Named things as a tree of their dotted names: layers.0.weight stands under layers, then 0. Pure. */

export interface TreeNode<T> { name: string; path: string; level: number; /** Absent: a group. */ item?: T; children: TreeNode<T>[]; /** Of all items below. */ count: number; weight: number }

/** `weigh`: what of every item is summed up for the groups above it. */
export function nameTree<T extends { name: string }>(items: readonly T[], weigh: (item: T) => number): TreeNode<T> {
  const group = (name: string, path: string, level: number): TreeNode<T> => ({ name, path, level, children: [], count: 0, weight: 0 });
  const root = group('', '', -1);
  const groups = new Map<string, TreeNode<T>>();
  for (const item of items) {
    const parts = item.name.split('.');
    const weight = weigh(item);
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
    above.at(-1)!.children.push({ name: parts.at(-1)!, path: item.name, level: above.length - 1, item, children: [], count: 1, weight });
    for (const g of above) { g.count++; g.weight += weight; }
  }
  return root;
}

/** What is on screen when the groups of `closed` are closed. */
export function visible<T>(root: TreeNode<T>, closed: (path: string) => boolean): TreeNode<T>[] {
  const out: TreeNode<T>[] = [];
  const stack = [...root.children].reverse();
  for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
    out.push(n);
    if (n.item === undefined && !closed(n.path)) for (let i = n.children.length - 1; i >= 0; i--) stack.push(n.children[i]!);
  }
  return out;
}

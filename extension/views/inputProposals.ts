/** Input expressions worth offering for a forward pass, from the first layer that says what it takes. Pure. */
import type { TreeNode } from '../protocol/model';
import { parseExtra } from './labels';
import { allNodes } from './rows';

/** What was used before, the model's own proposal, other batch sizes; no duplicates. On another device than the CPU what names it goes first. */
export function inputProposals(root: TreeNode, proposed: string, history: string[]): string[] {
  const { device } = root;
  const all = [...new Set([...history, proposed, ...fromLayers(root)].filter((s) => s !== ''))];
  const type = device.replace(/:.*/, '');
  if (type === '' || type === 'cpu' || type === 'mixed') return all;
  const named = (s: string): boolean => s.includes(`'${type}`);
  return [...all.filter(named), ...all.filter((s) => !named(s))];
}

function fromLayers(root: TreeNode): string[] {
  for (const node of allNodes(root)) {
    if (node.kind !== 'module') continue;
    if (node.uninitialized && node.children.some((c) => c.kind !== 'module' && c.uninitialized)) return []; // it is the input that will tell
    const { positional: p, keyword: k } = parseExtra(node.extra ?? '');
    const features = k.get('in_features');
    if (features !== undefined) return [`rand(2, ${features})`, `randn(32, ${features})`, `ones(1, ${features})`];
    const conv = /^Conv([123])d$/.exec(node.type);
    if (conv !== null && p[0] !== undefined) {
      const size = new Array<string>(Number(conv[1])).fill(p[0] === '1' ? '28' : '32').join(', ');
      return [`rand(1, ${p[0]}, ${size})`, `randn(16, ${p[0]}, ${size})`];
    }
    if (node.type === 'Embedding' && p[0] !== undefined) return [`randint(0, ${p[0]}, [1, 16])`, `randint(0, ${p[0]}, [8, 64])`];
    if (/^(RNN|LSTM|GRU)$/.test(node.type) && p[0] !== undefined) return k.get('batch_first') === 'True' ? [`randn(2, 16, ${p[0]})`] : [`randn(16, 2, ${p[0]})`];
  }
  return [];
}

/** What a row says: `Linear 784→256 · 200,960 → [2, 256] · f32 · cpu`. Pure. */
import type { Num, TreeNode } from '../protocol/model';
import { allNodes, repeatCount, type Row } from './rows';

const groups = new Intl.NumberFormat('en-US');

/** 200,960; from a million on 12.3M, 7.24B. */
export function formatCount(n: number): string {
  if (n < 1e6) return groups.format(n);
  const [value, unit] = n < 1e9 ? [n / 1e6, 'M'] : n < 1e12 ? [n / 1e9, 'B'] : [n / 1e12, 'T'];
  return `${value.toPrecision(3)}${unit}`;
}

/** A loss for a message: five digits, NaN and infinities by name. */
export const shortLoss = (loss: Num): string => String(Number(Number(loss).toPrecision(5)));

/** Decimal units, as operating systems and model hubs print sizes. */
export function formatBytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let value = n;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${value.toPrecision(3)} ${units[unit]}`;
}

export function formatTime(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : milliseconds < 60_000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** float32 → f32, bfloat16 → bf16, int64 → i64; others as they are. */
export function shortDtype(dtype: string): string {
  return dtype.replace(/^float(?=\d)/, 'f').replace(/^bfloat(?=\d)/, 'bf').replace(/^uint(?=\d)/, 'u').replace(/^int(?=\d)/, 'i').replace(/^complex(?=\d)/, 'c');
}

const brackets = (shape: number[]): string => `[${shape.join(', ')}]`;

/** `in_features=784, kernel_size=(3, 3), 16` → positional and keyword arguments. */
export function parseExtra(extra: string): { positional: string[]; keyword: Map<string, string> } {
  const positional: string[] = [];
  const keyword = new Map<string, string>();
  let depth = 0;
  let current = '';
  const flush = (): void => {
    const part = current.trim();
    current = '';
    if (part === '') return;
    const m = /^(\w+)=(.*)$/s.exec(part);
    if (m === null) positional.push(part);
    else keyword.set(m[1]!, m[2]!);
  };
  for (const c of extra) {
    if ('([{'.includes(c)) depth++;
    if (')]}'.includes(c)) depth--;
    if (c === ',' && depth === 0) flush();
    else current += c;
  }
  flush();
  return { positional, keyword };
}

/** (3, 3) → 3×3, (128,) → 128, 2 → 2. */
const times = (tuple: string): string => tuple.replace(/[()\s]/g, '').split(',').filter((s) => s !== '').join('×');

/** The sizes that tell a layer from its like: 784→256, 1→16 3×3, p=0.5. '' when there are none. */
export function layerSize(type: string, extra: string): string {
  // What a lazy layer takes is not known before its first input.
  const { positional: p, keyword: k } = parseExtra(type.startsWith('Lazy') ? extra.replace(/^(in_features=)?0\b/, '$1?') : extra);
  if (k.has('in_features') && k.has('out_features')) return `${k.get('in_features')}→${k.get('out_features')}`;
  if (k.has('kernel_size')) {
    const channels = p.length >= 2 ? `${p[0]}→${p[1]} ` : '';
    const stride = times(k.get('stride') ?? '1');
    const kernel = times(k.get('kernel_size')!);
    const showStride = channels !== '' && /[^1×]/.test(stride);
    return `${channels}${kernel}${showStride ? ` /${stride}` : ''}`;
  }
  if (/^(RNN|LSTM|GRU)/.test(type) && p.length >= 2) return `${p[0]}→${p[1]}${k.has('num_layers') ? ` ×${k.get('num_layers')}` : ''}`;
  if (/Embedding/.test(type) && p.length >= 2) return `${p[0]}×${p[1]}`;
  if (/Norm/.test(type) && p.length >= 1) return p.map(times).join(', ');
  const rest = extra.replace(/,? ?\b(inplace|ceil_mode)=False/g, '');
  return rest.length <= 24 ? rest : '';
}

/** The one dtype of everything below, 'mixed', or '' when there is no tensor. */
export function dtypeOf(node: TreeNode): string {
  const all = new Set(allNodes(node).flatMap((n) => (n.dtype === undefined ? [] : [n.dtype])));
  return all.size === 0 ? '' : all.size === 1 ? [...all][0]! : 'mixed';
}

/** The words that the labels need, translated by the caller. */
export interface Words { shared(first: string): string; mixed: string; uninitialized: string; repeats(count: number, type: string): string }

export function rowLabel(row: Row): string {
  switch (row.kind) {
    case 'file': return row.file.replace(/^.*[\\/]/, '');
    case 'repeat': return `${row.nodes[0]!.name}…${row.nodes.at(-1)!.name} ×${row.nodes.length}`;
    case 'node': {
      const name = row.node.path === '' ? row.model.name : row.node.name;
      const count = repeatCount(row.node);
      return count > 0 ? `${name} ×${count}` : name;
    }
    default: return row satisfies never;
  }
}

export function nodeDescription(node: TreeNode, words: Words): string {
  const parts: string[] = [];
  if (node.kind === 'module') {
    const size = layerSize(node.type, node.extra ?? '');
    parts.push(size === '' ? node.type : `${node.type} ${size}`);
  } else if (node.uninitialized) parts.push(words.uninitialized);
  else parts.push(node.shape?.length === 0 ? '[]' : node.shape!.join('×'));
  if (node.sharedWith !== undefined) parts.push(words.shared(node.sharedWith));
  // A vector's length is its count.
  else if (node.kind === 'module' ? node.numel > 0 : node.shape!.length > 1 && !node.uninitialized) parts.push(formatCount(node.numel));
  if (node.kind === 'module' && node.uninitialized) parts.push(words.uninitialized);
  if (node.outputShape !== undefined) parts.push(`${parts.pop()!} → ${brackets(node.outputShape)}`);
  const dtype = dtypeOf(node);
  if (dtype !== '') parts.push(dtype === 'mixed' ? words.mixed : shortDtype(dtype));
  if (node.device !== '') parts.push(node.device === 'mixed' ? words.mixed : node.device);
  return parts.join(' · ');
}

export function rowDescription(row: Row, words: Words, relativeFolder: (file: string) => string): string {
  if (row.kind === 'file') return relativeFolder(row.file);
  if (row.kind === 'node') return nodeDescription(row.node, words);
  const one = row.nodes[0]!;
  const total = row.nodes.reduce((sum, n) => sum + n.numel, 0);
  return nodeDescription({ ...one, numel: total, outputShape: undefined }, words);
}

/** State words of a row for menus (`viewItem =~ /\bfrozen\b/`). */
export function contextValue(row: Row): string {
  if (row.kind === 'file') return 'file';
  if (row.kind === 'repeat') return 'repeat';
  const { node, model } = row;
  const words = [node.kind === 'module' && node.path === '' ? 'model' : node.kind];
  if (node.kind !== 'buffer' && node.numel > 0) words.push(node.requiresGrad === true ? 'trainable' : node.requiresGrad === false ? 'frozen' : 'mixed');
  if (node.path === '' && model.canUndoReinitialize) words.push('undoable');
  if (node.sharedWith !== undefined) words.push('shared');
  return words.join(' ');
}

/** Which of our icons a module type gets. */
export function iconOf(node: TreeNode): string {
  if (node.kind !== 'module') return node.kind;
  if (node.path === '') return 'model';
  const t = node.type;
  if (/^(Sequential|ModuleList|ModuleDict|ParameterList|ParameterDict)$/.test(t)) return 'container';
  if (/Loss$/.test(t)) return 'loss';
  if (/Linear$/.test(t)) return 'linear';
  if (/^(Lazy)?Conv/.test(t)) return 'conv';
  if (/Pool\d/.test(t) || /^(Upsample|Unfold|Fold|PixelShuffle)/.test(t)) return 'pool';
  if (/Norm(\dd)?$/.test(t) || /^(Layer|Group|Instance|Batch)Norm/.test(t)) return 'norm';
  if (/Dropout/.test(t)) return 'dropout';
  if (/^(RNN|LSTM|GRU)/.test(t)) return 'recurrent';
  if (/Attention|^Transformer/.test(t)) return 'attention';
  if (/^Embedding/.test(t)) return 'embedding';
  if (/^(P?ReLU6?|LeakyReLU|RReLU|[CSG]?ELU|SiLU|Mish|Sigmoid|LogSigmoid|Tanh|Hard\w+|Soft\w+|LogSoftmax|Threshold|GLU|Tanhshrink)$/.test(t)) return 'activation';
  return 'module';
}

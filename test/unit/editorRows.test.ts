/** The Models tree without an editor: labels, folding, filter, sort, marks. */
import assert from 'node:assert/strict';

import type { GradState, ModelSummary, TreeNode } from '../../extension/protocol/model';
import { applyFilter, parseFilter } from '../../extension/views/filter';
import { contextValue, formatBytes, formatCount, formatTime, iconOf, layerSize, nodeDescription, rowLabel, shortDtype, type Words } from '../../extension/views/labels';
import { childRows, fileRows, findNode, findRow, problemCount, rowId, worstGrad, type NodeRow, type Row, type RowOptions } from '../../extension/views/rows';

const words: Words = { shared: (f) => `shared with ${f}`, mixed: 'mixed', uninitialized: 'uninitialized', repeats: (n, type) => `${n} × ${type}` };
const plain: RowOptions = { collapseRepeats: true, sort: 'order', keep: null };

function param(path: string, shape: number[], more: Partial<TreeNode> = {}): TreeNode {
  const numel = shape.reduce((a, b) => a * b, 1);
  return { kind: 'parameter', path, name: path.split('.').at(-1)!, type: 'Parameter', shape, dtype: 'float32', device: 'cpu', numel, bytes: 4 * numel, requiresGrad: true, grad: 'none', children: [], ...more };
}
function module(path: string, type: string, extra: string, children: TreeNode[], more: Partial<TreeNode> = {}): TreeNode {
  const numel = children.reduce((sum, c) => sum + c.numel, 0);
  return { kind: 'module', path, name: path.split('.').at(-1)!, type, extra, device: numel > 0 ? 'cpu' : '', numel, bytes: 4 * numel, requiresGrad: numel > 0 ? true : null, children, ...more };
}
function linear(path: string, i: number, o: number): TreeNode {
  return module(path, 'Linear', `in_features=${i}, out_features=${o}, bias=True`, [param(`${path}.weight`, [o, i]), param(`${path}.bias`, [o])]);
}
function model(root: TreeNode, name = 'net'): ModelSummary {
  return { id: `/w/a.ts#${name}`, name, file: '/w/a.ts', root, training: true, proposedInput: '', canUndoReinitialize: false, hasOutput: false };
}
const mlp = (): ModelSummary => model(module('', 'MLP', '', [linear('hidden', 784, 256), module('act', 'ReLU', '', []), linear('output', 256, 10)]));
const node = (m: ModelSummary, path: string): TreeNode => findNode(m.root, path)!;
const rootRow = (m: ModelSummary, options = plain): NodeRow => childRows(fileRows([m])[0]!, options)[0] as NodeRow;
const labels = (row: Row, options = plain): string[] => childRows(row, options).map(rowLabel);

describe('tree labels', () => {
  it('describe a layer by its sizes, count, dtype and device', () => {
    const m = mlp();
    assert.equal(nodeDescription(node(m, 'hidden'), words), 'Linear 784→256 · 200,960 · f32 · cpu');
    assert.equal(nodeDescription(node(m, 'hidden.weight'), words), '256×784 · 200,704 · f32 · cpu');
    assert.equal(nodeDescription(node(m, 'act'), words), 'ReLU');
    assert.equal(nodeDescription({ ...node(m, 'hidden'), outputShape: [2, 256] }, words), 'Linear 784→256 · 200,960 → [2, 256] · f32 · cpu');
    assert.equal(nodeDescription({ ...node(m, 'act'), outputShape: [2, 256] }, words), 'ReLU → [2, 256]');
    assert.equal(nodeDescription(node(m, 'hidden.bias'), words), '256 · f32 · cpu');
    assert.equal(nodeDescription(param('scale', []), words), '[] · f32 · cpu');
    assert.equal(nodeDescription({ ...param('weight', [0, 0]), uninitialized: true }, words), 'uninitialized · f32 · cpu');
  });

  it('say shared instead of counting twice, and mixed where tensors differ', () => {
    const shared = { ...linear('1', 8, 8), sharedWith: '0' };
    assert.equal(nodeDescription(shared, words), 'Linear 8→8 · shared with 0 · f32 · cpu');
    const mixed = module('', 'Net', '', [param('a', [2]), param('b', [2], { dtype: 'float16', device: 'webgpu:0' })], { device: 'mixed' });
    assert.equal(nodeDescription(mixed, words), 'Net · 4 · mixed · mixed');
  });

  for (const [type, extra, want] of [
    ['Linear', 'in_features=784, out_features=256, bias=True', '784→256'],
    ['Conv2d', '1, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)', '1→16 3×3'],
    ['Conv2d', '16, 32, kernel_size=(3, 3), stride=(2, 2)', '16→32 3×3 /2×2'],
    ['MaxPool2d', 'kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False', '2'],
    ['LSTM', '64, 128, num_layers=2, batch_first=True', '64→128 ×2'],
    ['Embedding', '1000, 64, padding_idx=0', '1000×64'],
    ['LayerNorm', '(128,), eps=1e-05, elementwise_affine=True', '128'],
    ['BatchNorm2d', '16, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True', '16'],
    ['Dropout', 'p=0.5, inplace=False', 'p=0.5'],
    ['Flatten', 'start_dim=1, end_dim=-1', 'start_dim=1, end_dim=-1'],
    ['Softmax', 'dim=1', 'dim=1'],
    ['LazyLinear', 'in_features=0, out_features=10, bias=True', '?→10'],
    ['LazyConv2d', '0, 16, kernel_size=(3, 3), stride=(1, 1)', '?→16 3×3'],
    ['Custom', 'something much too long to stand in a row', ''],
  ] as const) it(`size of ${type}(${extra})`, () => assert.equal(layerSize(type, extra), want));

  it('numbers, bytes, times, dtypes', () => {
    assert.deepEqual([0, 999, 200960, 999999, 1e6, 12345678, 7.2e9, 1.5e12].map(formatCount), ['0', '999', '200,960', '999,999', '1.00M', '12.3M', '7.20B', '1.50T']);
    assert.deepEqual([0, 40, 999, 1000, 813_000, 999_999, 2.5e9].map(formatBytes), ['0 B', '40 B', '999 B', '1.00 kB', '813 kB', '1.00 MB', '2.50 GB']);
    assert.deepEqual([3.4, 999, 1500, 61_000].map(formatTime), ['3 ms', '999 ms', '1.5 s', '1 min 1 s']);
    assert.deepEqual(['float32', 'bfloat16', 'int64', 'uint8', 'bool', 'float8_e4m3fn', 'complex64'].map(shortDtype), ['f32', 'bf16', 'i64', 'u8', 'bool', 'f8_e4m3fn', 'c64']);
  });

  it('context values and icons', () => {
    const m = { ...mlp(), canUndoReinitialize: true };
    const root = rootRow(m);
    assert.equal(contextValue(root), 'model trainable undoable');
    assert.deepEqual(childRows(root, plain).map(contextValue), ['module trainable', 'module', 'module trainable']);
    const frozen = { ...root, node: { ...node(m, 'hidden'), requiresGrad: false } };
    assert.equal(contextValue(frozen), 'module frozen');
    assert.equal(contextValue({ ...root, node: { ...node(m, 'hidden'), requiresGrad: null } }), 'module mixed');
    assert.deepEqual(['Linear', 'Conv2d', 'MaxPool2d', 'BatchNorm2d', 'ReLU', 'Dropout', 'LSTM', 'MultiheadAttention', 'Embedding', 'Sequential', 'CrossEntropyLoss', 'MyBlock', 'LayerNorm', 'Softmax', 'TransformerEncoderLayer'].map((t) => iconOf(module('x', t, '', []))),
      ['linear', 'conv', 'pool', 'norm', 'activation', 'dropout', 'recurrent', 'attention', 'embedding', 'container', 'loss', 'module', 'norm', 'activation', 'attention']);
  });
});

describe('folding of repeats', () => {
  const block = (path: string, width = 4): TreeNode => module(path, 'Block', '', [linear(`${path}.fc`, width, width)]);
  const stack = (n: number, tail: TreeNode[] = []): ModelSummary => model(module('', 'Net', '', [module('blocks', 'ModuleList', '', [...Array.from({ length: n }, (_, i) => block(`blocks.${i}`)), ...tail])]));

  it('a module whose children are all equal carries the count', () => {
    const m = stack(12);
    const [blocks] = childRows(rootRow(m), plain);
    assert.equal(rowLabel(blocks!), 'blocks ×12');
    assert.equal(labels(blocks!).length, 12);
  });

  it('a run among others becomes one row that opens', () => {
    const m = stack(5, [block('blocks.5', 8)]);
    const [blocks] = childRows(rootRow(m), plain);
    assert.equal(rowLabel(blocks!), 'blocks');
    assert.deepEqual(labels(blocks!), ['0…4 ×5', '5']);
    assert.deepEqual(labels(childRows(blocks!, plain)[0]!), ['0', '1', '2', '3', '4']);
    assert.deepEqual(labels(blocks!, { ...plain, collapseRepeats: false }), ['0', '1', '2', '3', '4', '5']);
  });

  it('does not fold what differs in shape, dtype, freezing, or is fewer than three', () => {
    assert.equal(rowLabel(childRows(rootRow(stack(2)), plain)[0]!), 'blocks');
    const m = stack(4);
    const list = m.root.children[0]!;
    list.children[1] = { ...list.children[1]!, requiresGrad: false };
    assert.deepEqual(labels(childRows(rootRow(m), plain)[0]!), ['0', '1', '2', '3']);
  });

  it('gradients do not break a run; finding goes through it', () => {
    const m = stack(5, [block('blocks.5', 8)]);
    node(m, 'blocks.2.fc.weight').grad = 'nonfinite';
    const row = findRow([m], m.id, 'blocks.2.fc.weight', plain)!;
    const chain: string[] = [];
    for (let r: Row | null = row; r !== null; r = r.parent) chain.unshift(rowLabel(r));
    assert.deepEqual(chain, ['a.ts', 'net', 'blocks', '0…4 ×5', '2', 'fc', 'weight']);
    assert.equal(findRow([m], m.id, 'blocks.9', plain), undefined);
    assert.equal(findRow([m], 'other', '', plain), undefined);
  });

  it('row ids are distinct', () => {
    const m = stack(5, [block('blocks.5', 8)]);
    const ids: string[] = [];
    const walk = (r: Row): void => { ids.push(rowId(r)); childRows(r, plain).forEach(walk); };
    fileRows([m]).forEach(walk);
    assert.equal(new Set(ids).size, ids.length);
  });
});

describe('filter and sort', () => {
  const kept = (m: ModelSummary, query: string): string[] => {
    const f = applyFilter([m], query);
    if (f === null) return ['(all)'];
    const out: string[] = [];
    const walk = (n: TreeNode): void => { if (f.keep(n)) { out.push(n.path); n.children.forEach(walk); } };
    walk(m.root);
    return out;
  };

  it('keeps matches with what is above and below', () => {
    assert.deepEqual(kept(mlp(), 'hidden'), ['', 'hidden', 'hidden.weight', 'hidden.bias']);
    assert.deepEqual(kept(mlp(), 'bias'), ['', 'hidden', 'hidden.bias', 'output', 'output.bias']);
    assert.deepEqual(kept(mlp(), 'type:relu'), ['', 'act']);
    assert.deepEqual(kept(mlp(), '/^out.*t$/'), ['', 'output', 'output.weight', 'output.bias']);
    assert.deepEqual(kept(mlp(), 'nothing'), []);
    assert.deepEqual(kept(mlp(), '  '), ['(all)']);
  });

  it('facets', () => {
    const m = mlp();
    node(m, 'output.bias').grad = 'nonfinite';
    node(m, 'hidden.bias').requiresGrad = false;
    assert.deepEqual(kept(m, 'grad:nan'), ['', 'output', 'output.bias']);
    assert.deepEqual(kept(m, 'is:frozen'), ['', 'hidden', 'hidden.bias']);
    assert.deepEqual(kept(m, 'shape:256x784'), ['', 'hidden', 'hidden.weight']);
    assert.deepEqual(kept(m, 'dtype:f32 weight'), ['', 'hidden', 'hidden.weight', 'output', 'output.weight']);
    assert.throws(() => parseFilter('/(/'), SyntaxError);
    assert.equal(applyFilter([m], 'weight')!.matches, 2);
    assert.equal(applyFilter([m], 'weight')!.total, 8);
  });

  it('sorts by name, size and gradient norm', () => {
    const root = rootRow(mlp());
    assert.deepEqual(labels(root, { ...plain, sort: 'name' }), ['act', 'hidden', 'output']);
    assert.deepEqual(labels(root, { ...plain, sort: 'size' }), ['hidden', 'output', 'act']);
    const norms: Record<string, number> = { 'hidden.weight': 1, 'output.bias': 7 };
    assert.deepEqual(labels(root, { ...plain, sort: 'gradient', gradNorm: (_m, p) => norms[p] }), ['output', 'hidden', 'act']);
  });
});

describe('gradient marks', () => {
  it('the worst below marks a module', () => {
    const states = (a: GradState, b: GradState): GradState => worstGrad(module('', 'Net', '', [param('a', [1], { grad: a }), param('b', [1], { grad: b })]));
    assert.equal(states('ok', 'none'), 'ok');
    assert.equal(states('ok', 'zero'), 'zero');
    assert.equal(states('nonfinite', 'zero'), 'nonfinite');
  });

  it('the badge counts each broken parameter once', () => {
    const m = model(module('', 'Net', '', [param('a', [1], { grad: 'nonfinite' }), param('b', [1], { grad: 'nonfinite', sharedWith: 'a' }), param('c', [1], { grad: 'ok' })]));
    assert.equal(problemCount([m]), 1);
  });
});

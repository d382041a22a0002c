/** Files of very many tensors: what the pages are told of them is short, and right. */
import assert from 'node:assert/strict';
import fs from 'node:fs';

import { mergeNames } from '../../extension/engine/checkpointNames';
import { load, openCheckpoint, OrderedDict, save, zeros, type Tensor } from '../../extension/lib/index';
import * as c from '../../extension/protocol/checkpoint';
import { pack, unpack } from '../../extension/protocol/packed';
import { structureLines } from '../../webview/checkpoint/structureLines';
import { scratch } from './checkpointData';
import { TestEngine } from './engineClient';

describe('packed rows', () => {
  interface Row { name: string; size: number | null; shape: number[]; note?: string; other?: { a: string } }
  const through = (rows: Row[]): Row[] => unpack(JSON.parse(JSON.stringify(pack(rows, ['name', 'size', 'note']))) as ReturnType<typeof pack<Row>>);

  it('are the same rows again, whatever their names', () => {
    const names = ['', 'a', 'ab', 'ab', '😀1', '😃2', '\ud83d', 'ab\n"\\', '__proto__', 'constructor', 'x'.repeat(1000), `${'x'.repeat(999)}y`, '0'];
    const rows = names.map((name, i): Row => ({ name, size: i % 3 === 0 ? null : i / 7, shape: [i % 2, 3], ...(i % 5 === 0 ? { note: name } : {}), ...(i % 4 === 0 ? { other: { a: 'x' } } : {}) }));
    assert.deepEqual(through(rows), rows);
    assert.deepEqual(through([]), []);
    assert.deepEqual(through([{ name: 'one', size: 1, shape: [] }]), [{ name: 'one', size: 1, shape: [] }]);
  });
  it('are short', () => {
    const rows = Array.from({ length: 1000 }, (_, i): Row => ({ name: `module.layer${i >> 3}.weight${i & 7}`, size: 1, shape: [8, 8] }));
    assert.ok(JSON.stringify(pack(rows, ['name'])).length < JSON.stringify(rows).length / 5);
  });
});

describe('a file of many tensors', function () {
  this.timeout(0);
  const many = 20_000;
  const dir = scratch();
  const file = dir.file('many.pt');
  let engine: TestEngine;
  before(() => {
    engine = new TestEngine();
    save({ step: 7, state: new OrderedDict<Tensor>(Array.from({ length: many }, (_, i) => [`layer${i >> 3}.weight${i & 7}`, zeros(i % 5)])), list: [1, 'two'] }, file);
  });
  after(async () => { await engine.stop(); dir.remove(); });

  it('the engine tells the same of it as the reader, in few bytes', async () => {
    assert.equal(await engine.request(c.PrepareCheckpoint, { file }), null);
    const { tensors, root, ...rest } = await engine.request(c.OpenCheckpoint, { file });
    const opened = openCheckpoint(file);
    const rows = unpack(tensors);
    assert.deepEqual(rows.map((x) => x.name), [...opened.tensors.keys()]);
    assert.deepEqual([rows[5]!.shape, rows[6]!.shape, rows.at(-1)!.bytes, rest.tensorBytes], [[0], [1], 4 * ((many - 1) % 5), 4 * (many / 5) * 10]);
    assert.deepEqual([root.type, root.children, rest.counts.dangerous, rest.counts.allowed], ['dict', 3, 0, opened.globals.length]);
    assert.ok(JSON.stringify({ tensors, root, rest }).length < many * 15);
    opened.close();
  });

  it('its structure comes a page at a time', async () => {
    const ask = (path: number[], from = 0): Promise<{ nodes: c.StructureNode[] }> => engine.request(c.CheckpointStructure, { file, path, from });
    assert.deepEqual((await ask([])).nodes, [{ key: 'step', type: 'int', value: '7' }, { key: 'state', type: 'OrderedDict', children: many }, { key: 'list', type: 'list', children: 2 }]);
    const page = await ask([1], 2 * c.STRUCTURE_PAGE);
    assert.deepEqual([page.nodes.length, page.nodes[3]], [c.STRUCTURE_PAGE, { key: 'layer125.weight3', type: 'tensor', value: 'state.layer125.weight3' }]);
    assert.equal((await ask([1], many - 2)).nodes.length, 2);
    assert.deepEqual((await ask([2])).nodes.map((n) => n.value), ['1', 'two']);
    await assert.rejects(ask([0]), /has changed/);
    await assert.rejects(ask([7, 1]), /has changed/);
  });

  it('is compared with one whose names differ', async () => {
    const wrapped = dir.file('wrapped.pt');
    const state = (load(file) as Map<string, Map<string, Tensor>>).get('state')!;
    save(new OrderedDict<Tensor>([...state].map(([n, t]): [string, Tensor] => [`module.${n}`, n === 'layer7.weight1' ? t.add(1) : t])), wrapped);
    const names = await engine.request(c.CompareCheckpoints, { a: { file }, b: { file: wrapped }, values: false });
    assert.deepEqual([names.counts.removed, names.counts.added, names.suggestions[0]], [many, many, { stripA: 'state.', stripB: 'module.', matched: many }]);
    const told = new Map<string, c.CompareRow>();
    engine.on(c.CheckpointProgress, (p) => { for (const r of p.compare === undefined ? [] : unpack(p.compare)) told.set(r.name, r); });
    const values = await engine.request(c.CompareCheckpoints, { a: { file }, b: { file: wrapped }, stripA: 'state.', stripB: 'module.', values: true, job: 'j' });
    assert.deepEqual([values.counts.same, values.counts.changed, values.exact], [many - 1, 1, true]);
    const rows = unpack(values.rows);
    const one = rows.find((r) => r.status === 'changed')!;
    assert.deepEqual([one.name, one.a, one.b, one.maxDifference], ['layer7.weight1', { name: 'state.layer7.weight1', dtype: 'float32', shape: [2] }, { name: 'module.layer7.weight1', dtype: 'float32', shape: [2] }, 1]);
    for (const [name, row] of told) if (name === one.name) assert.deepEqual(row, one);
    assert.ok(told.size > 0);
  });

  it('a pickle that asks for very many names: counted all, the worst are told', async () => {
    const names = Array.from({ length: 5000 }, (_, i) => (i === 4321 ? 'cos\nsystem\n' : `cmy.lib\nThing${i}\n`));
    fs.writeFileSync(dir.file('names.pkl'), `(${names.join('')}l.`);
    const info = await engine.request(c.OpenCheckpoint, { file: dir.file('names.pkl') });
    assert.deepEqual([info.counts.unknown, info.counts.dangerous, info.globals.length, info.globals[0]!.name], [4999, 1, 1000, 'os.system']);
  });
});

describe('lists of very many names', () => {
  it('two files without a common name are merged', () => {
    const [a, b] = ['a', 'b'].map((p) => Array.from({ length: 100_000 }, (_, i) => `${p}${i}`)) as [string[], string[]];
    assert.deepEqual(mergeNames(a, b), [...b, ...a]);
    assert.deepEqual(mergeNames(['x', 'y', 'z'], ['p', 'x', 'q', 'r', 'z', 's']), ['p', 'x', 'q', 'r', 'y', 'z', 's']);
  });
  it('the lines of an open value stand for its children before they are known', () => {
    const known = new Map<string, c.StructureNode>([['', { key: '', type: 'dict', children: 3, more: 9 }], ['/1', { key: 'b', type: 'list', children: 2 }], ['/1/1', { key: '1', type: 'int', value: '5' }]]);
    assert.deepEqual(structureLines(known, new Set(['', '/1'])).map((l) => [l.id, l.level, l.node?.key, l.more]), [['', 0, '', undefined], ['/0', 1, undefined, undefined], ['/1', 1, 'b', undefined], ['/1/0', 2, undefined, undefined], ['/1/1', 2, '1', undefined], ['/2', 1, undefined, undefined], ['/more', 1, undefined, 9]]);
    assert.equal(structureLines(known, new Set()).length, 1);
  });
});

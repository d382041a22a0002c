/** Checkpoints over the engine process's own channel: what the viewer, the comparison and the preflight ask. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';

import { call } from '../../extension/checkpoint/io';
import type { Region } from '../../extension/checkpoint/region';
import { FileStorage, FileTensor } from '../../extension/checkpoint/tensor';
import { compare } from '../../extension/engine/checkpointCompare';
import type { OpenSide } from '../../extension/engine/checkpointSides';
import { bfloat16, cat, float16, full, int64, load, manualSeed, openCheckpoint, randn, save, tensor, zeros, type Tensor } from '../../extension/lib/index';
import * as c from '../../extension/protocol/checkpoint';
import * as m from '../../extension/protocol/model';
import { unpack } from '../../extension/protocol/packed';
import { corpus, dataFolder, scratch } from './checkpointData';
import { TestEngine } from './engineClient';

const floats = (base64: string): number[] => { const b = Buffer.from(base64, 'base64'); return Array.from({ length: b.length / 4 }, (_, i) => b.readFloatLE(4 * i)); };
const whole = (rows: number, columns: number): c.Slice => ({ rowDim: 0, columnDim: 1, fixed: [0, 0], rows: [0, rows], columns: [0, columns] });

describe('checkpoints in the engine process', function () {
  this.timeout(0);
  const dir = scratch();
  let engine: TestEngine;
  const a = dir.file('a.pt');
  before(() => {
    engine = new TestEngine();
    manualSeed(0);
    save({ w: randn(40, 30), b: tensor([1, 2, 3]), n: tensor([2n ** 60n + 1n, -5n], { dtype: int64 }), odd: cat([full([3], NaN), tensor([Infinity, 1, 0])]), half: randn(100).to(bfloat16) }, a);
  });
  after(async () => { await engine.stop(); dir.remove(); });
  const refused = (p: Promise<unknown>, like: RegExp): Promise<void> => assert.rejects(p, (e: Error) => like.test(e.message));

  it('opens, and says what changed when the file does', async () => {
    const info = await engine.request(c.OpenCheckpoint, { file: a });
    assert.deepEqual(unpack(info.tensors).map((t) => [t.name, t.dtype, t.shape]), [['w', 'float32', [40, 30]], ['b', 'float32', [3]], ['n', 'int64', [2]], ['odd', 'float32', [6]], ['half', 'bfloat16', [100]]]);
    const copy = dir.file('copy.pt');
    fs.copyFileSync(a, copy);
    const first = await engine.request(c.OpenCheckpoint, { file: copy });
    save({ other: zeros(2) }, copy);
    const second = await engine.request(c.OpenCheckpoint, { file: copy });
    assert.deepEqual(unpack(second.tensors).map((t) => t.name), ['other']);
    assert.notEqual(first.version, second.version);
    await refused(engine.request(c.OpenCheckpoint, { file: dir.file('none.pt') }), /No such file or directory/);
    // What cannot be shown at all is still a page: the reason, the place, the bytes there.
    const page = await engine.request(c.OpenCheckpoint, { file: corpus('hostile/misc_html.pt') });
    assert.deepEqual([page.format, unpack(page.tensors), page.damage!.offset], ['unknown', [], 0]);
    assert.match(page.error!, /misc_html\.pt: a web page, not a checkpoint/);
    assert.match(Buffer.from(page.damage!.bytes!, 'hex').toString('latin1'), /^<!DOCTYPE html/i);
    // Of a file that is cut short only what is there is compared; nothing lost is called the same.
    fs.writeFileSync(dir.file('cut.pt'), fs.readFileSync(a).subarray(0, fs.statSync(a).size - 200));
    const cut = await engine.request(c.CompareCheckpoints, { a: { file: a }, b: { file: dir.file('cut.pt') }, values: true });
    assert.deepEqual([cut.counts.unread, cut.counts.same, cut.exact], [5, 0, false]);
    await refused(engine.request(c.CompareCheckpoints, { a: { file: a }, b: { file: corpus('hostile/misc_html.pt') }, values: true }), /a web page/);
    const bad = await engine.request(c.OpenCheckpoint, { file: corpus('hostile/mal_dict_hidden.pt') });
    assert.deepEqual(bad.globals.filter((g) => g.class === 'dangerous').map((g) => [g.name, g.path]), [['posix.system', bad.globals.find((g) => g.name === 'posix.system')!.path]]);
  });

  it('statistics equal the tensor\'s own', async () => {
    const w = (load(a) as Map<string, Tensor>).get('w')!;
    const s = await engine.request(c.CheckpointStats, { file: a, name: 'w', bins: 10 });
    assert.equal(s.summary.min, w.min().item());
    assert.equal(s.summary.max, w.max().item());
    assert.ok(Math.abs(s.summary.mean - w.mean().item()) < 1e-6);
    assert.ok(Math.abs(s.summary.std - w.std().item()) < 1e-6);
    assert.equal(s.histogram!.counts.reduce((x, y) => x + y), 1200);
    assert.equal(s.exact, true);
    const sorted = [...w.view(-1).toTypedArray() as Float32Array].sort((x, y) => x - y);
    for (const { p, value } of s.percentiles) assert.ok(Math.abs(value - sorted[Math.floor((p / 100) * 1199)]!) <= Math.abs(value) / 128, `${p}`);
    const odd = await engine.request(c.CheckpointStats, { file: a, name: 'odd', bins: 4 });
    assert.deepEqual([odd.summary.nan, odd.summary.inf, odd.summary.zeros, odd.summary.min, odd.summary.max, odd.histogram!.counts], [3, 1, 1, 0, 1, [1, 0, 0, 1]]);
    const n = await engine.request(c.CheckpointStats, { file: a, name: 'n', bins: 4 });
    assert.deepEqual([n.exactMin, n.exactMax], ['-5', String(2n ** 60n + 1n)]);
    const { rows } = await engine.request(c.CheckpointAllStats, { file: a });
    assert.deepEqual(rows.map((r) => [r.name, r.summary!.count, r.exact]), [['w', 1200, true], ['b', 3, true], ['n', 2, true], ['odd', 6, true], ['half', 100, true]]);
    await refused(engine.request(c.CheckpointStats, { file: a, name: 'x', bins: 4 }), /has no tensor 'x'/);
  });

  it('a large tensor: progress refines, a sample is said to be one, cancelling ends it', async () => {
    const big = dir.file('big.pt');
    save({ big: randn(3 << 23).add(1) }, big);
    const notes: { done: number; total: number; stats?: c.TensorStats }[] = [];
    engine.on(c.CheckpointProgress, (p) => { if (p.job === 'j1') notes.push(p); });
    const s = await engine.request(c.CheckpointStats, { file: big, name: 'big', bins: 64, job: 'j1' });
    assert.equal(s.exact, true);
    assert.ok(Math.abs(s.summary.mean - 1) < 1e-3 && Math.abs(s.summary.std - 1) < 1e-3);
    for (const n of notes) assert.ok(n.stats!.exact === false && n.done <= n.total && n.stats!.seen <= 3 << 23);
    const sample = await engine.request(c.CheckpointStats, { file: big, name: 'big', bins: 8, sample: 10_000 });
    assert.equal(sample.exact, false);
    assert.ok(sample.seen > 9000 && sample.seen <= 10_240, `${sample.seen}`);
    assert.ok(Math.abs(sample.summary.mean - 1) < 0.1);
    const cancel = new CancellationTokenSource();
    const result = engine.request(c.CheckpointStats, { file: corpus('hostile/zip_bomb_256MiB_deflate.pt'), name: 'tensor', bins: 65 }, cancel.token);
    setTimeout(() => cancel.cancel(), 20);
    await refused(result, /Cancelled/);
    // It still answers, and the file was not closed under the others.
    assert.equal((await engine.request(c.CheckpointAllStats, { file: big })).rows[0]!.summary!.count, 3 << 23);
  });

  it('a tile: means, extremes, marginals, differences', async () => {
    const w = (load(a) as Map<string, Tensor>).get('w')!;
    const t = await engine.request(c.CheckpointTile, { at: { file: a }, name: 'w', slice: whole(40, 30), width: 15, height: 20 });
    assert.deepEqual([t.width, t.height, t.exact, t.nonFinite], [15, 20, true, 0]);
    const v = w.toArray() as number[][];
    const [mean, max, rowMean, columnMean] = [floats(t.mean), floats(t.max), floats(t.rowMean), floats(t.columnMean)];
    const near = (x: number, y: number): void => assert.ok(Math.abs(x - y) < 1e-6, `${x} instead of ${y}`);
    near(mean[0]!, (v[0]![0]! + v[0]![1]! + v[1]![0]! + v[1]![1]!) / 4);
    near(mean[19 * 15 + 14]!, (v[38]![28]! + v[38]![29]! + v[39]![28]! + v[39]![29]!) / 4);
    near(max[15]!, Math.max(v[2]![0]!, v[2]![1]!, v[3]![0]!, v[3]![1]!));
    near(rowMean[0]!, [...v[0]!, ...v[1]!].reduce((x, y) => x + y) / 60);
    near(columnMean[14]!, v.flatMap((r) => [r[28]!, r[29]!]).reduce((x, y) => x + y) / 80);
    assert.equal(t.high, Math.max(...v.flat()));
    const same = await engine.request(c.CheckpointTile, { at: { file: a }, name: 'w', slice: whole(40, 30), width: 5, height: 5, minus: { at: { file: a }, name: 'w' } });
    assert.deepEqual([same.low, same.high], [0, 0]);
    const vector = await engine.request(c.CheckpointTile, { at: { file: a }, name: 'odd', slice: { rowDim: null, columnDim: 0, fixed: [0], rows: [0, 1], columns: [0, 6] }, width: 100, height: 100 });
    assert.deepEqual([vector.width, vector.height, vector.nonFinite, floats(vector.mean).slice(4)], [6, 1, 4, [1, 0]]);
    await refused(engine.request(c.CheckpointTile, { at: { file: a }, name: 'w', slice: whole(41, 30), width: 5, height: 5 }), /rows 0 to 41 do not lie in 0 to 40/);
    await refused(engine.request(c.CheckpointTile, { at: { file: a }, name: 'w', slice: { ...whole(40, 30), columnDim: 0 }, width: 5, height: 5 }), /same dimension/);
  });
  it('a tile of a matrix that is too large to be looked at whole says so', async () => {
    const file = dir.file('wide.safetensors');
    // Sparse: 8 GiB of zeros that take no space.
    const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [2, 2 ** 30], data_offsets: [0, 2 ** 33] } }).padEnd(120));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    fs.writeFileSync(file, Buffer.concat([length, header]));
    fs.truncateSync(file, 128 + 2 ** 33);
    const t = await engine.request(c.CheckpointTile, { at: { file }, name: 'w', slice: whole(2, 2 ** 30), width: 64, height: 2 });
    assert.deepEqual([t.width, t.height, t.exact, t.low, t.high], [64, 2, false, 0, 0]);
    fs.rmSync(file);
  });
  it('exact values and their bits, whatever the type and the order of dimensions', async () => {
    const p = await engine.request(c.CheckpointValues, { at: { file: a }, name: 'n', slice: { rowDim: 0, columnDim: null, fixed: [0], rows: [0, 2], columns: [0, 1] } });
    assert.deepEqual(p, { text: [[String(2n ** 60n + 1n)], ['-5']], bits: [['1000000000000001'], ['fffffffffffffffb']] });
    const file = dir.file('values.pt');
    save({ x: tensor([[0.1, 1e-7, -0], [3, 1e20, 123456.789]]), h: tensor([0.1, 65504, 6e-8]).to(float16) }, file);
    const x = await engine.request(c.CheckpointValues, { at: { file }, name: 'x', slice: { rowDim: 1, columnDim: 0, fixed: [0, 0], rows: [0, 3], columns: [0, 2] } });
    assert.deepEqual(x.text, [['0.1', '3.0'], ['1e-07', '1e+20'], ['-0.0', '123456.79']]);
    assert.equal(x.bits[0]![0], '3dcccccd');
    const h = await engine.request(c.CheckpointValues, { at: { file }, name: 'h', slice: { rowDim: null, columnDim: 0, fixed: [0], rows: [0, 1], columns: [0, 3] } });
    assert.deepEqual(h.text, [['0.1', '65504.0', '6e-08']]);
    const q = await engine.request(c.CheckpointValues, { at: { file: corpus('ok/quant_per_channel.pt') }, name: 'tensor', slice: whole(2, 3) });
    assert.deepEqual(q.bits, [['00', '0a', '14'], ['10', '15', '1a']]);
    const c8 = await engine.request(c.CheckpointValues, { at: { file: corpus('ok/t_complex.pt') }, name: 'c64', slice: { rowDim: null, columnDim: 0, fixed: [0], rows: [0, 1], columns: [0, 2] } });
    assert.deepEqual(c8.text, [['(1+2j)', '(-0-0.5j)']]);
    await refused(engine.request(c.CheckpointValues, { at: { file: a }, name: 'w', slice: { ...whole(40, 30), rows: [0, 1e9] } }), /do not lie/);
    const k = await engine.request(c.CheckpointBlock, { at: { file: a }, name: 'w', start: [1, 2], count: [2, 2] });
    const v = (load(a) as Map<string, Tensor>).get('w')!.toArray() as number[][];
    assert.deepEqual(floats(k.values), [v[1]![2], v[1]![3], v[2]![2], v[2]![3]]);
  });

  it('compares two files: order, status, distances, prefixes', async () => {
    const b = dir.file('b.safetensors');
    const d = load(a) as Map<string, Tensor>;
    save(new Map<string, Tensor>([['w', d.get('w')!.mul(1.01)], ['b', d.get('b')!], ['n', zeros(3)], ['half', d.get('half')!.to(float16)], ['extra', zeros(1)]]), b);
    const r = await engine.request(c.CompareCheckpoints, { a: { file: a }, b: { file: b }, values: true });
    const of = (name: string): c.CompareRow => unpack(r.rows).find((x) => x.name === name)!;
    assert.deepEqual(Object.fromEntries(unpack(r.rows).map((x) => [x.name, x.status])), { w: 'changed', b: 'same', n: 'reshaped', odd: 'removed', half: 'retyped', extra: 'added' });
    assert.deepEqual(r.counts, { same: 1, changed: 1, added: 1, removed: 1, reshaped: 1, retyped: 1, unread: 0 });
    assert.ok(Math.abs(of('w').relativeL2! - 0.01) < 1e-5);
    assert.ok(Math.abs(of('w').cosine! - 1) < 1e-9);
    assert.equal(of('b').relativeL2, 0);
    assert.ok(of('half').relativeL2! < 1e-3);
    const wrapped = dir.file('wrapped.pt');
    save({ model: new Map([...d].map(([k, t]) => [`module.${k}`, t])) }, wrapped);
    const w = await engine.request(c.CompareCheckpoints, { a: { file: a }, b: { file: wrapped }, values: false });
    assert.deepEqual(w.suggestions[0], { stripA: '', stripB: 'model.module.', matched: 5 });
    const aligned = await engine.request(c.CompareCheckpoints, { a: { file: a }, b: { file: wrapped }, stripB: 'model.module.', values: true });
    assert.equal(aligned.counts.same, 5);
    const pair = await engine.request(c.CompareTensor, { a: { at: { file: a }, name: 'w' }, b: { at: { file: b }, name: 'w' }, bins: 16 });
    assert.deepEqual([pair.a.histogram!.min, pair.a.histogram!.max], [pair.b.histogram!.min, pair.b.histogram!.max]);
    assert.equal(pair.difference!.summary.count, 1200);
    assert.ok(Math.abs(pair.difference!.summary.absMax - pair.row.maxDifference!) < 1e-9);
  });

  it('the rows of a comparison come while it goes on, each once, and little of the files is in memory at a time', async () => {
    const [elements, many] = [1 << 22, 12];
    let [reading, most, longest] = [0, 0, 0];
    let release!: () => void;
    const held = new Promise<void>((done) => { release = done; });
    /** Zeros; from tensor 4 on no byte comes before the test says so. */
    const region = (i: number): Region => ({
      size: 4 * elements, sequential: false, *place() { return null; },
      *read(_offset, length) {
        return (yield* call({ sync: () => { throw new Error('not here'); }, async: async () => {
          most = Math.max(most, reading += length);
          longest = Math.max(longest, length);
          if (i >= 4) await held;
          reading -= length;
          return Buffer.alloc(length);
        } }))!;
      },
    });
    const side = (): OpenSide => ({ label: 'x', tensors: new Map(Array.from({ length: many }, (_, i) => [`t${i}`, new FileTensor(new FileStorage(`${i}`, 'float32', 4 * elements, region(i)), 'float32', [elements], [1], 0, {})])) });
    const told: string[] = [];
    let first!: () => void;
    const begun = new Promise<void>((done) => { first = done; });
    let ended = false;
    const result = compare(side(), side(), { stripA: '', stripB: '', values: true, signal: new AbortController().signal, progress: (_done, _total, rows) => { told.push(...rows.map((r) => r.name)); if (rows.length > 0) first(); } }).finally(() => { ended = true; });
    await begun;
    assert.equal(ended, false);
    assert.ok(told.every((n) => ['t0', 't1', 't2', 't3'].includes(n)), told.join());
    release();
    const r = await result;
    assert.deepEqual([r.counts.same, r.exact, new Set(told).size], [many, true, told.length]);
    assert.ok(longest <= 8 << 20 && most <= 64 << 20, `${longest} bytes a read, ${most} at a time, of ${8 * elements * many}`);
  });

  describe('with a live model', () => {
    let id: string;
    before(async () => {
      const file = engine.file('net.ts', "import { nn } from 'weightroom';\nexport class Net extends nn.Module { enc = new nn.Linear(4, 3); head = new nn.Linear(3, 2); forward(x: never) { return this.head(this.enc(x)); } }\nexport const net = new Net();\n");
      await engine.request(m.RunFile, { file, keepWeights: false });
      id = `${file}#net`;
    });
    const model = (): c.Side => ({ model: id, path: '' });

    it('its tensors are looked at like a file\'s', async () => {
      const file = dir.file('live.pt');
      await engine.request(m.SaveCheckpoint, { model: id, path: '', file });
      const r = await engine.request(c.CompareCheckpoints, { a: { file }, b: model(), values: true });
      assert.equal(r.counts.same, 4);
      const t = await engine.request(c.CheckpointTile, { at: model(), name: 'enc.weight', slice: whole(3, 4), width: 4, height: 3 });
      const w = (load(file) as Map<string, Tensor>).get('enc.weight')!;
      assert.deepEqual(floats(t.mean), [...w.view(-1).toTypedArray()]);
      const part = await engine.request(c.CompareCheckpoints, { a: { file }, b: { model: id, path: 'enc' }, stripA: 'enc.', values: true });
      assert.deepEqual([part.counts.same, part.counts.removed], [2, 2]);
    });
    it('preflight: what matches, what does not, which root and prefix fit; nothing changes', async () => {
      const file = dir.file('train.pt');
      const sd = new Map([['module.enc.weight', zeros(3, 4)], ['module.enc.bias', full([3], 7)], ['module.head.weight', zeros(5, 3)], ['module.extra', zeros(1)]]);
      save({ epoch: 3, state_dict: sd, optimizer: { state: { 0: { m: zeros(2) } } } }, file);
      const p = await engine.request(c.PreflightLoad, { file, model: id, path: '' });
      assert.equal(p.root, 'state_dict');
      assert.deepEqual(p.roots.map((r) => r.path).sort(), ['optimizer.state.0', 'state_dict']);
      assert.deepEqual(p.suggestions[0], { from: 'module.', to: '', matched: 2 });
      assert.equal(p.counts.matched, 0);
      const renamed = await engine.request(c.PreflightLoad, { file, model: id, path: '', root: 'state_dict', rename: { from: 'module.', to: '' } });
      assert.deepEqual(unpack(renamed.rows).map((r) => [r.target ?? r.source, r.status]), [['enc.weight', 'matched'], ['enc.bias', 'matched'], ['head.weight', 'shape'], ['head.bias', 'missing'], ['module.extra', 'unexpected']]);

      // Not partial: PyTorch's message, which the preflight knows before, and nothing changed.
      assert.match(renamed.message, /^Error\(s\) in loading state_dict for Net:\n\tMissing key\(s\) in state_dict: "head\.bias"\. \n\tUnexpected key\(s\)/);
      await refused(engine.request(c.LoadInto, { file, model: id, path: '', root: 'state_dict', rename: { from: 'module.', to: '' }, partial: false }), /Error\(s\) in loading state_dict for Net:\n\tMissing key\(s\) in state_dict: "head\.bias"\. \n\tUnexpected key\(s\) in state_dict: "extra"\. \n\tsize mismatch for head\.weight: copying a param with shape torch\.Size\(\[5, 3\]\) from checkpoint, the shape in current model is torch\.Size\(\[2, 3\]\)\./);
      const before = await engine.request(c.CompareCheckpoints, { a: { file: dir.file('live.pt') }, b: model(), values: true });
      assert.equal(before.counts.same, 4);

      const done = await engine.request(c.LoadInto, { file, model: id, path: '', root: 'state_dict', rename: { from: 'module.', to: '' }, partial: true });
      assert.deepEqual([done.loaded.sort(), done.missing, done.unexpected, done.mismatched], [['enc.bias', 'enc.weight'], ['head.bias'], ['extra'], ['head.weight']]);
      const v = await engine.request(c.CheckpointValues, { at: model(), name: 'enc.bias', slice: { rowDim: null, columnDim: 0, fixed: [0], rows: [0, 1], columns: [0, 3] } });
      assert.deepEqual(v.text, [['7.0', '7.0', '7.0']]);
    });
    it('a load can be undone, of one module too; what cannot be loaded is said before and left out of a part', async () => {
      const bias = async (): Promise<string[][]> => (await engine.request(c.CheckpointValues, { at: model(), name: 'enc.bias', slice: { rowDim: null, columnDim: 0, fixed: [0], rows: [0, 1], columns: [0, 3] } })).text;
      const before = await bias();
      const file = dir.file('enc.pt');
      save({ weight: zeros(3, 4), bias: full([3], 5) }, file);
      const done = await engine.request(c.LoadInto, { file, model: id, path: 'enc', root: '', rename: null, partial: false });
      assert.deepEqual([done.message, done.undoable, await bias()], ['<All keys matched successfully>', true, [['5.0', '5.0', '5.0']]]);
      assert.deepEqual([await engine.request(m.UndoReinitialize, { model: id }), await bias()], [{ message: 'Undone: loading of enc.pt into enc.' }, before]);

      const st = dir.file('odd.safetensors');
      const header = Buffer.from(JSON.stringify({ bias: { dtype: 'C64', shape: [3], data_offsets: [0, 24] }, weight: { dtype: 'F16', shape: [3, 4], data_offsets: [24, 48] } }));
      fs.writeFileSync(st, Buffer.concat([Buffer.from(new BigUint64Array([BigInt(header.length)]).buffer), header, Buffer.alloc(48)]));
      const p = await engine.request(c.PreflightLoad, { file: st, model: id, path: 'enc' });
      const rows = unpack(p.rows);
      assert.deepEqual(rows.map((r) => [r.target, r.status]), [['weight', 'dtype'], ['bias', 'unreadable']]);
      assert.match(rows[1]!.problem!, /complex64/);
      await refused(engine.request(c.LoadInto, { file: st, model: id, path: 'enc', root: '', rename: null, partial: false }), /complex64/);
      const part = await engine.request(c.LoadInto, { file: st, model: id, path: 'enc', root: '', rename: null, partial: true });
      assert.deepEqual([part.loaded, part.mismatched, await bias()], [['weight'], ['bias'], before]);
    });
    it('a rename that would put two tensors under one name moves neither over the other', async () => {
      const file = dir.file('twice.pt');
      save(new Map([['module.bias', full([3], 1)], ['bias', full([3], 2)], ['module.weight', zeros(3, 4)]]), file);
      const rename = { from: 'module.', to: '' };
      const p = await engine.request(c.PreflightLoad, { file, model: id, path: 'enc', rename });
      assert.deepEqual(unpack(p.rows).map((r) => [r.target, r.source, r.status]), [['weight', 'module.weight', 'matched'], ['bias', 'bias', 'matched'], [undefined, 'module.bias', 'unexpected']]);
      await engine.request(c.LoadInto, { file, model: id, path: 'enc', root: '', rename, partial: true });
      const v = await engine.request(c.CheckpointValues, { at: model(), name: 'enc.bias', slice: { rowDim: null, columnDim: 0, fixed: [0], rows: [0, 1], columns: [0, 3] } });
      assert.deepEqual(v.text, [['2.0', '2.0', '2.0']]);
    });
    it('a damaged file loads nothing', async () => {
      await refused(engine.request(c.LoadInto, { file: corpus('hostile/ten_offset_beyond.pt'), model: id, path: '', root: '', rename: null, partial: true }), /damaged, so nothing is loaded/);
    });
  });

  it('exports and converts; what the new format cannot hold is said', async () => {
    const npy = dir.file('w.npy');
    assert.equal((await engine.request(c.ExportTensor, { at: { file: a }, name: 'w', target: npy, format: 'npy' })).bytes, fs.statSync(npy).size);
    const csv = dir.file('b.csv');
    await engine.request(c.ExportTensor, { at: { file: a }, name: 'b', target: csv, format: 'csv' });
    assert.equal(fs.readFileSync(csv, 'utf8'), '1.0,2.0,3.0\n');
    assert.equal((await engine.request(c.ExportTensor, { at: { file: a }, name: 'half', target: dir.file('h.npy'), format: 'npy' })).note, 'bfloat16 written as float32');

    const st = dir.file('c.safetensors');
    const r = await engine.request(c.ConvertCheckpoint, { file: a, target: st });
    assert.deepEqual([r.tensors, r.notes], [5, []]);
    const back = dir.file('back.pt');
    await engine.request(c.ConvertCheckpoint, { file: st, target: back });
    assert.equal((await engine.request(c.CompareCheckpoints, { a: { file: a }, b: { file: back }, values: true })).counts.same, 5);

    const mixed = dir.file('mixed.pt');
    const shared = randn(4);
    save({ epoch: 3, tied: shared, also: shared.view(2, 2) }, mixed);
    const notes = await engine.request(c.ConvertCheckpoint, { file: mixed, target: dir.file('m.safetensors') });
    assert.deepEqual(notes.notes, ['1 values that are no tensors were left out', '1 tensors that share memory with others were written on their own']);
    const gguf = await engine.request(c.ConvertCheckpoint, { file: path.join(dataFolder, 'more', 'quants.gguf'), target: dir.file('g.safetensors') });
    assert.equal(gguf.tensors, 16);
    assert.ok(gguf.notes.includes('Q4_K written as float32'));
    const opened = openCheckpoint(dir.file('g.safetensors'));
    assert.equal(opened.tensors.get('Q4_K')!.dtype, 'float32');
    opened.close();
    const shards = await engine.request(c.ConvertCheckpoint, { file: a, target: dir.file('s.safetensors'), maxShardBytes: 4000 });
    assert.ok(shards.files[0]!.endsWith('s.safetensors.index.json') && shards.files.length >= 3, shards.files.join());
    assert.equal((await engine.request(c.CompareCheckpoints, { a: { file: a }, b: { file: shards.files[0]! }, values: true })).counts.same, 5);
    const listed = await engine.request(c.ListCheckpoints, { files: [...shards.files, a, corpus('hostile/trunc_0370.pt')] });
    assert.deepEqual(listed.map((l) => [path.basename(l.file), l.tensors, l.problem === undefined]), [['s.safetensors.index.json', 5, true], ['a.pt', 5, true], ['trunc_0370.pt', 1, false]]);

    await refused(engine.request(c.ConvertCheckpoint, { file: a, target: a }), /onto itself/);
    await refused(engine.request(c.ConvertCheckpoint, { file: a, target: dir.file('x.txt') }), /\.txt/);
    await refused(engine.request(c.ConvertCheckpoint, { file: corpus('hostile/ten_offset_beyond.pt'), target: dir.file('x.safetensors') }), /damaged/);
    const cls = await engine.request(c.ConvertCheckpoint, { file: corpus('ok/module_full.pt'), target: dir.file('module.pt') });
    assert.match(cls.notes.join(), /the class torch\.nn\.modules\.container\.Sequential and its attributes were left out/);
    assert.deepEqual([...(load(dir.file('module.pt')) as Map<string, Tensor>).keys()].slice(0, 2), ['conv.weight', 'conv.bias']);
  });
});

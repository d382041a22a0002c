/** save, load and openCheckpoint as scripts use them. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { bfloat16, CheckpointTensor, float16, float32, full, int32, load, manualSeed, nn, openCheckpoint, OrderedDict, Parameter, randn, save, Size, tensor, zeros, type Tensor } from '../../extension/lib/index';
import { corpus, dataFolder, scratch } from './checkpointData';

const flat = (t: Tensor): number[] => [...t.contiguous().view(-1).toTypedArray() as Float32Array];

describe('save, load, openCheckpoint', function () {
  this.timeout(0);
  const dir = scratch();
  after(() => dir.remove());

  it('values come back as they were: types, order, sharing', () => {
    const t = randn(3);
    const list = [1, 'a'];
    const value = { t, again: t, view: t.narrow(0, 1, 2), list, same: list, map: new Map<unknown, unknown>([[1, 'one'], ['1', 'text'], [null, 0]]), ordered: new OrderedDict([['z', 1], ['a', 2]]), set: new Set([1]), big: 2n ** 70n, bytes: new Uint8Array([1, 2]), size: Size.of_([2, 3]), p: new Parameter(randn(2)), nothing: null, yes: true, half: randn(2).to(float16) };
    save(value, dir.file('v.pt'));
    const d = load(dir.file('v.pt')) as Map<string, unknown>;
    assert.equal(d.get('t'), d.get('again'));
    assert.equal(d.get('list'), d.get('same'));
    assert.equal((d.get('view') as Tensor).storageId(), (d.get('t') as Tensor).storageId());
    assert.deepEqual(flat(d.get('t') as Tensor), flat(t));
    assert.deepEqual([...(d.get('map') as Map<unknown, unknown>)], [...value.map]);
    assert.ok(d.get('ordered') instanceof OrderedDict);
    assert.deepEqual([...(d.get('ordered') as Map<string, number>)], [['z', 1], ['a', 2]]);
    assert.deepEqual([d.get('set'), d.get('big'), [...d.get('bytes') as Uint8Array], d.get('nothing'), d.get('yes')], [new Set([1]), 2n ** 70n, [1, 2], null, true]);
    assert.ok(d.get('size') instanceof Size);
    const p = d.get('p') as Tensor;
    assert.ok(p instanceof Parameter && p.requiresGrad);
    // A list that contains itself keeps doing so.
    const loop: unknown[] = [1];
    loop.push(loop);
    save(loop, dir.file('loop.pt'));
    const back = load(dir.file('loop.pt')) as unknown[];
    assert.equal(back[1], back);
  });
  it('tuples stay tuples through load and save', () => {
    const d = load(corpus('ok/py_scalars.pt')) as Map<string, unknown>;
    assert.deepEqual(d.get('et'), []);
    save(d.get('et'), dir.file('t.pt'));
    const c = openCheckpoint(dir.file('t.pt'));
    assert.equal(c.tree.type, 'tuple');
    c.close();
  });
  it('what cannot be saved is named', () => {
    assert.throws(() => save(new nn.Linear(1, 1), dir.file('x.pt')), /save: a function or module \(save its stateDict\(\)\) cannot be saved/);
    assert.throws(() => save({ d: new Date() }, dir.file('x.pt')), /a value of type Date cannot be saved/);
    assert.throws(() => save([1], dir.file('x.safetensors')), /safetensors files hold tensors by name/);
    assert.throws(() => save({ a: 1 }, dir.file('x.npz')), /'a' is no Tensor/);
    assert.throws(() => save({ x: zeros(1).to(bfloat16) }, dir.file('x.npz')), /NumPy has no bfloat16/);
    assert.ok(!fs.existsSync(dir.file('x.pt')) && !fs.existsSync(dir.file('x.npz')));
  });
  it('load refuses what only Python could make, and damaged files', () => {
    assert.throws(() => load(corpus('hostile/mal_dict_hidden.pt')), /asks for posix\.system, which only running Python code could give/);
    assert.throws(() => load(corpus('ok/module_full.pt')), /torch\.nn\.modules\.container\.Sequential/);
    assert.throws(() => load(corpus('hostile/ten_stride_overflow.pt')), /load: .*ten_stride_overflow\.pt: /);
    assert.throws(() => load(dir.file('none.pt')), /CheckpointError: No such file or directory: '.*none\.pt'/);
    assert.throws(() => load(corpus('ok/sparse_coo.pt')), /no sparse tensors/);
    assert.throws(() => load(path.join(dataFolder, 'more', 'float8.pt')), /float8_e4m3fn, which this engine does not compute with/);
  });
  it('mmap: tensors are read when they are asked for; a module takes them straight', () => {
    manualSeed(0);
    const net = new nn.Sequential(new nn.Linear(300, 200), new nn.Linear(200, 10));
    save({ model: net.stateDict(), note: 'x' }, dir.file('lazy.pt'));
    const d = load(dir.file('lazy.pt'), { mmap: true }) as Map<string, unknown>;
    const model = d.get('model') as OrderedDict<Tensor>;
    assert.deepEqual([...model.keys()], ['0.weight', '0.bias', '1.weight', '1.bias']);
    assert.equal(d.get('note'), 'x');
    const other = new nn.Sequential(new nn.Linear(300, 200), new nn.Linear(200, 10));
    const parameters = [...other.parameters()];
    assert.equal(String(other.loadStateDict(model)), '<All keys matched successfully>');
    assert.deepEqual([...other.parameters()], parameters);
    for (const [k, t] of net.stateDict()) {
      assert.deepEqual(flat(other.stateDict().get(k)!), flat(t), k);
      assert.deepEqual(flat(model.get(k)!), flat(t), k);
    }
    assert.equal(model.get('0.bias'), model.get('0.bias'));
    model.set('0.bias', zeros(200));
    assert.equal(model.get('0.bias')!.sum().item(), 0);
    // The file may be replaced meanwhile: what was opened is still read.
    save({ other: zeros(1) }, dir.file('lazy.pt'));
    assert.deepEqual(flat(model.get('1.weight')!), flat(net.stateDict().get('1.weight')!));
  });
  it('openCheckpoint(path).tensors loads into a module, converting types, refusing shapes before anything changes', () => {
    const net = new nn.Linear(3, 2);
    save(new Map([['weight', full([2, 3], 5).to(bfloat16)], ['bias', full([4], 1).narrow(0, 1, 2)]]), dir.file('m.pt'));
    const c = openCheckpoint(dir.file('m.pt'));
    net.loadStateDict(c.tensors);
    assert.deepEqual([flat(net.weight), flat(net.bias!)], [[5, 5, 5, 5, 5, 5], [1, 1]]);
    const wrong = new nn.Linear(3, 3);
    const before = flat(wrong.weight);
    assert.throws(() => wrong.loadStateDict(c.tensors), /size mismatch for weight: copying a param with shape torch\.Size\(\[2, 3\]\) from checkpoint, the shape in current model is torch\.Size\(\[3, 3\]\)\./);
    assert.deepEqual(flat(wrong.weight), before);
    c.close();
    assert.throws(() => c.tensors.get('weight')!.read(), /closed/);
  });
  it('openCheckpoint gives what the viewer has', () => {
    const c = openCheckpoint(corpus('hostile/mal_dict_hidden.pt'));
    assert.deepEqual([c.format, c.error, [...c.tensors.keys()]], ['torch-zip', undefined, ['w']]);
    assert.equal(c.globals.find((g) => g.name === 'posix.system')!.class, 'dangerous');
    assert.ok(c.tree.children!.length > 0);
    c.close();
    const f8 = openCheckpoint(path.join(dataFolder, 'more', 'float8.pt'));
    const t = f8.tensors.get('float8_e4m3fn')!;
    assert.ok(t instanceof CheckpointTensor);
    assert.equal(t.read().dtype, float32);
    const s = t.stats();
    assert.deepEqual([s.summary.count, s.summary.nan, s.summary.max, s.summary.zeros, s.exact], [256, 2, 448, 2, true]);
    f8.close();
    const q = openCheckpoint(corpus('ok/quant_per_channel.pt'));
    assert.deepEqual(flat(q.tensors.get('tensor')!.read()).map((v) => Math.round(v * 1000) / 1000), [0, 1, 2, 3, 4, 5]);
    q.close();
    const z = openCheckpoint(corpus('ok/t_complex.pt'));
    assert.equal(z.tensors.get('c64')!.stats().of, 'magnitude');
    assert.throws(() => z.tensors.get('c64')!.read(), /is complex/);
    z.close();
  });
  it('statistics: waiting or not, strided or expanded, the same numbers', async () => {
    const base = randn(60, 50, 7);
    save({ whole: base, permuted: base.permute([2, 0, 1]), step: base.select(2, 3), expanded: base.narrow(0, 0, 1).expand(4, 50, 7), empty: zeros(0), one: tensor(3), ints: full([5], 2, { dtype: int32 }) }, dir.file('s.pt'));
    const c = openCheckpoint(dir.file('s.pt'));
    for (const [name, t] of c.tensors) {
      const [a, b] = [t.stats({ bins: 8 }), await t.statsAsync({ bins: 8 })];
      assert.deepEqual(a, b, name);
      const v = t.read();
      assert.equal(a.summary.count, v.numel(), name);
      if (v.numel() === 0) continue;
      const x = v.to(float32);
      assert.ok(Math.abs(a.summary.mean - x.mean().item()) < 1e-5, name);
      if (v.numel() > 1) assert.ok(Math.abs(a.summary.std - x.std().item()) < 1e-5, name);
      assert.equal(a.histogram!.counts.reduce((p, n) => p + n, 0), v.numel(), name);
    }
    assert.deepEqual(c.tensors.get('whole')!.stats().percentiles, c.tensors.get('permuted')!.stats().percentiles);
    await assert.rejects(c.tensors.get('step')!.statsAsync({ bins: 8, signal: AbortSignal.abort() }), (e: Error) => e.name === 'Interrupted');
    c.close();
  });
  it('progress and cancelling of load', () => {
    save([randn(1000), randn(1000), randn(1000)], dir.file('p.pt'));
    const seen: number[] = [];
    load(dir.file('p.pt'), { onProgress: (done, total) => { seen.push(done / total); } });
    assert.deepEqual(seen.map((x) => Math.round(x * 3)), [1, 2, 3]);
    assert.throws(() => load(dir.file('p.pt'), { onProgress: (done, total) => done < total / 2 }), (e: Error) => e.name === 'Interrupted');
    // One tensor of 160 MiB is told of in parts.
    save(zeros(40 << 20), dir.file('p.pt'));
    seen.length = 0;
    assert.throws(() => load(dir.file('p.pt'), { onProgress: (done, total) => { seen.push(done / total); return done < total / 2; } }), (e: Error) => e.name === 'Interrupted');
    assert.deepEqual(seen, [0.4, 0.8]);
  });
  it('thousands of names: none is lost where the writer\'s buffer grows', () => {
    const names = Array.from({ length: 6000 }, (_, i) => `layer${i >> 3}.weight${i & 7}`);
    for (let shift = 0; shift < 24; shift++) {
      save(['-'.repeat(shift), ...names], dir.file('names.pt'));
      assert.deepEqual((load(dir.file('names.pt')) as string[]).slice(1), names);
    }
  });
  it('shards: written by size, read through their index', () => {
    const value = { a: full([100], 1), b: full([100], 2), c: full([100], 3) };
    const saved = save(value, dir.file('big.safetensors'), { maxShardBytes: 800 });
    assert.deepEqual(saved.files.map((f) => path.basename(f)), ['big.safetensors.index.json', 'big-00001-of-00002.safetensors', 'big-00002-of-00002.safetensors']);
    const d = load(saved.files[0]!) as Map<string, Tensor>;
    assert.deepEqual([...d.keys()], ['a', 'b', 'c']);
    assert.equal(d.get('c')!.sum().item(), 300);
    fs.rmSync(saved.files[2]!);
    assert.throws(() => load(saved.files[0]!), /the shard 'big-00002-of-00002\.safetensors' is missing/);
    const c = openCheckpoint(saved.files[0]!);
    assert.equal(c.tensors.get('a')!.read().sum().item(), 100);
    assert.match(c.tensors.get('c')!.problem!, /missing/);
    c.close();
  });
});

/** Round trips through real PyTorch, safetensors and NumPy: what we write they read, equal and with weights_only=True. Skipped, loudly, where there is no Python with torch. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { runSync } from '../../extension/checkpoint/io';
import { openCheckpoint as openFile } from '../../extension/checkpoint/registry';
import { saveTorch } from '../../extension/checkpoint/torchWriter';
import { float16, bfloat16, full, int16, int32, int64, int8, load, manualSeed, nn, OrderedDict, optim, Parameter, rand, randn, save, tensor, uint8, zeros, float64, type Tensor } from '../../extension/lib/index';
import { corpus, dataFolder, manifest, pythonWithTorch, runPython, scratch } from './checkpointData';

/** Says whether two Python values are equal in every bit that torch keeps. */
const same = `
import torch, sys, json, collections
def raw(t):
    t = t.detach()
    if t.is_quantized: return raw(t.int_repr())
    if t.layout != torch.strided: return [raw(x) for x in ((t.indices(), t.values()) if t.layout == torch.sparse_coo and t.is_coalesced() else (t._indices(), t._values()) if t.layout == torch.sparse_coo else (t.crow_indices(), t.col_indices(), t.values()) if t.layout in (torch.sparse_csr, torch.sparse_bsr) else (t.ccol_indices(), t.row_indices(), t.values()))]
    return t.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8).tolist() if t.numel() else []
def same(a, b, at='', seen=None):
    seen = {} if seen is None else seen
    if id(a) in seen: assert seen[id(a)] is b or not isinstance(a, (torch.Tensor, list, dict)), at + ': shared objects are no longer shared'; return
    if isinstance(a, (torch.Tensor, list, dict)): seen[id(a)] = b
    assert type(a) is type(b), f'{at}: {type(a)} became {type(b)}'
    if isinstance(a, torch.Tensor):
        if a.is_meta: return
        assert (a.dtype, a.shape, a.requires_grad, a.layout, a.is_conj() if a.is_complex() else 0) == (b.dtype, b.shape, b.requires_grad, b.layout, b.is_conj() if b.is_complex() else 0), f'{at}: {a.dtype} {a.shape} became {b.dtype} {b.shape}'
        if a.layout == torch.strided: assert (a.stride(), a.storage_offset()) == (b.stride(), b.storage_offset()), at + ': strides'
        assert raw(a) == raw(b), at + ': bytes'
        if a.is_quantized: assert a.qscheme() == b.qscheme() and (a.q_scale() == b.q_scale() if a.qscheme() == torch.per_tensor_affine else a.q_per_channel_scales().equal(b.q_per_channel_scales())), at + ': quantizer'
    elif isinstance(a, dict):
        assert list(map(repr, a)) == list(map(repr, b)), f'{at}: keys {list(a)} became {list(b)}'
        for k in a: same(a[k], b[k], f'{at}.{k}', seen)
        assert getattr(a, '_metadata', None) == getattr(b, '_metadata', None), at + ': _metadata'
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), at
        for i, (x, y) in enumerate(zip(a, b)): same(x, y, f'{at}[{i}]', seen)
    elif isinstance(a, float): assert repr(a) == repr(b), f'{at}: {a!r} became {b!r}'
    else: assert a == b, f'{at}: {a!r} became {b!r}'
`;

/** What torch.load is asked with for a file that holds floats, sets or bytes: 1.13 refuses those with weights_only. */
const allowed = "allowed = {} if torch.__version__.startswith('1.') else {'weights_only': True}";
const isOld = (): boolean => runPython('import torch; print(torch.__version__)').startsWith('1.');

describe('round trips through PyTorch', function () {
  this.timeout(0);
  const dir = scratch();
  before(function () { if (pythonWithTorch() === null) this.skip(); });
  after(() => dir.remove());

  it('every PyTorch file of the corpus, saved again, loads equal', () => {
    const pairs: [string, string, boolean][] = [];
    const more = fs.readdirSync(path.join(dataFolder, 'more')).filter((f) => f.endsWith('.pt') && f !== 'script.pt' && f !== 'frozen.pt' && f !== 'legacy_module.pt').map((f) => ({ file: `more/${f}`, weightsOnly: true }));
    const files = [...manifest.files.filter((f) => f.kind === 'ok' && f.format!.startsWith('torch')).map((f) => ({ file: f.file, weightsOnly: f.torch_weights_only?.['2.13'] === true })), ...more];
    const refused: string[] = [];
    for (const { file, weightsOnly } of files) {
      const o = openFile(corpus(file));
      try {
        const target = dir.file(file.replaceAll('/', '_'));
        runSync(saveTorch(target, o.value));
        pairs.push([corpus(file), target, weightsOnly]);
      } catch (error) {
        refused.push(`${file}: ${(error as Error).message}`);
      } finally {
        o.close();
      }
    }
    // Only what is not data: classes, NumPy objects, and a meta tensor.
    assert.deepEqual(refused.map((r) => r.split(':')[0]).sort(), ['ok/meta_tensor.pt', 'ok/module_full.pt', 'ok/numpy_scalars.pt'], refused.join('\n'));
    // 1.13's own CSR form cannot be read by 2.13, its rewritten form can; big-endian and tar files only fully.
    const result = runPython(`${same}
out = []
modern = not torch.__version__.startswith('1.')
for a, b, weights_only in json.loads(sys.argv[1]):
    try:
        # An older PyTorch allows less with weights_only: what it takes of the original it must take of ours.
        if not modern:
            try: torch.load(a, weights_only=True); weights_only = True
            except Exception: weights_only = False
            # Its own form of CSR no later PyTorch reads, so ours is theirs, which it cannot read; and it does not look at the byte order.
            if 'sparse_csr' in a or 'big_endian' in a: continue
        try: x = torch.load(a, weights_only=weights_only and 'tar' not in a)
        except Exception as e:
            if modern: torch.load(b, weights_only=True)
            out.append([a, 'original not readable: ' + str(e)[:60]]); continue
        y = torch.load(b, weights_only=weights_only)
        same(x, y)
    except Exception as e: out.append([a, 'FAILED ' + type(e).__name__ + ' ' + str(e)[:300]])
print(json.dumps(out))`, JSON.stringify(pairs));
    const said = JSON.parse(result.split('\n').filter((l) => l.startsWith('[')).at(-1)!) as [string, string][];
    assert.deepEqual(said.filter(([, s]) => s.startsWith('FAILED')), []);
    assert.ok(said.length <= (isOld() ? 8 : 3), `too many originals that torch cannot read: ${JSON.stringify(said)}`);
    assert.ok(pairs.length > 35);
  });

  it('every type and shape of the library, shared and strided, requiring gradients or not', () => {
    manualSeed(0);
    const base = rand(4, 6);
    const value = new Map<unknown, unknown>([
      ['f32', randn(2, 3)], ['f64', randn([3], { dtype: float64 })], ['f16', randn(2, 2).to(float16)], ['bf16', randn(2, 2).to(bfloat16)], ['i64', tensor([-(2n ** 63n), 2n ** 63n - 1n], { dtype: int64 })],
      ['i32', tensor([1, -2], { dtype: int32 })], ['i16', tensor([300], { dtype: int16 })], ['i8', tensor([-128], { dtype: int8 })], ['u8', tensor([255], { dtype: uint8 })], ['bool', tensor([true, false])],
      ['empty', zeros(0, 3)], ['scalar', tensor(2.5)], ['base', base], ['transposed', base.t()], ['row', base.get(1)], ['column', base.select(1, 2)], ['expanded', zeros(1, 3).expand(4, 3)],
      ['grad', randn(2).requiresGrad_()], ['parameter', new Parameter(randn(2))], ['frozen', new Parameter(randn(2), false)],
      ['list', [1, -1, 255, 256, 65535, 65536, -(2 ** 31), 2 ** 31, 2 ** 53 - 1, 2n ** 100n, -(2n ** 100n), 1.5, -0, NaN, Infinity, -Infinity, true, false, null, '', 'é世界😀', 'a'.repeat(300)]],
      ['dict', { a: 1, b: { c: [] } }], ['map', new Map<unknown, unknown>([[1, 'int key'], [null, 'none key']])], ['ordered', new OrderedDict([['k', 1]])], ['set', new Set([1, 2])], ['bytes', new Uint8Array([0, 255])],
    ]);
    value.set('same', value.get('f32'));
    save(value, dir.file('types.pt'));
    const told = JSON.parse(runPython(`
import torch, json, sys
${allowed}
d = torch.load(sys.argv[1], **allowed)
e = torch.load(sys.argv[1], mmap=True, weights_only=True) if allowed else d
out = {k: [str(v.dtype), list(v.shape), list(v.stride()), v.storage_offset(), v.requires_grad, type(v).__name__, v.detach().double().flatten().tolist() if v.dtype != torch.int64 else [str(x) for x in v.flatten().tolist()], bool(v.equal(e[k]))] for k, v in d.items() if isinstance(v, torch.Tensor)}
print(json.dumps([out, repr(d['list']), repr(d['dict']), repr(d['map']), repr(d['ordered']), repr(d['set']), repr(d['bytes']), d['same'] is d['f32'], d['base'].data_ptr() == d['transposed'].data_ptr(), d['row'].storage().data_ptr() == d['base'].storage().data_ptr()]))
`, dir.file('types.pt'))) as [Record<string, [string, number[], number[], number, boolean, string, (number | string)[], boolean]>, ...unknown[]];
    for (const [k, t] of value as Map<string, Tensor>) {
      if (typeof (t as Tensor | null)?.numel !== 'function') continue;
      const flat = [...(t.detach().contiguous().to(t.dtype === int64 ? int64 : float64).view(-1).toArray() as (number | bigint)[])].map((v) => (typeof v === 'bigint' ? String(v) : v));
      assert.deepEqual(told[0][k], [String(t.dtype), [...t.shape], t.stride(), t.storageOffset(), t.requiresGrad, t instanceof Parameter ? 'Parameter' : 'Tensor', flat, true], k);
    }
    assert.equal(told[1], `[1, -1, 255, 256, 65535, 65536, -2147483648, 2147483648, 9007199254740991, ${2n ** 100n}, -${2n ** 100n}, 1.5, -0.0, nan, inf, -inf, True, False, None, '', 'é世界😀', '${'a'.repeat(300)}']`);
    assert.deepEqual(told.slice(2), ["{'a': 1, 'b': {'c': []}}", "{1: 'int key', None: 'none key'}", "OrderedDict([('k', 1)])".replace("OrderedDict([('k', 1)])", (told[4] as string)), '{1, 2}', "b'\\x00\\xff'", true, true, true]);
    assert.match(told[4] as string, /^OrderedDict\(\{?\[?\(?'k'/);

    // And back: our own reader gives the same, sharing included.
    const back = load(dir.file('types.pt')) as Map<string, Tensor>;
    assert.equal(back.get('same'), back.get('f32'));
    assert.equal(back.get('base')!.storageId(), back.get('row')!.storageId());
    assert.deepEqual(back.get('list'), value.get('list'));
    assert.ok(back.get('parameter') instanceof Parameter);
  });

  it('a model with its optimizer: torch loads both and goes on as we do', () => {
    manualSeed(0);
    const net = new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 1));
    const opt = new optim.Adam(net.parameters(), { lr: 0.01, betas: [0.8, 0.9] });
    const step = (): void => { opt.zeroGrad(); net(tensor([[1, 2, 3], [0, -1, 1]])).sum().backward(); opt.step(); };
    for (let i = 0; i < 3; i++) step();
    save({ model: net.stateDict(), optimizer: opt.stateDict(), epoch: 3 }, dir.file('train.pt'));
    step();
    const told = JSON.parse(runPython(`
import torch, json, sys
${allowed}
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
opt = torch.optim.Adam(net.parameters(), lr=1)
d = torch.load(sys.argv[1], **allowed)
net.load_state_dict(d['model'])
opt.load_state_dict(d['optimizer'])
opt.zeroGrad = None
opt.zero_grad(); net(torch.tensor([[1., 2, 3], [0, -1, 1]])).sum().backward(); opt.step()
print(json.dumps([d['epoch'], opt.param_groups[0]['lr'], list(opt.param_groups[0]['betas']), d['model']._metadata, {k: v.double().flatten().tolist() for k, v in net.state_dict().items()}]))
torch.save({'model': net.state_dict(), 'optimizer': opt.state_dict()}, sys.argv[2])
`, dir.file('train.pt'), dir.file('theirs.pt'))) as [number, number, number[], Record<string, { version: number }>, Record<string, number[]>];
    assert.deepEqual(told.slice(0, 3), [3, 0.01, [0.8, 0.9]]);
    assert.equal(told[3]['0']!.version, 1);
    for (const [k, t] of net.stateDict()) {
      const mine = (t.to(float64).view(-1).toArray() as number[]);
      told[4][k]!.forEach((v, i) => assert.ok(Math.abs(v - mine[i]!) <= 1e-6 * Math.max(1, Math.abs(v)), `${k}[${i}]: ${mine[i]} instead of ${v}`));
    }
    // torch's file, taken back by us.
    const theirs = load(dir.file('theirs.pt')) as Map<string, never>;
    net.loadStateDict(theirs.get('model')!);
    opt.loadStateDict(theirs.get('optimizer')!);
  });

  it('a state dict, as every PyTorch since weights_only reads it with weights_only=True', () => {
    save(new nn.Sequential(new nn.Linear(3, 4), new nn.BatchNorm1d(4)).stateDict(), dir.file('state.pt'));
    const told = runPython(`
import torch, sys
d = torch.load(sys.argv[1], weights_only=True)
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
print(net.load_state_dict(d), type(d).__name__, d._metadata['1'])`, dir.file('state.pt'));
    assert.equal(told.trim(), "<All keys matched successfully> OrderedDict {'version': 1}");
  });

  it('safetensors, npz and npy are read by their own libraries', () => {
    manualSeed(1);
    const all = { 'w.f32': randn(3, 2), 'b.bf16': randn(4).to(bfloat16), 'c.i64': tensor([1n, -2n]), 'd.bool': tensor([true]), 'e.u8': tensor([1, 2, 3], { dtype: uint8 }), empty: zeros(0), 'weird/é"\n': full([1], 3) };
    save(all, dir.file('x.safetensors'));
    const { 'b.bf16': _, 'weird/é"\n': __, ...plain } = all;
    save(plain, dir.file('x.npz'));
    save(plain['w.f32'].t(), dir.file('x.npy'));
    const told = JSON.parse(runPython(`
import torch, json, sys, numpy as np
try: from safetensors.torch import load_file
except ImportError: load_file = None
st = {k: [str(v.dtype), list(v.shape), v.double().flatten().tolist()] for k, v in load_file(sys.argv[1]).items()} if load_file else None
nz = {k: [str(v.dtype), list(v.shape), v.astype(float).flatten().tolist()] for k, v in np.load(sys.argv[2]).items()}
print(json.dumps([st, nz, np.load(sys.argv[3]).flatten().tolist()]))
`, dir.file('x.safetensors'), dir.file('x.npz'), dir.file('x.npy'))) as [Record<string, [string, number[], number[]]> | null, Record<string, [string, number[], number[]]>, number[]];
    const numbers = (t: Tensor): number[] => [...t.to(float64).view(-1).toArray() as number[]];
    if (told[0] === null) console.warn('      ⚠ SKIPPED: safetensors is not installed');
    else for (const [k, t] of Object.entries(all)) assert.deepEqual(told[0][k], [String(t.dtype), [...t.shape], numbers(t)], k);
    for (const [k, t] of Object.entries(plain)) assert.deepEqual(told[1][k], [t.dtype.name, [...t.shape], numbers(t)], k);
    assert.deepEqual(told[2], numbers(plain['w.f32'].t().contiguous()));
  });

  it('ZIP64: a storage beyond 4 GiB (WEIGHTROOM_LONG=1)', function () {
    if (process.env['WEIGHTROOM_LONG'] !== '1') { console.warn('      ⚠ SKIPPED: writes 4.3 GB; set WEIGHTROOM_LONG=1'); this.skip(); }
    const big = zeros(2 ** 30 + 3);
    big.narrow(0, 2 ** 30, 3).fill_(7);
    save({ big, after: full([2], 5) }, dir.file('big.pt'));
    const told = runPython(`
import torch, sys
d = torch.load(sys.argv[1], weights_only=True, **({} if torch.__version__.startswith('1.') else {'mmap': True}))
print(list(d['big'].shape), d['big'][-3:].tolist(), d['big'][0].item(), d['after'].tolist())`, dir.file('big.pt'));
    assert.equal(told.trim(), `[${2 ** 30 + 3}] [7.0, 7.0, 7.0] 0.0 [5.0, 5.0]`);
    const o = openFile(dir.file('big.pt'));
    assert.deepEqual(o.info.tensors.map((t) => [t.name, t.numel]), [['big', 2 ** 30 + 3], ['after', 2]]);
    o.close();
    fs.rmSync(dir.file('big.pt'));
  });
});

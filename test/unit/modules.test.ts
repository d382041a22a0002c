/**
 * Module reprs, orders and error texts, line by line against PyTorch (test/golden/modules.txt, written by real PyTorch 2.13).
 * Lines in `[brackets]` are errors or results by name; everything else is printed text, in order.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';

import * as wr from '../../extension/lib/index';
import { float64, int64, nn, ones, optim, tensor, zeros, type Tensor } from '../../extension/lib/index';
import { golden } from './paths';

const F = nn.functional;
const { Parameter } = nn;
const L = (data: number[]): Tensor => tensor(data, { dtype: int64 });
const py = (list: Iterable<string>): string => `[${[...list].map((s) => `'${s}'`).join(', ')}]`;
const names = (pairs: Iterable<[string, unknown]>): string => py([...pairs].map(([n]) => n));

class M extends nn.Module {
  a = new nn.Linear(2, 2);
  l = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)]);
  d = new nn.ModuleDict({ x: new nn.Tanh(), y: new nn.ReLU() });
  p = new nn.ParameterList([new Parameter(zeros(2)), new Parameter(zeros(3, 2))]);
  pd = new nn.ParameterDict({ k: new Parameter(zeros(2)) });
  w: nn.Parameter;
  none = null;
  tied: nn.Linear;
  constructor() {
    super();
    this.registerBuffer('b', zeros(1));
    this.registerBuffer('np', zeros(1), { persistent: false });
    this.w = new Parameter(ones(1));
    this.registerParameter('nn_', null);
    this.tied = this.a;
  }
}
class E extends nn.Module {}
class X extends nn.Module { override extraRepr(): string { return 'k=1\nz=2'; } }
class X2 extends nn.Module { l = new nn.ReLU(); override extraRepr(): string { return 'k=1'; } }
class N3 extends nn.Module {
  p: Tensor | null = new Parameter(ones(1));
  m: unknown = new nn.ReLU();
  declare bb: unknown;
  constructor() { super(); this.registerBuffer('bb', ones(1)); }
}

/** What modules.py prints outside brackets, in its order. */
function printed(): string[] {
  const m = new M(), text: unknown[] = [];
  text.push(new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Sequential(new nn.Dropout(0.5), new nn.Linear(256, 10, { bias: false }))), m, new E(), new X(), new X2());
  text.push(names(m.namedParameters()), names(m.namedParameters({ removeDuplicate: false })), py(m.stateDict().keys()), names(m.namedBuffers()), names(m.namedModules()), names(m.namedChildren()), [...m.parameters()].length);
  text.push(
    new nn.Conv2d(3, 8, 3, { padding: 1 }), new nn.Conv2d(3, 8, 3, { stride: 2, groups: 1, bias: false, dilation: 2 }), new nn.Conv1d(3, 8, 3), new nn.ConvTranspose2d(3, 8, 3, { outputPadding: 1, stride: 2 }),
    new nn.BatchNorm2d(8), new nn.BatchNorm1d(8, { affine: false }), new nn.LayerNorm(8), new nn.GroupNorm(2, 8), new nn.InstanceNorm2d(3), new nn.MaxPool2d(2), new nn.AvgPool2d(2), new nn.AdaptiveAvgPool2d([1, 1]),
    new nn.Dropout(0.1), new nn.Embedding(10, 3), new nn.Embedding(10, 3, { paddingIdx: 0 }), new nn.LSTM(4, 8, { numLayers: 2, batchFirst: true, bidirectional: true, dropout: 0.1 }), new nn.GRU(4, 8), new nn.RNN(4, 8), new nn.LSTMCell(3, 4),
    new nn.Flatten(), new nn.Identity(), new nn.Softmax(1), new nn.LogSoftmax(-1), new nn.GELU(), new nn.SiLU(), new nn.LeakyReLU(0.1), new nn.ELU(), new nn.PReLU(), new nn.Sigmoid(), new nn.Softplus(), new nn.Hardtanh(),
    new nn.ReLU({ inplace: true }), new nn.ReLU6(), new nn.Upsample({ scaleFactor: 2 }), new nn.ZeroPad2d(1), new nn.CrossEntropyLoss(), new nn.MSELoss(), new nn.MultiheadAttention(8, 2), new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16 }),
    new nn.Bilinear(2, 3, 4), new nn.CosineSimilarity(), new nn.Unflatten(1, [2, 3]), new nn.PixelShuffle(2), new nn.Linear(3, 4),
  );
  const x = ones(2, { requiresGrad: true }), s = sequential();
  text.push(new optim.SGD([x], { lr: 0.1 }), new optim.Adam([x]), s.loadStateDict(s.stateDict()));
  text.push(new nn.ParameterList([new Parameter(zeros(2))]), new nn.ParameterDict({ k: new Parameter(zeros(2)) }), new nn.ModuleList(), new nn.Sequential());
  return text.flatMap((t) => String(t).trimEnd().split('\n'));
}
const sequential = (): nn.Sequential => new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2));

/** The state of `s` with what `[load strict]` changes. */
function bent(): Map<string, Tensor> {
  const a = new Map(sequential().stateDict());
  a.delete('0.bias');
  return a.set('foo', zeros(1)).set('bar.x', zeros(1)).set('2.weight', zeros(5, 4));
}
function changed(run: (x: Tensor) => Tensor): void {
  const z = run(tensor([[1, 2, 3], [1, 2, 3], [1, 2, 3]], { requiresGrad: true }));
  z.mul_(2);
  z.sum().backward();
}
const any = <T>(x: unknown): T => x as T;

/** What modules.py tries under each name. */
const tried: Record<string, () => unknown> = {
  'load strict': () => sequential().loadStateDict(bent()),
  'load nonstrict': () => { const b = new Map(sequential().stateDict()); b.delete('0.bias'); return sequential().loadStateDict(b.set('foo', zeros(1)), { strict: false }); },
  ok: () => sequential().loadStateDict(sequential().stateDict()),
  'load nonstrict mismatch': () => sequential().loadStateDict(bent(), { strict: false }),
  'load non dict': () => sequential().loadStateDict(any([1])),
  'load non tensor': () => sequential().loadStateDict(new Map(sequential().stateDict()).set('0.bias', any(3))),
  mat1: () => new nn.Linear(3, 4)(ones(2, 5)), 'mat1 1d': () => new nn.Linear(3, 4)(ones(5)), 'mat1 3d': () => new nn.Linear(3, 4)(ones(2, 2, 5)),
  mm: () => ones(2, 3).matmul(ones(2, 3)), mm1d: () => ones(2).mm(ones(2)), dot: () => ones(2).matmul(ones(3)), mv: () => ones(2, 3).matmul(ones(2)),
  bmm: () => ones(2, 3, 4).bmm(ones(3, 4, 5)), 'bmm matmul': () => ones(2, 3, 4).matmul(ones(2, 5, 4)),
  add: () => ones(2, 3).add(ones(2, 4)), view: () => ones(6).view(4), 'view noncontig': () => ones(2, 3).t().view(6), reshape: () => ones(6).reshape(4, -1),
  cat: () => wr.cat([ones(2, 3), ones(3, 2)]), stack: () => wr.stack([ones(2), ones(3)]), dim: () => ones(2).sum(3), item: () => ones(2).item(), idx: () => ones(2).get(5),
  expand: () => ones(2, 3).expand(4, 3), squeeze: () => ones(2, 3).permute(0, 0), transpose: () => ones(2, 3).transpose(0, 2),
  nonscalar: () => ones(2, { requiresGrad: true }).mul(2).backward(),
  twice: () => { const x = ones(2, { requiresGrad: true }), y = x.mul(x).sum(); y.backward(); y.backward(); },
  noreq: () => ones(1).backward(), 'inplace leaf': () => ones(2, { requiresGrad: true }).add_(1),
  'set rg nonleaf': () => { ones(2, { requiresGrad: true }).mul(2).requiresGrad = false; },
  'grad shape': () => ones(2, { requiresGrad: true }).mul(2).backward({ gradient: ones(3) }),
  'int rg': () => ones(2, { dtype: int64 }).requiresGrad_(),
  version: () => { const z = ones(2, { requiresGrad: true }).exp(); z.mul(1); z.add_(1); z.sum().backward(); },
  version2: () => changed((x) => x.sigmoid()),
  'view leaf inplace': () => ones(2, { requiresGrad: true }).slice(0, 0, 1).add_(1),
  'dtype mm': () => ones(2, 2).matmul(ones(2, 2, { dtype: float64 })), 'linear dtype': () => new nn.Linear(2, 2)(ones(1, 2, { dtype: float64 })), 'mean int': () => ones(2, { dtype: int64 }).mean(),
  'conv ch': () => new nn.Conv2d(3, 8, 3)(ones(1, 4, 8, 8)), 'conv small': () => new nn.Conv2d(3, 8, 3)(ones(1, 3, 2, 2)), 'conv 2d': () => new nn.Conv2d(3, 8, 3)(ones(3, 8)),
  bn: () => new nn.BatchNorm1d(4)(ones(1, 4)), 'bn dim': () => new nn.BatchNorm2d(4)(ones(1, 4)), bnch: () => new nn.BatchNorm1d(4)(ones(2, 5)), ln: () => new nn.LayerNorm(4)(ones(2, 5)),
  emb: () => new nn.Embedding(3, 2)(L([3])), embf: () => new nn.Embedding(3, 2)(tensor([1])),
  'ce tgt': () => F.crossEntropy(ones(2, 3), L([0, 3])), 'ce bs': () => F.crossEntropy(ones(2, 3), L([0])), 'ce f': () => F.crossEntropy(ones(2, 3), ones(2)),
  bce: () => F.binaryCrossEntropy(ones(2), ones(3)), 'bce range': () => F.binaryCrossEntropy(ones(2).mul(2), ones(2)),
  lstm: () => new nn.LSTM(3, 4)(ones(1, 2, 5)), mha: () => new nn.MultiheadAttention(5, 2),
  fwd: () => new nn.Module()(1), fwd2: () => new E()(1),
  regp: () => new nn.Module().registerParameter('a.b', null), regp2: () => new nn.Module().registerParameter('', null), regp3: () => new nn.Module().registerParameter('a', any(ones(1))),
  regp4: () => new nn.Module().registerParameter('training', null), 'regp nonleaf': () => new nn.Module().registerParameter('q', any(new Parameter(ones(1)).mul(1))),
  regb: () => new nn.Module().registerBuffer('a.b', null), regb2: () => new nn.Module().registerBuffer('b', any(3)),
  addm: () => new nn.Module().addModule('m', any(3)), addm2: () => new nn.Module().addModule('a.b', new nn.ReLU()), addm3: () => new nn.Module().addModule('', new nn.ReLU()), addm4: () => new nn.Module().addModule('training', new nn.ReLU()),
  'assign tensor to param': () => { new N3().p = ones(1); }, 'assign tensor to module': () => { new N3().m = ones(1); }, 'assign to buf': () => { new N3().bb = 3; },
  'assign none': () => { const n = new N3(); n.p = null; return n.p; },
  train: () => new N3().train(any(3)), 'seq idx': () => sequential()[7], 'ml idx': () => new nn.ModuleList([new nn.ReLU()])[3], 'seq nonmod': () => new nn.Sequential(any<nn.Module>(3)),
  md: () => new nn.ModuleDict({ a: any(3) }), md2: () => new nn.ModuleDict({ a: new nn.ReLU() }).get('b'), to: () => new nn.ReLU().to(int64),
  get_sub: () => sequential().getSubmodule('9'), getp: () => sequential().getParameter('0.foo'), mlext: () => new nn.ModuleList().extend(any(3)), seqslice: () => sequential().slice(0, 2),
  mdname: () => new nn.ModuleDict({ keys: new nn.ReLU() }), pl: () => new nn.ParameterList([ones(1)]), drop: () => new nn.Dropout(2),
  'opt empty': () => new optim.SGD([], { lr: 0.1 }), 'opt lr': () => new optim.SGD([ones(1)], { lr: -1 }), 'opt t': () => new optim.SGD(any(ones(2)), { lr: 0.1 }),
  'opt nonleaf': () => new optim.SGD([ones(2, { requiresGrad: true }).mul(1)], { lr: 0.1 }), 'adam b': () => new optim.Adam([ones(1)], { betas: [2, 0] }),
};
/** Names that have no counterpart here, and why. */
const without: Record<string, string> = {
  numpy: 'there is no numpy(); toTypedArray() of a tensor that requires grad is allowed',
  'meta dev': 'no meta device', 'meta add': 'no meta device', 'mm meta': 'no meta device',
  cuda: 'PyTorch speaks of how it was built', baddev: 'the text lists PyTorch’s devices',
  attr: 'in JavaScript a missing attribute is undefined; TypeScript reports it',
  noinit: 'JavaScript itself refuses `this` before super()', 'noinit p': 'JavaScript itself refuses `this` before super()',
};
/** Printed lines that are Python's own, in full. */
const pythons = /^(zero_grad\(|\{'p': None\}$|cuda:1 |\[\('pre')/;

const lines = golden('modules.txt').split('\n');
const tagged = new Map<string, string>(), plain: string[] = [];
for (let i = 0; i < lines.length; i++) {
  const tag = /^\[([a-z][\w ]*)\] (.*)$/.exec(lines[i]!);
  if (tag === null) { if (lines[i] !== '' && !pythons.test(lines[i]!)) plain.push(lines[i]!); continue; }
  const text = [tag[2]!];
  const more = (l: string | undefined): boolean => l !== undefined && (l.startsWith('\t') || (text[0]!.startsWith('OK') && text.length < 4 && /^( |\)$)/.test(l)));
  while (more(lines[i + 1])) text.push(lines[++i]!);
  tagged.set(tag[1]!, text.join('\n'));
}

describe('modules print and fail as in PyTorch', () => {
  it('reprs, orders and names, line by line', () => {
    const got = printed();
    // One exception, from the course notebook: ParameterList names the type as ParameterDict does.
    const wanted = plain.map((l) => l.replace('[torch.float32 of', '[torch.FloatTensor of'));
    wanted.forEach((w, i) => assert.equal(got[i], w, `line ${i + 1}`));
    assert.equal(got.length, wanted.length);
  });
  it('every tagged line is tried, or said why not', () => {
    assert.deepEqual([...tagged.keys()].filter((k) => (k in tried) === (k in without)), []);
    assert.deepEqual([...Object.keys(tried), ...Object.keys(without)].filter((k) => !tagged.has(k)), []);
  });
  for (const [name, want] of tagged) {
    if (!(name in tried)) continue;
    it(name, () => {
      let got: string;
      try {
        const r = tried[name]!();
        got = `OK -> ${r === null || r === undefined ? 'None' : String(r)}`;
      } catch (e) {
        const error = e as Error;
        // Python prints a KeyError's text as a literal.
        got = `${error.name}: ${error.name === 'KeyError' && !error.message.startsWith("'") ? wr.pyRepr(error.message) : error.message}`;
      }
      assert.equal(got, want.replace('[torch.float32 of', '[torch.FloatTensor of'));
    });
  }
});

describe('uninitialized parameters', () => {
  it('stay so when loaded from a module that has no sizes either', () => {
    const norm = new nn.LazyBatchNorm1d();
    norm.loadStateDict(new nn.LazyBatchNorm1d().stateDict());
    const file = path.join(os.tmpdir(), `weightroom-lazy-${process.pid}.pt`);
    wr.save(new nn.LazyBatchNorm1d().stateDict(), file);
    norm.loadStateDict(wr.load(file) as Map<string, Tensor>);
    fs.rmSync(file);
    assert.deepEqual([String(norm.runningMean), String(norm(ones(2, 4)).shape), String(norm.runningMean!.shape)], ['<UninitializedBuffer>', 'torch.Size([2, 4])', 'torch.Size([4])']);
  });

  it('print as PyTorch prints them, and refuse to be initialized', () => {
    const lazy = new nn.LazyLinear(3);
    assert.equal(String(lazy.weight), '<UninitializedParameter>');
    const norm = new nn.LazyBatchNorm1d(), unknown = '<UninitializedParameter>', buffer = '<UninitializedBuffer>';
    assert.deepEqual([norm.weight, norm.runningMean, norm.runningVar, norm.numBatchesTracked].map(String), [unknown, buffer, buffer, 'tensor(0)']);
    assert.equal(inspect(norm.runningVar), buffer);
    assert.deepEqual([...norm.stateDict().values()].map(String), [unknown, unknown, buffer, buffer, 'tensor(0)']);
    for (const fill of [nn.init.normal_, nn.init.zeros_, nn.init.kaimingUniform_, nn.init.orthogonal_] as ((t: Tensor) => Tensor)[])
      assert.throws(() => fill(lazy.weight), /^ValueError: Attempted to use an uninitialized parameter/);
    lazy(ones(2, 4));
    assert.match(String(lazy.weight), /^Parameter containing:\ntensor\(\[\[/);
    nn.init.zeros_(lazy.weight);
    assert.equal(lazy.weight.abs().sum().item(), 0);
  });
});

/**
 * The webgpu device, on a real GPU or on SwiftShader (the software Vulkan driver beside Debian's chromium). Without an
 * adapter the suite is skipped, with the reason.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import './swiftShader';
import { arange, backends, cat, device, internal, manualSeed, nn, ones, optim, rand, randint, randn, searchsorted, tensor, where, zeros, float32, int64, type Tensor } from '../../extension/lib/index';
import { repoRoot } from './paths';

const close = (got: Tensor, want: Tensor, tolerance = 2e-5): void => {
  assert.equal(String(got.shape), String(want.shape));
  assert.equal(got.dtype, want.dtype);
  const a = got.cpu().double().toTypedArray() as Float64Array, b = want.double().toTypedArray() as Float64Array;
  a.forEach((x, i) => assert.ok(Object.is(x, b[i]) || (Number.isNaN(x) && Number.isNaN(b[i])) || Math.abs(x - b[i]!) <= tolerance * Math.max(1, Math.abs(b[i]!)), `element ${i}: ${x}, on the cpu ${b[i]}`));
};

describe('webgpu', function () {
  this.timeout(0);
  before(function () {
    if (!backends.webgpu.isAvailable()) {
      console.log(`      ⚠ SKIPPED: ${backends.webgpu.detail()}`);
      this.skip();
    }
    manualSeed(0);
  });

  it('the notebook, chapter 5', () => {
    const x = tensor([1n, 2n, 3n], { device: 'webgpu' });
    assert.equal(String(x), "tensor([1, 2, 3], device='webgpu:0')");
    assert.equal(String(x.device), 'webgpu:0');
    assert.equal(String(x.pow(2)), "tensor([1, 4, 9], device='webgpu:0')");
    const y = tensor([1, 2, 3]).to(device(backends.webgpu.isAvailable() ? 'webgpu' : 'cpu'));
    assert.throws(() => y.add(tensor([1, 2, 3])), { name: 'RuntimeError', message: 'Expected all tensors to be on the same device, but found at least two devices, webgpu:0 and cpu!' });
    assert.equal(String(y.cpu()), 'tensor([1., 2., 3.])');
    assert.equal(String(rand(2).webgpu().add(tensor(1)).device), 'webgpu:0', 'a cpu scalar may stand beside it');
  });

  it('moves a model in place', () => {
    const net = new nn.Linear(3, 1);
    const before = [...net.parameters()];
    net.to('webgpu');
    assert.deepEqual([...net.parameters()].map((p, i) => p === before[i]), [true, true]);
    net(rand(2, 3).webgpu()).sum().backward();
    assert.equal(String(net.weight.grad!.device), 'webgpu:0');
    assert.equal(String(net.weight), String(net.weight), 'prints');
  });

  const input = (): Tensor => randn(5, 7);
  const ops: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
    add: (a, b) => a.add(b), 'add alpha': (a, b) => a.add(b, { alpha: 2 }), sub: (a, b) => a.sub(b), mul: (a, b) => a.mul(b), div: (a, b) => a.div(b), 'pow 2': (a) => a.pow(2), 'pow 3': (a) => a.pow(3),
    'pow -1': (a) => a.pow(-1), 'pow 0.5': (a) => a.abs().pow(0.5), remainder: (a, b) => a.remainder(b), maximum: (a, b) => a.maximum(b), minimum: (a, b) => a.minimum(b), atan2: (a, b) => a.atan2(b),
    eq: (a) => a.eq(a), lt: (a, b) => a.lt(b), ge: (a, b) => a.ge(b), 'logical and': (a, b) => a.gt(0).logicalAnd(b.gt(0)),
    neg: (a) => a.neg(), abs: (a) => a.abs(), sign: (a) => a.sign(), sqrt: (a) => a.abs().sqrt(), rsqrt: (a) => a.abs().add(0.1).rsqrt(), exp: (a) => a.exp(), expm1: (a) => a.expm1(), log: (a) => a.abs().log(), log1p: (a) => a.abs().log1p(),
    sin: (a) => a.mul(20).sin(), cos: (a) => a.mul(20).cos(), tan: (a) => a.tan(), tanh: (a) => a.tanh(), sigmoid: (a) => a.sigmoid(), relu: (a) => a.relu(), erf: (a) => a.erf(), floor: (a) => a.floor(), round: (a) => a.mul(3).round(), trunc: (a) => a.trunc(), clamp: (a) => a.clamp(-0.5, 0.5),
    gelu: (a) => nn.functional.gelu(a), silu: (a) => nn.functional.silu(a), where: (a, b) => where(a.gt(0), a, b),
    sum: (a) => a.sum(), 'sum 0': (a) => a.sum(0), 'sum keepdim': (a) => a.sum(1, true), mean: (a) => a.mean(), 'mean 1': (a) => a.mean(1), prod: (a) => a.prod(1), max: (a) => a.max(), min: (a) => a.min(), norm: (a) => a.norm(), 'norm 1': (a) => a.norm(1),
    argmax: (a) => a.argmax(1), argmin: (a) => a.argmin(0), any: (a) => a.gt(1).any(), all: (a) => a.gt(-9).all(1), cumsum: (a) => a.cumsum(1), std: (a) => a.std(0), logsumexp: (a) => a.logsumexp(1),
    matmul: (a, b) => a.matmul(b.t()), 'matmul strided': (a, b) => a.t().matmul(b), bmm: (a, b) => a.view(1, 5, 7).expand(3, 5, 7).matmul(b.t()), softmax: (a) => nn.functional.softmax(a, 1), 'softmax 0': (a) => nn.functional.softmax(a, 0), logSoftmax: (a) => nn.functional.logSoftmax(a, 1),
    transpose: (a) => a.t().contiguous(), slice: (a) => a.slice(1, 1, 6, 2).mul(2), expand: (a) => a.slice(0, 0, 1).expand(4, 7).add(1), 'in place': (a) => { const c = a.clone(); c.mul_(2).add_(1); c.select(0, 1).zero_(); return c; },
    'to int64 and back': (a) => a.mul(10).to(int64).add(1).to(float32), fill: (a) => zeros(2, 2, { device: a.device }).fill_(3), layerNorm: (a) => nn.functional.layerNorm(a, [7], ones(7).to(a.device), zeros(7).to(a.device)),
    gather: (a) => a.gather(1, tensor([[0n, 6n], [1n, 1n]]).to(a.device)), indexSelect: (a) => a.indexSelect(0, tensor([4n, 0n, 4n]).to(a.device)), arange: (a) => arange(7, { device: a.device }).add(a),
    empty: (a) => a.slice(0, 0, 0).mul(2), 'nan and inf': (a) => a.mul(0).add(tensor([NaN, Infinity, -Infinity, 0, 1, 2, 3]).to(a.device)).isfinite(),
  };
  for (const [name, op] of Object.entries(ops)) {
    it(name, () => {
      const a = input(), b = input();
      const want = op(a, b), got = op(a.webgpu(), b.webgpu());
      assert.equal(String(got.device), 'webgpu:0');
      close(got, want);
      // The gradient, where there is one.
      if (!want.isFloatingPoint() || want.numel() === 0) return;
      const grads = (where: string): (Tensor | null)[] => {
        const x = a.clone().to(where).requiresGrad_(), y = b.clone().to(where).requiresGrad_();
        const out = op(x, y);
        if (!out.requiresGrad) return [];
        out.backward({ gradient: ones(...out.shape).to(where).mul(0.5) });
        return [x.grad, y.grad];
      };
      const onCpu = grads('cpu');
      grads('webgpu').forEach((g, i) => { if (onCpu[i]) close(g!, onCpu[i]!, 1e-4); });
    });
  }

  it('embedding and scatter add repeated indices', () => {
    const e = new nn.Embedding(5, 3);
    const f = new nn.Embedding(5, 3);
    f.loadStateDict(e.stateDict());
    f.to('webgpu');
    const ids = tensor([[1n, 1n], [4n, 1n]]);
    e(ids).pow(2).sum().backward();
    f(ids.webgpu()).pow(2).sum().backward();
    close(f.weight.grad!, e.weight.grad!);
  });

  for (const [name, make] of Object.entries({
    SGD: (p: Iterable<nn.Parameter>) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }), Adam: (p: Iterable<nn.Parameter>) => new optim.Adam(p, { lr: 0.01 }), AdamW: (p: Iterable<nn.Parameter>) => new optim.AdamW(p, { lr: 0.01 }),
  })) {
    it(`trains as on the cpu: ${name}`, () => {
      const train = (where: string): number[] => {
        manualSeed(1);
        const net = new nn.Sequential(new nn.Linear(20, 16), new nn.ReLU(), new nn.LayerNorm(16), new nn.Linear(16, 4)).to(where);
        const opt = make(net.parameters());
        return Array.from({ length: 20 }, () => {
          const x = rand(8, 20), y = randint(0, 4, [8]);
          opt.zeroGrad();
          const loss = nn.functional.crossEntropy(net(x.to(where)), y.to(where));
          loss.backward();
          opt.step();
          return loss.item();
        });
      };
      const a = train('cpu'), b = train('webgpu');
      a.forEach((v, i) => assert.ok(Math.abs(v - b[i]!) < 1e-4, `step ${i}: ${b[i]}, on the cpu ${v}`));
    });
  }

  // Each once with the odd one on either device: neither may read another device's memory.
  const F = nn.functional;
  const apart: Record<string, (here: (t: Tensor) => Tensor, there: (t: Tensor) => Tensor) => unknown> = {
    'layer norm': (a, b) => F.layerNorm(a(ones(2, 7)), [7], b(ones(7))), 'batch norm': (a, b) => F.batchNorm(a(ones(2, 3, 4)), b(zeros(3)), b(ones(3))), 'batch norm weight': (a, b) => F.batchNorm(a(ones(2, 3, 4)), null, null, { weight: b(ones(3)), training: true }), 'group norm': (a, b) => F.groupNorm(a(ones(2, 4, 3)), 2, b(ones(4))),
    convolution: (a, b) => F.conv2d(a(ones(1, 1, 4, 4)), b(ones(1, 1, 2, 2))), 'convolution bias': (a, b) => F.conv2d(a(ones(1, 1, 4, 4)), a(ones(1, 1, 2, 2)), b(ones(1))), 'transposed bias': (a, b) => F.convTranspose1d(a(ones(1, 1, 4)), a(ones(1, 1, 2)), b(ones(1))), linear: (a, b) => F.linear(a(ones(2, 3)), a(ones(4, 3)), b(ones(4))),
    'nll weight': (a, b) => F.nllLoss(a(ones(2, 3)), a(tensor([0n, 1n])), { weight: b(ones(3)) }), 'nll target': (a, b) => F.nllLoss(a(ones(2, 3)), b(tensor([0n, 1n]))), 'cross entropy weight': (a, b) => F.crossEntropy(a(ones(2, 3)), a(tensor([0n, 1n])), { weight: b(ones(3)) }), mse: (a, b) => F.mseLoss(a(ones(3)), b(ones(3))), prelu: (a, b) => F.prelu(a(ones(2, 3)), b(ones(3))),
    embedding: (a, b) => F.embedding(a(tensor([0n, 1n])), b(ones(3, 3))), gather: (a, b) => a(ones(2, 3)).gather(0, b(tensor([[0n]]))), scatter: (a, b) => a(ones(3)).scatter(0, a(tensor([0n])), b(ones(1))), 'index add': (a, b) => a(ones(3)).indexAdd(0, a(tensor([0n])), b(ones(1))), 'masked select': (a, b) => a(ones(3)).maskedSelect(b(ones(3).gt(0))),
    matmul: (a, b) => a(ones(2, 2)).matmul(b(ones(2, 2))), cat: (a, b) => cat([a(ones(2)), b(ones(2))]), where: (a, b) => where(a(ones(3).gt(0)), b(ones(3)), b(ones(3))), bincount: (a, b) => a(tensor([0n, 1n])).bincount(b(ones(2))), searchsorted: (a, b) => searchsorted(a(ones(3)), b(ones(3))), lstm: (a, b) => new nn.LSTM(2, 3).to(b(ones(1)).device)(a(ones(2, 1, 2))),
    'optimizer state': (a, b) => { const m = new nn.Linear(2, 2).to(b(ones(1)).device), o = new optim.Adam(m.parameters()); const step = (where: (t: Tensor) => Tensor): void => { o.zeroGrad(); m(where(ones(1, 2))).sum().backward(); o.step(); }; step(b); m.to(a(ones(1)).device); step(a); },
    'momentum': (a, b) => { const m = new nn.Linear(2, 2).to(b(ones(1)).device), o = new optim.SGD(m.parameters(), { momentum: 0.9 }); const step = (where: (t: Tensor) => Tensor): void => { o.zeroGrad(); m(where(ones(1, 2))).sum().backward(); o.step(); }; step(b); m.to(a(ones(1)).device); step(a); },
  };
  for (const [name, mix] of Object.entries(apart)) {
    it(`tensors of two devices are refused: ${name}`, () => {
      const cpu = (t: Tensor): Tensor => t.cpu(), gpu = (t: Tensor): Tensor => t.webgpu(), said = { name: 'RuntimeError', message: /^Expected all tensors to be on the same device, but found at least two devices, webgpu:0 and cpu!/ };
      assert.throws(() => mix(cpu, gpu), said);
      assert.throws(() => mix(gpu, cpu), said);
    });
  }
  it('an index from the cpu may pick on the device, and not the other way round', () => {
    const x = arange(4).webgpu();
    assert.equal(String(x.at([3, -1]).cpu()), 'tensor([3., 3.])');
    x.set(tensor([0n, 2n]), 7);
    assert.equal(String(x.cpu()), 'tensor([7., 1., 7., 3.])');
    assert.throws(() => x.at(tensor([4n])), { name: 'IndexError', message: 'index 4 is out of bounds for dimension 0 with size 4' });
    assert.throws(() => arange(4).at(tensor([1n]).webgpu()), { name: 'RuntimeError', message: 'indices should be either on cpu or on the same device as the indexed tensor (cpu)' });
  });
  it('convolution takes many images in turns', () => {
    // 7 images of 3 x 64 x 64 with 7 x 7 windows need 17 MB of columns.
    manualSeed(3);
    const c = new nn.Conv2d(3, 2, 7, { padding: 3 }), x = randn(7, 3, 64, 64), y = c(x);
    y.pow(2).mean().backward();
    const want = c.weight.grad!.clone();
    c.zeroGrad();
    c.to('webgpu');
    const xg = x.webgpu().requiresGrad_(), got = c(xg);
    close(got, y.detach(), 1e-4);
    got.pow(2).mean().backward();
    close(c.weight.grad!, want, 1e-3);
    assert.equal(String(xg.grad!.shape), String(x.shape));
  });

  for (const [name, make, channels, size] of [
    ['LeNet', () => new nn.Sequential(new nn.Conv2d(1, 6, 5, { padding: 2 }), new nn.Tanh(), new nn.AvgPool2d(2, 2), new nn.Conv2d(6, 16, 5), new nn.Tanh(), new nn.MaxPool2d(2, 2), new nn.Flatten(), new nn.Linear(400, 10)), 1, 28],
    ['a residual block with batch norm', () => { const body = new nn.Sequential(new nn.Conv2d(8, 8, 3, { padding: 1, bias: false }), new nn.BatchNorm2d(8)); class Block extends nn.Module { body = body; forward(x: Tensor): Tensor { return this.body(x).add(x).relu(); } } return new nn.Sequential(new nn.Conv2d(3, 8, 3, { stride: 2 }), new Block(), new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(8, 10)); }, 3, 16],
  ] as const) {
    it(`trains as on the cpu: ${name}`, () => {
      const train = (where: string): number[] => {
        manualSeed(2);
        const net = make().to(where), opt = new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9 });
        return Array.from({ length: 10 }, () => {
          const x = randn(4, channels, size, size), y = randint(0, 10, [4]);
          opt.zeroGrad();
          const loss = F.crossEntropy(net(x.to(where)), y.to(where));
          loss.backward();
          opt.step();
          return loss.item();
        });
      };
      const a = train('cpu'), b = train('webgpu');
      a.forEach((v, i) => assert.ok(Math.abs(v - b[i]!) < 1e-3, `step ${i}: ${b[i]}, on the cpu ${v}`));
    });
  }

  it('refuses what it does not hold, naming it', () => {
    assert.throws(() => ones(2).double().webgpu(), { name: 'TypeError', message: "Cannot convert a webgpu Tensor to float64 dtype as the WebGPU framework doesn't support float64. Please use float32 instead." });
    assert.throws(() => internal.native['binary'](internal.native.binaryCodes['gcd'], ones(2).webgpu(), ones(2).webgpu()), { name: 'NotImplementedError' });
    const i = tensor([0n]).webgpu();
    assert.throws(() => i.scatterReduce(0, i, i, 'amax'), { name: 'NotImplementedError', message: "The operator 'scatter_reduce' is not currently implemented for int64 on the webgpu device." });
  });

  it('reuses the memory of temporaries', () => {
    const x = ones(64, 64).webgpu();
    let y = x;
    for (let i = 0; i < 5000; i++) y = x.add(i);
    assert.equal(y.cpu().get(0, 0).item(), 5000);
    const [live] = internal.native['memory']() as number[];
    assert.ok(live! < 64 << 20);
  });

  it('is shared by threads, and the process ends by itself', () => {
    const script = `
      const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      const { ones } = require(${JSON.stringify(path.join(repoRoot, 'dist', 'lib', 'index.js'))});
      const sum = ones(10, 10).webgpu().sum().item();
      if (isMainThread) { const w = new Worker(__filename); w.on('message', (s) => console.log(sum, s)); } else parentPort.postMessage(sum);`;
    const file = path.join(repoRoot, 'out', 'webgpuThreads.cjs');
    fs.writeFileSync(file, script);
    const r = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(r.stdout.trim(), '100 100', r.stderr);
    assert.equal(r.status, 0);
  });
});

describe('webgpu without an adapter', () => {
  it('says so, and never crashes', () => {
    const script = `const { backends, ones } = require(${JSON.stringify(path.join(repoRoot, 'dist', 'lib', 'index.js'))});
      console.log(backends.webgpu.isAvailable()); try { ones(1).webgpu(); } catch (e) { console.log(e.name, e.message); }`;
    const r = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { ...process.env, VK_DRIVER_FILES: '/nowhere.json', VK_ICD_FILENAMES: '/nowhere.json' } });
    const lines = r.stdout.trim().split('\n').slice(-2);
    assert.equal(r.status, 0);
    if (lines[0] === 'true') return;
    assert.match(lines[1]!, /^RuntimeError device 'webgpu' is not available: no WebGPU adapter was found/);
  });
});

/**
 * The weight gradient of a layer at batch 1 is kept as a row and a column until somebody looks at it. Nobody may be able to tell:
 * every look at one that nobody has seen yet must give what a product computed at once gives, to the bit.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { autograd, float64, load, manualSeed, nn, noGrad, optim, rand, save, type Tensor } from '../../extension/lib/index';
import { native } from '../../extension/lib/native';

const [n, k] = [64, 700];

/** A weight, one row and the gradient that comes back; `gradient` is what w.grad must be after one backward(). */
function layer(seed = 1): { w: nn.Parameter; x: Tensor; v: Tensor; gradient: Tensor; backward(): Tensor } {
  manualSeed(seed);
  const w = new nn.Parameter(rand(n, k).sub(0.5));
  const [x, v] = [rand(1, k).sub(0.5), rand(1, n).sub(0.5)];
  const backward = (): Tensor => { nn.functional.linear(x, w).backward(v); return w.grad!; };
  return { w, x, v, gradient: v.t().mul(x), backward };
}
const bits = (t: Tensor): string => Buffer.from((t.detach().contiguous().toTypedArray() as Float32Array).buffer).toString('base64');
function same(a: Tensor, b: Tensor): void {
  assert.deepEqual([...a.shape], [...b.shape]);
  assert.ok(bits(a) === bits(b), 'the bits differ');
}

describe('the weight gradient at batch 1', () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'deferred-')), 'gradient');
  after(() => fs.rmSync(path.dirname(file), { recursive: true }));

  const looks: Record<string, (g: Tensor) => unknown> = {
    toTypedArray: (g) => bits(g),
    print: (g) => String(g),
    item: (g) => g.get(3, 5).item(),
    'a view': (g) => bits(g.view(-1)),
    'a transposed view': (g) => bits(g.t()),
    'a slice of a slice': (g) => bits(g.slice(0, 3, 50, 7).slice(1, 10, 20)),
    'a gathered column': (g) => bits(g.indexSelect(1, g.get(0).argmax().view(1))),
    detach: (g) => bits(g.detach()),
    data: (g) => bits(g.data),
    clone: (g) => bits(g.clone()),
    'another dtype': (g) => g.to(float64).toArray(),
    arithmetic: (g) => bits(g.add(g.exp())),
    reductions: (g) => [g.sum().item(), g.norm().item(), g.max().item(), bits(g.sum(0))],
    product: (g) => bits(g.matmul(g.t())),
    storage: (g) => Buffer.from(native['storageBytes'](g) as Uint8Array).toString('base64'),
    'the inspector\'s numbers': (g) => [native['summary'](g), native['histogram'](g, 20)],
    'a .pt file': (g) => { save({ g }, `${file}.pt`); return bits((load(`${file}.pt`) as Map<string, Tensor>).get('g')!); },
    'a safetensors file': (g) => { save({ g }, `${file}.safetensors`); return bits((load(`${file}.safetensors`) as Map<string, Tensor>).get('g')!); },
    'all close': (g) => g.allclose(g.clone()),
  };
  for (const [name, look] of Object.entries(looks))
    it(`is seen through ${name}`, () => {
      const { gradient, backward } = layer();
      const first = look(backward());
      assert.deepEqual(first, look(gradient));
    });

  it('does not change with its sources', () => {
    const { w, x, v, gradient, backward } = layer();
    const g = backward();
    noGrad(() => { x.zero_(); v.fill_(3); w.zero_(); });
    same(g, gradient);
  });

  it('is written to in place, whole and in part', () => {
    const changes: ((g: Tensor) => void)[] = [
      (g) => g.mul_(2), (g) => g.add_(1), (g) => g.zero_(), (g) => g.copy_(g.neg()), (g) => g.get(3).fill_(5), (g) => g.t().get(2).mul_(3),
      (g) => g.view(-1).slice(0, 100, 900).relu_(), (g) => g.detach().neg_(), (g) => g.data.abs_(),
    ];
    for (const change of changes) {
      const { gradient, backward } = layer();
      const g = backward();
      const view = g.view(-1);
      change(g);
      change(gradient);
      same(g, gradient);
      same(view, gradient.view(-1));
    }
  });

  it('adds up over backward passes, in the tensor that is there', () => {
    const { w, gradient, backward } = layer();
    const first = backward();
    const alias = first.detach();
    assert.equal(backward(), first);
    same(w.grad!, gradient.add(gradient));
    same(alias, w.grad!);
  });

  it('is forgotten and filled with zeros', () => {
    const { w, gradient, backward } = layer();
    const sgd = new optim.SGD([w], { lr: 0.1 });
    const first = backward();
    sgd.zeroGrad();
    assert.equal(w.grad, null);
    same(backward(), gradient);
    same(first, gradient);
    const second = backward();
    sgd.zeroGrad({ setToNone: false });
    assert.equal(second.countNonzero().item(), 0);
    same(backward(), gradient);
  });

  it('passes through hooks', () => {
    const { w, gradient, backward } = layer();
    const seen: string[] = [];
    w.registerHook((g) => { seen.push(bits(g)); });
    const handle = w.registerHook((g) => g.mul(2));
    w.registerPostAccumulateGradHook((p) => { seen.push(bits(p.grad!)); });
    same(backward(), gradient.mul(2));
    assert.deepEqual(seen, [bits(gradient), bits(gradient.mul(2))]);
    handle.remove();
    w.grad = null;
    const kept: Tensor[] = [];
    w.registerHook((g) => { kept.push(g); });
    const g = backward();
    g.zero_();
    same(kept[0]!, gradient); // a gradient that a hook keeps is not the one in .grad
  });

  it('is the same from autograd.grad and with a graph of its own', () => {
    const { w, x, v, gradient, backward } = layer();
    same(autograd.grad(nn.functional.linear(x, w), [w], { gradOutputs: [v] })[0]!, gradient);
    nn.functional.linear(x, w).backward({ gradient: v, createGraph: true });
    same(w.grad!, gradient);
    w.grad = null;
    same(backward(), gradient);
  });

  it('may be shared with other leaves', () => {
    const { gradient, backward } = layer();
    const g = backward();
    const other = new nn.Parameter(rand(n, k));
    other.grad = g;
    const before = other.detach().clone();
    new optim.SGD([other], { lr: 0.5 }).step();
    same(other, before.sub(gradient.mul(0.5)));
    const weight = new nn.Parameter(g); // a parameter over the gradient's own memory
    weight.grad = g;
    new optim.SGD([weight], { lr: 0.5 }).step();
    same(weight, gradient.sub(gradient.mul(0.5)));
    same(g, weight);
  });

  it('is clipped', () => {
    const [a, b] = [layer(), layer()];
    a.backward();
    b.w.grad = b.gradient.clone();
    const norms = [a, b].map(({ w }) => nn.utils.clipGradNorm_([w], 0.1).item());
    assert.equal(norms[0], norms[1]);
    same(a.w.grad!, b.w.grad!);
    assert.ok(!bits(a.w.grad!).startsWith(bits(a.gradient).slice(0, 100)), 'nothing was clipped');
  });

  const optimizers: Record<string, (p: nn.Parameter[]) => optim.Optimizer> = {
    'SGD': (p) => new optim.SGD(p, { lr: 0.1 }),
    'SGD with a tiny rate': (p) => new optim.SGD(p, { lr: 1e-7 }),
    'SGD, maximizing': (p) => new optim.SGD(p, { lr: 0.1, maximize: true }),
    'SGD with decay': (p) => new optim.SGD(p, { lr: 0.1, weightDecay: 0.01 }),
    'SGD with momentum': (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.1 }),
    'SGD after Nesterov': (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
    'Adam': (p) => new optim.Adam(p, { lr: 0.01 }),
    'AdamW': (p) => new optim.AdamW(p, { lr: 0.01 }),
    'RMSprop': (p) => new optim.RMSprop(p, { lr: 0.01 }),
  };
  for (const [name, make] of Object.entries(optimizers))
    it(`gives ${name} the same bits, seen before the step, after it, or never`, () => {
      const runs = ['never', 'before', 'after'].map((when) => {
        const { w, gradient, backward } = layer();
        const optimizer = make([w]);
        for (let i = 0; i < 3; i++) {
          optimizer.zeroGrad();
          const g = backward();
          if (when === 'before') same(g, gradient);
          optimizer.step();
          if (when === 'after') same(g, gradient);
        }
        return bits(w);
      });
      assert.equal(runs[1], runs[0]);
      assert.equal(runs[2], runs[0]);
    });

  it('steps a parameter that is not contiguous', () => {
    manualSeed(3);
    const w = new nn.Parameter(rand(k, n).t());
    const [x, v] = [rand(1, k), rand(1, n)];
    const before = w.detach().clone();
    nn.functional.linear(x, w).backward(v);
    new optim.SGD([w], { lr: 0.5 }).step();
    same(w, before.sub(v.t().mul(x).mul(0.5)));
  });
});

/** What the case rows cannot say: places in user code, gradcheck's verdicts, histories that free themselves. */
import assert from 'node:assert/strict';

import { autograd, bfloat16, float64, nn, noGrad, ones, rand, tensor, zeros, type Tensor } from '../../extension/lib/index';
import { native } from '../../extension/lib/native';

const live = (): number => { (globalThis as { gc?: () => void }).gc!(); (native['memory'] as () => number[])(); return (native['memory'] as () => number[])()[0]!; };

describe('autograd', () => {
  it('names compositions as PyTorch names its ops', () => {
    const F = nn.functional, a = rand([1, 2, 6], { requiresGrad: true }), b = rand([1, 4, 6, 6], { requiresGrad: true }), c = rand([1, 1, 4, 4, 4], { requiresGrad: true });
    const names: [Tensor, string][] = [
      [F.maxPool1d(a, 2), 'SqueezeBackward1'], [F.maxPool2d(b, 2), 'MaxPool2DWithIndicesBackward0'], [F.maxPool3d(c, 2), 'MaxPool3DWithIndicesBackward0'],
      [F.avgPool1d(a, 2), 'SqueezeBackward1'], [F.avgPool2d(b, 2), 'AvgPool2DBackward0'], [F.avgPool3d(c, 2), 'AvgPool3DBackward0'],
      [F.adaptiveAvgPool2d(b, 1), 'MeanBackward1'], [F.adaptiveAvgPool2d(b, 2), 'AdaptiveAvgPool2DBackward0'], [F.adaptiveAvgPool2d(b, 4), 'AdaptiveAvgPool2DBackward0'], [F.adaptiveAvgPool3d(c, 2), 'AdaptiveAvgPool3DBackward0'],
      [F.adaptiveMaxPool2d(b, 4), 'AdaptiveMaxPool2DBackward0'], [F.pixelShuffle(b, 2), 'PixelShuffleBackward0'], [F.pixelUnshuffle(b, 2), 'PixelUnshuffleBackward0'], [b.roll(1, 0), 'RollBackward0'],
      [F.instanceNorm(b), 'ViewBackward0'], [F.pairwiseDistance(a, a.detach()), 'NormBackward1'],
    ];
    for (const [t, name] of names) assert.equal(t.gradFn, name);
  });

  it('names the user\'s line in anomaly mode', () => {
    const where = (): Tensor => zeros(3, { requiresGrad: true }).sqrt();
    const line = /autograd\.test\.js:(\d+)/.exec(new Error().stack!)![1]!;
    assert.throws(() => autograd.detectAnomaly(() => where().mul(0).sum().backward()), (e: Error) => {
      assert.match(e.message, /^Function 'SqrtBackward0' returned nan values in its 0th output\./);
      const first = /The forward call of SqrtBackward0[^\n]*\n\s*at .*autograd\.test\.js:(\d+)/.exec(e.message);
      assert.ok(first !== null, e.message);
      assert.ok(Math.abs(Number(first[1]) - Number(line)) <= 2, `line ${first[1]} is not beside ${line}`);
      return true;
    });
    assert.doesNotThrow(() => zeros(3, { requiresGrad: true }).sqrt().mul(0).sum().backward());
  });

  it('adds nothing to a leaf that was frozen after the graph was made', () => {
    const [w, v] = [ones(2, { requiresGrad: true }), ones(2, { requiresGrad: true })];
    const y = w.mul(v).sum();
    w.requiresGrad_(false);
    y.backward();
    assert.equal(w.grad, null);
    assert.equal(String(v.grad), 'tensor([1., 1.])');
  });

  it('names the forward line of a tensor changed in place', () => {
    assert.throws(() => autograd.detectAnomaly(() => { const y = ones(3, { requiresGrad: true }).exp(); y.add_(1); y.sum().backward(); }), /modified by an inplace operation[\s\S]*The forward call of ExpBackward0[\s\S]*autograd\.test/);
  });

  it('a half type changed in place by a wider one keeps what its gradient needs', () => {
    const x = tensor(-3.125, { dtype: bfloat16 }).requiresGrad_(), y = tensor(-0.375).requiresGrad_();
    const r = x.clone().ldexp_(y);
    r.backward();
    assert.equal(Number(r.item()), -2.40625);
    assert.equal(Number(x.grad!.item()), 0.76953125);
    assert.ok(Math.abs(Number(y.grad!.item()) - -1.6641) < 0.01);
  });
  it('gradcheck accepts right and refuses wrong gradients', () => {
    const x = rand(3, { dtype: float64, requiresGrad: true });
    assert.ok(autograd.gradcheck((t) => t.sin().mul(t), x));
    assert.ok(autograd.gradgradcheck((t) => t.sin().mul(t), x));
    class Wrong extends autograd.Function {
      static forward(_: autograd.FunctionCtx, a: Tensor): Tensor { return a.mul(2); }
      static backward(_: autograd.FunctionCtx, g: Tensor): Tensor { return g.mul(3); }
    }
    assert.throws(() => autograd.gradcheck((t) => Wrong.apply(t), x), (e: Error) => e instanceof autograd.GradcheckError && /^Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor/.test(e.message));
    assert.equal(autograd.gradcheck((t) => Wrong.apply(t), x, { raiseException: false }), false);
    assert.throws(() => autograd.gradcheck((t) => t, x.detach()), /expects at least one input tensor to require gradient/);
  });

  it('refuses async functions in a mode, and puts the mode back after an error', () => {
    assert.throws(() => noGrad(async () => {}), /synchronous|done when it returns/);
    assert.throws(() => noGrad(() => { throw new Error('mine'); }), /mine/);
    assert.equal(autograd.isGradEnabled(), true);
  });

  it('an error in a hook comes out of backward() as it is', () => {
    const x = ones(3, { requiresGrad: true });
    x.registerHook(() => { throw new RangeError('mine'); });
    assert.throws(() => x.sum().backward(), (e: Error) => e instanceof RangeError && e.message === 'mine');
    assert.throws(() => { class Bad extends autograd.Function { static forward(_: autograd.FunctionCtx, a: Tensor): Tensor { return a.mul(1); } static backward(): Tensor { throw new RangeError('backwards'); } } Bad.apply(ones(3, { requiresGrad: true })).sum().backward(); }, /backwards/);
  });

  it('frees histories of views changed in place, hooks and functions, never run backwards', () => {
    class Twice extends autograd.Function {
      static forward(ctx: autograd.FunctionCtx, a: Tensor): Tensor { ctx.saveForBackward(a); return a.mul(2); }
      static backward(_: autograd.FunctionCtx, g: Tensor): Tensor { return g.mul(2); }
    }
    const w = ones(1000, { requiresGrad: true });
    const round = (): void => {
      const x = w.mul(1);
      const v = x.slice(0, 0, 500);
      const y = v.mul(v);
      x.slice(0, 500).mul_(y);
      x.get(0).add_(x.get(1));
      x.mul_(x.exp());
      x.retainGrad();
      x.registerHook((g) => g);
      Twice.apply(x).sum();
    };
    for (let i = 0; i < 50; i++) round();
    const before = live();
    for (let i = 0; i < 2000; i++) round();
    const after = live();
    assert.ok(after - before < 2_000_000, `${after - before} bytes more`);
  });

  it('frees long chains without running out of stack', () => {
    const w = ones(1, { requiresGrad: true });
    let x = w.mul(1);
    for (let i = 0; i < 200_000; i++) x = x.mul(w);
    x = w.mul(1);
    let t = zeros(4);
    for (let i = 0; i < 20_000; i++) { t.get(i % 4).add_(w.get(0)); t.mul_(w); }
    t.sum().backward();
    t = zeros(1);
    live();
  });

  it('runs a long chain backwards', () => {
    const w = tensor(1, { requiresGrad: true });
    let x = w.mul(1);
    for (let i = 0; i < 100_000; i++) x = x.add(w);
    x.backward();
    assert.equal(w.grad!.item(), 100_001);
  });
});

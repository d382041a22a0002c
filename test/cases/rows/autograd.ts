/** Automatic differentiation: histories, hooks, modes, functions of one's own, and PyTorch's errors. */
import * as torch from '../../../extension/lib/index';
import { autograd, enableGrad, float64, inferenceMode, int64, nn, noGrad, ones, tensor, zeros, type Tensor } from '../../../extension/lib/index';
import { error, f, op, same, type Row } from '../table';

const w = (): Tensor => ones(3, { requiresGrad: true });
const W = 'torch.ones(3, requires_grad=True)';
/** An error row whose Python has x, a leaf of three ones. */
const fails = (name: string, run: (x: Tensor) => unknown, py: string): Row => error(name, () => { run(w()); return null; }, `x = ${W}; ${py}; out = 1`);
const gives = (name: string, run: (x: Tensor) => ReturnType<Parameters<typeof same>[1]>, py: string): Row => same(name, () => run(w()), `x = ${W}; ${py}`, { ulps: 1 });

class Mul extends autograd.Function {
  static forward(ctx: autograd.FunctionCtx, a: Tensor, b: Tensor): Tensor { ctx.saveForBackward(a, b); return a.mul(b); }
  static backward(ctx: autograd.FunctionCtx, g: Tensor): (Tensor | null)[] { const [a, b] = ctx.savedTensors as [Tensor, Tensor]; return [g.mul(b), g.mul(a)]; }
}
const MUL = 'class Mul(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, a, b): ctx.save_for_backward(a, b); return a * b\n  @staticmethod\n  def backward(ctx, g): a, b = ctx.saved_tensors; return g * b, g * a\n';
const variant = (name: string, change: string): string => MUL.replace('class Mul', `class ${name}`).replace(/ {2}def backward.*\n/, `  def backward(ctx, g): ${change}\n`);
class Short extends Mul { static override backward(_: autograd.FunctionCtx, g: Tensor): Tensor[] { return [g]; } }
class Long extends Mul { static override backward(_: autograd.FunctionCtx, g: Tensor): Tensor[] { return [g, g, g]; } }
class Wrong extends Mul { static override backward(_: autograd.FunctionCtx, g: Tensor): Tensor[] { return [g, ones(7)]; } }
class None extends Mul { static override backward(): null[] { return [null, null, null]; } }
class Dirty extends autograd.Function {
  static forward(ctx: autograd.FunctionCtx, a: Tensor): Tensor { ctx.markDirty(a); return a.mul_(2); }
  static backward(_: autograd.FunctionCtx, g: Tensor): Tensor { return g.mul(2); }
}
class Forgot extends Dirty { static override forward(ctx: autograd.FunctionCtx, a: Tensor): Tensor { ctx.markDirty(a); return a.mul(1); } }
class Exp extends autograd.Function {
  static forward(ctx: autograd.FunctionCtx, a: Tensor): Tensor { const y = a.exp(); ctx.saveForBackward(y); return y; }
  static backward(ctx: autograd.FunctionCtx, g: Tensor): Tensor { return g.mul(ctx.savedTensors[0]!); }
}
class Two extends autograd.Function {
  static forward(_: autograd.FunctionCtx, a: Tensor): Tensor[] { return [a.mul(2), a.mul(3)]; }
  static backward(_: autograd.FunctionCtx, g: Tensor, h: Tensor): Tensor { return g.mul(2).add(h.mul(3)); }
}
class View extends autograd.Function {
  static forward(_: autograd.FunctionCtx, a: Tensor): Tensor { return a.view(3, 1); }
  static backward(_: autograd.FunctionCtx, g: Tensor): Tensor { return g.view(3); }
}
const VIEW = 'class View(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, a): return a.view(3, 1)\n  @staticmethod\n  def backward(ctx, g): return g.view(3)\n';
class Same extends autograd.Function {
  static forward(_: autograd.FunctionCtx, a: Tensor): Tensor { return a; }
  static backward(_: autograd.FunctionCtx, g: Tensor): Tensor { return g.mul(5); }
}

const F = nn.functional;
/** Where PyTorch's gradient is made from an input that it does not depend on: its own gradient is zero, not missing. */
const flat: readonly (readonly [number[], (x: Tensor) => Tensor, string])[] = [
  [[6], (x) => F.relu(x), "F.relu(x)"],
  [[6], (x) => F.leakyRelu(x), "F.leaky_relu(x)"],
  [[6], (x) => F.hardtanh(x), "F.hardtanh(x)"],
  [[6], (x) => F.relu6(x), "F.relu6(x)"],
  [[6], (x) => F.hardshrink(x), "F.hardshrink(x)"],
  [[6], (x) => F.softshrink(x), "F.softshrink(x)"],
  [[6], (x) => F.threshold(x, 0.5, 1), "F.threshold(x, .5, 1)"],
  [[6], (x) => F.rrelu(x), "F.rrelu(x)"],
  [[1, 2, 4], (x) => F.maxPool1d(x, 2), "F.max_pool1d(x, 2)"],
  [[1, 2, 4, 4], (x) => F.maxPool2d(x, 2), "F.max_pool2d(x, 2)"],
  [[1, 1, 2, 4, 4], (x) => F.maxPool3d(x, 2), "F.max_pool3d(x, 2)"],
  [[1, 2, 4], (x) => F.avgPool1d(x, 2), "F.avg_pool1d(x, 2)"],
  [[1, 2, 4, 4], (x) => F.avgPool2d(x, 3, { padding: 1 }), "F.avg_pool2d(x, 3, padding=1)"],
  [[1, 1, 2, 4, 4], (x) => F.avgPool3d(x, 2), "F.avg_pool3d(x, 2)"],
  [[1, 2, 4], (x) => F.adaptiveAvgPool1d(x, 3), "F.adaptive_avg_pool1d(x, 3)"],
  [[1, 2, 4, 5], (x) => F.adaptiveAvgPool2d(x, 2), "F.adaptive_avg_pool2d(x, 2)"],
  [[1, 1, 2, 4, 3], (x) => F.adaptiveAvgPool3d(x, 2), "F.adaptive_avg_pool3d(x, 2)"],
  [[1, 2, 4, 5], (x) => F.adaptiveMaxPool2d(x, 2), "F.adaptive_max_pool2d(x, 2)"],
  [[1, 2, 4], (x) => F.pad(x, [1, 2], 'reflect'), "F.pad(x, (1, 2), 'reflect')"],
  [[1, 2, 4, 3], (x) => F.pad(x, [1, 2, 1, 1], 'reflect'), "F.pad(x, (1, 2, 1, 1), 'reflect')"],
  [[1, 1, 2, 3, 3], (x) => F.pad(x, [1, 1, 1, 0, 0, 1], 'reflect'), "F.pad(x, (1, 1, 1, 0, 0, 1), 'reflect')"],
  [[1, 2, 3], (x) => F.pad(x, [2, 1], 'replicate'), "F.pad(x, (2, 1), 'replicate')"],
  [[1, 2, 5], (x) => F.interpolate(x, { size: 3, mode: 'area' }), "F.interpolate(x, size=3, mode='area')"],
  [[2, 3], (x) => F.nllLoss(x, tensor([1, 0], { dtype: int64 })), "F.nll_loss(x, torch.tensor([1, 0]))"],
  [[1, 1, 4, 4], (x) => F.maxUnpool2d(...F.maxPool2dWithIndices(x, 2), 2), "F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)"],
];
/** The gradient and the gradient of its sum. */
function twice(shape: readonly number[], run: (x: Tensor) => Tensor): Tensor[] {
  const x = torch.arange(shape.reduce((a, b) => a * b)).float().reshape(...shape).div(7).sub(0.3).requiresGrad_();
  const g = autograd.grad(run(x).sum(), x, { createGraph: true })[0]!;
  return [g.detach(), autograd.grad(g.sum(), x)[0]!];
}
const TWICE = 'def twice(n, run):\n  x = torch.arange(float(math.prod(n))).reshape(n).div(7).sub(0.3).requires_grad_()\n  g, = torch.autograd.grad(run(x).sum(), x, create_graph=True)\n  return [g.detach(), torch.autograd.grad(g.sum(), x)[0]]\n';

export const rows: Row[] = [
  ...flat.map(([shape, run, py]) => same(`second gradient of ${py}`, () => twice(shape, run), `${TWICE}out = twice([${shape.join()}], lambda x: ${py})`, { ulps: 2 })),
  same('second gradient through hardswish', () => twice([40], (x) => F.hardswish(x.sub(3))), `${TWICE}out = twice([40], lambda x: F.hardswish(x - 3))`, { ulps: 4 }),
  op('Function', [f(3), f(1, 3)], (x, y) => Mul.apply(x, y), `${MUL}out = Mul.apply(x, y)`, { dtypes: ['float64'] }),
  op('Function saves its output', [f(3)], (x) => Exp.apply(x), 'out = x.exp()', { dtypes: ['float64'], anyFn: true }),
  op('Function of two results', [f(3)], (x) => Two.apply(x), 'out = [x * 2, x * 3]', { dtypes: ['float64'], anyFn: true }),
  op('Function, one result unused', [f(3)], (x) => Two.apply(x)[1]!.mul(1), 'out = x * 3', { dtypes: ['float64'], anyFn: true }),
  op('Function in place', [f(3)], (x) => { const y = x.mul(1); Dirty.apply(y); return y; }, 'out = x * 2', { dtypes: ['float64'], anyFn: true }),
  op('Function in place on a view', [f(3)], (x) => { const y = x.mul(1); Dirty.apply(y.slice(0, 1)); return y; }, 'out = x * torch.tensor([1, 2, 2])', { dtypes: ['float64'], anyFn: true }),
  op('Function of a view', [f(3)], (x) => View.apply(x).mul(1), 'out = x.view(3, 1) * 1', { dtypes: ['float64'] }),
  op('Function returns its input', [f(3)], (x) => Same.apply(x).mul(1), 'class Same(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, a): return a\n  @staticmethod\n  def backward(ctx, g): return g * 5\nout = Same.apply(x) * 1', { dtypes: ['float64'], kink: true }),
  gives('Function prints', (x) => String(Mul.apply(x, w())), `\n${MUL}out = str(Mul.apply(x, ${W}))`),
  gives('Function gives no gradient', (x) => { None.apply(x, w()).sum().backward(); return x.grad; }, `\n${variant('Nothing', 'return None, None, None')}Nothing.apply(x, ${W}).sum().backward(); out = x.grad`),
  gives('needsInputGrad', (x) => { let seen: readonly boolean[] = []; class Look extends autograd.Function { static forward(ctx: autograd.FunctionCtx, a: Tensor, _b: number, _c: Tensor): Tensor { seen = ctx.needsInputGrad; return a.mul(1); } static backward(_: autograd.FunctionCtx, g: Tensor): (Tensor | null)[] { return [g, null, null]; } } Look.apply(x, 2, ones(3)); return seen; }, 'out = [True, False, False]'),
  fails('Function, too few gradients', (x) => Short.apply(x, w()).sum().backward(), `\n${variant('Short', 'return g')}Short.apply(x, ${W}).sum().backward()`),
  fails('Function, too many gradients', (x) => Long.apply(x, w()).sum().backward(), `\n${variant('Long', 'return g, g, g')}Long.apply(x, ${W}).sum().backward()`),
  fails('Function, gradient of a wrong shape', (x) => Wrong.apply(x, w()).sum().backward(), `\n${variant('Wrong', 'return g, torch.ones(7)')}Wrong.apply(x, ${W}).sum().backward()`),
  fails('Function, dirty but not returned', (x) => Forgot.apply(x.mul(1)), '\nclass Forgot(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, a): ctx.mark_dirty(a); return a * 1\nForgot.apply(x * 1)'),
  fails('Function, view changed in place', (x) => View.apply(x.mul(1)).mul_(2), `\n${VIEW}View.apply(x * 1).mul_(2)`),
  fails('Function, leaf changed in place', (x) => Dirty.apply(x), '\nclass Dirty(torch.autograd.Function):\n  @staticmethod\n  def forward(ctx, a): ctx.mark_dirty(a); return a.mul_(2)\nDirty.apply(x)'),

  fails('backward of a vector', (x) => x.mul(2).backward(), '(x * 2).backward()'),
  fails('backward twice', (x) => { const y = x.mul(x).sum(); y.backward(); y.backward(); }, 'y = (x * x).sum(); y.backward(); y.backward()'),
  fails('backward without a history', () => ones(3).sum().backward(), 'torch.ones(3).sum().backward()'),
  fails('gradient of another shape', (x) => x.mul(2).backward(ones(2)), '(x * 2).backward(torch.ones(2))'),
  fails('output changed in place', (x) => { const y = x.exp(); y.add_(1); y.sum().backward(); }, 'y = x.exp(); y.add_(1); y.sum().backward()'),
  fails('input changed in place', (x) => { const y = x.mul(1); const z = y.mul(y); y.add_(1); z.sum().backward(); }, 'y = x * 1; z = y * y; y.add_(1); z.sum().backward()'),
  fails('leaf data changed', (x) => { const z = x.square(); noGrad(() => x.add_(1)); z.sum().backward(); }, 'z = x.square()\nwith torch.no_grad(): x.add_(1)\nz.sum().backward()'),
  fails('detached changed in place', (x) => { const y = x.mul(1); const z = y.mul(y); y.detach().add_(1); z.sum().backward(); }, 'y = x * 1; z = y * y; y.detach().add_(1); z.sum().backward()'),
  fails('leaf in place', (x) => x.add_(1), 'x.add_(1)'),
  fails('view of a leaf in place', (x) => x.get(0).add_(1), 'x[0].add_(1)'),
  fails('expanded leaf in place', (x) => x.view(3, 1).mul_(2), 'x.view(3, 1).mul_(2)'),
  fails('one of many views in place', (x) => x.mul(1).unbind()[0]!.mul_(2), '(x * 1).unbind()[0].mul_(2)'),
  fails('one of split in place', (x) => x.mul(1).split(1)[0]!.mul_(2), '(x * 1).split(1)[0].mul_(2)'),
  fails('base of many views changed', (x) => { const t = x.mul(1); const v = t.unbind()[0]!; t.mul_(2); return v.gradFn; }, 't = x * 1; v = t.unbind()[0]; t.mul_(2); v.grad_fn'),
  fails('view made without recording', (x) => { const t = x.mul(1); const v = noGrad(() => t.get(0)); v.mul_(2); return v.requiresGrad; }, 't = x * 1\nwith torch.no_grad(): v = t[0]\nv.mul_(2); v.requires_grad'),
  fails('view made without recording takes a gradient', (x) => { const t = ones(3); const v = noGrad(() => t.get(0)); v.mul_(x.get(0)); }, 't = torch.ones(3)\nwith torch.no_grad(): v = t[0]\nv.mul_(x[0])'),
  fails('expanded in place', () => ones(3).expand(2, 3).add_(1), 'torch.ones(3).expand(2, 3).add_(1)'),
  fails('overlapping add_', () => { const t = ones(4); t.slice(0, 1).add_(t.slice(0, 0, 3)); }, 't = torch.ones(4); t[1:].add_(t[:-1])'),
  fails('overlapping copy_', () => { const t = ones(4); t.slice(0, 1).copy_(t.slice(0, 0, 3)); }, 't = torch.ones(4); t[1:].copy_(t[:-1])'),
  fails('transposed in place', () => { const t = ones(2, 2); t.add_(t.t()); }, 't = torch.ones(2, 2); t.add_(t.t())'),
  fails('requires_grad of a result', (x) => { x.mul(2).requiresGrad = false; }, 'y = x * 2; y.requires_grad = False'),
  fails('requires_grad of integers', () => ones(3, { dtype: int64 }).requiresGrad_(), 'torch.ones(3, dtype=torch.int64).requires_grad_()'),
  fails('hook without a gradient', () => ones(3).registerHook((g) => g), 'torch.ones(3).register_hook(lambda g: g)'),
  fails('retain_grad without a gradient', () => ones(3).retainGrad(), 'torch.ones(3).retain_grad()'),
  fails('hook changes the shape', (x) => { const y = x.mul(2); y.registerHook(function hook(g) { return g.slice(0, 0, 1); }); y.sum().backward(); }, 'y = x * 2\ndef hook(g): return g[:1]\ny.register_hook(hook); y.sum().backward()'),
  fails('grad of something unused', (x) => autograd.grad(x.sum(), w()), `torch.autograd.grad(x.sum(), ${W})`),
  fails('grad of a constant', (x) => autograd.grad(x.sum(), ones(2)), 'torch.autograd.grad(x.sum(), torch.ones(2))'),
  fails('grad assigned of another shape', (x) => { x.grad = ones(2); }, 'x.grad = torch.ones(2)'),
  fails('grad assigned of another dtype', (x) => { x.grad = ones(3, { dtype: float64 }); }, 'x.grad = torch.ones(3, dtype=torch.float64)'),
  fails('inference tensor in place', () => inferenceMode(() => ones(3)).add_(1), '\nwith torch.inference_mode(): t = torch.ones(3)\nt.add_(1)'),
  fails('inference tensor saved', (x) => x.mul(inferenceMode(() => ones(3))), '\nwith torch.inference_mode(): t = torch.ones(3)\nx * t'),
  fails('inference tensor requires grad', () => inferenceMode(() => ones(3)).requiresGrad_(), '\nwith torch.inference_mode(): t = torch.ones(3)\nt.requires_grad_()'),
  fails('inference tensor version', () => inferenceMode(() => ones(3)).version, '\nwith torch.inference_mode(): t = torch.ones(3)\nt._version'),
  fails('view made in inference mode', (x) => { const t = ones(3); const v = inferenceMode(() => t.get(0)); v.mul_(x.get(0)); }, 't = torch.ones(3)\nwith torch.inference_mode(): v = t[0]\nv.mul_(x[0])'),
  fails('detach_ of a view', (x) => x.mul(1).get(0).detach_(), '(x * 1)[0].detach_()'),
  fails('NaN in anomaly mode', () => autograd.detectAnomaly(() => { const x = zeros(3, { requiresGrad: true }); x.sqrt().mul(0).sum().backward(); }), '\nimport warnings\nwarnings.simplefilter("ignore")\nwith torch.autograd.set_detect_anomaly(True):\n  x = torch.zeros(3, requires_grad=True); (x.sqrt() * 0).sum().backward()'),

  gives('gradients add up', (x) => { x.mul(2).sum().backward(); x.mul(3).sum().backward(); return x.grad; }, '(x * 2).sum().backward(); (x * 3).sum().backward(); out = x.grad'),
  gives('retain_graph', (x) => { const y = x.mul(x).sum(); y.backward({ retainGraph: true }); y.backward(); return x.grad; }, 'y = (x * x).sum(); y.backward(retain_graph=True); y.backward(); out = x.grad'),
  gives('create_graph', (x) => { const g = autograd.grad(x.exp().sum(), x, { createGraph: true })[0]!; g.mul(g).sum().backward(); return [g.gradFn, x.grad]; }, 'g, = torch.autograd.grad(x.exp().sum(), x, create_graph=True); (g * g).sum().backward(); out = [type(g.grad_fn).__name__, x.grad]'),
  gives('third derivative', (x) => { let y = x.pow(4).sum(); for (let i = 0; i < 3; i++) y = autograd.grad(y, x, { createGraph: true })[0]!.sum(); return y; }, 'y = x.pow(4).sum()\nfor i in range(3): y = torch.autograd.grad(y, x, create_graph=True)[0].sum()\nout = y.detach()'),
  gives('grad with allow_unused', (x) => autograd.grad(x.sum(), [x, w()], { allowUnused: true }), `out = torch.autograd.grad(x.sum(), [x, ${W}], allow_unused=True)`),
  gives('grad of materialized', (x) => autograd.grad(x.sum(), [x, w()], { materializeGrads: true }), `out = torch.autograd.grad(x.sum(), [x, ${W}], allow_unused=True, materialize_grads=True)`),
  gives('grad with grad_outputs', (x) => autograd.grad([x.mul(2), x.mul(3)], x, { gradOutputs: [tensor([1, 2, 3]), tensor([0, 0, 1])] }), 'out = torch.autograd.grad([x * 2, x * 3], x, [torch.tensor([1., 2, 3]), torch.tensor([0., 0, 1])])'),
  gives('grad of an inner result', (x) => { const y = x.mul(2); const z = y.mul(y).sum(); return [autograd.grad(z, y)[0], x.grad]; }, 'y = x * 2; z = (y * y).sum(); out = [torch.autograd.grad(z, y)[0], x.grad]'),
  gives('autograd.backward of several', (x) => { autograd.backward([x.sum(), x.mul(2)], [null, tensor([1, 2, 3])]); return x.grad; }, 'torch.autograd.backward([x.sum(), x * 2], [None, torch.tensor([1., 2, 3])]); out = x.grad'),
  gives('hooks in order', (x) => { const y = x.mul(2); y.registerHook((g) => g.mul(10)); y.registerHook((g) => g.add(1)); y.retainGrad(); y.registerHook((g) => g.mul(3)); y.sum().backward(); return [x.grad, y.grad]; }, 'y = x * 2; y.register_hook(lambda g: g * 10); y.register_hook(lambda g: g + 1); y.retain_grad(); y.register_hook(lambda g: g * 3); y.sum().backward(); out = [x.grad, y.grad]'),
  gives('hook of a leaf', (x) => { x.registerHook((g) => g.mul(2)); const h = x.registerHook((g) => g.add(100)); h.remove(); x.sum().backward(); x.mul(3).sum().backward(); return x.grad; }, 'x.register_hook(lambda g: g * 2); h = x.register_hook(lambda g: g + 100); h.remove(); x.sum().backward(); (x * 3).sum().backward(); out = x.grad'),
  gives('hook of a leaf in grad', (x) => { x.registerHook((g) => g.mul(2)); return [autograd.grad(x.sum(), x)[0], x.grad]; }, 'x.register_hook(lambda g: g * 2); out = [torch.autograd.grad(x.sum(), x)[0], x.grad]'),
  gives('hook once for a shared leaf', (x) => { let n = 0; x.registerHook(() => { n++; }); x.mul(x).add(x).sum().backward(); return [n, x.grad]; }, 'n = []; x.register_hook(lambda g: n.append(1)); (x * x + x).sum().backward(); out = [len(n), x.grad]'),
  gives('post accumulate hook', (x) => { const seen: Tensor[] = []; x.registerPostAccumulateGradHook((p) => { seen.push(p.grad!.clone()); }); x.sum().backward(); x.sum().backward(); return seen; }, 'seen = []; x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone())); x.sum().backward(); x.sum().backward(); out = seen'),
  gives('retain_grad twice', (x) => { const y = x.mul(2); y.retainGrad(); y.sum().backward({ retainGraph: true }); y.mul(2).sum().backward(); return [y.grad, x.grad]; }, 'y = x * 2; y.retain_grad(); y.sum().backward(retain_graph=True); (y * 2).sum().backward(); out = [y.grad, x.grad]'),
  gives('retain_grad then in place', (x) => { const y = x.mul(2); y.retainGrad(); y.mul_(3); y.sum().backward(); return [y.grad, x.grad]; }, 'y = x * 2; y.retain_grad(); y.mul_(3); y.sum().backward(); out = [y.grad, x.grad]'),
  gives('modes', (x) => [noGrad(() => x.mul(2).requiresGrad), noGrad(() => enableGrad(() => x.mul(2).requiresGrad)), inferenceMode(() => x.mul(2).isInference()), inferenceMode(() => x.mul(2)).requiresGrad, noGrad.wrap((t: Tensor) => t.mul(2).requiresGrad)(x), x.mul(2).requiresGrad], '\nwith torch.no_grad(): a = (x * 2).requires_grad\nwith torch.no_grad():\n  with torch.enable_grad(): b = (x * 2).requires_grad\nwith torch.inference_mode(): c = x * 2\nout = [a, b, c.is_inference(), c.requires_grad, a, True]'),
  gives('leaves and versions', (x) => { const y = x.mul(2); const v = y.version; y.add_(1); y.get(0).mul_(2); return [x.isLeaf, y.isLeaf, v, y.version, y.detach().version, y.data.version, y.detach().isLeaf]; }, 'y = x * 2; v = y._version; y.add_(1); y[0].mul_(2); out = [x.is_leaf, y.is_leaf, v, y._version, y.detach()._version, y.data._version, y.detach().is_leaf]'),
  gives('detach_', (x) => { const y = x.mul(2); y.detach_(); return [y.requiresGrad, y.isLeaf, y.gradFn]; }, 'y = x * 2; y.detach_(); out = [y.requires_grad, y.is_leaf, y.grad_fn]'),
  gives('histories of views', (x) => { const t = x.mul(1); const v = t.get(0); const names = [v.gradFn, t.gradFn]; v.mul_(2); return [...names, v.gradFn, t.gradFn]; }, 't = x * 1; v = t[0]; n = [type(v.grad_fn).__name__, type(t.grad_fn).__name__]; v.mul_(2); out = n + [type(v.grad_fn).__name__, type(t.grad_fn).__name__]'),
  gives('copy_ from a leaf', (x) => { const t = zeros(3); t.copy_(x); t.mul(2).sum().backward(); return [t.gradFn, x.grad]; }, 't = torch.zeros(3); t.copy_(x); (t * 2).sum().backward(); out = [type(t.grad_fn).__name__, x.grad]'),
  gives('zero_grad to none', (x) => { x.sum().backward(); x.grad = null; return x.grad; }, 'x.sum().backward(); x.grad = None; out = x.grad'),
  same('jacobian', () => autograd.jacobian((x) => x.square().matmul(tensor([[1, 2], [3, 4]])), tensor([1, 2])), 'torch.autograd.functional.jacobian(lambda x: x.square() @ torch.tensor([[1., 2], [3, 4]]), torch.tensor([1., 2]))', { ulps: 2 }),
  same('hessian', () => autograd.hessian((x) => x.pow(3).sum().mul(x.get(0)), tensor([1, 2])), 'torch.autograd.functional.hessian(lambda x: x.pow(3).sum() * x[0], torch.tensor([1., 2]))', { ulps: 2 }),
];

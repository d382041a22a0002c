/**
 * What the absurd fuzzer does: a case of the ops fuzzer with one argument, somewhere in it, that makes no sense; and layers, optimizers and
 * modules made from such. Nothing is compared: whatever comes back or is thrown will do, as long as the process lives.
 */
import fs from 'node:fs';
import { inspect } from 'node:util';

import { autograd, data, float32, fromTypedArray, int64, nn, optim, Tensor, tensor, zeros } from '../../extension/lib/index';
import { build, Draw, spoiler, type Case } from './opsDraw';
import { draw } from './opsTable';

const numbers = [-1, -2, 0, 1e6, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, 2 ** 62, 2 ** 63, -(2 ** 31), -(2 ** 63), 1e300, 1.5, NaN, Infinity, -Infinity];
const lowest = -(2n ** 63n), highest = 2n ** 63n - 1n;
function anyTensor(r: Draw): Tensor {
  switch (r.int(0, 8)) {
    case 0: return zeros(0);
    case 1: return zeros(0, 3, 0);
    case 2: return tensor(NaN);
    case 3: return fromTypedArray(BigInt64Array.from([lowest, highest, 0n, -1n]), [2, 2], { dtype: int64 });
    case 4: return tensor([NaN, Infinity, -Infinity, -0]);
    case 5: return zeros(1).expand(2 ** 40, 2 ** 40);
    case 6: return zeros(2, 3).t().requiresGrad_();
    case 7: return zeros(Array.from({ length: r.int(1, 70) }, () => 1));
    default: return build(r.tensor());
  }
}
function absurd(r: Draw, v: unknown): unknown {
  if (r.chance(0.1)) return r.pick([null, undefined, 'x', {}, [], true, -0, 10n ** 30n, zeros(2)]);
  if (typeof v === 'number') return r.pick(numbers);
  if (typeof v === 'boolean') return !v;
  if (v instanceof Tensor) return anyTensor(r);
  if (Array.isArray(v)) {
    if (r.chance(0.2)) return [...v, ...v as unknown[]];
    if (r.chance(0.2)) return v.slice(1);
    const at = r.int(0, Math.max(0, v.length - 1)), list = [...v as unknown[]];
    list[at] = absurd(r, list[at] ?? 1);
    return list;
  }
  if (typeof v === 'object' && v !== null) {
    const keys = Object.keys(v);
    if (keys.length === 0) return v;
    const key = r.pick(keys);
    return { ...v, [key]: absurd(r, (v as Record<string, unknown>)[key]) };
  }
  return r.pick(numbers);
}

const tracing = process.argv.includes('--trace');
/** With --trace: the arguments that were put in, before the call. */
function trace(args: readonly unknown[]): void { if (tracing) fs.writeSync(2, `${args.map((a) => (a instanceof Tensor ? `Tensor[${a.shape.join(',')}]` : inspect(a))).join(', ')}\n`); }
let pending: { r: Draw; calls: number } | null = null;
/** The argument list of the call whose turn it is, with one argument spoiled. */
function spoil(args: unknown[]): unknown[] {
  if (pending === null || args.length === 0 || pending.calls-- > 0) return args;
  const { r } = pending;
  pending = null;
  const at = r.int(0, args.length - 1), list = args.map((a, i) => (i === at ? absurd(r, a) : a));
  trace(list);
  return list;
}
spoiler.spoil = spoil;
for (let p: object = Tensor.prototype; p !== Object.prototype; p = Object.getPrototypeOf(p) as object) {
  for (const name of Object.getOwnPropertyNames(p)) {
    const method = Object.getOwnPropertyDescriptor(p, name)!.value as unknown;
    if (typeof method !== 'function' || name === 'constructor') continue;
    Object.defineProperty(p, name, { value(this: unknown, ...args: unknown[]) { return (method as (...a: unknown[]) => unknown).apply(this, spoil(args)); }, configurable: true, writable: true });
  }
}

function op(r: Draw, c: Case): void {
  const inputs = c.inputs.map(build).map((t) => (t.isFloatingPoint() && r.chance(0.5) ? t.detach().requiresGrad_() : t));
  pending = { r, calls: r.chance(0.6) ? 0 : r.int(0, 12) };
  const out = c.run(inputs), outs = (Array.isArray(out) ? out : [out]).filter((t): t is Tensor => t instanceof Tensor);
  for (const t of outs) { if (t.numel() < 1e6) { t.toArray(); String(t); if (t.requiresGrad) t.sum().backward(); } }
}

const loss = (m: nn.Module, x: Tensor): void => { (m as unknown as (x: Tensor) => Tensor)(x).sum().backward(); };
const options = ['lr', 'momentum', 'eps', 'weightDecay', 'betas', 'nsSteps', 'beta2Decay', 'rho', 'alpha', 'lambd', 't0', 'etas', 'stepSizes', 'maxIter', 'historySize', 'd', 'initialAccumulatorValue'];
const layers: ((n: () => number, x: Tensor) => void)[] = [
  (n, x) => { loss(new nn.Linear(n(), n()), x); },
  (n, x) => { loss(new nn.Conv2d(n(), n(), n(), { stride: n(), padding: n(), dilation: n(), groups: n() }), x); },
  (n, x) => { loss(new nn.ConvTranspose2d(2, 2, 2, { stride: n(), padding: n(), outputPadding: n(), dilation: n() }), x); },
  (n, x) => { loss(new nn.ConvTranspose3d(2, 2, [1, n(), 2], { stride: n(), padding: n(), outputPadding: n() }), x); },
  (n, x) => { new nn.LSTM(n(), n(), { numLayers: n() })(x); },
  (n, x) => { new nn.GRU(3, 2, { numLayers: n(), dropout: n() })(x); },
  (n, x) => { new nn.MultiheadAttention(n(), n())(x, x, x); },
  (n, x) => { loss(new nn.Embedding(n(), n(), { paddingIdx: n() }), x.long()); },
  (n, x) => { loss(new nn.EmbeddingBag(n(), n()), x.long()); },
  (n, x) => { loss(new nn.FractionalMaxPool2d(n(), { outputSize: n() }), x); },
  (n, x) => { loss(new nn.FractionalMaxPool3d(n(), { outputRatio: n() }), x); },
  (n, x) => { loss(new nn.AdaptiveAvgPool2d([n(), n()]), x); },
  (n, x) => { loss(new nn.Upsample({ size: [n(), n()], mode: 'bilinear' }), x); },
  (n, x) => { loss(new nn.Upsample({ scaleFactor: n(), mode: 'bicubic' }), x); },
  (n, x) => { loss(new nn.Fold(n(), n(), { padding: n(), stride: n() }), x); },
  (n, x) => { loss(new nn.Unfold(n(), { dilation: n(), padding: n(), stride: n() }), x); },
  (n, x) => { loss(new nn.GroupNorm(n(), n()), x); },
  (n, x) => { loss(new nn.BatchNorm2d(n(), { momentum: n(), eps: n() }), x); },
  (n, x) => { loss(new nn.LayerNorm([n(), n()]), x); },
  (n, x) => { loss(new nn.PixelShuffle(n()), x); },
  (n, x) => { loss(new nn.ZeroPad2d([n(), n(), n(), n()]), x); },
  (n, x) => { loss(new nn.CircularPad2d([n(), n(), n(), n()]), x); },
  (n, x) => { new nn.Bilinear(n(), n(), n())(x, x); },
  (n, x) => { new data.DataLoader(new data.TensorDataset(x), { batchSize: n() }).length; },
  (_, x) => { const m = new nn.Sequential(new nn.Linear(3, 3)); m.registerModule('again', m); m.train(); String(m); m.stateDict(); m.apply(() => {}); loss(m, x); },
  (_, x) => { const a = new nn.ModuleList([]), b = new nn.ModuleList([a]); a.append(b); [...a.namedParameters()]; a.to(float32); a.zeroGrad(); void x; },
  (_, x) => { autograd.grad([x], [x], { allowUnused: true }); },
];
const optimizers = [optim.SGD, optim.Adam, optim.AdamW, optim.Adafactor, optim.ASGD, optim.LBFGS, optim.Muon, optim.RMSprop, optim.Adagrad, optim.Adadelta, optim.Adamax, optim.NAdam, optim.RAdam, optim.Rprop] as unknown as (new (p: Tensor[], o: object) => optim.Optimizer)[];

function layer(r: Draw): void {
  const sane = r.pick([1, 2, 3]), n = (): number => { const v = r.chance(0.6) ? sane : r.pick(numbers); trace([v]); return v; }, x = r.chance(0.3) ? anyTensor(r) : zeros(r.pick([[3], [2, 3], [2, 2, 4, 4], [1, 2, 3, 4, 5]]));
  if (r.chance(0.7)) { const f = r.pick(layers); trace([String(f), x, sane]); return f(n, x); }
  const p = r.chance(0.2) ? anyTensor(r).detach().clone() : zeros(2, 3);
  if (p.isFloatingPoint()) p.requiresGrad_();
  const o = new (r.pick(optimizers))([p], Object.fromEntries(Array.from({ length: r.int(0, 3) }, () => [r.pick(options), r.chance(0.2) ? [n(), n()] : n()])));
  p.grad = r.chance(0.3) ? anyTensor(r) : zeros(...p.shape).add(NaN);
  o.step(() => p.sum());
  o.loadStateDict(o.stateDict());
}

/** One case; says what was thrown, or nothing. */
export function attempt(seed: number, index: number): { text: string; thrown: unknown } {
  const r = new Draw(seed ^ 0x5bd1e995, index), c = index % 5 === 4 ? null : draw(seed, index);
  try {
    if (c === null) layer(r);
    else op(r, c);
    return { text: c?.py ?? 'layers', thrown: null };
  } catch (e) {
    return { text: c?.py ?? 'layers', thrown: e };
  } finally {
    pending = null;
  }
}

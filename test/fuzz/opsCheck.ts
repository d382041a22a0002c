/** Our side of a fuzzed case against PyTorch's answer: dtype, shape, values, gradients, class of error. */
import { decode, tensorsIn, ulpOf } from '../cases/compare';
import { weights } from '../cases/derivatives';
import type { Answer, Encoded } from '../cases/golden';
import { isFloat, type Result } from '../cases/table';
import { manualSeed, Tensor } from '../../extension/lib/index';
import { build, type Case } from './opsDraw';

interface Outcome { out?: Result; grads?: (Tensor | null)[]; error?: string }

function ours(c: Case): Outcome {
  const inputs = c.inputs.map(build), leaves = inputs.map((t) => c.grad && t.isFloatingPoint()), xs = inputs.map((t, i) => (leaves[i] ? t.detach().requiresGrad_() : t));
  manualSeed(0);
  try {
    const out = c.run(xs);
    if (!c.grad) return { out };
    const live = tensorsIn(out).filter((t) => t.requiresGrad);
    live.forEach((t, i) => t.backward({ gradient: weights(t), retainGraph: i < live.length - 1 }));
    return live.length === 0 ? { out } : { out, grads: xs.map((x, i) => (leaves[i] ? x.grad : null)) };
  } catch (e) {
    return { error: e instanceof Error ? `${e.name}: ${e.message}` : String(e) };
  }
}

/** Where a tensor differs by more than `ulps` units of the last place, at the element's own scale or that of the largest and `scale`. */
function differs(a: Tensor, text: string, ulps: number, own: boolean, scale: number): string | null {
  const b = decode(text);
  if (a.dtype.name !== b.dtype) return `dtype ${a.dtype.name}, PyTorch ${b.dtype}`;
  if (String([...a.shape]) !== String(b.shape)) return `shape [${[...a.shape]}], PyTorch [${b.shape}]`;
  const got = a.detach().toTypedArray();
  let size = scale;
  if (!own && isFloat(b.dtype)) for (let i = 0; i < got.length; i++) { const v = Math.abs(Number(b.values[i])); if (Number.isFinite(v) && v > size) size = v; }
  for (let i = 0; i < got.length; i++) {
    const x = Number(got[i]), y = Number(b.values[i]);
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    if (isFloat(b.dtype)) {
      const unit = ulpOf(own ? Math.max(Math.abs(y), b.dtype === 'float32' || b.dtype === 'float64' ? 0 : 2 ** -12) : Math.max(size, Math.abs(y)), b.dtype);
      if (Math.abs(x - y) <= ulps * unit) continue;
    }
    return `element ${i} is ${got[i]}, PyTorch ${b.values[i]}`;
  }
  return null;
}
function compare(a: Result, b: Encoded | undefined, c: Case): string | null {
  if (a instanceof Tensor) return typeof b === 'string' ? differs(a, b, c.ulps, c.own, c.scale) : `a tensor, PyTorch ${JSON.stringify(b)}`;
  const list = Array.isArray(a) ? a as Result[] : typeof a === 'object' && a !== null ? Object.values(a as Record<string, Result>) : null;
  if (typeof a === 'boolean' && a === b) return null;
  if (list === null || !Array.isArray(b)) return `${String(a)}, PyTorch ${JSON.stringify(b)}`;
  if (list.length !== b.length) return `${list.length} results, PyTorch ${b.length}`;
  for (let i = 0; i < list.length; i++) { const d = compare(list[i], b[i], c); if (d !== null) return `result ${i}: ${d}`; }
  return null;
}

/** What PyTorch refuses for want of a kernel, we may do; what both refuse must be of one class. */
const lacking = /not implemented|not supported|does not support|not yet support|unsupported|not currently|Expected.*(floating|complex)|expects floating|only supports/i;
export interface Verdict { kind: 'same' | 'more' | 'different'; text?: string; errors?: [string, string] }
export function check(c: Case, answer: Answer): Verdict {
  const r = ours(c);
  if (r.error !== undefined || answer.error !== undefined) {
    if (r.error === undefined) return lacking.test(answer.error!) ? { kind: 'more' } : { kind: 'different', text: `does not throw, PyTorch ${answer.error}` };
    if (answer.error === undefined) return { kind: 'different', text: `throws ${r.error}` };
    const a = r.error.split(':')[0]!, b = answer.error.split(':')[0]!;
    return a === b || (a === 'NotImplementedError' && b === 'RuntimeError') || (b === 'NotImplementedError' && /not implemented/.test(answer.error)) ? { kind: 'same', errors: [r.error, answer.error] } : { kind: 'different', text: `throws ${r.error}, PyTorch ${answer.error}` };
  }
  const d = compare(r.out, answer.out, c);
  if (d !== null) return { kind: 'different', text: d };
  if ((r.grads === undefined) !== (answer.grad === undefined) && c.grad) return { kind: 'different', text: r.grads === undefined ? 'nothing requires a gradient, in PyTorch it does' : 'requires a gradient, in PyTorch it does not' };
  for (const [i, g] of (r.grads ?? []).entries()) {
    const want = answer.grad![i];
    if (g === null || want === null || want === undefined) { if ((g === null) !== (want == null)) return { kind: 'different', text: `gradient of input ${i} is ${g === null ? 'missing' : 'there'}, in PyTorch it is not so` }; continue; }
    const e = differs(g, want as string, Math.max(16, 8 * c.ulps), false, c.scale);
    if (e !== null) return { kind: 'different', text: `gradient of input ${i}: ${e}` };
  }
  return { kind: 'same' };
}

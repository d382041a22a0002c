/** One row of the case table on a device against PyTorch's golden values (see table.ts): what differs, a line each. */
import assert from 'node:assert/strict';

import { dtypeByName, empty, fromTypedArray, manualSeed, noGrad, type Tensor } from '../../extension/lib/index';
import { differences, tensorsIn, type Tolerance } from './compare';
import { checkGradients, weights } from './derivatives';
import { families } from './families';
import { goldenOf, type Answer, type Golden } from './golden';
import { isFloat, type Input, type Result, type Row, type Variant } from './table';

function build(input: Input, device = 'cpu'): Tensor {
  const dtype = dtypeByName(input.dtype)!;
  const array = isFloat(input.dtype) ? Float64Array.from(input.data) : BigInt64Array.from(input.data, (v) => BigInt(v));
  return fromTypedArray(array, [...input.shape], { dtype, device });
}
/** The same values with gaps between them, dims in reverse order and an offset. */
function strided(t: Tensor): Tensor {
  const shape = [...t.shape];
  const wide = empty([...shape.map((s) => s).reverse(), 3], { dtype: t.dtype });
  const view = wide.permute([...shape.map((_, i) => shape.length - 1 - i), shape.length]).select(shape.length, 1);
  return view.copy_(t);
}
const nameOf = (e: unknown): string => (e instanceof Error ? e.name : typeof e);
const textOf = (e: unknown): string => (e instanceof Error ? `${e.name}: ${e.message}` : String(e));

/** Values, gradients and grad_fn of one evaluation against an answer. */
function evaluate(row: Row & { kind: 'op' }, variant: Variant, inputs: Tensor[], answer: Answer, tol: Tolerance, gradTol: Tolerance, names: boolean): string[] {
  const leaves = inputs.map((t) => variant.grad && t.isFloatingPoint());
  const xs = inputs.map((t, i) => (leaves[i] ? t.detach().requiresGrad_() : t));
  manualSeed(0);
  let out: Result;
  try {
    out = row.run(...xs);
  } catch (e) {
    if (answer.error === undefined) return [`throws ${textOf(e)}`];
    return answer.error.startsWith(`${nameOf(e)}:`) || /not implemented for/.test(answer.error) ? [] : [`throws ${textOf(e)}, PyTorch ${answer.error}`];
  }
  if (answer.error !== undefined) return /not implemented for|not supported|does not support/.test(answer.error) ? [] : [`does not throw, PyTorch: ${answer.error}`];
  const problems = differences(out, answer.out, tol);
  const outs = tensorsIn(out);
  if (names && row.options.anyFn !== true && answer.fn !== undefined) {
    const own = outs.map((t) => t.gradFn);
    if (String(own) !== String(answer.fn)) problems.push(`grad_fn is ${own}, PyTorch has ${answer.fn}`);
  }
  if (!variant.grad) return problems;
  const live = outs.filter((t) => t.requiresGrad);
  if (live.length === 0 !== (answer.grad === undefined)) return [...problems, live.length === 0 ? 'nothing requires a gradient, in PyTorch it does' : 'requires a gradient, in PyTorch it does not'];
  if (live.length === 0) return problems;
  live.forEach((t, i) => t.backward({ gradient: weights(t), retainGraph: i < live.length - 1 }));
  xs.forEach((x, i) => {
    const g = answer.grad![i];
    if (!leaves[i]) return;
    if (g === null || g === undefined) { if (x.grad !== null) problems.push(`input ${i} has a gradient, in PyTorch it has none`); return; }
    if (x.grad === null) problems.push(`input ${i} has no gradient`);
    else problems.push(...differences(x.grad, g, gradTol, `gradient of input ${i}`));
  });
  return problems;
}

function checkOp(row: Row & { kind: 'op' }, golden: Golden, device: string): string[] {
  const problems: string[] = [];
  const o = row.options;
  const ulps = o.ulps ?? (o.elementwise === true ? 2 : 4);
  for (const variant of row.variants) {
    // float64 and small types do not exist everywhere.
    if (device !== 'cpu' && variant.name !== 'base' && variant.name !== 'broadcast') continue;
    const slack = device === 'cpu' ? 1 : 16;
    const extremes = variant.name === 'extremes';
    const tol: Tolerance = { ulps: ulps * slack, own: o.elementwise === true && (device === 'cpu' || extremes), signs: extremes };
    const gradTol: Tolerance = { ulps: (o.gradUlps ?? Math.max(8, 2 * ulps)) * slack, own: extremes };
    const answer = golden[variant.name];
    if (answer === undefined) { problems.push(`${variant.name}: no golden value`); continue; }
    const say = (name: string, list: string[]): void => { problems.push(...list.map((p) => `${name}: ${p}`)); };
    const inputs = variant.inputs.map((i) => build(i, device));
    const before = inputs.map((t) => t.clone());
    say(variant.name, evaluate(row, variant, inputs, answer, tol, gradTol, variant.name === 'base'));
    inputs.forEach((t, i) => { if (String(t.cpu().toTypedArray()) !== String(before[i]!.cpu().toTypedArray())) problems.push(`${variant.name}: input ${i} was changed`); });
    if (device === 'cpu' && o.strided !== false && (variant.name === 'base' || variant.name === 'float64') && answer.error === undefined)
      say(`${variant.name}, not contiguous`, evaluate(row, variant, inputs.map(strided), answer, tol, gradTol, false));
  }
  const base = row.variants[0]!;
  if (device === 'cpu' && base.grad && o.kink !== true && golden['base']?.grad !== undefined) {
    const inputs = base.inputs.map((i) => build(isFloat(i.dtype) ? { ...i, dtype: 'float64' } : i));
    manualSeed(0);
    problems.push(...checkGradients(row.run, inputs, o.noDouble !== true));
  }
  return problems;
}

function checkModule(row: Row & { kind: 'module' }, golden: Golden, device: string): string[] {
  const problems: string[] = [];
  const ulps = (row.options.ulps ?? 8) * (device === 'cpu' ? 1 : 16);
  const tol: Tolerance = { ulps, own: false };
  const gradTol: Tolerance = { ulps: row.options.gradUlps ?? 2 * ulps, own: false };
  for (const variant of row.variants) {
    // float64 does not exist everywhere.
    if (device !== 'cpu' && variant.name === 'float64') continue;
    const answer = golden[variant.name];
    if (answer === undefined) { problems.push(`${variant.name}: no golden value`); continue; }
    for (const mode of ['train', 'eval'] as const) {
      const say = (list: string[]): void => { problems.push(...list.map((p) => `${variant.name}, ${mode}: ${p}`)); };
      try {
        manualSeed(0);
        const m = row.make(), wide = variant.name === 'float64';
        m.train(mode === 'train');
        if (mode === 'train' && device === 'cpu' && !wide && answer.repr !== undefined) {
          if (String(m) !== answer.repr) say([`prints\n${String(m)}\nPyTorch\n${answer.repr}`]);
          const state = m.stateDict();
          if (String([...state.keys()]) !== String(Object.keys(answer.state!))) say([`stateDict has ${[...state.keys()]}, PyTorch has ${Object.keys(answer.state!)}`]);
          else for (const [k, v] of state) say(differences(v, answer.state![k], { ulps: row.options.stateUlps ?? 0, own: true }, k));
        }
        if (wide) m.double();
        m.to(device);
        const inputs = variant.inputs.map((i) => build(i, device));
        const leaves = inputs.map((t) => variant.grad && t.isFloatingPoint());
        const xs = inputs.map((t, i) => (leaves[i] ? t.requiresGrad_() : t));
        manualSeed(1);
        const out = row.call === undefined ? (m as unknown as (...x: Tensor[]) => Result)(...xs) : row.call(m, ...xs);
        if (answer.error !== undefined) { say([`does not throw, PyTorch: ${answer.error}`]); continue; }
        const expected = answer[mode]!;
        say(differences(out, expected.out, tol));
        if (variant.grad) tensorsIn(out).filter((t) => t.requiresGrad).forEach((t, i, all) => t.backward({ gradient: weights(t), retainGraph: i < all.length - 1 }));
        if (expected.grad !== undefined) {
          xs.forEach((x, i) => { if (leaves[i]) say(x.grad === null ? (expected.grad![i] === null ? [] : [`input ${i} has no gradient`]) : differences(x.grad, expected.grad![i] ?? undefined, gradTol, `gradient of input ${i}`)); });
          for (const [k, p] of m.namedParameters()) say(p.grad === null ? (expected.params![k] === null ? [] : [`${k} has no gradient`]) : differences(p.grad, expected.params![k] ?? undefined, gradTol, `gradient of ${k}`));
        }
        for (const [k, b] of m.namedBuffers()) if (expected.buffers?.[k] !== undefined) say(differences(b, expected.buffers[k], tol, `buffer ${k}`));
      } catch (e) {
        if (process.env['CASES_STACK'] !== undefined && answer.error === undefined) console.log((e as Error).stack);
        if (answer.error?.startsWith(`${nameOf(e)}:`) !== true) say([`throws ${textOf(e)}${answer.error === undefined ? '' : `, PyTorch ${answer.error}`}`]);
      }
    }
  }
  if (device === 'cpu' && row.variants[0]!.grad && row.options.kink !== true && golden['base']?.train?.grad !== undefined) {
    // Gradients of the inputs by finite differences, every run with the same draws and the same buffers.
    manualSeed(0);
    const m = row.make().double();
    const buffers = [...m.namedBuffers()].map(([, b]) => [b, b.clone()] as const);
    const run = (...xs: Tensor[]): Result => { manualSeed(1); noGrad(() => buffers.forEach(([b, was]) => b.copy_(was))); return row.call === undefined ? (m as unknown as (...x: Tensor[]) => Result)(...xs) : row.call(m, ...xs); };
    problems.push(...checkGradients(run, row.variants[0]!.inputs.map((i) => build(isFloat(i.dtype) ? { ...i, dtype: 'float64' } : i)), row.options.noDouble !== true));
  }
  return problems;
}

function check(row: Row, golden: Golden, device: string): string[] {
  if (row.kind === 'op') return checkOp(row, golden, device);
  if (row.kind === 'module') return checkModule(row, golden, device);
  manualSeed(0);
  if (row.kind === 'same') return differences(row.run(), golden.out, { ulps: row.options.ulps ?? 0, own: row.options.elementwise === true });
  try {
    row.run();
  } catch (e) {
    // In anomaly mode the place of the forward call follows PyTorch's text.
    return textOf(e).split('\n\nThe forward call')[0] === golden.error ? [] : [`throws  ${textOf(e)}\nPyTorch ${golden.error}`];
  }
  return [`does not throw\nPyTorch ${golden.error}`];
}

/** What is thrown outside an evaluation counts as a problem too. */
function attempt(f: () => string[]): string[] {
  try {
    return f();
  } catch (e) {
    return [`throws ${textOf(e)}`];
  }
}

/** Registers the tests of all rows on a device. */
export function onDevice(device: 'cpu' | 'webgpu'): void {
  for (const [family, rows] of Object.entries(families)) {
    const golden = goldenOf(family);
    describe(`${family} on ${device}`, () => {
      for (const row of rows) {
        // Such rows make their own tensors: on the CPU.
        if (device !== 'cpu' && (row.kind === 'same' || row.kind === 'error')) continue;
        const reason = device === 'cpu' ? undefined : row.options.cpuOnly;
        const words = reason === 'float64' ? "TypeError: Cannot convert a webgpu Tensor to float64 dtype as the WebGPU framework doesn't support float64." : reason === 'refused' ? 'is not currently implemented for float32 on the webgpu device' : undefined;
        if (reason !== undefined && words === undefined) { it.skip(`${row.name}: ${reason}`); continue; }
        it(words === undefined ? row.name : `${row.name}: refused${reason === 'float64' ? ', it needs float64' : ''}`, () => {
          const g = golden.get(row.name);
          assert.ok(g !== undefined, 'golden values are missing or out of date: npm run golden');
          const problems = attempt(() => check(row, g, device));
          if (words !== undefined) assert.ok(problems.length > 0 && problems.every((p) => p.includes(words)), problems.join('\n') || 'works now: take cpuOnly away');
          else if (problems.length > 0) assert.fail(problems.slice(0, 8).join('\n') + (problems.length > 8 ? `\n… ${problems.length - 8} more` : ''));
        });
      }
    });
  }
}

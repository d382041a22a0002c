/**
 * Optimizer state dicts go both ways: PyTorch's (test/golden/optimState.pt, by optimState.py) are loaded here and go on with
 * PyTorch's numbers; ours are loaded by real PyTorch and go on with ours (skipped, loudly, where there is no Python with torch).
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { arange, int64, load, optim, save, type Tensor } from '../../extension/lib/index';
import { pythonWithTorch, runPython, scratch } from './checkpointData';
import { repoRoot } from './paths';

type State = ReadonlyMap<string, unknown>;
const file = (name: string): string => path.join(repoRoot, 'test', 'golden', name);
const make: Record<string, (p: Tensor[]) => optim.Optimizer> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (p) => new optim.Adam(p, { lr: 0.02, betas: [0.8, 0.95], amsgrad: true }),
  AdamW: (p) => new optim.AdamW([{ params: p.slice(0, 1), weightDecay: 0.1 }, { params: p.slice(1), lr: 0.05 }], { lr: 0.01 }),
  RMSprop: (p) => new optim.RMSprop(p, { lr: 0.02, momentum: 0.5, centered: true }),
  Adagrad: (p) => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1 }),
  Adadelta: (p) => new optim.Adadelta(p, { lr: 0.5 }),
  Adamax: (p) => new optim.Adamax(p, { lr: 0.01 }),
  NAdam: (p) => new optim.NAdam(p, { lr: 0.01, weightDecay: 0.1, decoupledWeightDecay: true }),
  RAdam: (p) => new optim.RAdam(p, { lr: 0.01 }),
  Rprop: (p) => new optim.Rprop(p, { lr: 0.01 }),
  ASGD: (p) => new optim.ASGD(p, { lr: 0.1, lambd: 0.1, t0: 2 }),
  Adafactor: (p) => new optim.Adafactor(p, { lr: 0.05, weightDecay: 0.1 }),
  Muon: (p) => new optim.Muon(p.slice(0, 1), { lr: 1e-4 }),
  LBFGS: (p) => new optim.LBFGS(p, { lr: 0.1, maxIter: 3 }),
  'LBFGS strong_wolfe': (p) => new optim.LBFGS(p, { maxIter: 3, lineSearchFn: 'strong_wolfe' }),
};
const ramp = (n: number, k: number): Tensor => arange(n, { dtype: int64 }).mul(7).add(k * 3).remainder(11).float().sub(5).div(4);
const parameters = (values = [ramp(12, 1).reshape(3, 4), ramp(5, 2)]): Tensor[] => values.map((t) => t.clone().requiresGrad_());
/** Two steps towards moving targets, as optimState.py takes them. */
function steps(o: optim.Optimizer, p: Tensor[], first: number): void {
  for (const k of [first, first + 1]) o.step(() => {
    o.zeroGrad();
    const apart = p.map((t, i) => t.sub(ramp(t.numel(), k + i).reshape([...t.shape])).pow(2).sum());
    const loss = apart[0]!.add(apart[1]!).add(p[0]!.sum().mul(p[1]!.sum()).pow(2).div(50));
    loss.backward();
    return loss;
  });
}
function near(got: readonly number[], want: readonly number[], where: string): void {
  const scale = Math.max(...want.map(Math.abs));
  assert.equal(got.length, want.length, where);
  want.forEach((w, i) => assert.ok(Math.abs(got[i]! - w) <= 1e-5 * scale, `${where}, element ${i}: ${got[i]}, PyTorch's ${w}`));
}
const numbers = (t: Tensor): number[] => Array.from(t.detach().reshape(-1).toTypedArray() as ArrayLike<number | bigint>, Number);
const loaded = load(file('optimState.pt')) as unknown as Map<string, State>;

describe('optimizer state dicts', () => {
  it('every optimizer of the library is tried', () => {
    const own = Object.entries(optim).filter(([, v]) => typeof v === 'function' && v.prototype instanceof optim.Optimizer).map(([k]) => k);
    assert.deepEqual(own.filter((k) => !(k in make)), []);
    assert.deepEqual([...loaded.keys()], Object.keys(make));
  });
  for (const [name, of] of Object.entries(make)) it(`${name}: PyTorch's state goes on here with PyTorch's numbers`, () => {
    const want = loaded.get(name)!, p = parameters(want.get('before') as Tensor[]), o = of(p);
    o.loadStateDict(want.get('state') as State);
    const groups = (s: State): unknown => (s.get('param_groups') as Map<string, unknown>[]).map((g) => [...g.keys()].sort());
    assert.deepEqual(groups(o.stateDict()), groups(want.get('state') as State), 'settings');
    steps(o, p, 2);
    (want.get('after') as Tensor[]).forEach((w, i) => near(numbers(p[i]!), numbers(w), `parameter ${i}`));
  });
  describe('ours goes on in PyTorch with our numbers', () => {
    const after: Record<string, Tensor[]> = {};
    let went: Record<string, number[][] | null>;
    before(function () {
      this.timeout(0);
      if (pythonWithTorch() === null) return this.skip();
      const dir = scratch();
      try {
        const out = new Map<string, unknown>();
        for (const [name, of] of Object.entries(make)) {
          const p = parameters(), o = of(p);
          steps(o, p, 0);
          const at = p.map((t) => t.detach().clone()), state = o.stateDict(), fresh = parameters(at), again = of(fresh);
          again.loadStateDict(state);
          steps(again, fresh, 2);
          after[name] = fresh;
          out.set(name, new Map<string, unknown>([['before', at], ['state', state]]));
        }
        const [ours, theirs] = [dir.file('ours.pt'), dir.file('theirs.json')];
        save(out as never, ours);
        runPython(`import sys, runpy\nsys.argv = ['', '--continue', ${JSON.stringify(ours)}, ${JSON.stringify(theirs)}]\nrunpy.run_path(${JSON.stringify(file('optimState.py'))}, run_name='__main__')`);
        went = JSON.parse(fs.readFileSync(theirs, 'utf8')) as typeof went;
      } finally { dir.remove(); }
    });
    for (const name of Object.keys(make)) it(name, function () {
      const want = went[name];
      if (want === null) {
        console.warn(`      ⚠ SKIPPED: PyTorch ${pythonWithTorch()!.torch} has no ${name} with these settings`);
        return this.skip();
      }
      after[name]!.forEach((t, i) => near(numbers(t), want![i]!, `parameter ${i}`));
    });
  });
});

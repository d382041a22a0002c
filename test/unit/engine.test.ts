/** The story of one model, told over the engine process's own channel. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { Devices, Die, Hello } from '../../extension/protocol/engine';
import * as m from '../../extension/protocol/model';
import { TestEngine } from './engineClient';

const mlp = `import { nn, optim, rand, randint, manualSeed, type Tensor } from 'weightroom';

export class MLP extends nn.Module {
  hidden = new nn.Linear(784, 256);
  act = new nn.ReLU();
  output = new nn.Linear(256, 10);
  forward(x: Tensor) { return this.output(this.act(this.hidden(x))); }
}
manualSeed(0);
export const net = new MLP();
console.log(net);
export function train(model = net, steps = 5): number[] {
  const opt = new optim.SGD(model.parameters(), { lr: 0.1 });
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    opt.zeroGrad();
    const loss = nn.functional.crossEntropy(model(rand(8, 784)), randint(0, 10, [8]));
    loss.backward();
    opt.step();
    losses.push(loss.item());
  }
  return losses;
}
`;

describe('the engine process', () => {
  let engine: TestEngine;
  let file: string;
  let id: string;
  before(() => { engine = new TestEngine(); file = engine.file('mlp.ts', mlp); id = `${file}#net`; });
  after(() => engine.stop());
  const node = async (at: string): Promise<m.TreeNode> => {
    const find = (n: m.TreeNode): m.TreeNode | undefined => (n.path === at ? n : n.children.map(find).find((x) => x));
    return find((await engine.request(m.ListModels, null)).find((x) => x.id === id)!.root)!;
  };

  it('says hello', async () => {
    const hello = await engine.request(Hello, null);
    assert.equal(hello.pid, engine.child.pid);
    assert.equal(hello.node, process.versions.node);
  });

  it('lists its devices, and refuses what it does not know', async () => {
    const [cpu, webgpu] = await engine.request(Devices, null);
    assert.equal(cpu!.name, 'cpu');
    assert.match(cpu!.detail, /, \d+ threads$/);
    assert.deepEqual([webgpu!.name, typeof webgpu!.available, webgpu!.detail === ''], ['webgpu', 'boolean', false]);
    await assert.rejects(engine.request({ method: 'checkpoint/nothing' }, null), /the engine knows no 'checkpoint\/nothing'/);
  });

  it('runs a file: its models, what it printed', async () => {
    const r = await engine.request(m.RunFile, { file, keepWeights: true });
    assert.equal(r.output, 'MLP(\n  (hidden): Linear(in_features=784, out_features=256, bias=True)\n  (act): ReLU()\n  (output): Linear(in_features=256, out_features=10, bias=True)\n)\n');
    assert.deepEqual(r.models.map((x) => [x.id, x.name, x.root.type, x.root.numel, x.proposedInput]), [[id, 'net', 'MLP', 203_530, 'rand(2, 784)']]);
    assert.deepEqual(r.models[0]!.source, { file, line: 3 });
    const weight = r.models[0]!.root.children[0]!.children[0]!;
    assert.deepEqual({ ...weight, children: 0 }, { kind: 'parameter', path: 'hidden.weight', name: 'weight', type: 'Parameter', shape: [256, 784], dtype: 'float32', device: 'cpu', numel: 200_704, bytes: 802_816, requiresGrad: true, grad: 'none', children: 0 });
  });

  it('runs forward and backward', async () => {
    const f = await engine.request(m.Forward, { model: id, input: 'ones(2, 784)' });
    assert.deepEqual(f.shape, [2, 10]);
    assert.match(f.output, /^tensor\(\[\[.*grad_fn=<AddmmBackward0>\)$/s);
    assert.deepEqual((await node('hidden')).outputShape, [2, 256]);
    const b = await engine.request(m.Backward, { model: id, zeroGrad: true });
    assert.match(b.note, /sum/);
    const report = await engine.request(m.Gradients, { model: id });
    assert.deepEqual(report.rows.map((r) => [r.name, r.state]), [['hidden.weight', 'ok'], ['hidden.bias', 'ok'], ['output.weight', 'ok'], ['output.bias', 'ok']]);
    assert.equal(report.rows[3]!.grad!.mean, 2, 'd(sum)/d(bias) is the batch size');
    assert.equal((await engine.request(m.ListModels, null))[0]!.proposedInput, 'ones(2, 784)', 'the input is remembered');
    const h = await engine.request(m.TensorHistogram, { model: id, name: 'hidden.weight', bins: 16 });
    assert.equal(h.value.counts.reduce((a, b) => a + b), 200_704);
    assert.equal(h.grad!.counts.reduce((a, b) => a + b), 200_704);
    assert.match(h.text, /^Parameter containing:\ntensor\(\[\[/);
  });

  it('reinitializes and undoes it', async () => {
    const before = (await engine.request(m.Gradients, { model: id })).rows[0]!.value;
    const r = await engine.request(m.Reinitialize, { model: id, path: 'hidden', init: 'normal_', args: [0, 0.01] });
    assert.match(r.message, /hidden with normal_\(mean=0, std=0.01\): hidden.weight, hidden.bias/);
    const now = (await engine.request(m.Gradients, { model: id })).rows[0]!.value;
    assert.ok(Math.abs(now.std - 0.01) < 2e-4, `std ${now.std}`);
    await engine.request(m.UndoReinitialize, { model: id });
    assert.deepEqual((await engine.request(m.Gradients, { model: id })).rows[0]!.value, before);
    assert.match((await engine.failure(m.UndoReinitialize, { model: id })).message, /nothing to undo/);
    const bad = await engine.failure(m.Reinitialize, { model: id, path: 'hidden.bias', init: 'xavierUniform_', args: [] });
    assert.equal(bad.message, 'Fan in and fan out can not be computed for tensor with fewer than 2 dimensions');
    const reset = await engine.request(m.Reinitialize, { model: id, path: 'output.weight', init: 'reset', args: [] });
    assert.deepEqual(reset.changed, ['output.weight']);
  });

  it('freezes', async () => {
    const r = await engine.request(m.Freeze, { model: id, path: 'hidden', frozen: true });
    assert.deepEqual(r.changed, ['hidden.weight', 'hidden.bias']);
    assert.equal((await node('hidden')).requiresGrad, false);
    assert.equal((await node('')).requiresGrad, null);
    await engine.request(m.Freeze, { model: id, path: '', frozen: false });
  });

  it('saves and loads; nothing changes when it does not fit', async () => {
    const saved = await engine.request(m.SaveCheckpoint, { model: id, path: '', file: path.join(engine.dir, 'net.pt') });
    assert.equal(saved.tensors, 4);
    const before = (await engine.request(m.Gradients, { model: id })).rows.map((r) => r.value);
    await engine.request(m.Reinitialize, { model: id, path: '', init: 'ones_', args: [] });
    assert.equal((await engine.request(m.LoadCheckpoint, { model: id, path: '', file: saved.file, strict: true })).message, '<All keys matched successfully>');
    assert.deepEqual((await engine.request(m.Gradients, { model: id })).rows.map((r) => r.value), before);
    const misfit = await engine.failure(m.LoadCheckpoint, { model: id, path: 'hidden', file: saved.file, strict: true });
    assert.match(misfit.message, /^Error\(s\) in loading state_dict for Linear:\n\tMissing key\(s\) in state_dict: "weight", "bias"\. \n\tUnexpected key/);
    fs.writeFileSync(path.join(engine.dir, 'cut.pt'), fs.readFileSync(saved.file).subarray(0, 5000));
    assert.equal((await engine.failure(m.LoadCheckpoint, { model: id, path: '', file: path.join(engine.dir, 'cut.pt'), strict: true })).kind, 'file');
    assert.deepEqual((await engine.request(m.Gradients, { model: id })).rows.map((r) => r.value), before);
  });

  it('trains with the exported function', async () => {
    const r = await engine.request(m.Train, { model: id, steps: 3, lr: 0, input: '', target: '', loss: 'exported' });
    assert.equal(r.steps, 3);
    const own = await engine.request(m.Train, { model: id, steps: 4, lr: 0.1, input: 'rand(8, 784)', target: 'randint(0, 10, [8])', loss: 'crossEntropy' });
    assert.ok(Number(own.loss) > 0 && Number(own.loss) < 5);
  });

  it('a loss that is not finite crosses the process boundary; one that nothing tells is unknown', async () => {
    const train = engine.file('quiet.ts', `import { nn, ones } from 'weightroom';\nexport const net = new nn.Linear(2, 1);\nexport function train(model = net): void { model(ones(1, 2)).sum().backward(); }\n`);
    await engine.request(m.RunFile, { file: train, keepWeights: false });
    const quiet = `${train}#net`;
    assert.deepEqual(await engine.request(m.Train, { model: quiet, steps: 0, lr: 0, input: '', target: '', loss: 'exported' }).then((r) => [r.steps, r.loss]), [1, null]);
    await engine.request(m.Forward, { model: quiet, input: 'ones(1, 2).mul(NaN)' });
    assert.equal((await engine.request(m.Backward, { model: quiet, zeroGrad: true })).loss, 'NaN');
    const report = await engine.request(m.Gradients, { model: quiet });
    assert.deepEqual([report.loss, report.globalNorm, report.firstNonFinite], ['NaN', 'NaN', 'weight']);
    await engine.request(m.Forward, { model: quiet, input: 'ones(1, 2).mul(Infinity).abs()' });
    assert.match(String((await engine.request(m.Backward, { model: quiet, zeroGrad: true })).loss), /Infinity|NaN/);
    await engine.request(m.CloseFile, { file: train });
  });

  it('carries weights over to the next run', async () => {
    await engine.request(m.Reinitialize, { model: id, path: 'output.bias', init: 'constant_', args: [7] });
    fs.writeFileSync(file, mlp.replaceAll('256', '128'));
    const r = await engine.request(m.RunFile, { file, keepWeights: true });
    assert.deepEqual(r.carried, [{ model: 'net', kept: 1, dropped: ['hidden.weight', 'hidden.bias', 'output.weight'] }]);
    assert.equal((await engine.request(m.Gradients, { model: id })).rows[3]!.value.min, 7);
  });
});

describe('the engine process and bad input', () => {
  let engine: TestEngine;
  beforeEach(() => { engine = new TestEngine(); });
  afterEach(() => engine.stop());
  const run = (name: string, text: string): Promise<unknown> => engine.request(m.RunFile, { file: engine.file(name, text), keepWeights: false });
  const fails = (name: string, text: string) => engine.failure(m.RunFile, { file: engine.file(name, text), keepWeights: false });
  const good = `import { nn } from 'weightroom';\nexport const net = new nn.Linear(4, 3);\n`;
  const works = async (): Promise<void> => { await run('good.ts', good); };

  it('a file that does not parse', async () => {
    const e = await fails('a.ts', `import { nn } from 'weightroom';\nexport const net = new nn.Linear(4, ;\n`);
    assert.deepEqual([e.kind, e.name, e.location?.line], ['user', 'SyntaxError', 2]);
    assert.match(e.location!.file, /a\.ts$/);
    await works();
  });
  it('an import that is not there', async () => {
    assert.equal((await fails('a.ts', `import './nowhere';\n`)).name, 'ImportError');
    const e = await fails('b.ts', `import { nn } from 'weightroom';\nimport x from 'no-such-package';\nexport const net = new nn.Linear(x, 1);\n`);
    assert.match(e.message, /no-such-package/);
  });
  it('a file that throws: the user’s own line', async () => {
    const e = await fails('a.ts', `import { nn, rand } from 'weightroom';\n// a comment\nexport const net = new nn.Linear(4, 3);\nfunction deep(): void { net(rand(2, 5)); }\n\ndeep();\n`);
    assert.equal(e.message, 'mat1 and mat2 shapes cannot be multiplied (2x5 and 4x3)');
    assert.deepEqual([e.name, e.location?.line], ['RuntimeError', 4]);
    assert.match(e.stack!, /^RuntimeError: .*\n( +at .*a\.ts:\d+:\d+\)?\n?)+$/, 'the user\'s frames only');
    await works();
  });
  it('errors keep their line after a garbage collection', async () => {
    const file = engine.file('a.ts', `import v8 from 'node:v8';\nimport vm from 'node:vm';\nimport { nn, type Tensor } from 'weightroom';\ninterface Unused { x: number }\nclass Net extends nn.Module {\n  lin = new nn.Linear(4, 3);\n  forward(x: Tensor): Tensor { return this.lin(x); }\n}\nexport const net = new Net();\nv8.setFlagsFromString('--expose-gc');\nconst gc = vm.runInNewContext('gc') as () => void;\nexport async function train(): Promise<number> {\n  for (let i = 0; i < 5; i++) { gc(); await new Promise((r) => setTimeout(r, 5)); }\n  return 0;\n}\n`);
    await engine.request(m.RunFile, { file, keepWeights: false });
    await engine.request(m.Train, { model: `${file}#net`, steps: 1, lr: 0, input: '', target: '', loss: 'exported' });
    assert.deepEqual((await engine.failure(m.Forward, { model: `${file}#net`, input: 'rand(2, 5)' })).location, { file, line: 7, column: 44 });
  });
  it('a native crash ends the process, and the request with it', async () => {
    engine.request(Die, null).catch(() => undefined);
    assert.equal(await engine.exited, 'SIGABRT');
  });
  it('a file without a Module', async () => {
    assert.match((await fails('a.ts', `export const x = 1;\n`)).message, /exports no nn.Module/);
    assert.match((await fails('b.ts', `import { nn } from 'weightroom';\nexport class Net extends nn.Module {}\n`)).message, /export const net = new Net\(\)/);
  });
  it('a failed run leaves the models of the run before', async () => {
    await run('a.ts', good);
    await fails('a.ts', 'throw new Error("no")');
    assert.equal((await engine.request(m.ListModels, null)).length, 1);
  });
  it('a module that stands in itself: seen whole, beside the others; what would never end says why', async () => {
    const file = engine.file('cyclic.ts', `import { nn, type Tensor } from 'weightroom';\nclass Node extends nn.Module {\n  fc = new nn.Linear(4, 4);\n  parent: nn.Module | null = null;\n  forward(x: Tensor): Tensor { return this.fc(x); }\n}\nclass Tree extends nn.Module {\n  a = new Node();\n  constructor() { super(); this.a.parent = this; }\n  forward(x: Tensor): Tensor { return this.a(x); }\n}\nexport const net = new Tree();\n`);
    await engine.request(m.RunFile, { file, keepWeights: false });
    await run('a.ts', good);
    const [tree, other] = await engine.request(m.ListModels, null);
    assert.equal(other!.name, 'net');
    assert.deepEqual(tree!.root.children[0]!.children.map((c) => [c.path, c.sharedWith, c.children.length]), [['a.fc', undefined, 2], ['a.parent', '', 0]]);
    const id = `${file}#net`;
    await engine.request(m.Forward, { model: id, input: 'rand(2, 4)' });
    await engine.request(m.Backward, { model: id, zeroGrad: true });
    assert.equal((await engine.request(m.Gradients, { model: id })).rows.length, 2);
    const why = /^net\.a\.parent is net itself: a module that holds itself has no end/;
    for (const failed of [engine.failure(m.SaveCheckpoint, { model: id, path: '', file: path.join(engine.dir, 'x.pt') }), engine.failure(m.MoveToDevice, { model: id, path: '', device: 'cpu' }), engine.failure(m.Freeze, { model: id, path: '', frozen: true })]) {
      const e = await failed;
      assert.deepEqual([e.name, e.location?.line], ['RecursionError', 7]);
      assert.match(e.message, why);
    }
    await engine.request(m.RunFile, { file, keepWeights: true });
  });
  it('classes of the user’s own that are called as ours, an extraRepr() that throws: the tree stays whole', async () => {
    await run('own.ts', `import { nn, ones, type Tensor } from 'weightroom';\nclass LayerNorm extends nn.Module { gamma = new nn.Parameter(ones(4)); forward(x: Tensor): Tensor { return x.mul(this.gamma); } }\nclass Linear extends nn.Module { w = new nn.Parameter(ones(4, 2)); forward(x: Tensor): Tensor { return x.matmul(this.w); } override extraRepr(): string { throw new Error('mine'); } }\nexport const net = new nn.Sequential(new LayerNorm(), new Linear());\n`);
    const [own] = await engine.request(m.ListModels, null);
    assert.equal(own!.proposedInput, 'rand(2, 4)');
    assert.equal(own!.root.children[1]!.extra, 'extraRepr() threw Error: mine');
  });
  it('lazy layers: no size, no input proposed, until the first forward pass', async () => {
    const file = engine.file('lazy.ts', `import { nn } from 'weightroom';\nexport const net = new nn.Sequential(new nn.LazyLinear(8), new nn.ReLU(), new nn.Linear(8, 2));\n`);
    const { models: [before] } = await engine.request(m.RunFile, { file, keepWeights: false });
    assert.deepEqual([before!.proposedInput, before!.root.uninitialized, before!.root.children.map((c) => c.uninitialized), before!.root.children[0]!.children.map((c) => c.uninitialized)], ['', true, [true, undefined, undefined], [true, true]]);
    await engine.request(m.Forward, { model: before!.id, input: 'rand(3, 5)' });
    const [after] = await engine.request(m.ListModels, null);
    assert.deepEqual([after!.proposedInput, after!.root.uninitialized, after!.root.numel, after!.root.children[0]!.type], ['rand(3, 5)', undefined, 5 * 8 + 8 + 8 * 2 + 2, 'Linear']);
  });
  it('a misspelt name is told as it was written', async () => {
    assert.equal((await fails('a.ts', `import { nn } from 'weightroom';\nexport const net = new (nn as any).Linaer(4, 2);\n`)).message, 'nn.Linaer is not a constructor');
    const e = await fails('b.ts', `import { nn, reluu } from 'weightroom';\nexport const net = new nn.Linear(4, 2);\nreluu(1);\n`);
    assert.equal(e.message, 'reluu is not a function');
    assert.ok(!e.stack!.includes('import_weightroom'), e.stack);
  });
  it('a renamed file keeps its models, their weights and their place', async () => {
    await run('a.ts', good);
    await run('b.ts', good);
    const [from, to] = ['a.ts', 'moved.ts'].map((n) => path.join(engine.dir, n)) as [string, string];
    const weights = (await engine.request(m.Gradients, { model: `${from}#net` })).rows[0]!.value;
    await engine.request(m.MoveFile, { from, to });
    assert.deepEqual((await engine.request(m.ListModels, null)).map((x) => [x.id, x.file]), [[`${to}#net`, to], [path.join(engine.dir, 'b.ts#net'), path.join(engine.dir, 'b.ts')]]);
    assert.deepEqual((await engine.request(m.Gradients, { model: `${to}#net` })).rows[0]!.value, weights);
  });
  it('an input of the wrong shape, an input that is no expression', async () => {
    await run('a.ts', good);
    const id = path.join(engine.dir, 'a.ts#net');
    assert.equal((await engine.failure(m.Forward, { model: id, input: 'rand(2, 5)' })).message, 'mat1 and mat2 shapes cannot be multiplied (2x5 and 4x3)');
    assert.equal((await engine.failure(m.Forward, { model: id, input: 'rand(2,' })).name, 'SyntaxError');
    assert.equal((await engine.failure(m.Forward, { model: id, input: 'nope(1)' })).name, 'ReferenceError');
    assert.equal((await engine.failure(m.Forward, { model: 'x#y', input: 'rand(1)' })).name, 'KeyError');
  });
  it('a loop that never ends is interrupted, and the engine goes on', async () => {
    const before = good + `console.log('ready');\n`;
    const ready = engine.once(m.Output, (o) => o.text.includes('ready'));
    const running = engine.failure(m.RunFile, { file: engine.file('loop.ts', before + 'for (;;) {}\n'), keepWeights: false });
    await ready;
    const r = await engine.request(m.Interrupt, null);
    assert.deepEqual([r.stopped, r.lost], [true, true]);
    assert.equal((await running).kind, 'interrupted');
    await works();
  });
  it('a training loop is watched, inspected, paused and stopped at a safe point', async () => {
    const text = `import { nn, optim, rand } from 'weightroom';
export const net = new nn.Linear(4, 1);
const opt = new optim.SGD(net.parameters(), { lr: 0.01 });
for (;;) { opt.zeroGrad(); net(rand(8, 4)).pow(2).mean().backward(); opt.step(); }
`;
    await engine.request(m.Watch, { watching: true, every: 1, paused: false });
    await works();
    const seen = engine.once(m.TrainingStep, (s) => s.step > 20 && s.loss !== null);
    const running = engine.failure(m.RunFile, { file: engine.file('train.ts', text), keepWeights: false });
    const step = await seen;
    const report = await engine.request(m.Gradients, { model: step.model! });
    assert.equal(report.rows[0]!.state, 'ok');
    await engine.request(m.Watch, { watching: true, every: 1, paused: true });
    const a = await engine.request(m.Gradients, { model: step.model! });
    const b = await engine.request(m.Gradients, { model: step.model! });
    assert.deepEqual(a.rows, b.rows, 'paused');
    const r = await engine.request(m.Interrupt, null);
    assert.deepEqual([r.stopped, r.lost], [true, false]);
    assert.equal((await running).kind, 'interrupted');
    assert.equal((await engine.request(m.ListModels, null)).length, 1, 'the file that ran before still lives');
  });
  it('an interrupt stops what runs; what waits behind it goes on, and its models are kept', async () => {
    const file = engine.file('long.ts', `import { nn, optim, rand } from 'weightroom';\nexport const net = new nn.Linear(4, 3);\nexport function train(model = net): void { console.log('ready'); for (;;) model(rand(2, 4)).sum().backward(); }\n`);
    await engine.request(m.RunFile, { file, keepWeights: false });
    const ready = engine.once(m.Output, (o) => o.text.includes('ready'));
    const training = engine.failure(m.Train, { model: `${file}#net`, steps: 0, lr: 0, input: '', target: '', loss: 'exported' });
    await ready;
    // Longer than an interrupt is patient, and with safe points on the way.
    const next = engine.request(m.RunFile, { file: engine.file('next.ts', `import { nn, rand } from 'weightroom';\nexport const next = new nn.Linear(4, 3);\nfor (const end = Date.now() + 1500; Date.now() < end;) next(rand(2, 4));\n`), keepWeights: false });
    await new Promise((r) => setTimeout(r, 100));
    assert.deepEqual(await engine.request(m.Interrupt, null).then((r) => [r.stopped, r.lost]), [true, false]);
    assert.equal((await training).kind, 'interrupted');
    assert.equal((await next).models[0]!.name, 'next');
    assert.deepEqual((await engine.request(m.ListModels, null)).map((x) => x.name), ['net', 'next']);
  });
  it('process.exit in user code ends only the runner', async () => {
    const e = await fails('a.ts', 'process.exit(3);\n');
    assert.match(e.message, /process\.exit\(3\)/);
    await works();
  });
  it('an error after the run is reported, not fatal', async () => {
    const error = engine.once(m.RunnerError, () => true);
    await run('a.ts', good + `setTimeout(() => { throw new Error('late'); }, 1);\n`);
    assert.equal((await error).message, 'late');
    await works();
  });
  it('prints endlessly without flooding', async () => {
    const r = (await run('a.ts', good + `for (let i = 0; i < 50_000; i++) console.log('line', i);\n`)) as m.RunResult;
    assert.match(r.output, /line 49999\n$/);
  });
});

/**
 * The notebook, cell by cell: what the program prints equals what PyTorch printed (test/golden/notebook-seed0.txt),
 * character by character, chapter by chapter after manualSeed(0). Six-decimal sums agree within 1e-4 relative.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { empty, init, load, manualSeed, mm, nn, noGrad, ones, optim, pyRepr, rand, randn, save, tensor, zeros, float32, int64, type OrderedDict, type Tensor } from '../../extension/lib/index';
import { golden } from './paths';

class MLP extends nn.Module {
  hidden = new nn.Linear(784, 256);
  act = new nn.ReLU();
  output = new nn.Linear(256, 10);
  forward(x: Tensor): Tensor { return this.output(this.act(this.hidden(x))) as Tensor; }
}
class MySequential extends nn.Module {
  constructor(...args: nn.Module[] | [Map<string, nn.Module>]) {
    super();
    const items = args[0] instanceof Map ? [...args[0]] : (args as nn.Module[]).map((m, i) => [String(i), m] as const);
    for (const [k, m] of items) this.addModule(k, m);
  }
  forward(x: Tensor): Tensor {
    for (const m of this.modules_.values()) x = (m as nn.Linear)(x) as Tensor;
    return x;
  }
}
class FancyMLP extends nn.Module {
  randWeight = rand(20, 20);
  linear = new nn.Linear(20, 20);
  forward(x: Tensor): Tensor {
    x = this.linear(x) as Tensor;
    x = nn.functional.relu(mm(x, this.randWeight.data).add(1));
    x = this.linear(x) as Tensor;
    while (x.norm().item() > 1) x.div_(2);
    if (x.norm().item() < 0.8) x.mul_(10);
    return x.sum();
  }
}
class NestMLP extends nn.Module {
  net = new nn.Sequential(new nn.Linear(40, 30), new nn.ReLU());
  forward(x: Tensor): Tensor { return this.net(x) as Tensor; }
}
class CenteredLayer extends nn.Module {
  forward(x: Tensor): Tensor { return x.sub(x.mean()); }
}
class MyDense extends nn.Module {
  params: nn.ParameterList;
  constructor() {
    super();
    this.params = new nn.ParameterList([1, 2, 3].map(() => new nn.Parameter(randn(4, 4))));
    this.params.append(new nn.Parameter(randn(4, 1)));
  }
  forward(x: Tensor): Tensor {
    for (let i = 0; i < this.params.length; i++) x = mm(x, this.params[i]!);
    return x;
  }
}
class MyDictDense extends nn.Module {
  params: nn.ParameterDict;
  constructor() {
    super();
    this.params = new nn.ParameterDict({ linear1: new nn.Parameter(randn(4, 4)), linear2: new nn.Parameter(randn(4, 1)) });
    this.params.update({ linear3: new nn.Parameter(randn(4, 2)) });
  }
  forward(x: Tensor, choice = 'linear1'): Tensor { return mm(x, this.params[choice]); }
}
class MLP2 extends nn.Module {
  hidden = new nn.Linear(3, 2);
  act = new nn.ReLU();
  output = new nn.Linear(2, 1);
  forward(x: Tensor): Tensor { return this.output(this.act(this.hidden(x))) as Tensor; }
}

type Print = (value: unknown) => void;
type Step = (name: string, value: unknown) => void;
const text = (v: unknown): string => (Array.isArray(v) || v === null || (v instanceof Map && v.constructor === Map) ? pyRepr(v) : String(v));

const chapters: Record<string, (step: Step, print: Print) => void> = {
  '1.1 MLP'(step) {
    const x = rand(2, 784);
    const net = new MLP();
    step('print(net)', net);
    step('net(X)', net(x));
  },
  '1.2 MySequential'(step) {
    const m1 = new MySequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
    const m2 = new MySequential(new Map<string, nn.Module>([['fc1', new nn.Linear(784, 256)], ['relu1', new nn.ReLU()], ['fc2', new nn.Linear(256, 10)]]));
    const x = randn(1, 784);
    step('m1(x).shape', String((m1(x) as Tensor).shape));
    step('m2(x)', m2(x));
    step('m2', m2);
  },
  '1.3 ModuleList'(step) {
    const net = new nn.ModuleList([new nn.Linear(784, 256), new nn.ReLU()]);
    net.append(new nn.Linear(256, 10));
    step('net[-1]', net[-1]);
    step('net', net);
    step('net[0].weight', net[0]!['weight']);
  },
  '1.4 ModuleDict'(step) {
    const net = new nn.ModuleDict({ linear: new nn.Linear(784, 256), act: new nn.ReLU() });
    net['output'] = new nn.Linear(256, 10);
    step('net["linear"]', net['linear']);
    step('net.output', net.output);
    step('net', net);
  },
  '1.5 FancyMLP'(step) {
    const x = rand(2, 20);
    const net = new FancyMLP();
    step('net', net);
    const y = net(x) as Tensor;
    step('net(X)', y);
    y.backward();
    step('linear.weight.grad', net.linear.weight.grad);
    step('linear.bias.grad', net.linear.bias!.grad);
  },
  '1.6 nested'(step) {
    const net = new nn.Sequential(new NestMLP(), new nn.Linear(30, 20), new FancyMLP());
    const x = rand(2, 40);
    step('net', net);
    step('net(X)', net(x));
    step('names', [...net.namedParameters()].map(([n]) => n));
  },
  '2.1 access'(step, print) {
    const net = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Linear(3, 1));
    chapter2 = net;
    const x = rand(2, 4);
    const y = (net(x) as Tensor).sum();
    for (const [n, p] of net.namedParameters()) print(`${n} ${p.size()}`);
    for (const [n, p] of net[0]!.namedParameters()) print(`${n} ${p.size()}`);
    const w = [...net[0]!.parameters()][0]!;
    step('w.data', w.data);
    step('w.grad', w.grad);
    y.backward();
    step('w.grad', w.grad);
    step('w', w);
    step('y', y);
  },
  '2.2 init'(step, print) {
    const net = chapter2!;
    const each = (kind: string, fn: (p: nn.Parameter) => void): void => {
      for (const [n, p] of net.namedParameters()) if (n.includes(kind)) { fn(p); step(n, p.data); }
    };
    each('weight', (p) => init.normal_(p, { mean: 0, std: 0.01 }));
    each('bias', (p) => init.constant_(p, 0));
    each('weight', (t) => noGrad(() => { t.uniform_(-10, 10); t.mul_(t.abs().ge(5).to(float32)); }));
    each('bias', (p) => p.data.add_(1));
    const big = empty(17, 20);
    const inits: [string, (t: Tensor) => Tensor][] = [
      ['xavier_uniform_', init.xavierUniform_], ['xavier_normal_', init.xavierNormal_], ['kaiming_uniform_', init.kaimingUniform_],
      ['kaiming_normal_', (t) => init.kaimingNormal_(t, { nonlinearity: 'relu' })], ['trunc_normal_', init.truncNormal_], ['orthogonal_', init.orthogonal_],
      ['uniform_', (t) => init.uniform_(t, { a: -1, b: 2 })], ['normal_', init.normal_], ['zeros_', init.zeros_], ['ones_', init.ones_], ['eye_', init.eye_],
      ['sparse_', (t) => init.sparse_(t, { sparsity: 0.3 })],
    ];
    for (const [name, fill] of inits) {
      manualSeed(0);
      fill(big);
      step(`init.${name}`, big.slice(0, 0, 3).slice(1, 0, 4));
      print(big.double().sum().item().toFixed(6));
    }
  },
  '2.3 sharing'(step, print) {
    const linear = new nn.Linear(1, 1, { bias: false });
    const net = new nn.Sequential(linear, linear);
    step('net', net);
    for (const [n, p] of net.namedParameters()) { init.constant_(p, 3); step(n, p.data); }
    print(`${pyRepr(net[0] === net[1])} ${pyRepr(net[0]!['weight'] === net[1]!['weight'])}`);
    const x = ones(1, 1);
    const y = (net(x) as Tensor).sum();
    step('y', y);
    y.backward();
    step('grad', net[0]!['weight'].grad);
    (net(x) as Tensor).sum().backward();
    step('grad again', net[0]!['weight'].grad);
    step('state_dict', net.stateDict());
  },
  '3.1 CenteredLayer'(step, print) {
    step('out', new CenteredLayer()(tensor([1, 2, 3, 4, 5])));
    const net = new nn.Sequential(new nn.Linear(8, 128), new CenteredLayer());
    const y = net(rand(4, 8)) as Tensor;
    print(`|mean| < 1e-6: ${pyRepr(Math.abs(y.mean().item()) < 1e-6)}`);
  },
  '3.2 ParameterList'(step) {
    const net = new MyDense();
    const x = ones(1, 4);
    step('net', net);
    step('net(X)', net(x));
    step('names', [...net.namedParameters()].map(([n]) => n));
  },
  '3.3 ParameterDict'(step) {
    const net = new MyDictDense();
    const x = ones(1, 4);
    step('net', net);
    for (const c of ['linear1', 'linear2', 'linear3']) step(c, net(x, c));
    const both = new nn.Sequential(new MyDictDense(), new MyDense());
    step('net(X)', both(x));
    step('names', [...both.namedParameters()].map(([n]) => n));
  },
  '4 save and load'(step) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-'));
    const at = (name: string): string => path.join(dir, name);
    const x = ones(3);
    save(x, at('X.pt'));
    step('X2', load(at('X.pt')));
    const y = zeros(4);
    save([x, y], at('xy.pt'));
    step('list', load(at('xy.pt')));
    save({ x, y }, at('d.pt'));
    step('dict', load(at('d.pt')));
    const net = new MLP2();
    step('state_dict', net.stateDict());
    const sgd = new optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    step('sgd', sgd);
    const input = randn(2, 3);
    (net(input) as Tensor).sum().backward();
    sgd.step();
    step('optimizer state_dict', sgd.stateDict());
    step('after step', net.stateDict());
    const adam = new optim.Adam(net.parameters(), { lr: 0.01 });
    adam.zeroGrad();
    (net(input) as Tensor).pow(2).sum().backward();
    adam.step();
    step('after adam', net.stateDict());
    save(net.stateDict(), at('mlp.pt'));
    const clone = new MLP2();
    assert.equal(String(clone.loadStateDict(load(at('mlp.pt')) as OrderedDict<Tensor>)), '<All keys matched successfully>');
    assert.equal(String(clone.stateDict()), String(net.stateDict()));
    fs.rmSync(dir, { recursive: true });
  },
  '5 devices (on cpu)'(step) {
    const x = tensor([1n, 2n, 3n]);
    assert.equal(x.dtype, int64);
    step('x', x);
    step('x.device', String(x.device));
    step('x**2', x.pow(2));
    step('device', String([...new nn.Linear(3, 1).parameters()][0]!.device));
  },
};
let chapter2: nn.Sequential | undefined;

describe('the notebook prints what PyTorch prints', () => {
  const expected = new Map(golden('notebook-seed0.txt').split(/^## /m).slice(1).map((c) => {
    const [name, ...lines] = c.split('\n');
    return [name!, lines.join('\n').trimEnd()];
  }));
  for (const [name, want] of expected) {
    it(name, () => {
      const lines: string[] = [];
      manualSeed(0);
      const run = chapters[name];
      assert.ok(run, `no cell for chapter ${name}`);
      run((step, value) => lines.push(`# ${step}`, text(value)), (value) => lines.push(text(value)));
      const got = lines.join('\n').trimEnd().split('\n');
      const wanted = want.split('\n');
      assert.equal(got.length, wanted.length, `line count of\n${lines.join('\n')}`);
      wanted.forEach((w, i) => {
        if (/^-?\d+\.\d{6}$/.test(w)) {
          const [a, b] = [Number(got[i]), Number(w)];
          assert.ok(Math.abs(a - b) <= 1e-4 * Math.max(1, Math.abs(b)), `${name} line ${i + 1}: ${got[i]} is not ${w}`);
        } else assert.equal(got[i], w, `${name} line ${i + 1}`);
      });
    });
  }
});

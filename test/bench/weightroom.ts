/** Weightroom's side of the bench: reads {"row", "ms"} lines, answers with the mean time of a step. See .build/bench.mjs. */
import fs from 'node:fs';
import readline from 'node:readline';
import vm from 'node:vm';

import * as library from '../../extension/lib/index';
import { noGrad, nn, optim, rand, randint, setNumThreads, type Tensor } from '../../extension/lib/index';

type Step = () => void;
const F = nn.functional;

function stepOf(model: nn.Module, optimizer: optim.Optimizer, loss: () => Tensor): Step {
  void model;
  return () => {
    optimizer.zeroGrad();
    loss().backward();
    optimizer.step();
  };
}

const mlp = (): nn.Module => new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));

function mlpStep(batch: number, make: (p: Iterable<nn.Parameter>) => optim.Optimizer): Step {
  const model = mlp();
  const x = rand(batch, 784);
  const y = randint(0, 10, [batch]);
  return stepOf(model, make(model.parameters()), () => F.crossEntropy(model(x), y));
}

function mlpForward(batch: number): Step {
  const model = mlp();
  const x = rand(batch, 784);
  return () => noGrad(() => { model(x); });
}

function cnn(): Step {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2), new nn.Conv2d(16, 32, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2),
    new nn.Flatten(), new nn.Linear(32 * 7 * 7, 10));
  const x = rand(32, 1, 28, 28);
  const y = randint(0, 10, [32]);
  return stepOf(model, sgd(model.parameters()), () => F.crossEntropy(model(x), y));
}

function transformer(): Step {
  const model = new nn.TransformerEncoderLayer(128, 4, { dimFeedforward: 512, dropout: 0, batchFirst: true });
  const x = rand(8, 64, 128);
  return stepOf(model, new optim.AdamW(model.parameters(), { lr: 1e-6 }), () => model(x).square().mean());
}

function lstm(): Step {
  const model = new nn.LSTM(64, 128, { batchFirst: true });
  const x = rand(16, 32, 64);
  return stepOf(model, sgd(model.parameters()), () => model(x)[0].square().mean());
}

const million = (f: (a: Tensor, b: Tensor) => Tensor): Step => {
  const [a, b] = [rand(1_000_000), rand(1_000_000)];
  return () => { f(a, b); };
};

const sgd = (p: Iterable<nn.Parameter>): optim.Optimizer => new optim.SGD(p, { lr: 0.01 });
// So small that thousands of steps on one batch leave the gradients as they are.
const adam = (p: Iterable<nn.Parameter>): optim.Optimizer => new optim.Adam(p, { lr: 1e-6 });

const works: Record<string, () => Step> = {
  ...Object.fromEntries([1, 32, 256].flatMap((b) => [[`mlp-sgd-${b}`, () => mlpStep(b, sgd)], [`mlp-adam-${b}`, () => mlpStep(b, adam)]])),
  'mlp-forward-1': () => mlpForward(1),
  'mlp-forward-256': () => mlpForward(256),
  cnn, transformer, lstm,
  'exp-1m': () => million((a) => a.exp()),
  'add-1m': () => million((a, b) => a.add(b)),
  'sum-1m': () => million((a) => a.sum()),
  'matmul-1024': () => {
    const [a, b] = [rand(1024, 1024), rand(1024, 1024)];
    return () => { a.matmul(b); };
  },
};

/** Of layers.mjs. */
interface Layer { js: string; inputs: { shape: number[]; high?: number; dtype?: 'float64' | 'bfloat16' | 'float16' }[]; backward: boolean }
function layerStep({ js, inputs, backward }: Layer): Step {
  const make = vm.compileFunction(`const { nn, cat } = library, F = nn.functional; return ${js};`, ['library']) as (l: typeof library) => (...x: Tensor[]) => Tensor | [Tensor, ...unknown[]];
  const f = make(library);
  const xs = inputs.map((i) => (i.high !== undefined ? randint(0, i.high, i.shape) : library.randn(i.shape, i.dtype ? { dtype: library[i.dtype] } : {}).requiresGrad_()));
  const run = (): Tensor => { const y = f(...xs); return Array.isArray(y) ? y[0] : y; };
  if (!backward) return () => noGrad(() => { run(); });
  const gradient = library.randnLike(run());
  return () => {
    run().backward({ gradient });
    for (const t of [...xs, ...(f instanceof nn.Module ? f.parameters() : [])]) t.grad = null;
  };
}

const resident = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(fs.readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);

const ready = new Map<string, Step>();
interface Job { row: string; ms: number; memory?: boolean; make?: Layer }
function answer(job: Job): object {
  const layer = job.make;
  const make = layer !== undefined ? () => layerStep(layer) : works[job.row];
  if (make === undefined) return { missing: true };
  if (job.memory) {
    fs.writeFileSync('/proc/self/clear_refs', '5'); // the peak starts again at what is resident now
    const before = resident('VmRSS');
    const step = make();
    for (let i = 0; i < 50; i++) step();
    return { kb: resident('VmHWM') - before };
  }
  let step = ready.get(job.row);
  if (step === undefined) {
    ready.set(job.row, (step = make()));
    step(); // PyTorch's first optimizer step takes seconds (it imports its compiler): warm is what ran after it
    for (const end = performance.now() + 300; performance.now() < end;) step();
  }
  const start = performance.now();
  const end = start + job.ms;
  let n = 0;
  let now = start;
  do {
    step();
    n++;
    now = performance.now();
  } while (now < end);
  return { us: ((now - start) / n) * 1000 };
}

setNumThreads(Number(process.argv[2]));
console.log(JSON.stringify({ name: 'Weightroom' }));
readline.createInterface({ input: process.stdin }).on('line', (line) => console.log(JSON.stringify(answer(JSON.parse(line) as Job))));

/** Notebook cells over the engine process's own channel: the course notebook against PyTorch's transcript, one scope, errors, interrupt. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';

import * as m from '../../extension/protocol/model';
import { CompleteCell, MoveNotebook, RunCell } from '../../extension/protocol/notebook';
import type { ErrorInfo } from '../../extension/protocol/rpc';
import { TestEngine } from './engineClient';
import { golden, repoRoot } from './paths';

interface Cell { cell_type: 'code' | 'markdown'; source: string[] }

class Notebook {
  readonly engine = new TestEngine();
  readonly file = path.join(this.engine.dir, 'a.ipynb');
  private count = 0;
  private printed = '';
  constructor() { this.engine.on(m.Output, (o) => { if (o.cell !== undefined) this.printed += o.text; }); }

  private params(code: string): { notebook: string; cell: string; count: number; code: string } {
    const count = ++this.count;
    return { notebook: this.file, cell: `nb:/a.ipynb#${count}`, count, code };
  }
  /** What the cell shows: what it printed, then its value. */
  async run(code: string): Promise<string> {
    this.printed = '';
    const { text } = await this.engine.request(RunCell, this.params(code));
    return this.printed + (text ?? '');
  }
  fails(code: string): Promise<ErrorInfo> { return this.engine.failure(RunCell, this.params(code)); }
  /** An error's cell and line, as `#3:2`. */
  async failsAt(code: string): Promise<string> {
    const { name, location } = await this.fails(code);
    return `${name} #${location?.file.split('#')[1]}:${location?.line}:${location?.column}`;
  }
  /** Starts a cell that is not to end by itself; resolves when it has printed `mark`. */
  async start(code: string, mark = 'ready'): Promise<{ ended: Promise<ErrorInfo> }> {
    const seen = this.engine.once(m.Output, (o) => o.text.includes(mark));
    const ended = this.fails(code);
    await seen;
    return { ended };
  }
  async models(): Promise<string[]> { return (await this.engine.request(m.ListModels, null)).map((x) => x.name); }
}

let nb: Notebook;
beforeEach(() => { nb = new Notebook(); });
afterEach(() => nb.engine.stop());

describe('the course notebook, as cells', () => {
  const cells = (JSON.parse(fs.readFileSync(path.join(repoRoot, 'media', 'samples', 'notebook.ipynb'), 'utf8')) as { cells: Cell[] }).cells;
  const chapters = new Map(golden('notebook-seed0.txt').split(/^## /m).slice(1).map((c) => [c.slice(0, c.indexOf('\n')), c.slice(c.indexOf('\n') + 1).split('\n').filter((l) => !l.startsWith('# ')).join('\n').trimEnd()]));

  /** The transcript writes lists, True, False and None in Python's way; cells write them as JavaScript does. */
  const inJavaScript = (line: string): string => (line.startsWith("['") ? inspect(JSON.parse(line.replaceAll("'", '"')), { breakLength: 80 }) : line.replace(/^(.*: )?True( True)?$/, (t) => t.replaceAll('True', 'true')).replace(/^None$/, 'null'));

  it('prints what PyTorch printed, chapter by chapter, and leaves its models in the tree', async () => {
    const got = new Map<string, string[]>();
    let chapter = '';
    for (const { cell_type, source } of cells) {
      if (cell_type === 'markdown') chapter = /^## (.*)$/m.exec(source.join(''))?.[1] ?? chapter;
      else got.set(chapter, [...(got.get(chapter) ?? []), (await nb.run(source.join(''))).trimEnd()].filter((t) => t !== ''));
    }
    assert.ok(chapters.size >= 14);
    for (const [name, want] of chapters) {
      const lines = (got.get(name) ?? []).join('\n').split('\n');
      const wanted = want.split('\n').map(inJavaScript).join('\n').split('\n');
      assert.equal(lines.length, wanted.length, `${name} shows\n${lines.join('\n')}`);
      wanted.forEach((w, i) => {
        if (/^-?\d+\.\d{6}$/.test(w)) assert.ok(Math.abs(Number(lines[i]) - Number(w)) <= 1e-4 * Math.max(1, Math.abs(Number(w))), `${name}: ${lines[i]} is not ${w}`);
        else assert.equal(lines[i], w, `${name}, line ${i + 1}`);
      });
    }
    assert.match(got.get('6 devices')!.join('\n'), /^tensor\(\[1, 2, 3\](, device='webgpu:0'\)\nExpected all tensors to be on the same device, but found at least two devices, webgpu:0 and cpu!|\)\ntensor\(\[2, 4, 6\]\))\n/);
    const losses = [...got.get('7 training')!.join('\n').matchAll(/loss ([\d.]+)/g)].map((x) => Number(x[1]));
    assert.ok(losses.length === 4 && losses[3]! < losses[0]! / 2, String(losses));
    assert.ok((await nb.models()).includes('model'));
    assert.ok(fs.existsSync(path.join(nb.engine.dir, 'mlp.pt')), 'relative paths start at the notebook');
  });
});

describe('a notebook', () => {
  it('shares const, let, class, function and imports with later cells, and functions see what comes later', async () => {
    await nb.run(`import { nn, ones as eins } from 'weightroom';\nimport fs, { existsSync } from 'node:fs';`);
    await nb.run('let n = 1; const { a, b: [c = 4, ...more] } = { a: 2, b: [undefined, 5, 6] }; class Net extends nn.Linear {} enum Colour { Red = 3 }\nasync function later() { return n + missing; }');
    assert.equal(await nb.run('n += 10; n++; [n, a, c, more, Colour.Red, typeof fs.statSync, existsSync === fs.existsSync]'), "[ 12, 2, 4, [ 5, 6 ], 3, 'function', true ]");
    assert.equal(await nb.run('new Net(2, 1)(eins(1, 2)).shape'), 'torch.Size([1, 1])');
    assert.equal(await nb.failsAt('later()'), 'ReferenceError #2:2:37');
    await nb.run('const missing = 5;');
    assert.equal(await nb.run('later()'), '17', 'a promise is awaited');
    assert.equal(await nb.run('const n = "new"; n'), "'new'", 'declared anew');
    assert.equal(await nb.run('export const kept = await Promise.resolve(n); export default class Last {}'), '');
    assert.equal(await nb.run('kept + Last.name'), "'newLast'");
    assert.equal((await nb.fails('kept = 1')).message, 'Assignment to constant variable.');
  });

  it('shows the last expression as PyTorch or JavaScript prints it, and nothing for statements', async () => {
    await nb.run(`import { ones, save } from 'weightroom';`);
    assert.equal(await nb.run('[ones(2), null, true]'), '[tensor([1., 1.]), None, True]');
    assert.equal(await nb.run('({ a: ones(1), n: 1 })'), "{'a': tensor([1.]), 'n': 1}");
    assert.equal(await nb.run('[null, true]'), '[ null, true ]');
    assert.equal(await nb.run('1, 2'), '2');
    assert.equal(await nb.run('console.log("printed");\n// nothing follows\n'), 'printed\n');
    for (const silent of ['', '// only a comment', 'const q = 1;', 'undefined', 'var v; v = 3', 'if (true) { 5; }', 'interface X { a: number }']) assert.equal(await nb.run(silent), '', silent);
  });

  it('keeps the value a name had when the cell that declares it anew fails before', async () => {
    await nb.run('const a = 1; let b = 1;');
    assert.equal(await nb.failsAt('const a = 2;\nthrow new RangeError("no");\nlet b = 2;\nconst never = 3;'), 'RangeError #2:2:7');
    assert.equal(await nb.run('[a, b, typeof never]'), "[ 2, 1, 'undefined' ]");
    assert.equal((await nb.fails('never')).name, 'ReferenceError');
  });

  it('imports the user’s own files, once, until they change', async () => {
    const file = nb.engine.file('mine.ts', `import { nn } from 'weightroom';\nexport interface T { x: number }\nexport const tag: string = 'one';\nexport const module = new nn.Linear(2, 1);\nexport function broken(): void {\n  module(null as never);\n}\n`);
    await nb.run(`import { module as first, tag, type T } from './mine';`);
    assert.equal(await nb.run(`import { module as second, broken } from './mine';\n[first === second, tag]`), "[ true, 'one' ]");
    const inFile = await nb.fails('broken()');
    assert.deepEqual([inFile.location?.file, inFile.location?.line], [file, 6]);
    fs.writeFileSync(file, `export const tag = 'two';\n`);
    assert.equal(await nb.run(`import { tag } from './mine.js';\ntag`), "'two'");
    assert.equal(await nb.failsAt(`const x = 1;\n\nimport { y } from './nowhere';`), 'ImportError #5:3:1');
    fs.writeFileSync(file, 'export const = 3;\n');
    assert.deepEqual((await nb.fails(`import './mine';`)).location, { file, line: 1, column: 14 });
    assert.match((await nb.fails(`import x from 'no-such-package';`)).message, /no-such-package/);
    assert.match((await nb.fails('const a = 1;\nconst b = a +;')).stack!, /^SyntaxError: Unexpected ";"\n {4}Cell In\[\d+\], line 2$/);
  });

  it('points errors at the cell’s own line and column, also after types, from other cells and after a garbage collection', async () => {
    assert.equal(await nb.failsAt('const ok = 1;\nconst x = ;'), 'SyntaxError #1:2:11');
    assert.equal(await nb.failsAt('interface A {\n  a: number;\n}\n\nconst t: A = { a: 1 };\n  (t as any).b.c'), 'TypeError #2:6:16');
    await nb.run(`import { nn, rand, type Tensor } from 'weightroom';\nclass Net extends nn.Module {\n  lin = new nn.Linear(4, 3);\n  forward(x: Tensor): Tensor {\n    return this.lin(x);\n  }\n}\nconst net = new Net();`);
    await nb.run(`import v8 from 'node:v8';\nimport vm from 'node:vm';\nv8.setFlagsFromString('--expose-gc');\nconst gc = vm.runInNewContext('gc') as () => void;\nfor (let i = 0; i < 5; i++) { gc(); await new Promise((r) => setTimeout(r, 5)); }`);
    const e = await nb.fails('\nnet(rand(2, 5))');
    assert.deepEqual([e.message, e.location], ['mat1 and mat2 shapes cannot be multiplied (2x5 and 4x3)', { file: 'nb:/a.ipynb#3', line: 5, column: 17 }]);
    assert.equal(e.stack, `RuntimeError: ${e.message}\n    Cell In[3], line 5\n    Cell In[5], line 2`);
    assert.equal(await nb.failsAt(`export * from './x';`), 'SyntaxError #6:1:1');
  });

  it('makes its variables live models: parts and losses left out, gone with the variable', async () => {
    await nb.run(`import { nn, rand } from 'weightroom';\nconst lin = new nn.Linear(4, 2);\nconst net = new nn.Sequential(lin, new nn.ReLU());\nconst loss = new nn.MSELoss();\nlet other: nn.Module | null = new nn.Linear(1, 1), alias = net;`);
    assert.deepEqual(await nb.models(), ['net', 'other']);
    const id = `${nb.file}#net`;
    const [summary] = await nb.engine.request(m.ListModels, null);
    assert.deepEqual([summary!.id, summary!.source], [id, { file: 'nb:/a.ipynb#1', line: 3 }]);
    // The notebook's variables are in scope of an input expression.
    await nb.run('const batch = rand(3, 4);');
    assert.deepEqual((await nb.engine.request(m.Forward, { model: id, input: 'batch' })).shape, [3, 2]);
    await nb.engine.request(m.Backward, { model: id, zeroGrad: true });
    assert.match(await nb.run('lin.bias.grad.shape'), /2/, 'what the editor did is seen by the next cell');
    await nb.run('other = null;');
    assert.deepEqual(await nb.models(), ['net']);
    assert.ok((await nb.engine.request(m.ListModels, null))[0]!.hasOutput, 'a model that stays keeps its output');
    await nb.engine.request(MoveNotebook, { from: nb.file, to: path.join(nb.engine.dir, 'b.ipynb') });
    assert.deepEqual((await nb.engine.request(m.ListModels, null)).map((x) => x.id), [path.join(nb.engine.dir, 'b.ipynb#net')]);
    assert.equal(await nb.engine.request(RunCell, { notebook: path.join(nb.engine.dir, 'b.ipynb'), cell: 'x', count: 1, code: 'typeof lin' }).then((r) => r.text), "'function'");
    await nb.engine.request(m.CloseFile, { file: path.join(nb.engine.dir, 'b.ipynb') });
    assert.deepEqual(await nb.models(), []);
  });

  it('keeps two notebooks apart', async () => {
    await nb.run('const only = 1;');
    assert.equal((await nb.engine.failure(RunCell, { notebook: path.join(nb.engine.dir, 'b.ipynb'), cell: 'b', count: 1, code: 'only' })).message, 'only is not defined');
  });

  it('completes from what lives, without running the user’s getters', async () => {
    await nb.run(`import { nn } from 'weightroom';\nconst net = new nn.Sequential(new nn.Linear(4, 2));\nlet touched = 0;\nclass Odd { get trap() { touched++; return { inner: 1 }; } }\nconst odd = new Odd();`);
    const at = async (text: string): Promise<string[]> => (await nb.engine.request(CompleteCell, { notebook: nb.file, text })).map((c) => `${c.name}:${c.kind}`);
    assert.ok((await at('const y = ne')).includes('net:module'));
    assert.ok((await at('nn.')).includes('Linear:class'));
    assert.ok((await at('foo(net[0].we')).includes('weight:tensor'));
    assert.ok((await at('x = net.state')).includes('stateDict:function'));
    assert.ok((await at('nn.functional.')).includes('relu:function'));
    assert.deepEqual([await at('odd.trap.'), await at('nowhere.'), await at('f().')], [[], [], []]);
    assert.ok((await at('odd.')).some((c) => c.startsWith('trap:')));
    assert.equal(await nb.run('touched'), '0');
  });
});

describe('a notebook is interrupted', () => {
  const good = `import { nn, optim, rand } from 'weightroom';\nconst net = new nn.Linear(4, 1);\nconst kept = 42;\n`;

  it('in a training loop: variables stay, and it was seen live', async () => {
    await nb.engine.request(m.Watch, { watching: true, every: 1, paused: false });
    const trained = new Set<string | null>();
    const step = nb.engine.once(m.TrainingStep, (s) => { trained.add(s.model); return s.step > 5; });
    const { ended } = await nb.start(`${good}const other = new nn.Linear(1, 1);\nconst opt = new optim.SGD(net.parameters(), { lr: 0.01 });\nconsole.log('ready');\nfor (;;) { opt.zeroGrad(); net(rand(8, 4)).pow(2).mean().backward(); opt.step(); }`);
    await step;
    assert.deepEqual([...trained], [`${nb.file}#net`], 'the model that is called, not its neighbour');
    assert.equal((await nb.engine.request(m.Gradients, { model: `${nb.file}#net` })).rows[0]!.state, 'ok');
    assert.deepEqual(await nb.engine.request(m.Interrupt, null).then((r) => [r.stopped, r.lost]), [true, false]);
    assert.equal((await ended).kind, 'interrupted');
    assert.equal(await nb.run('kept'), '42');
  });
  it('while it awaits: variables stay', async () => {
    const { ended } = await nb.start(`${good}console.log('ready');\nawait new Promise(() => undefined);`);
    assert.deepEqual(await nb.engine.request(m.Interrupt, null).then((r) => [r.stopped, r.lost]), [true, false]);
    assert.equal((await ended).kind, 'interrupted');
    assert.equal(await nb.run('kept'), '42');
  });
  it('in a loop that reaches no safe point: the runner ends, the next cell starts afresh', async () => {
    const { ended } = await nb.start(`${good}console.log('ready');\nfor (;;) {}`);
    assert.deepEqual(await nb.engine.request(m.Interrupt, null).then((r) => [r.stopped, r.lost]), [true, true]);
    assert.equal((await ended).kind, 'interrupted');
    assert.equal(await nb.run('typeof kept'), "'undefined'");
  });
  it('by process.exit', async () => {
    assert.match((await nb.fails('process.exit(3)')).message, /process\.exit\(3\)/);
    assert.equal(await nb.run('1 + 1'), '2');
  });
});

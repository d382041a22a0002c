/** What is read from model files and tsconfigs as text, and what is proposed and previewed from shapes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import type { TensorInfo } from '../../extension/protocol/checkpoint';
import type { TreeNode } from '../../extension/protocol/model';
import { editTsconfig, newTsconfig } from '../../extension/commands/typesFolder';
import { leafCount, tensorRows } from '../../extension/views/checkpointRows';
import { initPreview } from '../../extension/views/initPreview';
import { inputProposals } from '../../extension/views/inputProposals';
import { classLine, exportedValues, exportsTrain, fieldLine, isModelFile, likelyModels, modelClasses } from '../../extension/views/modelSource';
import { repoRoot } from './paths';

const mlp = fs.readFileSync(path.join(repoRoot, 'media', 'samples', 'mlp.ts'), 'utf8');
const lineOf = (text: string, start: string): number => text.split('\n').findIndex((l) => l.trim().startsWith(start));

describe('model files as text', () => {
  it('a model file is a script that imports weightroom', () => {
    assert.equal(isModelFile('/a/m.ts', mlp), true);
    assert.equal(isModelFile('/a/m.mjs', "import { nn } from 'weightroom';"), true);
    assert.equal(isModelFile('/a/m.cjs', 'const { nn } = require("weightroom");'), true);
    assert.equal(isModelFile('/a/m.ts', "import 'weightroom';"), true);
    assert.equal(isModelFile('/a/m.d.ts', mlp), false);
    assert.equal(isModelFile('/a/m.py', mlp), false);
    assert.equal(isModelFile('/a/m.ts', "// import { nn } from 'weightroom';\nimport x from 'weightroom-tools';"), false);
    assert.equal(isModelFile('/a/m.ts', "/* from 'weightroom' */ import { nn } from './other';"), false);
  });

  it('finds classes, also those that extend one another', () => {
    const text = "class A extends nn.Module {}\nclass C extends B {}\nclass B<T extends object> extends A {}\nclass D extends Other {}\nconst s = 'class E extends nn.Module';\n// class F extends nn.Module\nexport default class G extends Module {}";
    assert.deepEqual(modelClasses(text), [{ name: 'A', line: 0 }, { name: 'C', line: 1 }, { name: 'B', line: 2 }, { name: 'G', line: 6 }]);
    assert.deepEqual(modelClasses(mlp), [{ name: 'MLP', line: lineOf(mlp, 'export class MLP') }]);
  });

  it('finds exports, and those that are models before any run', () => {
    const text = "export const net = new Net();\nexport const lr = 0.1;\nexport const w = new nn.Parameter(x);\nexport const seq: nn.Sequential = new nn.Sequential(\n  new Net());\nexport default new Net();\nclass Net extends nn.Module {}";
    assert.deepEqual(exportedValues(text).map((v) => v.name), ['net', 'lr', 'w', 'seq', 'default']);
    assert.deepEqual(likelyModels(text), [{ name: 'net', line: 0 }, { name: 'seq', line: 3 }, { name: 'default', line: 5 }]);
  });

  it('knows whether train is exported', () => {
    assert.equal(exportsTrain(mlp), true);
    assert.equal(exportsTrain('export async function train() {}'), true);
    assert.equal(exportsTrain('export const train = () => 1;'), true);
    assert.equal(exportsTrain('function train() {}\nexport { net, train };'), true);
    assert.equal(exportsTrain('// export function train\nfunction training() {}\nexport const trainer = 1;'), false);
  });

  it('finds where a class makes a field', () => {
    const text = [
      'class Other extends nn.Module { hidden = 1; }', //           0
      'export class Net extends nn.Module {', //                    1
      '  hidden = new nn.Linear(1, 2);', //                         2
      '  readonly typed: nn.Linear = new nn.Linear(1, 2);', //      3
      '  late: nn.Module;', //                                      4
      '  constructor() {', //                                       5
      "    super(); const hiddenSize = 3;", //                      6
      '    this.late = new nn.ReLU();', //                          7
      "    this.registerBuffer('mask', zeros(2));", //              8
      '  }', //                                                     9
      '  forward(x: Tensor) { if (x.dim === 2) return x; }', //     10
      '}', //                                                       11
      'const after = 1;', //                                        12
    ].join('\n');
    const at = (field: string): number | undefined => fieldLine(text, 'Net', field);
    assert.deepEqual(['hidden', 'typed', 'late', 'mask'].map(at), [2, 3, 7, 8]);
    assert.equal(at('dim'), undefined);
    assert.equal(at('after'), undefined);
    assert.equal(fieldLine(text, 'Missing', 'hidden'), undefined);
    assert.equal(fieldLine(mlp, 'MLP', 'output'), lineOf(mlp, 'output = new'));
    assert.equal(classLine(text, 'Net'), 1);
  });
});

describe('tsconfig of Set Up Types', () => {
  const ok = (text: string): Extract<ReturnType<typeof editTsconfig>, { text: string }> => {
    const r = editTsconfig(text);
    assert.ok(!('problem' in r));
    return r;
  };

  it('keeps comments, order and indentation', () => {
    const r = ok('{\n    // mine\n    "compilerOptions": {\n        "strict": true, // yes\n    },\n}\n');
    assert.equal(r.changed, true);
    assert.match(r.text, /\/\/ mine\n {4}"compilerOptions"/);
    assert.match(r.text, /"strict": true,? ?(\/\/ yes)?/);
    assert.match(r.text, /"paths": \{\s+"weightroom": \[\s*"\.\/\.weightroom\/types\/lib\/index\.d\.ts"\s*\]/);
    assert.equal(ok(r.text).changed, false);
  });

  it('leaves other paths alone, goes by baseUrl, and says when inherited paths are hidden', () => {
    const r = ok('{ "compilerOptions": { "baseUrl": "./src", "paths": { "@/*": ["./*"] } } }');
    assert.deepEqual(JSON.parse(r.text).compilerOptions.paths, { '@/*': ['./*'], 'weightroom': ['../.weightroom/types/lib/index.d.ts'] });
    assert.equal(r.hidesInherited, false);
    assert.equal(ok('{ "extends": "./base.json" }').hidesInherited, true);
  });

  it('a new one is complete already; a broken one is refused with its line', () => {
    assert.equal(ok(newTsconfig).changed, false);
    assert.deepEqual(editTsconfig('{\n "a": \n'), { problem: 'line 3' });
    assert.ok('problem' in editTsconfig('[1'));
  });
});

describe('input proposals', () => {
  const leaf = (type: string, extra: string): TreeNode => ({ kind: 'module', path: 'x', name: 'x', type, extra, device: 'cpu', numel: 1, bytes: 4, children: [] });
  const net = (...children: TreeNode[]): TreeNode => ({ kind: 'module', path: '', name: '', type: 'Net', device: 'cpu', numel: 1, bytes: 4, children });

  it('history first, then the model’s own, then other batch sizes, each once', () => {
    const root = net(leaf('Flatten', 'start_dim=1, end_dim=-1'), leaf('Linear', 'in_features=784, out_features=256, bias=True'));
    assert.deepEqual(inputProposals(root, 'rand(2, 784)', ["load('x.pt')", 'rand(2, 784)']), ["load('x.pt')", 'rand(2, 784)', 'randn(32, 784)', 'ones(1, 784)']);
  });

  it('convolutions, embeddings, recurrent layers, and models that say nothing', () => {
    assert.deepEqual(inputProposals(net(leaf('Conv2d', '3, 16, kernel_size=(3, 3), stride=(1, 1)')), '', []), ['rand(1, 3, 32, 32)', 'randn(16, 3, 32, 32)']);
    assert.equal(inputProposals(net(leaf('Embedding', '1000, 64')), '', [])[0], 'randint(0, 1000, [1, 16])');
    assert.equal(inputProposals(net(leaf('LSTM', '64, 128, batch_first=True')), '', [])[0], 'randn(2, 16, 64)');
    assert.deepEqual(inputProposals(net(), '', []), []);
  });
});

describe('preview of init functions', () => {
  // Bounds as torch.nn.init computes them: xavier √(6/(in+out)), kaiming √(6/((1+a²)·fan)).
  const p = (name: string, args: [string, number | string][], shape: number[]): string => initPreview(name, new Map(args), shape);
  it('says the numbers of the distribution', () => {
    assert.equal(p('xavierUniform_', [], [256, 784]), 'uniform in ±0.076');
    assert.equal(p('kaimingUniform_', [['a', Math.sqrt(5)]], [256, 784]), 'uniform in ±0.0357');
    assert.equal(p('kaimingNormal_', [['nonlinearity', 'relu']], [16, 1, 3, 3]), 'normal, mean 0, std 0.471');
    assert.equal(p('kaimingNormal_', [['mode', 'fan_out'], ['nonlinearity', 'relu']], [16, 1, 3, 3]), 'normal, mean 0, std 0.118');
    assert.equal(p('normal_', [['mean', 0], ['std', 0.01]], [10]), 'normal, mean 0, std 0.01');
    assert.equal(p('uniform_', [['a', -1], ['b', 1]], [10]), 'uniform in [-1, 1)');
    assert.equal(p('constant_', [['val', 3]], [10]), 'every value 3');
  });
  it('says nothing where the function does not apply', () => {
    assert.equal(p('xavierUniform_', [], [256]), '');
    assert.equal(p('unheardOf_', [], [2, 2]), '');
  });
});

describe('checkpoint rows', () => {
  const tensor = (name: string): TensorInfo => ({ name, dtype: 'float32', shape: [1], numel: 1, bytes: 4 });
  it('group dotted names and join lone groups', () => {
    const rows = tensorRows(['model.encoder.0.weight', 'model.encoder.0.bias', 'model.encoder.1.weight', 'step'].map(tensor));
    assert.deepEqual(rows.map((r) => [r.kind, r.name, leafCount(r)]), [['group', 'model.encoder', 3], ['tensor', 'step', 1]]);
    const [encoder] = rows;
    assert.ok(encoder!.kind === 'group');
    assert.deepEqual(encoder.children.map((c) => c.name), ['0', '1']);
  });
});

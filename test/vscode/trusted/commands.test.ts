/** Every command in a real extension host, called as the tree and other extensions call it: with its target and answers. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';

import type { Services } from '../../../extension/commands/services';
import { findNode, findRow, type NodeRow } from '../../../extension/views/rows';
import type { RunResult } from '../../../extension/protocol/model';

const extension = vscode.extensions.getExtension<{ services: Services }>('weightroom.weightroom')!;
const folder = (): string => vscode.workspace.workspaceFolders![0]!.uri.fsPath;
const run = <R>(id: string, ...args: unknown[]): Thenable<R> => vscode.commands.executeCommand<R>(`weightroom.${id}`, ...args);

describe('commands', () => {
  let s: Services;
  let net: { model: string; path: string };
  const at = (p: string): { model: string; path: string } => ({ ...net, path: p });
  const node = (p: string): NonNullable<ReturnType<typeof findNode>> => findNode(s.store.model(net.model)!.root, p)!;
  const row = (p: string): NodeRow => findRow([...s.store.models], net.model, p, { collapseRepeats: true, sort: 'order', keep: null })!;

  before(async () => {
    s = (await extension.activate()).services;
    const result = await run<RunResult>('runFile', vscode.Uri.file(path.join(folder(), 'mlp.ts')));
    net = { model: result.models[0]!.id, path: '' };
  });

  it('forward prints the output and fills in output shapes', async () => {
    const out = await run<{ output: string; shape: number[] }>('forward', net, 'rand(2, 784)');
    assert.deepEqual(out.shape, [2, 10]);
    assert.match(out.output, /^tensor\(\[\[[^]*grad_fn=<AddmmBackward0>\)$/);
    assert.deepEqual(node('hidden').outputShape, [2, 256]);
    assert.equal(s.store.model(net.model)!.proposedInput, 'rand(2, 784)');
  });

  it('forward of one module, from its row', async () => {
    assert.deepEqual((await run<{ shape: number[] }>('forward', row('output'), 'rand(3, 256)')).shape, [3, 10]);
  });

  it('an input of the wrong shape is told with PyTorch’s text and changes nothing', async () => {
    assert.equal(await run('forward', net, 'rand(2, 3)'), undefined);
    assert.deepEqual((await run<{ shape: number[] }>('forward', net, 'rand(2, 784)')).shape, [2, 10]);
  });

  it('backward fills gradients, adds to them or clears them', async () => {
    await run('forward', net, 'ones(1, 784)');
    await run('backward', net, { zeroGrad: true });
    assert.equal(node('output.bias').grad, 'ok');
    const item = s.modelsView.getTreeItem(row('output.bias'));
    assert.equal((item.iconPath as vscode.ThemeIcon).color?.id, 'charts.green');
  });

  it('reinitialize says what it did and is undone', async () => {
    const output = async (): Promise<string> => (await run<{ output: string }>('forward', net, 'ones(1, 784)')).output;
    const before = await output();
    const done = await run<{ message: string; changed: string[] }>('reinitialize', row('hidden.weight'), { init: 'constant_', args: [3] });
    assert.deepEqual(done.changed, ['hidden.weight']);
    assert.match(done.message, /constant_\(val=3\)/);
    assert.equal(s.store.model(net.model)!.canUndoReinitialize, true);
    assert.notEqual(await output(), before);
    await run('undoReinitialize', net);
    assert.equal(await output(), before);
    assert.equal(s.store.model(net.model)!.canUndoReinitialize, false);
  });

  it('freeze shows a lock, unfreeze takes it away', async () => {
    await run('freeze', row('hidden'));
    assert.equal(node('hidden').requiresGrad, false);
    assert.equal((s.modelsView.getTreeItem(row('hidden')).iconPath as vscode.ThemeIcon).id, 'lock');
    assert.match(s.modelsView.getTreeItem(row('hidden')).contextValue!, /\bfrozen\b/);
    await run('unfreeze', row('hidden'));
    assert.equal(node('hidden').requiresGrad, true);
  });

  it('saves a checkpoint, lists it, and loads it back', async () => {
    const uri = vscode.Uri.file(path.join(folder(), 'saved.pt'));
    assert.equal((await run<{ tensors: number }>('saveCheckpoint', net, uri)).tensors, 4);
    const before = (await run<{ output: string }>('forward', net, 'ones(1, 784)')).output;
    await run('reinitialize', net, { init: 'ones_', args: [] });
    const listed = (await s.checkpointsView.files()).find((r) => r.uri.fsPath === uri.fsPath)!;
    const loaded = await run<{ loaded: string[] }>('loadCheckpoint', listed, net);
    assert.equal(loaded.loaded.length, 4);
    assert.equal((await run<{ output: string }>('forward', net, 'ones(1, 784)')).output, before);
    const tensors = await s.checkpointsView.getChildren(listed);
    assert.deepEqual(tensors.map((r) => (r.kind === 'below' ? r.row.name : '')), ['hidden', 'output']);
  });

  it('moves to the cpu, and says why a device is missing', async () => {
    assert.match((await run<{ message: string }>('moveToDevice', net, 'cpu')).message, /Moved net to cpu/);
    assert.equal(await run('moveToDevice', net, 'cuda:7'), undefined);
  });

  it('trains by the file’s own function and by expressions', async () => {
    const own = await run<{ loss: number }>('train', net, { loss: 'exported', steps: 3, lr: 0, input: '', target: '' });
    assert.ok(Number.isFinite(own.loss));
    const fitted = await run<{ steps: number; loss: number }>('train', net, { loss: 'mse', steps: 5, lr: 0.01, input: 'ones(4, 784)', target: 'zeros(4, 10)' });
    assert.equal(fitted.steps, 5);
  });

  it('copies PyTorch’s name', async () => {
    assert.equal(await run('copyName', row('hidden.weight')), 'hidden.weight');
    assert.equal(await vscode.env.clipboard.readText(), 'hidden.weight');
  });

  it('reveals the class and the fields in the source', async () => {
    const text = fs.readFileSync(path.join(folder(), 'mlp.ts'), 'utf8').split('\n');
    const line = async (p: string): Promise<string> => text[(await run<{ line: number }>('revealSource', at(p))).line]!.trim();
    assert.match(await line(''), /^export class MLP/);
    assert.match(await line('hidden'), /^hidden = new/);
    assert.match(await line('output.bias'), /^output = new/);
  });

  it('selection follows inspect, and the tree can be filtered and sorted', async () => {
    assert.equal(await run('inspectGradients', at('output.weight')), 'net.output.weight');
    assert.deepEqual(s.selection.current, at('output.weight'));
    await run('filterModels', 'type:relu');
    const [file] = s.modelsView.getChildren();
    const [model] = s.modelsView.getChildren(file);
    assert.deepEqual(s.modelsView.getChildren(model).map((r) => (r.kind === 'node' ? r.node.name : '')), ['act']);
    await run('clearFilter');
    await run('sortModels', 'gradient');
    await run('sortModels', 'order');
    assert.equal(s.modelsView.getChildren(s.modelsView.getChildren(s.modelsView.getChildren()[0])[0]).length, 3);
  });

  it('saving runs the file again and keeps the weights that fit', async () => {
    const uri = vscode.Uri.file(path.join(folder(), 'again.ts'));
    const source = (tail: string): string => `import { nn } from 'weightroom';\nexport const again = new nn.Sequential(new nn.Linear(4, 8, { bias: false })${tail});\n`;
    fs.writeFileSync(uri.fsPath, source(''));
    const first = await run<RunResult>('runFile', uri);
    const id = { model: first.models[0]!.id, path: '' };
    await run('reinitialize', id, { init: 'constant_', args: [1] });
    const editor = await vscode.window.showTextDocument(uri);
    const changed = new Promise<void>((done) => {
      const d = s.store.onDidChange(() => {
        const model = s.store.model(id.model);
        if (model !== undefined && findNode(model.root, '1') !== undefined) { d.dispose(); done(); }
      });
    });
    await editor.edit((e) => e.replace(new vscode.Range(0, 0, 3, 0), source(', new nn.ReLU()')));
    await editor.document.save();
    await changed;
    assert.match((await run<{ output: string }>('forward', id, 'ones(1, 4)')).output, /\[\[4\., 4\./);
    await run('closeFile', uri.fsPath);
    assert.equal(s.store.model(id.model), undefined);
  });

  it('an error of the user’s stands among the problems at its line, and goes when it is mended', async () => {
    const uri = vscode.Uri.file(path.join(folder(), 'broken.ts'));
    fs.writeFileSync(uri.fsPath, "import { nn, rand } from 'weightroom';\nexport const net = new nn.Linear(2, 3);\nnet(rand(1, 5));\n");
    assert.equal(await run('runFile', uri), undefined);
    const ours = (): vscode.Diagnostic[] => vscode.languages.getDiagnostics(uri).filter((d) => d.source === 'Weightroom');
    assert.equal(ours().length, 1);
    assert.equal(ours()[0]!.range.start.line, 2);
    assert.match(ours()[0]!.message, /RuntimeError: mat1 and mat2 shapes cannot be multiplied \(1x5 and 2x3\)/);
    fs.writeFileSync(uri.fsPath, "import { nn } from 'weightroom';\nexport const net = new nn.Linear(2, 3);\n");
    assert.equal((await run<RunResult>('runFile', uri)).models.length, 1);
    assert.equal(ours().length, 0);
    await run('closeFile', uri.fsPath);
  });

  it('a syntax error and a file without models are told with their place', async () => {
    const uri = vscode.Uri.file(path.join(folder(), 'syntax.ts'));
    for (const [text, line, message] of [["import 'weightroom';\nconst x = ;\n", 1, /SyntaxError/], ["import 'weightroom';\nexport const x = 1;\n", 0, /exports no nn\.Module/]] as const) {
      fs.writeFileSync(uri.fsPath, text);
      assert.equal(await run('runFile', uri), undefined);
      const [problem] = vscode.languages.getDiagnostics(uri).filter((d) => d.source === 'Weightroom');
      assert.equal(problem!.range.start.line, line);
      assert.match(problem!.message, message);
    }
    await run('closeFile', uri.fsPath);
  });

  it('a file that loops is interrupted', async () => {
    const uri = vscode.Uri.file(path.join(folder(), 'loop.ts'));
    fs.writeFileSync(uri.fsPath, "import { nn, rand } from 'weightroom';\nexport const looping = new nn.Linear(2, 2);\nfor (;;) looping(rand(1, 2));\n");
    const running = run('runFile', uri);
    await new Promise((r) => setTimeout(r, 1500));
    assert.equal((await run<{ stopped: boolean }>('interrupt')).stopped, true);
    assert.equal(await running, undefined);
    assert.ok(s.store.model(net.model) !== undefined || s.store.models.length === 0);
  });

  it('writes types into a folder and keeps what is in its tsconfig', async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-types-'));
    try {
      fs.writeFileSync(path.join(dir, 'tsconfig.json'), '{\n  // mine\n  "compilerOptions": { "strict": true }\n}\n');
      await run('setUpTypes', vscode.Uri.file(dir));
      assert.ok(fs.existsSync(path.join(dir, '.weightroom', 'types', 'lib', 'index.d.ts')));
      const text = fs.readFileSync(path.join(dir, 'tsconfig.json'), 'utf8');
      assert.match(text, /\/\/ mine/);
      assert.match(text, /"weightroom": \[\s*"\.\/\.weightroom\/types\/lib\/index\.d\.ts"/);
    } finally {
      fs.rmSync(dir, { recursive: true });
    }
  });

  it('copies the samples with types, and never over the user’s own changes', async () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-samples-'));
    try {
      const options = { destination: vscode.Uri.file(dir), open: false };
      const to = (await run<vscode.Uri>('openSample', options)).fsPath;
      fs.writeFileSync(path.join(to, 'mlp.ts'), '// mine');
      await run('openSample', options);
      assert.equal(fs.readFileSync(path.join(to, 'mlp.ts'), 'utf8'), '// mine');
      assert.ok(fs.existsSync(path.join(to, 'sharedLayer.ts')));
      assert.deepEqual(JSON.parse(fs.readFileSync(path.join(to, 'tsconfig.json'), 'utf8')).compilerOptions.paths, { weightroom: ['./.weightroom/types/lib/index.d.ts'] });
    } finally {
      fs.rmSync(dir, { recursive: true });
    }
  });

  for (const template of ['mlp', 'cnn', 'rnn', 'layer']) it(`a new model from the template ${template} runs`, async () => {
    const uri = vscode.Uri.file(path.join(folder(), `new-${template}.ts`));
    await run('newModel', { template, uri });
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, uri.fsPath);
    const result = await run<RunResult>('runFile', uri);
    assert.equal(result.models.length, 1);
    const { id, proposedInput } = result.models[0]!;
    assert.notEqual(await run('forward', { model: id, path: '' }, proposedInput), undefined, proposedInput);
    await run('closeFile', uri.fsPath);
  });

  it('restarts the engine; models are gone, the file runs again', async () => {
    assert.equal(await run('restartEngine', true), true);
    assert.equal(s.store.models.length, 0);
    const result = await run<RunResult>('runFile', vscode.Uri.file(path.join(folder(), 'mlp.ts')));
    assert.equal(result.models[0]!.root.numel, 203530);
  });
});

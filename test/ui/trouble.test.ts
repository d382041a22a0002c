/** What goes wrong, in the real workbench: each gets a message that says what and where, and everything still works afterwards. No GPU here. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { repoRoot } from '../unit/paths';
import { useWorkbench } from './workbench';

const head = "import { nn, type Tensor } from 'weightroom';\n";
const corpus = path.join(repoRoot, 'test', 'data', 'checkpoints');

const checkpoints = { 'evil.pt': 'hostile/mal_reduce_os_system.pt', 'cut.pt': 'hostile/trunc_0370.pt', 'page.pt': 'hostile/misc_html.pt', 'dtypes.safetensors': 'ok/st_dtypes.safetensors' };

/** Model files and checkpoints with something wrong, beside the samples: quick open knows only files that were there before. */
function withTrouble(): string {
  const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-')), 'samples');
  fs.cpSync(path.join(repoRoot, 'media', 'samples'), folder, { recursive: true });
  const files: Record<string, string> = {
    'broken.ts': `${head}export const a = 1;\nexport const net = new nn.Linear(4, ;\n`,
    'throws.ts': `${head}export const net = new nn.Linear(4, 2);\nfunction inner(): void { net.forward(3 as unknown as Tensor); throw new RangeError('on purpose'); }\n\ninner();\n`,
    'nothing.ts': `${head}export class Net extends nn.Module { forward(x: Tensor): Tensor { return x; } }\n`,
    'nan.ts': `${head}export const net = new nn.Linear(4, 2);\n`,
    'loop.ts': `${head}export const net = new nn.Linear(4, 2);\nfor (;;) { /* for ever */ }\n`,
    'steps.ts': `${head}export const net = new nn.Linear(4, 2);\nexport function train(model: typeof net): void {\n  for (;;) model(nn.functional.relu(model.weight)).sum().backward();\n}\n`,
  };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
  for (const [name, from] of Object.entries(checkpoints)) fs.copyFileSync(path.join(corpus, from), path.join(folder, name));
  return folder;
}

describe('trouble', function () {
  this.timeout(600_000);
  const wb = useWorkbench('trouble', { folder: withTrouble(), gpu: false });
  before(() => wb().hostReady());
  const run = async (file: string): Promise<void> => {
    await wb().openFile(file);
    await wb().command('Weightroom: Run Model File');
  };
  /** Waits for an entry of the Problems panel, of a file and at a place. */
  const problem = async (file: string, message: string, line: number, column: number): Promise<void> => {
    await wb().command('Problems: Focus on Problems View');
    const rows = wb().page.locator('.markers-panel .monaco-list-row');
    await rows.filter({ hasText: file }).first().waitFor();
    await rows.filter({ hasText: message }).filter({ hasText: `[Ln ${line}, Col ${column}]` }).first().waitFor();
  };
  const runsMlp = async (): Promise<void> => {
    await run('mlp.ts');
    await wb().row(/^netMLP · 203,530/).waitFor();
  };

  it('a file that does not parse: Problems has its line', async () => {
    await run('broken.ts');
    await wb().notification(/SyntaxError: Unexpected ";".*broken\.ts:3/).waitFor();
    await problem('broken.ts', 'SyntaxError: Unexpected ";"', 3, 37);
    await wb().screenshot('problems-light');
  });

  it('a file that throws, a file without a module', async () => {
    await run('throws.ts');
    await wb().notification(/throws\.ts:3/).waitFor();
    await run('nothing.ts');
    await problem('nothing.ts', 'The file exports no nn.Module. It exports the class Net; export an instance too: export const net = new Net();', 1, 1);
  });

  it('an input of the wrong shape: PyTorch\'s message, at the user\'s line', async () => {
    await runsMlp();
    await wb().lens('Forward').click();
    await wb().answer('rand(2, 5)');
    await wb().notification(/mat1 and mat2 shapes cannot be multiplied \(2x5 and 784x256\).*mlp\.ts:11/).waitFor();
    await problem('mlp.ts', 'mat1 and mat2 shapes cannot be multiplied (2x5 and 784x256)', 11, 38);
    // The model is still there and works.
    await wb().lens('Forward').click();
    await wb().answer('ones(1, 784)');
    await wb().output('tensor([[ 0.2441, -0.0391, -0.1711, -0.1005, -0.0207').waitFor();
  });

  it('a loss of NaN is told as such', async () => {
    await run('nan.ts');
    await wb().lens('Forward').click();
    await wb().answer('ones(1, 4).mul(NaN)');
    await wb().lens('Backward').click();
    await wb().output('net: backward(), loss NaN').waitFor();
    await wb().page.locator('.statusbar-item', { hasText: 'net: gradients of loss NaN' }).waitFor();
  });

  it('no GPU: said why, the model stays where it is', async () => {
    await wb().menu(wb().row(/^netMLP/), 'Move to Device…');
    const choice = wb().quickInput.locator('.monaco-list-row', { hasText: 'webgpu' });
    await choice.filter({ hasText: 'not available' }).waitFor();
    await choice.click();
    await wb().notification(/webgpu is not available: no WebGPU adapter was found/).waitFor();
    assert.match(await wb().rowText(wb().row(/^netMLP/)), / · cpu/);
  });

  it('the engine process dies: said so, restarted, run again by one click', async () => {
    const engine = execFileSync('pgrep', ['-g', String(wb().server.child.pid), '-f', 'dist/engine/process.js'], { encoding: 'utf8' }).trim().split('\n').map(Number);
    assert.equal(engine.length, 1);
    process.kill(engine[0]!, 'SIGKILL');
    await wb().notification(/The engine process ended unexpectedly \(SIGKILL\)\. The editor is not affected; the live models are gone\./).waitFor();
    await wb().press(/The engine process ended unexpectedly/, 'Run the Model Files Again');
    await wb().row(/^netMLP · 203,530/).waitFor();
    await wb().screenshot('crashed-light');
  });

  it('a loop without end is interrupted; the editor and the engine go on', async () => {
    await run('loop.ts');
    await wb().page.locator('.statusbar-item', { hasText: 'loop.ts' }).click();
    await wb().notification(/Stopped by ending the runner: the code reached no safe point/).waitFor();
    await wb().page.locator('.statusbar-item', { hasText: 'loop.ts' }).waitFor({ state: 'detached' });
    await runsMlp();
  });

  it('a training loop is interrupted at a safe point and keeps its model', async () => {
    await run('steps.ts');
    await wb().row(/^netLinear 4→2/).waitFor();
    await wb().lens('Train').click();
    await wb().pick('train(net)');
    await wb().page.locator('.statusbar-item', { hasText: 'training net' }).click();
    await wb().page.locator('.statusbar-item', { hasText: 'The live models are kept.' }).waitFor();
    assert.equal(await wb().rowText(wb().row(/^netLinear/)), 'net Linear 4→2 · 10 · f32 · cpu');
  });

  it('a run that waits for a training loop says so, and is given up without stopping that', async () => {
    await run('steps.ts');
    await wb().lens('Train').click();
    await wb().pick('train(net)');
    const training = wb().page.locator('.statusbar-item', { hasText: 'training net' });
    await training.waitFor();
    await wb().page.locator('.tab', { hasText: 'steps.ts' }).click();
    await wb().page.keyboard.press('Control+S');
    await wb().notification('Waiting for training net: Running steps.ts').waitFor();
    await wb().screenshot('waiting');
    await wb().press('Waiting for training net: Running steps.ts', 'Cancel');
    await wb().notification('Waiting for training net: Running steps.ts').waitFor({ state: 'detached' });
    await training.click();
    await wb().page.locator('.statusbar-item', { hasText: 'The live models are kept.' }).waitFor();
    await wb().row(/^netLinear 4→2/).waitFor();
  });

  it('hostile, damaged and foreign files open as reports', async () => {
    const cases: [name: keyof typeof checkpoints, ...texts: (string | RegExp)[]][] = [
      ['evil.pt', /pickle: 1 dangerous global, none executed/, 'This pickle asks for code that could run commands. Nothing was imported or called.', 'os.system', 'dangerous call'],
      ['cut.pt', /This file is damaged\. What could be read of it is shown\.|This file could not be read as a checkpoint\./],
      ['page.pt', 'This file could not be read as a checkpoint.'],
    ];
    for (const [name, ...texts] of cases) {
      await wb().openFile(name);
      const page = await wb().webview(texts[0]!);
      const body = await page.locator('body').innerText();
      for (const text of texts) assert.match(body, typeof text === 'string' ? new RegExp(text.replace(/[.()]/g, '\\$&')) : text);
      await wb().screenshot(`hostile-${name}`);
      await wb().command('View: Close Editor');
    }
  });

  it('a safetensors file of every dtype opens', async () => {
    await wb().openFile('dtypes.safetensors');
    const page = await wb().webview('Load into Model…');
    const names = Object.keys((JSON.parse(fs.readFileSync(path.join(corpus, 'ok', 'st_dtypes.safetensors.json'), 'utf8')) as { tensors: object }).tensors);
    const body = await page.locator('body').innerText();
    assert.match(body, new RegExp(`${names.length} tensors`));
    for (const name of names) assert.ok(body.includes(name), name);
    await wb().screenshot('safetensors-light');
  });
});

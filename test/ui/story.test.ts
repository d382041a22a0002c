/**
 * The whole story in the real workbench, as a person walks it: run, forward, backward, gradients, reinitialize, freeze, save, load,
 * move to the GPU (SwiftShader's), edit. The steps build on one another. Numbers are PyTorch 2.13's for the same seed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator } from 'playwright-core';

import { save, Tensor, zeros } from '../../extension/lib/index';
import { repoRoot } from '../unit/paths';
import { build, useWorkbench } from './workbench';

const python = process.env['WEIGHTROOM_PYTHON'] ?? 'python3';
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0;

/** What MLP prints for rand(2, 784) after manualSeed(0), and for ones(1, 784). */
const forwardLines = [
  'tensor([[ 0.1192, 0.1038, -0.0984, 0.0097, 0.0257, -0.2316, 0.1090, 0.2232,', '0.3290, 0.0050],',
  '[ 0.1820, -0.1151, -0.0501, -0.0535, 0.0277, -0.1780, 0.0672, 0.1879,', '0.2175, 0.0517]], grad_fn=<AddmmBackward0>)',
];
const onesLine = 'tensor([[ 0.2441, -0.0391, -0.1711, -0.1005, -0.0207, -0.3819, 0.1294, 0.3420,';

describe('the story', function () {
  this.timeout(600_000);
  this.bail(true);
  const wb = useWorkbench('story', { folder: path.join(repoRoot, 'media', 'samples'), gpu: true });
  const net = () => wb().row(/^net/);
  const layer = (name: string) => wb().row(new RegExp(`^${name}`));
  const parameters = async (): Promise<FrameLocator> => wb().webview('global norm');
  /** Waits until the inspector's page shows it. */
  const inspector = async (text: string | RegExp): Promise<void> => (await parameters()).locator('body', { hasText: text }).waitFor();
  /** The numbers of the selected parameter's values, right of its gradient's. */
  const values = (mean: string, std: string, min: string, max: string): RegExp => {
    const [a, b, c, d] = [mean, std, min, max].map((x) => `[–\\d.e\\s-]*?${x.replace(/[.-]/g, '\\$&')}\\s*`);
    return new RegExp(`mean${a}std${b}min${c}max${d}`);
  };
  /** Runs forward by the lens; the output panel then shows what came out. */
  const forward = async (input: string): Promise<void> => {
    await wb().lens('Forward').click();
    await wb().answer(input);
  };

  it('runs the model by its lens', async () => {
    await wb().hostReady();
    await wb().theme('dark');
    await wb().openFile('mlp.ts');
    await wb().lens('Run model').waitFor();
    // From the button going down: Playwright waits before it presses, until the lens stands still.
    await wb().page.evaluate('addEventListener("mousedown", () => { globalThis.pressed = Date.now(); }, { capture: true, once: true })');
    await wb().lens('Run model').click();
    await net().waitFor();
    const seen = Date.now(), started = await wb().page.evaluate<number>('pressed');
    console.log(`      Run to tree on screen, pressed as soon as its lens is there: ${seen - started} ms`);
    assert.equal(await wb().rowText(net()), 'net MLP · 203,530 · f32 · cpu');
    assert.equal(await wb().rowText(layer('hidden')), 'hidden Linear 784→256 · 200,960 · f32 · cpu');
    assert.equal(await wb().rowText(layer('act')), 'act ReLU');
    assert.equal(await wb().rowText(layer('output')), 'output Linear 256→10 · 2,570 · f32 · cpu');
    await layer('hidden').locator('.monaco-tl-twistie').click();
    assert.equal(await wb().rowText(layer('weight')), 'weight 256×784 · 200,704 · f32 · cpu');
    assert.equal(await wb().rowText(layer('bias')), 'bias 256 · f32 · cpu');
    await wb().lens('203,530 parameters').waitFor();
    console.log(`      Run to the last lens on screen: ${Date.now() - started} ms`);
  });

  it('prints the forward pass as PyTorch does', async () => {
    await wb().lens('Forward').click();
    await wb().pick('rand(2, 784)');
    for (const line of forwardLines) await wb().output(line).waitFor();
    await wb().row(/^net.*→ \[2, 10\]/).waitFor();
    await wb().row(/^hidden.*→ \[2, 256\]/).waitFor();
    await wb().screenshot('forward-dark');
  });

  it('shows the gradients of the backward pass', async () => {
    await wb().lens('Backward').click();
    await wb().lens('Gradients').click();
    await inspector(/loss\s*0\.9319/);
    await inspector(/global norm\s*42\.10/);
    const rows = (await parameters()).getByRole('grid', { name: 'Parameters' }).getByRole('row');
    await rows.filter({ hasText: 'output.bias' }).waitFor();
    const texts = (await rows.allInnerTexts()).map((r) => r.replace(/\s+/g, ' ').replace(/\. /g, '.').trim()).filter((r) => /^(hidden|output)/.test(r));
    // Norm of the gradient, update over weight (no step yet), zeros.
    assert.deepEqual(texts, ['hidden.weight 34.7 – 35.9%', 'hidden.bias 2.27 – 35.9%', 'output.weight 22.9 – 35.9%', 'output.bias 6.32 – 0%']);
    await (await parameters()).getByRole('img', { name: 'Histogram of the gradient of hidden.weight' }).waitFor();
    await wb().row(/^weight/).and(wb().page.locator('[aria-label*="Gradient: finite"]')).waitFor();
    await wb().page.screenshot({ path: path.join(repoRoot, 'out', 'screenshots', 'readme.png') });
    for (const theme of ['light', 'hc', 'hcLight', 'dark'] as const) {
      await wb().theme(theme);
      await wb().screenshot(`gradients-${theme}`);
    }
  });

  it('runs it again by the title bar and by the palette', async () => {
    const runs = wb().page.locator('.part.panel .view-line', { hasText: '── mlp.ts: net (MLP, 203,530 parameters)' });
    await wb().command('Weightroom: Show Output');
    await wb().page.locator('.part.panel .action-label[aria-label="Clear Output"]:visible').first().click();
    await wb().titleButton('Run Model File').click();
    await runs.nth(0).waitFor();
    await wb().command('Weightroom: Run Model File');
    await runs.nth(1).waitFor();
    assert.equal(await wb().rowText(net()), 'net MLP · 203,530 · f32 · cpu', 'a fresh model: no output, no gradients');
    await forward('ones(1, 784)');
    await wb().output(onesLine).waitFor();
  });

  it('reinitializes with arguments, and takes it back', async () => {
    await wb().lens('Gradients').click();
    await wb().menu(layer('hidden'), 'Reinitialize…');
    await wb().pick(/^Normal/);
    await wb().answer('1', '(1/2)');
    await wb().answer('0', '(2/2)');
    const message = 'Reinitialized hidden with normal_(mean=1, std=0): hidden.weight, hidden.bias.';
    await wb().notification(message).waitFor();
    await inspector(values('1', '0', '1', '1'));
    await wb().press(message, 'Undo');
    await inspector(values('5.488e-5', '0.02062', '-0.03571', '0.03571'));
  });

  it('freezes parameters and lets them train again', async () => {
    const frozen = wb().page.locator('.monaco-list-row[aria-label*="Trainable: no"]', { hasText: /^output/ });
    await wb().menu(layer('output'), 'Freeze Parameters');
    await frozen.waitFor();
    await wb().lens('Backward').click();
    await inspector(/output\.\s*weight\s*frozen/);
    await wb().menu(layer('output'), 'Unfreeze Parameters');
    await frozen.waitFor({ state: 'detached' });
  });

  it('saves a checkpoint that PyTorch reads', async function () {
    await wb().menu(net(), 'Save Checkpoint…');
    await wb().chooseFile('net.pt');
    await wb().notification(/Saved 4 tensors \(816 kB\) to net\.pt/).waitFor();
    await wb().row(/^net\.pt.*4 tensors/).waitFor();
    const file = path.join(wb().folder, 'net.pt');
    assert.ok(fs.existsSync(file));
    if (!hasTorch) return this.skip();
    // The weights that PyTorch itself draws with this seed, bit for bit.
    const script = `
import sys, torch
state = torch.load(sys.argv[1], weights_only=True)
torch.manual_seed(0)
net = torch.nn.Sequential()
net.add_module('hidden', torch.nn.Linear(784, 256)); net.add_module('act', torch.nn.ReLU()); net.add_module('output', torch.nn.Linear(256, 10))
own = net.state_dict()
assert list(state) == list(own), list(state)
assert all(torch.equal(state[k], own[k]) for k in own)
print('equal')`;
    const r = spawnSync(python, ['-c', script, file], { encoding: 'utf8' });
    assert.equal(r.stdout.trim(), 'equal', r.stderr);
  });

  it('loads it back', async () => {
    await wb().menu(net(), 'Reinitialize…');
    await wb().pick(/^Zeros/);
    await wb().notification(/Reinitialized net with zeros_\(\)/).waitFor();
    await inspector(values('0', '0', '0', '0'));
    await wb().menu(net(), 'Load Checkpoint…');
    await wb().pick('net.pt');
    await wb().notification('<All keys matched successfully>').waitFor();
    await inspector(values('5.488e-5', '0.02062', '-0.03571', '0.03571'));
    await forward('ones(1, 784)');
    await wb().output(onesLine).waitFor();
  });

  it('says in PyTorch\'s words why a checkpoint does not fit, and changes nothing', async () => {
    save(new Map<string, Tensor>([['hidden.weight', zeros(3, 784)], ['hidden.bias', zeros(256)], ['out.bias', zeros(10)]]), path.join(wb().folder, 'misfit.pt'));
    await wb().row(/^misfit\.pt/).waitFor();
    await wb().menu(net(), 'Load Checkpoint…');
    await wb().pick('misfit.pt');
    const page = await wb().webview('missing in the file');
    await page.locator('summary', { hasText: 'What load_state_dict says' }).click();
    const text = await page.locator('.preflight-message pre').innerText();
    for (const line of ['Error(s) in loading state_dict for MLP:', 'Missing key(s) in state_dict: "output.weight", "output.bias".', 'Unexpected key(s) in state_dict: "out.bias".', 'size mismatch for hidden.weight: copying a param with shape torch.Size([3, 784])'])
      assert.ok(text.includes(line), line);
    await wb().command('View: Close Editor');
    await wb().lens('Gradients').click();
    await inspector(values('5.488e-5', '0.02062', '-0.03571', '0.03571'));
  });

  it('opens the saved file in the viewer', async () => {
    await wb().row(/^net\.pt/).click();
    const page = await wb().webview('Load into Model…');
    const body = await page.locator('body').innerText();
    assert.match(body, /PyTorch/);
    assert.match(body, /4 tensors/);
    assert.match(body, /pickle: \d+ globals, none executed/);
    const rows = page.getByRole('grid', { name: 'Tensors' }).getByRole('row');
    assert.deepEqual((await rows.allInnerTexts()).map((r) => r.replace(/\s+/g, ' ').replace(/\. /g, '.').trim()).filter((r) => /^(hidden|output)/.test(r)),
      ['hidden.weight f32 [256, 784] 803 kB', 'hidden.bias f32 [256] 1.02 kB', 'output.weight f32 [10, 256] 10.2 kB', 'output.bias f32 [10] 40 B']);
    for (const theme of ['light', 'hc', 'dark'] as const) {
      await wb().theme(theme);
      await wb().screenshot(`checkpoint-${theme}`);
    }
    await wb().command('View: Close Editor');
  });

  it('trains by the file\'s own function', async () => {
    await wb().lens('Train').click();
    await wb().pick('train(net)');
    const done = wb().notification(/net: trained .* loss/);
    await done.waitFor();
    const loss = Number(/loss ([\d.e-]+)/.exec(await done.innerText())![1]);
    assert.ok(loss < 0.5, `the loss went down: ${loss}`);
  });

  it('moves to the GPU, runs there, and names both devices when they are mixed', async function () {
    if ((await build()).swiftShaderIcd() === null) return this.skip();
    await wb().menu(net(), 'Move to Device…');
    await wb().pick('webgpu');
    await wb().row(/^net.*webgpu:0/).waitFor();
    await forward('rand(2, 784)');
    await wb().notification('Expected all tensors to be on the same device, but found at least two devices, webgpu:0 and cpu!').waitFor();
    await wb().lens('Forward').click();
    await wb().pick("rand(2, 784, { device: 'webgpu' })");
    await wb().output(/device='webgpu:0', grad_fn=<AddmmBackward0>/).waitFor();
    await wb().lens('Backward').click();
    await wb().pick('Clear the gradients first');
    await wb().output(/net: backward\(\), loss/).waitFor();
    await wb().lens('Gradients').click();
    await inspector(/\[256, 784\] · 200,704 · webgpu:0/);
    await wb().screenshot('webgpu-dark');
  });

  it('runs again on saving and keeps the weights that still fit', async () => {
    await wb().menu(net(), 'Reinitialize…');
    await wb().pick(/^Constant/);
    await wb().answer('0.5', '(1/1)');
    await wb().notification(/Reinitialized net with constant_\(val=0\.5\)/).waitFor();
    await wb().page.locator('.tab', { hasText: 'mlp.ts' }).click();
    const line = wb().read('mlp.ts').split('\n').findIndex((l) => l.includes('output = new nn.Linear(256, 10)'));
    await wb().goTo(line + 1, wb().read('mlp.ts').split('\n')[line]!.indexOf('10)') + 1);
    await wb().page.keyboard.press('Shift+End');
    await wb().page.keyboard.type('12);');
    await wb().page.keyboard.press('Control+S');
    await wb().row(/^outputLinear 256→12/).waitFor();
    await wb().command('Weightroom: Show Output');
    await wb().output('net: kept 2 weights; new, because name or shape changed: output.weight, output.bias').waitFor();
    await wb().lens('Gradients').click();
    await inspector(values('0.5000', '0', '0.5000', '0.5000'));
  });
});

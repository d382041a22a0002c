/** The comparison of two checkpoints in the real workbench, in every theme. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';

import { allThemes, useCheckpoints } from './checkpointPage';

describe('the comparison of checkpoints', function () {
  this.timeout(600_000);
  const c = useCheckpoints('compare');
  const { wb, open, closeEditors, look, runModel } = c;

  const list = (): Locator => c.page.locator('#compare .row');
  const compared = (name: string): Locator => c.page.locator('#compare .row', { hasText: name }).first();

  const asTable = async (): Promise<void> => {
    c.page = await wb().webview('relative L2');
    await c.button('Tensors as a table').click();
  };

  it('is asked for from the viewer; proposes to take prefixes off; lists only what changed', async () => {
    await open('net.pt', 'state_dict');
    await c.page.locator('vscode-button', { hasText: 'Compare…' }).click();
    await wb().pick(/(?<!-)later\.safetensors/);
    await asTable();
    await c.page.locator('.banner', { hasText: '11 tensors would match' }).locator('vscode-button').click();
    await c.page.locator('.chip.compare-same', { hasText: '10 same' }).waitFor();
    assert.match((await c.page.locator('.chips').innerText()).replace(/\s+/g, ' '), /10 same.*1 changed.*1 added.*2 removed.*1 another shape/);
    await c.page.locator('vscode-checkbox', { hasText: 'changed only' }).click();
    await c.page.locator('#compare .row', { hasText: 'conv1' }).first().waitFor({ state: 'detached' });
    assert.equal(await list().count(), 5);
    assert.match((await compared('conv2.').innerText()).replace(/\s+/g, ' '), /≠ conv2\. ?weight f32 \[32, 24, 3, 3\] f32 \[32, 24, 3, 3\] 0\.2\d+ 0\.9\d+ 0\.0\d+/);
    assert.match((await compared('hidden.').innerText()).replace(/\s+/g, ' '), /f32 \[120\] f32 \[121\]/);
  });

  it('shows a pair closely: both histograms, the difference, its heat map', async () => {
    await compared('conv2.').click();
    await c.page.locator('canvas.heat').waitFor();
    assert.match(await c.page.locator('.detail-head').innerText(), /6,912 elements differ/);
    assert.equal(await c.page.locator('.detail figure').count(), 3);
    await compared('extra.').click();
    await c.page.locator('.notice', { hasText: 'module.extra.weight stands only in B' }).or(c.page.locator('.notice', { hasText: 'extra.weight stands only in B' })).first().waitFor();
  });

  it('is one aligned tree: groups say how many below them differ; arrows close and open them', async () => {
    await c.button('Tensors as a tree').click();
    const texts = async (): Promise<string[]> => (await list().allInnerTexts()).map((r) => r.replace(/\s+/g, ' ').trim());
    const tree = c.page.locator('#compare[role=treegrid]');
    await tree.waitFor();
    assert.equal((await texts()).filter((r) => r.includes('differ')).length, 4, 'conv2, extra, hidden and output');
    await c.page.locator('vscode-checkbox', { hasText: 'changed only' }).click();
    const conv1 = list().filter({ hasText: 'conv1' });
    await conv1.waitFor();
    assert.match((await conv1.innerText()).replace(/\s+/g, ' '), /= conv1 2 tensors all the same 0 1 0/);
    assert.match((await list().filter({ hasText: 'conv2' }).innerText()).replace(/\s+/g, ' '), /≠ conv2 2 tensors 1 of 2 differ 0\.2\d+ 0\.9\d+ 0\.0\d+/);
    const before = await list().count();
    await conv1.click();
    await wb().page.keyboard.press('ArrowLeft');
    await c.page.locator(`#compare[aria-rowcount="${before - 2 + 1}"]`).waitFor();
    await wb().page.keyboard.press('ArrowRight');
    await c.page.locator(`#compare[aria-rowcount="${before + 1}"]`).waitFor();
    await wb().screenshot('checkpoint-compare-tree');
    await c.page.locator('vscode-checkbox', { hasText: 'changed only' }).click();
    await c.button('Tensors as a table').click();
  });

  it('comes back after a reload of the window, and changes its sides', async () => {
    await wb().command('Developer: Reload Window');
    await wb().page.locator('.monaco-workbench .tab', { hasText: 'net.pt ↔ later.safetensors' }).waitFor();
    c.page = await wb().webview('10 same');
    assert.equal(await list().count(), 5, 'what was chosen is kept');
    await c.page.locator('vscode-button', { hasText: 'Swap' }).click();
    await wb().page.locator('.tab', { hasText: 'later.safetensors ↔ net.pt' }).waitFor();
    c.page = await wb().webview('relative L2');
    await c.page.locator('.side-name', { hasText: 'net.pt' }).locator('vscode-link').click();
    c.page = await wb().webview('14 tensors');
    await closeEditors();
  });

  it('two files of 50,000 tensors: the one that changed is found', async () => {
    await open('many.pt', 'layer0.');
    await c.page.locator('vscode-button', { hasText: 'Compare…' }).click();
    await wb().pick('many-after.pt');
    await asTable();
    await c.page.locator('.chip.compare-same', { hasText: '49,999 same' }).waitFor();
    assert.match((await c.page.locator('.chips').innerText()).replace(/\s+/g, ' '), /^= 49,999 same ≠ 1 changed$/);
    assert.ok(await list().count() < 100, 'only what is visible exists');
    await c.page.locator('vscode-checkbox', { hasText: 'changed only' }).click();
    assert.match((await compared('layer4321.').innerText()).replace(/\s+/g, ' '), /≠ layer4321\. ?weight3 f32 \[8\] f32 \[8\].* 1$/);
    assert.equal(await list().count(), 1);
    await c.button('Tensors as a tree').click();
    await list().nth(1).waitFor();
    assert.deepEqual((await list().allInnerTexts()).map((r) => r.replace(/\s+/g, ' ').split(' ').slice(0, 3).join(' ')), ['≠ layer4321 1', '≠ weight3 f32'], 'open, for it was filtered');
    await c.button('Tensors as a table').click();
    await compared('layer4321.').click();
    await c.page.locator('.detail-head', { hasText: '8 elements differ' }).waitFor();
    await closeEditors();
  });

  describe('from the Checkpoints view', () => {
    const view = '.sidebar';
    const file = (name: string): Locator => wb().row(new RegExp(`^${name}`), view);
    before(runModel);

    it('which lists size, format and tensor count of every checkpoint, and opens them', async () => {
      await wb().row(/^many\.pt.*50,000 tensors/, view).waitFor();
      assert.match(await wb().rowText(file('net\\.pt')), /^net\.pt 428 kB · PyTorch · 14 tensors$/);
      assert.match(await wb().rowText(file('huge')), /^huge\.safetensors 21\.5 GB · safetensors · 4 tensors$/);
      await file('later').click();
      c.page = await wb().webview('module.extra');
      await closeEditors();
    });

    it('two selected files', async () => {
      await file('net\\.pt').click();
      await file('later').click({ modifiers: ['Control'] });
      await wb().menu(file('later'), 'Compare Checkpoints…');
      c.page = await wb().webview('relative L2');
      assert.equal(await c.page.locator('.side-name').count(), 2);
      await closeEditors();
    });

    it('a file with a live model, and again when the model changes', async () => {
      await wb().menu(file('fits'), 'Compare Checkpoints…');
      await wb().pick('live model');
      await asTable();
      await c.page.locator('.chip.compare-changed', { hasText: '6 changed' }).waitFor();
      await compared('head.').first().click();
      await c.page.locator('canvas.heat').waitFor();
      await wb().screenshot('checkpoint-compare-live');
      await wb().menu(file('fits'), 'Load Checkpoint…');
      await wb().notification('<All keys matched successfully>').waitFor();
      await c.page.locator('.chip.compare-same', { hasText: '6 same' }).waitFor();
      await closeEditors();
    });
  });

  for (const theme of allThemes) {
    it(`can be read in the theme ${theme}`, async () => {
      await wb().theme(theme);
      await open('net.pt', 'state_dict');
      await c.page.locator('vscode-button', { hasText: 'Compare…' }).click();
      await wb().pick(/(?<!-)later\.safetensors/);
      c.page = await wb().webview('relative L2');
      await c.page.locator('.banner vscode-button', { hasText: 'Align' }).click();
      await c.page.locator('.chip.compare-same').waitFor();
      await c.page.locator('#compare .row', { hasText: 'conv2' }).first().click();
      await wb().page.keyboard.press('ArrowDown');
      await c.page.locator('canvas.heat').waitFor();
      await look(theme, 'compare');
      await closeEditors();
    });
  }
});

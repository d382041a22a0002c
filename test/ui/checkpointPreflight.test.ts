/** Loading a checkpoint into a live model in the real workbench: the preflight, what is loaded, Undo; in every theme. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';

import { allThemes, useCheckpoints } from './checkpointPage';

describe('the preflight in Chinese', function () {
  this.timeout(600_000);
  const c = useCheckpoints('preflight-zh', { language: 'zh-cn' });

  it('is all in Chinese, but for names and PyTorch\'s own words; nothing sticks out', async () => {
    await c.wb().openFile('net.ts');
    await c.wb().lens('运行模型').click();
    await c.wb().row(/^modelModel/).waitFor();
    await c.open('wrapped.pt', '加载到模型');
    await c.page.locator('vscode-button', { hasText: '加载到模型' }).click();
    c.page = await c.wb().webview('个张量匹配');
    await c.page.locator('.banner vscode-button').first().click();
    await c.page.locator('summary').first().click();
    await c.page.locator('#preflight .row', { hasText: 'encoder.0.bias' }).first().click();
    await c.page.locator('.detail figure').first().waitFor();
    await c.wb().theme('dark');
    await c.look('dark', 'preflight-zh');
  });
});

describe('the preflight of a checkpoint', function () {
  this.timeout(600_000);
  const c = useCheckpoints('preflight');
  const { wb, open, closeEditors, look, runModel } = c;

  const list = (): Locator => c.page.locator('#preflight .row');
  const chip = (text: string): Locator => c.page.locator('button.chip', { hasText: text });
  const load = (title: string): Locator => c.page.locator('.head vscode-button', { hasText: title });
  const disabled = (b: Locator): Promise<boolean> => b.evaluate((e) => (e as unknown as { disabled: boolean }).disabled);
  before(runModel);
  const fromViewer = async (file: string): Promise<void> => {
    await open(file, 'Load into Model…');
    await c.page.locator('vscode-button', { hasText: 'Load into Model…' }).click();
  };

  it('is not shown for a file that fits entirely: it is loaded at once, and can be undone', async () => {
    await fromViewer('fits.pt');
    await wb().notification('<All keys matched successfully>').waitFor();
    assert.equal(await wb().page.locator('.tab', { hasText: '→' }).count(), 0);
    await wb().press('<All keys matched successfully>', 'Undo');
    await wb().page.locator('.statusbar-item', { hasText: 'Undone: loading of fits.pt into model.' }).waitFor();
    await closeEditors();
  });

  it('lists what fits and what does not, with counts, a filter and the values of both sides', async () => {
    await fromViewer('wrapped.pt');
    c.page = await wb().webview('would match');
    assert.deepEqual([await chip('missing in the file').innerText(), await chip('unexpected in the file').innerText()].map((x) => x.replace(/\s+/g, ' ')), ['− 6 missing in the file', '+ 5 unexpected in the file']);
    assert.equal(await disabled(load('Load').first()), true);
    await c.page.locator('.banner', { hasText: '4 tensors would match: Take "module." off every name' }).locator('vscode-button').click();
    await chip('4 matched').waitFor();
    assert.equal((await list().allInnerTexts()).map((x) => x.replace(/\s+/g, ' ').replace(/\. /g, '.')).join('\n').includes('⇲ module.head.weight f32 [7, 16] head.weight f32 [4, 16]'), true);
    await chip('another shape').click();
    await c.page.locator('.count', { hasText: '1 of 6' }).waitFor();
    await chip('another shape').click();
    await c.page.locator('body').press('/');
    await wb().page.keyboard.type('0.bias');
    await c.page.locator('.count', { hasText: '1 of 6' }).waitFor();
    await list().first().click();
    await c.page.locator('.detail figure').first().waitFor();
    assert.match(await c.page.locator('.detail-head').innerText(), /encoder\.0\.bias[\s\S]*16 elements differ/);
    await wb().page.keyboard.press('/');
    await wb().page.keyboard.press('Escape');
    await c.page.locator('.count', { hasText: /^6$/ }).waitFor();
  });

  it('names change as a prefix is typed', async () => {
    const off = c.page.locator('input[placeholder="take off prefix"]');
    await off.fill('module.encoder.');
    await chip('matched').waitFor({ state: 'detached' });
    await c.page.locator('input[placeholder="put on prefix"]').fill('encoder.');
    await chip('4 matched').waitFor();
    await c.page.locator('vscode-button', { hasText: 'Names as They Are' }).click();
    await chip('6 missing in the file').waitFor();
    await c.page.locator('.banner vscode-button', { hasText: 'Rename' }).first().click();
    await chip('4 matched').waitFor();
  });

  it("says it in PyTorch's words, to be copied", async () => {
    await c.page.locator('summary', { hasText: 'What load_state_dict says' }).click();
    assert.match(await c.page.locator('.preflight-message pre').innerText(), /^Error\(s\) in loading state_dict for Model:\n\tMissing key\(s\) in state_dict: "head\.bias"\. \n\tsize mismatch for head\.weight: copying a param with shape torch\.Size\(\[7, 16\]\) from checkpoint, the shape in current model is torch\.Size\(\[4, 16\]\)\.$/);
    await c.page.locator('summary', { hasText: 'What load_state_dict says' }).click();
  });

  it('loads the part that fits when asked; Undo puts the values back', async () => {
    assert.equal(await disabled(load('Load').first()), true, 'strict loading is not possible');
    await load('Load the Part That Fits (4)').click();
    await wb().notification('Loaded 4 tensors; left out: 1 missing, 1 that do not fit.').waitFor();
    await c.page.locator('.detail-head', { hasText: 'same' }).waitFor();
    await wb().press('Loaded 4 tensors', 'Undo');
    await c.page.locator('.detail-head', { hasText: '16 elements differ' }).waitFor();
  });

  it('of a file of 50,000 tensors is there, too', async () => {
    await closeEditors();
    await fromViewer('many.pt');
    c.page = await wb().webview('unexpected in the file');
    await chip('+ 50,000 unexpected in the file').waitFor();
    await c.page.locator('.count', { hasText: /^50,006$/ }).waitFor();
    assert.ok(await list().count() < 100, 'only what is visible exists');
    await chip('6 missing in the file').click();
    await c.page.locator('.count', { hasText: '6 of 50,006' }).waitFor();
    assert.match((await list().first().innerText()).replace(/\s+/g, ' '), /encoder\.0\. ?weight f32 \[16, 8\]/);
    await chip('6 missing in the file').click();
    await c.page.locator('.flow-tools input[placeholder="Filter"]').fill('layer6249.');
    await c.page.locator('.count', { hasText: '8 of 50,006' }).waitFor();
    await closeEditors();
  });

  for (const theme of allThemes) {
    it(`can be read in the theme ${theme}`, async () => {
      await wb().theme(theme);
      await closeEditors();
      await fromViewer('wrapped.pt');
      c.page = await wb().webview('would match');
      await c.page.locator('#preflight .row', { hasText: 'encoder.0.bias' }).first().click();
      await look(theme, 'preflight-names');
      await c.page.locator('.banner vscode-button', { hasText: 'Rename' }).first().click();
      await chip('4 matched').waitFor();
      await c.page.locator('summary', { hasText: 'What load_state_dict says' }).click();
      await c.page.locator('.detail figure').first().waitFor();
      await look(theme, 'preflight');
    });
  }

  it('comes back after a reload of the window, says that the model is gone, and goes on when it is live again', async () => {
    await wb().command('Developer: Reload Window');
    await wb().page.locator('.monaco-workbench .tab', { hasText: 'wrapped.pt → model' }).waitFor();
    c.page = await wb().webview('This could not be checked.');
    await runModel();
    await wb().page.locator('.tab', { hasText: 'wrapped.pt → model' }).click();
    c.page = await wb().webview('4 matched');
    await closeEditors();
  });
});

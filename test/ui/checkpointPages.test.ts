/** The checkpoint viewer and the comparison in the real workbench, driven as a person would: by mouse and keyboard, in every theme. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';

import { load, openCheckpoint, type Tensor } from '../../extension/lib/index';
import { markers, scratch } from '../unit/checkpointData';
import { hugeBytes, manyTensors, writeCheckpoints, writeHuge } from './checkpointFixtures';
import { contrastProblems } from './contrast';
import { useWorkbench } from './workbench';

describe('checkpoints in the workbench', function () {
  this.timeout(600_000);
  const made = scratch();
  after(() => made.remove());
  const wb = useWorkbench('checkpoints', () => {
    writeCheckpoints(made.path);
    return Promise.resolve({ folder: made.path, fill: writeHuge, settings: { 'files.simpleDialog.enable': true } });
  });
  let page: FrameLocator;

  const open = async (file: string, shows: string | RegExp): Promise<void> => {
    await wb().openFile(file);
    page = await wb().webview(shows);
  };
  const closeEditors = (): Promise<void> => wb().command('View: Close All Editors');
  const rows = (): Locator => page.locator('#tensors .row');
  const row = (name: string | RegExp): Locator => page.locator('#tensors .row', { hasText: name }).first();
  const button = (title: string): Locator => page.locator(`vscode-button[title^="${title}"]`).first();
  const tab = (name: string): Promise<void> => page.getByRole('tab', { name, exact: true }).click();
  const fact = (name: string): Locator => page.locator(`dt:text-is("${name}") + dd`).first();
  const filter = (text: string): Promise<void> => page.locator('.flow-tools vscode-text-field input').fill(text);
  const names = async (): Promise<string[]> => (await rows().locator('.name').allInnerTexts()).map((n) => n.replace(/\n/g, ''));
  /** Answers the save dialog with a name beside the file it proposes; again while the dialog is still busy with its own proposal. */
  const saveAs = async (name: string): Promise<string> => {
    const file = path.join(wb().folder, name);
    const box = wb().quickInput.locator('input').first();
    for (let i = 0; i < 20; i++) {
      // The dialog writes its own proposal, late when there is much to do.
      if (!(await box.inputValue()).startsWith('/')) { await wb().page.waitForTimeout(300); continue; }
      await box.fill(file);
      await wb().page.waitForTimeout(500);
      if (await box.inputValue() !== file) continue;
      await box.press('Enter');
      try { await box.waitFor({ state: 'hidden', timeout: 5000 }); break; } catch { /* not taken yet */ }
    }
    for (let i = 0; i < 300 && !fs.existsSync(file); i++) await wb().page.waitForTimeout(100);
    return file;
  };

  const allThemes = ['dark', 'light', 'hc', 'hcLight'] as const;
  const look = async (theme: (typeof allThemes)[number], name: string): Promise<void> => {
    await wb().page.waitForTimeout(400);
    await wb().screenshot(`checkpoint-${name}-${theme}`);
    assert.deepEqual(await contrastProblems(page.locator('html')), [], `${name} in ${theme}`);
    assert.equal(await page.locator('html').evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${name}: nothing sticks out`);
  };
  /** Makes net.ts's model live, unless it is. */
  const runModel = async (): Promise<void> => {
    const live = wb().row(/^modelModel/);
    if (await live.isVisible()) return;
    await wb().openFile('net.ts');
    await wb().lens('Run model').click();
    await wb().command('Weightroom: Focus on Models View');
    await live.waitFor();
  };

  describe('the viewer', () => {
    before(() => open('net.pt', 'state_dict'));
    after(closeEditors);

    it('opens a .pt: header, dtypes, what its pickle asks for, every tensor', async () => {
      await row('conv1.weight').waitFor();
      assert.match(await page.locator('.head').innerText(), /PyTorch zip[\s\S]*14 tensors[\s\S]*none executed[\s\S]*f32[\s\S]*i64/);
      assert.equal(await rows().count(), 14);
      assert.match((await row('conv2.weight').innerText()).replace(/\s+/g, ' '), /state_dict\. ?conv2\. ?weight f32 \[32, 24, 3, 3\] 27\.6 kB/);
      await page.locator('.head .chip').click();
      assert.match(await page.locator('.audit').innerText(), /weights_only allow-list[\s\S]*torch\._utils\._rebuild_tensor_v2/);
      await page.locator('.head .chip').click();
    });

    it('filters by regular expression, dtype, shape and size, and says what is wrong with a pattern', async () => {
      const cases: [string, string[]][] = [
        ['/conv\\d\\.bias$/', ['state_dict.conv1.bias', 'state_dict.conv2.bias']], ['dtype:i64', ['state_dict.norm.num_batches_tracked']],
        ['shape:800', ['state_dict.hidden.weight']], ['shape:3x3', ['state_dict.conv2.weight']], ['>20kB', ['state_dict.conv2.weight', 'state_dict.hidden.weight']], ['output dtype:f32 <100', ['state_dict.output.bias']],
      ];
      for (const [text, expected] of cases) {
        await filter(text);
        await page.locator('.count', { hasText: `${expected.length} of 14` }).waitFor();
        assert.deepEqual(await names(), expected, text);
      }
      await filter('/(/');
      await page.locator('.field-problem').waitFor();
      await page.locator('.flow-tools vscode-text-field input').press('Escape');
      await page.locator('.count', { hasText: /^14$/ }).waitFor();
    });

    it('sorts by any column, and back to the order of the file', async () => {
      const head = page.locator('#tensors .list-header .sort', { hasText: 'size' });
      await head.click();
      assert.deepEqual((await names()).slice(0, 2), ['state_dict.hidden.weight', 'state_dict.conv2.weight']);
      await head.click();
      assert.equal((await names())[0], 'state_dict.norm.num_batches_tracked');
      await head.click();
      assert.equal((await names())[0], 'state_dict.conv1.weight');
    });

    it('moves by keyboard; statistics and percentiles are those of the tensor', async () => {
      await row('conv1.weight').click();
      await wb().page.keyboard.press('ArrowDown');
      await wb().page.keyboard.press('ArrowDown');
      await page.locator('.detail-head strong', { hasText: 'state_dict.conv2.weight' }).waitFor();
      await page.locator('.chip', { hasText: /^exact$/ }).waitFor();
      const t = (load(path.join(wb().folder, 'net.pt')) as Map<string, Map<string, Tensor>>).get('state_dict')!.get('conv2.weight')!;
      for (const [name, value] of [['mean', t.mean()], ['std', t.std()], ['min', t.min()], ['max', t.max()]] as const) {
        const shown = Number(await fact(name).innerText());
        assert.ok(Math.abs(shown - value.item<number>()) <= 1e-5 * Math.abs(value.item<number>()) + 1e-9, `${name} ${shown} ${value.item()}`);
      }
      assert.equal(await fact('Percentile 50').count(), 1);
      await row('broken').click();
      await page.locator('.chip.error', { hasText: 'not finite: 2' }).waitFor();
    });

    it('draws a histogram whose counts are all elements, in the table behind it', async () => {
      await row('conv2.weight').click();
      await tab('Histogram');
      await page.locator('figure .uplot canvas').first().waitFor();
      await button('Show as table').click();
      const counts: string[] = [];
      for (const r of await page.locator('.data-table .row').all()) counts.push((await r.locator('span').last().innerText()).replace(/,/g, ''));
      assert.ok(counts.length > 5 && counts.every((c) => /^\d+$/.test(c)));
      await button('Show as picture').click();
      await page.locator('figure .uplot canvas').first().waitFor();
    });

    it('draws a heat map of any two dimensions, near and far, with margins and the value under the cursor', async () => {
      await tab('Heat Map');
      const canvas = page.locator('canvas.heat');
      await canvas.waitFor();
      const size = (): Promise<[string | null, string | null]> => Promise.all([canvas.getAttribute('width'), canvas.getAttribute('height')]);
      assert.deepEqual(await size(), ['3', '3']);
      await page.locator('vscode-dropdown[aria-label="Dimension of the rows"]').click();
      await page.locator('vscode-dropdown[aria-label="Dimension of the rows"] vscode-option', { hasText: 'dim 0 (32)' }).click();
      await page.locator('canvas.heat[height="32"]').waitFor();
      await page.locator('vscode-dropdown[aria-label="Dimension of the columns"]').click();
      await page.locator('vscode-dropdown[aria-label="Dimension of the columns"] vscode-option', { hasText: 'dim 1 (24)' }).click();
      await page.locator('canvas.heat[width="24"][height="32"]').waitFor();
      const slider = page.locator('.sliders label', { hasText: 'dim 3' }).locator('input');
      await slider.fill('2');
      await canvas.focus();
      await wb().page.keyboard.press('ArrowRight'); // the first key shows the cursor
      await wb().page.keyboard.press('ArrowRight');
      await wb().page.keyboard.press('ArrowDown');
      const t = (load(path.join(wb().folder, 'net.pt')) as Map<string, Map<string, Tensor>>).get('state_dict')!.get('conv2.weight')!;
      const value = t.select(0, 1).select(0, 1).select(0, 0).select(0, 2).item<number>();
      await page.locator('.figure-reading', { hasText: '[1, 1]' }).waitFor();
      await wb().page.waitForTimeout(300);
      assert.ok(Math.abs(Number((await page.locator('.figure-reading').innerText()).split('] ')[1]) - value) < 1e-4 * Math.abs(value) + 1e-6, `${await page.locator('.figure-reading').innerText()} ${value}`);
      await wb().page.keyboard.press('+');
      await page.locator('.figure-title', { hasText: '[8:24, 6:18]' }).waitFor();
      await page.locator('canvas.heat[width="12"][height="16"]').waitFor();
      await button('Show all of it').click();
      await page.locator('canvas.heat[width="24"][height="32"]').waitFor();
      assert.equal(await page.locator('canvas.heat-margin').count(), 2);
      await button('Show as table').click();
      assert.equal(await page.locator('.data-table [role=grid]').getAttribute('aria-rowcount'), '33');
      await button('Show as picture').click();
      // Not one colour: it was drawn again.
      assert.ok(await canvas.evaluate((c) => { const d = (c as unknown as { getContext(k: string): { getImageData(...n: number[]): { data: ArrayLike<number> } } }).getContext('2d').getImageData(0, 0, 24, 32).data; return new Set(Array.from({ length: 24 * 32 }, (_, i) => `${d[4 * i]} ${d[4 * i + 1]}`)).size > 20; }));
    });

    it('shows exact values and their bits', async () => {
      await row('broken').click();
      await tab('Values');
      await page.locator('.value-grid td').nth(3).waitFor();
      assert.deepEqual(await page.locator('.value-grid td').allInnerTexts(), ['1.0', 'nan', 'inf', '-0.5']);
      assert.equal(await page.locator('.value-grid td').nth(3).getAttribute('title'), '0xbf000000');
    });

    it('shows convolution kernels as images: three channels as colours, others side by side', async () => {
      await row('conv1.weight').click();
      await tab('Kernels');
      await page.locator('figure[aria-label="Kernels of state_dict.conv1.weight"] canvas').first().waitFor();
      assert.match(await page.locator('.figure-title').innerText(), /colours/);
      await page.locator('vscode-checkbox', { hasText: 'as colours' }).click();
      await page.locator('canvas.heat[width="17"][height="143"]').waitFor(); // 3 × (5 + 1) - 1, 24 × (5 + 1) - 1
      await page.locator('vscode-checkbox', { hasText: 'as colours' }).click();
      await row('conv2.weight').click();
      await page.locator('canvas.heat[width="95"][height="127"]').waitFor();
      await row('hidden.weight').click();
      await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor(); // a matrix has no kernels
      assert.equal(await page.getByRole('tab', { name: 'Kernels' }).count(), 0);
    });

    it('lists tensors as a tree, and everything in the file', async () => {
      await button('Tensors as a tree').click();
      await page.locator('#tensors[role=tree]').waitFor();
      assert.match((await rows().first().innerText()).replace(/\s+/g, ' '), /state_dict 13 tensors 425 kB/);
      await rows().first().click();
      await wb().page.keyboard.press('ArrowLeft');
      await page.locator('#tensors .row').nth(2).waitFor({ state: 'detached' });
      assert.equal(await rows().count(), 2);
      await wb().page.keyboard.press('ArrowRight');
      await row('[10, 120]').click();
      await page.locator('.detail-head strong', { hasText: 'state_dict.output.weight' }).waitFor();
      await button('Everything in the file').click();
      assert.match((await page.locator('#structure').innerText()).replace(/\s+/g, ' '), /OrderedDict \(3\) epoch int 3 state_dict OrderedDict \(13\) broken tensor/);
      await button('Tensors as a table').click();
    });

    it('saves the listed tensors, converts the file, exports a tensor', async () => {
      await filter('conv1');
      await page.locator('.count', { hasText: '2 of 14' }).waitFor();
      await button('Save the tensors listed').click();
      const part = await saveAs('part.safetensors');
      const c = openCheckpoint(part);
      assert.deepEqual([...c.tensors.keys()].sort(), ['state_dict.conv1.bias', 'state_dict.conv1.weight']);
      c.close();
      await filter('');
      await button('Write this checkpoint as').click();
      const whole = openCheckpoint(await saveAs('whole.npz'));
      assert.equal(whole.tensors.size, 14);
      whole.close();
      await row('broken').click();
      await page.locator('.detail-head strong', { hasText: 'broken' }).waitFor();
      await button('Save this tensor as CSV').click();
      const csv = await saveAs('broken.csv');
      assert.equal(fs.readFileSync(csv, 'utf8').trim(), '1.0,nan,inf,-0.5');
    });

    it('is read again when the file changes', async () => {
      fs.copyFileSync(path.join(wb().folder, 'later.safetensors'), path.join(wb().folder, 'changing.safetensors'));
      await closeEditors();
      // Quick open may not know a file this young; the explorer does.
      await wb().row('changing.safetensors', '.explorer-folders-view').dblclick();
      page = await wb().webview('13 tensors');
      fs.copyFileSync(path.join(wb().folder, 'part.safetensors'), path.join(wb().folder, 'changing.safetensors'));
      await page.locator('.head', { hasText: '2 tensors' }).waitFor();
    });
  });

  it('a malicious pickle: what it asks for is said at once, and nothing of it has happened', async () => {
    await open('evil.pt', 'dangerous call');
    assert.match(await page.locator('.banner.error').innerText(), /could run commands\. Nothing was imported or called/);
    assert.match((await page.locator('.audit').innerText()).replace(/\s+/g, ' '), /dangerous call os\.system 2 1 .*touch/);
    await wb().screenshot('checkpoint-evil');
    assert.deepEqual(markers.filter((m) => fs.existsSync(m)), []);
    assert.equal(/\bsafe\b/i.test(await page.locator('body').innerText()), false, 'no file is called safe');
  });

  it('a file of 20 GB: on screen at once, statistics in progress until they are cancelled, a heat map that says it is sampled', async () => {
    await open('huge.safetensors', 'blocks.0.');
    await page.locator('.head', { hasText: '21.5 GB' }).waitFor();
    assert.ok(fs.statSync(path.join(wb().folder, 'huge.safetensors')).size > hugeBytes);
    const counting = page.locator('.row-line', { hasText: 'counting' });
    await page.locator('.chip', { hasText: 'so far' }).waitFor();
    await counting.locator('vscode-button').click();
    await counting.waitFor({ state: 'detached' });
    assert.match(await page.locator('.detail .chip').first().innerText(), /so far: [\d,]+ elements/);
    await tab('Heat Map');
    await page.locator('.figure-title', { hasText: 'sampled' }).waitFor();
    await page.locator('#tensors .row', { hasText: 'blocks.2.weight' }).click();
    await tab('Values');
    await page.locator('.value-grid td').first().waitFor();
    assert.equal(await page.locator('.value-grid td').first().innerText(), '0.0');
    await closeEditors();
  });

  it('50,000 tensors scroll, sort and filter', async () => {
    await open('many.pt', 'layer0.');
    assert.match(await page.locator('.count').innerText(), /50,000/);
    await row('layer0.').click();
    await wb().page.keyboard.press('End');
    await row(`layer${(manyTensors - 1) >> 3}.weight7`).waitFor();
    assert.ok(await rows().count() < 100, 'only what is visible exists');
    await wb().page.keyboard.press('PageUp');
    await filter('/layer4\\d\\d\\d\\.weight3$/');
    await page.locator('.count', { hasText: '1,000 of 50,000' }).waitFor();
    await filter('');
    await button('Tensors as a tree').click();
    await page.locator('#tensors[role=tree] .row', { hasText: 'layer0' }).first().waitFor();
    await button('Tensors as a table').click();
    await closeEditors();
  });

  describe('the comparison', () => {
    const list = (): Locator => page.locator('#compare .row');
    const compared = (name: string): Locator => page.locator('#compare .row', { hasText: name }).first();

    it('is asked for from the viewer; proposes to take prefixes off; lists only what changed', async () => {
      await open('net.pt', 'state_dict');
      await page.locator('vscode-button', { hasText: 'Compare…' }).click();
      await wb().pick('later.safetensors');
      page = await wb().webview('relative L2');
      await page.locator('.banner', { hasText: '11 tensors would match' }).locator('vscode-button').click();
      await page.locator('.chip.compare-same', { hasText: '10 same' }).waitFor();
      assert.match((await page.locator('.chips').innerText()).replace(/\s+/g, ' '), /10 same.*1 changed.*1 added.*2 removed.*1 another shape/);
      await page.locator('vscode-checkbox', { hasText: 'changed only' }).click();
      await page.locator('#compare .row', { hasText: 'conv1' }).first().waitFor({ state: 'detached' });
      assert.equal(await list().count(), 5);
      assert.match((await compared('conv2.').innerText()).replace(/\s+/g, ' '), /≠ conv2\. ?weight f32 \[32, 24, 3, 3\] f32 \[32, 24, 3, 3\] 0\.2\d+ 0\.9\d+ 0\.0\d+/);
      assert.match((await compared('hidden.').innerText()).replace(/\s+/g, ' '), /f32 \[120\] f32 \[121\]/);
    });

    it('shows a pair closely: both histograms, the difference, its heat map', async () => {
      await compared('conv2.').click();
      await page.locator('canvas.heat').waitFor();
      assert.match(await page.locator('.detail-head').innerText(), /6,912 elements differ/);
      assert.equal(await page.locator('.detail figure').count(), 3);
      await compared('extra.').click();
      await page.locator('.notice', { hasText: 'module.extra.weight stands only in B' }).or(page.locator('.notice', { hasText: 'extra.weight stands only in B' })).first().waitFor();
    });

    it('comes back after a reload of the window, and changes its sides', async () => {
      await wb().command('Developer: Reload Window');
      await wb().page.locator('.monaco-workbench .tab', { hasText: 'net.pt ↔ later.safetensors' }).waitFor();
      page = await wb().webview('10 same');
      assert.equal(await list().count(), 5, 'what was chosen is kept');
      await page.locator('vscode-button', { hasText: 'Swap' }).click();
      await wb().page.locator('.tab', { hasText: 'later.safetensors ↔ net.pt' }).waitFor();
      page = await wb().webview('relative L2');
      await page.locator('.side-name', { hasText: 'net.pt' }).locator('vscode-link').click();
      page = await wb().webview('14 tensors');
      await closeEditors();
    });
  });

  describe('the preflight', () => {
    const list = (): Locator => page.locator('#preflight .row');
    const chip = (text: string): Locator => page.locator('button.chip', { hasText: text });
    const load = (title: string): Locator => page.locator('.head vscode-button', { hasText: title });
    const disabled = (b: Locator): Promise<boolean> => b.evaluate((e) => (e as unknown as { disabled: boolean }).disabled);
    before(runModel);
    const fromViewer = async (file: string): Promise<void> => {
      await open(file, 'Load into Model…');
      await page.locator('vscode-button', { hasText: 'Load into Model…' }).click();
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
      page = await wb().webview('would match');
      assert.deepEqual([await chip('missing in the file').innerText(), await chip('unexpected in the file').innerText()].map((x) => x.replace(/\s+/g, ' ')), ['− 6 missing in the file', '+ 5 unexpected in the file']);
      assert.equal(await disabled(load('Load').first()), true);
      await page.locator('.banner', { hasText: '4 tensors would match: Take "module." off every name' }).locator('vscode-button').click();
      await chip('4 matched').waitFor();
      assert.equal((await list().allInnerTexts()).map((x) => x.replace(/\s+/g, ' ').replace(/\. /g, '.')).join('\n').includes('⇲ module.head.weight f32 [7, 16] head.weight f32 [4, 16]'), true);
      await chip('another shape').click();
      await page.locator('.count', { hasText: '1 of 6' }).waitFor();
      await chip('another shape').click();
      await page.locator('body').press('/');
      await wb().page.keyboard.type('0.bias');
      await page.locator('.count', { hasText: '1 of 6' }).waitFor();
      await list().first().click();
      await page.locator('.detail figure').first().waitFor();
      assert.match(await page.locator('.detail-head').innerText(), /encoder\.0\.bias[\s\S]*16 elements differ/);
      await wb().page.keyboard.press('/');
      await wb().page.keyboard.press('Escape');
      await page.locator('.count', { hasText: /^6$/ }).waitFor();
    });

    it('names change as a prefix is typed', async () => {
      const off = page.locator('input[placeholder="take off prefix"]');
      await off.fill('module.encoder.');
      await chip('matched').waitFor({ state: 'detached' });
      await page.locator('input[placeholder="put on prefix"]').fill('encoder.');
      await chip('4 matched').waitFor();
      await page.locator('vscode-button', { hasText: 'Names as They Are' }).click();
      await chip('6 missing in the file').waitFor();
      await page.locator('.banner vscode-button', { hasText: 'Rename' }).first().click();
      await chip('4 matched').waitFor();
    });

    it("says it in PyTorch's words, to be copied", async () => {
      await page.locator('summary', { hasText: 'What load_state_dict says' }).click();
      assert.match(await page.locator('.preflight-message pre').innerText(), /^Error\(s\) in loading state_dict for Model:\n\tMissing key\(s\) in state_dict: "head\.bias"\. \n\tsize mismatch for head\.weight: copying a param with shape torch\.Size\(\[7, 16\]\) from checkpoint, the shape in current model is torch\.Size\(\[4, 16\]\)\.$/);
      await page.locator('summary', { hasText: 'What load_state_dict says' }).click();
    });

    it('loads the part that fits when asked; Undo puts the values back', async () => {
      assert.equal(await disabled(load('Load').first()), true, 'strict loading is not possible');
      await load('Load the Part That Fits (4)').click();
      await wb().notification('Loaded 4 tensors; left out: 1 missing, 1 that do not fit.').waitFor();
      await page.locator('.detail-head', { hasText: 'same' }).waitFor();
      await wb().press('Loaded 4 tensors', 'Undo');
      await page.locator('.detail-head', { hasText: '16 elements differ' }).waitFor();
    });

    for (const theme of allThemes) {
      it(`can be read in the theme ${theme}`, async () => {
        await wb().theme(theme);
        await closeEditors();
        await fromViewer('wrapped.pt');
        page = await wb().webview('would match');
        await page.locator('#preflight .row', { hasText: 'encoder.0.bias' }).first().click();
        await look(theme, 'preflight-names');
        await page.locator('.banner vscode-button', { hasText: 'Rename' }).first().click();
        await chip('4 matched').waitFor();
        await page.locator('summary', { hasText: 'What load_state_dict says' }).click();
        await page.locator('.detail figure').first().waitFor();
        await look(theme, 'preflight');
      });
    }

    it('comes back after a reload of the window, says that the model is gone, and goes on when it is live again', async () => {
      await wb().command('Developer: Reload Window');
      await wb().page.locator('.monaco-workbench .tab', { hasText: 'wrapped.pt → model' }).waitFor();
      page = await wb().webview('This could not be checked.');
      await runModel();
      await wb().page.locator('.tab', { hasText: 'wrapped.pt → model' }).click();
      page = await wb().webview('4 matched');
      await closeEditors();
    });
  });

  for (const theme of allThemes) {
    it(`can be read in the theme ${theme}`, async () => {
      await wb().theme(theme);
      await open('net.pt', 'state_dict');
      await row('conv2.weight').click();
      for (const name of ['Overview', 'Histogram', 'Heat Map', 'Values', 'Kernels']) { await tab(name); await look(theme, name.toLowerCase().replace(' ', '-')); }
      await closeEditors();
      await open('evil.pt', 'dangerous call');
      await look(theme, 'evil');
      await wb().openFile('net.pt');
      page = await wb().webview('state_dict');
      await page.locator('vscode-button', { hasText: 'Compare…' }).click();
      await wb().pick('later.safetensors');
      page = await wb().webview('relative L2');
      await page.locator('.banner vscode-button', { hasText: 'Align' }).click();
      await page.locator('.chip.compare-same').waitFor();
      await page.locator('#compare .row', { hasText: 'conv2.' }).first().click();
      await page.locator('canvas.heat').waitFor();
      await look(theme, 'compare');
      await closeEditors();
    });
  }
});

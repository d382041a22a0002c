/** The checkpoint viewer in the real workbench, by mouse and keyboard, in every theme. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';

import { full, load, openCheckpoint, save, type Tensor } from '../../extension/lib/index';
import { corpus, markers } from '../unit/checkpointData';
import { hugeBytes, manyTensors, writeHoles } from './checkpointFixtures';
import { allThemes, useCheckpoints } from './checkpointPage';

describe('the checkpoint viewer', function () {
  this.timeout(600_000);
  const c = useCheckpoints('viewer');
  const { wb, open, closeEditors, rows, row, button, tab, fact, filter, names, saveAs, look } = c;

  describe('the viewer', () => {
    before(() => open('net.pt', 'state_dict'));
    after(closeEditors);

    it('opens a .pt: header, dtypes, what its pickle asks for, every tensor', async () => {
      await row('conv1.weight').waitFor();
      assert.match(await c.page.locator('.head').innerText(), /PyTorch zip[\s\S]*14 tensors[\s\S]*none executed[\s\S]*f32[\s\S]*i64/);
      assert.equal(await rows().count(), 14);
      assert.match((await row('conv2.weight').innerText()).replace(/\s+/g, ' '), /state_dict\. ?conv2\. ?weight f32 \[32, 24, 3, 3\] 27\.6 kB/);
      await c.page.locator('.head .chip').click();
      assert.match(await c.page.locator('.audit').innerText(), /weights_only allow-list[\s\S]*torch\._utils\._rebuild_tensor_v2/);
      await c.page.locator('.head .chip').click();
    });

    it('filters by regular expression, dtype, shape and size, and says what is wrong with a pattern', async () => {
      const cases: [string, string[]][] = [
        ['/conv\\d\\.bias$/', ['state_dict.conv1.bias', 'state_dict.conv2.bias']], ['dtype:i64', ['state_dict.norm.num_batches_tracked']],
        ['shape:800', ['state_dict.hidden.weight']], ['shape:3x3', ['state_dict.conv2.weight']], ['>20kB', ['state_dict.conv2.weight', 'state_dict.hidden.weight']], ['output dtype:f32 <100', ['state_dict.output.bias']],
      ];
      for (const [text, expected] of cases) {
        await filter(text);
        await c.page.locator('.count', { hasText: `${expected.length} of 14` }).waitFor();
        assert.deepEqual(await names(), expected, text);
      }
      await filter('/(/');
      await c.page.locator('.field-problem').waitFor();
      await c.page.locator('.flow-tools vscode-text-field input').press('Escape');
      await c.page.locator('.count', { hasText: /^14$/ }).waitFor();
    });

    it('sorts by any column, and back to the order of the file', async () => {
      const head = c.page.locator('#tensors .list-header .sort', { hasText: 'size' });
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
      await c.page.locator('.detail-head strong', { hasText: 'state_dict.conv2.weight' }).waitFor();
      await c.page.locator('.chip', { hasText: /^exact$/ }).waitFor();
      const t = (load(path.join(wb().folder, 'net.pt')) as Map<string, Map<string, Tensor>>).get('state_dict')!.get('conv2.weight')!;
      for (const [name, value] of [['mean', t.mean()], ['std', t.std()], ['min', t.min()], ['max', t.max()]] as const) {
        const shown = Number(await fact(name).innerText());
        assert.ok(Math.abs(shown - value.item<number>()) <= 1e-5 * Math.abs(value.item<number>()) + 1e-9, `${name} ${shown} ${value.item()}`);
      }
      assert.equal(await fact('Percentile 50').count(), 1);
      await row('broken').click();
      await c.page.locator('.chip.error', { hasText: 'not finite: 2' }).waitFor();
    });

    it('draws a histogram whose counts are all elements, in the table behind it', async () => {
      await row('conv2.weight').click();
      await tab('Histogram');
      await c.page.locator('figure .uplot canvas').first().waitFor();
      await button('Show as table').click();
      const counts: string[] = [];
      for (const r of await c.page.locator('.data-table .row').all()) counts.push((await r.locator('span').last().innerText()).replace(/,/g, ''));
      assert.ok(counts.length > 5 && counts.every((c) => /^\d+$/.test(c)));
      await button('Show as picture').click();
      await c.page.locator('figure .uplot canvas').first().waitFor();
    });

    it('draws a heat map of any two dimensions, near and far, with margins and the value under the cursor', async () => {
      await tab('Heat Map');
      const canvas = c.page.locator('canvas.heat');
      await canvas.waitFor();
      const size = (): Promise<[string | null, string | null]> => Promise.all([canvas.getAttribute('width'), canvas.getAttribute('height')]);
      assert.deepEqual(await size(), ['3', '3']);
      await c.page.locator('vscode-dropdown[aria-label="Dimension of the rows"]').click();
      await c.page.locator('vscode-dropdown[aria-label="Dimension of the rows"] vscode-option', { hasText: 'dim 0 (32)' }).click();
      await c.page.locator('canvas.heat[height="32"]').waitFor();
      await c.page.locator('vscode-dropdown[aria-label="Dimension of the columns"]').click();
      await c.page.locator('vscode-dropdown[aria-label="Dimension of the columns"] vscode-option', { hasText: 'dim 1 (24)' }).click();
      await c.page.locator('canvas.heat[width="24"][height="32"]').waitFor();
      const slider = c.page.locator('.sliders label', { hasText: 'dim 3' }).locator('input');
      await slider.fill('2');
      await canvas.focus();
      await wb().page.keyboard.press('ArrowRight'); // the first key shows the cursor
      await wb().page.keyboard.press('ArrowRight');
      await wb().page.keyboard.press('ArrowDown');
      const t = (load(path.join(wb().folder, 'net.pt')) as Map<string, Map<string, Tensor>>).get('state_dict')!.get('conv2.weight')!;
      const value = t.select(0, 1).select(0, 1).select(0, 0).select(0, 2).item<number>();
      await c.page.locator('.figure-reading', { hasText: '[1, 1]' }).waitFor();
      await wb().page.waitForTimeout(300);
      assert.ok(Math.abs(Number((await c.page.locator('.figure-reading').innerText()).split('] ')[1]) - value) < 1e-4 * Math.abs(value) + 1e-6, `${await c.page.locator('.figure-reading').innerText()} ${value}`);
      await wb().page.keyboard.press('+');
      await c.page.locator('.figure-title', { hasText: '[8:24, 6:18]' }).waitFor();
      await c.page.locator('canvas.heat[width="12"][height="16"]').waitFor();
      await button('Show all of it').click();
      await c.page.locator('canvas.heat[width="24"][height="32"]').waitFor();
      assert.equal(await c.page.locator('canvas.heat-margin').count(), 2);
      await button('Show as table').click();
      assert.equal(await c.page.locator('.data-table [role=grid]').getAttribute('aria-rowcount'), '33');
      await button('Show as picture').click();
      // Not one colour: it was drawn again.
      assert.ok(await canvas.evaluate((c) => { const d = (c as unknown as { getContext(k: string): { getImageData(...n: number[]): { data: ArrayLike<number> } } }).getContext('2d').getImageData(0, 0, 24, 32).data; return new Set(Array.from({ length: 24 * 32 }, (_, i) => `${d[4 * i]} ${d[4 * i + 1]}`)).size > 20; }));
    });

    it('shows exact values and their bits', async () => {
      await row('broken').click();
      await tab('Values');
      await c.page.locator('.value-grid td').nth(3).waitFor();
      assert.deepEqual(await c.page.locator('.value-grid td').allInnerTexts(), ['1.0', 'nan', 'inf', '-0.5']);
      assert.equal(await c.page.locator('.value-grid td').nth(3).getAttribute('title'), '0xbf000000');
    });

    it('shows convolution kernels as images: three channels as colours, others side by side', async () => {
      await row('conv1.weight').click();
      await tab('Kernels');
      await c.page.locator('figure[aria-label="Kernels of state_dict.conv1.weight"] canvas').first().waitFor();
      assert.match(await c.page.locator('.figure-title').innerText(), /colours/);
      await c.page.locator('vscode-checkbox', { hasText: 'as colours' }).click();
      await c.page.locator('canvas.heat[width="17"][height="143"]').waitFor(); // 3 × (5 + 1) - 1, 24 × (5 + 1) - 1
      await c.page.locator('vscode-checkbox', { hasText: 'as colours' }).click();
      await row('conv2.weight').click();
      await c.page.locator('canvas.heat[width="95"][height="127"]').waitFor();
      await row('hidden.weight').click();
      await c.page.getByRole('tab', { name: 'Overview', selected: true }).waitFor(); // a matrix has no kernels
      assert.equal(await c.page.getByRole('tab', { name: 'Kernels' }).count(), 0);
    });

    it('lists tensors as a tree, and everything in the file', async () => {
      await button('Tensors as a tree').click();
      await c.page.locator('#tensors[role=tree]').waitFor();
      assert.match((await rows().first().innerText()).replace(/\s+/g, ' '), /state_dict 13 tensors 425 kB/);
      const [group, leaf] = [await rows().first().locator('.name-leaf').boundingBox(), await row('broken').locator('.name-leaf').boundingBox()];
      assert.equal(group!.x, leaf!.x, 'names of one level stand below one another');
      await rows().first().click();
      await wb().page.keyboard.press('ArrowLeft');
      await c.page.locator('#tensors .row').nth(2).waitFor({ state: 'detached' });
      assert.equal(await rows().count(), 2);
      await wb().page.keyboard.press('ArrowRight');
      await row('[10, 120]').click();
      await c.page.locator('.detail-head strong', { hasText: 'state_dict.output.weight' }).waitFor();
      await button('Everything in the file').click();
      await c.page.locator('#structure .row', { hasText: 'broken' }).waitFor();
      assert.match((await c.page.locator('#structure').innerText()).replace(/\s+/g, ' '), /OrderedDict \(3\) epoch int 3 state_dict OrderedDict \(13\) broken tensor/);
      await button('Tensors as a table').click();
    });

    it('saves the listed tensors, converts the file, exports a tensor', async () => {
      await filter('conv1');
      await c.page.locator('.count', { hasText: '2 of 14' }).waitFor();
      await button('Save the tensors listed').click();
      const part = await saveAs('part.safetensors');
      const saved = openCheckpoint(part);
      assert.deepEqual([...saved.tensors.keys()].sort(), ['state_dict.conv1.bias', 'state_dict.conv1.weight']);
      saved.close();
      await filter('');
      await button('Write this checkpoint as').click();
      const whole = openCheckpoint(await saveAs('whole.npz'));
      assert.equal(whole.tensors.size, 14);
      whole.close();
      await row('broken').click();
      await c.page.locator('.detail-head strong', { hasText: 'broken' }).waitFor();
      await button('Save this tensor as CSV').click();
      const csv = await saveAs('broken.csv');
      assert.equal(fs.readFileSync(csv, 'utf8').trim(), '1.0,nan,inf,-0.5');
      await button('Save this tensor as a NumPy file').click();
      const npy = openCheckpoint(await saveAs('broken.npy'));
      assert.deepEqual([...npy.tensors.values()].map((t) => [t.dtype, [...t.shape]]), [['float32', [4]]]);
      npy.close();
      await row('conv2.weight').click();
      await tab('Heat Map');
      await c.page.locator('canvas.heat').waitFor();
      await button('Save as PNG').click();
      const cells = await c.page.locator('canvas.heat').evaluate((e) => { const { width, height } = e as unknown as { width: number; height: number }; return [width, height]; });
      const picture = await saveAs('heat.png');
      await wb().notification('Wrote heat.png').waitFor();
      const png = fs.readFileSync(picture);
      assert.equal(png.toString('latin1', 1, 4), 'PNG');
      const times = Math.floor(1024 / Math.max(...cells));
      assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], cells.map((n) => n * times), 'every cell is a square that can be seen');
    });

    it('says why an export failed', async () => {
      // 2^62 elements of stride 0.
      fs.copyFileSync(corpus('hostile/ten_huge_stride0.pt'), path.join(wb().folder, 'boundless.pt'));
      await wb().row('boundless.pt', '.explorer-folders-view').dblclick();
      c.page = await wb().webview('4611686018427');
      await button('Save this tensor as a NumPy file').click();
      await c.giveName(path.join(wb().folder, 'boundless.npy'));
      await wb().notification(/not enough space in .*: \d+ bytes are needed/).waitFor();
      assert.deepEqual(fs.readdirSync(wb().folder).filter((f) => f.endsWith('.tmp') || f === 'boundless.npy'), []);
    });

    it('stops a conversion when asked to, and leaves nothing of it', async () => {
      writeHoles(path.join(wb().folder, 'large.safetensors'), 2 * 1024 ** 3);
      await wb().row('large.safetensors', '.explorer-folders-view').dblclick();
      c.page = await wb().webview('2.15 GB');
      await button('Write this checkpoint as').click();
      await c.giveName(path.join(wb().folder, 'large.pt'));
      await wb().notification('Writing large.pt').waitFor();
      await wb().press('Writing large.pt', 'Cancel');
      await wb().notification('Writing large.pt').waitFor({ state: 'detached' });
      for (let i = 0; i < 100 && fs.readdirSync(wb().folder).some((f) => f.endsWith('.tmp')); i++) await wb().page.waitForTimeout(100);
      assert.deepEqual(fs.readdirSync(wb().folder).filter((f) => f.endsWith('.tmp') || f === 'large.pt'), []);
    });

    it('is read again when the file changes', async () => {
      fs.copyFileSync(path.join(wb().folder, 'later.safetensors'), path.join(wb().folder, 'changing[1].safetensors'));
      await closeEditors();
      // Quick open may not know a file this young; the explorer does.
      await wb().row('changing[1].safetensors', '.explorer-folders-view').dblclick();
      c.page = await wb().webview('13 tensors');
      fs.copyFileSync(path.join(wb().folder, 'part.safetensors'), path.join(wb().folder, 'changing[1].safetensors'));
      await c.page.locator('.head', { hasText: '2 tensors' }).waitFor();
    });

    it('in shards is read again when one of them changes; what did not change is not counted twice', async () => {
      const write = (value: number): void => { save({ a: full([1000], value), b: full([1000], 1) }, path.join(wb().folder, 'parts.safetensors'), { maxShardBytes: 4000 }); };
      write(3);
      const index = path.join(wb().folder, 'parts.safetensors.index.json');
      const [first] = Object.values((JSON.parse(fs.readFileSync(index, 'utf8')) as { weight_map: Record<string, string> }).weight_map) as [string];
      await wb().row('parts.safetensors.index.json', '.explorer-folders-view').dblclick();
      c.page = await wb().webview('2 shards');
      await row('a').click();
      await c.page.locator('dt:text-is("mean") + dd', { hasText: '3' }).waitFor();
      save({ a: full([1000], 5) }, path.join(wb().folder, first));
      await c.page.locator('dt:text-is("mean") + dd', { hasText: '5' }).waitFor();
    });
  });

  it('a malicious pickle: what it asks for is said at once, and nothing of it has happened', async () => {
    await open('evil.pt', 'dangerous call');
    assert.match(await c.page.locator('.banner.error').innerText(), /could run commands\. Nothing was imported or called/);
    assert.match((await c.page.locator('.audit').innerText()).replace(/\s+/g, ' '), /dangerous call os\.system 2 1 .*touch/);
    await wb().screenshot('checkpoint-evil');
    assert.deepEqual(markers.filter((m) => fs.existsSync(m)), []);
    assert.equal(/\bsafe\b/i.test(await c.page.locator('body').innerText()), false, 'no file is called safe');
  });

  it('a file of 20 GB: on screen at once, statistics in progress until they are cancelled, a heat map that says it is sampled', async () => {
    await open('huge.safetensors', 'blocks.0.');
    await c.page.locator('.head', { hasText: '21.5 GB' }).waitFor();
    assert.ok(fs.statSync(path.join(wb().folder, 'huge.safetensors')).size > hugeBytes);
    const counting = c.page.locator('.counted .row-line', { hasText: 'counting' });
    const chip = c.page.locator('.detail .chip').first();
    await chip.filter({ hasText: 'sampled: ' }).waitFor();
    assert.match(await chip.innerText(), /sampled: [\d,]+ of 1,342,177,280 elements/);
    await counting.locator('vscode-button').click();
    await counting.waitFor({ state: 'detached' });
    // What is known stays, and says of what it is.
    assert.match(await chip.innerText(), /sampled: [\d,]+ of 1,342,177,280 elements/);
    await tab('Histogram');
    await c.page.locator('.figure-title', { hasText: 'Histogram (sampled)' }).waitFor();
    await c.page.locator('vscode-button', { hasText: 'Count All Elements' }).click();
    await counting.waitFor();
    await tab('Heat Map');
    await c.page.locator('.figure-title', { hasText: 'sampled' }).waitFor();
    await c.page.locator('#tensors .row', { hasText: 'blocks.2.weight' }).click();
    await tab('Values');
    await c.page.locator('.value-grid td').first().waitFor();
    assert.equal(await c.page.locator('.value-grid td').first().innerText(), '0.0');
    await closeEditors();
  });

  describe('a file of 50,000 tensors', () => {
    before(() => open('many.pt', 'layer0.'));
    after(closeEditors);
    const count = (text: string | RegExp): Promise<void> => c.page.locator('.count', { hasText: text }).waitFor();

    it('says what it holds; scrolls to its end; sorts; opens a tensor', async () => {
      await count(/^50,000$/);
      assert.match((await c.page.locator('.head').innerText()).replace(/\s+/g, ' '), /50,000 tensors · 400k elements .* f32 1\.60 MB/);
      await row('layer0.').click();
      await wb().page.keyboard.press('End');
      await row(`layer${(manyTensors - 1) >> 3}.weight7`).waitFor();
      assert.ok(await rows().count() < 100, 'only what is visible exists');
      await wb().page.keyboard.press('PageUp');
      const head = c.page.locator('#tensors .list-header .sort', { hasText: 'name' });
      await head.click();
      await head.click();
      for (const [key, name] of [['Home', 'layer6249.weight7'], ['End', 'layer0.weight0']] as const) {
        await rows().nth(10).click();
        await wb().page.keyboard.press(key);
        await c.page.locator('.detail-head strong', { hasText: name }).waitFor();
      }
      await head.click();
      assert.equal(await fact('zeros').innerText(), '8 (100%)');
    });

    it('filters by every kind of word', async () => {
      for (const [text, says] of [['/layer4\\d\\d\\d\\.weight3$/', '1,000 of 50,000'], ['weight7 layer62', '61 of 50,000'], ['shape:8 dtype:f32', /^50,000$/], ['shape:7', '0 of 50,000'], ['>32', '0 of 50,000'], ['<33', /^50,000$/]] as const) {
        await filter(text);
        await count(says);
      }
      await filter('');
    });

    it('lists them as a tree, groups closed; as values of the file, asked for as they come into view', async () => {
      await button('Tensors as a tree').click();
      const first = c.page.locator('#tensors[role=tree] .row', { hasText: 'layer0' }).first();
      assert.match((await first.innerText()).replace(/\s+/g, ' '), /layer0 8 tensors 256 B/);
      await first.click();
      await wb().page.keyboard.press('ArrowRight');
      await row('weight7').waitFor();
      await button('Everything in the file').click();
      const line = (text: string | RegExp): Locator => c.page.locator('#structure .row', { hasText: text }).first();
      await line(/OrderedDict \(50,000\)/).click();
      await line('layer0.weight0').waitFor();
      await wb().page.keyboard.press('End');
      await line('layer6249.weight7').click();
      await c.page.locator('.detail-head strong', { hasText: 'layer6249.weight7' }).waitFor();
      await button('Tensors as a table').click();
    });

    it('is read again when it changes', async () => {
      await filter('layer4321.weight3');
      await row('layer4321.').click();
      await c.page.locator('.detail-head strong', { hasText: 'layer4321.weight3' }).waitFor();
      assert.equal(await fact('zeros').innerText(), '8 (100%)');
      const before = fs.readFileSync(path.join(wb().folder, 'many.pt'));
      fs.copyFileSync(path.join(wb().folder, 'many-after.pt'), path.join(wb().folder, 'many.pt'));
      await c.page.locator('dt:text-is("zeros") + dd', { hasText: '0 (0%)' }).waitFor();
      fs.writeFileSync(path.join(wb().folder, 'many.pt'), before);
      await c.page.locator('dt:text-is("zeros") + dd', { hasText: '8 (100%)' }).waitFor();
      await filter('');
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
      await closeEditors();
    });
  }
});

/** Damaged files in the real workbench: a page that says what is wrong and where, with the audit and all that could be read. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { markers } from '../unit/checkpointData';
import { allThemes, useCheckpoints } from './checkpointPage';

describe('damaged checkpoints in the workbench', function () {
  this.timeout(600_000);
  const c = useCheckpoints('damage');
  const { wb, open, closeEditors, rows, row, fact, look } = c;
  afterEach(closeEditors);
  const text = async (selector: string): Promise<string> => (await c.page.locator(selector).innerText()).replace(/\s+/g, ' ');

  it('a pickle that breaks: the byte, those around it, and what it had asked for before', async () => {
    await open('garbage.pt', 'This file is damaged');
    assert.match(await fact('What is wrong').innerText(), /^data\.pkl: pickle: opcode 0xff is not known \(at byte 65\)$/);
    assert.match(await fact('Where').innerText(), /^byte 105 of [\d,]+ \(0x69\)$/);
    assert.match(await fact('What was expected').innerText(), /zip archive of one folder: data\.pkl/);
    assert.equal((await c.page.locator('.hex .marked').innerText()).trim(), 'ff');
    assert.match(await text('.audit'), /dangerous call os\.system 2 1 .*touch/);
    assert.match(await text('body'), /could run commands\. Nothing was imported or called/);
    assert.deepEqual(markers.filter((m) => fs.existsSync(m)), []);
  });

  it('an archive cut short: audit and tensors of its pickle; no values, and why', async () => {
    await open('cut-net.pt', 'This file is damaged');
    assert.match(await fact('Where').innerText(), /^at the end of the file, after 200,000 bytes$/);
    assert.match(await text('.audit'), /No globals outside PyTorch’s weights_only allow-list/);
    await row('conv2.weight').click();
    await c.page.locator('.detail', { hasText: 'its bytes cannot be found' }).waitFor();
    assert.equal(await c.page.getByRole('tab').count(), 0);
    for (const button of ['Convert…', 'npy', 'CSV']) assert.equal(await c.page.locator('vscode-button', { hasText: button }).evaluate((e) => (e as unknown as { disabled: boolean }).disabled), true, button);
  });

  it('safetensors cut short: the tensors that are there have values', async () => {
    await open('cut-later.safetensors', 'This file is damaged');
    assert.match(await fact('What is wrong').innerText(), /the tensors end at byte [\d]+, but the file has 200000 bytes: it is cut short/);
    assert.equal(await rows().count(), 13);
    await row('conv1.bias').click();
    await c.page.locator('.chip', { hasText: /^exact$/ }).waitFor();
    await row('output.weight').click();
    await c.page.locator('.detail', { hasText: 'ends at byte' }).waitFor();
  });

  it('what is no checkpoint: the reason and its first bytes; read again when the file is mended', async () => {
    await open('download.pt', 'could not be read as a checkpoint');
    assert.match(await fact('What is wrong').innerText(), /download\.pt: a web page, not a checkpoint: the download went wrong/);
    assert.match(await text('.hex'), /00000000 3c 21 .*<!DOCTYPE html/i);
    fs.copyFileSync(path.join(wb().folder, 'net.pt'), path.join(wb().folder, 'download.pt'));
    await c.page.locator('.head', { hasText: '14 tensors' }).waitFor();
    assert.equal(await c.page.locator('.damage').count(), 0);
  });

  for (const theme of allThemes) {
    it(`can be read in the theme ${theme}`, async () => {
      await wb().theme(theme);
      await open('garbage.pt', 'This file is damaged');
      await look(theme, 'damage');
      await open('cut-later.safetensors', 'This file is damaged');
      await row('output.weight').click();
      await look(theme, 'damage-cut');
    });
  }
});

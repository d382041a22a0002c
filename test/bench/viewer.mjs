/**
 * `node test/bench/viewer.mjs [--rounds N]`: what a user waits for, in the real workbench: from the click on a file to its tensors
 * on screen. Every opening finds a file that has changed since, so nothing is remembered of it. Needs a build; the files take 1 GiB while it runs.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { filled, many50000, sparse } from './checkpointFiles.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const { Workbench } = createRequire(import.meta.url)(path.resolve(import.meta.dirname, '..', '..', 'out', 'test', 'ui', 'workbench.js'));
const files = [['many.pt', '50,000 tensors', many50000, '50,000 tensors'], ['big.pt', '1 GiB of 256 tensors', filled, '256 tensors'], ['sparse.pt', '20 GB (sparse) of 256 tensors', (f) => sparse(f, 80 << 20), '256 tensors']];

const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-viewer-'));
const wb = await Workbench.open({ folder: empty, fill: (folder) => { for (const [name, , make] of files) make(path.join(folder, name)); } });
try {
  // Extensions are known then: a click before opens the text editor.
  await wb.hostReady();
  await wb.activity('Explorer');
  const page = wb.page.locator('iframe.webview').last().contentFrame().locator('iframe').first().contentFrame();
  const open = async (name, says) => {
    const row = wb.row(new RegExp(`^${name}`));
    await row.hover();
    const start = performance.now();
    await row.click();
    await page.locator('.head', { hasText: says }).waitFor();
    await page.locator('#tensors .row').nth(10).waitFor();
    const ms = performance.now() - start;
    await wb.command('View: Close All Editors');
    await wb.page.locator('iframe.webview').first().waitFor({ state: 'detached' });
    return ms;
  };
  const rounds = Number(options.rounds);
  let first = true;
  for (const [name, words, , says] of files) {
    const times = [];
    for (let i = 0; i < rounds + (first ? 1 : 0); i++) {
      const now = new Date();
      fs.utimesSync(path.join(wb.folder, name), now, now);
      await wb.page.waitForTimeout(500);
      times.push(await open(name, says));
    }
    if (first) console.log(`the first page of the window (${words}): ${times.shift().toFixed(0)} ms`);
    first = false;
    const sorted = [...times].sort((a, b) => a - b);
    console.log(`${words}: median ${sorted[sorted.length >> 1].toFixed(0)} ms (${sorted.map((t) => t.toFixed(0)).join(', ')})`);
  }
} finally {
  await wb.close();
  fs.rmSync(empty, { recursive: true, force: true });
}
process.exit(0);

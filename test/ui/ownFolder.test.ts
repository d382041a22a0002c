/** A folder of the user's own, with no tsconfig: its first run, types, lazy layers, a module that stands in itself, a renamed file. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { useWorkbench } from './workbench';

const files: Record<string, string> = {
  'mlp.ts': `import { nn, rand, type Tensor } from 'weightroom';

class MLP extends nn.Module {
  hidden = new nn.Linear(20, 256);
  out = new nn.Linear(256, 10);

  forward(X: Tensor) {
    return this.out(nn.functional.relu(this.hidden(X)));
  }
}

export const net = new MLP();
console.log('shape of the output:', net(rand(2, 20)).shape);
`,
  'lazy.ts': `import { nn } from 'weightroom';
export const lazy = new nn.Sequential(new nn.LazyLinear(256), new nn.ReLU(), new nn.LazyLinear(10));
`,
  'cyclic.ts': `import { nn, type Tensor } from 'weightroom';
class Leaf extends nn.Module {
  fc = new nn.Linear(4, 4);
  parent: nn.Module | null = null;
  forward(x: Tensor) { return this.fc(x); }
}
class Tree extends nn.Module {
  leaf = new Leaf();
  constructor() { super(); this.leaf.parent = this; }
  forward(x: Tensor) { return this.leaf(x); }
}
export const tree = new Tree();
`,
};

describe('a folder of one\'s own', function () {
  this.timeout(600_000);
  this.bail(true);
  const wb = useWorkbench('ownFolder', async () => {
    const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-own-')), 'course');
    fs.mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
    return { folder, outside: true, gpu: false };
  });
  const problems = () => wb().page.locator('.markers-panel .monaco-list-row');

  it('what a run prints is on screen, after its tree, in a window that is still starting', async () => {
    await wb().openFile('mlp.ts');
    await wb().lens('Run model').waitFor();
    await wb().page.evaluate(`globalThis.order = []; setInterval(() => {
      const seen = { tree: [...document.querySelectorAll('.sidebar .monaco-list-row')].some((r) => /^net/.test(r.textContent)), panel: document.querySelector('.part.panel')?.offsetHeight > 0 };
      for (const name of ['tree', 'panel']) if (seen[name] && !order.includes(name)) order.push(name);
    }, 5)`);
    await wb().lens('Run model').click();
    await wb().output('shape of the output: torch.Size([2, 10])').waitFor();
    await wb().row(/^netMLP · 7,946/).waitFor();
    assert.deepEqual(await wb().page.evaluate('order'), ['tree', 'panel']);
  });

  it('after a run, types are offered where TypeScript does not know the library; once', async () => {
    await wb().command('Problems: Focus on Problems View');
    await problems().filter({ hasText: "Cannot find module 'weightroom'" }).waitFor();
    // Where an offer stays, be it of the first run.
    await wb().command('Notifications: Show Notifications');
    await wb().lens('Run model').click();
    await wb().notification("Set up types, so that the editor knows 'weightroom' in this folder?").waitFor();
    await wb().screenshot('typesOffer');
    await wb().press("Set up types, so that", 'Set Up Types');
    await wb().notification("Types for 'weightroom' are set up: tsconfig.json was made.").waitFor();
    await wb().command('Problems: Focus on Problems View'); // the run has shown what it printed
    await wb().page.locator('.markers-panel', { hasText: 'No problems have been detected' }).waitFor();
    assert.match(wb().read('tsconfig.json'), /"weightroom"/);
    // As it was before.
    for (const name of ['tsconfig.json', '.weightroom']) fs.rmSync(path.join(wb().folder, name), { recursive: true });
    await wb().command('Notifications: Clear All Notifications');
    await wb().page.locator('.tab', { hasText: 'mlp.ts' }).click();
    await wb().command('TypeScript: Restart TS Server');
    await problems().filter({ hasText: "Cannot find module 'weightroom'" }).waitFor();
    await wb().command('Weightroom: Run Model File');
    await wb().output('shape of the output: torch.Size([2, 10])').waitFor();
    assert.equal(await wb().notification('Set up types').count(), 0);
  });

  it('types are set up by a quick fix at the import, and TypeScript knows them at once', async () => {
    await wb().command('Problems: Focus on Problems View');
    await problems().filter({ hasText: "Cannot find module 'weightroom'" }).waitFor();
    await wb().page.locator('.tab', { hasText: 'mlp.ts' }).click();
    await wb().goTo(1, 42);
    await wb().page.keyboard.press('Control+.');
    const fix = wb().page.locator('.action-widget .monaco-list-row', { hasText: "Set up types for 'weightroom' in this folder" });
    await fix.waitFor();
    await wb().screenshot('typesFix');
    await fix.click();
    await wb().notification("Types for 'weightroom' are set up: tsconfig.json was made.").waitFor();
    await problems().filter({ hasText: "Cannot find module 'weightroom'" }).waitFor({ state: 'detached' });
    await wb().page.locator('.markers-panel', { hasText: 'No problems have been detected' }).waitFor();
  });

  it('a lazy layer shows that its size is not known, and no input is made up for it', async () => {
    await wb().openFile('lazy.ts');
    await wb().command('Weightroom: Run Model File');
    await wb().row(/^0LazyLinear \?→256 · uninitialized/).waitFor();
    await wb().lens('Forward').click();
    await wb().quickInput.locator('.quick-input-title', { hasText: 'Run forward: lazy' }).waitFor();
    assert.equal(await wb().quickInput.locator('.monaco-list-row').count(), 0);
    await wb().answer('rand(2, 20)');
    await wb().row(/^0Linear 20→256 · 5,376/).waitFor();
  });

  it('a module that stands in itself does not get in the way of the others', async () => {
    await wb().openFile('cyclic.ts');
    await wb().command('Weightroom: Run Model File');
    await wb().row(/^treeTree · 20/).waitFor();
    await wb().menu(wb().row(/^treeTree/), 'Save Checkpoint…');
    await wb().answer();
    await wb().notification('tree.leaf.parent is tree itself: a module that holds itself has no end.').waitFor();
    await wb().screenshot('cyclic');
    await wb().row(/^netMLP · 7,946/).waitFor();
  });

  it('a renamed file keeps its live models, and runs again when it is saved', async () => {
    await wb().page.keyboard.press('Control+Shift+E');
    const row = wb().page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'mlp.ts' }).first();
    await row.click();
    await row.press('F2');
    const box = wb().page.locator('.explorer-folders-view input');
    await box.fill('perceptron.ts');
    await box.press('Enter');
    await wb().activity('Weightroom');
    await wb().row('perceptron.ts').waitFor();
    assert.equal(await wb().row('mlp.ts').count(), 0);
    await wb().page.locator('.tab', { hasText: 'perceptron.ts' }).click();
    await wb().lens('7,946 parameters').waitFor();
    await wb().goTo(5, 27);
    await wb().page.keyboard.press('Shift+End');
    await wb().page.keyboard.type('12);');
    await wb().page.keyboard.press('Control+S');
    await wb().row(/^outLinear 256→12/).waitFor();
  });
});

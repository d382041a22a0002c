/** A workspace that nobody trusts: checkpoints are viewed with all their tabs, a model file is not run and the reason is said. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { nn, save } from '../../extension/lib/index';
import { repoRoot } from '../unit/paths';
import { useWorkbench } from './workbench';

describe('Restricted Mode', function () {
  this.timeout(600_000);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-restricted-'));
  fs.copyFileSync(path.join(repoRoot, 'media', 'samples', 'mlp.ts'), path.join(folder, 'mlp.ts'));
  before(() => save(new nn.Linear(3, 2).stateDict(), path.join(folder, 'net.pt')));
  const wb = useWorkbench('restricted', { folder, gpu: false, trust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('shows a checkpoint, its statistics and its values', async () => {
    await wb().page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
    await wb().openFile('net.pt');
    const page = await wb().webview('2 tensors');
    await page.getByRole('grid', { name: 'Tensors' }).getByRole('row').filter({ hasText: 'weight' }).first().click();
    await page.getByRole('tab', { name: 'Values' }).click();
    await page.getByRole('tabpanel').filter({ hasText: /-?0\.\d{3}/ }).first().waitFor();
    await wb().screenshot('restricted-viewer');
  });

  it('does not run a model, and says why', async () => {
    await wb().openFile('mlp.ts');
    await wb().command('Weightroom: Run Model File');
    await wb().notification('Running model files is off in Restricted Mode, because a model file is code. Checkpoints can still be viewed.').waitFor();
    await wb().activity('Weightroom');
    await wb().page.locator('.sidebar .monaco-button', { hasText: 'Manage Workspace Trust' }).waitFor();
    assert.equal(await wb().row(/^net MLP/).count(), 0);
    await wb().screenshot('restricted-run');
  });
});

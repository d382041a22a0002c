/** `npm run package`: the VSIX installs into a clean VS Code that has nothing else of the project, and a model runs there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { repoRoot } from '../unit/paths';
import { build, useWorkbench } from './workbench';

describe('the package', function () {
  this.timeout(600_000);
  const extensionsDir = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-extensions-'));

  before(async () => {
    const { pack } = (await import(pathToFileURL(path.join(repoRoot, '.build', 'package.mjs')).href)) as { pack(): Promise<string> };
    const { installCodeServer, installExtension } = await build();
    await installCodeServer();
    installExtension(await pack(), extensionsDir, path.join(extensionsDir, 'data'));
  });
  // Between the two hooks: the workbench opens when the package is installed, and closes before it is removed.
  const wb = useWorkbench('package', { folder: path.join(repoRoot, 'media', 'samples'), gpu: false, extension: null, extensionsDir });
  after(() => fs.rmSync(extensionsDir, { recursive: true, force: true }));

  it('holds what the extension needs at run time and nothing of its making', () => {
    const [folder] = fs.readdirSync(extensionsDir).filter((f) => f.startsWith('weightroom.weightroom-'));
    assert.ok(folder, `installed: ${fs.readdirSync(extensionsDir).join(', ')}`);
    const files = fs.readdirSync(path.join(extensionsDir, folder), { recursive: true }).map(String);
    for (const wanted of ['dist/extension.js', 'dist/engine/process.js', 'dist/native/weightroom.node', 'dist/webview/checkpoint.js', 'dist/types/lib/index.d.ts', 'package.nls.zh-cn.json', 'ThirdPartyNotices.txt'])
      assert.ok(files.includes(wanted), `${wanted} is in the package`);
    const extra = files.filter((f) => /(^|\/)(test|native-build|\.build|\.ci)(\/|$)|\.map$|\.cpp$/.test(f) && !f.startsWith('dist/node_modules/'));
    assert.deepEqual(extra, []);
    const linked = spawnSync('ldd', [path.join(extensionsDir, folder, 'dist/native/weightroom.node')], { encoding: 'utf8' }).stdout;
    assert.match(linked, new RegExp(`libdnnl\\S* => ${extensionsDir}`), 'oneDNN comes from the package itself');
  });

  it('runs a model forward and backward', async () => {
    await wb().hostReady();
    await wb().openFile('mlp.ts');
    await wb().command('Weightroom: Run Model File');
    assert.equal(await wb().rowText(wb().row(/^net/)), 'net MLP · 203,530 · f32 · cpu');
    await wb().lens('Forward').click();
    await wb().pick('rand(2, 784)');
    await wb().output('tensor([[ 0.1192, 0.1038, -0.0984, 0.0097, 0.0257, -0.2316, 0.1090, 0.2232,').waitFor();
    await wb().lens('Backward').click();
    await wb().output(/net: backward\(\), loss/).waitFor();
  });
});

/** A checkpoint of a file system that is not the machine's own, in the workbench: a second extension brings one that shows a folder under its own scheme. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { load, type Tensor } from '../../extension/lib/index';
import { scratch } from '../unit/checkpointData';
import { useCheckpoints } from './checkpointPage';

const manifest = {
  name: 'elsewhere', publisher: 'test', version: '1.0.0', engines: { vscode: '^1.100.0' }, main: './main.js', activationEvents: ['onFileSystem:elsewhere', 'onStartupFinished'],
  contributes: { commands: [{ command: 'elsewhere.open', title: 'Elsewhere: Open' }, { command: 'elsewhere.changed', title: 'Elsewhere: Say Changed' }] },
};
const main = `
const fs = require('node:fs'), path = require('node:path'), vscode = require('vscode');
const root = process.env.ELSEWHERE, at = (uri) => path.join(root, uri.path);
exports.activate = (context) => {
  const changes = new vscode.EventEmitter();
  const uri = (name) => vscode.Uri.from({ scheme: 'elsewhere', path: '/' + name });
  const stat = (u) => { try { return fs.statSync(at(u)); } catch { throw vscode.FileSystemError.FileNotFound(u); } };
  context.subscriptions.push(
    vscode.workspace.registerFileSystemProvider('elsewhere', {
      onDidChangeFile: changes.event, watch: () => new vscode.Disposable(() => {}),
      stat: (u) => { const s = stat(u); return { type: s.isDirectory() ? 2 : 1, ctime: 0, mtime: s.mtimeMs, size: /large/.test(u.path) ? 600e6 : s.size }; },
      readDirectory: (u) => fs.readdirSync(at(u)).map((n) => [n, 1]), readFile: (u) => { stat(u); return fs.readFileSync(at(u)); },
      writeFile: (u, bytes) => fs.writeFileSync(at(u), bytes), createDirectory() {}, delete: (u) => fs.rmSync(at(u)), rename: (a, b) => fs.renameSync(at(a), at(b)),
    }, { isCaseSensitive: true }),
    vscode.commands.registerCommand('elsewhere.open', async () => vscode.commands.executeCommand('vscode.open', uri(await vscode.window.showInputBox({ title: 'Elsewhere' })))),
    vscode.commands.registerCommand('elsewhere.changed', () => changes.fire(fs.readdirSync(root).map((n) => ({ type: 1, uri: uri(n) })))),
  );
};
`;

describe('a checkpoint of a file system that is not local', function () {
  this.timeout(600_000);
  const made = scratch();
  after(() => made.remove());
  const root = made.file('elsewhere');
  const extensions = made.file('extensions');
  fs.mkdirSync(root, { recursive: true });
  fs.mkdirSync(path.join(extensions, 'test.elsewhere-1.0.0'), { recursive: true });
  fs.writeFileSync(path.join(extensions, 'test.elsewhere-1.0.0', 'package.json'), JSON.stringify(manifest));
  fs.writeFileSync(path.join(extensions, 'test.elsewhere-1.0.0', 'main.js'), main);
  const c = useCheckpoints('checkpoint-virtual', { extensionsDir: extensions, env: { ELSEWHERE: root } });
  const { wb } = c;
  const open = async (name: string, shows: string | RegExp): Promise<void> => {
    await wb().command('Elsewhere: Open');
    await wb().answer(name, 'Elsewhere');
    c.page = await wb().webview(shows);
  };

  it('opens as any other; says its own name', async () => {
    for (const name of ['net.pt', 'fits.pt']) fs.copyFileSync(path.join(wb().folder, name), path.join(root, name === 'net.pt' ? 'remote.pt' : name));
    fs.writeFileSync(path.join(root, 'large.pt'), 'x');
    await wb().hostReady();
    await open('remote.pt', '14 tensors');
    await c.row('hidden.weight').click();
    await c.fact('mean').waitFor();
    await wb().screenshot('checkpoint-virtual');
  });

  it('is read again when its file system says that it changed', async () => {
    fs.copyFileSync(path.join(root, 'fits.pt'), path.join(root, 'remote.pt'));
    await wb().command('Elsewhere: Say Changed');
    await c.row('encoder.0.weight').waitFor();
    assert.equal(await c.rows().count(), 6);
  });

  it('is compared under its own name', async () => {
    await c.page.locator('vscode-button', { hasText: 'Compare…' }).click();
    await wb().pick('wrapped.pt');
    c.page = await wb().webview('changed only');
    await c.page.locator('.side-name', { hasText: 'remote.pt' }).waitFor();
    await c.page.locator('.banner vscode-button', { hasText: 'Align' }).click();
    await c.page.locator('.chip.compare-same', { hasText: '3 same' }).waitFor();
    await wb().screenshot('checkpoint-virtual-compare');
    await wb().command('View: Close Editor');
  });

  it('is exported and converted into the workspace, which the dialogs reach', async () => {
    c.page = await wb().webview('6 tensors');
    await c.button('Save this tensor as a NumPy file').click();
    const npy = await c.saveAs('weight.npy');
    await wb().notification('Wrote weight.npy').waitFor();
    assert.equal(fs.readFileSync(npy).subarray(1, 6).toString(), 'NUMPY');
    await c.button('Write this checkpoint as').click();
    const converted = await c.saveAs('converted.safetensors');
    await wb().notification('Wrote 6 tensors to converted.safetensors.').waitFor();
    const written = load(converted) as Map<string, Tensor>;
    for (const [name, tensor] of load(path.join(root, 'fits.pt')) as Map<string, Tensor>) assert.equal(written.get(name)!.equal(tensor), true, name);
  });

  it('that is too large: its size and the limit are said', async () => {
    await open('large.pt', 'This file could not be opened.');
    assert.match(await c.page.locator('body').innerText(), /This file has 600 MB\. Files of this file system are copied before they are read, up to 512 MB\./);
    await wb().screenshot('checkpoint-virtual-large');
  });

  it('leaves no copy when it is closed', async () => {
    await c.closeEditors();
    const copies = (): string[] => fs.readdirSync(wb().server.dataDir, { recursive: true, encoding: 'utf8' }).filter((f) => /copies[\\/][0-9a-f]{16}/.test(f));
    for (let i = 0; i < 100 && copies().length > 0; i++) await wb().page.waitForTimeout(100);
    assert.deepEqual(copies(), []);
  });
});

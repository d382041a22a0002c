/** Checkpoints of a file system that is not the machine's own: copied before they are read, up to a size that is said. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';

import { CheckpointDocument } from '../../../extension/panels/checkpointDocument';
import { LocalCopies } from '../../../extension/panels/localCopies';

/** Files in memory; `sizes` may lie about them. */
class Memory implements vscode.FileSystemProvider {
  readonly files = new Map<string, Uint8Array>();
  readonly sizes = new Map<string, number>();
  readonly changes = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changes.event;
  private get(uri: vscode.Uri): Uint8Array { const f = this.files.get(uri.path); if (f === undefined) throw vscode.FileSystemError.FileNotFound(uri); return f; }
  watch(): vscode.Disposable { return new vscode.Disposable(() => undefined); }
  stat(uri: vscode.Uri): vscode.FileStat {
    if (uri.path === '/') return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
    return { type: vscode.FileType.File, ctime: 0, mtime: 1, size: this.sizes.get(uri.path) ?? this.get(uri).length };
  }
  readDirectory(): [string, vscode.FileType][] { return [...this.files.keys()].map((f) => [f.slice(1), vscode.FileType.File]); }
  readFile(uri: vscode.Uri): Uint8Array { return this.get(uri); }
  createDirectory(): never { throw vscode.FileSystemError.NoPermissions(); }
  writeFile(uri: vscode.Uri, content: Uint8Array): void { this.files.set(uri.path, content); }
  delete(): never { throw vscode.FileSystemError.NoPermissions(); }
  rename(): never { throw vscode.FileSystemError.NoPermissions(); }
}

describe('a checkpoint of a virtual file system', () => {
  const memory = new Memory();
  const storage = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-virtual-'));
  const copies = new LocalCopies({ globalStorageUri: vscode.Uri.file(storage) } as vscode.ExtensionContext);
  const left = (): string[] => (fs.existsSync(path.join(storage, 'copies')) ? fs.readdirSync(path.join(storage, 'copies')) : []);
  const provider = vscode.workspace.registerFileSystemProvider('weightroommemory', memory, { isCaseSensitive: true });
  after(() => { provider.dispose(); fs.rmSync(storage, { recursive: true, force: true }); });
  const at = (name: string): vscode.Uri => vscode.Uri.from({ scheme: 'weightroommemory', path: `/${name}` });

  it('is read from a copy, which goes when it is closed', async () => {
    memory.files.set('/a.pt', Buffer.from('some bytes'));
    const document = new CheckpointDocument(copies, at('a.pt'));
    const file = await document.file();
    assert.ok(file.startsWith(storage));
    assert.equal(fs.readFileSync(file, 'utf8'), 'some bytes');
    assert.equal(path.basename(file), 'a.pt');
    assert.equal(await document.file(), file, 'copied once');
    assert.equal(copies.original(file).toString(), at('a.pt').toString());
    const compared = copies.use(at('a.pt'));
    document.dispose();
    assert.equal(fs.existsSync(file), true, 'somebody else looks at it');
    compared.dispose();
    assert.deepEqual(left(), []);
  });

  it('is copied again when it changes, to the same place', async () => {
    memory.files.set('/a.pt', Buffer.from('before'));
    const document = new CheckpointDocument(copies, at('a.pt'));
    const file = await document.file();
    const changed = new Promise<void>((go) => document.onDidChange(go));
    memory.files.set('/a.pt', Buffer.from('after'));
    memory.changes.fire([{ type: vscode.FileChangeType.Changed, uri: at('a.pt') }]);
    await changed;
    assert.equal(await document.file(), file);
    assert.equal(fs.readFileSync(file, 'utf8'), 'after');
    document.dispose();
  });

  it('in shards is copied with those that its index names', async () => {
    memory.files.set('/m.safetensors.index.json', Buffer.from(JSON.stringify({ weight_map: { a: 'm-00001-of-00002.safetensors', b: 'm-00002-of-00002.safetensors', c: '../a.pt' } })));
    for (const i of [1, 2]) memory.files.set(`/m-0000${i}-of-00002.safetensors`, Buffer.from(`shard ${i}`));
    const document = new CheckpointDocument(copies, at('m.safetensors.index.json'));
    assert.deepEqual(fs.readdirSync(path.dirname(await document.file())).sort(), ['m-00001-of-00002.safetensors', 'm-00002-of-00002.safetensors', 'm.safetensors.index.json']);
    document.dispose();
  });

  it('can be written: to a local file first, which goes', async () => {
    assert.equal(await copies.writing(at('out.npy'), (file) => { fs.writeFileSync(file, 'written'); return Promise.resolve(7); }), 7);
    assert.equal(Buffer.from(memory.files.get('/out.npy')!).toString(), 'written');
    assert.deepEqual(left(), []);
  });

  it('that is too large is not copied: its size and the limit are said', async () => {
    memory.files.set('/big.pt', Buffer.from('x'));
    memory.sizes.set('/big.pt', 600e6);
    const document = new CheckpointDocument(copies, at('big.pt'));
    await assert.rejects(document.file(), /^Error: This file has 600 MB\. Files of this file system are copied before they are read, up to 512 MB\.$/);
    document.dispose();
    assert.deepEqual(left(), []);
  });
});

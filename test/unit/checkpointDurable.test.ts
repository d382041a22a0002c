/** A save that is stopped at any moment, or cannot be made, leaves the old file or the new one, whole. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fork, spawnSync } from 'node:child_process';

import { load, save, type Tensor } from '../../extension/lib/index';
import { scratch } from './checkpointData';
import { content, shards, SIZE } from './checkpointSaver';

const saver = path.join(__dirname, 'checkpointSaver.js');
/** WEIGHTROOM_LONG=1: the on-demand suite. */
const KILLS = process.env['WEIGHTROOM_LONG'] === '1' ? 200 : 10;
const nobody = 65534;
const isRoot = process.getuid?.() === 0;

/** The number of the save that the file is of; throws when it is of none, or of two. */
function whole(file: string): number {
  const d = load(file) as Map<string, Tensor>;
  const [a, b] = [d.get('a')!, d.get('b')!];
  assert.equal(a.numel(), SIZE);
  const n = a.get(0).item();
  assert.equal(a.eq(n).all().item<boolean>(), true, 'a mixture of two saves');
  assert.equal(b.get(0).item(), n + 0.5);
  return n;
}
const leftOvers = (folder: string): string[] => fs.readdirSync(folder).filter((f) => f.endsWith('.tmp'));

const onlyNamed = (files: readonly string[]): string[] => [...new Set(files.map((f) => path.basename(f)))].sort();

describe('durable saving', function () {
  this.timeout(0);
  let dir: ReturnType<typeof scratch>;
  beforeEach(() => { dir = scratch(); });
  afterEach(() => { fs.chmodSync(dir.path, 0o755); dir.remove(); });

  for (const ending of ['pt', 'safetensors']) {
    it(`kill -9 at any moment, ${KILLS} times (.${ending})`, async () => {
      const file = dir.file(`x.${ending}`);
      save(content(0), file);
      const seen = new Set<number>();
      for (let i = 0; i < KILLS; i++) {
        const child = fork(saver, ['loop', file]);
        await new Promise((ready) => child.once('message', ready));
        // Spread over a few saves.
        await new Promise((r) => setTimeout(r, (i * 67) % 500));
        const ended = new Promise((r) => child.once('exit', r));
        child.kill('SIGKILL');
        await ended;
        seen.add(whole(file));
      }
      assert.ok(seen.size > 1, 'the saves were never seen to happen');
      // What a killed save leaves is swept away by the next one.
      save(content(5), file);
      assert.deepEqual(fs.readdirSync(dir.path), [`x.${ending}`]);
    });
  }

  it(`kill -9 at any moment, ${KILLS} times (shards)`, async () => {
    const file = dir.file('x.safetensors');
    const index = save(content(0), file, shards).files[0]!;
    const seen = new Set<number>();
    for (let i = 0; i < KILLS; i++) {
      const child = fork(saver, ['shards', file]);
      await new Promise((ready) => child.once('message', ready));
      await new Promise((r) => setTimeout(r, (i * 67) % 500));
      const ended = new Promise((r) => child.once('exit', r));
      child.kill('SIGKILL');
      await ended;
      seen.add(whole(index));
    }
    assert.ok(seen.size > 1, 'the saves were never seen to happen');
    const { files } = save(content(5), file, shards);
    assert.deepEqual(fs.readdirSync(dir.path).sort(), onlyNamed(files));
  });
  for (const first of [true, false]) {
    for (const moment of ['before', 'after']) {
      it(`kill -9 ${moment} the index of ${first ? 'a first' : 'another'} sharded save takes its place: the next save into the folder tidies`, () => {
        const file = dir.file('x.safetensors');
        if (!first) save(content(1), file, shards);
        fs.writeFileSync(dir.file('x-00001-of-00003.safetensors'), 'somebody else');
        assert.equal(spawnSync(process.execPath, [saver, moment, file]).signal, 'SIGKILL');
        assert.ok(leftOvers(dir.path).length > 0, 'it left temporaries');
        const index = dir.file('x.safetensors.index.json');
        if (first && moment === 'before') assert.equal(fs.existsSync(index), false);
        else assert.equal(whole(index), moment === 'before' ? 1 : 7);
        save({}, dir.file('y.pt'));
        const left = fs.readdirSync(dir.path).filter((f) => f !== 'y.pt' && f !== 'x-00001-of-00003.safetensors').sort();
        if (first && moment === 'before') assert.deepEqual(left, []);
        else {
          assert.equal(whole(index), moment === 'before' ? 1 : 7);
          const named = Object.values((JSON.parse(fs.readFileSync(index, 'utf8')) as { weight_map: Record<string, string> }).weight_map);
          assert.deepEqual(left, onlyNamed([...named, index]));
        }
        assert.ok(fs.existsSync(dir.file('x-00001-of-00003.safetensors')));
      });
    }
  }
  it('temporaries of a process that runs, and of another machine, are left for a day', () => {
    const [own, elsewhere, old] = [`.weightroom-00000000-${process.pid}-0123456789ab.tmp`, '.weightroom-deadbeef-1-0123456789ab.tmp', '.weightroom-deadbeef-2-0123456789ab.tmp'];
    for (const f of [own, elsewhere, old]) fs.writeFileSync(dir.file(f), '');
    fs.utimesSync(dir.file(old), 0, 0);
    save({}, dir.file('y.pt'));
    assert.deepEqual(fs.readdirSync(dir.path).sort(), [own, elsewhere, 'y.pt'].sort());
  });
  it('shards: the old ones stay until the new index is there, and go then; a cancelled save leaves none', () => {
    const file = dir.file('x.safetensors');
    const index = save(content(1), file, shards).files[0]!;
    const old = fs.readdirSync(dir.path).sort();
    assert.deepEqual(old, ['x-00001-of-00002.safetensors', 'x-00002-of-00002.safetensors', 'x.safetensors.index.json']);
    fs.writeFileSync(dir.file('x-other-00001-of-00002.safetensors'), 'somebody else');
    assert.throws(() => save(content(2), file, { ...shards, onProgress: (done, total) => done < total }), (e: Error) => e.name === 'Interrupted');
    assert.equal(whole(index), 1);
    assert.deepEqual(fs.readdirSync(dir.path).sort(), [...old, 'x-other-00001-of-00002.safetensors'].sort());
    save(content(3), file, shards);
    assert.equal(whole(index), 3);
    assert.deepEqual(fs.readdirSync(dir.path).sort(), ['x-2-00001-of-00002.safetensors', 'x-2-00002-of-00002.safetensors', 'x-other-00001-of-00002.safetensors', 'x.safetensors.index.json']);
    save(content(4), file, shards);
    assert.equal(whole(index), 4);
    assert.deepEqual(fs.readdirSync(dir.path).sort(), [...old, 'x-other-00001-of-00002.safetensors'].sort());
  });

  it('a disk that gets full', function () {
    if (!isRoot || spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir.path]).status !== 0) {
      console.warn('      ⚠ SKIPPED: a small disk cannot be mounted here');
      this.skip();
    }
    try {
      const file = dir.file('x.pt');
      save(content(1), file);
      // 4 MiB are there, 4 more do not fit: known before anything is written.
      assert.throws(() => save(content(2), file), /CheckpointError: not enough space in .*: \d+ bytes are needed, \d+ are free/);
      assert.equal(whole(file), 1);
      assert.deepEqual(leftOvers(dir.path), []);
    } finally {
      spawnSync('umount', [dir.path]);
    }
  });
  it('a write that fails half way', function () {
    if (process.platform === 'win32') this.skip();
    const file = dir.file('x.pt');
    save(content(1), file);
    // A limit of 1 MiB a file (ulimit counts blocks of 1024 bytes): the write breaks off in the middle.
    const r = spawnSync('bash', ['-c', `trap '' XFSZ; ulimit -f 1024; exec "${process.execPath}" "${saver}" once "${file}"`], { encoding: 'utf8' });
    assert.match(r.stdout, /CheckpointError: cannot write .*EFBIG.*The old file is untouched\./);
    assert.equal(whole(file), 1);
    assert.deepEqual(leftOvers(dir.path), []);
  });
  it('a folder that cannot be written in, and a file that is write-protected', function () {
    const file = dir.file('x.pt');
    save(content(1), file);
    const attempt = (): string => spawnSync(process.execPath, [saver, 'once', file, ...(isRoot ? [String(nobody)] : [])], { encoding: 'utf8' }).stdout;
    fs.chmodSync(file, 0o666);
    fs.chmodSync(dir.path, 0o555);
    assert.match(attempt(), /CheckpointError: cannot write in .*EACCES/);
    fs.chmodSync(dir.path, 0o777);
    fs.chmodSync(file, 0o444);
    assert.match(attempt(), /CheckpointError: '.*x\.pt' is write-protected/);
    assert.equal(whole(file), 1);
    fs.chmodSync(file, 0o666);
    assert.match(attempt(), /^saved/);
    assert.equal(whole(file), 9);
  });
  it('a link is followed, its target replaced, and its mode kept', () => {
    fs.mkdirSync(dir.file('real'));
    const real = dir.file('real/x.pt');
    save(content(1), real);
    fs.chmodSync(real, 0o640);
    fs.symlinkSync('real/x.pt', dir.file('link.pt'));
    save(content(2), dir.file('link.pt'));
    assert.ok(fs.lstatSync(dir.file('link.pt')).isSymbolicLink());
    assert.equal(whole(real), 2);
    assert.equal(fs.statSync(real).mode & 0o777, 0o640);
    // A link to nothing yet makes what it points to.
    fs.symlinkSync('real/new.pt', dir.file('dangling.pt'));
    save(content(3), dir.file('dangling.pt'));
    assert.ok(fs.lstatSync(dir.file('dangling.pt')).isSymbolicLink());
    assert.equal(whole(dir.file('real/new.pt')), 3);
    assert.deepEqual(leftOvers(dir.path), []);
  });
  it('no such folder, a folder in the way, a cancelled save', () => {
    assert.throws(() => save(content(1), dir.file('none/x.pt')), /Parent directory .*none does not exist\./);
    fs.mkdirSync(dir.file('x.pt'));
    assert.throws(() => save(content(1), dir.file('x.pt')), /is not a regular file/);
    const file = dir.file('y.pt');
    save(content(1), file);
    const seen: number[] = [];
    assert.throws(() => save(content(2), file, { onProgress: (done, total) => { seen.push(done / total); return done < total / 2; } }), (e: Error) => e.name === 'Interrupted');
    assert.ok(seen.length > 1 && seen.at(-1)! >= 0.5);
    assert.equal(whole(file), 1);
    assert.deepEqual(leftOvers(dir.path), []);
  });
});

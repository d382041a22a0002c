/** Every hostile file meets its manifest's expectation within the manifest's time and memory; nothing of it is ever run. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fork, type ChildProcess } from 'node:child_process';

import { corpus, manifest, markers, scratch } from './checkpointData';
import type { Asked, Told } from './checkpointVictim';

/** A file that takes longer hangs, however busy the machine is; the manifest's limit is counted in the process's own seconds. */
const HANG = 90_000;

/** One child for many files; started again when it dies. */
class Victim {
  private child: ChildProcess | null = null;
  ask(m: Asked): Promise<Told> {
    this.child ??= fork(path.join(__dirname, 'checkpointVictim.js'), { execArgv: ['--max-old-space-size=192'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const child = this.child;
    return new Promise((done, fail) => {
      let timer: NodeJS.Timeout;
      const watch = (): void => { clearTimeout(timer); timer = setTimeout(() => end(() => { child.kill('SIGKILL'); this.child = null; fail(new Error(`no answer within ${HANG / 1000} s`)); }), HANG); };
      const end = (then: () => void): void => { clearTimeout(timer); child.removeAllListeners(); then(); };
      child.on('message', (told: Told) => { if (told.alive) watch(); else end(() => done(told)); });
      child.on('exit', (code, signal) => end(() => { this.child = null; fail(new Error(`the process died: ${signal ?? code}`)); }));
      watch();
      child.send(m);
    });
  }
  stop(): void { this.child?.kill(); this.child = null; }
}

function noMarker(): void { for (const m of markers) assert.ok(!fs.existsSync(m), `the payload ran: ${m} exists`); }

describe('checkpoint readers: hostile files', function () {
  this.timeout(0);
  const victim = new Victim();
  const folder = scratch();
  before(() => { for (const m of markers) fs.rmSync(m, { force: true }); });
  after(() => { victim.stop(); folder.remove(); noMarker(); });

  for (const entry of manifest.files.filter((f) => f.kind === 'hostile')) {
    it(`${entry.file}: ${entry.expect}`, async () => {
      const told = await victim.ask({ file: corpus(entry.file) });
      assert.equal(told.stack, undefined, `an error that is not a CheckpointError: ${told.stack}`);
      const refusal = told.thrown ?? told.error;
      if (entry.expect === 'reject') {
        assert.ok(refusal !== undefined, `it opened: ${JSON.stringify(told)}`);
        assert.ok(refusal.length > 20, `a sentence was expected: ${refusal}`);
      } else assert.equal(refusal, undefined);
      if (entry.expect === 'open_with_warning') assert.ok(told.warnings!.length > 0, 'a warning was expected');
      // Dangerous or not known: never among the allowed.
      for (const g of entry.dangerous_globals ?? []) assert.ok(told.globals!.some((x) => x === `dangerous ${g}` || x === `unknown ${g}`), `${g} is not listed: ${told.globals?.join(', ')}`);
      assert.ok(told.maxRssMb! < manifest.limits.per_file_rss_mb, `${told.maxRssMb} MB`);
      assert.ok(told.cpuSeconds! < manifest.limits.per_file_seconds, `${told.cpuSeconds} s`);
      noMarker();
    });
  }
  it('a file with a payload still shows its tensors', async () => {
    assert.deepEqual((await victim.ask({ file: corpus('hostile/mal_dict_hidden.pt') })).tensors, ['w']);
    assert.deepEqual((await victim.ask({ file: corpus('hostile/zip_bomb_256MiB_deflate.pt') })).tensors, ['tensor']);
  });
  for (const file of ['ok/h_minimal.pt', 'ok/legacy_dict.pt', 'ok/st_dtypes.safetensors', 'ok/np_zc.npz', 'ok/g_small.gguf']) {
    it(`every byte of ${file} flipped, and every length of it`, async () => {
      const size = fs.statSync(corpus(file)).size;
      const told = await victim.ask({ file: corpus(file), mutate: folder.path });
      assert.equal(told.stack, undefined, told.stack);
      assert.equal(told.opened! + told.refused!, 3 * size);
      assert.ok(told.refused! > size / 4, `only ${told.refused} of ${3 * size} were refused`);
      assert.ok(told.maxRssMb! < manifest.limits.per_file_rss_mb, `${told.maxRssMb} MB`);
    });
  }
});

/** A few hundred calls that make no sense, always the same: none may end the process. `npm run fuzz:absurd` draws others. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';

import { repoRoot } from './paths';

function run(...args: string[]): { status: number | null; said: string } {
  const r = spawnSync(process.execPath, [path.join(repoRoot, 'test', 'fuzz', 'absurd.mjs'), '--seconds', '600', ...args], { encoding: 'utf8' });
  return { status: r.status, said: r.stdout + r.stderr };
}

describe('absurd arguments', function () {
  // Processes of their own on a busy machine.
  this.timeout(0);

  it('end no process', () => {
    const { status, said } = run('--seed', '4', '--cases', '400');
    assert.match(said, /400 cases, 0 findings/, said);
    assert.equal(status, 0);
  });
  it('are told when one does, with its number, and the rest is tried', () => {
    const { status, said } = run('--seed', '4', '--cases', '12', '--abort', '5');
    assert.match(said, /case 5: the process ends with SIGABRT|case 5: the process ends with 134/, said);
    assert.match(said, /12 cases, 1 findings/, said);
    assert.equal(status, 1);
  });
});

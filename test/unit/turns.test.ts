import assert from 'node:assert/strict';
import type { CancellationToken } from 'vscode';

import { Turns } from '../../extension/commands/turns';

const token = (): CancellationToken & { cancel(): void } => {
  const told: (() => void)[] = [];
  return { isCancellationRequested: false, onCancellationRequested: (fn: () => void) => (told.push(fn), { dispose: () => undefined }), cancel: () => told.forEach((fn) => fn()) } as unknown as CancellationToken & { cancel(): void };
};

describe('turns', () => {
  it('go one after the other; who waits can give up, who runs cannot', async () => {
    const turns = new Turns();
    const [a, b, c] = [token(), token(), token()];
    const ends: string[] = [];
    const first = await turns.take('a', a);
    const second = turns.take('b', b);
    const third = turns.take('c', c).then((end) => { ends.push('c began'); return end; });
    b.cancel();
    assert.equal(await second, null);
    a.cancel();
    await new Promise((r) => setImmediate(r));
    assert.deepEqual([turns.now, ends], ['a', []]);
    first!();
    (await third)!();
    assert.equal(turns.now, undefined);
  });
});

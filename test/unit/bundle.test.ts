/** dist/lib, what users and the runner load: the bundle names its classes as the source does, and its ES form is the same copy. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { repoRoot } from './paths';

type Exports = Record<string, unknown>;
const file = (name: string): string => path.join(repoRoot, 'dist', 'lib', name);
const lib = createRequire(file('index.js'))('./index.js') as Exports & { nn: Exports; optim: Exports };

describe('the bundled library', () => {
  it('calls every class by its own name: reprs, errors and optimizer texts print it', () => {
    const wrong: string[] = [];
    for (const [space, names] of Object.entries({ weightroom: lib, nn: lib.nn, optim: lib.optim }))
      for (const [key, value] of Object.entries(names)) if (typeof value === 'function' && /^[A-Z]\w*[a-z]/.test(key) && value.name !== key) wrong.push(`${space}.${key} is called ${value.name}`);
    assert.deepEqual(wrong, []);
    const { Embedding } = lib.nn as { Embedding: new (n: number, d: number) => object };
    assert.equal(String(new Embedding(3, 4)), 'Embedding(3, 4)');
  });

  it('is one copy for require and import', async () => {
    const es = (await import(pathToFileURL(file('index.mjs')).href)) as Exports;
    assert.deepEqual(Object.keys(es).filter((k) => k !== 'default').sort(), Object.keys(lib).sort());
    for (const key of Object.keys(lib)) assert.equal(es[key], lib[key], key);
  });
});

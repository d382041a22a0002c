/** What the editor shows on hovering: layers and Module's members say what they do. Read from the declarations that users get. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { repoRoot } from './paths';

/** Lines that match, without a docstring just above. */
function bare(file: string, pattern: RegExp): string[] {
  const lines = fs.readFileSync(path.join(repoRoot, 'out', 'extension', 'lib', 'nn', `${file}.d.ts`), 'utf8').split('\n');
  return lines.flatMap((line, i) => { const name = pattern.exec(line)?.[1]; return name !== undefined && !lines[i - 1]!.trimEnd().endsWith('*/') ? [name] : []; });
}

describe('docstrings', () => {
  for (const file of ['activations', 'losses', 'pooling', 'layers', 'convolution']) {
    it(`every layer of ${file}`, () => assert.deepEqual(bare(file, /^export declare class (\w+)/), []));
  }
  it('what every tensor has', () => assert.deepEqual(bare('../tensor/core', /^ {4}(?!private|protected|static|toString|constructor|implId|gradObject)(?:get )?(\w+)\(/), []));
  it('Module and its members', () => {
    assert.deepEqual(bare('module', /^export declare class (Module) /), []);
    assert.deepEqual(bare('module', /^ {4}(?!private|protected|toString|constructor)(\w+)\(/), []);
  });
});

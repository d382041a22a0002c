/** Image sets from idx files: what is read, and what is refused by name. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { data } from '../../extension/lib/index';

describe('image sets', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-data-'));
  after(() => fs.rmSync(dir, { recursive: true }));
  const write = (name: string, bytes: number[], zip = false): string => { const f = path.join(dir, name); fs.writeFileSync(f, zip ? gzipSync(Buffer.from(bytes)) : Buffer.from(bytes)); return f; };
  const images = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 102];
  const labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 3];

  it('reads idx, plain and gzipped', () => {
    for (const zip of [false, true]) {
      const d = data.imagesFromIdx(write('images', images, zip), write('labels', labels, zip));
      assert.equal(d.length, 2);
      assert.deepEqual(d.tensors[0]!.toArray(), [[[[0, 1]]], [[[Math.fround(0.2), Math.fround(0.4)]]]]);
      assert.deepEqual(d.tensors[1]!.toArray(), [7n, 3n]);
    }
    assert.deepEqual(data.readIdx(write('ints', [0, 0, 0x0c, 1, 0, 0, 0, 2, 0, 0, 1, 0, 255, 255, 255, 254])).toArray(), [256, -2]);
  });
  it('refuses what is no idx file, cut short or inconsistent, naming the file', () => {
    for (const [name, bytes, text] of [['text', [72, 105], /text: is no idx file/], ['header', [0, 0, 8, 3, 0, 0], /header: ends inside its header/], ['cut', images.slice(0, -1), /cut: a shape of \[2, 1, 2\].*3 follow/], ['long', [...images, 1], /5 follow/]] as const)
      assert.throws(() => data.readIdx(write(name, [...bytes])), text);
    assert.throws(() => data.imagesFromIdx(write('images', images), write('few', [0, 0, 8, 1, 0, 0, 0, 1, 7])), /2 images but 1 labels/);
  });
});

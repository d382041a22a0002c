/** Files beyond the corpus, written by test/golden/checkpoints.py with real PyTorch, NumPy and gguf-py: every value equals what they say. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { runAsync, runSync } from '../../extension/checkpoint/io';
import { numberAt, numbers, textAt } from '../../extension/checkpoint/numbers';
import { openCheckpoint, openCheckpointAsync } from '../../extension/checkpoint/registry';
import type { FileTensor } from '../../extension/checkpoint/tensor';
import { dataFolder, scratch } from './checkpointData';
import { bytesOf } from './checkpointSidecar';

const folder = path.join(dataFolder, 'more');
interface Want { tensors: Record<string, { dtype: string; shape: number[]; values: (number | string | [number, number])[] }>; source?: string }

const special = (v: number): number | string => (Number.isNaN(v) ? 'nan' : v === Infinity ? 'inf' : v === -Infinity ? '-inf' : v);
/** Complex numbers by their text, all others as the viewer counts them. */
function valuesOf(t: FileTensor, count: number): (number | string | number[])[] {
  if (t.dtype.startsWith('complex')) {
    const b = bytesOf(t);
    return Array.from({ length: count }, (_, i) => /^\((.*?[^e])([+-][^+-]+?)j\)$/.exec(textAt(t.dtype, b, i))!.slice(1).map(Number));
  }
  const { dtype, bytes } = runSync(numbers(t, t.shape.map(() => 0), t.shape));
  return Array.from({ length: count }, (_, i) => special(numberAt(dtype, bytes, i)));
}

describe('checkpoint readers: more files', () => {
  for (const file of fs.readdirSync(folder).filter((f) => !f.endsWith('.json'))) {
    it(file, async () => {
      const want = JSON.parse(fs.readFileSync(path.join(folder, `${file}.json`), 'utf8')) as Want;
      const o = openCheckpoint(path.join(folder, file));
      try {
        assert.equal(o.info.error, undefined);
        assert.deepEqual(o.info.warnings, []);
        for (const [name, w] of Object.entries(want.tensors)) {
          const t = o.tensors.get(name);
          assert.ok(t, `'${name}' is not among ${[...o.tensors.keys()].join(', ')}`);
          assert.equal(t.dtype, w.dtype, name);
          assert.deepEqual([...t.shape], w.shape, name);
          const got = valuesOf(t, w.values.length);
          // float32 arithmetic of dequantization, else bit for bit.
          if (t.options.quantizer === undefined) assert.deepEqual(got, w.values, name);
          else got.forEach((v, i) => assert.ok(Math.abs((v as number) - (w.values[i] as number)) <= 1e-6 * Math.abs(v as number), `${name}[${i}]: ${String(v)} instead of ${String(w.values[i])}`));
        }
        if (want.source !== undefined) assert.ok(Object.values(o.info.metadata).some((m) => m.includes(want.source!)));
        // The driver that waits gives the same.
        const again = await openCheckpointAsync(path.join(folder, file));
        assert.deepEqual({ ...again.info, milliseconds: 0 }, { ...o.info, milliseconds: 0 });
        for (const [name, t] of again.tensors) if (t.problem === undefined) assert.deepEqual((await runAsync(numbers(t, t.shape.map(() => 0), t.shape))).bytes, runSync(numbers(o.tensors.get(name)!, t.shape.map(() => 0), t.shape)).bytes);
        again.close();
      } finally {
        o.close();
      }
    });
  }
  it('TorchScript: attributes beside the tensors, no code', () => {
    const o = openCheckpoint(path.join(folder, 'script.pt'));
    assert.equal(o.info.format, 'torchscript');
    const net = o.info.root;
    assert.match(net.type, /^__torch__/);
    assert.equal(net.children!.find((c) => c.key === 'scale')!.value, '0.5');
    assert.deepEqual(o.info.globals.filter((g) => g.class === 'dangerous'), []);
    o.close();
  });
  it('a tensor of an unknown type is shown, and the others with it', () => {
    const o = openCheckpoint(path.join(folder, 'compressed.npz'));
    assert.match(o.tensors.get('t')!.problem!, /not decoded/);
    assert.match(o.tensors.get('s')!.problem!, /<U2/);
    o.close();
  });
  it('GGUF blocks of one and two bits a value: no reference writes them, so by hand', () => {
    const dir = scratch();
    const u32 = (v: number): Buffer => { const b = Buffer.alloc(4); b.writeUInt32LE(v); return b; };
    const u64 = (v: number): Buffer => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(v)); return b; };
    const half = (bits: number): Buffer => Buffer.from([bits & 255, bits >> 8]);
    for (const [type, name, size, block, want] of [
      [41, 'Q1_0', 128, Buffer.concat([half(0x3800), Buffer.from([0b00000101]), Buffer.alloc(14), Buffer.from([0x80])]), [[0, 0.5], [1, -0.5], [2, 0.5], [3, -0.5], [8, -0.5], [126, -0.5], [127, 0.5]]],
      [42, 'Q2_0', 64, Buffer.concat([half(0xc000), Buffer.from([0b11100100]), Buffer.alloc(14), Buffer.from([0xc0])]), [[0, 2], [1, -0], [2, -2], [3, -4], [4, 2], [62, 2], [63, -4]]],
    ] as const) {
      const head = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(0), u64(1), Buffer.from('w'), u32(1), u64(2 * size), u32(type), u64(0)]);
      fs.writeFileSync(dir.file(`${name}.gguf`), Buffer.concat([head, Buffer.alloc(32 - (head.length % 32)), block, block, Buffer.alloc(28)]));
      const o = openCheckpoint(dir.file(`${name}.gguf`));
      assert.deepEqual([o.info.error, o.info.tensors[0]!.dtype, o.info.tensors[0]!.bytes], [undefined, name, 36]);
      const values = valuesOf(o.tensors.get('w')!, 2 * size);
      for (const [i, v] of want) assert.deepEqual([values[i], values[size + i]], [v, v], `${name}[${i}]`);
      o.close();
    }
    dir.remove();
  });
});

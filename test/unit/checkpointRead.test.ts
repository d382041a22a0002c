/** Every good file of the corpus equals its sidecar: tree, dtypes, shapes, strides, sharing, bytes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';

import { classify } from '../../extension/checkpoint/allowList';
import { runSync } from '../../extension/checkpoint/io';
import { openCheckpoint } from '../../extension/checkpoint/registry';
import type { OpenedCheckpoint } from '../../extension/checkpoint/describe';
import { FileTensor } from '../../extension/checkpoint/tensor';
import { corpus, dataFolder, manifest } from './checkpointData';
import { bytesOf, sha256, Sidecar } from './checkpointSidecar';

const using = <T>(file: string, fn: (o: OpenedCheckpoint) => T): T => {
  const opened = openCheckpoint(file);
  try { return fn(opened); } finally { opened.close(); }
};
/* eslint-disable @typescript-eslint/no-explicit-any */
type Expected = any;
const stored = (t: FileTensor): Buffer => Buffer.concat([...t.stored(1 << 20)].map((io) => runSync(io)));

/** Objects of the sidecar without order of keys. */
const checks: Record<string, (o: OpenedCheckpoint, want: Expected) => void> = {
  torch(o, want) {
    assert.deepEqual(o.info.globals.map((g) => g.name).sort(), want.globals);
    assert.equal(o.info.metadata['byteorder'] ?? 'little', want.byteorder);
    assert.deepEqual(new Sidecar().node(o.value), want.value);
  },
  safetensors(o, want) {
    assert.deepEqual({ ...o.info.metadata }, want.metadata ?? {});
    assert.deepEqual([...o.tensors.keys()].sort(), Object.keys(want.tensors).sort());
    for (const [name, w] of Object.entries<Expected>(want.tensors)) {
      const t = o.tensors.get(name)!;
      assert.deepEqual([...t.shape], w.shape, name);
      assert.equal(sha256(stored(t)), w.sha256, name);
      assert.equal(t.storage!.bytes, w.data_offsets[1] - w.data_offsets[0], name);
    }
  },
  sharded(o, want) {
    for (const [name, w] of Object.entries<Expected>(want.tensors)) {
      const t = o.tensors.get(name)!;
      assert.deepEqual([[...t.shape], t.options.shard], [w.shape, w.shard]);
    }
    assert.equal(o.tensors.size, Object.keys(want.tensors).length);
  },
  npy(o, want) {
    const t = [...o.tensors.values()][0]!;
    assert.deepEqual([...t.shape], want.shape);
    assert.equal(o.info.metadata['fortran order'], String(want.fortran_order));
    assert.equal(sha256(stored(t)), want.sha256_c_order_le);
  },
  npz(o, want) {
    assert.deepEqual([...o.tensors.keys()].sort(), Object.keys(want.arrays).sort());
    for (const [name, w] of Object.entries<Expected>(want.arrays)) {
      assert.deepEqual([...o.tensors.get(name)!.shape], w.shape);
      assert.equal(sha256(bytesOf(o.tensors.get(name)!)), w.sha256_c_order_le);
    }
  },
  gguf(o, want) {
    assert.match(o.info.description, new RegExp(`version ${want.version}`));
    assert.equal(o.tensors.size, want.tensors.length);
    for (const w of want.tensors) {
      const t = o.tensors.get(w.name)!;
      assert.deepEqual([...t.shape].reverse(), w.ne);
      assert.equal(sha256(stored(t)), w.sha256, w.name);
      const b = bytesOf(t);
      const values = Array.from({ length: t.numel }, (_, i) => (t.dtype === 'float16' ? NaN : b.readFloatLE(4 * i)));
      if (t.dtype !== 'float16') assert.deepEqual(values, w.dequant_f32, w.name);
    }
  },
};

describe('checkpoint readers: the corpus', () => {
  for (const entry of manifest.files.filter((f) => f.kind === 'ok')) {
    it(`${entry.file} (${entry.format})`, () => {
      const want = JSON.parse(fs.readFileSync(corpus(entry.sidecar!), 'utf8')) as Expected;
      using(corpus(entry.file), (o) => {
        assert.equal(o.info.error, undefined);
        assert.deepEqual(o.info.warnings, []);
        checks[entry.format!.replace(/^torch-.*/, 'torch')]!(o, want);
        // The flat list and the tree name the same tensors.
        assert.deepEqual(o.info.tensors.map((t) => t.name), [...o.tensors.keys()]);
      });
    });
  }
  it('NumPy arrays and scalars inside a pickle are shown as what they are, and still listed as what they ask for', () => {
    using(corpus('ok/numpy_scalars.pt'), (o) => {
      assert.deepEqual(o.info.tensors.map((t) => [t.name, t.dtype, t.shape, t.note]), [['arr', 'int64', [3], 'NumPy array']]);
      assert.deepEqual([0, 1, 2].map((i) => bytesOf(o.tensors.get('arr')!).readBigInt64LE(8 * i)), [0n, 1n, 2n]);
      assert.deepEqual(o.info.root.children!.find((c) => c.key === 'f'), { key: 'f', type: 'numpy.float64', value: '1.5' });
      assert.equal(o.info.globals.find((g) => g.name === 'numpy.core.multiarray._reconstruct')!.path, 'arr');
    });
  });
  it('the allow-list is PyTorch 2.13\'s', () => {
    const names = JSON.parse(fs.readFileSync(`${dataFolder}/torch_weights_only_globals.json`, 'utf8')) as string[];
    assert.deepEqual(names.filter((n) => classify(n) !== 'allowed'), []);
    assert.equal(classify('torch.FloatStorage.x'), 'unknown');
    assert.equal(classify('os.system'), 'dangerous');
    assert.equal(classify('mypackage.Model'), 'unknown');
  });
});

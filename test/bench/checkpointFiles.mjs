/** The files that the checkpoint benches measure. */
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const root = path.resolve(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const out = (f) => require(path.join(root, 'out', 'extension', f));
const lib = require(path.join(root, 'dist', 'lib', 'index.js'));
const { runSync } = out('checkpoint/io.js');
const { ZipWriter } = out('checkpoint/zipWriter.js');
const { Pickler } = out('checkpoint/pickler.js');
const { PyDict } = out('checkpoint/values.js');
const { WritableTensor } = out('checkpoint/writable.js');

const MiB = 1 << 20;
const dict = (n, name, make) => { const d = new lib.OrderedDict(); for (let i = 0; i < n; i++) d.set(name(i), make()); return d; };

/** 1 GiB in 256 tensors of random numbers. */
export function filled(file) {
  lib.manualSeed(0);
  lib.save(dict(256, (i) => `layer${i}.weight`, () => lib.randn(1024, 1024)), file);
}
/** 50,000 tensors of 8 numbers. */
export function many50000(file) { lib.save(dict(50_000, (i) => `module.layer${i >> 3}.weight${i & 7}`, () => lib.zeros(8)), file); }

/** 256 tensors of `each` zero bytes that are never written: holes. */
export function sparse(file, each) {
  const zeros = Buffer.alloc(64 * MiB);
  const pieces = function* () { for (let left = each; left > 0; left -= zeros.length) yield (function* () { return left >= zeros.length ? zeros : zeros.subarray(0, left); })(); };
  const dict = new PyDict('OrderedDict');
  for (let i = 0; i < 256; i++) dict.set(`layer${i}.weight`, new WritableTensor({ byteLength: each, dtype: 'float32', pieces }, 'float32', [1024, each / 4096], [each / 4096, 1], 0));
  const pickler = new Pickler();
  const pickle = Buffer.from(pickler.dump(dict));
  const fd = fs.openSync(file, 'w');
  const w = {
    position: 0,
    *write(b) { if (b.buffer !== zeros.buffer) fs.writeSync(fd, b, 0, b.length, this.position); this.position += b.length; },
    *patch(b, position) { fs.writeSync(fd, b, 0, b.length, position); },
  };
  const zip = new ZipWriter(w, 64);
  runSync((function* () {
    yield* zip.small('archive/data.pkl', pickle);
    for (const [i, storage] of pickler.storages.entries()) yield* zip.record(`archive/data/${i}`, each, storage.pieces());
    yield* zip.small('archive/version', Buffer.from('3\n'));
    yield* zip.finish();
  })());
  fs.closeSync(fd);
}

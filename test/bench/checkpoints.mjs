/**
 * `node test/bench/checkpoints.mjs [--rounds N] [--folder F]`: opening, statistics, loading and saving of generated checkpoints, beside PyTorch in
 * the same run where a Python with torch is found (WEIGHTROOM_PYTHON, else python3). Needs a build. The files (2 GiB, and a sparse one of
 * 20 GB that takes no space) are removed at the end. The best of the rounds, ours and PyTorch's in turns, files in the page cache (other work on the machine only ever adds).
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, folder: { type: 'string', default: os.tmpdir() }, keep: { type: 'boolean', default: false } } });
const rounds = Number(options.rounds);
const root = path.resolve(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const out = (f) => require(path.join(root, 'out', 'extension', f));
const lib = require(path.join(root, 'dist', 'lib', 'index.js'));
const { openCheckpoint } = out('checkpoint/registry.js');
const { runSync } = out('checkpoint/io.js');
const { saveTorch } = out('checkpoint/torchWriter.js');
const { ZipWriter } = out('checkpoint/zipWriter.js');
const { Pickler } = out('checkpoint/pickler.js');
const { PyDict } = out('checkpoint/values.js');
const { WritableTensor } = out('checkpoint/writable.js');
const { Source } = out('checkpoint/source.js');

const folder = fs.mkdtempSync(path.join(options.folder, 'weightroom-bench-'));
const at = (name) => path.join(folder, name);
const MiB = 1 << 20;

/** 256 tensors of `each` zero bytes that are never written: holes. */
function sparse(file, each) {
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

/** PyTorch as a process that answers one line with another; null when there is none. */
async function pytorch() {
  const python = process.env.WEIGHTROOM_PYTHON ?? 'python3';
  if (spawnSync(python, ['-c', 'import torch']).status !== 0) return null;
  const child = spawn(python, [path.join(import.meta.dirname, 'checkpoints.py')], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: String(os.availableParallelism()) } });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hello = JSON.parse((await lines.next()).value);
  return { hello, ask: async (job) => { child.stdin.write(`${JSON.stringify(job)}\n`); return JSON.parse((await lines.next()).value) * 1000; }, end: () => child.stdin.end() };
}

const timed = async (fn) => { const start = performance.now(); await fn(); return performance.now() - start; };
/** Ours and theirs in turns. */
async function both(ours, theirs) {
  const [a, b] = [[], []];
  for (let i = 0; i < rounds + 1; i++) {
    a.push(await timed(ours));
    globalThis.gc?.();
    if (theirs) b.push(await theirs());
  }
  return { ours: Math.min(...a.slice(1)), theirs: theirs ? Math.min(...b.slice(1)) : null }; // the first round warms up
}
const results = [];
function row(name, ours, theirs, bar, ok) {
  results.push({ name, ours, theirs, bar, ok });
  const ms = (v) => (v === null || v === undefined ? '-' : `${v.toFixed(1)} ms`);
  console.log(`${ok === null ? ' ' : ok ? '✔' : '✘'} ${name.padEnd(52)} ${ms(ours).padStart(12)} ${ms(theirs).padStart(12)} ${theirs ? `${(theirs / ours).toFixed(2)}×`.padStart(8) : '       -'}   ${bar}`);
}

/** All statistics of a file as the engine process makes them: so many tensors at a time. */
async function allStats(file, bins) {
  const opened = openCheckpoint(file);
  const names = [...opened.tensors.keys()];
  let next = 0;
  const lane = async () => { while (next < names.length) { const name = names[next++]; await lib.internal.fileStats(opened.tensors.get(name), name, { bins }); } };
  await Promise.all(Array.from({ length: Math.min(4, os.availableParallelism()) }, lane));
  opened.close();
}

const torch = await pytorch();
try {
  console.log(`Node ${process.versions.node}, ${os.availableParallelism()} cores, ${lib.backends.cpu.simd()}; ${torch ? `PyTorch ${torch.hello.torch}, ${torch.hello.threads} threads` : '⚠ no PyTorch found: ours alone'}; ${rounds} rounds`);
  lib.manualSeed(0);
  const big = at('big.pt');
  {
    const net = new lib.OrderedDict();
    for (let i = 0; i < 256; i++) net.set(`layer${i}.weight`, lib.randn(1024, 1024));
    lib.save(net, big);
  }
  const many = at('many.pt');
  {
    const net = new lib.OrderedDict();
    for (let i = 0; i < 50_000; i++) net.set(`module.layer${i >> 3}.weight${i & 7}`, lib.zeros(8));
    lib.save(net, many);
  }
  globalThis.gc?.();
  const huge = at('sparse.pt');
  sparse(huge, 80 * MiB);
  console.log(`${''.padEnd(54)} ${'ours'.padStart(12)} ${'PyTorch'.padStart(12)}    ratio   bar`);

  for (const [name, file, bar] of [['open 1 GiB, 256 tensors', big, 100], ['open 20 GB (sparse), 256 tensors', huge, 100], ['open 50,000 tensors', many, 1500]]) {
    const t = await both(() => openCheckpoint(file).close(), torch && (() => torch.ask({ op: 'open', file })));
    row(name, t.ours, t.theirs, `< ${bar} ms`, t.ours < bar);
  }
  {
    const source = Source.open(big);
    const opened = runSync(out('checkpoint/registry.js').openAny(source));
    row(`  bytes read to open 1 GiB: ${(source.bytesRead / 1e6).toFixed(2)} MB`, null, null, '< 1 MB and the pickle', source.bytesRead < MiB + 200_000);
    opened.close();
  }
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => { peak = Math.max(peak, process.memoryUsage().rss); }, 5);
  const plain = await both(() => allStats(big, 0), torch && (() => torch.ask({ op: 'stats', file: big })));
  row('statistics of 1 GiB', plain.ours, plain.theirs, '≥ PyTorch mmap + min, max, mean, std', plain.theirs === null ? null : plain.ours <= plain.theirs);
  const bins = await both(() => allStats(big, 64), null);
  row('statistics with a 64-bin histogram and percentiles', bins.ours, plain.theirs, '≤ 2 × PyTorch without histogram', plain.theirs === null ? null : bins.ours <= 2 * plain.theirs);
  clearInterval(watch);
  row(`  memory added: ${((peak - before) / 1e6).toFixed(0)} MB`, null, null, '< 150 MB', peak - before < 150e6);

  const load = await both(() => { lib.load(big); globalThis.gc?.(); }, torch && (() => torch.ask({ op: 'load', file: big })));
  row('load 1 GiB', load.ours, load.theirs, '≥ 2 × torch.load', load.theirs === null ? null : load.theirs / load.ours >= 2);
  {
    class Net extends lib.nn.Module {
      constructor() { super(); for (let i = 0; i < 256; i++) this[`layer${i}`] = new lib.nn.Linear(1024, 1024, { bias: false }); }
    }
    const net = new Net();
    const t = await both(() => { const c = lib.openCheckpoint(big); net.loadStateDict(c.tensors); c.close(); }, torch && (() => torch.ask({ op: 'load', file: big })));
    row('load 1 GiB into a model (openCheckpoint)', t.ours, t.theirs, '≥ 2 × torch.load', t.theirs === null ? null : t.theirs / t.ours >= 2);
    const lazy = await both(() => net.loadStateDict(lib.load(big, { mmap: true })), torch && (() => torch.ask({ op: 'load', file: big })));
    row('load 1 GiB into a model (load, mmap)', lazy.ours, lazy.theirs, '≥ 2 × torch.load', lazy.theirs === null ? null : lazy.theirs / lazy.ours >= 2);
    const state = net.stateDict();
    const saved = await both(() => { lib.save(state, at('out.pt')); fs.rmSync(at('out.pt')); }, torch && (() => torch.ask({ op: 'save', file: big, to: at('theirs.pt') })));
    row('save 1 GiB, synced', saved.ours, saved.theirs, '≥ torch.save + fsync', saved.theirs === null ? null : saved.ours <= saved.theirs);
  }
} finally {
  torch?.end();
  if (options.keep) console.log(folder);
  else fs.rmSync(folder, { recursive: true, force: true });
}
const short = results.filter((r) => r.ok === false);
console.log(short.length === 0 ? '\nEvery bar is met.' : `\nFalls short: ${short.map((r) => r.name.trim()).join('; ')}`);
process.exitCode = short.length === 0 ? 0 : 1;

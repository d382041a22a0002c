/**
 * `node test/bench/checkpoints.mjs [--rounds N] [--folder F] [--only open,stats,load,save]`: opening, statistics, loading and saving of generated checkpoints, beside PyTorch in
 * the same run where a Python with torch is found (WEIGHTROOM_PYTHON, else python3). Needs a build. The files (2 GiB, and a sparse one of
 * 20 GB that takes no space) are removed at the end. Every number is the median of rounds, each in a process of its own (checkpointSide.mjs,
 * checkpoints.py), ours and PyTorch's in turns, files in the page cache: nobody finds memory that is faulted in already. Memory is what the
 * process's peak grew by.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { filled, many50000, sparse } from './checkpointFiles.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, folder: { type: 'string', default: os.tmpdir() }, only: { type: 'string', default: 'open,stats,load,save' }, keep: { type: 'boolean', default: false } } });
const rounds = Number(options.rounds);
const wanted = options.only.split(',');
const root = path.resolve(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const lib = require(path.join(root, 'dist', 'lib', 'index.js'));

const folder = fs.mkdtempSync(path.join(options.folder, 'weightroom-bench-'));
const at = (name) => path.join(folder, name);
const MiB = 1 << 20;

const python = process.env.WEIGHTROOM_PYTHON ?? 'python3';
const threads = String(os.availableParallelism());
const torch = (() => { const r = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' }); return r.status === 0 ? r.stdout.trim() : null; })();
/** One job in a fresh process: { ms, mb }. */
function side(command, script, job) {
  const r = spawnSync(command, [...(command === python ? [] : ['--expose-gc']), path.join(import.meta.dirname, script), JSON.stringify(job)], { encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: threads } });
  if (r.status !== 0) throw new Error(`${script} ${JSON.stringify(job)}: ${r.stderr}`);
  return JSON.parse(r.stdout.trim().split('\n').at(-1));
}
const median = (list, key) => list.map((x) => x[key]).sort((a, b) => a - b)[list.length >> 1];
/** Medians of both sides; every other round PyTorch goes first. `theirs` null: ours alone. */
function both(ours, theirs) {
  const [a, b] = [[], []];
  const turns = [() => a.push(side(process.execPath, 'checkpointSide.mjs', ours)), ...(theirs !== null && torch ? [() => b.push(side(python, 'checkpoints.py', theirs))] : [])];
  for (let i = 0; i < rounds; i++) for (const turn of i % 2 ? [...turns].reverse() : turns) turn();
  return { ours: median(a, 'ms'), mb: median(a, 'mb'), bytesRead: a[0].bytesRead, ...(b.length > 0 ? { theirs: median(b, 'ms'), theirMb: median(b, 'mb') } : { theirs: null }) };
}
const results = [];
const show = (v, unit, digits) => (v === null || v === undefined ? '-' : `${v.toFixed(digits)} ${unit}`).padStart(12);
function print(name, ours, theirs, unit, bar, ok) {
  results.push({ name, ours, theirs, unit, bar, ok });
  const digits = unit === 'ms' ? 1 : unit === 'MB' ? 0 : 2;
  console.log(`${ok === null ? ' ' : ok ? '✔' : '✘'} ${name.padEnd(52)} ${show(ours, unit, digits)} ${show(theirs, unit, digits)} ${theirs ? `${(theirs / ours).toFixed(2)}×`.padStart(8) : '       -'}   ${bar}`);
}
/** `ratio`: at least so many times PyTorch's speed. */
const faster = (name, t, ratio, bar) => print(name, t.ours, t.theirs, 'ms', bar, t.theirs === null ? null : t.theirs / t.ours >= ratio);

try {
  console.log(`Node ${process.versions.node}, ${threads} cores, ${lib.backends.cpu.simd()}; ${torch ? `PyTorch ${torch}, ${threads} threads` : '⚠ no PyTorch found: ours alone'}; medians of ${rounds} rounds, each in a fresh process`);
  const big = at('big.pt');
  const many = at('many.pt');
  const huge = at('sparse.pt');
  filled(big);
  many50000(many);
  sparse(huge, 80 * MiB);
  console.log(`${''.padEnd(54)} ${'ours'.padStart(12)} ${'PyTorch'.padStart(12)}    ratio   bar`);

  for (const [name, file, bar] of wanted.includes('open') ? [['open 1 GiB, 256 tensors', big, 100], ['open 20 GB (sparse), 256 tensors', huge, 100], ['open 50,000 tensors', many, 1500]] : []) {
    const t = both({ op: 'open', file }, { op: 'open', file });
    print(name, t.ours, t.theirs, 'ms', `< ${bar} ms`, t.ours < bar);
    if (file === big) print('  bytes read for it', t.bytesRead / 1e6, null, 'M', '< 1 MB and the pickle', t.bytesRead < MiB + 200_000);
  }
  if (wanted.includes('stats')) {
    const plain = both({ op: 'stats', file: big, bins: 0 }, { op: 'stats', file: big });
    faster('statistics of 1 GiB', plain, 1, '≥ PyTorch mmap + min, max, mean, std');
    const bins = both({ op: 'stats', file: big, bins: 64 }, null);
    print('statistics with a 64-bin histogram and percentiles', bins.ours, plain.theirs, 'ms', '≤ 2 × PyTorch without histogram', plain.theirs === null ? null : bins.ours <= 2 * plain.theirs);
    print('  memory added', Math.max(plain.mb, bins.mb), plain.theirMb, 'MB', '< 150 MB', Math.max(plain.mb, bins.mb) < 150);

  }
  if (wanted.includes('load')) {
    const load = both({ op: 'load', file: big }, { op: 'load', file: big });
    faster('load 1 GiB', load, 2, '≥ 2 × torch.load');
    print('  memory added', load.mb, load.theirMb, 'MB', '', null);
    const model = both({ op: 'loadModel', file: big }, null);
    faster('load 1 GiB into a model (openCheckpoint)', { ...model, theirs: load.theirs }, 2, '≥ 2 × torch.load');
    const lazy = both({ op: 'loadLazy', file: big }, null);
    faster('load 1 GiB into a model (load, mmap)', { ...lazy, theirs: load.theirs }, 2, '≥ 2 × torch.load');
    const limit = both({ op: 'copy', file: big }, null);
    print('limit: reading 1 GiB into memory faulted in before', limit.ours, null, 'ms', '', null);
    const fresh = both({ op: 'fault', bytes: 1 << 30 }, null);
    print('limit: only faulting in 1 GiB of fresh memory', fresh.ours, null, 'ms', '', null);
  }
  if (wanted.includes('save')) {
    const saved = both({ op: 'save', file: big, to: at('ours.pt') }, { op: 'save', file: big, to: at('theirs.pt') });
    faster('save 1 GiB, synced', saved, 1, '≥ torch.save + fsync');
    print('  memory added', saved.mb, saved.theirMb, 'MB', '', null);
  }
} finally {
  if (options.keep) console.log(folder);
  else fs.rmSync(folder, { recursive: true, force: true });
}
const short = results.filter((r) => r.ok === false);
console.log(short.length === 0 ? '\nEvery bar is met.' : `\nFalls short: ${short.map((r) => r.name.trim()).join('; ')}`);
process.exitCode = short.length === 0 ? 0 : 1;

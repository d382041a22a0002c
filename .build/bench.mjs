/**
 * `npm run bench [-- --threads 1,2 --rows REGEXP --rounds N --layers]`: speed beside PyTorch in the same run, where a Python with torch is found
 * (WEIGHTROOM_PYTHON, else python3). Both sides are pinned to the same threads and measured in turns; medians of rounds, each the mean of
 * a stretch of steps, garbage collection included. Writes out/bench.json; a row under its bar is listed as falling short.
 */
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { spawn, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { root } from './run.mjs';
import { build } from './build.mjs';
import { layers } from '../test/bench/layers.mjs';
import { memoryBar, memoryRows, rows } from '../test/bench/table.mjs';

const { values: options } = parseArgs({ options: {
  threads: { type: 'string', default: '1,2' }, rows: { type: 'string', default: '' }, rounds: { type: 'string', default: '15' },
  'no-build': { type: 'boolean', default: false }, layers: { type: 'boolean', default: false }, 'no-memory': { type: 'boolean', default: false },
} });

/** A process that answers one JSON line with another. */
class Side {
  static async start(command, args, threads) {
    const env = { ...process.env, OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) };
    const child = spawn(command, args, { cwd: root, env, stdio: ['pipe', 'pipe', 'inherit'] });
    const side = new Side(child, readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    side.hello = await side.next();
    return side;
  }
  constructor(child, lines) { this.child = child; this.lines = lines; }
  async next() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the ${this.child.spawnfile} side of the bench ended`);
    return JSON.parse(value);
  }
  ask(job) {
    this.child.stdin.write(`${JSON.stringify(job)}\n`);
    return this.next();
  }
  end() { this.child.stdin.end(); }
}

const python = process.env.WEIGHTROOM_PYTHON ?? 'python3';
const hasTorch = spawnSync(python, ['-c', 'import torch']).status === 0;
const ours = (threads) => Side.start(process.execPath, ['out/test/bench/weightroom.js', String(threads)], threads);
const theirs = (threads) => (hasTorch ? Side.start(python, ['test/bench/pytorch.py', String(threads)], threads) : null);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Rounds in turns: ours, theirs, theirs, ours ... so that drift of the machine meets both alike. */
async function measure(row, ms, mine, other) {
  const times = { ours: [], theirs: [] };
  for (let i = 0; i < Number(options.rounds); i++) {
    const turns = [['ours', mine], ['theirs', other]].filter(([, side]) => side !== null);
    for (const [name, side] of i % 2 ? turns.reverse() : turns) {
      const r = await side.ask({ row: row.id, ms, make: row.make });
      if (r.missing) return { missing: true };
      times[name].push(r.us);
    }
  }
  return { ours: median(times.ours), theirs: other === null ? null : median(times.theirs), oursMin: Math.min(...times.ours), theirsMin: other === null ? null : Math.min(...times.theirs) };
}

const us = (x) => (x === null || x === undefined ? '-' : x >= 10000 ? `${(x / 1000).toFixed(1)} ms` : `${x.toFixed(x < 10 ? 2 : 0)} µs`);
const result = { date: new Date().toISOString(), threads: {} };
const short = [];
const picked = (options.layers ? layers : rows).filter((r) => new RegExp(options.rows).test(r.id));

async function speed(threads) {
  const [mine, other] = [await ours(threads), await theirs(threads)];
  result.pytorch = other?.hello.name ?? null;
  console.log(`\n| ${threads} thread${threads > 1 ? 's' : ''} | Weightroom | ${other?.hello.name ?? 'PyTorch'} | ratio | bar |\n|---|---|---|---|---|`);
  const table = (result.threads[threads] = []);
  for (const row of picked) {
    const bar = threads === 1 ? row.bar : row.bar * 0.9;
    const r = await measure(row, 60, mine, other);
    const ratio = r.missing || r.theirs === null ? null : r.theirs / r.ours;
    const ok = ratio === null ? null : ratio >= bar;
    table.push({ id: row.id, title: row.title, bar, ratio, ...r });
    console.log(r.missing ? `| ${row.title} | not there yet | | | ${bar.toFixed(2)}× |` : `| ${row.title} | ${us(r.ours)} | ${us(r.theirs)} | ${ratio === null ? '-' : `${ratio.toFixed(2)}×`} | ${bar === 0 ? '' : `${bar.toFixed(2)}×`}${ok === false ? ' ✗' : ''} |`);
    if (ok === false || r.missing) short.push(`${row.title}, ${threads} thread${threads > 1 ? 's' : ''}: ${r.missing ? 'not there yet' : `${ratio.toFixed(2)}×, bar ${bar.toFixed(2)}×`}`);
  }
  mine.end();
  other?.end();
}

/** Growth of resident memory at its peak over 50 steps, each row in processes of its own. */
async function memory() {
  console.log(`\n| peak memory of a training step | Weightroom | PyTorch | ratio | bar |\n|---|---|---|---|---|`);
  result.memory = [];
  for (const row of picked.filter((r) => memoryRows.includes(r.id))) {
    const peak = async (side) => { const r = side === null ? null : await side.ask({ row: row.id, memory: true }); side?.end(); return r; };
    const [a, b] = [await peak(await ours(1)), await peak(await theirs(1))];
    if (a.missing) continue;
    const ratio = b === null ? null : a.kb / b.kb;
    result.memory.push({ id: row.id, oursKb: a.kb, theirsKb: b?.kb ?? null, ratio });
    const ok = ratio === null || ratio <= memoryBar;
    console.log(`| ${row.title} | ${(a.kb / 1024).toFixed(1)} MB | ${b === null ? '-' : `${(b.kb / 1024).toFixed(1)} MB`} | ${ratio?.toFixed(2) ?? '-'} | at most ${memoryBar}${ok ? '' : ' ✗'} |`);
    if (!ok) short.push(`${row.title}, peak memory: ${ratio.toFixed(2)} of PyTorch's, at most ${memoryBar}`);
  }
}

try {
  if (!options['no-build']) await build();
  if (!hasTorch) console.log(`\n⚠ ${python} has no torch: only our own times. Set WEIGHTROOM_PYTHON to a Python with torch for the comparison.`);
  for (const t of options.threads.split(',').map(Number)) await speed(t);
  if (!options['no-memory'] && process.platform === 'linux') await memory();
  if (!hasTorch) console.log('\nNothing was compared.');
  else console.log(short.length === 0 ? '\nEvery row reaches its bar.' : `\nFalling short:\n${short.map((s) => `- ${s}`).join('\n')}`);
  fs.mkdirSync(path.join(root, 'out'), { recursive: true });
  fs.writeFileSync(path.join(root, 'out', 'bench.json'), JSON.stringify({ ...result, fallingShort: short }, null, 2));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

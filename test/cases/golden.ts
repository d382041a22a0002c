/** Golden values: read for the runner, and brought up to date by `npm run golden`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { repoRoot } from '../unit/paths';
import { families } from './families';
import type { Input, Row } from './table';

/** A tensor as 'dtype shape base64', a float or string as { f } or { s }, the rest as it is. */
export type Encoded = string | number | boolean | null | { f: string } | { s: string } | Encoded[];
export interface Answer {
  out?: Encoded; grad?: (Encoded | null)[]; fn?: (string | null)[]; error?: string;
  repr?: string; state?: Record<string, Encoded>; train?: Answer; eval?: Answer; params?: Record<string, Encoded | null>; buffers?: Record<string, Encoded>;
}
/** Of op and module rows: an answer a variant; of others: one. */
export type Golden = Answer & Record<string, Answer | undefined>;
interface Line { name: string; hash: string; golden: Golden }

const file = (family: string): string => path.join(repoRoot, 'test', 'golden', 'cases', `${family}.jsonl`);

/** What decides a row's golden values; another hash means they are out of date. */
function question(row: Row): string {
  const inputs = (list: readonly Input[]): unknown => list.map((i) => ({ shape: i.shape, dtype: i.dtype, data: Buffer.from(Float64Array.from(i.data).buffer).toString('base64') }));
  const variants = 'variants' in row ? row.variants.map((v) => ({ name: v.name, grad: v.grad, inputs: inputs(v.inputs) })) : undefined;
  return JSON.stringify({ kind: row.kind, py: row.py, variants });
}
const hashOf = (row: Row): string => createHash('sha256').update(question(row)).digest('hex').slice(0, 12);

function read(family: string): Map<string, Line> {
  if (!fs.existsSync(file(family))) return new Map();
  return new Map(fs.readFileSync(file(family), 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l) as Line).map((l) => [l.name, l]));
}

/** The golden values of a family by row; rows whose values are missing or out of date are not in it. */
export function goldenOf(family: string): Map<string, Golden> {
  const lines = read(family);
  return new Map(families[family]!.flatMap((row) => { const l = lines.get(row.name); return l !== undefined && l.hash === hashOf(row) ? [[row.name, l.golden]] : []; }));
}

/** Asks Python for what is missing; `all`: for everything. */
function update(all: boolean, only: string[]): void {
  const python = process.env['WEIGHTROOM_PYTHON'] ?? 'python3';
  for (const [family, rows] of Object.entries(families)) {
    if (only.length > 0 && !only.includes(family)) continue;
    const known = read(family);
    const twice = rows.filter((r, i) => rows.findIndex((q) => q.name === r.name) !== i);
    if (twice.length > 0) throw new Error(`${family}: two rows are called ${twice[0]!.name}`);
    const stale = rows.filter((r) => all || known.get(r.name)?.hash !== hashOf(r));
    if (stale.length > 0) {
      const result = spawnSync(python, [path.join(repoRoot, 'test', 'golden', 'cases.py')], { input: stale.map(question).join('\n'), encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'inherit'] });
      if (result.status !== 0) throw new Error(`${python} test/golden/cases.py ended with ${result.error?.message ?? result.status}; it needs PyTorch 2.13`);
      const answers = result.stdout.trim().split('\n').map((l) => JSON.parse(l) as Golden & { failed?: string });
      stale.forEach((row, i) => {
        if (answers[i]!.failed !== undefined) throw new Error(`${family}: ${row.name}: ${answers[i]!.failed}\n    ${row.py}`);
        known.set(row.name, { name: row.name, hash: hashOf(row), golden: answers[i]! });
      });
    }
    fs.mkdirSync(path.dirname(file(family)), { recursive: true });
    fs.writeFileSync(file(family), rows.map((r) => `${JSON.stringify(known.get(r.name))}\n`).join(''));
    console.log(`${family}: ${rows.length} rows, ${stale.length} asked, ${Math.round(fs.statSync(file(family)).size / 1024)} KiB`);
  }
}

if (require.main === module) update(process.argv.includes('--all'), process.argv.slice(2).filter((a) => !a.startsWith('-')));

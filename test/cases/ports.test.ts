/**
 * Whole models, ported line by line from PyTorch (media/samples): the same seed gives the same weights, bit for bit, and
 * the first 20 losses agree within 1e-4 relative. test/golden/ports.py is the PyTorch side. Each port runs in a Node of its
 * own, against the built package, as a user's would.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';

import { golden, repoRoot } from '../unit/paths';

interface Port { weights: string; names: string[]; losses: number[] }

const report = `
const hash = require('node:crypto').createHash('sha256');
for (const p of exports.net.parameters()) { const v = p.detach().toTypedArray(); hash.update(new Uint8Array(v.buffer, v.byteOffset, v.byteLength)); }
const names = [...exports.net.namedParameters()].map(([n]) => n);
console.log(JSON.stringify({ names, weights: hash.digest('hex'), losses: exports.train() }));`;

function run(name: string): Port {
  const file = path.join(repoRoot, 'media', 'samples', `${name}.ts`);
  const { outputFiles } = buildSync({ entryPoints: [file], bundle: true, platform: 'node', format: 'cjs', external: ['weightroom'], write: false, logLevel: 'silent' });
  const dir = path.join(repoRoot, 'out', 'ports');
  fs.mkdirSync(dir, { recursive: true });
  const script = path.join(dir, `${name}.cjs`);
  // The sample finds its text file beside itself.
  fs.writeFileSync(script, `__dirname = ${JSON.stringify(path.dirname(file))};\n${outputFiles[0]!.text}\nconst module_ = module.exports;\n{ const exports = module_; ${report} }\n`);
  const r = spawnSync(process.execPath, [script], { encoding: 'utf8', env: { ...process.env, OMP_NUM_THREADS: '1' } });
  assert.equal(r.status, 0, r.stderr);
  return JSON.parse(r.stdout.trim().split('\n').at(-1)!) as Port;
}

describe('models ported from PyTorch', () => {
  const ports = JSON.parse(golden('ports.json')) as Record<string, Port>;
  for (const [name, want] of Object.entries(ports)) {
    it(name, () => {
      const { names, weights, losses } = run(name);
      assert.deepEqual(names, want.names);
      assert.equal(weights, want.weights, 'initial weights differ from PyTorch’s');
      assert.equal(losses.length, want.losses.length);
      want.losses.forEach((w, i) => assert.ok(Math.abs(losses[i]! - w) <= 1e-4 * Math.abs(w), `step ${i + 1}: loss ${losses[i]}, PyTorch's ${w}`));
    });
  }
});

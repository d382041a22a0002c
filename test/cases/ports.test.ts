/**
 * Whole models, ported line by line from PyTorch (media/samples): the same seed gives the same weights, bit for bit, and
 * the first 20 losses agree within 1e-4 relative. test/golden/ports.py is the PyTorch side.
 */
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { buildSync } from 'esbuild';

import type { nn } from '../../extension/lib/index';
import { golden, repoRoot } from '../unit/paths';

interface Port { weights: string; names: string[]; losses: number[] }
interface Sample { net: nn.Module; train(): number[] }

/** Runs a sample against the built package, as a user's Node would. */
function sample(name: string): Sample {
  const file = path.join(repoRoot, 'media', 'samples', `${name}.ts`);
  const { outputFiles } = buildSync({ entryPoints: [file], bundle: true, platform: 'node', format: 'cjs', external: ['weightroom'], write: false, logLevel: 'silent' });
  const module = { exports: {} as Sample };
  new Function('module', 'exports', 'require', '__dirname', '__filename', outputFiles[0]!.text)(module, module.exports, createRequire(file), path.dirname(file), file);
  return module.exports;
}

describe('models ported from PyTorch', () => {
  const ports = JSON.parse(golden('ports.json')) as Record<string, Port>;
  for (const [name, want] of Object.entries(ports)) {
    it(name, () => {
      const { net, train } = sample(name);
      assert.deepEqual([...net.namedParameters()].map(([n]) => n), want.names);
      const hash = crypto.createHash('sha256');
      for (const p of net.parameters()) { const v = p.detach().toTypedArray(); hash.update(new Uint8Array(v.buffer, v.byteOffset, v.byteLength)); }
      assert.equal(hash.digest('hex'), want.weights, 'initial weights differ from PyTorch’s');
      const losses = train();
      assert.equal(losses.length, want.losses.length);
      want.losses.forEach((w, i) => assert.ok(Math.abs(losses[i]! - w) <= 1e-4 * Math.abs(w), `step ${i + 1}: loss ${losses[i]}, PyTorch's ${w}`));
    });
  }
});

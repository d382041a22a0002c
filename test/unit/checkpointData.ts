/** The corpus: files written by real PyTorch, NumPy and safetensors, and hostile ones. Data only. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

import { repoRoot } from './paths';

export interface CorpusFile {
  file: string; kind: 'ok' | 'hostile'; format?: string; sidecar?: string; must: string;
  expect?: 'reject' | 'open_with_warning' | 'open_inert_list_globals' | 'open_safely'; dangerous_globals?: string[];
  torch_weights_only?: Record<string, boolean>;
}
export const dataFolder = path.join(repoRoot, 'test', 'data', 'checkpoints');
export const manifest = JSON.parse(fs.readFileSync(path.join(dataFolder, 'MANIFEST.json'), 'utf8')) as { files: CorpusFile[]; limits: { per_file_seconds: number; per_file_rss_mb: number } };
export const corpus = (file: string): string => path.join(dataFolder, file);
/** The marker file that a payload would make. */
export const markers = ['/tmp/ckpt_corpus_PWNED', ...(process.env['CKPT_PWN'] === undefined ? [] : [process.env['CKPT_PWN']])];

/** A folder that is gone when the suite ends. */
export function scratch(): { path: string; file: (name: string) => string; remove: () => void } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-test-'));
  return { path: folder, file: (name) => path.join(folder, name), remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

let found: { python: string; torch: string } | null | undefined;
/** A Python with torch: WEIGHTROOM_PYTHON, else python3. Null (and the tests that need it are skipped, loudly) when there is none. */
export function pythonWithTorch(): { python: string; torch: string } | null {
  if (found !== undefined) return found;
  const python = process.env['WEIGHTROOM_PYTHON'] ?? 'python3';
  const r = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  found = r.status === 0 ? { python, torch: r.stdout.trim() } : null;
  if (found === null) console.warn(`      ⚠ SKIPPED: no Python with torch (${python}); set WEIGHTROOM_PYTHON`);
  return found;
}
/** Runs a Python script with arguments; throws with its output when it fails. */
export function runPython(script: string, ...args: string[]): string {
  const p = pythonWithTorch();
  if (p === null) throw new Error('no Python with torch');
  const r = spawnSync(p.python, ['-c', script, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (r.status !== 0) throw new Error(`python ended with ${r.status}: ${r.stderr}`);
  return r.stdout;
}

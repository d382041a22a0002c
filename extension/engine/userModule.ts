/** Runs a bundled model file as a CommonJS module whose 'weightroom' is this process's own copy. */
import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';

import * as weightroom from '../lib/index';
import { type Bundle, bundleName } from './bundle';

interface NodeModule { exports: Record<string, unknown>; require(id: string): unknown; filename: string; paths: string[]; _compile(code: string, file: string): void }

/** Stacks point into the user's own sources. */
process.setSourceMapsEnabled(true);

export const libraryNames = Object.keys(weightroom).filter((n) => n !== 'internal' && n !== 'default');

/** `started` is given the exports before the code runs: they fill as it goes. */
export function runUserModule({ file, code }: Bundle, started: (exports: Record<string, unknown>) => void): Record<string, unknown> {
  const name = bundleName(file);
  const module = new (Module as unknown as new (id: string) => NodeModule)(name);
  const require = createRequire(file);
  module.filename = name;
  module.paths = require.resolve.paths('x') ?? [];
  module.require = (id) => (id === 'weightroom' ? weightroom : (require(id) as unknown));
  // esbuild sets module.exports once, at the top: seen through an accessor, training loops at top level have their models.
  let exports = module.exports;
  Object.defineProperty(module, 'exports', { get: () => exports, set: (v: Record<string, unknown>) => started(exports = v) });
  started(exports);
  module._compile(code, name);
  return exports;
}

/**
 * Evaluates an input expression with the library and the file's exports in scope: `rand(2, 784)`, `load('x.pt')`.
 * Relative paths start at the model file.
 */
export function evaluate(expression: string, exports: Record<string, unknown>, file: string): unknown {
  const load = (p: string, o?: weightroom.LoadOptions): unknown => weightroom.load(path.resolve(path.dirname(file), p), o);
  const scope: Record<string, unknown> = { ...Object.fromEntries(libraryNames.map((n) => [n, (weightroom as Record<string, unknown>)[n]])), ...exports, load };
  const names = Object.keys(scope).filter((n) => /^[A-Za-z_$][\w$]*$/.test(n) && n !== 'default');
  return (new Function(...names, `"use strict"; return (${expression}\n);`) as (...a: unknown[]) => unknown)(...names.map((n) => scope[n]));
}

/** Where each class of the user's files is defined. 1-based lines; the first definition of a name counts. */
export function classLines(inputs: readonly string[]): Map<string, { file: string; line: number }> {
  const found = new Map<string, { file: string; line: number }>();
  for (const file of inputs.filter((f) => fs.existsSync(f))) {
    fs.readFileSync(file, 'utf8').split('\n').forEach((text, i) => {
      const m = /^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+([\w$]+)/.exec(text) ?? /^\s*(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*=\s*class\b/.exec(text);
      if (m !== null && !found.has(m[1]!)) found.set(m[1]!, { file, line: i + 1 });
    });
  }
  return found;
}

/** Runs a bundled model file as a CommonJS module whose 'weightroom' is this process's own copy. */
import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';

import * as weightroom from '../lib/index';

interface NodeModule<T> { exports: T; require(id: string): unknown; filename: string; paths: string[]; _compile(code: string, file: string): void }

/** Stacks point into the user's own sources. */
process.setSourceMapsEnabled(true);

export const libraryNames = Object.keys(weightroom).filter((n) => !['internal', 'default', 'var'].includes(n));

/** The library for code that stands in `folder`: what it saves and loads by a relative path lies there too. */
export function libraryAt(folder: string): typeof weightroom {
  const at = (file: string): string => path.resolve(folder, file);
  return {
    ...weightroom,
    save: (value, file, options) => weightroom.save(value, at(file), options),
    load: (file, options) => weightroom.load(at(file), options),
    openCheckpoint: (file) => weightroom.openCheckpoint(at(file)),
  };
}

/** Node drops a module's source map with the module: it must live as long as its exports, whose functions may still throw. */
const modules = new WeakMap<object, object>();

/** Runs CommonJS text as module `name`, standing beside `file`. `started` is given the exports before the code runs: they fill as it goes. */
export function loadModule<T extends object>(code: string, name: string, file: string, started: (exports: T) => void = () => undefined): T {
  const module = new (Module as unknown as new (id: string) => NodeModule<T>)(name);
  const require = createRequire(file);
  const library = libraryAt(path.dirname(file));
  module.filename = name;
  module.paths = require.resolve.paths('x') ?? [];
  module.require = (id) => (id === 'weightroom' ? library : (require(id) as unknown));
  // esbuild sets module.exports once, at the top: seen through an accessor, training loops at top level have their models.
  let { exports } = module;
  Object.defineProperty(module, 'exports', { get: () => exports, set: (v: T) => started(exports = v) });
  started(exports);
  try {
    module._compile(code, name);
  } finally {
    modules.set(exports, module);
  }
  return exports;
}

/**
 * Evaluates an input expression with the library and the file's exports in scope: `rand(2, 784)`, `load('x.pt')`.
 * Relative paths start at the model file.
 */
export function evaluate(expression: string, exports: Record<string, unknown>, file: string): unknown {
  const library = libraryAt(path.dirname(file)) as Record<string, unknown>;
  const scope: Record<string, unknown> = { ...Object.fromEntries(libraryNames.map((n) => [n, library[n]])), ...exports, load: library['load'] };
  const names = Object.keys(scope).filter((n) => /^[A-Za-z_$][\w$]*$/.test(n) && n !== 'default');
  return (new Function(...names, `"use strict"; return (${expression}\n);`) as (...a: unknown[]) => unknown)(...names.map((n) => scope[n]));
}

/** Where each class of the user's files is defined. 1-based lines; the first definition of a name counts. */
export function classLines(inputs: readonly string[]): Map<string, { file: string; line: number }> {
  const found = new Map<string, { file: string; line: number }>();
  for (const file of inputs.filter((f) => fs.existsSync(f))) {
    for (const [name, line] of classLinesIn(fs.readFileSync(file, 'utf8'))) if (!found.has(name)) found.set(name, { file, line });
  }
  return found;
}
export const classLinesIn = (text: string): Map<string, number> => linesOf(text, [/^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+([\w$]+)/, /^\s*(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*=\s*class\b/]);
export const variableLinesIn = (text: string): Map<string, number> => linesOf(text, [/^(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::[^=]+)?=/]);
function linesOf(text: string, patterns: RegExp[]): Map<string, number> {
  const found = new Map<string, number>();
  text.split('\n').forEach((line, i) => {
    const name = patterns.map((p) => p.exec(line)?.[1]).find((n) => n !== undefined);
    if (name !== undefined && !found.has(name)) found.set(name, i + 1);
  });
  return found;
}

/** `npm run build`: the engine (CMake), the bundles (esbuild), types and tests (tsc). */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { output, root, run, say } from './run.mjs';
import { setup } from './setup.mjs';

export function buildNative() {
  say('Engine: native/');
  const build = path.join(root, 'dist', 'native-build');
  fs.mkdirSync(build, { recursive: true });
  run('cmake', ['-S', 'native', '-B', build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Release', '--log-level=WARNING']);
  run('cmake', ['--build', build, '-j', String(os.availableParallelism())]);
  const to = path.join(root, 'dist', 'native');
  fs.mkdirSync(to, { recursive: true });
  // A copy under a new name, then renamed: a running process keeps the file it has loaded.
  const temporary = path.join(to, `weightroom.${process.pid}.tmp`);
  fs.copyFileSync(path.join(build, 'weightroom.node'), temporary);
  fs.renameSync(temporary, path.join(to, 'weightroom.node'));
}

export async function bundle() {
  say('Bundles: dist/');
  const esbuild = await import(pathToFileURL(path.join(root, 'node_modules', 'esbuild', 'lib', 'main.js')).href);
  const node = { bundle: true, platform: 'node', format: 'cjs', target: 'node20', sourcemap: true, logLevel: 'warning', absWorkingDir: root };
  const there = (f) => fs.existsSync(path.join(root, f));
  const jobs = [];
  const add = (source, options) => {
    if (!there(source)) return console.warn(`not there yet, not bundled: ${source}`);
    jobs.push(esbuild.build({ ...options, entryPoints: [source] }));
  };
  // jsonc-parser's CommonJS form requires its parts by computed names; its ES form bundles.
  add('extension/main.ts', { ...node, outfile: 'dist/extension.js', external: ['vscode'], mainFields: ['module', 'main'] });
  add('extension/lib/index.ts', { ...node, outfile: 'dist/lib/index.js', external: ['webgpu'] });
  // The runner loads the library through dist/lib, so that user code and the engine share one copy of it.
  const engine = { ...node, external: ['webgpu', 'esbuild', '../lib/index'] };
  for (const name of ['process', 'runner', 'gpu']) add(`extension/engine/${name}.ts`, { ...engine, outfile: `dist/engine/${name}.js` });
  const web = { bundle: true, platform: 'browser', format: 'iife', target: 'es2022', sourcemap: true, minify: true, logLevel: 'warning', absWorkingDir: root, jsx: 'automatic', jsxImportSource: 'preact' };
  for (const name of ['gradients', 'checkpoint']) add(`webview/${name}/main.tsx`, { ...web, outfile: `dist/webview/${name}.js` });
  await Promise.all(jobs);
  ownNames(path.join(root, 'dist', 'lib', 'index.js'));
  writeEsmWrapper();
}

/** esbuild writes `var Embedding = class _Embedding` where a class uses its own name; users print classes. Lines stay, so the source map holds. */
function ownNames(file) {
  let text = fs.readFileSync(file, 'utf8');
  for (const [, name] of text.matchAll(/^var (\w+) = class _\1\b/gm)) text = text.replace(new RegExp(`\\b_${name}\\b`, 'g'), name);
  fs.writeFileSync(file, text);
}

/** ES modules import the same CommonJS copy: there is one Tensor class in a process. */
function writeEsmWrapper() {
  const file = path.join(root, 'dist', 'lib', 'index.js');
  const names = JSON.parse(output(process.execPath, ['-p', `JSON.stringify(Object.keys(require(${JSON.stringify(file)})))`]) ?? '[]');
  // Under other names in the file itself: `var` is one of them.
  fs.writeFileSync(path.join(root, 'dist', 'lib', 'index.mjs'), `import lib from './index.js';\nconst { ${names.map((n) => `${n}: _${n}`).join(', ')} } = lib;\nexport { ${names.map((n) => `_${n} as ${n}`).join(', ')} };\nexport default lib;\n`);
}

export async function compile() {
  say('Types and tests: tsc');
  run(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']);
  // Not before npm has installed the compiler.
  const { publicTypes } = await import('./types.mjs');
  publicTypes(path.join(root, 'dist', 'types'));
}

export async function build() {
  setup(['build']);
  buildNative();
  await bundle();
  await compile();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  build().catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
}

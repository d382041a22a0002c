/** The import table of the house: who may import whom. A violation fails the build. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './run.mjs';

/** First matching rule wins. `allow`: what a file may import, by folder, 'node:', or package name. */
const rules = [
  { files: /^extension\/protocol\//, allow: ['extension/protocol'] },
  { files: /^extension\/checkpoint\//, allow: ['extension/checkpoint', 'extension/protocol', 'node:'] },
  { files: /^extension\/lib\//, allow: ['extension/lib', 'extension/checkpoint', 'node:', 'webgpu'] },
  { files: /^extension\/engine\/client\.ts$/, allow: ['extension/protocol', 'node:', 'vscode', 'vscode-jsonrpc'] },
  { files: /^extension\/engine\//, allow: ['extension/engine', 'extension/lib', 'extension/checkpoint', 'extension/protocol', 'node:', 'vscode-jsonrpc', 'esbuild', 'acorn', 'webgpu'], never: ['extension/engine/client'] },
  { files: /^extension\//, allow: ['extension/protocol', 'extension/engine/client', 'extension/commands', 'extension/views', 'extension/panels', 'extension/notebook', 'node:', 'vscode', 'jsonc-parser'] },
  { files: /^webview\/shared\//, allow: ['webview', 'extension/protocol', 'preact', 'uplot', '@vscode/webview-ui-toolkit'] },
  { files: /^webview\//, allow: ['webview', 'extension/protocol', 'preact'] },
];
const nativeRules = [
  { files: /^native\/core\//, allow: ['core/', 'sys/mman.h'] },
  { files: /^native\/(kernels|random|stats)\//, allow: ['core/', 'kernels/', 'random/', 'stats/', 'hwy/', 'dnnl', 'omp.h', 'Eigen/'] },
  { files: /^native\/autograd\//, allow: ['core/', 'autograd/'] },
  { files: /^native\/ops\//, allow: ['core/', 'autograd/', 'random/', 'ops/', 'kernels/backend.h', 'kernels/arrange.h', 'kernels/norms.h', 'kernels/softmax.h', 'kernels/resample.h', 'kernels/losses.h', 'kernels/scan.h', 'kernels/linalg.h', 'kernels/transfer.h'] },
];

function filesUnder(dir) {
  const full = path.join(root, dir);
  return fs.existsSync(full) ? fs.readdirSync(full, { recursive: true }).map((f) => `${dir}/${String(f).split(path.sep).join('/')}`) : [];
}

export function lint() {
  const problems = [];
  for (const file of [...filesUnder('extension'), ...filesUnder('webview')].filter((f) => /\.tsx?$/.test(f) && !f.endsWith('.d.ts'))) {
    const rule = rules.find((r) => r.files.test(file));
    const text = fs.readFileSync(path.join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
    for (const m of text.matchAll(/(?:from|import|require\()\s*['"]([^'"]+)['"]/g)) {
      const name = m[1];
      const target = name.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(file), name)) : name;
      const ok = rule.allow.some((a) => target === a || target.startsWith(a.endsWith(':') ? a : `${a}/`)) && !(rule.never ?? []).includes(target);
      if (!ok) problems.push(`${file} must not import ${name} (DESIGN: import table)`);
    }
  }
  for (const file of filesUnder('native').filter((f) => /\.(h|cpp)$/.test(f))) {
    const text = fs.readFileSync(path.join(root, file), 'utf8');
    const rule = nativeRules.find((r) => r.files.test(file));
    for (const m of text.matchAll(/#include ([<"])([^>"]+)[>"]/g)) {
      const inner = m[2].includes('/') || m[2].endsWith('.h');
      if (rule && inner && !rule.allow.some((a) => m[2].startsWith(a))) problems.push(`${file} must not include ${m[2]} (DESIGN: import table)`);
    }
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = lint();
  problems.forEach((p) => console.error(p));
  process.exit(problems.length > 0 ? 1 : 0);
}

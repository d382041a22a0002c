/**
 * The strings that users see: every t('…') of the host and of the pages. `node .build/l10n.mjs` rewrites
 * extension/l10n/bundle.l10n.json from the sources and lists what a translation lacks; a test fails while anything does.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './run.mjs';

export const folder = path.join(root, 'extension', 'l10n');
const own = ['extension/commands', 'extension/views', 'extension/panels', 'extension/notebook', 'extension/engine', 'webview'];
const call = /\bt\(\s*('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")/g;

/** Sorted, each once. */
export function collect() {
  const found = new Set();
  for (const dir of own.map((d) => path.join(root, d)).filter((d) => fs.existsSync(d))) {
    for (const file of fs.readdirSync(dir, { recursive: true }).map(String).filter((f) => /\.tsx?$/.test(f) && !f.endsWith('.d.ts'))) {
      const text = fs.readFileSync(path.join(dir, file), 'utf8');
      // Only files that bind t to a translator: elsewhere t is a tensor or a time.
      if (!/l10n/.test(text)) continue;
      for (const [, quoted] of text.matchAll(call)) found.add(quoted.slice(1, -1).replace(/\\(u\{?([0-9a-fA-F]+)\}?|n|.)/g, (_, c, hex) => (hex !== undefined ? String.fromCodePoint(parseInt(hex, 16)) : c === 'n' ? '\n' : c)));
    }
  }
  return [...found].sort();
}

export const bundle = (language) => JSON.parse(fs.readFileSync(path.join(folder, `bundle.l10n${language}.json`), 'utf8'));
export const languages = () => fs.readdirSync(folder).flatMap((f) => /^bundle\.l10n(\..+)\.json$/.exec(f)?.[1] ?? []);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const strings = collect();
  const write = (name, value) => fs.writeFileSync(path.join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  write('bundle.l10n.json', Object.fromEntries(strings.map((s) => [s, s])));
  for (const language of languages()) {
    const now = bundle(language);
    write(`bundle.l10n${language}.json`, Object.fromEntries(strings.filter((s) => s in now).map((s) => [s, now[s]])));
    const missing = strings.filter((s) => !(s in now));
    console.log(`bundle.l10n${language}.json: ${missing.length === 0 ? 'complete' : `${missing.length} missing`}`);
    for (const s of missing) console.log(`  ${JSON.stringify(s)}`);
  }
}

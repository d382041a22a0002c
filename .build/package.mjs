/**
 * `npm run package`: weightroom-<platform>.vsix, the extension for this platform with everything it needs to run inside: bundles,
 * engine, the libraries the engine was linked with (found beside it at run time: $ORIGIN), Dawn, esbuild, licences.
 * What goes in is listed here and copied to out/package first; nothing else can slip in.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { output, root, run, say } from './run.mjs';
import { build } from './build.mjs';

const stage = path.join(root, 'out', 'package');
export const target = `${process.platform}-${process.arch}`;
export const vsixFile = path.join(root, `weightroom-${target}.vsix`);

/** On every Linux that can run VS Code; anything else the engine needs comes along. */
const everywhere = /^(linux-vdso|ld-linux|libc\.|libm\.|libdl\.|libpthread\.|librt\.|libstdc\+\+|libgcc_s)/;

const copy = (from, to, filter = () => true) =>
  fs.cpSync(path.join(root, from), path.join(stage, to), { recursive: true, dereference: true, filter: (f) => fs.statSync(f).isDirectory() || filter(f) });

/** Libraries an ELF file is linked with, directly or not: name → file. Throws when one is not there. */
export function librariesOf(file) {
  const listed = output('ldd', [file]);
  if (listed === null) throw new Error(`ldd cannot read ${file}`);
  const missing = [...listed.matchAll(/^\s*(\S+) => not found/gm)].map((m) => m[1]);
  if (missing.length > 0) throw new Error(`${file} needs libraries that are not here: ${missing.join(', ')}`);
  return new Map([...listed.matchAll(/^\s*(\S+) => (\/\S+)/gm)].map((m) => [m[1], m[2]]).filter(([name]) => !everywhere.test(name)));
}

function nativeFiles() {
  const dir = path.join(stage, 'dist', 'native');
  fs.mkdirSync(dir, { recursive: true });
  const addon = path.join(root, 'dist', 'native', 'weightroom.node');
  const libraries = librariesOf(addon);
  for (const [name, file] of [['weightroom.node', addon], ...libraries]) {
    const to = path.join(dir, name);
    fs.copyFileSync(fs.realpathSync(file), to);
    fs.chmodSync(to, 0o755);
    run('strip', ['--strip-unneeded', to]);
  }
  for (const [name, file] of librariesOf(path.join(dir, 'weightroom.node')))
    if (path.dirname(file) !== dir) throw new Error(`the packed engine takes ${name} from ${file}, not from its own folder`);
  return [...libraries.values()];
}

/** Packages that stay packages: their own files find one another. */
function runtimePackages() {
  for (const name of ['webgpu/index.js', 'webgpu/package.json', `webgpu/dist/${target}`, 'esbuild/lib/main.js', 'esbuild/package.json', `@esbuild/${target}`])
    copy(`node_modules/${name}`, `dist/node_modules/${name}`, (f) => !f.endsWith('.md'));
}

/** Licences of everything in the package that is not ours: npm packages by the bundles' source maps, libraries by Debian's records. */
function notices(libraries) {
  const names = new Set(['esbuild', 'webgpu', 'node-addon-api']);
  const maps = ['dist/extension.js.map', ...['engine', 'lib', 'webview'].flatMap((d) => fs.readdirSync(path.join(root, 'dist', d)).filter((f) => f.endsWith('.map')).map((f) => `dist/${d}/${f}`))];
  for (const map of maps)
    for (const source of JSON.parse(fs.readFileSync(path.join(root, map), 'utf8')).sources) {
      const m = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source);
      if (m) names.add(m[1]);
    }
  const parts = [...names].sort().map((name) => {
    const dir = path.join(root, 'node_modules', name);
    const manifest = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
    const file = fs.readdirSync(dir).find((f) => /^licen[cs]e/i.test(f));
    return [`${name} ${manifest.version} (${manifest.license})`, file ? fs.readFileSync(path.join(dir, file), 'utf8') : ''];
  });
  for (const library of libraries) {
    const owner = [library, library.replace(/^\//, '/usr/'), fs.realpathSync(library)].map((f) => output('dpkg-query', ['-S', f])?.split(':')[0]).find(Boolean);
    if (owner === undefined) throw new Error(`no Debian package owns ${library}: its licence is unknown`);
    parts.push([`${path.basename(library)} (Debian package ${owner})`, fs.readFileSync(`/usr/share/doc/${owner}/copyright`, 'utf8')]);
  }
  // Compiled in: nothing to be found in the files.
  parts.push(['Eigen (Debian package libeigen3-dev)', fs.readFileSync('/usr/share/doc/libeigen3-dev/copyright', 'utf8')]);
  return parts.map(([title, text]) => `${'='.repeat(100)}\n${title}\n${'='.repeat(100)}\n\n${text.trim()}\n`).join('\n');
}

/** The oldest C library that the packed files run on. */
function oldest() {
  const versions = fs.readdirSync(path.join(stage, 'dist', 'native')).map((f) => output('objdump', ['-T', path.join(stage, 'dist', 'native', f)]) ?? '').join('').match(/GLIBC_2\.\d+/g) ?? [];
  return versions.map((v) => Number(v.slice(8))).reduce((a, b) => Math.max(a, b), 0);
}

/** Packs what is built. Returns the file. */
export async function pack() {
  if (process.platform !== 'linux') throw new Error('npm run package collects the native libraries on Linux only so far.');
  fs.rmSync(stage, { recursive: true, force: true });
  fs.mkdirSync(stage, { recursive: true });
  const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  delete manifest.scripts;
  delete manifest.devDependencies;
  fs.writeFileSync(path.join(stage, 'package.json'), JSON.stringify(manifest, null, 2));
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', ...fs.readdirSync(root).filter((f) => f.startsWith('package.nls'))]) if (fs.existsSync(path.join(root, name))) copy(name, name);
  copy('extension/l10n', 'extension/l10n');
  copy('media', 'media', (f) => !/media.icons.*\.svg$|icon\.svg$/.test(f)); // The drawings went into the font and icon.png.
  copy('dist/extension.js', 'dist/extension.js');
  copy('dist/types', 'dist/types');
  for (const dir of ['engine', 'lib', 'webview']) copy(`dist/${dir}`, `dist/${dir}`, (f) => !f.endsWith('.map'));
  const libraries = nativeFiles();
  runtimePackages();
  fs.writeFileSync(path.join(stage, 'ThirdPartyNotices.txt'), notices(libraries));
  fs.writeFileSync(path.join(stage, '.vscodeignore'), '# This folder holds what goes in and nothing else.\n');
  const { createVSIX } = await import('@vscode/vsce');
  await createVSIX({ cwd: stage, packagePath: vsixFile, target, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false, skipLicense: false });
  const mb = (n) => `${(n / 2 ** 20).toFixed(1)} MB`;
  console.log(`${path.relative(root, vsixFile)}: ${mb(fs.statSync(vsixFile).size)}; runs where glibc is 2.${oldest()} or newer`);
  return vsixFile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build();
    say('Package');
    await pack();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

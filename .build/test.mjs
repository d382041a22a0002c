/** `npm test`: installs what is missing, builds, runs every suite. The last line counts all of them together. */
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { root, say } from './run.mjs';
import { setup } from './setup.mjs';
import { build } from './build.mjs';
import { installMeanwhile } from './codeServer.mjs';

const total = { passed: 0, failed: 0, skipped: 0 };

/** Adds a suite's counts; `reason` says why something was skipped, loudly. */
function count(name, { passed = 0, failed = 0, skipped = 0, reason = '' }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped${reason ? `  ⚠ SKIPPED: ${reason}` : ''}`);
}

function filesUnder(dir, ending) {
  const full = path.join(root, dir);
  if (!fs.existsSync(full)) return [];
  return fs.readdirSync(full, { recursive: true }).map(String).filter((f) => f.endsWith(ending)).map((f) => path.join(dir, f)).sort();
}

/** Mocha in plain Node over compiled tests; counts come from its JSON report, a crash counts as a failure. */
function mocha(name, files) {
  say(`${name}: ${files.length} files`);
  if (files.length === 0) return;
  const report = path.join(root, 'out', `${name.replace(/\W/g, '-')}.json`);
  fs.rmSync(report, { force: true });
  const result = spawnSync(process.execPath, ['--expose-gc', path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--reporter', path.join(root, '.build', 'mochaReporter.cjs'), '--timeout', '120000', ...files], {
    cwd: root, stdio: 'inherit', env: { ...process.env, MOCHA_REPORT: report },
  });
  if (!fs.existsSync(report)) return count(name, { failed: 1, reason: '' }, console.error(`${name}: mocha ended with ${result.signal ?? result.status} before its report`));
  count(name, JSON.parse(fs.readFileSync(report, 'utf8')));
}

function ctest() {
  say('native units: ctest');
  const dir = path.join(root, 'dist', 'native-build');
  if (!fs.existsSync(path.join(dir, 'CTestTestfile.cmake'))) return;
  const result = spawnSync('ctest', ['--test-dir', dir, '--output-on-failure', '--no-tests=error'], { cwd: root, encoding: 'utf8' });
  console.log(result.stdout ?? '');
  const m = /(\d+)% tests passed, (\d+) tests failed out of (\d+)/.exec(result.stdout ?? '');
  if (m === null) return count('native units', { failed: 1 });
  count('native units', { passed: Number(m[3]) - Number(m[2]), failed: Number(m[2]) });
}

async function lint() {
  const { lint: check } = await import('./lint.mjs');
  const problems = check();
  for (const p of problems) console.error(p);
  count('import rules', { passed: problems.length === 0 ? 1 : 0, failed: problems.length });
}

try {
  setup(['build', 'editor']);
  installMeanwhile();
  await build();
  await lint();
  ctest();
  // A process each: what one file does to the device, the memory or the environment is not the next one's.
  for (const dir of ['unit', 'cases'])
    for (const file of filesUnder(`out/test/${dir}`, '.test.js')) mocha(`${dir} ${path.basename(file, '.test.js')}`, [file]);
  if (fs.existsSync(path.join(root, '.build', 'editorTests.mjs'))) {
    const { editorTests } = await import('./editorTests.mjs');
    await editorTests(count, say, mocha);
  }
} catch (error) {
  console.error(error);
  total.failed++;
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

/** The suites that need a real VS Code: test/vscode inside its extension host (trusted and not), test/ui through its workbench. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { output, root } from './run.mjs';
import { installCodeServer } from './codeServer.mjs';
import { chromiumPath } from './browser.mjs';

/** No suite takes this long; one that hangs is ended and counts as failed. */
const LIMIT_MS = 20 * 60_000;

export async function editorTests(count, say, mocha) {
  try {
    chromiumPath();
    await installCodeServer();
  } catch (error) {
    for (const name of ['vscode host', 'vscode host, restricted', 'ui']) count(name, { skipped: 1, reason: `no VS Code to run in: ${error.message}` });
    return;
  }
  await host('vscode host', 'trusted', count, say);
  await host('vscode host, restricted', 'restricted', count, say);
  mocha('ui', fs.readdirSync(path.join(root, 'out', 'test', 'ui')).filter((f) => f.endsWith('.test.js')).map((f) => path.join('out', 'test', 'ui', f)));
}

/** The same runTests call serves a desktop VS Code (WEIGHTROOM_VSCODE names one) and our launcher. */
async function host(name, suite, count, say) {
  say(name);
  const { runTests } = createRequire(import.meta.url)('@vscode/test-electron');
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-host-'));
  const folder = path.join(work, 'samples');
  fs.cpSync(path.join(root, 'media', 'samples'), folder, { recursive: true });
  const report = path.join(root, 'out', `${name.replace(/\W/g, '-')}.json`);
  fs.rmSync(report, { force: true });
  const watchdog = setTimeout(() => { console.error(`${name}: no end after ${LIMIT_MS / 60_000} minutes`); killChildren(); }, LIMIT_MS);
  try {
    await runTests({
      vscodeExecutablePath: process.env.WEIGHTROOM_VSCODE ?? path.join(root, '.build', 'vscodeLauncher.mjs'),
      extensionDevelopmentPath: root, extensionTestsPath: path.join(root, 'out', 'test', 'vscode', 'index.js'),
      launchArgs: [folder, ...(suite === 'restricted' ? ['--enable-workspace-trust'] : ['--disable-workspace-trust'])],
      extensionTestsEnv: { MOCHA_REPORT: report, WEIGHTROOM_SUITE: suite },
    });
  } catch (error) {
    console.error(`${name}: ${error.message ?? error}`);
  } finally {
    clearTimeout(watchdog);
    fs.rmSync(work, { recursive: true, force: true });
  }
  if (fs.existsSync(report)) count(name, JSON.parse(fs.readFileSync(report, 'utf8')));
  else { console.error(`${name}: ended before its report`); count(name, { failed: 1 }); }
}

function killChildren() {
  for (const pid of (output('pgrep', ['-P', String(process.pid)]) ?? '').split('\n').filter(Boolean)) spawnSync('kill', ['-TERM', pid]);
}

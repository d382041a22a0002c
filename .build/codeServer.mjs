/**
 * A real VS Code without a download: the npm package code-server carries VS Code's server and web workbench in lib/vscode.
 * It needs Node 24, which comes from npm as well. Installed once into .vscode-test/ (about 2 minutes, 700 MB).
 */
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { root, run, say } from './run.mjs';

const CODE_SERVER = '4.139.1'; // VS Code 1.139
const NODE = '24.21.0';
const home = path.join(root, '.vscode-test');
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const nodeDir = path.join(home, `node-${NODE}`, 'node_modules', nodePackage);
const folder = path.join(home, `code-server-${CODE_SERVER}`);
const vscodeDir = path.join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
const mark = path.join(folder, 'installed');

export const node24 = path.join(nodeDir, 'bin', 'node');

/** Installs what is missing; callers side by side wait for one another. */
export async function installCodeServer() {
  if (fs.existsSync(mark)) return;
  fs.mkdirSync(home, { recursive: true });
  const lock = path.join(home, 'lock');
  if (fs.existsSync(lock)) say("Waiting for VS Code's server, which is being installed into .vscode-test/");
  for (;;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch {
      const owner = Number(fs.existsSync(lock) ? fs.readFileSync(lock, 'utf8') : 0);
      if (owner > 0 && !alive(owner)) fs.rmSync(lock, { force: true });
      else await new Promise((r) => setTimeout(r, 1000));
    }
  }
  try {
    if (!fs.existsSync(mark)) install();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

/** Installs in a process of its own, silently, while the caller builds. What fails there is tried again, and told, by `installCodeServer`. */
export function installMeanwhile() {
  if (fs.existsSync(mark)) return;
  spawn(process.execPath, ['--input-type=module', '-e', `import { installCodeServer } from ${JSON.stringify(import.meta.url)}; await installCodeServer();`], { cwd: root, stdio: 'ignore' }).on('error', () => {}).unref();
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function install() {
  say(`Installing VS Code's server (code-server ${CODE_SERVER}) into .vscode-test/: about 2 minutes, once`);
  const npm = (cwd, args, env = {}) => run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env: { ...process.env, ...env } });
  const bare = (dir) => {
    fs.rmSync(dir, { recursive: true, force: true });
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(path.join(dir, 'package.json'), '{ "private": true }\n');
  };
  bare(path.join(home, `node-${NODE}`));
  npm(path.join(home, `node-${NODE}`), ['install', '--ignore-scripts', `${nodePackage}@${NODE}`]);
  bare(folder);
  npm(folder, ['install', '--ignore-scripts', `code-server@${CODE_SERVER}`]);
  // What code-server's own postinstall does; its native modules are built against Node 24's headers.
  const env = { PATH: `${path.dirname(node24)}${path.delimiter}${process.env.PATH}`, npm_config_nodedir: nodeDir, npm_config_ignore_scripts: 'false' };
  for (const dir of [vscodeDir, path.join(vscodeDir, 'extensions')]) npm(dir, ['install', '--omit=dev'], env);
  fs.writeFileSync(mark, '');
}

export async function freePort() {
  const server = net.createServer();
  await new Promise((r) => server.listen(0, '127.0.0.1', r));
  const { port } = server.address();
  await new Promise((r) => server.close(r));
  return port;
}

/**
 * Starts the server; resolves when it answers. `extension`: a folder to have installed, by a link. `trust`: with Workspace Trust
 * switched on, the workbench opens in Restricted Mode. `tests`: for runs in the extension host; it takes extensionDevelopmentPath
 * then, and shows no messages. `stop()` ends it and everything it started.
 */
export async function startServer({ dataDir = fs.mkdtempSync(path.join(os.tmpdir(), 'weightroom-vscode-')), port, extension, trust = false, tests = false, extensionsDir = path.join(dataDir, 'extensions'), env = {}, log = () => {} } = {}) {
  port ??= await freePort();
  settings(dataDir, {});
  fs.mkdirSync(extensionsDir, { recursive: true });
  if (extension) link(extension, path.join(extensionsDir, 'weightroom.weightroom'));
  const args = ['--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--accept-server-license-terms', '--server-data-dir', dataDir,
    '--extensions-dir', extensionsDir, '--disable-telemetry', ...(trust ? [] : ['--disable-workspace-trust']), ...(tests ? ['--enable-smoke-test-driver'] : [])];
  const child = spawn(node24, [path.join(vscodeDir, 'out', 'server-main.js'), ...args], {
    detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', VSCODE_IPC_HOOK_CLI: '', ...env },
  });
  let printed = '';
  for (const s of [child.stdout, child.stderr]) s.on('data', (d) => { printed += d; log(String(d)); });
  const stop = () => { killTree(child); };
  guard(child);
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    if (child.exitCode !== null) throw new Error(`VS Code's server ended with ${child.exitCode}:\n${printed}`);
    if (await fetch(`${url}/version`).then((r) => r.ok, () => false)) break;
    if (i > 600) { stop(); throw new Error(`VS Code's server does not answer:\n${printed}`); }
    await new Promise((r) => setTimeout(r, 100));
  }
  return { url, port, dataDir, child, stop };
}

function link(folder, at) {
  fs.rmSync(at, { recursive: true, force: true }); // The link, not what it points to.
  fs.symlinkSync(folder, at, 'junction');
}

/** Installs a .vsix into a folder of extensions, as a user's VS Code does. */
export function installExtension(vsix, extensionsDir, dataDir) {
  run(node24, [path.join(vscodeDir, 'out', 'server-main.js'), '--accept-server-license-terms', '--server-data-dir', dataDir, '--extensions-dir', extensionsDir, '--install-extension', vsix]);
}

/** Whatever ends this process, kill -9 too, ends the child's group: the guard's input closes then. */
function guard(child) {
  if (process.platform === 'win32') return void process.once('exit', () => killTree(child));
  const shell = spawn('sh', ['-c', 'read _; kill -9 -- "-$1" 2>/dev/null', 'guard', String(child.pid)], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  shell.stdin.unref();
  child.once('exit', () => shell.stdin.end());
}

/** Ends a process and its children. */
export function killTree(child) {
  if (child.exitCode !== null || child.pid === undefined) return;
  try {
    if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** User settings of a fresh data directory: a quiet workbench. */
export function settings(dataDir, extra) {
  const file = path.join(dataDir, 'data', 'Machine', 'settings.json');
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, JSON.stringify({
    'workbench.startupEditor': 'none', 'workbench.secondarySideBar.defaultVisibility': 'hidden', 'workbench.tips.enabled': false, 'telemetry.telemetryLevel': 'off', 'workbench.enableExperiments': false,
    'extensions.autoCheckUpdates': false, 'extensions.ignoreRecommendations': true, 'update.mode': 'none', 'chat.disableAIFeatures': true, 'git.enabled': false,
    'typescript.tsserver.automaticTypeAcquisition.enabled': false, 'editor.minimap.enabled': false, ...extra,
  }, null, 1));
}

/** The workbench's address for a folder. `develop`, `tests`: an extension under development and tests to run in its host. */
export function workbenchUrl({ url, port }, folder, { develop, tests, trust = false, open } = {}) {
  const remote = (p) => `vscode-remote://127.0.0.1:${port}${p}`;
  const payload = [...(develop ? [['extensionDevelopmentPath', remote(develop)], ['extensionTestsPath', remote(tests)]] : []),
    ...(open ? [['openFile', remote(open)]] : []), ...(trust ? [] : [['skipWelcome', 'true']])];
  return `${url}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

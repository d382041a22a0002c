/**
 * `npm start`: installs what is missing, builds, opens VS Code on media/samples with the extension running: `code` when it is on
 * the PATH, otherwise (or with --browser) VS Code's workbench in the browser at a printed address.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { output, root, say } from './run.mjs';
import { setup } from './setup.mjs';
import { build } from './build.mjs';
import { installCodeServer, installMeanwhile, startServer, workbenchUrl } from './codeServer.mjs';

const browser = process.argv.includes('--browser');
const samples = path.join(root, 'media', 'samples');
const mlp = path.join(samples, 'mlp.ts');
const code = browser ? null : output(process.platform === 'win32' ? 'where' : 'which', ['code'])?.split('\n')[0]?.trim();

try {
  setup(code ? ['build'] : ['build', 'editor']);
  if (!code) installMeanwhile();
  await build();
  if (code) {
    say('Opening VS Code on media/samples');
    spawn(code, ['--new-window', `--extensionDevelopmentPath=${root}`, samples, mlp], { detached: true, stdio: 'ignore', shell: process.platform === 'win32' }).unref();
    console.log('mlp.ts is open: press "Run model" above the class.');
  } else await serve();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

async function serve() {
  await installCodeServer();
  say('Starting VS Code in the browser');
  const dataDir = path.join(root, '.vscode-test', 'start');
  fs.mkdirSync(dataDir, { recursive: true });
  const server = await startServer({ dataDir, extension: root, port: Number(process.env.WEIGHTROOM_PORT) || undefined });
  const url = workbenchUrl(server, samples, { open: mlp });
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { server.stop(); process.exit(0); });
  server.child.once('exit', (c) => process.exit(c ?? 1));
  console.log(`\nOpen this address in a browser:\n\n  ${url}\n\nmlp.ts is open: press "Run model" above the class. Ctrl+C ends the server.`);
  if (os.platform() === 'linux' && !process.env.DISPLAY) return;
  const opener = { darwin: ['open', [url]], win32: ['cmd', ['/c', 'start', '', url]] }[process.platform] ?? ['xdg-open', [url]];
  spawn(opener[0], opener[1], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
}

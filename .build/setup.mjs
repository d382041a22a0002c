/** Installs what is missing: system packages (as root or with password-less sudo, else says the command), then npm packages. */
import fs from 'node:fs';
import path from 'node:path';
import { output, root, run, say } from './run.mjs';
import { systemPackages } from './systemPackages.mjs';

/** Debian packages of `groups` that dpkg does not know as installed. */
function missingDebian(groups) {
  const wanted = groups.flatMap((g) => systemPackages[g].debian);
  const listed = output('dpkg-query', ['-W', '-f=${db:Status-Abbrev}${Package}\n']) ?? '';
  const installed = new Set(listed.split('\n').filter((l) => l.startsWith('ii')).map((l) => l.slice(3).trim()));
  return wanted.filter((p) => !installed.has(p));
}

export function setupSystem(groups) {
  if (process.platform !== 'linux' || output('dpkg', ['--version']) === null) {
    const names = groups.flatMap((g) => systemPackages[g][process.platform === 'darwin' ? 'homebrew' : 'vcpkg']);
    console.log(`This is not Debian or Ubuntu. If the build does not find them, install: ${names.join(' ')}`);
    return;
  }
  const missing = missingDebian(groups);
  if (missing.length === 0) return;
  const asRoot = process.getuid() === 0;
  const sudo = !asRoot && output('sudo', ['-n', 'true']) !== null;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  if (!asRoot && !sudo) {
    console.error(`Missing system packages. Run this once, then try again:\n\n  sudo apt-get update && sudo ${install.join(' ')}\n`);
    process.exit(1);
  }
  say(`Installing system packages: ${missing.join(' ')}`);
  const prefix = asRoot ? [] : ['sudo', '-n'];
  const apt = (args) => run([...prefix, ...args][0], [...prefix, ...args].slice(1), { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  apt(['apt-get', 'update', '-q']);
  apt(install);
}

export function setupNpm() {
  const lock = path.join(root, 'package-lock.json');
  const mark = path.join(root, 'node_modules', '.package-lock.json');
  if (fs.existsSync(mark) && fs.statSync(mark).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  say('Installing npm packages');
  // No package of ours needs an install script: esbuild's binary is a package of its own.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
}

export function setup(groups) {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 20) {
    console.error(`Weightroom needs Node 20 or newer; this is ${process.version}.`);
    process.exit(1);
  }
  setupSystem(groups);
  setupNpm();
}

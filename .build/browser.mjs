/** Headless Chromium on VS Code's workbench, by playwright-core. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { output, root } from './run.mjs';

export function chromiumPath() {
  if (process.env.WEIGHTROOM_CHROMIUM) return process.env.WEIGHTROOM_CHROMIUM;
  const found = (process.platform === 'win32' ? [] : ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'])
    .map((n) => output('sh', ['-c', `command -v ${n}`])?.trim()).find(Boolean);
  const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  const file = found ?? (fs.existsSync(mac) ? mac : undefined);
  if (!file) throw new Error('No Chromium found. Install chromium, or name one in WEIGHTROOM_CHROMIUM.');
  return file;
}

/** The folder of the browser itself: SwiftShader's driver stands there. */
export function swiftShaderIcd() {
  for (const dir of ['/usr/lib/chromium', '/usr/lib/chromium-browser', path.dirname(fs.realpathSync(chromiumPath()))]) {
    const file = path.join(dir, 'vk_swiftshader_icd.json');
    if (fs.existsSync(file)) return file;
  }
  return null;
}

export async function launchBrowser() {
  const { chromium } = await import(pathToFileURL(path.join(root, 'node_modules', 'playwright-core', 'index.mjs')).href);
  return chromium.launch({
    executablePath: chromiumPath(), headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  });
}

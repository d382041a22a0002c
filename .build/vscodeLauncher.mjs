#!/usr/bin/env node
/**
 * Stands in for a VS Code executable: takes the arguments that @vscode/test-electron's runTests gives one, runs the same tests in
 * the extension host of our own server, ends with their exit code.
 */
import fs from 'node:fs';
import path from 'node:path';
import { installCodeServer, startServer, workbenchUrl } from './codeServer.mjs';
import { launchBrowser } from './browser.mjs';

const args = process.argv.slice(2);
const value = (name) => args.find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3);
const folder = args.find((a) => !a.startsWith('-'));
const trust = args.includes('--enable-workspace-trust');
await installCodeServer();
const server = await startServer({ trust, tests: true, log: process.env.WEIGHTROOM_SERVER_LOG ? (t) => process.stderr.write(t) : undefined });
let browser;
let code = 1;
try {
  browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.exposeFunction('codeAutomationLog', (type, parts) => console.log(...parts));
  const ended = new Promise((r) => page.exposeFunction('codeAutomationExit', (c) => r(c)));
  await page.goto(workbenchUrl(server, path.resolve(folder), { develop: value('extensionDevelopmentPath'), tests: value('extensionTestsPath'), trust }), { timeout: 180_000 });
  const crashed = new Promise((_, reject) => page.once('crash', () => reject(new Error('the browser page crashed'))));
  code = await Promise.race([ended, crashed]);
} catch (error) {
  console.error(error);
} finally {
  await browser?.close().catch(() => {});
  server.stop();
  fs.rmSync(server.dataDir, { recursive: true, force: true });
}
process.exit(code);

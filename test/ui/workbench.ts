/** VS Code's workbench as a person uses it: a page of Chromium on a server of our own, with Weightroom under development. */
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';

import { repoRoot } from '../unit/paths';

export interface ServerOptions { trust?: boolean; extensionsDir?: string; env?: Record<string, string>; dataDir?: string; /** null: none is linked in. */ extension?: string | null }
interface Server { url: string; port: number; dataDir: string; child: ChildProcess; stop(): void }
/** .build/codeServer.mjs and .build/browser.mjs, which npm start uses too. */
interface Build {
  installCodeServer(): Promise<void>;
  startServer(o: ServerOptions): Promise<Server>;
  installExtension(vsix: string, extensionsDir: string, dataDir: string): void;
  settings(dataDir: string, extra: Record<string, unknown>): void;
  workbenchUrl(server: Server, folder: string, o: { trust?: boolean; open?: string }): string;
  launchBrowser(): Promise<Browser>;
  swiftShaderIcd(): string | null;
}
export async function build(): Promise<Build> {
  const load = (name: string): Promise<Build> => import(pathToFileURL(path.join(repoRoot, '.build', name)).href) as Promise<Build>;
  return { ...(await load('codeServer.mjs')), ...(await load('browser.mjs')) };
}

export const themes = { dark: 'Default Dark Modern', light: 'Default Light Modern', hc: 'Default High Contrast', hcLight: 'Default High Contrast Light' } as const;

export interface WorkbenchOptions extends ServerOptions {
  /** Copied, so that a test may write into it. */
  folder: string;
  /** The copy lies outside the repository, as a user's own folder does: nothing there says what 'weightroom' is. */
  outside?: boolean;
  /** Writes into the copy what a copy would make large: files with holes. */
  fill?: (folder: string) => void;
  /** SwiftShader's software adapter (true), or no adapter at all, whatever the machine has. */
  gpu?: boolean;
  size?: { width: number; height: number };
  settings?: Record<string, unknown>;
  /** What extensions are told the editor's language is; its own texts stay English, there is no language pack. */
  language?: string;
}

export class Workbench {
  private constructor(readonly page: Page, private readonly browser: Browser, readonly server: Server, readonly folder: string, private readonly settings: (extra: Record<string, unknown>) => void) {}

  static async open(o: WorkbenchOptions): Promise<Workbench> {
    const b = await build();
    const icd = o.gpu === true ? b.swiftShaderIcd() : '/there/is/none.json';
    await b.installCodeServer();
    // As deep below the root as media/samples, so that its tsconfig finds the types.
    fs.mkdirSync(path.join(repoRoot, 'out'), { recursive: true });
    const folder = fs.mkdtempSync(path.join(o.outside ? os.tmpdir() : path.join(repoRoot, 'out'), `${path.basename(o.folder)}-`));
    fs.cpSync(o.folder, folder, { recursive: true });
    o.fill?.(folder);
    const server = await b.startServer({ extension: repoRoot, ...o, env: { ...(icd === null ? {} : { VK_DRIVER_FILES: icd, VK_ICD_FILENAMES: icd }), ...o.env } });
    const settings = (extra: Record<string, unknown>): void => b.settings(server.dataDir, { ...o.settings, ...extra });
    settings({});
    const browser = await b.launchBrowser();
    try {
      const page = await browser.newPage({ viewport: o.size ?? { width: 1600, height: 1000 } });
      page.setDefaultTimeout(150_000);
      if (o.language !== undefined) await page.addInitScript(`globalThis._VSCODE_NLS_LANGUAGE = ${JSON.stringify(o.language)}`);
      await page.goto(b.workbenchUrl(server, folder, o.trust === undefined ? {} : { trust: o.trust }), { timeout: 300_000 });
      await page.locator('.monaco-workbench .explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 300_000 });
      return new Workbench(page, browser, server, folder, settings);
    } catch (error) {
      await browser.close();
      server.stop();
      throw error;
    }
  }
  async close(): Promise<void> {
    await this.browser.close().catch(() => undefined);
    this.server.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
    fs.rmSync(this.server.dataDir, { recursive: true, force: true });
  }

  // --- the keyboard: palette, quick open, quick picks

  get quickInput(): Locator { return this.page.locator('.quick-input-widget:not([style*="display: none"])'); }
  /** Opens the quick input by its key and types; again when something that takes the focus (a page, a dialog that ends) has closed it. */
  private async quick(key: string, text: string): Promise<void> {
    for (let i = 0; ; i++) {
      await this.page.keyboard.press(key);
      try { return await this.quickInput.locator('input').first().fill(text, { timeout: 8000 }); } catch (error) { if (i === 3) throw error; }
    }
  }
  /** Runs a command of the palette by its full title. */
  async command(title: string): Promise<void> {
    await this.quick('F1', `>${title}`);
    await this.quickInput.locator('.monaco-list-row', { hasText: title }).first().click();
  }
  /** Waits until the extension host answers. VS Code's delay before it asks for lenses is the mean of what the answers took: long, when the first came while the host started. */
  async hostReady(): Promise<void> {
    await this.activity('Weightroom');
    await this.page.locator('.sidebar .monaco-button', { hasText: 'Run Model File' }).waitFor();
  }
  async openFile(name: string): Promise<void> {
    // Not `cut-net.pt` for `net.pt`. The list is filled twice (what was open lately, then what is found): its rows move under a click between.
    const label = new RegExp(`^\\s*${name.replace(/[^\w/]/g, '\\$&')}`);
    const tab = this.page.locator('.tabs-container .tab', { hasText: label }).first();
    for (let settle = 300, end = Date.now() + 150_000; !await tab.isVisible() && Date.now() < end; settle *= 2) {
      await this.quick('Control+P', name);
      const row = this.quickInput.locator('.monaco-list-row', { hasText: label }).first();
      await row.waitFor();
      await this.page.waitForTimeout(settle);
      await row.click();
      await tab.waitFor({ timeout: 5000 }).catch(() => undefined);
    }
    await tab.click();
  }
  /** Goes to a line (and column) of the open editor. */
  async goTo(line: number, column = 1): Promise<void> {
    await this.page.keyboard.press('Control+G');
    await this.answer(`:${line}:${column}`);
    await this.page.locator('.statusbar-item', { hasText: `Ln ${line}, Col ${column}` }).waitFor();
  }
  /** Chooses a row of the open quick pick. */
  async pick(text: string | RegExp): Promise<void> { await this.quickInput.locator('.monaco-list-row', { hasText: text }).first().click(); }
  /** Answers an input box; without `text` accepts what it proposes. `title`: of the box that is meant, when several follow one another. */
  async answer(text?: string, title?: string): Promise<void> {
    if (title !== undefined) await this.quickInput.locator('.quick-input-title', { hasText: title }).waitFor();
    const box = this.quickInput.locator('input').first();
    await box.waitFor();
    if (text !== undefined) await box.fill(text);
    await box.press('Enter');
  }
  /** Answers a file dialog, which proposes a file of the folder a moment after it opens. */
  async chooseFile(name: string): Promise<void> {
    const box = this.quickInput.locator('input').first();
    for (const end = Date.now() + 150_000; !(await box.inputValue()).startsWith(this.folder + path.sep) && Date.now() < end;) await this.page.waitForTimeout(100);
    await this.page.waitForTimeout(500);
    await box.fill(path.join(this.folder, name));
    await this.page.waitForTimeout(500);
    await box.press('Enter');
  }

  // --- the mouse: lenses, titles, menus

  lens(text: string | RegExp): Locator { return this.page.locator('.codelens-decoration a', { hasText: text }).first(); }
  /** A button of the editor's title bar. */
  titleButton(label: string): Locator { return this.page.locator(`.editor-actions .action-label[aria-label^="${label}"]`).first(); }
  /** Chooses from the context menu of a row. A menu closes when another part takes the focus late, and takes no click while it opens: again, then. */
  async menu(row: Locator, item: string): Promise<void> {
    const entry = this.page.locator('.monaco-menu .action-item', { hasText: item }).first();
    const comes = (state: 'visible' | 'detached', timeout: number): Promise<boolean> => entry.waitFor({ state, timeout }).then(() => true, () => false);
    for (const end = Date.now() + 150_000; Date.now() < end;) {
      await row.click({ button: 'right' });
      if (!await comes('visible', 3000)) continue;
      for (let clicked = false; await entry.isVisible(); ) {
        clicked = await entry.click({ timeout: 2000 }).then(() => true, () => clicked);
        if (await comes('detached', 500) && clicked) return;
      }
    }
    throw new Error(`no menu of that row offers ${item}`);
  }

  // --- what is on screen

  /** A line of the output panel, whose blanks may be non-breaking ones. */
  output(text: string | RegExp): Locator {
    if (typeof text !== 'string') text = new RegExp(text.source.replaceAll(' ', '\\s'));
    return this.page.locator('.part.panel .view-line', { hasText: text }).last();
  }
  /** Name and description of a tree's row. */
  async rowText(row: Locator): Promise<string> { await row.waitFor(); return (await row.locator('.label-name, .label-description').allInnerTexts()).join(' '); }

  /** A row of a view's tree, by its text. */
  row(text: string | RegExp, view = '.sidebar, .auxiliarybar'): Locator { return this.page.locator(view).locator('.monaco-list-row', { hasText: text }).first(); }
  notification(text: string | RegExp): Locator { return this.page.locator('.notifications-toasts .notification-list-item, .notifications-center .notification-list-item', { hasText: text }).first(); }
  /** A button of a message. */
  async press(message: string | RegExp, button: string): Promise<void> {
    const n = this.notification(message);
    await n.hover();
    await n.locator('.monaco-button', { hasText: button }).first().click();
  }
  /** The document inside the webview whose text has `text`. */
  async webview(text: string | RegExp): Promise<FrameLocator> {
    const outer = this.page.locator('iframe.webview.ready');
    for (const end = Date.now() + 150_000; Date.now() < end; await this.page.waitForTimeout(100)) {
      for (let i = 0; i < await outer.count(); i++) {
        const inner = outer.nth(i).contentFrame().locator('iframe').first().contentFrame();
        const body = await inner.locator('body').innerText({ timeout: 500 }).catch(() => '');
        if (typeof text === 'string' ? body.includes(text) : text.test(body)) return inner;
      }
    }
    throw new Error(`no webview shows ${String(text)}`);
  }
  async activity(title: string): Promise<void> { await this.page.locator('.activitybar .action-item a', { has: this.page.locator(`[aria-label^="${title}"]`) }).or(this.page.locator(`.activitybar [aria-label^="${title}"]`)).first().click(); }

  async theme(name: keyof typeof themes): Promise<void> {
    this.settings({ 'workbench.colorTheme': themes[name] });
    const wanted = name === 'dark' ? '.vs-dark' : name === 'light' ? '.vs' : name === 'hc' ? '.hc-black' : '.hc-light';
    await this.page.locator(`.monaco-workbench${wanted}`).waitFor();
  }
  /** Into out/screenshots. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(repoRoot, 'out', 'screenshots', `${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }
  /** Saved text of the workspace. */
  read(name: string): string { return fs.readFileSync(path.join(this.folder, name), 'utf8'); }
  write(name: string, text: string): void { fs.writeFileSync(path.join(this.folder, name), text); }
}

/** One workbench for the tests of a describe(); what a failed test saw is kept as a screenshot. */
export function useWorkbench(name: string, o: WorkbenchOptions | (() => Promise<WorkbenchOptions>)): () => Workbench {
  let wb: Workbench | undefined;
  before(async function () {
    this.timeout(600_000);
    wb = await Workbench.open(typeof o === 'function' ? await o() : o);
  });
  afterEach(async function () { if (this.currentTest?.state === 'failed') await wb?.screenshot(`failed-${name}-${this.currentTest.title.replace(/\W+/g, '-')}`); });
  after(async () => wb?.close());
  return () => wb!;
}

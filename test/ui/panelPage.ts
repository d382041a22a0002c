/**
 * A panel's page as the editor makes it (same document, same content policy, same channel), in a plain page of Chromium, with the
 * editor's own theme colours. The host's end of the channel is here: a test answers, or passes requests on to a real engine process.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';

import { Channel } from '../../extension/protocol/channel';
import type { Request } from '../../extension/protocol/rpc';
import { CopyText, SaveFile } from '../../extension/protocol/sharedPanel';
import { pageHtml } from '../../extension/panels/pageHtml';
import type { TestEngine } from '../unit/engineClient';
import { repoRoot } from '../unit/paths';

export type ThemeName = 'dark' | 'light' | 'hc' | 'hcLight';
const themes = JSON.parse(fs.readFileSync(path.join(repoRoot, 'test', 'ui', 'themes.json'), 'utf8')) as Record<ThemeName, { body: string; variables: Record<string, string> }>;

export interface PanelOptions { page: 'gradients' | 'checkpoint' | 'compare' | 'preflight'; theme?: ThemeName; size?: { width: number; height: number }; strings?: Record<string, string>; language?: string; state?: unknown }

export class PanelPage {
  /** Errors of the page and violations of its content policy: a test expects none. */
  readonly problems: string[] = [];
  readonly copied: string[] = [];
  readonly saved: { data: string; name: string; kind: string }[] = [];
  private constructor(readonly page: Page, readonly channel: Channel, private readonly context: BrowserContext) {}

  static async open(browser: Browser, o: PanelOptions, answer: (channel: Channel) => void): Promise<PanelPage> {
    const context = await browser.newContext({ viewport: o.size ?? { width: 1200, height: 700 } });
    const page = await context.newPage();
    const channel = new Channel((m) => void page.evaluate(`window.postMessage(${JSON.stringify(m)})`).catch(() => undefined));
    const panel = new PanelPage(page, channel, context);
    page.on('pageerror', (e) => panel.problems.push(e.message));
    page.on('console', (m) => { if (m.type() === 'error' || /content.security.policy/i.test(m.text())) panel.problems.push(m.text()); });
    channel.handle(CopyText, ({ text }) => { panel.copied.push(text); return null; });
    channel.handle(SaveFile, (f) => { panel.saved.push(f); return { file: `/saved/${f.name}` }; });
    answer(channel);
    await page.exposeFunction('hostReceive', (m: unknown) => channel.receive(m));
    await page.addInitScript({ content: `(${editorSide})(${JSON.stringify({ ...themes[o.theme ?? 'dark'], state: o.state ?? null })})` });
    const bundle = o.page === 'gradients' ? 'gradients' : 'checkpoint';
    const file = (name: string): string => fs.readFileSync(path.join(repoRoot, 'dist', 'webview', name), 'utf8');
    await page.route('http://panel.test/**', (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (name === '') {
        const body = pageHtml({ source: 'http://panel.test', script: `/${bundle}.js`, style: `/${bundle}.css`, nonce: 'test', boot: { page: o.page, language: o.language ?? 'en', strings: o.strings ?? {} } });
        return route.fulfill({ contentType: 'text/html; charset=utf-8', body });
      }
      if (name === `${bundle}.js` || name === `${bundle}.css`) return route.fulfill({ contentType: name.endsWith('js') ? 'text/javascript' : 'text/css', body: file(name) });
      return route.fulfill({ status: 404, body: '' });
    });
    await page.goto('http://panel.test/');
    return panel;
  }

  /** Into out/screenshots. */
  async screenshot(name: string): Promise<void> { await this.page.screenshot({ path: path.join(repoRoot, 'out', 'screenshots', `${name}.png`) }); }
  /** As when the editor hides and shows the panel: a new life of the page, with its kept state. */
  async reload(): Promise<void> { await this.page.reload(); }
  async close(): Promise<void> {
    this.channel.close();
    await this.context.close();
  }
}

/** In the page, before its script: what the editor provides. As text, because tests are not compiled with the DOM's types. */
const editorSide = `({ body, variables, state }) => {
  let kept = JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? state;
  window.acquireVsCodeApi = () => ({
    postMessage: (m) => void window.hostReceive(m),
    getState: () => kept,
    setState: (s) => { kept = s; sessionStorage.setItem('state', JSON.stringify(s)); },
  });
  const dress = () => {
    for (const [k, v] of Object.entries(variables)) document.documentElement.style.setProperty(k, v);
    document.documentElement.style.backgroundColor = variables['--vscode-editor-background'];
    document.body.className = body;
  };
  new MutationObserver((_, observer) => { if (document.body) { observer.disconnect(); dress(); } }).observe(document, { childList: true, subtree: true });
}`;

/** Requests go to a real engine process, cancelling is ignored there. */
export function passToEngine(channel: Channel, engine: TestEngine, messages: readonly Request<never, unknown>[]): void {
  for (const m of messages as unknown as Request<unknown, unknown>[]) channel.handle(m, (params) => engine.request(m, params).catch((error: { data?: unknown; message: string }) => { throw Object.assign(new Error(error.message), { info: error.data }); }));
}

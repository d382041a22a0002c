/** A workbench with checkpoint files and the page of one of them, driven as a person would. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { FrameLocator, Locator } from 'playwright-core';

import { scratch } from '../unit/checkpointData';
import { writeCheckpoints, writeHuge } from './checkpointFixtures';
import { contrastProblems } from './contrast';
import { useWorkbench, type Workbench, type WorkbenchOptions } from './workbench';

export const allThemes = ['dark', 'light', 'hc', 'hcLight'] as const;

export interface Checkpoints {
  wb(): Workbench;
  /** Of the page that was opened last. */
  page: FrameLocator;
  open(file: string, shows: string | RegExp): Promise<void>;
  closeEditors(): Promise<void>;
  rows(): Locator;
  row(name: string | RegExp): Locator;
  button(title: string): Locator;
  tab(name: string): Promise<void>;
  fact(name: string): Locator;
  filter(text: string): Promise<void>;
  names(): Promise<string[]>;
  /** Answers the save dialog with a path. */
  giveName(file: string): Promise<void>;
  /** Answers the save dialog with a name beside the file it proposes, and waits for the file. */
  saveAs(name: string): Promise<string>;
  /** A screenshot; nothing may stick out or be too faint. */
  look(theme: (typeof allThemes)[number], name: string): Promise<void>;
  /** Makes net.ts's model live, unless it is. */
  runModel(): Promise<void>;
}

/** One for the tests of a describe(). */
export function useCheckpoints(name: string, more: Partial<WorkbenchOptions> = {}): Checkpoints {
  const made = scratch();
  after(() => made.remove());
  const wb = useWorkbench(name, () => {
    writeCheckpoints(made.path);
    return Promise.resolve({ folder: made.path, fill: writeHuge, settings: { 'files.simpleDialog.enable': true }, ...more });
  });
  const c: Checkpoints = {
    wb,
    page: undefined as unknown as FrameLocator,
    async open(file, shows) {
      await wb().openFile(file);
      c.page = await wb().webview(shows);
    },
    closeEditors: () => wb().command('View: Close All Editors'),
    rows: () => c.page.locator('#tensors .row'),
    row: (text) => c.page.locator('#tensors .row', { hasText: text }).first(),
    button: (title) => c.page.locator(`vscode-button[title^="${title}"]`).first(),
    tab: (title) => c.page.getByRole('tab', { name: title, exact: true }).click(),
    fact: (title) => c.page.locator(`dt:text-is("${title}") + dd`).first(),
    filter: (text) => c.page.locator('.flow-tools vscode-text-field input').fill(text),
    names: async () => (await c.rows().locator('.name').allInnerTexts()).map((n) => n.replace(/\n/g, '')),
    async giveName(file) {
      const box = wb().quickInput.locator('input').first();
      for (let i = 0; i < 20; i++) {
        // The dialog writes its own proposal, late when there is much to do.
        if (!(await box.inputValue()).startsWith('/')) { await wb().page.waitForTimeout(300); continue; }
        await box.fill(file);
        await wb().page.waitForTimeout(500);
        if (await box.inputValue() !== file) continue;
        await box.press('Enter');
        try { await box.waitFor({ state: 'hidden', timeout: 5000 }); break; } catch { /* not taken yet */ }
      }
    },
    async saveAs(target) {
      const file = path.join(wb().folder, target);
      await c.giveName(file);
      for (let i = 0; i < 300 && !fs.existsSync(file); i++) await wb().page.waitForTimeout(100);
      return file;
    },
    async look(theme, shot) {
      await wb().page.waitForTimeout(400);
      await wb().screenshot(`checkpoint-${shot}-${theme}`);
      assert.deepEqual(await contrastProblems(c.page.locator('html')), [], `${shot} in ${theme}`);
      assert.equal(await c.page.locator('html').evaluate('document.documentElement.scrollWidth <= innerWidth'), true, `${shot}: nothing sticks out`);
    },
    async runModel() {
      const live = wb().row(/^modelModel/);
      if (await live.isVisible()) return;
      await wb().openFile('net.ts');
      await wb().lens('Run model').click();
      await wb().command('Weightroom: Focus on Models View');
      await live.waitFor();
    },
  };
  return c;
}

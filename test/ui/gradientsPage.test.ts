/** The gradient inspector's page in Chromium, on a real engine process: what it shows, by keyboard, in every theme. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';

import type { Channel } from '../../extension/protocol/channel';
import * as g from '../../extension/protocol/gradientsPanel';
import * as m from '../../extension/protocol/model';
import { GradientHistory } from '../../extension/panels/gradientHistory';
import { TestEngine } from '../unit/engineClient';
import { contrastProblems } from './contrast';
import { PanelPage, type PanelOptions, type ThemeName } from './panelPage';
import { build } from './workbench';

const model = `import { nn, randn, optim, Tensor } from 'weightroom';
class Net extends nn.Module {
  first = new nn.Linear(8, 16); dead = new nn.Linear(16, 16); frozen = new nn.Linear(16, 4); unused = new nn.Linear(3, 3);
  forward(x: Tensor): Tensor { return this.frozen(this.first(x).add(this.dead(x.sum(1, true).expand([-1, 16])).mul(0))); }
}
export const net = new Net();
for (const p of net.frozen.parameters()) p.requiresGrad_(false);
export function train(model = net, steps = 4): number {
  const o = new optim.SGD(model.parameters(), { lr: 0.1 });
  let last = 0;
  for (let i = 0; i < steps; i++) { o.zeroGrad(); const l = model(randn(5, 8)).pow(2).mean(); l.backward(); o.step(); last = l.item<number>(); }
  return last;
}`;

interface Canvas { width: number; height: number; getContext(kind: '2d'): { getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray } } }

describe('gradient inspector page', function () {
  this.timeout(600_000);
  let engine: TestEngine;
  let browser: Browser;
  let id: string;
  let panel: PanelPage | undefined;
  const asked = { frames: 0, picks: [] as { path: string; open: boolean }[], pins: [] as boolean[], sampling: [] as { every: number; paused: boolean }[] };
  let state: g.PanelState;
  let pin: g.Pinned | null = null;

  before(async () => {
    engine = new TestEngine();
    const run = await engine.request(m.RunFile, { file: engine.file('net.ts', model), keepWeights: false });
    id = run.models[0]!.id;
    await engine.request(m.Watch, { watching: true, every: 1, paused: false });
    browser = await (await build()).launchBrowser();
  });
  after(async () => { await browser?.close(); await engine?.stop(); });
  beforeEach(() => {
    state = { models: [{ id, name: 'net', file: 'net.ts', type: 'Net' }], model: id, path: '', paused: false, every: 1, running: false, trusted: true, pinned: { a: null, b: null } };
    Object.assign(asked, { frames: 0, picks: [], pins: [], sampling: [] });
  });
  afterEach(async () => {
    const problems = panel?.problems ?? [];
    await panel?.close();
    panel = undefined;
    assert.deepEqual(problems, [], 'no error, no violation of the content policy');
  });

  const history = new GradientHistory();
  const answer = (channel: Channel): void => {
    channel.handle(g.GetState, () => state);
    channel.handle(g.GetFrame, async ({ model: of, name, bins, text }) => {
      asked.frames++;
      const report = await engine.request(m.Gradients, { model: of, ...(name === null ? {} : { histograms: { names: [name], bins } }) });
      history.add(report);
      return { report, history: history.of(name), text: text && name !== null ? (await engine.request(m.TensorHistogram, { model: of, name, bins: 1 })).text : null };
    });
    channel.handle(g.PickParameter, ({ path, open }) => { asked.picks.push({ path, open }); return null; });
    channel.handle(g.SetPin, async ({ set }) => {
      asked.pins.push(set);
      const report = await engine.request(m.Gradients, { model: id, histograms: { names: null, bins: 64 } });
      pin = set ? { report: { ...report, histograms: report.histograms! }, time: Date.now() } : null;
      state = { ...state, pinned: { a: pin?.time ?? null, b: null } };
      channel.notify(g.StateChanged, state);
      return null;
    });
    channel.handle(g.GetPin, ({ slot }) => (slot === 'a' ? pin : null));
    channel.handle(g.SetSampling, (s) => { asked.sampling.push(s); state = { ...state, ...s }; channel.notify(g.StateChanged, state); return null; });
    channel.handle(g.RunCommand, () => null);
  };
  const open = async (o: Partial<PanelOptions> = {}): Promise<PanelPage> => {
    panel = await PanelPage.open(browser, { page: 'gradients', size: { width: 1200, height: 420 }, ...o }, answer);
    await panel.page.locator('#flow [role=row].row').first().waitFor();
    return panel;
  };
  const rowText = (name: string): Promise<string> => panel!.page.locator('#flow .row', { hasText: name }).first().innerText();

  const selected = (name: string): Promise<void> => panel!.page.locator('.detail-head strong', { hasText: new RegExp(`^${name.replace('.', '\\.')}$`) }).waitFor();

  it('marks parameters without a gradient, then shows gradients, update ratios and the loss of a training run', async () => {
    const { page, channel } = await open();
    assert.match(await rowText('first.weight'), /no gradient yet/);
    assert.match(await rowText('frozen.weight'), /frozen/);
    await engine.request(m.Train, { model: id, steps: 1, lr: 0, input: '', target: '', loss: 'exported' });
    const before = asked.frames;
    channel.notify(g.FrameReady, { model: id, step: 1, loss: null });
    await page.locator('#flow .row', { hasText: 'first.weight' }).locator('.bar').waitFor();
    assert.ok(asked.frames > before);
    const report = await engine.request(m.Gradients, { model: id });
    const first = report.rows.find((r) => r.name === 'first.weight')!;
    assert.ok(first.update! > 0 && first.update! < 1);
    // ‖change‖ is lr · ‖gradient‖, ‖values before‖ nearly ‖values‖.
    assert.ok(Math.abs(first.update! / ((0.1 * first.grad!.norm) / first.value.norm) - 1) < 0.1, `${first.update} ${first.grad!.norm} ${first.value.norm}`);
    assert.match(await rowText('dead.weight'), /all zero/);
    assert.match(await rowText('unused.weight'), /not reached by backward/);
    assert.match(await page.locator('.strip').innerText(), /step\s+1[\s\S]*loss\s+\d/);
  });

  for (const theme of ['dark', 'light', 'hc'] as const) it(`one step: the curve is a point, and the figure says so, in the theme ${theme}`, async () => {
    state = { ...state, path: 'first.weight' };
    const { page } = await open({ theme });
    await selected('first.weight');
    const figure = page.locator('figure[aria-label^="Gradient norm of first.weight"]');
    await figure.locator('.figure-reading', { hasText: /^step 1 only: \d/ }).waitFor();
    // The point's colour, anywhere in the picture but in the lines of its grid.
    const drawn = (): Promise<number> => figure.locator('canvas').evaluate((canvas: Canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (data[i + 3]! > 200 && data[i]! - data[i + 2]! > 80) count++;
      return count;
    });
    for (const end = Date.now() + 60_000; await drawn() < 4 && Date.now() < end;) await page.waitForTimeout(50);
    assert.ok(await drawn() >= 4 && await drawn() < 200, `${await drawn()} pixels`);
    await panel!.screenshot(`gradients-one-step-${theme}`);
  });

  it('asks nothing until something is new', async () => {
    await open();
    await panel!.page.waitForTimeout(300);
    const { frames } = asked;
    await panel!.page.waitForTimeout(700);
    assert.equal(asked.frames, frames);
  });

  it('works by keyboard: filter, move, open, pause, pin; and the tree decides the selection', async () => {
    const { page, channel } = await open();
    await page.keyboard.press('/');
    await page.keyboard.type('dead');
    assert.equal(await page.locator('#flow .row').count(), 2);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await selected('dead.weight');
    await page.waitForTimeout(50);
    assert.deepEqual(asked.picks.at(-1), { path: 'dead.weight', open: true });
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    await page.locator('.strip vscode-button.pressed').waitFor();
    assert.deepEqual(asked.sampling, [{ every: 1, paused: true }]);
    assert.equal(await page.locator('#flow .row').count(), 8, 'Escape took the filter away');
    await page.keyboard.press('a');
    await page.locator('.strip', { hasText: 'A: step 1' }).waitFor();
    assert.match(await rowText('first.weight'), /×1/);
    state = { ...state, path: 'unused' };
    channel.notify(g.StateChanged, state);
    await selected('unused.weight');
  });

  it('shows each picture as a table and copies its numbers', async () => {
    const { page, copied } = await open();
    await page.locator('figure', { hasText: 'Gradient' }).first().waitFor();
    await page.locator('figure[aria-label^="Histogram of the gradient"] vscode-button[title="Show as table"]').click();
    const table = page.locator('figure[aria-label^="Histogram of the gradient"] [role=grid]');
    assert.equal(await table.getAttribute('aria-rowcount'), '65');
    await page.locator('figure[aria-label^="Histogram of the gradient"] vscode-button[title="Copy data"]').click();
    await page.waitForTimeout(100);
    const lines = copied[0]!.trim().split('\n');
    assert.equal(lines.length, 65);
    assert.equal(lines.slice(1).reduce((s, l) => s + Number(l.split('\t')[2]), 0), 128, 'the counts are all elements of first.weight');
  });

  it('keeps its filter and selection when it is hidden and shown', async () => {
    const { page } = await open();
    await page.keyboard.press('/');
    await page.keyboard.type('first');
    await page.keyboard.press('Enter');
    await page.keyboard.press('End');
    await selected('first.bias');
    await panel!.reload();
    await selected('first.bias');
    assert.equal(await page.locator('#flow .row').count(), 2);
  });

  it('says what is wrong and what can be done', async () => {
    state = { ...state, models: [], model: null };
    panel = await PanelPage.open(browser, { page: 'gradients' }, answer);
    assert.match(await panel.page.locator('.notice').innerText(), /No live model yet[\s\S]*Run Model File/);
    state = { ...state, trusted: false };
    panel.channel.notify(g.StateChanged, state);
    await panel.page.locator('.notice', { hasText: 'trusted' }).waitFor();
    panel.channel.notify(g.EngineTrouble, { kind: 'engine', name: 'EngineCrash', message: 'The engine <b>stopped</b>.' });
    await panel.page.locator('.banner.error', { hasText: 'The engine <b>stopped</b>.' }).waitFor();
  });

  for (const theme of ['dark', 'light', 'hc', 'hcLight'] as ThemeName[]) {
    it(`can be read in the theme ${theme}, narrow and wide`, async () => {
      for (const size of [{ width: 1400, height: 360 }, { width: 420, height: 640 }]) {
        await panel?.close();
        await open({ theme, size });
        await panel!.page.waitForTimeout(300);
        await panel!.screenshot(`gradients-${theme}-${size.width}`);
        assert.deepEqual(await contrastProblems(panel!.page), []);
        assert.equal(await panel!.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, 'nothing sticks out');
      }
    });
  }

  it('a loss of NaN: said so everywhere, no number made of what is left', async () => {
    await engine.request(m.Train, { model: id, steps: 1, lr: 0.1, input: 'randn(5, 8).mul(NaN)', target: 'randn(5, 4)', loss: 'mse' });
    state = { ...state, path: 'first.weight' };
    const { page } = await open();
    await selected('first.weight');
    assert.match(await page.locator('.strip').innerText(), /loss\s+NaN\s+global norm\s+NaN[\s\S]*first NaN or Inf: first\.weight/);
    assert.match(await rowText('first.weight'), /128 NaN, 0 Inf[\s\S]*NaN/);
    assert.equal(await page.locator('figure[aria-label^="Histogram of"]').count(), 0);
    await page.locator('.missing', { hasText: '128 NaN, 0 Inf' }).first().waitFor();
    assert.match(await page.locator('.numbers').innerText(), /mean\s+–\s+–[\s\S]*norm\s+NaN\s+NaN[\s\S]*NaN\s+! 128\s+! 128/);
    await panel!.screenshot('gradients-nan');
  });

  it('speaks Chinese', async () => {
    await open({ language: 'zh-cn', strings: { 'Filter parameters': '筛选参数', 'frozen': '已冻结' } });
    assert.match(await rowText('frozen.weight'), /已冻结/);
  });
});

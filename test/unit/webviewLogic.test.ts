/** The panels' pure parts: numbers for people, step curves, colour, order of rows, what a page may ask. */
import assert from 'node:assert/strict';

import { GradientHistory } from '../../extension/panels/gradientHistory';
import { onlyOwn } from '../../extension/panels/ownSides';
import { pageHtml } from '../../extension/panels/pageHtml';
import type { CompareRow, PreflightRow, TensorInfo } from '../../extension/protocol/checkpoint';
import type { GradientReport, GradientRow, Summary } from '../../extension/protocol/model';
import { below, compareRows } from '../../webview/checkpoint/compareRows';
import { asComparison, preflightRows, rowKey } from '../../webview/checkpoint/preflightRows';
import { nameTree, visible } from '../../webview/checkpoint/nameTree';
import { cellText, panSpan, zoomSpan } from '../../webview/checkpoint/zoom';
import { change, lookOf, nextSort, shownRows, type Sort } from '../../webview/gradients/rows';
import { contrast, divergingScale, luminance, scaleIndex, scaleSteps } from '../../webview/shared/colorScale';
import { formatBytes, formatCount, formatNumber, formatShare, formatShort, shortDtype, splitName, toTsv } from '../../webview/shared/format';
import { decades, edgesOf, logFloor, logShare, toSteps } from '../../webview/shared/steps';

describe('numbers for people', () => {
  it('shows four significant digits', () => {
    const cases: [number, string][] = [
      [0, '0'], [-0, '0'], [1, '1'], [-3, '-3'], [0.025312345, '0.02531'], [1.5, '1.500'], [-1.25, '-1.250'], [0.001, '0.001000'], [0.00099999, '0.001000'], [0.0009999, '9.999e-4'],
      [1234.567, '1,235'], [123456.7, '123,457'], [999999.9, '1.000e6'], [1234567, '1.235e6'], [200960, '200,960'], [1.2346e-7, '1.235e-7'], [-6.02e23, '-6.020e23'], [NaN, 'NaN'], [Infinity, 'inf'], [-Infinity, '-inf'],
    ];
    for (const [x, text] of cases) assert.equal(formatNumber(x), text, String(x));
    assert.equal(formatNumber(1 / 3, 6), '0.333333');
  });
  it('counts exactly, also beyond 2^53', () => {
    assert.equal(formatCount(200960), '200,960');
    assert.equal(formatCount('9007199254740993'), '9,007,199,254,740,993');
    assert.deepEqual([0, 9999, 10_000, 12_345, 999_960, 7_241_732_096].map(formatShort), ['0', '9,999', '10.0k', '12.3k', '1.00M', '7.24B']);
  });
  it('prints sizes and shares', () => {
    assert.deepEqual([0, 999, 1000, 999_499, 999_600, 14_500_000_000].map(formatBytes), ['0 B', '999 B', '1.00 kB', '999 kB', '1.00 MB', '14.5 GB']);
    assert.deepEqual([[0, 10], [10, 10], [1, 3], [1, 1e6], [999_999, 1e6], [0, 0]].map(([a, b]) => formatShare(a!, b!)), ['0%', '100%', '33.3%', '<0.1%', '>99.9%', '0%']);
  });
  it('splits names and shortens dtypes', () => {
    assert.deepEqual(splitName('encoder.0.weight'), ['encoder.0.', 'weight']);
    assert.deepEqual(splitName('weight'), ['', 'weight']);
    assert.deepEqual(['float32', 'bfloat16', 'int64', 'uint8', 'complex64', 'float8_e4m3fn', 'Q4_K'].map(shortDtype), ['f32', 'bf16', 'i64', 'u8', 'c64', 'f8_e4m3fn', 'Q4_K']);
  });
  it('makes text that pastes into a spreadsheet', () => {
    assert.equal(toTsv(['a', 'b'], [[1, 'x\ty\nz'], [null, 2]]), 'a\tb\n1\tx y z\n\t2\n');
  });
});

describe('step curves', () => {
  it('keeps the counts of one histogram', () => {
    const { x, y } = toSteps([{ min: 0, max: 4, counts: [1, 0, 5, 2] }]);
    assert.deepEqual(x, [0, 1, 2, 3, 4]);
    assert.deepEqual(y, [[1, 0, 5, 2, 2]]);
  });
  it('gives several the same area', () => {
    const { x, y } = toSteps([{ min: -1, max: 1, counts: [3, 1] }, { min: 0, max: 4, counts: [10, 10, 0, 20] }]);
    for (const curve of y) {
      const area = curve.slice(0, -1).reduce((s, h, i) => s + h * (x[i + 1]! - x[i]!), 0);
      assert.ok(Math.abs(area - 1) < 1e-12, String(area));
    }
    assert.equal(y[1]![0], 0, 'nothing below its range');
  });
  it('gives equal values a width that can be seen', () => {
    const edges = edgesOf({ min: 3, max: 3, counts: [7] });
    assert.ok(edges[1]! > edges[0]!);
    assert.deepEqual(edgesOf({ min: 0, max: 1, counts: [1, 1, 1] }).at(-1), 1, 'the last edge is the maximum itself');
  });
  it('finds decades and places on them', () => {
    assert.deepEqual(decades([2.5e-7, 0.004]), [-7, -2]);
    assert.deepEqual(decades([1, 1]), [-1, 0]);
    assert.deepEqual(decades([1e-30, 1]), [-12, 0], 'no more than twelve');
    assert.deepEqual(decades([0, NaN, Infinity]), [-6, 0]);
    assert.equal(logShare(1e-3, [-6, 0]), 0.5);
    assert.deepEqual([logShare(0, [-6, 0]), logShare(1e-9, [-6, 0]), logShare(10, [-6, 0])], [0, 0, 1]);
    assert.equal(logFloor([[0, 4, 8], [0, 0, 1]]), 0.5);
  });
});

describe('the scale of heat maps', () => {
  for (const [kind, middle] of [['dark', [31, 31, 31]], ['light', [255, 255, 255]], ['dark', [0, 0, 0]]] as const) {
    it(`is symmetric and grows steadily away from ${middle.join()}`, () => {
      const scale = divergingScale(kind, [...middle]);
      const at = (v: number): [number, number, number] => { const i = scaleIndex(v, 1); return [scale[i]!, scale[i + 1]!, scale[i + 2]!]; };
      assert.deepEqual(at(0), [...middle]);
      const distance = (v: number): number => Math.abs(luminance(at(v)) - luminance([...middle]));
      for (const sign of [-1, 1]) for (let i = 8; i <= scaleSteps; i += 8) assert.ok(distance((sign * i) / scaleSteps) >= distance((sign * (i - 8)) / scaleSteps) - 0.004, `${sign} ${i}`);
      for (const end of [-1, 1]) assert.ok(contrast(at(end), [...middle]) > 7, 'ends stand out');
      assert.deepEqual([at(-5), at(5)], [at(-1), at(1)]);
      // Blue against orange: the difference of red and blue changes sign, which every common colour blindness keeps.
      assert.ok(at(-0.6)[2] > at(-0.6)[0] && at(0.6)[0] > at(0.6)[2]);
    });
  }
});

const summary = (o: Partial<Summary>): Summary => ({ count: 4, min: 0, max: 0, mean: 0, std: 0, absMean: 0, absMax: 0, norm: 0, zeros: 0, nan: 0, inf: 0, ...o });
const row = (name: string, o: Partial<GradientRow> & { g?: number } = {}): GradientRow => ({
  name, shape: [4], numel: 4, device: 'cpu', requiresGrad: true, state: 'ok', value: summary({}), grad: o.g === undefined ? null : summary({ absMean: o.g, absMax: 2 * o.g, norm: 4 * o.g }), update: null, ...o,
});
const report = (rows: GradientRow[], o: Partial<GradientReport> = {}): GradientReport => ({ model: 'm', rows, globalNorm: 0, loss: null, firstNonFinite: null, step: 1, ...o });

describe('gradient flow', () => {
  const r = report([row('a.weight', { g: 1 }), row('a.bias', { state: 'none' }), row('b.weight', { g: 3, update: 0.1 }), row('c', { g: 2, state: 'nonfinite' }), row('d', { state: 'none', requiresGrad: false })]);
  const names = (filter: string, sort: Sort, a: GradientReport | null = null): string => shownRows(r, filter, sort, a).map((x) => x.name).join(' ');
  it('keeps depth order and filters by name', () => {
    assert.equal(names('', { key: 'depth', down: false }), 'a.weight a.bias b.weight c d');
    assert.equal(names(' WEIGHT', { key: 'depth', down: false }), 'a.weight b.weight');
  });
  it('sorts by any number; not finite is largest, absent comes last either way', () => {
    assert.equal(names('', { key: 'norm', down: true }), 'c b.weight a.weight a.bias d');
    assert.equal(names('', { key: 'mean', down: false }), 'a.weight b.weight c a.bias d');
    assert.equal(names('', { key: 'update', down: true }).split(' ')[0], 'b.weight');
  });
  it('sorts by the change against A', () => {
    const a = report([row('a.weight', { g: 0.1 }), row('b.weight', { g: 6 })]);
    assert.equal(change(a.rows[0], r.rows[0]!), 10);
    assert.equal(change(undefined, r.rows[0]!), null);
    assert.ok(names('', { key: 'change', down: true }, a).startsWith('a.weight b.weight'));
  });
  it('tells frozen from absent, and turns the order round and back', () => {
    assert.deepEqual(r.rows.map(lookOf), ['ok', 'none', 'ok', 'nonfinite', 'frozen']);
    let s: Sort = { key: 'depth', down: false };
    const seen = [0, 1, 2].map(() => (s = nextSort(s, 'norm')));
    assert.deepEqual(seen, [{ key: 'norm', down: true }, { key: 'norm', down: false }, { key: 'depth', down: false }]);
  });
});

describe('history of norms', () => {
  it('keeps one entry a step, starts anew with a new run, thins when long', () => {
    const h = new GradientHistory();
    h.add(report([row('a', { g: 1 })], { step: 5 }));
    h.add(report([row('a', { g: 2 })], { step: 5 }));
    h.add(report([row('a', { state: 'none' })], { step: 6 }));
    assert.deepEqual(h.of('a').norm, [8, null]);
    h.add(report([row('a', { g: 1 })], { step: 1 }));
    assert.deepEqual(h.of('a').step, [1]);
    for (let i = 2; i < 5000; i++) h.add(report([row('a', { g: i })], { step: i }));
    const { step, norm } = h.of('a');
    assert.ok(step.length <= 600 && step.length >= 250);
    assert.equal(step[0], 1);
    assert.equal(step.at(-1), 4999);
    assert.deepEqual(step, [...step].sort((a, b) => a - b));
    assert.equal(norm.at(-1), 4 * 4999);
  });
});

describe('pages', () => {
  it('may ask only about their own files and models', () => {
    const own = [{ file: '/a.pt' }, { model: '/m.ts#net', path: '' }];
    onlyOwn({ file: '/a.pt', name: 'x' }, own);
    onlyOwn({ at: { model: '/m.ts#net', path: 'b' }, minus: { at: { file: '/a.pt' }, name: 'x' } }, own);
    onlyOwn(null, own);
    assert.throws(() => onlyOwn({ file: '/etc/passwd' }, own), /not about "\/etc\/passwd"/);
    assert.throws(() => onlyOwn({ at: { file: '/a.pt' }, minus: { at: { file: '/b.pt' } } }, own), /b\.pt/);
    assert.throws(() => onlyOwn({ a: { at: { model: '/m.ts#other' } } }, own), /other/);
  });
  it('cannot be broken out of by a string, and allow nothing from elsewhere', () => {
    const html = pageHtml({ source: 'vscode-webview:', script: 's.js', style: 's.css', nonce: 'abc', boot: { page: 'checkpoint', language: 'zh-cn"><script>', strings: { a: '</script><script>alert(1)</script>' } } });
    assert.equal(html.match(/<script/g)!.length, 2);
    assert.match(html, /lang="zh-cnscript"/);
    assert.match(html, /default-src 'none'; style-src vscode-webview: 'nonce-abc'; script-src 'nonce-abc';/);
    assert.doesNotMatch(html, /unsafe/);
    const boot = /id="boot">(.*?)<\/script>/.exec(html)![1]!;
    assert.equal((JSON.parse(boot) as { strings: Record<string, string> }).strings['a'], '</script><script>alert(1)</script>');
  });
});

describe('the checkpoint pages', () => {
  it('zoom about a point, never outside, back to the whole', () => {
    assert.deepEqual(zoomSpan([0, 100], 100, 0.5, 0.5), [25, 75]);
    assert.deepEqual(zoomSpan([0, 100], 100, 0, 0.5), [0, 50]);
    assert.deepEqual(zoomSpan([25, 75], 100, 1, 2), [0, 100]);
    assert.deepEqual(zoomSpan([10, 14], 100, 0.5, 0.5), [10, 14], 'four elements are the nearest');
    assert.deepEqual(zoomSpan([0, 3], 3, 0.5, 0.5), [0, 3]);
    assert.deepEqual(panSpan([10, 20], 100, -30), [0, 10]);
    assert.deepEqual(panSpan([10, 20], 100, 95), [90, 100]);
    assert.deepEqual([0, 1, 2].map((i) => cellText(i, 3, [10, 13])), ['10', '11', '12']);
    assert.deepEqual([0, 1].map((i) => cellText(i, 2, [0, 5])), ['0–2', '2–4']);
  });
  it('tensors as a tree: groups in the order of the file, sums, closed groups', () => {
    const tensor = (name: string, bytes: number): TensorInfo => ({ name, dtype: 'float32', shape: [bytes / 4], numel: bytes / 4, bytes });
    const root = nameTree([tensor('a.w', 4), tensor('b.0.w', 8), tensor('a.b', 16), tensor('c', 32), tensor('b.0.w.x', 64)], (x) => x.bytes);
    assert.deepEqual(visible(root, () => false).map((n) => `${' '.repeat(n.level)}${n.name} ${n.count} ${n.weight}`), ['a 2 20', ' w 1 4', ' b 1 16', 'b 2 72', ' 0 2 72', '  w 1 8', '  w 1 64', '   x 1 64', 'c 1 32']);
    assert.deepEqual(visible(root, (p) => p === 'b.').map((n) => n.path), ['a.', 'a.w', 'a.b', 'b.', 'c']);
  });
  it('comparison: a group says how far the farthest below it lie apart', () => {
    const row = (name: string, relativeL2: number | null, cosine: number | null): CompareRow => ({ name, status: relativeL2 === 0 ? 'same' : 'changed', relativeL2, cosine, maxDifference: relativeL2, differing: 1 });
    const far = below([row('a.b.w', 0.5, 0.9), row('a.b.x', 0, 1), row('a.c', 2, 0.1), row('a.d', null, null), row('e', 7, 0)]);
    assert.deepEqual([...far], [['a.', { relativeL2: 2, cosine: 0.1, maxDifference: 2 }], ['a.b.', { relativeL2: 0.5, cosine: 0.9, maxDifference: 0.5 }]]);
  });
  it('preflight: rows of one status, found by either name; a pair to look at closely', () => {
    const rows: PreflightRow[] = [
      { status: 'matched', target: 'a.w', source: 'module.a.w', fileShape: [2], fileDtype: 'float32', modelShape: [2], modelDtype: 'float32' },
      { status: 'missing', target: 'b', modelShape: [1], modelDtype: 'float32' }, { status: 'unexpected', source: 'b', fileShape: [3], fileDtype: 'int64' },
    ];
    const of = (only: PreflightRow['status'] | null, filter: string): string[] => preflightRows(rows, { only, filter }).map(rowKey);
    assert.deepEqual(of(null, ''), ['model a.w', 'model b', 'file b']);
    assert.deepEqual([of('missing', ''), of(null, ' MODULE'), of('unexpected', 'a')], [['model b'], ['model a.w'], []]);
    assert.deepEqual(asComparison(rows[0]!, 'state_dict'), { name: 'a.w', status: 'same', relativeL2: null, cosine: null, maxDifference: null, differing: null, a: { name: 'state_dict.module.a.w', dtype: 'float32', shape: [2] }, b: { name: 'a.w', dtype: 'float32', shape: [2] } });
  });
  it('comparison: changed only, filtered, sorted with the unknown last', () => {
    const row = (name: string, relativeL2: number | null): CompareRow => ({ name, status: relativeL2 === 0 ? 'same' : 'changed', relativeL2, cosine: null, maxDifference: null, differing: null });
    const rows = [row('x.a', 0), row('x.b', 0.5), row('y', null), row('x.c', 2)];
    const names = (o: Partial<Parameters<typeof compareRows>[1]>): string[] => compareRows(rows, { onlyChanged: false, filter: '', sort: { key: 'file', down: true }, ...o }).map((r) => r.name);
    assert.deepEqual(names({}), ['x.a', 'x.b', 'y', 'x.c']);
    assert.deepEqual(names({ onlyChanged: true, filter: 'X.' }), ['x.b', 'x.c']);
    assert.deepEqual(names({ sort: { key: 'relativeL2', down: true } }), ['x.c', 'x.b', 'x.a', 'y']);
    assert.deepEqual(names({ sort: { key: 'relativeL2', down: false } }), ['x.a', 'x.b', 'x.c', 'y']);
  });
});

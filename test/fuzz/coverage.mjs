/**
 * A small coverage-guided fuzzer on V8's own block coverage, so that nothing is downloaded or instrumented: inputs that reach a block of the
 * target's code for the first time are kept and changed further. Runs in a process of its own; its parent watches it (checkpoints.mjs).
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import inspector from 'node:inspector';

/** Repeatable: xorshift. */
function random(seed) {
  let x = seed | 1;
  return (n) => { x ^= x << 13; x ^= x >>> 17; x ^= x << 5; return (x >>> 0) % n; };
}
const numbers = [0, 1, 2, 3, 4, 8, 16, 32, 64, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53, -1];

/** One of the usual changes. */
function mutate(input, other, dictionary, r) {
  let b = Buffer.from(input);
  for (let rounds = 1 + r(r(4) === 0 ? 12 : 3); rounds > 0; rounds--) {
    const at = b.length > 1 ? 1 + r(b.length - 1) : 0;
    switch (r(9)) {
      case 0: b[at] ^= 1 << r(8); break;
      case 1: b[at] = r(256); break;
      case 2: { const n = BigInt(numbers[r(numbers.length)]); const size = [1, 2, 4, 8][r(4)]; if (at + size <= b.length) for (let i = 0; i < size; i++) b[at + i] = Number((n >> BigInt(8 * i)) & 255n); break; }
      case 3: b = Buffer.concat([b.subarray(0, at), b.subarray(Math.min(b.length, at + 1 + r(16)))]); break;
      case 4: b = Buffer.concat([b.subarray(0, at), Buffer.from(Array.from({ length: 1 + r(8) }, () => r(256))), b.subarray(at)]); break;
      case 5: { const n = 1 + r(64); b = Buffer.concat([b.subarray(0, at), b.subarray(at, at + n), b.subarray(at)]); break; }
      case 6: { const t = dictionary[r(dictionary.length)]; b = Buffer.concat([b.subarray(0, at), t, b.subarray(r(2) ? at : Math.min(b.length, at + t.length))]); break; }
      case 7: { const from = r(other.length); b = Buffer.concat([b.subarray(0, at), other.subarray(from, from + 1 + r(128)), b.subarray(at)]); break; }
      default: b = b.subarray(0, Math.max(2, at)); break;
    }
  }
  return b.length > 16384 ? b.subarray(0, 16384) : b;
}

/** Calls fuzz(input) for `seconds`; `report` gets the numbers now and then, `found` every finding. */
export async function explore({ fuzz, seeds, dictionary, code, seconds, seed, report, found, keep }) {
  const session = new inspector.Session();
  session.connect();
  const post = (method, params) => { let answer; session.post(method, params, (error, result) => { if (error) throw new Error(error.message); answer = result; }); return answer; };
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  /** Per script, which characters of its source ever ran. V8 merges blocks that ran as often as what is around them, so characters are counted, not blocks. */
  const ever = new Map();
  /** What ran since the last call: [url, painted]. */
  const take = () => post('Profiler.takePreciseCoverage').result.filter((s) => s.url.includes(code)).map((script) => {
    const painted = new Uint8Array(Math.max(0, ...script.functions.map((f) => f.ranges[0].endOffset)));
    // Outer functions and ranges come first; what is nested paints over them.
    for (const f of script.functions) for (const range of f.ranges) painted.fill(range.count > 0 ? 1 : 0, range.startOffset, range.endOffset);
    return [script.url, painted];
  });
  /** Characters that ran for the first time; `learn` remembers them. */
  const news = (taken, learn) => {
    let n = 0;
    for (const [url, painted] of taken) {
      let known = ever.get(url);
      if (known === undefined || known.length < painted.length) { const bigger = new Uint8Array(painted.length); if (known) bigger.set(known); ever.set(url, (known = bigger)); }
      for (let i = 0; i < painted.length; i++) if (painted[i] && !known[i]) { n++; if (learn) known[i] = 1; }
    }
    return n;
  };
  const reached = () => [...ever.values()].reduce((a, k) => a + k.reduce((x, y) => x + y, 0), 0);
  const r = random(seed);
  const corpus = [...seeds];
  const stats = { runs: 0, corpus: 0, reached: 0, findings: 0, slowest: 0 };
  const signatures = new Set();
  const attempt = (input) => {
    stats.runs++;
    const start = performance.now();
    try {
      fuzz(input);
    } catch (error) {
      const where = String(error?.stack).split('\n').slice(0, 3).join(' ');
      if (!signatures.has(where)) { signatures.add(where); stats.findings++; found(input, error); }
    }
    stats.slowest = Math.max(stats.slowest, performance.now() - start);
  };
  for (const s of corpus) attempt(s);
  news(take(), true);
  const end = Date.now() + seconds * 1000;
  let told = Date.now();
  while (Date.now() < end) {
    const batch = Array.from({ length: 48 }, () => mutate(corpus[r(3) === 0 ? corpus.length - 1 - r(Math.min(corpus.length, 50)) : r(corpus.length)], corpus[r(corpus.length)], dictionary, r));
    for (const input of batch) attempt(input);
    if (news(take(), false) > 0) {
      // Which of them was it? Each once more, alone.
      for (const input of batch) {
        attempt(input);
        if (news(take(), true) === 0) continue;
        corpus.push(input);
        keep?.(input);
      }
    }
    if (Date.now() - told > 1000) {
      told = Date.now();
      report({ ...stats, corpus: corpus.length, reached: reached() });
      await new Promise((go) => setImmediate(go));
    }
  }
  report({ ...stats, corpus: corpus.length, reached: reached() });
  return { ...stats, corpus: corpus.length, reached: reached() };
}

export const hash = (b) => crypto.createHash('sha1').update(b).digest('hex').slice(0, 12);
export function loadFolder(folder) { return fs.existsSync(folder) ? fs.readdirSync(folder).map((f) => fs.readFileSync(path.join(folder, f))) : []; }

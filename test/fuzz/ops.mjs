/**
 * `npm run fuzz:ops [-- --cases N --seed S --only INDEX --trace]`: random ops, shapes, strides and dtypes on our engine and on PyTorch; reports every
 * difference with the smallest case of that op that still shows one. After a crash `--trace` says which case it was. Needs a build and a Python with torch (WEIGHTROOM_PYTHON, else python3).
 */
import fs from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const { values: o } = parseArgs({ options: { cases: { type: 'string', default: '10000' }, seed: { type: 'string', default: String(Date.now() % 1e6) }, from: { type: 'string', default: '0' }, only: { type: 'string' }, show: { type: 'string', default: '40' }, trace: { type: 'boolean', default: false } } });
const root = path.resolve(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const { draw } = require(path.join(root, 'out/test/fuzz/opsTable.js'));
const { check } = require(path.join(root, 'out/test/fuzz/opsCheck.js'));

/** PyTorch's process; made anew when a case kills it. */
function start() {
  const child = spawn(process.env.WEIGHTROOM_PYTHON ?? 'python3', [path.join(root, 'test/fuzz/ops.py')], { stdio: ['pipe', 'pipe', process.env.FUZZ_STDERR ? 'inherit' : 'ignore'] });
  child.on('error', (e) => { console.error(`fuzz:ops needs a Python with torch (WEIGHTROOM_PYTHON): ${e.message}`); process.exit(1); });
  child.stdin.on('error', () => {});
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}
let python = start(), answered = 0, crashes = 0;
const spell = (v) => (Object.is(v, -0) ? '-0.0' : Number.isFinite(v) ? v : String(v));
async function ask(cases) {
  const answers = [];
  while (answers.length < cases.length) {
    python.child.stdin.write(cases.slice(answers.length).map((c) => `${JSON.stringify({ py: c.py, grad: c.grad, inputs: c.inputs.map((d) => ({ ...d, data: d.data.map(spell) })) })}\n`).join(''));
    while (answers.length < cases.length) {
      const { value, done } = await python.lines.next();
      if (!done) { answers.push(JSON.parse(value)); answered++; continue; }
      if (answered === 0) throw new Error('Python ended at once; fuzz:ops needs PyTorch');
      crashes++;
      console.log(`PyTorch crashed at ${cases[answers.length].py}`);
      answers.push({ crashed: true });
      python = start();
      break;
    }
  }
  return answers;
}

const seed = Number(o.seed), total = o.only === undefined ? Number(o.cases) : 1, first = o.only === undefined ? Number(o.from) : Number(o.only);
const elements = (c) => c.inputs.reduce((s, d) => s + d.data.length, 0);
/** The smallest case of that op among a few hundred smaller ones that differs too. */
async function smallest(found) {
  let best = found;
  for (const most of [1, 2, 3]) {
    const tries = Array.from({ length: 4000 }, (_, i) => draw(seed + 1, i, most)).filter((c) => c.op === found.c.op && elements(c) < elements(best.c)).slice(0, 60);
    const answers = await ask(tries);
    tries.forEach((c, i) => { if (answers[i].crashed) return; const v = check(c, answers[i]); if (v.kind === 'different' && elements(c) < elements(best.c)) best = { c, text: v.text }; });
    if (best !== found) break;
  }
  return best;
}
function reproduction({ c, text }) {
  const py = c.inputs.map((d, i) => `${'xyzwvu'[i]} = torch.tensor([${d.data.map((v) => (Number.isFinite(v) ? spell(v) : `float('${v}')`)).join(', ')}], dtype=torch.${d.dtype}).as_strided((${d.shape.join(', ')}${d.shape.length === 1 ? ',' : ''}), (${d.strides.join(', ')}${d.shape.length === 1 ? ',' : ''}), ${d.offset})`);
  return `  ${text}\n    ${[...py, c.py].join('\n    ')}`;
}

const counts = { same: 0, more: 0, different: 0, refused: 0 }, found = new Map();
console.log(`seed ${seed}, cases ${first} to ${first + total - 1}`);
for (let at = first; at < first + total; at += 500) {
  const cases = Array.from({ length: Math.min(500, first + total - at) }, (_, i) => draw(seed, at + i)), answers = await ask(cases);
  cases.forEach((c, i) => {
    if (o.trace) fs.writeSync(2, `${at + i} ${c.py}\n`);
    if (answers[i].crashed) return;
    const v = check(c, answers[i]);
    counts[v.kind]++;
    if (v.errors) counts.refused++;
    if (v.kind !== 'different') return;
    const list = found.get(c.op) ?? [];
    list.push({ c, text: v.text, index: at + i });
    found.set(c.op, list);
  });
  if (((at - first) / 500) % 20 === 19) console.log(`${at + 500 - first} cases, ${counts.different} different`);
}
for (const [op, list] of [...found].slice(0, Number(o.show))) {
  console.log(`\n${op}: ${list.length} differences, first case ${list[0].index}`);
  console.log(reproduction(o.only === undefined ? await smallest(list[0]) : list[0]));
}
console.log(`\n${total} cases: ${counts.same} the same (${counts.refused} refused by both), ${counts.more} that only we can do, ${counts.different} different, ${crashes} that crash PyTorch`);
python.child.stdin.end();
process.exitCode = counts.different > 0 ? 1 : 0;

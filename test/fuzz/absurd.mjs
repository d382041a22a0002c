/**
 * `npm run fuzz:absurd [-- --cases N --seed S --from INDEX --seconds T --trace]`: calls with arguments that make no sense (huge, negative, NaN, of another kind), in
 * processes of their own with little memory. A process that ends, or a case that takes longer than T seconds, is reported with its number.
 * `--abort INDEX` ends the process in that case: test/unit/absurd.test.ts looks whether it is told.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';

const { values: o } = parseArgs({ options: { cases: { type: 'string', default: '20000' }, seed: { type: 'string', default: String(Date.now() % 1e6) }, from: { type: 'string', default: '0' }, seconds: { type: 'string', default: '120' }, worker: { type: 'boolean', default: false }, trace: { type: 'boolean', default: false }, abort: { type: 'string' } } });
const seed = Number(o.seed), first = Number(o.from), end = first + Number(o.cases);

if (o.worker) {
  const { attempt } = createRequire(import.meta.url)(path.resolve(import.meta.dirname, '../../out/test/fuzz/absurdTarget.js'));
  for (let i = first; i < end; i++) {
    fs.writeSync(1, `${i}\n`);
    if (String(i) === o.abort) process.abort();
    const { text, thrown } = attempt(seed, i);
    if (thrown !== null && !(thrown instanceof Error)) fs.writeSync(1, `${i} ${text}: throws ${String(thrown)}, no Error\n`);
  }
} else {
  // Address space for the process and a gigabyte or two beyond: what is huge must be refused, not tried.
  const limited = ['-c', 'ulimit -v 5000000 2>/dev/null; exec "$@"', 'sh', process.execPath, '--max-old-space-size=700', import.meta.filename, '--worker', '--seed', String(seed), ...(o.trace ? ['--trace'] : []), ...(o.abort === undefined ? [] : ['--abort', o.abort])];
  let at = first, bad = 0;
  console.log(`seed ${seed}, cases ${first} to ${end - 1}`);
  while (at < end) {
    const child = spawn('sh', [...limited, '--from', String(at), '--cases', String(end - at)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let noise = '', timer, slow = false;
    child.stderr.on('data', (d) => { noise = (noise + d).slice(-2000); });
    const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve([code, signal])));
    const wind = () => { clearTimeout(timer); timer = setTimeout(() => { slow = true; child.kill('SIGKILL'); }, Number(o.seconds) * 1000); };
    wind();
    for await (const line of createInterface({ input: child.stdout })) {
      wind();
      const [number, ...rest] = line.split(' ');
      at = Number(number);
      if (rest.length > 0) { bad++; console.log(line); }
    }
    clearTimeout(timer);
    const [code, signal] = await ended;
    if (code === 0) break;
    bad++;
    console.log(`case ${at}: ${slow ? `takes longer than ${o.seconds} s` : `the process ends with ${signal ?? code}`}\n${o.trace ? noise : noise.split('\n').filter((l) => /FATAL|ERROR|Assertion|terminate|Sanitizer|#\d/.test(l)).slice(0, 12).join('\n')}`);
    at++;
  }
  console.log(`${end - first} cases, ${bad} findings`);
  process.exitCode = bad > 0 ? 1 : 0;
}

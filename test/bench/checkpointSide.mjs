/** Our side of checkpoints.mjs: one job (JSON) as argument, in a process of its own; prints { ms, mb (growth of the peak of memory), bytesRead }. */
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const root = path.resolve(import.meta.dirname, '..', '..');
const require = createRequire(import.meta.url);
const out = (f) => require(path.join(root, 'out', 'extension', f));
const lib = require(path.join(root, 'dist', 'lib', 'index.js'));
const { runSync } = out('checkpoint/io.js');
const { openAny } = out('checkpoint/registry.js');
const { Source } = out('checkpoint/source.js');
const job = JSON.parse(process.argv[2]);

/** All statistics of a file as the engine process makes them: so many tensors at a time. */
async function allStats(opened, bins) {
  const names = [...opened.tensors.keys()];
  let next = 0;
  const lane = async () => { while (next < names.length) { const name = names[next++]; await lib.internal.fileStats(opened.tensors.get(name), name, { bins }); } };
  await Promise.all(Array.from({ length: lib.internal.statisticsLanes }, lane));
}
function model() {
  class Net extends lib.nn.Module {
    constructor() { super(); for (let i = 0; i < 256; i++) this[`layer${i}`] = new lib.nn.Linear(1024, 1024, { bias: false }); }
  }
  return new Net();
}
const open = () => { const source = Source.open(job.file); return { source, opened: runSync(openAny(source)) }; };

/** Each makes ready what is not measured, then gives what is. */
const jobs = {
  open: () => () => ({ bytesRead: open().source.bytesRead }),
  stats: () => async () => { await allStats(open().opened, job.bins); },
  load: () => () => ({ kept: lib.load(job.file) }),
  loadModel: () => { const net = model(); return () => { const c = lib.openCheckpoint(job.file); net.loadStateDict(c.tensors); c.close(); }; },
  loadLazy: () => { const net = model(); return () => { net.loadStateDict(lib.load(job.file, { mmap: true })); }; },
  save: () => { const state = lib.load(job.file); return () => { lib.save(state, job.to); }; },
  copy: () => {
    const opened = open().opened;
    const tensors = [...opened.tensors].map(([, t]) => [t, lib.zeros(t.shape)]);
    const places = tensors.map(([t]) => runSync(t.storage.region.place()));
    return () => { for (const [i, [t, to]] of tensors.entries()) lib.internal.native.readFile(to, 0, places[i].source.descriptor, places[i].offset, t.bytes); };
  },
  fault: () => () => ({ kept: Array.from({ length: 256 }, () => lib.zeros(job.bytes / 1024)) }),
};

const memory = (key) => { try { return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) / 1000; } catch { return process.memoryUsage().rss / 1e6; } };
const run = jobs[job.op]();
globalThis.gc?.();
try { fs.writeFileSync('/proc/self/clear_refs', '5'); } catch { /* the peak then counts from the start */ }
const before = memory('VmRSS');
const start = performance.now();
const result = await run();
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, mb: Math.max(0, memory('VmHWM') - before), bytesRead: result?.bytesRead ?? 0 }));
if (job.to) fs.rmSync(job.to);

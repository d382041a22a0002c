/**
 * `npm run fuzz:checkpoints [-- --seconds N --seed S]`: coverage-guided fuzzing of every checkpoint reader, and of the native statistics over file
 * bytes. Starts from the corpus; findings are written to out/fuzz. Needs a build. Jazzer.js 4, the well-kept fuzzer for JavaScript, needs
 * glibc 2.38, newer than Debian 12's, so coverage.mjs does its work on V8's own coverage.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fork, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { explore, hash, loadFolder } from './coverage.mjs';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '300' }, seed: { type: 'string', default: String(Date.now() % 1e9) }, child: { type: 'boolean', default: false } } });
const root = path.resolve(import.meta.dirname, '..', '..');
const out = path.join(root, 'out', 'fuzz');
const corpus = path.join(out, 'corpus');
const endings = ['.pt', '.safetensors', '.npz', '.npy', '.gguf', '.pkl', '.index.json'];
const PICKLE = endings.length;
const ZIPPED = PICKLE + 1;

/** Every small file of the corpus, under the byte that says what it is; pickles also on their own and inside a good file. */
function seeds() {
  const data = path.join(root, 'test', 'data', 'checkpoints');
  const all = [];
  for (const name of fs.readdirSync(data, { recursive: true }).map(String).sort()) {
    const kind = endings.findIndex((k) => name.endsWith(k) || (k === '.pt' && name.endsWith('.pth')));
    const file = path.join(data, name);
    if (kind < 0 || fs.statSync(file).size > 16000) continue;
    const bytes = fs.readFileSync(file);
    all.push(Buffer.concat([Buffer.from([kind]), bytes]));
    const at = bytes.indexOf(Buffer.from([0x80, 2]));
    if (kind === 0 && at >= 0) for (const k of [PICKLE, ZIPPED]) all.push(Buffer.concat([Buffer.from([k]), bytes.subarray(at, at + 2048)]));
  }
  return all;
}
const text = (s) => Buffer.from(s, 'latin1');
const dictionary = [
  ...['ctorch._utils\n_rebuild_tensor_v2\n', 'ctorch._utils\n_rebuild_tensor_v3\n', 'ctorch._utils\n_rebuild_parameter\n', 'ctorch._utils\n_rebuild_qtensor\n', 'ctorch._utils\n_rebuild_sparse_tensor\n', 'ctorch._tensor\n_rebuild_from_type_v2\n',
    'ctorch\nFloatStorage\n', 'ctorch.storage\nUntypedStorage\n', 'ctorch\nfloat8_e5m2\n', 'ccollections\nOrderedDict\n', 'c__builtin__\nset\n', 'c_codecs\nencode\n', 'cos\nsystem\n', 'storage', 'cpu', '_metadata',
    '(', ')', 't', 'R', 'b', 'Q', '}', ']', 'a', 'e', 's', 'u', '0', '2', 'q\x00', 'h\x00', '\x85', '\x86', '\x87', '\x81', '\x93', '\x94', '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f', '.',
    'PK\x01\x02', 'PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07', 'PK\x07\x08', '"dtype":"F32"', '"shape":[', '"data_offsets":[0,4]', '"__metadata__"', '{"', '":', '\\ud800', "'descr': ", "'fortran_order': True", "'|O'", 'GGUF', 'general.alignment'].map(text),
];

if (options.child) {
  const { fuzz } = createRequire(import.meta.url)(path.join(root, 'out', 'test', 'fuzz', 'checkpointTarget.js'));
  const stats = await explore({
    fuzz, dictionary, seeds: [...seeds(), ...loadFolder(corpus)], code: '/out/extension/checkpoint/', seconds: Number(options.seconds), seed: Number(options.seed),
    report: (s) => process.send({ ...s, rss: process.memoryUsage().rss }),
    found: (input, error) => { const file = path.join(out, `finding-${hash(input)}`); fs.writeFileSync(file, input); console.error(`✘ ${file}\n${error?.stack ?? error}`); },
    keep: (input) => fs.writeFileSync(path.join(corpus, hash(input)), input),
  });
  process.exit(stats.findings > 0 ? 1 : 0);
}

fs.mkdirSync(corpus, { recursive: true });
console.log(`\n── readers: ${options.seconds} s, seed ${options.seed}`);
const folder = fs.mkdtempSync(path.join(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'weightroom-fuzz-'));
const child = fork(import.meta.filename, ['--child', '--seconds', options.seconds, '--seed', options.seed], { env: { ...process.env, WEIGHTROOM_FUZZ_FOLDER: folder }, execArgv: ['--max-old-space-size=1024'] });
try { os.setPriority(child.pid, 15); } catch { /* it runs as it is */ }
let last = null;
let heard = Date.now();
child.on('message', (s) => { last = s; heard = Date.now(); });
// One input may take a second or two on a busy machine; half a minute is a hang, unless this process stood still, too.
let ticked = Date.now();
const watch = setInterval(() => {
  const now = Date.now();
  if (now - ticked > 5000) heard = now;
  ticked = now;
  if (now - heard > 30_000) child.kill('SIGKILL');
}, 1000);
const code = await new Promise((done) => child.once('exit', (c, signal) => done(signal ?? c)));
clearInterval(watch);
if (last !== null) console.log(`${last.runs} inputs, ${last.corpus} kept, ${last.reached} characters of code reached, slowest ${last.slowest.toFixed(0)} ms, ${(last.rss / 1e6).toFixed(0)} MB, ${last.findings} findings`);
if (code !== 0 && code !== 1) {
  fs.cpSync(folder, path.join(out, 'crash'), { recursive: true });
  console.error(`✘ the process ended with ${code}: its last input is among the files of ${path.join(out, 'crash')}`);
}
fs.rmSync(folder, { recursive: true, force: true });

const clang = ['clang++', 'clang++-19', 'clang++-16'].find((c) => spawnSync(c, ['--version']).status === 0);
if (clang === undefined) console.log('\n⚠ no clang++ 16 or newer for libFuzzer (Debian: clang-16 libclang-rt-16-dev): random bytes under g++\'s sanitizers instead');
const native = spawnSync(process.execPath, [path.join(import.meta.dirname, 'stats.mjs'), '--seconds', String(Math.min(120, Number(options.seconds))), ...(clang ? ['--clang', clang] : [])], { stdio: 'inherit' }).status;
process.exit(code === 0 && native === 0 ? 0 : 1);

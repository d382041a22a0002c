/** Builds and runs stats.cpp: with libFuzzer when --clang names a clang++, else under g++'s sanitizers with random bytes. */
import fs from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, clang: { type: 'string' } } });
const root = path.resolve(import.meta.dirname, '..', '..');
const out = path.join(root, 'out', 'fuzz');
fs.mkdirSync(out, { recursive: true });
const native = path.join(root, 'native');
const program = path.join(out, 'stats');
const sources = [path.join(import.meta.dirname, 'stats.cpp'), path.join(native, 'stats', 'stats.cpp'), path.join(native, 'stats', 'blocks.cpp')];
const flags = ['-std=c++20', '-O1', '-g', '-I', native, ...sources, '-lhwy', '-o', program];
const run = (command, args) => spawnSync(command, args, { stdio: 'inherit' }).status ?? 1;

const sanitize = options.clang ? '-fsanitize=fuzzer,address,undefined' : '-fsanitize=address,undefined';
console.log(`\n── native statistics: ${options.clang ? `libFuzzer (${options.clang})` : 'random bytes under g++ sanitizers'} for ${options.seconds} s`);
if (run(options.clang ?? 'g++', [sanitize, '-fno-sanitize-recover=all', ...(options.clang ? [] : ['-DSTANDALONE']), ...flags]) !== 0) process.exit(1);
const corpus = path.join(out, 'stats-corpus');
fs.mkdirSync(corpus, { recursive: true });
process.exit(run('nice', [program, ...(options.clang ? [corpus, `-max_total_time=${options.seconds}`, '-max_len=8192', `-artifact_prefix=${out}${path.sep}stats-`, '-verbosity=0', '-print_final_stats=1'] : [options.seconds])]));

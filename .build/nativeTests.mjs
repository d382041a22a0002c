/** `node .build/nativeTests.mjs [sanitizers]`: builds and runs the C++ units, by default under AddressSanitizer and UBSan. */
import path from 'node:path';
import { root, run, say } from './run.mjs';

const sanitizers = process.argv[2] ?? 'address,undefined';
const build = path.join(root, 'dist', `native-${sanitizers.replace(/\W/g, '-')}`);
say(`C++ units with -fsanitize=${sanitizers}`);
run('cmake', ['-S', 'native', '-B', build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=RelWithDebInfo', `-DWEIGHTROOM_SANITIZE=${sanitizers}`, '--log-level=WARNING']);
run('cmake', ['--build', build, '-j', '2', '--target', 'weightroom_tests']);
run('ctest', ['--test-dir', build, '--output-on-failure', '--no-tests=error'], { env: { ...process.env, UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1', ASAN_OPTIONS: 'detect_leaks=0' } });

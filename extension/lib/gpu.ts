/** Starts the GPU worker when a program first asks for the device; one worker a process, whoever asks first. */
import fs from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { RuntimeError } from './errors';
import { native } from './native';

let checked = false;
let ready = false;

function workerFile(): string {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'dist', 'engine', 'gpu.js');
    if (fs.existsSync(file)) return file;
    if (path.dirname(dir) === dir) throw new RuntimeError('Weightroom: dist/engine/gpu.js is not there; run "npm run build"');
  }
}

/** Whether the device can be used; the first call waits for the worker (a fraction of a second). */
export function webgpuReady(): boolean {
  if (checked) return ready;
  if (native['gpuClaimStart']()) {
    const worker = new Worker(workerFile(), { stdout: false, stderr: false });
    // A program that used the GPU still ends by itself.
    worker.unref();
    worker.on('error', (error) => native['gpuFailed'](error.message));
  }
  ready = native['gpuWaitReady']();
  checked = true;
  return ready;
}
/** The adapter, or why there is none. */
export function webgpuDetail(): string {
  webgpuReady();
  return native['gpuDetail']();
}
/** Throws RuntimeError naming the reason when the device cannot be used. */
export function needWebgpu(): void {
  if (!webgpuReady()) throw new RuntimeError(`device 'webgpu' is not available: ${native['gpuDetail']()}`);
}

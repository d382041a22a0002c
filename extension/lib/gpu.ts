/** Starts the GPU worker when a program first asks for the device: one worker a process, one command queue a thread. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, Worker } from 'node:worker_threads';

import { RuntimeError } from './errors';
import { native } from './native';

/** How long the end of the process waits for the worker to finish what it has begun on the device. */
const REST_MS = 5000;

function workerFile(): string {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'dist', 'engine', 'gpu.js');
    if (fs.existsSync(file)) return file;
    if (path.dirname(dir) === dir) throw new Error('dist/engine/gpu.js is not there; run "npm run build"');
  }
}

function startWorker(generation: number): void {
  try {
    const worker = new Worker(workerFile(), { workerData: { generation } });
    // A program that used the GPU still ends by itself.
    worker.unref();
    worker.on('error', (error) => native['gpuFailed'](generation, error.message, true));
    // Ending a thread inside a Dawn call would abort the process.
    process.once('exit', () => native['gpuRest'](REST_MS));
  } catch (error) {
    native['gpuFailed'](generation, (error as Error).message, false);
  }
}

native['gpuInit'](() => {}, isMainThread ? () => {
  const generation = native['gpuAccept']() as number;
  if (generation > 0) startWorker(generation);
} : null);

function claim(): void {
  const generation = native['gpuClaim'](isMainThread) as number;
  if (generation > 0) startWorker(generation);
}

/** Whether the device can be used; the first call waits for the worker (a fraction of a second). */
export function webgpuReady(): boolean {
  if (native['gpuIsOpen']()) return true;
  claim();
  return native['gpuOpen']();
}
/** The same without blocking the thread. */
export async function webgpuStarted(): Promise<boolean> {
  claim();
  while (native['gpuIsStarting']()) await delay(20);
  return webgpuReady();
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

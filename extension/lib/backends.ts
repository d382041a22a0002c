/** What the machine offers: devices and threads. */
import { webgpuDetail, webgpuReady } from './gpu';
import { native } from './native';

/** What this machine offers: `backends.cpu` and `backends.webgpu`, the GPU. */
export const backends = {
  cpu: {
    isAvailable: (): boolean => true,
    /** The vector instruction set chosen at run time. */
    simd: (): string => native['simd'](),
  },
  webgpu: {
    /** Whether a WebGPU adapter can be used from this process. */
    isAvailable: (): boolean => webgpuReady(),
    /** The adapter's name, or why there is none. */
    detail: (): string => webgpuDetail(),
  },
};
/** Threads for parallel work of this environment. */
export function setNumThreads(n: number): void { native['setNumThreads'](n); }
/** How many threads parallel work uses. */
export function getNumThreads(): number { return native['getNumThreads'](); }

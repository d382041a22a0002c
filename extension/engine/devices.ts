/** What this machine computes on. */
import os from 'node:os';

import { backends, getNumThreads } from '../lib/index';
import type { DeviceInfo } from '../protocol/engine';

export function devices(): DeviceInfo[] {
  const { cpu, webgpu } = backends;
  return [
    { name: 'cpu', available: true, detail: `${os.cpus()[0]?.model.trim() ?? 'CPU'}, ${cpu.simd()}, ${getNumThreads()} threads` },
    { name: 'webgpu', available: webgpu.isAvailable(), detail: webgpu.detail() },
  ];
}

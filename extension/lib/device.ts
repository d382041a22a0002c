/** Devices: 'cpu' and 'webgpu' (':0', alias 'gpu'). */
import { inspect } from 'node:util';

import { RuntimeError } from './errors';
import { needWebgpu } from './gpu';

/** Where tensors lie: the type and, of a GPU, which one. Made by device(). */
export class Device {
  /**
   * @param type cpu or webgpu.
   * @param index Which one of several; null for the CPU.
   */
  constructor(readonly type: 'cpu' | 'webgpu', readonly index: number | null) {}
  /** The engine's number of the device. */
  get code(): number {
    if (this.type === 'cpu') return 0;
    needWebgpu();
    return 1;
  }
  /** As PyTorch writes it: cpu, webgpu:0. */
  toString(): string { return this.index === null ? this.type : `${this.type}:${this.index}`; }
  [inspect.custom](): string {
    return this.index === null ? `device(type='${this.type}')` : `device(type='${this.type}', index=${this.index})`;
  }
}

/** A device or its name: 'cpu', 'webgpu', 'webgpu:0', 'gpu'. */
export type DeviceLike = Device | string;

/** Parses `cpu`, `webgpu`, `webgpu:0` or `gpu`. Throws RuntimeError for anything else. */
export function device(d: DeviceLike): Device {
  if (d instanceof Device) return d;
  const m = /^(cpu|webgpu|gpu)(?::(\d+))?$/.exec(d);
  if (d === '') throw new RuntimeError('Device string must not be empty');
  if (!/^[a-zA-Z_]+(:(0|[1-9]\d*))?$/.test(d)) throw new RuntimeError(`Invalid device string: '${d}'`);
  if (!m) throw new RuntimeError(`Expected one of cpu, webgpu device type at start of device string: ${d}`);
  const type = m[1] === 'cpu' ? 'cpu' : 'webgpu';
  const index = m[2] === undefined ? null : Number(m[2]);
  if (index !== null && index > 0) throw new RuntimeError(`invalid device ordinal: ${d} (there is one ${type} device, ${type}:0)`);
  return new Device(type, type === 'webgpu' ? (index ?? 0) : index);
}

export const cpuDevice = new Device('cpu', null);
const webgpuDevice = new Device('webgpu', 0);
/** @internal */
export function deviceByCode(code: number): Device { return code === 0 ? cpuDevice : webgpuDevice; }

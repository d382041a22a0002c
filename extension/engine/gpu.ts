/**
 * The GPU worker: owns the WebGPU device (Dawn, by the package webgpu) and does what the native command queues say
 * (native/kernels/webgpu/queue.h). It knows no tensors: buffers, pipelines, dispatches and reads.
 */
import { workerData } from 'node:worker_threads';

import { native } from '../lib/native';
import { Executor } from './gpuExecutor';

const { generation } = workerData as { generation: number };

/** Kept for good: Dawn's instance must outlive everything that its event loop still turns for. */
let instance: GPU;

function failed(why: string, again: boolean): void {
  native['gpuFailed'](generation, why, again);
}

async function openDevice(): Promise<{ device: GPUDevice; name: string; bytes: number } | null> {
  let module: { create(flags: string[]): GPU };
  try {
    module = (await import('webgpu')) as unknown as typeof module;
  } catch (error) {
    failed(`the package webgpu could not be loaded on ${process.platform}-${process.arch}: ${(error as Error).message.split('\n')[0]}`, false);
    return null;
  }
  instance = module.create([]);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    failed('no WebGPU adapter was found (a GPU with a Metal, Vulkan or D3D12 driver is needed)', false);
    return null;
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  const { vendor, architecture, description } = adapter.info;
  const name = [description || vendor, architecture].filter(Boolean).join(' ') || 'WebGPU adapter';
  return { device, name, bytes: Math.min(maxBufferSize, maxStorageBufferBindingSize) };
}

async function main(): Promise<void> {
  const opened = await openDevice();
  if (opened === null) return;
  const executor = new Executor(opened.device);
  void opened.device.lost.then((info) => failed(`the device was lost: ${info.message || info.reason}`, true));

  let pumping = false;
  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    try {
      for (let words = native['gpuTake'](generation); words !== null; words = native['gpuTake'](generation)) {
        executor.run(words as Uint32Array);
        await executor.room();
      }
      if (native['gpuShouldRest'](generation)) {
        await executor.rest();
        native['gpuRested']();
      }
    } catch (error) {
      failed(`a command could not be done: ${(error as Error).message}`, true);
    } finally {
      pumping = false;
    }
  };
  native['gpuAttach'](generation, () => void pump());
  native['gpuReady'](generation, opened.name, opened.bytes);
}

main().catch((error: Error) => failed(error.message, true));

/**
 * The GPU worker: owns the WebGPU device (Dawn, by the package webgpu) and does what the native command queue says
 * (native/kernels/webgpu/queue.h). It knows no tensors: buffers, pipelines, dispatches and reads.
 */
import { native } from '../lib/native';

const MAP_READ = 1, COPY_SRC = 4, COPY_DST = 8, STORAGE = 128, COMPUTE = 4;
enum Command { create = 1, destroy, write, read, pipeline, dispatch }
/** Parameters of the dispatches of one submit. */
const PARAM_BYTES = 1 << 20;

interface Pipeline { pipeline: GPUComputePipeline; layout: GPUBindGroupLayout }

class Executor {
  private readonly buffers = new Map<number, GPUBuffer>();
  private readonly pipelines = new Map<number, Pipeline>();
  private readonly params: GPUBuffer;
  private readonly paramWords = new Uint32Array(PARAM_BYTES / 4);
  private paramAt = 0;
  private readonly align: number;
  private encoder: GPUCommandEncoder | null = null;
  private pass: GPUComputePassEncoder | null = null;
  /** The first thing that went wrong since the last read, which reports it. */
  private error: string | null = null;
  private checks: Promise<void>[] = [];

  constructor(private readonly device: GPUDevice) {
    this.params = device.createBuffer({ size: PARAM_BYTES, usage: STORAGE | COPY_DST });
    this.align = device.limits.minStorageBufferOffsetAlignment / 4;
    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
  }

  run(words: Uint32Array): void {
    for (let at = 0; at < words.length; at += words[at + 1]!) this.one(words[at]! as Command, words.subarray(at + 2, at + words[at + 1]!));
    this.submit();
  }

  private one(command: Command, w: Uint32Array): void {
    switch (command) {
      case Command.create:
        this.buffers.set(w[0]!, this.device.createBuffer({ size: w[1]! + w[2]! * 2 ** 32, usage: STORAGE | COPY_SRC | COPY_DST }));
        return;
      case Command.destroy:
        this.submit();
        this.buffers.get(w[0]!)?.destroy();
        this.buffers.delete(w[0]!);
        return;
      case Command.write:
        // Queue writes overtake what is only encoded.
        this.submit();
        this.device.queue.writeBuffer(this.buffers.get(w[0]!)!, 0, w as Uint32Array<ArrayBuffer>, 2, Math.ceil(w[1]! / 4));
        return;
      case Command.read:
        this.read(w[0]!, w[1]!, w[2]!);
        return;
      case Command.pipeline:
        this.pipelines.set(w[0]!, this.makePipeline(w[1]!, w[2]!, Buffer.from(w.buffer, w.byteOffset + 16, w[3]!).toString()));
        return;
      case Command.dispatch:
        this.dispatch(w);
        return;
      default: command satisfies never;
    }
  }

  private makePipeline(count: number, writable: number, code: string): Pipeline {
    const entries = Array.from({ length: count + 1 }, (_, binding): GPUBindGroupLayoutEntry => ({ binding, visibility: COMPUTE, buffer: { type: binding > 0 && (writable >> (binding - 1)) & 1 ? 'storage' : 'read-only-storage' } }));
    const layout = this.device.createBindGroupLayout({ entries });
    const module = this.device.createShaderModule({ code });
    return { layout, pipeline: this.device.createComputePipeline({ layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }), compute: { module, entryPoint: 'main' } }) };
  }

  private dispatch(w: Uint32Array): void {
    const [id, x, y, z, count] = w as unknown as [number, number, number, number, number];
    const { pipeline, layout } = this.pipelines.get(id)!;
    const params = w.subarray(5 + count);
    if (this.paramAt + params.length > this.paramWords.length) this.submit();
    const offset = this.paramAt;
    this.paramWords.set(params, offset);
    this.paramAt = Math.ceil((offset + Math.max(1, params.length)) / this.align) * this.align;
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: this.params, offset: offset * 4, size: Math.max(4, params.length * 4) } }];
    for (let k = 0; k < count; k++) entries.push({ binding: k + 1, resource: { buffer: this.buffers.get(w[5 + k]!)! } });
    this.encoder ??= this.device.createCommandEncoder();
    this.pass ??= this.encoder.beginComputePass();
    this.pass.setPipeline(pipeline);
    this.pass.setBindGroup(0, this.device.createBindGroup({ layout, entries }));
    this.pass.dispatchWorkgroups(x, y, z);
  }

  private submit(): void {
    if (this.encoder === null) return;
    this.pass?.end();
    this.pass = null;
    if (this.paramAt > 0) this.device.queue.writeBuffer(this.params, 0, this.paramWords, 0, Math.min(this.paramAt, this.paramWords.length));
    this.paramAt = 0;
    this.device.queue.submit([this.encoder.finish()]);
    this.encoder = null;
  }

  private read(id: number, bytes: number, ticket: number): void {
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    this.encoder ??= this.device.createCommandEncoder();
    this.pass?.end();
    this.pass = null;
    this.encoder.copyBufferToBuffer(this.buffers.get(id)!, 0, staging, 0, size);
    this.submit();
    this.check();
    const checks = this.checks;
    this.checks = [];
    void (async () => {
      try {
        await staging.mapAsync(1);
        await Promise.all(checks);
        const error = this.error;
        this.error = null;
        if (error !== null) native['gpuDone'](ticket, null, error);
        else native['gpuDone'](ticket, new Uint8Array(staging.getMappedRange()).slice(0, bytes), null);
      } catch (e) {
        native['gpuDone'](ticket, null, this.error ?? (e as Error).message);
      } finally {
        staging.destroy();
      }
    })();
  }

  /** Closes the error scopes around the work so far and opens the next. */
  private check(): void {
    for (let i = 0; i < 2; i++) {
      this.checks.push(this.device.popErrorScope().then((e) => {
        if (e !== null) this.error ??= 'reason' in e ? String(e.reason) : e.message.split('\n').slice(0, 6).join(' ');
      }));
    }
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
  }
}

/** Kept for good: Dawn's instance must outlive everything that its event loop still turns for. */
let instance: GPU;

async function main(): Promise<void> {
  let module: { create(flags: string[]): GPU };
  try {
    module = (await import('webgpu')) as unknown as typeof module;
  } catch (error) {
    native['gpuFailed'](`the package webgpu could not be loaded on ${process.platform}-${process.arch}: ${(error as Error).message.split('\n')[0]}`);
    return;
  }
  instance = module.create([]);
  const adapter = await instance.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    native['gpuFailed']('no WebGPU adapter was found (a GPU with a Metal, Vulkan or D3D12 driver is needed)');
    return;
  }
  const bytes = Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize);
  const device = await adapter.requestDevice({ requiredLimits: { maxBufferSize: adapter.limits.maxBufferSize, maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize } });
  void device.lost.then((info) => native['gpuFailed'](`the device was lost: ${info.message || info.reason}`));
  const executor = new Executor(device);
  native['gpuAttach'](() => {
    for (let words = native['gpuTake'](); words !== null; words = native['gpuTake']()) {
      try {
        executor.run(words as Uint32Array);
      } catch (error) {
        native['gpuFailed'](`a command could not be done: ${(error as Error).message}`);
      }
    }
  });
  const { vendor, architecture, description } = adapter.info;
  native['gpuReady']([description || vendor, architecture].filter(Boolean).join(' ') || 'WebGPU adapter', bytes);
}

main().catch((error: Error) => native['gpuFailed'](error.message));

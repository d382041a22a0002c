/** Carries out the commands of native/kernels/webgpu/queue.h on a WebGPU device, in order, many to a submit. */
import { native } from '../lib/native';

const MAP_READ = 1, COPY_SRC = 4, COPY_DST = 8, STORAGE = 128, COMPUTE = 4;
enum Command { create = 1, destroy, write, read, pipeline, dispatch }

/** Parameters of the dispatches of one submit; a kernel sees a window of it. */
const PARAM_BYTES = 1 << 20, WINDOW = 4096;
/** Small writes travel inside the submit; larger ones go to the device's own queue. */
const UPLOAD_BYTES = 1 << 20, SMALL = 1 << 16;
/** Submits that may be under way before the next waits: bounds what the driver must hold. */
const MOST_UNDERWAY = 8;
const STATUS_BYTES = 16, MOST_GROUPS = 4096, MOST_STAGING = 1 << 26;

interface Pipeline { pipeline: GPUComputePipeline; layout: GPUBindGroupLayout; shape: string; name: string }
interface Read { ticket: number; bytes: number; staging: GPUBuffer; statusAt: number | null }
/** What one queue has besides buffers. */
interface Lane { status: GPUBuffer | null; checked: boolean; error: string | null }

export class Executor {
  private readonly buffers = new Map<number, GPUBuffer>();
  private readonly pipelines = new Map<number, Pipeline>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly groups = new Map<string, GPUBindGroup>();
  private readonly lanes = new Map<number, Lane>();
  private readonly staging = new Map<number, GPUBuffer[]>();
  private stagingBytes = 0;
  private readonly params: GPUBuffer;
  private readonly paramWords = new Uint32Array((PARAM_BYTES + WINDOW) / 4);
  private paramAt = 0;
  private readonly upload: GPUBuffer;
  private readonly uploadWords = new Uint32Array(UPLOAD_BYTES / 4);
  private uploadAt = 0;
  private readonly align: number;
  private encoder: GPUCommandEncoder | null = null;
  private pass: GPUComputePassEncoder | null = null;
  /** Names of the kernels since the last look at errors. */
  private names = new Set<string>();
  private readonly queue0: Lane = { status: null, checked: false, error: null };
  private broken: string | null = null;
  private readonly underway = new Set<Promise<unknown>>();
  private submits: Promise<unknown>[] = [];
  private queue = 0;
  private reads: Read[] = [];

  constructor(private readonly device: GPUDevice) {
    this.params = device.createBuffer({ size: PARAM_BYTES + WINDOW, usage: STORAGE | COPY_DST });
    this.upload = device.createBuffer({ size: UPLOAD_BYTES, usage: COPY_SRC | COPY_DST });
    this.lanes.set(0, this.queue0);
    this.align = device.limits.minStorageBufferOffsetAlignment / 4;
  }

  /** One queue's commands, its id before them. */
  run(words: Uint32Array): void {
    this.queue = words[0]!;
    const lane = this.lane();
    this.device.pushErrorScope('validation');
    this.device.pushErrorScope('out-of-memory');
    for (let at = 1; at < words.length; at += words[at + 1]!) this.one(words[at]! as Command, words.subarray(at + 2, at + words[at + 1]!));
    this.submit();
    const names = [...this.names].slice(0, 8).join(', ');
    this.names = new Set();
    const note = (what: string) => (e: GPUError | null): void => {
      if (e === null) return;
      const text = `${what}${names === '' ? '' : ` (running ${names})`}: ${e.message.split('\n').slice(0, 6).join(' ')}`;
      // A kernel that does not compile says so before anything uses it.
      if (this.queue0 === lane) this.broken ??= text;
      lane.error ??= this.broken ?? text;
    };
    const checks = Promise.all([this.device.popErrorScope().then(note('out of memory')), this.device.popErrorScope().then(note('invalid work'))]);
    this.follow(checks);
    for (const r of this.reads) this.follow(this.finish(this.queue, lane, r, checks));
    this.reads = [];
  }

  /** Resolves when another submit may be begun. */
  async room(): Promise<void> {
    this.submits.push(this.device.queue.onSubmittedWorkDone());
    if (this.submits.length > MOST_UNDERWAY) await this.submits.shift();
  }
  /** Resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    await Promise.allSettled([...this.underway, ...this.submits]);
  }
  private follow(p: Promise<unknown>): void {
    this.underway.add(p);
    p.catch(() => {}).finally(() => this.underway.delete(p));
  }

  private lane(): Lane {
    let lane = this.lanes.get(this.queue);
    if (lane === undefined) this.lanes.set(this.queue, (lane = { status: null, checked: false, error: null }));
    return lane;
  }
  private buffer(id: number): GPUBuffer {
    const b = this.buffers.get(id);
    if (b === undefined) throw new Error(`there is no buffer ${id}`);
    return b;
  }

  private one(command: Command, w: Uint32Array): void {
    switch (command) {
      case Command.create:
        this.buffers.set(w[0]!, this.device.createBuffer({ size: w[1]! + w[2]! * 2 ** 32, usage: STORAGE | COPY_SRC | COPY_DST }));
        return;
      case Command.destroy:
        this.submit();
        this.buffer(w[0]!).destroy();
        this.buffers.delete(w[0]!);
        return;
      case Command.write: return this.write(this.buffer(w[0]!), w.subarray(2));
      case Command.read: return this.read(w[0]!, w[1]!, w[2]!);
      case Command.pipeline: return this.definePipeline(w);
      case Command.dispatch: return this.dispatch(w);
      default: command satisfies never;
    }
  }

  private write(to: GPUBuffer, words: Uint32Array): void {
    const bytes = words.byteLength;
    if (bytes > SMALL) {
      // The queue's writes overtake what is only encoded.
      this.submit();
      this.device.queue.writeBuffer(to, 0, words as Uint32Array<ArrayBuffer>);
      return;
    }
    if (this.uploadAt + words.length > this.uploadWords.length) this.submit();
    this.uploadWords.set(words, this.uploadAt);
    this.copies().copyBufferToBuffer(this.upload, this.uploadAt * 4, to, 0, bytes);
    this.uploadAt += words.length;
  }

  /** The encoder, outside any compute pass. */
  private copies(): GPUCommandEncoder {
    this.encoder ??= this.device.createCommandEncoder();
    this.pass?.end();
    this.pass = null;
    return this.encoder;
  }

  private definePipeline(w: Uint32Array): void {
    const [id, count, writable, nameBytes, codeBytes] = w as unknown as [number, number, number, number, number];
    const text = Buffer.from(w.buffer, w.byteOffset + 20, nameBytes + codeBytes);
    const name = text.subarray(0, nameBytes).toString(), code = text.subarray(nameBytes).toString();
    const shape = `${count}/${writable}`;
    let layout = this.layouts.get(shape);
    if (layout === undefined) {
      const entries = Array.from({ length: count + 1 }, (_, binding): GPUBindGroupLayoutEntry => ({
        binding, visibility: COMPUTE,
        buffer: { type: binding > 0 && (writable >> (binding - 1)) & 1 ? 'storage' : 'read-only-storage', hasDynamicOffset: binding === 0 },
      }));
      this.layouts.set(shape, (layout = this.device.createBindGroupLayout({ entries })));
    }
    this.names.add(name);
    const module = this.device.createShaderModule({ label: name, code });
    const pipeline = this.device.createComputePipeline({ label: name, layout: this.device.createPipelineLayout({ bindGroupLayouts: [layout] }), compute: { module, entryPoint: 'main' } });
    this.pipelines.set(id, { pipeline, layout, shape, name });
  }

  private dispatch(w: Uint32Array): void {
    const [id, x, y, z, count] = w as unknown as [number, number, number, number, number];
    const p = this.pipelines.get(id)!;
    const params = w.subarray(5 + count);
    if (params.byteLength > WINDOW) throw new Error(`${p.name} has ${params.length} parameters`);
    if (this.paramAt * 4 + WINDOW > PARAM_BYTES) this.submit();
    const offset = this.paramAt;
    this.paramWords.set(params, offset);
    this.paramAt = Math.ceil((offset + Math.max(1, params.length)) / this.align) * this.align;
    const group = this.group(p, w.subarray(5, 5 + count));
    this.encoder ??= this.device.createCommandEncoder();
    this.pass ??= this.encoder.beginComputePass();
    this.pass.setPipeline(p.pipeline);
    this.pass.setBindGroup(0, group, [offset * 4]);
    this.pass.dispatchWorkgroups(x, y, z);
    this.names.add(p.name);
  }

  /** Buffers are used together again and again: their bind groups are kept. */
  private group(p: Pipeline, ids: Uint32Array): GPUBindGroup {
    let key = p.shape;
    for (const id of ids) key += id === 0 ? `,s${this.queue}` : `,${id}`;
    let group = this.groups.get(key);
    if (group !== undefined) {
      if (ids[ids.length - 1] === 0) this.lane().checked = true;
      return group;
    }
    const entries: GPUBindGroupEntry[] = [{ binding: 0, resource: { buffer: this.params, size: WINDOW } }];
    ids.forEach((id, k) => entries.push({ binding: k + 1, resource: { buffer: id === 0 ? this.status() : this.buffer(id) } }));
    group = this.device.createBindGroup({ layout: p.layout, entries });
    if (this.groups.size >= MOST_GROUPS) this.groups.clear();
    this.groups.set(key, group);
    return group;
  }
  private status(): GPUBuffer {
    const lane = this.lane();
    lane.checked = true;
    return (lane.status ??= this.device.createBuffer({ size: STATUS_BYTES, usage: STORAGE | COPY_SRC | COPY_DST }));
  }

  private submit(): void {
    if (this.encoder === null) return;
    this.pass?.end();
    this.pass = null;
    if (this.paramAt > 0) this.device.queue.writeBuffer(this.params, 0, this.paramWords, 0, this.paramAt);
    if (this.uploadAt > 0) this.device.queue.writeBuffer(this.upload, 0, this.uploadWords, 0, this.uploadAt);
    this.paramAt = this.uploadAt = 0;
    this.device.queue.submit([this.encoder.finish()]);
    this.encoder = null;
  }

  private read(id: number, bytes: number, ticket: number): void {
    const lane = this.lane();
    const aligned = Math.ceil(bytes / 4) * 4;
    const staging = this.takeStaging(aligned + STATUS_BYTES);
    if (aligned > 0) this.copies().copyBufferToBuffer(this.buffer(id), 0, staging, 0, aligned);
    let statusAt: number | null = null;
    if (lane.checked) {
      statusAt = aligned;
      this.copies().copyBufferToBuffer(lane.status!, 0, staging, aligned, STATUS_BYTES);
      this.copies().clearBuffer(lane.status!);
      lane.checked = false;
    }
    this.reads.push({ ticket, bytes, staging, statusAt });
  }

  private async finish(queue: number, lane: Lane, r: Read, checks: Promise<unknown>): Promise<void> {
    try {
      await Promise.all([r.staging.mapAsync(MAP_READ), checks]);
      const error = lane.error;
      lane.error = null;
      const mapped = r.staging.getMappedRange();
      const s = r.statusAt === null ? [0, 0, 0] : [...new Uint32Array(mapped, r.statusAt, 3)];
      native['gpuDone'](queue, r.ticket, r.bytes > 0 ? new Uint8Array(mapped, 0, r.bytes) : null, error, s[0], s[1], s[2]);
      r.staging.unmap();
      this.giveStaging(r.staging);
    } catch (e) {
      native['gpuDone'](queue, r.ticket, null, lane.error ?? (e as Error).message, 0, 0, 0);
      lane.error = null;
      r.staging.destroy();
    }
  }

  private takeStaging(bytes: number): GPUBuffer {
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)));
    const kept = this.staging.get(size)?.pop();
    if (kept === undefined) return this.device.createBuffer({ size: size > MOST_STAGING ? Math.ceil(bytes / 4) * 4 : size, usage: MAP_READ | COPY_DST });
    this.stagingBytes -= size;
    return kept;
  }
  private giveStaging(b: GPUBuffer): void {
    if (this.stagingBytes + b.size > MOST_STAGING) return b.destroy();
    this.stagingBytes += b.size;
    const list = this.staging.get(b.size);
    if (list === undefined) this.staging.set(b.size, [b]);
    else list.push(b);
  }
}

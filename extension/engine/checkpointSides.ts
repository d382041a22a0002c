/** Where tensors come from: a file, or a live model in the runner. Both look like tensors of a file to everything else. */
import type { FileTensor } from '../checkpoint/tensor';
import { FileStorage, FileTensor as Tensor, contiguousStride } from '../checkpoint/tensor';
import { CheckpointError } from '../checkpoint/errors';
import { call, type Io } from '../checkpoint/io';
import type { Region } from '../checkpoint/region';
import type { Side } from '../protocol/checkpoint';
import type { OpenFiles } from './checkpointFiles';
import { LiveBytes, LiveTensors } from './runnerMessages';
import type { RunnerHost } from './runnerHost';

/** A live tensor's bytes, copied over from the runner in the pieces asked for. */
class LiveRegion implements Region {
  readonly sequential = false;
  constructor(private readonly runner: RunnerHost, private readonly model: string, private readonly name: string, readonly size: number) {}
  *read(offset: number, length: number): Io<Buffer> {
    return (yield* call({
      sync: () => { throw new Error('a live tensor cannot be read while blocking'); },
      async: async () => {
        const { bytes } = await this.runner.request(LiveBytes, { model: this.model, name: this.name, offset, length });
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      },
    }))!;
  }
  *place(): Io<null> { return null; }
}

/** `module`: the class of a live side. */
export interface OpenSide { tensors: ReadonlyMap<string, FileTensor>; label: string; module?: string }

export class Sides {
  constructor(private readonly files: OpenFiles, private readonly runner: RunnerHost) {}
  async use<T>(side: Side, signal: AbortSignal, fn: (s: OpenSide) => Promise<T> | T): Promise<T> {
    if ('file' in side) return this.files.use(side.file, signal, (f) => fn({ tensors: f.checkpoint.tensors, label: f.checkpoint.info.file }));
    return fn({ ...(await this.live(side)), label: side.path === '' ? side.model : `${side.model} ${side.path}` });
  }
  /** Names as the state dict of the module at `path` has them. */
  private async live(side: Extract<Side, { model: string }>): Promise<{ module: string; tensors: Map<string, FileTensor> }> {
    const { module, tensors } = await this.runner.request(LiveTensors, { model: side.model, path: side.path });
    return { module, tensors: new Map(tensors.map((r): [string, FileTensor] => {
      const full = side.path === '' ? r.name : `${side.path}.${r.name}`;
      const storage = new FileStorage(r.storage, r.dtype, r.bytes, new LiveRegion(this.runner, side.model, full, r.bytes));
      return [r.name, new Tensor(storage, r.dtype, r.shape, contiguousStride(r.shape), 0, { requiresGrad: r.requiresGrad })];
    })) };
  }
}

export function tensorIn(side: OpenSide, name: string): FileTensor {
  const t = side.tensors.get(name);
  if (t === undefined) throw new CheckpointError(`there is no tensor '${name}' in ${side.label}`);
  return t;
}

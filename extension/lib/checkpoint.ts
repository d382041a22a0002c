/** openCheckpoint: what the viewer has, for scripts. */
import type { CheckpointInfo, OpenedCheckpoint, PickleGlobal, TensorStats, ValueNode } from '../checkpoint/describe';
import { openCheckpoint as openFile } from '../checkpoint/registry';
import type { FileTensor } from '../checkpoint/tensor';
import { copyInto, engineType, readDecoded } from './fileTensors';
import type { TensorSource } from './lazyDict';
import { Size } from './size';
import { stats, statsSync, type AsyncStatsOptions, type StatsOptions } from './statistics';
import type { Tensor } from './tensor';

/** One tensor of a file. Nothing of its values is read before it is asked for. */
export class CheckpointTensor implements TensorSource {
  /** Its name in the file, as in a state dict. */
  readonly name: string;
  /** @internal */
  constructor(name: string, private readonly file: FileTensor, private readonly info: CheckpointInfo['tensors'][number]) { this.name = name; }
  /** PyTorch's name, or the file's own for a type that PyTorch lacks (Q4_K). */
  get dtype(): string { return this.file.dtype; }
  /** Sizes of the dimensions. */
  get shape(): Size { return Size.of_(this.file.shape); }
  /** In elements. */
  get stride(): readonly number[] { return this.file.stride; }
  /** How many elements. */
  get numel(): number { return this.file.numel; }
  /** Bytes as stored. */
  get bytes(): number { return this.info.bytes; }
  /** Whether the file says that it requires a gradient. */
  get requiresGrad(): boolean { return this.file.options.requiresGrad ?? false; }
  /** Device recorded in the file. */
  get location(): string { return this.file.storage?.location ?? ''; }
  /** Why the values cannot be read; undefined when they can. */
  get problem(): string | undefined { return this.file.problem; }
  /**
   * The values as a tensor. Types that the engine lacks are widened where that is exact (float8 and quantized to float32, uint16 to
   * int32, uint32 to int64). Throws CheckpointError when they cannot be read, NotImplementedError for complex and uint64.
   */
  read(): Tensor { return readDecoded(this.file, () => this.name); }
  /** Reads all values. NaN and infinities are counted and left out of the rest. `bins`: with histogram and percentiles. */
  stats(options: StatsOptions = { bins: 64 }): TensorStats { return statsSync(this.file, this.name, options); }
  /** The same on the thread pool, with progress; cancelled by an AbortSignal. */
  statsAsync(options: AsyncStatsOptions = { bins: 64 }): Promise<TensorStats> { return stats(this.file, this.name, options); }
  /** Throws CheckpointError or NotImplementedError where read() would, without reading. */
  check(): void { engineType(this.file, () => this.name); }
  /** Reads straight into a tensor of the same shape. */
  copyInto(to: Tensor): void { copyInto(this.file, () => this.name, to); }
  /** Name, dtype and shape on one line. */
  toString(): string { return `CheckpointTensor(${this.name}, ${this.dtype}, [${this.shape.join(', ')}])`; }
}

/** A checkpoint file, opened: structure only. `module.loadStateDict(checkpoint.tensors)` reads straight into the module. */
export class Checkpoint {
  /** The tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** @internal */
  constructor(private readonly opened: OpenedCheckpoint) {
    const infos = new Map(opened.info.tensors.map((t) => [t.name, t]));
    this.tensors = new Map([...opened.tensors].map(([name, t]) => [name, new CheckpointTensor(name, t, infos.get(name)!)]));
  }
  /** The file's format. */
  get format(): CheckpointInfo['format'] { return this.opened.info.format; }
  /** One line for people: `PyTorch zip, version 3, little-endian`. */
  get description(): string { return this.opened.info.description; }
  /** Dictionaries, lists, numbers and modules of the file. */
  get tree(): ValueNode { return this.opened.info.root; }
  /** Text beside the tensors, by name. */
  get metadata(): Record<string, string> { return this.opened.info.metadata; }
  /** Every name that the file's pickle asks for. Nothing is ever imported or called. */
  get globals(): PickleGlobal[] { return this.opened.info.globals; }
  /** What is odd but did not stop the reading. */
  get warnings(): string[] { return this.opened.info.warnings; }
  /** The file is damaged: what was wrong, where. What could be read is still here. */
  get error(): string | undefined { return this.opened.info.error; }
  /** Closes the file; its tensors can no longer be read. */
  close(): void { this.opened.close(); }
  [Symbol.dispose](): void { this.close(); }
}

/**
 * Opens a checkpoint of any known format: PyTorch (zip, legacy, tar, TorchScript), safetensors (also sharded), npy, npz, GGUF. Reads its
 * structure only, whatever its size. Throws CheckpointError when the file is none, or so damaged that nothing can be shown.
 */
export function openCheckpoint(path: string): Checkpoint { return new Checkpoint(openFile(path)); }

/** Which reader opens which file. */
import { CheckpointError } from './errors';
import type { OpenedCheckpoint } from './model';
import * as safetensors from './safetensors';
import { Source } from './source';
import * as torchZip from './torchZip';

interface Reader { match(head: Buffer, name: string): boolean; open(source: Source): OpenedCheckpoint }
const readers: Reader[] = [torchZip, safetensors];

/** Opens a checkpoint: reads headers and pickles only. Throws CheckpointError saying what the file is not, or what is wrong with it. */
export function openCheckpoint(file: string): OpenedCheckpoint {
  const source = Source.open(file);
  try {
    const head = source.read(0, Math.min(64, source.size));
    if (head.length === 0) throw new CheckpointError('the file is empty');
    const reader = readers.find((r) => r.match(head, source.name));
    if (reader === undefined) throw new CheckpointError(`not a checkpoint format that is known (it begins with ${[...head.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(' ')}); PyTorch's zip format and safetensors are read`);
    return reader.open(source);
  } catch (error) {
    source.close();
    if (error instanceof CheckpointError && !error.message.includes(source.file)) error.message = `${source.name}: ${error.message}`;
    throw error;
  }
}

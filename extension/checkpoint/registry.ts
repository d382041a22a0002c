/** Which reader opens which file. A new format: one reader with `match` and `open`, one line here. */
import { CheckpointError } from './errors';
import { damageAt } from './damage';
import type { OpenedCheckpoint } from './describe';
import * as gguf from './gguf';
import { readAt, runAsync, runSync, type Io } from './io';
import { npy, npz } from './npy';
import * as safetensors from './safetensors';
import * as shards from './shards';
import { Source } from './source';
import * as torchLegacy from './torchLegacy';
import * as torchTar from './torchTar';
import * as torchZip from './torchZip';

export interface Reader {
  /** `head`: the first 512 bytes or fewer. */
  match(head: Buffer, name: string): boolean;
  /** Reads headers and pickles only. Throws CheckpointError when the file cannot be shown at all; a file that can is returned with `info.error`. */
  open(source: Source): Io<OpenedCheckpoint>;
  /** What a file of this format consists of, in one sentence. */
  readonly expected: string;
}
const readers: readonly Reader[] = [npz, torchZip, npy, gguf, torchTar, safetensors, shards, torchLegacy];

/** What people open by mistake, by its first bytes. */
const strangers: readonly [RegExp, string][] = [
  [/^7z\xbc\xaf\x27\x1c/, 'a 7z archive, not a checkpoint'], [/^\x1f\x8b/, 'a gzip archive; unpack it first'], [/^\x89HDF\r\n/, 'an HDF5 file (Keras, MATLAB); it is not read here'],
  [/^version https:\/\/git-lfs/, 'a Git LFS pointer, not the file itself: fetch it with "git lfs pull"'], [/^\s*<(!doctype|html|\?xml)/i, 'a web page, not a checkpoint: the download went wrong'],
  [/^PYTORCH1/, "an archive of a PyTorch preview release, which PyTorch itself no longer reads"], [/^Rar!/, 'a RAR archive, not a checkpoint'], [/^BZh/, 'a bzip2 archive; unpack it first'], [/^\x28\xb5\x2f\xfd/, 'a zstd archive; unpack it first'], [/^ggjt|^tjgg|^fmgg|^lmgg/, 'a file of an early llama.cpp format; convert it to GGUF first'],
];

export function* openAny(source: Source): Io<OpenedCheckpoint> {
  const head = yield* readAt(source, 0, Math.min(512, source.size));
  if (head.length === 0) throw yield* withDamage(source, new CheckpointError('the file is empty'), undefined, anyFormat);
  const reader = readers.find((r) => r.match(head, source.name));
  const text = head.toString('latin1');
  const stranger = strangers.find(([re]) => re.test(text));
  if (reader === undefined || stranger !== undefined) {
    if (stranger !== undefined) throw yield* withDamage(source, new CheckpointError(stranger[1]), 0, anyFormat);
    throw yield* withDamage(source, new CheckpointError(`not a checkpoint format that is known (it begins with ${[...head.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(' ')}); PyTorch, safetensors, NumPy and GGUF files are read`), 0, anyFormat);
  }
  try {
    const opened = yield* reader.open(source);
    if (opened.info.error !== undefined) opened.info.damage = yield* damageAt(source, opened.errorAt, reader.expected);
    return opened;
  } catch (error) {
    throw error instanceof CheckpointError ? yield* withDamage(source, error, error.offset, reader.expected) : error;
  }
}
const anyFormat = 'A checkpoint begins with "PK" (PyTorch, npz), byte 0x80 (older PyTorch, pickle), a header length and "{" (safetensors), "GGUF", or 0x93 and "NUMPY".';
function* withDamage(source: Source, error: CheckpointError, at: number | undefined, expected: string): Io<CheckpointError> {
  error.damage ??= yield* damageAt(source, at, expected);
  return error;
}

function* guarded(source: Source): Io<OpenedCheckpoint> {
  let done = false;
  try {
    const opened = yield* openAny(source);
    done = true;
    return opened;
  } catch (error) {
    if (error instanceof CheckpointError && !error.message.includes(source.name)) error.message = `${source.name}: ${error.message}`;
    throw error;
  } finally {
    if (!done) source.close();
  }
}

/** Opens a checkpoint: reads headers and pickles only. Throws CheckpointError saying what the file is not, or what is wrong with it. */
export function openCheckpoint(file: string): OpenedCheckpoint { return runSync(guarded(Source.open(file))); }
/** The same without blocking for long, cancellable. */
export async function openCheckpointAsync(file: string, signal?: AbortSignal): Promise<OpenedCheckpoint> { return runAsync(guarded(Source.open(file)), signal); }

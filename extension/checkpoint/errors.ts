import type { Damage } from '../protocol/checkpoint';

/** What is wrong with a checkpoint file: said in one sentence, with where. */
export class CheckpointError extends Error {
  /** For a page about it: set by who knows the file and its format. */
  damage: Damage | undefined;
  /** Byte offset in the file or in its pickle, when known. */
  readonly offset?: number;
  constructor(private readonly reason: string, offset?: number) {
    super(offset === undefined ? reason : `${reason} (at byte ${offset})`);
    this.name = 'CheckpointError';
    if (offset !== undefined) this.offset = offset;
  }
  /** The same of something that begins at byte `by` of the file. */
  moved(by: number): CheckpointError { return this.offset === undefined ? this : new CheckpointError(this.reason, this.offset + by); }
}

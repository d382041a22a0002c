/** What is wrong with a checkpoint file: said in one sentence, with where. */
export class CheckpointError extends Error {
  constructor(message: string, /** Byte offset in the file or in its pickle, when known. */ readonly offset?: number) {
    super(offset === undefined ? message : `${message} (at byte ${offset})`);
    this.name = 'CheckpointError';
  }
}

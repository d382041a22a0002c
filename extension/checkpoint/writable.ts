/** What writers take: values with tensors whose bytes come in pieces, from live memory or from another file. */
import type { Io } from './io';
import { FileStorage, FileTensor } from './tensor';
import type { Value } from './values';

/** A storage to be written once, however many tensors share it. One object, one storage. */
export interface WritableStorage {
  byteLength: number;
  dtype: string;
  /** Little-endian, in order; a piece is valid until the next is asked for. */
  pieces(): Iterable<Io<Uint8Array>>;
}
export class WritableTensor {
  constructor(readonly storage: WritableStorage, readonly dtype: string, readonly shape: readonly number[], readonly stride: readonly number[], readonly offset: number,
    readonly options: { requiresGrad?: boolean; parameter?: boolean; conj?: boolean; neg?: boolean; /** Pickled as the quantizer of _rebuild_qtensor. */ quantizer?: Value } = {}) {}
}
/** Containers may hold WritableTensors where Value has FileTensors. */
export type Writable = Value | WritableTensor | readonly Writable[];

const PIECE = 1 << 22;

/** A file's storage as it is to be written again: byte order made little, nothing else changed. */
export function writableStorage(s: FileStorage): WritableStorage {
  return {
    byteLength: s.bytes, dtype: s.dtype,
    *pieces() {
      const whole = new FileTensor(s, s.dtype, [0], [1], 0);
      const item = whole.item;
      const per = Math.floor(PIECE / item);
      for (let at = 0; at < s.bytes / item; at += per) yield whole.elements(at, Math.min(per, s.bytes / item - at));
    },
  };
}

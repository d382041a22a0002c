/** Sequences of different lengths as one batch. Source: torch.nn.utils.rnn. */
import { int64 } from '../dtype';
import { RuntimeError, ValueError } from '../errors';
import { cat, fromTypedArray, full } from '../ops';
import { Tensor } from '../tensor';

const longs = (list: readonly number[]): Tensor => fromTypedArray(BigInt64Array.from(list, BigInt), [list.length], { dtype: int64 });
const numbers = (t: Tensor | readonly number[]): number[] => (t instanceof Tensor ? Array.from(t.reshape(-1).toTypedArray() as ArrayLike<number | bigint>, Number) : [...t]);
/** Where each position of a permutation comes from. */
const inverse = (order: Tensor): Tensor => { const out: number[] = []; numbers(order).forEach((from, to) => { out[from] = to; }); return longs(out).to(order.device); };

/** Step after step the elements of all sequences still running, longest first: data [Σ lengths, ...], batchSizes [T]. */
export class PackedSequence {
  /** The order of the sequences here, int64 [N]; null when they came sorted. */
  readonly sortedIndices: Tensor | null;
  /** Their places in the order given, int64 [N]; null when they came sorted. */
  readonly unsortedIndices: Tensor | null;
  /**
   * @param data All elements, [Σ lengths, ...].
   * @param batchSizes How many sequences still run at each step, int64 [T].
   */
  constructor(readonly data: Tensor, readonly batchSizes: Tensor, sortedIndices: Tensor | null = null, unsortedIndices: Tensor | null = null) {
    this.sortedIndices = sortedIndices;
    this.unsortedIndices = unsortedIndices ?? (sortedIndices === null ? null : inverse(sortedIndices));
  }
  /** Steps with equally many sequences together: [steps, sequences, ...] each. @internal */
  chunks(): Tensor[] {
    const sizes = numbers(this.batchSizes), out: Tensor[] = [];
    for (let t = 0, at = 0; t < sizes.length;) {
      let end = t;
      while (sizes[end] === sizes[t]) end++;
      const n = sizes[t]!, rows = (end - t) * n;
      out.push(this.data.slice(0, at, at + rows).reshape([end - t, n, ...this.data.shape.slice(1)]));
      at += rows;
      t = end;
    }
    return out;
  }
  /** The same sequences with other elements, given as chunks. @internal */
  with(chunks: readonly Tensor[]): PackedSequence { return new PackedSequence(cat(chunks.map((c) => c.reshape([-1, ...c.shape.slice(2)])), 0), this.batchSizes, this.sortedIndices, this.unsortedIndices); }
}

/** x [T, N, ...] ([N, T, ...] with batchFirst) and a length for each sequence. enforceSorted: they come longest first. */
export function packPaddedSequence(x: Tensor, lengths: Tensor | readonly number[], options: { batchFirst?: boolean; enforceSorted?: boolean } = {}): PackedSequence {
  const { batchFirst = false, enforceSorted = true } = options;
  let list = numbers(lengths), sorted: Tensor | null = null, steps = batchFirst ? x.transpose(0, 1) : x;
  if (list.length !== steps.size(1)) throw new RuntimeError(`Expected \`len(lengths)\` to be equal to batch_size, but got ${list.length} (batch_size=${steps.size(1)})`);
  if (!enforceSorted) {
    const order = list.map((_, i) => i).sort((a, b) => list[b]! - list[a]! || a - b);
    sorted = longs(order).to(x.device);
    list = order.map((i) => list[i]!);
    steps = steps.indexSelect(1, sorted);
  }
  if (list.some((l) => l <= 0)) throw new RuntimeError('Length of all samples has to be greater than 0, but found an element in \'lengths\' that is <= 0');
  if (list.some((l, i) => i > 0 && l > list[i - 1]!)) throw new RuntimeError('`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.');
  const sizes = Array.from({ length: list[0]! }, (_, t) => list.filter((l) => l > t).length);
  return new PackedSequence(cat(sizes.map((n, t) => steps.select(0, t).slice(0, 0, n)), 0), longs(sizes), sorted);
}
/** Back to [T, N, ...] with `paddingValue` after each sequence's end, and the lengths. */
export function padPackedSequence(packed: PackedSequence, options: { batchFirst?: boolean; paddingValue?: number; totalLength?: number | null } = {}): [Tensor, Tensor] {
  const { batchFirst = false, paddingValue = 0, totalLength = null } = options, sizes = numbers(packed.batchSizes), n = sizes[0]!, d = packed.data;
  if (totalLength !== null && totalLength < sizes.length) throw new ValueError(`Expected total_length to be at least the length of the longest sequence in input, but got total_length=${totalLength} and max sequence length being ${sizes.length}`);
  const filler = (count: number): Tensor => full([count, ...d.shape.slice(1)], paddingValue, { dtype: d.dtype, device: d.device });
  let at = 0;
  const rows = sizes.map((s) => { const row = d.slice(0, at, at + s); at += s; return s === n ? row : cat([row, filler(n - s)], 0); });
  while (rows.length < (totalLength ?? 0)) rows.push(filler(n));
  let y = cat(rows, 0).reshape([rows.length, n, ...d.shape.slice(1)]), lengths = longs(Array.from({ length: n }, (_, i) => sizes.filter((s) => s > i).length));
  if (packed.unsortedIndices !== null) { y = y.indexSelect(1, packed.unsortedIndices); lengths = lengths.indexSelect(0, packed.unsortedIndices.cpu()); }
  return [batchFirst ? y.transpose(0, 1) : y, lengths];
}
/** Sequences [Lᵢ, ...] side by side, [T, N, ...]. */
export function padSequence(sequences: readonly Tensor[], options: { batchFirst?: boolean; paddingValue?: number; paddingSide?: 'left' | 'right' } = {}): Tensor {
  const { batchFirst = false, paddingValue = 0, paddingSide = 'right' } = options;
  if (sequences.length === 0) throw new RuntimeError('received an empty list of sequences');
  const most = Math.max(...sequences.map((s) => s.size(0))), first = sequences[0]!;
  const y = full([sequences.length, most, ...first.shape.slice(1)], paddingValue, { dtype: first.dtype, device: first.device });
  sequences.forEach((s, i) => { const row = y.select(0, i), at = paddingSide === 'left' ? most - s.size(0) : 0; row.slice(0, at, at + s.size(0)).copy_(s); });
  return batchFirst ? y : y.transpose(0, 1);
}
/** Sequences [Lᵢ, ...] packed. enforceSorted: they come longest first. Source: torch.nn.utils.rnn.pack_sequence. */
export function packSequence(sequences: readonly Tensor[], options: { enforceSorted?: boolean } = {}): PackedSequence { return packPaddedSequence(padSequence(sequences), sequences.map((s) => s.size(0)), options); }
/** The sequences of a padded batch. */
export function unpadSequence(padded: Tensor, lengths: Tensor | readonly number[], options: { batchFirst?: boolean } = {}): Tensor[] {
  const rows = options.batchFirst === true ? padded : padded.transpose(0, 1);
  return numbers(lengths).map((l, i) => rows.select(0, i).slice(0, 0, l));
}
/** The sequences of a packed batch, [Lᵢ, ...] each. Source: torch.nn.utils.rnn.unpack_sequence. */
export function unpackSequence(packed: PackedSequence): Tensor[] { return unpadSequence(...padPackedSequence(packed)); }

/** Shapes. What can be a view is one: it shares memory, and changes through it are seen by both. Source: torch.<name>. */
import { IndexError, RuntimeError } from '../errors';
import { called } from '../named';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { sizesOf, wrapDim, type Scalar } from './core';
import { TensorReduce } from './reduce';

type Sizes = (number | readonly number[])[];
type Dim = number | readonly number[];
const list = (d: Dim): readonly number[] => (typeof d === 'number' ? [d] : d);

/** So many tensors that the process would end before they are made. */
function checkPieces(n: number): number {
  if (n > 1e7) throw new RuntimeError(`[enforce fail at alloc_cpu] DefaultCPUAllocator: can't allocate memory: ${n} tensors`);
  return n;
}

export class TensorShape extends TensorReduce {
  /** Another shape over the same memory; -1 is inferred. Throws RuntimeError where that needs a copy. */
  view(...sizes: Sizes): Tensor { return native['view'](this, sizesOf(sizes)); }
  /** A view in the shape of `other`. */
  viewAs(other: Tensor): Tensor { return native['view'](this, other.shape); }
  /** Another shape, a view where possible. */
  reshape(...sizes: Sizes): Tensor { return native['reshape'](this, sizesOf(sizes)); }
  /** Reshaped to the shape of `other`. */
  reshapeAs(other: Tensor): Tensor { return native['reshape'](this, other.shape); }
  /** Dims startDim … endDim become one. */
  flatten(startDim = 0, endDim = -1): Tensor { return native['flatten'](this, startDim, endDim); }
  /** In one dimension. */
  ravel(): Tensor { return native['reshape'](this, [-1]); }
  /** One dim becomes several; one of their sizes may be -1. */
  unflatten(dim: number, sizes: readonly number[]): Tensor {
    const d = wrapDim(dim, this.dim());
    if (sizes.length === 0) throw new RuntimeError('unflatten: sizes must be non-empty');
    const known = sizes.reduce((a, b) => (b === -1 ? a : a * b), 1);
    const n = this.size(d);
    if (sizes.includes(-1) ? known === 0 || n % known !== 0 : known !== n) throw new RuntimeError(`unflatten: Provided sizes [${sizes.join(', ')}] don't multiply up to the size of dim ${d} (${n}) in the input tensor`);
    const s = this.shape;
    return native['view'](this, [...s.slice(0, d), ...sizes.map((k) => (k === -1 ? n / known : k)), ...s.slice(d + 1)]);
  }
  /** Dims in another order. */
  permute(...dims: Sizes): Tensor { return native['permute'](this, sizesOf(dims)); }
  /** A view with two dims swapped. */
  transpose(dim0: number, dim1: number): Tensor { return native['transpose'](this, dim0, dim1); }
  /** The same as transpose. */
  swapaxes(dim0: number, dim1: number): Tensor { return native['transpose'](this, dim0, dim1); }
  /** The same as transpose. */
  swapdims(dim0: number, dim1: number): Tensor { return native['transpose'](this, dim0, dim1); }
  /** A matrix transposed; vectors and numbers as they are. Throws RuntimeError for more dims. */
  t(): Tensor { return native['t'](this); }
  /** All dims in reverse order. */
  get T(): Tensor { return native['permute'](this, Array.from({ length: this.dim() }, (_, i) => this.dim() - 1 - i)); }
  /** The last two dims swapped. */
  get mT(): Tensor { return this.swapped('mT'); }
  /** As mT, for numbers that are real. */
  get mH(): Tensor { return this.swapped('mH'); }
  /** The last two dims swapped, a view: as mT, for numbers that are real. Throws RuntimeError for vectors. */
  adjoint(): Tensor { return this.swapped('adjoint()'); }
  private swapped(name: string): Tensor {
    if (this.dim() < 2) throw new RuntimeError(`tensor.${name} is only supported on matrices or batches of matrices. Got ${this.dim()}-D tensor.`);
    return native['transpose'](this, -2, -1);
  }

  // --- in place: this tensor's own shape changes, over the same memory

  /** @internal */
  protected shown(view: Tensor): this { return native['becomeView'](this, view); }
  /** Swaps two dims of this tensor itself. */
  transpose_(dim0: number, dim1: number): this { return this.shown(this.transpose(dim0, dim1)); }
  /** The same as transpose_. */
  swapaxes_(dim0: number, dim1: number): this { return this.shown(this.transpose(dim0, dim1)); }
  /** The same as transpose_. */
  swapdims_(dim0: number, dim1: number): this { return this.shown(this.transpose(dim0, dim1)); }
  /** Transposes this matrix itself. Throws RuntimeError for more dims. */
  t_(): this {
    if (this.dim() > 2) throw new RuntimeError(`t_() expects a tensor with <= 2 dimensions, but self is ${this.dim()}D`);
    return this.shown(this.t());
  }
  /** Drops dims of size 1 of this tensor itself: all of them, or those of `dim` that have it. */
  squeeze_(dim?: Dim): this { return this.shown(this.squeeze(dim)); }
  /** Puts a dim of size 1 into this tensor itself. */
  unsqueeze_(dim: number): this { return this.shown(this.unsqueeze(dim)); }
  /** Gives this tensor itself another size and strides, in elements. Throws RuntimeError where it would leave the storage. */
  asStrided_(size: readonly number[], stride: readonly number[], storageOffset?: number): this { return this.shown(this.asStrided(size, stride, storageOffset)); }

  /**
   * Gives this tensor itself another size, contiguous over the same memory, which grows where it is too small: elements that were not there before are
   * what lies in it. Other tensors over the memory see no change. Throws RuntimeError for tensors that require a gradient.
   */
  resize_(...size: Sizes): this { return native['resize_'](this, sizesOf(size)); }
  /** resize_ to the size of `other`. */
  resizeAs_(other: Tensor): this { return native['resize_'](this, other.shape); }

  /** A view with dims moved to other places. */
  movedim(source: Dim, destination: Dim): Tensor { return native['movedim'](this, list(source), list(destination)); }
  /** The same as movedim. */
  moveaxis(source: Dim, destination: Dim): Tensor { return native['movedim'](this, list(source), list(destination)); }
  /** Dims of size 1 repeat without a copy; -1 keeps a size; new dims come first. */
  expand(...sizes: Sizes): Tensor { return native['expand'](this, sizesOf(sizes)); }
  /** A view expanded to the shape of `other`. */
  expandAs(other: Tensor): Tensor { return native['expand'](this, other.shape); }
  /** A view expanded to a shape. */
  broadcastTo(...sizes: Sizes): Tensor { return native['expand'](this, sizesOf(sizes)); }
  /** Without dims of size 1: all of them, or those of `dim` that have it. */
  squeeze(dim?: Dim): Tensor { return typeof dim === 'object' ? native['squeezeDims'](this, dim) : native['squeeze'](this, dim); }
  /** A view with a dim of size 1 put in. */
  unsqueeze(dim: number): Tensor { return native['unsqueeze'](this, dim); }
  /** Any view of the memory, in elements. Throws RuntimeError where it would leave the storage. */
  asStrided(size: readonly number[], stride: readonly number[], storageOffset?: number): Tensor { return native['asStrided'](this, size, stride, storageOffset ?? this.storageOffset()); }
  /** Windows of `size` elements along dim, `step` apart, as a last dim. */
  unfold(dim: number, size: number, step: number): Tensor { return native['unfold'](this, dim, size, step); }
  /** A view of a diagonal of two dims. */
  diagonal(offset = 0, dim1 = 0, dim2 = 1): Tensor { return native['diagonal'](this, offset, dim1, dim2); }
  /** Vectors of the last dim on the diagonals of new matrices. */
  diagEmbed(offset = 0, dim1 = -2, dim2 = -1): Tensor { return native['diagEmbed'](this, offset, dim1, dim2); }
  /** A vector on a matrix's diagonal, or a matrix's diagonal as a copy. */
  diag(diagonal = 0): Tensor {
    if (this.dim() === 1) return this.diagEmbed(diagonal);
    if (this.dim() !== 2) throw new RuntimeError(`diag(): Supports 1D or 2D tensors. Got ${this.dim()}D`);
    return this.diagonal(diagonal).clone();
  }
  /** The elements, flattened, on a diagonal of a new square matrix; `offset` > 0 lies above the main one. */
  diagflat(offset = 0): Tensor { return this.reshape(-1).diagEmbed(offset); }
  /** The lower triangle; zeros above the diagonal. */
  tril(diagonal = 0): Tensor { return native['tril'](this, diagonal, false); }
  /** The upper triangle; zeros below the diagonal. */
  triu(diagonal = 0): Tensor { return native['tril'](this, diagonal, true); }
  /** Zeros what lies above the diagonal, in place. */
  tril_(diagonal = 0): this { return this.become(this.tril(diagonal)); }
  /** Zeros what lies below the diagonal, in place. */
  triu_(diagonal = 0): this { return this.become(this.triu(diagonal)); }

  /** The main diagonal becomes `value`; `wrap`: of a tall matrix again after every full one. */
  fillDiagonal_(value: Scalar, options: { wrap?: boolean } = {}): this {
    if (this.dim() < 2) throw new RuntimeError('dimensions must larger than 1');
    const s = [...this.shape], [height, width] = s as [number, number];
    if (this.dim() > 2 && s.some((n) => n !== height)) throw new RuntimeError('all dimensions of input must be of equal length');
    const step = this.stride().reduce((a, b) => a + b, 0), n = Math.min(height, width), at = this.storageOffset();
    this.asStrided([n], [step]).fill_(value);
    if (options.wrap === true && this.dim() === 2 && height > width + 1) {
      const all = Math.ceil(this.numel() / (width + 1));
      this.asStrided([all - n], [step], at + this.stride()[0]! * (width + 1)).fill_(value);
    }
    return this;
  }
  /** Summed over the dims that broadcasting from `size` would have made. */
  sumToSize(...size: Sizes): Tensor {
    const s = sizesOf(size), lead = this.dim() - s.length;
    if (lead < 0 || s.some((n, i) => n !== 1 && n !== this.size(lead + i))) throw new RuntimeError(`size {[${s.join(', ')}]} is not expandable to size {[${this.shape.join(', ')}]}.`);
    const dims = [...this.shape].flatMap((n, i) => (i < lead || (s[i - lead] === 1 && n !== 1) ? [i] : []));
    return dims.length === 0 ? (this as unknown as Tensor) : this.sum(dims, true).view(s);
  }

  // --- copies in another order

  /** Reversed along dims. */
  flip(...dims: Sizes): Tensor { return native['flip'](this, sizesOf(dims)); }
  /** Columns in reverse order: flipped along dim 1. Throws RuntimeError for vectors. */
  fliplr(): Tensor {
    if (this.dim() < 2) throw new RuntimeError('Input must be >= 2-d.');
    return native['flip'](this, [1]);
  }
  /** Rows in reverse order: flipped along dim 0. */
  flipud(): Tensor {
    if (this.dim() < 1) throw new RuntimeError('Input must be >= 1-d.');
    return native['flip'](this, [0]);
  }
  /** Shifted along dims (or flattened), what falls off comes in at the other end. */
  roll(shifts: Dim, dims: Dim = []): Tensor { return called(native['roll'](this, list(shifts), list(dims)) as Tensor, 'RollBackward0'); }
  /** Turned by k quarters from the first of `dims` towards the second; negative k turns back. */
  rot90(k = 1, dims: readonly number[] = [0, 1]): Tensor { return native['rot90'](this, k, dims); }
  /** Copied `times` along each dim; further times on the left make new dims. */
  repeat(...times: Sizes): Tensor { return native['repeat'](this, sizesOf(times)); }
  /** As repeat, but missing times on the left count as 1. */
  tile(...times: Sizes): Tensor {
    const t = sizesOf(times);
    return native['repeat'](this, [...Array.from({ length: Math.max(0, this.dim() - t.length) }, () => 1), ...t]);
  }
  /** Every element (along dim, or flattened) `repeats` times in a row; a tensor gives each its own number. */
  repeatInterleave(repeats: number | Tensor, dim?: number | { dim?: number }): Tensor {
    const along = typeof dim === 'object' ? dim.dim : dim;
    const t = along === undefined ? this.flatten() : (this as unknown as Tensor);
    const d = wrapDim(along ?? 0, t.dim());
    if (typeof repeats === 'number') {
      if (repeats < 0) throw new RuntimeError('Repeats must be non-negative');
      const s = [...t.shape];
      return t.unsqueeze(d + 1).expand([...s.slice(0, d + 1), repeats, ...s.slice(d + 1)]).clone().flatten(d, d + 1);
    }
    if (repeats.dim() > 1) throw new RuntimeError('repeat_interleave only accept 1D vector as repeat');
    const n = t.size(d);
    const counts = Array.from(repeats.expand(n === 0 ? [0] : repeats.numel() === 1 ? [n] : [...repeats.shape]).toTypedArray(), Number);
    if (counts.length !== n) throw new RuntimeError(`repeats must have the same size as input along dim, but got repeats.size(0) = ${counts.length} and input.size(${d}) = ${n}`);
    if (counts.some((c) => c < 0)) throw new RuntimeError('repeats can not be negative');
    const index = new BigInt64Array(counts.reduce((a, c) => a + c, 0));
    let at = 0;
    counts.forEach((c, i) => { index.fill(BigInt(i), at, at += c); });
    return t.indexSelect(d, native['toDevice'](native['fromTypedArray'](index, [index.length], 4, 0), native['device'](this)));
  }

  // --- cutting

  /** Views of `size` elements along dim, the last perhaps shorter; or of the given sizes, which must add up. */
  split(size: number | readonly number[], dim = 0): Tensor[] {
    if (this.dim() === 0) throw new RuntimeError('split expects at least a 1-dimensional tensor');
    const d = wrapDim(dim, this.dim());
    const n = this.size(d);
    if (typeof size === 'object') {
      if (size.some((s) => s < 0) || size.reduce((a, b) => a + b, 0) !== n)
        throw new RuntimeError(`split_with_sizes expects split_sizes to sum exactly to ${n} (input tensor's size at dimension ${dim}), but got split_sizes=[${size.join(', ')}]`);
      return native['split'](this, size, d, false);
    }
    if (size < 0) throw new RuntimeError(`split expects split_size be non-negative, but got split_size=${size}`);
    if (size === 0 && n !== 0) throw new RuntimeError(`split_size can only be 0 if dimension size is 0, but got dimension size of ${n}`);
    const parts = checkPieces(size === 0 ? 1 : Math.max(1, Math.ceil(n / size)));
    return native['split'](this, Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(size, n - i * size))), d, true);
  }
  /** Views of the given sizes along dim, which must add up: as split(sizes, dim). */
  splitWithSizes(sizes: readonly number[], dim = 0): Tensor[] { return this.split(sizes, dim); }
  /** At most `chunks` views of equal size along dim, the last perhaps smaller. */
  chunk(chunks: number, dim = 0): Tensor[] {
    if (this.dim() === 0) throw new RuntimeError('chunk expects at least a 1-dimensional tensor');
    if (!(chunks > 0)) throw new RuntimeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
    const n = this.size(dim);
    return n === 0 ? this.split(Array.from({ length: checkPieces(chunks) }, () => 0), dim) : this.split(Math.ceil(n / chunks), dim);
  }
  /** Exactly `sections` views of nearly equal size, or cut at the given positions. */
  tensorSplit(sections: number | readonly number[], dim = 0): Tensor[] {
    const d = wrapDim(dim, this.dim());
    const n = this.size(d);
    if (typeof sections === 'number') {
      checkPieces(sections);
      if (!(sections > 0)) throw new RuntimeError(`number of sections must be larger than 0, got ${sections}`);
      const small = Math.floor(n / sections);
      const larger = n % sections;
      let at = 0;
      return Array.from({ length: sections }, (_, i) => { const from = at; at += small + (i < larger ? 1 : 0); return this.slice(d, from, at); });
    }
    const cuts = [0, ...sections];
    return cuts.map((from, i) => this.slice(d, from, i + 1 < cuts.length ? cuts[i + 1] : Infinity));
  }
  /** tensorSplit along the columns: dim 1, or dim 0 of a vector. */
  hsplit(sections: number | readonly number[]): Tensor[] { return this.evenSplit('hsplit', 1, this.dim() === 1 ? 0 : 1, sections); }
  /** tensorSplit along the rows. */
  vsplit(sections: number | readonly number[]): Tensor[] { return this.evenSplit('vsplit', 2, 0, sections); }
  /** tensorSplit along dim 2. */
  dsplit(sections: number | readonly number[]): Tensor[] { return this.evenSplit('dsplit', 3, 2, sections); }
  private evenSplit(name: string, rank: number, dim: number, sections: number | readonly number[]): Tensor[] {
    if (this.dim() < rank) throw new RuntimeError(`torch.${name} requires a tensor with at least ${rank} dimension, but got a tensor with ${this.dim()} dimensions!`);
    if (typeof sections === 'number' && (sections === 0 || this.size(dim) % sections !== 0)) throw new RuntimeError(`torch.${name} attempted to split along dimension ${dim}, but the size of the dimension ${this.size(dim)} is not divisible by the split_size ${sections}!`);
    return this.tensorSplit(sections, dim);
  }
  /** The slices along dim, each without it. */
  unbind(dim = 0): Tensor[] { return native['unbind'](this, dim); }
  /** A view at one index of a dim, which goes. */
  select(dim: number, index: number): Tensor { return native['select'](this, dim, index); }
  /** x[start:end:step] along `dim`; negative positions count from the end. Throws RuntimeError for a step below 1. */
  slice(dim: number, start = 0, end = Infinity, step = 1): Tensor { return native['slice'](this, dim, start, end, step); }
  /** `length` elements along dim from `start`. Throws RuntimeError where they are not all there. */
  narrow(dim: number, start: number, length: number): Tensor {
    if (this.dim() === 0) throw new RuntimeError('narrow() cannot be applied to a 0-dim tensor.');
    const n = this.size(dim);
    if (length < 0) throw new RuntimeError('narrow(): length must be non-negative.');
    const from = start < 0 ? start + n : start;
    if (start < -n || start > n) throw new IndexError(`start out of range (expected to be in range of [${-n}, ${n}], but got ${start})`);
    if (from + length > n) throw new RuntimeError(`start (${from}) + length (${length}) exceeds dimension size (${n}).`);
    return native['slice'](this, dim, from, from + length, 1);
  }
  /** Values at `index` along a dim; the shape of `index`. */
  gather(dim: number, index: Tensor): Tensor { return native['gather'](this, dim, index); }
  /** The slices along dim at `index`, an int64 vector. Throws IndexError out of range. */
  indexSelect(dim: number, index: Tensor): Tensor { return native['indexSelect'](this, dim, index); }
}

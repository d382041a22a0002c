/**
 * Indexing. `x.at(…)` is Python's x[…], `x.set([…], value)` is x[…] = value:
 *
 *   x.at(0)  x.at(-1, 2)            positions: the dim goes away
 *   x.at(':', '1:3')  x.at('::2')   slices, start:end:step as in Python; or slice(1, 3)
 *   x.at('...', 0)                  as many ':' as fit
 *   x.at(null)                      a new dim of size 1
 *   x.at(mask)                      the elements where a bool tensor is true
 *   x.at(index)  x.at([0, 2], ':')  int64 tensors or arrays: those positions, broadcast with each other
 *
 * Positions, slices and null give views; masks, index tensors and arrays give copies. The type of a slice is checked
 * while you write: '1;3' does not compile.
 */
import { IndexError, RuntimeError, ValueError } from '../errors';
import { called } from '../named';
import { native } from '../native';
import type { Tensor } from '../tensor';
import { scalarType } from './binary';
import { TensorCore, wrapDim, type Operand, type Scalar } from './core';
import { TensorShape } from './shape';

type Part = `${number | bigint}` | '';
/** Python's start:end:step as text. */
export type SliceText = `${Part}:${Part}` | `${Part}:${Part}:${Part}`;
/** A range of positions; see slice(). */
export interface Slice { readonly start: number | null; readonly end: number | null; readonly step: number | null }
type Positions = readonly (number | boolean)[] | readonly Positions[];
/** What at() and set() take: a position, slice, new dim (null), the dims between ('...'), a mask or index tensor, or an array of positions. */
export type Index = number | bigint | boolean | null | '...' | SliceText | Slice | Tensor | Positions;

/** Python's slice(start, end, step), for indexing; null leaves a part open. */
export function slice(start: number | null = null, end: number | null = null, step: number | null = null): Slice { return { start, end, step }; }

function parseSlice(text: string): Slice {
  const parts = text.split(':').map((p) => p.trim());
  if (parts.length < 2 || parts.length > 3 || !parts.every((p) => /^[+-]?\d*$/.test(p) && p !== '-' && p !== '+'))
    throw new IndexError(text.includes(',') ? `'${text}' is no index: every dim is an argument of its own, at(${text.split(',').map((p) => (/^\s*-?\d+\s*$/.test(p) ? p.trim() : `'${p.trim()}'`)).join(', ')})` : `'${text}' is no index: positions are numbers, slices 'start:end:step', and '...' stands for all other dims`);
  const [start, end, step] = parts.map((p) => (p === '' ? null : Number(p)));
  return { start: start ?? null, end: end ?? null, step: step ?? null };
}
/** An array of positions or truth values as an index tensor. */
function positions(list: Positions): Tensor {
  const shape: number[] = [];
  for (let d: unknown = list; Array.isArray(d); d = d[0]) shape.push(d.length);
  const flat = (list as readonly unknown[]).flat(Infinity as 1);
  const truth = flat.length > 0 && flat.every((v) => typeof v === 'boolean');
  if (!truth && !flat.every((v) => Number.isInteger(v))) throw new IndexError('an index array must hold whole numbers, or only booleans');
  if (flat.length !== shape.reduce((a, b) => a * b, 1)) throw new ValueError('an index array must not be ragged');
  return native['fromTypedArray'](BigInt64Array.from(flat, (v) => BigInt(Number(v))), shape, truth ? 9 : 4, 0);
}

function pick(view: Tensor, d: number, i: number | bigint, own: number): Tensor {
  const n = view.size(d);
  if (i < -n || i >= n) throw new IndexError(`index ${i} is out of bounds for dimension ${own} with size ${n}`);
  return native['select'](view, d, i);
}

export class TensorIndexing extends TensorShape {
  /** The view that positions, slices and new dims pick, and the index tensors that remain, one a dim. */
  private resolve(indices: readonly Index[]): { view: Tensor; rest: (Tensor | null)[] } {
    const items = indices.map((i): Index => (Array.isArray(i) ? positions(i as Positions) : i));
    const uses = (i: Index): number => (i === null || typeof i === 'boolean' || i === '...' ? 0 : i instanceof TensorCore && (i.dtype.name === 'bool' || i.dtype.name === 'uint8') ? i.dim() : 1);
    const used = items.reduce((n: number, i) => n + uses(i), 0);
    if (used > this.dim()) throw new IndexError(`too many indices for tensor of dimension ${this.dim()}`);
    if (items.filter((i) => i === '...').length > 1) throw new IndexError("an index can only have a single ellipsis ('...')");
    let view = this as unknown as Tensor;
    let d = 0;
    // The dim of this tensor that the next index stands for: what an error should name.
    let own = 0;
    const rest: (Tensor | null)[] = [];
    const put = (t: Tensor): void => { while (rest.length < d) rest.push(null); rest[d] = t; };
    for (const i of items) {
      if (i === null) view = view.unsqueeze(d++);
      else if (i === '...') { d += this.dim() - used; own += this.dim() - used; }
      else if (typeof i === 'boolean') { view = view.unsqueeze(d); put(positions(i ? [0] : [])); d++; }
      else if (typeof i === 'number' || typeof i === 'bigint') { view = pick(view, d, i, own); own++; }
      else if (typeof i === 'string' || (!(i instanceof TensorCore) && !Array.isArray(i))) {
        const s = typeof i === 'string' ? parseSlice(i) : (i as Slice);
        if (s.step !== null && s.step <= 0) throw new ValueError(s.step === 0 ? 'slice step cannot be zero' : 'step must be greater than zero');
        view = native['slice'](view, d++, s.start ?? 0, s.end ?? Infinity, s.step ?? 1);
        own++;
      } else {
        const t = i as Tensor;
        if (t.dim() === 0 && !t.isFloatingPoint()) {
          const v = t.item<Scalar>();
          if (t.dtype.name !== 'bool' && t.dtype.name !== 'uint8') { view = pick(view, d, v as number, own); own++; continue; }
          view = view.unsqueeze(d);
          put(positions(v ? [0] : []));
          d++;
          continue;
        }
        put(t);
        d += uses(t);
        own += uses(t);
      }
    }
    // A mask covers several dims with one tensor.
    return { view, rest: rest.filter((t, k) => t !== null || !rest.slice(0, k).some((m, j) => m !== null && uses(m) > k - j)) };
  }
  /** x[…]: see the file's head. Throws IndexError out of range, with PyTorch's texts. */
  at(...indices: Index[]): Tensor {
    const { view, rest } = this.resolve(indices);
    if (rest.length > 0) return native['index'](view, rest);
    return view === (this as unknown as Tensor) ? native['view'](this, this.shape) : view;
  }
  /** x[…] = value, in place; value broadcasts. One index, or several in an array: `x.set([0, '1:3'], 5)`. Returns this. */
  set(index: Exclude<Index, Positions> | readonly Index[], value: Operand): this {
    const { view, rest } = this.resolve(Array.isArray(index) ? (index as readonly Index[]) : [index as Index]);
    if (rest.length > 0) {
      native['indexPut_'](view, rest, value instanceof TensorCore && value.dim() === 0 ? value.to(this.dtype) : value, false);
      return this;
    }
    if (!(value instanceof TensorCore)) { view.fill_(value); return this; }
    // Leading dims of size 1 do not count.
    let v = value as Tensor;
    while (v.dim() > view.dim() && v.size(0) === 1) v = v.squeeze(0);
    view.copy_(v.expand(view.shape));
    return this;
  }
  /** x[i], x[i, j]: one position a dim, from the first. */
  get(...indices: number[]): Tensor {
    if (indices.length === 0) throw new ValueError('get() expects at least one index');
    return indices.reduce<Tensor>((t, i) => native['select'](t, 0, i), this as unknown as Tensor);
  }

  // --- by index tensors

  /** A copy with src, a number or tensor, at `index` (int64, with as many dims) along dim: for 2-D and dim 0, out[index[i][j]][j] = src[i][j]. */
  scatter(dim: number, index: Tensor, src: Operand): Tensor { return native['scatter'](this, dim, index, src, false); }
  /** A copy with src added at `index` (int64) along dim: out[index[i][j]][j] += src[i][j] for dim 0. */
  scatterAdd(dim: number, index: Tensor, src: Tensor): Tensor { return native['scatter'](this, dim, index, src, true); }
  /** A copy with src combined in at `index` along dim: 'sum', 'prod', 'mean', 'amax' or 'amin'; `includeSelf: false` leaves out what was there. */
  scatterReduce(dim: number, index: Tensor, src: Tensor, reduce: 'sum' | 'prod' | 'mean' | 'amax' | 'amin', options: { includeSelf?: boolean } = {}): Tensor {
    return native['scatterReduce'](this, dim, index, src, reduce, options.includeSelf ?? true);
  }
  /** A copy with `alpha` times source's slices added at `index` (a vector) along dim; repeated positions add up. */
  indexAdd(dim: number, index: Tensor, source: Tensor, options: { alpha?: number } = {}): Tensor { return native['indexAdd'](this, dim, index, source, options.alpha ?? 1); }
  /** A copy with source's slices written at `index` (a vector of int64) along dim. */
  indexCopy(dim: number, index: Tensor, source: Tensor): Tensor { return native['indexCopy'](this, dim, index, source); }
  /** A copy with source's slices combined in at index along dim: 'prod', 'mean', 'amax' or 'amin'. */
  indexReduce(dim: number, index: Tensor, source: Tensor, reduce: 'prod' | 'mean' | 'amax' | 'amin', options: { includeSelf?: boolean } = {}): Tensor {
    if (!['prod', 'mean', 'amax', 'amin'].includes(reduce)) throw new RuntimeError(`index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got ${String(reduce)}.`);
    const d = wrapDim(dim, this.dim()), n = index.numel(), type = index.dtype.name;
    if (index.dim() > 1) throw new IndexError(`index_reduce_(): Index is supposed to be a vector, but got dim: ${index.dim()} with type: ${scalarType(type)} and size: [${index.shape.join(', ')}]`);
    if (type !== 'int64' && type !== 'int32') throw new RuntimeError(`index_reduce_(): Expected dtype int32/int64 for index but got: ${scalarType(type)}`);
    if (this.dtype !== source.dtype) throw new RuntimeError(`index_reduce_(): self (${scalarType(this.dtype.name)}) and source (${scalarType(source.dtype.name)}) must have the same scalar type`);
    const rest = (t: { shape: readonly number[] }): string => String([...t.shape].filter((_, i) => i !== d));
    if (source.dim() !== this.dim() || rest(source) !== rest(this)) throw new RuntimeError(`source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = [${this.shape.join(', ')}] source.shape = [${source.shape.join(', ')}]`);
    const length = source.dim() === 0 ? 1 : source.size(d), size = this.dim() === 0 ? 1 : this.size(d);
    if (n !== length) throw new RuntimeError(`index_reduce_(): Number of indices (${n}) should be equal to source.size(dim): (${length}), for dim: ${d}`);
    if (Array.from(index.toTypedArray(), Number).some((i) => i < 0 || i >= size)) throw new IndexError('index out of range in self');
    const places = index.long().reshape(source.shape.map((_, i) => (i === d ? n : 1))).expand(source.shape), result = this.scatterReduce(d, places, source, reduce, options);
    return called(result, 'IndexReduceBackward0');
  }
  /** A copy with source's elements at index of the flattened tensor; `accumulate` adds them. */
  put(index: Tensor, source: Tensor, options: { accumulate?: boolean } = {}): Tensor {
    if (index.dtype.name !== 'int64') throw new RuntimeError(`put_(): Expected a long tensor for index, but got ${scalarType(index.dtype.name)}`);
    if (this.dtype !== source.dtype) throw new RuntimeError(`put_(): self and source expected to have the same dtype, but got self.dtype = ${scalarType(this.dtype.name)} and source.dtype = ${scalarType(source.dtype.name)}`);
    if (source.numel() !== index.numel()) throw new IndexError(`put_(): Expected source and index to have the same number of elements, but got source.numel() = ${source.numel()}, index.numel() = ${index.numel()}`);
    const out = Array.from(index.toTypedArray(), Number).find((i) => i < -this.numel() || i >= this.numel());
    if (out !== undefined) throw new IndexError(`out of range: tried to access index ${out} on a tensor of ${this.numel()} elements.`);
    const result = this.reshape(-1).indexPut([index.reshape(-1)], source.reshape(-1), options).reshape(this.shape);
    return called(result, 'PutBackward0');
  }
  /** A copy with `value`, a number or a tensor without dims, in the slices at `index` (int64) along dim. */
  indexFill(dim: number, index: Tensor, value: Operand): Tensor { return native['indexFill'](this, dim, index, value); }
  /** x[indices] = values as a copy; null takes a whole dim. */
  indexPut(indices: readonly (Tensor | null)[], values: Operand, options: { accumulate?: boolean } = {}): Tensor { return native['indexPut'](this, indices, values, options.accumulate ?? false); }
  /** Elements of the flattened tensor. */
  take(index: Tensor): Tensor { return native['take'](this, index); }
  /** Elements at index along dim, where shapes broadcast; without a dim of the flattened tensor. */
  takeAlongDim(index: Tensor, dim?: number): Tensor {
    if (dim === undefined) return this.reshape(-1).gather(0, index.reshape(-1));
    const d = wrapDim(dim, this.dim());
    const shape = [...this.shape].map((s, i) => (i === d || s !== 1 ? s : index.size(i)));
    return this.expand(shape.map((s, i) => (i === d ? this.size(i) : s))).gather(d, index.expand(shape.map((s, i) => (i === d ? index.size(i) : s))));
  }
  /** A copy with src as the slice at `index` along dim. */
  selectScatter(src: Tensor, dim: number, index: number): Tensor { return this.scattered('SelectScatterBackward0', src, (t) => t.select(dim, index)); }
  /** A copy with src at start:end:step of dim. */
  sliceScatter(src: Tensor, dim = 0, start = 0, end = Infinity, step = 1): Tensor { return this.scattered('SliceScatterBackward0', src, (t) => t.slice(dim, start, end, step)); }
  /** A copy with src on a diagonal. */
  diagonalScatter(src: Tensor, offset = 0, dim1 = 0, dim2 = 1): Tensor { return this.scattered('DiagonalScatterBackward0', src, (t) => t.diagonal(offset, dim1, dim2)); }
  private scattered(name: string, src: Tensor, view: (t: Tensor) => Tensor): Tensor {
    const y = this.clone(), place = view(y);
    if (String(place.shape) !== String(src.shape)) throw new RuntimeError(`expected src to have a size equal to the slice of self. src size = [${src.shape.join(', ')}], slice size = [${place.shape.join(', ')}]`);
    place.copy_(src);
    return called(y, name);
  }
  /** The elements where mask is true, as a vector; mask broadcasts. */
  maskedSelect(mask: Tensor): Tensor { return native['maskedSelect'](this, mask); }
  /** A copy with value where mask is true; mask broadcasts. */
  maskedFill(mask: Tensor, value: Operand): Tensor { return native['maskedFill'](this, mask, value); }
  /** A copy with source's elements, in order, where mask is true. */
  maskedScatter(mask: Tensor, source: Tensor): Tensor { return native['maskedScatter'](this, mask, source); }
  /** This where condition is true, other elsewhere. */
  where(condition: Tensor, other: Operand): Tensor { return native['where'](condition, this, other); }
  /** Positions of what is not zero: int64 [n, dims]; as a tuple: one vector a dim. */
  nonzero(): Tensor;
  nonzero(options: { asTuple: true }): Tensor[];
  nonzero(options: { asTuple?: boolean } = {}): Tensor | Tensor[] {
    const t: Tensor = native['nonzero'](this.dim() === 0 && options.asTuple === true ? this.reshape(1) : this);
    return options.asTuple === true ? t.unbind(1) : t;
  }
  /** Positions of what is not zero, one a row: int64 [n, dims]. As nonzero(). */
  argwhere(): Tensor { return this.nonzero(); }

  /** Writes values at `index` along a dim, in place. */
  scatter_(dim: number, index: Tensor, src: Operand): this { return this.become(this.scatter(dim, index, src)); }
  /** Adds values at `index` along a dim, in place. */
  scatterAdd_(dim: number, index: Tensor, src: Tensor): this { return this.become(this.scatterAdd(dim, index, src)); }
  /** Combines src in at `index` along dim, in place: 'sum', 'prod', 'mean', 'amax' or 'amin'; `includeSelf: false` leaves out what was there. */
  scatterReduce_(dim: number, index: Tensor, src: Tensor, reduce: 'sum' | 'prod' | 'mean' | 'amax' | 'amin', options: { includeSelf?: boolean } = {}): this { return this.become(this.scatterReduce(dim, index, src, reduce, options)); }
  /** Adds rows at the given indices of a dim, in place. */
  indexAdd_(dim: number, index: Tensor, source: Tensor, options: { alpha?: number } = {}): this { return this.become(this.indexAdd(dim, index, source, options)); }
  /** Copies rows to the given indices of a dim, in place. */
  indexCopy_(dim: number, index: Tensor, source: Tensor): this { return this.become(this.indexCopy(dim, index, source)); }
  /** Fills the given indices of a dim, in place. */
  indexFill_(dim: number, index: Tensor, value: Operand): this { return this.become(this.indexFill(dim, index, value)); }
  /** Combines source's slices in at `index` along dim, in place: 'prod', 'mean', 'amax' or 'amin'. */
  indexReduce_(dim: number, index: Tensor, source: Tensor, reduce: 'prod' | 'mean' | 'amax' | 'amin', options: { includeSelf?: boolean } = {}): this { return this.become(this.indexReduce(dim, index, source, reduce, options)); }
  /** Writes source's elements at `index` of the flattened tensor, in place; `accumulate` adds them. */
  put_(index: Tensor, source: Tensor, options: { accumulate?: boolean } = {}): this { return this.become(this.put(index, source, options)); }
  /** x[indices] = values, in place; null takes a whole dim, `accumulate` adds. */
  indexPut_(indices: readonly (Tensor | null)[], values: Operand, options: { accumulate?: boolean } = {}): this { return native['indexPut_'](this, indices, values, options.accumulate ?? false); }
  /** Fills where the mask is true, in place. */
  maskedFill_(mask: Tensor, value: Operand): this { return this.become(this.maskedFill(mask, value)); }
  /** Writes source's elements, in order, where mask is true, in place. */
  maskedScatter_(mask: Tensor, source: Tensor): this { return this.become(this.maskedScatter(mask, source)); }
}

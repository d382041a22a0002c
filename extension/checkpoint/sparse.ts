/** Sparse tensors are shown by their parts; indices that point outside are said, as PyTorch 2.13 itself accepts them. */
import type { Io } from './io';
import type { FileTensor } from './tensor';
import { PyDict, SparseTensor, Tuple, type Value } from './values';

const MAX_LOOK = 1 << 18;

function* outside(t: FileTensor, limit: (row: number) => number): Io<boolean> {
  const data = yield* t.read();
  const per = t.shape.length > 1 ? t.numel / t.shape[0]! : t.numel;
  const item = t.item;
  for (let i = 0; i < t.numel; i++) {
    const v = item === 8 ? Number(data.readBigInt64LE(i * 8)) : data.readInt32LE(i * 4);
    // Of a shape without dimensions there is no limit: nothing lies inside.
    if (!(v >= 0 && v < limit(t.shape.length > 1 ? Math.floor(i / per) : 0))) return true;
  }
  return false;
}

/** Looks at small ones near the top of the file's value. */
export function* sparseWarnings(value: Value): Io<string[]> {
  const found: SparseTensor[] = [];
  const look = (v: Value): void => { if (v instanceof SparseTensor) found.push(v); };
  look(value);
  if (value instanceof PyDict) for (const [, x] of value) look(x);
  else for (const x of Array.isArray(value) ? value : value instanceof Tuple ? value.items : []) look(x);
  const out: string[] = [];
  let left = MAX_LOOK;
  for (const s of found) {
    for (const [name, t] of s.parts.filter(([n]) => n.endsWith('indices'))) {
      if (t.problem !== undefined || !/^int(32|64)$/.test(t.dtype) || (left -= t.bytes) < 0) continue;
      // COO indices are one row a dimension; compressed ones count into values or along the other dimension.
      const limit = name === 'indices' ? (row: number): number => s.shape[row] ?? 0 : /^c/.test(name) && name !== 'col_indices' ? (): number => s.parts[s.parts.length - 1]![1].shape[0]! + 1 : (): number => Math.max(...s.shape);
      if (yield* outside(t, limit)) out.push(`a ${s.layout} tensor of shape [${s.shape.join(', ')}] has ${name} outside of it`);
    }
  }
  return out;
}

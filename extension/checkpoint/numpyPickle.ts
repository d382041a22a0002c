/** NumPy arrays and scalars inside a pickle, as data: very common in real checkpoints. What is not plain numbers stays a call. */
import { numpyTypes } from './npy';
import { textAt } from './numbers';
import { MemoryRegion } from './region';
import { runSync } from './io';
import { checkedTensor, contiguousStride, FileStorage, type FileTensor } from './tensor';
import { PyBytes, PyObject, Tuple, type Value } from './values';

const module_ = /^numpy\.(core|_core)\.multiarray$/;

/** `numpy.dtype('f8', False, True)` with its state `(3, '<', ...)`. */
function dtypeOf(v: Value | undefined): { dtype: string; bigEndian: boolean } | null {
  if (!(v instanceof PyObject) || v.className !== 'numpy.dtype' || !(v.args instanceof Tuple) || typeof v.args.items[0] !== 'string') return null;
  const dtype = numpyTypes[v.args.items[0].replace(/^[<>|=]/, '')];
  const order = v.state instanceof Tuple ? v.state.items[1] : '<';
  return dtype === undefined ? null : { dtype, bigEndian: order === '>' };
}

const made = new WeakMap<PyObject, FileTensor | null>();
/** The array that `_reconstruct` with this state would be; null when it is none of numbers, or does not add up. */
export function numpyArray(v: PyObject): FileTensor | null {
  const known = made.get(v);
  if (known !== undefined) return known;
  const t = arrayOf(v);
  made.set(v, t);
  return t;
}
function arrayOf(v: PyObject): FileTensor | null {
  const [module, name] = split(v.className);
  if (!module_.test(module) || name !== '_reconstruct' || !(v.state instanceof Tuple) || v.state.items.length !== 5) return null;
  const [, shape, type, fortran, bytes] = v.state.items;
  const e = dtypeOf(type);
  if (e === null || !(shape instanceof Tuple) || !(bytes instanceof PyBytes) || typeof fortran !== 'boolean') return null;
  const sizes = shape.items.filter((n): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0);
  if (sizes.length !== shape.items.length) return null;
  const storage = new FileStorage('numpy', e.dtype, bytes.bytes.length, new MemoryRegion(bytes.bytes), e.bigEndian);
  return checkedTensor(storage, e.dtype, sizes, fortran ? contiguousStride([...sizes].reverse()).reverse() : contiguousStride(sizes), 0, { note: 'NumPy array', rebuild: v.className });
}

/** The text of a NumPy scalar; null when it is none. */
export function numpyScalar(v: PyObject): { type: string; text: string } | null {
  const [module, name] = split(v.className);
  if (!module_.test(module) || name !== 'scalar' || !(v.args instanceof Tuple)) return null;
  const [type, bytes] = v.args.items;
  const e = dtypeOf(type);
  if (e === null || !(bytes instanceof PyBytes)) return null;
  const t = checkedTensor(new FileStorage('numpy', e.dtype, bytes.bytes.length, new MemoryRegion(bytes.bytes), e.bigEndian), e.dtype, [], [], 0);
  return t.problem === undefined ? { type: `numpy.${e.dtype}`, text: textAt(e.dtype, runSync(t.box([], [])), 0) } : null;
}
function split(name: string): [string, string] { const at = name.lastIndexOf('.'); return [name.slice(0, at), name.slice(at + 1)]; }

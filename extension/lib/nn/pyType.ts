import { Parameter, Tensor } from '../tensor';

/** The type of a value as PyTorch's errors name it. */
export function pyType(v: unknown): string {
  if (v === null || v === undefined) return 'NoneType';
  if (v instanceof Parameter) return 'torch.nn.parameter.Parameter';
  if (v instanceof Tensor) return v.dtype.legacyName;
  if (typeof v === 'number') return Number.isInteger(v) ? 'int' : 'float';
  if (typeof v === 'bigint') return 'int';
  if (typeof v === 'boolean') return 'bool';
  if (typeof v === 'string') return 'str';
  if (Array.isArray(v)) return 'list';
  if (typeof v === 'function') return v.constructor === Function ? 'function' : v.constructor.name;  // a module can be called
  return (v as object).constructor === Object ? 'dict' : (v as object).constructor.name;
}

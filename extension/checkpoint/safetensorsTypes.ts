/** safetensors' element types. */
import { fp4 } from './blocks';
import type { Blocks } from './tensor';

/** Name: bits an element, PyTorch's name, and how packed ones are read. */
export const safetensorsTypes: Readonly<Record<string, { bits: number; name: string; blocks?: Blocks }>> = {
  BOOL: { bits: 8, name: 'bool' }, U8: { bits: 8, name: 'uint8' }, I8: { bits: 8, name: 'int8' }, I16: { bits: 16, name: 'int16' }, U16: { bits: 16, name: 'uint16' }, F16: { bits: 16, name: 'float16' },
  BF16: { bits: 16, name: 'bfloat16' }, I32: { bits: 32, name: 'int32' }, U32: { bits: 32, name: 'uint32' }, F32: { bits: 32, name: 'float32' }, F64: { bits: 64, name: 'float64' }, I64: { bits: 64, name: 'int64' },
  U64: { bits: 64, name: 'uint64' }, C64: { bits: 64, name: 'complex64' }, F8_E4M3: { bits: 8, name: 'float8_e4m3fn' }, F8_E5M2: { bits: 8, name: 'float8_e5m2' }, F8_E8M0: { bits: 8, name: 'float8_e8m0fnu' },
  F8_E4M3FNUZ: { bits: 8, name: 'float8_e4m3fnuz' }, F8_E5M2FNUZ: { bits: 8, name: 'float8_e5m2fnuz' },
  F4: { bits: 4, name: 'F4', blocks: fp4 }, F6_E2M3: { bits: 6, name: 'F6_E2M3', blocks: { size: 4, bytes: 3 } }, F6_E3M2: { bits: 6, name: 'F6_E3M2', blocks: { size: 4, bytes: 3 } },
};
export const safetensorsNames: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(safetensorsTypes).map(([k, v]) => [v.name, k]));

/** Element types of files, by PyTorch's name where it has one. */

/** Bits an element of the types that stand alone (not in blocks). */
export const bitsOf: Readonly<Record<string, number>> = {
  float32: 32, float64: 64, float16: 16, bfloat16: 16, int64: 64, int32: 32, int16: 16, int8: 8, uint8: 8, bool: 8,
  uint16: 16, uint32: 32, uint64: 64, complex32: 32, complex64: 64, complex128: 128,
  float8_e4m3fn: 8, float8_e5m2: 8, float8_e4m3fnuz: 8, float8_e5m2fnuz: 8, float8_e8m0fnu: 8, float4_e2m1fn_x2: 8,
  qint8: 8, quint8: 8, qint32: 32, bits8: 8, bits16: 16, bits1x8: 8, bits2x4: 8, bits4x2: 8,
  // PyTorch stores these one a byte until it packs them.
  uint1: 8, uint2: 8, uint3: 8, uint4: 8, uint5: 8, uint6: 8, uint7: 8, int1: 8, int2: 8, int3: 8, int4: 8, int5: 8, int6: 8, int7: 8,
};

/** Bytes an element, or null for a type that is not known or is packed below a byte. */
export function itemsize(dtype: string): number | null {
  const bits = bitsOf[dtype];
  return bits === undefined ? null : bits / 8;
}

/** `torch.FloatStorage` → float32. */
export const storageTypes: Readonly<Record<string, string>> = {
  FloatStorage: 'float32', DoubleStorage: 'float64', HalfStorage: 'float16', BFloat16Storage: 'bfloat16', LongStorage: 'int64', IntStorage: 'int32',
  ShortStorage: 'int16', CharStorage: 'int8', ByteStorage: 'uint8', BoolStorage: 'bool', ComplexFloatStorage: 'complex64', ComplexDoubleStorage: 'complex128',
  QInt8Storage: 'qint8', QUInt8Storage: 'quint8', QInt32Storage: 'qint32', QUInt4x2Storage: 'bits4x2', QUInt2x4Storage: 'bits2x4', UntypedStorage: 'uint8',
};
export const storageClasses: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(storageTypes).filter(([c]) => c !== 'UntypedStorage').map(([c, d]) => [d, c]));

/** Size of the unit whose bytes swap between byte orders: half of a complex number. */
export function swapUnit(dtype: string): number {
  const size = itemsize(dtype) ?? 1;
  return dtype.startsWith('complex') ? size / 2 : size;
}

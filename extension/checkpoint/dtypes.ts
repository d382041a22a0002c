/** Element types of files, by PyTorch's name. */

/** Bits an element; sub-byte types are packed. */
export const bitsOf: Readonly<Record<string, number>> = {
  float32: 32, float64: 64, float16: 16, bfloat16: 16, int64: 64, int32: 32, int16: 16, int8: 8, uint8: 8, bool: 8,
  uint16: 16, uint32: 32, uint64: 64, complex32: 32, complex64: 64, complex128: 128,
  float8_e4m3fn: 8, float8_e5m2: 8, float8_e4m3fnuz: 8, float8_e5m2fnuz: 8, float8_e8m0fnu: 8, float4_e2m1fn_x2: 8,
  qint8: 8, quint8: 8, qint32: 32, bits8: 8, bits16: 16,
};

/** Bytes an element, or null for a type that is not known or is packed below a byte. */
export function itemsize(dtype: string): number | null {
  const bits = bitsOf[dtype];
  return bits === undefined || bits % 8 !== 0 ? null : bits / 8;
}

/** `torch.FloatStorage` → float32. */
export const storageTypes: Readonly<Record<string, string>> = {
  FloatStorage: 'float32', DoubleStorage: 'float64', HalfStorage: 'float16', BFloat16Storage: 'bfloat16', LongStorage: 'int64', IntStorage: 'int32',
  ShortStorage: 'int16', CharStorage: 'int8', ByteStorage: 'uint8', BoolStorage: 'bool', ComplexFloatStorage: 'complex64', ComplexDoubleStorage: 'complex128',
  QInt8Storage: 'qint8', QUInt8Storage: 'quint8', QInt32Storage: 'qint32', UntypedStorage: 'uint8',
};

/** Size of the unit whose bytes swap between byte orders: half of a complex number. */
export function swapUnit(dtype: string): number {
  const size = itemsize(dtype) ?? 1;
  return dtype.startsWith('complex') ? size / 2 : size;
}

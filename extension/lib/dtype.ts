/** Element types. `String(float32)` is `torch.float32`, as PyTorch prints it. */
import { inspect } from 'node:util';

/** The type of a tensor's elements. There are ten, each a constant: float32, int64, bool, … */
export class DType {
  private constructor(
    /** PyTorch's name: float32. */
    readonly name: string,
    /** The engine's number of the type. */
    readonly code: number,
    /** Bytes an element. */
    readonly itemsize: number,
    /** Whether it holds fractions: float16, bfloat16, float32, float64. */
    readonly isFloatingPoint: boolean,
    /** Name in PyTorch's sentences: Float. */
    readonly scalarName: string,
  ) {}
  /** As PyTorch prints it: torch.float32. */
  toString(): string { return `torch.${this.name}`; }
  [inspect.custom](): string { return this.toString(); }
  /** C++'s name, which some of PyTorch's errors show. */
  get cName(): string { return { Float: 'float', Double: 'double', Half: 'c10::Half', BFloat16: 'c10::BFloat16', Long: 'long int', Int: 'int', Short: 'short int', Char: 'signed char', Byte: 'unsigned char', Bool: 'bool' }[this.scalarName] ?? this.scalarName; }
  /** The class name of old: torch.FloatTensor. */
  get legacyName(): string { return `torch.${this.scalarName}Tensor`; }

  /** @internal */
  static readonly all: readonly DType[] = [
    new DType('float32', 0, 4, true, 'Float'), new DType('float64', 1, 8, true, 'Double'), new DType('float16', 2, 2, true, 'Half'),
    new DType('bfloat16', 3, 2, true, 'BFloat16'), new DType('int64', 4, 8, false, 'Long'), new DType('int32', 5, 4, false, 'Int'),
    new DType('int16', 6, 2, false, 'Short'), new DType('int8', 7, 1, false, 'Char'), new DType('uint8', 8, 1, false, 'Byte'),
    new DType('bool', 9, 1, false, 'Bool'),
  ];
}

/** 32-bit floating point, the default; PyTorch's torch.float. */
export const float32 = DType.all[0]!;
/** 64-bit floating point; PyTorch's torch.double. */
export const float64 = DType.all[1]!;
/** 16-bit floating point of 11 significant bits, up to 65504; PyTorch's torch.half. */
export const float16 = DType.all[2]!;
/** 16-bit floating point with float32's range and 8 significant bits. */
export const bfloat16 = DType.all[3]!;
/** 64-bit integers, for indices and class labels; PyTorch's torch.long. In arrays their elements are bigints. */
export const int64 = DType.all[4]!;
/** 32-bit integers; PyTorch's torch.int. */
export const int32 = DType.all[5]!;
/** 16-bit integers; PyTorch's torch.short. */
export const int16 = DType.all[6]!;
/** 8-bit integers, -128 to 127. */
export const int8 = DType.all[7]!;
/** 8-bit integers, 0 to 255, as images have. */
export const uint8 = DType.all[8]!;
/** Truth values, one byte each: masks and comparisons. */
export const bool = DType.all[9]!;

/** The type of that name, or undefined. */
export function dtypeByName(name: string): DType | undefined { return DType.all.find((d) => d.name === name); }

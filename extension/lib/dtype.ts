/** Element types. `String(float32)` is `torch.float32`, as PyTorch prints it. */
import { inspect } from 'node:util';

export class DType {
  private constructor(
    /** PyTorch's name: float32. */
    readonly name: string,
    /** The engine's number of the type. */
    readonly code: number,
    /** Bytes an element. */
    readonly itemsize: number,
    readonly isFloatingPoint: boolean,
    /** Name in PyTorch's sentences: Float. */
    readonly scalarName: string,
  ) {}
  toString(): string { return `torch.${this.name}`; }
  [inspect.custom](): string { return this.toString(); }
  /** The class name of old: torch.FloatTensor. */
  /** C++'s name, which some of PyTorch's errors show. */
  get cName(): string { return { Float: 'float', Double: 'double', Half: 'c10::Half', BFloat16: 'c10::BFloat16', Long: 'long int', Int: 'int', Short: 'short int', Char: 'signed char', Byte: 'unsigned char', Bool: 'bool' }[this.scalarName] ?? this.scalarName; }
  get legacyName(): string { return `torch.${this.scalarName}Tensor`; }

  /** @internal */
  static readonly all: readonly DType[] = [
    new DType('float32', 0, 4, true, 'Float'), new DType('float64', 1, 8, true, 'Double'), new DType('float16', 2, 2, true, 'Half'),
    new DType('bfloat16', 3, 2, true, 'BFloat16'), new DType('int64', 4, 8, false, 'Long'), new DType('int32', 5, 4, false, 'Int'),
    new DType('int16', 6, 2, false, 'Short'), new DType('int8', 7, 1, false, 'Char'), new DType('uint8', 8, 1, false, 'Byte'),
    new DType('bool', 9, 1, false, 'Bool'),
  ];
}

export const [float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool] = DType.all as [DType, DType, DType, DType, DType, DType, DType, DType, DType, DType];

/** The type of that name, or undefined. */
export function dtypeByName(name: string): DType | undefined { return DType.all.find((d) => d.name === name); }

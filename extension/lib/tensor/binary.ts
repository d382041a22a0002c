/** Element by element, two inputs: shapes broadcast, dtypes promote as in PyTorch. Source: torch.<name>. */
import { RuntimeError } from '../errors';
import { native } from '../native';
import type { Tensor } from '../tensor';
import type { Operand } from './core';
import { TensorUnary } from './unary';

const B = native.binaryCodes;
/** How a quotient is rounded: not at all, towards zero, or down. */
export interface DivOptions { roundingMode?: 'trunc' | 'floor' | null }

/** @internal PyTorch's name of a type in messages. */
export const scalarType = (name: string): string => ({ float32: 'Float', float64: 'Double', float16: 'Half', bfloat16: 'BFloat16', int64: 'Long', int32: 'Int', int16: 'Short', int8: 'Char', uint8: 'Byte', bool: 'Bool' })[name] ?? name;
/** @internal The op of a quotient. */
export function quotient(options: DivOptions): number {
  const mode = options.roundingMode ?? null;
  if (mode !== null && mode !== 'trunc' && mode !== 'floor') throw new RuntimeError(`div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '${String(mode)}'`);
  return B[mode === null ? 'div' : mode === 'floor' ? 'floor_divide' : 'trunc_divide']!;
}

export class TensorBinary extends TensorUnary {
  /** The sum: this + alpha · other, broadcast; a number or tensor, PyTorch's promotion of dtypes. */
  add(other: Operand, options: { alpha?: number } = {}): Tensor { return native['binary'](B['add'], this, other, options.alpha); }
  /** The difference: this - alpha · other, broadcast. Throws RuntimeError for two bool tensors. */
  sub(other: Operand, options: { alpha?: number } = {}): Tensor { return native['binary'](B['sub'], this, other, options.alpha); }
  /** other - this, broadcast. */
  rsub(other: Operand): Tensor { return native['binary'](B['sub'], other, this); }
  /** Product with a tensor or number; broadcasts. */
  mul(other: Operand): Tensor { return native['binary'](B['mul'], this, other); }
  /** The quotient, broadcast; of integers as float32. Rounded by `{ roundingMode: 'floor' }` or `'trunc'`, the dtype stays. */
  div(other: Operand, options: DivOptions = {}): Tensor { return native['binary'](quotient(options), this, other); }
  /** this to the power of a number or tensor, broadcast. Throws RuntimeError for integers to a negative whole number. */
  pow(exponent: Operand): Tensor { return native['binary'](B['pow'], this, exponent); }
  /** The power in float64. */
  floatPower(exponent: Operand): Tensor { return native['binary'](B['pow'], this.double(), exponent instanceof TensorBinary ? exponent.double() : exponent); }
  /** this · 2^other; integers become float32. */
  ldexp(other: Tensor): Tensor { return native['binary'](B['mul'], this, native['binary'](B['pow'], 2, other.isFloatingPoint() ? other : this.isFloatingPoint() ? other.to(this.dtype) : other.float())); }
  /** this + weight · (end - this), broadcast; weight a number or tensor. */
  lerp(end: Tensor, weight: Operand): Tensor { return native['lerp'](this, end, weight); }
  /** this + value · tensor1 · tensor2; all three broadcast. */
  addcmul(tensor1: Tensor, tensor2: Tensor, options: { value?: number } = {}): Tensor { return native['addcmul'](this, tensor1, tensor2, options.value ?? 1); }
  /** this + value · tensor1 / tensor2; all three broadcast. Throws RuntimeError when both tensors are of integers. */
  addcdiv(tensor1: Tensor, tensor2: Tensor, options: { value?: number } = {}): Tensor { return native['addcdiv'](this, tensor1, tensor2, options.value ?? 1); }

  /** The quotient rounded down; integers stay integers, division by an integer 0 throws RuntimeError. */
  floorDivide(other: Operand): Tensor { return native['binary'](B['floor_divide'], this, other); }
  /** What division leaves, with the divisor's sign, as Python's %. */
  remainder(other: Operand): Tensor { return native['binary'](B['remainder'], this, other); }
  /** What division leaves, with the dividend's sign, as C's %. */
  fmod(other: Operand): Tensor { return native['binary'](B['fmod'], this, other); }
  /** The larger; NaN where either is. */
  maximum(other: Tensor): Tensor { return native['binary'](B['maximum'], this, other); }
  /** The smaller; NaN where either is. */
  minimum(other: Tensor): Tensor { return native['binary'](B['minimum'], this, other); }
  /** The larger; NaN only where both are. */
  fmax(other: Tensor): Tensor { return native['binary'](B['fmax'], this, other); }
  /** The smaller; NaN only where both are. */
  fmin(other: Tensor): Tensor { return native['binary'](B['fmin'], this, other); }
  /** The angle of the point (other, this), in radians. */
  atan2(other: Tensor): Tensor { return native['binary'](B['atan2'], this, other); }
  /** √(this² + other²). */
  hypot(other: Tensor): Tensor { return native['binary'](B['hypot'], this, other); }
  /** This magnitude with other's sign. */
  copysign(other: Operand): Tensor { return native['binary'](B['copysign'], this, other); }
  /** The next number that the dtype holds, towards other. */
  nextafter(other: Tensor): Tensor { return native['binary'](B['nextafter'], this, other); }
  /** ln(eᵃ + eᵇ) of this and other, without overflow. */
  logaddexp(other: Tensor): Tensor { return native['binary'](B['logaddexp'], this, other); }
  /** log2(2ᵃ + 2ᵇ) of this and other, without overflow. */
  logaddexp2(other: Tensor): Tensor { return native['binary'](B['logaddexp2'], this, other); }
  /** The share of the gamma distribution of shape this that lies below `other`: γ(a, x)/Γ(a). Differentiable by `other` alone. Source: torch.special.gammainc. */
  igamma(other: Tensor): Tensor { return native['binary'](B['igamma'], this, other); }
  /** The share above: Γ(a, x)/Γ(a) = 1 - igamma, without its cancellation. Source: torch.special.gammaincc. */
  igammac(other: Tensor): Tensor { return native['binary'](B['igammac'], this, other); }
  /** this · ln(other), 0 where this is 0. */
  xlogy(other: Operand): Tensor { return native['binary'](B['xlogy'], this, other); }
  /** 0 below zero, 1 above, `other` at zero. */
  heaviside(other: Tensor): Tensor { return native['binary'](B['heaviside'], this, other); }
  /** Greatest common divisor of integers. */
  gcd(other: Tensor): Tensor { return native['binary'](B['gcd'], this, other); }
  /** Least common multiple of integers. */
  lcm(other: Tensor): Tensor { return native['binary'](B['lcm'], this, other); }
  /** And, bit by bit. Throws NotImplementedError for floating dtypes. */
  bitwiseAnd(other: Operand): Tensor { return native['binary'](B['bitwise_and'], this, other); }
  /** Or, bit by bit. Throws NotImplementedError for floating dtypes. */
  bitwiseOr(other: Operand): Tensor { return native['binary'](B['bitwise_or'], this, other); }
  /** Exclusive or, bit by bit. Throws NotImplementedError for floating dtypes. */
  bitwiseXor(other: Operand): Tensor { return native['binary'](B['bitwise_xor'], this, other); }
  /** Shifted left by other bits. */
  bitwiseLeftShift(other: Operand): Tensor { return native['binary'](B['bitwise_left_shift'], this, other); }
  /** Shifted right by other bits, keeping the sign. */
  bitwiseRightShift(other: Operand): Tensor { return native['binary'](B['bitwise_right_shift'], this, other); }
  /** Where this == other, as bool; broadcasts. */
  eq(other: Operand): Tensor { return native['binary'](B['eq'], this, other); }
  /** Where this != other, as bool; broadcasts. */
  ne(other: Operand): Tensor { return native['binary'](B['ne'], this, other); }
  /** Where this < other, as bool; broadcasts. */
  lt(other: Operand): Tensor { return native['binary'](B['lt'], this, other); }
  /** Where this <= other, as bool; broadcasts. */
  le(other: Operand): Tensor { return native['binary'](B['le'], this, other); }
  /** Where this > other, as bool; broadcasts. */
  gt(other: Operand): Tensor { return native['binary'](B['gt'], this, other); }
  /** Where this >= other, as bool; broadcasts. */
  ge(other: Operand): Tensor { return native['binary'](B['ge'], this, other); }
  /** Where both are not zero, as bool. */
  logicalAnd(other: Tensor): Tensor { return native['binary'](B['logical_and'], this, other); }
  /** Where either is not zero, as bool. */
  logicalOr(other: Tensor): Tensor { return native['binary'](B['logical_or'], this, other); }
  /** Where exactly one is not zero, as bool. */
  logicalXor(other: Tensor): Tensor { return native['binary'](B['logical_xor'], this, other); }
  /** |this - other| <= atol + rtol · |other|, element by element. */
  isclose(other: Tensor, options: { rtol?: number; atol?: number; equalNan?: boolean } = {}): Tensor {
    const { rtol = 1e-5, atol = 1e-8, equalNan = false } = options;
    const same = this.eq(other);
    const close = this.isFloatingPoint() || other.isFloatingPoint() ? same.logicalOr(this.sub(other).abs().le(other.abs().mul(rtol).add(atol)).logicalAnd(other.isfinite())) : this.double().sub(other).abs().le(other.double().abs().mul(rtol).add(atol));
    return equalNan ? close.logicalOr(this.isnan().logicalAnd(other.isnan())) : close;
  }
  /** All elements close: a single answer. */
  allclose(other: Tensor, options: { rtol?: number; atol?: number; equalNan?: boolean } = {}): boolean { return native['item'](native['anyAll'](this.isclose(other, options), [], false, true)); }
  /** Same shape and every element equal. */
  equal(other: Tensor): boolean { return String(this.shape) === String(other.shape) && (this.numel() === 0 || native['item'](native['anyAll'](this.eq(other), [], false, true))); }

  // --- other names of the same

  /** The same as sub. */
  subtract(other: Operand, options: { alpha?: number } = {}): Tensor { return this.sub(other, options); }
  /** The same as mul. */
  multiply(other: Operand): Tensor { return this.mul(other); }
  /** The same as div. */
  divide(other: Operand, options: DivOptions = {}): Tensor { return this.div(other, options); }
  /** The same as div. */
  trueDivide(other: Operand): Tensor { return this.div(other); }
  /** The same as atan2. */
  arctan2(other: Tensor): Tensor { return this.atan2(other); }
  /** The same as ne. */
  notEqual(other: Operand): Tensor { return this.ne(other); }
  /** The same as lt. */
  less(other: Operand): Tensor { return this.lt(other); }
  /** The same as le. */
  lessEqual(other: Operand): Tensor { return this.le(other); }
  /** The same as gt. */
  greater(other: Operand): Tensor { return this.gt(other); }
  /** The same as ge. */
  greaterEqual(other: Operand): Tensor { return this.ge(other); }

  // --- in place: this tensor's shape and dtype stay. Throws RuntimeError where the result would not fit

  /** Adds `alpha` times a tensor or number, in place. */
  add_(other: Operand, options: { alpha?: number } = {}): this { return native['binary_'](B['add'], this, other, options.alpha); }
  /** Subtracts `alpha` times a tensor or number, in place. */
  sub_(other: Operand, options: { alpha?: number } = {}): this { return native['binary_'](B['sub'], this, other, options.alpha); }
  /** Multiplies by a tensor or number, in place. */
  mul_(other: Operand): this { return native['binary_'](B['mul'], this, other); }
  /** Divides by a tensor or number, in place. */
  div_(other: Operand, options: DivOptions = {}): this { return native['binary_'](quotient(options), this, other); }
  /** To a power, in place. */
  pow_(exponent: Operand): this { return native['binary_'](B['pow'], this, exponent); }
  /** this + weight · (end - this), in place. */
  lerp_(end: Tensor, weight: Operand): this { return this.become(this.lerp(end, weight)); }
  /** this + value · tensor1 · tensor2, in place. */
  addcmul_(tensor1: Tensor, tensor2: Tensor, options: { value?: number } = {}): this { return this.become(this.addcmul(tensor1, tensor2, options)); }
  /** this + value · tensor1 / tensor2, in place. */
  addcdiv_(tensor1: Tensor, tensor2: Tensor, options: { value?: number } = {}): this { return this.become(this.addcdiv(tensor1, tensor2, options)); }
  /** The quotient rounded down, in place. */
  floorDivide_(other: Operand): this { return native['binary_'](B['floor_divide'], this, other); }
  /** What division leaves, with the divisor's sign, in place. */
  remainder_(other: Operand): this { return native['binary_'](B['remainder'], this, other); }
  /** What division leaves, with the dividend's sign, in place. */
  fmod_(other: Operand): this { return native['binary_'](B['fmod'], this, other); }
  /** The angle of the point (other, this), in radians, in place. */
  atan2_(other: Tensor): this { return native['binary_'](B['atan2'], this, other); }
  /** √(this² + other²), in place. */
  hypot_(other: Tensor): this { return native['binary_'](B['hypot'], this, other); }
  /** This magnitude with other's sign, in place. */
  copysign_(other: Operand): this { return native['binary_'](B['copysign'], this, other); }
  /** The next number that the dtype holds, towards other, in place. */
  nextafter_(other: Tensor): this { return native['binary_'](B['nextafter'], this, other); }
  /** igamma, in place. */
  igamma_(other: Tensor): this { return native['binary_'](B['igamma'], this, other); }
  /** igammac, in place. */
  igammac_(other: Tensor): this { return native['binary_'](B['igammac'], this, other); }
  /** this · ln(other), in place; 0 where this is 0. */
  xlogy_(other: Operand): this { return native['binary_'](B['xlogy'], this, other); }
  /** 0 below zero, 1 above, `other` at zero, in place. */
  heaviside_(other: Tensor): this { return native['binary_'](B['heaviside'], this, other); }
  /** Greatest common divisor of integers, in place. */
  gcd_(other: Tensor): this { return native['binary_'](B['gcd'], this, other); }
  /** Least common multiple of integers, in place. */
  lcm_(other: Tensor): this { return native['binary_'](B['lcm'], this, other); }
  /** And, bit by bit, in place. Throws NotImplementedError for floating dtypes. */
  bitwiseAnd_(other: Operand): this { return native['binary_'](B['bitwise_and'], this, other); }
  /** Or, bit by bit, in place. Throws NotImplementedError for floating dtypes. */
  bitwiseOr_(other: Operand): this { return native['binary_'](B['bitwise_or'], this, other); }
  /** Exclusive or, bit by bit, in place. Throws NotImplementedError for floating dtypes. */
  bitwiseXor_(other: Operand): this { return native['binary_'](B['bitwise_xor'], this, other); }
  /** Shifted left by other bits, in place. */
  bitwiseLeftShift_(other: Operand): this { return native['binary_'](B['bitwise_left_shift'], this, other); }
  /** Shifted right by other bits, keeping the sign, in place. */
  bitwiseRightShift_(other: Operand): this { return native['binary_'](B['bitwise_right_shift'], this, other); }
  /** 1 where this == other, else 0, in place: the dtype stays. */
  eq_(other: Operand): this { return native['binary_'](B['eq'], this, other); }
  /** 1 where this != other, else 0, in place: the dtype stays. */
  ne_(other: Operand): this { return native['binary_'](B['ne'], this, other); }
  /** 1 where this < other, else 0, in place: the dtype stays. */
  lt_(other: Operand): this { return native['binary_'](B['lt'], this, other); }
  /** 1 where this <= other, else 0, in place: the dtype stays. */
  le_(other: Operand): this { return native['binary_'](B['le'], this, other); }
  /** 1 where this > other, else 0, in place: the dtype stays. */
  gt_(other: Operand): this { return native['binary_'](B['gt'], this, other); }
  /** 1 where this >= other, else 0, in place: the dtype stays. */
  ge_(other: Operand): this { return native['binary_'](B['ge'], this, other); }
  /** 1 where both are not zero, else 0, in place: the dtype stays. */
  logicalAnd_(other: Tensor): this { return native['binary_'](B['logical_and'], this, other); }
  /** 1 where either is not zero, else 0, in place: the dtype stays. */
  logicalOr_(other: Tensor): this { return native['binary_'](B['logical_or'], this, other); }
  /** 1 where exactly one is not zero, else 0, in place: the dtype stays. */
  logicalXor_(other: Tensor): this { return native['binary_'](B['logical_xor'], this, other); }
  /** The same as sub_. */
  subtract_(other: Operand, options: { alpha?: number } = {}): this { return this.sub_(other, options); }
  /** The same as mul_. */
  multiply_(other: Operand): this { return this.mul_(other); }
  /** The same as div_. */
  divide_(other: Operand, options: DivOptions = {}): this { return this.div_(other, options); }
  /** The same as div_. */
  trueDivide_(other: Operand): this { return this.div_(other); }
  /** The same as atan2_. */
  arctan2_(other: Tensor): this { return this.atan2_(other); }
  /** The same as ne_. */
  notEqual_(other: Operand): this { return this.ne_(other); }
  /** The same as lt_. */
  less_(other: Operand): this { return this.lt_(other); }
  /** The same as le_. */
  lessEqual_(other: Operand): this { return this.le_(other); }
  /** The same as gt_. */
  greater_(other: Operand): this { return this.gt_(other); }
  /** The same as ge_. */
  greaterEqual_(other: Operand): this { return this.ge_(other); }
  /** Throws RuntimeError for what is not float64, the type of the power. */
  floatPower_(exponent: Operand): this {
    if (this.dtype.name !== 'float64') throw new RuntimeError(`the base given to float_power_ has dtype ${scalarType(this.dtype.name)} but the operation's result requires dtype Double`);
    return this.pow_(exponent instanceof TensorBinary ? exponent.double() : exponent);
  }
  /** this · 2^other, in place. */
  ldexp_(other: Tensor): this { return this.become(this.ldexp(other)); }
}

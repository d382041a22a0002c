/** Element by element, one input. Integers become float32 where the result is not whole. Source: torch.<name>. */
import { native } from '../native';
import type { Tensor } from '../tensor';
import { besselI0 } from './bessel';
import { TensorCore, type Operand } from './core';

const U = native.unaryCodes;
const B = native.binaryCodes;

export class TensorUnary extends TensorCore {
  /** -x. */
  neg(): Tensor { return native['unary'](U['neg'], this); }
  /** |x|. */
  abs(): Tensor { return native['unary'](U['abs'], this); }
  /** -1, 0 or 1. */
  sign(): Tensor { return native['unary'](U['sign'], this); }
  /** x · x. */
  square(): Tensor { return native['unary'](U['square'], this); }
  /** √x. */
  sqrt(): Tensor { return native['unary'](U['sqrt'], this); }
  /** 1 / √x. */
  rsqrt(): Tensor { return native['unary'](U['rsqrt'], this); }
  /** 1 / x. */
  reciprocal(): Tensor { return native['unary'](U['reciprocal'], this); }
  /** eˣ. */
  exp(): Tensor { return native['unary'](U['exp'], this); }
  /** 2ˣ. */
  exp2(): Tensor { return native['unary'](U['exp2'], this); }
  /** eˣ - 1, exact near 0. */
  expm1(): Tensor { return native['unary'](U['expm1'], this); }
  /** Natural logarithm. */
  log(): Tensor { return native['unary'](U['log'], this); }
  /** Logarithm to base 2. */
  log2(): Tensor { return native['unary'](U['log2'], this); }
  /** Logarithm to base 10. */
  log10(): Tensor { return native['unary'](U['log10'], this); }
  /** ln(1 + x), exact near 0. */
  log1p(): Tensor { return native['unary'](U['log1p'], this); }
  /** Sine of radians. */
  sin(): Tensor { return native['unary'](U['sin'], this); }
  /** Cosine of radians. */
  cos(): Tensor { return native['unary'](U['cos'], this); }
  /** Tangent of radians. */
  tan(): Tensor { return native['unary'](U['tan'], this); }
  /** Inverse sine, in radians. */
  asin(): Tensor { return native['unary'](U['asin'], this); }
  /** Inverse cosine, in radians. */
  acos(): Tensor { return native['unary'](U['acos'], this); }
  /** Inverse tangent, in radians. */
  atan(): Tensor { return native['unary'](U['atan'], this); }
  /** Hyperbolic sine. */
  sinh(): Tensor { return native['unary'](U['sinh'], this); }
  /** Hyperbolic cosine. */
  cosh(): Tensor { return native['unary'](U['cosh'], this); }
  /** Hyperbolic tangent. */
  tanh(): Tensor { return native['unary'](U['tanh'], this); }
  /** Inverse hyperbolic sine. */
  asinh(): Tensor { return native['unary'](U['asinh'], this); }
  /** Inverse hyperbolic cosine. */
  acosh(): Tensor { return native['unary'](U['acosh'], this); }
  /** Inverse hyperbolic tangent. */
  atanh(): Tensor { return native['unary'](U['atanh'], this); }
  /** 1 / (1 + e⁻ˣ). */
  sigmoid(): Tensor { return native['unary'](U['sigmoid'], this); }
  /** max(x, 0). */
  relu(): Tensor { return native['unary'](U['relu'], this); }
  /** Error function. */
  erf(): Tensor { return native['unary'](U['erf'], this); }
  /** 1 - erf(x), exact for large x. */
  erfc(): Tensor { return native['unary'](U['erfc'], this); }
  /** Inverse error function. */
  erfinv(): Tensor { return native['unary'](U['erfinv'], this); }
  /** ln |Γ(x)|. */
  lgamma(): Tensor { return native['unary'](U['lgamma'], this); }
  /** Derivative of lgamma. */
  digamma(): Tensor { return native['unary'](U['digamma'], this); }
  /** The modified Bessel function of the first kind, order 0. */
  i0(): Tensor { return besselI0(this as unknown as Tensor); }
  /** sin(πx) / (πx), 1 at 0. */
  sinc(): Tensor { return native['unary'](U['sinc'], this); }
  /** The whole number at or below. */
  floor(): Tensor { return native['unary'](U['floor'], this); }
  /** The whole number at or above. */
  ceil(): Tensor { return native['unary'](U['ceil'], this); }
  /** The whole number towards zero. */
  trunc(): Tensor { return native['unary'](U['trunc'], this); }
  /** x - trunc(x). */
  frac(): Tensor { return native['unary'](U['frac'], this); }
  /** Every bit turned over; of bool: not. Throws NotImplementedError for floating dtypes. */
  bitwiseNot(): Tensor { return native['unary'](U['bitwise_not'], this); }
  /** x == 0, as bool. */
  logicalNot(): Tensor { return native['unary'](U['logical_not'], this); }
  /** Where x is NaN. */
  isnan(): Tensor { return native['unary'](U['isnan'], this); }
  /** Where x is ±∞. */
  isinf(): Tensor { return native['unary'](U['isinf'], this); }
  /** Where x is neither ±∞ nor NaN. */
  isfinite(): Tensor { return native['unary'](U['isfinite'], this); }
  /** Where the sign bit is set: x < 0 or -0. */
  signbit(): Tensor { return native['unary'](U['signbit'], this); }
  /** The nth derivative of digamma. Throws RuntimeError for negative n. */
  polygamma(n: number): Tensor { return native['unary'](U['polygamma'], this, n); }
  /** To `decimals` places (default 0), ties to even. */
  round(options: { decimals?: number } = {}): Tensor {
    return native['roundTo'](this, options.decimals ?? 0);
  }
  /** ln(x / (1 - x)); with eps, x is first clamped to [eps, 1 - eps]. */
  logit(eps: number | null = null): Tensor { return native['logit'](this, eps); }
  /** NaN and infinities replaced; by 0 and the largest finite numbers unless told otherwise. */
  nanToNum(options: { nan?: number; posinf?: number; neginf?: number } = {}): Tensor { return native['nanToNum'](this, options.nan ?? 0, options.posinf, options.neginf); }
  /** Degrees to radians. */
  deg2rad(): Tensor { return native['deg2rad'](this); }
  /** Radians to degrees. */
  rad2deg(): Tensor { return native['rad2deg'](this); }
  /** Where x is +∞. */
  isposinf(): Tensor { return native['binary'](B['eq'], this, Infinity); }
  /** Where x is -∞. */
  isneginf(): Tensor { return native['binary'](B['eq'], this, -Infinity); }
  /** Itself. */
  positive(): Tensor { return this as unknown as Tensor; }
  /** Between min and max, numbers or tensors; null leaves a side open. Throws RuntimeError when both are null. */
  clamp(min: Operand | null = null, max: Operand | null = null): Tensor { return native['clamp'](this, min, max); }
  /** At least min. */
  clampMin(min: Operand): Tensor { return min instanceof TensorCore ? native['clamp'](this, min, null) : native['clampMin'](this, min); }
  /** At most max. */
  clampMax(max: Operand): Tensor { return max instanceof TensorCore ? native['clamp'](this, null, max) : native['clampMax'](this, max); }

  // --- other names of the same

  /** The same as neg. */
  negative(): Tensor { return native['unary'](U['neg'], this); }
  /** The same as abs. */
  absolute(): Tensor { return native['unary'](U['abs'], this); }
  /** The same as sign. */
  sgn(): Tensor { return native['unary'](U['sign'], this); }
  /** The same as trunc. */
  fix(): Tensor { return native['unary'](U['trunc'], this); }
  /** The same as asin. */
  arcsin(): Tensor { return native['unary'](U['asin'], this); }
  /** The same as acos. */
  arccos(): Tensor { return native['unary'](U['acos'], this); }
  /** The same as atan. */
  arctan(): Tensor { return native['unary'](U['atan'], this); }
  /** The same as asinh. */
  arcsinh(): Tensor { return native['unary'](U['asinh'], this); }
  /** The same as acosh. */
  arccosh(): Tensor { return native['unary'](U['acosh'], this); }
  /** The same as atanh. */
  arctanh(): Tensor { return native['unary'](U['atanh'], this); }
  /** The same as clamp. */
  clip(min: Operand | null = null, max: Operand | null = null): Tensor { return native['clamp'](this, min, max); }

  // --- in place; integers stay integers only where the op keeps them

  /** -x, in place. */
  neg_(): this { return native['unary_'](U['neg'], this); }
  /** |x|, in place. */
  abs_(): this { return native['unary_'](U['abs'], this); }
  /** -1, 0 or 1, in place. */
  sign_(): this { return native['unary_'](U['sign'], this); }
  /** x · x, in place. */
  square_(): this { return native['unary_'](U['square'], this); }
  /** √x, in place. */
  sqrt_(): this { return native['unary_'](U['sqrt'], this); }
  /** 1 / √x, in place. */
  rsqrt_(): this { return native['unary_'](U['rsqrt'], this); }
  /** 1 / x, in place. */
  reciprocal_(): this { return native['unary_'](U['reciprocal'], this); }
  /** eˣ, in place. */
  exp_(): this { return native['unary_'](U['exp'], this); }
  /** 2ˣ, in place. */
  exp2_(): this { return native['unary_'](U['exp2'], this); }
  /** eˣ - 1, in place; exact near 0. */
  expm1_(): this { return native['unary_'](U['expm1'], this); }
  /** Natural logarithm, in place. */
  log_(): this { return native['unary_'](U['log'], this); }
  /** Logarithm to base 2, in place. */
  log2_(): this { return native['unary_'](U['log2'], this); }
  /** Logarithm to base 10, in place. */
  log10_(): this { return native['unary_'](U['log10'], this); }
  /** ln(1 + x), in place; exact near 0. */
  log1p_(): this { return native['unary_'](U['log1p'], this); }
  /** Sine of radians, in place. */
  sin_(): this { return native['unary_'](U['sin'], this); }
  /** Cosine of radians, in place. */
  cos_(): this { return native['unary_'](U['cos'], this); }
  /** Tangent of radians, in place. */
  tan_(): this { return native['unary_'](U['tan'], this); }
  /** Inverse sine, in radians, in place. */
  asin_(): this { return native['unary_'](U['asin'], this); }
  /** Inverse cosine, in radians, in place. */
  acos_(): this { return native['unary_'](U['acos'], this); }
  /** Inverse tangent, in radians, in place. */
  atan_(): this { return native['unary_'](U['atan'], this); }
  /** Hyperbolic sine, in place. */
  sinh_(): this { return native['unary_'](U['sinh'], this); }
  /** Hyperbolic cosine, in place. */
  cosh_(): this { return native['unary_'](U['cosh'], this); }
  /** Hyperbolic tangent, in place. */
  tanh_(): this { return native['unary_'](U['tanh'], this); }
  /** Inverse hyperbolic sine, in place. */
  asinh_(): this { return native['unary_'](U['asinh'], this); }
  /** Inverse hyperbolic cosine, in place. */
  acosh_(): this { return native['unary_'](U['acosh'], this); }
  /** Inverse hyperbolic tangent, in place. */
  atanh_(): this { return native['unary_'](U['atanh'], this); }
  /** 1 / (1 + e⁻ˣ), in place. */
  sigmoid_(): this { return native['unary_'](U['sigmoid'], this); }
  /** max(x, 0), in place. */
  relu_(): this { return native['unary_'](U['relu'], this); }
  /** Error function, in place. */
  erf_(): this { return native['unary_'](U['erf'], this); }
  /** 1 - erf(x), in place; exact for large x. */
  erfc_(): this { return native['unary_'](U['erfc'], this); }
  /** Inverse error function, in place. */
  erfinv_(): this { return native['unary_'](U['erfinv'], this); }
  /** ln |Γ(x)|, in place. */
  lgamma_(): this { return native['unary_'](U['lgamma'], this); }
  /** Derivative of lgamma, in place. */
  digamma_(): this { return native['unary_'](U['digamma'], this); }
  /** sin(πx) / (πx), in place; 1 at 0. */
  sinc_(): this { return native['unary_'](U['sinc'], this); }
  /** The modified Bessel function of the first kind, order 0, in place. */
  i0_(): this { return this.become(this.i0()); }
  /** The whole number at or below, in place. */
  floor_(): this { return native['unary_'](U['floor'], this); }
  /** The whole number at or above, in place. */
  ceil_(): this { return native['unary_'](U['ceil'], this); }
  /** The whole number towards zero, in place. */
  trunc_(): this { return native['unary_'](U['trunc'], this); }
  /** x - trunc(x), in place. */
  frac_(): this { return native['unary_'](U['frac'], this); }
  /** Every bit turned over, in place; of bool: not. Throws NotImplementedError for floating dtypes. */
  bitwiseNot_(): this { return native['unary_'](U['bitwise_not'], this); }
  /** 1 where x is 0, else 0, in place: the dtype stays. */
  logicalNot_(): this { return native['unary_'](U['logical_not'], this); }
  /** Rounds to `decimals` places (default 0), ties to even, in place. */
  round_(options: { decimals?: number } = {}): this { return (options.decimals ?? 0) === 0 ? native['unary_'](U['round'], this) : this.become(this.round(options)); }
  /** ln(x / (1 - x)), in place; with eps, x is first clamped to [eps, 1 - eps]. */
  logit_(eps: number | null = null): this { return this.become(this.logit(eps)); }
  /** NaN and infinities replaced, in place; by 0 and the largest finite numbers unless told otherwise. */
  nanToNum_(options: { nan?: number; posinf?: number; neginf?: number } = {}): this { return this.become(this.nanToNum(options)); }
  /** Cuts at min and max, in place. */
  clamp_(min: Operand | null = null, max: Operand | null = null): this { return native['clamp_'](this, min, max); }
  /** Cuts below min, in place. */
  clampMin_(min: Operand): this { return native['clamp_'](this, min, null); }
  /** Cuts above max, in place. */
  clampMax_(max: Operand): this { return native['clamp_'](this, null, max); }
  /** The same as abs_. */
  absolute_(): this { return this.abs_(); }
  /** The same as neg_. */
  negative_(): this { return this.neg_(); }
  /** The same as sign_. */
  sgn_(): this { return this.sign_(); }
  /** The same as trunc_. */
  fix_(): this { return this.trunc_(); }
  /** The same as asin_. */
  arcsin_(): this { return this.asin_(); }
  /** The same as acos_. */
  arccos_(): this { return this.acos_(); }
  /** The same as atan_. */
  arctan_(): this { return this.atan_(); }
  /** The same as asinh_. */
  arcsinh_(): this { return this.asinh_(); }
  /** The same as acosh_. */
  arccosh_(): this { return this.acosh_(); }
  /** The same as atanh_. */
  arctanh_(): this { return this.atanh_(); }
  /** Degrees to radians, in place. */
  deg2rad_(): this { return this.become(this.deg2rad()); }
  /** Radians to degrees, in place. */
  rad2deg_(): this { return this.become(this.rad2deg()); }
  /** The nth derivative of digamma, in place. Throws RuntimeError for negative n. */
  polygamma_(n: number): this { return this.become(this.polygamma(n)); }
  /** The same as clamp_. */
  clip_(min: Operand | null = null, max: Operand | null = null): this { return this.clamp_(min, max); }
}

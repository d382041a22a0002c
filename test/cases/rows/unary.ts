/** Element by element, one input. */
import { op, f, positive, unary, within, type Row } from '../table';

const predicate = { noGrad: true };
/** The derivative is zero wherever there is one. */
const flat = { noDouble: true };
/** PyTorch's own digamma is good to a few hundred units in float32, its trigamma to 1e-9; ours to the last place. */
const rough = { ulps: 300, gradUlps: 1000, dtypes: ['float16', 'bfloat16', 'int64', 'bool'], extremes: [0, 1, 0.5, 2.5, 19, 300, NaN] } as const;

const i0 = { ulps: 16, gradUlps: 64, extremes: [0, -0, 1, -1, -8, 8, 8.5, -30, 80, 100, -100, 1e-6, 800, -1e4, Infinity, NaN] } as const;

export const rows: Row[] = [
  unary('neg'), unary('abs'), unary('square'), unary('sqrt', {}, positive(3, 4)), unary('rsqrt', {}, positive(3, 4)), unary('reciprocal'),
  unary('exp'), unary('exp2'), unary('expm1'), unary('log', {}, positive(3, 4)), unary('log2', {}, positive(3, 4)), unary('log10', {}, positive(3, 4)), unary('log1p', {}, positive(3, 4)),
  unary('sin'), unary('cos'), unary('tan'), unary('asin', {}, within(-1, 1, 3, 4)), unary('acos', {}, within(-1, 1, 3, 4)), unary('atan'),
  unary('sinh'), unary('cosh'), unary('tanh'), unary('asinh'), unary('acosh', {}, within(1, 3, 3, 4)), unary('atanh', {}, within(-1, 1, 3, 4)),
  unary('sigmoid'), unary('relu'), unary('erf'), unary('erfc'), unary('erfinv', {}, within(-1, 1, 3, 4)), unary('lgamma', { gradUlps: 64 }, positive(3, 4)), unary('digamma', rough, positive(3, 4)), unary('i0', i0), unary('sinc'),
  unary('sign', flat), unary('sgn', { ...flat, anyFn: true }), unary('floor', flat), unary('ceil', flat), unary('round', flat), unary('trunc', flat), unary('frac', flat),
  unary('logical_not', predicate), unary('isnan', predicate), unary('isinf', predicate), unary('isfinite', predicate), unary('signbit', predicate), unary('isposinf', predicate), unary('isneginf', predicate),
  unary('bitwise_not', predicate), unary('deg2rad'), unary('rad2deg'), unary('nan_to_num'), unary('logit', {}, within(0, 1, 3, 4)),
  unary('negative'), unary('absolute'), unary('arcsin', {}, within(-1, 1, 3, 4)), unary('arctan'), unary('arcsinh'), unary('arccosh', {}, within(1, 3, 3, 4)), unary('arctanh', {}, within(-1, 1, 3, 4)), unary('arccos', {}, within(-1, 1, 3, 4)), unary('fix', flat), unary('positive'),
  op('polygamma 1', [positive(3, 4)], (x) => x.polygamma(1), 'x.polygamma(1)', { elementwise: true, ...rough }),
  op('polygamma 3', [positive(3, 4)], (x) => x.polygamma(3), 'x.polygamma(3)', { elementwise: true, ...rough }),
  op('round decimals', [f(3, 4)], (x) => x.round({ decimals: 1 }), 'x.round(decimals=1)', { elementwise: true, noDouble: true }),
  op('round hundreds', [within(-500, 500, 3, 4)], (x) => x.round({ decimals: -2 }), 'x.round(decimals=-2)', { noDouble: true }),
  op('logit eps', [within(0, 1, 3, 4)], (x) => x.logit(0.1), 'x.logit(0.1)', { elementwise: true }),
  op('nan_to_num given', [f(3, 4)], (x) => x.nanToNum({ nan: 1, posinf: 2, neginf: -2 }), 'x.nan_to_num(1, 2, -2)', { elementwise: true }),
  op('clamp', [f(3, 4)], (x) => x.clamp(-1, 1), 'x.clamp(-1, 1)', { elementwise: true }),
  op('clamp crossed', [f(3, 4)], (x) => x.clamp(1, -1), 'x.clamp(1, -1)', { elementwise: true, noDouble: true }),
  op('clamp fraction', [f(3, 4)], (x) => x.clamp(-0.5, 1.25), 'x.clamp(-0.5, 1.25)', { elementwise: true }),
  op('clamp NaN', [f(3, 4)], (x) => x.clamp(NaN, 1), 'x.clamp(math.nan, 1)', { elementwise: true, dtypes: ['float64'], noGrad: true }),
  op('clamp min', [f(3, 4)], (x) => x.clamp(0.25), 'x.clamp(min=0.25)', { elementwise: true }),
  op('clamp max', [f(3, 4)], (x) => x.clamp(null, 0.25), 'x.clamp(max=0.25)', { elementwise: true }),
  op('clamp_min', [f(3, 4)], (x) => x.clampMin(0.25), 'x.clamp_min(0.25)', { elementwise: true }),
  op('clamp_max', [f(3, 4)], (x) => x.clampMax(0.25), 'x.clamp_max(0.25)', { elementwise: true }),
];

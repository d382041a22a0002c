/** Element by element, one input. */
import { op, f, positive, unary, within, type Row } from '../table';

const predicate = { noGrad: true };
const flat = { noDouble: true };

export const rows: Row[] = [
  unary('neg'), unary('abs'), unary('square', { anyFn: false }), unary('sqrt', {}, positive(3, 4)), unary('rsqrt', {}, positive(3, 4)), unary('reciprocal'),
  unary('exp'), unary('expm1'), unary('log', {}, positive(3, 4)), unary('log2', {}, positive(3, 4)), unary('log10', {}, positive(3, 4)), unary('log1p', {}, positive(3, 4)),
  unary('sin'), unary('cos'), unary('tan'), unary('asin', {}, within(-1, 1, 3, 4)), unary('acos', {}, within(-1, 1, 3, 4)), unary('atan'),
  unary('sinh'), unary('cosh'), unary('tanh'), unary('sigmoid'), unary('relu'), unary('erf'),
  unary('sign', flat), unary('floor', flat), unary('ceil', flat), unary('round', flat), unary('trunc', flat), unary('frac', flat),
  unary('logical_not', predicate), unary('isnan', predicate), unary('isinf', predicate), unary('isfinite', predicate),
  op('clamp', [f(3, 4)], (x) => x.clamp(-1, 1), 'x.clamp(-1, 1)', { elementwise: true }),
  op('clamp min', [f(3, 4)], (x) => x.clamp(0.25), 'x.clamp(min=0.25)', { elementwise: true }),
];

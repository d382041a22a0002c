/** Element by element, two inputs: arithmetic, comparisons, logic. */
import * as torch from '../../../extension/lib/index';
import { as, binary, f, ints, mask, op, positive, raised, same, values, within, type Row } from '../table';

const predicate = { noGrad: true };
/** PyTorch's vectorised fmod answers NaN where divisor or quotient leave the normal range; its scalar one and ours are exact. */
const modest = { extremes: [0, -0, Infinity, -Infinity, NaN, 1, -1, 2.5, -3, 1e5] };
const tensor64 = (v: number[]): torch.Tensor => torch.tensor(v, { dtype: torch.float64 });
const whole = { noGrad: true, dtypes: [] };
const int = (lo: number, hi: number): ReturnType<typeof ints> => ({ ...ints(lo, hi, 3, 4), fixed: false });
const up = as('int64', within(1, 4, 3, 4));

export const rows: Row[] = [
  binary('add'), binary('sub'), binary('mul'), binary('div'), binary('pow', {}, positive(3, 4)), binary('maximum'), binary('minimum'), binary('fmax'), binary('fmin'), binary('atan2'),
  binary('remainder', modest), binary('fmod', modest), binary('hypot'), binary('copysign', { noDouble: true }), binary('logaddexp'), binary('logaddexp2'), binary('xlogy', {}, f(3, 4), positive(3, 4)),
  binary('floor_divide', { ...modest, noGrad: true }), binary('nextafter', { noGrad: true }), binary('heaviside', { noGrad: true }), binary('float_power', { cpuOnly: 'float64' }, positive(3, 4)),
  binary('arctan2'), binary('subtract'), binary('multiply'), binary('divide'), binary('true_divide'),
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logical_and', 'logical_or', 'logical_xor', 'not_equal', 'less', 'less_equal', 'greater', 'greater_equal'].map((n) => binary(n, predicate)),
  ...['bitwise_and', 'bitwise_or', 'bitwise_xor'].map((n) => op(n, [int(-9, 9), int(-4, 6)], (x, y) => (x as unknown as Record<string, (t: torch.Tensor) => torch.Tensor>)[n.replace(/_(.)/, (_, c: string) => c.toUpperCase())]!(y), `x.${n}(y)`, { noGrad: true, dtypes: ['bool', 'uint8', 'int8', 'int16', 'int32', 'float32'] })),
  op('bitwise_left_shift', [int(-9, 9), int(0, 5)], (x, y) => x.bitwiseLeftShift(y), 'x.bitwise_left_shift(y)', { noGrad: true, dtypes: ['int8', 'uint8', 'int32', 'bool'] }),
  op('bitwise_right_shift', [int(-9, 9), int(0, 5)], (x, y) => x.bitwiseRightShift(y), 'x.bitwise_right_shift(y)', { noGrad: true, dtypes: ['int8', 'uint8', 'int32'] }),
  op('shift too far', [int(-9, 9)], (x) => [x.bitwiseLeftShift(70), x.bitwiseRightShift(70)], '[x.bitwise_left_shift(70), x.bitwise_right_shift(70)]', { noGrad: true, dtypes: ['int32'] }),
  op('gcd', [int(-12, 12), int(-8, 9)], (x, y) => x.gcd(y), 'x.gcd(y)', { noGrad: true, dtypes: ['int32', 'uint8', 'int8', 'float32', 'bool'] }),
  op('lcm', [int(-6, 6), int(-5, 5)], (x, y) => x.lcm(y), 'x.lcm(y)', { noGrad: true, dtypes: ['int32', 'uint8', 'int8'] }),
  op('integer pow', [int(-4, 5), up], (x, y) => x.pow(y), 'x.pow(y)', { noGrad: true, dtypes: ['int8', 'uint8', 'int32'] }),
  op('integer pow negative', [int(-2, 3), values([-1, -2, -3, 0, -1, -2, -3, 0, -1, -2, -3, 0], [3, 4], 'int64')], (x, y) => x.pow(y), 'x.pow(y)', whole),
  op('integer floor_divide', [int(-9, 9), values([2, -2, 3, -3, 1, -1, 4, -4, 5, -5, 7, -7], [3, 4], 'int64')], (x, y) => x.floorDivide(y), 'x // y', { noGrad: true, dtypes: ['int8', 'int32'] }),
  op('integer remainder', [int(-9, 9), values([2, -2, 3, -3, 1, -1, 4, -4, 5, -5, 7, -7], [3, 4], 'int64')], (x, y) => x.remainder(y), 'x % y', { noGrad: true, dtypes: ['int8', 'int32'] }),
  op('integer fmod', [int(-9, 9), values([2, -2, 3, -3, 1, -1, 4, -4, 5, -5, 7, -7], [3, 4], 'int64')], (x, y) => x.fmod(y), 'x.fmod(y)', { noGrad: true, dtypes: ['int8', 'int32'] }),
  op('integers wrap', [values([9223372036854775000, -9223372036854775000, 3, -5], [4], 'int64')], (x) => [x.mul(3), x.add(x), x.neg(), x.square()], '[x * 3, x + x, -x, x.square()]', whole),
  op('small integers wrap', [values([127, -128, 100, -100], [4], 'int8')], (x) => [x.mul(3), x.add(x), x.neg(), x.abs(), x.square()], '[x * 3, x + x, -x, x.abs(), x.square()]', whole),
  op('div trunc', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => x.div(y, { roundingMode: 'trunc' }), "x.div(y, rounding_mode='trunc')", { elementwise: true, noDouble: true, anyFn: true, ...modest }),
  op('div trunc of a quotient that rounds up', [values([-9, 16.9375, 7.9375]), values([0.5312, 1, 1.0005])], (x, y) => x.div(y, { roundingMode: 'trunc' }), "x.div(y, rounding_mode='trunc')", { noGrad: true }),
  op('div floor', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => x.div(y, { roundingMode: 'floor' }), "x.div(y, rounding_mode='floor')", { elementwise: true, noDouble: true, anyFn: true, ...modest }),
  op('div floor number', [f(3, 4)], (x) => x.div(2, { roundingMode: 'floor' }), "x.div(2, rounding_mode='floor')", { elementwise: true, noDouble: true, anyFn: true }),
  op('add alpha', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => x.add(y, { alpha: 2 }), 'x.add(y, alpha=2)', { elementwise: true }),
  op('sub alpha', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => x.sub(y, { alpha: 3 }), 'x.sub(y, alpha=3)', { elementwise: true }),
  op('add number', [f(3, 4)], (x) => x.add(2), 'x + 2', { elementwise: true }),
  op('sub number', [f(3, 4)], (x) => x.sub(1.5), 'x - 1.5', { elementwise: true }),
  op('rsub', [f(3, 4)], (x) => x.rsub(1.5), '1.5 - x', { elementwise: true }),
  op('mul number', [f(3, 4)], (x) => x.mul(-2.5), 'x * -2.5', { elementwise: true }),
  op('mul bool number', [f(3, 4)], (x) => x.mul(true), 'x * True', { elementwise: true }),
  op('div number', [f(3, 4)], (x) => x.div(3), 'x / 3', { elementwise: true }),
  op('pow 3', [positive(3, 4)], (x) => x.pow(3), 'x.pow(3)', { elementwise: true }),
  ...[0, 1, 2, -1, -2, 0.5, -0.5, 2.5].map((e) => op(`pow ${e}`, [positive(3, 4)], (x) => x.pow(e), `x.pow(${e})`, { elementwise: true })),
  op('number to a power', [f(3, 4)], (x) => torch.pow(2, x), '2 ** x', { elementwise: true, dtypes: ['float16', 'int64', 'bool'] }),
  op('fraction to a power', [f(3, 4)], (x) => torch.pow(0.3, x), '.3 ** x', { elementwise: true, dtypes: ['int64'] }), op('number divided', [positive(3, 4)], (x) => torch.div(0.3, x), '.3 / x', { dtypes: ['int64', 'bfloat16'], anyFn: true }),
  op('remainder number', [f(3, 4)], (x) => x.remainder(1.5), 'x.remainder(1.5)', { elementwise: true }),
  op('fmod number', [f(3, 4)], (x) => x.fmod(1.5), 'x.fmod(1.5)', { elementwise: true }),
  op('remainder whole number', [f(3, 4)], (x) => x.remainder(2), 'x.remainder(2)', { elementwise: true }),
  op('copysign number', [f(3, 4)], (x) => x.copysign(-1), 'x.copysign(-1.)', { elementwise: true, noDouble: true }),
  // Not of the smallest number: PyTorch's float32 gives 0 for igamma(1e-45, 1).
  ...(['igamma', 'igammac'] as const).flatMap((n) => [
    op(n, [as('float32', positive(3, 4)), within(0, 6, 3, 4)], (a, x) => a.detach()[n](x!), `x.detach().${n}(y)`, { elementwise: true, dtypes: ['float16', 'bfloat16'], ulps: 64, gradUlps: 256, cpuOnly: 'refused', anyFn: true, kink: true, extremes: [0, -0, Infinity, -Infinity, NaN, 1, -1, 2.5, -3, 3.4028234663852886e38] }),
    op(`${n} at its edges`, [values([0, 0, 1, 1, Infinity, Infinity, 2, -1, 1, NaN, 1, 20, 200, 5, 30, 0.5]), values([0, 1, 0, Infinity, 1, Infinity, Infinity, 1, -1, 1, NaN, 25, 190, 1e-3, 3, 40])], (a, x) => a[n](x!), `x.${n}(y)`, { elementwise: true, noGrad: true, dtypes: [], ulps: 64, cpuOnly: 'refused', noBroadcast: true, extremes: [0, -0, Infinity, -Infinity, NaN, 1, -1, 2.5, -3, 3.4028234663852886e38] }),
    op(`torch.${n} and in place`, [as('float32', positive(2, 3)), within(0, 6, 2, 3)], (a, x) => [torch[n](a, x!), a.clone()[`${n}_`](x!)], `[torch.${n}(x, y), x.clone().${n}_(y)]`, { noGrad: true, dtypes: [], ulps: 64, cpuOnly: 'refused' }),
  ]),
  // PyTorch has eleven digits of the first, eight of the fifth.
  same('igamma where it takes many terms, by mpmath', () => [tensor64([1e5, 1e6, 200, 0.25, 2e4, 3e8, 3e8, 1e12]).igamma(tensor64([100200, 999000, 190, 1e-9, 2.1e4, 300010000, 299990000, 1e12 + 5e5])), tensor64([1e-9, 1e5, 1e-300, 50]).igammac(tensor64([1e-5, 101500, 2, 200]))],
    'd = lambda *v: torch.tensor(v, dtype=torch.float64); out = [d(0.73666201000519870934, 0.15865521357430365246, 0.24334742710062380421, 0.0062041018125269562799, 0.99999999999828513339, 0.71815290184165246421, 0.28185576347637860764, 0.69146254929034296104), d(1.0935719741071169684e-8, 1.1736845137221690687e-6, 4.8900510708061120793e-302, 1.6927979958857087673e-37)]', { ulps: 4000, elementwise: true }),
  op('xlogy number', [positive(3, 4)], (x) => x.xlogy(2.5), 'x.xlogy(2.5)', { elementwise: true }),
  op('number xlogy', [positive(3, 4)], (x) => torch.xlogy(2.5, x), 'torch.xlogy(2.5, x)', { elementwise: true }),
  op('comparisons with a number', [f(3, 4)], (x) => [x.eq(0.5), x.ne(0.5), x.lt(0.5), x.le(0.5), x.gt(0.5), x.ge(0.5)], '[x == .5, x != .5, x < .5, x <= .5, x > .5, x >= .5]', { elementwise: true, noGrad: true }),
  op('isclose', [values([1, 1, NaN, Infinity, 1, 0]), values([1, 1.00001, NaN, Infinity, 1.1, 1e-9])], (x, y) => [x.isclose(y), x.isclose(y, { equalNan: true }), x.isclose(y, { rtol: 0.2 })], '[x.isclose(y), x.isclose(y, equal_nan=True), x.isclose(y, rtol=.2)]', { noGrad: true, dtypes: ['float64'] }),
  op('allclose equal', [f(3, 4)], (x) => [x.allclose(x), x.allclose(x.add(1e-9)), x.allclose(x.add(1)), x.equal(x), x.equal(x.add(1)), x.equal(x.reshape(4, 3))], '[x.allclose(x), x.allclose(x+1e-9), x.allclose(x+1), x.equal(x), x.equal(x+1), x.equal(x.reshape(4,3))]', { noGrad: true, dtypes: ['float64'] }),
  op('lerp', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => x.lerp(y, 0.3), 'x.lerp(y, 0.3)', { elementwise: true }),
  op('lerp far', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => x.lerp(y, 0.75), 'x.lerp(y, 0.75)', {}),
  op('lerp tensor', [f(3, 4), within(-3, 3, 3, 4), within(0, 1, 3, 4)], (x, y, z) => x.lerp(y, z), 'x.lerp(y, z)'),
  op('addcmul', [f(3, 4), within(-3, 3, 3, 4), f(4)], (x, y, z) => x.addcmul(y, z, { value: 0.5 }), 'x.addcmul(y, z, value=.5)'),
  op('addcmul plain', [f(3, 4), within(-3, 3, 3, 1), f(4)], (x, y, z) => x.addcmul(y, z), 'x.addcmul(y, z)'),
  op('addcdiv', [f(3, 4), within(-3, 3, 3, 4), positive(4)], (x, y, z) => x.addcdiv(y, z, { value: 0.5 }), 'x.addcdiv(y, z, value=.5)'),
  ...(['float16', 'bfloat16'] as const).map((t) => op(`floor_divide of ${t} by a number`, [as(t, within(-9, 9, 3, 4))], (x) => [x.floorDivide(1 / 7), x.div(1 / 7, { roundingMode: 'trunc' }), x.clone().floorDivide_(1 / 7)], "[x // (1 / 7), x.div(1 / 7, rounding_mode='trunc'), x.clone().floor_divide_(1 / 7)]", { noGrad: true })),
  op('ldexp', [f(3, 4), as('int64', within(0, 3, 3, 4))], (x, y) => x.ldexp(y), 'torch.ldexp(x, y)', { anyFn: true }),
  op('clamp tensors', [f(3, 4), raised(within(-1, 0, 4)), raised(within(0, 1, 3, 1))], (x, y, z) => x.clamp(y, z), 'x.clamp(y, z)'),
  op('clamp crossed tensors', [f(3, 4), raised(within(0, 1, 4)), raised(within(-1, 0, 3, 1))], (x, y, z) => x.clamp(y, z), 'x.clamp(y, z)'),
  op('clamp min tensor', [f(3, 4), raised(within(-1, 1, 4))], (x, y) => x.clamp(y), 'x.clamp(min=y)'),
  op('clamp max tensor', [f(3, 4), raised(within(-1, 1, 3, 1))], (x, y) => x.clamp(null, y), 'x.clamp(max=y)'),
  op('where', [mask(3, 4), f(3, 4), within(-3, 3, 4)], (c, x, y) => torch.where(c, x, y), 'torch.where(x, y, z)'),
  op('where numbers', [mask(3, 4), f(3, 4)], (c, x) => [torch.where(c, x, 1), torch.where(c, 2.5, x)], '[torch.where(x, y, 1), torch.where(x, 2.5, y)]'),
  op('where positions', [mask(3, 4)], (c) => torch.where(c), 'torch.where(x)', { noGrad: true }),
  op('maximum ties', [values([1, 2, 2, 3, NaN, 0]), values([1, 2, 1, 4, 0, NaN])], (x, y) => [x.maximum(y), x.minimum(y), x.fmax(y), x.fmin(y)], '[x.maximum(y), x.minimum(y), x.fmax(y), x.fmin(y)]', { dtypes: [], kink: true, anyFn: true, strided: false }),
  ...(['float32', 'float64', 'float16', 'bfloat16', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool'] as const).map((d) => op(`add to ${d}`, [f(3), as(d, within(0, 3, 3))], (x, y) => [x.add(y), y.add(x), y.add(1), y.add(1.5), y.mul(true)], '[x + y, y + x, y + 1, y + 1.5, y * True]', { noGrad: true, ...(d === 'float64' ? { cpuOnly: 'float64' } : {}) })),
  op('scalars promote weakly', [f(3), as('float64', values([2], [])), as('int64', values([2], []))], (x, y, z) => [x.add(y), x.mul(z), y.add(z), z.add(1.5)], '[x + y, x * z, y + z, z + 1.5]', { noGrad: true, cpuOnly: 'float64' }),
];

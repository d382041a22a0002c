/** Element by element, two inputs: arithmetic, comparisons, logic. */
import { binary, f, op, positive, within, type Row } from '../table';

const predicate = { noGrad: true };
/** PyTorch's vectorised fmod answers NaN where divisor or quotient leave the normal range; its scalar one and ours are exact. */
const modest = { extremes: [0, -0, Infinity, -Infinity, NaN, 1, -1, 2.5, -3, 1e5] };

export const rows: Row[] = [
  binary('add'), binary('sub'), binary('mul'), binary('div'), binary('pow', {}, positive(3, 4)), binary('maximum'), binary('minimum'), binary('atan2'),
  binary('remainder', modest), binary('fmod', modest),
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logical_and', 'logical_or', 'logical_xor'].map((n) => binary(n, predicate)),
  op('add alpha', [f(3, 4), within(-3, 3, 3, 4)], (x, y) => x.add(y, { alpha: 2 }), 'x.add(y, alpha=2)', { elementwise: true }),
  op('sub number', [f(3, 4)], (x) => x.sub(1.5), 'x - 1.5', { elementwise: true }),
  op('pow number', [positive(3, 4)], (x) => x.pow(3), 'x.pow(3)', { elementwise: true }),
];

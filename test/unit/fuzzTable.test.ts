/** The differential fuzzer's table keeps up with the library: every operation is drawn, or listed with a reason. */
import assert from 'node:assert/strict';

import * as torch from '../../extension/lib/index';
import { camel } from '../fuzz/opsDraw';
import { draw, notDrawn } from '../fuzz/opsTable';

describe('the table of fuzz:ops', () => {
  const drawn = new Set<string>();
  for (let i = 0; i < 90_000; i++) drawn.add(camel(draw(1, i).op));
  const listed = new Set(Object.values(notDrawn).flatMap((names) => names.split(' ')));
  const library = new Set<string>([...Object.keys(torch.nn.functional), ...Object.entries(torch).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))]);
  for (let p: object = torch.Tensor.prototype; p !== Object.prototype; p = Object.getPrototypeOf(p) as object) for (const name of Object.getOwnPropertyNames(p)) library.add(name);

  it('draws or lists every name', () => { assert.deepEqual([...library].filter((n) => !drawn.has(n) && !listed.has(n)), []); });
  it('lists none that is drawn or gone', () => { assert.deepEqual([...listed].filter((n) => drawn.has(n) || !library.has(n)), []); });
});

/** What is kept of a model's values before a change, and what is not. */
import assert from 'node:assert/strict';

import { tensor, type Tensor } from '../../extension/lib/index';
import { WeightHistory } from '../../extension/engine/weightHistory';

describe('values from before a change', () => {
  const state = new Map<string, Tensor>();
  const set = (name: string, v: number) => (): void => { state.get(name)!.fill_(v); };
  const now = (): number[] => [...state.values()].map((t) => t.get(0).item<number>());
  beforeEach(() => { state.clear(); state.set('small', tensor([1])); state.set('large', tensor([1, 1, 1, 1])); });

  it('are put back in turn, and when the change throws', () => {
    const history = new WeightHistory(() => state);
    assert.equal(history.change('first', ['small'], set('small', 2)).undoable, true);
    assert.throws(() => history.change('second', ['small', 'large'], () => { set('small', 3)(); throw new Error('halfway'); }), /halfway/);
    assert.deepEqual([now(), history.size], [[2, 1], 1]);
    assert.deepEqual([history.undo(), now(), history.undo()], ['first', [1, 1], null]);
  });

  it('that are too large are not kept, and nothing older is put back in their place', () => {
    const history = new WeightHistory(() => state, 8);
    history.change('first', ['small'], set('small', 2));
    assert.equal(history.change('second', ['large'], set('large', 2)).undoable, false);
    assert.deepEqual([history.undo(), now()], [null, [2, 2]]);
  });
});

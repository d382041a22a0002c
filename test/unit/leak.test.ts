import assert from 'node:assert/strict';
import { zeros } from '../../extension/lib/index';
import { native } from '../../extension/lib/native';
import { temporariesGrowth, trainingGrowth } from '../leak/leak';

// 3,000 steps make 5 GB of temporaries, 20,000 buffers 1.25 GB: a leak cannot hide. `npm run leak` runs 100,000 steps.
describe('memory in a synchronous loop', () => {
  it('stays flat while training without dispose', () => {
    const g = trainingGrowth(500, 3000);
    assert.ok(g.peak - g.start < 50, `resident memory grew from ${g.start.toFixed(0)} to ${g.peak.toFixed(0)} MB`);
  });
  it('finds small temporaries again by the hundred, not when the heap of JavaScript is full', () => {
    const live = (): number => (native['memory'] as () => number[])()[0]!;
    for (let i = 0; i < 2000; i++) zeros(16);
    const before = live();
    let most = before;
    for (let i = 0; i < 20_000; i++) { zeros(16); most = Math.max(most, live()); }
    assert.ok(most - before < 64 * 1500, `${(most - before) / 64} tensors of 64 bytes were alive at once`);
  });
  it('stays flat over 64 KiB temporaries', () => {
    const g = temporariesGrowth(20000);
    assert.ok(g.peak - g.start < 100, `resident memory grew from ${g.start.toFixed(0)} to ${g.peak.toFixed(0)} MB`);
  });
});

import assert from 'node:assert/strict';
import { temporariesGrowth, trainingGrowth } from '../leak/leak';

// 3,000 steps make 5 GB of temporaries, 20,000 buffers 1.25 GB: a leak cannot hide. `npm run leak` runs 100,000 steps.
describe('memory in a synchronous loop', () => {
  it('stays flat while training without dispose', () => {
    const g = trainingGrowth(500, 3000);
    assert.ok(g.peak - g.start < 50, `resident memory grew from ${g.start.toFixed(0)} to ${g.peak.toFixed(0)} MB`);
  });
  it('stays flat over 64 KiB temporaries', () => {
    const g = temporariesGrowth(20000);
    assert.ok(g.peak - g.start < 100, `resident memory grew from ${g.start.toFixed(0)} to ${g.peak.toFixed(0)} MB`);
  });
});

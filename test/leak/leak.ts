/** Loops that must not grow: training and temporaries in one synchronous stretch, nothing disposed of, no yield to the event loop. */
import { nn, optim, rand, randint, zeros } from '../../extension/lib/index';

const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;

export interface Growth { /** MB resident after warm-up, at the end, and at most. */ start: number; end: number; peak: number }

/** Runs `step` `warmUp` times, then `steps` times, looking at resident memory all along. */
function watch(warmUp: number, steps: number, step: () => void, report?: (done: number, mb: number) => void): Growth {
  for (let i = 0; i < warmUp; i++) step();
  const start = megabytes();
  let peak = start;
  let end = start;
  const every = Math.max(1, Math.floor(steps / 50));
  for (let i = 1; i <= steps; i++) {
    step();
    if (i % every !== 0) continue;
    end = megabytes();
    peak = Math.max(peak, end);
    report?.(i, end);
  }
  return { start, end, peak };
}

/** Steps of the MLP 784-256-10 at batch 32: forward, loss, backward, SGD. */
export function trainingGrowth(warmUp: number, steps: number, report?: (done: number, mb: number) => void): Growth {
  const net = new nn.Sequential(new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 10));
  const sgd = new optim.SGD(net.parameters(), { lr: 0.01 });
  const x = rand(32, 784);
  const y = randint(0, 10, [32]);
  return watch(warmUp, steps, () => {
    sgd.zeroGrad();
    nn.functional.crossEntropy(net(x), y).backward();
    sgd.step();
  }, report);
}

/** Temporaries of 64 KiB: small for JavaScript, large for the process. */
export function temporariesGrowth(count: number): Growth {
  return watch(5000, count, () => { zeros(16384); });
}

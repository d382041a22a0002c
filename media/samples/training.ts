/** What the larger samples share: generated images, windows of a text, a training loop. */
import fs from 'node:fs';
import path from 'node:path';
import { arange, int64, nn, randint, randn, tensor, type Tensor } from 'weightroom';
import type { optim } from 'weightroom';

/** Draws `n` inputs and their targets. */
export type Batch = (n: number) => [x: Tensor, y: Tensor];

/** Ten fixed patterns of `channels`×`size`×`size`, seen through noise; the target is the pattern's number. */
export function imageBatches(channels: number, size: number): Batch {
  const patterns = randn(10, channels, size, size);
  return (n) => {
    const y = randint(0, 10, [n]);
    return [patterns.indexSelect(0, y).add(randn(n, channels, size, size)), y];
  };
}

/** Windows of `length` characters of a text file; the target is the window one character later. */
export function textBatches(file: string, length: number): { vocabulary: string[]; batch: Batch } {
  const text = fs.readFileSync(path.resolve(__dirname, file), 'utf8');
  const vocabulary = [...new Set(text)].sort();
  const ids = tensor([...text].map((c) => BigInt(vocabulary.indexOf(c))));
  return {
    vocabulary,
    batch(n) {
      const at = randint(0, ids.numel() - length, [n]);
      const window = at.unsqueeze(1).add(arange(length + 1, { dtype: int64 }));
      const w = ids.take(window);
      return [w.slice(1, 0, -1), w.slice(1, 1)];
    },
  };
}

/** Trains with cross entropy; returns the loss of every step. */
export function fit(net: (x: Tensor) => Tensor, optimizer: optim.Optimizer, batch: Batch, size: number, steps: number): number[] {
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const [x, y] = batch(size);
    optimizer.zeroGrad();
    const out = net(x);
    const loss = nn.functional.crossEntropy(out.reshape(-1, out.size(-1)), y.reshape(-1));
    loss.backward();
    optimizer.step();
    losses.push(loss.item());
    if (i % 10 === 9) console.log(`step ${i + 1}: loss ${loss.item().toFixed(4)}`);
  }
  return losses;
}

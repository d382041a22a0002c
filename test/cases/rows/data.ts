/** Data loading: the order of items, and the numbers drawn on the way, as PyTorch's for the same seed. */
import { arange, data, Generator, int64, rand, type Tensor } from '../../../extension/lib/index';
import { error, same, type Row } from '../table';

const set = (n = 10): data.TensorDataset => new data.TensorDataset(arange(n, { dtype: int64 }), arange(n).mul(2));
const epoch = (l: data.DataLoader<Tensor[]>): Tensor[][] => [...l];
const PY = 'd = data.TensorDataset(torch.arange(10), torch.arange(10.) * 2); ';

export const rows: Row[] = [
  same('DataLoader', () => epoch(new data.DataLoader(set(), { batchSize: 4 })), `${PY}out = [b for b in data.DataLoader(d, 4)]`),
  same('DataLoader drop_last', () => epoch(new data.DataLoader(set(), { batchSize: 4, dropLast: true })), `${PY}out = [b for b in data.DataLoader(d, 4, drop_last=True)]`),
  same('DataLoader shuffle', () => { const l = new data.DataLoader(set(), { batchSize: 3, shuffle: true }); return [epoch(l), epoch(l), rand(2)]; }, `${PY}l = data.DataLoader(d, 3, shuffle=True); out = [[b for b in l], [b for b in l], torch.rand(2)]`),
  same('DataLoader draws without shuffle', () => { epoch(new data.DataLoader(set())); return rand(2); }, `${PY}[b for b in data.DataLoader(d)]; out = torch.rand(2)`),
  same('DataLoader generator', () => { const g = new Generator().manualSeed(5); const l = new data.DataLoader(set(), { batchSize: 5, shuffle: true, generator: g }); return [epoch(l), epoch(l), rand(2)]; }, `${PY}l = data.DataLoader(d, 5, shuffle=True, generator=torch.Generator().manual_seed(5)); out = [[b for b in l], [b for b in l], torch.rand(2)]`),
  same('DataLoader sampler', () => epoch(new data.DataLoader(set(), { batchSize: 2, sampler: [3, 1, 4, 1, 5] })), `${PY}out = [b for b in data.DataLoader(d, 2, sampler=[3, 1, 4, 1, 5])]`),
  same('DataLoader collate', () => [...new data.DataLoader<Tensor[], number[]>(set(), { batchSize: 5, collate: (items) => items.map((i) => i[1]!.item()) })], `${PY}out = [b for b in data.DataLoader(d, 5, collate_fn=lambda items: [i[1].item() for i in items])]`, { ulps: 1 }),
  same('DataLoader length', () => [new data.DataLoader(set(), { batchSize: 4 }).length, new data.DataLoader(set(), { batchSize: 4, dropLast: true }).length], `${PY}out = [len(data.DataLoader(d, 4)), len(data.DataLoader(d, 4, drop_last=True))]`),
  same('random_split', () => data.randomSplit(set(), [7, 3]).map((s) => [...s.indices]), `${PY}out = [list(s.indices) for s in data.random_split(d, [7, 3])]`),
  same('random_split shares', () => data.randomSplit(set(), [0.5, 0.25, 0.25]).map((s) => [...s.indices]), `${PY}out = [list(s.indices) for s in data.random_split(d, [.5, .25, .25])]`),
  same('Subset and ConcatDataset', () => { const c = new data.ConcatDataset([new data.Subset(set(), [2, 3]), set(4)]); return [c.length, c.get(0), c.get(3), c.get(-1)]; }, `${PY}c = data.ConcatDataset([data.Subset(d, [2, 3]), data.TensorDataset(torch.arange(4), torch.arange(4.) * 2)]); out = [len(c), c[0], c[3], c[-1]]`),
  error('DataLoader batch of zero', () => String(new data.DataLoader(set(), { batchSize: 0 })), `${PY}out = data.DataLoader(d, 0)`),
  error('DataLoader sampler and shuffle', () => String(new data.DataLoader(set(), { sampler: [1], shuffle: true })), `${PY}out = data.DataLoader(d, sampler=[1], shuffle=True)`),
  error('random_split of too few', () => String(data.randomSplit(set(), [7, 2])), `${PY}out = data.random_split(d, [7, 2])`),
];

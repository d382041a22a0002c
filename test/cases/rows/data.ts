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
  same('RandomSampler', () => { const g = (): Generator => new Generator().manualSeed(3); return [[...new data.RandomSampler(set())], [...new data.RandomSampler(set(), { replacement: true, numSamples: 40 })], [...new data.RandomSampler(set(), { numSamples: 23, generator: g() })], [...new data.RandomSampler(set(), { replacement: true, generator: g() })], new data.RandomSampler(set(), { numSamples: 23 }).length, rand(2)]; },
    `${PY}g = lambda: torch.Generator().manual_seed(3); R = data.RandomSampler; out = [list(R(d)), list(R(d, True, 40)), list(R(d, num_samples=23, generator=g())), list(R(d, True, generator=g())), len(R(d, num_samples=23)), torch.rand(2)]`),
  same('RandomSampler leaves the generator where PyTorch does', () => [10, 5, 20].map((n) => { const g = new Generator().manualSeed(3); for (const r of [false, true]) [...new data.RandomSampler(set(), { numSamples: n === 5 ? 32 : n, replacement: r, generator: g })]; return rand(2, { generator: g }); }),
    `${PY}out = []\nfor n in (10, 32, 20):\n  g = torch.Generator().manual_seed(3)\n  for r in (False, True): list(data.RandomSampler(d, r, n, generator=g))\n  out.append(torch.rand(2, generator=g))`),
  same('WeightedRandomSampler', () => { const w = [0.1, 3, 0, 2, 1]; return [[...new data.WeightedRandomSampler(w, 12)], [...new data.WeightedRandomSampler(w, 3, { replacement: false })], [...new data.WeightedRandomSampler(rand(5), 6, { generator: new Generator().manualSeed(1) })], new data.WeightedRandomSampler(w, 12).length, rand(2)]; },
    'w = [.1, 3, 0, 2, 1]; W = data.WeightedRandomSampler; out = [list(W(w, 12)), list(W(w, 3, False)), list(W(torch.rand(5), 6, generator=torch.Generator().manual_seed(1))), len(W(w, 12)), torch.rand(2)]'),
  same('SubsetRandomSampler', () => [[...new data.SubsetRandomSampler([7, 2, 9])], [...new data.SubsetRandomSampler([7, 2, 9], { generator: new Generator().manualSeed(2) })], rand(2)], 'S = data.SubsetRandomSampler; out = [list(S([7, 2, 9])), list(S([7, 2, 9], generator=torch.Generator().manual_seed(2))), torch.rand(2)]'),
  same('BatchSampler', () => { const b = (drop: boolean): data.BatchSampler => new data.BatchSampler(new data.SequentialSampler(set(7)), 3, drop); return [[...b(true)], [...b(false)], b(true).length, b(false).length]; }, 'b = lambda d: data.BatchSampler(data.SequentialSampler(range(7)), 3, d); out = [list(b(True)), list(b(False)), len(b(True)), len(b(False))]'),
  same('DataLoader with samplers', () => [epoch(new data.DataLoader(set(), { batchSize: 4, sampler: new data.WeightedRandomSampler([0, 0, 1, 1, 2, 0, 0, 0, 0, 5], 6) })), epoch(new data.DataLoader(set(), { batchSampler: new data.BatchSampler(new data.RandomSampler(set()), 4, false) })), new data.DataLoader(set(), { batchSampler: [[1, 2], [3]] }).length, rand(2)],
    `${PY}L = data.DataLoader; out = [list(L(d, 4, sampler=data.WeightedRandomSampler([0, 0, 1, 1, 2, 0, 0, 0, 0, 5], 6))), list(L(d, batch_sampler=data.BatchSampler(data.RandomSampler(d), 4, False))), len(L(d, batch_sampler=[[1, 2], [3]])), torch.rand(2)]`),
  error('RandomSampler of nothing', () => String(new data.RandomSampler([])), 'data.RandomSampler([])'),
  error('WeightedRandomSampler of a matrix', () => String(new data.WeightedRandomSampler(rand(2, 3), 2)), 'data.WeightedRandomSampler(torch.rand(2, 3), 2)'),
  error('WeightedRandomSampler of none', () => String(new data.WeightedRandomSampler([1], 0)), 'data.WeightedRandomSampler([1], 0)'),
  error('BatchSampler of zero', () => String(new data.BatchSampler([1], 0, true)), 'data.BatchSampler([1], 0, True)'),
  error('DataLoader batch_sampler and shuffle', () => String(new data.DataLoader(set(), { batchSampler: [[1]], shuffle: true })), `${PY}data.DataLoader(d, batch_sampler=[[1]], shuffle=True)`),
  error('DataLoader batch of zero', () => String(new data.DataLoader(set(), { batchSize: 0 })), `${PY}out = data.DataLoader(d, 0)`),
  error('DataLoader sampler and shuffle', () => String(new data.DataLoader(set(), { sampler: [1], shuffle: true })), `${PY}out = data.DataLoader(d, sampler=[1], shuffle=True)`),
  error('random_split of too few', () => String(data.randomSplit(set(), [7, 2])), `${PY}out = data.random_split(d, [7, 2])`),
];

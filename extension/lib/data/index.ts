/** torch.utils.data, and image sets from disk. */
export { TensorDataset, Subset, ConcatDataset, randomSplit, type Dataset } from './dataset';
export { DataLoader, defaultCollate, type DataLoaderOptions } from './loader';
export { BatchSampler, RandomSampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler, type Sampler } from './samplers';
export { readIdx, imagesFromIdx, imagesFromNpz } from './images';

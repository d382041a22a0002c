/** torch.utils.data, and image sets from disk. */
export { TensorDataset, Subset, ConcatDataset, randomSplit, type Dataset } from './dataset';
export { DataLoader, defaultCollate, type DataLoaderOptions, type Sampler } from './loader';
export { readIdx, imagesFromIdx, imagesFromNpz } from './images';

/** torch.optim. */
export { Optimizer, type ParamGroup } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
export { Adam, AdamW, type AdamOptions } from './adam';
export * as lrScheduler from './schedulers';

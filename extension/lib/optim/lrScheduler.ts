/** torch.optim.lr_scheduler. */
export { LRScheduler, type SchedulerOptions } from './scheduler';
export * from './schedulers';
export * from './cycles';

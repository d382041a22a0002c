/** torch.optim. */
export { Optimizer, type ParamGroup, type SpeedOptions } from './optimizer';
export { SGD, type SGDOptions } from './sgd';
export { Adam, AdamW, type AdamOptions } from './adam';
export { Adafactor, type AdafactorOptions } from './adafactor';
export { ASGD, type ASGDOptions } from './asgd';
export { LBFGS, type LBFGSOptions } from './lbfgs';
export { Muon, type MuonOptions } from './muon';
export { RMSprop, Adagrad, Adadelta, Adamax, NAdam, RAdam, Rprop, type RMSpropOptions, type AdagradOptions, type AdadeltaOptions, type BetaOptions, type NAdamOptions, type RAdamOptions, type RpropOptions } from './stepwise';
export * as lrScheduler from './lrScheduler';
export * as swaUtils from './swaUtils';

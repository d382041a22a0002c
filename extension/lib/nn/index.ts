/** torch.nn: modules, containers, losses, functional, init, utils. */
export { Module, IncompatibleKeys, type PreHook, type ForwardHook, type BackwardHook } from './module';
export * from './containers';
export * from './layers';
export * from './embedding';
export * from './activations';
export * from './convolution';
export * from './pooling';
export * from './resizing';
export * from './normalization';
export * from './recurrent';
export * from './attention';
export { type FactoryOptions } from './factory';
export * from './losses';
export { Parameter } from '../tensor';
export * as functional from '../functional';
export * as init from '../init';
export * as utils from './utils';

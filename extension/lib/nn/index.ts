/** torch.nn: modules, containers, losses, functional, init, utils. */
export { Module, IncompatibleKeys, type PreHook, type ForwardHook, type BackwardHook } from './module';
export * from './containers';
export * from './layers';
export * from './losses';
export { Parameter } from '../tensor';
export * as functional from '../functional';
export * as init from '../init';
export * as utils from './utils';

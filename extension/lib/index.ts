/**
 * The public API: `import { nn, optim, tensor } from 'weightroom'`.
 * PyTorch's names in camelCase; in-place operations keep their underscore.
 */
export * as nn from './nn/index';
export * as optim from './optim/index';
export * as data from './data/index';
export * as init from './init';
export * as autograd from './autograd';
export * as linalg from './linalg';
export * as func from './func';
export * as distributions from './distributions';
export { deepcopy } from './nn/deepcopy';
export * from './ops';
/** Those of nn.functional that torch has under its own name, too. */
export { bilinear, celu, conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d, cosineSimilarity, hardshrink, maxPool1d, maxPool2d, maxPool3d, pairwiseDistance, pdist, pixelShuffle, pixelUnshuffle, prelu, rmsNorm, selu, threshold } from './nn/functional';
export { noGrad, enableGrad, inferenceMode, isGradEnabled, setGradEnabled } from './autograd';
export { Generator, manualSeed, initialSeed, seed, getRngState, setRngState, forkRng } from './random';
export { DType, dtypeByName, float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool } from './dtype';
export { Device, device } from './device';
export { backends, setNumThreads, getNumThreads } from './backends';
export { Tensor, Parameter, type Scalar, type Operand, type TypedArray } from './tensor';
export { Size } from './size';
export { OrderedDict } from './orderedDict';
export { pyRepr } from './format';
export { save, load, type Loaded, type LoadOptions, type SaveFileOptions, type Progress } from './serialization';
export { openCheckpoint, Checkpoint, CheckpointTensor } from './checkpoint';
export { CheckpointError } from '../checkpoint/errors';
export * from './errors';
/** @internal */
export * as internal from './internal';

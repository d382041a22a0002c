/** torch.nn.functional as users call it: what lib/functional has, with arguments that are missing or no tensors named as PyTorch names them. */
import * as F from '../functional';
import { Tensor } from '../tensor';
import { lookAtArguments } from '../tensor/arguments';

export * from '../functional';

type Name = { [K in keyof typeof F]: (typeof F)[K] extends (...args: never[]) => unknown ? K : never }[keyof typeof F];
const each = <N extends Name>(signature: string, ...names: N[]): Record<N, string> => Object.fromEntries(names.map((n) => [n, signature])) as Record<N, string>;
const signatures = {
  ...each('input', 'gelu', 'logsigmoid', 'hardshrink', 'softplus', 'softshrink', 'pdist', 'relu_', 'elu_', 'selu_', 'celu_', 'leakyRelu_', 'hardtanh_', 'rrelu_', 'oneHot'),
  ...each('input weight bias?', 'linear', 'conv1d', 'conv2d', 'conv3d', 'convTranspose1d', 'convTranspose2d', 'convTranspose3d'),
  ...each('input kernel_size:ints', 'avgPool1d', 'avgPool2d', 'avgPool3d'),
  ...each('input output_size:ints', 'adaptiveAvgPool1d'),
  ...each('input1 input2 weight bias?', 'bilinear'),
  ...each('x1 x2', 'cosineSimilarity', 'pairwiseDistance'),
  ...each('input weight', 'prelu'),
  ...each('input upscale_factor:int', 'pixelShuffle'),
  ...each('input downscale_factor:int', 'pixelUnshuffle'),
  ...each('input groups:int', 'channelShuffle'),
  ...each('query key value', 'scaledDotProductAttention'),
  ...each('input threshold:float value:float', 'threshold_'),
  ...each('python input', 'relu', 'relu6', 'hardtanh', 'hardsigmoid', 'hardswish', 'mish', 'selu', 'celu', 'elu', 'glu', 'leakyRelu', 'rrelu', 'silu', 'sigmoid', 'tanh', 'softmax', 'logSoftmax', 'softmin', 'softsign', 'tanhshrink', 'alphaDropout', 'featureAlphaDropout', 'dropout', 'dropout1d', 'dropout2d', 'dropout3d', 'instanceNorm', 'normalize', 'interpolate'),
  ...each('python logits', 'gumbelSoftmax'),
  ...each('python input threshold:float value:float', 'threshold'),
  ...each('python input normalized_shape:ints weight? bias?', 'layerNorm'),
  ...each('python input normalized_shape:ints weight?', 'rmsNorm'),
  ...each('python input num_groups:int weight? bias?', 'groupNorm'),
  ...each('python input running_mean! running_var!', 'batchNorm'),
  ...each('python input size:int', 'localResponseNorm'),
  ...each('python input weight', 'embedding', 'embeddingBag'),
  ...each('python theta size:ints', 'affineGrid'),
  ...each('python input grid', 'gridSample'),
  ...each('python input pad:ints', 'pad'),
  ...each('python input kernel_size:ints', 'maxPool1d', 'maxPool2d', 'maxPool3d', 'maxPool1dWithIndices', 'maxPool2dWithIndices', 'maxPool3dWithIndices', 'unfold', 'fractionalMaxPool2d', 'fractionalMaxPool3d', 'fractionalMaxPool2dWithIndices', 'fractionalMaxPool3dWithIndices'),
  ...each('python input indices kernel_size:ints', 'maxUnpool1d', 'maxUnpool2d', 'maxUnpool3d'),
  ...each('python input norm_type:float kernel_size:ints', 'lpPool1d', 'lpPool2d', 'lpPool3d'),
  ...each('python input output_size:ints kernel_size:ints', 'fold'),
  ...each('python input output_size:ints', 'adaptiveAvgPool2d', 'adaptiveAvgPool3d', 'adaptiveMaxPool1d', 'adaptiveMaxPool2d', 'adaptiveMaxPool3d', 'adaptiveMaxPool1dWithIndices', 'adaptiveMaxPool2dWithIndices', 'adaptiveMaxPool3dWithIndices'),
  ...each('python input target', 'nllLoss', 'crossEntropy', 'mseLoss', 'l1Loss', 'smoothL1Loss', 'huberLoss', 'poissonNllLoss', 'gaussianNllLoss', 'klDiv', 'binaryCrossEntropy', 'binaryCrossEntropyWithLogits', 'softMarginLoss', 'hingeEmbeddingLoss', 'multiMarginLoss', 'multilabelMarginLoss', 'multilabelSoftMarginLoss'),
  ...each('python input linear_weight target', 'linearCrossEntropy'),
  ...each('python input1 input2 target', 'marginRankingLoss', 'cosineEmbeddingLoss'),
  ...each('python anchor positive negative', 'tripletMarginLoss', 'tripletMarginWithDistanceLoss'),
};

export const {
  gelu, logsigmoid, hardshrink, softplus, softshrink, pdist, relu_, elu_, selu_, celu_, leakyRelu_, hardtanh_, rrelu_, oneHot, linear, conv1d, conv2d, conv3d,
  convTranspose1d, convTranspose2d, convTranspose3d, avgPool1d, avgPool2d, avgPool3d, adaptiveAvgPool1d, bilinear, cosineSimilarity, pairwiseDistance, prelu,
  pixelShuffle, pixelUnshuffle, channelShuffle, scaledDotProductAttention, threshold_, relu, relu6, hardtanh, hardsigmoid, hardswish, mish, selu, celu, elu,
  glu, leakyRelu, rrelu, silu, sigmoid, tanh, softmax, logSoftmax, softmin, softsign, tanhshrink, alphaDropout, featureAlphaDropout, dropout, dropout1d,
  dropout2d, dropout3d, instanceNorm, normalize, interpolate, gumbelSoftmax, threshold, layerNorm, rmsNorm, groupNorm, batchNorm, localResponseNorm,
  embedding, embeddingBag, affineGrid, gridSample, pad, maxPool1d, maxPool2d, maxPool3d, maxPool1dWithIndices, maxPool2dWithIndices, maxPool3dWithIndices,
  unfold, fractionalMaxPool2d, fractionalMaxPool3d, fractionalMaxPool2dWithIndices, fractionalMaxPool3dWithIndices, maxUnpool1d, maxUnpool2d, maxUnpool3d,
  lpPool1d, lpPool2d, lpPool3d, fold, adaptiveAvgPool2d, adaptiveAvgPool3d, adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool3d,
  adaptiveMaxPool1dWithIndices, adaptiveMaxPool2dWithIndices, adaptiveMaxPool3dWithIndices, nllLoss, crossEntropy, mseLoss, l1Loss, smoothL1Loss, huberLoss,
  poissonNllLoss, gaussianNllLoss, klDiv, binaryCrossEntropy, binaryCrossEntropyWithLogits, softMarginLoss, hingeEmbeddingLoss, multiMarginLoss,
  multilabelMarginLoss, multilabelSoftMarginLoss, linearCrossEntropy, marginRankingLoss, cosineEmbeddingLoss, tripletMarginLoss, tripletMarginWithDistanceLoss,
} = lookAtArguments(F, signatures, (v) => v instanceof Tensor);

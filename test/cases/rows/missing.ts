/** What is made without the arguments it needs: PyTorch's error classes and texts. */
import { nn, ones, optim } from '../../../extension/lib/index';
import { error, type Row } from '../table';

const fails = (py: string, run: () => unknown): Row => error(py, () => { run(); return null; }, `out = ${py}`);

/** Every layer that needs arguments, without any. */
const unmade: Row[] = ([
  'AdaptiveAvgPool1d', 'AdaptiveAvgPool2d', 'AdaptiveAvgPool3d', 'AdaptiveLogSoftmaxWithLoss', 'AdaptiveMaxPool1d', 'AdaptiveMaxPool2d', 'AdaptiveMaxPool3d', 'AvgPool1d', 'AvgPool2d',
  'AvgPool3d', 'BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d', 'Bilinear', 'ChannelShuffle', 'CircularPad1d', 'CircularPad2d', 'CircularPad3d', 'ConstantPad1d', 'ConstantPad2d',
  'ConstantPad3d', 'Conv1d', 'Conv2d', 'Conv3d', 'ConvTranspose1d', 'ConvTranspose2d', 'ConvTranspose3d', 'Embedding', 'EmbeddingBag', 'Fold', 'FractionalMaxPool2d', 'FractionalMaxPool3d',
  'GRU', 'GRUCell', 'GroupNorm', 'InstanceNorm1d', 'InstanceNorm2d', 'InstanceNorm3d', 'LPPool1d', 'LPPool2d', 'LPPool3d', 'LSTM', 'LSTMCell', 'LayerNorm', 'LazyConv1d', 'LazyConv2d',
  'LazyConv3d', 'LazyConvTranspose1d', 'LazyConvTranspose2d', 'LazyConvTranspose3d', 'LazyLinear', 'Linear', 'LinearCrossEntropyLoss', 'LocalResponseNorm', 'MaxPool1d', 'MaxPool2d',
  'MaxPool3d', 'MaxUnpool1d', 'MaxUnpool2d', 'MaxUnpool3d', 'MultiheadAttention', 'PixelShuffle', 'PixelUnshuffle', 'RMSNorm', 'RNN', 'RNNCell', 'ReflectionPad1d', 'ReflectionPad2d',
  'ReflectionPad3d', 'ReplicationPad1d', 'ReplicationPad2d', 'ReplicationPad3d', 'Threshold', 'TransformerDecoder', 'TransformerDecoderLayer', 'TransformerEncoder',
  'TransformerEncoderLayer', 'Unflatten', 'Unfold', 'ZeroPad1d', 'ZeroPad2d', 'ZeroPad3d',
] as const).map((name) => fails(`nn.${name}()`, () => new (nn as unknown as Record<string, new () => nn.Module>)[name]!()));
/** Optimizers and lists of layers given what holds no parameters; resizing to no size. */
const misgiven: Row[] = [
  fails('torch.optim.Adam(nn.Linear(2, 3))', () => new optim.Adam(new nn.Linear(2, 3) as never)), fails('torch.optim.Adam([1])', () => new optim.Adam([1] as never)), fails('torch.optim.SGD()', () => new (optim.SGD as unknown as new () => optim.SGD)()),
  fails('torch.optim.SGD(None)', () => new optim.SGD(null as never, { lr: 1 })), fails("torch.optim.SGD('x')", () => new optim.SGD('x' as never, { lr: 1 })), fails('nn.ModuleList(nn.Linear(2, 3))', () => new nn.ModuleList(new nn.Linear(2, 3) as never)),
  fails('F.interpolate(torch.ones(1, 1, 4, 4))', () => nn.functional.interpolate(ones(1, 1, 4, 4))),
];

export const rows: Row[] = [...unmade, ...misgiven];

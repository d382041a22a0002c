/** Every public name of torch.nn and torch.optim (test/golden/names.json, by names.py) is here in camelCase, or said why not. */
import assert from 'node:assert/strict';

import * as wr from '../../extension/lib/index';
import { golden } from './paths';

/** What is not there. README's "What it cannot do yet" names what a user would look for. */
const missing: Record<string, string> = {
  'nn.Container nn.NLLLoss2d nn.functional.upsample nn.functional.upsample_bilinear nn.functional.upsample_nearest': 'deprecated in PyTorch: Sequential, NLLLoss, interpolate',
  'nn.DataParallel nn.SyncBatchNorm': 'several devices',
  'nn.RNNBase nn.RNNCellBase': 'bases that are not for use',
  'nn.CrossMapLRN2d nn.functional.conv_tbc nn.functional.native_channel_shuffle nn.functional.multi_head_attention_forward': 'internals: LocalResponseNorm, conv1d, channelShuffle, MultiheadAttention',
  'nn.functional.grouped_mm nn.functional.scaled_grouped_mm nn.functional.scaled_mm': 'GPU kernels for small types',
  'optim.SparseAdam': 'for sparse gradients, which there are none of: Adam',
};
const why = new Map(Object.entries(missing).flatMap(([names, reason]) => names.split(' ').map((n) => [n, reason] as const)));
const camel = (s: string): string => s.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const found = (path: string): boolean => path.split('.').reduce<unknown>((o, k) => (o as Record<string, unknown> | undefined)?.[camel(k)], wr) !== undefined;

describe('names of PyTorch', () => {
  const all = Object.entries(JSON.parse(golden('names.json')) as Record<string, string[]>);
  for (const [module, names] of all) it(module, () => {
    const paths = names.map((n) => `${module}.${n}`);
    assert.ok(paths.length > 10, 'the list is there');
    assert.deepEqual(paths.filter((p) => !found(p) && !why.has(p)), [], 'missing, without a reason');
    assert.deepEqual(paths.filter((p) => found(p) && why.has(p)), [], 'said to be missing, but there');
  });
  it('no reason is given for a name that PyTorch does not have', () => {
    const known = new Set(all.flatMap(([m, names]) => names.map((n) => `${m}.${n}`)));
    assert.deepEqual([...why.keys()].filter((k) => !known.has(k)), []);
  });
  // PYTORCH.md, section 4: P0, P1 and P2.
  it('everything of the plan', () => {
    const plan = `Linear Conv1d Conv2d MaxPool2d AvgPool2d AdaptiveAvgPool2d BatchNorm1d BatchNorm2d LayerNorm Dropout Embedding Flatten Identity ReLU GELU SiLU Sigmoid Tanh Softmax LogSoftmax LeakyReLU CrossEntropyLoss NLLLoss MSELoss L1Loss BCELoss BCEWithLogitsLoss
      LSTM GRU RNN LSTMCell GRUCell RNNCell MultiheadAttention functional.scaledDotProductAttention TransformerEncoder TransformerDecoder TransformerEncoderLayer TransformerDecoderLayer GroupNorm RMSNorm InstanceNorm1d InstanceNorm2d InstanceNorm3d ConvTranspose1d ConvTranspose2d Upsample functional.interpolate ZeroPad2d Dropout2d MaxPool1d AdaptiveMaxPool2d Unflatten ELU PReLU Softplus Hardswish ReLU6 Mish SmoothL1Loss HuberLoss KLDivLoss
      Conv3d Bilinear EmbeddingBag PixelShuffle Fold Unfold utils.weightNorm utils.spectralNorm utils.clipGradNorm_ CosineEmbeddingLoss TripletMarginLoss MarginRankingLoss CTCLoss GaussianNLLLoss SELU CELU GLU`.split(/\s+/).map((n) => `nn.${n}`);
    const optim = 'SGD Adam AdamW RMSprop Adagrad Adadelta Adamax NAdam RAdam LBFGS lrScheduler.StepLR lrScheduler.CosineAnnealingLR lrScheduler.OneCycleLR lrScheduler.LambdaLR lrScheduler.ReduceLROnPlateau'.split(' ').map((n) => `optim.${n}`);
    assert.deepEqual([...plan, ...optim].filter((n) => !found(n)), []);
  });
});

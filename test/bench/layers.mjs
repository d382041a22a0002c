/**
 * `npm run bench -- --layers`: layers and functions at the sizes models have, forward without gradient and forward with backward, beside PyTorch's.
 * No bars: what is far below 1 is where the next hour pays. `make` is read on both sides: a layer or a function of the inputs, by its two names.
 */
const layer = (py, js, ...inputs) => ({ py: `nn.${py}`, js: `new nn.${js ?? py}`, inputs });
const fn = (py, js, ...inputs) => ({ py: `lambda ${'xyz'.slice(0, inputs.length).split('').join(', ')}: ${py}`, js: `(${'xyz'.slice(0, inputs.length).split('').join(', ')}) => ${js}`, inputs });
const ids = (high, ...shape) => ({ high, shape });

const list = [
  layer('Conv2d(3, 64, 7, stride=2, padding=3)', 'Conv2d(3, 64, 7, { stride: 2, padding: 3 })', [4, 3, 112, 112]),
  layer('Conv2d(64, 64, 3, padding=1)', 'Conv2d(64, 64, 3, { padding: 1 })', [4, 64, 28, 28]),
  layer('Conv2d(128, 256, 1)', undefined, [8, 128, 24, 24]),
  layer('Conv2d(128, 128, 3, padding=1, groups=128)', 'Conv2d(128, 128, 3, { padding: 1, groups: 128 })', [8, 128, 24, 24]),
  layer('Conv1d(64, 64, 3, padding=4, dilation=4)', 'Conv1d(64, 64, 3, { padding: 4, dilation: 4 })', [8, 64, 1000]),
  layer('Conv3d(8, 16, 3, padding=1)', 'Conv3d(8, 16, 3, { padding: 1 })', [2, 8, 16, 32, 32]),
  layer('ConvTranspose2d(64, 32, 4, stride=2, padding=1)', 'ConvTranspose2d(64, 32, 4, { stride: 2, padding: 1 })', [8, 64, 16, 16]),
  layer('MaxPool2d(3, stride=2, padding=1)', 'MaxPool2d(3, { stride: 2, padding: 1 })', [8, 64, 56, 56]),
  layer('AvgPool2d(2)', undefined, [8, 64, 56, 56]), layer('AdaptiveAvgPool2d(7)', undefined, [8, 64, 28, 28]),
  layer('BatchNorm1d(512)', undefined, [256, 512]), layer('BatchNorm2d(64)', undefined, [8, 64, 32, 32]), layer('GroupNorm(8, 64)', undefined, [8, 64, 32, 32]),
  layer('InstanceNorm2d(64)', undefined, [8, 64, 32, 32]), layer('LayerNorm(256)', undefined, [1024, 256]), layer('RMSNorm(256)', undefined, [1024, 256]),
  layer('GRU(64, 128, batch_first=True)', 'GRU(64, 128, { batchFirst: true })', [16, 50, 64]), layer('RNN(64, 128, batch_first=True)', 'RNN(64, 128, { batchFirst: true })', [16, 50, 64]),
  layer('LSTM(64, 128, 2, bidirectional=True, batch_first=True)', 'LSTM(64, 128, { numLayers: 2, bidirectional: true, batchFirst: true })', [16, 50, 64]),
  layer('TransformerEncoderLayer(256, 8, 512, batch_first=True)', 'TransformerEncoderLayer(256, 8, { dimFeedforward: 512, batchFirst: true })', [8, 64, 256]),
  layer('TransformerDecoderLayer(128, 4, 512, batch_first=True)', 'TransformerDecoderLayer(128, 4, { dimFeedforward: 512, batchFirst: true })', [8, 32, 128], [8, 48, 128]),
  layer('Embedding(30000, 256)', undefined, ids(30000, 32, 64)), layer('Dropout(0.5)', undefined, [512, 1024]), layer('PReLU()', undefined, [512, 1024]), layer('PixelShuffle(2)', undefined, [8, 64, 32, 32]),
  layer("Upsample(scale_factor=2, mode='bilinear')", "Upsample({ scaleFactor: 2, mode: 'bilinear' })", [8, 32, 32, 32]), layer('Upsample(scale_factor=2)', 'Upsample({ scaleFactor: 2 })', [8, 32, 32, 32]),
  ...['ReLU', 'ReLU6', 'LeakyReLU', 'GELU', 'SiLU', 'ELU', 'SELU', 'Softplus', 'Mish', 'Tanh', 'Sigmoid', 'Hardswish', 'LogSigmoid'].map((name) => layer(`${name}()`, undefined, [512, 1024])),
  layer('GLU()', undefined, [512, 1024]), layer('Softmax(-1)', undefined, [64, 8, 64, 64]), layer('Softmax(1)', undefined, [4, 21, 64, 64]), layer('LogSoftmax(-1)', undefined, [512, 5000]),
  fn('x.transpose(1, 2).contiguous()', 'x.transpose(1, 2).contiguous()', [32, 100, 256]), fn('x.mean(1)', 'x.mean(1)', [32, 100, 256]), fn('x.var(-1)', 'x.var(-1)', [512, 1024]), fn('x.max(1)[0]', 'x.max(1)[0]', [512, 1024]),
  fn('torch.cat([x, y], 1)', 'cat([x, y], 1)', [8, 64, 32, 32], [8, 64, 32, 32]), fn('F.relu(x + y)', 'F.relu(x.add(y))', [8, 64, 32, 32], [8, 64, 32, 32]), fn('x @ y', 'x.matmul(y)', [64, 64, 64], [64, 64, 64]),
  fn('F.scaled_dot_product_attention(x, x, x, is_causal=True)', 'F.scaledDotProductAttention(x, x, x, { isCausal: true })', [4, 6, 128, 64]),
  fn('x.index_select(0, y)', 'x.indexSelect(0, y)', [5000, 128], ids(5000, 2000)), fn('x.gather(1, y)', 'x.gather(1, y)', [1000, 1000], ids(1000, 1000, 1000)),
  fn('F.cross_entropy(x, y)', 'F.crossEntropy(x, y)', [256, 30000], ids(30000, 256)), fn('F.cross_entropy(x, y)', 'F.crossEntropy(x, y)', [4, 21, 64, 64], ids(21, 4, 64, 64)),
  fn('F.mse_loss(x, y)', 'F.mseLoss(x, y)', [512, 1024], [512, 1024]), fn('F.smooth_l1_loss(x, y)', 'F.smoothL1Loss(x, y)', [512, 1024], [512, 1024]), fn('F.cosine_similarity(x, y)', 'F.cosineSimilarity(x, y)', [512, 256], [512, 256]),
  fn('F.conv2d(x, y, padding=1)', 'F.conv2d(x, y, null, { padding: 1 })', { shape: [8, 32, 28, 28], dtype: 'float64' }, { shape: [64, 32, 3, 3], dtype: 'float64' }),
  fn('F.conv2d(x, y, padding=1)', 'F.conv2d(x, y, null, { padding: 1 })', { shape: [8, 32, 28, 28], dtype: 'bfloat16' }, { shape: [64, 32, 3, 3], dtype: 'bfloat16' }),
  fn('x.softmax(-1)', 'x.softmax(-1)', { shape: [512, 1024], dtype: 'float16' }),
];

export const layers = list.flatMap(({ py, js, inputs }) => {
  const all = inputs.map((i) => (Array.isArray(i) ? { shape: i } : i));
  const name = `${py.replace(/^(nn\.|lambda [xyz, ]+: )/, '')} of ${all.map((i) => i.shape.join('×') + (i.dtype ? ` ${i.dtype}` : '')).join(', ')}`;
  return [false, true].map((backward) => ({ id: `${name}${backward ? ', and backward' : ''}`, title: `${name}${backward ? ', and backward' : ''}`, bar: 0, make: { py, js, inputs: all, backward } }));
});

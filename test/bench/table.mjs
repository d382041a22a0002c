/** The bench's rows and bars: how many times PyTorch's speed is promised on one thread (with two, a tenth less). */
export const rows = [
  { id: 'mlp-sgd-1', title: 'MLP 784-256-10 step, SGD, batch 1', bar: 4 },
  { id: 'mlp-sgd-32', title: 'MLP 784-256-10 step, SGD, batch 32', bar: 1.7 },
  { id: 'mlp-sgd-256', title: 'MLP 784-256-10 step, SGD, batch 256', bar: 1.3 },
  { id: 'mlp-adam-1', title: 'MLP 784-256-10 step, Adam, batch 1', bar: 4 },
  { id: 'mlp-adam-32', title: 'MLP 784-256-10 step, Adam, batch 32', bar: 2.5 },
  { id: 'mlp-adam-256', title: 'MLP 784-256-10 step, Adam, batch 256', bar: 1.5 },
  { id: 'mlp-forward-1', title: 'MLP forward without gradient, batch 1', bar: 2 },
  { id: 'mlp-forward-256', title: 'MLP forward without gradient, batch 256', bar: 1.05 },
  { id: 'cnn', title: 'CNN step (convolutions 1-16-32, batch 32, 28×28)', bar: 1.5 },
  { id: 'transformer', title: 'Transformer encoder layer step, d128 h4 ff512 L64 batch 8, AdamW', bar: 1.3 },
  { id: 'lstm', title: 'LSTM 64-128 step, batch 16, T 32', bar: 1.2 },
  { id: 'exp-1m', title: 'exp of 1M floats', bar: 1 },
  { id: 'add-1m', title: 'add of 1M floats', bar: 1 },
  { id: 'sum-1m', title: 'sum of 1M floats', bar: 1 },
  { id: 'matmul-1024', title: 'matmul 1024', bar: 1 },
];

/** Rows whose peak memory is compared: at most this many times PyTorch's. */
export const memoryRows = ['mlp-sgd-256', 'mlp-adam-256', 'cnn', 'transformer', 'lstm'];
export const memoryBar = 1.2;

import { nn, type Tensor } from 'weightroom';

export class SequenceModel extends nn.Module {
  embed = new nn.Embedding(1000, 64);
  rnn = new nn.LSTM(64, 128, { batchFirst: true });
  head = new nn.Linear(128, 1000);

  /** tokens: [batch, time] of int64 → [batch, time, 1000] */
  forward(tokens: Tensor): Tensor {
    const [output] = this.rnn(this.embed(tokens));
    return this.head(output);
  }
}

export const net = new SequenceModel();

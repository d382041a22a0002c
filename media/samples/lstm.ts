/** A character-level language model with an LSTM. Source: Hochreiter, Schmidhuber 1997. */
import { manualSeed, nn, optim, type Tensor } from 'weightroom';
import { fit, textBatches } from './training';

export class CharLstm extends nn.Module {
  embed: nn.Embedding;
  lstm: nn.LSTM;
  head: nn.Linear;

  constructor(vocabulary: number, embedding = 32, hidden = 64, layers = 2) {
    super();
    this.embed = new nn.Embedding(vocabulary, embedding);
    this.lstm = new nn.LSTM(embedding, hidden, { numLayers: layers, batchFirst: true });
    this.head = new nn.Linear(hidden, vocabulary);
  }

  forward(ids: Tensor) {
    const [y] = this.lstm(this.embed(ids));
    return this.head(y);
  }
}

manualSeed(0);
const { vocabulary, batch } = textBatches('sonnet.txt', 32);
export const net = new CharLstm(vocabulary.length);

/** Returns the loss of every step. */
export function train(model = net, steps = 20): number[] {
  return fit(model, new optim.Adam(model.parameters(), { lr: 0.01 }), batch, 16, steps);
}

import { nn, type Tensor } from 'weightroom';

export class MLP extends nn.Module {
  hidden = new nn.Linear(784, 256);
  act = new nn.ReLU();
  output = new nn.Linear(256, 10);

  /** x: [batch, 784] → [batch, 10] */
  forward(x: Tensor): Tensor {
    return this.output(this.act(this.hidden(x)));
  }
}

export const net = new MLP();

import { nn, randn, zeros, type Tensor } from 'weightroom';

/** x·weight + bias, then ReLU. */
export class Dense extends nn.Module {
  weight: nn.Parameter;
  bias: nn.Parameter;

  constructor(inputs: number, outputs: number) {
    super();
    this.weight = new nn.Parameter(randn(inputs, outputs).mul(0.1));
    this.bias = new nn.Parameter(zeros(outputs));
  }

  /** x: [batch, inputs] → [batch, outputs] */
  forward(x: Tensor): Tensor {
    return nn.functional.relu(x.matmul(this.weight).add(this.bias));
  }
}

export const net = new nn.Sequential(new Dense(4, 8), new Dense(8, 1));

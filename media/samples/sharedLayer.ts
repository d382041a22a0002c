// One layer used twice. The Models view marks the second name as shared and counts the weights once;
// its gradient is the sum over both uses.
import { manualSeed, nn, type Tensor } from 'weightroom';

manualSeed(0);
const shared = new nn.Linear(8, 8);

/** Sequential with the same layer at 2 and 4. */
export const net = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), shared, new nn.ReLU(), shared, new nn.ReLU(), new nn.Linear(8, 1));

/** An autoencoder whose decoder uses the encoder's weight, transposed. */
export class TiedAutoencoder extends nn.Module {
  encoder = new nn.Linear(16, 4);

  forward(x: Tensor): Tensor {
    const code = nn.functional.relu(this.encoder(x));
    return code.matmul(this.encoder.weight);
  }
}

export const tied = new TiedAutoencoder();

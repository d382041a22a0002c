import { nn, type Tensor } from 'weightroom';

export class CNN extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  );
  classifier = new nn.Linear(32 * 7 * 7, 10);

  /** x: [batch, 1, 28, 28] → [batch, 10] */
  forward(x: Tensor): Tensor {
    return this.classifier(this.features(x).flatten(1));
  }
}

export const net = new CNN();

/** LeNet-5 on generated images. Source: LeCun, Bottou, Bengio, Haffner 1998. */
import { manualSeed, nn, optim, type Tensor } from 'weightroom';
import { fit, imageBatches } from './training';

export class LeNet extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }), new nn.Tanh(), new nn.AvgPool2d(2, 2),
    new nn.Conv2d(6, 16, 5), new nn.Tanh(), new nn.AvgPool2d(2, 2));
  classifier = new nn.Sequential(
    new nn.Flatten(), new nn.Linear(400, 120), new nn.Tanh(), new nn.Linear(120, 84), new nn.Tanh(), new nn.Linear(84, 10));

  forward(x: Tensor) {
    return this.classifier(this.features(x));
  }
}

manualSeed(0);
export const net = new LeNet();

/** Returns the loss of every step. */
export function train(model = net, steps = 20): number[] {
  return fit(model, new optim.Adam(model.parameters(), { lr: 0.002 }), imageBatches(1, 28), 32, steps);
}

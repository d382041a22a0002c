/** A small residual network for 32×32 images. Source: He, Zhang, Ren, Sun 2016. */
import { flatten, manualSeed, nn, optim, type Tensor } from 'weightroom';
import { fit, imageBatches } from './training';

const { relu } = nn.functional;

export class Block extends nn.Module {
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  shortcut: nn.Sequential;

  constructor(inChannels: number, outChannels: number, stride = 1) {
    super();
    this.conv1 = new nn.Conv2d(inChannels, outChannels, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(outChannels);
    this.conv2 = new nn.Conv2d(outChannels, outChannels, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(outChannels);
    this.shortcut = stride === 1 && inChannels === outChannels
      ? new nn.Sequential()
      : new nn.Sequential(new nn.Conv2d(inChannels, outChannels, 1, { stride, bias: false }), new nn.BatchNorm2d(outChannels));
  }

  forward(x: Tensor) {
    const y = relu(this.bn1(this.conv1(x)));
    return relu(this.bn2(this.conv2(y)).add(this.shortcut(x)));
  }
}

export class ResNet extends nn.Module {
  stem = new nn.Sequential(new nn.Conv2d(3, 16, 3, { padding: 1, bias: false }), new nn.BatchNorm2d(16), new nn.ReLU());
  blocks = new nn.Sequential(new Block(16, 16), new Block(16, 32, 2), new Block(32, 64, 2));
  pool = new nn.AdaptiveAvgPool2d(1);
  head: nn.Linear;

  constructor(classes = 10) {
    super();
    this.head = new nn.Linear(64, classes);
  }

  forward(x: Tensor) {
    return this.head(flatten(this.pool(this.blocks(this.stem(x))), 1));
  }
}

manualSeed(0);
export const net = new ResNet();

/** Returns the loss of every step. */
export function train(model = net, steps = 20): number[] {
  return fit(model, new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9, weightDecay: 5e-4 }), imageBatches(3, 32), 16, steps);
}

// A multilayer perceptron. Press ▷ at the top right, then look at the Models view.
// Saving this file runs it again; the weights that still fit are kept.
import { manualSeed, nn, noGrad, optim, randint, randn, type Tensor } from 'weightroom';

export class MLP extends nn.Module {
  hidden = new nn.Linear(784, 256);
  act = new nn.ReLU();
  output = new nn.Linear(256, 10);

  forward(x: Tensor): Tensor {
    return this.output(this.act(this.hidden(x)));
  }
}

manualSeed(0);
export const net = new MLP();
console.log(net);

/** "Weightroom: Train…" calls this. Generated data: ten classes, each a cloud of points around its own centre. */
export function train(model: MLP, steps = 200): number {
  const centres = noGrad(() => randn(10, 784));
  const loss = new nn.CrossEntropyLoss();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  let last = 0;
  for (let step = 0; step < steps; step++) {
    const [x, labels] = batch(centres, 32);
    optimizer.zeroGrad();
    const l = loss(model(x), labels);
    l.backward();
    optimizer.step();
    last = l.item<number>();
    if (step % 50 === 0) console.log(`step ${step}: loss ${last.toFixed(4)}`);
  }
  return last;
}

function batch(centres: Tensor, size: number): [Tensor, Tensor] {
  return noGrad(() => {
    const labels = randint(0, 10, [size]);
    return [centres.indexSelect(0, labels).add(randn(size, 784)), labels];
  });
}

/** Losses as modules. */
import * as F from '../functional';
import type { Reduction } from '../functional';
import type { Tensor } from '../tensor';
import { Module } from './module';

abstract class Loss extends Module {
  readonly reduction: Reduction;
  constructor(options: { reduction?: Reduction } = {}) { super(); this.reduction = options.reduction ?? 'mean'; }
}
/** Softmax and negative log likelihood of int64 classes. logits [N, C], target [N]. Source: torch.nn.CrossEntropyLoss. */
export class CrossEntropyLoss extends Loss {
  constructor(readonly options: { ignoreIndex?: number; reduction?: Reduction } = {}) { super(options); }
  override forward(logits: Tensor, target: Tensor): Tensor { return F.crossEntropy(logits, target, this.options); }
}
export class NLLLoss extends Loss {
  constructor(readonly options: { ignoreIndex?: number; reduction?: Reduction } = {}) { super(options); }
  override forward(logp: Tensor, target: Tensor): Tensor { return F.nllLoss(logp, target, this.options); }
}
export class MSELoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor { return F.mseLoss(input, target, this.reduction); }
}
export class L1Loss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor { return F.l1Loss(input, target, this.reduction); }
}
export class SmoothL1Loss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor { return F.smoothL1Loss(input, target, this.reduction); }
}
/** Of probabilities in [0, 1]. */
export class BCELoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor { return F.binaryCrossEntropy(input, target, this.reduction); }
}
/** Of logits; numerically stable. */
export class BCEWithLogitsLoss extends Loss {
  override forward(input: Tensor, target: Tensor): Tensor { return F.binaryCrossEntropyWithLogits(input, target, this.reduction); }
}

/** More activations, and small layers that compare or combine. */
import * as F from '../functional';
import { pyFloat } from '../format';
import * as init from '../init';
import { empty, full } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { factory, pyBool, type FactoryOptions } from './factory';
import { Module } from './module';

/** max(0, x) + a·min(0, x) with a learned slope, one or one a channel. Source: He et al. 2015; torch.nn.PReLU. */
export class PReLU extends Module {
  weight: Parameter;
  constructor(readonly numParameters = 1, readonly init_ = 0.25, options: FactoryOptions = {}) {
    super();
    this.weight = new Parameter(full([numParameters], init_, factory(options)));
  }
  resetParameters(): void { init.constant_(this.weight, this.init_); }
  override forward(x: Tensor): Tensor { return F.prelu(x, this.weight); }
  override extraRepr(): string { return `num_parameters=${this.numParameters}`; }
}
export class Hardswish extends Module { override forward(x: Tensor): Tensor { return F.hardswish(x); } }
export class Hardsigmoid extends Module { override forward(x: Tensor): Tensor { return F.hardsigmoid(x); } }
/** Source: Misra 2019. */
export class Mish extends Module { override forward(x: Tensor): Tensor { return F.mish(x); } }
/** Source: Klambauer et al. 2017. */
export class SELU extends Module { override forward(x: Tensor): Tensor { return F.selu(x); } }
export class CELU extends Module {
  constructor(readonly alpha = 1) { super(); }
  override forward(x: Tensor): Tensor { return F.celu(x, this.alpha); }
  override extraRepr(): string { return `alpha=${pyFloat(this.alpha)}`; }
}
/** a·σ(b) over the two halves of a dim. Source: Dauphin et al. 2017. */
export class GLU extends Module {
  constructor(readonly dim = -1) { super(); }
  override forward(x: Tensor): Tensor { return F.glu(x, this.dim); }
  override extraRepr(): string { return `dim=${this.dim}`; }
}
export class Softsign extends Module { override forward(x: Tensor): Tensor { return F.softsign(x); } }
export class LogSigmoid extends Module { override forward(x: Tensor): Tensor { return F.logsigmoid(x); } }
/** Whole channels are zeroed with probability p while training. Source: Tompson et al. 2015; torch.nn.Dropout2d. */
export class Dropout2d extends Module {
  constructor(readonly p = 0.5) { super(); }
  override forward(x: Tensor): Tensor { return F.dropout2d(x, this.p, this.training); }
  override extraRepr(): string { return `p=${Number.isInteger(this.p) ? this.p : pyFloat(this.p)}, inplace=False`; }
}
/** Cosine of the angle between vectors along a dim. Source: torch.nn.CosineSimilarity. */
export class CosineSimilarity extends Module {
  constructor(readonly dim = 1, readonly eps = 1e-8) { super(); }
  override forward(a: Tensor, b: Tensor): Tensor { return F.cosineSimilarity(a, b, this.dim, this.eps); }
}
/** y = x₁ᵀ W x₂ + b. Starts uniform within ±1/√in1. Source: torch.nn.Bilinear. */
export class Bilinear extends Module {
  weight: Parameter;
  bias: Parameter | null = null;
  constructor(readonly in1Features: number, readonly in2Features: number, readonly outFeatures: number, options: { bias?: boolean } & FactoryOptions = {}) {
    super();
    this.weight = new Parameter(empty([outFeatures, in1Features, in2Features], factory(options)));
    if (options.bias !== false) this.bias = new Parameter(empty([outFeatures], factory(options)));
    else this.registerParameter('bias', null);
    this.resetParameters();
  }
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    for (const p of [this.weight, this.bias]) if (p !== null) init.uniform_(p, { a: -bound, b: bound });
  }
  override forward(a: Tensor, b: Tensor): Tensor { return F.bilinear(a, b, this.weight, this.bias); }
  override extraRepr(): string { return `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, bias=${pyBool(this.bias !== null)}`; }
}

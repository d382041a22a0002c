/** Activations and dropout. The formulas are torch.nn.functional's; `inplace` writes the result over the input. */
import { AssertionError, ValueError } from '../errors';
import * as F from '../functional';
import { pyFloat } from '../format';
import * as init from '../init';
import { full } from '../ops';
import { Parameter, type Tensor } from '../tensor';
import { factory, pyBool, pyNumber, type FactoryOptions } from './factory';
import { Module } from './module';
import { required } from './required';

/** Of activations. */
export interface InplaceOptions {
  /** Whether the input itself is changed and returned. */
  inplace?: boolean;
}

/** An activation that may be done in place; `settings` are what the repr shows before that. */
abstract class Activation extends Module {
  /** Whether the input itself is changed and returned. */
  readonly inplace: boolean;
  constructor(options: InplaceOptions = {}) { super(); this.inplace = options.inplace ?? false; }
  protected abstract compute(x: Tensor): Tensor;
  /** The same, written over x; left out where the formula is a composition. */
  protected overwrite?(x: Tensor): Tensor;
  protected settings(): string[] { return []; }
  override forward(x: Tensor): Tensor {
    if (!this.inplace) return this.compute(x);
    if (this.overwrite !== undefined) return this.overwrite(x);
    // Of a copy, so that what the formula keeps for backward is not written over.
    const before = x.clone(), y = this.compute(before);
    return y === before ? x : x.copy_(y);
  }
  override extraRepr(): string { return [...this.settings(), ...(this.inplace ? ['inplace=True'] : [])].join(', '); }
}
/** max(0, x), elementwise. Source: torch.nn.ReLU. */
export class ReLU extends Activation {
  protected override compute(x: Tensor): Tensor { return x.relu(); }
  protected override overwrite(x: Tensor): Tensor { return x.relu_(); }
}
/** x above zero, negativeSlope·x below. Source: torch.nn.LeakyReLU. */
export class LeakyReLU extends Activation {
  /** @param negativeSlope The slope below zero. */
  constructor(readonly negativeSlope = 0.01, options: InplaceOptions = {}) { super(options); }
  protected override compute(x: Tensor): Tensor { return F.leakyRelu(x, this.negativeSlope); }
  protected override overwrite(x: Tensor): Tensor { return F.leakyRelu_(x, this.negativeSlope); }
  protected override settings(): string[] { return [`negative_slope=${pyFloat(this.negativeSlope)}`]; }
}
/** A random slope below zero while training. Source: Xu et al. 2015; torch.nn.RReLU. */
export class RReLU extends Activation {
  /**
   * @param lower The smallest slope below zero.
   * @param upper The largest.
   */
  constructor(readonly lower = 1 / 8, readonly upper = 1 / 3, options: InplaceOptions = {}) { super(options); }
  protected override compute(x: Tensor): Tensor { return F.rrelu(x, this.lower, this.upper, this.training); }
  protected override settings(): string[] { return [`lower=${pyFloat(this.lower)}`, `upper=${pyFloat(this.upper)}`]; }
}
/** x above the threshold, else `value`. Source: torch.nn.Threshold. */
export class Threshold extends Activation {
  /**
   * @param threshold What x must be above.
   * @param value What it is otherwise.
   */
  constructor(readonly threshold: number, readonly value: number, options: InplaceOptions = {}) { super(options); required('Threshold', { threshold, value }); }
  protected override compute(x: Tensor): Tensor { return F.threshold(x, this.threshold, this.value); }
  protected override settings(): string[] { return [`threshold=${pyNumber(this.threshold)}`, `value=${pyNumber(this.value)}`]; }
}
/** x above zero, alpha·(eˣ - 1) below. Source: torch.nn.ELU. */
export class ELU extends Activation {
  /** @param alpha Minus the limit far below zero. */
  constructor(readonly alpha = 1, options: InplaceOptions = {}) { super(options); }
  protected override compute(x: Tensor): Tensor { return F.elu(x, this.alpha); }
  protected override overwrite(x: Tensor): Tensor { return F.elu_(x, this.alpha); }
  protected override settings(): string[] { return [`alpha=${pyFloat(this.alpha)}`]; }
}
/** x above zero, alpha·(exp(x/alpha) - 1) below. Source: torch.nn.CELU. */
export class CELU extends Activation {
  /** @param alpha Minus the limit far below zero. */
  constructor(readonly alpha = 1, options: InplaceOptions = {}) { super(options); }
  protected override compute(x: Tensor): Tensor { return F.celu(x, this.alpha); }
  protected override settings(): string[] { return [`alpha=${pyFloat(this.alpha)}`]; }
}
/** scale·(max(0, x) + min(0, α(eˣ - 1))), with the constants that keep mean 0 and variance 1. Source: Klambauer et al. 2017; torch.nn.SELU. */
export class SELU extends Activation {
  protected override compute(x: Tensor): Tensor { return F.selu(x); }
}
/** x·sigmoid(x), also called swish. Source: torch.nn.SiLU. */
export class SiLU extends Activation {
  protected override compute(x: Tensor): Tensor { return F.silu(x); }
}
/** x·tanh(log(1 + eˣ)). Source: Misra 2019; torch.nn.Mish. */
export class Mish extends Activation {
  protected override compute(x: Tensor): Tensor { return F.mish(x); }
}
/** x cut at minVal and maxVal. Source: torch.nn.Hardtanh. */
export class Hardtanh extends Activation {
  /**
   * @param minVal The lower end.
   * @param maxVal The upper end.
   */
  constructor(readonly minVal = -1, readonly maxVal = 1, options: InplaceOptions = {}) {
    super(options);
    if (!(maxVal > minVal)) throw new AssertionError(`max_val (${pyFloat(maxVal)}) must be greater than min_val (${pyFloat(minVal)})`);
  }
  protected override compute(x: Tensor): Tensor { return F.hardtanh(x, this.minVal, this.maxVal); }
  protected override overwrite(x: Tensor): Tensor { return F.hardtanh_(x, this.minVal, this.maxVal); }
  protected override settings(): string[] { return [`min_val=${pyFloat(this.minVal)}`, `max_val=${pyFloat(this.maxVal)}`]; }
}
/** x cut at 0 and 6. Source: torch.nn.ReLU6. */
export class ReLU6 extends Activation {
  protected override compute(x: Tensor): Tensor { return F.relu6(x); }
  protected override overwrite(x: Tensor): Tensor { return F.hardtanh_(x, 0, 6); }
}
/** x·ReLU6(x + 3)/6. Source: torch.nn.Hardswish. */
export class Hardswish extends Activation {
  protected override compute(x: Tensor): Tensor { return F.hardswish(x); }
  protected override overwrite(x: Tensor): Tensor { return F.hardswish_(x); }
  override extraRepr(): string { return ''; }
}
/** ReLU6(x + 3)/6. Source: torch.nn.Hardsigmoid. */
export class Hardsigmoid extends Activation {
  protected override compute(x: Tensor): Tensor { return F.hardsigmoid(x); }
  protected override overwrite(x: Tensor): Tensor { return F.hardsigmoid_(x); }
  override extraRepr(): string { return ''; }
}
/** x·Φ(x), exact or with the tanh approximation. Source: Hendrycks, Gimpel 2016; torch.nn.GELU. */
export class GELU extends Module {
  /** 'none', or 'tanh'. */
  readonly approximate: 'none' | 'tanh';
  constructor(options: { approximate?: 'none' | 'tanh' } = {}) { super(); this.approximate = options.approximate ?? 'none'; }
  override forward(x: Tensor): Tensor { return F.gelu(x, this.approximate); }
  override extraRepr(): string { return `approximate='${this.approximate}'`; }
}
/** 1/(1 + e⁻ˣ), elementwise. Source: torch.nn.Sigmoid. */
export class Sigmoid extends Module { override forward(x: Tensor): Tensor { return x.sigmoid(); } }
/** The hyperbolic tangent, elementwise. Source: torch.nn.Tanh. */
export class Tanh extends Module { override forward(x: Tensor): Tensor { return x.tanh(); } }
/** x/(1 + |x|). Source: torch.nn.Softsign. */
export class Softsign extends Module { override forward(x: Tensor): Tensor { return F.softsign(x); } }
/** x - tanh(x). Source: torch.nn.Tanhshrink. */
export class Tanhshrink extends Module { override forward(x: Tensor): Tensor { return F.tanhshrink(x); } }
/** log(sigmoid(x)), stable far below zero. Source: torch.nn.LogSigmoid. */
export class LogSigmoid extends Module { override forward(x: Tensor): Tensor { return F.logsigmoid(x); } }
/** log(1 + exp(beta·x))/beta; x itself where beta·x is beyond the threshold. Source: torch.nn.Softplus. */
export class Softplus extends Module {
  /**
   * @param beta How sharp the bend is.
   * @param threshold Where beta·x is above it, x itself.
   */
  constructor(readonly beta = 1, readonly threshold = 20) { super(); }
  override forward(x: Tensor): Tensor { return F.softplus(x, this.beta, this.threshold); }
  override extraRepr(): string { return `beta=${pyFloat(this.beta)}, threshold=${pyFloat(this.threshold)}`; }
}
/** x where |x| is above lambd, else 0. Source: torch.nn.Hardshrink. */
export class Hardshrink extends Module {
  /** @param lambd Half the width of the zeros. */
  constructor(readonly lambd = 0.5) { super(); }
  override forward(x: Tensor): Tensor { return F.hardshrink(x, this.lambd); }
  override extraRepr(): string { return pyFloat(this.lambd); }
}
/** x moved towards 0 by lambd; 0 within ±lambd. Source: torch.nn.Softshrink. */
export class Softshrink extends Module {
  /** @param lambd How far x moves towards 0. */
  constructor(readonly lambd = 0.5) { super(); }
  override forward(x: Tensor): Tensor { return F.softshrink(x, this.lambd); }
  override extraRepr(): string { return pyFloat(this.lambd); }
}
/** a·σ(b) over the two halves of a dim. Source: Dauphin et al. 2017. */
export class GLU extends Module {
  /** @param dim The dim that is halved. */
  constructor(readonly dim = -1) { super(); }
  override forward(x: Tensor): Tensor { return F.glu(x, this.dim); }
  override extraRepr(): string { return `dim=${this.dim}`; }
}
abstract class OverDim extends Module {
  /** The dim whose values add up to 1 (before the logarithm). */
  readonly dim: number;
  constructor(dim: number | { dim: number }) { super(); required(new.target.name, { dim }); this.dim = typeof dim === 'number' ? dim : dim.dim; }
  override extraRepr(): string { return `dim=${this.dim}`; }
}
/** exp(x) over its sum along `dim`: shares that add up to 1. Same shape as the input. Source: torch.nn.Softmax. */
export class Softmax extends OverDim { override forward(x: Tensor): Tensor { return x.softmax(this.dim); } }
/** The logarithm of softmax along `dim`, stable. Same shape as the input. Source: torch.nn.LogSoftmax. */
export class LogSoftmax extends OverDim { override forward(x: Tensor): Tensor { return x.logSoftmax(this.dim); } }
/** softmax(-x) along `dim`. Source: torch.nn.Softmin. */
export class Softmin extends OverDim { override forward(x: Tensor): Tensor { return F.softmin(x, this.dim); } }
/** Softmax over the channels of [N, C, H, W] or [C, H, W]. Source: torch.nn.Softmax2d. */
export class Softmax2d extends Module {
  override forward(x: Tensor): Tensor {
    if (x.dim() !== 3 && x.dim() !== 4) throw new ValueError(`Softmax2d: expected input to be 3D or 4D, got ${x.dim()}D instead`);
    return x.softmax(-3);
  }
}
/** max(0, x) + a·min(0, x) with a learned slope, one or one a channel. Source: He et al. 2015; torch.nn.PReLU. */
export class PReLU extends Module {
  /** [numParameters]: the slopes below zero. */
  weight: Parameter;
  /**
   * @param numParameters 1, or the channels.
   * @param init_ The slope at the start.
   */
  constructor(readonly numParameters = 1, readonly init_ = 0.25, options: FactoryOptions = {}) {
    super();
    this.weight = new Parameter(full([numParameters], init_, factory(options)));
  }
  /** Slopes as at the start. */
  resetParameters(): void { init.constant_(this.weight, this.init_); }
  override forward(x: Tensor): Tensor { return F.prelu(x, this.weight); }
  override extraRepr(): string { return `num_parameters=${this.numParameters}`; }
}

// --- dropout

abstract class DropoutBase extends Activation {
  /** @param p The probability of a zero. */
  constructor(readonly p = 0.5, options: InplaceOptions = {}) {
    super(options);
    if (!(p >= 0 && p <= 1)) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${pyFloat(p)}`);
  }
  override extraRepr(): string { return `p=${pyNumber(this.p)}, inplace=${pyBool(this.inplace)}`; }
}
/** Zeroes elements with probability p while training. Source: Hinton et al. 2012; torch.nn.Dropout. */
export class Dropout extends DropoutBase { protected override compute(x: Tensor): Tensor { return F.dropout(x, this.p, this.training); } }
/** Whole channels are zeroed with probability p while training. Source: Tompson et al. 2015; torch.nn.Dropout1d. */
export class Dropout1d extends DropoutBase { protected override compute(x: Tensor): Tensor { return F.dropout1d(x, this.p, this.training); } }
/** Dropout of whole channels: input [N, C, H, W]. Source: torch.nn.Dropout2d. */
export class Dropout2d extends DropoutBase { protected override compute(x: Tensor): Tensor { return F.dropout2d(x, this.p, this.training); } }
/** Dropout of whole channels: input [N, C, D, H, W]. Source: torch.nn.Dropout3d. */
export class Dropout3d extends DropoutBase { protected override compute(x: Tensor): Tensor { return F.dropout3d(x, this.p, this.training); } }
/** Dropout that keeps mean and variance after SELU. Source: Klambauer et al. 2017; torch.nn.AlphaDropout. */
export class AlphaDropout extends DropoutBase { protected override compute(x: Tensor): Tensor { return F.alphaDropout(x, this.p, this.training); } }
/** AlphaDropout of whole channels. Source: torch.nn.FeatureAlphaDropout. */
export class FeatureAlphaDropout extends DropoutBase { protected override compute(x: Tensor): Tensor { return F.featureAlphaDropout(x, this.p, this.training); } }

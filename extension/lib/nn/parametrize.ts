/**
 * torch.nn.utils.parametrize: a parameter or buffer of a module becomes a function of other parameters. The module keeps the
 * originals under `parametrizations.<name>` and computes the value each time it is read.
 */
import { noGrad } from '../autograd';
import { RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { Parameter, Tensor } from '../tensor';
import { ModuleDict, ModuleList } from './containers';
import { Module } from './module';

/** A module whose forward gives the value; `rightInverse` says which originals give a value, so that the value can be set. */
export interface Parametrization extends Module {
  /** The originals that give a value. */
  rightInverse?(value: Tensor): Tensor | readonly Tensor[];
}
type Called = (...originals: Tensor[]) => Tensor;

let values: Map<ParametrizationList, Tensor> | null = null;
/** Runs `fn`; meanwhile each parametrized tensor is computed once, when it is first read. Source: torch.nn.utils.parametrize.cached. */
export function cached<R>(fn: () => R): R {
  if (values !== null) return fn();
  values = new Map();
  try {
    return fn();
  } finally {
    values = null;
  }
}

/** The originals of one tensor (`original`, or `original0`, `original1` …) and what is applied to them, in order. */
export class ParametrizationList extends ModuleList {
  /** 1 and `original`, or the number of `original0` …. */
  readonly count: number;
  /** Whether there is one original, named `original`. */
  readonly single: boolean;
  constructor(parametrizations: readonly Parametrization[], original: Tensor, unsafe: boolean) {
    super(parametrizations);
    const inverse = noGrad(() => this.inverted(original));
    this.single = inverse instanceof Tensor;
    const kept = inverse instanceof Tensor ? [inverse] : [...inverse];
    this.count = kept.length;
    if (inverse instanceof Tensor) {
      if (inverse.dtype !== original.dtype) throw new ValueError(`When \`right_inverse\` outputs one tensor, it may not change the dtype.\noriginal.dtype: ${original.dtype}\nright_inverse(original).dtype: ${inverse.dtype}`);
      // The same Parameter object, so that optimizers keep working.
      if (inverse !== original) native['setData'](original, inverse);
      this.keep('original', original);
    } else kept.forEach((t, i) => this.keep(`original${i}`, original instanceof Parameter ? new Parameter(t, original.requiresGrad) : t));
    if (unsafe) return;
    const value = this.value();
    if (!(value instanceof Tensor)) throw new ValueError(`A parametrization must return a tensor. Got ${typeof value}.`);
    same('', 'unparametrized ', original, 'parametrized ', value);
  }
  private keep(name: string, t: Tensor): void {
    if (t instanceof Parameter) this.registerParameter(name, t);
    else this.registerBuffer(name, t);
  }
  /** The tensors from which the value is computed. */
  get originals(): Tensor[] { return this.names.map((n) => (this.parameters_.get(n) ?? this.buffers_.get(n))!); }
  private get names(): string[] { return this.single ? ['original'] : Array.from({ length: this.count }, (_, i) => `original${i}`); }
  private get steps(): Parametrization[] { return [...this] as Parametrization[]; }
  private inverted(value: Tensor): Tensor | readonly Tensor[] {
    let v: Tensor | readonly Tensor[] = value;
    for (const p of this.steps.reverse()) if (p.rightInverse !== undefined) v = p.rightInverse(v as Tensor);
    return v;
  }
  /** Gives the originals what the value needs. Throws RuntimeError where a parametrization has no rightInverse. */
  assign(value: Tensor): void {
    for (const p of this.steps) if (p.rightInverse === undefined) throw new RuntimeError(`parametrization ${p.reprName()} does not implement right_inverse.`);
    noGrad(() => {
      const v = this.inverted(value), list = v instanceof Tensor ? [v] : v;
      if (list.length !== this.count) throw new ValueError(`'right_inverse' must return a sequence of tensors of length ${this.count}. Got a sequence of length ${list.length}.`);
      this.originals.forEach((t, i) => native['setData'](t, list[i]!.clone()));
    });
  }
  /** The value: the originals with everything applied. */
  value(): Tensor {
    const known = values?.get(this);
    if (known !== undefined) return known;
    let first = true, v: Tensor | null = null;
    for (const p of this.steps) { v = (p as unknown as Called)(...(first ? this.originals : [v!])); first = false; }
    values?.set(this, v!);
    return v!;
  }
  override forward(): Tensor { return this.value(); }
}

/** Throws ValueError where shape or dtype change; `before`, `after`: what PyTorch calls them, up to the word. */
function same(the: string, before: string, x: Tensor, after: string, y: Tensor): void {
  for (const [what, p, q] of [['dtype', x.dtype, y.dtype], ['shape', x.shape, y.shape]] as const)
    if (String(p) !== String(q)) throw new ValueError(`Registering a parametrization may not change the ${what} of the tensor, unless ${the}\`unsafe\` flag is enabled.\n${before}${what}: ${p}\n${after}${what}: ${q}`);
}

const listsOf = (m: Module): ModuleDict | null => (m.modules_.get('parametrizations') as ModuleDict | undefined) ?? null;
/** Whether the module, or the one tensor of it, is parametrized. */
export function isParametrized(module: Module, name?: string): boolean { const d = listsOf(module); return d !== null && (name === undefined ? [...d.keys()].length > 0 : d.has(name)); }

/**
 * Makes `module[name]` the result of `parametrization` (of those registered before, if any). Throws ValueError for a name that
 * is no parameter or buffer, and where shape or dtype would change, unless `unsafe`. Source: torch.nn.utils.parametrize.
 */
export function registerParametrization<M extends Module>(module: M, name: string, parametrization: Parametrization, options: { unsafe?: boolean } = {}): M {
  const unsafe = options.unsafe === true, lists = listsOf(module);
  parametrization.train(module.training);
  if (lists?.has(name) === true) {
    const list = lists.get(name) as ParametrizationList;
    if (!unsafe) noGrad(() => { const now = list.value(); same('the ', `module.${name}.`, now, `parametrization(module.${name}).`, (parametrization as unknown as Called)(now)); });
    list.append(parametrization);
    return module;
  }
  const original = module.parameters_.get(name) ?? module.buffers_.get(name);
  if (original == null) throw new ValueError(`Module '${String(module)}' does not have a parameter, a buffer, or a parametrized element with name '${name}'`);
  const list = new ParametrizationList([parametrization], original, unsafe), fields = module as unknown as Record<string, unknown>;
  delete fields[name];
  if (lists === null) {
    fields['parametrizations'] = new ModuleDict();
    const plain = module.reprName();
    Object.defineProperty(module, 'reprName', { value: () => `Parametrized${plain}`, configurable: true, enumerable: false });
  }
  listsOf(module)!.set(name, list);
  // Of the module they are read from: a copy has a list of its own.
  const own = (m: Module): ParametrizationList => listsOf(m)!.get(name) as ParametrizationList;
  Object.defineProperty(module, name, { get(this: Module) { return own(this).value(); }, set(this: Module, v: Tensor) { own(this).assign(v); }, configurable: true, enumerable: true });
  return module;
}

/**
 * Makes `module[name]` a plain parameter or buffer again: with its present value, or with `leaveParametrized: false` the
 * original. Throws ValueError when it is not parametrized.
 */
export function removeParametrizations<M extends Module>(module: M, name: string, options: { leaveParametrized?: boolean } = {}): M {
  const lists = listsOf(module);
  if (lists?.has(name) !== true) throw new ValueError(`Module ${String(module)} does not have a parametrization on ${name}`);
  const list = lists.get(name) as ParametrizationList, [first] = list.originals as [Tensor], leave = options.leaveParametrized !== false;
  if (!leave && !list.single) throw new ValueError('Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of tensors.');
  const value = leave ? noGrad(() => list.value().detach().clone()) : null;
  let plain = first;
  if (value !== null && list.single) native['setData'](first, value);
  else if (value !== null) plain = list.originals.some((t) => t.requiresGrad) ? new Parameter(value) : value;
  const fields = module as unknown as Record<string, unknown>;
  lists.delete(name);
  delete fields[name];
  if (plain instanceof Parameter) fields[name] = plain;
  else module.registerBuffer(name, plain);
  if ([...lists.keys()].length === 0) { delete fields['parametrizations']; delete fields['reprName']; }
  return module;
}

/**
 * Module: the base of every layer and model, with torch.nn.Module's semantics. Modules are callable: `net(x)` runs hooks
 * and forward. Assigning a Module or Parameter to a field registers it, in order; registerBuffer registers buffers.
 */
import { inspect } from 'node:util';

import { noGrad } from '../autograd';
import { DType, float16, float32, float64, bfloat16 } from '../dtype';
import { Device, type DeviceLike } from '../device';
import { AttributeError, KeyError, NotImplementedError, RuntimeError, ValueError } from '../errors';
import { native } from '../native';
import { isTensorSource, LazyDict, type TensorSource } from '../lazyDict';
import { empty } from '../ops';
import { OrderedDict } from '../orderedDict';
import { Parameter, Tensor, unsized } from '../tensor';
import { misfit } from './misfit';
import { callModule, stateOf, states, type BackwardHook, type ForwardHook, type PreHook, type State } from './moduleCall';
import { pyType } from './pyType';

export type { BackwardHook, ForwardHook, PreHook } from './moduleCall';

/** @internal Gives a tensor without a size yet its memory; the object stays the same. */
export function materialize(t: Tensor, shape: readonly number[]): void {
  if (unsized.delete(t)) native['setData'](t, noGrad(() => empty([...shape], { dtype: t.dtype, device: t.device })));
}

/** Names that already mean something; a field declared as null may still become a parameter, buffer or child. */
const reserved = (m: object, name: string): boolean => name in m && (m as Record<string, unknown>)[name] != null && !stateOf(m).parameters.has(name) && !stateOf(m).buffers.has(name) && !stateOf(m).modules.has(name);

function place(target: object, name: string, value: unknown): boolean {
  const s = stateOf(target);
  if (value instanceof Parameter) {
    s.buffers.delete(name);
    s.modules.delete(name);
    s.parameters.set(name, value);
  } else if (value instanceof Module) {
    s.parameters.delete(name);
    s.buffers.delete(name);
    s.modules.set(name, value);
  } else if (s.parameters.has(name)) {
    if (value !== null && value !== undefined) throw new TypeError(`cannot assign '${pyType(value)}' as parameter '${name}' (torch.nn.Parameter or None expected)`);
    s.parameters.set(name, null);
  } else if (s.modules.has(name)) {
    if (value !== null && value !== undefined) throw new TypeError(`cannot assign '${pyType(value)}' as child module '${name}' (torch.nn.Module or None expected)`);
    s.modules.set(name, null);
  } else if (s.buffers.has(name)) {
    if (value !== null && value !== undefined && !(value instanceof Tensor)) throw new TypeError(`cannot assign '${pyType(value)}' as buffer '${name}' (torch.nn.Buffer, torch.Tensor or None expected)`);
    s.buffers.set(name, (value as Tensor | null) ?? null);
  }
  return true;
}

const handler: ProxyHandler<Module> = {
  defineProperty(target, key, descriptor) {
    if (typeof key === 'string' && 'value' in descriptor) place(target, key, descriptor.value);
    return Reflect.defineProperty(target, key, descriptor);
  },
  deleteProperty(target, key) {
    if (typeof key === 'string') {
      const s = stateOf(target);
      s.parameters.delete(key);
      s.buffers.delete(key);
      s.modules.delete(key);
    }
    return Reflect.deleteProperty(target, key);
  },
};

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface Module {
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export abstract class ModuleBase {
  /** Whether it is in training mode (train()) or evaluation (eval()): of dropout and normalization. */
  declare training: boolean;
  constructor() {
    // An arrow function: unlike others it has no `prototype` of its own.
    const call = (...args: unknown[]): unknown => callModule(proxy, args);
    // A function's own name and length are ordinary attributes here.
    delete (call as { name?: string }).name;
    delete (call as { length?: number }).length;
    Object.setPrototypeOf(call, new.target.prototype as object);
    states.set(call, { parameters: new Map(), buffers: new Map(), modules: new Map(), nonPersistent: new Set(), preHooks: new Set(), hooks: new Set(), backwardHooks: new Set() });
    const proxy = new Proxy(call as unknown as Module, handler);
    states.set(proxy, stateOf(call));
    Object.defineProperty(call, 'training', { value: true, writable: true, enumerable: false, configurable: true });
    return proxy as unknown as this;
  }
}

/** The base of layers and models: extend it, make layers and Parameters as fields, say in `forward` how they work together, and call it: `net(x)`. Fields that are Modules or Parameters are registered, in order. Source: torch.nn.Module. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Module extends ModuleBase {
  /** What the module computes; every subclass defines it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  forward(..._args: any[]): any {
    throw new NotImplementedError(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  /** The children by name, as torch's `_modules`. */
  get modules_(): Map<string, Module | null> { return stateOf(this).modules; }
  /** @internal */
  get parameters_(): Map<string, Parameter | null> { return stateOf(this).parameters; }
  /** @internal */
  get buffers_(): Map<string, Tensor | null> { return stateOf(this).buffers; }

  // --- registering

  /** Registers a child under a name; null keeps the place. Throws KeyError for a name that is taken, empty or has a dot. */
  addModule(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof Module)) throw new TypeError(`${pyType(module)} is not a Module subclass`);
    if (typeof name !== 'string') throw new TypeError(`module name should be a string. Got ${pyType(name)}`);
    if (reserved(this, name)) throw new KeyError(`attribute '${name}' already exists`);
    if (name.includes('.')) throw new KeyError(`module name can't contain ".", got: ${name}`);
    if (name === '') throw new KeyError('module name can\'t be empty string ""');
    stateOf(this).modules.set(name, module);
    (this as unknown as Record<string, unknown>)[name] = module;
  }
  /** The same as addModule. */
  registerModule(name: string, module: Module | null): void { this.addModule(name, module); }
  /** Registers a parameter under a name, as assigning it does; null keeps the place. */
  registerParameter(name: string, param: Parameter | null): void {
    if (name.includes('.')) throw new KeyError('parameter name can\'t contain "."');
    if (name === '') throw new KeyError('parameter name can\'t be empty string ""');
    if (reserved(this, name)) throw new KeyError(`attribute '${name}' already exists`);
    if (param !== null && !(param instanceof Parameter)) throw new TypeError(`cannot assign '${pyType(param)}' object to parameter '${name}' (torch.nn.Parameter or None required)`);
    stateOf(this).parameters.set(name, param);
    (this as unknown as Record<string, unknown>)[name] = param;
  }
  /** A tensor that is part of the state but not trained. `persistent: false` keeps it out of stateDict(). */
  registerBuffer(name: string, value: Tensor | null, options: { persistent?: boolean } = {}): void {
    if (name.includes('.')) throw new KeyError('buffer name can\'t contain "."');
    if (name === '') throw new KeyError('buffer name can\'t be empty string ""');
    if (reserved(this, name)) throw new KeyError(`attribute '${name}' already exists`);
    if (value !== null && !(value instanceof Tensor)) throw new TypeError(`cannot assign '${pyType(value)}' object to buffer '${name}' (torch Tensor or None required)`);
    const s = stateOf(this);
    s.buffers.set(name, value);
    if (options.persistent === false) s.nonPersistent.add(name);
    else s.nonPersistent.delete(name);
    (this as unknown as Record<string, unknown>)[name] = value;
  }

  // --- walking: own parameters first, then children in order; each object once, under its first name

  /** This module and all below it, each once, with dotted names; this one has the name of `prefix`. */
  *namedModules(prefix = '', seen: Set<Module> = new Set()): IterableIterator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of stateOf(this).modules) {
      if (child !== null) yield* child.namedModules(prefix ? `${prefix}.${name}` : name, seen);
    }
  }
  /** This module and all below it, each once. */
  *modules(): IterableIterator<Module> { for (const [, m] of this.namedModules()) yield m; }
  /** The direct children with their names, each once. */
  *namedChildren(): IterableIterator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, m] of stateOf(this).modules) if (m !== null && !seen.has(m)) { seen.add(m); yield [name, m]; }
  }
  /** The direct children, each once. */
  *children(): IterableIterator<Module> { for (const [, m] of this.namedChildren()) yield m; }
  private *members<T extends object>(pick: (m: Module) => Map<string, T | null>, prefix: string, recurse: boolean, once: boolean): IterableIterator<[string, T]> {
    const seen = new Set<T>();
    const all: Iterable<[string, Module]> = !recurse ? [[prefix, this]] : once ? this.namedModules(prefix) : allModules(this, prefix);
    for (const [path, module] of all) {
      for (const [name, value] of pick(module)) {
        if (value === null || (once && seen.has(value))) continue;
        seen.add(value);
        yield [path ? `${path}.${name}` : name, value];
      }
    }
  }
  /** Parameters with their dotted names, each once unless `removeDuplicate: false`; `recurse: false`: only those of this module. */
  namedParameters(options: { prefix?: string; recurse?: boolean; removeDuplicate?: boolean } = {}): IterableIterator<[string, Parameter]> {
    return this.members((m) => stateOf(m).parameters, options.prefix ?? '', options.recurse ?? true, options.removeDuplicate ?? true);
  }
  /** The parameters, each once, as an optimizer takes them; `recurse` false: only those of this module. */
  *parameters(recurse = true): IterableIterator<Parameter> { for (const [, p] of this.namedParameters({ recurse })) yield p; }
  /** Buffers with their dotted names, each once. */
  namedBuffers(options: { prefix?: string; recurse?: boolean; removeDuplicate?: boolean } = {}): IterableIterator<[string, Tensor]> {
    return this.members((m) => stateOf(m).buffers, options.prefix ?? '', options.recurse ?? true, options.removeDuplicate ?? true);
  }
  /** The buffers, each once. */
  *buffers(recurse = true): IterableIterator<Tensor> { for (const [, b] of this.namedBuffers({ recurse })) yield b; }
  /** The module of a dotted name; '' is this one. Throws AttributeError. */
  getSubmodule(path: string): Module {
    let m: Module = this;
    for (const name of path === '' ? [] : path.split('.')) {
      const next = stateOf(m).modules.get(name);
      if (!next) throw new AttributeError(`${m.constructor.name} has no attribute \`${name}\``);
      m = next;
    }
    return m;
  }
  private member<T>(path: string, pick: (s: State) => Map<string, T | null>): T {
    const at = path.lastIndexOf('.');
    const owner = this.getSubmodule(at < 0 ? '' : path.slice(0, at));
    const value = pick(stateOf(owner)).get(path.slice(at + 1));
    if (value === undefined || value === null) throw new AttributeError(`${owner.constructor.name} has no attribute \`${path.slice(at + 1)}\``);
    return value;
  }
  /** The parameter of a dotted name. Throws AttributeError. */
  getParameter(path: string): Parameter { return this.member(path, (s) => s.parameters); }
  /** The buffer of a dotted name. Throws AttributeError. */
  getBuffer(path: string): Tensor { return this.member(path, (s) => s.buffers); }
  /** Calls `fn` on every module, children first. Returns this. */
  apply(fn: (m: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  // --- state

  /** Every parameter and persistent buffer by name, sharing memory; a shared module appears under each of its names. */
  stateDict(prefix = ''): OrderedDict<Tensor> {
    const out = new OrderedDict<Tensor>();
    out.metadata = new Map();
    // What has no size yet stands in it itself.
    const value = (t: Tensor): Tensor => (unsized.has(t) ? t : t.detach());
    const walk = (m: Module, at: string): void => {
      out.metadata!.set(at.slice(0, -1), new Map([['version', 1]]));
      const s = stateOf(m);
      for (const [name, p] of s.parameters) if (p !== null) out.set(at + name, value(p));
      for (const [name, b] of s.buffers) if (b !== null && !s.nonPersistent.has(name)) out.set(at + name, value(b));
      for (const [name, child] of s.modules) if (child !== null) walk(child, `${at}${name}.`);
    };
    walk(this, prefix);
    return out;
  }
  /**
   * Copies values into parameters and buffers by name. Throws RuntimeError with PyTorch's list of what is missing,
   * unexpected or of another shape (shapes also with `strict: false`); nothing is copied then.
   */
  loadStateDict(source: ReadonlyMap<string, Tensor | TensorSource> | Record<string, Tensor | TensorSource>, options: { strict?: boolean } = {}): IncompatibleKeys {
    if (typeof source !== 'object' || source === null || Array.isArray(source)) throw new TypeError(`Expected state_dict to be dict-like, got <class '${pyType(source)}'>.`);
    const given = source instanceof Map ? (source as Map<string, Tensor | TensorSource>) : new Map(Object.entries(source as Record<string, Tensor | TensorSource>));
    // Tensors that are still in a file go straight into the module's memory.
    const of = (key: string): Tensor | TensorSource | undefined => (given instanceof LazyDict ? (given as LazyDict<Tensor>).source(key) : undefined) ?? given.get(key);
    // Lazy modules take their sizes from what is loaded, unless that has none either.
    for (const [at, m] of allModules(this, '')) for (const [name, t] of [...stateOf(m).parameters, ...stateOf(m).buffers]) {
      const from = t === null || !unsized.has(t) ? undefined : of(at === '' ? name : `${at}.${name}`);
      if ((from instanceof Tensor || isTensorSource(from)) && from.shape.join() !== t!.shape.join()) materialize(t!, [...from.shape]);
    }
    const own = this.stateDict();
    const missing = [...own.keys()].filter((k) => !given.has(k));
    const unexpected = [...given.keys()].filter((k) => !own.has(k));
    const shapeOf = (v: unknown): readonly number[] | string => (v instanceof Tensor || isTensorSource(v) ? v.shape : pyType(v));
    const problem = misfit(this.constructor.name, own, new Map([...given.keys()].map((k) => [k, shapeOf(own.has(k) ? of(k) : undefined)])), options.strict !== false);
    for (const key of own.keys()) { const from = of(key); if (isTensorSource(from)) from.check(); }
    if (problem !== '') throw new RuntimeError(problem);
    noGrad(() => { for (const [key, to] of own) { const from = of(key); if (from instanceof Tensor) to.copy_(from); else from?.copyInto(to); } });
    return new IncompatibleKeys(missing, unexpected);
  }

  // --- changing everything below

  private eachTensor(fn: (t: Tensor) => Tensor): this {
    for (const m of this.modules()) {
      const s = stateOf(m);
      for (const p of s.parameters.values()) {
        if (p === null) continue;
        // The Parameter stays the same object: optimizers and ties keep working.
        const grad = p.grad;
        const next = noGrad(() => fn(p));
        if (next !== p) {
          p.grad = null;
          native['setData'](p, next);
          if (grad !== null) p.grad = noGrad(() => fn(grad));
        }
      }
      for (const [name, b] of s.buffers) if (b !== null) (m as unknown as Record<string, unknown>)[name] = noGrad(() => fn(b));
    }
    return this;
  }
  /** Moves every parameter and buffer to a device or floating dtype, in place. */
  to(target: DType | DeviceLike | { dtype?: DType; device?: DeviceLike }): this {
    const o = target instanceof DType ? { dtype: target } : target instanceof Device || typeof target === 'string' ? { device: target } : target;
    if (o.dtype !== undefined && !o.dtype.isFloatingPoint) throw new TypeError(`nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${o.dtype}`);
    return this.eachTensor((t) => {
      const typed = o.dtype !== undefined && t.isFloatingPoint() ? t.to(o.dtype) : t;
      return o.device !== undefined ? typed.to(o.device) : typed;
    });
  }
  /** Moves parameters and buffers to the CPU, in place. */
  cpu(): this { return this.to('cpu'); }
  /** Moves parameters and buffers to the GPU, in place. Throws when there is none. */
  webgpu(): this { return this.to('webgpu'); }
  /** Floating parameters and buffers become float32, in place. */
  float(): this { return this.to(float32); }
  /** Floating parameters and buffers become float64, in place. */
  double(): this { return this.to(float64); }
  /** Floating parameters and buffers become float16, in place. */
  half(): this { return this.to(float16); }
  /** Floating parameters and buffers become bfloat16, in place. */
  bfloat16(): this { return this.to(bfloat16); }
  /** Sets training mode here and below: dropout drops, batch norm uses the batch. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw new ValueError('training mode is expected to be boolean');
    this.training = mode;
    for (const m of this.children()) m.train(mode);
    return this;
  }
  /** Ends training mode here and below: the same as train(false). */
  eval(): this { return this.train(false); }
  /** Whether the parameters take gradients: false freezes them. */
  requiresGrad_(value = true): this {
    for (const p of this.parameters()) p.requiresGrad_(value);
    return this;
  }
  /** Takes the parameters' gradients away, or fills them with zeros (`setToNone: false`). */
  zeroGrad(options: { setToNone?: boolean } = {}): void { native['zeroGrad']([...this.parameters()], options.setToNone ?? true); }

  // --- hooks

  /** Calls `hook` before forward, which may change the arguments. remove() takes it away. */
  registerForwardPreHook(hook: PreHook): { remove(): void } { return added(stateOf(this).preHooks, hook); }
  /** Calls `hook` after forward, which may change the output. remove() takes it away. */
  registerForwardHook(hook: ForwardHook): { remove(): void } { return added(stateOf(this).hooks, hook); }
  /** Calls `hook` with the gradients of inputs and outputs in the backward pass. remove() takes it away. */
  registerFullBackwardHook(hook: BackwardHook): { remove(): void } { return added(stateOf(this).backwardHooks, hook); }

  // --- printing

  /** What stands between the parentheses: a layer's settings. */
  extraRepr(): string { return ''; }
  /** @internal The class's name as printed. */
  reprName(): string { return this.constructor.name; }
  override toString(): string {
    const extra = this.extraRepr();
    const lines = extra === '' ? [] : extra.split('\n');
    const children = this.childReprs();
    if (children.length === 0 && lines.length <= 1) return `${this.reprName()}(${extra})`;
    return `${this.reprName()}(\n  ${[...lines, ...children].join('\n  ')}\n)`;
  }
  /** @internal */
  childReprs(): string[] {
    return [...stateOf(this).modules].map(([name, m]) => `(${name}): ${indent(m === null ? 'None' : m.toString())}`);
  }
  [inspect.custom](): string { return this.toString(); }
}

/** @internal */
export function indent(text: string): string { return text.replace(/\n/g, '\n  '); }

function added<T>(set: Set<T>, hook: T): { remove(): void } {
  set.add(hook);
  return { remove: () => void set.delete(hook) };
}

function* allModules(m: Module, prefix: string): IterableIterator<[string, Module]> {
  yield [prefix, m];
  for (const [name, child] of m.modules_) if (child !== null) yield* allModules(child, prefix ? `${prefix}.${name}` : name);
}

/** What loadStateDict returns; prints as PyTorch's. */
export class IncompatibleKeys {
  /**
   * @param missingKeys Names of the module that were not given.
   * @param unexpectedKeys Given names that the module has not.
   */
  constructor(readonly missingKeys: string[], readonly unexpectedKeys: string[]) {}
  /** As PyTorch prints it. */
  toString(): string {
    if (this.missingKeys.length === 0 && this.unexpectedKeys.length === 0) return '<All keys matched successfully>';
    const list = (keys: string[]): string => `[${keys.map((k) => `'${k}'`).join(', ')}]`;
    return `_IncompatibleKeys(missing_keys=${list(this.missingKeys)}, unexpected_keys=${list(this.unexpectedKeys)})`;
  }
  [inspect.custom](): string { return this.toString(); }
}

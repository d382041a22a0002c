/** Containers of modules and parameters: Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict. */
import { IndexError, KeyError } from '../errors';
import type { Parameter, Tensor } from '../tensor';
import { Parameter as ParameterClass, Tensor as TensorClass } from '../tensor';
import { indent, Module } from './module';
import { pyType } from './pyType';

type AnyModule = Module;
type Callable = (x: never) => unknown;

/**
 * `m[-1]`, `m[7]`: names that are whole numbers and no property of their own are positions, counted from the end when
 * negative. Stands behind the class's prototype, so that it costs nothing when the property exists.
 */
function indexed(prototype: object): void {
  const behind = new Proxy(Object.create(Object.getPrototypeOf(prototype) as object) as object, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^-?\d+$/.test(key)) return (receiver as { at(i: number): unknown }).at(Number(key));
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  Object.setPrototypeOf(prototype, behind);
}

function position(i: number, length: number): number {
  if (!Number.isInteger(i) || i < -length || i >= length) throw new IndexError(`index ${i} is out of range`);
  return i < 0 ? i + length : i;
}

const entriesOf = <T>(x: ReadonlyMap<string, T> | Record<string, T>): [string, T][] => (x instanceof Map ? [...(x as Map<string, T>)] : Object.entries(x as Record<string, T>));

abstract class ListBase extends Module {
  [index: number]: Module & Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
  /** How many modules. */
  override get length(): number { return this.modules_.size; }
  /** The module at a position; negative counts from the end. Throws IndexError out of range. */
  at(i: number): AnyModule { return [...this.modules_.values()][position(i, this.length)]!; }
  *[Symbol.iterator](): IterableIterator<AnyModule> { for (const m of this.modules_.values()) yield m!; }
  /** Adds a module at the end. */
  append(module: Module): this {
    this.addModule(String(this.length), module);
    return this;
  }
  /** Adds modules at the end. */
  extend(modules: Iterable<Module>): this {
    if (modules === null || typeof modules !== 'object' && typeof modules !== 'function' || !(Symbol.iterator in modules)) throw new TypeError(`${this.constructor.name}.extend should be called with an iterable, but got ${pyType(modules)}`);
    for (const m of modules) this.append(m);
    return this;
  }
  /** Puts a module in before a position; later ones move on. */
  insert(index: number, module: Module): void {
    const all = [...this];
    all.splice(index < 0 ? Math.max(0, all.length + index) : index, 0, module);
    this.replaceAll(all);
  }
  /** A container of the same class with the modules from start to end. */
  slice(start?: number, end?: number): this {
    const Class = this.constructor as new () => this;
    const part = new Class();
    [...this.modules_].slice(start, end).forEach(([name, m]) => part.addModule(this instanceof Sequential ? name : String(part.length), m));
    return part;
  }
  private replaceAll(all: Module[]): void {
    for (const name of [...this.modules_.keys()]) delete (this as unknown as Record<string, unknown>)[name];
    all.forEach((m, i) => this.addModule(String(i), m));
  }
}

indexed(ListBase.prototype);

/** Runs its modules one after the other. Takes modules, or one ordered map of names to modules. Source: torch.nn.Sequential. */
export class Sequential extends ListBase {
  constructor(...modules: Module[] | [ReadonlyMap<string, Module> | Record<string, Module>]) {
    super();
    const first = modules[0];
    if (modules.length === 1 && first !== undefined && !(first instanceof Module) && typeof first === 'object' && first !== null) {
      for (const [name, m] of entriesOf(first as Record<string, Module>)) this.addModule(name, m);
    } else modules.forEach((m, i) => this.addModule(String(i), m as Module));
  }
  override forward(x: Tensor): Tensor {
    let y: unknown = x;
    for (const m of this.modules_.values()) y = (m as unknown as Callable)(y as never);
    return y as Tensor;
  }
}

/** A list of modules, registered; has no forward. Equal neighbours print as one line. Source: torch.nn.ModuleList. */
export class ModuleList extends ListBase {
  constructor(modules: Iterable<Module> = []) {
    super();
    this.extend(modules);
  }
  /** @internal */
  override childReprs(): string[] {
    const reprs = [...this].map((m) => m.toString());
    const lines: string[] = [];
    for (let i = 0; i < reprs.length;) {
      let j = i;
      while (j + 1 < reprs.length && reprs[j + 1] === reprs[i]) j++;
      lines.push(j === i ? `(${i}): ${indent(reprs[i]!)}` : `(${i}-${j}): ${j - i + 1} x ${indent(reprs[i]!)}`);
      i = j + 1;
    }
    return lines;
  }
}

/** Modules by name, in order, registered. Source: torch.nn.ModuleDict. */
export class ModuleDict extends Module {
  [name: string]: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  constructor(modules: ReadonlyMap<string, Module> | Record<string, Module> = {}) {
    super();
    this.update(modules);
  }
  /** The module of that name. Throws KeyError where there is none. */
  get(name: string): Module {
    const m = this.modules_.get(name);
    if (!m) throw new KeyError(`'${name}'`);
    return m;
  }
  /** Registers a module under a name. */
  set(name: string, module: Module): void { this.addModule(name, module); }
  /** Whether there is a module of that name. */
  has(name: string): boolean { return this.modules_.has(name); }
  /** Takes a module out; false where there was none. */
  delete(name: string): boolean { return this.has(name) && Reflect.deleteProperty(this, name); }
  /** The names, in order. */
  keys(): IterableIterator<string> { return this.modules_.keys(); }
  /** The modules, in order. */
  values(): IterableIterator<Module> { return this.modules_.values() as IterableIterator<Module>; }
  /** Names and modules, in order. */
  entries(): IterableIterator<[string, Module]> { return this.modules_.entries() as IterableIterator<[string, Module]>; }
  /** The same as entries: Python's name. */
  items(): IterableIterator<[string, Module]> { return this.entries(); }
  /** Registers all modules of a Map or object. */
  update(modules: ReadonlyMap<string, Module> | Record<string, Module>): void { for (const [k, m] of entriesOf(modules)) this.addModule(k, m); }
  /** How many modules. */
  get size_(): number { return this.modules_.size; }
}

function parameterLine(name: string, p: Tensor): string {
  const size = p.shape.length === 0 ? '' : Array.from(p.shape).join('x');
  const where = p.isWebgpu ? ` (${p.device})` : '';
  return `  (${name}): ${p instanceof ParameterClass ? 'Parameter' : 'Tensor'} containing: [${p.dtype.legacyName} of size ${size}${where}]`;
}

/** One line when short, as PyTorch prints parameter containers: the lines joined, indented once more than children. */
function parameterRepr(name: string, lines: string[]): string {
  if (lines.length === 0) return `${name}()`;
  return lines.length === 1 ? `${name}(${lines[0]})` : `${name}(\n${lines.map((l) => `  ${l}`).join('\n')}\n)`;
}

/** A list of parameters, registered. Source: torch.nn.ParameterList. */
export class ParameterList extends Module {
  [index: number]: Parameter;
  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }
  /** How many parameters. */
  override get length(): number { return this.parameters_.size; }
  /** The parameter at a position; negative counts from the end. Throws IndexError out of range. */
  at(i: number): Parameter { return [...this.parameters_.values()][position(i, this.length)]!; }
  *[Symbol.iterator](): IterableIterator<Parameter> { for (const p of this.parameters_.values()) yield p!; }
  /** Adds a parameter at the end; a tensor becomes one. */
  append(value: Tensor): this {
    if (!(value instanceof TensorClass)) throw new TypeError(`ParameterList.append expects a Tensor, but got ${pyType(value)}`);
    this.registerParameter(String(this.length), value instanceof ParameterClass ? value : new ParameterClass(value));
    return this;
  }
  /** Adds parameters at the end. */
  extend(values: Iterable<Tensor>): this {
    for (const v of values) this.append(v);
    return this;
  }
  override toString(): string { return parameterRepr('ParameterList', [...this].map((p, i) => parameterLine(String(i), p))); }
}

indexed(ParameterList.prototype);

/** Parameters by name, in order, registered. Source: torch.nn.ParameterDict. */
export class ParameterDict extends Module {
  [name: string]: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  constructor(values: ReadonlyMap<string, Tensor> | Record<string, Tensor> = {}) {
    super();
    this.update(values);
  }
  /** The parameter of that name. Throws KeyError where there is none. */
  get(name: string): Parameter {
    const p = this.parameters_.get(name);
    if (!p) throw new KeyError(`'${name}'`);
    return p;
  }
  /** Registers a parameter under a name. */
  set(name: string, value: Tensor): void { this.registerParameter(name, value instanceof ParameterClass ? value : new ParameterClass(value)); }
  /** Whether there is a parameter of that name. */
  has(name: string): boolean { return this.parameters_.has(name); }
  /** Takes a parameter out; false where there was none. */
  delete(name: string): boolean { return this.has(name) && Reflect.deleteProperty(this, name); }
  /** Registers all parameters of a Map or object. */
  update(values: ReadonlyMap<string, Tensor> | Record<string, Tensor>): void { for (const [k, v] of entriesOf(values)) this.set(k, v); }
  /** The names, in order. */
  keys(): IterableIterator<string> { return this.parameters_.keys(); }
  /** The parameters, in order. */
  values(): IterableIterator<Parameter> { return this.parameters_.values() as IterableIterator<Parameter>; }
  /** Names and parameters, in order. */
  entries(): IterableIterator<[string, Parameter]> { return this.parameters_.entries() as IterableIterator<[string, Parameter]>; }
  /** The same as entries: Python's name. */
  items(): IterableIterator<[string, Parameter]> { return this.entries(); }
  override toString(): string { return parameterRepr('ParameterDict', [...this.entries()].map(([k, p]) => parameterLine(k, p))); }
}

/** A notebook's living part: what its cells have declared, and the cells' code, which must stay as long as its functions may run. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

import { nn, pyRepr, Size, Tensor } from '../lib/index';
import type { Completion } from '../protocol/notebook';
import type { CellFrame, CompiledCell } from './cell';
import { LiveModel } from './liveModel';
import { virtualSources } from './userError';
import { classLinesIn, libraryAt, loadModule, variableLinesIn } from './userModule';

interface Source { file: string; line: number }
type Imported = Record<string, unknown>;
type CellCode = (scope: object, frame: CellFrame) => () => Promise<[unknown] | undefined>;

export class Notebook {
  /** Accessors to the cells' own variables. Without a prototype: `with` must find nothing else here. */
  readonly scope = Object.create(null) as Record<string, unknown>;
  private readonly kept: CellCode[] = [];
  private readonly files = new Map<string, { code: string; exports: Imported }>();
  private readonly lines = new Map<string, Source>();
  private live = new Map<string, LiveModel>();

  constructor(public file: string) {}

  names(): string[] { return Object.keys(this.scope); }

  /** Resolves with the last expression as text. What was declared before an error stays; names that got no value keep their old one. */
  async run(cell: CompiledCell): Promise<string | null> {
    virtualSources.set(cell.source, { file: cell.cell, label: `Cell In[${cell.count}]` });
    const imports: Imported[] = [];
    for (const i of cell.imports) imports.push(await this.imported(i));
    const before = new Map<string, PropertyDescriptor | undefined>();
    const frame: CellFrame = {
      imported: (index, name) => (name === '*' ? imports[index] : name === 'default' && !('default' in imports[index]!) ? imports[index] : imports[index]![name]),
      declare: (names) => {
        for (const [name, [get, set]] of Object.entries(names)) {
          before.set(name, Object.getOwnPropertyDescriptor(this.scope, name));
          Object.defineProperty(this.scope, name, { get, set: set ?? (() => { throw new TypeError('Assignment to constant variable.'); }), enumerable: true, configurable: true });
        }
      },
    };
    const code = loadModule<CellCode>(cell.compiled, path.join(path.dirname(this.file), `.${cell.source.replace(':', '')}.weightroom.cjs`), this.file);
    this.kept.push(code);
    for (const [name, line] of [...variableLinesIn(cell.code), ...classLinesIn(cell.code)]) this.lines.set(name, { file: cell.cell, line });
    try {
      const last = await code(this.scope, frame)();
      return last === undefined ? null : await shown(last[0]);
    } finally {
      for (const [name, old] of before) if (!this.holds(name)) { if (old) Object.defineProperty(this.scope, name, old); else delete this.scope[name]; }
    }
  }

  /** Whether a name has its value: a `const` whose line was not reached has none. */
  private holds(name: string): boolean {
    try {
      void this.scope[name];
      return true;
    } catch {
      return false;
    }
  }

  private async imported({ from, bundle }: CompiledCell['imports'][number]): Promise<Imported> {
    if (from === 'weightroom') return libraryAt(path.dirname(this.file));
    if (bundle !== null) {
      const known = this.files.get(from);
      if (known?.code === bundle.code) return known.exports; // one instance, until the file changes
      const exports = loadModule<Imported>(bundle.code, bundle.name, this.file);
      this.files.set(from, { code: bundle.code, exports });
      return exports;
    }
    const require = createRequire(this.file);
    try {
      return require(from) as Imported;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ESM') throw error;
      return (await import(pathToFileURL(require.resolve(from)).href)) as Imported;
    }
  }

  /**
   * Variables that hold modules, each once by its first name. Parts of another one and losses are left out. A model that is
   * there already stays the same, with its output and undo steps.
   */
  models(): LiveModel[] {
    const found = new Map<nn.Module, string>();
    for (const name of this.names()) {
      const value = this.holds(name) ? this.scope[name] : undefined;
      if (value instanceof nn.Module && !found.has(value) && !isLoss(value)) found.set(value, name);
    }
    const parts = new Set([...found.keys()].flatMap((m) => [...m.modules()].slice(1)));
    const live = new Map<string, LiveModel>();
    for (const [net, name] of found) {
      if (parts.has(net)) continue;
      const old = this.live.get(name);
      live.set(name, old?.net === net ? old : new LiveModel(this.file, name, net, this.scope, this.lines.get(net.constructor.name) ?? this.lines.get(name)));
    }
    this.live = live;
    return [...live.values()];
  }

  move(to: string): void {
    this.file = to;
    for (const m of this.live.values()) m.file = to;
  }

  /** Own properties and class members of the value before the last dot (`net[0].weight.`); without a dot, the notebook's names. */
  complete(text: string): Completion[] {
    const chain = /(?:^|[^\w$.\])])((?:[A-Za-z_$][\w$]*(?:\[\d+\])*\.)*)[\w$]*$/.exec(text)?.[1]?.split(/\[|\]?\./).filter(Boolean);
    if (chain === undefined) return [];
    if (chain.length === 0) return this.names().filter((n) => this.holds(n)).map((name) => described(name, this.scope[name]));
    let value: unknown = this.holds(chain[0]!) ? this.scope[chain[0]!] : undefined;
    for (const name of chain.slice(1)) value = plainMember(value, name);
    return value === null || value === undefined ? [] : membersOf(value).map((name) => described(name, plainMember(value, name)));
  }
}

const isLoss = (m: nn.Module): boolean => m.constructor.name.endsWith('Loss') && (nn as Record<string, unknown>)[m.constructor.name] === m.constructor;

/** Containers that hold what PyTorch prints are written in Python's way, everything else as console.log writes it. */
async function shown(value: unknown): Promise<string | null> {
  if (value instanceof Promise) value = await value;
  if (value === undefined) return null;
  return holdsTensors(value) ? pyRepr(value) : inspect(value, { depth: 4, breakLength: 80 });
}
function holdsTensors(value: unknown, depth = 4): boolean {
  if (value instanceof Tensor || value instanceof nn.Module || value instanceof Size) return true;
  if (depth === 0 || value === null || typeof value !== 'object') return false;
  const plain = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : [];
  return plain.some((v) => holdsTensors(v, depth - 1));
}

/** A member without running a getter of the user's. Modules answer for their parameters and children. */
function plainMember(value: unknown, name: string): unknown {
  if (value === null || value === undefined) return undefined;
  if (value instanceof nn.Module) { const part = value.parameters_.get(name) ?? value.buffers_.get(name) ?? value.modules_.get(name); if (part) return part; }
  for (let o: unknown = Object(value); o !== null; o = Object.getPrototypeOf(o)) {
    const d = Object.getOwnPropertyDescriptor(o, name);
    if (d !== undefined) return d.get === undefined ? (d.value as unknown) : namespaces.has(o) ? (d.get.call(o) as unknown) : undefined;
  }
  return undefined;
}
/** The library's own namespaces are made of getters, which may be called. */
const namespaces = new Set<unknown>([nn, ...Object.values(nn), ...Object.values(libraryAt('.'))].filter((v) => typeof v === 'object'));
function membersOf(value: unknown): string[] {
  const names = new Set<string>(value instanceof nn.Module ? [...value.parameters_.keys(), ...value.buffers_.keys(), ...value.modules_.keys()] : []);
  for (let o: unknown = Object(value); o !== null && o !== Object.prototype && o !== Function.prototype; o = Object.getPrototypeOf(o)) {
    for (const n of Object.getOwnPropertyNames(o)) if (/^[A-Za-z$][\w$]*$/.test(n) && n !== 'constructor') names.add(n);
  }
  return [...names].slice(0, 2000);
}
function described(name: string, value: unknown): Completion {
  if (value instanceof Tensor) return { name, kind: 'tensor', detail: `${String(value.shape)} ${String(value.dtype)}` };
  if (value instanceof nn.Module) return { name, kind: 'module', detail: value.constructor.name };
  if (typeof value === 'function') return { name, kind: /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function', detail: '' };
  return { name, kind: 'value', detail: value === null || value === undefined ? '' : typeof value === 'object' ? value.constructor?.name ?? '' : typeof value };
}

/** Errors of a call that lacks an argument, or has one of a wrong type, name the method and the argument as PyTorch's do. */

type Method = (this: unknown, ...args: unknown[]) => unknown;
/** What the engine and JavaScript say of a value that does not fit, and PyTorch's name of what was expected. */
const expected: readonly (readonly [RegExp, string])[] = [
  [/^argument must be a Tensor, not (\w+)$/, 'Tensor'], [/^expected a Tensor or a number, but got (\w+)$/, 'Tensor or number'], [/^expected an integer, but got (\w+)$/, 'int'], [/^argument \d+ must be a number, not (\w+)$/, 'float'],
];
const mine = new WeakSet<object>();
const snake = (s: string): string => s.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** The parameters' names, and whether they have a default or take what remains. */
function parametersOf(fn: Method): { name: string; open: boolean }[] {
  const text = Function.prototype.toString.call(fn);
  let depth = 0, at = text.indexOf('(') + 1;
  const parts = [''];
  for (; depth >= 0 && at < text.length; at++) {
    const c = text[at]!;
    if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    if (c === ',' && depth === 0) parts.push('');
    else if (depth >= 0) parts[parts.length - 1] += c;
  }
  return parts.map((p) => ({ name: /\w+/.exec(p)?.[0] ?? '', open: !/^\s*\w+\s*$/.test(p) }));
}

function explained(error: unknown, name: string, fn: Method, args: readonly unknown[], above: Method): unknown {
  // Not the caller's mistake, or said already by a method within that got its arguments.
  if (!(error instanceof TypeError) || (!mine.has(error) && !/\bundefined\b/.test(error.message) && !expected.some(([words]) => words.test(error.message)))) return error;
  const parameters = parametersOf(fn), missing = parameters.findIndex((p, i) => !p.open && args[i] === undefined);
  let words = '';
  if (missing >= 0 && (mine.has(error) || /\bundefined\b/.test(error.message))) words = `${snake(name)}() missing 1 required positional arguments: "${snake(parameters[missing]!.name)}"`;
  else for (const [pattern, type] of expected) {
    const got = pattern.exec(error.message)?.[1], at = args.findIndex((a) => (a === null ? 'null' : typeof a) === got);
    if (at >= 0 && parameters[at] !== undefined) words = `${snake(name)}(): argument '${snake(parameters[at].name)}' (position ${at + 1}) must be ${type}, not ${got}`;
  }
  if (words === '') return error;
  const better = new TypeError(words);
  Error.captureStackTrace(better, above);
  mine.add(better);
  return better;
}

/** @internal In a list as PyTorch writes it: its native functions count arguments in the wrong number of words, Python's own as a sentence. */
export function missingText(names: readonly string[], python: boolean): string {
  const n = names.length, head = `missing ${n} required positional argument`;
  if (!python) return `${head}${n === 1 ? 's' : ''}: ${names.map((a) => `"${a}"`).join(', ')}`;
  const quoted = names.map((a) => `'${a}'`);
  return `${head}${n === 1 ? '' : 's'}: ${n < 3 ? quoted.join(' and ') : `${quoted.slice(0, -1).join(', ')}, and ${quoted[n - 1]!}`}`;
}
const fits: Record<string, (v: unknown) => boolean> = {
  int: (v) => typeof v === 'number' || typeof v === 'bigint', float: (v) => typeof v === 'number',
  'tuple of ints': (v) => typeof v === 'number' || (Array.isArray(v) && v.every((n) => n === null || typeof n === 'number')),
};
const kindOf = (v: unknown): string => (v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v);

/**
 * `fn`, which first looks at its leading arguments. `signature` names them in PyTorch's words: 'input weight bias?' are tensors, of which bias may be null or
 * left out; 'mean!' may be null, 'size:int' is something else. 'python' before them: a function that PyTorch wrote in Python, where missing arguments are spoken of in other words.
 */
function looking(name: string, fn: Method, signature: string, isTensor: (v: unknown) => boolean): Method {
  const python = signature.startsWith('python '), parameters = signature.split(' ').slice(python ? 1 : 0).map((text) => {
    const [, word, mark, type] = /^(\w+)([?!]?)(?::(.+))?$/.exec(text)!;
    return { word: word!, open: mark === '?', nullable: mark !== '', type: type === undefined ? 'Tensor' : type === 'ints' ? 'tuple of ints' : type, test: type === undefined ? isTensor : fits[type === 'ints' ? 'tuple of ints' : type]! };
  });
  const wrong = (args: readonly unknown[], above: Method): TypeError => {
    const missing = parameters.filter((p, i) => !p.open && args[i] === undefined), at = parameters.findIndex((p, i) => !(p.nullable && (args[i] ?? null) === null) && !p.test(args[i]));
    const words = missing.length > 0 ? `${snake(name)}() ${missingText(missing.map((p) => p.word), python)}` : `${snake(name)}(): argument '${parameters[at]!.word}' (position ${at + 1}) must be ${parameters[at]!.type}, not ${kindOf(args[at])}`;
    const error = new TypeError(words);
    Error.captureStackTrace(error, above);
    mine.add(error);
    return error;
  };
  const { [name]: named } = { [name](this: unknown, ...args: unknown[]): unknown {
    for (let i = 0; i < parameters.length; i++) {
      const p = parameters[i]!, v = args[i];
      if (!p.test(v) && !(p.open && v === undefined) && !(p.nullable && v === null)) throw wrong(args, named!);
    }
    return fn.apply(this, args);
  } } as Record<string, Method>;
  return Object.defineProperty(named!, 'length', { value: fn.length });
}
/** Those of `functions` that have a signature, looking at their arguments. A function without one is a mistake here. */
export function lookAtArguments<T extends Record<keyof T, unknown>, K extends keyof T & string>(functions: T, signatures: Record<K, string>, isTensor: (v: unknown) => boolean): Pick<T, K> {
  return Object.fromEntries(Object.entries<string>(signatures).map(([name, signature]) => [name, looking(name, functions[name as K] as Method, signature, isTensor)])) as Pick<T, K>;
}

/** Puts `explained` around every method of a prototype and those behind it. */
export function nameArguments(prototype: object): void {
  for (let p = prototype; p !== Object.prototype; p = Object.getPrototypeOf(p) as object) for (const name of Object.getOwnPropertyNames(p)) {
    const fn = Object.getOwnPropertyDescriptor(p, name)!.value as unknown;
    if (name === 'constructor' || typeof fn !== 'function' || /^[\w$]+\(\)/.test(String(fn))) continue;
    const method = fn as Method;
    const { [name]: named } = { [name](this: unknown, ...args: unknown[]): unknown {
      try { return method.apply(this, args); } catch (error) { throw explained(error, name, method, args, named!); }
    } } as Record<string, Method>;
    Object.defineProperty(named, 'length', { value: method.length });
    Object.defineProperty(p, name, { value: named });
  }
}

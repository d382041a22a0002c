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

/** Puts that around every method of a prototype and those behind it. */
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

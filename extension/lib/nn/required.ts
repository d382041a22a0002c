import { missingText } from '../tensor/arguments';

/** @internal Throws TypeError, in Python's words, when the class `name` was made without some of these arguments. */
export function required(name: string, args: Record<string, unknown>): void {
  const missing = Object.keys(args).filter((k) => args[k] === undefined);
  if (missing.length > 0) throw new TypeError(`${name}.__init__() ${missingText(missing, true)}`);
}

/** Python literals, as NumPy's headers have them: dictionaries, lists, tuples, strings, numbers, True, False, None. Nothing else. */
import { CheckpointError } from './errors';

export type Literal = null | boolean | bigint | number | string | Literal[] | Map<string, Literal>;
const MAX_DEPTH = 24;

export function parseLiteral(s: string): Literal {
  let at = 0;
  const fail = (what: string): never => { throw new CheckpointError(`the header is no Python literal: ${what} at character ${at}`); };
  const space = (): void => { while (at < s.length && ' \t\r\n\f'.includes(s[at]!)) at++; };
  const match = (re: RegExp): string | null => { re.lastIndex = at; const m = re.exec(s); if (m !== null) at += m[0].length; return m?.[0] ?? null; };
  const string = (): string | null => {
    const raw = match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y);
    return raw === null ? null : raw.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (_, e: string) => (e.length > 1 ? String.fromCharCode(parseInt(e.slice(1), 16)) : { n: '\n', t: '\t', r: '\r' }[e] ?? e));
  };
  const sequence = (close: string, depth: number): { items: Literal[]; commas: number } => {
    const items: Literal[] = [];
    let commas = 0;
    at++;
    for (;;) {
      space();
      if (s[at] === close) { at++; return { items, commas }; }
      if (items.length > commas) fail("',' is missing");
      items.push(value(depth + 1));
      space();
      if (s[at] === ',') { at++; commas++; }
    }
  };
  const value = (depth: number): Literal => {
    if (depth > MAX_DEPTH) fail('nested too deep');
    space();
    const c = s[at];
    if (c === '(') { const { items, commas } = sequence(')', depth); return items.length === 1 && commas === 0 ? items[0]! : items; }
    if (c === '[') return sequence(']', depth).items;
    if (c === '{') {
      const out = new Map<string, Literal>();
      at++;
      for (;;) {
        space();
        if (s[at] === '}') { at++; return out; }
        const key = string() ?? fail('a key is missing');
        space();
        if (s[at++] !== ':') fail("':' is missing");
        out.set(key, value(depth + 1));
        space();
        if (s[at] === ',') at++;
        else if (s[at] !== '}') fail("',' or '}' is missing");
      }
    }
    const text = string();
    if (text !== null) return text;
    const word = match(/(?:True|False|None)\b/y);
    if (word !== null) return word === 'None' ? null : word === 'True';
    const integer = match(/[-+]?\d{1,40}L?(?![\d.eE])/y);
    if (integer !== null) return BigInt(integer.replace(/^\+|L$/g, ''));
    const float = match(/[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y);
    return float !== null ? Number(float) : fail('a value is missing');
  };
  const v = value(0);
  space();
  return at === s.length ? v : fail('something after the end');
}

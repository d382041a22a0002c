/** JSON as safetensors needs it: integers exact (JSON.parse rounds beyond 2^53), duplicate keys refused, depth bounded. */
import { CheckpointError } from './errors';
import type { Io } from './io';

export type JsonValue = null | boolean | number | bigint | string | JsonValue[] | Map<string, JsonValue>;
const MAX_DEPTH = 64;

export function* parseJsonObject(bytes: Buffer, what = 'the header', /** Where `bytes` stand in the file. */ start = 0): Io<Map<string, JsonValue>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CheckpointError(`${what} is not UTF-8`, start);
  }
  return yield* new Parser(text, what, start).document();
}

class Parser {
  private at = 0;
  constructor(private readonly s: string, private readonly what: string, private readonly start: number) {}
  private fail(what: string): never { throw new CheckpointError(`${this.what} is not valid JSON: ${what}`, this.start + Buffer.byteLength(this.s.slice(0, this.at))); }
  private space(): void { while (' \t\n\r'.includes(this.s[this.at] ?? 'x')) this.at++; }
  *document(): Io<Map<string, JsonValue>> {
    this.space();
    if (this.s[this.at] !== '{') throw new CheckpointError(`${this.what} is not a JSON object`, this.start);
    const out = new Map<string, JsonValue>();
    // The outer object may have very many keys: others may run between them.
    for (const more = this.pairs(out, 0); more();) if ((out.size & 0xfff) === 0) yield undefined;
    this.space();
    if (this.at !== this.s.length) this.fail('something after the end');
    return out;
  }
  private value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) this.fail('nested too deep');
    this.space();
    const c = this.s[this.at];
    if (c === '{') return this.object(depth);
    if (c === '[') return this.array(depth);
    if (c === '"') return this.string();
    const word = /(?:true|false|null)\b/y;
    word.lastIndex = this.at;
    const w = word.exec(this.s);
    if (w !== null) { this.at += w[0].length; return w[0] === 'null' ? null : w[0] === 'true'; }
    const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
    number.lastIndex = this.at;
    const n = number.exec(this.s);
    if (n === null) this.fail('a value is missing');
    this.at += n[0].length;
    return n[1] === undefined && n[2] === undefined ? BigInt(n[0]) : Number(n[0]);
  }
  private string(): string {
    const m = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    m.lastIndex = this.at;
    const found = m.exec(this.s);
    if (found === null) this.fail('a string is not ended');
    this.at += found[0].length;
    const value = JSON.parse(found[0]) as string;
    if (/\p{Surrogate}/u.test(value)) this.fail('a string with a lone surrogate');
    return value;
  }
  private object(depth: number): Map<string, JsonValue> {
    const out = new Map<string, JsonValue>();
    for (const more = this.pairs(out, depth); more(););
    return out;
  }
  /** Reads one pair a call, until it returns false. */
  private pairs(out: Map<string, JsonValue>, depth: number): () => boolean {
    this.at++;
    this.space();
    if (this.s[this.at] === '}') { this.at++; return () => false; }
    return () => {
      this.space();
      if (this.s[this.at] !== '"') this.fail('a key is missing');
      const key = this.string();
      if (out.has(key)) throw new CheckpointError(`${this.what} names '${key}' twice`, this.start + Buffer.byteLength(this.s.slice(0, this.at)));
      this.space();
      if (this.s[this.at] !== ':') this.fail("':' is missing");
      this.at++;
      out.set(key, this.value(depth + 1));
      this.space();
      const c = this.s[this.at];
      if (c !== '}' && c !== ',') this.fail("',' or '}' is missing");
      this.at++;
      return c === ',';
    };
  }
  private array(depth: number): JsonValue[] {
    const out: JsonValue[] = [];
    this.at++;
    this.space();
    if (this.s[this.at] === ']') { this.at++; return out; }
    for (;;) {
      out.push(this.value(depth + 1));
      this.space();
      const c = this.s[this.at];
      if (c !== ']' && c !== ',') this.fail("',' or ']' is missing");
      this.at++;
      if (c === ']') return out;
    }
  }
}

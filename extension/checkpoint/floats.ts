/** Small floating-point formats to numbers, and numbers to text as each format tells them apart. */
import { floatText } from './values';

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

/** Sign, exponent and mantissa bits, most significant first. `kind`: what the highest codes mean. */
function small(bits: number, exponent: number, mantissa: number, bias: number, kind: 'ieee' | 'fn' | 'fnuz' | 'finite'): number {
  const e = (bits >> mantissa) & ((1 << exponent) - 1);
  const m = bits & ((1 << mantissa) - 1);
  const sign = (bits >> (exponent + mantissa)) & 1;
  const top = (1 << exponent) - 1;
  if (kind === 'ieee' && e === top) return m ? NaN : sign ? -Infinity : Infinity;
  if (kind === 'fn' && e === top && m === (1 << mantissa) - 1) return NaN;
  if (kind === 'fnuz' && sign && e === 0 && m === 0) return NaN;
  const v = e === 0 ? m * 2 ** (1 - bias - mantissa) : (1 + m / (1 << mantissa)) * 2 ** (e - bias);
  return sign ? -v : v;
}
const table = (n: number, f: (bits: number) => number): Float32Array => Float32Array.from({ length: n }, (_, i) => f(i));
const lazy = <T>(make: () => T): (() => T) => { let v: T | undefined; return () => (v ??= make()); };

/** Code → value, for the 8-bit types. */
export const byteTables: Readonly<Record<string, () => Float32Array>> = {
  float8_e4m3fn: lazy(() => table(256, (b) => small(b, 4, 3, 7, 'fn'))),
  float8_e5m2: lazy(() => table(256, (b) => small(b, 5, 2, 15, 'ieee'))),
  float8_e4m3fnuz: lazy(() => table(256, (b) => small(b, 4, 3, 8, 'fnuz'))),
  float8_e5m2fnuz: lazy(() => table(256, (b) => small(b, 5, 2, 16, 'fnuz'))),
  float8_e8m0fnu: lazy(() => table(256, (b) => (b === 255 ? NaN : 2 ** (b - 127)))),
};
export const fp4Values = lazy(() => table(16, (b) => small(b, 2, 1, 1, 'finite')));
const halves = lazy(() => table(65536, (b) => small(b, 5, 10, 15, 'ieee')));
export const halfToNumber = (bits: number): number => halves()[bits]!;
export const bfloatToNumber = (bits: number): number => { u32[0] = bits << 16; return f32[0]!; };
export const numberToBfloat = (v: number): number => { f32[0] = v; const u = u32[0]!; return Number.isNaN(v) ? 0x7fc0 : ((u + 0x7fff + ((u >>> 16) & 1)) >>> 16) & 0xffff; };

/** The shortest decimal text that this format reads back as `v`: 0.1, not 0.10000000149011612. */
export function shortest(v: number, digits: number, same: (x: number) => boolean): string {
  if (!Number.isFinite(v) || Number.isInteger(v) && Math.abs(v) < 1e15) return floatText(v);
  for (let p = 1; p < digits; p++) {
    const x = Number(v.toPrecision(p));
    if (same(x)) return floatText(x);
  }
  return floatText(Number(v.toPrecision(digits)));
}

/** GGUF's IQ1, IQ2 and IQ3 blocks to float32: each code names an entry of a codebook, whose numbers get signs and a scale. Tested against gguf-py's own numbers. */
import { halfToNumber } from './floats';
import { iq1_s, iq2_s, iq2_xs, iq2_xxs, iq3_s, iq3_xxs, type Grid } from './iqGrids';
import type { Blocks } from './tensor';

type Decode = NonNullable<Blocks['decode']>;
const half = (b: Buffer, at: number): number => halfToNumber(b.readUInt16LE(at));
const f = Math.fround;

/** A codebook, unpacked when it is first asked for. */
function codebook({ width, values, codes }: Grid): { width: number; numbers: () => Int8Array } {
  let numbers: Int8Array | undefined;
  return { width, numbers: () => (numbers ??= Int8Array.from([...Buffer.from(codes, 'base64')].flatMap((x) => [values[x & 15]!, values[x >> 4]!]))) };
}
type Codebook = ReturnType<typeof codebook>;
const books = { xxs2: codebook(iq2_xxs), xs2: codebook(iq2_xs), s2: codebook(iq2_s), xxs3: codebook(iq3_xxs), s3: codebook(iq3_s), s1: codebook(iq1_s) };

/** Seven stored signs; the eighth makes their number even. */
function signs(seven: number): number {
  let odd = seven;
  for (const shift of [4, 2, 1]) odd ^= odd >> shift;
  return seven | ((odd & 1) << 7);
}
/** Entry `index` times `scale`; bit i of `negative` turns number i round. */
function entry({ width, numbers }: Codebook, index: number, scale: number, negative: number, out: Float32Array, to: number): void {
  const all = numbers();
  for (let i = 0; i < width; i++) {
    const v = f(scale * all[index * width + i]!);
    out[to + i] = (negative >> i) & 1 ? -v : v;
  }
}

const xxs2: Decode = (b, at, out, to) => {
  const d = half(b, at);
  for (let g = 0; g < 8; g++) {
    const q = at + 2 + 8 * g;
    const high = b.readUInt32LE(q + 4);
    const scale = f(f(d * (0.5 + (high >>> 28))) * 0.25);
    for (let l = 0; l < 4; l++) entry(books.xxs2, b[q + l]!, scale, signs((high >>> (7 * l)) & 127), out, to + 32 * g + 8 * l);
  }
};
/** Two scales for each 32 numbers, four bits each. */
const halfScale = (d: number, byte: number, l: number): number => f(f(d * (0.5 + (l < 2 ? byte & 15 : byte >> 4))) * 0.25);
const xs2: Decode = (b, at, out, to) => {
  const d = half(b, at);
  for (let g = 0; g < 8; g++) {
    for (let l = 0; l < 4; l++) {
      const q = b.readUInt16LE(at + 2 + 8 * g + 2 * l);
      entry(books.xs2, q & 511, halfScale(d, b[at + 66 + g]!, l), signs(q >> 9), out, to + 32 * g + 8 * l);
    }
  }
};
const s2: Decode = (b, at, out, to) => {
  const d = half(b, at);
  for (let g = 0; g < 8; g++) {
    for (let l = 0; l < 4; l++) {
      const index = b[at + 2 + 4 * g + l]! | (((b[at + 66 + g]! >> (2 * l)) & 3) << 8);
      entry(books.s2, index, halfScale(d, b[at + 74 + g]!, l), b[at + 34 + 4 * g + l]!, out, to + 32 * g + 8 * l);
    }
  }
};
const xxs3: Decode = (b, at, out, to) => {
  const d = half(b, at);
  for (let g = 0; g < 8; g++) {
    const high = b.readUInt32LE(at + 66 + 4 * g);
    const scale = f(f(d * (0.5 + (high >>> 28))) * 0.5);
    for (let l = 0; l < 8; l++) entry(books.xxs3, b[at + 2 + 8 * g + l]!, scale, signs((high >>> (7 * (l >> 1))) & 127) >> (4 * (l & 1)), out, to + 32 * g + 4 * l);
  }
};
const s3: Decode = (b, at, out, to) => {
  const d = half(b, at);
  for (let g = 0; g < 8; g++) {
    const scale = f(d * (1 + 2 * ((b[at + 106 + (g >> 1)]! >> (4 * (g & 1))) & 15)));
    for (let l = 0; l < 8; l++) {
      const index = b[at + 2 + 8 * g + l]! | (((b[at + 66 + g]! >> l) & 1) << 8);
      entry(books.s3, index, scale, b[at + 74 + 4 * g + (l >> 1)]! >> (4 * (l & 1)), out, to + 32 * g + 4 * l);
    }
  }
};
/** -1, 0 and 1, all moved by an eighth. */
function ternary(index: number, scale: number, down: boolean, out: Float32Array, to: number): void {
  const all = books.s1.numbers();
  for (let i = 0; i < 8; i++) out[to + i] = scale * (all[8 * index + i]! + (down ? -0.125 : 0.125));
}
const s1: Decode = (b, at, out, to) => {
  const d = half(b, at);
  for (let g = 0; g < 8; g++) {
    const high = b.readUInt16LE(at + 34 + 2 * g);
    const scale = f(d * (2 * ((high >> 12) & 7) + 1));
    for (let l = 0; l < 4; l++) ternary(b[at + 2 + 4 * g + l]! | (((high >> (3 * l)) & 7) << 8), scale, high >= 0x8000, out, to + 32 * g + 8 * l);
  }
};
/** The block's scale is spread over the top digits of the four words of sub-scales. */
const m1: Decode = (b, at, out, to) => {
  const words = [0, 1, 2, 3].map((i) => b.readUInt16LE(at + 48 + 2 * i));
  const d = halfToNumber(words.reduce((bits, w, i) => bits | ((w >> 12) << (4 * i)), 0));
  for (let g = 0; g < 8; g++) {
    for (let l = 0; l < 4; l++) {
      const high = (b[at + 32 + 2 * g + (l >> 1)]! >> (4 * (l & 1))) & 15;
      const scale = f(d * (2 * ((words[g >> 1]! >> (6 * (g & 1) + 3 * (l >> 1))) & 7) + 1));
      ternary(b[at + 4 * g + l]! | ((high & 7) << 8), scale, high >= 8, out, to + 32 * g + 8 * l);
    }
  }
};

export const iq: Readonly<Record<'IQ1_S' | 'IQ1_M' | 'IQ2_XXS' | 'IQ2_XS' | 'IQ2_S' | 'IQ3_XXS' | 'IQ3_S', Blocks>> = {
  IQ1_S: { size: 256, bytes: 50, decode: s1 }, IQ1_M: { size: 256, bytes: 56, decode: m1 }, IQ2_XXS: { size: 256, bytes: 66, decode: xxs2 }, IQ2_XS: { size: 256, bytes: 74, decode: xs2 },
  IQ2_S: { size: 256, bytes: 82, decode: s2 }, IQ3_XXS: { size: 256, bytes: 98, decode: xxs3 }, IQ3_S: { size: 256, bytes: 110, decode: s3 },
};

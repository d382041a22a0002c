/** Quantized blocks of GGUF files to float32. Layouts as ggml defines them; tested against gguf-py's own numbers. */
import { iq } from './codebooks';
import { fp4Values, halfToNumber } from './floats';
import type { Blocks } from './tensor';

type Decode = NonNullable<Blocks['decode']>;
const half = (b: Buffer, at: number): number => halfToNumber(b[at]! | (b[at + 1]! << 8));
const f = Math.fround;

/** safetensors' F4: two e2m1 numbers a byte, the low half first. */
export const fp4: Blocks = { size: 2, bytes: 1, decode: (b, at, out, to) => { out[to] = fp4Values()[b[at]! & 15]!; out[to + 1] = fp4Values()[b[at]! >> 4]!; } };

/** Four-bit codes, the low halves first, then the high ones; `value` makes a number of a code. */
function nibbles(b: Buffer, at: number, n: number, out: Float32Array, to: number, value: (code: number, i: number) => number): void {
  for (let i = 0; i < n; i++) {
    out[to + i] = value(b[at + i]! & 15, i);
    out[to + n + i] = value(b[at + i]! >> 4, n + i);
  }
}
const q4_0: Decode = (b, at, out, to) => { const d = half(b, at); nibbles(b, at + 2, 16, out, to, (q) => d * (q - 8)); };
const q4_1: Decode = (b, at, out, to) => { const d = half(b, at); const m = half(b, at + 2); nibbles(b, at + 4, 16, out, to, (q) => f(d * q) + m); };
const q5_0: Decode = (b, at, out, to) => { const d = half(b, at); const h = b.readUInt32LE(at + 2); nibbles(b, at + 6, 16, out, to, (q, i) => d * ((q | (((h >>> i) & 1) << 4)) - 16)); };
const q5_1: Decode = (b, at, out, to) => { const d = half(b, at); const m = half(b, at + 2); const h = b.readUInt32LE(at + 4); nibbles(b, at + 8, 16, out, to, (q, i) => f(d * (q | (((h >>> i) & 1) << 4))) + m); };
const q8_0: Decode = (b, at, out, to) => { const d = half(b, at); for (let i = 0; i < 32; i++) out[to + i] = d * b.readInt8(at + 2 + i); };
const q8_1: Decode = (b, at, out, to) => { const d = half(b, at); for (let i = 0; i < 32; i++) out[to + i] = d * b.readInt8(at + 4 + i); };
const q8_k: Decode = (b, at, out, to) => { const d = b.readFloatLE(at); for (let i = 0; i < 256; i++) out[to + i] = d * b.readInt8(at + 4 + i); };

const q2_k: Decode = (b, at, out, to) => {
  const d = half(b, at + 80);
  const m = half(b, at + 82);
  for (let i = 0; i < 256; i++) {
    const s = b[at + (i >> 4)]!;
    const q = (b[at + 16 + (i >> 7) * 32 + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
    out[to + i] = f(f(d * (s & 15)) * q) - f(m * (s >> 4));
  }
};
const q3_k: Decode = (b, at, out, to) => {
  const d = half(b, at + 108);
  for (let i = 0; i < 256; i++) {
    const j = i >> 4;
    const low = j < 8 ? b[at + 96 + j]! & 15 : b[at + 88 + j]! >> 4;
    const scale = (low | (((b[at + 104 + (j & 3)]! >> (2 * (j >> 2))) & 3) << 4)) - 32;
    const q = (b[at + 32 + (i >> 7) * 32 + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3;
    const high = (b[at + (i & 31)]! >> (i >> 5)) & 1;
    out[to + i] = f(d * scale) * (q - (high ? 0 : 4));
  }
};
/** Scale and minimum of sub-block j, six bits each, packed in 12 bytes. */
function scaleMin(b: Buffer, s: number, j: number): [number, number] {
  if (j < 4) return [b[s + j]! & 63, b[s + j + 4]! & 63];
  return [(b[s + j + 4]! & 15) | ((b[s + j - 4]! >> 6) << 4), (b[s + j + 4]! >> 4) | ((b[s + j]! >> 6) << 4)];
}
const q4_k: Decode = (b, at, out, to) => {
  const d = half(b, at);
  const m = half(b, at + 2);
  for (let j = 0; j < 8; j++) {
    const [s, min] = scaleMin(b, at + 4, j);
    const [scale, low] = [f(d * s), f(m * min)];
    for (let i = 0; i < 32; i++) out[to + j * 32 + i] = f(scale * ((b[at + 16 + (j >> 1) * 32 + i]! >> (j & 1 ? 4 : 0)) & 15)) - low;
  }
};
const q5_k: Decode = (b, at, out, to) => {
  const d = half(b, at);
  const m = half(b, at + 2);
  for (let j = 0; j < 8; j++) {
    const [s, min] = scaleMin(b, at + 4, j);
    const [scale, low] = [f(d * s), f(m * min)];
    for (let i = 0; i < 32; i++) {
      const q = ((b[at + 48 + (j >> 1) * 32 + i]! >> (j & 1 ? 4 : 0)) & 15) | (((b[at + 16 + i]! >> j) & 1) << 4);
      out[to + j * 32 + i] = f(scale * q) - low;
    }
  }
};
const q6_k: Decode = (b, at, out, to) => {
  const d = half(b, at + 208);
  for (let i = 0; i < 256; i++) {
    const [n, k, l] = [i >> 7, (i >> 5) & 3, i & 31];
    const low = (b[at + n * 64 + l + (k & 1) * 32]! >> (k & 2 ? 4 : 0)) & 15;
    const high = (b[at + 128 + n * 32 + l]! >> (2 * k)) & 3;
    out[to + i] = f(d * b.readInt8(at + 192 + (i >> 4))) * ((low | (high << 4)) - 32);
  }
};

const NL = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
const iq4_nl: Decode = (b, at, out, to) => { const d = half(b, at); nibbles(b, at + 2, 16, out, to, (q) => d * NL[q]!); };
const iq4_xs: Decode = (b, at, out, to) => {
  const d = half(b, at);
  const high = b.readUInt16LE(at + 2);
  for (let j = 0; j < 8; j++) {
    const scale = ((b[at + 4 + (j >> 1)]! >> (4 * (j & 1))) & 15) | (((high >> (2 * j)) & 3) << 4);
    const s = f(d * (scale - 32));
    nibbles(b, at + 8 + j * 16, 16, out, to + j * 32, (q) => s * NL[q]!);
  }
};
/** Base-3 digits: five a byte, four in the last bytes. */
const tq1_0: Decode = (b, at, out, to) => {
  const d = half(b, at + 52);
  let o = to;
  for (const [from, width, digits] of [[0, 32, 5], [32, 16, 5], [48, 4, 4]] as const) {
    for (let n = 0, power = 1; n < digits; n++, power *= 3) for (let m = 0; m < width; m++) out[o++] = d * (((((b[at + from + m]! * power) & 255) * 3) >> 8) - 1);
  }
};
const tq2_0: Decode = (b, at, out, to) => {
  const d = half(b, at + 64);
  for (let i = 0; i < 256; i++) out[to + i] = d * (((b[at + (i >> 7) * 32 + (i & 31)]! >> (2 * ((i >> 5) & 3))) & 3) - 1);
};
/** One bit a value (minus or plus the scale), or two (-1, 0, 1, 2 times the scale); the lowest bits of a byte first. */
const few = (bits: 1 | 2, size: number, value: (code: number) => number): Decode => (b, at, out, to) => {
  const d = half(b, at);
  const per = 8 / bits;
  for (let i = 0; i < size; i++) out[to + i] = d * value((b[at + 2 + Math.floor(i / per)]! >> (bits * (i % per))) & ((1 << bits) - 1));
};
const E2M1 = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];
const mxfp4: Decode = (b, at, out, to) => { const d = 2 ** (b[at]! - 128); nibbles(b, at + 1, 16, out, to, (q) => d * E2M1[q]!); };
const nvfp4: Decode = (b, at, out, to) => {
  for (let j = 0; j < 4; j++) {
    const x = b[at + j]!;
    const [e, m] = [(x >> 3) & 15, x & 7];
    const d = x === 0 || x === 0x7f ? 0 : 0.5 * (e === 0 ? m * 2 ** -9 : (1 + m / 8) * 2 ** (e - 7));
    nibbles(b, at + 4 + j * 8, 8, out, to + j * 16, (q) => d * E2M1[q]!);
  }
};

/** ggml's types by number. `plain`: PyTorch's name of a type without blocks. */
export const ggmlTypes: Readonly<Record<number, { name: string; plain?: string; blocks?: Blocks }>> = {
  0: { name: 'F32', plain: 'float32' }, 1: { name: 'F16', plain: 'float16' }, 24: { name: 'I8', plain: 'int8' }, 25: { name: 'I16', plain: 'int16' }, 26: { name: 'I32', plain: 'int32' }, 27: { name: 'I64', plain: 'int64' },
  28: { name: 'F64', plain: 'float64' }, 30: { name: 'BF16', plain: 'bfloat16' },
  2: { name: 'Q4_0', blocks: { size: 32, bytes: 18, decode: q4_0 } }, 3: { name: 'Q4_1', blocks: { size: 32, bytes: 20, decode: q4_1 } }, 6: { name: 'Q5_0', blocks: { size: 32, bytes: 22, decode: q5_0 } },
  7: { name: 'Q5_1', blocks: { size: 32, bytes: 24, decode: q5_1 } }, 8: { name: 'Q8_0', blocks: { size: 32, bytes: 34, decode: q8_0 } }, 9: { name: 'Q8_1', blocks: { size: 32, bytes: 36, decode: q8_1 } },
  10: { name: 'Q2_K', blocks: { size: 256, bytes: 84, decode: q2_k } }, 11: { name: 'Q3_K', blocks: { size: 256, bytes: 110, decode: q3_k } }, 12: { name: 'Q4_K', blocks: { size: 256, bytes: 144, decode: q4_k } },
  13: { name: 'Q5_K', blocks: { size: 256, bytes: 176, decode: q5_k } }, 14: { name: 'Q6_K', blocks: { size: 256, bytes: 210, decode: q6_k } }, 15: { name: 'Q8_K', blocks: { size: 256, bytes: 292, decode: q8_k } },
  16: { name: 'IQ2_XXS', blocks: iq.IQ2_XXS }, 17: { name: 'IQ2_XS', blocks: iq.IQ2_XS }, 18: { name: 'IQ3_XXS', blocks: iq.IQ3_XXS }, 19: { name: 'IQ1_S', blocks: iq.IQ1_S },
  20: { name: 'IQ4_NL', blocks: { size: 32, bytes: 18, decode: iq4_nl } }, 21: { name: 'IQ3_S', blocks: iq.IQ3_S }, 22: { name: 'IQ2_S', blocks: iq.IQ2_S },
  23: { name: 'IQ4_XS', blocks: { size: 256, bytes: 136, decode: iq4_xs } }, 29: { name: 'IQ1_M', blocks: iq.IQ1_M }, 34: { name: 'TQ1_0', blocks: { size: 256, bytes: 54, decode: tq1_0 } },
  35: { name: 'TQ2_0', blocks: { size: 256, bytes: 66, decode: tq2_0 } }, 39: { name: 'MXFP4', blocks: { size: 32, bytes: 17, decode: mxfp4 } }, 40: { name: 'NVFP4', blocks: { size: 64, bytes: 36, decode: nvfp4 } },
  41: { name: 'Q1_0', blocks: { size: 128, bytes: 18, decode: few(1, 128, (q) => 2 * q - 1) } }, 42: { name: 'Q2_0', blocks: { size: 64, bytes: 18, decode: few(2, 64, (q) => q - 1) } },
};

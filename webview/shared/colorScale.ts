/**
 * The symmetric colour scale of heat maps: blue below zero, orange above (told apart by every common kind of colour blindness),
 * the neutral middle in the theme's own background, brightness growing steadily with the magnitude. Interpolated in OKLab. Pure.
 */
type Rgb = [number, number, number];

const ends = {
  dark: { low: ['#0d5dd1', '#8cc8ff'], high: ['#b8500a', '#ffc46b'] },
  light: { low: ['#5a9bf0', '#0a2f7a'], high: ['#f08b3c', '#6e2c00'] },
} as const;

export const scaleSteps = 255;

/** 2 · scaleSteps + 1 colours as RGB bytes; the middle one is `middle`. */
export function divergingScale(kind: 'dark' | 'light', middle: Rgb): Uint8Array {
  const out = new Uint8Array((2 * scaleSteps + 1) * 3);
  const half = (stops: readonly string[], sign: 1 | -1): void => {
    const labs = [toLab(middle), ...stops.map((s) => toLab(parseHex(s)))];
    for (let i = 0; i <= scaleSteps; i++) {
      const at = (i / scaleSteps) * (labs.length - 1);
      const k = Math.min(labs.length - 2, Math.floor(at));
      const f = at - k;
      const [a, b] = [labs[k]!, labs[k + 1]!];
      const rgb = i === 0 ? middle : fromLab([a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f]);
      out.set(rgb, (scaleSteps + sign * i) * 3);
    }
  };
  half(ends[kind].low, -1);
  half(ends[kind].high, 1);
  return out;
}

/** Offset into the scale of a value between -limit and limit; beyond it, the end. */
export function scaleIndex(value: number, limit: number): number {
  const x = limit > 0 ? Math.max(-1, Math.min(1, value / limit)) : 0;
  return (scaleSteps + Math.round(x * scaleSteps)) * 3;
}

export function parseHex(s: string): Rgb {
  const n = Number.parseInt(s.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** Relative luminance (WCAG 2). */
export function luminance([r, g, b]: Rgb): number {
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

const linear = (byte: number): number => { const c = byte / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const gamma = (c: number): number => Math.round(255 * Math.max(0, Math.min(1, c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055)));

/** OKLab (Björn Ottosson, 2020). */
function toLab([r8, g8, b8]: Rgb): Rgb {
  const [r, g, b] = [linear(r8), linear(g8), linear(b8)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}
function fromLab([L, a, b]: Rgb): Rgb {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s), gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s), gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s)];
}

/** The part of a dimension that a picture shows, and how it moves. Pure. */

/** Half open, whole numbers. */
export type Span = [number, number];
const LEAST = 4;

/** `factor` below 1 goes nearer; what stands at `at` (0 to 1 of the span) stays there. */
export function zoomSpan([a, b]: Span, size: number, at: number, factor: number): Span {
  const length = Math.max(Math.min(LEAST, size), Math.min(size, Math.round((b - a) * factor)));
  const from = Math.max(0, Math.min(size - length, Math.round(a + at * (b - a - length))));
  return [from, from + length];
}
export function panSpan([a, b]: Span, size: number, by: number): Span {
  const step = Math.max(-a, Math.min(size - b, Math.round(by)));
  return [a + step, b + step];
}
/** Which of a span's elements the i-th of `cells` cells holds: 3, or 3–5. */
export function cellText(i: number, cells: number, [from, to]: Span): string {
  const a = from + Math.floor((i * (to - from)) / cells);
  const b = Math.max(a, from + Math.ceil(((i + 1) * (to - from)) / cells) - 1);
  return a === b ? String(a) : `${a}–${b}`;
}

/** Numbers as a picture on the symmetric scale: the drawing that heat map, its margins and kernels share, and the scale itself. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

import { SaveFile } from '../../extension/protocol/sharedPanel';
import { divergingScale, scaleIndex } from '../shared/colorScale';
import { formatNumber } from '../shared/format';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { cssColor, isDark, rgbOf, themeKind } from '../shared/theme';

/** Pixels of a picture, in the theme's colours; `background` where nothing is set. */
export class Pixels {
  readonly image: ImageData;
  private readonly background = rgbOf(cssColor('--wr-background'));
  private readonly scale = divergingScale(isDark(themeKind()) ? 'dark' : 'light', this.background);
  private readonly missing = rgbOf(cssColor('--wr-red'));
  constructor(width: number, height: number) {
    this.image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) this.rgb(i, this.background);
  }
  private rgb(i: number, rgb: ArrayLike<number>): void { this.image.data.set(rgb, i * 4); this.image.data[i * 4 + 3] = 255; }
  /** NaN is red, and on no scale. */
  set(i: number, value: number, limit: number): void {
    if (Number.isNaN(value)) return this.rgb(i, this.missing);
    const from = scaleIndex(value, limit);
    this.rgb(i, this.scale.subarray(from, from + 3));
  }
  setRgb(i: number, r: number, g: number, b: number): void { this.rgb(i, [r, g, b]); }
  show(canvas: HTMLCanvasElement): void { canvas.getContext('2d')!.putImageData(this.image, 0, 0); }
}

export const largest = (...values: number[]): number => values.reduce((a, v) => (Number.isFinite(v) ? Math.max(a, Math.abs(v)) : a), 0) || 1;

/** Of the longer side of a saved picture, at most: every element becomes a square of whole pixels. */
const SAVED = 1024;
/** Asks where to save what a canvas shows, large enough to be looked at. */
export function savePng(canvas: HTMLCanvasElement, name: string): void {
  const times = Math.max(1, Math.floor(SAVED / Math.max(canvas.width, canvas.height)));
  const large = document.createElement('canvas');
  [large.width, large.height] = [canvas.width * times, canvas.height * times];
  const to = large.getContext('2d')!;
  to.imageSmoothingEnabled = false;
  to.drawImage(canvas, 0, 0, large.width, large.height);
  large.toBlob((blob) => void blob?.arrayBuffer()
    .then((b) => host.request(SaveFile, { data: btoa(Array.from(new Uint8Array(b), (c) => String.fromCharCode(c)).join('')), name: `${name.replace(/[^\w.-]/g, '_')}.png`, kind: 'png' })).catch(() => undefined));
}

export function Legend({ limit, theme, nonFinite }: { limit: number; theme: number; nonFinite: number }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const pixels = new Pixels(511, 1);
    for (let i = 0; i < 511; i++) pixels.set(i, i - 255, 255);
    pixels.show(canvas.current!);
  }, [theme]);
  return <div class="heat-legend"><span class="number">{formatNumber(-limit)}</span><canvas ref={canvas} width={511} height={1} aria-hidden="true" /><span class="number">{formatNumber(limit)}</span>{nonFinite > 0 ? <span class="error-text">! {t('{0} not finite', nonFinite)}</span> : null}</div>;
}

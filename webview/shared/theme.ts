/** The editor's theme for what is drawn on a canvas: colours by --vscode-* variable, and a hook that redraws when they change. */
import { useEffect, useState } from 'preact/hooks';

export type ThemeKind = 'dark' | 'light' | 'contrast-dark' | 'contrast-light';

export function themeKind(): ThemeKind {
  const c = document.body.classList;
  if (c.contains('vscode-high-contrast-light')) return 'contrast-light';
  if (c.contains('vscode-high-contrast')) return 'contrast-dark';
  return c.contains('vscode-light') ? 'light' : 'dark';
}
export const isDark = (kind: ThemeKind): boolean => kind === 'dark' || kind === 'contrast-dark';

/** The value of a CSS variable as the page resolves it (our own `--wr-*` names fall back across themes). */
export function cssColor(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim() || '#808080';
}

/** Any CSS colour as bytes. */
export function rgbOf(color: string): [number, number, number] {
  const ctx = (probe ??= new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!);
  ctx.clearRect(0, 0, 1, 1);
  ctx.fillStyle = '#000';
  ctx.fillStyle = color;
  ctx.fillRect(0, 0, 1, 1);
  const [r, g, b] = ctx.getImageData(0, 0, 1, 1).data;
  return [r!, g!, b!];
}
let probe: OffscreenCanvasRenderingContext2D | undefined;

let version = 0;
const listeners = new Set<() => void>();
// The editor writes the theme as classes of body and variables of the root element.
const observer = new MutationObserver(() => { version++; for (const f of listeners) f(); });
observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });

/** Changes with the theme: a dependency for effects that draw. */
export function useTheme(): number {
  const [, set] = useState(0);
  useEffect(() => {
    const f = (): void => set(version);
    listeners.add(f);
    return () => { listeners.delete(f); };
  }, []);
  return version;
}

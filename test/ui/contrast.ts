/** Whether text can be read: WCAG 2 contrast of every visible text against what is behind it, 4.5 : 1 (3 : 1 for what is disabled is not asked). */
import type { Locator, Page } from 'playwright-core';

/** One line for each text of a page (or of the frame that an element is in) that is too faint. Text on pictures and gradients is left out: there is no one colour behind it. */
export function contrastProblems(page: Page | Locator, least = 4.5): Promise<string[]> {
  return (page as Page).evaluate(`(${inPage})(${least})`);
}

const inPage = `(least) => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = (c) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
  const parentOf = (e) => e.assignedSlot ?? e.parentElement ?? (e.getRootNode() instanceof ShadowRoot ? e.getRootNode().host : null);
  // A page in the editor has no background of its own: the editor's shows.
  const own = rgba(getComputedStyle(document.documentElement).backgroundColor);
  const base = own[3] === 1 ? own : rgba(getComputedStyle(document.documentElement).getPropertyValue('--vscode-editor-background'));
  const behind = (e) => {
    const layers = [];
    for (let at = e; at !== null; at = parentOf(at)) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== 'none') return null;
      const c = rgba(style.backgroundColor);
      if (c[3] > 0) layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), base);
  };
  const opacity = (e) => { let o = 1; for (let at = e; at !== null; at = parentOf(at)) o *= Number(getComputedStyle(at).opacity); return o; };
  const problems = [];
  const walk = (root) => {
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) walk(e.shadowRoot);
      const own = [...e.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim() !== '').map((n) => n.textContent.trim()).join(' ');
      if (own === '' || e.closest('script, style, [disabled], [aria-hidden=true]') || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      const box = e.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) continue;
      const under = behind(e);
      if (under === null) continue;
      const color = rgba(getComputedStyle(e).color);
      color[3] *= opacity(e);
      const [a, b] = [light(over(color, under)), light(under)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < least) problems.push(own.slice(0, 40) + ': ' + ratio.toFixed(2) + ' <' + e.tagName.toLowerCase() + ' ' + e.className + '>');
    }
  };
  walk(document);
  return [...new Set(problems)];
}`;

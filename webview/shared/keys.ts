/** Keys that work wherever the focus is in a page. */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/** `/` goes to the search field. */
export function useSearchKey(field: RefObject<HTMLElement>): void { usePageKey('/', () => field.current?.focus()); }

/** A single key, unless it is being typed into a field. */
export function usePageKey(key: string, act: () => void): void {
  useEffect(() => {
    const onKeyDown = (e: KeyboardEvent): void => {
      if (e.key !== key || e.ctrlKey || e.metaKey || e.altKey || isTyping(e)) return;
      e.preventDefault();
      act();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}
function isTyping(e: KeyboardEvent): boolean {
  const target = e.composedPath()[0];
  return target instanceof HTMLElement && (target.matches('input:not([type=range]), textarea, select') || target.isContentEditable || target.closest('vscode-dropdown') !== null);
}

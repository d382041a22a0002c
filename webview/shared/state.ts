/** Hooks over what a panel keeps and over what changes with time. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

import { isCancelled } from '../../extension/protocol/channel';
import { readState, writeState } from './host';

/** State that survives hiding and reloading: under `key` in the page's own state. */
export function usePersisted<T>(key: string, initial: T): [T, (value: T) => void] {
  const [value, set] = useState<T>(() => readState<T>(key) ?? initial);
  return [value, useCallback((v: T) => { writeState(key, v); set(v); }, [key])];
}

export interface Loaded<T> { value: T | undefined; error: string | undefined; loading: boolean }

/**
 * Asks when `deps` change and cancels the question before. `keep`: the last answer stays until the next is there.
 * A null question asks nothing.
 */
export function useAnswer<T>(ask: ((signal: AbortSignal) => Promise<T>) | null, deps: unknown[], keep = false): Loaded<T> {
  const [state, set] = useState<Loaded<T>>({ value: undefined, error: undefined, loading: ask !== null });
  useEffect(() => {
    if (ask === null) { set({ value: undefined, error: undefined, loading: false }); return; }
    const abort = new AbortController();
    set((s) => ({ value: keep ? s.value : undefined, error: undefined, loading: true }));
    ask(abort.signal).then(
      (value) => { if (!abort.signal.aborted) set({ value, error: undefined, loading: false }); },
      (error: unknown) => { if (!abort.signal.aborted) set((s) => ({ value: isCancelled(error) ? s.value : undefined, error: isCancelled(error) ? undefined : message(error), loading: false })); },
    );
    return () => abort.abort();
  }, deps);
  return state;
}
export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Width and height of an element in CSS pixels, as they change. */
export function useSize<E extends HTMLElement>(): [{ current: E | null }, { width: number; height: number }] {
  const ref = useRef<E>(null);
  const [size, set] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const e = ref.current;
    if (e === null) return;
    const observer = new ResizeObserver(() => set({ width: e.clientWidth, height: e.clientHeight }));
    observer.observe(e);
    return () => observer.disconnect();
  }, []);
  return [ref, size];
}

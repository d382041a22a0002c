/** A row of tabs and the panel of the chosen one. Arrow keys move between tabs. */
import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';

export interface Tab { id: string; label: string }

export function Tabs({ id, label, tabs, current, onPick, children }: { id: string; label: string; tabs: Tab[]; current: string; onPick: (id: string) => void; children: ComponentChildren }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const onKeyDown = (e: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[e.key];
    if (step === undefined) return;
    e.preventDefault();
    const at = tabs.findIndex((x) => x.id === current);
    const to = Number.isFinite(step) ? (at + step + tabs.length) % tabs.length : step < 0 ? 0 : tabs.length - 1;
    onPick(tabs[to]!.id);
    (bar.current!.children[to] as HTMLElement).focus();
  };
  return (
    <>
      <div ref={bar} class="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((x) => (
          <button key={x.id} id={`${id}-tab-${x.id}`} class="tab" role="tab" type="button" aria-selected={x.id === current} aria-controls={`${id}-panel`} tabIndex={x.id === current ? 0 : -1} onClick={() => onPick(x.id)}>{x.label}</button>
        ))}
      </div>
      <div id={`${id}-panel`} class="tab-panel" role="tabpanel" aria-labelledby={`${id}-tab-${current}`}>{children}</div>
    </>
  );
}

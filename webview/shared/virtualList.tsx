/**
 * A list of any length of which only the visible rows exist: 50,000 tensors scroll as 50 do. One tab stop; arrows, Page Up and
 * Down, Home, End move the selection, Enter activates. Rows have one height; a header row stays in view.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Ref } from 'preact';

export interface ListHandle { focus(): void; reveal(index: number): void }

interface Props {
  id: string;
  label: string;
  /** `treegrid`: a tree whose rows have cells under a header. */
  role: 'listbox' | 'tree' | 'grid' | 'treegrid';
  count: number;
  rowHeight: number;
  selected: number;
  onSelect: (index: number) => void;
  onActivate?: (index: number) => void;
  /** True when the key was used. */
  onKey?: (e: KeyboardEvent, selected: number) => boolean;
  keyOf: (index: number) => string;
  row: (index: number) => ComponentChildren;
  /** Level, expanded state and the like. */
  rowAria?: (index: number) => Record<string, string | number | boolean>;
  rowClass?: (index: number) => string;
  header?: ComponentChildren;
  handle?: Ref<ListHandle>;
  empty?: ComponentChildren;
}

const overscan = 6;

export function VirtualList(p: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 0 });
  const measure = (): void => { const b = box.current; if (b !== null) setView((v) => (v.top === b.scrollTop && v.height === b.clientHeight ? v : { top: b.scrollTop, height: b.clientHeight })); };
  useLayoutEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);

  const headHeight = (): number => head.current?.offsetHeight ?? 0;
  const reveal = (index: number): void => {
    const b = box.current;
    if (b === null || index < 0) return;
    const top = index * p.rowHeight;
    const room = b.clientHeight - headHeight();
    if (top < b.scrollTop) b.scrollTop = top;
    else if (top + p.rowHeight > b.scrollTop + room) b.scrollTop = top + p.rowHeight - room;
    measure();
  };
  useImperativeHandle(p.handle ?? null, () => ({ focus: () => box.current?.focus(), reveal }));
  // A selection that comes from elsewhere is brought into view; one that only moved because rows above changed is, too.
  useEffect(() => reveal(p.selected), [p.selected, p.count > 0]);

  const go = (index: number): void => {
    if (p.count === 0) return;
    const to = Math.max(0, Math.min(p.count - 1, index));
    p.onSelect(to);
    reveal(to);
  };
  const onKeyDown = (e: KeyboardEvent): void => {
    if (e.target !== box.current || e.altKey) return;
    if (p.onKey?.(e, p.selected)) { e.preventDefault(); return; }
    if (e.ctrlKey || e.metaKey) return;
    const page = Math.max(1, Math.floor((view.height - headHeight()) / p.rowHeight) - 1);
    switch (e.key) {
      case 'ArrowDown': go(p.selected + 1); break;
      case 'ArrowUp': go(p.selected < 0 ? 0 : p.selected - 1); break;
      case 'PageDown': go(p.selected + page); break;
      case 'PageUp': go(p.selected - page); break;
      case 'Home': go(0); break;
      case 'End': go(p.count - 1); break;
      case 'Enter': if (p.selected >= 0) p.onActivate?.(p.selected); break;
      default: return;
    }
    e.preventDefault();
  };

  const first = Math.max(0, Math.floor(view.top / p.rowHeight) - overscan);
  const last = Math.min(p.count, Math.ceil((view.top + view.height) / p.rowHeight) + overscan);
  const rows: JSX.Element[] = [];
  const grid = p.role === 'grid' || p.role === 'treegrid';
  const rowRole = p.role === 'listbox' ? 'option' : p.role === 'tree' ? 'treeitem' : 'row';
  const position = (i: number): Record<string, number> => (grid ? { 'aria-rowindex': i + 1 + (p.header === undefined ? 0 : 1) } : { 'aria-posinset': i + 1, 'aria-setsize': p.count });
  for (let i = first; i < last; i++) {
    rows.push(
      <div key={p.keyOf(i)} id={`${p.id}-${i}`} role={rowRole} class={`row ${i === p.selected ? 'selected' : ''} ${p.rowClass?.(i) ?? ''}`} aria-selected={i === p.selected}
        style={{ transform: `translateY(${i * p.rowHeight}px)`, height: `${p.rowHeight}px` }} {...position(i)} {...p.rowAria?.(i)}
        onClick={() => go(i)} onDblClick={() => p.onActivate?.(i)}>
        {p.row(i)}
      </div>,
    );
  }
  return (
    <div ref={box} id={p.id} class="list" role={p.role} tabIndex={0} aria-label={p.label} onScroll={measure} onKeyDown={onKeyDown}
      {...(grid ? { 'aria-rowcount': p.count + (p.header === undefined ? 0 : 1) } : {})}
      {...(p.selected >= first && p.selected < last ? { 'aria-activedescendant': `${p.id}-${p.selected}` } : {})}>
      {p.header === undefined ? null : <div ref={head} class="list-header" role={grid ? 'row' : 'presentation'}>{p.header}</div>}
      {p.count === 0 && p.empty !== undefined ? <div class="list-empty">{p.empty}</div> : <div class="list-rows" role="presentation" style={{ height: `${p.count * p.rowHeight}px` }}>{rows}</div>}
    </div>
  );
}

/** A virtual list that shows a tree of dotted names; groups open and close by mouse and arrow keys. Which of them are, is kept. */
import type { ComponentChildren, JSX } from 'preact';
import { useMemo } from 'preact/hooks';

import { Icon } from '../shared/icons';
import { usePersisted } from '../shared/state';
import { VirtualList } from '../shared/virtualList';
import { visible, type TreeNode } from './nameTree';

/** Of more items only the first level is shown at first. */
const FEW = 200;

interface Props<T> {
  id: string;
  label: string;
  root: TreeNode<T>;
  /** Of a filter's answer everything is open. */
  open: boolean;
  selected: string | null;
  onPick: (path: string) => void;
  empty: string;
  /** Of columns: the rows' cells are `gridcell`s then. */
  header?: ComponentChildren;
  /** A row; `name` is its first words, indented. */
  row: (node: TreeNode<T>, name: (text: string, marks?: ComponentChildren) => JSX.Element) => ComponentChildren;
}

export function TreeList<T>({ id, label, root, open, selected, onPick, empty, header, row }: Props<T>): JSX.Element {
  const [toggled, setToggled] = usePersisted<string[]>('toggled', []);
  const few = root.count <= FEW;
  const closed = useMemo(() => { const set = new Set(toggled); return (path: string): boolean => (open ? false : few === set.has(path)); }, [toggled, few, open]);
  const rows = useMemo(() => visible(root, closed), [root, closed]);
  const [group, setGroup] = usePersisted<string | null>('group', null);
  const index = useMemo(() => rows.findIndex((r) => r.path === (group ?? selected)), [rows, group, selected]);
  const select = (i: number): void => {
    const n = rows[i]!;
    setGroup(n.item === undefined ? n.path : null);
    if (n.item !== undefined) onPick(n.path);
  };
  const toggle = (n: TreeNode<T>): void => setToggled(toggled.includes(n.path) ? toggled.filter((p) => p !== n.path) : [...toggled, n.path]);
  const name = (n: TreeNode<T>) => (text: string, marks?: ComponentChildren): JSX.Element => (
    <span class="row-line" {...(header === undefined ? {} : { role: 'gridcell' as const })} style={{ paddingLeft: `${n.level * 14}px` }}>
      {n.item !== undefined ? <span class="twisty" /> : <button type="button" class="sort twisty" tabIndex={-1} aria-hidden="true" onClick={(e) => { e.stopPropagation(); toggle(n); }}><Icon name={closed(n.path) ? 'chevronRight' : 'chevronDown'} /></button>}
      <span class="name-leaf">{text}</span>{marks}
    </span>
  );
  return (
    <VirtualList id={id} label={label} role={header === undefined ? 'tree' : 'treegrid'} count={rows.length} rowHeight={22} selected={index} onSelect={select} keyOf={(i) => rows[i]!.path} empty={empty} {...(header === undefined ? {} : { header })}
      onActivate={(i) => { if (rows[i]!.item === undefined) toggle(rows[i]!); }}
      onKey={(e, i) => {
        const n = rows[i];
        if (n === undefined || (e.key !== 'ArrowRight' && e.key !== 'ArrowLeft')) return false;
        if (n.item === undefined && closed(n.path) === (e.key === 'ArrowRight')) toggle(n);
        else if (e.key === 'ArrowLeft') { const up = rows.slice(0, i).findLastIndex((r) => r.level < n.level); if (up >= 0) select(up); }
        return true;
      }}
      rowAria={(i) => { const n = rows[i]!; return { 'aria-level': n.level + 1, ...(n.item === undefined ? { 'aria-expanded': String(!closed(n.path)) } : {}) }; }}
      row={(i) => row(rows[i]!, name(rows[i]!))} />
  );
}

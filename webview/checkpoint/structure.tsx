/** The file's structure: dictionaries, lists, modules and scalars, opened by hand; tensors select themselves. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';

import type { ValueNode } from '../../extension/protocol/checkpoint';
import { formatCount } from '../shared/format';
import { Icon } from '../shared/icons';
import { t } from '../shared/l10n';
import { VirtualList } from '../shared/virtualList';

interface Line { node: ValueNode; id: string; level: number; open: boolean }

export function Structure({ root, onPick }: { root: ValueNode; onPick: (tensor: string) => void }): JSX.Element {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set(['']));
  const [selected, setSelected] = useState(0);
  const lines = useMemo(() => {
    const out: Line[] = [];
    const walk = (node: ValueNode, id: string, level: number): void => {
      const open = opened.has(id);
      out.push({ node, id, level, open });
      if (open) node.children?.forEach((c, i) => walk(c, `${id}/${i}`, level + 1));
    };
    walk(root, '', 0);
    return out;
  }, [root, opened]);
  const set = (id: string, open: boolean): void => { const next = new Set(opened); if (open) next.add(id); else next.delete(id); setOpened(next); };
  const select = (i: number): void => {
    setSelected(i);
    const n = lines[i]?.node;
    if (n?.type === 'tensor' && n.value !== undefined) onPick(n.value);
  };
  return (
    <VirtualList id="structure" label={t('Structure')} role="tree" count={lines.length} rowHeight={22} selected={selected} onSelect={select} keyOf={(i) => lines[i]!.id}
      onActivate={(i) => { const l = lines[i]!; if (l.node.children) set(l.id, !l.open); }}
      onKey={(e, i) => {
        const l = lines[i];
        if (l?.node.children === undefined || (e.key !== 'ArrowRight' && e.key !== 'ArrowLeft')) return false;
        set(l.id, e.key === 'ArrowRight');
        return true;
      }}
      rowAria={(i) => { const l = lines[i]!; return { 'aria-level': l.level + 1, ...(l.node.children ? { 'aria-expanded': String(l.open) } : {}) }; }}
      row={(i) => {
        const { node, level, open, id } = lines[i]!;
        return (
          <span class="row-line" style={{ paddingLeft: `${level * 14}px` }}>
            {node.children === undefined ? <span class="twisty" /> : <button type="button" class="sort twisty" tabIndex={-1} aria-hidden="true" onClick={(e) => { e.stopPropagation(); set(id, !open); }}><Icon name={open ? 'chevronDown' : 'chevronRight'} /></button>}
            <span>{node.key}</span><span class="dim">{node.type}{node.children === undefined ? '' : ` (${formatCount(node.children.length + (node.more ?? 0))})`}</span>
            {node.value === undefined || node.type === 'tensor' ? null : <span class="mono">{node.value}</span>}
          </span>
        );
      }} />
  );
}

/** The file's structure: dictionaries, lists, modules and scalars, opened by hand and asked for as they come into view; tensors select themselves. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

import { CheckpointStructure, STRUCTURE_PAGE, type StructureNode, type TensorInfo } from '../../extension/protocol/checkpoint';
import { formatCount, formatShape, shortDtype } from '../shared/format';
import { host } from '../shared/host';
import { Icon } from '../shared/icons';
import { t } from '../shared/l10n';
import { message } from '../shared/state';
import { VirtualList } from '../shared/virtualList';
import { structureLines } from './structureLines';

interface Props { file: string; root: StructureNode; tensors: readonly TensorInfo[]; onPick: (tensor: string) => void }

export function Structure({ file, root, tensors, onPick }: Props): JSX.Element {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set(['']));
  const [selected, setSelected] = useState(0);
  const [known, setKnown] = useState<ReadonlyMap<string, StructureNode>>(new Map([['', root]]));
  const [problem, setProblem] = useState<string>();
  const byName = useMemo(() => new Map(tensors.map((x) => [x.name, x])), [tensors]);
  const asked = useRef(new Set<string>());
  const lines = useMemo(() => structureLines(known, opened), [known, opened]);
  /** Asks for the page of the children of `parent` that holds number `index`. */
  const load = (parent: string, index: number): void => {
    const from = index - (index % STRUCTURE_PAGE);
    const page = `${parent}/${from}`;
    if (asked.current.has(page)) return;
    asked.current.add(page);
    host.request(CheckpointStructure, { file, path: parent.split('/').slice(1).map(Number), from }).then(
      ({ nodes }) => setKnown((k) => new Map([...k, ...nodes.map((n, i): [string, StructureNode] => [`${parent}/${from + i}`, n])])),
      (e: unknown) => setProblem(message(e)),
    );
  };
  const set = (id: string, open: boolean): void => { const next = new Set(opened); if (open) next.add(id); else next.delete(id); setOpened(next); };
  const select = (i: number): void => {
    setSelected(i);
    const n = lines[i]?.node;
    if (n?.type === 'tensor' && n.value !== undefined) onPick(n.value);
  };
  return (
    <VirtualList id="structure" label={t('Structure')} role="tree" count={lines.length} rowHeight={22} selected={selected} onSelect={select} keyOf={(i) => lines[i]!.id}
      onActivate={(i) => { const l = lines[i]!; if (l.node?.children) set(l.id, !opened.has(l.id)); }}
      onKey={(e, i) => {
        const l = lines[i];
        if (l?.node?.children === undefined || (e.key !== 'ArrowRight' && e.key !== 'ArrowLeft')) return false;
        set(l.id, e.key === 'ArrowRight');
        return true;
      }}
      rowAria={(i) => { const l = lines[i]!; return { 'aria-level': l.level + 1, ...(l.node?.children ? { 'aria-expanded': String(opened.has(l.id)) } : {}) }; }}
      row={(i) => {
        const { node, level, id, parent, index, more } = lines[i]!;
        const indent = { paddingLeft: `${level * 14}px` };
        if (more !== undefined) return <span class="row-line dim" style={indent}><span class="twisty" />{t('… and {0} more', formatCount(more))}</span>;
        if (node === undefined) return <span class="row-line dim" style={indent}><span class="twisty" /><Missing load={() => load(parent, index)} />{problem ?? '…'}</span>;
        const tensor = node.type === 'tensor' ? byName.get(node.value ?? '') : undefined;
        return (
          <span class="row-line" style={indent}>
            {node.children === undefined ? <span class="twisty" /> : <button type="button" class="sort twisty" tabIndex={-1} aria-hidden="true" onClick={(e) => { e.stopPropagation(); set(id, !opened.has(id)); }}><Icon name={opened.has(id) ? 'chevronDown' : 'chevronRight'} /></button>}
            <span>{node.key}</span><span class="dim">{node.type}{node.children === undefined ? '' : ` (${formatCount(node.children + (node.more ?? 0))})`}</span>{tensor === undefined ? null : <span>{shortDtype(tensor.dtype)} {formatShape(tensor.shape)}</span>}
            {node.value === undefined || node.type === 'tensor' ? null : <span class="mono">{node.value}</span>}
          </span>
        );
      }} />
  );
}

/** Asks when it comes into view. */
function Missing({ load }: { load: () => void }): null {
  useEffect(load, []);
  return null;
}

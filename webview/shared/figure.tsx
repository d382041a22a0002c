/** What stands around every picture: its title, what is under the cursor, "show as table" and "copy data". */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

import { CopyText } from '../../extension/protocol/sharedPanel';
import { formatNumber, toTsv } from './format';
import { host } from './host';
import { t } from './l10n';
import { IconButton } from './toolkit';
import { VirtualList } from './virtualList';

export type Cell = string | number | null;
export interface Table { columns: string[]; rows: Cell[][] }

interface Props {
  title: ComponentChildren;
  /** Says what the picture shows, for the table and for screen readers. */
  name: string;
  table: () => Table;
  /** What is under the cursor. */
  reading?: string;
  actions?: ComponentChildren;
  /** Fills the height it is given instead of its own. */
  fill?: boolean;
  children: ComponentChildren;
}

export function Figure({ title, name, table, reading, actions, fill = false, children }: Props): JSX.Element {
  const [asTable, setAsTable] = useState(false);
  const copy = (): void => { const d = table(); void host.request(CopyText, { text: toTsv(d.columns, d.rows) }).catch(() => undefined); };
  return (
    <figure class={fill ? 'figure fill' : 'figure'} aria-label={name}>
      <figcaption>
        <span class="figure-title">{title}</span>
        <span class="figure-reading" aria-live="polite">{reading ?? ''}</span>
        <span class="toolbar">
          {actions}
          <IconButton icon={asTable ? 'chart' : 'table'} title={asTable ? t('Show as picture') : t('Show as table')} pressed={asTable} onClick={() => setAsTable(!asTable)} />
          <IconButton icon="copy" title={t('Copy data')} onClick={copy} />
        </span>
      </figcaption>
      {asTable ? <DataTable label={name} {...table()} /> : children}
    </figure>
  );
}

export function DataTable({ label, columns, rows }: Table & { label: string }): JSX.Element {
  const [selected, setSelected] = useState(-1);
  const grid = { gridTemplateColumns: `repeat(${columns.length}, minmax(6em, 1fr))` };
  return (
    <div class="data-table">
      <VirtualList id={`table-${label}`} label={label} role="grid" count={rows.length} rowHeight={20} selected={selected} onSelect={setSelected} keyOf={String}
        header={<div class="cells" style={grid}>{columns.map((c) => <span role="columnheader">{c}</span>)}</div>}
        row={(i) => <div class="cells" style={grid}>{rows[i]!.map((v) => <span role="gridcell" class={typeof v === 'number' ? 'number' : ''}>{typeof v === 'number' ? formatNumber(v, 6) : v}</span>)}</div>} />
    </div>
  );
}

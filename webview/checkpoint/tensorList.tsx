/** The tensors of a file: filtered by name (text or /regular expression/), dtype, shape and size; sorted by any column. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';

import type { TensorInfo } from '../../extension/protocol/checkpoint';
import { formatBytes, formatCount, formatShape, shortDtype, splitName } from '../shared/format';
import { Icon } from '../shared/icons';
import { t } from '../shared/l10n';
import { Name } from '../shared/page';
import { usePersisted } from '../shared/state';
import { TextField } from '../shared/toolkit';
import { VirtualList } from '../shared/virtualList';
import { makeFilter } from './tensorFilter';

type Key = 'file' | 'name' | 'dtype' | 'shape' | 'bytes';
const columns = { gridTemplateColumns: 'minmax(120px, 1fr) 56px minmax(70px, 130px) 74px' };

export function TensorList({ tensors, selected, onPick }: { tensors: TensorInfo[]; selected: string | null; onPick: (name: string) => void }): JSX.Element {
  const [filter, setFilter] = usePersisted('filter', '');
  const [sort, setSort] = usePersisted<{ key: Key; down: boolean }>('sort', { key: 'file', down: false });
  const { test, problem } = useMemo(() => makeFilter(filter), [filter]);
  const rows = useMemo(() => sorted(tensors.filter(test), sort.key, sort.down), [tensors, test, sort]);
  const shared = useMemo(() => countShared(tensors), [tensors]);
  const header = (key: Key, text: string, number = false): JSX.Element => (
    <span role="columnheader" class={number ? 'number' : ''} aria-sort={sort.key === key ? (sort.down ? 'descending' : 'ascending') : 'none'}>
      <button type="button" class="sort" onClick={() => setSort(sort.key !== key ? { key, down: number } : sort.down === number ? { key, down: !number } : { key: 'file', down: false })}>{text}{sort.key === key ? <Icon name={sort.down ? 'chevronDown' : 'chevronUp'} /> : null}</button>
    </span>
  );
  return (
    <div class="tensor-list">
      <div class="flow-tools">
        <TextField label={t('Filter tensors')} placeholder={t('Filter: text, /regex/, dtype:f32, shape:768, >1MB')} icon="search" value={filter} onInput={setFilter} problem={problem} />
        <span class="dim count">{rows.length === tensors.length ? formatCount(rows.length) : t('{0} of {1}', formatCount(rows.length), formatCount(tensors.length))}</span>
      </div>
      <VirtualList id="tensors" label={t('Tensors')} role="grid" count={rows.length} rowHeight={22} selected={rows.findIndex((r) => r.name === selected)} onSelect={(i) => onPick(rows[i]!.name)} keyOf={(i) => rows[i]!.name}
        empty={tensors.length === 0 ? t('No tensors.') : t('No tensor matches.')}
        header={<div class="cells" style={columns}>{header('name', t('name'))}{header('dtype', t('dtype'))}{header('shape', t('shape'))}{header('bytes', t('size'), true)}</div>}
        row={(i) => {
          const x = rows[i]!;
          const [prefix, leaf] = splitName(x.name);
          return (
            <div class="cells" style={columns} title={[x.name, `${x.dtype} ${formatShape(x.shape)}`, t('{0} elements', formatCount(x.numel)), x.note, x.location, x.problem].filter(Boolean).join('\n')}>
              <span role="gridcell" class="row-line"><Name prefix={prefix} leaf={leaf} />{x.storage !== undefined && (shared.get(x.storage) ?? 0) > 1 ? <Icon name="link" label={t('shares its storage with {0} others', shared.get(x.storage)! - 1)} /> : null}{x.problem === undefined ? null : <Icon name="warning" label={x.problem} />}</span>
              <span role="gridcell">{shortDtype(x.dtype)}</span><span role="gridcell">{formatShape(x.shape)}</span><span role="gridcell" class="number">{formatBytes(x.bytes)}</span>
            </div>
          );
        }} />
    </div>
  );
}

function countShared(tensors: readonly TensorInfo[]): Map<string, number> {
  const n = new Map<string, number>();
  for (const { storage } of tensors) if (storage !== undefined) n.set(storage, (n.get(storage) ?? 0) + 1);
  return n;
}

function sorted(rows: TensorInfo[], key: Key, down: boolean): TensorInfo[] {
  if (key === 'file') return rows;
  const by: Record<Exclude<Key, 'file'>, (a: TensorInfo, b: TensorInfo) => number> = {
    name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }), dtype: (a, b) => a.dtype.localeCompare(b.dtype), shape: (a, b) => Number(a.numel) - Number(b.numel), bytes: (a, b) => a.bytes - b.bytes,
  };
  return [...rows].sort((a, b) => by[key](a, b) * (down ? -1 : 1));
}

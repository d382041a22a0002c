/** The tensors of a file as a table or as a tree, filtered by name (text or /regular expression/), dtype, shape and size; what is shown can be saved. */
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';

import type { TensorInfo } from '../../extension/protocol/checkpoint';
import { ConvertAs } from '../../extension/protocol/checkpointPanel';
import { formatBytes, formatCount, formatShape, shortDtype, splitName } from '../shared/format';
import { host } from '../shared/host';
import { Icon } from '../shared/icons';
import { useSearchKey } from '../shared/keys';
import { t } from '../shared/l10n';
import { Name } from '../shared/page';
import { SortHeader } from '../shared/sortHeader';
import { usePersisted } from '../shared/state';
import { IconButton, TextField } from '../shared/toolkit';
import { VirtualList } from '../shared/virtualList';
import { nameTree } from './nameTree';
import { Structure } from './structure';
import { makeFilter } from './tensorFilter';
import { TreeList } from './treeList';
import type { Info } from './info';

type Key = 'file' | 'name' | 'dtype' | 'shape' | 'bytes';
type Look = 'table' | 'tree' | 'structure';
const columns = { gridTemplateColumns: 'minmax(120px, 1fr) 56px minmax(70px, 130px) 74px' };

interface Props { info: Info; selected: string | null; onPick: (name: string) => void }

export const tensorCount = (n: number): string => (n === 1 ? t('1 tensor') : t('{0} tensors', formatCount(n)));

export function TensorList({ info, selected, onPick }: Props): JSX.Element {
  const { tensors } = info;
  const [look, setLook] = usePersisted<Look>('look', 'table');
  const [filter, setFilter] = usePersisted('filter', '');
  const field = useRef<HTMLElement>(null);
  useSearchKey(field);
  const { test, problem } = useMemo(() => makeFilter(filter), [filter]);
  const shown = useMemo(() => tensors.filter(test), [tensors, test]);
  const shared = useMemo(() => countShared(tensors), [tensors]);
  const all = shown.length === tensors.length;
  const kinds: [Look, 'table' | 'tree' | 'file', string][] = [['table', 'table', t('Tensors as a table')], ['tree', 'tree', t('Tensors as a tree')], ['structure', 'file', t('Everything in the file')]];
  const empty = tensors.length === 0 ? t('No tensors.') : t('No tensor matches.');
  return (
    <div class="tensor-list">
      <div class="flow-tools">
        <span class="toolbar" role="group" aria-label={t('How the tensors are listed')}>{kinds.map(([k, icon, title]) => <IconButton icon={icon} title={title} pressed={look === k} onClick={() => setLook(k)} />)}</span>
        {look === 'structure' ? null : (
          <>
            <TextField label={t('Filter tensors')} placeholder={t('Filter: text, /regex/, dtype:f32, shape:768, >1MB')} icon="search" value={filter} onInput={setFilter} problem={problem} inputRef={field} onKeyDown={(e) => { if (e.key === 'Escape') setFilter(''); }} />
            <span class="dim count">{all ? formatCount(shown.length) : t('{0} of {1}', formatCount(shown.length), formatCount(tensors.length))}</span>
            <IconButton icon="save" title={t('Save the tensors listed here as a new checkpoint')} disabled={all || shown.length === 0} onClick={() => void host.request(ConvertAs, { names: shown.map((x) => x.name) }).catch(() => undefined)} />
          </>
        )}
      </div>
      {look === 'structure' ? <Structure key={info.version} file={info.file} root={info.root} tensors={tensors} onPick={onPick} /> : look === 'tree' ? <Tree tensors={shown} open={!all} shared={shared} selected={selected} onPick={onPick} empty={empty} /> : <Table tensors={shown} shared={shared} selected={selected} onPick={onPick} empty={empty} />}
    </div>
  );
}

interface RowsProps { tensors: TensorInfo[]; shared: ReadonlyMap<string, number>; selected: string | null; onPick: (name: string) => void; empty: string }

function Table({ tensors, shared, selected, onPick, empty }: RowsProps): JSX.Element {
  const [sort, setSort] = usePersisted<{ key: Key; down: boolean }>('sort', { key: 'file', down: false });
  const rows = useMemo(() => sorted(tensors, sort.key, sort.down), [tensors, sort]);
  const index = useMemo(() => rows.findIndex((r) => r.name === selected), [rows, selected]);
  const header = (key: Key, text: string, number = false): JSX.Element => (
    <SortHeader text={text} number={number} down={sort.key === key ? sort.down : null} onClick={() => setSort(sort.key !== key ? { key, down: number } : sort.down === number ? { key, down: !number } : { key: 'file', down: false })} />
  );
  return (
    <VirtualList id="tensors" label={t('Tensors')} role="grid" count={rows.length} rowHeight={22} selected={index} onSelect={(i) => onPick(rows[i]!.name)} keyOf={(i) => rows[i]!.name} empty={empty}
      header={<div class="cells" style={columns}>{header('name', t('name'))}{header('dtype', t('dtype'))}{header('shape', t('shape'))}{header('bytes', t('size'), true)}</div>}
      row={(i) => {
        const x = rows[i]!;
        const [prefix, leaf] = splitName(x.name);
        return <div class="cells" style={columns} title={tip(x)}><span role="gridcell" class="row-line"><Name prefix={prefix} leaf={leaf} /><Marks x={x} shared={shared} /></span><Facts x={x} role="gridcell" /></div>;
      }} />
  );
}

function Tree({ tensors, open, shared, selected, onPick, empty }: RowsProps & { /** Of a filter's answer everything is open. */ open: boolean }): JSX.Element {
  const root = useMemo(() => nameTree(tensors, (x) => x.bytes), [tensors]);
  return (
    <TreeList id="tensors" label={t('Tensors')} root={root} open={open} selected={selected} onPick={onPick} empty={empty}
      row={({ item, path, name, count, weight }, line) => (item === undefined
        ? <div class="cells" style={columns} title={path}>{line(name)}<span /><span class="dim">{tensorCount(count)}</span><span class="number dim">{formatBytes(weight)}</span></div>
        : <div class="cells" style={columns} title={tip(item)}>{line(name, <Marks x={item} shared={shared} />)}<Facts x={item} /></div>)} />
  );
}

const tip = (x: TensorInfo): string => [x.name, `${x.dtype} ${formatShape(x.shape)}`, t('{0} elements', formatCount(x.numel)), x.note, x.location, x.shard, x.problem].filter(Boolean).join('\n');
function Facts({ x, role }: { x: TensorInfo; role?: 'gridcell' }): JSX.Element {
  return <><span role={role}>{shortDtype(x.dtype)}</span><span role={role}>{formatShape(x.shape)}</span><span role={role} class="number">{formatBytes(x.bytes)}</span></>;
}
function Marks({ x, shared }: { x: TensorInfo; shared: ReadonlyMap<string, number> }): JSX.Element {
  const others = x.storage === undefined ? 0 : (shared.get(x.storage) ?? 1) - 1;
  return <>{others > 0 ? <Icon name="link" label={others === 1 ? t('shares its storage with 1 other') : t('shares its storage with {0} others', others)} /> : null}{x.problem === undefined ? null : <Icon name="warning" label={x.problem} />}</>;
}

function countShared(tensors: readonly TensorInfo[]): Map<string, number> {
  const n = new Map<string, number>();
  for (const { storage } of tensors) if (storage !== undefined) n.set(storage, (n.get(storage) ?? 0) + 1);
  return n;
}

const byName = new Intl.Collator('en', { numeric: true });
function sorted(rows: TensorInfo[], key: Key, down: boolean): TensorInfo[] {
  if (key === 'file') return rows;
  const by: Record<Exclude<Key, 'file'>, (a: TensorInfo, b: TensorInfo) => number> = {
    name: (a, b) => byName.compare(a.name, b.name), dtype: (a, b) => byName.compare(a.dtype, b.dtype), shape: (a, b) => Number(a.numel) - Number(b.numel), bytes: (a, b) => a.bytes - b.bytes,
  };
  return [...rows].sort((a, b) => by[key](a, b) * (down ? -1 : 1));
}

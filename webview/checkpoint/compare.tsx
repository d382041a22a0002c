/** Two checkpoints, or a checkpoint and a live model, side by side: one aligned list that fills in while values are compared. */
import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';

import { CheckpointProgress, CompareCheckpoints, type CompareResult, type CompareRow, type CompareStatus } from '../../extension/protocol/checkpoint';
import { SwapSides, type Subject } from '../../extension/protocol/checkpointPanel';
import { unpack } from '../../extension/protocol/packed';
import { formatCount, formatNumber, splitName, typeAndShape } from '../shared/format';
import { host, uniqueId } from '../shared/host';
import { useSearchKey } from '../shared/keys';
import { t } from '../shared/l10n';
import { Banner, Busy, Name, Notice } from '../shared/page';
import { SortHeader } from '../shared/sortHeader';
import { Split } from '../shared/split';
import { useAnswer, usePersisted } from '../shared/state';
import { Button, Checkbox, IconButton, TextField } from '../shared/toolkit';
import { VirtualList } from '../shared/virtualList';
import { below, compareRows, type Sort, type SortKey } from './compareRows';
import { nameTree, type TreeNode } from './nameTree';
import { Pair, words } from './pair';
import { SideName } from './sideName';
import { useSubject } from './subject';
import { tensorCount } from './tensorList';
import { TreeList } from './treeList';

export type ComparePair = Subject & { kind: 'compare' };
interface Strip { a: string; b: string }

const columns = { gridTemplateColumns: '14px minmax(100px, 1.6fr) minmax(50px, 0.7fr) minmax(50px, 0.7fr) 70px 62px 74px' };
const sign: Record<CompareStatus, string> = { same: '=', changed: '≠', added: '+', removed: '−', reshaped: '⇲', retyped: 'τ', unread: '!' };

export function Compare(): JSX.Element {
  const { subject, error, version } = useSubject();
  if (error !== undefined) return <Notice icon="error" title={t('These could not be compared.')}>{error}</Notice>;
  return subject?.kind === 'compare' ? <Loaded subject={subject} version={version} /> : <Busy text={t('Asking the editor…')} />;
}

/** The comparison by names at once, by values as they come. */
function useComparison({ a, b }: ComparePair, strip: Strip, version: number): { result: CompareResult | undefined; error: string | undefined; share: number | null } {
  const [found, setFound] = useState<{ rows: ReadonlyMap<string, CompareRow>; share: number }>({ rows: new Map(), share: 0 });
  const asked = { a, b, stripA: strip.a, stripB: strip.b };
  const deps = [strip.a, strip.b, version];
  const ask = async (values: boolean, signal: AbortSignal, job?: string): Promise<CompareResult> => {
    const r = await host.request(CompareCheckpoints, { ...asked, values, ...(job === undefined ? {} : { job }) }, signal);
    return { ...r, rows: unpack(r.rows) };
  };
  const names = useAnswer((signal) => ask(false, signal), deps, true);
  const values = useAnswer((signal) => {
    const job = uniqueId();
    const rows = new Map<string, CompareRow>();
    setFound({ rows, share: 0 });
    const off = host.on(CheckpointProgress, (p) => {
      if (p.job !== job || signal.aborted) return;
      for (const r of p.compare === undefined ? [] : unpack(p.compare)) rows.set(r.name, r);
      setFound({ rows, share: p.total > 0 ? p.done / p.total : 0 });
    });
    return ask(true, signal, job).finally(off);
  }, deps);
  const soFar = useMemo(() => {
    if (names.value === undefined) return undefined;
    const rows = names.value.rows.map((r) => found.rows.get(r.name) ?? r);
    const counts: CompareResult['counts'] = { same: 0, changed: 0, added: 0, removed: 0, reshaped: 0, retyped: 0, unread: 0 };
    for (const r of rows) counts[r.status]++;
    return { ...names.value, rows, counts };
  }, [names.value, found]);
  return { result: values.value ?? soFar, error: names.error ?? values.error, share: values.loading ? found.share : null };
}

function Loaded({ subject, version }: { subject: ComparePair; version: number }): JSX.Element {
  const [strip, setStrip] = usePersisted<Strip>('strip', { a: '', b: '' });
  const { result, error, share } = useComparison(subject, strip, version);
  const [onlyChanged, setOnlyChanged] = usePersisted('onlyChanged', false);
  const [filter, setFilter] = usePersisted('filter', '');
  const [sort, setSort] = usePersisted<Sort>('sort', { key: 'file', down: true });
  const [name, setName] = usePersisted<string | null>('row', null);
  const [look, setLook] = usePersisted<'tree' | 'table'>('look', 'tree');
  const rows = useMemo(() => compareRows(result?.rows ?? [], { onlyChanged, filter, sort }), [result, onlyChanged, filter, sort]);
  const selected = useMemo(() => rows.findIndex((r) => r.name === name), [rows, name]);
  const field = useRef<HTMLElement>(null);
  useSearchKey(field);
  if (result === undefined) return error === undefined ? <Busy text={t('Reading both…')} /> : <Notice icon="error" title={t('These could not be compared.')}>{error}</Notice>;
  const row = result.rows.find((r) => r.name === name);
  const head = (key: SortKey, text: string): JSX.Element => <SortHeader number text={text} down={sort.key === key ? sort.down : null} onClick={() => setSort(sort.key !== key ? { key, down: key !== 'cosine' } : sort.down === (key !== 'cosine') ? { key, down: !sort.down } : { key: 'file', down: true })} />;
  const header = <div class="cells" style={columns}><span /><span role="columnheader">{t('name')}</span><span role="columnheader">A</span><span role="columnheader">B</span>{head('relativeL2', t('relative L2'))}{head('cosine', t('cosine'))}{head('maxDifference', t('max |A−B|'))}</div>;
  const empty = rows.length < result.rows.length && filter.trim() !== '' ? t('No tensor matches.') : share === null ? t('Nothing differs.') : t('Nothing differs so far.');
  return (
    <>
      <header class="head">
        <div class="head-line">
          <SideName letter="A" side={subject.a} name={subject.nameA} /><span class="dim">↔</span><SideName letter="B" side={subject.b} name={subject.nameB} />
          <span class="grow" />
          <Button icon="swap" title={t('Put B on the left and A on the right')} onClick={() => void host.request(SwapSides, null).catch(() => undefined)}>{t('Swap')}</Button>
        </div>
        <div class="head-line chips">{(Object.keys(sign) as CompareStatus[]).filter((s) => result.counts[s] > 0).map((s) => <span class={`chip compare-${s}`}><span>{sign[s]}</span> {formatCount(result.counts[s])} {words(s)}</span>)}</div>
      </header>
      <Prefixes result={result} strip={strip} onStrip={setStrip} />
      <div class="flow-tools">
        <span class="toolbar" role="group" aria-label={t('How the tensors are listed')}><IconButton icon="tree" title={t('Tensors as a tree')} pressed={look === 'tree'} onClick={() => setLook('tree')} /><IconButton icon="table" title={t('Tensors as a table')} pressed={look === 'table'} onClick={() => setLook('table')} /></span>
        <TextField label={t('Filter')} placeholder={t('Filter')} icon="search" value={filter} onInput={setFilter} inputRef={field} onKeyDown={(e) => { if (e.key === 'Escape') setFilter(''); }} />
        <span class="dim count">{rows.length === result.rows.length ? formatCount(rows.length) : t('{0} of {1}', formatCount(rows.length), formatCount(result.rows.length))}</span>
        <Checkbox checked={onlyChanged} onChange={setOnlyChanged}>{t('changed only')}</Checkbox>
      </div>
      <div class="progress" {...(share === null ? {} : { 'role': 'progressbar', 'aria-label': t('Comparing…'), 'aria-valuenow': Math.round(share * 100) })}>{share === null ? null : <i style={{ width: `${share * 100}%` }} />}</div>
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      <Split stateKey="split" initial={0.62} narrow={760}
        first={look === 'tree' ? <Tree rows={rows} open={onlyChanged || filter.trim() !== ''} selected={name} onPick={setName} empty={empty} header={header} /> : <VirtualList id="compare" label={t('Tensors of both')} role="grid" count={rows.length} rowHeight={22} selected={selected} onSelect={(i) => setName(rows[i]!.name)} keyOf={(i) => rows[i]!.name} empty={empty} header={header} row={(i) => <Row row={rows[i]!} />} />}
        second={row === undefined ? <Notice icon="compare" title={t('Select a tensor.')} /> : <Pair key={`${row.name} ${version}`} subject={subject} row={row} />} />
    </>
  );
}

/** Prefixes that are taken off now, or the one that would align more names. */
function Prefixes({ result, strip, onStrip }: { result: CompareResult; strip: Strip; onStrip: (s: Strip) => void }): JSX.Element | null {
  const said = ({ a, b }: Strip): string => [a === '' ? '' : t('"{0}" off the names of A', a), b === '' ? '' : t('"{0}" off the names of B', b)].filter((x) => x !== '').join(', ');
  if (strip.a !== '' || strip.b !== '') return <Banner kind="info" actions={<Button onClick={() => onStrip({ a: '', b: '' })}>{t('Compare the full names')}</Button>}>{t('Names are compared after taking {0}.', said(strip))}</Banner>;
  const best = result.suggestions[0];
  if (best === undefined) return null;
  const proposed = { a: best.stripA, b: best.stripB };
  return <Banner kind="info" actions={<Button onClick={() => onStrip(proposed)}>{t('Align')}</Button>}>{t('{0} tensors would match after taking {1}.', formatCount(best.matched), said(proposed))}</Banner>;
}

/** Both sides as one tree. A group says how many below it differ, and how far the farthest lie apart. */
function Tree({ rows, ...list }: { rows: readonly CompareRow[]; open: boolean; selected: string | null; onPick: (name: string) => void; empty: string; header: JSX.Element }): JSX.Element {
  const root = useMemo(() => nameTree(rows, (r) => (r.status === 'same' ? 0 : 1)), [rows]);
  const groups = useMemo(() => below(rows), [rows]);
  const n = (v: number | null): string => (v === null ? '' : formatNumber(v));
  const group = ({ path, name, count, weight }: TreeNode<CompareRow>, line: (text: string) => JSX.Element): JSX.Element => {
    const far = groups.get(path)!;
    const said = weight === 0 ? t('all the same') : t('{0} of {1} differ', formatCount(weight), formatCount(count));
    return (
      <div class={`cells compare-${weight === 0 ? 'same' : 'changed'}`} style={columns} title={`${path}* ${said}`}>
        <span role="gridcell" aria-label={said}>{weight === 0 ? '=' : '≠'}</span>{line(name)}<span role="gridcell" class="dim">{tensorCount(count)}</span><span role="gridcell" class="dim">{said}</span>
        <span role="gridcell" class="number dim">{n(far.relativeL2)}</span><span role="gridcell" class="number dim">{n(far.cosine)}</span><span role="gridcell" class="number dim">{n(far.maxDifference)}</span>
      </div>
    );
  };
  return <TreeList id="compare" label={t('Tensors of both')} root={root} {...list} row={(node, line) => (node.item === undefined ? group(node, line) : <Row row={node.item} name={line(node.name)} />)} />;
}

function Row({ row, name }: { row: CompareRow; /** In a tree. */ name?: JSX.Element }): JSX.Element {
  const [prefix, leaf] = splitName(row.name);
  const side = (s: CompareRow['a']): string => (s === undefined ? '–' : typeAndShape(s.dtype, s.shape));
  const n = (v: number | null): string => (v === null ? '' : formatNumber(v));
  return (
    <div class={`cells compare-${row.status}`} style={columns} title={row.problem ?? `${row.name}: ${words(row.status)}`}>
      <span role="gridcell" aria-label={words(row.status)}>{sign[row.status]}</span>{name ?? <span role="gridcell"><Name prefix={prefix} leaf={leaf} /></span>}<span role="gridcell">{side(row.a)}</span><span role="gridcell">{side(row.b)}</span>
      <span role="gridcell" class="number">{n(row.relativeL2)}</span><span role="gridcell" class="number">{n(row.cosine)}</span><span role="gridcell" class="number">{n(row.maxDifference)}</span>
    </div>
  );
}

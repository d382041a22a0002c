/** Two checkpoints, or a checkpoint and a live model, side by side: one aligned list that fills in while values are compared. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';

import { CheckpointProgress, CompareCheckpoints, type CompareResult, type CompareRow, type CompareStatus } from '../../extension/protocol/checkpoint';
import { SwapSides, type Subject } from '../../extension/protocol/checkpointPanel';
import { unpack } from '../../extension/protocol/packed';
import { formatCount, formatNumber, splitName, typeAndShape } from '../shared/format';
import { host, uniqueId } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy, Name, Notice } from '../shared/page';
import { SortHeader } from '../shared/sortHeader';
import { Split } from '../shared/split';
import { useAnswer, usePersisted } from '../shared/state';
import { Button, Checkbox, TextField } from '../shared/toolkit';
import { VirtualList } from '../shared/virtualList';
import { compareRows, type Sort, type SortKey } from './compareRows';
import { Pair, words } from './pair';
import { SideName } from './sideName';
import { useSubject } from './subject';

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
  const rows = useMemo(() => compareRows(result?.rows ?? [], { onlyChanged, filter, sort }), [result, onlyChanged, filter, sort]);
  const selected = useMemo(() => rows.findIndex((r) => r.name === name), [rows, name]);
  if (result === undefined) return error === undefined ? <Busy text={t('Reading both…')} /> : <Notice icon="error" title={t('These could not be compared.')}>{error}</Notice>;
  const row = result.rows.find((r) => r.name === name);
  const head = (key: SortKey, text: string): JSX.Element => <SortHeader number text={text} down={sort.key === key ? sort.down : null} onClick={() => setSort(sort.key !== key ? { key, down: key !== 'cosine' } : sort.down === (key !== 'cosine') ? { key, down: !sort.down } : { key: 'file', down: true })} />;
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
      <div class="flow-tools"><TextField label={t('Filter')} placeholder={t('Filter')} icon="search" value={filter} onInput={setFilter} /><Checkbox checked={onlyChanged} onChange={setOnlyChanged}>{t('changed only')}</Checkbox></div>
      <div class="progress" {...(share === null ? {} : { 'role': 'progressbar', 'aria-label': t('Comparing…'), 'aria-valuenow': Math.round(share * 100) })}>{share === null ? null : <i style={{ width: `${share * 100}%` }} />}</div>
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      <Split stateKey="split" initial={0.62} narrow={760}
        first={<VirtualList id="compare" label={t('Tensors of both')} role="grid" count={rows.length} rowHeight={22} selected={selected} onSelect={(i) => setName(rows[i]!.name)} keyOf={(i) => rows[i]!.name} empty={share === null ? t('Nothing differs.') : t('Nothing differs so far.')}
          header={<div class="cells" style={columns}><span /><span role="columnheader">{t('name')}</span><span role="columnheader">A</span><span role="columnheader">B</span>{head('relativeL2', t('relative L2'))}{head('cosine', t('cosine'))}{head('maxDifference', t('max |A−B|'))}</div>}
          row={(i) => <Row row={rows[i]!} />} />}
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

function Row({ row }: { row: CompareRow }): JSX.Element {
  const [prefix, leaf] = splitName(row.name);
  const side = (s: CompareRow['a']): string => (s === undefined ? '–' : typeAndShape(s.dtype, s.shape));
  const n = (v: number | null): string => (v === null ? '' : formatNumber(v));
  return (
    <div class={`cells compare-${row.status}`} style={columns} title={row.problem ?? `${row.name}: ${words(row.status)}`}>
      <span role="gridcell" aria-label={words(row.status)}>{sign[row.status]}</span><span role="gridcell"><Name prefix={prefix} leaf={leaf} /></span><span role="gridcell">{side(row.a)}</span><span role="gridcell">{side(row.b)}</span>
      <span role="gridcell" class="number">{n(row.relativeL2)}</span><span role="gridcell" class="number">{n(row.cosine)}</span><span role="gridcell" class="number">{n(row.maxDifference)}</span>
    </div>
  );
}

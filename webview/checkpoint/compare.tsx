/** Two checkpoints, or a checkpoint and a live model, side by side: one aligned list, what changed and by how much. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { CheckpointProgress, CompareCheckpoints, CompareTensor, type CompareRow, type CompareStatus } from '../../extension/protocol/checkpoint';
import { GetSubject, type Subject } from '../../extension/protocol/checkpointPanel';
import { formatCount, formatNumber, formatShape, shortDtype, splitName } from '../shared/format';
import { HistogramFigure } from '../shared/histogram';
import { host, uniqueId } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy, Name, Notice } from '../shared/page';
import { Split } from '../shared/split';
import { useAnswer, usePersisted } from '../shared/state';
import { Checkbox, TextField } from '../shared/toolkit';
import { VirtualList } from '../shared/virtualList';
import { HeatMap } from './heatMap';

const columns = { gridTemplateColumns: '22px minmax(120px, 1fr) minmax(80px, 150px) minmax(80px, 150px) 84px 76px 84px' };
const sign: Record<CompareStatus, string> = { same: '=', changed: '≠', added: '+', removed: '−', reshaped: '⇲', retyped: 'τ' };
const words = (s: CompareStatus): string => ({ same: t('same'), changed: t('changed'), added: t('added'), removed: t('removed'), reshaped: t('another shape'), retyped: t('another dtype') })[s];

export function Compare(): JSX.Element {
  const subject = useAnswer(() => host.request(GetSubject, null), []).value;
  return subject?.kind === 'compare' ? <Loaded subject={subject} /> : <Busy text={t('Asking the editor…')} />;
}

function Loaded({ subject }: { subject: Subject & { kind: 'compare' } }): JSX.Element {
  const { a, b, nameA, nameB } = subject;
  const [share, setShare] = useState(0);
  const [job] = useState(() => uniqueId());
  useEffect(() => host.on(CheckpointProgress, (p) => { if (p.job === job && p.total > 0) setShare(p.done / p.total); }), []);
  const names = useAnswer((signal) => host.request(CompareCheckpoints, { a, b, values: false }, signal), []);
  const values = useAnswer((signal) => host.request(CompareCheckpoints, { a, b, values: true, job }, signal), []);
  const [onlyChanged, setOnlyChanged] = usePersisted('onlyChanged', false);
  const [filter, setFilter] = usePersisted('filter', '');
  const [name, setName] = usePersisted<string | null>('row', null);
  const result = values.value ?? names.value;
  if (names.error !== undefined) return <Notice icon="error" title={t('These could not be compared.')}>{names.error}</Notice>;
  if (result === undefined) return <Busy text={t('Reading both…')} />;
  const rows = result.rows.filter((r) => (!onlyChanged || r.status !== 'same') && r.name.toLowerCase().includes(filter.toLowerCase()));
  const selected = result.rows.find((r) => r.name === name);
  return (
    <>
      <header class="head">
        <div class="head-line"><strong>A</strong> {nameA} <span class="dim">↔</span> <strong>B</strong> {nameB}<span class="grow" />
          {(Object.keys(sign) as CompareStatus[]).filter((s) => result.counts[s] > 0).map((s) => <span class={`chip ${s}`}>{sign[s]} {formatCount(result.counts[s])} {words(s)}</span>)}
        </div>
        <div class="flow-tools"><TextField label={t('Filter')} placeholder={t('Filter')} icon="search" value={filter} onInput={setFilter} /><Checkbox checked={onlyChanged} onChange={setOnlyChanged}>{t('changed only')}</Checkbox></div>
      </header>
      {values.loading ? <div class="progress" role="progressbar" aria-valuenow={Math.round(share * 100)}><i style={{ width: `${share * 100}%` }} /></div> : null}
      {values.error === undefined ? null : <Banner kind="error">{values.error}</Banner>}
      <Split stateKey="split" initial={0.62} narrow={760}
        first={<VirtualList id="compare" label={t('Tensors of both')} role="grid" count={rows.length} rowHeight={22} selected={rows.findIndex((r) => r.name === name)} onSelect={(i) => setName(rows[i]!.name)} keyOf={(i) => rows[i]!.name} empty={t('Nothing differs.')}
          header={<div class="cells" style={columns}><span /><span role="columnheader">{t('name')}</span><span role="columnheader">A</span><span role="columnheader">B</span><span role="columnheader" class="number">{t('relative L2')}</span><span role="columnheader" class="number">{t('cosine')}</span><span role="columnheader" class="number">{t('max |A−B|')}</span></div>}
          row={(i) => <Row row={rows[i]!} />} />}
        second={selected === undefined ? <Notice icon="compare" title={t('Select a tensor.')} /> : <Pair key={selected.name} subject={subject} row={selected} />} />
    </>
  );
}

function Row({ row }: { row: CompareRow }): JSX.Element {
  const [prefix, leaf] = splitName(row.name);
  const side = (s: CompareRow['a']): string => (s === undefined ? '–' : `${shortDtype(s.dtype)} ${formatShape(s.shape)}`);
  const n = (v: number | null): string => (v === null ? '' : formatNumber(v));
  return (
    <div class={`cells compare-${row.status}`} style={columns} title={row.problem ?? `${row.name}: ${words(row.status)}`}>
      <span role="gridcell" aria-label={words(row.status)}>{sign[row.status]}</span><span role="gridcell"><Name prefix={prefix} leaf={leaf} /></span><span role="gridcell">{side(row.a)}</span><span role="gridcell">{side(row.b)}</span>
      <span role="gridcell" class="number">{n(row.relativeL2)}</span><span role="gridcell" class="number">{n(row.cosine)}</span><span role="gridcell" class="number">{n(row.maxDifference)}</span>
    </div>
  );
}

function Pair({ subject, row }: { subject: Subject & { kind: 'compare' }; row: CompareRow }): JSX.Element {
  const { a, b } = row;
  const both = a !== undefined && b !== undefined;
  const { value, error, loading } = useAnswer(both ? (signal) => host.request(CompareTensor, { a: { at: subject.a, name: a.name }, b: { at: subject.b, name: b.name }, bins: 64 }, signal) : null, [row.name]);
  if (!both) return <Notice icon="tensor" title={words(row.status)}>{row.name}</Notice>;
  return (
    <div class="detail">
      <div class="detail-head"><strong>{row.name}</strong><span class="dim">{words(row.status)}{row.differing === null ? '' : ` · ${t('{0} elements differ', formatCount(row.differing))}`}</span></div>
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      {loading ? <Busy text={t('Comparing…')} /> : null}
      {value?.a.histogram && value.b.histogram ? <HistogramFigure height={170} stateKey="log" title={t('Values')} name={t('Values of A and B')} shown={[{ label: 'A', histogram: value.a.histogram, color: '--wr-blue' }, { label: 'B', histogram: value.b.histogram, color: '--wr-orange' }]} /> : null}
      {value?.difference?.histogram && row.status !== 'same' ? <HistogramFigure height={150} stateKey="logDifference" title={t('A − B')} name={t('Histogram of the difference')} shown={[{ label: t('A − B'), histogram: value.difference.histogram, color: '--wr-purple' }]} /> : null}
      {a.shape.join() === b.shape.join() && row.status !== 'same' ? <HeatMap at={subject.a} tensor={{ name: a.name, shape: a.shape }} minus={{ at: subject.b, name: b.name }} /> : null}
    </div>
  );
}

/** One tensor closely: statistics that refine while they are counted, histogram, heat map, exact values, kernels. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { CheckpointProgress, CheckpointStats, type Side, type TensorInfo, type TensorStats } from '../../extension/protocol/checkpoint';
import { ExportAs } from '../../extension/protocol/checkpointPanel';
import { formatBytes, formatCount, formatNumber, formatShape, formatShare } from '../shared/format';
import { HistogramFigure } from '../shared/histogram';
import { host, uniqueId } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner } from '../shared/page';
import { message, usePersisted } from '../shared/state';
import { Tabs } from '../shared/tabs';
import { Button, Spinner } from '../shared/toolkit';
import { HeatMap } from './heatMap';
import { hasKernels, Kernels } from './kernels';
import { Values } from './values';

interface Counting { stats: TensorStats | null; share: number; done: boolean; error: string | null; cancel: () => void }

/** Asks for a tensor's statistics; partial results arrive as progress. */
function useStats(file: string | null, name: string): Counting {
  const [state, set] = useState<Counting>({ stats: null, share: 0, done: false, error: null, cancel: () => undefined });
  useEffect(() => {
    if (file === null) return;
    const abort = new AbortController();
    const job = uniqueId();
    const off = host.on(CheckpointProgress, (p) => { if (p.job === job && !abort.signal.aborted) set((s) => ({ ...s, stats: p.stats ?? s.stats, share: p.total > 0 ? p.done / p.total : 0 })); });
    set({ stats: null, share: 0, done: false, error: null, cancel: () => abort.abort() });
    host.request(CheckpointStats, { file, name, bins: 64, job }, abort.signal).then(
      (stats) => set((s) => ({ ...s, stats, share: 1, done: true })),
      (e: unknown) => set((s) => ({ ...s, done: true, error: abort.signal.aborted ? null : message(e) })),
    );
    return () => { abort.abort(); off(); };
  }, [file, name]);
  return state;
}

export function Inspect({ at, tensor }: { at: Side; tensor: TensorInfo }): JSX.Element {
  const [kept, setTab] = usePersisted('tab', 'overview');
  const tab = kept === 'kernels' && !hasKernels(tensor) ? 'overview' : kept;
  const readable = tensor.problem === undefined;
  const counting = useStats('file' in at && readable ? at.file : null, tensor.name);
  const save = (format: 'npy' | 'csv'): void => { host.request(ExportAs, { at, name: tensor.name, format }).catch(() => undefined); };
  return (
    <div class="detail">
      <div class="detail-head">
        <strong>{tensor.name}</strong><span class="dim">{tensor.dtype} {formatShape(tensor.shape)} · {formatCount(tensor.numel)} · {formatBytes(tensor.bytes)}{tensor.location ? ` · ${tensor.location}` : ''}{tensor.requiresGrad ? ` · requires_grad` : ''}</span>
        <span class="grow" /><Button icon="save" disabled={!readable} title={t('Save this tensor as a NumPy file')} onClick={() => save('npy')}>npy</Button><Button icon="save" disabled={!readable} title={t('Save this tensor as CSV')} onClick={() => save('csv')}>CSV</Button>
      </div>
      {readable ? null : <Banner kind="warning">{tensor.problem}</Banner>}
      {counting.error === null ? null : <Banner kind="error">{counting.error}</Banner>}
      {!readable ? null : <Tabs id="inspect" label={t('Views of the tensor')} current={tab} onPick={setTab} tabs={[{ id: 'overview', label: t('Overview') }, { id: 'histogram', label: t('Histogram') }, { id: 'heat', label: t('Heat Map') }, { id: 'values', label: t('Values') }, ...(hasKernels(tensor) ? [{ id: 'kernels', label: t('Kernels') }] : [])]}>
        {counting.done || (tab !== 'overview' && tab !== 'histogram') ? null : <div class="row-line dim"><Spinner label={t('Counting')} />{t('counting: {0}', formatShare(Math.round(counting.share * 1000), 1000))} <Button onClick={counting.cancel}>{t('Cancel')}</Button></div>}
        {tab === 'overview' ? (counting.stats === null ? null : <Overview stats={counting.stats} note={tensor.note} />) : null}
        {tab === 'histogram' && counting.stats?.histogram ? <HistogramFigure stateKey="log" title={counting.stats.exact ? t('Histogram') : t('Histogram (so far)')} name={t('Histogram of {0}', tensor.name)} shown={[{ label: tensor.name, histogram: counting.stats.histogram, color: '--wr-blue' }]} /> : null}
        {tab === 'histogram' && counting.done && counting.stats?.histogram == null ? <p class="dim">{t('No finite values.')}</p> : null}
        {tab === 'heat' ? <HeatMap at={at} tensor={tensor} /> : null}
        {tab === 'values' ? <Values at={at} tensor={tensor} /> : null}
        {tab === 'kernels' ? <Kernels at={at} tensor={tensor} /> : null}
      </Tabs>}
    </div>
  );
}

function Overview({ stats, note }: { stats: TensorStats; note: string | undefined }): JSX.Element {
  const s = stats.summary;
  const facts: [string, string][] = [
    [t('mean'), formatNumber(s.mean, 6)], [t('std'), formatNumber(s.std, 6)], [t('min'), stats.exactMin ?? formatNumber(s.min, 6)], [t('max'), stats.exactMax ?? formatNumber(s.max, 6)],
    [t('L2 norm'), formatNumber(s.norm, 6)], [t('mean |x|'), formatNumber(s.absMean, 6)], [t('zeros'), `${formatCount(s.zeros)} (${formatShare(s.zeros, s.count)})`], ['NaN', formatCount(s.nan)], ['Inf', formatCount(s.inf)],
  ];
  return (
    <>
      <div class="row-line"><span class="chip">{stats.exact ? t('exact') : t('so far: {0} elements', formatCount(stats.seen))}</span>{stats.of === 'values' ? null : <span class="chip">{stats.of}</span>}{s.nan + s.inf > 0 ? <span class="chip error">! {t('not finite: {0}', formatCount(s.nan + s.inf))}</span> : null}</div>
      <dl class="facts">{facts.map(([k, v]) => <><dt>{k}</dt><dd class="mono">{v}</dd></>)}{note === undefined ? null : <><dt>{t('note')}</dt><dd>{note}</dd></>}</dl>
      {stats.percentiles.length === 0 ? null : <dl class="facts">{stats.percentiles.map((p) => <><dt>{t('Percentile {0}', p.p)}</dt><dd class="mono">{formatNumber(p.value)}</dd></>)}</dl>}
    </>
  );
}

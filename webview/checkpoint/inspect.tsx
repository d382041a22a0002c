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

interface Counting { stats: TensorStats | null; share: number; done: boolean; error: string | null; cancel: () => void; again: () => void }

/** What is asked first of a large tensor: so many elements, spread evenly. Each answer is there in a moment and stands for all, as the first part of a long count would not. */
const SAMPLES = [1 << 18, 1 << 22, 1 << 25];

/** Asks for a tensor's statistics: of larger and larger samples, then of every element. */
function useStats(file: string | null, { name, numel }: TensorInfo): Counting {
  const [state, set] = useState<Omit<Counting, 'again'>>({ stats: null, share: 0, done: false, error: null, cancel: () => undefined });
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (file === null) return;
    const abort = new AbortController();
    const job = uniqueId();
    const off = host.on(CheckpointProgress, (p) => { if (p.job === job && !abort.signal.aborted) set((s) => ({ ...s, share: p.total > 0 ? p.done / p.total : 0 })); });
    set((s) => ({ stats: times === 0 ? null : s.stats, share: 0, done: false, error: null, cancel: () => abort.abort() }));
    const ask = (how: { sample?: number; job?: string }): Promise<void> => host.request(CheckpointStats, { file, name, bins: 64, ...how }, abort.signal).then((stats) => set((s) => ({ ...s, stats })));
    const askAll = async (): Promise<void> => {
      for (const sample of SAMPLES) if (times === 0 && 4 * sample <= Number(numel)) await ask({ sample });
      await ask({ job });
    };
    askAll().then(
      () => set((s) => ({ ...s, share: 1, done: true })),
      (e: unknown) => set((s) => ({ ...s, done: true, error: abort.signal.aborted ? null : message(e) })),
    );
    return () => { abort.abort(); off(); };
  }, [file, name, times]);
  return { ...state, again: () => setTimes(times + 1) };
}

export function Inspect({ at, tensor }: { at: Side; tensor: TensorInfo }): JSX.Element {
  const [kept, setTab] = usePersisted('tab', 'overview');
  const tab = kept === 'kernels' && !hasKernels(tensor) ? 'overview' : kept;
  const readable = tensor.problem === undefined;
  const counting = useStats('file' in at && readable ? at.file : null, tensor);
  const { stats } = counting;
  const save = (format: 'npy' | 'csv'): void => { host.request(ExportAs, { at, name: tensor.name, format }).catch(() => undefined); };
  return (
    <div class="detail">
      <div class="detail-head">
        <strong>{tensor.name}</strong><span class="dim">{tensor.dtype} {formatShape(tensor.shape)} · {formatCount(tensor.numel)} · {formatBytes(tensor.bytes)}{tensor.location ? ` · ${tensor.location}` : ''}{tensor.requiresGrad ? ` · requires_grad` : ''}</span>
        <span class="toolbar"><Button icon="save" disabled={!readable} title={t('Save this tensor as a NumPy file')} onClick={() => save('npy')}>npy</Button><Button icon="save" disabled={!readable} title={t('Save this tensor as CSV')} onClick={() => save('csv')}>CSV</Button></span>
      </div>
      {readable ? null : <Banner kind="warning">{tensor.problem}</Banner>}
      {counting.error === null ? null : <Banner kind="error">{counting.error}</Banner>}
      {!readable ? null : <Tabs id="inspect" label={t('Views of the tensor')} current={tab} onPick={setTab} tabs={[{ id: 'overview', label: t('Overview') }, { id: 'histogram', label: t('Histogram') }, { id: 'heat', label: t('Heat Map') }, { id: 'values', label: t('Values') }, ...(hasKernels(tensor) ? [{ id: 'kernels', label: t('Kernels') }] : [])]}>
        {tab === 'overview' || tab === 'histogram' ? <Counted of={counting} numel={Number(tensor.numel)} /> : null}
        {tab === 'overview' && stats !== null ? <Overview stats={stats} note={tensor.note} /> : null}
        {tab === 'histogram' && stats?.histogram ? <HistogramFigure stateKey="log" title={stats.exact ? t('Histogram') : t('Histogram (sampled)')} name={t('Histogram of {0}', tensor.name)} shown={[{ label: tensor.name, histogram: stats.histogram, color: '--wr-blue' }]} /> : null}
        {tab === 'histogram' && stats !== null && stats.histogram === null ? <p class="dim">{stats.exact ? t('No finite values.') : t('No finite values in the sample.')}</p> : null}
        {tab === 'heat' ? <HeatMap at={at} tensor={tensor} /> : null}
        {tab === 'values' ? <Values at={at} tensor={tensor} /> : null}
        {tab === 'kernels' ? <Kernels at={at} tensor={tensor} /> : null}
      </Tabs>}
    </div>
  );
}

/** Of what the numbers are, how far the count is, and the ways to stop it and to go on. */
function Counted({ of: { stats, done, error, share, cancel, again }, numel }: { of: Counting; numel: number }): JSX.Element {
  return (
    <div class="row-line counted">
      {stats === null ? null : <span class="chip">{stats.exact ? t('exact') : t('sampled: {0} of {1} elements', formatCount(stats.seen), formatCount(numel))}</span>}
      {stats === null || stats.of === 'values' ? null : <span class="chip">{stats.of === 'magnitude' ? t('of magnitudes') : t('of dequantized values')}</span>}
      {stats === null || stats.summary.nan + stats.summary.inf === 0 ? null : <span class="chip error">! {t('not finite: {0}', formatCount(stats.summary.nan + stats.summary.inf))}</span>}
      {done ? null : <span class="row-line dim"><Spinner label={t('Counting')} />{t('counting: {0}', formatShare(Math.round(share * 1000), 1000))} <Button onClick={cancel}>{t('Cancel')}</Button></span>}
      {done && error === null && stats?.exact !== true ? <Button onClick={again}>{t('Count All Elements')}</Button> : null}
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
    <div class="overview">
      <dl class="facts">{facts.map(([k, v]) => <><dt>{k}</dt><dd class="mono">{v}</dd></>)}{note === undefined ? null : <><dt>{t('note')}</dt><dd>{note}</dd></>}</dl>
      {stats.percentiles.length === 0 ? null : <dl class="facts">{stats.percentiles.map((p) => <><dt>{t('Percentile {0}', p.p)}</dt><dd class="mono">{formatNumber(p.value)}</dd></>)}</dl>}
    </div>
  );
}

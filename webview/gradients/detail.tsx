/** One parameter: the histograms of gradient and values, its norm through the steps, its numbers, its printed values. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';

import type { Frame, Pinned } from '../../extension/protocol/gradientsPanel';
import type { GradientRow, Histogram, Summary } from '../../extension/protocol/model';
import { Figure } from '../shared/figure';
import { formatCount, formatNumber, formatShape, formatShare } from '../shared/format';
import { HistogramFigure, type Shown } from '../shared/histogram';
import { t } from '../shared/l10n';
import { Plot } from '../shared/plot';
import { usePersisted } from '../shared/state';
import { Button, IconButton } from '../shared/toolkit';
import { stateText } from './flow';
import { anyGradient, normOf } from './rows';

export interface Pins { a: Pinned | null; b: Pinned | null }

interface Props {
  frame: Frame;
  name: string;
  pins: Pins;
  printed: boolean;
  onPrinted: (on: boolean) => void;
  onBackward: () => void;
}

/** Something finite to draw. */
const hasCounts = ({ histogram }: Shown): boolean => histogram.counts.some((c) => c > 0);

export function Detail({ frame, name, pins, printed, onPrinted, onBackward }: Props): JSX.Element {
  const row = frame.report.rows.find((r) => r.name === name);
  if (row === undefined) return <></>;
  const { a, b } = pins;
  const shown = (which: 'value' | 'grad'): Shown[] => {
    const now = frame.report.histograms?.[name]?.[which];
    const label = (p: Pinned): string => t('step {0}', formatCount(p.report.step));
    const of = (p: Pinned | null): Histogram | null | undefined => p?.report.histograms[name]?.[which];
    const all: Shown[] = [];
    if (b === null && now) all.push({ label: a === null ? t('now') : t('B: now'), histogram: now, color: which === 'grad' ? '--wr-orange' : '--wr-blue' });
    const [ha, hb] = [of(a), of(b)];
    if (b !== null && hb) all.push({ label: `B: ${label(b)}`, histogram: hb, color: which === 'grad' ? '--wr-orange' : '--wr-blue' });
    if (a !== null && ha) all.push({ label: `A: ${label(a)}`, histogram: ha, color: '--vscode-foreground' });
    return all;
  };
  const [grads, values] = [shown('grad'), shown('value')];
  return (
    <div class="detail">
      <div class="detail-head">
        <strong>{name}</strong><span class="dim">{formatShape(row.shape)} · {formatCount(row.numel)} · {row.device}{row.requiresGrad ? '' : ` · ${t('frozen')}`}</span><span class="grow" />
        <IconButton icon="table" title={printed ? t('Hide the printed values') : t('Show the values as PyTorch prints them')} pressed={printed} onClick={() => onPrinted(!printed)} />
      </div>
      <div class="figures">
        {grads.some(hasCounts) ? <HistogramFigure stateKey="log.grad" title={t('Gradient')} name={t('Histogram of the gradient of {0}', name)} shown={grads} /> : (
          <div class="missing"><strong>{t('Gradient')}</strong><span>{stateText(row, anyGradient(frame.report))}</span>{row.state === 'none' && row.requiresGrad ? <Button onClick={onBackward}>{t('Run Backward')}</Button> : null}</div>)}
        {values.some(hasCounts) ? <HistogramFigure stateKey="log.value" title={t('Values')} name={t('Histogram of the values of {0}', name)} shown={values} /> : row.value.count === 0 ? null : <div class="missing"><strong>{t('Values')}</strong><span>{t('{0} NaN, {1} Inf', formatCount(row.value.nan), formatCount(row.value.inf))}</span></div>}
        <NormCurve frame={frame} name={name} a={a} b={b} />
        <Numbers row={row} />
        {printed && frame.text !== null ? <pre class="print wide" tabIndex={0} aria-label={t('Printed values of {0}', name)}>{frame.text}</pre> : null}
      </div>
    </div>
  );
}

function NormCurve({ frame, name, a, b }: { frame: Frame; name: string; a: Pinned | null; b: Pinned | null }): JSX.Element {
  const [log, setLog] = usePersisted('log.norm', false);
  const [at, setAt] = useState<number | null>(null);
  const { step, loss, norm } = frame.history;
  const title = t('Gradient norm of {0} through the steps', name);
  const positive = useMemo(() => norm.filter((v): v is number => v !== null && v > 0), [norm]);
  const floor = positive.length === 0 ? 1e-12 : Math.min(...positive) * 0.8;
  const y = useMemo(() => [norm.map((v) => (v === null || !Number.isFinite(v) || (log && v <= 0) ? null : v))], [norm, log]);
  const only = norm.filter((v) => v !== null).length === 1 ? norm.findIndex((v) => v !== null) : -1;
  const reading = at !== null && norm[at] != null ? `${t('step {0}', formatCount(step[at]!))}: ${formatNumber(norm[at])}` : only >= 0 ? t('step {0} only: {1}', formatCount(step[only]!), formatNumber(norm[only]!)) : '';
  const marks = [...(a === null ? [] : [{ x: a.report.step, label: 'A' }]), ...(b === null ? [] : [{ x: b.report.step, label: 'B' }])];
  return (
    <Figure fill title={t('Norm')} name={title} reading={reading} actions={<IconButton icon="log" title={t('Logarithmic axis')} pressed={log} onClick={() => setLog(!log)} />}
      table={() => ({ columns: [t('step'), t('loss'), t('norm')], rows: step.map((s, i) => [s, loss[i]!, norm[i]!]) })}>
      {positive.length === 0 ? <div class="missing">{t('No step was seen with a gradient.')}</div>
        : <Plot label={title} x={step} y={y} curves={[{ label: t('norm'), color: '--wr-orange' }]} wholeX logY={log && positive.length > 0} floor={floor} onCursor={setAt} marks={marks} />}
    </Figure>
  );
}

function Numbers({ row: { value, grad } }: { row: GradientRow }): JSX.Element {
  const known = (s: Summary): boolean => s.count === 0 || s.nan + s.inf < s.count;
  // `finite`: told of the finite values alone.
  const line = (label: string, of: (s: Summary) => string, finite = true): JSX.Element => (
    <div role="row"><span role="rowheader">{label}</span><span role="cell">{grad === null || (finite && !known(grad)) ? '–' : of(grad)}</span><span role="cell">{finite && !known(value) ? '–' : of(value)}</span></div>
  );
  const bad = (n: number): string => (n === 0 ? '0' : `! ${formatCount(n)}`);
  return (
    <div class="numbers" role="table" aria-label={t('Numbers')}>
      <div role="row"><span role="rowheader" /><span role="columnheader">{t('gradient')}</span><span role="columnheader">{t('values')}</span></div>
      {line(t('mean'), (s) => formatNumber(s.mean))}{line(t('std'), (s) => formatNumber(s.std))}{line(t('min'), (s) => formatNumber(s.min))}{line(t('max'), (s) => formatNumber(s.max))}
      {line(t('norm'), (s) => formatNumber(normOf(s)), false)}{line(t('zeros'), (s) => formatShare(s.zeros, s.count), false)}{line('NaN', (s) => bad(s.nan), false)}{line('Inf', (s) => bad(s.inf), false)}
    </div>
  );
}

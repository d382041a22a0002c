/** One parameter: its numbers, the histograms of values and gradient, its norm through the steps, its printed text. */
import type { JSX } from 'preact';

import type { Frame, PanelState } from '../../extension/protocol/gradientsPanel';
import type { Summary } from '../../extension/protocol/model';
import { Figure } from '../shared/figure';
import { formatCount, formatNumber, formatShape } from '../shared/format';
import { HistogramFigure, type Shown } from '../shared/histogram';
import { t } from '../shared/l10n';
import { Plot } from '../shared/plot';
import { usePersisted } from '../shared/state';
import { Tabs } from '../shared/tabs';
import { Button } from '../shared/toolkit';
import { stateText } from './flow';

export function Detail({ frame, name, pins, onBackward }: { frame: Frame; name: string; pins: PanelState['pins']; onBackward: () => void }): JSX.Element {
  const [tab, setTab] = usePersisted('tab', 'gradient');
  const row = frame.report.rows.find((r) => r.name === name);
  const s = frame.selected?.name === name ? frame.selected : null;
  if (row === undefined) return <></>;
  const pinned = (which: 'value' | 'grad'): Shown[] => (['a', 'b'] as const).flatMap((slot) => {
    const p = pins[slot];
    const h = p?.report.model === frame.report.model ? p.histograms[name]?.[which] : undefined;
    return h ? [{ label: t('{0}: step {1}', slot.toUpperCase(), p!.report.step), histogram: h, color: slot === 'a' ? '--wr-green' : '--wr-purple' }] : [];
  });
  const histories = frame.history;
  return (
    <div class="detail">
      <div class="detail-head">
        <strong>{name}</strong><span class="dim">{formatShape(row.shape)} · {formatCount(row.numel)} · {row.device}{row.requiresGrad ? '' : ` · ${t('frozen')}`}</span>
      </div>
      <Facts value={row.value} grad={row.grad} />
      <Tabs id="detail" label={t('Views of the parameter')} current={tab} onPick={setTab} tabs={[{ id: 'gradient', label: t('Gradient') }, { id: 'value', label: t('Values') }, { id: 'history', label: t('Steps') }, { id: 'text', label: t('Printed') }]}>
        {tab === 'gradient' ? (s?.grad ? <HistogramFigure stateKey="log.grad" title={t('Gradient')} name={t('Histogram of the gradient of {0}', name)} shown={[{ label: t('now'), histogram: s.grad, color: '--wr-orange' }, ...pinned('grad')]} />
          : <p class="dim">{stateText(row) || t('no gradient yet')} <Button onClick={onBackward}>{t('Run Backward')}</Button></p>) : null}
        {tab === 'value' && s !== null ? <HistogramFigure stateKey="log.value" title={t('Values')} name={t('Histogram of the values of {0}', name)} shown={[{ label: t('now'), histogram: s.value, color: '--wr-blue' }, ...pinned('value')]} /> : null}
        {tab === 'history' ? (
          <Figure fill title={t('Gradient norm')} name={t('Gradient norm of {0} through the steps', name)} table={() => ({ columns: [t('step'), t('loss'), t('norm')], rows: histories.step.map((at, i) => [at, histories.loss[i]!, histories.norm[i]!]) })}>
            <Plot label={t('Gradient norm of {0} through the steps', name)} x={histories.step} y={[histories.norm]} curves={[{ label: t('norm'), color: '--wr-orange' }]} wholeX />
          </Figure>) : null}
        {tab === 'text' && s !== null ? <pre class="print">{s.text}</pre> : null}
      </Tabs>
    </div>
  );
}

function Facts({ value, grad }: { value: Summary; grad: Summary | null }): JSX.Element {
  const cells = (s: Summary | null): JSX.Element[] => (['mean', 'std', 'min', 'max', 'norm'] as const).map((k) => <span>{s === null ? '–' : formatNumber(s[k])}</span>);
  return (
    <div class="detail-facts" role="table" aria-label={t('Numbers')}>
      <span class="dim" />{['mean', 'std', 'min', 'max', 'norm'].map((k) => <span class="dim">{k}</span>)}
      <span class="dim side">{t('values')}</span>{cells(value)}
      <span class="dim side">{t('gradient')}</span>{cells(grad)}
    </div>
  );
}

/** Gradient flow: every parameter in depth order, mean and largest |gradient| as bars on one logarithmic scale. */
import './flow.css';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';

import type { GradientReport, GradientRow } from '../../extension/protocol/model';
import { formatCount, formatNumber, formatShape, formatShare, splitName } from '../shared/format';
import { t } from '../shared/l10n';
import { Name } from '../shared/page';
import { decades, logShare } from '../shared/steps';
import { usePersisted } from '../shared/state';
import { IconButton, TextField } from '../shared/toolkit';
import { VirtualList } from '../shared/virtualList';

const columns = { gridTemplateColumns: 'minmax(90px, 1.4fr) minmax(80px, 2fr) 76px 62px 76px' };

export function stateText(r: GradientRow): string {
  switch (r.state) {
    case 'none': return r.requiresGrad ? t('no gradient yet') : t('frozen');
    case 'zero': return t('all zero');
    case 'nonfinite': return t('{0} NaN, {1} Inf', formatCount(r.grad!.nan), formatCount(r.grad!.inf));
    case 'ok': return '';
    default: return r.state satisfies never;
  }
}

export function Flow({ report, selected, onPick }: { report: GradientReport; selected: string | null; onPick: (name: string, open: boolean) => void }): JSX.Element {
  const [filter, setFilter] = usePersisted('filter', '');
  const [byNorm, setByNorm] = usePersisted('byNorm', false);
  const scale = useMemo(() => decades(report.rows.flatMap((r) => (r.grad === null ? [] : [r.grad.absMean, r.grad.absMax]))), [report]);
  let rows = report.rows.filter((r) => r.name.toLowerCase().includes(filter.toLowerCase()));
  if (byNorm) rows = [...rows].sort((a, b) => (b.grad?.norm ?? -1) - (a.grad?.norm ?? -1));
  return (
    <div class="flow">
      <div class="flow-tools">
        <TextField label={t('Filter parameters')} placeholder={t('Filter parameters')} icon="search" value={filter} onInput={setFilter} />
        <span class="dim flow-scale">|g| 1e{scale[0]} … 1e{scale[1]}</span>
        <IconButton icon="filter" title={t('Largest gradient norm first')} pressed={byNorm} onClick={() => setByNorm(!byNorm)} />
      </div>
      <VirtualList id="flow" label={t('Parameters')} role="grid" count={rows.length} rowHeight={24} selected={rows.findIndex((r) => r.name === selected)}
        onSelect={(i) => onPick(rows[i]!.name, false)} onActivate={(i) => onPick(rows[i]!.name, true)} keyOf={(i) => rows[i]!.name}
        empty={filter === '' ? t('This model has no parameters.') : t('No parameter matches “{0}”.', filter)}
        header={<div class="cells" style={columns}><span role="columnheader">{t('parameter')}</span><span role="columnheader">{t('mean and max |gradient|')}</span><span role="columnheader" class="number">{t('norm')}</span><span role="columnheader" class="number">{t('zeros')}</span><span role="columnheader" class="number">{t('‖weight‖')}</span></div>}
        row={(i) => <Row row={rows[i]!} scale={scale} />} />
    </div>
  );
}

function Row({ row, scale }: { row: GradientRow; scale: [number, number] }): JSX.Element {
  const [prefix, leaf] = splitName(row.name);
  const g = row.grad;
  const note = stateText(row);
  return (
    <div class="cells" style={columns} title={`${row.name} ${formatShape(row.shape)} · ${formatCount(row.numel)} · ${row.device}`}>
      <span role="gridcell"><Name prefix={prefix} leaf={leaf} /></span>
      <span role="gridcell" class="bar-cell">
        {row.state === 'ok' ? <Bar mean={g!.absMean} max={g!.absMax} scale={scale} /> : <span class={`bar-note ${row.state}`}>{row.state === 'nonfinite' ? <strong>! </strong> : null}{note}</span>}
      </span>
      <span role="gridcell" class="number">{g === null ? '–' : formatNumber(g.norm)}</span>
      <span role="gridcell" class="number">{g === null ? '–' : formatShare(g.zeros, g.count)}</span>
      <span role="gridcell" class="number">{formatNumber(row.value.norm)}</span>
    </div>
  );
}

function Bar({ mean, max, scale }: { mean: number; max: number; scale: [number, number] }): JSX.Element {
  const percent = (v: number): string => `${(100 * logShare(v, scale)).toFixed(1)}%`;
  return (
    <span class="bar" role="img" aria-label={t('mean {0}, max {1}', formatNumber(mean), formatNumber(max))} title={t('mean {0}, max {1}', formatNumber(mean), formatNumber(max))}>
      <i class="bar-max" style={{ width: percent(max) }} /><i class="bar-mean" style={{ width: percent(mean) }} />
    </span>
  );
}

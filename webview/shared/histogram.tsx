/** A histogram, or two on one axis; linear or logarithmic; as a table; the bin under the cursor in words. */
import type { ComponentChildren, JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';

import type { Histogram } from '../../extension/protocol/model';
import { Figure, type Table } from './figure';
import { formatCount, formatNumber, formatShare } from './format';
import { t } from './l10n';
import { Plot } from './plot';
import { usePersisted } from './state';
import { edgesOf, logFloor, toSteps } from './steps';
import { IconButton } from './toolkit';

export interface Shown { label: string; histogram: Histogram; color: string }

interface Props {
  title: ComponentChildren;
  name: string;
  shown: Shown[];
  height?: number;
  marks?: { x: number; label: string }[];
  actions?: ComponentChildren;
  /** The panel's own choice of axis is kept under this key. */
  stateKey: string;
}

export function HistogramFigure({ title, name, shown, height, marks, actions, stateKey }: Props): JSX.Element {
  const [log, setLog] = usePersisted(stateKey, false);
  const [at, setAt] = useState<number | null>(null);
  const steps = useMemo(() => toSteps(shown.map((s) => s.histogram)), shown.map((s) => s.histogram));
  const floor = log ? logFloor(steps.y) : 0;
  const y = useMemo(() => (log ? steps.y.map((c) => c.map((v) => (v > 0 ? v : floor))) : steps.y), [steps, log, floor]);
  const curves = shown.map((s, i) => ({ label: s.label, color: s.color, stepped: true, fill: i === 0 ? 0.28 : 0, ...(i === 0 ? {} : { dash: [4, 3] }) }));
  return (
    <Figure title={title} name={name} table={() => toTable(shown)} reading={at === null ? '' : reading(shown, steps.x, at)} fill={height === undefined}
      actions={<>{actions}<IconButton icon="log" title={t('Logarithmic axis')} pressed={log} onClick={() => setLog(!log)} /></>}>
      <Plot label={name} x={steps.x} y={y} curves={curves} logY={log} floor={floor} onCursor={setAt} {...(height === undefined ? {} : { height })} {...(marks === undefined ? {} : { marks })} />
    </Figure>
  );
}

function reading(shown: Shown[], x: number[], at: number): string {
  const middle = (x[at]! + (x[at + 1] ?? x[at]!)) / 2;
  return shown.map(({ label, histogram }) => {
    const edges = edgesOf(histogram);
    const k = edges.findIndex((e, i) => i < histogram.counts.length && e <= middle && middle <= edges[i + 1]!);
    const total = histogram.counts.reduce((a, b) => a + b, 0);
    const count = k < 0 ? 0 : histogram.counts[k]!;
    const range = k < 0 ? '' : `${formatNumber(edges[k]!)} … ${formatNumber(edges[k + 1]!)}: `;
    return `${shown.length > 1 ? `${label} ` : ''}${range}${formatCount(count)} (${formatShare(count, total)})`;
  }).join(' · ');
}

function toTable(shown: Shown[]): Table {
  if (shown.length === 1) {
    const h = shown[0]!.histogram;
    const edges = edgesOf(h);
    return { columns: [t('From'), t('To'), t('Count')], rows: h.counts.map((c, i) => [edges[i]!, edges[i + 1]!, c]) };
  }
  return {
    columns: ['', t('From'), t('To'), t('Count')],
    rows: shown.flatMap(({ label, histogram }) => { const edges = edgesOf(histogram); return histogram.counts.map((c, i) => [label, edges[i]!, edges[i + 1]!, c]); }),
  };
}

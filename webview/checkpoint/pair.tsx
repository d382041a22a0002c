/** One tensor of both sides closely: values on one axis, the difference as histogram and as heat map. */
import type { JSX } from 'preact';

import { CompareTensor, type CompareRow, type CompareStatus, type Side } from '../../extension/protocol/checkpoint';
import { formatCount, formatNumber } from '../shared/format';
import { HistogramFigure } from '../shared/histogram';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy, Notice } from '../shared/page';
import { useAnswer } from '../shared/state';
import { HeatMap } from './heatMap';

export const words = (s: CompareStatus): string => ({ same: t('same'), changed: t('changed'), added: t('added'), removed: t('removed'), reshaped: t('another shape'), retyped: t('another dtype'), unread: t('cannot be read') })[s];

export function Pair({ subject, row }: { /** The two sides. */ subject: { a: Side; b: Side }; row: CompareRow }): JSX.Element {
  const { a, b } = row;
  const both = a !== undefined && b !== undefined;
  const [nameA, nameB] = [a?.name ?? row.name, b?.name ?? row.name];
  const { value, error, loading } = useAnswer(both ? (signal) => host.request(CompareTensor, { a: { at: subject.a, name: nameA }, b: { at: subject.b, name: nameB }, bins: 64 }, signal) : null, [row.name]);
  if (!both) return <Notice icon="tensor" title={words(row.status)}>{row.status === 'added' ? t('{0} stands only in B.', row.name) : t('{0} stands only in A.', row.name)}</Notice>;
  // What the list has may still be without values; the answer about this pair is not.
  const known = value?.row ?? row;
  const facts = [[t('relative L2'), known.relativeL2], [t('cosine'), known.cosine], [t('max |A−B|'), known.maxDifference]] as const;
  return (
    <div class="detail">
      <div class="detail-head"><strong>{row.name}</strong><span class="dim">{[...(value === undefined && known.status === 'same' ? [] : [words(known.status)]), ...(known.differing === null ? [] : [t('{0} elements differ', formatCount(known.differing))]), ...facts.flatMap(([k, v]) => (v === null ? [] : [`${k} ${formatNumber(v)}`]))].join(' · ')}</span></div>
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      {known.problem === undefined ? null : <Banner kind="warning">{known.problem}</Banner>}
      {loading ? <Busy text={t('Comparing…')} /> : null}
      {value?.a.histogram && value.b.histogram ? <HistogramFigure height={170} stateKey="log" title={<>{t('Values')}<span class="legend"><i class="legend-key" style={{ color: 'var(--wr-blue)' }} />A</span><span class="legend"><i class="legend-key dashed" style={{ color: 'var(--wr-orange)' }} />B</span></>} name={t('Values of A and B')} shown={[{ label: 'A', histogram: value.a.histogram, color: '--wr-blue' }, { label: 'B', histogram: value.b.histogram, color: '--wr-orange' }]} /> : null}
      {value?.difference?.histogram && known.differing !== 0 ? <HistogramFigure height={150} stateKey="logDifference" title={t('A − B')} name={t('Histogram of the difference')} shown={[{ label: t('A − B'), histogram: value.difference.histogram, color: '--wr-purple' }]} /> : null}
      {a.shape.join() === b.shape.join() && value !== undefined && known.differing !== 0 ? <HeatMap at={subject.a} tensor={{ name: nameA, shape: a.shape }} minus={{ at: subject.b, name: nameB }} /> : null}
    </div>
  );
}

/** Gradient flow: every parameter in depth order, mean and largest |gradient| on one logarithmic scale, and the numbers beside them. */
import './flow.css';
import type { JSX, RefObject } from 'preact';
import { useMemo, useRef } from 'preact/hooks';

import type { GradientReport, GradientRow } from '../../extension/protocol/model';
import { formatCount, formatNumber, formatShape, formatShare, splitName } from '../shared/format';
import { Icon } from '../shared/icons';
import { useSearchKey } from '../shared/keys';
import { t } from '../shared/l10n';
import { Name } from '../shared/page';
import { SortHeader } from '../shared/sortHeader';
import { decades, logShare } from '../shared/steps';
import { usePersisted } from '../shared/state';
import { TextField } from '../shared/toolkit';
import { VirtualList, type ListHandle } from '../shared/virtualList';
import { anyGradient, change, lookOf, nextSort, normOf, shownRows, type Sort, type SortKey } from './rows';

type Range = [number, number];

/** `reached`: a backward pass has run, and left gradients elsewhere. */
export function stateText(r: GradientRow, reached: boolean): string {
  const look = lookOf(r);
  switch (look) {
    case 'none': return reached ? t('not reached by backward') : t('no gradient yet');
    case 'frozen': return t('frozen');
    case 'zero': return t('all zero');
    case 'nonfinite': return t('{0} NaN, {1} Inf', formatCount(r.grad!.nan), formatCount(r.grad!.inf));
    case 'ok': return '';
    default: return look satisfies never;
  }
}

interface Props { report: GradientReport; /** What is compared with. */ a: GradientReport | null; selected: string | null; onPick: (name: string, open: boolean) => void }

export function Flow({ report, a, selected, onPick }: Props): JSX.Element {
  const [filter, setFilter] = usePersisted('filter', '');
  const [sort, setSort] = usePersisted<Sort>('sort', { key: 'depth', down: false });
  const list = useRef<ListHandle>(null);
  const field = useRef<HTMLElement>(null);
  useSearchKey(field);
  const before = useMemo(() => new Map(a?.rows.map((r) => [r.name, r])), [a]);
  const scale = useMemo(() => decades([...report.rows, ...(a?.rows ?? [])].flatMap((r) => (r.grad === null ? [] : [r.grad.absMean, r.grad.absMax]))), [report, a]);
  const rows = shownRows(report, filter, sort, a);
  const reached = anyGradient(report);
  const head = (key: SortKey, text: string, title: string): JSX.Element => <SortHeader number={key !== 'depth'} text={text} title={title} down={sort.key === key && !(key === 'depth' && !sort.down) ? sort.down : null} onClick={() => setSort(nextSort(sort, key))} class={`col-${key}`} />;
  const cells = a === null ? 'cells flow-cells' : 'cells flow-cells comparing';
  return (
    <div class="flow">
      <div class="flow-tools"><Search field={field} filter={filter} setFilter={setFilter} onDone={() => list.current?.focus()} /><span class="dim count">{filter === '' ? t('{0} parameters', formatCount(rows.length)) : t('{0} of {1}', formatCount(rows.length), formatCount(report.rows.length))}</span></div>
      <VirtualList id="flow" label={t('Parameters')} role="grid" count={rows.length} rowHeight={22} selected={rows.findIndex((r) => r.name === selected)} handle={list}
        onSelect={(i) => onPick(rows[i]!.name, false)} onActivate={(i) => onPick(rows[i]!.name, true)} keyOf={(i) => rows[i]!.name}
        empty={filter === '' ? t('This model has no parameters.') : t('No parameter matches “{0}”.', filter)}
        header={(
          <div class={cells}>
            {head('depth', t('parameter'), t('In depth order'))}
            <span role="columnheader" class="col-bar"><Axis scale={scale} /></span>
            {head('mean', t('mean |g|'), t('Mean of the gradient’s magnitude'))}{head('max', t('max |g|'), t('Largest magnitude of the gradient'))}{head('norm', t('norm'), t('L2 norm of the gradient'))}
            {head('update', t('update'), t('Change of the last optimizer step over the size of the weights (L2 norms)'))}{head('zeros', t('zeros'), t('Share of exact zeros in the gradient'))}
            {a === null ? null : head('change', t('B ∕ A'), t('Mean |g| of B over that of A'))}
          </div>)}
        row={(i) => <Row row={rows[i]!} a={before.get(rows[i]!.name)} comparing={a !== null} scale={scale} cells={cells} reached={reached} />} />
    </div>
  );
}

function Search({ field, filter, setFilter, onDone }: { field: RefObject<HTMLElement>; filter: string; setFilter: (s: string) => void; onDone: () => void }): JSX.Element {
  const onKeyDown = (e: KeyboardEvent): void => {
    if (e.key === 'Escape') setFilter('');
    if (e.key === 'Escape' || e.key === 'Enter' || e.key === 'ArrowDown') { e.preventDefault(); onDone(); }
  };
  return <TextField label={t('Filter parameters')} placeholder={t('Filter parameters ( / )')} icon="search" value={filter} onInput={setFilter} inputRef={field} onKeyDown={onKeyDown} />;
}

/** The scale's ends and a tick a decade. */
function Axis({ scale: [low, high] }: { scale: Range }): JSX.Element {
  return <span class="axis" title={t('Logarithmic: mean |g| as a bar, the largest |g| as a line')}><span>1e{low}</span><span>1e{high}</span></span>;
}

function Row({ row, a, comparing, scale, cells, reached }: { reached: boolean; row: GradientRow; a: GradientRow | undefined; comparing: boolean; scale: Range; cells: string }): JSX.Element {
  const [prefix, leaf] = splitName(row.name);
  const g = row.grad;
  // Of numbers that are not finite there is nothing to say but how many they are.
  const known = g !== null && g.nan + g.inf < g.count ? g : null;
  const look = lookOf(row);
  const ratio = comparing ? change(a, row) : null;
  const number = (key: SortKey, v: number | null | undefined): JSX.Element => <span role="gridcell" class={`number col-${key}`}>{v == null ? '–' : formatNumber(v, 3)}</span>;
  return (
    <div class={cells} title={`${row.name} ${formatShape(row.shape)} · ${formatCount(row.numel)} · ${row.device}`}>
      <span role="gridcell" class="col-depth"><Name prefix={prefix} leaf={leaf} /></span>
      <span role="gridcell" class={`col-bar look-${look}`}>{look === 'ok' ? <Bar row={row} a={a} scale={scale} /> : <State row={row} reached={reached} />}</span>
      {number('mean', known?.absMean)}{number('max', known?.absMax)}{number('norm', g === null ? null : normOf(g))}{number('update', row.update)}
      <span role="gridcell" class="number col-zeros">{g === null ? '–' : formatShare(g.zeros, g.count)}</span>
      {comparing ? <span role="gridcell" class="number col-change">{ratio === null ? '–' : `×${formatNumber(ratio, 3)}`}</span> : null}
    </div>
  );
}

/** Absent is a dashed line, zero an empty ring, NaN a hatch: told apart without colour. */
function State({ row, reached }: { row: GradientRow; reached: boolean }): JSX.Element {
  const look = lookOf(row);
  return (
    <span class="state">
      {look === 'nonfinite' ? <Icon name="warning" /> : look === 'frozen' ? <Icon name="lock" /> : look === 'zero' ? <i class="ring" /> : null}
      <span>{stateText(row, reached)}</span><i class={look === 'nonfinite' ? 'state-fill hatch' : look === 'zero' ? 'state-fill' : 'state-fill dashes'} />
    </span>
  );
}

function Bar({ row, a, scale }: { row: GradientRow; a: GradientRow | undefined; scale: Range }): JSX.Element {
  const { absMean, absMax } = row.grad!;
  const percent = (v: number): string => `${(100 * logShare(v, scale)).toFixed(2)}%`;
  const text = t('mean {0}, max {1}', formatNumber(absMean), formatNumber(absMax));
  const from = logShare(absMean, scale);
  return (
    <span class="bar" role="img" aria-label={text} title={text} style={{ '--decades': String(scale[1] - scale[0]) }}>
      <i class="bar-mean" style={{ width: percent(absMean) }} />
      <i class="bar-max" style={{ left: percent(absMean), width: `${(100 * (logShare(absMax, scale) - from)).toFixed(2)}%` }} />
      {a?.grad && a.grad.absMean > 0 ? <i class="bar-a" style={{ width: percent(a.grad.absMean) }} title={t('A: mean {0}', formatNumber(a.grad.absMean))} /> : null}
    </span>
  );
}

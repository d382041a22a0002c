/** Which 2-D picture of a tensor: the two dimensions that are shown, and sliders for those that stand still. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import type { Slice } from '../../extension/protocol/checkpoint';
import { t } from '../shared/l10n';
import { Dropdown } from '../shared/toolkit';

export interface Plane { rowDim: number | null; columnDim: number | null; /** One index a dimension. */ fixed: number[] }

/** Rows and columns along the last two dimensions; a vector is one row. */
function firstPlane(shape: readonly number[]): Plane {
  const n = shape.length;
  return { rowDim: n >= 2 ? n - 2 : null, columnDim: n >= 1 ? n - 1 : null, fixed: shape.map(() => 0) };
}
/** All of a plane. */
export function wholeSlice(shape: readonly number[], { rowDim, columnDim, fixed }: Plane): Slice {
  return { rowDim, columnDim, fixed: [...fixed], rows: [0, rowDim === null ? 1 : shape[rowDim]!], columns: [0, columnDim === null ? 1 : shape[columnDim]!] };
}
export const planeKey = (p: Plane): string => [p.rowDim, p.columnDim, ...p.fixed].join();

/** The plane last looked at, by shape: it stays from tab to tab and from tensor to tensor of one shape. */
const kept = new Map<string, Plane>();

export function usePlane(shape: readonly number[]): [Plane, JSX.Element | null] {
  const key = shape.join();
  const [plane, show] = useState(() => kept.get(key) ?? firstPlane(shape));
  const set = (p: Plane): void => { kept.set(key, p); show(p); };
  if (shape.length < 3) return [plane, null];
  const { rowDim, columnDim, fixed } = plane;
  const dims = shape.map((size, d) => ({ value: String(d), label: t('dim {0} ({1})', d, size) }));
  // A dimension that the other one has changes places with it.
  const rows = (d: number): void => set({ ...plane, rowDim: d, columnDim: d === columnDim ? rowDim : columnDim });
  const columns = (d: number): void => set({ ...plane, columnDim: d, rowDim: d === rowDim ? columnDim : rowDim });
  return [plane, (
    <div class="sliders">
      <span class="row-line dims">
        {t('rows')} <Dropdown label={t('Dimension of the rows')} value={String(rowDim)} options={dims} onChange={(v) => rows(Number(v))} />
        {t('columns')} <Dropdown label={t('Dimension of the columns')} value={String(columnDim)} options={dims} onChange={(v) => columns(Number(v))} />
      </span>
      {shape.map((size, d) => (d === rowDim || d === columnDim || size <= 1 ? null : (
        <label key={d}>{t('dim {0}', d)} <input type="range" min={0} max={size - 1} value={fixed[d]} onInput={(e) => set({ ...plane, fixed: fixed.map((v, i) => (i === d ? Number(e.currentTarget.value) : v)) })} /> <span class="number">{fixed[d]} / {size}</span></label>
      )))}
    </div>
  )];
}

/** Exact values of a slice, page by page; the stored bits on hover. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import { CheckpointValues, type Side, type TensorInfo } from '../../extension/protocol/checkpoint';
import { ExportAs } from '../../extension/protocol/checkpointPanel';
import { formatCount } from '../shared/format';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy } from '../shared/page';
import { useAnswer } from '../shared/state';
import { IconButton } from '../shared/toolkit';
import { planeKey, usePlane, wholeSlice } from './slices';

const ROWS = 64, COLUMNS = 16;

export function Values({ at, tensor }: { at: Side; tensor: TensorInfo }): JSX.Element {
  const [plane, controls] = usePlane(tensor.shape);
  const [[r, c], move] = useState<[number, number]>([0, 0]);
  const whole = wholeSlice(tensor.shape, plane);
  const [rows, columns] = [whole.rows[1], whole.columns[1]];
  // Another plane may have fewer of them.
  const row = r < rows ? r : 0, column = c < columns ? c : 0;
  const slice = { ...whole, rows: [row, Math.min(rows, row + ROWS)] as [number, number], columns: [column, Math.min(columns, column + COLUMNS)] as [number, number] };
  const { value: page, error } = useAnswer(rows * columns === 0 ? null : (signal) => host.request(CheckpointValues, { at, name: tensor.name, slice }, signal), [tensor.name, planeKey(plane), row, column], true);
  if (rows * columns === 0) return <p class="dim">{t('The tensor is empty.')}</p>;
  return (
    <>
      {controls}
      <div class="row-line dim">
        <IconButton icon="chevronUp" title={t('Rows before')} disabled={row === 0} onClick={() => move([Math.max(0, row - ROWS), column])} /><IconButton icon="chevronDown" title={t('Rows after')} disabled={row + ROWS >= rows} onClick={() => move([row + ROWS, column])} />
        <IconButton icon="chevronLeft" title={t('Columns before')} disabled={column === 0} onClick={() => move([row, Math.max(0, column - COLUMNS)])} /><IconButton icon="chevronRight" title={t('Columns after')} disabled={column + COLUMNS >= columns} onClick={() => move([row, column + COLUMNS])} />
        {t('rows {0}–{1} of {2}, columns {3}–{4} of {5}', row, slice.rows[1] - 1, formatCount(rows), column, slice.columns[1] - 1, formatCount(columns))}
        <span class="grow" /><IconButton icon="save" title={t('Save this slice as CSV')} onClick={() => void host.request(ExportAs, { at, name: tensor.name, format: 'csv', slice: whole }).catch(() => undefined)} />
      </div>
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      {page === undefined ? (error === undefined ? <Busy text={t('Reading…')} /> : null) : (
        <div class="value-grid"><table>
          <thead><tr><th />{page.text[0]?.map((_, x) => <th class="number">{column + x}</th>)}</tr></thead>
          <tbody>{page.text.map((line, y) => <tr><th class="number">{row + y}</th>{line.map((v, x) => <td class="number mono" title={page.bits[y]?.[x] ? `0x${page.bits[y]![x]}` : undefined}>{v}</td>)}</tr>)}</tbody>
        </table></div>
      )}
    </>
  );
}

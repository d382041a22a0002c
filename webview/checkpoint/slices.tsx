/** Which 2-D picture of a tensor: sliders for the dimensions that stand still. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

import type { Slice } from '../../extension/protocol/checkpoint';
import { t } from '../shared/l10n';

/** Rows and columns along the last two dimensions; a vector is one row. */
export function wholeSlice(shape: readonly number[], fixed: readonly number[]): Slice {
  const n = shape.length;
  return { rowDim: n >= 2 ? n - 2 : null, columnDim: n >= 1 ? n - 1 : null, fixed: [...fixed], rows: [0, n >= 2 ? shape[n - 2]! : 1], columns: [0, n >= 1 ? shape[n - 1]! : 1] };
}

export function useFixed(shape: readonly number[]): [number[], JSX.Element | null] {
  const [fixed, set] = useState(shape.map(() => 0));
  const still = shape.slice(0, -2).map((size, d) => ({ size, d })).filter(({ size }) => size > 1);
  if (still.length === 0) return [fixed, null];
  return [fixed, (
    <div class="sliders">
      {still.map(({ size, d }) => (
        <label key={d}>{t('dim {0}', d)} <input type="range" min={0} max={size - 1} value={fixed[d]} onInput={(e) => { const next = [...fixed]; next[d] = Number(e.currentTarget.value); set(next); }} /> <span class="number">{fixed[d]} / {size}</span></label>
      ))}
    </div>
  )];
}

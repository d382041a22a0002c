/** A slice as a picture: cell means on a symmetric scale, drawn at the size of the panel; the cell under the cursor in words. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { CheckpointTile, type Side, type TensorInfo, type Tile } from '../../extension/protocol/checkpoint';
import { SaveFile } from '../../extension/protocol/sharedPanel';
import { floats } from '../shared/base64';
import { divergingScale, scaleIndex } from '../shared/colorScale';
import { Figure } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy } from '../shared/page';
import { useAnswer } from '../shared/state';
import { cssColor, isDark, rgbOf, themeKind, useTheme } from '../shared/theme';
import { IconButton } from '../shared/toolkit';
import { useFixed, wholeSlice } from './slices';

const MOST = 512;

export function HeatMap({ at, tensor, minus }: { at: Side; tensor: Pick<TensorInfo, 'name' | 'shape'>; minus?: { at: Side; name: string } }): JSX.Element {
  const [fixed, sliders] = useFixed(tensor.shape);
  const slice = wholeSlice(tensor.shape, fixed);
  const width = Math.min(MOST, slice.columns[1]), height = Math.min(MOST, slice.rows[1]);
  const { value: tile, error } = useAnswer(width * height === 0 ? null : (signal) => host.request(CheckpointTile, { at, name: tensor.name, slice, width, height, ...(minus ? { minus } : {}) }, signal), [tensor.name, fixed.join()], true);
  if (width * height === 0) return <p class="dim">{t('The tensor is empty.')}</p>;
  return (
    <>
      {sliders}
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      {tile === undefined ? (error === undefined ? <Busy text={t('Reading…')} /> : null) : <Picture tile={tile} name={tensor.name} rows={slice.rows[1]} columns={slice.columns[1]} />}
    </>
  );
}

function Picture({ tile, name, rows, columns }: { tile: Tile; name: string; rows: number; columns: number }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [cell, setCell] = useState<[number, number] | null>(null);
  const mean = floats(tile.mean);
  const limit = Math.max(Math.abs(tile.low), Math.abs(tile.high)) || 1;
  useEffect(() => {
    const kind = isDark(themeKind()) ? 'dark' : 'light';
    const scale = divergingScale(kind, rgbOf(cssColor('--wr-background')));
    const missing = rgbOf(cssColor('--wr-red'));
    const image = new ImageData(tile.width, tile.height);
    mean.forEach((v, i) => {
      const from = scaleIndex(v, limit);
      image.data.set(Number.isNaN(v) ? missing : scale.subarray(from, from + 3), i * 4);
      image.data[i * 4 + 3] = 255;
    });
    canvas.current!.getContext('2d')!.putImageData(image, 0, 0);
  }, [tile, theme]);
  const move = (e: MouseEvent): void => {
    const r = canvas.current!.getBoundingClientRect();
    setCell([Math.floor(((e.clientY - r.top) / r.height) * tile.height), Math.floor(((e.clientX - r.left) / r.width) * tile.width)]);
  };
  const onKeyDown = (e: KeyboardEvent): void => {
    const step = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] } as Record<string, [number, number]>)[e.key];
    if (step === undefined) return;
    e.preventDefault();
    const [y, x] = cell ?? [0, 0];
    setCell([Math.max(0, Math.min(tile.height - 1, y + step[0])), Math.max(0, Math.min(tile.width - 1, x + step[1]))]);
  };
  const span = (i: number, cells: number, size: number): string => { const a = Math.floor((i * size) / cells), b = Math.max(a, Math.ceil(((i + 1) * size) / cells) - 1); return a === b ? String(a) : `${a}–${b}`; };
  const reading = cell === null ? '' : `[${span(cell[0], tile.height, rows)}, ${span(cell[1], tile.width, columns)}] ${formatNumber(mean[cell[0] * tile.width + cell[1]] ?? NaN)}`;
  const png = (): void => {
    canvas.current!.toBlob((blob) => void blob?.arrayBuffer().then((b) => host.request(SaveFile, { data: btoa(Array.from(new Uint8Array(b), (c) => String.fromCharCode(c)).join('')), name: `${name}.png`, kind: 'png' })).catch(() => undefined));
  };
  const table = (): { columns: string[]; rows: (string | number)[][] } => ({
    columns: ['', ...Array.from({ length: tile.width }, (_, x) => span(x, tile.width, columns))],
    rows: Array.from({ length: tile.height }, (_, y) => [span(y, tile.height, rows), ...mean.slice(y * tile.width, (y + 1) * tile.width)]),
  });
  return (
    <Figure title={tile.exact ? t('Cell means') : t('Cell means (sampled)')} name={t('Heat map of {0}', name)} reading={reading} table={table} actions={<IconButton icon="save" title={t('Save as PNG')} onClick={png} />}>
      <canvas ref={canvas} class="heat" width={tile.width} height={tile.height} tabIndex={0} role="img" aria-label={t('Heat map of {0}: {1} to {2}', name, formatNumber(tile.low), formatNumber(tile.high))}
        style={{ aspectRatio: `${Math.min(8, Math.max(0.125, tile.width / tile.height))}` }} onMouseMove={move} onMouseLeave={() => setCell(null)} onKeyDown={onKeyDown} />
      <Legend limit={limit} theme={theme} nonFinite={tile.nonFinite} />
    </Figure>
  );
}

function Legend({ limit, theme, nonFinite }: { limit: number; theme: number; nonFinite: number }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const scale = divergingScale(isDark(themeKind()) ? 'dark' : 'light', rgbOf(cssColor('--wr-background')));
    const image = new ImageData(scale.length / 3, 1);
    for (let i = 0; i < scale.length / 3; i++) { image.data.set(scale.subarray(i * 3, i * 3 + 3), i * 4); image.data[i * 4 + 3] = 255; }
    canvas.current!.getContext('2d')!.putImageData(image, 0, 0);
  }, [theme]);
  return <div class="heat-legend"><span class="number">{formatNumber(-limit)}</span><canvas ref={canvas} width={511} height={1} aria-hidden="true" /><span class="number">{formatNumber(limit)}</span>{nonFinite > 0 ? <span class="error-text">! {t('{0} not finite', nonFinite)}</span> : null}</div>;
}

/**
 * A slice as a picture: cell means on a symmetric scale, with the means of rows and columns at its margins; nearer by buttons, keys or
 * Ctrl and the wheel (then the part shown is read anew, finer), moved by dragging. The cell under the cursor in words.
 */
import type { JSX, RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { CheckpointTile, type Side, type TensorInfo, type Tile } from '../../extension/protocol/checkpoint';
import { floats } from '../shared/base64';
import { Figure, type Table } from '../shared/figure';
import { formatNumber } from '../shared/format';
import { host } from '../shared/host';
import { t } from '../shared/l10n';
import { Banner, Busy } from '../shared/page';
import { useAnswer } from '../shared/state';
import { useTheme } from '../shared/theme';
import { IconButton, Spinner } from '../shared/toolkit';
import { largest, Legend, Pixels, savePng } from './picture';
import { planeKey, usePlane, wholeSlice } from './slices';
import { cellText, panSpan, zoomSpan, type Span } from './zoom';

const MOST = 512;
/** Of a slice of more elements than the engine reads for one picture, a coarse picture comes first: the fine one takes seconds. */
const LARGE = 1 << 24;
const COARSE = 96;
const MARGIN = 33; // of a strip at the side, in its own pixels: the middle is zero
interface View { rows: Span; columns: Span }
type Cell = [number, number];
const length = (s: Span): number => s[1] - s[0];
const arrows: Record<string, Cell> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export function HeatMap({ at, tensor, minus }: { at: Side; tensor: Pick<TensorInfo, 'name' | 'shape'>; minus?: { at: Side; name: string } }): JSX.Element {
  const [plane, controls] = usePlane(tensor.shape);
  const whole = wholeSlice(tensor.shape, plane);
  const [zoom, setZoom] = useState<{ dims: string; view: View } | null>(null);
  const dims = `${plane.rowDim} ${plane.columnDim}`;
  const view = zoom?.dims === dims ? zoom.view : { rows: whole.rows, columns: whole.columns };
  const width = Math.min(MOST, length(view.columns)), height = Math.min(MOST, length(view.rows));
  const key = [tensor.name, planeKey(plane), view.rows.join(), view.columns.join()];
  const [coarse, setCoarse] = useState<{ key: string; view: View; tile: Tile } | null>(null);
  const { value: fine, error, loading } = useAnswer(width * height === 0 ? null : async (signal) => {
    const ask = async (most: number): Promise<{ key: string; view: View; tile: Tile }> => ({ key: key.join(), view, tile: await host.request(CheckpointTile, { at, name: tensor.name, slice: { ...whole, ...view }, width: Math.min(most, width), height: Math.min(most, height), ...(minus ? { minus } : {}) }, signal) });
    if (length(view.rows) * length(view.columns) > LARGE) setCoarse(await ask(COARSE));
    return ask(MOST);
  }, key, true);
  const value = fine?.key !== key.join() && coarse?.key === key.join() ? coarse : fine;
  if (width * height === 0) return <p class="dim">{t('The tensor is empty.')}</p>;
  return (
    <>
      {controls}
      {error === undefined ? null : <Banner kind="error">{error}</Banner>}
      {value === undefined ? (loading ? <Busy text={t('Reading…')} /> : null) : <Picture tile={value.tile} finer={loading && value === coarse} name={tensor.name} difference={minus !== undefined} view={value.view} wanted={view} size={[whole.rows[1], whole.columns[1]]} onView={(v) => setZoom({ dims, view: v })} />}
    </>
  );
}

interface PictureProps { tile: Tile; /** A finer one is on its way. */ finer: boolean; name: string; difference: boolean; /** What the tile shows. */ view: View; /** What is wanted: the tile for it may still be on its way. */ wanted: View; size: [number, number]; onView: (v: View) => void }

function Picture({ tile, finer, name, difference, view, wanted, size: [rows, columns], onView }: PictureProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [cell, setCell] = useState<Cell | null>(null);
  const { width, height } = tile;
  const limit = largest(tile.low, tile.high);
  const zoom = (factor: number, y = 0.5, x = 0.5): void => onView({ rows: zoomSpan(wanted.rows, rows, y, factor), columns: zoomSpan(wanted.columns, columns, x, factor) });
  const pan = (from: View, dy: number, dx: number): void => onView({ rows: panSpan(from.rows, rows, dy * length(from.rows)), columns: panSpan(from.columns, columns, dx * length(from.columns)) });
  const fit = (): void => onView({ rows: [0, rows], columns: [0, columns] });
  const onKeyDown = (e: KeyboardEvent): void => {
    const step = arrows[e.key];
    if (step !== undefined && e.shiftKey) pan(wanted, step[0] / 4, step[1] / 4);
    else if (step !== undefined) setCell(cell === null ? [0, 0] : [Math.max(0, Math.min(height - 1, cell[0] + step[0])), Math.max(0, Math.min(width - 1, cell[1] + step[1]))]);
    else if (e.key === '+' || e.key === '=') zoom(0.5);
    else if (e.key === '-') zoom(2);
    else if (e.key === '0') fit();
    else return;
    e.preventDefault();
  };
  const mean = floats(tile.mean);
  const rowText = (y: number): string => cellText(y, height, view.rows), columnText = (x: number): string => cellText(x, width, view.columns);
  const one = height === length(view.rows) && width === length(view.columns);
  const at = cell !== null && cell[0] < height && cell[1] < width ? cell : null;
  const reading = (): string => {
    if (at === null) return '';
    const i = at[0] * width + at[1];
    const [m, low, high] = [mean[i]!, floats(tile.min)[i]!, floats(tile.max)[i]!].map((v) => formatNumber(v)) as [string, string, string];
    return `[${rowText(at[0])}, ${columnText(at[1])}] ${one ? m : t('mean {0}, {1} to {2}', m, low, high)}`;
  };
  const table = (): Table => ({ columns: ['', ...Array.from({ length: width }, (_, x) => columnText(x))], rows: Array.from({ length: height }, (_, y) => [rowText(y), ...mean.slice(y * width, (y + 1) * width)]) });
  const all = length(wanted.rows) === rows && length(wanted.columns) === columns;
  const nearest = length(wanted.rows) <= Math.min(4, rows) && length(wanted.columns) <= Math.min(4, columns);
  return (
    <Figure title={<>{difference ? 'A − B ' : ''}{one ? t('Values') : tile.exact ? t('Cell means') : t('Cell means (sampled)')}{all ? null : <span class="dim">[{view.rows.join(':')}, {view.columns.join(':')}]</span>}{finer ? <Spinner label={t('Reading…')} /> : null}</>} name={t('Heat map of {0}', name)} reading={reading()} table={table}
      actions={<><IconButton icon="plus" title={t('Nearer (Ctrl+wheel)')} disabled={nearest} onClick={() => zoom(0.5)} /><IconButton icon="minus" title={t('Farther')} disabled={all} onClick={() => zoom(2)} /><IconButton icon="fit" title={t('Show all of it')} disabled={all} onClick={fit} /><IconButton icon="save" title={t('Save as PNG')} onClick={() => { if (canvas.current !== null) savePng(canvas.current, name); }} /></>}>
      <Cells canvas={canvas} tile={tile} mean={mean} limit={limit} theme={theme} label={t('Heat map of {0}: {1} to {2}', name, formatNumber(tile.low), formatNumber(tile.high))} cell={at} moves={!all} onCell={setCell} onKeyDown={onKeyDown} onZoom={zoom} onDrag={(dy, dx, from) => pan(from, dy, dx)} wanted={wanted} />
      <Legend limit={limit} theme={theme} nonFinite={tile.nonFinite} />
    </Figure>
  );
}

interface CellsProps {
  canvas: RefObject<HTMLCanvasElement>; tile: Tile; mean: Float32Array; limit: number; theme: number; label: string; cell: Cell | null; /** There is more than what is shown. */ moves: boolean; wanted: View;
  onCell: (c: Cell | null) => void; onKeyDown: (e: KeyboardEvent) => void; onZoom: (factor: number, y: number, x: number) => void; /** By shares of the view that it began with. */ onDrag: (dy: number, dx: number, from: View) => void;
}
/** The canvases. On their own, so that they are drawn again when they come back from the table. */
function Cells({ canvas, tile, mean, limit, theme, label, cell, moves, wanted, onCell, onKeyDown, onZoom, onDrag }: CellsProps): JSX.Element {
  const right = useRef<HTMLCanvasElement>(null), below = useRef<HTMLCanvasElement>(null);
  const drag = useRef<{ y: number; x: number; view: View } | null>(null);
  const { width, height } = tile;
  useLayoutEffect(() => {
    const pixels = new Pixels(width, height);
    mean.forEach((v, i) => pixels.set(i, v, limit));
    pixels.show(canvas.current!);
    drawMargin(right.current!, floats(tile.rowMean), true);
    drawMargin(below.current!, floats(tile.columnMean), false);
  }, [tile, theme]);
  const place = (e: MouseEvent): [number, number] => { const r = canvas.current!.getBoundingClientRect(); return [(e.clientY - r.top) / r.height, (e.clientX - r.left) / r.width]; };
  const onPointerMove = (e: PointerEvent): void => {
    const [y, x] = place(e);
    if (drag.current !== null) onDrag(drag.current.y - y, drag.current.x - x, drag.current.view);
    else onCell([Math.min(height - 1, Math.max(0, Math.floor(y * height))), Math.min(width - 1, Math.max(0, Math.floor(x * width)))]);
  };
  return (
    <div class="heat-grid" style={{ maxWidth: `${width * 48 + MARGIN + 7}px` }}>
      <div class="heat-box">
        <canvas ref={canvas} class={`heat${moves ? ' moves' : ''}`} width={width} height={height} tabIndex={0} role="img" aria-label={label} style={{ aspectRatio: `${Math.min(8, Math.max(0.125, width / height))}` }} onKeyDown={onKeyDown}
          onWheel={(e) => { if (!e.ctrlKey && !e.metaKey) return; e.preventDefault(); onZoom(e.deltaY < 0 ? 0.7 : 1 / 0.7, ...place(e)); }}
          onPointerDown={(e) => { if (!moves || e.button !== 0) return; canvas.current!.setPointerCapture(e.pointerId); const [y, x] = place(e); drag.current = { y, x, view: wanted }; }}
          onPointerMove={onPointerMove} onPointerUp={() => { drag.current = null; }} onPointerLeave={() => { if (drag.current === null) onCell(null); }} />
        {cell === null ? null : <i class="heat-cursor" aria-hidden="true" style={{ top: `${(100 * cell[0]) / height}%`, left: `${(100 * cell[1]) / width}%`, height: `${100 / height}%`, width: `${100 / width}%` }} />}
      </div>
      <canvas ref={right} class="heat-margin" width={MARGIN} height={height} role="img" aria-label={t('Means of the rows')} title={t('Means of the rows')} />
      <canvas ref={below} class="heat-margin" width={width} height={MARGIN} role="img" aria-label={t('Means of the columns')} title={t('Means of the columns')} />
    </div>
  );
}

/** A bar a row (or column) from the middle: its mean against the largest of them. */
function drawMargin(canvas: HTMLCanvasElement, means: Float32Array, upright: boolean): void {
  const most = largest(...means);
  const middle = (MARGIN - 1) / 2;
  const pixels = new Pixels(canvas.width, canvas.height);
  means.forEach((v, k) => {
    const end = Number.isNaN(v) ? 0 : Math.round((v / most) * middle);
    // Upright strips grow to the right, flat ones upwards.
    for (let x = Math.min(0, end); x <= Math.max(0, end); x++) pixels.set(upright ? k * MARGIN + middle + x : (middle - x) * means.length + k, Math.sign(v) * 0.7, 1);
  });
  pixels.show(canvas);
}
